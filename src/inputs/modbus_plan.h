/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Which points are read together: adjacent ones of one device, table and interval in one
 * request, with holes where reading along costs less than asking again, never cutting a value
 * in two. Pure.
 */
#ifndef GAUGED_INPUTS_MODBUS_PLAN_H
#define GAUGED_INPUTS_MODBUS_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct modbus_line;

/* What a device is taken to need before it answers on a line, nanoseconds. */
extern const int64_t modbus_plan_turnaround_ns;

/* What a device takes in one request. */
struct modbus_limits {
	uint16_t max_registers; /* 1..125 */
	uint16_t max_bits;	/* 1..2000 */
	uint16_t max_hole;	/* registers nobody asked for; 16 times as many bits */
};

/* One value on the wire. */
struct modbus_item {
	uint32_t point;	 /* the caller's number */
	uint32_t device; /* the caller's number; its limits: */
	const struct modbus_limits *limits;
	uint8_t function; /* one of the four reads */
	uint16_t address;
	uint16_t count; /* within the limits */
	bool exclusive; /* read alone: reading it has effects, or is slow */
	int64_t interval_ns;
};

/* One request: items[first] to items[first + items - 1]. */
struct modbus_span {
	uint32_t device;
	uint8_t function;
	uint16_t address, count;
	int64_t interval_ns;
	size_t first, items;
};

/*
 * The widest hole that is worth reading along: on a line (baud > 0), where its registers take
 * less time than another exchange, 13 characters, two gaps and a turnaround, and at most 32; 16
 * where the time on the wire does not count (NULL) or is not known.
 */
uint16_t modbus_plan_hole(const struct modbus_line *line);

/* Whether the function reads coils or discrete inputs. */
bool modbus_plan_bits(uint8_t function);
/* The widest hole before or behind the item that is read along. */
int modbus_plan_widest(const struct modbus_item *item);
/* Sorts items into the order that the others expect. */
void modbus_plan_sort(struct modbus_item *items, size_t count);

/* The span of items[first] alone. */
struct modbus_span modbus_plan_begin(const struct modbus_item *items, size_t first);
/* Whether the first item behind the span is read by the same request as the last one in it. */
bool modbus_plan_same_place(const struct modbus_item *items, const struct modbus_span *span);
/*
 * Takes the first item behind the span into it, if there is one and it may be: false and
 * unchanged if not. most: registers or bits in one request, within the limits.
 */
bool modbus_plan_join(const struct modbus_item *items, size_t count, struct modbus_span *span,
		      unsigned most);
/* What a device takes in one request by this function. */
unsigned modbus_plan_most(const struct modbus_limits *limits, uint8_t function);

/* Fills ret, which has room for count spans; returns how many there are. */
size_t modbus_plan_merge(const struct modbus_item *items, size_t count,
			 struct modbus_span *ret);
/* Registers or bits that the span reads and no item asks for. */
unsigned modbus_plan_unasked(const struct modbus_item *items, const struct modbus_span *span);

#endif
