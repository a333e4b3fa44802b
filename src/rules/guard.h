/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Guards: for each point the values at which some rule may change its mind. While a point moves
 * between two of them, nothing that reads it has to be evaluated (rules.md section 10).
 *
 * A comparison of a linear form of one point (or of its abs()) with a constant has such values;
 * so has a list of constants, and whatever leads from comparisons to a truth. A point that any
 * rule reads in another way, or that a node reads, has no guard and is evaluated each time.
 */
#ifndef GAUGED_RULES_GUARD_H
#define GAUGED_RULES_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct expr;
struct program;

/*
 * Values between which a comparison may turn: both ends belong to it. They are one value where
 * the comparison is of the point itself, and a little apart where rounding may move it.
 */
struct guard_band {
	double low, high;
};

/* By point, from guards_finish() on. */
struct guards {
	uint8_t *wild;	 /* has no guard */
	uint32_t *start; /* bands[start[p]] .. bands[start[p + 1] - 1], rising, apart */
	struct guard_band *bands;

	struct arena *scratch; /* until guards_finish() */
	uint32_t count, cap;
	struct guard_entry {
		uint32_t point;
		struct guard_band band;
	} * entries;
};

void guards_init(struct guards *guards, struct arena *arena, struct arena *scratch,
		 uint32_t point_count);
/* What a rule reads: its checked tree, which is not compiled yet. */
void guards_add(struct guards *guards, const struct program *program, const struct expr *tree);
/* All rules are there, and wild[] says which points nodes read. */
void guards_finish(struct guards *guards, struct arena *arena, uint32_t point_count);
/* Bytes that they take, from guards_finish() on. */
size_t guards_size(const struct guards *guards, uint32_t point_count);
/*
 * The widest open interval around value that holds no band of the point; false if value is in
 * one, or the point has no guard.
 */
bool guards_around(const struct guards *guards, uint32_t point, double value, double *ret_low,
		   double *ret_high);

#endif
