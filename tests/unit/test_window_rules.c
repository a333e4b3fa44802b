/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "model/point.h"
#include "rules/ruleset.h"
#include "rules_case.h"

/* Windows as rules see them; what they compute is test_window.c's. */

static void start(struct rules_case *c, const char *text)
{
	rules_case_init(c, text);
	assert_string_equal(conf_case_said(&c->conf), "");
	assert_non_null(c->set);
	rules_case_start(c);
}

static const struct point *declared(const struct rules_case *c, const char *name)
{
	return point_table_get(c->points, point_table_find(c->points, name, strlen(name)));
}

static void assert_value(const struct rules_case *c, double at, const char *name, double number)
{
	uint32_t id = point_table_find(c->points, name, strlen(name));
	struct engine_point seen;

	engine_point(c->engine, id, (struct boot){llround(at * 1e9)}, &seen);
	if (isnan(number)) {
		if (seen.value.kind != VALUE_NONE)
			fail_msg("%s at %g is %g, not unknown", name, at, seen.value.number);
		return;
	}
	if (seen.value.kind != VALUE_NUMBER || fabs(seen.value.number - number) > 1e-9)
		fail_msg("%s at %g is %g, not %g", name, at,
			 seen.value.kind == VALUE_NUMBER ? seen.value.number : NAN, number);
}

static void test_window_fires_and_empties_without_a_reading(void **state)
{
	struct rules_case c;

	(void)state;
	start(&c, "rules:\n"
		  "  high: {when: 'avg(x.a, 32s) > 5', message: '${avg(x.a, 32s)}'}\n"
		  "  few: {when: 'count(x.a, 32s) < 1'}\n");
	feed_number(&c, 1, "x.a", 4);
	feed_number(&c, 2, "x.a", 10);
	tick(&c, 10);
	assert_log(&c, "2.000000000 high fire ok->firing warning \"7\" x.a=10\n");
	tick(&c, 40);
	/* empty: unknown, which holds the alarm, while a count is never unknown */
	assert_log(&c, "34.000000000 few fire ok->firing warning \"\" x.a=unknown(stale)\n");
	assert_int_equal(rules_case_state(&c), RULE_FIRING);
	rules_case_done(&c);
}

static void test_units_of_what_windows_yield(void **state)
{
	struct rules_case c;

	(void)state;
	start(&c,
	      "derived:\n"
	      "  mean: {value: 'avg(boiler.temp, 64s)'}\n"
	      "  top: {value: 'max(boiler.temp, 64s)'}\n"
	      "  swing: {value: 'spread(boiler.temp, 64s)'}\n"
	      "  climb: {value: 'slope(boiler.temp, 64s)', unit: K/min}\n"
	      "  sink: {value: 'rate(tank.fill, 64s)', unit: '%/min'}\n"
	      "  level: {value: 'rate(tank.level, 64s)'}\n"
	      "  work: {value: 'integral(point(\"meter-3.power\"), 64s)', unit: kWh}\n"
	      "  busy: {value: 'share(pump.running, 64s)', unit: '%'}\n"
	      "  n: {value: 'changes(boiler.mode, 64s)'}\n"
	      "rules: {r: {when: 'slope(tank.fill, 2m) < -1.5 [%/min] and pump.running'}}\n");
	assert_string_equal(declared(&c, "mean")->unit_text, "degC");
	assert_true(declared(&c, "mean")->unit.absolute);
	assert_string_equal(declared(&c, "top")->unit_text, "degC");
	assert_string_equal(declared(&c, "swing")->unit_text, "K");
	assert_false(declared(&c, "swing")->unit.absolute);
	assert_string_equal(declared(&c, "level")->unit_text, "m/s");
	for (int i = 0; i <= 30; i++) {
		feed_number(&c, i, "boiler.temp", 60 + i);
		feed_number(&c, i, "tank.fill", 80 - i * 0.1);
		feed_number(&c, i, "tank.level", 2);
		feed_number(&c, i, "meter-3.power", 3600);
		feed_bool(&c, i, "pump.running", i >= 15);
		feed_text(&c, i, "boiler.mode", i < 10 ? "auto" : "hand");
	}
	assert_value(&c, 30, "mean", 75);
	assert_value(&c, 30, "top", 90);
	assert_value(&c, 30, "swing", 30);
	assert_value(&c, 30, "climb", 60);
	assert_value(&c, 30, "sink", -6);
	assert_value(&c, 30, "level", 0);
	assert_value(&c, 30, "work", 0.03);
	assert_value(&c, 30, "busy", 50);
	assert_value(&c, 30, "n", 1);
	assert_int_equal(rules_case_state(&c), RULE_FIRING);
	rules_case_done(&c);
}

