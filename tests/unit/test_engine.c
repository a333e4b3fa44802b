/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Tests of the engine: order of evaluation, unknown points, timers without readings, instants,
 * reload, and that nothing is allocated once it is made.
 */
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
#include "base/arena.h"
#include "base/random.h"
#include "conf/yaml.h"
#include "model/point.h"
#include "rules/engine.h"
#include "rules/ruleset.h"
#include "rules_case.h"

/* ---- unknown ----------------------------------------------------------------------------- */

static void test_a_rule_knows_nothing_before_the_first_reading(void **state)
{
	struct rules_case c;

	(void)state;
	rules_case_init_expr(&c, "when", "x.a > 1 or x.b > 1", "");
	rules_case_start(&c);
	assert_int_equal(rules_case_condition(&c), -1);
	feed_number(&c, 1, "x.a", 0);
	assert_int_equal(rules_case_condition(&c), -1);
	feed_number(&c, 2, "x.b", 2);
	assert_int_equal(rules_case_condition(&c), 1);
	assert_log(&c, "2.000000000 r fire ok->firing warning \"\" x.a=0 x.b=2\n");
	rules_case_done(&c);
}

static void test_fault_A5_stale_data_never_rules_as_fresh(void **state)
{
	struct engine_point point;
	struct rules_case c;

	(void)state;
	rules_case_init_expr(&c, "when", "boiler.temp > 80", "    for: 20s\n");
	rules_case_start(&c);
	feed_number(&c, 10, "boiler.temp", 90);
	assert_int_equal(rules_case_state(&c), RULE_PENDING);
	tick(&c, 29);
	/* 20 s of truth known at 10 s would end at 30 s: it fires then, on a value 20 s old. */
	tick(&c, 30.5);
	assert_int_equal(rules_case_state(&c), RULE_FIRING);
	engine_point(c.engine, 8, (struct boot){39 * NSEC_PER_SEC}, &point);
	assert_int_equal(point.quality, QUALITY_GOOD);
	assert_true(point.value.number == 90);
	/* From 40 s on the reading of 10 s is stale, told or not. */
	engine_point(c.engine, 8, (struct boot){40 * NSEC_PER_SEC}, &point);
	assert_int_equal(point.quality, QUALITY_STALE);
	assert_int_equal(point.value.kind, VALUE_NONE);
	assert_true(point.last.number == 90);
	tick(&c, 41);
	assert_int_equal(rules_case_condition(&c), -1);
	assert_int_equal(rules_case_state(&c), RULE_FIRING);
	rules_case_done(&c);

	/* Pending freezes while nothing is known. */
	rules_case_init_expr(&c, "when", "boiler.temp > 80", "    for: 40s\n");
	rules_case_start(&c);
	feed_number(&c, 10, "boiler.temp", 90);
	tick(&c, 500);
	assert_int_equal(rules_case_state(&c), RULE_PENDING);
	feed_number(&c, 500, "boiler.temp", 90);
	tick(&c, 510);
	assert_int_equal(rules_case_state(&c), RULE_PENDING);
	tick(&c, 510.1);
	assert_int_equal(rules_case_state(&c), RULE_FIRING);
	rules_case_done(&c);
}

static void test_a_bad_reading_keeps_the_last_value_until_it_is_stale(void **state)
{
	struct engine_point point;
	struct rules_case c;

	(void)state;
	rules_case_init_expr(&c, "when", "boiler.temp > 80", "    for: 15s\n");
	rules_case_start(&c);
	feed_number(&c, 10, "boiler.temp", 90);
	feed_bad(&c, 12, "boiler.temp", BAD_CRC);
	engine_point(c.engine, 8, (struct boot){12 * NSEC_PER_SEC}, &point);
	assert_int_equal(point.quality, QUALITY_UNCERTAIN);
	assert_int_equal(point.reason, BAD_CRC);
	assert_true(point.value.number == 90);
	assert_int_equal(rules_case_state(&c), RULE_PENDING);
	tick(&c, 26);
	assert_int_equal(rules_case_state(&c), RULE_FIRING);
	feed_bad(&c, 35, "boiler.temp", BAD_TIMEOUT);
	tick(&c, 41);
	engine_point(c.engine, 8, (struct boot){41 * NSEC_PER_SEC}, &point);
	assert_int_equal(point.quality, QUALITY_BAD);
	assert_int_equal(point.reason, BAD_TIMEOUT);
	assert_int_equal(point.value.kind, VALUE_NONE);
	assert_int_equal(rules_case_condition(&c), -1);
	rules_case_done(&c);
}

static void test_fault_A13_numbers_that_are_none_are_bad(void **state)
{
	static const double none[] = {NAN, -NAN, INFINITY, -INFINITY};
	struct engine_counters counters;
	struct engine_point point;
	struct rules_case c;

	(void)state;
	rules_case_init_expr(&c, "when", "x.a > 80 or x.a <= 80", "");
	rules_case_start(&c);
	for (size_t i = 0; i < ARRAY_SIZE(none); i++) {
		feed_number(&c, 1, "x.a", none[i]);
		assert_int_equal(rules_case_condition(&c), -1);
		engine_point(c.engine, 0, (struct boot){NSEC_PER_SEC}, &point);
		assert_int_equal(point.quality, QUALITY_BAD);
		assert_int_equal(point.reason, BAD_RANGE);
	}
	feed_number(&c, 2, "x.a", 1e308);
	assert_int_equal(rules_case_condition(&c), 1);
	engine_counters(c.engine, &counters);
	assert_int_equal(counters.readings, 5);
	assert_int_equal(counters.bad_readings, 4);
	rules_case_done(&c);
}

static void test_a_value_of_another_kind_is_bad(void **state)
{
	struct engine_point point;
	struct rules_case c;

	(void)state;
	rules_case_init_expr(&c, "when", "x.a > 80", "");
	rules_case_start(&c);
	feed_text(&c, 1, "x.a", "81");
	engine_point(c.engine, 0, (struct boot){NSEC_PER_SEC}, &point);
	assert_int_equal(point.quality, QUALITY_BAD);
	assert_int_equal(point.reason, BAD_PARSE);
	rules_case_done(&c);
}

