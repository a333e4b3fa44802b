/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Whether a bus has time for its requests, and what comes of it if not. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/str.h"
#include "inputs/input.h"
#include "inputs/modbus.h"
#include "inputs/plan.h"
#include "modbus_case.h"

enum { MOST = 100 };

/* What the bus of the test repeats. */
struct input_config {
	size_t count;
	struct plan_request requests[MOST];
};

static bool told(const struct input_config *config, size_t n, struct plan_request *ret)
{
	if (n == config->count)
		return false;
	*ret = config->requests[n];
	return true;
}

static const struct input_type asking = {.key = "test", .plan = told};
static const struct input_type listening = {.key = "test"};

static void add(struct input_config *config, int unit, int64_t interval_ms, int64_t takes_ms)
{
	config->requests[config->count++] = (struct plan_request){
		.device = "d",
		.unit = unit,
		.interval_ns = interval_ms * NSEC_PER_MSEC,
		.takes_ns = takes_ms * NSEC_PER_MSEC,
	};
}

static void test_driver_that_only_listens_has_no_plan(void **state)
{
	struct input_config config = {0};

	assert_null(plan_new(&listening, &config));
}

static void test_bus_without_requests_takes_no_time(void **state)
{
	struct input_config config = {0};
	struct plan *plan = plan_new(&asking, &config);

	assert_int_equal(plan->count, 0);
	assert_false(plan->timed);
	plan_free(plan);
}

static void test_shares_are_added_up(void **state)
{
	struct input_config config = {0};
	struct plan *plan;

	add(&config, 1, 1000, 50);
	add(&config, 2, 500, 100);
	add(&config, 2, 60000, 60);
	plan = plan_new(&asking, &config);
	assert_true(plan->timed);
	assert_true(fabs(plan->use - 0.251) < 1e-9);
	assert_true(fabs(plan->rate - (1 + 2 + 1 / 60.0)) < 1e-9);
	assert_null(plan->slowest);
	for (size_t i = 0; i < plan->count; i++)
		assert_int_equal(plan->requests[i].possible_ns, plan->requests[i].interval_ns);
	plan_free(plan);
}

static void test_one_request_without_a_time_leaves_the_bus_without(void **state)
{
	struct input_config config = {0};
	struct plan *plan;

	add(&config, 1, 10, 50);
	add(&config, 2, 500, 0);
	plan = plan_new(&asking, &config);
	assert_false(plan->timed);
	assert_null(plan->slowest);
	plan_free(plan);
}

static void test_one_unit_that_asks_for_too_much_is_stretched(void **state)
{
	struct input_config config = {0};
	struct plan *plan;

	add(&config, 1, 1000, 670);
	add(&config, 1, 1000, 670);
	plan = plan_new(&asking, &config);
	assert_true(fabs(plan->use - 1.34) < 1e-9);
	assert_ptr_equal(plan->slowest, &plan->requests[0]);
	for (size_t i = 0; i < 2; i++)
		assert_in_range(plan->requests[i].possible_ns, 1339 * NSEC_PER_MSEC,
				1341 * NSEC_PER_MSEC);
	plan_free(plan);
}

static void test_unit_that_asks_for_little_gets_all_of_it(void **state)
{
	struct input_config config = {0};
	struct plan *plan;

	add(&config, 1, 10000, 100);
	for (int i = 0; i < 10; i++)
		add(&config, 2, 500, 99);
	plan = plan_new(&asking, &config);
	assert_int_equal(plan->requests[0].possible_ns, plan->requests[0].interval_ns);
	/* 99 % of the time is left for ten. */
	assert_in_range(plan->requests[5].possible_ns, 999 * NSEC_PER_MSEC,
			1001 * NSEC_PER_MSEC);
	plan_free(plan);
}

