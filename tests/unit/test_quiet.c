/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Tests of what keeps a rule from saying too much: min_interval, flap, max_rate; and priority.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "rules/engine.h"
#include "rules/quiet.h"
#include "rules/rule.h"
#include "rules/ruleset.h"
#include "rules_case.h"

static struct boot at(int64_t seconds)
{
	return (struct boot){seconds * NSEC_PER_SEC};
}

static void start(struct rules_case *c, const char *text)
{
	rules_case_init(c, text);
	rules_case_start(c);
}

static struct engine_rule rule(const struct rules_case *c)
{
	struct engine_rule ret;

	engine_rule(c->engine, 0, &ret);
	return ret;
}

/* From second s on x.p is true in even steps and false in odd ones. */
static void toggle(struct rules_case *c, double s, double step, int count)
{
	for (int i = 0; i < count; i++)
		feed_bool(c, s + i * step, "x.p", i % 2 == 0);
}

/* ---- min_interval --------------------------------------------------------------------- */

static void test_a_second_fire_within_min_interval_is_made_up_for(void **state)
{
	struct rules_case c;

	(void)state;
	start(&c, "rules: {a: {when: x.p, min_interval: 60s}}\n");
	feed_bool(&c, 1, "x.p", true);
	feed_bool(&c, 5, "x.p", false);
	/* It was told that it fires: that it is over is told at once. */
	assert_log(&c, "1.000000000 a fire ok->firing warning \"\" x.p=true\n"
		       "5.000000000 a clear firing->ok warning active=4.000000000 \"\" "
		       "x.p=false\n");
	feed_bool(&c, 10, "x.p", true);
	feed_bool(&c, 15, "x.p", false);
	feed_bool(&c, 20, "x.p", true);
	assert_log(&c, "10.000000000 a fire ok->firing warning reason=min_interval held \"\" "
		       "x.p=true\n"
		       "15.000000000 a clear firing->ok warning active=5.000000000 "
		       "reason=min_interval held \"\" x.p=false\n"
		       "20.000000000 a fire ok->firing warning reason=min_interval held \"\" "
		       "x.p=true\n");
	assert_int_equal(rule(&c).quiet, QUIET_MIN_INTERVAL);
	assert_int_equal(rule(&c).left_out, 3);
	feed_bool(&c, 45, "x.p", true);
	tick(&c, 62);
	assert_log(&c, "61.000000000 a fire firing->firing warning active=41.000000000 "
		       "reason=no longer held \"\" x.p=true\n");
	assert_int_equal(rule(&c).left_out, 3);
	assert_int_equal(rule(&c).fired, 3);
	/* That starts the next interval. */
	feed_bool(&c, 70, "x.p", false);
	feed_bool(&c, 71, "x.p", true);
	feed_bool(&c, 72, "x.p", false);
	rules_case_log(&c);
	tick(&c, 130);
	assert_log(&c, "");
	rules_case_done(&c);
}

static void test_an_instant_within_min_interval_is_left_out(void **state)
{
	struct rules_case c;

	(void)state;
	start(&c, "rules: {a: {on: rises(x.p), min_interval: 10s}}\n");
	feed_bool(&c, 0, "x.p", false);
	toggle(&c, 1, 1, 4);
	tick(&c, 12);
	toggle(&c, 12, 1, 1);
	assert_log(&c, "1.000000000 a instant ok->ok warning \"\" x.p=true\n"
		       "3.000000000 a instant ok->ok warning reason=min_interval held \"\" "
		       "x.p=true\n"
		       "12.000000000 a instant ok->ok warning \"\" x.p=true\n");
	assert_int_equal(rule(&c).left_out, 1);
	rules_case_done(&c);
}

static void test_min_interval_and_shelving_wait_for_each_other(void **state)
{
	struct rules_case c;

	(void)state;
	start(&c, "rules: {a: {when: x.p, min_interval: 20s}}\n");
	toggle(&c, 1, 1, 3);
	engine_shelve(c.engine, 0, at(60), at(4));
	rules_case_log(&c);
	tick(&c, 25);
	assert_log(&c, "");
	feed_bool(&c, 28, "x.p", true);
	feed_bool(&c, 50, "x.p", true);
	tick(&c, 61);
	assert_log(&c, "60.000000000 a fire firing->firing warning active=57.000000000 "
		       "reason=no longer held \"\" x.p=true\n");
	rules_case_done(&c);
}

/* ---- flap ----------------------------------------------------------------------------- */