static void test_on_unknown_acts_only_when_a_point_is_stale(void **state)
{
	struct rules_case c;

	(void)state;
	rules_case_init_expr(&c, "when", "x.a > 80 and x.b > 1",
			     "    on_unknown: fire\n    message: x\n");
	rules_case_start(&c);
	feed_number(&c, 1, "x.a", 90);
	assert_int_equal(rules_case_state(&c), RULE_OK);
	tick(&c, 30);
	assert_int_equal(rules_case_state(&c), RULE_OK);
	tick(&c, 30.1);
	assert_log(&c, "30.000000000 r fire ok->firing warning \"x\" x.a=90 "
		       "x.b=unknown(stale)\n");
	feed_number(&c, 31, "x.b", 0);
	assert_int_equal(rules_case_state(&c), RULE_OK);
	rules_case_done(&c);

	rules_case_init_expr(&c, "when", "x.a > 80", "    on_unknown: clear\n");
	rules_case_start(&c);
	feed_number(&c, 1, "x.a", 90);
	assert_int_equal(rules_case_state(&c), RULE_FIRING);
	tick(&c, 32);
	assert_int_equal(rules_case_state(&c), RULE_OK);
	rules_case_done(&c);
}

static void test_a_rule_is_blind_once(void **state)
{
	struct rules_case c;

	(void)state;
	rules_case_init_expr(&c, "when", "x.a > 80", "    blind_after: 1m\n");
	rules_case_start(&c);
	tick(&c, 59);
	assert_log(&c, "");
	tick(&c, 1000);
	assert_log(&c, "60.000000000 r blind ok->ok warning \"\" x.a=unknown(stale)\n");
	feed_number(&c, 1000, "x.a", 1);
	tick(&c, 1050);
	assert_log(&c, "");
	tick(&c, 2000);
	assert_log(&c, "1090.000000000 r blind ok->ok warning \"\" x.a=unknown(stale)\n");
	rules_case_done(&c);
}

static void test_qualities_can_be_ruled_on(void **state)
{
	static const struct {
		const char *expr;
		int start, good, uncertain, stale;
	} cases[] = {
		{"quality(x.a) == 'good'", -1, 1, 0, 0},
		{"quality(x.a) == 'uncertain'", -1, 0, 1, 0},
		{"quality(x.a) in ('stale', 'bad')", -1, 0, 0, 1},
		{"ok(x.a)", -1, 1, 0, 0},
		{"bad(x.a)", -1, 0, 1, 1},
		{"known(x.a)", -1, 1, 1, 0},
		{"not known(x.a)", -1, 0, 0, 1},
		{"default(x.a, 7) == 7", -1, 0, 0, 1},
		{"bad('x.a') and bad(point('x.a'))", -1, 0, 1, 1},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct rules_case c;

		rules_case_init_expr(&c, "when", cases[i].expr, "");
		rules_case_start(&c);
		assert_int_equal(rules_case_condition(&c), cases[i].start);
		feed_number(&c, 1, "x.a", 1);
		assert_int_equal(rules_case_condition(&c), cases[i].good);
		feed_bad(&c, 2, "x.a", BAD_TIMEOUT);
		assert_int_equal(rules_case_condition(&c), cases[i].uncertain);
		tick(&c, 40);
		assert_int_equal(rules_case_condition(&c), cases[i].stale);
		feed_number(&c, 41, "x.a", 1);
		assert_int_equal(rules_case_condition(&c), cases[i].good);
		rules_case_done(&c);
	}
}

static void test_a_device_is_bad_when_all_of_its_points_are(void **state)
{
	struct rules_case c;

	(void)state;
	rules_case_init_expr(&c, "when", "bad(pump)", "");
	rules_case_start(&c);
	feed_bad(&c, 1, "pump.running", BAD_TIMEOUT);
	assert_int_equal(rules_case_condition(&c), 0);
	feed_bad(&c, 1, "pump.runtime", BAD_TIMEOUT);
	assert_int_equal(rules_case_condition(&c), 1);
	feed_bool(&c, 2, "pump.running", true);
	assert_int_equal(rules_case_condition(&c), 0);
	tick(&c, 33);
	assert_int_equal(rules_case_condition(&c), 1);
	rules_case_done(&c);
	rules_case_init_expr(&c, "when", "bad('meter-3')", "");
	rules_case_start(&c);
	feed_bad(&c, 1, "meter-3.power", BAD_TIMEOUT);
	assert_int_equal(rules_case_condition(&c), 1);
	rules_case_done(&c);
}

/* ---- time -------------------------------------------------------------------------------- */

static void test_age_reacts_by_timer_without_a_reading(void **state)
{
	struct rules_case c;
	struct boot next;

	(void)state;
	rules_case_init(&c, "rules:\n"
			    "  more: {when: age(x.a) > 10s}\n"
			    "  least: {when: 10 <= age(x.a)}\n"
			    "  young: {when: age(x.a) < 5s}\n"
			    "  between: {when: 3s < age(x.a) < 4s}\n");
	rules_case_start(&c);
	feed_number(&c, 100, "x.a", 1);
	rules_case_log(&c);
	feed_number(&c, 100, "x.a", 1);
	assert_true(engine_deadline(c.engine, &next));
	assert_true(next.ns == 103 * NSEC_PER_SEC + 1);
	tick(&c, 111);
	assert_log(&c, "103.000000001 between fire ok->firing warning \"\" x.a=1\n"
		       "104.000000000 between clear firing->ok warning "
		       "active=0.999999999 \"\" x.a=1\n"
		       "105.000000000 young clear firing->ok warning active=5.000000000 \"\" "
		       "x.a=1\n"
		       "110.000000000 least fire ok->firing warning \"\" x.a=1\n"
		       "110.000000001 more fire ok->firing warning \"\" x.a=1\n");
	/* The same value again: only the age is new. */
	feed_number(&c, 112, "x.a", 1);
	assert_log(&c, "112.000000000 more clear firing->ok warning active=1.999999999 \"\" "
		       "x.a=1\n"
		       "112.000000000 least clear firing->ok warning active=2.000000000 \"\" "
		       "x.a=1\n"
		       "112.000000000 young fire ok->firing warning \"\" x.a=1\n");
	rules_case_done(&c);
}

