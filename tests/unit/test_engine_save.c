/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * What of an engine outlives the program: each state, each memory, and bytes that are wrong.
 *
 *   test_engine_save [LIVES]    so many random ones; by default a few
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/str.h"
#include "model/point.h"
#include "rules/ruleset.h"
#include "rules_case.h"

#define MINUTE (60 * NSEC_PER_SEC)

static struct boot seconds(double s)
{
	return (struct boot){(int64_t)(s * 1e9 + 0.5)};
}

static void log_event(void *arg, const struct event *event)
{
	struct rules_case *c = arg;

	c->events = (unsigned)event->seq;
	engine_log_line(event, &c->log);
}

static void start_at(struct rules_case *c, double at)
{
	c->engine =
		engine_new(c->set, c->points, (struct engine_sink){log_event, c}, seconds(at));
}

static struct engine_restored restore(struct rules_case *c, const struct str *bytes, double up,
				      int64_t outage_ns)
{
	struct engine_restored restored;

	engine_restore(c->engine, bytes->s, bytes->len, seconds(up), outage_ns, &restored);
	assert_int_equal(restored.corrupt, 0);
	assert_true(restored.whole);
	return restored;
}

static void save(const struct rules_case *c, double at, struct str *out)
{
	str_init(out);
	engine_save(c->engine, seconds(at), (struct wall){INT64_C(1700000000) * NSEC_PER_SEC},
		    out);
}

/* The program ends at one time, and another one starts at up on its clock. */
static struct engine_restored restart(struct rules_case *c, double at, double up,
				      int64_t outage_ns)
{
	struct engine_restored restored;
	struct str bytes;

	save(c, at, &bytes);
	engine_free(c->engine);
	start_at(c, up);
	restored = restore(c, &bytes, up, outage_ns);
	str_done(&bytes);
	return restored;
}

/* The same, with other rules afterwards. */
static struct engine_restored restart_as(struct rules_case *old, double at,
					 struct rules_case *next, double up)
{
	struct engine_restored restored;
	struct str bytes;

	save(old, at, &bytes);
	start_at(next, up);
	restored = restore(next, &bytes, up, 0);
	str_done(&bytes);
	return restored;
}

/* ---- states ------------------------------------------------------------------------------ */

static void test_save_keeps_nothing_of_rules_that_are_ok(void **state)
{
	struct rules_case c;
	struct engine_restored restored;

	(void)state;
	rules_case_init(&c, "rules: {r: {when: x.a > 1}, s: {when: x.b > 1}}");
	rules_case_start(&c);
	feed_number(&c, 1, "x.a", 0);
	restored = restart(&c, 2, 2, 0);
	assert_int_equal(restored.rules + restored.changed + restored.nodes, 0);
	rules_case_done(&c);
}

static void test_restore_keeps_firing_without_a_second_fire(void **state)
{
	struct rules_case c;
	struct engine_rule rule;

	(void)state;
	rules_case_init(&c, "rules: {r: {when: x.a > 1, clear: x.a < 0}}");
	rules_case_start(&c);
	feed_number(&c, 1000, "x.a", 2);
	assert_log(&c, "1000.000000000 r fire ok->firing warning \"\" x.a=2\n");
	/* The clock of the engine began anew: 4 s after the start, 60 s after the save. */
	assert_int_equal(restart(&c, 1001, 4, MINUTE).rules, 1);
	engine_rule(c.engine, 0, &rule);
	assert_int_equal(rule.state, RULE_FIRING);
	assert_int_equal(rule.condition, -1);
	assert_true(rule.since.ns == seconds(4).ns - seconds(61).ns);
	feed_number(&c, 5, "x.a", 0.5);
	assert_log(&c, "");
	feed_number(&c, 6, "x.a", -1);
	assert_log(&c, "6.000000000 r clear firing->ok warning active=63.000000000 \"\" "
		       "x.a=-1\n");
	rules_case_done(&c);
}

/* ---- slots ------------------------------------------------------------------------------- */

#define SIX INT64_C(1798783200) /* 2027-01-01 06:00:00 UTC */

/* At boot time at the clock shows so many seconds from six. */
static void show(struct rules_case *c, double at, double from_six)
{
	engine_set_wall(c->engine, seconds(at),
			(struct wall){SIX * NSEC_PER_SEC + seconds(from_six).ns}, true);
}

static void test_a_slot_of_the_outage_takes_place_late_and_once(void **state)
{
	struct rules_case c;

	(void)state;
	rules_case_init(&c, "zone: UTC\nrules: {r: {at: '06:00'}}");
	rules_case_start(&c);
	show(&c, 100, -10);
	engine_tick(c.engine, seconds(105));
	restart(&c, 105, 4, 20 * NSEC_PER_SEC);
	show(&c, 4, 15);
	engine_tick(c.engine, seconds(5));
	assert_log(&c, "4.000000000 r instant ok->ok warning \"\"\n");
	/* Killed, and the clock is put right by half a minute: it has taken place. */
	restart(&c, 6, 2, NSEC_PER_SEC);
	show(&c, 2, -12);
	engine_tick(c.engine, seconds(60));
	assert_log(&c, "");
	rules_case_done(&c);
}

static void test_a_slot_of_more_than_an_hour_ago_is_left_out_after_a_restart(void **state)
{
	struct rules_case c;

	(void)state;
	rules_case_init(&c, "zone: UTC\nrules: {r: {at: '06:00'}}");
	rules_case_start(&c);
	show(&c, 100, -10);
	restart(&c, 105, 4, -1);
	show(&c, 4, 3601);
	engine_tick(c.engine, seconds(100));
	assert_log(&c, "");
	rules_case_done(&c);
}

