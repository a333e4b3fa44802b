/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Texts with holes: "Boiler ${boiler.temp:.1f} ${unit}". Finds the holes, their formats and
 * their places; what stands in a hole is the affair of whoever compiles it. Pure.
 */
#ifndef GAUGED_CONF_INTERPOLATE_H
#define GAUGED_CONF_INTERPOLATE_H

#include <stddef.h>

struct arena;
struct diags;
struct yaml_node;

struct interpolate_part {
	const char *text; /* a literal piece ("$$" is one dollar), or the inside of a hole */
	size_t len;
	size_t from;	    /* where text starts in the scalar, in decoded bytes */
	const char *format; /* what stood behind the last ':' at depth 0 of a hole, or NULL */
	int hole;	    /* 0: literal, 1: hole */
};

struct interpolate {
	size_t count;
	const struct interpolate_part *parts;
};

/* Returns 0, or -EINVAL after an error was added (a hole that does not end, an empty hole). */
int interpolate_parse(struct arena *arena, const struct yaml_node *scalar,
		      struct interpolate *ret, struct diags *diags);

#endif
