/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Tests of when a rule is looked at, and with what it is seen then: what the opinions on random
 * sets of rules have found, each as small as it gets.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "model/point.h"
#include "rules/engine.h"
#include "rules_case.h"

static struct boot at(double seconds)
{
	return (struct boot){(int64_t)(seconds * 1e9)};
}

static void start(struct rules_case *c, const char *text)
{
	rules_case_init(c, text);
	rules_case_start(c);
}

/* next goes on with the rules of text from second s on. */
static void reload(struct rules_case *c, struct rules_case *next, const char *text, double s)
{
	start(next, text);
	engine_adopt(next->engine, c->engine, at(s));
	rules_case_done(c);
}

static void test_a_reload_of_the_same_rules_changes_nothing(void **state)
{
	static const char text[] = "rules:\n"
				   "  a: {when: not firing('b')}\n"
				   "  b: {when: x.p}\n"
				   "  c: {on: falls(quality(x.a) != 'stale')}\n";
	struct rules_case old, c;

	(void)state;
	start(&old, text);
	reload(&old, &c, text, 5);
	tick(&c, 50);
	assert_log(&c, "");
	feed_bool(&c, 60, "x.p", true);
	feed_bool(&c, 61, "x.p", false);
	assert_log(&c, "60.000000000 b fire ok->firing warning \"\" x.p=true\n"
		       "61.000000000 b clear firing->ok warning active=1.000000000 \"\" "
		       "x.p=false\n"
		       "61.000000000 a fire ok->firing warning \"\"\n");
	rules_case_done(&c);
}

static void test_an_operator_makes_no_rule_be_looked_at(void **state)
{
	struct rules_case c;

	(void)state;
	start(&c, "rules: {a: {when: not firing('b')}, b: {when: x.p}}\n");
	engine_shelve(c.engine, 0, at(10), at(1));
	engine_unshelve(c.engine, 0, at(2));
	engine_shelve(c.engine, 0, at(10), at(3));
	tick(&c, 20);
	assert_log(&c, "");
	rules_case_done(&c);
}

/* Whether or not another rule reads the quality. */
static void test_a_bad_first_reading_is_a_first_look(void **state)
{
	struct rules_case c;

	(void)state;
	start(&c, "rules: {a: {when: not known(x.a)}}\n");
	feed_bad(&c, 1, "x.a", BAD_TIMEOUT);
	assert_log(&c, "1.000000000 a fire ok->firing warning \"\" x.a=unknown(bad)\n");
	rules_case_done(&c);
}

static void test_another_condition_is_looked_at_whoever_has_spoken(void **state)
{
	struct rules_case old, c;

	(void)state;
	start(&old, "rules: {a: {when: x.p, for: 10s}}\n");
	feed_bool(&old, 1, "x.p", true);
	reload(&old, &c, "rules: {a: {when: known(x.b), for: 10s}}\n", 2);
	assert_log(&c, "2.000000000 a calm pending->ok warning \"\" x.b=unknown(bad)\n");
	rules_case_done(&c);
}

static void test_what_holds_a_rule_back_is_known_at_once_after_a_reload(void **state)
{
	struct rules_case old, c;

	(void)state;
	start(&old, "rules: {a: {when: x.a > 1, blind_after: 10s}, off: {when: x.p}}\n");
	feed_bool(&old, 1, "x.p", true);
	reload(&old, &c,
	       "rules: {a: {when: x.a > 1, blind_after: 10s, inhibited_by: [off]}, "
	       "off: {when: x.p}}\n",
	       2);
	tick(&c, 11);
	assert_log(&c, "10.000000000 a blind ok->ok warning held \"\" x.a=unknown(bad)\n");
	rules_case_done(&c);
}

/* Points of one answer that go stale, and windows that let go of it, do so together. */
static void test_nothing_that_turns_in_one_instant_is_seen_half_way(void **state)
{
	static const char *const wheres[] = {
		"not known(x.a) and known(x.b)",
		"bad(x.b) and not bad(x.a)",
		"age(x.a) > 10s and not age(x.b) > 10s",
		"age(x.b) > 10s and not age(x.a) > 10s",
		"avg(x.a, 16s) > avg(x.b, 16s)",
		"avg(x.a, 16s) < avg(x.b, 16s)",
		"count(x.a, 16s) != count(x.b, 16s)",
		"held(x.a > 0, 10s) != held(x.b > 0, 10s)",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wheres) / sizeof(*wheres); i++) {
		struct rules_case c;

		rules_case_init_expr(&c, "when", wheres[i], "");
		assert_string_equal(conf_case_said(&c.conf), "");
		rules_case_start(&c);
		feed_both(&c, 1, 3, 3);
		feed_both(&c, 2, 7, 7);
		feed_both(&c, 9, 2, 2);
		tick(&c, 100);
		assert_log(&c, "");
		rules_case_done(&c);
	}
}

