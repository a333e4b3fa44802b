/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * The functions of the rule language, one row each: adding one is one row. What a rule of
 * typing means is the checker's affair; how the special ones are compiled, the compiler's.
 */
#ifndef GAUGED_RULES_FUNCTION_H
#define GAUGED_RULES_FUNCTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the arguments have to be, and what comes out. */
enum function_rule {
	FUNCTION_SAME,	  /* numbers of one unit; the result has it too */
	FUNCTION_ROOT,	  /* a number; half of its dimension */
	FUNCTION_PLAIN,	  /* a number without dimension; the same */
	FUNCTION_POWER,	  /* (x, y): as x ^ y */
	FUNCTION_IF,	  /* (bool, a, b): a and b of one type, which is the result's */
	FUNCTION_ELSE,	  /* (a, b) of one type, which is the result's: as a ?? b */
	FUNCTION_KNOWN,	  /* anything; bool, never unknown */
	FUNCTION_POINT,	  /* ('name'): the point of that name */
	FUNCTION_AGE,	  /* a point; a duration, never unknown */
	FUNCTION_QUALITY, /* a point; text, never unknown */
	FUNCTION_OK,	  /* a point; bool, never unknown */
	FUNCTION_BAD,	  /* a point or a device; bool, never unknown */
	FUNCTION_RISES,	  /* a bool; an impulse */
	FUNCTION_FALLS,	  /* a bool; an impulse */
	FUNCTION_CHANGED, /* anything; an impulse */
	FUNCTION_HELD,	  /* (bool, duration): bool, by a node that remembers */
	FUNCTION_ONCE,	  /* the same */
	FUNCTION_SINCE,	  /* a bool; a duration, in conditions compared with a constant */
	FUNCTION_WINDOW,  /* (x, duration), quantile: (x, fraction, duration) */
	FUNCTION_EWMA,	  /* (x, duration): as x */
	FUNCTION_PREV,	  /* a number or a bool; the same */
	FUNCTION_FIRING,  /* ('name'): whether the rule of that name fires */
	FUNCTION_NOW,	  /* (): a number; in messages only */
	FUNCTION_TOD,	  /* (): a duration, in conditions compared with a constant */
	FUNCTION_WEEKDAY, /* (): a number, by a node that knows when it is another */
	FUNCTION_BETWEEN, /* (time, time), both constant: bool, by such a node */
};

struct function {
	const char *name;
	uint8_t min_args, max_args;
	enum function_rule rule;
	/*
	 * For those that compute: the result for numbers that are all known; infinite or NaN
	 * for what has none. Those with two arguments at least and more allowed are folded from
	 * left to right, two at a time.
	 */
	double (*eval)(const double *args);
	const char *help; /* one line for the reference */
	uint8_t window;	  /* WINDOW: enum window_function */
};

/* The row of name (len bytes), or NULL. */
const struct function *function_find(const char *name, size_t len);
size_t function_count(void);
const struct function *function_get(size_t i);
uint32_t function_number(const struct function *function);
/* min and max of a window, which have the names of others: min(x, 5m). NULL for other names. */
const struct function *function_find_window(const char *name);
/* Whether a node keeps what it needs of the past. */
bool function_remembers(const struct function *function);
/* Whether it reads the wall clock. */
bool function_tells_time(const struct function *function);
/* All names, for suggestions; function_count() of them. */
const char *const *function_names(void);

#endif
