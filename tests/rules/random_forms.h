/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* The grammar that random rules are grown from; a function or production more is one row. */
#ifndef GAUGED_TESTS_RANDOM_FORMS_H
#define GAUGED_TESTS_RANDOM_FORMS_H

#include <stddef.h>

/*
 * Forms by what they yield. In a form, {x} stands for something of type x:
 *
 *   N number, B truth, X text, E instant, T temperature, D its difference, L length;
 *   n, b, x: points of these kinds; p: any point; e: a derived one; c: a number on the grid of
 * the readings; h, l: a place on the scale of temperature, a length in cm, off the grid; t: a
 * text; d: a duration, u: one of a window in parts, w: one after which nothing else is due, v:
 * such a one that outlives a restart; r: a rule that stands behind this one's number; k: a time
 * of the day, y: a day of the week
 *
 * Constants of measured quantities stay off the grid of their readings, however converted:
 * two ways to compute one sum may differ in its last bit.
 *
 * PLAIN may stand in the argument of what remembers, which takes no rules and no instants.
 * Nor may RULE because a window over what moves so often by itself would be kept in parts.
 * PANED may too, in sets that are not restarted: what is left of the parts of a window then
 * depends on where they began. SIMPLE are those that the engine need not look at while a point
 * stays between two thresholds.
 */
struct random_form {
	char yields;
	enum { RULE, PANED, PLAIN, SIMPLE } use;
	const char *text;
};
extern const struct random_form random_forms[];
extern const size_t random_form_count;

#endif