static void test_an_edge_remembers_through_silence_and_reload(void **state)
{
	static const char text[] = "rules:\n"
				   "  s: {on: changed(x.s)}\n"
				   "  a: {on: changed(x.a)}\n";
	struct rules_case first, second, third, c;

	(void)state;
	start(&first, text);
	feed_text(&first, 1, "x.s", "one");
	feed_number(&first, 1, "x.a", 1);
	tick(&first, 40);
	reload(&first, &second, text, 50);
	reload(&second, &third, text, 51);
	feed_text(&third, 60, "x.s", "one");
	feed_number(&third, 60, "x.a", 1);
	assert_log(&third, "");
	tick(&third, 100);
	reload(&third, &c, text, 110);
	feed_text(&c, 120, "x.s", "two");
	feed_number(&c, 120, "x.a", 2);
	assert_log(&c, "120.000000000 s instant ok->ok warning \"\" x.s=\"two\"\n"
		       "120.000000000 a instant ok->ok warning \"\" x.a=2\n");
	rules_case_done(&c);
}

/* Both are due in one instant: the order of evaluation is that of the rules, as always. */
static void test_rules_that_wait_for_one_age_are_looked_at_together(void **state)
{
	struct rules_case c;

	(void)state;
	start(&c, "rules:\n"
		  "  first: {when: rule.c.firing and x.q}\n"
		  "  b: {when: age(x.a) > 10s}\n"
		  "  c: {when: age(x.a) > 10s}\n");
	tick(&c, 11);
	assert_log(&c, "10.000000001 c fire ok->firing warning \"\" x.a=unknown(bad)\n"
		       "10.000000001 b fire ok->firing warning \"\" x.a=unknown(bad)\n");
	rules_case_done(&c);
}

static void test_silence_in_an_edge_makes_on_unknown_act_in_time(void **state)
{
	struct rules_case c;

	(void)state;
	start(&c, "rules: {a: {when: rises(x.p) or x.a / x.b > 1, on_unknown: fire, "
		  "for: 10s}}\n");
	feed_bool(&c, 1, "x.p", true);
	for (int i = 0; i < 6; i++) {
		feed_number(&c, 1 + 10 * i, "x.a", 1);
		feed_number(&c, 1 + 10 * i, "x.b", 0);
		if (i == 3) /* the pending time stands still until x.p is silent again */
			feed_bool(&c, 35, "x.p", true);
	}
	assert_int_equal(rules_case_condition(&c), -1);
	feed_number(&c, 61, "x.a", 1);
	feed_number(&c, 61, "x.b", 0);
	tick(&c, 90);
	assert_log(&c, "31.000000000 a pending ok->pending warning \"\" x.a=1 x.b=0 "
		       "x.p=unknown(stale)\n"
		       "71.000000000 a fire pending->firing warning \"\" x.a=1 x.b=0 "
		       "x.p=unknown(stale)\n");
	rules_case_done(&c);
}

/* The window of the first rule changes in the instant of the second. */
static void test_an_instant_needs_an_edge_of_its_own(void **state)
{
	struct rules_case c;

	(void)state;
	start(&c, "rules:\n"
		  "  a: {on: \"rises(x.p) or max(x.a, 1m) > 5\"}\n"
		  "  b: {on: changed(x.a)}\n");
	feed_number(&c, 1, "x.a", 1);
	feed_number(&c, 2, "x.a", 9);
	assert_log(&c, "2.000000000 b instant ok->ok warning \"\" x.a=9\n");
	feed_bool(&c, 3, "x.p", false);
	feed_bool(&c, 4, "x.p", true);
	assert_log(&c, "4.000000000 a instant ok->ok warning \"\" x.p=true x.a=9\n");
	rules_case_done(&c);
}

