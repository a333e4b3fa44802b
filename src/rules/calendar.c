/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns what slots and spans of local time mean in a zone. */
#include "rules/calendar.h"

#include <stddef.h>

#include "rules/civil.h"
#include "rules/zone.h"

enum {
	WEEK_ALL = 0x7f,
	/* The 31st comes again after at most 62 days. */
	SLOT_DAYS = 63,
	/* A week has all edges of a level; another, if a zone leaves a day out. */
	EDGE_DAYS = 16,
};

static int64_t wall_seconds(struct wall at)
{
	return at.ns / NSEC_PER_SEC - (at.ns % NSEC_PER_SEC < 0);
}

static struct wall seconds_wall(int64_t utc)
{
	if (utc > INT64_MAX / NSEC_PER_SEC)
		return WALL_NEVER;
	return (struct wall){utc * NSEC_PER_SEC};
}

/*
 * The latest time that the zone's clock showed up to utc. What has to be reached is the same
 * as what was not yet shown: this is what makes a slot run once in gaps and overlaps.
 */
static int64_t shown_until(const struct zone *zone, int64_t utc)
{
	/* Before that, no clock can have shown what is later than now's. */
	int64_t at = utc - (ZONE_OFFSET_MAX - ZONE_OFFSET_MIN), shown = INT64_MIN;

	while (at <= utc) {
		int64_t next;
		int64_t offset = zone_offset(zone, at, &next);
		int64_t last = (next > utc ? utc : next - 1) + offset;

		shown = last > shown ? last : shown;
		if (next > utc)
			break;
		at = next;
	}
	return shown;
}

/* The first instant at which the zone's clock shows local or later. */
static int64_t shown_first(const struct zone *zone, int64_t local)
{
	int64_t at = local - ZONE_OFFSET_MAX;

	for (;;) {
		int64_t next;
		int64_t reached = local - zone_offset(zone, at, &next);

		reached = reached > at ? reached : at;
		if (reached < next)
			return reached;
		at = next;
	}
}

static bool slot_on(const struct calendar_slot *slot, const struct civil *day)
{
	return (slot->weekdays >> (day->weekday - 1) & 1) != 0 ||
	       (slot->monthdays >> day->day & 1) != 0 ||
	       (slot->last && day->day == civil_month_days(day->year, day->month));
}

/* The first slot behind the time local, as a time; INT64_MAX for none. */
static int64_t slot_behind(const struct calendar *calendar, int64_t local)
{
	int64_t day = civil_day_of(local), found = INT64_MAX;

	for (int i = 0; i < SLOT_DAYS && found == INT64_MAX; i++, day++) {
		int64_t midnight = day * CIVIL_DAY_S;
		struct civil civil;

		civil_from(midnight, &civil);
		for (uint32_t k = 0; k < calendar->count; k++) {
			int64_t slot = midnight + calendar->slots[k].tod;

			if (slot > local && slot < found &&
			    slot_on(&calendar->slots[k], &civil))
				found = slot;
		}
	}
	return found;
}

struct wall calendar_next(const struct calendar *calendar, const struct zone *zone,
			  struct wall at)
{
	int64_t slot = slot_behind(calendar, shown_until(zone, wall_seconds(at)));

	return slot == INT64_MAX ? WALL_NEVER : seconds_wall(shown_first(zone, slot));
}

unsigned calendar_slots_between(const struct calendar *calendar, const struct zone *zone,
				struct wall after, struct wall upto, struct wall *ret_first,
				struct wall *ret_last)
{
	struct wall slot = calendar_next(calendar, zone, after);
	unsigned count = 0;

	while (slot.ns <= upto.ns && slot.ns != WALL_NEVER.ns && count < CALENDAR_MAX_COUNT) {
		if (count++ == 0)
			*ret_first = slot;
		*ret_last = slot;
		slot = calendar_next(calendar, zone, slot);
	}
	return count;
}

static struct wall wall_before(struct wall at, int64_t seconds)
{
	int64_t ns = seconds * NSEC_PER_SEC;

	return (struct wall){at.ns < INT64_MIN + ns ? INT64_MIN : at.ns - ns};
}

static struct wall wall_later(struct wall a, struct wall b)
{
	return a.ns > b.ns ? a : b;
}

