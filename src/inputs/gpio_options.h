/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* What may stand in the maps of a GPIO bus, its devices and points, as rows. */
#ifndef GAUGED_INPUTS_GPIO_OPTIONS_H
#define GAUGED_INPUTS_GPIO_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "conf/option.h"

struct gpio_bus_settings {
	const struct yaml_node *gpio;
	int64_t poll_ns;
};

struct gpio_chip_settings {
	const char *chip;
};

struct gpio_device_settings {
	const struct yaml_node *bus, *points;
	int64_t stale_ns; /* 0: not said */
	struct option_rate max_readings;
};

enum gpio_on_start { GPIO_START_KEEP, GPIO_START_ON, GPIO_START_OFF };

/* CHOICE members are numbers of the enums that they are named after. */
struct gpio_point_settings {
	const struct yaml_node *line, *quadrature, *rate;
	int direction; /* 1: output */
	int edge, count, measure;
	int active; /* 1: low */
	int bias, drive, on_start;
	int64_t debounce_ns, over_ns;
	double scale, per, offset, deadband;
	const char *unit;
	struct option_limits range;
	bool hold_bad, verify;
};

struct gpio_rate_settings {
	const char *unit;
	int64_t over_ns;
};

extern const struct option_table gpio_bus_options;
extern const struct option_table gpio_chip_options;
extern const struct option_table gpio_device_options;
extern const struct option_table gpio_point_options;
extern const struct option_table gpio_rate_options;

#endif
