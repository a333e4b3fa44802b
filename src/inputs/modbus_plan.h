/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Which points are read together: adjacent ones of one device, table and interval in one
 * request, with small holes, never cutting a value in two. Pure.
 */
#ifndef GAUGED_INPUTS_MODBUS_PLAN_H
#define GAUGED_INPUTS_MODBUS_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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

/* Sorts items into the order that the other two expect. */
void modbus_plan_sort(struct modbus_item *items, size_t count);
/* Fills ret, which has room for count spans; returns how many there are. */
size_t modbus_plan_merge(const struct modbus_item *items, size_t count,
			 struct modbus_span *ret);
/* The same without merging: one span for each distinct place that is read. */
size_t modbus_plan_single(const struct modbus_item *items, size_t count,
			  struct modbus_span *ret);

#endif