static void test_what_never_spoke_ages_from_the_start(void **state)
{
	struct rules_case c;

	(void)state;
	rules_case_init_expr(&c, "when", "age(x.a) > 90s", "    message: ${age(x.a)}\n");
	rules_case_start(&c);
	tick(&c, 100);
	assert_log(&c, "90.000000001 r fire ok->firing warning \"1m30s\" "
		       "x.a=unknown(stale)\n");
	rules_case_done(&c);
}

static void test_timers_of_an_instant_run_after_its_readings(void **state)
{
	struct rules_case c;

	(void)state;
	rules_case_init_expr(&c, "when", "x.a > 80", "    for: 20s\n");
	rules_case_start(&c);
	feed_number(&c, 10, "x.a", 90);
	feed_number(&c, 30, "x.a", 70);
	assert_int_equal(rules_case_state(&c), RULE_OK);
	rules_case_done(&c);
	rules_case_init_expr(&c, "when", "x.a > 80", "    for: 20s\n");
	rules_case_start(&c);
	feed_number(&c, 10, "x.a", 90);
	feed_number(&c, 30.000000001, "x.a", 70);
	assert_log(&c, "10.000000000 r pending ok->pending warning \"\" x.a=90\n"
		       "30.000000000 r fire pending->firing warning \"\" x.a=90\n"
		       "30.000000001 r clear firing->ok warning active=0.000000001 \"\" "
		       "x.a=70\n");
	rules_case_done(&c);
}

static void test_late_readings_are_counted_and_rule_on_nothing(void **state)
{
	struct engine_counters counters;
	struct rules_case c;

	(void)state;
	rules_case_init_expr(&c, "when", "x.a > 80", "");
	rules_case_start(&c);
	feed_number(&c, 10, "x.b", 1);
	feed_number(&c, 9.9, "x.a", 90);
	assert_int_equal(rules_case_condition(&c), -1);
	engine_counters(c.engine, &counters);
	assert_int_equal(counters.late_readings, 1);
	feed_number(&c, 10, "x.a", 90);
	assert_int_equal(rules_case_condition(&c), 1);
	rules_case_done(&c);
}

static void test_repeat_follows_its_rhythm_while_firing(void **state)
{
	struct rules_case c;

	(void)state;
	rules_case_init_expr(&c, "when", "x.p", "    clear_for: 12s\n    repeat: 10s\n");
	rules_case_start(&c);
	feed_bool(&c, 1, "x.p", true);
	rules_case_log(&c);
	feed_bool(&c, 5, "x.p", true);
	tick(&c, 12);
	assert_log(&c, "11.000000000 r repeat firing->firing warning active=10.000000000 \"\" "
		       "x.p=true\n");
	feed_bool(&c, 15, "x.p", false);
	tick(&c, 25);
	/* Clearing at 21 s: nothing to repeat. */
	assert_log(&c, "15.000000000 r clearing firing->clearing warning active=14.000000000 "
		       "\"\" x.p=false\n");
	feed_bool(&c, 26, "x.p", true);
	tick(&c, 32);
	assert_log(&c, "26.000000000 r refire clearing->firing warning active=25.000000000 "
		       "\"\" x.p=true\n"
		       "31.000000000 r repeat firing->firing warning active=30.000000000 \"\" "
		       "x.p=true\n");
	feed_bool(&c, 33, "x.p", false);
	rules_case_log(&c);
	tick(&c, 100);
	assert_log(&c, "45.000000000 r clear clearing->ok warning active=44.000000000 \"\" "
		       "x.p=false\n");
	rules_case_done(&c);
}

static void test_fault_E4_overdue_beats_come_once_in_their_rhythm(void **state)
{
	struct rules_case c;

	(void)state;
	rules_case_init(&c, "rules:\n"
			    "  r: {when: x.a > 1, repeat: 10s}\n"
			    "  s: {at: every 7s}\n"
			    "  t: {when: x.a > 1, for: 15s}\n");
	rules_case_start(&c);
	feed_number(&c, 1, "x.a", 2);
	engine_overslept(c.engine, (struct boot){11 * NSEC_PER_SEC});
	tick(&c, 12);
	rules_case_log(&c);
	/* It was stopped until 27.5. */
	engine_overslept(c.engine, (struct boot){27 * NSEC_PER_SEC + 1});
	tick(&c, 27.5);
	assert_log(&c, "16.000000000 t fire pending->firing warning \"\" x.a=2\n"
		       "21.000000000 s instant ok->ok warning \"\"\n"
		       "21.000000000 r repeat firing->firing warning active=20.000000000 \"\" "
		       "x.a=2\n");
	/* The rhythm is what it was. */
	feed_number(&c, 30, "x.a", 2);
	tick(&c, 32);
	assert_log(&c, "28.000000000 s instant ok->ok warning \"\"\n"
		       "31.000000000 r repeat firing->firing warning active=30.000000000 \"\" "
		       "x.a=2\n");
	rules_case_done(&c);
}

static void test_hysteresis_ends_only_if_clear_holds_and_when_does_not(void **state)
{
	struct rules_case c;

	(void)state;
	rules_case_init_expr(&c, "when", "x.a > 80", "    clear: x.b < 5\n");
	rules_case_start(&c);
	feed_number(&c, 1, "x.b", 1);
	feed_number(&c, 2, "x.a", 90);
	assert_int_equal(rules_case_state(&c), RULE_FIRING);
	feed_number(&c, 3, "x.b", 2);
	assert_int_equal(rules_case_state(&c), RULE_FIRING);
	feed_number(&c, 4, "x.b", 9);
	feed_number(&c, 5, "x.a", 10);
	assert_int_equal(rules_case_state(&c), RULE_FIRING);
	feed_number(&c, 6, "x.b", 4);
	assert_int_equal(rules_case_state(&c), RULE_OK);
	rules_case_done(&c);
}

