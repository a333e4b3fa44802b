/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns how the tables of the drivers, the actions and the rest make up one schema. */
#include "daemon/config_schema.h"

#include <assert.h>

#include "base/alloc.h"
#include "base/str.h"
#include "conf/option.h"
#include "conf/schema.h"
#include "daemon/config_options.h"
#include "inputs/input.h"
#include "inputs/write_entry.h"
#include "actions/action.h"

enum { TABLES_MAX = 200, KINDS_MAX = 64 };

/* A bus is of the kind whose key stands in it. */
static void add_buses(struct str *out)
{
	struct schema_kind kinds[KINDS_MAX];
	size_t count = 0;

	for (size_t i = 0; input_types[i] != NULL; i++) {
		assert(count < KINDS_MAX);
		kinds[count++] =
			(struct schema_kind){input_types[i]->key, input_types[i]->bus_options};
	}
	schema_add_kinds(out, "bus", kinds, count);
}

/* A device does not say of what kind its bus is: any will do. */
static void add_devices(struct str *out)
{
	struct str shape;

	str_init(&shape);
	for (size_t i = 0; input_types[i] != NULL; i++)
		str_addf(&shape, "%s%s", i > 0 ? "|" : "",
			 input_types[i]->device_options->name);
	schema_add_shape(out, "device", shape.s);
	str_done(&shape);
}

/* An action is a map with one key. */
static void add_actions(struct str *out)
{
	struct option rows[KINDS_MAX] = {0};
	struct option_table table = {.name = "action", .rows = rows};
	struct str keys;

	str_init(&keys);
	for (size_t i = 0; action_types[i] != NULL; i++) {
		assert(i < KINDS_MAX);
		rows[table.count++] = (struct option){
			.name = action_types[i]->key,
			.type = OPTION_NODE,
			.shape = action_types[i]->shape,
			.help = action_types[i]->help,
		};
		str_addf(&keys, "%s%s", i > 0 ? "|" : "", action_types[i]->key);
	}
	table.one_of = keys.s;
	schema_add_table(out, &table);
	str_done(&keys);
}

void config_schema(struct str *out)
{
	const struct option_table *tables[TABLES_MAX];
	size_t count = config_tables(tables, TABLES_MAX);

	schema_begin(out, "Configuration of gauged, see gauged.yaml(5)", &config_file_options);
	for (size_t i = 0; i < count; i++) {
		/* The options of outputs stand among others only. */
		if (tables[i] != &config_file_options && tables[i] != &write_entry_options &&
		    tables[i] != &write_start_options)
			schema_add_table(out, tables[i]);
	}
	add_buses(out);
	add_devices(out);
	add_actions(out);
	schema_end(out);
}
