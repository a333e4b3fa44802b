/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * A GPIO bus as it is configured: which lines of which chip, and what the points make of them.
 * Immutable, all of it in the arena of the configuration.
 */
#ifndef GAUGED_INPUTS_GPIO_CONFIG_H
#define GAUGED_INPUTS_GPIO_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/option.h"
#include "inputs/gpio_counter.h"
#include "inputs/input.h"
#include "inputs/point_entry.h"
#include "io/gpio_link.h"

enum gpio_kind {
	GPIO_LEVEL,	/* true while the line is active */
	GPIO_INSTANT,	/* true for an instant at each edge */
	GPIO_TOTAL,	/* of edges */
	GPIO_SPEED,	/* of a total */
	GPIO_FREQUENCY, /* of rising edges */
	GPIO_WIDTH,	/* of the last pulse */
	GPIO_POSITION,	/* of an encoder */
	GPIO_OUTPUT,
};
enum { GPIO_KINDS = GPIO_OUTPUT + 1 };

/* What a point makes of its lines. */
struct gpio_point {
	const char *name;
	enum gpio_kind kind;
	uint32_t device;
	uint32_t lines[2]; /* of the link; both the same where there is one */
	struct gpio_counted edges;
	double per;		      /* edges, or hertz of them, for one */
	struct point_scaling scaling; /* of that */
	int64_t over_ns;	      /* of a speed or a frequency */
	struct option_rate max_readings;
	bool verify;
};

struct gpio_device {
	const char *name;
	uint32_t first_point, point_count;
};

/* A point that a line concerns; second: the line is its second one. */
struct gpio_use {
	uint32_t point;
	bool second;
};

/* Lines that are read in one call, and how many points are in them. */
struct gpio_group {
	const char *reads;
	size_t points;
};

struct input_config {
	const char *name;
	struct gpio_link_config link;
	size_t device_count;
	const struct gpio_device *devices;
	uint32_t point_count;
	const struct gpio_point *points;
	/* of the n-th line those from first_use[n] up to first_use[n + 1] */
	const uint32_t *first_use;
	const struct gpio_use *uses;
	int64_t poll_ns;
	size_t group_count;
	const struct gpio_group *groups;
};

struct input_config *gpio_config_parse(struct arena *arena, const struct input_source *source,
				       struct point_table *points, struct diags *diags);

#endif
