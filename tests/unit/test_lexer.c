/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Tests of the words of expressions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "rules/lexer.h"
#include "rules_case.h"

static struct token first(const char *text)
{
	struct expr_source source = {.text = text, .len = strlen(text)};
	struct lexer lexer;
	struct token token;

	lexer_init(&lexer, &source);
	lexer_next(&lexer, &token);
	return token;
}

static void test_every_sign_is_a_token(void **state)
{
	static const struct {
		const char *text;
		enum token_type type;
	} cases[] = {
		{"", TOKEN_END},
		{"x", TOKEN_NAME},
		{"x.y.z", TOKEN_NAME},
		{"_x1", TOKEN_NAME},
		{"x(", TOKEN_CALL},
		{"x (", TOKEN_NAME},
		{"x.y(", TOKEN_NAME},
		{"true", TOKEN_TRUE},
		{"false", TOKEN_FALSE},
		{"and", TOKEN_AND},
		{"or", TOKEN_OR},
		{"not", TOKEN_NOT},
		{"in", TOKEN_IN},
		{"android", TOKEN_NAME},
		{"(", TOKEN_LEFT},
		{")", TOKEN_RIGHT},
		{",", TOKEN_COMMA},
		{"<", TOKEN_LT},
		{"<=", TOKEN_LE},
		{">", TOKEN_GT},
		{">=", TOKEN_GE},
		{"==", TOKEN_EQ},
		{"!=", TOKEN_NE},
		{"+", TOKEN_PLUS},
		{"-", TOKEN_MINUS},
		{"*", TOKEN_STAR},
		{"/", TOKEN_SLASH},
		{"^", TOKEN_CARET},
		{"?"
		 "?",
		 TOKEN_ELSE},
		{"..", TOKEN_RANGE},
		{" \t\r\n 'a'", TOKEN_STRING},
		{"\"a'b\"", TOKEN_STRING},
		{"1", TOKEN_NUMBER},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(first(cases[i].text).type, cases[i].type);
}

static void test_names_stop_before_two_dots(void **state)
{
	struct token token = first("a.b..c");

	(void)state;
	assert_int_equal(token.len, 3);
	token = first("x.4mode.1");
	assert_int_equal(token.len, 9);
}

static void test_strings_hold_anything_but_their_quote(void **state)
{
	struct token token = first("'say \"no\" \\'");

	(void)state;
	assert_int_equal(token.text_len, 10);
	assert_memory_equal(token.text, "say \"no\" \\", 10);
	token = first("''");
	assert_int_equal(token.type, TOKEN_STRING);
	assert_int_equal(token.text_len, 0);
}

static void test_numbers_have_units_or_not(void **state)
{
	static const struct {
		const char *text;
		double number;
		size_t len;
		const char *unit; /* NULL: none */
	} cases[] = {
		{"80", 80, 2, NULL},	    {"80.25", 80.25, 5, NULL},
		{"18..25", 18, 2, NULL},    {"1e3", 1000, 3, NULL},
		{"1E-3", 0.001, 4, NULL},   {"1.5e+2", 150, 6, NULL},
		{"5 and", 5, 1, NULL},	    {"5 in", 5, 1, NULL},
		{"5in ", 5, 1, NULL},	    {"80degC", 80, 6, "degC"},
		{"80 degC", 80, 7, "degC"}, {"50%", 50, 3, "%"},
		{"50 %", 50, 4, "%"},	    {"1.5 [%/min]", 1.5, 11, "%/min"},
		{"5[m]", 5, 4, "m"},	    {"5[ m^3/h ]", 5, 10, "m^3/h"},
		{"12V", 12, 3, "V"},	    {"12 kWh", 12, 6, "kWh"},
		{"20°C", 20, 5, "°C"},	    {"7[in]", 7, 5, "in"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct token token = first(cases[i].text);

		assert_int_equal(token.type, TOKEN_NUMBER);
		assert_true(token.number == cases[i].number);
		assert_int_equal(token.len, cases[i].len);
		assert_int_equal(token.unit.known, cases[i].unit != NULL);
		assert_false(token.duration);
		if (cases[i].unit != NULL) {
			assert_int_equal(token.unit_text_len, strlen(cases[i].unit));
			assert_memory_equal(token.unit_text, cases[i].unit,
					    token.unit_text_len);
		}
	}
}

static void test_durations_are_seconds(void **state)
{
	static const struct {
		const char *text;
		double seconds;
		size_t len;
	} cases[] = {
		{"5m", 300, 2},	    {"5 m", 300, 3},	  {"5min", 300, 4},
		{"90s", 90, 3},	    {"1h30m", 5400, 5},	  {"1.5h", 5400, 4},
		{"250ms", 0.25, 5}, {"7d", 604800, 2},	  {"2w", 1209600, 2},
		{"10us", 1e-5, 4},  {"40ns", 4e-8, 4},	  {"1m30.5s", 90.5, 7},
		{"1.1s", 1.1, 4},   {"2 h and", 7200, 3},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct token token = first(cases[i].text);

		assert_int_equal(token.type, TOKEN_NUMBER);
		assert_true(token.duration);
		assert_true(token.number == cases[i].seconds);
		assert_int_equal(token.len, cases[i].len);
	}
}

static void test_wrong_words_are_told(void **state)
{
	static const struct wrong_expr cases[] = {
		{"x.a && x.p", 4, "unexpected '&&'", "hint: write 'and'"},
		{"x.p & x.q", 4, "unexpected '&'", "hint: write 'and'"},
		{"x.p || x.q", 4, "unexpected '||'", "hint: write 'or'"},
		{"x.p | x.q", 4, "unexpected '|'", "hint: write 'or'"},
		{"!x.p", 0, "unexpected '!'", "hint: write 'not'"},
		{"x.a = 1", 4, "unexpected '='", "hint: write '==' to compare"},
		{"x.p ? 1 : 2", 4, "unexpected '?'", "hint: write if(condition, value, other)"},
		{"x.a ** 2 > 1", 4, "unexpected '**'", "hint: write '^' for a power"},
		{"x.a % 2 > 1", 4, "unexpected '%'",
		 "hint: '%' is a unit here; write mod(x, y) for a remainder"},
		{"x.a [m] > 1", 4, "unexpected '['",
		 "hint: a unit in brackets stands behind a number: 5[m/s]"},
		{"x.p; x.q", 3, "unexpected ';'",
		 "hint: write 'and' or 'or' between two conditions"},
		{"x.a > 1 : 2", 8, "unexpected ':'", "hint: write if(condition, value, other)"},
		{"x.a > $1", 6, "unexpected '$'", NULL},
		{"x.a > 5ü", 7, "unknown unit 'ü'", NULL},
		{"x.s == 'auto", 7, "the text does not end: ' is missing", NULL},
		{"x.s == \"auto", 7, "the text does not end: \" is missing", NULL},
		{"x.a > 1e999", 6, "the number '1e999' is too large", NULL},
		{"x.a > 12345678901234567890123456789012345678901234567890", 6,
		 "the number has more than 47 characters", NULL},
		{"boiler.temp > 80 degX", 17, "unknown unit 'degX'",
		 "hint: did you mean 'degC'?"},
		{"boiler.temp > 80 AND x.p", 17, "unknown unit 'AND'",
		 "hint: and, or, not, in are written in small letters"},
		{"meter.flow > 5[L/mon]", 17, "unknown unit 'mon'",
		 "hint: did you mean 'min'?"},
		{"meter.flow > 5[L/min", 14, "the unit does not end: ']' is missing", NULL},
		{"tank.level > 5[m^x]", 15, "unknown unit 'm^x'", "hint: did you mean 'm'?"},
		{"x.a > 0x10", 7, "unknown unit 'x10'", NULL},
		{"x.a > 30s1h", 8, "the units of a duration go from large to small: 1h30m",
		 NULL},
		{"meter-3.power > 5", 7, "unexpected '.'",
		 "hint: a name with '-' in it is written point('meter-3.power')"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_wrong("when", &cases[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_sign_is_a_token),
		cmocka_unit_test(test_names_stop_before_two_dots),
		cmocka_unit_test(test_strings_hold_anything_but_their_quote),
		cmocka_unit_test(test_numbers_have_units_or_not),
		cmocka_unit_test(test_durations_are_seconds),
		cmocka_unit_test(test_wrong_words_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
