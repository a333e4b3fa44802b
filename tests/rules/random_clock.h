/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Local time of random rules: a zone, what its clocks show when a life begins (often shortly
 * before they are put forward or back, or before midnight), and times of the day that come up
 * during that life.
 */
#ifndef GAUGED_TESTS_RANDOM_CLOCK_H
#define GAUGED_TESTS_RANDOM_CLOCK_H

#include <stdint.h>

#include "chance.h"

struct str;

struct random_clock {
	const char *tz;	       /* as TZ has it */
	int64_t wall_ns;       /* at the begin, at 0 of boot time */
	int tod, weekday, day; /* what the zone shows then; 1 is Monday */
};

void random_clock_begin(struct chance *chance, struct random_clock *ret);
/* The same instant in another zone. */
void random_clock_move(struct chance *chance, struct random_clock *clock);

/* "06:15:30", "6" for a day of the week, what stands behind 'at:' and 'schedule:'. */
void random_clock_tod(struct chance *chance, const struct random_clock *clock, struct str *out);
void random_clock_day(struct chance *chance, const struct random_clock *clock, struct str *out);
void random_clock_slots(struct chance *chance, const struct random_clock *clock,
			struct str *out);
void random_clock_spans(struct chance *chance, const struct random_clock *clock,
			struct str *out);

#endif
