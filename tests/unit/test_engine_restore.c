/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Restarts behind which the rules are others, or nothing is read any more: what random rules
 * have found. The states and memories one by one: test_engine_save.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/str.h"
#include "rules_case.h"

#define MINUTE (60 * NSEC_PER_SEC)

static struct boot seconds(double s)
{
	return (struct boot){(int64_t)(s * 1e9 + 0.5)};
}

static void log_event(void *arg, const struct event *event)
{
	engine_log_line(event, &((struct rules_case *)arg)->log);
}

/* The program ends at one time, and one with the rules of next starts at up on its clock. */
static void restart(struct rules_case *c, double at, struct rules_case *next, double up,
		    int64_t outage_ns)
{
	struct engine_restored restored;
	struct engine *engine;
	struct str bytes;

	str_init(&bytes);
	engine_save(c->engine, seconds(at), (struct wall){0}, &bytes);
	engine = engine_new(next->set, next->points, (struct engine_sink){log_event, next},
			    seconds(up));
	engine_restore(engine, bytes.s, bytes.len, seconds(up), outage_ns, &restored);
	assert_int_equal(restored.corrupt, 0);
	assert_true(restored.whole);
	engine_free(next->engine);
	next->engine = engine;
	str_done(&bytes);
}

static void reload(struct rules_case *c, double at, struct rules_case *next)
{
	next->engine = engine_new(next->set, next->points,
				  (struct engine_sink){log_event, next}, seconds(at));
	engine_adopt(next->engine, c->engine, seconds(at));
}

static void start(struct rules_case *c, const char *text)
{
	rules_case_init(c, text);
	rules_case_start(c);
}

/* ---- others hold it ---------------------------------------------------------------------- */

static void test_restore_holds_back_whom_an_alarm_inhibits_from_now_on(void **state)
{
	struct rules_case c, next;

	(void)state;
	start(&c, "rules: {r: {when: x.a > 1}, s: {when: x.b > 1, repeat: 10s}}");
	rules_case_init(&next, "rules: {r: {when: x.a > 1}, s: {when: x.b > 1, repeat: 10s,"
			       " inhibited_by: [r]}}");
	feed_number(&c, 1, "x.a", 2);
	feed_number(&c, 1, "x.b", 2);
	restart(&c, 2, &next, 2, 0);
	tick(&next, 22);
	assert_log(&next, "");
	rules_case_done(&c);
	rules_case_done(&next);
}

static void test_restore_looks_before_it_makes_up_for_what_was_held(void **state)
{
	struct rules_case c, next;

	(void)state;
	start(&c, "rules: {q: {when: x.a > 1}, h: {when: x.b > 1},"
		  " s: {when: firing('q'), clear_for: 60s, inhibited_by: [h]}}");
	rules_case_init(&next, "rules: {q: {when: x.a > 1}, h: {when: x.b > 1},"
			       " s: {when: not firing('q'), clear_for: 60s}}");
	feed_number(&c, 1, "x.b", 2);
	feed_number(&c, 2, "x.a", 2);
	feed_number(&c, 3, "x.a", 0);
	restart(&c, 4, &next, 4, 0);
	assert_log(&next,
		   "4.000000000 s refire clearing->firing warning active=2.000000000 \"\"\n"
		   "4.000000000 s fire firing->firing warning active=2.000000000 "
		   "reason=no longer held \"\"\n");
	rules_case_done(&c);
	rules_case_done(&next);
}

static void test_reload_makes_up_for_what_was_held_in_order(void **state)
{
	struct rules_case c, next;

	(void)state;
	start(&c, "rules: {h: {when: x.b > 1}, r: {when: x.a > 1, inhibited_by: [h]},"
		  " s: {when: x.c > 1}}");
	rules_case_init(&next, "rules: {h: {when: x.b > 1}, r: {when: x.a > 1},"
			       " s: {when: x.c > 0}}");
	feed_number(&c, 1, "x.b", 2);
	feed_number(&c, 1, "x.a", 2);
	feed_number(&c, 1, "x.c", 1);
	/* Nobody has looked at r and h since. */
	restart(&c, 2, &c, 2, 0);
	feed_number(&c, 3, "x.c", 1);
	reload(&c, 4, &next);
	assert_log(&next, "4.000000000 r fire firing->firing warning active=3.000000000 "
			  "reason=no longer held \"\" x.a=unknown(bad)\n"
			  "4.000000000 s fire ok->firing warning \"\" x.c=1\n");
	rules_case_done(&c);
	rules_case_done(&next);
}

/* ---- nothing decides it ------------------------------------------------------------------ */

static void test_restore_knows_of_a_window_that_nothing_came_into(void **state)
{
	struct rules_case c, next;

	(void)state;
	start(&c, "rules: {r: {when: 'count(x.a, 5m) < 1'}}");
	rules_case_init(&next, "rules: {r: {when: 'count(x.a, 5m) < 1'}}");
	feed_number(&c, 1, "x.a", 2);
	restart(&c, 2, &next, 2, 6 * MINUTE);
	tick(&next, 40);
	assert_log(&next, "32.000000000 r fire ok->firing warning \"\" x.a=unknown(stale)\n");
	rules_case_done(&c);
	rules_case_done(&next);
}