/* Clear ends it by being unknown: the rule is ok then, where its condition is 'when' alone. */
static void test_the_condition_is_that_of_the_state_that_was_reached(void **state)
{
	struct rules_case c;

	(void)state;
	rules_case_init_expr(&c, "when", "x.a > 80",
			     "    clear: x.b < 5\n    on_unknown: clear\n"
			     "    blind_after: 20s\n");
	rules_case_start(&c);
	feed_number(&c, 1, "x.b", 9);
	feed_number(&c, 1, "x.a", 90);
	feed_number(&c, 30, "x.a", 90);
	rules_case_log(&c);
	tick(&c, 32);
	assert_log(&c, "");
	feed_number(&c, 33, "x.a", 70);
	assert_log(&c, "33.000000000 r clear firing->ok warning active=32.000000000 \"\" "
		       "x.a=70 x.b=unknown(stale)\n");
	assert_int_equal(rules_case_condition(&c), 0);
	tick(&c, 60);
	assert_log(&c, "");
	rules_case_done(&c);
}

/* ---- instants and texts ------------------------------------------------------------------ */

static void test_instants_happen_each_time_and_not_at_first(void **state)
{
	struct rules_case c;

	(void)state;
	rules_case_init(&c, "rules:\n"
			    "  up: {on: rises(x.p)}\n"
			    "  down: {on: falls(x.p) and x.q}\n"
			    "  new: {on: changed(x.a), message: \"${x.a}\"}\n"
			    "  high: {on: rises(x.a > 10)}\n");
	rules_case_start(&c);
	feed_bool(&c, 1, "x.p", true);
	feed_bool(&c, 1, "x.q", true);
	feed_number(&c, 1, "x.a", 50);
	assert_log(&c, "");
	feed_bool(&c, 2, "x.p", true);
	feed_bool(&c, 3, "x.p", false);
	feed_bool(&c, 4, "x.p", true);
	feed_bool(&c, 5, "x.q", false);
	feed_bool(&c, 6, "x.p", false);
	assert_log(&c, "3.000000000 down instant ok->ok warning \"\" x.q=true x.p=false\n"
		       "4.000000000 up instant ok->ok warning \"\" x.p=true\n");
	feed_number(&c, 7, "x.a", 5);
	feed_number(&c, 8, "x.a", 5);
	feed_number(&c, 9, "x.a", 11);
	assert_log(&c, "7.000000000 new instant ok->ok warning \"5\" x.a=5\n"
		       "9.000000000 new instant ok->ok warning \"11\" x.a=11\n"
		       "9.000000000 high instant ok->ok warning \"\" x.a=11\n");
	/* Through a gap: what is compared with is the last value that was known. */
	tick(&c, 100);
	feed_number(&c, 100, "x.a", 11);
	assert_log(&c, "");
	tick(&c, 200);
	feed_number(&c, 200, "x.a", 12);
	assert_log(&c, "200.000000000 new instant ok->ok warning \"12\" x.a=12\n");
	rules_case_done(&c);
}

static void test_an_impulse_in_a_state_lasts_one_pass(void **state)
{
	struct rules_case c;

	(void)state;
	rules_case_init_expr(&c, "when", "rises(x.p)", "    clear_for: 5s\n");
	rules_case_start(&c);
	feed_bool(&c, 1, "x.p", false);
	feed_bool(&c, 2, "x.p", true);
	assert_log(&c, "2.000000000 r fire ok->firing warning \"\" x.p=true\n"
		       "2.000000000 r clearing firing->clearing warning \"\" x.p=true\n");
	tick(&c, 8);
	assert_log(&c, "7.000000000 r clear clearing->ok warning active=5.000000000 \"\" "
		       "x.p=true\n");
	rules_case_done(&c);
}

static void test_texts_are_compared_by_their_bytes(void **state)
{
	struct engine_point point;
	struct rules_case c;
	char name[32];

	(void)state;
	rules_case_init(&c, "rules:\n"
			    "  same: {when: x.s == x.t}\n"
			    "  auto: {when: \"x.s in ('auto', 'on')\"}\n"
			    "  new: {on: changed(x.s)}\n");
	rules_case_start(&c);
	feed_text(&c, 1, "x.s", "one");
	feed_text(&c, 1, "x.t", "one");
	assert_int_equal(rules_case_condition(&c), 1);
	rules_case_log(&c);
	feed_text(&c, 2, "x.s", "auto");
	assert_log(&c, "2.000000000 same clear firing->ok warning active=1.000000000 \"\" "
		       "x.s=\"auto\" x.t=\"one\"\n"
		       "2.000000000 auto fire ok->firing warning \"\" x.s=\"auto\"\n"
		       "2.000000000 new instant ok->ok warning \"\" x.s=\"auto\"\n");
	feed_text(&c, 3, "x.t", "auto");
	assert_int_equal(rules_case_condition(&c), 1);
	/* More different texts than there is room for: old ones make place. */
	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "text %d", i);
		feed_text(&c, 4, i % 2 == 0 ? "x.s" : "x.t", name);
		assert_int_equal(rules_case_condition(&c), 0);
	}
	feed_text(&c, 5, "x.s", "text 999");
	assert_int_equal(rules_case_condition(&c), 1);
	engine_point(c.engine, 6, (struct boot){5 * NSEC_PER_SEC}, &point);
	assert_string_equal(point.value.text, "text 999");
	rules_case_done(&c);
}

static void test_rules_follow_rules(void **state)
{
	struct rules_case c;

	(void)state;
	rules_case_init(&c, "rules:\n"
			    "  last: {when: rule.middle.firing and not firing('first-one')}\n"
			    "  middle: {when: 'rule.base.firing', clear_for: 5s}\n"
			    "  base: {when: x.p}\n"
			    "  first-one: {when: x.q}\n");
	rules_case_start(&c);
	feed_bool(&c, 1, "x.q", false);
	feed_bool(&c, 2, "x.p", true);
	assert_log(&c, "2.000000000 base fire ok->firing warning \"\" x.p=true\n"
		       "2.000000000 middle fire ok->firing warning \"\"\n"
		       "2.000000000 last fire ok->firing warning \"\"\n");
	feed_bool(&c, 3, "x.q", true);
	assert_log(&c, "3.000000000 first-one fire ok->firing warning \"\" x.q=true\n"
		       "3.000000000 last clear firing->ok warning active=1.000000000 \"\"\n");
	feed_bool(&c, 4, "x.p", false);
	tick(&c, 10);
	assert_log(&c, "4.000000000 base clear firing->ok warning active=2.000000000 \"\" "
		       "x.p=false\n"
		       "4.000000000 middle clearing firing->clearing warning "
		       "active=2.000000000 \"\"\n"
		       "9.000000000 middle clear clearing->ok warning active=7.000000000 "
		       "\"\"\n");
	rules_case_done(&c);
}

