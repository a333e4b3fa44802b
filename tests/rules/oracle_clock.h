/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Local time as the oracle has it: "LOCAL TIME" of gauged-rules(5), second by second, with the
 * C library's zones.
 */
#ifndef GAUGED_TESTS_ORACLE_CLOCK_H
#define GAUGED_TESTS_ORACLE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "oracle_world.h"

struct arena;
struct oracle_expr;

enum { ORACLE_TIMES = 32 };

/* What stands behind 'schedule:' or 'at:'. */
struct oracle_times {
	int64_t every_ns; /* > 0: nothing else */
	uint32_t count;
	struct oracle_time {
		int from, length;   /* seconds of the day; of a slot no length */
		unsigned weekdays;  /* bit 1 is Monday, 7 Sunday */
		unsigned monthdays; /* bit n is the n-th */
		bool last;	    /* of the month */
	} list[ORACLE_TIMES];
};

struct oracle_times *oracle_times_parse(struct arena *arena, const char *text);

/* Rows' shows and run: see oracle_function.h. */
double oracle_between(const struct oracle_expr *expr, const struct tm *tm);
double oracle_schedule(const struct oracle_expr *expr, const struct tm *tm);
double oracle_weekday(const struct oracle_expr *expr, const struct tm *tm);
double oracle_tod_lt(const struct oracle_expr *expr, const struct tm *tm);
double oracle_tod_le(const struct oracle_expr *expr, const struct tm *tm);
double oracle_tod_gt(const struct oracle_expr *expr, const struct tm *tm);
double oracle_tod_ge(const struct oracle_expr *expr, const struct tm *tm);
void oracle_clock(const struct oracle_world *world, const struct oracle_expr *expr,
		  struct oracle_memory *memory, bool sampled);

/* Where a rule with 'at' stands; times of the wall clock, INT64_MIN: never. */
struct oracle_slots {
	const struct oracle_times *times;
	bool begun; /* the clock has been right since the start */
	int64_t ran, seen;
	int64_t due; /* boot time; INT64_MAX: it waits for the clock */
};

void oracle_slots_begin(struct oracle_slots *slots, const struct oracle_world *world);
/* Whether one takes place now: at due, and when the clock was set. */
bool oracle_slots_look(struct oracle_slots *slots, const struct oracle_world *world);
/* A reload: the same slots, perhaps in another zone. */
void oracle_slots_adopt(struct oracle_slots *slots, const struct oracle_slots *old,
			const struct oracle_world *world);
/*
 * A restart: the same slots go on; of those every so often the next one is as far away as it
 * was as the other program ended, without the gap.
 */
struct oracle_gap {
	int64_t saved_at; /* on the clock of the one before; plus shift: on this one's */
	int64_t shift;
};
void oracle_slots_restart(struct oracle_slots *slots, const struct oracle_slots *old,
			  const struct oracle_world *world, const struct oracle_world *before,
			  const struct oracle_gap *gap);
/* The clock is wrong from the world's now on. */
void oracle_slots_unset(struct oracle_slots *slots, const struct oracle_world *world);
/* Nobody has looked since long before now: of those every so often only the last is left. */
void oracle_slots_skip(struct oracle_slots *slots, int64_t now);
/* The clock will be set at now, and nobody has looked since the world's now. */
void oracle_slots_oversleep(struct oracle_slots *slots, const struct oracle_world *world,
			    int64_t now);

#endif