static void test_a_slot_waits_for_the_clock_after_a_restart(void **state)
{
	struct rules_case c;

	(void)state;
	rules_case_init(&c, "zone: UTC\nrules: {r: {at: '06:00'}}");
	rules_case_start(&c);
	show(&c, 100, -10);
	restart(&c, 105, 4, -1);
	engine_tick(c.engine, seconds(50));
	assert_log(&c, "");
	show(&c, 60, 100);
	assert_log(&c, "60.000000000 r instant ok->ok warning \"\"\n");
	rules_case_done(&c);
}

static void test_what_recurs_goes_on_over_a_restart(void **state)
{
	struct rules_case c;

	(void)state;
	rules_case_init(&c, "rules: {r: {at: every 60s}}");
	rules_case_start(&c);
	engine_tick(c.engine, seconds(1));
	restart(&c, 40, 4, 5 * NSEC_PER_SEC);
	engine_tick(c.engine, seconds(18.9));
	assert_log(&c, "");
	engine_tick(c.engine, seconds(20));
	assert_log(&c, "19.000000000 r instant ok->ok warning \"\"\n");
	/* What was due while nobody ran is due now. */
	restart(&c, 60, 4, 1000 * NSEC_PER_SEC);
	engine_tick(c.engine, seconds(63));
	assert_log(&c, "4.000000000 r instant ok->ok warning \"\"\n");
	rules_case_done(&c);
}

/* The store could not be opened as the program started, and was 5 s later. */
static struct engine_restored restart_late(struct rules_case *c, double at, const char *point,
					   double value)
{
	struct engine_restored restored;
	struct engine_saved rules;
	struct str bytes;

	str_init(&bytes);
	engine_save_part(c->engine, ENGINE_RULES, seconds(at), (struct wall){1}, &bytes);
	engine_free(c->engine);
	start_at(c, 4);
	feed_number(c, 5, point, value);
	rules = (struct engine_saved){bytes.s, bytes.len, 60 * NSEC_PER_SEC};
	engine_restore_late(c->engine, &rules, seconds(9), &restored);
	assert_true(restored.whole && restored.corrupt == 0);
	str_done(&bytes);
	return restored;
}

static void test_late_a_latched_alarm_goes_on(void **state)
{
	struct rules_case c;
	struct engine_rule rule;

	(void)state;
	rules_case_init(&c, "rules: {r: {when: x.a > 1, latch: true}, s: {when: x.a > 5}}");
	rules_case_start(&c);
	feed_number(&c, 1000, "x.a", 2);
	feed_number(&c, 1010, "x.a", 0);
	assert_log(&c, "1000.000000000 r fire ok->firing warning \"\" x.a=2\n"
		       "1010.000000000 r return firing->returned warning active=10.000000000 "
		       "\"\" x.a=0\n");
	assert_int_equal(restart_late(&c, 1020, "x.a", 0).rules, 1);
	assert_log(&c, "");
	engine_rule(c.engine, 0, &rule);
	assert_int_equal(rule.state, RULE_RETURNED);
	assert_int_equal(engine_ack(c.engine, 0, seconds(10)), 0);
	engine_rule(c.engine, 0, &rule);
	assert_int_equal(rule.state, RULE_OK);
	rules_case_done(&c);
}

static void test_late_an_alarm_that_is_over_is_told_to_be(void **state)
{
	struct rules_case c;

	(void)state;
	rules_case_init(&c, "rules: {r: {when: x.a > 1}}");
	rules_case_start(&c);
	feed_number(&c, 1000, "x.a", 2);
	assert_log(&c, "1000.000000000 r fire ok->firing warning \"\" x.a=2\n");
	assert_int_equal(restart_late(&c, 1020, "x.a", 0).rules, 1);
	assert_log(&c,
		   "9.000000000 r clear firing->ok warning active=80.000000000 \"\" x.a=0\n");
	rules_case_done(&c);
}

static void test_late_an_alarm_that_fires_again_is_the_same(void **state)
{
	struct rules_case c;
	struct engine_rule rule;

	(void)state;
	rules_case_init(&c, "rules: {r: {when: x.a > 1, repeat: 1min}}");
	rules_case_start(&c);
	feed_number(&c, 1000, "x.a", 2);
	assert_int_equal(engine_ack(c.engine, 0, seconds(1001)), 0);
	assert_int_equal(engine_shelve(c.engine, 0, seconds(5000), seconds(1002)), 0);
	str_clear(&c.log);
	assert_int_equal(restart_late(&c, 1020, "x.a", 3).rules, 1);
	assert_log(&c, "5.000000000 r fire ok->firing warning \"\" x.a=3\n");
	engine_rule(c.engine, 0, &rule);
	assert_int_equal(rule.state, RULE_FIRING);
	assert_true(rule.acked && rule.shelved);
	engine_tick(c.engine, seconds(600));
	assert_log(&c, "");
	feed_number(&c, 601, "x.a", 0);
	assert_log(
		&c,
		"601.000000000 r clear firing->ok warning active=672.000000000 held \"\" x.a=0\n");
	rules_case_done(&c);
}

