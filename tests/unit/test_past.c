/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "rules_case.h"

static void start_on(struct rules_case *c, const char *key, const char *expr)
{
	rules_case_init_expr(c, key, expr, "");
	assert_string_equal(conf_case_said(&c->conf), "");
	rules_case_start(c);
}

static void start(struct rules_case *c, const char *expr)
{
	start_on(c, "when", expr);
}

static void assert_condition(struct rules_case *c, double at, int condition)
{
	tick(c, at + 1e-6);
	if (rules_case_condition(c) != condition)
		fail_msg("at %g the condition is %d, not %d", at, rules_case_condition(c),
			 condition);
}

static void test_held_is_true_once_it_was_so_throughout(void **state)
{
	struct rules_case c;

	(void)state;
	start(&c, "held(x.p, 10s)");
	feed_bool(&c, 1, "x.p", true);
	assert_condition(&c, 5, -1); /* what was before 1 is not known */
	feed_bool(&c, 10, "x.p", true);
	assert_condition(&c, 10.9, -1);
	assert_condition(&c, 11, 1); /* without a reading */
	feed_bool(&c, 12, "x.p", false);
	assert_condition(&c, 12, 0);
	feed_bool(&c, 14, "x.p", true);
	assert_condition(&c, 23.9, 0);
	feed_bool(&c, 23.95, "x.p", true);
	assert_condition(&c, 24, 1);
	rules_case_done(&c);
}

static void test_held_is_unknown_across_a_gap_and_false_beats_it(void **state)
{
	struct rules_case c;

	(void)state;
	start(&c, "held(x.p, 60s)");
	feed_bool(&c, 0, "x.p", true);
	for (int t = 10; t <= 70; t += 10)
		feed_bool(&c, t, "x.p", true);
	assert_condition(&c, 70, 1);
	/* stale from 100 to 110 */
	assert_condition(&c, 100, -1);
	feed_bool(&c, 110, "x.p", true);
	assert_condition(&c, 120, -1);
	feed_bool(&c, 130, "x.p", false);
	assert_condition(&c, 130, 0);
	feed_bool(&c, 131, "x.p", true);
	for (int t = 140; t <= 200; t += 10)
		feed_bool(&c, t, "x.p", true);
	assert_condition(&c, 200, 1); /* the gap and the false are both over: 131 + 60 */
	rules_case_done(&c);
}

static void test_once_remembers_a_truth_for_its_time(void **state)
{
	struct rules_case c;

	(void)state;
	start(&c, "once(x.a > 5, 20s)");
	feed_number(&c, 1, "x.a", 1);
	assert_condition(&c, 2, -1);
	feed_number(&c, 3, "x.a", 9);
	assert_condition(&c, 3, 1);
	feed_number(&c, 5, "x.a", 1);
	assert_condition(&c, 24.9, 1);
	assert_condition(&c, 25, 0);
	rules_case_done(&c);
}

static void test_since_reacts_by_itself(void **state)
{
	struct rules_case c;

	(void)state;
	start(&c, "since(x.p) >= 10s");
	assert_condition(&c, 0.5, -1);
	feed_bool(&c, 1, "x.p", false);
	assert_condition(&c, 1, 0);
	feed_bool(&c, 2, "x.p", true);
	assert_condition(&c, 11.9, 0);
	assert_condition(&c, 12, 1);
	feed_bool(&c, 20, "x.p", false);
	assert_condition(&c, 20, 0);
	rules_case_done(&c);
	/* the other way round, and in a chain */
	start(&c, "5s < since(x.p) < 10s");
	feed_bool(&c, 1, "x.p", true);
	assert_condition(&c, 6, 1);
	assert_condition(&c, 11, 0);
	rules_case_done(&c);
	start(&c, "since(not x.p) < 3s");
	feed_bool(&c, 1, "x.p", true);
	assert_condition(&c, 1, 1); /* it has been so for 0 s */
	feed_bool(&c, 2, "x.p", false);
	assert_condition(&c, 4.9, 1);
	assert_condition(&c, 5, 0);
	rules_case_done(&c);
}

