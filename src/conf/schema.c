/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns how options are said in JSON Schema. */
#include "conf/schema.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "conf/option.h"
#include "conf/schema_json.h"
#include "conf/schema_shape.h"

/* What a type is without anything else; NULL: add_choices(). */
static const char *const type_shapes[] = {
	[OPTION_BOOL] = "bool",		[OPTION_INT] = "integer",
	[OPTION_NUMBER] = "number",	[OPTION_TEXT] = "text",
	[OPTION_NAME] = "name",		[OPTION_DURATION] = "duration",
	[OPTION_SIZE] = "size",		[OPTION_CHOICE] = NULL,
	[OPTION_RATE] = "rate",		[OPTION_LIMITS] = "limits",
	[OPTION_TEXTS] = "text|[text]", [OPTION_NODE] = "any",
	[OPTION_MAP] = "map",		[OPTION_SEQ] = "[any]",
};

/* The text as the core schema reads it where it stands without quotes: true, 5. */
static bool add_plain(struct str *out, const char *text)
{
	double number;

	if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)
		str_adds(out, text);
	else if (str_to_number(text, &number) == 0)
		str_add_number(out, number);
	else
		return false;
	return true;
}

static void add_choices(struct str *out, const struct option *row)
{
	schema_add_key(out, "enum");
	str_addc(out, '[');
	for (size_t i = 0; row->choices[i] != NULL; i++) {
		struct str plain;

		schema_add_comma(out);
		schema_add_quoted(out, row->choices[i], strlen(row->choices[i]));
		str_init(&plain);
		if (add_plain(&plain, row->choices[i]))
			str_addf(out, ",%s", plain.s);
		str_done(&plain);
	}
	str_addc(out, ']');
}

static void add_bounds(struct str *out, const struct option *row)
{
	bool numbers = row->type == OPTION_INT || row->type == OPTION_NUMBER ||
		       row->type == OPTION_SIZE;

	if (!numbers || (row->min == 0 && row->max == 0))
		return;
	if (!isinf(row->min))
		schema_add_number(out, "minimum", row->min);
	if (!isinf(row->max))
		schema_add_number(out, "maximum", row->max);
}

static void add_description(struct str *out, const struct option *row)
{
	struct str text;

	str_init(&text);
	str_adds(&text, row->help != NULL ? row->help : "");
	if (row->min != 0 || row->max != 0) {
		str_adds(&text, "\n\nExpected ");
		option_expected(row, &text);
		str_addc(&text, '.');
	}
	schema_add_text(out, "description", text.s);
	str_done(&text);
}

/* Lists and maps have defaults in YAML, which is not always JSON: they are left out. */
static void add_default(struct str *out, const struct option *row)
{
	bool plain = row->type == OPTION_BOOL || row->type == OPTION_INT ||
		     row->type == OPTION_NUMBER;

	if (row->fallback == NULL || row->type >= OPTION_LIMITS)
		return;
	schema_add_key(out, "default");
	if (!plain || !add_plain(out, row->fallback))
		schema_add_quoted(out, row->fallback, strlen(row->fallback));
}

static void add_row(struct str *out, const struct option *row)
{
	const char *shape = row->shape != NULL ? row->shape : type_shapes[row->type];

	schema_add_key(out, row->name);
	str_addc(out, '{');
	add_description(out, row);
	if (shape != NULL)
		schema_add_members(out, shape, strlen(shape));
	else
		add_choices(out, row);
	add_bounds(out, row);
	add_default(out, row);
	str_addc(out, '}');
}

static void add_required(struct str *out, const struct option_table *table)
{
	bool any = false;

	for (const struct option_table *t = table; t != NULL; t = t->also) {
		for (size_t i = 0; i < t->count; i++) {
			if (!t->rows[i].required)
				continue;
			if (!any) {
				schema_add_key(out, "required");
				str_addc(out, '[');
			}
			any = true;
			schema_add_comma(out);
			schema_add_quoted(out, t->rows[i].name, strlen(t->rows[i].name));
		}
	}
	if (any)
		str_addc(out, ']');
}

/* {"required":["KEY"]} */
static void add_requires(struct str *out, const char *key, size_t len)
{
	str_adds(out, "{\"required\":[");
	schema_add_quoted(out, key, len);
	str_adds(out, "]}");
}

static void add_one_of(struct str *out, const char *keys)
{
	schema_add_key(out, "oneOf");
	str_addc(out, '[');
	for (;;) {
		size_t len = strcspn(keys, "|");

		schema_add_comma(out);
		add_requires(out, keys, len);
		if (keys[len] == '\0')
			break;
		keys += len + 1;
	}
	str_addc(out, ']');
}

/* The members of a map of options. */
static void add_options(struct str *out, const struct option_table *table)
{
	schema_add_key(out, "additionalProperties");
	str_adds(out, "false");
	add_required(out, table);
	if (table->one_of != NULL)
		add_one_of(out, table->one_of);
	schema_add_key(out, "properties");
	str_addc(out, '{');
	for (const struct option_table *t = table; t != NULL; t = t->also) {
		for (size_t i = 0; i < t->count; i++)
			add_row(out, &t->rows[i]);
	}
	str_addc(out, '}');
}

void schema_begin(struct str *out, const char *title, const struct option_table *root)
{
	str_addc(out, '{');
	schema_add_text(out, "$schema", "https://json-schema.org/draft/2020-12/schema");
	schema_add_text(out, "title", title);
	/* An empty file is a null. */
	schema_add_key(out, "type");
	str_adds(out, "[\"object\",\"null\"]");
	add_options(out, root);
	schema_add_key(out, "$defs");
	str_addc(out, '{');
	schema_add_built_in(out);
}

void schema_add_table(struct str *out, const struct option_table *table)
{
	schema_add_key(out, table->name);
	str_addc(out, '{');
	if (table->section != NULL)
		schema_add_text(out, "title", table->section);
	schema_add_text(out, "type", "object");
	add_options(out, table);
	str_addc(out, '}');
}

void schema_add_shape(struct str *out, const char *name, const char *shape)
{
	schema_add_key(out, name);
	schema_add_object(out, shape, strlen(shape));
}

void schema_add_kinds(struct str *out, const char *name, const struct schema_kind *kinds,
		      size_t count)
{
	schema_add_key(out, name);
	str_addc(out, '{');
	schema_add_text(out, "type", "object");
	/* What editors offer as long as none of the keys is there. */
	schema_add_key(out, "properties");
	str_addc(out, '{');
	for (size_t i = 0; i < count; i++) {
		schema_add_key(out, kinds[i].key);
		str_adds(out, "{}");
	}
	str_addc(out, '}');
	schema_add_key(out, "anyOf");
	str_addc(out, '[');
	for (size_t i = 0; i < count; i++) {
		schema_add_comma(out);
		add_requires(out, kinds[i].key, strlen(kinds[i].key));
	}
	str_addc(out, ']');
	schema_add_key(out, "allOf");
	str_addc(out, '[');
	for (size_t i = 0; i < count; i++) {
		schema_add_comma(out);
		str_adds(out, "{\"if\":");
		add_requires(out, kinds[i].key, strlen(kinds[i].key));
		schema_add_key(out, "then");
		schema_add_object(out, kinds[i].table->name, strlen(kinds[i].table->name));
		str_addc(out, '}');
	}
	str_adds(out, "]}");
}

void schema_end(struct str *out)
{
	str_adds(out, "}}\n");
}
