/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * How far a value is beyond the threshold of a condition: ${margin} in a message. An expression
 * made of the comparisons in 'when': x > c is x - c and x < c is c - x; 'and' takes the
 * smallest and 'or' the largest of what is known, as the one that decides. Below 0: not beyond.
 */
#ifndef GAUGED_RULES_MARGIN_H
#define GAUGED_RULES_MARGIN_H

#include <stdbool.h>

#include "rules/check.h"

/*
 * The checked tree that computes it, for compile_expr(), or NULL after an error at *hole: the
 * comparisons are of no size, or of different kinds. when: the condition, which is right.
 */
struct expr *margin_tree(struct arena *arena, struct program *program,
			 const struct expr_source *when, const struct expr_source *hole,
			 const struct check_rules *rules, struct program_use *use);

#endif
