/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * The inside of parsing a GPIO bus, for the files that own it together: gpio_config (bus and
 * devices), gpio_parse_point (what a point is), gpio_parse_line (the lines that points share)
 * and gpio_parse_order (which of them belong together).
 */
#ifndef GAUGED_INPUTS_GPIO_PARSE_H
#define GAUGED_INPUTS_GPIO_PARSE_H

#include "conf/diag.h"
#include "inputs/gpio_config.h"
#include "inputs/gpio_options.h"

/* What parsing one bus fills; the lists have room for all that there can be. */
struct gpio_parse {
	struct arena *arena;
	struct diags *diags;
	struct point_table *table;
	struct input_config *config;
	struct gpio_point *points;
	struct gpio_link_line *lines;
	struct gpio_device *devices;
	bool ok;
	struct gpio_bus_settings bus;
	/* the device that is being read */
	const struct input_device *source;
	struct gpio_device_settings device;
	uint32_t device_number;
};

#define gpio_parse_error(parse, ...)                     \
	do {                                             \
		diag_error((parse)->diags, __VA_ARGS__); \
		(parse)->ok = false;                     \
	} while (0)

/* One entry of 'points' of the device that is being read. */
void gpio_parse_point(struct gpio_parse *parse, const struct yaml_node *key,
		      const struct yaml_node *node);
/*
 * The number of the line that node names, new or shared with another point; what edges wants
 * is added to what the line tells. False after an error was added.
 */
bool gpio_parse_line(struct gpio_parse *parse, const struct yaml_node *node,
		     const struct gpio_point_settings *options, enum gpio_kind kind,
		     const struct gpio_counted *edges, uint32_t *ret);

/*
 * Puts the lines of an encoder one behind the other, so that they come into one request: that
 * gives their edges one order; and outputs behind inputs. where: for errors.
 */
void gpio_parse_order(struct gpio_parse *parse, const struct yaml_node *where);

#endif
