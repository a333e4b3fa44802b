/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the heap of what waits in a pass. */
#include "rules/agenda.h"

void agenda_place(struct agenda *agenda, uint32_t numbers, struct room *room)
{
	agenda->heap = room_take(room, numbers, sizeof(*agenda->heap));
	agenda->reasons = room_take(room, numbers, sizeof(*agenda->reasons));
}

void agenda_add(struct agenda *agenda, uint32_t number, uint8_t reason)
{
	uint32_t k = agenda->count;
	bool waits = agenda->reasons[number] != 0;

	agenda->reasons[number] |= reason;
	if (waits)
		return;
	agenda->count++;
	while (k > 0 && agenda->heap[(k - 1) / 2] > number) {
		agenda->heap[k] = agenda->heap[(k - 1) / 2];
		k = (k - 1) / 2;
	}
	agenda->heap[k] = number;
}

uint32_t agenda_take(struct agenda *agenda, uint8_t *ret_reasons)
{
	uint32_t first = agenda->heap[0], last = agenda->heap[--agenda->count], k = 0;

	while (2 * k + 1 < agenda->count) {
		uint32_t child = 2 * k + 1;

		if (child + 1 < agenda->count && agenda->heap[child + 1] < agenda->heap[child])
			child++;
		if (agenda->heap[child] >= last)
			break;
		agenda->heap[k] = agenda->heap[child];
		k = child;
	}
	agenda->heap[k] = last;
	*ret_reasons = agenda->reasons[first];
	agenda->reasons[first] = 0;
	return first;
}
