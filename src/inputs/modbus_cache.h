/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * What the units of a bus last answered, register by register as it came over the wire, and
 * until when that holds: for other masters. Knows no connection and no clock; allocates only
 * in _new.
 *
 * A register is in one of four states: it was answered and may be read until its time is over;
 * its last request failed; no request has ended yet; or nobody asks for it. Never is an old
 * number given out as if it were of now.
 */
#ifndef GAUGED_INPUTS_MODBUS_CACHE_H
#define GAUGED_INPUTS_MODBUS_CACHE_H

#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"

struct modbus_cache;

/* A range of one table of one unit. */
struct modbus_range {
	uint8_t unit;
	uint8_t function; /* one of the four reads */
	uint16_t address, count;
};

/* For all that the ranges cover; they may overlap. All states are "no request has ended". */
struct modbus_cache *modbus_cache_new(const struct modbus_range *ranges, size_t count);
void modbus_cache_free(struct modbus_cache *cache);

/* The three below do nothing for a range that the cache's do not cover. */

/* data: of an answer, as in struct modbus_answer. It holds until then. */
void modbus_cache_put(struct modbus_cache *cache, const struct modbus_range *range,
		      const uint8_t *data, struct boot until);
/* From now on reads of these are answered with the exception, which is not 0. */
void modbus_cache_fail(struct modbus_cache *cache, const struct modbus_range *range,
		       uint8_t exception);
/* As after modbus_cache_new(). */
void modbus_cache_await(struct modbus_cache *cache, const struct modbus_range *range);

/*
 * Fills ret_data as an answer has it and returns 0; or the exception of the first register
 * that has no value: MODBUS_ILLEGAL_ADDRESS outside of the ranges, MODBUS_BUSY before the
 * first request has ended, MODBUS_GATEWAY_TARGET when the value is too old, or what
 * modbus_cache_fail() said. ret_data is undefined then. range ends within 65536.
 */
uint8_t modbus_cache_read(const struct modbus_cache *cache, const struct modbus_range *range,
			  struct boot now, uint8_t *ret_data);

#endif
