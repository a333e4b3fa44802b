/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns when the oracle's clock strikes: it is looked at each second of the time to come. */
#include "oracle_clock.h"

#include <stdlib.h>
#include <string.h>

#include "oracle_function.h"

enum {
	AHEAD = 300,  /* seconds that are looked at in advance; then anew */
	LATE = 3600,  /* a slot still takes place */
	BACK = 86400, /* by more than that the clock is set back, and what ran is forgotten */
	REPEATED = 3 * 3600, /* no clock shows again what it showed so long ago */
	QUARTER = 900,	     /* zones change at one */
};

static void use_zone(const char *tz)
{
	const char *now = getenv("TZ");

	if (now != NULL && strcmp(now, tz) == 0)
		return;
	setenv("TZ", tz, 1);
	tzset();
}

static int64_t wall_at(const struct oracle_world *world, int64_t boot)
{
	return boot + world->ahead_ns;
}

static int64_t floor_s(int64_t ns)
{
	return ns / NSEC_PER_SEC - (ns % NSEC_PER_SEC < 0);
}

static int64_t boot_of(const struct oracle_world *world, int64_t second)
{
	return second * NSEC_PER_SEC - world->ahead_ns;
}

/* ---- functions --------------------------------------------------------------------------- */

static double shown(const struct oracle_expr *expr, int64_t second)
{
	time_t at = (time_t)second;
	struct tm tm;

	localtime_r(&at, &tm);
	return expr->function->shows(expr, &tm);
}

/* Only when the clock strikes: what is read in that instant comes before. */
void oracle_clock(const struct oracle_world *world, const struct oracle_expr *expr,
		  struct oracle_memory *memory, bool sampled)
{
	int64_t second = floor_s(wall_at(world, world->now)), next = second + 1;

	(void)sampled;
	if (!memory->struck)
		return;
	memory->now = oracle_unknown();
	memory->due = INT64_MAX;
	if (!world->clock_set)
		return;
	use_zone(world->tz);
	memory->now = oracle_number(shown(expr, second));
	while (next < second + AHEAD && shown(expr, next) == memory->now.x)
		next++;
	memory->due = boot_of(world, next);
}

/* ---- slots ------------------------------------------------------------------------------- */

/* What the clock shows, in seconds as if that were UTC. */
static int64_t local(int64_t second)
{
	time_t at = (time_t)second;
	struct tm tm;

	localtime_r(&at, &tm);
	return second + tm.tm_gmtoff;
}

/* The latest time that the clock has shown up to that second. */
static int64_t shown_until(int64_t second)
{
	int64_t latest = local(second), quarter = second / QUARTER * QUARTER;

	for (int64_t at = quarter; at > second - REPEATED; at -= QUARTER)
		latest = local(at - 1) > latest ? local(at - 1) : latest;
	return latest;
}

static bool is_slot(const struct oracle_times *times, int64_t shows)
{
	time_t at = (time_t)shows, next = (time_t)shows + 86400;
	struct tm tm, tomorrow;

	gmtime_r(&at, &tm);
	for (uint32_t i = 0; i < times->count; i++) {
		const struct oracle_time *time = &times->list[i];

		if (tm.tm_hour * 3600 + tm.tm_min * 60 + tm.tm_sec != time->from)
			continue;
		if ((time->weekdays >> (tm.tm_wday == 0 ? 7 : tm.tm_wday) & 1) != 0 ||
		    (time->monthdays >> tm.tm_mday & 1) != 0)
			return true;
		gmtime_r(&next, &tomorrow);
		if (time->last && tomorrow.tm_mday == 1)
			return true;
	}
	return false;
}

/* Whether the clock reaches a slot in that second: shows it, or a later time, at first. */
static bool reaches_slot(const struct oracle_times *times, int64_t second)
{
	int64_t now = local(second), before = now - 1;

	if (local(second - 1) == before && !is_slot(times, now))
		return false;
	before = shown_until(second - 1);
	for (int64_t shows = before + 1; shows <= now; shows++) {
		if (is_slot(times, shows))
			return true;
	}
	return false;
}

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* The first second behind after, up to last, in which there is a slot; last otherwise. */
static int64_t next_slot(const struct oracle_slots *slots, const struct oracle_world *world,
			 int64_t after, int64_t last)
{
	int64_t second = floor_s(after) + 1;

	use_zone(world->tz);
	while (second < last && !reaches_slot(slots->times, second))
		second++;
	return second;
}

