/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Deadlines of everything that waits, in one 4-ary heap that is put right late: an owner holds
 * its true deadline, and moving it later is one store. Owners are numbered; equal deadlines
 * come in order of number. Memory is the caller's and fixed.
 */
#ifndef GAUGED_RULES_TIMER_H
#define GAUGED_RULES_TIMER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct timer_entry {
	int64_t deadline; /* not later than the owner's true one */
	uint32_t owner;
};

struct timers {
	struct timer_entry *heap; /* room for each owner once */
	uint32_t *places;	  /* by owner: place in the heap + 1; 0: not in it */
	int64_t *deadlines;	  /* by owner: the true one; INT64_MAX: none */
	uint32_t count;
};

/* deadlines: all INT64_MAX, places: all 0, for owner_count owners. */
void timers_init(struct timers *timers, uint32_t owner_count);
void timers_set_slow(struct timers *timers, uint32_t owner, int64_t deadline);
/* The earliest of all, ties by owner: true, and both are returned. Puts the heap right. */
bool timers_first(struct timers *timers, int64_t *ret_deadline, uint32_t *ret_owner);
/* The owner's deadline is over: it has none until the next set. */
void timers_clear(struct timers *timers, uint32_t owner);

static inline void timers_set(struct timers *timers, uint32_t owner, int64_t deadline)
{
	uint32_t place = timers->places[owner];

	timers->deadlines[owner] = deadline;
	if (place == 0 || timers->heap[place - 1].deadline > deadline)
		timers_set_slow(timers, owner, deadline);
}

/* Whether a deadline before now may be due; false is certain. */
static inline bool timers_maybe_due(const struct timers *timers, int64_t now)
{
	return timers->count > 0 && timers->heap[0].deadline < now;
}

#endif
