/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * What a test feeds into a point: samples as people write them, "70*3 81..95*5 _*2 timeout",
 * each one step of time behind the one before it. Pure.
 *
 *   VALUE       a number; on, off, true or false; a word or 'a text' for a text point
 *   A..B*N      N numbers from A to B, evenly
 *   _           nothing arrives
 *   timeout crc parse range offline exc2    a reading that failed; exc: the exception's code
 *   ...*N       N times
 */
#ifndef GAUGED_RULES_SCENARIO_H
#define GAUGED_RULES_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/reading.h"

struct arena;
struct diags;
struct point;
struct yaml_node;

enum { SCENARIO_SAMPLES_MAX = 10000000 };

/* So many samples that are alike, or rise evenly. */
struct scenario_run {
	uint64_t first, count;
	bool nothing;
	enum bad_reason reason; /* BAD_NONE: a value */
	uint8_t code;
	struct value from, to; /* to: ramps only, otherwise VALUE_NONE */
};

struct scenario_series {
	uint64_t count; /* of samples */
	size_t run_count;
	const struct scenario_run *runs;
};

/*
 * Reads the scalar for the point; everything goes to arena. False after errors were added, each
 * at its sample.
 */
bool scenario_series_parse(struct arena *arena, const struct point *point,
			   const struct yaml_node *node, struct scenario_series *ret,
			   struct diags *diags);

/*
 * The k-th sample from 0 as a reading of point, but for its number and time. False: nothing
 * arrives. A number outside the point's range is a failed reading, as it is from a device.
 */
bool scenario_series_at(const struct scenario_series *series, const struct point *point,
			uint64_t k, struct reading *ret);

#endif
