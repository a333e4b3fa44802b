/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* One bus and its devices from YAML text, opened, with every reading kept: for tests of inputs.
 */
#ifndef GAUGED_TESTS_UNIT_INPUT_RIG_H
#define GAUGED_TESTS_UNIT_INPUT_RIG_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "conf/diag.h"
#include "inputs/input.h"
#include "model/point.h"

enum { RIG_POINTS = 64 };

struct input_rig {
	struct arena *arena;
	struct diags *diags;
	struct diag_source text;
	struct point_table *points;
	struct input_source source;
	struct input_device devices[16];
	const struct input_type *type;
	struct input_config *config;
	struct input *input;
	/* What came: the number of readings, good and bad, and the last of each point. */
	unsigned all, good, bad;
	struct reading last[RIG_POINTS];
	char texts[RIG_POINTS][VALUE_TEXT_MAX + 1];
	unsigned counts[RIG_POINTS];
	/* The readings as lines "point value\n", when keep_log is set. */
	int keep_log;
	struct str log;
};

/*
 * text is a map of two: "bus: {...}" and "devices: {...}". Returns what the errors say, or
 * NULL; the text is freed by rig_done().
 */
const char *rig_parse(struct input_rig *rig, const struct input_type *type, const char *text);
/* rig_parse() without errors, and the bus opened. */
void rig_open(struct input_rig *rig, const struct input_type *type, const char *text,
	      struct loop *loop);
/* Opens the bus that was parsed without errors. */
void rig_start(struct input_rig *rig, struct loop *loop);
/* Closes what is open and frees all. */
void rig_done(struct input_rig *rig);

/* The local number of a point. */
uint32_t rig_point(const struct input_rig *rig, const char *name);
/* The last reading of a point as text: "21.5", "bad:parse", "nothing" if there was none. */
const char *rig_last(struct input_rig *rig, const char *name);
/* A counter of the bus's report, or of device's (by number from 0; -1: the bus). */
uint64_t rig_counter(const struct input_rig *rig, int device, const char *name);
/* The state of the bus (-1) or of a device. */
const char *rig_state(const struct input_rig *rig, int device);

#endif