static void test_a_count_is_known_before_anything_was_read(void **state)
{
	struct rules_case c;

	(void)state;
	start(&c, "rules: {a: {when: \"x.p and count(x.a, 1m) < 1\"}}\n");
	feed_bool(&c, 1, "x.p", true);
	assert_log(&c, "1.000000000 a fire ok->firing warning \"\" x.p=true "
		       "x.a=unknown(bad)\n");
	rules_case_done(&c);
}

/* 8.059 * 1e9 is not quite 8059000000. */
static void test_a_time_that_is_no_round_double_is_reached_to_the_nanosecond(void **state)
{
	struct rules_case c;

	(void)state;
	start(&c, "rules:\n"
		  "  more: {when: age(x.a) > 8059ms}\n"
		  "  least: {when: age(x.a) >= 8059ms}\n"
		  "  since: {when: since(x.p) > 8059ms}\n");
	feed_bool(&c, 1, "x.p", true);
	tick(&c, 10);
	assert_log(&c, "8.059000000 least fire ok->firing warning \"\" x.a=unknown(bad)\n"
		       "8.059000001 more fire ok->firing warning \"\" x.a=unknown(bad)\n"
		       "9.059000001 since fire ok->firing warning \"\" x.p=true\n");
	rules_case_done(&c);
}

/* The second rule is woken by the first only, and stands before the third. */
static void test_rules_that_a_reload_wakes_keep_their_order(void **state)
{
	struct rules_case old, c;

	(void)state;
	start(&old, "rules: {a: {when: x.a > 5}, b: {when: rule.a.firing}, "
		    "c: {when: x.a > 6, inhibited_by: [b]}}\n");
	feed_number(&old, 1, "x.a", 4);
	reload(&old, &c,
	       "rules: {a: {when: x.a > 3}, b: {when: rule.a.firing}, "
	       "c: {when: x.a > 2, inhibited_by: [b]}}\n",
	       2);
	assert_log(&c, "2.000000000 a fire ok->firing warning \"\" x.a=4\n"
		       "2.000000000 b fire ok->firing warning \"\"\n"
		       "2.000000000 c fire ok->firing warning held \"\" x.a=4\n");
	rules_case_done(&c);
}

static void put(struct rules_case *c, double s, const char *name, double number)
{
	struct reading reading = {
		.point = point_table_find(c->points, name, strlen(name)),
		.value = value_number(number),
		.at = at(s),
	};

	engine_feed(c->engine, &reading);
}

/* Between guards the first reading of the last instant needs no look; it was there anyhow. */
static void test_a_reading_that_is_passed_over_begins_its_instant(void **state)
{
	struct rules_case c;

	(void)state;
	start(&c, "rules: {a: {when: x.a > 10}, b: {when: x.b > 10}}\n");
	feed_number(&c, 1, "x.a", 1);
	feed_number(&c, 2, "x.b", 1);
	put(&c, 3, "x.a", 2);
	put(&c, 3, "x.b", 20);
	put(&c, 3, "x.a", 20);
	engine_settle(c.engine);
	assert_log(&c, "3.000000000 b fire ok->firing warning \"\" x.b=20\n"
		       "3.000000000 a fire ok->firing warning \"\" x.a=20\n");
	rules_case_done(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_reload_of_the_same_rules_changes_nothing),
		cmocka_unit_test(test_an_operator_makes_no_rule_be_looked_at),
		cmocka_unit_test(test_a_bad_first_reading_is_a_first_look),
		cmocka_unit_test(test_another_condition_is_looked_at_whoever_has_spoken),
		cmocka_unit_test(test_what_holds_a_rule_back_is_known_at_once_after_a_reload),
		cmocka_unit_test(test_nothing_that_turns_in_one_instant_is_seen_half_way),
		cmocka_unit_test(test_an_edge_remembers_through_silence_and_reload),
		cmocka_unit_test(test_rules_that_wait_for_one_age_are_looked_at_together),
		cmocka_unit_test(test_silence_in_an_edge_makes_on_unknown_act_in_time),
		cmocka_unit_test(test_an_instant_needs_an_edge_of_its_own),
		cmocka_unit_test(test_a_count_is_known_before_anything_was_read),
		cmocka_unit_test(
			test_a_time_that_is_no_round_double_is_reached_to_the_nanosecond),
		cmocka_unit_test(test_a_reading_that_is_passed_over_begins_its_instant),
		cmocka_unit_test(test_rules_that_a_reload_wakes_keep_their_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