static void test_restored_windows_wait_for_a_reading_after_a_reload_too(void **state)
{
	static const char text[] = "rules: {r: {when: 'min(x.a, 5m) > 3', blind_after: 20s}}";
	struct rules_case c, next;

	(void)state;
	start(&c, text);
	rules_case_init(&next, text);
	feed_number(&c, 1, "x.a", 2);
	restart(&c, 2, &c, 2, 0);
	reload(&c, 3, &next);
	assert_int_equal(rules_case_condition(&next), -1);
	feed_number(&next, 4, "x.a", 2);
	assert_int_equal(rules_case_condition(&next), 0);
	tick(&next, 30);
	assert_log(&next, "");
	rules_case_done(&c);
	rules_case_done(&next);
}

static void test_restore_waits_for_a_reading_where_the_rule_read_none_before(void **state)
{
	struct rules_case c, next;

	(void)state;
	start(&c, "rules: {r: {when: x.a > 1}, s: {when: firing('r')}}");
	rules_case_init(&next, "rules: {r: {when: x.a > 1}, s: {when: age(x.b) > 20s}}");
	feed_number(&c, 1, "x.a", 2);
	restart(&c, 2, &next, 2, 0);
	assert_log(&next, "");
	feed_number(&next, 5, "x.b", 2);
	assert_log(&next, "5.000000000 s clear firing->ok warning active=4.000000000 \"\" "
			  "x.b=2\n");
	rules_case_done(&c);
	rules_case_done(&next);
}

static void test_restore_waits_for_devices_inside_of_functions(void **state)
{
	static const char text[] = "rules: {r: {when: not rises(bad(x)), blind_after: 5s}}";
	struct rules_case c, next;

	(void)state;
	start(&c, text);
	rules_case_init(&next, text);
	feed_number(&c, 1, "x.a", 2);
	tick(&c, 40);
	rules_case_log(&c);
	restart(&c, 40, &next, 2, 0);
	tick(&next, 8);
	assert_log(&next,
		   "7.000000000 r blind firing->firing warning active=14.000000000 \"\"\n");
	rules_case_done(&c);
	rules_case_done(&next);
}

static void test_restored_rules_clear_only_when_confirmed_after_a_reload_too(void **state)
{
	struct rules_case c, next;

	(void)state;
	start(&c, "rules: {r: {when: x.a > 1, clear_for: 10s}}");
	rules_case_init(&next, "rules: {r: {when: x.a > 2, clear_for: 5s}}");
	feed_number(&c, 1, "x.a", 2);
	feed_number(&c, 2, "x.a", 0);
	restart(&c, 3, &c, 3, 0);
	reload(&c, 4, &next);
	tick(&next, 30);
	assert_log(&next, "");
	feed_number(&next, 31, "x.a", 0);
	tick(&next, 40);
	assert_log(&next, "36.000000000 r clear clearing->ok warning active=35.000000000 \"\" "
			  "x.a=0\n");
	rules_case_done(&c);
	rules_case_done(&next);
}

/* ---- blind ------------------------------------------------------------------------------- */

/* Blind since 20 s, or for 10 s and not blind yet; what the next ones say until 100 s. */
static const char *blind_after(struct rules_case *next, double at, const char *text)
{
	static char said[200];
	struct rules_case c;

	start(&c, "rules: {r: {when: x.a > 1, blind_after: 20s}}");
	rules_case_init(next, text);
	tick(&c, at);
	restart(&c, at, next, at, MINUTE);
	tick(next, 100);
	snprintf(said, sizeof(said), "%s", rules_case_log(next));
	rules_case_done(&c);
	rules_case_done(next);
	return said;
}

static void test_restore_goes_on_to_wait_until_a_rule_is_blind(void **state)
{
	struct rules_case next;

	(void)state;
	assert_string_equal(
		blind_after(&next, 10, "rules: {r: {when: x.a > 1, blind_after: 20s}}"),
		"20.000000000 r blind ok->ok warning \"\" x.a=unknown(bad)\n");
	assert_string_equal(
		blind_after(&next, 10, "rules: {r: {when: x.a > 1, blind_after: 25s}}"),
		"25.000000000 r blind ok->ok warning \"\" x.a=unknown(bad)\n");
	assert_string_equal(
		blind_after(&next, 10, "rules: {r: {when: x.a > 1, blind_after: 5s}}"),
		"10.000000000 r blind ok->ok warning \"\" x.a=unknown(bad)\n");
	/* Another condition begins anew. */
	assert_string_equal(
		blind_after(&next, 10, "rules: {r: {when: x.a > 2, blind_after: 25s}}"),
		"35.000000000 r blind ok->ok warning \"\" x.a=unknown(bad)\n");
	assert_string_equal(
		blind_after(&next, 30, "rules: {r: {when: x.a > 2, blind_after: 20s}}"),
		"50.000000000 r blind ok->ok warning \"\" x.a=unknown(bad)\n");
	assert_string_equal(
		blind_after(&next, 30, "rules: {r: {when: x.a > 1, blind_after: 20s}}"), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_restore_holds_back_whom_an_alarm_inhibits_from_now_on),
		cmocka_unit_test(test_restore_looks_before_it_makes_up_for_what_was_held),
		cmocka_unit_test(test_reload_makes_up_for_what_was_held_in_order),
		cmocka_unit_test(test_restore_knows_of_a_window_that_nothing_came_into),
		cmocka_unit_test(test_restored_windows_wait_for_a_reading_after_a_reload_too),
		cmocka_unit_test(
			test_restore_waits_for_a_reading_where_the_rule_read_none_before),
		cmocka_unit_test(test_restore_waits_for_devices_inside_of_functions),
		cmocka_unit_test(
			test_restored_rules_clear_only_when_confirmed_after_a_reload_too),
		cmocka_unit_test(test_restore_goes_on_to_wait_until_a_rule_is_blind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