/* A bus as modbus_queue and modbus_poll drive it: turns, and one late poll that is kept. */
struct line {
	const struct plan *plan;
	size_t waiting[MOST], waiting_count; /* by when they came */
	bool queued[MOST], late[MOST];
	int64_t due[MOST];
	uint64_t polls[MOST];
	int64_t turn[256]; /* when the unit had its last */
};

static void line_due(struct line *line, int64_t now)
{
	for (size_t i = 0; i < line->plan->count; i++) {
		if (line->due[i] > now)
			continue;
		line->due[i] +=
			((now - line->due[i]) / line->plan->requests[i].interval_ns + 1) *
			line->plan->requests[i].interval_ns;
		if (line->queued[i]) {
			line->late[i] = true;
			continue;
		}
		line->queued[i] = true;
		line->waiting[line->waiting_count++] = i;
	}
}

/* Of the unit whose last turn is longest ago the one that waits longest. */
static size_t line_next(struct line *line)
{
	size_t best = 0, next;

	for (size_t i = 1; i < line->waiting_count; i++) {
		if (line->turn[line->plan->requests[line->waiting[i]].unit] <
		    line->turn[line->plan->requests[line->waiting[best]].unit])
			best = i;
	}
	next = line->waiting[best];
	line->waiting_count--;
	memmove(&line->waiting[best], &line->waiting[best + 1],
		(line->waiting_count - best) * sizeof(line->waiting[0]));
	return next;
}

static void line_run(struct line *line, int64_t end)
{
	int64_t now = 0;

	while (now < end) {
		size_t i;

		line_due(line, now);
		if (line->waiting_count == 0) {
			now += NSEC_PER_MSEC;
			continue;
		}
		i = line_next(line);
		line->turn[line->plan->requests[i].unit] = now;
		now += line->plan->requests[i].takes_ns;
		line->polls[i]++;
		line_due(line, now);
		line->queued[i] = line->late[i];
		line->late[i] = false;
		if (line->queued[i])
			line->waiting[line->waiting_count++] = i;
	}
}

/* Units of few and of many requests: what is said is what such a bus does. */
static void test_what_is_possible_is_what_a_full_line_does(void **state)
{
	const int64_t end = 3000 * NSEC_PER_SEC;
	struct random random;
	int full = 0;

	random_init(&random, 5);
	for (int round = 0; round < 20; round++) {
		struct input_config config = {0};
		struct line *line = xcalloc(1, sizeof(*line));
		struct plan *plan;

		for (int unit = 1; unit <= 6; unit++) {
			int64_t blocks = random_between(&random, 1, 6);
			int64_t interval = random_between(&random, 200, 3000);

			for (int64_t i = 0; i < blocks; i++)
				add(&config, unit, interval, random_between(&random, 30, 300));
		}
		plan = plan_new(&asking, &config);
		line->plan = plan;
		full += plan->use > 1.1;
		for (size_t i = 0; i < plan->count; i++)
			line->due[i] = random_between(&random, 0, NSEC_PER_SEC);
		line_run(line, end);
		for (size_t i = 0; i < plan->count; i++) {
			double every = (double)end / (double)line->polls[i];
			double possible = (double)plan->requests[i].possible_ns;

			if (fabs(every / possible - 1) > 0.1)
				fail_msg("round %d, request %zu of unit %d: %.3f s, not %.3f s",
					 round, i, plan->requests[i].unit, every / 1e9,
					 possible / 1e9);
		}
		plan_free(plan);
		free(line);
	}
	assert_in_range(full, 10, 20);
}