static void test_since_starts_anew_behind_a_gap(void **state)
{
	struct rules_case c;

	(void)state;
	start(&c, "since(x.p) > 40s");
	feed_bool(&c, 1, "x.p", true);
	assert_condition(&c, 35, -1); /* stale at 31 */
	feed_bool(&c, 40, "x.p", true);
	feed_bool(&c, 60, "x.p", true);
	assert_condition(&c, 79.9, 0);
	assert_condition(&c, 80, 1);
	rules_case_done(&c);
}

static void test_since_in_a_message_is_a_time(void **state)
{
	struct rules_case c;

	(void)state;
	rules_case_init_expr(&c, "when", "x.a > 5",
			     "    message: '${since(x.p)} ${since(x.q)} ${since(x.r)}'\n");
	assert_string_equal(conf_case_said(&c.conf), "");
	rules_case_start(&c);
	feed_bool(&c, 1, "x.p", true);
	feed_bool(&c, 1, "x.q", false);
	feed_number(&c, 8.5, "x.a", 6);
	assert_log(&c, "8.500000000 r fire ok->firing warning \"7.5s 0s unknown\" x.a=6 "
		       "x.p=true x.q=false x.r=unknown(bad)\n");
	rules_case_done(&c);
}

/* y += (1 - exp(-dt / tau)) (x - y), by hand. */
static void test_ewma_pulls_by_the_time_between_readings(void **state)
{
	double y = 10;
	struct rules_case c;
	char expr[80];

	(void)state;
	y += (1 - exp(-2.0 / 10)) * (20 - y);
	y += (1 - exp(-5.0 / 10)) * (20 - y);
	snprintf(expr, sizeof(expr), "ewma(x.a, 10s) in %.9f .. %.9f", y - 1e-6, y + 1e-6);
	start(&c, expr);
	feed_number(&c, 1, "x.a", 10);
	assert_condition(&c, 1, 0);
	feed_number(&c, 3, "x.a", 20);
	assert_condition(&c, 3, 0);
	feed_number(&c, 8, "x.a", 20);
	assert_condition(&c, 8, 1);
	assert_condition(&c, 39, -1); /* stale */
	rules_case_done(&c);
}

static void test_a_failed_reading_is_no_sample(void **state)
{
	struct rules_case c;

	(void)state;
	start(&c, "x.a - prev(x.a) == 2");
	feed_number(&c, 1, "x.a", 1);
	feed_number(&c, 2, "x.a", 3);
	assert_condition(&c, 2, 1);
	feed_bad(&c, 3, "x.a", BAD_TIMEOUT);
	assert_condition(&c, 3, 1);
	feed_number(&c, 4, "x.a", 5);
	assert_condition(&c, 4, 1);
	rules_case_done(&c);
}

static void test_edges_of_a_past(void **state)
{
	struct rules_case c;

	(void)state;
	start_on(&c, "on", "rises(held(x.p, 5s))");
	feed_bool(&c, 0, "x.p", false);
	feed_bool(&c, 1, "x.p", true);
	tick(&c, 5.9);
	assert_log(&c, "");
	tick(&c, 6.1);
	assert_log(&c, "6.000000000 r instant ok->ok warning \"\" x.p=true\n");
	rules_case_done(&c);
}

static void test_equal_pasts_share_one_memory(void **state)
{
	struct rules_case c, d;
	size_t one;

	(void)state;
	rules_case_init(&c, "rules:\n  a: {when: 'held(x.p,5s)'}\n  b: {when: x.q}\n");
	rules_case_init(&d, "rules:\n  a: {when: 'held(x.p,5s)'}\n"
			    "  b: {when: 'held( x.p , 5s )'}\n");
	assert_non_null(c.set);
	assert_non_null(d.set);
	one = engine_size(c.set);
	assert_int_equal(engine_size(d.set), one);
	rules_case_done(&c);
	rules_case_done(&d);
}