static void test_only_what_reads_a_point_is_evaluated(void **state)
{
	struct engine_counters before, after;
	struct rules_case c;

	(void)state;
	rules_case_init(&c, "rules:\n"
			    "  a: {when: x.a > 1}\n"
			    "  b: {when: x.b > 1}\n"
			    "  ab: {when: x.a > x.b}\n");
	rules_case_start(&c);
	feed_number(&c, 1, "x.a", 1);
	engine_counters(c.engine, &before);
	assert_int_equal(before.evaluations, 2);
	feed_number(&c, 2, "x.a", 1); /* nothing is new */
	feed_number(&c, 3, "x.c", 5); /* nobody reads it */
	engine_counters(c.engine, &after);
	assert_int_equal(after.evaluations, before.evaluations);
	feed_number(&c, 4, "x.b", 1);
	engine_counters(c.engine, &after);
	assert_int_equal(after.evaluations, before.evaluations + 2);
	rules_case_done(&c);
}

/* ---- an instant of several readings -------------------------------------------------------
 */

/* As feed_bool(), but more of the instant may come. */
static void put_bool(struct rules_case *c, double at, const char *name, bool flag)
{
	struct reading reading = {
		.point = point_table_find(c->points, name, strlen(name)),
		.value = value_bool(flag),
		.at = {(int64_t)(at * 1e9)},
	};

	engine_feed(c->engine, &reading);
}

/* Two lines of a serial port that were read at once carry the same time. */
static void test_no_value_of_an_instant_is_passed_over(void **state)
{
	struct rules_case c;

	(void)state;
	rules_case_init(&c, "rules:\n"
			    "  bell: {on: rises(x.p), message: \"${x.p} ${x.q}\"}\n"
			    "  torn: {when: x.p != x.q}\n"
			    "  seen: {when: x.p and x.q}\n");
	rules_case_start(&c);
	put_bool(&c, 1, "x.p", false);
	put_bool(&c, 1, "x.q", false);
	engine_settle(c.engine);
	put_bool(&c, 2, "x.p", true);
	put_bool(&c, 2, "x.q", true);
	put_bool(&c, 2, "x.p", false);
	put_bool(&c, 2, "x.q", false);
	engine_settle(c.engine);
	assert_log(&c, "2.000000000 bell instant ok->ok warning \"true true\" x.p=true "
		       "x.q=true\n"
		       "2.000000000 seen fire ok->firing warning \"\" x.p=true x.q=true\n"
		       "2.000000000 seen clear firing->ok warning \"\" x.p=false x.q=false\n");
	/* The first line changed one value only, the second one the other. */
	put_bool(&c, 3, "x.p", false);
	put_bool(&c, 3, "x.q", true);
	put_bool(&c, 3, "x.p", true);
	put_bool(&c, 3, "x.q", true);
	engine_settle(c.engine);
	assert_log(&c, "3.000000000 torn fire ok->firing warning \"\" x.p=false x.q=true\n"
		       "3.000000000 bell instant ok->ok warning \"true true\" x.p=true "
		       "x.q=true\n"
		       "3.000000000 torn clear firing->ok warning \"\" x.p=true x.q=true\n"
		       "3.000000000 seen fire ok->firing warning \"\" x.p=true x.q=true\n");
	rules_case_done(&c);
}

/* ---- reload ------------------------------------------------------------------------------ */

/* Swaps c's engine for one with other rules, at the given second. */
static void reload(struct rules_case *c, struct rules_case *next, const char *text, double at)
{
	rules_case_init(next, text);
	rules_case_start(next);
	engine_adopt(next->engine, c->engine, (struct boot){(int64_t)(at * 1e9)});
	rules_case_done(c);
}

static const char some_rules[] = "rules:\n"
				 "  a: {when: x.a > 10, for: 30s, clear_for: 10s}\n"
				 "  b: {when: x.b > 10, message: gone}\n"
				 "  e: {on: changed(x.a)}\n";

static void test_reload_keeps_values_states_and_timers(void **state)
{
	struct rules_case c, next;
	struct engine_rule rule;

	(void)state;
	rules_case_init(&c, some_rules);
	rules_case_start(&c);
	feed_number(&c, 100, "x.a", 20);
	feed_number(&c, 100, "x.b", 20);
	reload(&c, &next,
	       "rules:\n"
	       "  e: {on: changed(x.a)}\n"
	       "  b: {when: x.b > 10, message: still, severity: critical}\n"
	       "  a: {when: x.a > 10, for: 20s, clear_for: 10s}\n"
	       "  n: {when: x.a > x.b - 5}\n",
	       110);
	assert_log(&next, "110.000000000 n fire ok->firing warning \"\" x.a=20 x.b=20\n");
	engine_rule(next.engine, 1, &rule);
	assert_int_equal(rule.state, RULE_FIRING);
	assert_int_equal(rule.fired, 1);
	assert_true(rule.since.ns == 100 * NSEC_PER_SEC);
	engine_rule(next.engine, 2, &rule);
	assert_int_equal(rule.state, RULE_PENDING);
	assert_true(rule.deadline.ns == 120 * NSEC_PER_SEC);
	tick(&next, 121);
	assert_log(&next, "120.000000000 a fire pending->firing warning \"\" x.a=20\n");
	/* The edge knows what was there before. */
	feed_number(&next, 122, "x.a", 20);
	assert_log(&next, "");
	feed_number(&next, 123, "x.a", 21);
	assert_log(&next, "123.000000000 e instant ok->ok warning \"\" x.a=21\n");
	/* Stale as if nothing had happened: x.b was read at 100 s. */
	tick(&next, 131);
	engine_rule(next.engine, 1, &rule);
	assert_int_equal(rule.condition, -1);
	rules_case_done(&next);
}