static void test_times_are_short(void **state)
{
	static const struct {
		int64_t ns;
		const char *text;
	} cases[] = {
		{1700000, "1.7 ms"},
		{35200000, "35 ms"},
		{820000000, "820 ms"},
		{INT64_C(1000000000), "1 s"},
		{INT64_C(1790000000), "1.8 s"},
		{INT64_C(75000000000), "75 s"},
		{INT64_C(3600000000000), "3600 s"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct str text;

		str_init(&text);
		plan_add_time(&text, cases[i].ns);
		assert_string_equal(text.s, cases[i].text);
		str_done(&text);
	}
}

static struct plan *modbus_plan(struct modbus_case *c, const char *yaml)
{
	modbus_case_init(c, yaml, 502);
	if (c->config == NULL)
		fail_msg("%s", conf_case_said(&c->conf));
	return plan_new(&input_modbus, c->config);
}

/* By hand: 8 characters, 5 + 2 * 10 of an answer, two gaps of 3.5, and 10 ms. */
static void test_modbus_request_takes_its_frames_gaps_and_turnaround(void **state)
{
	struct modbus_case *c = xcalloc(1, sizeof(*c));
	struct plan *plan = modbus_plan(
		c, "buses: {m: {modbus: 'rtu:///dev/ttyS0', baud: 9600, parity: even}}\n"
		   "devices: {a: {bus: m, unit: 9, poll: 2s, points: {x: {input: 12, type: "
		   "float32}, y: {input: 20, type: float32}, z: {coil: 3}, w: {coil: 12}}}}\n");
	const double character = 11e9 / 9600;

	assert_int_equal(plan->count, 2);
	assert_true(plan->timed);
	assert_string_equal(plan->requests[0].table, "coil");
	assert_int_equal(plan->requests[0].count, 10);
	assert_int_equal(plan->requests[0].unasked, 8);
	assert_true(fabs((double)plan->requests[0].takes_ns - (8 + 5 + 2 + 7) * character -
			 10e6) < 1e4);
	assert_string_equal(plan->requests[1].table, "input");
	assert_string_equal(plan->requests[1].device, "a");
	assert_int_equal(plan->requests[1].unit, 9);
	assert_int_equal(plan->requests[1].function, 4);
	assert_int_equal(plan->requests[1].address, 12);
	assert_int_equal(plan->requests[1].count, 10);
	assert_int_equal(plan->requests[1].unasked, 6);
	assert_int_equal(plan->requests[1].points, 2);
	assert_true(fabs((double)plan->requests[1].takes_ns - (8 + 5 + 20 + 7) * character -
			 10e6) < 1e4);
	plan_free(plan);
	modbus_case_done(c);
	free(c);
}

static void test_modbus_time_is_not_known_by_tcp(void **state)
{
	static const char *const buses[] = {"tcp://h", "rtu+tcp://h:1"};

	for (size_t i = 0; i < ARRAY_SIZE(buses); i++) {
		struct modbus_case *c = xcalloc(1, sizeof(*c));
		char yaml[200];
		struct plan *plan;

		snprintf(yaml, sizeof(yaml),
			 "buses: {m: {modbus: '%s'}}\n"
			 "devices: {a: {bus: m, poll: 100ms, points: {x: {input: 12}}}}\n",
			 buses[i]);
		plan = modbus_plan(c, yaml);
		assert_int_equal(plan->count, 1);
		assert_false(plan->timed);
		assert_true(fabs(plan->rate - 10) < 1e-9);
		plan_free(plan);
		modbus_case_done(c);
		free(c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_driver_that_only_listens_has_no_plan),
		cmocka_unit_test(test_bus_without_requests_takes_no_time),
		cmocka_unit_test(test_shares_are_added_up),
		cmocka_unit_test(test_one_request_without_a_time_leaves_the_bus_without),
		cmocka_unit_test(test_one_unit_that_asks_for_too_much_is_stretched),
		cmocka_unit_test(test_unit_that_asks_for_little_gets_all_of_it),
		cmocka_unit_test(test_what_is_possible_is_what_a_full_line_does),
		cmocka_unit_test(test_times_are_short),
		cmocka_unit_test(test_modbus_request_takes_its_frames_gaps_and_turnaround),
		cmocka_unit_test(test_modbus_time_is_not_known_by_tcp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
