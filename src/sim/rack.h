/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * The units of one bus: which there are, what stands in their registers, and the honest answer
 * of each, which libmodbus makes. Exchanges come from a server of any framing.
 */
#ifndef GAUGED_SIM_RACK_H
#define GAUGED_SIM_RACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/random.h"
#include "sim/fault.h"
#include "sim/registers.h"

struct error;
struct exchange;
struct rack;
struct truth;

struct slave {
	int id; /* 0: answers to any unit identifier that no other unit has */
	struct registers registers;
	struct faults faults;
	uint64_t requests;
	uint64_t writes; /* of those, whatever became of them */
	/* Called before each answer is made and after each write that was carried out; may be
	 * NULL. */
	void (*refresh)(void *arg, struct slave *slave);
	void (*written)(void *arg, struct slave *slave, const char *peer);
	void *arg;
};

/* slaves is borrowed and outlives the rack. NULL + err. seed 0: another one each time. */
struct rack *rack_new(struct slave *slaves, size_t count, uint64_t seed, struct error *err);
void rack_free(struct rack *rack);

/* From now on what stands in its registers is written down; truth is borrowed, as name is. */
void rack_record(struct rack *rack, struct truth *truth, const char *name);
/* Makes the registers of a unit of the rack what they would be if a master asked now. */
void rack_refresh(struct rack *rack, struct slave *slave);
/* Somebody changed the registers by hand. */
void rack_written(struct rack *rack, struct slave *slave, const char *who);

/* NULL: there is no such unit. */
struct slave *rack_slave(struct rack *rack, int id);
/* For the faults of its units and of the bus that it is on. */
struct random *rack_random(struct rack *rack);
/*
 * Answers the exchange with all its faults, those of the bus (may be NULL) first. A unit that
 * there isn't is silent on a line; on TCP it gets exception 0x0B. A request to all units of a
 * line (unit 0) is carried out by each and answered by none.
 */
void rack_answer(struct rack *rack, struct exchange *exchange, struct faults *bus);

#endif
