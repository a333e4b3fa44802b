/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * What registers and coils mean: types, word orders, bit fields, scale, sentinels and ranges,
 * from the wire to a value and back. Pure.
 */
#ifndef GAUGED_INPUTS_MODBUS_TYPES_H
#define GAUGED_INPUTS_MODBUS_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/reading.h"
#include "model/value.h"

struct error;

enum modbus_type {
	MODBUS_TYPE_BOOL, /* a coil or a discrete input */
	MODBUS_TYPE_INT16,
	MODBUS_TYPE_UINT16,
	MODBUS_TYPE_INT32,
	MODBUS_TYPE_UINT32,
	MODBUS_TYPE_INT64,
	MODBUS_TYPE_UINT64,
	MODBUS_TYPE_FLOAT32,
	MODBUS_TYPE_FLOAT64,
	MODBUS_TYPE_BCD16,
	MODBUS_TYPE_BCD32,
	MODBUS_TYPE_STRING,
};

/*
 * Bytes on the wire, of a 32-bit value whose bytes are A (highest) to D; 16 bits: AB or BA; 64
 * bits: words reversed (C, D first) and bytes swapped in each word (B, D first) alike.
 */
enum modbus_order { MODBUS_ABCD, MODBUS_CDAB, MODBUS_BADC, MODBUS_DCBA };

/* A raw value that the device sends when it has none. */
struct modbus_invalid {
	bool is_number; /* compared as a number before scaling; else bit by bit */
	uint64_t bits;
	double number;
};

struct modbus_format {
	enum modbus_type type;
	enum modbus_order order;
	uint16_t registers;   /* 0: MODBUS_TYPE_BOOL */
	uint8_t shift, width; /* a field of the raw bits; width 0: the whole */
	bool flag;	      /* one bit, which is true or false */
	double scale, offset; /* value = raw * scale + offset; scale is not 0 */
	bool limited;
	double low, high; /* of the value; outside is bad, and is never written */
	size_t invalid_count;
	const struct modbus_invalid *invalid;
};

/*
 * "int16" ... "float64", "bool", "bcd16", "bcd32", "string(N)" with N registers, 1..123. Sets
 * type and registers; -EINVAL if it is none of them, -ERANGE if N is out of range.
 */
int modbus_type_parse(const char *text, struct modbus_format *ret);
/* Names of the types, ending in NULL, for suggestions. */
extern const char *const modbus_type_names[];
/* Whether single bits of it can be named: whole numbers, but for BCD. */
bool modbus_type_has_bits(enum modbus_type type);
enum value_kind modbus_format_kind(const struct modbus_format *format);

/*
 * Reads one sentinel: 0x... is compared with the bits of the raw value, every other number
 * with its number. -EINVAL if it is no number.
 */
int modbus_invalid_parse(const char *text, const struct modbus_format *format,
			 struct modbus_invalid *ret);

/*
 * wire: 2 * registers bytes, or one byte whose bit 0 is the coil. room is for a text. BAD_NONE,
 * or why there is no value, *ret being VALUE_NONE then: BAD_PARSE for digits that are none
 * (BCD), BAD_RANGE for a sentinel, NaN, an infinity, or a value outside the limits.
 */
enum bad_reason modbus_decode(const struct modbus_format *format, const uint8_t *wire,
			      char room[VALUE_TEXT_MAX + 1], struct value *ret);
/*
 * The inverse, rounding half away from zero. -EINVAL (wrong kind) or -ERANGE with err; wire is
 * untouched then. Of a bit field, wire gets its bits, the others being zero: what is sent has
 * to leave those as they are in the device, see modbus_field_mask().
 */
int modbus_encode(const struct modbus_format *format, struct value value, uint8_t *wire,
		  struct error *err);
/* wire: 2 * registers bytes, ones where the bits of the field are. */
void modbus_field_mask(const struct modbus_format *format, uint8_t *wire);

#endif