/* A new engine takes all for unknown: that is not what the old one knew. */
/* Whether they have a timer of their own or none any more, they go in the order of the file. */
static void test_reload_runs_what_is_over_in_order(void **state)
{
	struct rules_case c, next;
	struct engine_rule rule;

	(void)state;
	rules_case_init(&c, "rules:\n"
			    "  a: {when: x.a > 10, for: 60s}\n"
			    "  b: {when: x.a > 10, for: 60s}\n"
			    "  c: {when: x.a > 10, for: 60s}\n"
			    "  d: {when: x.a > 10, for: 60s}\n"
			    "  e: {when: x.a > 10, for: 60s}\n"
			    "  f: {when: x.b > 10, for: 60s}\n");
	rules_case_start(&c);
	feed_number(&c, 100, "x.a", 20);
	feed_number(&c, 100, "x.b", 20);
	rules_case_log(&c);
	reload(&c, &next,
	       "rules:\n"
	       "  a: {when: x.a > 10, for: 5s}\n"
	       "  b: {when: x.a > 10}\n"
	       "  c: {when: x.a > 10, for: 10s}\n"
	       "  d: {when: x.a > 10}\n"
	       "  e: {when: x.a > 10, for: 20s}\n"
	       "  f: {when: x.b > 10}\n",
	       110);
	assert_log(&next, "");
	engine_rule(next.engine, 3, &rule);
	assert_int_equal(rule.state, RULE_PENDING);
	assert_true(rule.deadline.ns == 110 * NSEC_PER_SEC);
	/* What is over by itself at the same instant was never due. */
	feed_number(&next, 110, "x.b", 5);
	assert_log(&next, "110.000000000 f calm pending->ok warning \"\" x.b=5\n");
	tick(&next, 121);
	assert_log(&next, "110.000000000 a fire pending->firing warning \"\" x.a=20\n"
			  "110.000000000 b fire pending->firing warning \"\" x.a=20\n"
			  "110.000000000 c fire pending->firing warning \"\" x.a=20\n"
			  "110.000000000 d fire pending->firing warning \"\" x.a=20\n"
			  "120.000000000 e fire pending->firing warning \"\" x.a=20\n");
	tick(&next, 300);
	assert_log(&next, "");
	rules_case_done(&next);
}

static void test_shelvings_end_in_order(void **state)
{
	static const char text[] = "rules:\n"
				   "  a: {when: x.a > 10}\n"
				   "  b: {when: x.a > 11}\n"
				   "  c: {when: x.a > 12}\n"
				   "  d: {when: x.a > 13}\n";
	static const int64_t until_s[] = {130, 120, 140, 120};
	struct boot deadline;
	struct rules_case c;

	(void)state;
	rules_case_init(&c, text);
	rules_case_start(&c);
	for (uint32_t i = 0; i < ARRAY_SIZE(until_s); i++)
		engine_shelve(c.engine, i, (struct boot){until_s[i] * NSEC_PER_SEC},
			      (struct boot){90 * NSEC_PER_SEC});
	engine_unshelve(c.engine, 3, (struct boot){91 * NSEC_PER_SEC});
	engine_shelve(c.engine, 3, (struct boot){120 * NSEC_PER_SEC},
		      (struct boot){92 * NSEC_PER_SEC});
	feed_number(&c, 100, "x.a", 20);
	rules_case_log(&c);
	/* The first of them is taken back, and then comes the next. */
	engine_unshelve(c.engine, 1, (struct boot){101 * NSEC_PER_SEC});
	assert_log(
		&c,
		"101.000000000 b fire firing->firing warning active=1.000000000 reason=no longer held \"\" "
		"x.a=20\n");
	tick(&c, 121);
	assert_log(
		&c,
		"120.000000000 d fire firing->firing warning active=20.000000000 reason=no longer held \"\" "
		"x.a=20\n");
	assert_true(engine_deadline(c.engine, &deadline));
	assert_true(deadline.ns == 130 * NSEC_PER_SEC);
	tick(&c, 150);
	assert_log(
		&c,
		"130.000000000 a fire firing->firing warning active=30.000000000 reason=no longer held \"\" "
		"x.a=unknown(stale)\n"
		"140.000000000 c fire firing->firing warning active=40.000000000 reason=no longer held \"\" "
		"x.a=unknown(stale)\n");
	rules_case_done(&c);
}

static void test_reload_makes_no_rule_blind_that_sees(void **state)
{
	static const char text[] = "rules: {a: {when: x.a > 10, blind_after: 20s}}\n";
	struct rules_case c, next;

	(void)state;
	rules_case_init(&c, text);
	rules_case_start(&c);
	feed_number(&c, 100, "x.a", 5);
	reload(&c, &next, text, 101);
	for (int i = 0; i < 100; i++)
		feed_number(&next, 102 + i, "x.a", 6);
	assert_log(&next, "");
	tick(&next, 300);
	assert_log(&next, "251.000000000 a blind ok->ok warning \"\" x.a=unknown(stale)\n");
	rules_case_done(&next);
}

static void test_reload_moves_repeats_and_blindness_to_their_new_times(void **state)
{
	struct rules_case c, next;

	(void)state;
	rules_case_init(&c, "rules:\n"
			    "  a: {when: x.p, repeat: 10s}\n"
			    "  b: {when: x.a > 1, blind_after: 26s}\n"
			    "  c: {when: x.a > 1, blind_after: 21s}\n");
	rules_case_start(&c);
	feed_bool(&c, 1, "x.p", true);
	tick(&c, 20);
	rules_case_log(&c);
	reload(&c, &next,
	       "rules:\n"
	       "  a: {when: x.p, repeat: 7s}\n"
	       "  b: {when: x.a > 1, blind_after: 19s}\n"
	       "  c: {when: x.a > 1, blind_after: 23s}\n",
	       20);
	tick(&next, 30);
	assert_log(&next, "20.000000000 b blind ok->ok warning \"\" x.a=unknown(bad)\n"
			  "22.000000000 a repeat firing->firing warning active=21.000000000 "
			  "\"\" x.p=true\n"
			  "23.000000000 c blind ok->ok warning \"\" x.a=unknown(bad)\n"
			  "29.000000000 a repeat firing->firing warning active=28.000000000 "
			  "\"\" x.p=true\n");
	rules_case_done(&next);
}

static void test_reload_does_not_demote_a_firing_rule(void **state)
{
	struct rules_case c, next;

	(void)state;
	rules_case_init(&c, "rules: {a: {when: x.a > 10}}\n");
	rules_case_start(&c);
	feed_number(&c, 100, "x.a", 20);
	reload(&c, &next, "rules: {a: {when: x.a > 10, for: 1h}}\n", 110);
	assert_int_equal(rules_case_state(&next), RULE_FIRING);
	assert_log(&next, "");
	rules_case_done(&next);
}

