/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Holes of texts are found, with their formats and places. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "conf/interpolate.h"
#include "conf_case.h"

/* Parts as "literal", {hole}, {hole|format}, each with where it starts. */
static void gives(const char *yaml, const char *parts)
{
	struct interpolate text;
	struct conf_case c;
	struct str shown;

	conf_case_init(&c, yaml, strlen(yaml));
	assert_non_null(c.root);
	assert_int_equal(interpolate_parse(c.arena, c.root, &text, c.diags), 0);
	assert_string_equal(conf_case_said(&c), "");
	str_init(&shown);
	for (size_t i = 0; i < text.count; i++) {
		const struct interpolate_part *part = &text.parts[i];

		str_addf(&shown, part->hole ? "%zu{" : "%zu\"", part->from);
		str_add(&shown, part->text, part->len);
		if (part->format != NULL)
			str_addf(&shown, "|%s", part->format);
		str_adds(&shown, part->hole ? "}" : "\"");
	}
	assert_string_equal(shown.s != NULL ? shown.s : "", parts);
	str_done(&shown);
	conf_case_done(&c);
}

static void refuses(const char *yaml, const char *said)
{
	struct interpolate text = {.count = 77};
	struct conf_case c;

	conf_case_init(&c, yaml, strlen(yaml));
	assert_non_null(c.root);
	assert_int_equal(interpolate_parse(c.arena, c.root, &text, c.diags), -EINVAL);
	assert_string_equal(conf_case_said(&c), said);
	assert_int_equal(text.count, 77);
	conf_case_done(&c);
}

static void test_text_without_holes_is_one_piece(void **state)
{
	(void)state;
	gives("just text", "0\"just text\"");
	gives("''", "");
	gives("a$b c$", "0\"a$b c$\"");
	gives("\"5 $ {x}\"", "0\"5 $ {x}\"");
}

static void test_holes_stand_between_texts(void **state)
{
	(void)state;
	gives("Boiler ${boiler.temp:.1f} ${ unit }!",
	      "0\"Boiler \"9{boiler.temp|.1f}25\" \"29{unit}35\"!\"");
	gives("${a}", "2{a}");
	gives("${a}${b}", "2{a}6{b}");
	gives("Bearer ${secret:ops_token}", "0\"Bearer \"9{secret|ops_token}");
}

static void test_two_dollars_are_one(void **state)
{
	(void)state;
	gives("costs 5$$", "0\"costs 5$\"");
	gives("$${a}", "0\"$\"2\"{a}\"");
	gives("$$${a}", "0\"$\"4{a}");
	gives("$$$$", "0\"$\"2\"$\"");
}

static void test_colon_in_quotes_or_brackets_is_no_format(void **state)
{
	(void)state;
	gives("${age(p):.0f}", "2{age(p)|.0f}");
	gives("${if(a, between(22:00, 06:00), b)}", "2{if(a, between(22:00, 06:00), b)}");
	gives("${point('plc:1/temp')}", "2{point('plc:1/temp')}");
	gives("'${x == \"a:b}\" : .2f }'", "2{x == \"a:b}\"|.2f}");
	gives("${a[1:2]:x}", "2{a[1:2]|x}");
	gives("${a:b:c}", "2{a:b|c}");
	/* a bracket too many or too few is the expression's error */
	gives("${avg(x} and ${y)}", "2{avg(x}8\" and \"15{y)}");
}

static void test_hole_without_end_is_refused_at_its_start(void **state)
{
	(void)state;
	refuses("ok ${a} ${b", "t.yaml:1:9: error: this '${' has no closing '}'\n"
			       "    1 | ok ${a} ${b\n"
			       "      |         ^~\n"
			       "      = hint: write '$$' for a dollar sign\n");
	refuses("\"\\x41 ${it's} ${a}\"",
		"t.yaml:1:7: error: this '${' has no closing '}'\n"
		"    1 | \"\\x41 ${it's} ${a}\"\n"
		"      |       ^~\n"
		"      = hint: the quote ' behind it is never closed\n");
	refuses("a${", "t.yaml:1:2: error: this '${' has no closing '}'\n"
		       "    1 | a${\n"
		       "      |  ^~\n"
		       "      = hint: write '$$' for a dollar sign\n");
}

static void test_empty_holes_and_formats_are_all_refused(void **state)
{
	(void)state;
	refuses("'${} ${ :.1f} ${a: }'", "t.yaml:1:2: error: nothing stands in this '${}'\n"
					 "    1 | '${} ${ :.1f} ${a: }'\n"
					 "      |  ^~~\n"
					 "      = hint: write '$$' for a dollar sign\n"
					 "t.yaml:1:6: error: nothing stands in this '${}'\n"
					 "    1 | '${} ${ :.1f} ${a: }'\n"
					 "      |      ^~~~~~~~\n"
					 "      = hint: write '$$' for a dollar sign\n"
					 "t.yaml:1:18: error: expected a format behind this "
					 "':', such as .1f\n"
					 "    1 | '${} ${ :.1f} ${a: }'\n"
					 "      |                  ^\n");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text_without_holes_is_one_piece),
		cmocka_unit_test(test_holes_stand_between_texts),
		cmocka_unit_test(test_two_dollars_are_one),
		cmocka_unit_test(test_colon_in_quotes_or_brackets_is_no_format),
		cmocka_unit_test(test_hole_without_end_is_refused_at_its_start),
		cmocka_unit_test(test_empty_holes_and_formats_are_all_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
