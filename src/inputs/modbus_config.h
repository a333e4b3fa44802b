/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* A Modbus bus as configured: its devices, their points, and the requests that read them. */
#ifndef GAUGED_INPUTS_MODBUS_CONFIG_H
#define GAUGED_INPUTS_MODBUS_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "inputs/input.h"
#include "inputs/modbus_plan.h"
#include "inputs/modbus_serve_config.h"
#include "inputs/modbus_types.h"
#include "io/modbus_bus.h"

struct modbus_device {
	uint8_t number; /* of the unit */
	struct modbus_unit_config unit;
	struct modbus_limits limits;
};

/* How a point is written. */
struct modbus_way {
	uint8_t function; /* WRITE_COIL(S), WRITE_REGISTER(S) or MASK_REGISTER */
	uint16_t skip;	  /* registers of the value before the first one that is touched */
	uint16_t count;	  /* registers or coils that are touched: all, or those of a field */
	bool reads_first; /* what else stands in them is read before, and written as it was */
	bool verify;	  /* a write is done when it was read back as well */
};

struct modbus_point {
	const char *name; /* device.point */
	uint32_t device;
	uint8_t function; /* that reads it */
	uint16_t address;
	struct modbus_format format;
	bool write;
	struct modbus_way way; /* if so */
	int64_t stale_ns;      /* how long a value counts without a new one */
};

struct input_config {
	const char *name; /* of the bus */
	struct modbus_bus_config bus;
	struct modbus_serve_config serve;
	size_t device_count;
	const struct modbus_device *devices;
	size_t point_count;
	const struct modbus_point *points; /* by local number */
	size_t writable;		   /* points that may be written */
	size_t item_count;
	const struct modbus_item *items;
	/* The requests that read all items, as long as no device refuses one. */
	size_t span_count;
	const struct modbus_span *spans;
};

/* See struct input_type; modbus.c puts it into its table. */
struct input_config *modbus_config_parse(struct arena *arena, const struct input_source *source,
					 struct point_table *points, struct diags *diags);

#endif
