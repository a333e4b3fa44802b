/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Tests of the engine in a plant where things go wrong: clocks, storms, values that stand. */
#include "rules/engine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "model/point.h"
#include "rules_case.h"

#define HOUR INT64_C(3600)

static void start(struct rules_case *c, const char *text)
{
	rules_case_init(c, text);
	assert_string_equal(conf_case_said(&c->conf), "");
	rules_case_start(c);
}

/* ---- values ---------------------------------------------------------------------------- */

static void test_fault_A5_a_value_that_stands_still_is_told(void **state)
{
	struct rules_case c;

	(void)state;
	start(&c, "rules:\n"
		  "  frozen: {when: 'spread(x.a, 64s) == 0 and count(x.a, 64s) >= 5'}\n"
		  "  silent: {when: age(x.a) > 20s}\n");
	for (int i = 0; i < 5; i++)
		feed_number(&c, i, "x.a", 20 + 0.1 * i);
	assert_log(&c, "");
	for (int i = 5; i < 80; i++)
		feed_number(&c, i, "x.a", 20.5);
	/* The last other reading, of 4 s, has left the window, which keeps parts of 2 s. */
	assert_log(&c, "68.000000000 frozen fire ok->firing warning \"\" x.a=20.5\n");
	feed_number(&c, 80, "x.a", 20.6);
	assert_log(&c, "80.000000000 frozen clear firing->ok warning active=12.000000000 \"\" "
		       "x.a=20.6\n");
	/* A wire that is cut is another matter, and another rule. */
	tick(&c, 105);
	assert_log(&c, "100.000000001 silent fire ok->firing warning \"\" x.a=20.6\n");
	rules_case_done(&c);
}

static void test_fault_A13_what_overflows_in_a_window_is_unknown_and_over(void **state)
{
	struct engine_point seen;
	struct rules_case c;
	uint32_t sum;

	(void)state;
	start(&c, "derived: {d.sum: {value: 'sum(x.a, 32s)'}}\n"
		  "rules: {big: {when: d.sum > 5, for: 1s}, small: {when: d.sum <= 5}}\n");
	sum = point_table_find(c.points, "d.sum", 5);
	feed_number(&c, 1, "x.a", 1e308);
	feed_number(&c, 2, "x.a", 1e308);
	engine_point(c.engine, sum, (struct boot){2 * NSEC_PER_SEC}, &seen);
	assert_int_equal(seen.value.kind, VALUE_NONE);
	assert_int_equal(rules_case_state(&c), RULE_PENDING);
	for (int i = 3; i < 60; i++)
		feed_number(&c, i, "x.a", i < 40 ? NAN : 0.5);
	engine_point(c.engine, sum, (struct boot){59 * NSEC_PER_SEC}, &seen);
	assert_int_equal(seen.value.kind, VALUE_NUMBER);
	assert_float_equal(seen.value.number, 0.5 * 20, 1e-9);
	rules_case_done(&c);
}

/* ---- clocks ---------------------------------------------------------------------------- */

/* CLOCK_BOOTTIME goes on while the box sleeps: what is an hour old looks it. */
static void test_fault_G3_what_was_read_before_a_suspend_is_old_after_it(void **state)
{
	struct engine_point seen;
	struct rules_case c;
	uint32_t temp;

	(void)state;
	start(&c, "rules:\n"
		  "  hot: {when: boiler.temp > 80, for: 10m}\n"
		  "  low: {when: boiler.temp < 5, clear_for: 10m}\n"
		  "  silent: {when: age(boiler.temp) > 1m}\n"
		  "  mean: {when: 'avg(boiler.temp, 320s) > 80 degC', on_unknown: clear}\n");
	temp = point_table_find(c.points, "boiler.temp", 11);
	feed_number(&c, 10, "boiler.temp", 90);
	assert_log(&c, "10.000000000 hot pending ok->pending warning \"\" boiler.temp=90\n"
		       "10.000000000 mean fire ok->firing warning \"\" boiler.temp=90\n");
	/* It sleeps from 20 s on, for an hour; somebody asks before anything is read. */
	engine_point(c.engine, temp, (struct boot){(HOUR + 20) * NSEC_PER_SEC}, &seen);
	assert_int_equal(seen.quality, QUALITY_STALE);
	assert_int_equal(seen.value.kind, VALUE_NONE);
	/* The first reading afterwards: 'hot' was known for 30 s, until it went stale. */
	feed_number(&c, HOUR + 20, "boiler.temp", 90);
	assert_log(&c, "70.000000001 silent fire ok->firing warning \"\" "
		       "boiler.temp=unknown(stale)\n"
		       "330.000000000 mean clear firing->ok warning active=320.000000000 \"\" "
		       "boiler.temp=unknown(stale)\n"
		       "3620.000000000 silent clear firing->ok warning active=3549.999999999 "
		       "\"\" boiler.temp=90\n"
		       "3620.000000000 mean fire ok->firing warning \"\" boiler.temp=90\n");
	for (int i = 1; i < 57; i++)
		feed_number(&c, (double)(HOUR + 20 + 10 * i), "boiler.temp", 90);
	assert_log(&c, "");
	for (int i = 57; i < 59; i++)
		feed_number(&c, (double)(HOUR + 20 + 10 * i), "boiler.temp", 90);
	/* 10 minutes of knowing are over 30 s before 10 minutes after the sleep. */
	assert_log(&c, "4190.000000000 hot fire pending->firing warning \"\" boiler.temp=90\n");
	rules_case_done(&c);
}

