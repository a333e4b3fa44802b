/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the options of GPIO buses. */
#include "inputs/gpio_options.h"

#include <math.h>

#include "base/alloc.h"
#include "inputs/write_entry.h"

static const char *const gpio_directions[] = {"input", "output", NULL};
static const char *const gpio_edges[] = {"rising", "falling", NULL};
static const char *const gpio_counts[] = {"rising", "falling", "both", NULL};
static const char *const gpio_measures[] = {"frequency", "width", NULL};
static const char *const gpio_actives[] = {"high", "low", NULL};
static const char *const gpio_biases[] = {"as-is", "disabled", "pull-up", "pull-down", NULL};
static const char *const gpio_drives[] = {"push-pull", "open-drain", "open-source", NULL};
static const char *const gpio_starts[] = {"keep", "on", "off", NULL};

/* clang-format 14 crashes on rows of unequal length. */
/* clang-format off */
#define OVER_SECONDS .fallback = "5s", .min = 0.01, .max = 3600

static const struct option bus_rows[] = {
	{.name = "gpio",
	 OPTION(MAP, gpio_bus_settings, gpio),
	 .required = true,
	 .shape = "gpio_chip",
	 .help = "The chip whose lines are used."},
	{.name = "poll",
	 OPTION(DURATION, gpio_bus_settings, poll_ns),
	 .fallback = "1s",
	 .min = 0.01,
	 .max = 3600,
	 .help = "How often the lines are read although nothing happened, and totals and rates told; "
		 "edges come at once."},
};

static const struct option chip_rows[] = {
	{.name = "chip",
	 OPTION(TEXT, gpio_chip_settings, chip),
	 .required = true,
	 .help = "Label or name of the chip, as gpiodetect shows them, or the path of its device."},
};

static const struct option device_rows[] = {
	{.name = "bus",
	 OPTION(NODE, gpio_device_settings, bus),
	 .shape = "name",
	 .help = "The bus it stands on."},
	{.name = "stale_after",
	 OPTION(DURATION, gpio_device_settings, stale_ns),
	 .min = 0.001,
	 .max = 86400 * 365.0,
	 .help = "How long a value counts without a new one; three polls, at least 1s, if absent."},
	{.name = "max_readings",
	 OPTION(RATE, gpio_device_settings, max_readings),
	 .fallback = "100/s",
	 .help = "Readings of a point beyond this rate wait; of a line that chatters the last value "
		 "is told, and what it skipped is counted."},
	{.name = "points",
	 OPTION(MAP, gpio_device_settings, points),
	 .required = true,
	 .shape = "{name:gpio_point}",
	 .help = "The lines of the device, by name."},
};