void calendar_plan_init(struct calendar_plan *plan, const struct calendar *calendar,
			const struct zone *zone, struct wall now)
{
	plan->ran = (struct wall){INT64_MIN};
	plan->seen = now;
	plan->next = calendar_next(calendar, zone, now);
}

bool calendar_plan_look(struct calendar_plan *plan, const struct calendar *calendar,
			const struct zone *zone, struct wall now)
{
	struct wall after = wall_before(now, CALENDAR_LATE_S), first;
	unsigned count;

	if (wall_before(plan->ran, CALENDAR_BACK_S).ns > now.ns)
		plan->ran = (struct wall){INT64_MIN};
	/* A slot that is late by exactly CALENDAR_LATE_S still runs. */
	after.ns -= after.ns > INT64_MIN;
	after = wall_later(after, wall_later(plan->ran, plan->seen));
	count = calendar_slots_between(calendar, zone, after, now, &first, &plan->ran);
	plan->seen = now;
	plan->next = calendar_next(calendar, zone, wall_later(plan->ran, now));
	return count > 0;
}

struct calendar_span calendar_span(int32_t from, int32_t to)
{
	return (struct calendar_span){from, to > from ? to - from : to - from + CIVIL_DAY_S,
				      WEEK_ALL};
}

static bool spans_hold(const struct calendar_spans *spans, int64_t local)
{
	int64_t today = civil_day_of(local);

	for (uint32_t i = 0; i < spans->count; i++) {
		const struct calendar_span *span = &spans->spans[i];

		/* Yesterday's may reach into today. */
		for (int64_t day = today - 1; day <= today; day++) {
			int64_t since = local - day * CIVIL_DAY_S - span->from;

			if ((span->weekdays >> (civil_weekday(day) - 1) & 1) != 0 &&
			    since >= 0 && since < span->length)
				return true;
		}
	}
	return false;
}

/* The first time behind local at which a span begins or ends on any day, matching or not. */
static int64_t spans_edge(const struct calendar_spans *spans, int64_t local)
{
	int64_t day = civil_day_of(local), edge = INT64_MAX;

	for (uint32_t i = 0; i < spans->count; i++) {
		const struct calendar_span *span = &spans->spans[i];
		const int32_t tods[] = {span->from, (span->from + span->length) % CIVIL_DAY_S};

		for (int k = 0; k < 2; k++) {
			int64_t at = day * CIVIL_DAY_S + tods[k];

			at += at > local ? 0 : CIVIL_DAY_S;
			edge = at < edge ? at : edge;
		}
	}
	return edge;
}

bool calendar_contains(const struct calendar_spans *spans, const struct zone *zone,
		       struct wall at, struct wall *ret_next_edge)
{
	int64_t start = wall_seconds(at), utc = start, next;
	int64_t offset = zone_offset(zone, utc, &next);
	bool holds = spans_hold(spans, utc + offset);

	*ret_next_edge = WALL_NEVER;
	while (spans->count > 0 && utc < start + EDGE_DAYS * CIVIL_DAY_S) {
		int64_t edge = spans_edge(spans, utc + offset) - offset;

		utc = edge < next ? edge : next;
		offset = zone_offset(zone, utc, &next);
		if (spans_hold(spans, utc + offset) != holds) {
			*ret_next_edge = seconds_wall(utc);
			break;
		}
	}
	return holds;
}

struct wall calendar_first(const struct zone *zone, int64_t local)
{
	return seconds_wall(shown_first(zone, local));
}

int32_t calendar_tod(const struct zone *zone, struct wall at)
{
	struct civil civil;

	zone_local(zone, wall_seconds(at), &civil);
	return civil.tod;
}

int calendar_weekday(const struct zone *zone, struct wall at, struct wall *ret_next_date)
{
	int64_t utc = wall_seconds(at), next;
	int64_t offset = zone_offset(zone, utc, &next);
	int64_t today = civil_day_of(utc + offset);

	for (int64_t day = today; day == today; day = civil_day_of(utc + offset)) {
		int64_t midnight = (today + 1) * CIVIL_DAY_S - offset;

		utc = midnight < next ? midnight : next;
		offset = zone_offset(zone, utc, &next);
	}
	*ret_next_date = seconds_wall(utc);
	return civil_weekday(today);
}