static void test_failed_reading_is_no_sample_and_staleness_a_gap(void **state)
{
	struct rules_case c;

	(void)state;
	start(&c, "derived:\n"
		  "  n: {value: 'count(x.a, 320s)'}\n"
		  "  t: {value: 'tavg(x.a, 320s)'}\n"
		  "rules: {r: {when: n > 100}}\n");
	feed_number(&c, 0, "x.a", 10);
	feed_bad(&c, 5, "x.a", BAD_TIMEOUT);
	feed_bad(&c, 10, "x.a", BAD_CRC);
	tick(&c, 11);
	assert_value(&c, 11, "n", 1);
	/* known from 0 to 30, unknown until 100, then known again */
	feed_number(&c, 100, "x.a", 40);
	feed_number(&c, 110, "x.a", 40);
	tick(&c, 110.5);
	assert_value(&c, 110.5, "n", 3);
	assert_value(&c, 110.5, "t", (10 * 30 + 40 * 10) / 40.0);
	rules_case_done(&c);
}

static void test_expression_is_sampled_when_any_input_reports(void **state)
{
	struct rules_case c;

	(void)state;
	start(&c, "derived:\n"
		  "  n: {value: 'count(x.a - x.b, 320s)'}\n"
		  "  m: {value: 'max(x.a - x.b, 320s)'}\n"
		  "rules: {r: {when: m > 100}}\n");
	feed_number(&c, 1, "x.a", 10);
	assert_value(&c, 1, "n", 0); /* not known yet */
	feed_number(&c, 2, "x.b", 4);
	feed_number(&c, 3, "x.a", 10);
	feed_number(&c, 4, "x.b", 1);
	assert_value(&c, 4, "n", 3);
	assert_value(&c, 4, "m", 9);
	rules_case_done(&c);
}

static void test_window_of_a_window_and_of_a_timer(void **state)
{
	struct rules_case c;

	(void)state;
	start(&c, "derived:\n"
		  "  smooth: {value: 'max(avg(x.a, 32s), 320s)'}\n"
		  "  silent: {value: 'share(age(x.a) >= 8s, 320s)'}\n"
		  "rules: {r: {when: smooth > 100}}\n");
	feed_number(&c, 1, "x.a", 1);
	feed_number(&c, 2, "x.a", 5);
	feed_number(&c, 3, "x.a", 0);
	assert_value(&c, 3, "smooth", 3);
	tick(&c, 20.5);
	/* looked at each tenth second of 320 / 32: silent from 11 on, known from 1 on */
	assert_value(&c, 20.5, "silent", 9 / 19.0);
	rules_case_done(&c);
}

static void test_quality_follows_the_input_of_a_window(void **state)
{
	struct engine_point seen;
	struct rules_case c;
	uint32_t id;

	(void)state;
	start(&c, "derived: {m: {value: 'avg(x.a, 320s)'}}\n"
		  "rules: {r: {when: m > 100}}\n");
	id = point_table_find(c.points, "m", 1);
	feed_number(&c, 1, "x.a", 5);
	engine_point(c.engine, id, (struct boot){2 * INT64_C(1000000000)}, &seen);
	assert_int_equal(seen.quality, QUALITY_GOOD);
	feed_bad(&c, 3, "x.a", BAD_OFFLINE);
	engine_point(c.engine, id, (struct boot){4 * INT64_C(1000000000)}, &seen);
	assert_int_equal(seen.quality, QUALITY_UNCERTAIN);
	assert_int_equal(seen.reason, BAD_OFFLINE);
	assert_value(&c, 4, "m", 5);
	rules_case_done(&c);
}

static void test_reload_keeps_a_window_and_a_changed_one_starts_empty(void **state)
{
	static const char before[] = "derived: {m: {value: 'max(x.a, 320s)'}}\n"
				     "rules: {r: {when: m > 100}}\n";
	struct rules_case c, next, other;

	(void)state;
	start(&c, before);
	feed_number(&c, 1, "x.a", 50);
	feed_number(&c, 2, "x.a", 3);
	start(&next, "derived: {m: {value: ' max( x.a,320s )'}}\n"
		     "rules: {q: {when: m > 100}}\n");
	engine_adopt(next.engine, c.engine, (struct boot){3 * INT64_C(1000000000)});
	assert_value(&next, 3, "m", 50);
	feed_number(&next, 4, "x.a", 60);
	assert_value(&next, 4, "m", 60);
	start(&other, "derived: {m: {value: 'max(x.a, 640s)'}}\n"
		      "rules: {r: {when: m > 100}}\n");
	engine_adopt(other.engine, c.engine, (struct boot){3 * INT64_C(1000000000)});
	assert_value(&other, 3, "m", NAN);
	feed_number(&other, 4, "x.a", 7);
	assert_value(&other, 4, "m", 7);
	rules_case_done(&c);
	rules_case_done(&next);
	rules_case_done(&other);
}

