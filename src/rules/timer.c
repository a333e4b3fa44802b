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
	if (i == 0)
		timers->first = entry.deadline;
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

/* Where it belongs, from the free place i on. */
static void timers_place(struct timers *timers, uint32_t i, struct timer_entry entry)
{
	if (i > 0 && timer_before(entry, timers->heap[(i - 1) / 4]))
		timers_up(timers, i, entry);
	else
		timers_down(timers, i, entry);
}

static void timers_remove(struct timers *timers, uint32_t i)
{
	struct timer_entry last = timers->heap[--timers->count];

	timers->places[timers->heap[i].owner] = 0;
	if (i < timers->count)
		timers_place(timers, i, last);
	if (timers->count == 0)
		timers->first = INT64_MAX;
}

void timers_init(struct timers *timers, uint32_t owner_count, uint32_t lazy_from,
		 uint32_t lazy_count)
{
	timers->count = 0;
	timers->first = INT64_MAX;
	timers->lazy_from = lazy_from;
	timers->lazy_count = lazy_count;
	for (uint32_t i = 0; i < lazy_count; i++)
		timers->deadlines[i] = INT64_MAX;
	for (uint32_t i = 0; i < owner_count; i++)
		timers->places[i] = 0;
}

/* The place in the heap is that of the deadline, whoever is the owner. */
void timers_move(struct timers *timers, uint32_t owner, int64_t deadline)
{
	struct timer_entry entry = {deadline, owner};
	uint32_t place = timers->places[owner];

	if (place > 0 && deadline == INT64_MAX)
		timers_remove(timers, place - 1);
	else if (place > 0)
		timers_place(timers, place - 1, entry);
	else if (deadline != INT64_MAX)
		timers_up(timers, timers->count++, entry);
}

static int64_t timers_true(const struct timers *timers, struct timer_entry entry)
{
	uint32_t lazy = entry.owner - timers->lazy_from;

	return lazy < timers->lazy_count ? timers->deadlines[lazy] : entry.deadline;
}

bool timers_first(struct timers *timers, int64_t *ret_deadline, uint32_t *ret_owner)
{
	while (timers->count > 0) {
		struct timer_entry entry = timers->heap[0];
		int64_t deadline = timers_true(timers, entry);

		if (deadline == entry.deadline) {
			*ret_deadline = deadline;
			*ret_owner = entry.owner;
			return true;
		}
		timers_move(timers, entry.owner, deadline);
	}
	return false;
}

int64_t timers_get(const struct timers *timers, uint32_t owner)
{
	uint32_t place = timers->places[owner];

	if (owner - timers->lazy_from < timers->lazy_count)
		return timers->deadlines[owner - timers->lazy_from];
	return place > 0 ? timers->heap[place - 1].deadline : INT64_MAX;
}
