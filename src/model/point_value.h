/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * A value that the configuration says is to be written to a point: of the point's kind, and
 * within its limits. Pure.
 */
#ifndef GAUGED_MODEL_POINT_VALUE_H
#define GAUGED_MODEL_POINT_VALUE_H

#include <stdbool.h>

#include "model/value.h"

struct arena;
struct diags;
struct point;
struct yaml_node;

/*
 * Binds node to the kind and the limits of point (its name, kind, low, high, line and unit_text
 * are looked at). False after an error was added. A text lives as long as arena.
 */
bool point_value_parse(struct arena *arena, const struct point *point,
		       const struct yaml_node *node, struct value *ret, struct diags *diags);

#endif