static const struct option point_rows[] = {
	{.name = "line",
	 OPTION(NODE, gpio_point_settings, line),
	 .shape = "0..65535|text",
	 .help = "The line: its number on the chip, or its name."},
	{.name = "quadrature",
	 OPTION(SEQ, gpio_point_settings, quadrature),
	 .shape = "[0..65535|text]",
	 .help = "The two lines of an encoder: the value is its position in edges, forwards where the "
		 "first one leads."},
	{.name = "direction",
	 OPTION(CHOICE, gpio_point_settings, direction),
	 .fallback = "input",
	 .choices = gpio_directions,
	 .help = "Whether the line is read, or written as well."},
	{.name = "edge",
	 OPTION(CHOICE, gpio_point_settings, edge),
	 .choices = gpio_edges,
	 .help = "The point is true for an instant at each such edge, and false otherwise."},
	{.name = "count",
	 OPTION(CHOICE, gpio_point_settings, count),
	 .choices = gpio_counts,
	 .help = "The value is the number of these edges, times scale."},
	{.name = "measure",
	 OPTION(CHOICE, gpio_point_settings, measure),
	 .choices = gpio_measures,
	 .help = "The value is the frequency of the rising edges, or the width of the last pulse."},
	{.name = "rate",
	 OPTION(MAP, gpio_point_settings, rate),
	 .shape = "gpio_rate",
	 .help = "With count: how fast it counts, as a further point NAME.rate."},
	{.name = "over",
	 OPTION(DURATION, gpio_point_settings, over_ns),
	 OVER_SECONDS,
	 .help = "The span of time over which a frequency is taken."},
	{.name = "active",
	 OPTION(CHOICE, gpio_point_settings, active),
	 .fallback = "high",
	 .choices = gpio_actives,
	 .help = "The level of the line that is true; a rising edge leads to it."},
	{.name = "bias",
	 OPTION(CHOICE, gpio_point_settings, bias),
	 .fallback = "as-is",
	 .choices = gpio_biases,
	 .help = "The resistor in the chip that pulls the line, where it has one."},
	{.name = "debounce",
	 OPTION(DURATION, gpio_point_settings, debounce_ns),
	 .fallback = "0s",
	 .min = 0,
	 .max = 60,
	 .help = "A level counts once it has lasted so long; the kernel sees to it, in its own ticks."},
	{.name = "drive",
	 OPTION(CHOICE, gpio_point_settings, drive),
	 .fallback = "push-pull",
	 .choices = gpio_drives,
	 .help = "How an output drives the line."},
	{.name = "on_start",
	 OPTION(CHOICE, gpio_point_settings, on_start),
	 .fallback = "keep",
	 .choices = gpio_starts,
	 .help = "What an output is when gauged takes the line; keep: what it was, off if it was none."},
	{.name = "verify",
	 OPTION(BOOL, gpio_point_settings, verify),
	 .fallback = "false",
	 .help = "Read an output back when it was written: the write is done only if the line has "
		 "that value."},
	{.name = "scale",
	 OPTION(NUMBER, gpio_point_settings, scale),
	 .fallback = "1",
	 .help = "What one edge counts for."},
	{.name = "per",
	 OPTION(NUMBER, gpio_point_settings, per),
	 .min = 1e-9,
	 .max = INFINITY,
	 .help = "Edges for one unit, instead of scale: 450 pulses a litre."},
	{.name = "offset",
	 OPTION(NUMBER, gpio_point_settings, offset),
	 .fallback = "0",
	 .help = "Added behind scale: what the meter showed at the beginning."},
	{.name = "unit",
	 OPTION(TEXT, gpio_point_settings, unit),
	 .help = "Unit of a total or position; of a frequency Hz, of a width s if absent."},
	{.name = "range",
	 OPTION(LIMITS, gpio_point_settings, range),
	 .help = "Values outside of it are bad."},
	{.name = "deadband",
	 OPTION(NUMBER, gpio_point_settings, deadband),
	 .fallback = "0",
	 .min = 0,
	 .max = INFINITY,
	 .help = "Changes smaller than this leave the value as it is."},
	{.name = "hold_bad",
	 OPTION(BOOL, gpio_point_settings, hold_bad),
	 .fallback = "true",
	 .help = "Whether a failed reading leaves the last good value to count until it is stale."},
};

static const struct option rate_rows[] = {
	{.name = "unit",
	 OPTION(TEXT, gpio_rate_settings, unit),
	 .help = "A unit of the total by time, such as L/min; the total's unit a second if absent."},
	{.name = "over",
	 OPTION(DURATION, gpio_rate_settings, over_ns),
	 OVER_SECONDS,
	 .help = "The span of time over which the rate is taken."},
};
/* clang-format on */

const struct option_table gpio_bus_options = {
	.section = "GPIO bus",
	.manual = "gauged.yaml(5)",
	.rows = bus_rows,
	.count = ARRAY_SIZE(bus_rows),
	.name = "gpio_bus",
};
const struct option_table gpio_chip_options = {
	.section = "GPIO chip",
	.manual = "gauged.yaml(5)",
	.rows = chip_rows,
	.count = ARRAY_SIZE(chip_rows),
	.name = "gpio_chip",
};
const struct option_table gpio_device_options = {
	.section = "GPIO device",
	.manual = "gauged.yaml(5)",
	.rows = device_rows,
	.count = ARRAY_SIZE(device_rows),
	.name = "gpio_device",
};
const struct option_table gpio_point_options = {
	.section = "GPIO point",
	.manual = "gauged.yaml(5)",
	.rows = point_rows,
	.count = ARRAY_SIZE(point_rows),
	.name = "gpio_point",
	.also = &write_entry_options,
	.one_of = "line|quadrature",
};
const struct option_table gpio_rate_options = {
	.section = "GPIO rate",
	.manual = "gauged.yaml(5)",
	.rows = rate_rows,
	.count = ARRAY_SIZE(rate_rows),
	.name = "gpio_rate",
};