static void test_an_alarm_that_flaps_gives_one_notice_and_says_when_it_is_calm(void **state)
{
	struct rules_case c;

	(void)state;
	start(&c, "rules: {a: {when: x.p, flap: {changes: 4, in: 60s}}}\n");
	toggle(&c, 1, 1, 4);
	assert_log(&c, "1.000000000 a fire ok->firing warning \"\" x.p=true\n"
		       "2.000000000 a clear firing->ok warning active=1.000000000 \"\" "
		       "x.p=false\n"
		       "3.000000000 a fire ok->firing warning \"\" x.p=true\n"
		       "4.000000000 a clear firing->ok warning active=1.000000000 "
		       "reason=flapping held \"\" x.p=false\n"
		       "4.000000000 a flapping ok->ok warning \"\" x.p=false\n");
	assert_int_equal(rule(&c).quiet, QUIET_FLAPPING);
	toggle(&c, 5, 1, 3);
	assert_log(&c, "5.000000000 a fire ok->firing warning reason=flapping held \"\" "
		       "x.p=true\n"
		       "6.000000000 a clear firing->ok warning active=1.000000000 "
		       "reason=flapping held \"\" x.p=false\n"
		       "7.000000000 a fire ok->firing warning reason=flapping held \"\" "
		       "x.p=true\n");
	feed_bool(&c, 8, "x.p", false);
	rules_case_log(&c);
	/* Two changes are left of 60 s once the one of second 6 is out: half of four. */
	tick(&c, 66);
	assert_log(&c, "");
	feed_bool(&c, 66, "x.p", false);
	tick(&c, 66.5);
	assert_log(&c, "66.000000000 a calm ok->ok warning reason=no longer flapping \"\" "
		       "x.p=false\n"
		       "66.000000000 a clear ok->ok warning reason=no longer held \"\" "
		       "x.p=false\n");
	assert_int_equal(rule(&c).quiet, QUIET_NO);
	assert_int_equal(rule(&c).left_out, 5);
	feed_bool(&c, 70, "x.p", true);
	assert_log(&c, "70.000000000 a fire ok->firing warning \"\" x.p=true\n");
	rules_case_done(&c);
}

static void test_flapping_ends_though_the_alarm_turns_in_that_instant(void **state)
{
	struct rules_case c;

	(void)state;
	start(&c, "rules: {a: {when: x.p, flap: {changes: 4, in: 60s}}}\n");
	feed_bool(&c, 1, "x.p", true);
	feed_bool(&c, 2, "x.p", false);
	feed_bool(&c, 2, "x.p", true);
	feed_bool(&c, 3, "x.p", false);
	rules_case_log(&c);
	feed_bool(&c, 62, "x.p", true);
	tick(&c, 63);
	assert_log(&c, "62.000000000 a fire ok->firing warning reason=flapping held \"\" "
		       "x.p=true\n"
		       "62.000000000 a calm firing->firing warning reason=no longer flapping "
		       "\"\" x.p=true\n");
	rules_case_done(&c);
}

static void test_an_alarm_that_comes_and_goes_slowly_does_not_flap(void **state)
{
	struct rules_case c;

	(void)state;
	start(&c, "rules: {a: {when: x.p, flap: {changes: 3, in: 10s}}}\n");
	/* The third change is exactly 10 s behind the first: that one counts no more. */
	toggle(&c, 1, 5, 20);
	assert_null(strstr(rules_case_log(&c), "flapping"));
	assert_int_equal(rule(&c).left_out, 0);
	toggle(&c, 110.5, 4.9, 3);
	assert_non_null(strstr(rules_case_log(&c), " a flapping "));
	rules_case_done(&c);
}

static void test_a_shelved_alarm_gives_no_notice(void **state)
{
	struct rules_case c;

	(void)state;
	start(&c, "rules: {a: {when: x.p, flap: {changes: 2, in: 10s}}}\n");
	engine_shelve(c.engine, 0, at(100), at(0));
	toggle(&c, 1, 1, 2);
	assert_non_null(
		strstr(rules_case_log(&c), "2.000000000 a flapping ok->ok warning held"));
	tick(&c, 50);
	assert_non_null(strstr(rules_case_log(&c), " a calm ok->ok warning "));
	rules_case_done(&c);
}

/* ---- max_rate ------------------------------------------------------------------------- */

