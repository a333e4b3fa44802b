/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* The inside of cost.c: which nodes code reads, and what a reading of a point sets going. */
#ifndef GAUGED_RULES_COST_COUNT_H
#define GAUGED_RULES_COST_COUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "rules/program.h"

struct arena;
struct cost;
struct ruleset;

/* The nodes that were found since the start, each once. */
struct cost_count {
	const struct program *program;
	uint32_t *owners; /* by cell: its node + 1; 0: a constant */
	uint32_t *seen;	  /* by node: the round in which it was found */
	uint32_t round;
	bool over_derived; /* whether the nodes of a derived point count */
	uint32_t count;
	uint32_t *found;
};

struct cost_count *cost_count_new(struct arena *arena, const struct program *program);
void cost_count_start(struct cost_count *count);
/* Finds the nodes that code reads, and those that they read. */
void cost_count_nodes(struct cost_count *count, struct code code);
/* How many constants are in code. */
uint32_t cost_count_constants(const struct cost_count *count, struct code code);
/* Steps of one turn of a node. */
uint32_t cost_node_steps(const struct node *node);

bool cost_point_is_guarded(const struct program *program, uint32_t point);
/* Fills in points, point_count and worst. */
void cost_add_points(struct arena *arena, const struct ruleset *set, struct cost *cost);

#endif
