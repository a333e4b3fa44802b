/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the heap of deadlines. */
#include "rules/timer.h"

static bool timer_before(struct timer_entry a, struct timer_entry b)
{
	return a.deadline != b.deadline ? a.deadline < b.deadline : a.owner < b.owner;
}

static void timers_put(struct timers *timers, uint32_t i, struct timer_entry entry)
{
	timers->heap[i] = entry;
	timers->places[entry.owner] = i + 1;
}

static void timers_up(struct timers *timers, uint32_t i, struct timer_entry entry)
{
	while (i > 0) {
		uint32_t parent = (i - 1) / 4;

		if (!timer_before(entry, timers->heap[parent]))
			break;
		timers_put(timers, i, timers->heap[parent]);
		i = parent;
	}
	timers_put(timers, i, entry);
}

static void timers_down(struct timers *timers, uint32_t i, struct timer_entry entry)
{
	for (;;) {
		uint32_t first = 4 * i + 1, least = first;

		if (first >= timers->count)
			break;
		for (uint32_t k = first + 1; k < first + 4 && k < timers->count; k++) {
			if (timer_before(timers->heap[k], timers->heap[least]))
				least = k;
		}
		if (!timer_before(timers->heap[least], entry))
			break;
		timers_put(timers, i, timers->heap[least]);
		i = least;
	}
	timers_put(timers, i, entry);
}

void timers_init(struct timers *timers, uint32_t owner_count)
{
	timers->count = 0;
	for (uint32_t i = 0; i < owner_count; i++) {
		timers->deadlines[i] = INT64_MAX;
		timers->places[i] = 0;
	}
}

void timers_set_slow(struct timers *timers, uint32_t owner, int64_t deadline)
{
	struct timer_entry entry = {deadline, owner};
	uint32_t place = timers->places[owner];

	if (place > 0)
		timers_up(timers, place - 1, entry);
	else if (deadline != INT64_MAX)
		timers_up(timers, timers->count++, entry);
}

static void timers_drop_first(struct timers *timers)
{
	struct timer_entry last = timers->heap[--timers->count];

	timers->places[timers->heap[0].owner] = 0;
	if (timers->count > 0)
		timers_down(timers, 0, last);
}

bool timers_first(struct timers *timers, int64_t *ret_deadline, uint32_t *ret_owner)
{
	while (timers->count > 0) {
		struct timer_entry entry = timers->heap[0];
		int64_t deadline = timers->deadlines[entry.owner];

		if (deadline == entry.deadline && deadline != INT64_MAX) {
			*ret_deadline = deadline;
			*ret_owner = entry.owner;
			return true;
		}
		if (deadline == INT64_MAX) {
			timers_drop_first(timers);
		} else {
			entry.deadline = deadline;
			timers_down(timers, 0, entry);
		}
	}
	return false;
}

void timers_clear(struct timers *timers, uint32_t owner)
{
	timers->deadlines[owner] = INT64_MAX;
}