static void test_reload_with_another_condition_keeps_the_state_and_looks_at_once(void **state)
{
	struct rules_case c, next;
	struct engine_rule rule;

	(void)state;
	rules_case_init(&c, "rules:\n"
			    "  a: {when: x.a > 10}\n"
			    "  b: {when: x.a > 11, for: 60s}\n"
			    "  c: {when: x.a > 12}\n");
	rules_case_start(&c);
	feed_number(&c, 100, "x.a", 20);
	reload(&c, &next,
	       "rules:\n"
	       "  a: {when: x.a > 30}\n"
	       "  b: {when: x.a > 15, for: 60s}\n"
	       "  c: {when: x.a > 14}\n",
	       110);
	assert_log(&next, "110.000000000 a clear firing->ok warning active=10.000000000 \"\" "
			  "x.a=20\n");
	engine_rule(next.engine, 1, &rule);
	assert_int_equal(rule.state, RULE_PENDING);
	assert_true(rule.deadline.ns == 170 * NSEC_PER_SEC);
	engine_rule(next.engine, 2, &rule);
	assert_int_equal(rule.state, RULE_FIRING);
	rules_case_done(&next);
}

static void test_reload_clears_a_removed_rule_that_fires(void **state)
{
	struct rules_case c, next;

	(void)state;
	rules_case_init(&c, some_rules);
	rules_case_start(&c);
	feed_number(&c, 100, "x.a", 20);
	feed_number(&c, 100, "x.b", 20);
	reload(&c, &next, "rules: {z: {when: x.p}}\n", 110);
	assert_log(&next, "110.000000000 b clear firing->ok warning active=10.000000000 "
			  "reason=removed \"\"\n");
	rules_case_done(&next);
}

static void test_reload_drops_the_value_of_a_point_with_another_unit(void **state)
{
	struct rules_case c, next;
	struct point *point;
	struct engine_point seen;

	(void)state;
	rules_case_init(&c, "rules: {a: {when: tank.level > 5, message: \"${x.s}\"}}\n");
	rules_case_start(&c);
	feed_number(&c, 1, "tank.level", 6);
	feed_text(&c, 1, "x.s", "kept");
	rules_case_init(&next, "rules: {a: {when: tank.level > 5, message: \"${x.s}\"}}\n");
	point = (struct point *)point_table_get(next.points, 13);
	assert_string_equal(point->name, "tank.level");
	point->unit_text = "cm";
	rules_case_start(&next);
	engine_adopt(next.engine, c.engine, (struct boot){2 * NSEC_PER_SEC});
	rules_case_done(&c);
	assert_int_equal(rules_case_condition(&next), -1);
	assert_int_equal(rules_case_state(&next), RULE_FIRING);
	engine_point(next.engine, 6, (struct boot){2 * NSEC_PER_SEC}, &seen);
	assert_string_equal(seen.value.text, "kept");
	rules_case_done(&next);
}

/* ---- the same again ---------------------------------------------------------------------- */

static const char mixed_rules[] =
	"rules:\n"
	"  a: {when: x.a > 1, for: 3s, clear: x.a < 0, clear_for: 2s, repeat: 4s, "
	"message: \"${x.a} ${age(x.b)} ${x.s} ${rule.active_for}\"}\n"
	"  b: {when: x.a > x.b or x.p, on_unknown: fire, for: 1s, blind_after: 20s}\n"
	"  c: {when: age(x.c) > 5s and not x.q, clear_for: 1s}\n"
	"  d: {on: changed(x.s) or rises(x.p)}\n"
	"  e: {when: rule.a.firing and x.s != x.t}\n"
	"  f: {when: bad(x.a) and quality(x.b) != 'good', on_unknown: clear}\n"
	"  g: {when: bad(x), for: 2s}\n";

/* A random stretch of life: readings good and bad, silence; extra: ticks that do nothing new.
 */
static void live(struct rules_case *c, uint64_t seed, bool extra)
{
	static const char *const texts[] = {"auto", "one", "two", "three"};
	static const char *const names[] = {"x.a", "x.b", "x.c", "x.p", "x.q", "x.s", "x.t"};
	struct random random;
	double at = 0;

	random_init(&random, seed);
	for (int i = 0; i < 400; i++) {
		int64_t which = random_between(&random, 0, 6);
		int64_t value = random_between(&random, -2, 3);
		double step = (double)random_between(&random, 0, 15) / 8;

		step = random_between(&random, 0, 40) == 0 ? 37.5 : step;
		for (int k = 1; extra && k < 5; k++)
			tick(c, at + step * k / 5);
		at += step;
		if (random_between(&random, 0, 7) == 0)
			feed_bad(c, at, names[which], BAD_TIMEOUT);
		else if (which < 3)
			feed_number(c, at, names[which], (double)value);
		else if (which < 5)
			feed_bool(c, at, names[which], value > 0);
		else
			feed_text(c, at, names[which], texts[value & 3]);
	}
	tick(c, at + 100);
}

static void test_extra_ticks_change_nothing(void **state)
{
	unsigned events = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 60; seed++) {
		struct rules_case plain, ticked;

		rules_case_init(&plain, mixed_rules);
		rules_case_init(&ticked, mixed_rules);
		rules_case_start(&plain);
		rules_case_start(&ticked);
		live(&plain, seed, false);
		live(&ticked, seed, true);
		events += plain.events;
		assert_string_equal(plain.log.s, ticked.log.s);
		rules_case_done(&plain);
		rules_case_done(&ticked);
	}
	assert_true(events > 5000);
}

/* ---- memory ------------------------------------------------------------------------------ */

