/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns transaction ids: who waits under which, and which may not be used again yet. */
#include "io/modbus_slot.h"

#include <assert.h>
#include <stdlib.h>

#include "base/alloc.h"

void modbus_slots_init(struct modbus_slots *slots, unsigned depth, unsigned max_zombies)
{
	*slots = (struct modbus_slots){.count = depth + max_zombies + 1};
	slots->slots = xcalloc(slots->count, sizeof(*slots->slots));
}

void modbus_slots_done(struct modbus_slots *slots)
{
	free(slots->slots);
	*slots = (struct modbus_slots){0};
}

struct modbus_slot *modbus_slot_find(struct modbus_slots *slots, uint16_t id)
{
	for (size_t i = 0; i < slots->count; i++) {
		if (slots->slots[i].state != SLOT_FREE && slots->slots[i].id == id)
			return &slots->slots[i];
	}
	return NULL;
}

struct modbus_slot *modbus_slot_take(struct modbus_slots *slots)
{
	struct modbus_slot *slot = slots->slots;

	while (slot->state != SLOT_FREE)
		slot++;
	assert(slot < slots->slots + slots->count);
	/* An id is not used again while an answer to it may still come. */
	while (modbus_slot_find(slots, slots->next_id) != NULL)
		slots->next_id++;
	*slot = (struct modbus_slot){.state = SLOT_LIVE, .id = slots->next_id++};
	slots->live++;
	return slot;
}

struct modbus_job *modbus_slot_release(struct modbus_slots *slots, struct modbus_slot *slot,
				       bool zombie)
{
	struct modbus_job *job = slot->job;

	slot->job = NULL;
	slot->state = zombie ? SLOT_ZOMBIE : SLOT_FREE;
	slots->live--;
	slots->zombies += zombie;
	return job;
}

void modbus_slot_forget(struct modbus_slots *slots, struct modbus_slot *slot)
{
	slot->state = SLOT_FREE;
	slots->zombies--;
}

struct modbus_slot *modbus_slot_oldest_zombie(struct modbus_slots *slots)
{
	struct modbus_slot *oldest = NULL;

	for (size_t i = 0; i < slots->count; i++) {
		struct modbus_slot *slot = &slots->slots[i];

		if (slot->state == SLOT_ZOMBIE &&
		    (oldest == NULL || slot->sent.ns < oldest->sent.ns))
			oldest = slot;
	}
	return oldest;
}

struct modbus_slot *modbus_slot_overdue(struct modbus_slots *slots, struct mono now)
{
	for (size_t i = 0; i < slots->count; i++) {
		struct modbus_slot *slot = &slots->slots[i];

		if (slot->state == SLOT_LIVE && slot->deadline.ns <= now.ns)
			return slot;
	}
	return NULL;
}

void modbus_slot_pass_over(struct modbus_slots *slots, const struct modbus_unit *unit)
{
	for (size_t i = 0; i < slots->count; i++) {
		struct modbus_slot *slot = &slots->slots[i];

		if (slot->state == SLOT_LIVE && slot->unit == unit)
			slot->passed_over = true;
	}
}

struct mono modbus_slot_deadline(const struct modbus_slots *slots)
{
	struct mono first = MONO_NEVER;

	for (size_t i = 0; i < slots->count; i++) {
		const struct modbus_slot *slot = &slots->slots[i];

		if (slot->state == SLOT_LIVE && slot->deadline.ns < first.ns)
			first = slot->deadline;
	}
	return first;
}
