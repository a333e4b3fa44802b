/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Local time in rules: slots ("at: 06:00 mon-fri"), spans ("schedule: mon..fri 06:00..22:00",
 * between(22:00, 06:00)), and what they mean where clocks are put forward and back (rules.md
 * section 9). Texts: calendar_text.h. Pure: the wall time is handed in, and nothing here is to
 * be asked while nobody has set the clock.
 *
 * SLOTS. A slot is a time on a day of the zone's calendar. It runs at the first instant at
 * which the zone's clock shows that time or a later one. So each slot runs exactly once:
 *   - put forward over it (02:30 where 02:00 becomes 03:00): at the first instant after the
 * gap; so do the slots of a whole day that a zone leaves out (Samoa, 2011-12-30);
 *   - put back over it (02:30 where 03:00 becomes 02:00): at the first of the two.
 * Slots that fall on one instant are one run. A day of the month that a month does not have is
 * no slot ('last' is the last one of each).
 *
 * STEPS. What counts is the wall clock when it is looked at, whatever it did in between:
 *   - found past a slot by at most CALENDAR_LATE_S (a step forward, a suspended box, a busy
 *     one): the slot runs once, at once; past several, the last of them runs, and once;
 *   - by more: left out, the next one is planned;
 *   - set back: what ran does not run again, up to CALENDAR_BACK_S; by more, it is taken for a
 *     correction of a clock that was wrong, and what ran in that future is forgotten.
 * A slot that was left out runs if the clock is set back before it.
 *
 * SPANS. A level: true while the zone's clock shows a time within, first second included and
 * last one (the end as written) not. A span over midnight belongs to the day on which it
 * begins. Put back, it is true whenever the clock shows such a time, so through both repeated
 * hours; a span that lies in a gap as a whole is never true that day.
 */
#ifndef GAUGED_RULES_CALENDAR_H
#define GAUGED_RULES_CALENDAR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"

struct zone;

/* Slots or spans of one text; slots that calendar_slots_between() counts. */
enum { CALENDAR_MAX_ENTRIES = 64, CALENDAR_MAX_COUNT = 1000 };
enum { CALENDAR_LATE_S = 3600, CALENDAR_BACK_S = 86400 };

/* One time on some days; a day is meant if any of the three names it. */
struct calendar_slot {
	int32_t tod;	    /* seconds since midnight, 0..86399 */
	uint8_t weekdays;   /* bit 0 is Monday */
	uint32_t monthdays; /* bit n is the n-th, 1..31 */
	bool last;	    /* of the month */
};

struct calendar {
	int64_t every_ns; /* > 0: no slots, but real time that passes: engine time, no wall */
	uint32_t count;
	const struct calendar_slot *slots;
};

struct calendar_span {
	int32_t from;	  /* seconds since midnight, 0..86399 */
	int32_t length;	  /* 1..86400, on the clock */
	uint8_t weekdays; /* on which it begins; bit 0 is Monday */
};

struct calendar_spans {
	uint32_t count;
	const struct calendar_span *spans;
};

/* The first instant strictly after at at which a slot runs; WALL_NEVER without slots. */
struct wall calendar_next(const struct calendar *calendar, const struct zone *zone,
			  struct wall at);
/*
 * How many instants there are in (after, upto] at which slots run, counted up to
 * CALENDAR_MAX_COUNT, and the first and the last that was counted (untouched if there is none).
 */
unsigned calendar_slots_between(const struct calendar *calendar, const struct zone *zone,
				struct wall after, struct wall upto, struct wall *ret_first,
				struct wall *ret_last);

/* Where a schedule stands: the section on steps above. Plain values, to be kept and adopted. */
struct calendar_plan {
	struct wall ran;  /* the last slot that ran; ns INT64_MIN: none did */
	struct wall seen; /* the last look */
	struct wall next; /* when to look again */
};

/* Begins at now; a slot at that very instant does not run. */
void calendar_plan_init(struct calendar_plan *plan, const struct calendar *calendar,
			const struct zone *zone, struct wall now);
/*
 * To be called at plan->next, whenever the clock was set, and when calendar or zone are others
 * (a reload). True: a slot runs now, which one is in plan->ran. plan->next is the next one
 * then, in either case.
 */
bool calendar_plan_look(struct calendar_plan *plan, const struct calendar *calendar,
			const struct zone *zone, struct wall now);

/* between(from, to) on every day; seconds since midnight, to may be 86400; not the same. */
struct calendar_span calendar_span(int32_t from, int32_t to);
/*
 * Whether at lies in one of the spans, and the first instant behind it at which the answer is
 * the other one; WALL_NEVER if it is the same for ever.
 */
bool calendar_contains(const struct calendar_spans *spans, const struct zone *zone,
		       struct wall at, struct wall *ret_next_edge);

/* The first instant at which the zone's clock shows local (seconds since its 1970) or later. */
struct wall calendar_first(const struct zone *zone, int64_t local);
/* What the zone's clock shows: seconds since midnight, 0..86399. */
int32_t calendar_tod(const struct zone *zone, struct wall at);
/* 1 is Monday, 7 Sunday (ISO 8601), and the first instant behind at of another date. */
int calendar_weekday(const struct zone *zone, struct wall at, struct wall *ret_next_date);

#endif
