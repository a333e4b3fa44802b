/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Tests of ${margin}: how far beyond the threshold. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "rules_case.h"

/* The message with which the rule fires when it has these values, and x.p is true. */
static void assert_margin(const char *when, const char *hole, double a, double b,
			  const char *shown)
{
	struct rules_case c;
	char rest[200], wanted[80];
	const char *log;

	snprintf(rest, sizeof(rest), "    for: 1s\n    message: \"<%s>\"\n", hole);
	rules_case_init_expr(&c, "when", when, rest);
	rules_case_start(&c);
	if (a == a)
		feed_number(&c, 1, "x.a", a);
	if (b == b)
		feed_number(&c, 1, "x.b", b);
	feed_bool(&c, 1, "x.p", true);
	rules_case_log(&c);
	tick(&c, 3);
	log = rules_case_log(&c);
	snprintf(wanted, sizeof(wanted), "\"<%s>\"", shown);
	if (strstr(log, wanted) == NULL)
		fail_msg("%s: not %s in %s", when, wanted, log);
	rules_case_done(&c);
}

static void test_one_comparison_is_its_distance(void **state)
{
	(void)state;
	assert_margin("x.a > 80", "${margin}", 81.5, NAN, "1.5");
	assert_margin("x.a >= 80", "${margin}", 80, NAN, "0");
	assert_margin("80 < x.a", "${margin}", 83, NAN, "3");
	assert_margin("x.a < 80", "${margin:.2f}", 78.75, NAN, "1.25");
	assert_margin("x.a <= x.b + 1", "${margin:.1e}", 1, 100, "1.0e+02");
	assert_margin("not x.a <= 80", "${margin}", 90, NAN, "10");
	assert_margin("not (not (not x.a > 80))", "${margin}", 70, NAN, "10");
	assert_margin("x.p and x.a > 80 and x.p == true or x.q", "${margin}", 85, NAN, "5");
}

/* The examples of rules.md: several comparisons, one of which decides. */
static void test_the_comparison_that_decides_is_taken(void **state)
{
	(void)state;
	assert_margin("x.a > 10 and x.b > 20", "${margin}", 15, 22, "2");
	assert_margin("x.a > 10 and x.b > 20", "${margin}", 11, 29, "1");
	assert_margin("x.a > 10 or x.b > 20", "${margin}", 15, 22, "5");
	assert_margin("x.a > 10 or x.b > 20", "${margin}", 11, 29, "9");
	assert_margin("x.a > 10 or x.b > 20", "${margin}", 13, 5, "3");
	assert_margin("not (x.a > 10 and x.b > 20)", "${margin}", 4, 22, "6");
	assert_margin("not (x.a > 10 or x.b > 20)", "${margin}", 4, 19, "1");
	assert_margin("10 < x.a < 20", "${margin}", 18, NAN, "2");
	assert_margin("10 < x.a <= 20", "${margin}", 13, NAN, "3");
	assert_margin("x.a not in 18 .. 25", "${margin}", 28, NAN, "3");
	assert_margin("x.a not in 18 .. 25", "${margin}", 11, NAN, "7");
	assert_margin("x.a in 18 .. 25", "${margin}", 24, NAN, "1");
	assert_margin("(x.a > 1 or x.b > 1) and (x.a < 9 or x.b < 9)", "${margin}", 3, 10, "6");
}

static void test_what_is_unknown_does_not_decide(void **state)
{
	(void)state;
	assert_margin("x.a > 10 or x.b > 20", "${margin}", NAN, 29, "9");
	assert_margin("x.a > 10 or x.b > 20", "${margin}", 17, NAN, "7");
	assert_margin("x.a > 10 or x.b > 20 or x.p", "${margin}", NAN, NAN, "unknown");
	assert_margin("x.p or x.a > 10", "${margin}", NAN, NAN, "unknown");
	assert_margin("(x.a > 10 and x.b > 2 or x.b > 20) or x.p", "${margin}", NAN, 19, "17");
	assert_margin("(x.a > 10 and x.c > 2 or x.b > 20) or x.p", "${margin}", NAN, 19, "-1");
}

