/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Tests what may stand in a line that is sent to a device. */
#include "model/point_line.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/error.h"
#include "model/value.h"

static const struct point_line newline = {.end = "\n", .end_len = 1, .max = 20};

static void test_texts_of_one_line_pass(void **state)
{
	static const char *const texts[] = {"", "RESET",
					    ("T=21.5 \xc2\xb0"
					     "C"),
					    "SET \"a\" 100%", "12345678901234567890"};
	struct error err;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_int_equal(point_line_check(&newline, texts[i], &err), 0);
}

static void test_fault_C13_a_second_command_in_a_text_is_refused(void **state)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
		{"A\nRESET", "byte 2 of its line is a control character"},
		{"A\rRESET", "byte 2 of its line is a control character"},
		{"\x1b[2J", "byte 1 of its line is a control character"},
		{"A\tB", "byte 2 of its line is a control character"},
		{"A\x7f", "byte 2 of its line is a control character"},
		{"A\xc2\x85"
		 "B",
		 "byte 2 of its line is a control character"},
		{"A\xc2\x9b"
		 "2J",
		 "byte 2 of its line is a control character"},
		{"A\x8d"
		 "B",
		 "byte 2 of its line is no UTF-8"},
		{"A\xc2", "byte 2 of its line is no UTF-8"},
		{"123456789012345678901", "its line has 21 bytes, 20 are allowed"},
	};
	struct error err;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(point_line_check(&newline, cases[i].text, &err), -EINVAL);
		assert_string_equal(err.text, cases[i].why);
	}
}

static void test_fault_C13_a_text_cannot_hold_what_ends_it(void **state)
{
	static const struct {
		const char *end, *text;
		int rc;
	} cases[] = {
		{";", "A;RESET", -EINVAL},
		{";", ";", -EINVAL},
		{";", "A:RESET", 0},
		{"##", "A##B", -EINVAL},
		{"##", "A#B", 0},
		{"##", "A#", -EINVAL},
		{"ab", "ba", 0},
		{"aba", "xab", -EINVAL},
		{"abc", "xab", 0},
		{"12345678", "1234567", 0},
		{"11111111", "1", -EINVAL},
	};
	struct error err;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct point_line line = {
			.end = cases[i].end,
			.end_len = strlen(cases[i].end),
			.max = VALUE_TEXT_MAX,
		};

		assert_int_equal(point_line_check(&line, cases[i].text, &err), cases[i].rc);
		if (cases[i].rc != 0)
			assert_string_equal(err.text, "what ends a line of the bus stands in "
						      "the text itself");
	}
}

/* U+010A is C4 8A: without its eighth bit, the second byte is a newline. */
static void test_fault_C13_seven_bits_make_no_newline_of_a_letter(void **state)
{
	struct point_line line = newline;
	struct error err;

	(void)state;
	assert_int_equal(point_line_check(&line, "\xc4\x8aRESET", &err), 0);
	line.ascii = true;
	assert_int_equal(point_line_check(&line, "\xc4\x8aRESET", &err), -EINVAL);
	assert_string_equal(err.text, "byte 1 of its line is not ASCII, and the bus has less "
				      "than 8 data bits");
	assert_int_equal(point_line_check(&line, "RESET", &err), 0);
}

static void test_the_longest_text_is_measured_with_its_end(void **state)
{
	const struct point_line line = {
		.end = "12345678", .end_len = POINT_LINE_END_MAX, .max = VALUE_TEXT_MAX};
	char text[VALUE_TEXT_MAX + 2];
	struct error err;

	(void)state;
	memset(text, 'x', sizeof(text));
	text[VALUE_TEXT_MAX] = '\0';
	assert_int_equal(point_line_check(&line, text, &err), 0);
	text[VALUE_TEXT_MAX] = 'x';
	text[VALUE_TEXT_MAX + 1] = '\0';
	assert_int_equal(point_line_check(&line, text, &err), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts_of_one_line_pass),
		cmocka_unit_test(test_fault_C13_a_second_command_in_a_text_is_refused),
		cmocka_unit_test(test_fault_C13_a_text_cannot_hold_what_ends_it),
		cmocka_unit_test(test_fault_C13_seven_bits_make_no_newline_of_a_letter),
		cmocka_unit_test(test_the_longest_text_is_measured_with_its_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