static void test_restore_keeps_the_time_of_pending_that_passed(void **state)
{
	struct rules_case c;

	(void)state;
	rules_case_init(&c, "rules: {r: {when: x.a > 1, for: 10s}}");
	rules_case_start(&c);
	feed_number(&c, 100, "x.a", 2);
	rules_case_log(&c);
	restart(&c, 104, 1, 5 * MINUTE);
	tick(&c, 20);
	assert_int_equal(rules_case_state(&c), RULE_PENDING);
	feed_number(&c, 20, "x.a", 2);
	tick(&c, 26);
	assert_log(&c, "");
	tick(&c, 27);
	assert_log(&c, "26.000000000 r fire pending->firing warning \"\" x.a=2\n");
	rules_case_done(&c);
}

static void test_restore_starts_pending_anew_after_a_long_or_unknown_outage(void **state)
{
	static const int64_t outages[] = {5 * MINUTE + 1, -1, INT64_MAX, INT64_MIN};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(outages); i++) {
		struct rules_case c;

		rules_case_init(&c, "rules: {r: {when: x.a > 1, for: 10s}}");
		rules_case_start(&c);
		feed_number(&c, 100, "x.a", 2);
		rules_case_log(&c);
		restart(&c, 104, 1, outages[i]);
		feed_number(&c, 20, "x.a", 2);
		tick(&c, 30);
		assert_log(&c, "");
		tick(&c, 31);
		assert_log(&c, "30.000000000 r fire pending->firing warning \"\" x.a=2\n");
		rules_case_done(&c);
	}
}

static void test_restore_calms_pending_at_a_first_reading_that_is_false(void **state)
{
	struct rules_case c;

	(void)state;
	rules_case_init(&c, "rules: {r: {when: x.a > 1, for: 10s}}");
	rules_case_start(&c);
	feed_number(&c, 100, "x.a", 2);
	rules_case_log(&c);
	restart(&c, 109, 1, 0);
	feed_number(&c, 9, "x.a", 0);
	assert_log(&c, "9.000000000 r calm pending->ok warning \"\" x.a=0\n");
	rules_case_done(&c);
}

static void test_restore_clears_only_when_a_reading_confirms_it(void **state)
{
	struct rules_case c;

	(void)state;
	rules_case_init(&c, "rules: {r: {when: x.a > 1, clear_for: 10s}}");
	rules_case_start(&c);
	feed_number(&c, 100, "x.a", 2);
	feed_number(&c, 101, "x.a", 0);
	rules_case_log(&c);
	restart(&c, 104, 0, 20 * MINUTE);
	tick(&c, 25);
	assert_int_equal(rules_case_state(&c), RULE_CLEARING);
	feed_number(&c, 25, "x.a", 0);
	tick(&c, 33);
	assert_log(&c, "32.000000000 r clear clearing->ok warning active=1236.000000000 "
		       "\"\" x.a=0\n");
	rules_case_done(&c);
}

static void test_restore_knows_what_was_latched_and_acknowledged(void **state)
{
	struct rules_case c;

	(void)state;
	rules_case_init(&c, "rules: {r: {when: x.a > 1, latch: true},"
			    " s: {when: x.b > 1, latch: true}}");
	rules_case_start(&c);
	feed_number(&c, 1, "x.a", 2);
	feed_number(&c, 1, "x.b", 2);
	feed_number(&c, 2, "x.a", 0);
	assert_int_equal(engine_ack(c.engine, 1, seconds(2)), 0);
	rules_case_log(&c);
	assert_int_equal(restart(&c, 3, 3, 0).rules, 2);
	assert_int_equal(engine_ack(c.engine, 1, seconds(4)), -EALREADY);
	assert_int_equal(engine_ack(c.engine, 0, seconds(4)), 0);
	assert_log(&c, "4.000000000 r clear returned->ok warning active=3.000000000 "
		       "reason=acknowledged \"\" x.a=unknown(bad)\n");
	feed_number(&c, 5, "x.b", 0);
	assert_log(&c, "5.000000000 s clear firing->ok warning active=4.000000000 \"\" "
		       "x.b=0\n");
	rules_case_done(&c);
}

static void test_restore_knows_who_is_held_back_and_tells_when_that_ends(void **state)
{
	struct rules_case c;

	(void)state;
	rules_case_init(&c,
			"rules: {r: {when: x.a > 1}, s: {when: x.b > 1, inhibited_by: [r]}}");
	rules_case_start(&c);
	feed_number(&c, 1, "x.a", 2);
	feed_number(&c, 1, "x.b", 2);
	rules_case_log(&c);
	restart(&c, 3, 3, 0);
	feed_number(&c, 4, "x.b", 3);
	assert_log(&c, "");
	feed_number(&c, 5, "x.a", 0);
	assert_log(&c, "5.000000000 r clear firing->ok warning active=4.000000000 \"\" "
		       "x.a=0\n"
		       "5.000000000 s fire firing->firing warning active=4.000000000 "
		       "reason=no longer held \"\" x.b=3\n");
	rules_case_done(&c);
}

static void test_restore_keeps_shelving_until_the_hour_that_was_said(void **state)
{
	struct rules_case c;
	struct engine_rule rule;

	(void)state;
	rules_case_init(&c, "rules: {r: {when: x.a > 1}, i: {on: changed(x.a)}}");
	rules_case_start(&c);
	engine_shelve(c.engine, 0, seconds(1000), seconds(100));
	engine_shelve(c.engine, 1, seconds(200), seconds(100));
	assert_int_equal(restart(&c, 110, 10, 5 * MINUTE).rules, 2);
	engine_rule(c.engine, 0, &rule);
	assert_true(rule.shelved);
	assert_true(rule.shelved_until.ns == seconds(10 + 890 - 300).ns);
	/* Over meanwhile: it ends at once. */
	tick(&c, 11);
	engine_rule(c.engine, 1, &rule);
	assert_false(rule.shelved);
	feed_number(&c, 12, "x.a", 2);
	assert_log(&c, "12.000000000 r fire ok->firing warning held \"\" x.a=2\n");
	rules_case_done(&c);
}

