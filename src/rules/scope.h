/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * What the names in an expression mean: points, devices and rules, and the functions that take
 * a name rather than a value. The checker's other half.
 */
#ifndef GAUGED_RULES_SCOPE_H
#define GAUGED_RULES_SCOPE_H

#include "rules/check.h"

struct calendar_spans;

struct scope {
	struct arena *arena;
	struct program *program;
	const struct expr_source *source;
	const struct check_rules *rules;
	enum check_place place;
	struct program_use *use;
	bool in_edge, in_node; /* the operand of one is looked at */
	unsigned edges;	       /* seen so far */
	unsigned nodes;	       /* calls that become a node: edges and pasts */
};

/* A name becomes a slot with its type; false after an error. */
bool scope_name(struct scope *scope, struct expr *expr);
/* Whether a function's argument is a name, and the call of one. */
bool scope_takes_name(const struct function *function);
bool scope_call(struct scope *scope, struct expr *expr);
/* An EXPR_AGE becomes the slot of a node that is true once the age has reached limit_ns. */
void scope_age(struct scope *scope, struct expr *age, int64_t limit_ns);
/* The slot of the day of the week, and of whether the clock shows a time in one of spans. */
uint32_t scope_weekday(struct scope *scope);
uint32_t scope_spans(struct scope *scope, const struct calendar_spans *spans);
/* Complains about age(), since() and tod() that no comparison has taken in. */
bool scope_check_growing(struct scope *scope, const struct expr *tree);
/* The point that a name or point('name') means, or POINT_NONE without any error. */
uint32_t scope_find_point(const struct scope *scope, const struct expr *expr);

#endif