static void test_units_and_times_are_shown_as_such(void **state)
{
	struct rules_case c;

	(void)state;
	rules_case_init(&c, "rules:\n"
			    "  hot:\n"
			    "    when: boiler.temp > 80 degC and 200 degF < oven.temp\n"
			    "    message: \"${margin:.1f} ${margin.unit}\"\n"
			    "  deep:\n"
			    "    when: tank.level < 50[cm]\n"
			    "    message: \"${margin:.2f} ${margin.unit}|${x.a.unit}\"\n"
			    "  silent:\n"
			    "    when: age(x.a) > 90s\n"
			    "    for: 5s\n"
			    "    message: \"${margin} ${margin.unit}\"\n"
			    "  plain:\n"
			    "    when: x.b > 1\n"
			    "    message: \"${margin} [${margin.unit}]\"\n");
	rules_case_start(&c);
	feed_number(&c, 1, "x.a", 1);
	feed_number(&c, 2, "oven.temp", 203.6);
	feed_number(&c, 3, "boiler.temp", 83.5);
	assert_log(&c, "3.000000000 hot fire ok->firing warning \"2.0 K\" boiler.temp=83.5 "
		       "oven.temp=203.6\n");
	feed_number(&c, 4, "tank.level", 0.3);
	assert_log(&c, "4.000000000 deep fire ok->firing warning \"0.20 m|\" tank.level=0.3\n");
	feed_number(&c, 5, "x.b", 3);
	assert_log(&c, "5.000000000 plain fire ok->firing warning \"2 []\" x.b=3\n");
	tick(&c, 97);
	assert_non_null(strstr(rules_case_log(&c), " fire pending->firing warning \"5"));
	rules_case_done(&c);
}

/* With hysteresis the value is not beyond the threshold when it clears. */
static void test_a_clear_shows_that_it_is_not_beyond(void **state)
{
	struct rules_case c;

	(void)state;
	rules_case_init(&c, "rules:\n"
			    "  r:\n"
			    "    for_each: {margins: [x.a, x.b]}\n"
			    "    when: margins > 80\n"
			    "    clear: margins < 75\n"
			    "    message: \"${margin}\"\n");
	rules_case_start(&c);
	feed_number(&c, 1, "x.b", 82);
	assert_log(&c, "1.000000000 r:x.b fire ok->firing warning \"2\" x.b=82\n");
	feed_number(&c, 2, "x.b", 74);
	assert_log(&c, "2.000000000 r:x.b clear firing->ok warning active=1.000000000 \"-6\" "
		       "x.b=74\n");
	rules_case_done(&c);
}

static void test_a_variable_of_that_name_is_meant_first(void **state)
{
	struct rules_case c;

	(void)state;
	rules_case_init(&c, "rules:\n"
			    "  r:\n"
			    "    for_each: {margin: [x.a]}\n"
			    "    when: margin > 80\n"
			    "    message: \"${margin} ${margin.name}\"\n");
	rules_case_start(&c);
	feed_number(&c, 1, "x.a", 82);
	assert_log(&c, "1.000000000 r:x.a fire ok->firing warning \"82 x.a\" x.a=82\n");
	rules_case_done(&c);
}