static void test_restore_goes_on_with_repeats_and_leaves_out_those_of_the_outage(void **state)
{
	struct rules_case c;

	(void)state;
	rules_case_init(&c, "rules: {r: {when: x.a > 1, repeat: 100s}}");
	rules_case_start(&c);
	feed_number(&c, 0, "x.a", 2);
	tick(&c, 100.5);
	rules_case_log(&c);
	restart(&c, 130, 130, 4 * MINUTE);
	/* By the clock before it is 370 now. */
	tick(&c, 160);
	assert_log(&c, "");
	tick(&c, 161);
	assert_log(&c,
		   "160.000000000 r repeat firing->firing warning active=400.000000000 \"\" "
		   "x.a=unknown(stale)\n");
	rules_case_done(&c);
}

static void test_restore_knows_who_has_said_enough(void **state)
{
	struct rules_case c;

	(void)state;
	rules_case_init(&c, "rules: {r: {when: x.a > 1, flap: {changes: 4, in: 60s}},"
			    " s: {when: x.b > 1, min_interval: 60s}}");
	rules_case_start(&c);
	for (int at = 1; at <= 4; at++)
		feed_number(&c, at, "x.a", at % 2 == 1 ? 2 : 0);
	feed_number(&c, 5, "x.b", 2);
	feed_number(&c, 6, "x.b", 0);
	rules_case_log(&c);
	restart(&c, 10, 10, 0);
	feed_number(&c, 11, "x.a", 2);
	feed_number(&c, 12, "x.b", 2);
	assert_log(&c, "11.000000000 r fire ok->firing warning reason=flapping held \"\" "
		       "x.a=2\n"
		       "12.000000000 s fire ok->firing warning reason=min_interval held \"\" "
		       "x.b=2\n");
	/* A minute later by the clock of the day. */
	restart(&c, 13, 13, 60 * NSEC_PER_SEC);
	tick(&c, 14);
	assert_log(&c, "13.000000000 s fire firing->firing warning active=61.000000000 "
		       "reason=no longer held \"\" x.b=unknown(bad)\n"
		       "13.000000000 r calm firing->firing warning active=62.000000000 "
		       "reason=no longer flapping \"\" x.a=unknown(bad)\n");
	rules_case_done(&c);
}

static void test_restore_lets_on_unknown_act_only_once_a_point_is_stale(void **state)
{
	struct rules_case c;

	(void)state;
	rules_case_init(&c, "rules: {r: {when: x.a > 1, on_unknown: clear},"
			    " s: {when: x.b > 1, on_unknown: fire}}");
	rules_case_start(&c);
	feed_number(&c, 1, "x.a", 2);
	feed_number(&c, 1, "x.b", 2);
	rules_case_log(&c);
	restart(&c, 3, 100, 0);
	tick(&c, 130);
	assert_log(&c, "");
	tick(&c, 131);
	assert_log(&c, "130.000000000 r clear firing->ok warning active=32.000000000 \"\" "
		       "x.a=unknown(stale)\n");
	rules_case_done(&c);
}

static void test_restore_tells_blind_rules_only_once(void **state)
{
	struct rules_case c;

	(void)state;
	rules_case_init(&c, "rules: {r: {when: x.a > 1, blind_after: 20s},"
			    " s: {when: x.b > 1, blind_after: 60s}}");
	rules_case_start(&c);
	tick(&c, 40);
	rules_case_log(&c);
	assert_int_equal(restart(&c, 40, 0, MINUTE).rules, 2);
	tick(&c, 20.5);
	assert_log(&c, "20.000000000 s blind ok->ok warning \"\" x.b=unknown(bad)\n");
	feed_number(&c, 25, "x.a", 0);
	tick(&c, 100);
	assert_log(&c, "75.000000000 r blind ok->ok warning \"\" x.a=unknown(stale)\n");
	rules_case_done(&c);
}

static void test_restore_wakes_rules_that_read_other_rules(void **state)
{
	struct rules_case c;

	(void)state;
	rules_case_init(&c, "rules:\n"
			    "  r: {when: x.a > 1}\n"
			    "  s: {when: firing('r'), for: 10s}\n"
			    "  t: {when: not firing('u'), for: 10s}\n"
			    "  u: {when: x.a > 100}\n");
	if (c.set == NULL)
		print_error("%s", conf_case_said(&c.conf));
	rules_case_start(&c);
	feed_number(&c, 1, "x.a", 200);
	feed_number(&c, 2, "x.a", 2);
	rules_case_log(&c);
	assert_int_equal(restart(&c, 5, 50, 0).rules, 3);
	tick(&c, 60);
	assert_log(&c, "56.000000000 s fire pending->firing warning \"\"\n"
		       "57.000000000 t fire pending->firing warning \"\"\n");
	rules_case_done(&c);
}

/* ---- other rules ------------------------------------------------------------------------- */

