/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Tests of slots and spans around the edges of local time, and of clocks that are set. */
#include "rules/calendar.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "rules/civil.h"
#include "rules/zone.h"

static const char berlin[] = "CET-1CEST,M3.5.0,M10.5.0/3";

enum { WEEK_ALL = 0x7f, H = 3600, M = 60, D = 86400 };

static struct arena *arena;

static int setup(void **state)
{
	(void)state;
	arena = arena_new();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static const struct zone *zone_of(const char *tz)
{
	const struct zone *zone = zone_from_rule(arena, tz, NULL);

	assert_non_null(zone);
	return zone;
}

/* "2026-03-29 01:00:00" of UTC. */
static struct wall utc(const char *text)
{
	int year, month, day, hour, minute, second;

	assert_int_equal(
		sscanf(text, "%d-%d-%d %d:%d:%d", &year, &month, &day, &hour, &minute, &second),
		6);
	return (struct wall){
		(civil_days(year, month, day) * D + hour * H + minute * M + second) *
		NSEC_PER_SEC};
}

static void assert_wall(struct wall at, const char *expected)
{
	struct civil civil;
	char text[64];

	civil_from(at.ns / NSEC_PER_SEC, &civil);
	snprintf(text, sizeof(text), "%04d-%02d-%02d %02d:%02d:%02d", (int)civil.year,
		 civil.month, civil.day, civil.tod / H, civil.tod / M % 60, civil.tod % M);
	assert_string_equal(text, expected);
	assert_int_equal(at.ns % NSEC_PER_SEC, 0);
}

/* The slots that follow after, all of them told. */
static void assert_slots(const struct calendar *calendar, const char *tz, const char *after,
			 const char *const *expected, size_t count)
{
	struct wall at = utc(after);

	for (size_t i = 0; i < count; i++) {
		at = calendar_next(calendar, zone_of(tz), at);
		assert_wall(at, expected[i]);
	}
}

static const struct calendar_slot half_past_two = {2 * H + 30 * M, WEEK_ALL, 0, false};
static const struct calendar daily = {0, 1, &half_past_two};

/* G4 */
static void test_slot_in_the_hour_that_is_skipped(void **state)
{
	static const char *const expected[] = {
		"2026-03-28 01:30:00",
		"2026-03-29 01:00:00", /* 02:00 becomes 03:00: the first instant after the gap
					*/
		"2026-03-30 00:30:00",
	};

	(void)state;
	assert_slots(&daily, berlin, "2026-03-27 12:00:00", expected, 3);
}

/* G4 */
static void test_slot_in_the_hour_that_comes_twice(void **state)
{
	static const char *const expected[] = {
		"2026-10-24 00:30:00",
		"2026-10-25 00:30:00", /* 02:30 of summer time; the other at 01:30 UTC */
		"2026-10-26 01:30:00",
	};

	(void)state;
	assert_slots(&daily, berlin, "2026-10-23 12:00:00", expected, 3);
}

static void test_slots_that_fall_on_one_instant_are_one_run(void **state)
{
	static const struct calendar_slot slots[] = {
		{2 * H, WEEK_ALL, 0, false},
		{2 * H + 30 * M, WEEK_ALL, 0, false},
		{3 * H, WEEK_ALL, 0, false},
	};
	static const struct calendar calendar = {0, ARRAY_SIZE(slots), slots};
	static const char *const expected[] = {
		"2026-03-28 02:00:00",
		"2026-03-29 01:00:00", /* all three */
		"2026-03-30 00:00:00",
	};

	(void)state;
	assert_slots(&calendar, berlin, "2026-03-28 01:30:00", expected, 3);
}

static void test_slot_on_days_of_the_month(void **state)
{
	static const struct calendar_slot last = {23 * H, 0, 0, true};
	static const struct calendar_slot day_31 = {0, 0, UINT32_C(1) << 31, false};
	static const struct calendar ends = {0, 1, &last}, days = {0, 1, &day_31};
	static const char *const expected_ends[] = {
		"2028-01-31 23:00:00",
		"2028-02-29 23:00:00",
		"2028-03-31 23:00:00",
		"2028-04-30 23:00:00",
	};
	static const char *const expected_days[] = {
		"2026-12-31 00:00:00", "2027-01-31 00:00:00", "2027-03-31 00:00:00",
		"2027-05-31 00:00:00", "2027-07-31 00:00:00", "2027-08-31 00:00:00",
	};

	(void)state;
	assert_slots(&ends, "UTC0", "2028-01-31 00:00:00", expected_ends, 4);
	assert_slots(&days, "UTC0", "2026-10-31 00:00:00", expected_days, 6);
}

static void test_next_slot_is_strictly_behind(void **state)
{
	struct wall slot = utc("2026-07-01 00:30:00");

	(void)state;
	assert_int_equal(calendar_next(&daily, zone_of(berlin), (struct wall){slot.ns - 1}).ns,
			 slot.ns);
	assert_wall(calendar_next(&daily, zone_of(berlin), slot), "2026-07-02 00:30:00");
	assert_wall(calendar_next(&daily, zone_of(berlin), (struct wall){slot.ns + 1}),
		    "2026-07-02 00:30:00");
	/* Before 1970 seconds are rounded down as well. */
	assert_wall(calendar_next(&daily, zone_utc(), utc("1965-02-28 02:29:59")),
		    "1965-02-28 02:30:00");
	assert_wall(calendar_next(&daily, zone_utc(),
				  (struct wall){utc("1965-02-28 02:30:00").ns - 1}),
		    "1965-02-28 02:30:00");
}

static void test_next_slot_at_the_ends_of_time(void **state)
{
	static const struct calendar none = {0, 0, NULL};
	struct wall edge;

	(void)state;
	assert_int_equal(calendar_next(&none, zone_utc(), utc("2026-01-01 00:00:00")).ns,
			 WALL_NEVER.ns);
	assert_int_equal(calendar_next(&daily, zone_of(berlin), WALL_NEVER).ns, WALL_NEVER.ns);
	assert_true(calendar_next(&daily, zone_of(berlin), (struct wall){INT64_MIN}).ns <
		    INT64_MIN + 2 * D * NSEC_PER_SEC);
	calendar_weekday(zone_of(berlin), (struct wall){INT64_MAX - 1}, &edge);
	assert_int_equal(edge.ns, WALL_NEVER.ns);
}

static void test_slots_between_two_instants(void **state)
{
	struct wall first = {7}, last = {8};
	const struct zone *zone = zone_of(berlin);

	(void)state;
	assert_int_equal(calendar_slots_between(&daily, zone, utc("2026-03-27 01:30:00"),
						utc("2026-03-29 01:00:00"), &first, &last),
			 2);
	assert_wall(first, "2026-03-28 01:30:00");
	assert_wall(last, "2026-03-29 01:00:00");
	first = last = (struct wall){9};
	assert_int_equal(calendar_slots_between(&daily, zone, utc("2026-03-27 01:30:00"),
						utc("2026-03-28 01:29:59"), &first, &last),
			 0);
	assert_int_equal(first.ns, 9);
	assert_int_equal(last.ns, 9);
	/* Ten years are not counted through. */
	assert_int_equal(calendar_slots_between(&daily, zone, utc("2026-03-27 01:30:00"),
						utc("2036-03-28 01:29:59"), &first, &last),
			 CALENDAR_MAX_COUNT);
	assert_int_equal(calendar_slots_between(&daily, zone, utc("2036-03-27 01:30:00"),
						utc("2026-03-28 01:29:59"), &first, &last),
			 0);
}

/* ---- clocks that are set -------------------------------------------------------------------
 */

struct desk {
	struct calendar_plan plan;
	const struct calendar *calendar;
	const struct zone *zone;
};

static struct desk begin(const struct calendar *calendar, const char *at)
{
	struct desk desk = {.calendar = calendar, .zone = zone_of(berlin)};

	calendar_plan_init(&desk.plan, calendar, desk.zone, utc(at));
	return desk;
}

static void look(struct desk *desk, const char *at, bool runs, const char *next)
{
	struct wall now = utc(at);

	assert_int_equal(calendar_plan_look(&desk->plan, desk->calendar, desk->zone, now),
			 runs);
	assert_wall(desk->plan.next, next);
	assert_true(desk->plan.next.ns > now.ns);
}

/* G1 */
static void test_clock_put_forward_over_a_slot(void **state)
{
	struct desk desk = begin(&daily, "2026-07-01 00:00:00");

	(void)state;
	assert_wall(desk.plan.next, "2026-07-01 00:30:00");
	/* By an hour, to the second: at once, and once. */
	look(&desk, "2026-07-01 01:30:00", true, "2026-07-02 00:30:00");
	assert_wall(desk.plan.ran, "2026-07-01 00:30:00");
	look(&desk, "2026-07-01 01:30:01", false, "2026-07-02 00:30:00");
	/* A second more: left out. */
	look(&desk, "2026-07-02 01:30:01", false, "2026-07-03 00:30:00");
	/* Ten years: nothing of them. */
	look(&desk, "2036-07-02 12:00:00", false, "2036-07-03 00:30:00");
}

/* G1 */
static void test_clock_put_back_over_a_slot(void **state)
{
	struct desk desk = begin(&daily, "2026-07-01 00:00:00");

	(void)state;
	look(&desk, "2026-07-01 00:30:00", true, "2026-07-02 00:30:00");
	/* It ran: not again. */
	look(&desk, "2026-07-01 00:10:00", false, "2026-07-02 00:30:00");
	look(&desk, "2026-07-01 00:30:00", false, "2026-07-02 00:30:00");
	look(&desk, "2026-06-30 00:30:00", false, "2026-07-02 00:30:00");
	/* By more than a day: the clock was wrong before. */
	look(&desk, "2026-06-30 00:29:59", false, "2026-06-30 00:30:00");
	look(&desk, "2026-06-30 00:30:00", true, "2026-07-01 00:30:00");
}

static void test_slot_left_out_runs_when_the_clock_is_set_back(void **state)
{
	struct desk desk = begin(&daily, "2026-07-01 00:00:00");

	(void)state;
	look(&desk, "2026-07-01 05:00:00", false, "2026-07-02 00:30:00");
	look(&desk, "2026-07-01 00:01:00", false, "2026-07-01 00:30:00");
	look(&desk, "2026-07-01 00:30:00", true, "2026-07-02 00:30:00");
}

static void test_clock_put_back_before_anything_ran(void **state)
{
	struct desk desk = begin(&daily, "2026-07-01 00:40:00");

	(void)state;
	look(&desk, "2026-07-01 00:20:00", false, "2026-07-01 00:30:00");
	look(&desk, "2026-07-01 00:30:00", true, "2026-07-02 00:30:00");
}

static void test_slot_of_the_first_instant_does_not_run(void **state)
{
	struct desk desk = begin(&daily, "2026-07-01 00:30:00");

	(void)state;
	look(&desk, "2026-07-01 00:30:00", false, "2026-07-02 00:30:00");
}

/* What summer time does is no step: 03:00 CEST is at 01:00 UTC, and one run. */
static void test_looks_across_summer_time(void **state)
{
	struct desk desk = begin(&daily, "2026-03-29 00:00:00");

	(void)state;
	look(&desk, "2026-03-29 01:00:00", true, "2026-03-30 00:30:00");
	look(&desk, "2026-03-29 01:20:00", false, "2026-03-30 00:30:00");
	desk = begin(&daily, "2026-10-25 00:00:00");
	look(&desk, "2026-10-25 00:30:00", true, "2026-10-26 01:30:00");
	look(&desk, "2026-10-25 01:30:00", false, "2026-10-26 01:30:00");
}

static uint64_t random_next(uint64_t *state)
{
	/* Numerical Recipes' LCG, high bits. */
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return *state >> 33;
}

/*
 * A clock that goes and is set at random: a second opinion from the words of calendar.h, which
 * keeps a list of all slots and what became of them.
 */
enum { LIST = 4000 };

struct list {
	struct wall slot[LIST];
	bool ran[LIST];
	struct wall seen, last;
	bool any;
};

static void list_init(struct list *list, const struct calendar *calendar,
		      const struct zone *zone, struct wall from, struct wall now)
{
	*list = (struct list){.seen = now};
	for (size_t i = 0; i < LIST; i++)
		list->slot[i] = from = calendar_next(calendar, zone, from);
}

static bool list_look(struct list *list, struct wall now)
{
	bool run = false;

	if (list->any && list->last.ns - now.ns > (int64_t)CALENDAR_BACK_S * NSEC_PER_SEC) {
		memset(list->ran, 0, sizeof(list->ran));
		list->any = false;
	}
	for (size_t i = 0; i < LIST; i++) {
		int64_t late = now.ns - list->slot[i].ns;

		if (late < 0 || late > (int64_t)CALENDAR_LATE_S * NSEC_PER_SEC ||
		    list->slot[i].ns <= list->seen.ns || list->ran[i] ||
		    (list->any && list->slot[i].ns <= list->last.ns))
			continue;
		/* The ones before it are done with. */
		list->last = list->slot[i];
		list->ran[i] = list->any = run = true;
	}
	list->seen = now;
	return run;
}

static void test_clocks_set_at_random(void **state)
{
	static const struct calendar_slot slots[] = {
		{2 * H + 30 * M, WEEK_ALL, 0, false},
		{2 * H + 50 * M, 0x15, 0, false},
		{18 * H, WEEK_ALL, 0, false},
	};
	static const struct calendar calendar = {0, ARRAY_SIZE(slots), slots};
	struct wall from = utc("2025-06-01 00:00:00"), now = utc("2026-03-20 00:00:00");
	const struct zone *zone = zone_of(berlin);
	struct list *list = xmalloc(sizeof(*list));
	struct calendar_plan plan;
	uint64_t seed = 4;
	size_t runs = 0;

	(void)state;
	list_init(list, &calendar, zone, from, now);
	calendar_plan_init(&plan, &calendar, zone, now);
	for (int i = 0; i < 20000; i++) {
		/* A slot is reached, or the clock is set: by hours, rarely by days. */
		int64_t step = (int64_t)(random_next(&seed) % (4 * H)) - 2 * H;
		bool far = random_next(&seed) % 50 == 0, expected;

		if (random_next(&seed) % 3 > 0)
			now = plan.next;
		else
			now.ns += (far ? step * 24 : step) * NSEC_PER_SEC;
		if (now.ns > utc("2027-12-01 00:00:00").ns)
			now = utc("2026-03-20 00:00:00");
		expected = list_look(list, now);
		if (calendar_plan_look(&plan, &calendar, zone, now) != expected)
			fail_msg("step %d: expected %d", i, expected);
		assert_true(plan.next.ns > now.ns);
		runs += expected;
	}
	assert_true(runs > 5000);
	free(list);
}

/* ---- levels --------------------------------------------------------------------------------
 */

static void assert_edges(const struct calendar_spans *spans, const char *at, bool holds,
			 const char *const *edges, size_t count)
{
	struct wall now = utc(at);

	for (size_t i = 0; i < count; i++, holds = !holds) {
		struct wall edge;

		assert_int_equal(calendar_contains(spans, zone_of(berlin), now, &edge), holds);
		assert_wall(edge, edges[i]);
		now = edge;
	}
}

/* G4 */
static void test_span_through_both_hours_that_are_one(void **state)
{
	const struct calendar_span span = calendar_span(H, 3 * H);
	const struct calendar_spans spans = {1, &span};
	static const char *const autumn[] = {"2026-10-24 23:00:00", "2026-10-25 02:00:00"};
	static const char *const spring[] = {"2026-03-29 00:00:00", "2026-03-29 01:00:00",
					     "2026-03-29 23:00:00"};

	(void)state;
	assert_edges(&spans, "2026-10-24 12:00:00", false, autumn, 2); /* three hours */
	assert_edges(&spans, "2026-03-28 12:00:00", false, spring, 3); /* one hour */
}

static void test_span_within_the_gap_and_within_the_hour_twice(void **state)
{
	const struct calendar_span span = calendar_span(2 * H + 15 * M, 2 * H + 45 * M);
	const struct calendar_spans spans = {1, &span};
	static const char *const spring[] = {"2026-03-30 00:15:00", "2026-03-30 00:45:00"};
	static const char *const autumn[] = {"2026-10-25 00:15:00", "2026-10-25 00:45:00",
					     "2026-10-25 01:15:00", "2026-10-25 01:45:00"};

	(void)state;
	assert_edges(&spans, "2026-03-28 12:00:00", false, spring, 2);
	assert_edges(&spans, "2026-10-24 12:00:00", false, autumn, 4);
}

static void test_span_over_midnight_belongs_to_its_first_day(void **state)
{
	static const struct calendar_span span = {22 * H, 8 * H, 1 << 4}; /* Friday */
	static const struct calendar_spans spans = {1, &span};
	static const char *const expected[] = {"2026-07-03 20:00:00", "2026-07-04 04:00:00",
					       "2026-07-10 20:00:00"};

	(void)state;
	assert_edges(&spans, "2026-06-30 12:00:00", false, expected, 3);
	/* Saturday's small hours, and not Friday's. */
	assert_edges(&spans, "2026-07-04 01:00:00", true, expected + 1, 2);
	assert_edges(&spans, "2026-07-03 01:00:00", false, expected, 3);
}

static void test_span_that_never_ends(void **state)
{
	static const struct calendar_span halves[] = {{0, 12 * H, WEEK_ALL},
						      {12 * H, 12 * H, WEEK_ALL}};
	static const struct calendar_spans spans = {ARRAY_SIZE(halves), halves}, none = {0};
	struct wall edge = {0};

	(void)state;
	assert_true(
		calendar_contains(&spans, zone_of(berlin), utc("2026-03-01 00:00:00"), &edge));
	assert_int_equal(edge.ns, WALL_NEVER.ns);
	edge.ns = 0;
	assert_false(
		calendar_contains(&none, zone_of(berlin), utc("2026-03-01 00:00:00"), &edge));
	assert_int_equal(edge.ns, WALL_NEVER.ns);
}

static void test_time_of_day_and_weekday(void **state)
{
	const struct zone *zone = zone_of(berlin);
	struct wall date;

	(void)state;
	assert_int_equal(calendar_tod(zone, utc("2026-03-29 00:59:59")), 2 * H - 1);
	assert_int_equal(calendar_tod(zone, utc("2026-03-29 01:00:00")), 3 * H);
	assert_int_equal(calendar_weekday(zone, utc("2026-03-29 00:59:59"), &date), 7);
	assert_wall(date, "2026-03-29 22:00:00");
	assert_int_equal(calendar_weekday(zone, date, &date), 1);
	assert_wall(date, "2026-03-30 22:00:00");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_slot_in_the_hour_that_is_skipped),
		cmocka_unit_test(test_slot_in_the_hour_that_comes_twice),
		cmocka_unit_test(test_slots_that_fall_on_one_instant_are_one_run),
		cmocka_unit_test(test_slot_on_days_of_the_month),
		cmocka_unit_test(test_next_slot_is_strictly_behind),
		cmocka_unit_test(test_next_slot_at_the_ends_of_time),
		cmocka_unit_test(test_slots_between_two_instants),
		cmocka_unit_test(test_clock_put_forward_over_a_slot),
		cmocka_unit_test(test_clock_put_back_over_a_slot),
		cmocka_unit_test(test_slot_left_out_runs_when_the_clock_is_set_back),
		cmocka_unit_test(test_clock_put_back_before_anything_ran),
		cmocka_unit_test(test_slot_of_the_first_instant_does_not_run),
		cmocka_unit_test(test_looks_across_summer_time),
		cmocka_unit_test(test_clocks_set_at_random),
		cmocka_unit_test(test_span_through_both_hours_that_are_one),
		cmocka_unit_test(test_span_within_the_gap_and_within_the_hour_twice),
		cmocka_unit_test(test_span_over_midnight_belongs_to_its_first_day),
		cmocka_unit_test(test_span_that_never_ends),
		cmocka_unit_test(test_time_of_day_and_weekday),
	};

	return cmocka_run_group_tests_name("calendar", tests, setup, teardown);
}