static void test_where_there_is_no_margin_is_told(void **state)
{
	static const struct {
		const char *rule;
		const char *said, *notes;
	} cases[] = {
		{"when: x.p", "there is no ${margin}: 'when' compares nothing by its size",
		 "in 'message' of rule 'r'"},
		{"when: x.a == 5 and x.s in ('a', 'b')",
		 "there is no ${margin}: 'when' compares nothing by its size",
		 "in 'message' of rule 'r'"},
		{"when: boiler.temp > 80 and boiler.pressure > 3",
		 "there is no one ${margin}: 'when' compares temperature difference [K] and pressure [bar]",
		 "hint: write the difference itself: ${x - 80}"},
		{"when: boiler.temp > 80 or x.a > 3",
		 "there is no one ${margin}: 'when' compares temperature difference [K] and a number",
		 "hint: write the difference itself: ${x - 80}"},
		{"when: if(rises(x.p), 1, 2) > 1",
		 "there is no ${margin}: 'when' compares nothing by its size",
		 "in 'message' of rule 'r'"},
		{"on: rises(x.a > 5)", "an instant has no ${margin}",
		 "in 'message' of rule 'r'"},
	};
	char text[200];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct rules_case c;
		const struct diag *diag;

		snprintf(text, sizeof(text),
			 "rules:\n  r:\n    %s\n    message: 'a ${margin}'\n", cases[i].rule);
		rules_case_init(&c, text);
		assert_null(c.set);
		assert_int_equal(diags_errors(c.conf.diags), 1);
		diag = diags_get(c.conf.diags, 0);
		assert_string_equal(diag->message, cases[i].said);
		assert_string_equal(diag->notes, cases[i].notes);
		assert_int_equal(diag->line, 4);
		assert_int_equal(diag->column, 19);
		rules_case_done(&c);
	}
}

/* An error in the condition is told once, by the condition. */
static void test_a_wrong_condition_is_told_once(void **state)
{
	struct rules_case c;

	(void)state;
	rules_case_init(&c, "rules:\n"
			    "  r:\n"
			    "    when: x.a > 3 bar and\n"
			    "    message: '${margin}'\n");
	assert_null(c.set);
	assert_int_equal(diags_errors(c.conf.diags), 1);
	rules_case_done(&c);
}

static void test_events_tell_it_if_somebody_wants_to_send_it(void **state)
{
	static const char text[] = "rules:\n"
				   "  hot: {when: boiler.temp > 80 degC}\n"
				   "  on: {when: x.p}\n"
				   "  ring: {on: rises(x.a > 5)}\n";
	struct rules_case c;

	(void)state;
	for (int wanted = 0; wanted < 2; wanted++) {
		if (wanted)
			rules_case_init_margins(&c, text);
		else
			rules_case_init(&c, text);
		rules_case_start(&c);
		feed_number(&c, 1, "boiler.temp", 81.5);
		assert_int_equal(c.margin.kind, wanted ? VALUE_NUMBER : VALUE_NONE);
		if (wanted) {
			assert_true(c.margin.number == 1.5);
			/* A difference of temperatures. */
			assert_string_equal(c.margin_unit, "K");
		}
		/* What compares nothing by its size has none, and nobody complains. */
		feed_bool(&c, 2, "x.p", true);
		assert_int_equal(c.margin.kind, VALUE_NONE);
		feed_number(&c, 3, "boiler.temp", 79);
		assert_int_equal(c.margin.kind, wanted ? VALUE_NUMBER : VALUE_NONE);
		assert_true(!wanted || c.margin.number == -1);
		feed_number(&c, 4, "x.a", 1);
		feed_number(&c, 5, "x.a", 9);
		assert_int_equal(c.margin.kind, VALUE_NONE);
		assert_int_equal(c.events, 4);
		rules_case_done(&c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_comparison_is_its_distance),
		cmocka_unit_test(test_the_comparison_that_decides_is_taken),
		cmocka_unit_test(test_what_is_unknown_does_not_decide),
		cmocka_unit_test(test_units_and_times_are_shown_as_such),
		cmocka_unit_test(test_a_clear_shows_that_it_is_not_beyond),
		cmocka_unit_test(test_a_variable_of_that_name_is_meant_first),
		cmocka_unit_test(test_where_there_is_no_margin_is_told),
		cmocka_unit_test(test_a_wrong_condition_is_told_once),
		cmocka_unit_test(test_events_tell_it_if_somebody_wants_to_send_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