static void test_restore_keeps_the_state_of_a_rule_with_another_condition(void **state)
{
	struct rules_case c, next;

	(void)state;
	rules_case_init(&c, "rules: {r: {when: x.a > 1}, s: {when: x.b > 1, for: 10s}}");
	rules_case_init(&next, "rules: {r: {when: x.a > 0.5}, s: {when: x.b > 0, for: 10s}}");
	rules_case_start(&c);
	feed_number(&c, 1, "x.a", 2);
	feed_number(&c, 1, "x.b", 2);
	assert_int_equal(restart_as(&c, 9, &next, 9).changed, 2);
	feed_number(&next, 10, "x.a", 2);
	feed_number(&next, 10, "x.b", 2);
	tick(&next, 20);
	assert_log(&next, "");
	tick(&next, 21);
	assert_log(&next, "20.000000000 s fire pending->firing warning \"\" x.b=2\n");
	rules_case_done(&c);
	rules_case_done(&next);
}

static void test_restore_goes_on_where_only_times_and_actions_are_others(void **state)
{
	struct rules_case c, next;

	(void)state;
	rules_case_init(&c, "rules: {r: {when: x.a > 1, for: 10s}}");
	rules_case_init(&next, "rules: {r: {when: x.a > 1, for: 15s, severity: critical}}");
	rules_case_start(&c);
	feed_number(&c, 1, "x.a", 2);
	assert_int_equal(restart_as(&c, 9, &next, 9).rules, 1);
	feed_number(&next, 9, "x.a", 2);
	tick(&next, 17);
	assert_log(&next, "16.000000000 r fire pending->firing critical \"\" x.a=2\n");
	rules_case_done(&c);
	rules_case_done(&next);
}

static void test_restore_says_that_an_alarm_without_a_rule_is_over(void **state)
{
	struct rules_case c, next;
	struct engine_restored restored;

	(void)state;
	rules_case_init(&c, "rules: {r: {when: x.a > 1, severity: critical},"
			    " s: {when: x.b > 1, for: 10s}, t: {when: x.a > 1}}");
	rules_case_init(&next, "rules: {q: {when: x.a > 1}, t: {on: changed(x.a)}}");
	rules_case_start(&c);
	feed_number(&c, 1, "x.a", 2);
	feed_number(&c, 1, "x.b", 2);
	restored = restart_as(&c, 9, &next, 9);
	assert_int_equal(restored.removed, 2);
	assert_int_equal(restored.unknown, 1);
	assert_log(&next,
		   "9.000000000 r clear firing->ok critical active=8.000000000 reason=removed "
		   "\"\"\n"
		   "9.000000000 t clear firing->ok warning active=8.000000000 reason=removed "
		   "\"\"\n");
	rules_case_done(&c);
	rules_case_done(&next);
}

static void test_restore_counts_events_from_where_they_were(void **state)
{
	struct rules_case c;

	(void)state;
	rules_case_init(&c, "rules: {r: {when: x.a > 1}}");
	rules_case_start(&c);
	feed_number(&c, 1, "x.a", 2);
	feed_number(&c, 2, "x.a", 0);
	restart(&c, 3, 3, 0);
	feed_number(&c, 4, "x.a", 2);
	assert_int_equal(c.events, 3);
	rules_case_done(&c);
}

static void test_saved_bytes_say_when_they_were_saved(void **state)
{
	struct rules_case c;
	struct wall wall;
	struct str bytes;

	(void)state;
	rules_case_init(&c, "rules: {r: {when: x.a > 1}}");
	rules_case_start(&c);
	save(&c, 1, &bytes);
	assert_true(engine_saved_at(bytes.s, bytes.len, &wall));
	assert_true(wall.ns == INT64_C(1700000000) * NSEC_PER_SEC);
	assert_false(engine_saved_at(bytes.s, 20, &wall));
	assert_false(engine_saved_at(NULL, 0, &wall));
	str_done(&bytes);
	rules_case_done(&c);
}

/* ---- memories ---------------------------------------------------------------------------- */

/* The condition of a rule over a memory, after a story, a restart and one more reading. */
static int condition_after(const char *when, int64_t outage_ns, double first)
{
	struct rules_case c;
	int condition;

	rules_case_init_expr(&c, "when", when, "");
	rules_case_start(&c);
	for (int at = 0; at <= 240; at += 10) {
		feed_number(&c, at, "x.a", at / 10);
		feed_bool(&c, at, "x.p", at >= 60);
	}
	restart(&c, 240, 1000, outage_ns);
	assert_int_equal(rules_case_condition(&c), -1);
	for (double at = 1000; at <= 1000 + first; at += 10) {
		feed_number(&c, at, "x.a", 25);
		feed_bool(&c, at, "x.p", true);
	}
	condition = rules_case_condition(&c);
	rules_case_done(&c);
	return condition;
}

static void test_restore_goes_on_with_held_once_and_since(void **state)
{
	(void)state;
	/* True for 180 s before. */
	assert_int_equal(condition_after("held(x.p, 5m)", 0, 110), 0);
	assert_int_equal(condition_after("held(x.p, 5m)", MINUTE, 130), 1);
	assert_int_equal(condition_after("held(x.p, 5m)", 6 * MINUTE, 130), -1);
	assert_int_equal(condition_after("held(x.p, 5m)", -1, 130), -1);
	assert_int_equal(condition_after("once(x.a == 3, 5m)", MINUTE, 0), 1);
	assert_int_equal(condition_after("once(x.a == 3, 5m)", MINUTE, 110), 0);
	assert_int_equal(condition_after("since(x.p) > 190s", MINUTE, 0), 0);
	assert_int_equal(condition_after("since(x.p) > 190s", MINUTE, 20), 1);
	assert_int_equal(condition_after("since(x.p) > 190s", 6 * MINUTE, 20), 0);
}