static void test_what_is_over_the_rate_is_counted_and_the_state_made_up_for(void **state)
{
	struct rules_case c;

	(void)state;
	start(&c, "rules: {a: {when: x.p, max_rate: 3/20s}}\n");
	toggle(&c, 1, 1, 6);
	assert_log(&c, "1.000000000 a fire ok->firing warning \"\" x.p=true\n"
		       "2.000000000 a clear firing->ok warning active=1.000000000 \"\" "
		       "x.p=false\n"
		       "3.000000000 a fire ok->firing warning \"\" x.p=true\n"
		       "4.000000000 a clear firing->ok warning active=1.000000000 "
		       "reason=max_rate held \"\" x.p=false\n"
		       "5.000000000 a fire ok->firing warning reason=max_rate held \"\" "
		       "x.p=true\n"
		       "6.000000000 a clear firing->ok warning active=1.000000000 "
		       "reason=max_rate held \"\" x.p=false\n");
	assert_int_equal(rule(&c).left_out, 3);
	assert_int_equal(rule(&c).quiet, QUIET_MAX_RATE);
	tick(&c, 22);
	assert_log(&c, "21.000000000 a clear ok->ok warning reason=no longer held \"\" "
		       "x.p=false\n");
	rules_case_done(&c);
}

static void test_repeats_and_instants_over_the_rate_are_left_out(void **state)
{
	struct rules_case c;

	(void)state;
	start(&c, "rules: {a: {when: x.p, repeat: 1s, max_rate: 3/10s}}\n");
	feed_bool(&c, 0.5, "x.p", true);
	tick(&c, 10);
	assert_int_equal(c.events, 3); /* the fire and two repeats */
	assert_int_equal(rule(&c).left_out, 7);
	tick(&c, 12);
	assert_int_equal(c.events, 5);
	rules_case_done(&c);
	start(&c, "rules: {a: {on: changed(x.a), max_rate: 5/m}}\n");
	for (int i = 0; i <= 20; i++)
		feed_number(&c, i, "x.a", i);
	assert_int_equal(c.events, 20);
	assert_int_equal(rule(&c).left_out, 15);
	rules_case_done(&c);
}

/* In no span of the rate are there more than it allows: a property, not an example. */
static void test_the_rate_holds_for_every_span(void **state)
{
	const struct quiet_limits limits = {.rate_count = 7, .rate_ns = 100};
	int64_t times[7], said[3000];
	uint32_t seed = 12345, count = 0;
	struct quiet quiet;

	(void)state;
	assert_int_equal(quiet_room(&limits), ARRAY_SIZE(times));
	quiet_init(&quiet, &limits, times);
	for (int64_t now = 0; count < ARRAY_SIZE(said);) {
		seed = seed * 1103515245 + 12345;
		now += (seed >> 16) % 20;
		if (quiet_ask(&quiet, false, (struct boot){now}) != QUIET_NO) {
			int64_t until = quiet_deadline(&quiet, (struct boot){now}).ns;

			assert_int_equal(quiet_ask(&quiet, false, (struct boot){until - 1}),
					 QUIET_MAX_RATE);
			assert_int_equal(quiet_ask(&quiet, false, (struct boot){until}),
					 QUIET_NO);
			continue;
		}
		quiet_said(&quiet, true, (struct boot){now});
		said[count++] = now;
	}
	for (uint32_t i = 7; i < count; i++)
		assert_true(said[i] - said[i - 7] >= limits.rate_ns);
}

/* ---- over a reload -------------------------------------------------------------------- */

static void test_a_reload_forgets_none_of_it(void **state)
{
	static const char text[] = "rules:\n"
				   "  a: {when: x.p, flap: {changes: 4, in: 60s}}\n"
				   "  b: {when: x.p, min_interval: 30s}\n"
				   "  c: {when: x.p, max_rate: 2/40s}\n";
	static const char other[] = "rules:\n"
				    "  c: {when: x.p, max_rate: 3/40s}\n"
				    "  b: {when: x.p, min_interval: 10s}\n"
				    "  a: {when: x.p, flap: {changes: 4, in: 20s}}\n";
	struct rules_case c, next, last;
	struct engine_rule left;

	(void)state;
	start(&c, text);
	toggle(&c, 1, 1, 5);
	start(&next, text);
	engine_adopt(next.engine, c.engine, at(6));
	assert_log(&next, "");
	for (uint32_t i = 0; i < 3; i++) {
		struct engine_rule before;

		engine_rule(c.engine, i, &before);
		engine_rule(next.engine, i, &left);
		assert_int_equal(left.quiet, before.quiet);
		assert_int_not_equal(left.quiet, QUIET_NO);
		assert_int_equal(left.left_out, before.left_out);
		assert_true(left.left_out > 0);
	}
	rules_case_done(&c);
	start(&last, other);
	engine_adopt(last.engine, next.engine, at(7));
	rules_case_done(&next);
	/* One more is allowed now: what c came to is told at once. */
	assert_log(&last, "7.000000000 c fire firing->firing warning active=2.000000000 "
			  "reason=no longer held \"\" x.p=true\n");
	tick(&last, 12);
	assert_log(&last, "11.000000000 b fire firing->firing warning active=6.000000000 "
			  "reason=no longer held \"\" x.p=true\n");
	tick(&last, 24);
	assert_log(&last, "23.000000000 a calm firing->firing warning active=18.000000000 "
			  "reason=no longer flapping \"\" x.p=true\n");
	rules_case_done(&last);
}

