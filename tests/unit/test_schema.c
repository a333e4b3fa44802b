/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Rows and shapes as JSON Schema, word by word. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/str.h"
#include "conf/option.h"
#include "conf/schema.h"

static const char *const parities[] = {"none", "even", "odd", NULL};
static const char *const answers[] = {"true", "false", "5", "unknown", NULL};

/* Fails unless the definition of a map with only this row says exactly this of the row. */
static void assert_row(struct option row, const char *expected)
{
	struct option_table table = {.name = "map", .rows = &row, .count = 1};
	struct str out, whole;

	row.name = "key";
	row.help = "Help.";
	str_init(&out);
	str_init(&whole);
	str_addc(&out, '{');
	schema_add_table(&out, &table);
	str_addf(&whole,
		 "{\"map\":{\"type\":\"object\",\"additionalProperties\":false,"
		 "\"properties\":{\"key\":{\"description\":%s}}}",
		 expected);
	assert_string_equal(out.s, whole.s);
	str_done(&out);
	str_done(&whole);
}

static void assert_shape(const char *shape, const char *expected)
{
	struct str out, whole;

	str_init(&out);
	str_init(&whole);
	str_addc(&out, '{');
	schema_add_shape(&out, "x", shape);
	str_addf(&whole, "{\"x\":{%s}", expected);
	assert_string_equal(out.s, whole.s);
	str_done(&out);
	str_done(&whole);
}