/* Where counters of milliseconds or seconds are full, or a double has no more nanoseconds. */
static const int64_t edges[] = {
	INT64_C(4294967296) * NSEC_PER_MSEC, /* 2^32 ms: 49.7 days */
	INT64_C(2147483648) * NSEC_PER_MSEC,
	INT64_C(2147483648) * NSEC_PER_SEC,
	INT64_C(4294967296) * NSEC_PER_SEC,
	INT64_C(9007199254740992), /* 2^53 ns */
	INT64_C(100) * 366 * 24 * 3600 * NSEC_PER_SEC,
};

struct shifted {
	struct str log;
	int64_t by;
};

static void shifted_event(void *arg, const struct event *event)
{
	struct shifted *shifted = arg;
	struct event copy = *event;

	copy.at.ns -= shifted->by;
	engine_log_line(&copy, &shifted->log);
}

/* A life of two minutes, and the edge in the midst of it. */
static void live_at(const struct rules_case *c, int64_t by, struct shifted *ret)
{
	const struct engine_sink sink = {.event = shifted_event, .arg = ret};
	struct engine *engine, *next;
	struct reading reading = {.point = 0};

	str_init(&ret->log);
	ret->by = by;
	engine = engine_new(c->set, c->points, sink, (struct boot){by});
	for (int i = 0; i < 120; i++) {
		reading.at.ns = by + i * NSEC_PER_SEC;
		reading.value = value_number(i % 16 < 9 ? 2 : i % 3);
		if (i < 50 || i > 90)
			engine_feed(engine, &reading);
		engine_tick(engine, reading.at);
		if (i == 30)
			engine_shelve(engine, 1, boot_add(reading.at, 7 * NSEC_PER_SEC),
				      reading.at);
		if (i == 58) {
			next = engine_new(c->set, c->points, sink, reading.at);
			engine_adopt(next, engine, reading.at);
			engine_free(engine);
			engine = next;
		}
	}
	engine_tick(engine, (struct boot){by + 300 * NSEC_PER_SEC});
	engine_free(engine);
}

static void test_fault_G5_no_uptime_is_a_special_one(void **state)
{
	struct shifted plain, other;
	struct rules_case c;

	(void)state;
	start(&c,
	      "rules:\n"
	      "  a: {when: x.a > 1, for: 3s, clear_for: 5s, repeat: 1s, blind_after: 9s}\n"
	      "  b: {when: 'held(x.a > 1, 3s)', message: '${rule.active_for} ${age(x.a)}'}\n"
	      "  c: {when: 'avg(x.a, 32s) > 1.5', flap: {changes: 3, in: 40s}}\n"
	      "  d: {when: 'slope(x.a, 32s) > 0 or tavg(x.a, 32s) > 1.7'}\n"
	      "  e: {when: age(x.a) > 3s or since(x.a > 1) > 2s, max_rate: 3/1m}\n"
	      "  f: {when: 'quantile(x.a, 0.9, 64s) > ewma(x.a, 3s)', min_interval: 9s}\n");
	live_at(&c, 0, &plain);
	assert_true(plain.log.len > 2000);
	for (size_t i = 0; i < ARRAY_SIZE(edges); i++) {
		/* Windows keep parts that are counted from 0: whole ones between the lives. */
		live_at(&c, (edges[i] / (2 * NSEC_PER_SEC) - 30) * 2 * NSEC_PER_SEC, &other);
		assert_string_equal(other.log.s, plain.log.s);
		str_done(&other.log);
	}
	str_done(&plain.log);
	rules_case_done(&c);
}

/* ---- storms ---------------------------------------------------------------------------- */

enum { STORM_PER_S = 50000, STORM_S = 10 };

/* By rule: alarms and their ends as they ran actions, and whether one was told and not ended.
 */