static void plan(struct oracle_slots *slots, const struct oracle_world *world, int64_t after)
{
	slots->due = boot_of(world, next_slot(slots, world, after, floor_s(after) + 1 + AHEAD));
}

void oracle_slots_begin(struct oracle_slots *slots, const struct oracle_world *world)
{
	slots->begun = false;
	slots->due = INT64_MAX;
	if (slots->times->every_ns > 0)
		slots->due = world->now + slots->times->every_ns;
	else
		oracle_slots_look(slots, world);
}

static bool look_for_late(struct oracle_slots *slots, const struct oracle_world *world)
{
	int64_t wall = wall_at(world, world->now), end = floor_s(wall);
	int64_t after = later(later(slots->ran, slots->seen), wall - LATE * NSEC_PER_SEC - 1);
	int64_t second = next_slot(slots, world, after, end + 1);
	bool any = false;

	for (; second <= end; second = next_slot(slots, world, slots->ran, end + 1)) {
		slots->ran = second * NSEC_PER_SEC;
		any = true;
	}
	return any;
}

bool oracle_slots_look(struct oracle_slots *slots, const struct oracle_world *world)
{
	int64_t wall = wall_at(world, world->now);
	bool runs = false;

	if (slots->times->every_ns > 0) {
		slots->due = world->now + slots->times->every_ns;
		return true;
	}
	slots->due = INT64_MAX;
	if (!world->clock_set)
		return false;
	if (!slots->begun || slots->ran - BACK * NSEC_PER_SEC > wall)
		slots->ran = INT64_MIN / 2;
	if (slots->begun)
		runs = look_for_late(slots, world);
	slots->begun = true;
	slots->seen = wall;
	plan(slots, world, later(slots->ran, wall));
	return runs;
}

void oracle_slots_adopt(struct oracle_slots *slots, const struct oracle_slots *old,
			const struct oracle_world *world)
{
	const struct oracle_times *times = slots->times;

	*slots = *old;
	slots->times = times;
	if (times->every_ns > 0)
		return;
	if (!world->clock_set || !slots->begun) {
		oracle_slots_look(slots, world);
		return;
	}
	/* What is due just now the old one did not see. */
	slots->seen = wall_at(world, world->now) - 1;
	plan(slots, world, later(slots->ran, slots->seen));
}

void oracle_slots_restart(struct oracle_slots *slots, const struct oracle_slots *old,
			  const struct oracle_world *world, const struct oracle_world *before,
			  const struct oracle_gap *gap)
{
	const struct oracle_times *times = slots->times;

	if (times->every_ns > 0) {
		slots->due = later(old->due + gap->shift, world->now);
		return;
	}
	if (!old->begun)
		return;
	*slots = *old;
	slots->times = times;
	/* Up to the end of the other program they were its own to run, in its zone. */
	if (before->clock_set)
		slots->seen = wall_at(before, gap->saved_at) - 1;
	slots->due = world->clock_set ? world->now : INT64_MAX;
}

void oracle_slots_unset(struct oracle_slots *slots, const struct oracle_world *world)
{
	slots->seen = wall_at(world, world->now) - 1;
}

void oracle_slots_skip(struct oracle_slots *slots, int64_t now)
{
	while (slots->times->every_ns > 0 && slots->due + slots->times->every_ns < now)
		slots->due += slots->times->every_ns;
}

void oracle_slots_oversleep(struct oracle_slots *slots, const struct oracle_world *world,
			    int64_t now)
{
	int64_t every = slots->times->every_ns, first;

	if (slots->due == INT64_MAX || now - slots->due <= LATE * NSEC_PER_SEC)
		return;
	if (every > 0) {
		slots->due += (now - 1 - slots->due) / every * every;
		return;
	}
	first = next_slot(slots, world, wall_at(world, slots->due) - 1,
			  floor_s(wall_at(world, now)) + 1);
	if (wall_at(world, now) - first * NSEC_PER_SEC > LATE * NSEC_PER_SEC)
		slots->due = INT64_MAX;
}