static void test_types_that_are_definitions_when_plain(void **state)
{
	static const struct {
		enum option_type type;
		const char *name;
	} types[] = {
		{OPTION_BOOL, "bool"},	       {OPTION_TEXT, "text"}, {OPTION_NAME, "name"},
		{OPTION_DURATION, "duration"}, {OPTION_SIZE, "size"}, {OPTION_RATE, "rate"},
		{OPTION_LIMITS, "limits"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		struct str expected;

		str_init(&expected);
		str_addf(&expected, "\"Help.\",\"$ref\":\"#/$defs/%s\"", types[i].name);
		assert_row((struct option){.type = types[i].type}, expected.s);
		str_done(&expected);
	}
}

static void test_types_that_need_no_definition(void **state)
{
	(void)state;
	assert_row((struct option){.type = OPTION_INT}, "\"Help.\",\"type\":\"integer\"");
	assert_row((struct option){.type = OPTION_NUMBER}, "\"Help.\",\"type\":\"number\"");
	assert_row((struct option){.type = OPTION_TEXTS},
		   "\"Help.\",\"anyOf\":[{\"$ref\":\"#/$defs/text\"},"
		   "{\"type\":\"array\",\"items\":{\"$ref\":\"#/$defs/text\"}}]");
	assert_row((struct option){.type = OPTION_NODE}, "\"Help.\"");
	assert_row((struct option){.type = OPTION_MAP}, "\"Help.\",\"type\":\"object\"");
	assert_row((struct option){.type = OPTION_SEQ},
		   "\"Help.\",\"type\":\"array\",\"items\":{}");
}

static void test_bounds_when_numbers_have_them(void **state)
{
	(void)state;
	assert_row((struct option){.type = OPTION_INT, .min = 1, .max = 247},
		   "\"Help.\\u000a\\u000aExpected a whole number from 1 to 247.\","
		   "\"type\":\"integer\",\"minimum\":1,\"maximum\":247");
	assert_row((struct option){.type = OPTION_NUMBER, .min = 0, .max = INFINITY},
		   "\"Help.\\u000a\\u000aExpected a number at least 0.\","
		   "\"type\":\"number\",\"minimum\":0");
	assert_row((struct option){.type = OPTION_NUMBER, .min = -INFINITY, .max = 0.25},
		   "\"Help.\\u000a\\u000aExpected a number at most 0.25.\","
		   "\"type\":\"number\",\"maximum\":0.25");
	assert_row((struct option){.type = OPTION_SIZE, .min = 1024, .max = 1 << 20},
		   "\"Help.\\u000a\\u000aExpected a size from 1KiB to 1MiB.\","
		   "\"$ref\":\"#/$defs/size\",\"minimum\":1024,\"maximum\":1048576");
}

static void test_bounds_when_a_pattern_cannot_say_them(void **state)
{
	(void)state;
	assert_row((struct option){.type = OPTION_DURATION, .min = 0.001, .max = 60},
		   "\"Help.\\u000a\\u000aExpected a duration from 1ms to 1m.\","
		   "\"$ref\":\"#/$defs/duration\"");
}

static void test_choices_when_yaml_would_read_them_as_more_than_text(void **state)
{
	(void)state;
	assert_row((struct option){.type = OPTION_CHOICE, .choices = parities},
		   "\"Help.\",\"enum\":[\"none\",\"even\",\"odd\"]");
	assert_row((struct option){.type = OPTION_CHOICE, .choices = answers},
		   "\"Help.\",\"enum\":[\"true\",true,\"false\",false,\"5\",5,\"unknown\"]");
}

static void test_defaults_in_their_json_type(void **state)
{
	(void)state;
	assert_row((struct option){.type = OPTION_BOOL, .fallback = "true"},
		   "\"Help.\",\"$ref\":\"#/$defs/bool\",\"default\":true");
	assert_row((struct option){.type = OPTION_BOOL, .fallback = "on"},
		   "\"Help.\",\"$ref\":\"#/$defs/bool\",\"default\":\"on\"");
	assert_row((struct option){.type = OPTION_NUMBER, .fallback = "0.1"},
		   "\"Help.\",\"type\":\"number\",\"default\":0.1");
	assert_row((struct option){.type = OPTION_TEXT, .fallback = "say \"5\"\\"},
		   "\"Help.\",\"$ref\":\"#/$defs/text\",\"default\":\"say \\\"5\\\"\\\\\"");
	assert_row((struct option){.type = OPTION_DURATION, .fallback = "1s"},
		   "\"Help.\",\"$ref\":\"#/$defs/duration\",\"default\":\"1s\"");
	assert_row((struct option){.type = OPTION_LIMITS, .fallback = "[0, 1]"},
		   "\"Help.\",\"$ref\":\"#/$defs/limits\"");
}

static void test_a_shape_when_a_row_has_one(void **state)
{
	(void)state;
	assert_row((struct option){.type = OPTION_SEQ, .shape = "[action]"},
		   "\"Help.\",\"type\":\"array\",\"items\":{\"$ref\":\"#/$defs/action\"}");
	assert_row((struct option){.type = OPTION_TEXT, .shape = "0..9"},
		   "\"Help.\",\"type\":\"integer\",\"minimum\":0,\"maximum\":9");
}

static void test_every_part_of_a_shape(void **state)
{
	(void)state;
	assert_shape("any", "");
	assert_shape("map", "\"type\":\"object\"");
	assert_shape("null", "\"type\":\"null\"");
	assert_shape("true", "\"const\":true");
	assert_shape("modbus_rs485", "\"$ref\":\"#/$defs/modbus_rs485\"");
	assert_shape("-1..255", "\"type\":\"integer\",\"minimum\":-1,\"maximum\":255");
	assert_shape("/a|b{2}/", "\"type\":\"string\",\"pattern\":\"^(?:a|b{2})$\"");
	assert_shape("[any]", "\"type\":\"array\",\"items\":{}");
	assert_shape("{text}", "\"type\":\"object\",\"additionalProperties\":"
			       "{\"$ref\":\"#/$defs/text\"}");
	assert_shape("{name:bus}",
		     "\"type\":\"object\",\"propertyNames\":{\"$ref\":\"#/$defs/name\"},"
		     "\"additionalProperties\":{\"$ref\":\"#/$defs/bus\"}");
}

static void test_alternatives_when_they_stand_inside_others(void **state)
{
	(void)state;
	assert_shape("true|/x|y/|null",
		     "\"anyOf\":[{\"const\":true},"
		     "{\"type\":\"string\",\"pattern\":\"^(?:x|y)$\"},{\"type\":\"null\"}]");
	assert_shape("{[integer|null]|number}|any",
		     "\"anyOf\":[{\"type\":\"object\",\"additionalProperties\":{\"anyOf\":["
		     "{\"type\":\"array\",\"items\":{\"anyOf\":[{\"type\":\"integer\"},"
		     "{\"type\":\"null\"}]}},{\"type\":\"number\"}]}},{}]");
}

static void test_a_map_when_two_tables_bind_it(void **state)
{
	static const struct option first[] = {
		{.name = "a", .type = OPTION_INT, .help = "A.", .required = true}};
	static const struct option second[] = {
		{.name = "b", .type = OPTION_INT, .help = "B."},
		{.name = "c", .type = OPTION_INT, .help = "C.", .required = true},
	};
	static const struct option_table also = {.rows = second, .count = ARRAY_SIZE(second)};
	static const struct option_table table = {
		.section = "pair",
		.rows = first,
		.count = ARRAY_SIZE(first),
		.name = "map",
		.also = &also,
		.one_of = "a|b",
	};
	struct str out;

	(void)state;
	str_init(&out);
	str_addc(&out, '{');
	schema_add_table(&out, &table);
	assert_string_equal(
		out.s, "{\"map\":{\"title\":\"pair\",\"type\":\"object\","
		       "\"additionalProperties\":false,\"required\":[\"a\",\"c\"],"
		       "\"oneOf\":[{\"required\":[\"a\"]},{\"required\":[\"b\"]}],"
		       "\"properties\":{\"a\":{\"description\":\"A.\",\"type\":\"integer\"},"
		       "\"b\":{\"description\":\"B.\",\"type\":\"integer\"},"
		       "\"c\":{\"description\":\"C.\",\"type\":\"integer\"}}}");
	str_done(&out);
}

static void test_kinds_when_a_key_says_which(void **state)
{
	static const struct option_table tables[] = {{.name = "x_bus"}, {.name = "y_bus"}};
	static const struct schema_kind kinds[] = {{"x", &tables[0]}, {"y", &tables[1]}};
	struct str out;

	(void)state;
	str_init(&out);
	str_addc(&out, '{');
	schema_add_kinds(&out, "bus", kinds, ARRAY_SIZE(kinds));
	assert_string_equal(
		out.s,
		"{\"bus\":{\"type\":\"object\",\"properties\":{\"x\":{},\"y\":{}},"
		"\"anyOf\":[{\"required\":[\"x\"]},{\"required\":[\"y\"]}],\"allOf\":["
		"{\"if\":{\"required\":[\"x\"]},\"then\":{\"$ref\":\"#/$defs/x_bus\"}},"
		"{\"if\":{\"required\":[\"y\"]},\"then\":{\"$ref\":\"#/$defs/y_bus\"}}]}");
	str_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_types_that_are_definitions_when_plain),
		cmocka_unit_test(test_types_that_need_no_definition),
		cmocka_unit_test(test_bounds_when_numbers_have_them),
		cmocka_unit_test(test_bounds_when_a_pattern_cannot_say_them),
		cmocka_unit_test(test_choices_when_yaml_would_read_them_as_more_than_text),
		cmocka_unit_test(test_defaults_in_their_json_type),
		cmocka_unit_test(test_a_shape_when_a_row_has_one),
		cmocka_unit_test(test_every_part_of_a_shape),
		cmocka_unit_test(test_alternatives_when_they_stand_inside_others),
		cmocka_unit_test(test_a_map_when_two_tables_bind_it),
		cmocka_unit_test(test_kinds_when_a_key_says_which),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
