/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* The functions of the language as the oracle has them, one row each. */
#ifndef GAUGED_TESTS_ORACLE_FUNCTION_H
#define GAUGED_TESTS_ORACLE_FUNCTION_H

#include <time.h>

#include "oracle_tree.h"

struct oracle_memory;
struct oracle_world;

/* How the arguments' units meet, and what the result's is. */
enum oracle_units {
	ORACLE_UNITS_NONE,  /* none of the result */
	ORACLE_UNITS_SAME,  /* all arguments and the result */
	ORACLE_UNITS_LATER, /* all but the first: if(c, a, b) */
	ORACLE_UNITS_ROOT,
	ORACLE_UNITS_POWER,
	ORACLE_UNITS_FIRST, /* that of the first argument */
	ORACLE_UNITS_CHOICE /* as SAME, of any kind */
};

struct oracle_function {
	const char *name;
	enum value_kind kind; /* VALUE_NONE: that of the last argument */
	enum oracle_units units;
	/* Of values that are all known; NaN: no result. NULL: see below. */
	double (*number)(const double *args, size_t count);
	/* Of anything, unknown as well. */
	struct oracle_val (*any)(const struct oracle_world *world,
				 const struct oracle_expr *expr);
	/*
	 * Those that remember. Once in each pass, in order of the text: sampled is whether an
	 * input of the argument has reported since the last pass; what they yield then goes
	 * to memory->now.
	 */
	void (*run)(const struct oracle_world *world, const struct oracle_expr *expr,
		    struct oracle_memory *memory, bool sampled);
	/* What goes by the clock, beside run: what it is while that shows tm. */
	double (*shows)(const struct oracle_expr *expr, const struct tm *tm);
	bool impulse; /* what it yields lasts one pass */
	bool samples; /* runs whenever an input reports, whatever has changed */
};

/* NULL if there is none such, or none behind that: min and max are two functions each. */
const struct oracle_function *oracle_function_find(const char *name, size_t len,
						   const struct oracle_function *behind);

#endif