/* Every call of the heap in this program passes here (the linker's --wrap). */
static size_t heap_calls;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__real_reallocarray(void *old, size_t count, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_reallocarray(void *old, size_t count, size_t size);

void *__wrap_malloc(size_t size)
{
	heap_calls++;
	return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	heap_calls++;
	return __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
	heap_calls++;
	return __real_realloc(old, size);
}

void *__wrap_reallocarray(void *old, size_t count, size_t size)
{
	heap_calls++;
	return __real_reallocarray(old, count, size);
}

static void count_event(void *arg, const struct event *event)
{
	unsigned *events = arg;

	*events += event->message != NULL;
}

static void test_nothing_is_allocated_once_the_engine_is_made(void **state)
{
	struct rules_case c;
	unsigned events = 0;
	size_t before;

	(void)state;
	rules_case_init(&c, mixed_rules);
	before = heap_calls;
	c.engine = engine_new(c.set, c.points,
			      (struct engine_sink){.event = count_event, .arg = &events},
			      (struct boot){0});
	/* One piece, of the size that was told before. */
	assert_int_equal(heap_calls, before + 1);
	assert_true(engine_size(c.set) == ruleset_engine_size(c.set));
	live(&c, 99, true);
	assert_int_equal(heap_calls, before + 1);
	assert_true(events > 50);
	rules_case_done(&c);
}

/* hold_bad: false */
static void strict_init(struct rules_case *c, const char *text)
{
	struct point strict = {.name = "y.a",
			       .device = "y",
			       .kind = VALUE_NUMBER,
			       .readable = true,
			       .low = 1,
			       .unheld = true,
			       .stale_ns = 30 * NSEC_PER_SEC};

	*c = (struct rules_case){0};
	conf_case_init(&c->conf, text, strlen(text));
	c->points = rules_points(c->conf.arena);
	point_table_add(c->points, &strict);
	c->set = ruleset_parse(c->conf.arena, &c->conf.root, 1, c->points, NULL, c->conf.diags);
	assert_non_null(c->set);
	rules_case_start(c);
}

static void test_unheld_point_is_unknown_with_its_first_failed_reading(void **state)
{
	struct rules_case c;

	(void)state;
	strict_init(&c, "rules:\n"
			"  r: {when: y.a > 5, on_unknown: clear}\n"
			"  s: {when: not known(y.a)}\n");
	feed_number(&c, 1, "y.a", 9);
	feed_bad(&c, 2, "y.a", BAD_CRC);
	tick(&c, 40);
	feed_number(&c, 41, "y.a", 9);
	assert_log(&c,
		   "1.000000000 r fire ok->firing warning \"\" y.a=9\n"
		   "2.000000000 r clear firing->ok warning active=1.000000000 \"\" "
		   "y.a=unknown(bad)\n"
		   "2.000000000 s fire ok->firing warning \"\" y.a=unknown(bad)\n"
		   "41.000000000 r fire ok->firing warning \"\" y.a=9\n"
		   "41.000000000 s clear firing->ok warning active=39.000000000 \"\" y.a=9\n");
	rules_case_done(&c);
}

static void test_a_reload_gives_an_unheld_point_no_value_back(void **state)
{
	static const char text[] = "rules: {s: {when: not known(y.a)}}";
	struct rules_case c, next;

	(void)state;
	strict_init(&c, text);
	feed_number(&c, 1, "y.a", 9);
	feed_bad(&c, 2, "y.a", BAD_CRC);
	strict_init(&next, text);
	engine_adopt(next.engine, c.engine, (struct boot){3 * NSEC_PER_SEC});
	tick(&next, 10);
	assert_log(&next, "");
	assert_int_equal(rules_case_state(&next), RULE_FIRING);
	rules_case_done(&c);
	rules_case_done(&next);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_rule_knows_nothing_before_the_first_reading),
		cmocka_unit_test(test_fault_A5_stale_data_never_rules_as_fresh),
		cmocka_unit_test(test_a_bad_reading_keeps_the_last_value_until_it_is_stale),
		cmocka_unit_test(test_fault_A13_numbers_that_are_none_are_bad),
		cmocka_unit_test(test_a_value_of_another_kind_is_bad),
		cmocka_unit_test(test_on_unknown_acts_only_when_a_point_is_stale),
		cmocka_unit_test(test_a_rule_is_blind_once),
		cmocka_unit_test(test_qualities_can_be_ruled_on),
		cmocka_unit_test(test_a_device_is_bad_when_all_of_its_points_are),
		cmocka_unit_test(test_age_reacts_by_timer_without_a_reading),
		cmocka_unit_test(test_what_never_spoke_ages_from_the_start),
		cmocka_unit_test(test_timers_of_an_instant_run_after_its_readings),
		cmocka_unit_test(test_late_readings_are_counted_and_rule_on_nothing),
		cmocka_unit_test(test_repeat_follows_its_rhythm_while_firing),
		cmocka_unit_test(test_fault_E4_overdue_beats_come_once_in_their_rhythm),
		cmocka_unit_test(test_hysteresis_ends_only_if_clear_holds_and_when_does_not),
		cmocka_unit_test(test_the_condition_is_that_of_the_state_that_was_reached),
		cmocka_unit_test(test_instants_happen_each_time_and_not_at_first),
		cmocka_unit_test(test_an_impulse_in_a_state_lasts_one_pass),
		cmocka_unit_test(test_texts_are_compared_by_their_bytes),
		cmocka_unit_test(test_rules_follow_rules),
		cmocka_unit_test(test_only_what_reads_a_point_is_evaluated),
		cmocka_unit_test(test_reload_keeps_values_states_and_timers),
		cmocka_unit_test(test_no_value_of_an_instant_is_passed_over),
		cmocka_unit_test(test_reload_runs_what_is_over_in_order),
		cmocka_unit_test(test_shelvings_end_in_order),
		cmocka_unit_test(test_reload_makes_no_rule_blind_that_sees),
		cmocka_unit_test(test_reload_moves_repeats_and_blindness_to_their_new_times),
		cmocka_unit_test(test_reload_does_not_demote_a_firing_rule),
		cmocka_unit_test(
			test_reload_with_another_condition_keeps_the_state_and_looks_at_once),
		cmocka_unit_test(test_reload_clears_a_removed_rule_that_fires),
		cmocka_unit_test(test_reload_drops_the_value_of_a_point_with_another_unit),
		cmocka_unit_test(test_extra_ticks_change_nothing),
		cmocka_unit_test(test_nothing_is_allocated_once_the_engine_is_made),
		cmocka_unit_test(test_unheld_point_is_unknown_with_its_first_failed_reading),
		cmocka_unit_test(test_a_reload_gives_an_unheld_point_no_value_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
