/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * The inside of parsing a Modbus bus, for the files that own it together: modbus_config
 * (devices), modbus_parse_bus, modbus_parse_point (places, bits, tables), modbus_parse_format
 * (what a value means), modbus_parse_write (how it is written) and modbus_parse_place (whose).
 */
#ifndef GAUGED_INPUTS_MODBUS_PARSE_H
#define GAUGED_INPUTS_MODBUS_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/diag.h"
#include "inputs/modbus_config.h"
#include "inputs/modbus_options.h"

/* What parsing one bus fills. */
struct modbus_parse {
	struct arena *arena;
	struct diags *diags;
	struct point_table *table;
	struct input_config *config;
	struct modbus_point *points;
	struct modbus_item *items;
	struct modbus_device *devices;
	size_t cap;
	bool ok;
	/* the device that is being read */
	const struct input_device *source;
	struct modbus_device_settings device;
	uint32_t device_number;
};

#define modbus_parse_error(parse, ...)                   \
	do {                                             \
		diag_error((parse)->diags, __VA_ARGS__); \
		(parse)->ok = false;                     \
	} while (0)

/* The map of the bus, into *ret_options and what they come to in parse->config->bus. */
void modbus_parse_bus(struct modbus_parse *parse, const struct input_source *source,
		      struct modbus_bus_settings *ret_options);
/* One entry of 'points' of the device that is being read. */
void modbus_parse_point(struct modbus_parse *parse, const struct yaml_node *key,
			const struct yaml_node *node);
/*
 * What the value at point->function and point->address means, into point->format. False after
 * an error was added.
 */
bool modbus_parse_format(struct modbus_parse *parse, const struct yaml_node *node,
			 const struct modbus_point_settings *options,
			 struct modbus_point *point);

/*
 * How the point, whose place and format are known, is written, into point->write and
 * point->way; key is where its name stands. False after an error was added.
 */
bool modbus_parse_write(struct modbus_parse *parse, const struct yaml_node *node,
			const struct yaml_node *key,
			const struct modbus_point_settings *options,
			struct modbus_point *point);

/* When all points are there: none writes where another has limits. */
void modbus_parse_places(struct modbus_parse *parse);

#endif