struct storm {
	uint64_t fires, clears, others, held;
	bool told;
	int64_t last_at;
	int64_t said[20]; /* the last times that actions ran */
	uint64_t runs;
	int64_t closest; /* of 20 that followed each other */
};

static void storm_event(void *arg, const struct event *event)
{
	struct storm *storm = (struct storm *)arg + event->rule;
	int64_t *oldest = &storm->said[storm->runs % ARRAY_SIZE(storm->said)];

	if (event->held) {
		storm->held++;
		return;
	}
	switch ((int)event->type) {
	case EVENT_FIRE:
		assert_false(storm->told);
		storm->told = true;
		storm->fires++;
		break;
	case EVENT_CLEAR:
		assert_true(storm->told);
		storm->told = false;
		storm->clears++;
		break;
	default:
		storm->others++;
		break;
	}
	if (storm->runs >= ARRAY_SIZE(storm->said) && event->at.ns - *oldest < storm->closest)
		storm->closest = event->at.ns - *oldest;
	*oldest = event->at.ns;
	storm->runs++;
}

static void blow(struct engine *engine)
{
	struct reading reading = {.point = 0};

	for (int64_t i = 0; i < (int64_t)STORM_PER_S * STORM_S; i++) {
		reading.at.ns = i * (NSEC_PER_SEC / STORM_PER_S);
		reading.value = value_number(i % 2 == 0 ? 1 : 0);
		engine_feed(engine, &reading);
		engine_settle(engine);
	}
	/* It ends true. */
	reading.at.ns += NSEC_PER_SEC / STORM_PER_S;
	reading.value = value_number(1);
	engine_feed(engine, &reading);
	engine_settle(engine);
}

static void test_fault_I5_a_storm_loses_no_edge_of_an_alarm(void **state)
{
	const uint64_t edges_up = (uint64_t)STORM_PER_S * STORM_S / 2 + 1;
	struct storm storms[4] = {{0}};
	struct engine_rule rule;
	struct rules_case c;
	struct engine *engine;

	(void)state;
	start(&c, "rules:\n"
		  "  alarm: {when: x.a > 0.5}\n"
		  "  rated: {when: x.a > 0.5, max_rate: 20/s}\n"
		  "  flappy: {when: x.a > 0.5, flap: {changes: 6, in: 1s}}\n"
		  "  click: {on: rises(x.a > 0.5), max_rate: 20/s}\n");
	for (size_t i = 0; i < ARRAY_SIZE(storms); i++)
		storms[i].closest = INT64_MAX;
	engine = engine_new(c.set, c.points, (struct engine_sink){storm_event, storms},
			    (struct boot){0});
	blow(engine);
	engine_tick(engine, (struct boot){(STORM_S + 10) * NSEC_PER_SEC});
	/* Without limits each edge is told, none twice. */
	assert_int_equal(storms[0].fires, edges_up);
	assert_int_equal(storms[0].clears, edges_up - 1);
	assert_int_equal(storms[0].held, 0);
	for (uint32_t i = 0; i < ARRAY_SIZE(storms); i++) {
		engine_rule(engine, i, &rule);
		/* What was left out is counted: with what was said it is all there was. */
		if (i < 3) {
			assert_int_equal(rule.fired, edges_up);
			assert_int_equal(rule.cleared, edges_up - 1);
			/* Whoever was told last knows how it stands. */
			assert_true(storms[i].told);
			assert_int_equal(storms[i].fires, storms[i].clears + 1);
		}
		assert_true(i == 0 ? rule.left_out == 0 : rule.left_out > edges_up / 2);
	}
	/* No 21 within a second. */
	assert_true(storms[1].runs >= 20 * (STORM_S - 1));
	assert_true(storms[1].closest >= NSEC_PER_SEC);
	assert_true(storms[3].closest >= NSEC_PER_SEC);
	assert_true(storms[3].runs >= 20 * (STORM_S - 1) - 1);
	engine_rule(engine, 3, &rule);
	assert_int_equal(storms[3].runs + rule.left_out, edges_up - 1);
	/* One notice, one calm, and what became of it. */
	assert_int_equal(storms[2].others, 2);
	assert_true(storms[2].fires <= 4);
	engine_free(engine);
	rules_case_done(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fault_A5_a_value_that_stands_still_is_told),
		cmocka_unit_test(test_fault_A13_what_overflows_in_a_window_is_unknown_and_over),
		cmocka_unit_test(test_fault_G3_what_was_read_before_a_suspend_is_old_after_it),
		cmocka_unit_test(test_fault_G5_no_uptime_is_a_special_one),
		cmocka_unit_test(test_fault_I5_a_storm_loses_no_edge_of_an_alarm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
