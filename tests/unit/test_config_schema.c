/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Nothing that may be written is missing in the schema: a new table or row has to say its part.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/alloc.h"
#include "base/str.h"
#include "conf/option.h"
#include "ctl/trial_file.h"
#include "daemon/config_options.h"
#include "daemon/config_schema.h"
#include "inputs/input.h"
#include "actions/action.h"

enum { TABLES_MAX = 200 };

struct tables {
	const struct option_table *tables[TABLES_MAX];
	size_t count;
};

static void collect(struct tables *all)
{
	all->count = config_tables(all->tables, TABLES_MAX);
	for (size_t i = 0; trial_option_tables[i] != NULL; i++) {
		assert_true(all->count < TABLES_MAX);
		all->tables[all->count++] = trial_option_tables[i];
	}
}

static bool listed(const struct tables *all, const struct option_table *table)
{
	for (size_t i = 0; i < all->count; i++) {
		if (all->tables[i] == table)
			return true;
	}
	return false;
}

static void test_tables_when_one_has_no_name(void **state)
{
	struct tables all;
	size_t nameless = 0;

	(void)state;
	collect(&all);
	for (size_t i = 0; i < all.count; i++) {
		if (all.tables[i]->name != NULL)
			continue;
		print_error("the table of a %s has no name\n", all.tables[i]->section);
		nameless++;
	}
	assert_int_equal(nameless, 0);
}

static void test_rows_when_nobody_says_what_their_node_holds(void **state)
{
	struct tables all;
	size_t unsaid = 0;

	(void)state;
	collect(&all);
	for (size_t i = 0; i < all.count; i++) {
		for (size_t k = 0; k < all.tables[i]->count; k++) {
			const struct option *row = &all.tables[i]->rows[k];

			if (row->type < OPTION_NODE || row->shape != NULL)
				continue;
			print_error("'%s' of a %s has no shape: see conf/schema.h\n", row->name,
				    all.tables[i]->section);
			unsaid++;
		}
	}
	assert_int_equal(unsaid, 0);
}

static void test_drivers_and_actions_when_one_says_nothing(void **state)
{
	struct tables all;

	(void)state;
	collect(&all);
	for (size_t i = 0; input_types[i] != NULL; i++) {
		assert_true(listed(&all, input_types[i]->bus_options));
		assert_true(listed(&all, input_types[i]->device_options));
	}
	for (size_t i = 0; action_types[i] != NULL; i++) {
		assert_non_null(action_types[i]->shape);
		assert_non_null(action_types[i]->help);
	}
}

/* The properties of the definition; of the top for NULL. */
static json_t *properties(json_t *schema, const char *name)
{
	json_t *map =
		name == NULL ? schema : json_object_get(json_object_get(schema, "$defs"), name);

	return json_object_get(map, "properties");
}

/* The n-th table that has the one beside its own rows, NULL behind the last. */
static const struct option_table *holder(const struct option_table *const *tables, size_t count,
					 const struct option_table *one, size_t n)
{
	for (size_t i = 0; i < count; i++)
		for (const struct option_table *t = tables[i]->also; t != NULL; t = t->also)
			if (t == one && n-- == 0)
				return tables[i];
	return NULL;
}

static void expect_rows(const json_t *there, const struct option_table *table)
{
	for (size_t k = 0; k < table->count; k++)
		assert_non_null(json_object_get(there, table->rows[k].name));
}

static void test_every_row_is_a_property(void **state)
{
	const struct option_table *tables[TABLES_MAX];
	size_t count = config_tables(tables, TABLES_MAX), rows = 0;
	struct str text;
	json_t *schema;

	(void)state;
	str_init(&text);
	config_schema(&text);
	schema = json_loads(text.s, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(schema);
	for (size_t i = 0; i < count; i++) {
		bool top = tables[i] == &config_file_options;
		const struct option_table *other;
		json_t *there = properties(schema, top ? NULL : tables[i]->name);

		rows += tables[i]->count;
		/* Rows that stand among those of others only have no definition of their own.
		 */
		if (there != NULL)
			expect_rows(there, tables[i]);
		else
			assert_non_null(holder(tables, count, tables[i], 0));
		for (size_t n = 0; (other = holder(tables, count, tables[i], n)) != NULL; n++)
			if (properties(schema, other->name) != NULL)
				expect_rows(properties(schema, other->name), tables[i]);
	}
	assert_true(rows > count);
	json_decref(schema);
	str_done(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tables_when_one_has_no_name),
		cmocka_unit_test(test_rows_when_nobody_says_what_their_node_holds),
		cmocka_unit_test(test_drivers_and_actions_when_one_says_nothing),
		cmocka_unit_test(test_every_row_is_a_property),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
