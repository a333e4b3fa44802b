/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "model/point.h"
#include "rules/node.h"
#include "rules/ruleset.h"
#include "rules/window.h"
#include "rules_case.h"

static void start(struct rules_case *c, const char *text, int64_t interval_ns)
{
	rules_case_init_polled(c, text, interval_ns);
	assert_string_equal(conf_case_said(&c->conf), "");
	rules_case_start(c);
}

/* The outermost window of all: it is compiled last. */
static void last_window(const struct rules_case *c, struct window_spec *ret)
{
	const struct program *program = ruleset_program(c->set);

	for (uint32_t i = 0; i < program->node_count; i++) {
		if (program->nodes[i].kind == NODE_WINDOW)
			node_window_spec(&program->nodes[i], ret);
	}
}

static void test_interval_follows_from_all_that_makes_samples(void **state)
{
	static const struct {
		const char *expr;
		double poll_s, a_second; /* samples; 0: not known */
	} rows[] = {
		{"count(x.a, 60s) > 1", 1, 1},
		{"count(x.a, 60s) > 1", 0, 0},
		{"count(x.a - x.b, 60s) > 1", 1, 2},
		{"count(x.a - x.a, 60s) > 1", 1, 1},
		{"share(bad(boiler), 60s) > 1", 1, 4},
		/* goes stale after 30 s, before it is read again */
		{"count(x.a, 1h) > 1", 40, 2 / 40.0},
		{"share(age(x.a) > 0.5s, 60s) > 1", 1, 2},
		{"share(age(x.a) > 5s, 60s) > 1", 1, 1},
		/* what comes in goes out, at another instant */
		{"max(avg(x.a, 10s), 60s) > 1", 1, 2},
		{"max(avg(x.a, 320s), 3600s) > 1", 1, 1 + 0.1},
		{"max(tavg(x.a, 32s), 60s) > 1", 1, 1 + 1 + 1},
		{"max(max(avg(x.a, 10s), 10s), 60s) > 1", 1, 1 + 1 + 2},
		{"share(held(x.p, 5s), 60s) > 1", 1, 2},
		{"share(since(x.p) > 5s, 60s) > 1", 1, 2},
		{"max(ewma(x.a, 5s), 60s) > 1", 1, 1},
		{"max(prev(avg(x.a, 10s)), 60s) > 1", 1, 1},
		{"max(avg(x.a, 10s) + prev(avg(x.a, 10s)), 60s) > 1", 1, 2},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct window_spec spec = {0};
		struct rules_case c;
		char text[200];
		double rate;

		snprintf(text, sizeof(text), "rules: {r: {when: '%s'}}\n", rows[i].expr);
		start(&c, text, (int64_t)(rows[i].poll_s * 1e9));
		last_window(&c, &spec);
		rate = spec.interval_ns > 0 ? 1e9 / (double)spec.interval_ns : 0;
		if (rate < rows[i].a_second * 0.999999 || rate > rows[i].a_second * 1.000001)
			fail_msg("%s: %g samples a second, not %g", rows[i].expr, rate,
				 rows[i].a_second);
		rules_case_done(&c);
	}
}

static void test_interval_is_the_poll_to_the_nanosecond(void **state)
{
	static const int64_t polls[] = {1000000,    100000000,	 300000000,    1000000000,
					7000000000, 60000000000, 3600000000000};

	(void)state;
	for (size_t i = 0; i < sizeof(polls) / sizeof(*polls); i++) {
		struct window_spec spec = {0};
		struct rules_case c;

		start(&c, "rules: {r: {when: 'avg(x.a, 2h) > 1'}}\n", polls[i]);
		last_window(&c, &spec);
		if (spec.interval_ns != (polls[i] < 30000000000 ? polls[i] : polls[i] / 2))
			fail_msg("%jd ns became %jd", (intmax_t)polls[i],
				 (intmax_t)spec.interval_ns);
		rules_case_done(&c);
	}
}

static void test_256_expected_samples_are_kept(void **state)
{
	struct window_spec spec = {0};
	struct rules_case c;

	(void)state;
	start(&c, "rules: {r: {when: 'avg(x.a, 256s) > 1'}}\n", NSEC_PER_SEC);
	last_window(&c, &spec);
	assert_int_equal(window_form(&spec), WINDOW_EXACT);
	rules_case_done(&c);
	start(&c, "rules: {r: {when: 'avg(x.a, 257s) > 1'}}\n", NSEC_PER_SEC);
	last_window(&c, &spec);
	assert_int_equal(window_form(&spec), WINDOW_PANED);
	rules_case_done(&c);
}

static void test_window_of_a_window_loses_nothing(void **state)
{
	struct engine_point seen;
	struct rules_case c;
	uint32_t n;

	(void)state;
	start(&c,
	      "derived: {n: {value: 'count(avg(x.a, 10.5s), 60s)'}}\n"
	      "rules: {r: {when: 'n > 1000'}}\n",
	      NSEC_PER_SEC);
	for (int i = 1; i <= 200; i++)
		feed_number(&c, i, "x.a", i * i);
	tick(&c, 200.6);
	n = point_table_find(c.points, "n", 1);
	engine_point(c.engine, n, (struct boot){200600000000}, &seen);
	/* one each second as a reading comes, and one half a second later as one leaves */
	assert_true(seen.value.number == 120);
	rules_case_done(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_interval_follows_from_all_that_makes_samples),
		cmocka_unit_test(test_interval_is_the_poll_to_the_nanosecond),
		cmocka_unit_test(test_256_expected_samples_are_kept),
		cmocka_unit_test(test_window_of_a_window_loses_nothing),
	};

	return cmocka_run_group_tests_name("sampling", tests, NULL, NULL);
}
