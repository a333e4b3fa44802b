/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the comparison of values with what a test expects. */
#include "ctl/trial_value.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/str.h"
#include "conf/diag.h"
#include "conf/yaml.h"

static bool is_number(double number, const char *text)
{
	double expected;

	/* What passed through a scale has lost its last digits. */
	return str_to_number(text, &expected) == 0 &&
	       fabs(number - expected) <= 1e-9 * fmax(1, fabs(expected));
}

static bool is_bool(bool flag, const char *text)
{
	static const char *const words[] = {"off", "on", "false", "true", "no", "yes"};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strcasecmp(text, words[i]) == 0)
			return flag == (i % 2 != 0);
	}
	return false;
}

bool trial_value_is(struct value value, const struct yaml_node *expected)
{
	if (expected->kind != YAML_SCALAR)
		return false;
	switch (value.kind) {
	case VALUE_NONE:
		return yaml_is_null(expected);
	case VALUE_NUMBER:
		return is_number(value.number, expected->text);
	case VALUE_BOOL:
		return is_bool(value.flag, expected->text);
	case VALUE_TEXT:
		break;
	}
	return strcmp(value.text, expected->text) == 0;
}

static bool scalar_is(const json_t *json, const struct yaml_node *expected)
{
	switch (json_typeof(json)) {
	case JSON_NULL:
		return yaml_is_null(expected);
	case JSON_TRUE:
	case JSON_FALSE:
		return is_bool(json_is_true(json), expected->text);
	case JSON_INTEGER:
	case JSON_REAL:
		return is_number(json_number_value(json), expected->text);
	case JSON_STRING:
		return strcmp(json_string_value(json), expected->text) == 0;
	case JSON_OBJECT:
	case JSON_ARRAY:
		break;
	}
	return false;
}

static void tell_other(const json_t *json, const struct yaml_node *expected,
		       struct diags *diags)
{
	char *text = json_dumps(json, JSON_ENCODE_ANY | JSON_COMPACT);

	diag_error(diags, expected, "the message says %.200s here",
		   text != NULL ? text : "something else");
	free(text);
}

void trial_value_compare(const json_t *json, const struct yaml_node *expected,
			 struct diags *diags)
{
	size_t i;

	switch (expected->kind) {
	case YAML_SCALAR:
		if (!scalar_is(json, expected))
			tell_other(json, expected, diags);
		return;
	case YAML_SEQ:
		if (json_array_size(json) != expected->count) {
			tell_other(json, expected, diags);
			return;
		}
		for (i = 0; i < expected->count; i++)
			trial_value_compare(json_array_get(json, i), expected->values[i],
					    diags);
		return;
	case YAML_MAP:
		break;
	}
	if (!json_is_object(json))
		tell_other(json, expected, diags);
	for (i = 0; json_is_object(json) && i < expected->count; i++) {
		const json_t *member = json_object_get(json, expected->keys[i]->text);

		if (member != NULL)
			trial_value_compare(member, expected->values[i], diags);
		else
			diag_error(diags, expected->keys[i], "the message has no '%s' here",
				   expected->keys[i]->text);
	}
}