static void test_restore_goes_on_with_ewma_and_prev(void **state)
{
	(void)state;
	assert_int_equal(condition_after("ewma(x.a, 300d) < 1", MINUTE, 0), 1);
	assert_int_equal(condition_after("prev(x.a) == 24 and x.a == 25", -1, 0), 1);
}

static void test_restore_keeps_windows_of_five_minutes_with_their_real_times(void **state)
{
	(void)state;
	assert_int_equal(condition_after("count(x.a, 10m) == 26", MINUTE, 0), 1);
	assert_int_equal(condition_after("count(x.a, 4m) == 1", MINUTE, 0), 1);
	/* Nine minutes: what came in the first two minutes has left. */
	assert_int_equal(condition_after("min(x.a, 10m) >= 18", 9 * MINUTE, 0), 1);
	assert_int_equal(condition_after("min(x.a, 10m) < 18", 6 * MINUTE, 0), 1);
	assert_int_equal(condition_after("count(x.a, 10m) == 1", -1, 0), 1);
	/* The outage is no time at which the value was known. */
	assert_int_equal(condition_after("share(x.p, 20m) == 0.75", 5 * MINUTE, 0), 1);
	assert_int_equal(condition_after("quantile(x.a, 0.5, 10m) > 12", MINUTE, 0), 1);
}

static void test_restore_goes_on_with_totals(void **state)
{
	struct rules_case c;
	struct engine_point total;
	struct engine_restored restored;
	uint32_t id;

	(void)state;
	rules_case_init(&c, "derived: {total: {value: (prev(total) ?? 0) + x.a}}\n"
			    "rules: {r: {when: total > 1000}}");
	rules_case_start(&c);
	for (int at = 1; at <= 10; at++)
		feed_number(&c, at, "x.a", at);
	restored = restart(&c, 10, 3, -1);
	assert_int_equal(restored.nodes, 1);
	id = point_table_find(c.points, "total", 5);
	engine_point(c.engine, id, seconds(3), &total);
	assert_int_equal(total.value.kind, VALUE_NONE);
	feed_number(&c, 4, "x.a", 45);
	engine_point(c.engine, id, seconds(4), &total);
	assert_true(total.value.number == 100);
	rules_case_done(&c);
}

static void test_restore_drops_memories_of_points_that_are_others(void **state)
{
	struct rules_case c, next;
	struct engine_restored restored;

	(void)state;
	rules_case_init(&c, "derived: {d: {value: x.a + 1}}\n"
			    "rules: {r: {when: 'avg(d, 10m) > 1 or avg(x.b, 10m) > 1'}}");
	rules_case_init(&next, "derived: {d: {value: x.a + 2}}\n"
			       "rules: {r: {when: 'avg(d, 10m) > 1 or avg(x.c, 10m) > 1'}}");
	rules_case_start(&c);
	feed_number(&c, 1, "x.a", 2);
	feed_number(&c, 1, "x.b", 2);
	restored = restart_as(&c, 2, &next, 2);
	assert_int_equal(restored.nodes, 0);
	assert_int_equal(restored.dropped, 2);
	rules_case_done(&c);
	rules_case_done(&next);
}

/* ---- bytes that are wrong ---------------------------------------------------------------- */

static const char all[] = "derived: {total: {value: (prev(total) ?? 0) + x.a}}\n"
			  "rules:\n"
			  "  a: {when: x.a > 1, repeat: 10s}\n"
			  "  b: {when: x.b > 1, for: 1h}\n"
			  "  c: {when: 'held(x.p, 5m) or once(x.q, 1h)', blind_after: 1m}\n"
			  "  d: {when: 'ewma(x.a, 1m) > 1 and since(x.p) > 1m', latch: true}\n"
			  "  e: {when: 'stddev(x.a, 5m) + tavg(x.a, 5m) > 1e9'}\n"
			  "  f: {when: 'quantile(x.a, 0.9, 1h) + increase(x.a, 1h) > 1e9'}\n";

static void fill(struct rules_case *c)
{
	rules_case_init(c, all);
	rules_case_start(c);
	for (int at = 1; at <= 100; at++) {
		feed_number(c, at, "x.a", 2 + at % 7);
		feed_number(c, at, "x.b", 3);
		feed_bool(c, at, "x.p", at > 20);
	}
	engine_shelve(c->engine, 4, seconds(5000), seconds(100));
}

static struct engine_restored try_bytes(struct rules_case *c, const char *bytes, size_t len)
{
	struct engine_restored restored;

	engine_free(c->engine);
	start_at(c, 100);
	engine_restore(c->engine, bytes, len, seconds(100), 0, &restored);
	return restored;
}

static uint32_t records_of(const struct engine_restored *restored)
{
	return restored->rules + restored->nodes;
}

static void test_restore_loses_one_record_at_most_by_a_wrong_byte(void **state)
{
	struct rules_case c;
	struct engine_restored good;
	struct str bytes;

	(void)state;
	fill(&c);
	save(&c, 100, &bytes);
	good = try_bytes(&c, bytes.s, bytes.len);
	assert_int_equal(good.rules, 5);
	assert_int_equal(good.nodes, 7);
	for (size_t i = 0; i < bytes.len; i++) {
		struct engine_restored restored;

		bytes.s[i] ^= (char)(1 + i % 255);
		restored = try_bytes(&c, bytes.s, bytes.len);
		bytes.s[i] ^= (char)(1 + i % 255);
		assert_int_equal(restored.corrupt, 1);
		assert_false(restored.whole);
		assert_true(records_of(&restored) + 1 >= records_of(&good));
	}
	str_done(&bytes);
	rules_case_done(&c);
}

