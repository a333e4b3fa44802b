/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * The transaction ids of one Modbus TCP connection that may still be answered: live ones, with
 * a job that waits for it, and zombies, whose job has timed out. Pure.
 */
#ifndef GAUGED_IO_MODBUS_SLOT_H
#define GAUGED_IO_MODBUS_SLOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"

struct modbus_job;
struct modbus_unit;

enum modbus_slot_state { SLOT_FREE, SLOT_LIVE, SLOT_ZOMBIE };

struct modbus_slot {
	enum modbus_slot_state state;
	uint16_t id;
	struct modbus_unit *unit;
	struct modbus_job *job; /* SLOT_LIVE only */
	struct mono sent, deadline;
	bool passed_over; /* the unit has answered another one meanwhile */
};

struct modbus_slots {
	size_t count;
	struct modbus_slot *slots;
	unsigned live, zombies;
	uint16_t next_id;
};

/* Room for depth live ones and one zombie more than max_zombies; done frees. */
void modbus_slots_init(struct modbus_slots *slots, unsigned depth, unsigned max_zombies);
void modbus_slots_done(struct modbus_slots *slots);

/* A live slot with an id that no other has; there must be room. */
struct modbus_slot *modbus_slot_take(struct modbus_slots *slots);
/* NULL: the id is nobody's. */
struct modbus_slot *modbus_slot_find(struct modbus_slots *slots, uint16_t id);
/* A live slot becomes free or, if an answer may come late, a zombie; its job is returned. */
struct modbus_job *modbus_slot_release(struct modbus_slots *slots, struct modbus_slot *slot,
				       bool zombie);
/* A zombie's id is of no interest any more. */
void modbus_slot_forget(struct modbus_slots *slots, struct modbus_slot *slot);
/* NULL if there is none. */
struct modbus_slot *modbus_slot_oldest_zombie(struct modbus_slots *slots);
/* A live one whose deadline has passed; NULL if there is none. */
struct modbus_slot *modbus_slot_overdue(struct modbus_slots *slots, struct mono now);
/* The unit has answered another one than those of its that are live. */
void modbus_slot_pass_over(struct modbus_slots *slots, const struct modbus_unit *unit);
/* Earliest deadline of the live ones, or MONO_NEVER. */
struct mono modbus_slot_deadline(const struct modbus_slots *slots);

#endif