/* Limits that are taken away let out what they held. */
static void test_a_reload_without_limits_lets_it_speak(void **state)
{
	struct rules_case c, next;

	(void)state;
	start(&c, "rules: {a: {when: x.p, min_interval: 1h}}\n");
	toggle(&c, 1, 1, 3);
	start(&next, "rules: {a: {when: x.p}}\n");
	engine_adopt(next.engine, c.engine, at(5));
	assert_log(&next, "5.000000000 a fire firing->firing warning active=2.000000000 "
			  "reason=no longer held \"\" x.p=true\n");
	rules_case_done(&next);
	rules_case_done(&c);
}

/* ---- options -------------------------------------------------------------------------- */

static void test_wrong_limits_are_told(void **state)
{
	static const struct {
		const char *options;
		unsigned column;
		const char *said;
	} cases[] = {
		{"when: x.p, flap: {changes: 1, in: 1m}", 34,
		 "'changes' of flap must be from 2 to 1000, not 1"},
		{"when: x.p, flap: {changes: 6}", 24, "flap needs 'in'"},
		{"when: x.p, flap: often", 24, NULL},
		{"when: x.p, max_rate: 0/h", 28, NULL},
		{"when: x.p, max_rate: 1001/h", 28, "a 'max_rate' counts up to 1000"},
		{"on: rises(x.p), flap: {changes: 6, in: 1m}", 23,
		 "'flap' belongs to 'when'; an instant has no state"},
		{"when: x.p, priority: urgent", 28,
		 "expected high, normal, low or a number from 1 (the most urgent) to 999 for "
		 "'priority'"},
		{"when: x.p, priority: 0", 28,
		 "expected high, normal, low or a number from 1 (the most urgent) to 999 for "
		 "'priority'"},
		{"when: x.p, priority: [1]", 28,
		 "expected high, normal, low or a number from 1 (the most urgent) to 999 for "
		 "'priority'"},
	};
	char text[200];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct rules_case c;

		snprintf(text, sizeof(text), "rules: {a: {%s}}\n", cases[i].options);
		rules_case_init(&c, text);
		assert_null(c.set);
		assert_int_equal(diags_errors(c.conf.diags), 1);
		if (cases[i].said != NULL)
			assert_string_equal(diags_get(c.conf.diags, 0)->message, cases[i].said);
		rules_case_done(&c);
	}
}

static void test_a_priority_is_a_word_or_a_number(void **state)
{
	static const int wanted[] = {1, 2, 3, 7, 0};
	struct rules_case c;
	struct rule_view view;

	(void)state;
	rules_case_init(&c, "rules:\n"
			    "  a: {when: x.p, priority: high}\n"
			    "  b: {when: x.p, priority: normal}\n"
			    "  c: {when: x.p, priority: low}\n"
			    "  d: {when: x.p, priority: 7}\n"
			    "  e: {when: x.p}\n");
	assert_string_equal(conf_case_said(&c.conf), "");
	for (uint32_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		ruleset_view(c.set, i, &view);
		assert_int_equal(view.priority, wanted[i]);
	}
	rules_case_done(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_second_fire_within_min_interval_is_made_up_for),
		cmocka_unit_test(test_an_instant_within_min_interval_is_left_out),
		cmocka_unit_test(test_min_interval_and_shelving_wait_for_each_other),
		cmocka_unit_test(
			test_an_alarm_that_flaps_gives_one_notice_and_says_when_it_is_calm),
		cmocka_unit_test(test_flapping_ends_though_the_alarm_turns_in_that_instant),
		cmocka_unit_test(test_an_alarm_that_comes_and_goes_slowly_does_not_flap),
		cmocka_unit_test(test_a_shelved_alarm_gives_no_notice),
		cmocka_unit_test(
			test_what_is_over_the_rate_is_counted_and_the_state_made_up_for),
		cmocka_unit_test(test_repeats_and_instants_over_the_rate_are_left_out),
		cmocka_unit_test(test_the_rate_holds_for_every_span),
		cmocka_unit_test(test_a_reload_forgets_none_of_it),
		cmocka_unit_test(test_a_reload_without_limits_lets_it_speak),
		cmocka_unit_test(test_wrong_limits_are_told),
		cmocka_unit_test(test_a_priority_is_a_word_or_a_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