static void test_restore_takes_what_is_there_of_bytes_that_were_cut(void **state)
{
	struct rules_case c;
	struct str bytes;
	uint32_t before = 0;

	(void)state;
	fill(&c);
	save(&c, 100, &bytes);
	for (size_t len = 0; len < bytes.len; len++) {
		char *copy = xmalloc(len + (len == 0));
		struct engine_restored restored;

		memcpy(copy, bytes.s, len);
		restored = try_bytes(&c, copy, len);
		free(copy);
		assert_false(restored.whole);
		assert_true(restored.corrupt <= 1);
		assert_true(records_of(&restored) >= before);
		before = records_of(&restored);
	}
	assert_int_equal(before, 12);
	str_done(&bytes);
	rules_case_done(&c);
}

static void test_restore_refuses_bytes_of_nothing_and_of_everything(void **state)
{
	struct rules_case c;
	struct engine_restored restored;
	char marks[40000];

	(void)state;
	rules_case_init(&c, all);
	rules_case_start(&c);
	for (size_t i = 0; i < sizeof(marks); i++)
		marks[i] = "gsv1"[i % 4];
	restored = try_bytes(&c, marks, sizeof(marks));
	assert_true(restored.corrupt > 100 && restored.corrupt < 2000);
	restored = try_bytes(&c, NULL, 0);
	assert_int_equal(restored.corrupt, 0);
	assert_false(restored.whole);
	rules_case_done(&c);
}

/* ---- random lives ------------------------------------------------------------------------ */

/*
 * The first may be unknown after a reading: then 'clear_for' runs, but not so after a restart,
 * where it waits for one that decides.
 */
enum { UNDECIDED = 3 };
static const char *const conditions[] = {
	"x.a / (x.b - 3) > 1",
	"held(x.p, 5m)",
	"once(x.a > 5, 6m) and x.p",
	"x.a > 3",
	"x.a > 3 and x.p",
	"x.b < 2 or x.q and x.a > 4",
	"avg(x.a, 5m) > 3",
	"max(x.a, 10m) > 5 or x.b < 1",
	"since(x.p and x.a > 1) > 1m",
	"since(x.q) > 20s or x.b == 4",
	"ewma(x.a, 1m) > 4",
	"x.a > prev(x.a)",
	"count(x.a, 5m) > 8",
	"quantile(x.a, 0.9, 5m) > 5",
	"tavg(x.b, 8m) < 4",
	"stddev(x.a, 20m) > 2",
	"changes(x.p, 5m) > 3 and slope(x.b, 10m) > 0",
	"share(x.q, 10m) > 50 %",
	"age(x.b) > 20s",
	"total > 100 and x.p",
	"quality(x.a) != 'good' or x.b > 5",
	"firing('r0') and x.q",
	"firing('r0')",
};
static const char *const options[] = {
	"",
	"for: 20s",
	"for: 1m, clear_for: 15s",
	"clear_for: 25s",
	"repeat: 30s",
	"latch: true",
	"on_unknown: clear",
	"on_unknown: fire",
	"blind_after: 35s",
	"inhibited_by: [r0]",
	"clear: x.a < 2",
	"clear: x.a < 2, for: 10s, repeat: 20s",
	"flap: {changes: 4, in: 2m}",
	"min_interval: 1m, repeat: 15s",
	"max_rate: 3/5m",
};

static uint64_t draws;

static uint32_t draw(uint32_t below)
{
	draws = draws * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(draws >> 33) % below;
}

static char *random_rules(void)
{
	struct str text;

	str_init(&text);
	str_adds(&text, "derived: {total: {value: 'clamp((prev(total) ?? 0) + x.a, 0, 150)'}}\n"
			"rules:\n  r0: {when: x.c > 3}\n");
	for (unsigned i = 1; i < 6; i++) {
		const char *option = options[draw(ARRAY_SIZE(options))];
		uint32_t least = strstr(option, "clear_for") != NULL ? UNDECIDED : 0;

		str_addf(&text, "  r%u: {when: \"%s\"%s%s}\n", i,
			 conditions[least + draw(ARRAY_SIZE(conditions) - least)],
			 option[0] != '\0' ? ", " : "", option);
	}
	return str_steal(&text);
}

static const char *const numbers[] = {"x.a", "x.b", "x.c"}, *const truths[] = {"x.p", "x.q"};

static void put(struct rules_case *both, const char *name, double at, double number,
		bool is_bool)
{
	struct reading reading = {.at = seconds(at)};

	reading.value = is_bool ? value_bool(number != 0) : value_number(number);
	for (int i = 0; i < 2; i++) {
		reading.point = point_table_find(both[i].points, name, strlen(name));
		engine_feed(both[i].engine, &reading);
	}
}

/* What one that is restarted would ask its devices for first. */
static void put_all(struct rules_case *both, double at)
{
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		put(both, numbers[i], at, draw(8), false);
	for (size_t i = 0; i < ARRAY_SIZE(truths); i++)
		put(both, truths[i], at, draw(3), true);
}

static void settle(struct rules_case *both, double at)
{
	for (int i = 0; i < 2; i++) {
		engine_settle(both[i].engine);
		engine_tick(both[i].engine, boot_add(seconds(at), 1));
	}
}

