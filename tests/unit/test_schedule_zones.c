/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * A property of whole engines: over two years, in zones that put their clocks forward and back
 * in all ways, each slot of 'at' runs exactly once, whenever the engine is called, reloaded, or
 * its clock set by up to 50 minutes. What a slot is, is found out by watching a clock minute by
 * minute.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/random.h"
#include "model/event.h"
#include "rules/calendar.h"
#include "rules/civil.h"
#include "rules/ruleset.h"
#include "rules/zone.h"
#include "rules_case.h"

enum { MINUTE = 60, HOUR = 3600, DAY = 86400, RULES = 4, SLOTS_MAX = 4000, YEARS_DAYS = 731 };

/* At least two hours apart: a step of 50 minutes passes over one of them at most. */
static const char text[] = "rules:\n"
			   "  a: {at: '02:30'}\n"
			   "  b: {at: '00:00,12:00 mon-fri'}\n"
			   "  c: {at: ['03:00 sun', '23:30 last', '06:00 1,29']}\n"
			   "  d: {at: '02:00; 04:15 sat'}\n";

static bool is_slot(int rule, const struct civil *local)
{
	bool last = local->day == civil_month_days(local->year, local->month);

	switch (rule) {
	case 0:
		return local->tod == 2 * HOUR + 30 * MINUTE;
	case 1:
		return local->tod % (12 * HOUR) == 0 && local->weekday <= 5;
	case 2:
		return (local->tod == 3 * HOUR && local->weekday == 7) ||
		       (local->tod == 23 * HOUR + 30 * MINUTE && last) ||
		       (local->tod == 6 * HOUR && (local->day == 1 || local->day == 29));
	default:
		return local->tod == 2 * HOUR ||
		       (local->tod == 4 * HOUR + 15 * MINUTE && local->weekday == 6);
	}
}

struct world {
	const struct zone *zone;
	int64_t wall_s; /* of boot time 0, without the steps */
	int64_t ahead_s;
	size_t count[RULES];
	int64_t slots[RULES][SLOTS_MAX]; /* instants */
	unsigned ran[RULES][SLOTS_MAX];
	uint64_t late;
};

/* What a clock on the wall that shows local time makes of it. */
static void watch_clock(struct world *world, int64_t from, int64_t to)
{
	int64_t reached = INT64_MIN, next;

	for (int64_t utc = from; utc <= to; utc += MINUTE) {
		int64_t local = utc + zone_offset(world->zone, utc, &next);
		bool now[RULES] = {false};

		for (int64_t at = reached == INT64_MIN ? local : reached + MINUTE; at <= local;
		     at += MINUTE) {
			struct civil civil;

			civil_from(at, &civil);
			for (int r = 0; r < RULES; r++)
				now[r] = now[r] || (utc > from && is_slot(r, &civil));
		}
		reached = local > reached ? local : reached;
		for (int r = 0; r < RULES; r++) {
			assert_true(world->count[r] < SLOTS_MAX);
			if (now[r])
				world->slots[r][world->count[r]++] = utc;
		}
	}
}

static void world_event(void *arg, const struct event *event)
{
	struct world *world = arg;
	int64_t wall = event->at.ns / NSEC_PER_SEC + world->wall_s + world->ahead_s;
	size_t i = world->count[event->rule];

	assert_int_equal(event->type, EVENT_INSTANT);
	while (i > 0 && world->slots[event->rule][i - 1] > wall)
		i--;
	assert_true(i > 0);
	assert_true(wall - world->slots[event->rule][i - 1] <= HOUR);
	world->late += wall != world->slots[event->rule][i - 1];
	world->ran[event->rule][i - 1]++;
}

static void set_wall(struct world *world, struct engine *engine, int64_t at_ns)
{
	int64_t ns = (world->wall_s + world->ahead_s) * NSEC_PER_SEC + at_ns;

	engine_set_wall(engine, (struct boot){at_ns}, (struct wall){ns}, true);
}

