/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * The requests to one RTU unit that nobody answered, and may yet answer. An answer carries
 * neither a number nor an address: one that comes late must not be taken for that of the next
 * request. It is told by its function and length, or, of a write, by the address that it
 * repeats; and units answer in the order in which they were asked. Pure.
 */
#ifndef GAUGED_IO_MODBUS_STALE_H
#define GAUGED_IO_MODBUS_STALE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "io/modbus_pdu.h"

enum { MODBUS_STALE_MAX = 8 };

struct modbus_stale {
	unsigned count;
	bool many; /* there were more than are kept: any answer may be late */
	struct {
		uint8_t function;
		uint16_t mark;	  /* length of the answer, or the address of a write */
	} each[MODBUS_STALE_MAX]; /* the oldest first */
};

/* Nothing is outstanding any more. */
void modbus_stale_clear(struct modbus_stale *stale);
void modbus_stale_add(struct modbus_stale *stale, const struct modbus_request *request);
/* Whether a late answer could pass for the normal answer to this request. */
bool modbus_stale_clashes(const struct modbus_stale *stale,
			  const struct modbus_request *request);
/* Whether an exception to this function may be a late one. */
bool modbus_stale_doubts(const struct modbus_stale *stale, uint8_t function);
/* A PDU that came late: true if it answers one of them, which then is outstanding no more. */
bool modbus_stale_take(struct modbus_stale *stale, const uint8_t *pdu, size_t len);
/*
 * The request, which does not clash, was answered. True if all that was asked before is through
 * by that; false if it may have been the answer to an earlier write like it, so that the one to
 * this one is outstanding now, and what was asked between the two.
 */
bool modbus_stale_answered(struct modbus_stale *stale, const struct modbus_request *request);
/*
 * Makes a read whose normal answer can't be a late one, so that it shows that the others are
 * through: a shorter one at the address of the request, else one like good, which was answered
 * before (function 0: none was), else a longer one. False: there is none.
 */
bool modbus_stale_probe(const struct modbus_stale *stale, const struct modbus_request *request,
			const struct modbus_request *good, struct modbus_request *ret);

#endif
