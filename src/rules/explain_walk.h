/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Walks checked trees with what an engine knows at one instant: the slow and plain way to the
 * values that the engine's code computes.
 */
#ifndef GAUGED_RULES_EXPLAIN_WALK_H
#define GAUGED_RULES_EXPLAIN_WALK_H

#include <stdint.h>

#include "base/clock.h"
#include "model/value.h"
#include "rules/parser.h"
#include "rules/program.h"

struct arena;
struct engine;

struct explain_walk {
	struct arena *arena;
	const struct engine *engine;
	struct boot now;
	struct program *program; /* for the checker: nothing is ever compiled into it */
	double *slots;		 /* of program, those that were read in */
};

void explain_walk_init(struct explain_walk *walk, struct arena *arena,
		       const struct engine *engine, struct boot now);
/* Takes the values of all that use and the edges in tree read. Once after each check. */
void explain_walk_read(struct explain_walk *walk, const struct expr *tree,
		       const struct program_use *use);
/* What the checked tree yields; a text lives as long as the arena. */
struct value explain_walk_value(const struct explain_walk *walk, const struct expr *tree);
/* Seconds since the point's last good reading; before any since the start. */
double explain_walk_age(const struct explain_walk *walk, uint32_t point);
/* Seconds since the operand of a since() came to be true; none if that is unknown. */
struct value explain_walk_since(const struct explain_walk *walk, const struct expr *call);
/* The time of day; none while nobody has set the clock. */
struct value explain_walk_tod(const struct explain_walk *walk);
/* Until the next age or time that a comparison in tree waits for; -1: none is to come. */
int64_t explain_walk_change(const struct explain_walk *walk, const struct expr *tree);

#endif
