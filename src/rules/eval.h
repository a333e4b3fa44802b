/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Running an expression: three-valued logic and arithmetic on doubles in which NaN is
 * unknown (rules.md section 4). Results outside the doubles are unknown too.
 */
#ifndef GAUGED_RULES_EVAL_H
#define GAUGED_RULES_EVAL_H

#include <math.h>

#include "rules/program.h"

/* Infinity becomes unknown; the rest stays what it is. */
static inline double eval_finite(double x)
{
	return x + (x - x);
}

static inline double eval_not(double a)
{
	return 1 - a;
}

static inline double eval_and(double a, double b)
{
	return a == 0 || b == 0 ? 0 : a * b;
}

static inline double eval_or(double a, double b)
{
	return a == 1 || b == 1 ? 1 : a + b;
}

/* The value of code; slots has program_slots() entries. */
double eval_run(const struct program *program, struct code code, double *slots);

#endif