/* The first line in which they differ. */
static void compare(const char *text, const struct rules_case *both)
{
	const char *a = both[0].log.len > 0 ? both[0].log.s : "";
	const char *b = both[1].log.len > 0 ? both[1].log.s : "";

	while (*a != '\0' || *b != '\0') {
		size_t len_a = strcspn(a, "\n"), len_b = strcspn(b, "\n");

		if (len_a != len_b || memcmp(a, b, len_a) != 0) {
			fprintf(stderr, "%son and on:  %.*s\nrestarted:  %.*s\n", text,
				(int)len_a, a, (int)len_b, b);
			fail();
		}
		a += len_a + (a[len_a] == '\n');
		b += len_b + (b[len_b] == '\n');
	}
}

static size_t live_twice(const char *text)
{
	struct rules_case both[2];
	double at = 0;
	size_t len;

	for (int i = 0; i < 2; i++) {
		rules_case_init(&both[i], text);
		rules_case_start(&both[i]);
	}
	for (int step = 0; step < 150; step++) {
		at += draw(10) == 0 ? 15 + draw(30) : draw(9);
		if (draw(2) == 0)
			put(both, numbers[draw(3)], at, draw(8), false);
		else
			put(both, truths[draw(2)], at, draw(2), true);
		settle(both, at);
		if (draw(12) == 0) {
			uint32_t rule = 1 + draw(5);

			for (int i = 0; i < 2; i++)
				engine_ack(both[i].engine, rule, boot_add(seconds(at), 1));
		}
		if (draw(8) != 0)
			continue;
		at += 1;
		settle(both, at);
		restart(&both[1], at, at, 0);
		put_all(both, at);
		settle(both, at);
	}
	compare(text, both);
	len = both[0].log.len;
	for (int i = 0; i < 2; i++)
		rules_case_done(&both[i]);
	return len;
}

static void test_a_life_with_restarts_has_the_events_of_one_without(void **state)
{
	const uint64_t *lives = *state;
	size_t lines = 0;

	for (uint64_t seed = 1; seed <= *lives; seed++) {
		char *text;

		draws = seed;
		text = random_rules();
		lines += live_twice(text);
		free(text);
	}
	assert_true(lines > 1000 * *lives);
}

int main(int argc, char **argv)
{
	uint64_t lives = argc > 1 ? strtoull(argv[1], NULL, 10) : 400;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_save_keeps_nothing_of_rules_that_are_ok),
		cmocka_unit_test(test_restore_keeps_firing_without_a_second_fire),
		cmocka_unit_test(test_a_slot_of_the_outage_takes_place_late_and_once),
		cmocka_unit_test(
			test_a_slot_of_more_than_an_hour_ago_is_left_out_after_a_restart),
		cmocka_unit_test(test_a_slot_waits_for_the_clock_after_a_restart),
		cmocka_unit_test(test_what_recurs_goes_on_over_a_restart),
		cmocka_unit_test(test_late_a_latched_alarm_goes_on),
		cmocka_unit_test(test_late_an_alarm_that_is_over_is_told_to_be),
		cmocka_unit_test(test_late_an_alarm_that_fires_again_is_the_same),
		cmocka_unit_test(test_restore_keeps_the_time_of_pending_that_passed),
		cmocka_unit_test(
			test_restore_starts_pending_anew_after_a_long_or_unknown_outage),
		cmocka_unit_test(test_restore_calms_pending_at_a_first_reading_that_is_false),
		cmocka_unit_test(test_restore_clears_only_when_a_reading_confirms_it),
		cmocka_unit_test(test_restore_knows_what_was_latched_and_acknowledged),
		cmocka_unit_test(test_restore_knows_who_is_held_back_and_tells_when_that_ends),
		cmocka_unit_test(test_restore_keeps_shelving_until_the_hour_that_was_said),
		cmocka_unit_test(
			test_restore_goes_on_with_repeats_and_leaves_out_those_of_the_outage),
		cmocka_unit_test(test_restore_knows_who_has_said_enough),
		cmocka_unit_test(test_restore_lets_on_unknown_act_only_once_a_point_is_stale),
		cmocka_unit_test(test_restore_tells_blind_rules_only_once),
		cmocka_unit_test(test_restore_wakes_rules_that_read_other_rules),
		cmocka_unit_test(test_restore_keeps_the_state_of_a_rule_with_another_condition),
		cmocka_unit_test(test_restore_goes_on_where_only_times_and_actions_are_others),
		cmocka_unit_test(test_restore_says_that_an_alarm_without_a_rule_is_over),
		cmocka_unit_test(test_restore_counts_events_from_where_they_were),
		cmocka_unit_test(test_saved_bytes_say_when_they_were_saved),
		cmocka_unit_test(test_restore_goes_on_with_held_once_and_since),
		cmocka_unit_test(test_restore_goes_on_with_ewma_and_prev),
		cmocka_unit_test(
			test_restore_keeps_windows_of_five_minutes_with_their_real_times),
		cmocka_unit_test(test_restore_goes_on_with_totals),
		cmocka_unit_test(test_restore_drops_memories_of_points_that_are_others),
		cmocka_unit_test(test_restore_loses_one_record_at_most_by_a_wrong_byte),
		cmocka_unit_test(test_restore_takes_what_is_there_of_bytes_that_were_cut),
		cmocka_unit_test(test_restore_refuses_bytes_of_nothing_and_of_everything),
		cmocka_unit_test_prestate(
			test_a_life_with_restarts_has_the_events_of_one_without, &lives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
