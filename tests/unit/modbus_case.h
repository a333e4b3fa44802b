/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* A Modbus bus from YAML text to readings: for the tests of the whole input. */
#ifndef GAUGED_TESTS_MODBUS_CASE_H
#define GAUGED_TESTS_MODBUS_CASE_H

#include <stddef.h>
#include <stdint.h>

#include "conf_case.h"
#include "inputs/input.h"
#include "io/loop.h"
#include "model/point.h"
#include "model/reading.h"

enum { MODBUS_CASE_POINTS = 400 };

/* The last reading of one point. */
struct modbus_seen {
	unsigned good, bad;
	struct reading last;
	char text[VALUE_TEXT_MAX + 1]; /* last.value.text points here */
};

struct modbus_case {
	struct conf_case conf;
	char yaml[65536];
	struct loop *loop;
	struct point_table *points;
	struct input_config *config;
	struct input *input;
	const struct input *before; /* that the bus takes the place of */
	uint64_t readings;
	struct modbus_seen seen[MODBUS_CASE_POINTS];
};

/*
 * Binds the one bus under 'buses' with all 'devices' of the YAML text, in which every %u is
 * the port. config is NULL after errors; conf_case_said() tells them.
 */
void modbus_case_init(struct modbus_case *c, const char *yaml, unsigned port);
/* Makes the loop unless there is one already, and opens the bus. */
void modbus_case_open(struct modbus_case *c);
void modbus_case_done(struct modbus_case *c);

uint32_t modbus_case_point(const struct modbus_case *c, const char *name);
struct modbus_seen *modbus_case_seen(struct modbus_case *c, const char *name);
/* A counter of the bus, or of device number device if that is not negative. */
uint64_t modbus_case_count(const struct modbus_case *c, int device, const char *name);

#endif
