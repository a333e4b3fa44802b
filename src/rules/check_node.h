/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Types of what has a node of its own: edges, pasts, and comparisons with what grows by itself.
 * A part of the checker. All return false after an error.
 */
#ifndef GAUGED_RULES_CHECK_NODE_H
#define GAUGED_RULES_CHECK_NODE_H

#include <stdbool.h>

#include "rules/scope.h"

/* Of check.c: a tree of any kind. */
bool check_tree(struct scope *scope, struct expr **link);

/* rises(), falls(), changed(). */
bool check_edge(struct scope *scope, struct expr *expr);
/* A call of a function that remembers. */
bool check_past(struct scope *scope, struct expr *expr);
/* min or max of two, of which the second is written as a time: 5m. */
bool check_is_window(const struct expr *expr);
/* Whether it changes as time goes by: age(p), since(c), tod(). */
bool check_grows(const struct expr *expr);
/*
 * A comparison with age(p), since(c) or tod(). Against a constant it becomes a node that knows
 * when it will change: an age and a time of day at once, as the slot of their node; since()
 * stays a call, of which the compiler makes one.
 */
bool check_growing(struct scope *scope, struct expr *expr);

#endif
