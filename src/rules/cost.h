/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * What a set of rules costs (rules.md section 7): memory, which is fixed when it is loaded, and
 * evaluation in the worst case. Counted from what was compiled; pure, and not for the way of a
 * reading.
 *
 * A step is one instruction, or one result of a node: what an expression around it reads.
 */
#ifndef GAUGED_RULES_COST_H
#define GAUGED_RULES_COST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/cost_window.h"

struct arena;
struct ruleset;
struct str;

struct cost_memory {
	size_t rules;	/* rules, their timers, and the index of what depends on what */
	size_t values;	/* code and constants, points and all else that has a value */
	size_t windows; /* what nodes remember: windows and their kin */
};

struct cost_rule {
	uint32_t points;     /* that its condition and its message read */
	uint32_t nodes;	     /* windows, instants, ages, derived points and so on before it */
	uint32_t steps;	     /* of its condition, its 'clear' and all these nodes */
	uint32_t message;    /* instructions of its message, at an event */
	uint32_t thresholds; /* of the points that its condition reads, others' as well */
	bool guarded;	     /* evaluated only when a point passes a threshold */
	size_t bytes;	     /* its own */
	size_t remembered;   /* by its nodes, of which others may have a share */
};

/* A reading of this point, if it changes all that it can. */
struct cost_point {
	uint32_t rules; /* evaluations; twice where an instant ends */
	uint32_t nodes;
	uint32_t steps;
	uint32_t thresholds;
	bool guarded; /* a reading between two thresholds costs nothing */
};

struct cost {
	struct cost_memory memory;
	size_t derived_count;
	size_t rule_count;
	const struct cost_rule *rules; /* in file order */
	size_t window_count;
	const struct cost_window *windows; /* the largest first */
	size_t point_count;
	const struct cost_point *points; /* by number */
	uint32_t worst; /* the point whose reading may take most steps; UINT32_MAX: none does */
};

/* All of it is arena's. */
const struct cost *cost_new(struct arena *arena, const struct ruleset *set);
/* The memory alone, which is counted in no time. */
struct cost_memory cost_memory(const struct ruleset *set);
/* "604 B", "30.1 KiB", "2.0 MiB". */
void cost_add_bytes(struct str *out, size_t bytes);

#endif
