/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * 'for_each: {p: [freezer.temp, cellar.temp]}': the variables of a rule with the elements that
 * they take, and the rules that come of it: one for each combination, the last variable
 * changing fastest. Pure.
 */
#ifndef GAUGED_RULES_FOR_EACH_H
#define GAUGED_RULES_FOR_EACH_H

#include <stddef.h>

#include "rules/binding.h"

struct arena;
struct diags;
struct point_table;
struct yaml_node;

enum { FOR_EACH_MAX = 1000, FOR_EACH_VARIABLES = 8, FOR_EACH_NAME_BYTES = 200 };

struct for_each {
	size_t count; /* rules that come of it: 1 .. FOR_EACH_MAX */
	size_t variable_count;
	struct for_each_variable {
		const char *name;
		size_t count, cap;
		struct binding *elements;
	} variables[FOR_EACH_VARIABLES];
};

/*
 * Reads the map under for_each of the rule of that name. An element is a point, a device, a
 * word or a number; one with '*' or '?' in it stands for all readable points that it matches,
 * in the order of the table. NULL after errors were added.
 */
struct for_each *for_each_parse(struct arena *arena, const struct yaml_node *node,
				const char *rule, const struct point_table *points,
				struct diags *diags);
/* What the variables are in the i-th rule, and that rule's name: "silent:freezer.temp". */
struct bindings for_each_bindings(struct arena *arena, const struct for_each *each, size_t i);
const char *for_each_name(struct arena *arena, const char *rule,
			  const struct bindings *bindings);

#endif