static struct engine *begin(const struct rules_case *c, struct world *world, int64_t at_ns)
{
	return engine_new(c->set, c->points, (struct engine_sink){world_event, world},
			  (struct boot){at_ns});
}

/* Everything that may happen to an engine. */
static void live(const struct rules_case *c, struct world *world, struct random *random,
		 int64_t seconds)
{
	struct engine *engine = begin(c, world, 0), *next;
	int64_t at_ns = 0;

	set_wall(world, engine, 0);
	while (at_ns < seconds * NSEC_PER_SEC) {
		int64_t hours = random_between(random, 0, 3) == 0 ? 40 : 1;

		at_ns += random_between(random, 1, hours * HOUR * NSEC_PER_SEC);
		engine_tick(engine, (struct boot){at_ns});
		switch (random_between(random, 0, 9)) {
		case 0:
			next = begin(c, world, at_ns);
			engine_adopt(next, engine, (struct boot){at_ns});
			engine_free(engine);
			engine = next;
			break;
		case 1:
			set_wall(world, engine, at_ns);
			break;
		case 2:
		case 3:
		case 4:
			world->ahead_s = random_between(random, 0, 50 * MINUTE);
			set_wall(world, engine, at_ns);
			break;
		default:
			break;
		}
	}
	/* Nothing is left out at the end: it is later than all that is expected. */
	world->ahead_s = 0;
	set_wall(world, engine, at_ns);
	engine_tick(engine, (struct boot){at_ns + 2 * HOUR * NSEC_PER_SEC});
	engine_free(engine);
}

static void test_fault_G4_each_slot_runs_once_in_two_years(void **state)
{
	static const char *const zones[] = {
		"UTC0",
		"CET-1CEST,M3.5.0,M10.5.0/3",
		"EST5EDT,M3.2.0,M11.1.0",
		"<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", /* Lord Howe: half an hour */
		"IST-1GMT0,M10.5.0,M3.5.0/1",		/* Dublin: its summer is winter */
		"<-04>4<-03>,M9.1.6/24,M4.1.6/24",	/* Santiago: around midnight */
		"<-02>2<-01>,M3.5.0/-1,M10.5.0/0",	/* Nuuk: on the day before */
		"<+0545>-5:45",
		"IST-2IDT,M3.4.4/26,M10.5.0",
	};
	uint64_t slots = 0, late = 0;

	(void)state;
	for (size_t z = 0; z < ARRAY_SIZE(zones); z++) {
		struct world *world = xcalloc(1, sizeof(*world));
		struct random random;
		struct rules_case c;

		random_init(&random, 1000 + z);
		rules_case_init_in(&c, zones[z], text);
		assert_non_null(c.set);
		world->zone = c.zone;
		world->wall_s = civil_days(2027, 1, 1) * DAY - 6 * HOUR;
		watch_clock(world, world->wall_s,
			    world->wall_s + (YEARS_DAYS + 7) * (int64_t)DAY);
		live(&c, world, &random, YEARS_DAYS * (int64_t)DAY);
		for (int r = 0; r < RULES; r++) {
			for (size_t i = 0; i < world->count[r]; i++) {
				bool over = world->slots[r][i] - world->wall_s <
					    YEARS_DAYS * (int64_t)DAY;

				if (world->ran[r][i] != 1 && (over || world->ran[r][i] > 1))
					fail_msg("%s: slot %zu of rule %d at %jd ran %u times",
						 zones[z], i, r, (intmax_t)world->slots[r][i],
						 world->ran[r][i]);
				slots += over;
			}
		}
		late += world->late;
		rules_case_done(&c);
		free(world);
	}
	print_message("%ju slots, %ju of them late\n", (uintmax_t)slots, (uintmax_t)late);
	assert_true(slots > 20000 && late > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fault_G4_each_slot_runs_once_in_two_years),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
