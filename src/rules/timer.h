/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Deadlines of everything that waits, in one 4-ary heap. Owners are numbered; equal deadlines
 * come in order of number. Memory is the caller's and fixed.
 *
 * Some owners are lazy: they hold their true deadline, the heap is put right late, and moving
 * it later is one store. Of the others the heap has the true one, which takes no more room.
 */
#ifndef GAUGED_RULES_TIMER_H
#define GAUGED_RULES_TIMER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct timer_entry {
	int64_t deadline; /* not later than the owner's true one */
	uint32_t owner;
} __attribute__((packed, aligned(4)));

struct timers {
	int64_t first;		  /* that of heap[0]; INT64_MAX: it is empty */
	struct timer_entry *heap; /* room for each owner once */
	uint32_t *places;	  /* by owner: place in the heap + 1; 0: not in it */
	uint32_t lazy_from, lazy_count;
	int64_t *deadlines; /* by lazy owner: the true one; INT64_MAX: none */
	uint32_t count;
};

/*
 * Nobody of owner_count owners has a deadline. heap, places, and deadlines of the lazy_count
 * owners from lazy_from on are there.
 */
void timers_init(struct timers *timers, uint32_t owner_count, uint32_t lazy_from,
		 uint32_t lazy_count);
void timers_move(struct timers *timers, uint32_t owner, int64_t deadline);
/* The earliest of all, ties by owner: true, and both are returned. Puts the heap right. */
bool timers_first(struct timers *timers, int64_t *ret_deadline, uint32_t *ret_owner);
/* INT64_MAX: it has none. */
int64_t timers_get(const struct timers *timers, uint32_t owner);

/* The owner's deadline is not later than this one. */
static inline void timers_bring(struct timers *timers, uint32_t owner, int64_t deadline)
{
	uint32_t place = timers->places[owner];

	if (place == 0 || timers->heap[place - 1].deadline > deadline)
		timers_move(timers, owner, deadline);
}

static inline void timers_set(struct timers *timers, uint32_t owner, int64_t deadline)
{
	if (owner - timers->lazy_from < timers->lazy_count) {
		timers->deadlines[owner - timers->lazy_from] = deadline;
		timers_bring(timers, owner, deadline);
	} else {
		timers_move(timers, owner, deadline);
	}
}

/* The owner's deadline is over: it has none until the next set. */
static inline void timers_clear(struct timers *timers, uint32_t owner)
{
	timers_set(timers, owner, INT64_MAX);
}

/* Whether a deadline before now may be due; false is certain. */
static inline bool timers_maybe_due(const struct timers *timers, int64_t now)
{
	return timers->first < now;
}

#endif