static void test_reload_keeps_the_past(void **state)
{
	struct rules_case c, next;

	(void)state;
	start(&c, "held(x.p, 20s)");
	feed_bool(&c, 0, "x.p", false);
	feed_bool(&c, 1, "x.p", true);
	tick(&c, 10);
	rules_case_init_expr(&next, "when", "held(x.p, 20s) and not x.q", "");
	rules_case_start(&next);
	engine_adopt(next.engine, c.engine, (struct boot){10 * INT64_C(1000000000)});
	feed_bool(&next, 11, "x.p", true);
	feed_bool(&next, 11, "x.q", false);
	assert_condition(&next, 20.9, 0);
	assert_condition(&next, 21, 1);
	rules_case_done(&c);
	rules_case_done(&next);
}

static void test_errors_of_operand_and_time_are_told_together(void **state)
{
	struct rules_case c;

	(void)state;
	rules_case_init_expr(&c, "when", "held(x.nothing, 3)", "");
	assert_null(c.set);
	assert_string_equal(conf_case_said(&c.conf),
			    "t.yaml:4:12: error: unknown point 'x.nothing'\n"
			    "    4 |       held(x.nothing, 3)\n"
			    "      |            ^~~~~~~~~\n"
			    "      = in 'when' of rule 'r'\n"
			    "t.yaml:4:23: error: 'held' takes a constant time, got a number\n"
			    "    4 |       held(x.nothing, 3)\n"
			    "      |                       ^\n"
			    "      = hint: for example 5m\n");
	rules_case_done(&c);
}

static void test_what_cannot_have_a_past_is_told(void **state)
{
	static const struct wrong_expr wrongs[] = {
		{"held(x.a, 5s)", 5, "expected true or false, got a number",
		 "hint: compare it: x > 0"},
		{"held(x.p, x.a)", 10, "'held' takes a constant time, got an expression",
		 "hint: for example 5m"},
		{"held(x.p, 5)", 10, "'held' takes a constant time, got a number",
		 "hint: for example 5m"},
		{"once(x.p, 5 bar)", 10, "'once' takes a constant time, got pressure [bar]",
		 "hint: for example 5m"},
		{"once(x.p, 800d)", 10, "the time of 'once' is from 1ms to 366d", NULL},
		{"held(x.p)", 0, "'held' takes 2 arguments, got 1", NULL},
		{"held(rises(x.p), 5s)", 5, "'rises' is an instant: it has no past",
		 "hint: changes(x, 1h) counts how often x changed"},
		{"held(firing('r'), 5s)", 0, "the state of a rule cannot stand in 'held'",
		 "hint: use on_fire and on_clear of that rule"},
		{"held(1 > 2, 5s)", 7, "this never changes: it reads no point", NULL},
		{"since(x.p) == 5s", 11, "a time is compared by its size",
		 "hint: use < <= > or >="},
		{"since(x.p) > since(x.q)", 0,
		 "the time of 'since' in a condition is compared with a constant",
		 "hint: for example since(c) > 5m"},
		{"since(x.p) > 0s - 1s", 11,
		 "the limit of a time is above 0 and below 285 years", NULL},
		{"ewma(x.p, 5s) > 1", 5, "expected a number, got true or false", NULL},
		{"prev(x.s) == 'a'", 5, "'prev' takes a number or true or false, not a text",
		 NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrongs) / sizeof(*wrongs); i++)
		assert_wrong("when", &wrongs[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_held_is_true_once_it_was_so_throughout),
		cmocka_unit_test(test_held_is_unknown_across_a_gap_and_false_beats_it),
		cmocka_unit_test(test_once_remembers_a_truth_for_its_time),
		cmocka_unit_test(test_since_reacts_by_itself),
		cmocka_unit_test(test_since_starts_anew_behind_a_gap),
		cmocka_unit_test(test_since_in_a_message_is_a_time),
		cmocka_unit_test(test_ewma_pulls_by_the_time_between_readings),
		cmocka_unit_test(test_a_failed_reading_is_no_sample),
		cmocka_unit_test(test_edges_of_a_past),
		cmocka_unit_test(test_equal_pasts_share_one_memory),
		cmocka_unit_test(test_reload_keeps_the_past),
		cmocka_unit_test(test_errors_of_operand_and_time_are_told_together),
		cmocka_unit_test(test_what_cannot_have_a_past_is_told),
	};

	return cmocka_run_group_tests_name("past", tests, NULL, NULL);
}