/* Three times as many readings as the poll says. */
static void test_samples_that_leave_early_are_counted(void **state)
{
	struct point fast = {.name = "y.a",
			     .device = "y",
			     .kind = VALUE_NUMBER,
			     .readable = true,
			     .low = 1,
			     .interval_ns = INT64_C(1000000000),
			     .stale_ns = INT64_C(30000000000)};
	static const char text[] = "rules: {r: {when: 'avg(y.a, 10s) > 5'}}\n";
	struct engine_counters counters;
	struct rules_case c = {0};

	(void)state;
	conf_case_init(&c.conf, text, strlen(text));
	c.points = rules_points(c.conf.arena);
	point_table_add(c.points, &fast);
	c.set = ruleset_parse(c.conf.arena, &c.conf.root, 1, c.points, NULL, c.conf.diags);
	assert_non_null(c.set);
	rules_case_start(&c);
	for (int i = 0; i < 10; i++)
		feed_number(&c, i, "y.a", i);
	engine_counters(c.engine, &counters);
	assert_int_equal(counters.window_overruns, 0);
	for (int i = 0; i < 60; i++)
		feed_number(&c, 10 + i / 3.0, "y.a", i);
	engine_counters(c.engine, &counters);
	assert_true(counters.window_overruns > 10);
	rules_case_done(&c);
}

static void test_functions_of_one_window_share_it(void **state)
{
	struct rules_case one, two, apart;

	(void)state;
	start(&one, "rules: {r: {when: 'avg(x.a, 320s) > 1 and avg(x.a, 320s) > 2'}}\n");
	start(&two, "rules: {r: {when: 'avg(x.a, 320s) > 1 and sum(x.a, 320s) > 2'}}\n");
	start(&apart, "rules: {r: {when: 'avg(x.a, 320s) > 1 and avg(x.a, 321s) > 2'}}\n");
	assert_true(engine_size(two.set) < engine_size(one.set) + 200);
	assert_true(engine_size(apart.set) > engine_size(two.set) + 400);
	rules_case_done(&one);
	rules_case_done(&two);
	rules_case_done(&apart);
}

static void test_what_windows_do_not_take_is_told(void **state)
{
	static const struct wrong_expr wrongs[] = {
		{"avg(x.p, 5m) > 1", 4, "expected a number, got true or false", NULL},
		{"share(x.a, 5m) > 1", 6, "expected true or false, got a number",
		 "hint: compare it: x > 0"},
		{"avg(x.a, 5) > 1", 9, "'avg' takes a constant time, got a number",
		 "hint: for example 5m"},
		{"avg(x.a, x.b) > 1", 9, "'avg' takes a constant time, got an expression",
		 "hint: for example 5m"},
		{"avg(x.a) > 1", 0, "'avg' takes 2 arguments, got 1", NULL},
		{"sum(boiler.temp, 5m) > 1", 0, "cannot sum up temperature [degC]",
		 "hint: its zero is arbitrary: subtract a reference first, (x - 20 degC)"},
		{"quantile(x.a, 2, 5m) > 1", 14,
		 "'quantile' takes a constant fraction from 0 to 1",
		 "hint: for example quantile(x, 95 %, 1h)"},
		{"avg(boiler.temp, 5m) > 3 bar", 21,
		 "cannot compare temperature [degC] with pressure [bar]", NULL},
		{"count(changed(x.a), 5m) > 1", 6, "'changed' is an instant: it has no past",
		 "hint: changes(x, 1h) counts how often x changed"},
		{"max(x.a, 0ms) > 1", 9, "the time of 'max' is from 1ms to 366d",
		 "hint: the larger of both is max(0s, x)"},
		{"min(x.a, 0s) > 1", 9, "the time of 'min' is from 1ms to 366d",
		 "hint: the smaller of both is min(0s, x)"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrongs) / sizeof(*wrongs); i++)
		assert_wrong("when", &wrongs[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_window_fires_and_empties_without_a_reading),
		cmocka_unit_test(test_units_of_what_windows_yield),
		cmocka_unit_test(test_failed_reading_is_no_sample_and_staleness_a_gap),
		cmocka_unit_test(test_expression_is_sampled_when_any_input_reports),
		cmocka_unit_test(test_window_of_a_window_and_of_a_timer),
		cmocka_unit_test(test_quality_follows_the_input_of_a_window),
		cmocka_unit_test(test_reload_keeps_a_window_and_a_changed_one_starts_empty),
		cmocka_unit_test(test_samples_that_leave_early_are_counted),
		cmocka_unit_test(test_functions_of_one_window_share_it),
		cmocka_unit_test(test_what_windows_do_not_take_is_told),
	};

	return cmocka_run_group_tests_name("window_rules", tests, NULL, NULL);
}
