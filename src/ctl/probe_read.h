/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Reads a range of registers or coils of an unknown device: where a request is refused it is
 * cut in two, down to single ones, so that holes are found and the rest is read; what the
 * device takes at once is learned on the way. Does no I/O of its own.
 */
#ifndef GAUGED_CTL_PROBE_READ_H
#define GAUGED_CTL_PROBE_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ctl/probe_guess.h"
#include "ctl/probe_line.h"
#include "io/modbus_pdu.h"

struct probe_block {
	uint8_t function; /* that reads it: one of the four reads */
	uint16_t first;	  /* address */
	size_t count;	  /* 1..65536 - first */
	struct probe_cell *cells;
	size_t known;	   /* cells with a value */
	size_t refused;	   /* cells without */
	uint16_t limit;	   /* more than that at once was refused; 0: nothing was learned */
	const char *ended; /* why the rest was not asked, static; NULL: all was */
};

/* Asks once and waits. false: it can't be asked any more; then *ret says why. */
typedef bool probe_ask(void *arg, const struct modbus_request *request,
		       struct probe_answer *ret);

/* All cells unasked; done frees them. */
void probe_block_init(struct probe_block *block, uint8_t function, uint16_t first,
		      size_t count);
void probe_block_done(struct probe_block *block);

/*
 * Fills the block. alive is a request that the unit has answered, with whatever: where an
 * answer is missing it tells a unit that has gone from one that is silent about some addresses.
 */
void probe_block_read(struct probe_block *block, const struct modbus_request *alive,
		      probe_ask *ask, void *arg);

/* "holding", "input", "coil", "discrete": as the configuration calls what function reads. */
const char *probe_table_name(uint8_t function);
bool probe_table_bits(uint8_t function);

#endif
