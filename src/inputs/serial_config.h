/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * A serial bus as it is configured: how its line is opened and cut into frames, and what its
 * devices read out of them. Immutable, all of it in the arena of the configuration.
 */
#ifndef GAUGED_INPUTS_SERIAL_CONFIG_H
#define GAUGED_INPUTS_SERIAL_CONFIG_H

#include <stddef.h>
#include <stdint.h>

#include "conf/option.h"
#include "inputs/input.h"
#include "inputs/serial_decode.h"
#include "inputs/serial_frame.h"
#include "inputs/serial_value.h"
#include "io/stream.h"
#include "model/point_line.h"

/* The n-th point is read from the n-th field of the decoder. */
struct serial_device {
	const char *name;
	int64_t stale_ns;
	/* nmea: in front of match:, or NULL */
	const struct serial_decoder *filter;
	const struct serial_decoder_type *type;
	const struct serial_decoder *decoder;
	uint32_t first_point; /* its local number */
	size_t point_count;   /* 0: it is only written, and has no decoder */
	const struct point_scaling *points;
};

/* A point that is written: its text is sent as one line. */
struct serial_command {
	const char *name; /* device.command */
	uint32_t number;  /* its local number */
	int64_t timeout_ns;
};

struct input_config {
	const char *name;
	struct stream_config stream;
	struct serial_frame_config frame;
	struct option_rate max_lines;
	struct point_line line; /* of what is written to it */
	int data_bits;		/* of a character on the way */
	/* of all devices, points and commands: each device's points, then its commands */
	uint32_t point_count;
	size_t command_count;
	const struct serial_command *commands; /* of all devices */
	size_t device_count;
	const struct serial_device *devices;
};

struct input_config *serial_config_parse(struct arena *arena, const struct input_source *source,
					 struct point_table *points, struct diags *diags);

/* The tables of the bus, its framing and its devices. */
extern const struct option_table serial_bus_options;
extern const struct option_table serial_framing_options;
extern const struct option_table serial_device_options;
extern const struct option_table serial_point_options;

#endif
