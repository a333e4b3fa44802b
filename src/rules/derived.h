/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Derived points: values that are computed from other points, by name (rules.md section 5.5).
 * They are points like all others to whoever reads them, and may read one another unless that
 * makes a loop; prev(x) breaks one. Building only; what runs is a node of the program.
 */
#ifndef GAUGED_RULES_DERIVED_H
#define GAUGED_RULES_DERIVED_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct check_rules;
struct diags;
struct option_table;
struct point_table;
struct program;
struct yaml_node;

struct derived_set;

enum { DERIVED_MAX = 10000, DERIVED_DEPTH_MAX = 16 };

/* The options of a derived point, for the schema and the manual. */
extern const struct option_table derived_option_table;

/*
 * Adds a point for each entry of the maps under 'derived:', of no kind yet, and reads its
 * expression. Before program_new(), which wants to know all points. Wrong ones are told; the
 * set is never NULL.
 */
struct derived_set *derived_collect(struct arena *arena, const struct yaml_node *const *maps,
				    size_t map_count, struct point_table *points,
				    struct diags *diags);
/*
 * Checks and compiles all of them, each behind those that it reads, and gives the points their
 * kinds and units. A point that is wrong keeps no kind, and who reads it need not complain.
 * True if no error was added.
 */
bool derived_compile(struct derived_set *set, struct program *program,
		     const struct check_rules *rules);

#endif
