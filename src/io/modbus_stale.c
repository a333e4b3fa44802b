/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns what can be known of an answer that comes too late, and how to be sure it is not one. */
#include "io/modbus_stale.h"

#include <string.h>

enum { EXCEPTION_BIT = 0x80, PROBE_LONGER = 16 };

/* Whether its answer holds data, and not what was written. */
static bool reads(uint8_t function)
{
	return !modbus_writes(function) || function == MODBUS_READ_WRITE_REGISTERS;
}

static uint16_t mark_of(const struct modbus_request *request)
{
	return reads(request->function) ? (uint16_t)modbus_answer_length(request)
					: request->address;
}

void modbus_stale_clear(struct modbus_stale *stale)
{
	*stale = (struct modbus_stale){0};
}

void modbus_stale_add(struct modbus_stale *stale, const struct modbus_request *request)
{
	if (stale->count == MODBUS_STALE_MAX) {
		stale->many = true;
		return;
	}
	stale->each[stale->count].function = request->function;
	stale->each[stale->count++].mark = mark_of(request);
}

static bool stale_has(const struct modbus_stale *stale, uint8_t function, uint16_t mark)
{
	for (unsigned i = 0; i < stale->count; i++) {
		if (stale->each[i].function == function && stale->each[i].mark == mark)
			return true;
	}
	return false;
}

static void stale_remove(struct modbus_stale *stale, unsigned i)
{
	stale->count--;
	memmove(&stale->each[i], &stale->each[i + 1],
		(stale->count - i) * sizeof(stale->each[0]));
}

bool modbus_stale_clashes(const struct modbus_stale *stale,
			  const struct modbus_request *request)
{
	switch (request->function) {
	case MODBUS_WRITE_COIL:
	case MODBUS_WRITE_REGISTER:
	case MODBUS_MASK_REGISTER:
		/* Their answer repeats all of it: one that fits says that it was done. */
		return false;
	default:
		return stale->many || stale_has(stale, request->function, mark_of(request));
	}
}

bool modbus_stale_doubts(const struct modbus_stale *stale, uint8_t function)
{
	for (unsigned i = 0; i < stale->count; i++) {
		if (stale->each[i].function == function)
			return true;
	}
	return stale->many;
}

bool modbus_stale_take(struct modbus_stale *stale, const uint8_t *pdu, size_t len)
{
	uint8_t function = pdu[0] & (EXCEPTION_BIT - 1);
	bool exception = pdu[0] & EXCEPTION_BIT;
	uint16_t mark = (uint16_t)len;

	if (!exception && !reads(function) && len >= 3)
		mark = modbus_u16(pdu + 1);
	for (unsigned i = 0; i < stale->count; i++) {
		if (stale->each[i].function != function ||
		    (!exception && stale->each[i].mark != mark))
			continue;
		stale_remove(stale, i);
		return true;
	}
	return false;
}

bool modbus_stale_answered(struct modbus_stale *stale, const struct modbus_request *request)
{
	uint16_t mark = mark_of(request);

	for (unsigned i = 0; i < stale->count; i++) {
		if (stale->each[i].function != request->function || stale->each[i].mark != mark)
			continue;
		stale_remove(stale, i);
		modbus_stale_add(stale, request);
		return false;
	}
	return !stale->many;
}

/* The smallest count from low to high whose answer is told from all others. */
static bool probe_from(const struct modbus_stale *stale, uint8_t function, uint16_t address,
		       unsigned low, unsigned high, struct modbus_request *ret)
{
	for (unsigned count = low; count <= high; count++) {
		struct modbus_request probe = {
			.function = function, .address = address, .count = (uint16_t)count};

		if (!modbus_request_valid(&probe))
			return false;
		if (stale_has(stale, function, mark_of(&probe)))
			continue;
		*ret = probe;
		return true;
	}
	return false;
}

/* What reads the registers that the request is about. */
static uint8_t reader_of(uint8_t function)
{
	switch (function) {
	case MODBUS_WRITE_COILS:
		return MODBUS_READ_COILS;
	case MODBUS_WRITE_REGISTERS:
	case MODBUS_READ_WRITE_REGISTERS:
		return MODBUS_READ_HOLDING;
	default:
		return function;
	}
}

bool modbus_stale_probe(const struct modbus_stale *stale, const struct modbus_request *request,
			const struct modbus_request *good, struct modbus_request *ret)
{
	uint8_t function = reader_of(request->function);
	unsigned count = request->count;

	if (stale->many)
		return false;
	return probe_from(stale, function, request->address, 1, count, ret) ||
	       (good->function != 0 &&
		probe_from(stale, good->function, good->address, 1, good->count, ret)) ||
	       probe_from(stale, function, request->address, count + 1, count + PROBE_LONGER,
			  ret);
}
