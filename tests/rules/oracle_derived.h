/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Derived points as the oracle has them ("DERIVED POINTS" of gauged-rules(5)): each is what
 * remembers, of which the value goes to its point.
 */
#ifndef GAUGED_TESTS_ORACLE_DERIVED_H
#define GAUGED_TESTS_ORACLE_DERIVED_H

#include <stdbool.h>
#include <stdint.h>

#include "oracle_world.h"

struct arena;
struct oracle;
struct yaml_node;

/* What stands below 'derived:', or NULL: the trees of all of them, in the world's points. */
void oracle_derived_read(struct arena *arena, struct oracle_world *world,
			 const struct yaml_node *map);
/* Row's run: see oracle_function.h. */
void oracle_derive(const struct oracle_world *world, const struct oracle_expr *expr,
		   struct oracle_memory *memory, bool sampled);
/* Whether point is computed otherwise than the one of that name was. */
bool oracle_derived_differs(const struct oracle *oracle, const struct oracle *old,
			    uint32_t point);

#endif
