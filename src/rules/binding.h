/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * What the variables of a for_each mean in one of its rules: a name in an expression that
 * stands for a point, a device, a text or a number. Pure.
 */
#ifndef GAUGED_RULES_BINDING_H
#define GAUGED_RULES_BINDING_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct point;

enum binding_kind { BINDING_POINT, BINDING_DEVICE, BINDING_TEXT, BINDING_NUMBER };

struct binding {
	const char *variable;
	enum binding_kind kind;
	const char *text;	   /* the element as it was written: a name, a text, a number */
	const struct point *point; /* BINDING_POINT */
	double number;
};

struct bindings {
	size_t count;
	const struct binding *list;
};

/* The variable of that name, or NULL. */
const struct binding *binding_find(const struct bindings *bindings, const char *name,
				   size_t len);
/*
 * The variable with which a dotted name begins ("d" in "d.temp"), or NULL; *ret_rest: what
 * stands behind it, with its dot.
 */
const struct binding *binding_find_first(const struct bindings *bindings, const char *name,
					 size_t len, size_t *ret_rest);
/*
 * text with the elements instead of ${p}, ${p.name} and ${p.unit}. NULL if something else
 * stands in a "${": *ret_from and *ret_len say where, with its braces.
 */
char *binding_expand(struct arena *arena, const struct bindings *bindings, const char *text,
		     size_t len, size_t *ret_from, size_t *ret_len);
/* Same variables with the same elements, in the same order. */
bool bindings_equal(const struct bindings *a, const struct bindings *b);

#endif
