/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the oracle's functions: to add one is to add a row. */
#include "oracle_function.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "model/reading.h"
#include "oracle_clock.h"
#include "oracle_derived.h"
#include "oracle_past.h"
#include "oracle_world.h"

/* ---- numbers ----------------------------------------------------------------------------- */

static double f_abs(const double *args, size_t count)
{
	(void)count;
	return args[0] < 0 ? -args[0] : args[0];
}

static double f_sqrt(const double *args, size_t count)
{
	(void)count;
	return sqrt(args[0]);
}

static double f_floor(const double *args, size_t count)
{
	(void)count;
	return floor(args[0]);
}

static double f_ceil(const double *args, size_t count)
{
	(void)count;
	return -floor(-args[0]);
}

/* "nearest, halves away from zero" */
static double f_round(const double *args, size_t count)
{
	(void)count;
	return args[0] < 0 ? -floor(-args[0] + 0.5) : floor(args[0] + 0.5);
}

static double f_exp(const double *args, size_t count)
{
	(void)count;
	return exp(args[0]);
}

static double f_ln(const double *args, size_t count)
{
	(void)count;
	return log(args[0]);
}

static double f_pow(const double *args, size_t count)
{
	(void)count;
	return pow(args[0], args[1]);
}

static double f_mod(const double *args, size_t count)
{
	(void)count;
	return fmod(args[0], args[1]);
}

static double f_min(const double *args, size_t count)
{
	double least = args[0];

	for (size_t i = 1; i < count; i++)
		least = args[i] < least ? args[i] : least;
	return least;
}

static double f_max(const double *args, size_t count)
{
	double most = args[0];

	for (size_t i = 1; i < count; i++)
		most = args[i] > most ? args[i] : most;
	return most;
}

static double f_clamp(const double *args, size_t count)
{
	(void)count;
	if (args[0] > args[2])
		return args[2] > args[1] ? args[2] : args[1];
	return args[0] > args[1] ? args[0] : args[1];
}

/* ---- choices and qualities --------------------------------------------------------------- */

static struct oracle_val f_if(const struct oracle_world *world, const struct oracle_expr *expr)
{
	struct oracle_val c = oracle_eval(world, expr->kids[0]);

	return c.known ? oracle_eval(world, expr->kids[c.x != 0 ? 1 : 2]) : oracle_unknown();
}

static struct oracle_val f_default(const struct oracle_world *world,
				   const struct oracle_expr *expr)
{
	struct oracle_val a = oracle_eval(world, expr->kids[0]);

	return a.known ? a : oracle_eval(world, expr->kids[1]);
}

static struct oracle_val f_known(const struct oracle_world *world,
				 const struct oracle_expr *expr)
{
	return oracle_truth(oracle_eval(world, expr->kids[0]).known);
}

static struct oracle_val f_quality(const struct oracle_world *world,
				   const struct oracle_expr *expr)
{
	const struct oracle_point *point = &world->points[expr->kids[0]->point];

	return (struct oracle_val){.known = true, .text = quality_name(oracle_quality(point))};
}

static struct oracle_val f_ok(const struct oracle_world *world, const struct oracle_expr *expr)
{
	return oracle_truth(oracle_quality(&world->points[expr->kids[0]->point]) ==
			    QUALITY_GOOD);
}

static struct oracle_val f_bad(const struct oracle_world *world, const struct oracle_expr *expr)
{
	return oracle_truth(oracle_is_bad(&world->points[expr->kids[0]->point]));
}

/* ---- edges ------------------------------------------------------------------------------- */

/* The operand as it is now, and as it was when last known; false: there is nothing to compare.
 */
static bool edge(const struct oracle_world *world, const struct oracle_expr *expr,
		 struct oracle_memory *memory, struct oracle_val *was, struct oracle_val *is)
{
	*is = oracle_eval(world, expr->kids[0]);
	*was = memory->last;
	memory->now = oracle_truth(false);
	if (!is->known)
		return false;
	memory->last = *is;
	if (is->text != NULL) {
		memcpy(memory->before, memory->text, sizeof(memory->before));
		was->text = memory->before;
		snprintf(memory->text, sizeof(memory->text), "%s", is->text);
		memory->last.text = memory->text;
	}
	return was->known;
}

static void f_rises(const struct oracle_world *world, const struct oracle_expr *expr,
		    struct oracle_memory *memory, bool sampled)
{
	struct oracle_val was, is;

	(void)sampled;
	if (edge(world, expr, memory, &was, &is))
		memory->now = oracle_truth(was.x == 0 && is.x != 0);
}

static void f_falls(const struct oracle_world *world, const struct oracle_expr *expr,
		    struct oracle_memory *memory, bool sampled)
{
	struct oracle_val was, is;

	(void)sampled;
	if (edge(world, expr, memory, &was, &is))
		memory->now = oracle_truth(was.x != 0 && is.x == 0);
}

static void f_changed(const struct oracle_world *world, const struct oracle_expr *expr,
		      struct oracle_memory *memory, bool sampled)
{
	struct oracle_val was, is;

	(void)sampled;
	if (edge(world, expr, memory, &was, &is))
		memory->now = oracle_truth(!oracle_same(&was, &is));
}

/* clang-format off */
static const struct oracle_function functions[] = {
	{"abs",     VALUE_NUMBER, ORACLE_UNITS_SAME,  .number = f_abs},
	{"sqrt",    VALUE_NUMBER, ORACLE_UNITS_ROOT,  .number = f_sqrt},
	{"floor",   VALUE_NUMBER, ORACLE_UNITS_SAME,  .number = f_floor},
	{"ceil",    VALUE_NUMBER, ORACLE_UNITS_SAME,  .number = f_ceil},
	{"round",   VALUE_NUMBER, ORACLE_UNITS_SAME,  .number = f_round},
	{"exp",     VALUE_NUMBER, ORACLE_UNITS_NONE,  .number = f_exp},
	{"ln",      VALUE_NUMBER, ORACLE_UNITS_NONE,  .number = f_ln},
	{"pow",     VALUE_NUMBER, ORACLE_UNITS_POWER, .number = f_pow},
	{"mod",     VALUE_NUMBER, ORACLE_UNITS_SAME,  .number = f_mod},
	{"min",     VALUE_NUMBER, ORACLE_UNITS_SAME,  .number = f_min},
	{"max",     VALUE_NUMBER, ORACLE_UNITS_SAME,  .number = f_max},
	{"clamp",   VALUE_NUMBER, ORACLE_UNITS_SAME,  .number = f_clamp},
	{"if",      VALUE_NONE,   ORACLE_UNITS_LATER, .any = f_if},
	{"default", VALUE_NONE,   ORACLE_UNITS_CHOICE, .any = f_default},
	{"known",   VALUE_BOOL,   ORACLE_UNITS_NONE,  .any = f_known},
	{"age",     VALUE_NUMBER, ORACLE_UNITS_NONE,  .any = NULL}, /* in comparisons only */
	{"quality", VALUE_TEXT,   ORACLE_UNITS_NONE,  .any = f_quality},
	{"ok",      VALUE_BOOL,   ORACLE_UNITS_NONE,  .any = f_ok},
	{"bad",     VALUE_BOOL,   ORACLE_UNITS_NONE,  .any = f_bad},
	{"rises",   VALUE_BOOL,   ORACLE_UNITS_NONE,  .run = f_rises, .impulse = true},
	{"falls",   VALUE_BOOL,   ORACLE_UNITS_NONE,  .run = f_falls, .impulse = true},
	{"changed", VALUE_BOOL,   ORACLE_UNITS_NONE,  .run = f_changed, .impulse = true},
	{"held",    VALUE_BOOL,   ORACLE_UNITS_NONE,  .run = oracle_held},
	{"once",    VALUE_BOOL,   ORACLE_UNITS_NONE,  .run = oracle_once},
	{"since",   VALUE_NUMBER, ORACLE_UNITS_NONE,  .any = NULL}, /* in comparisons only: */
	{"lasted",  VALUE_BOOL,   ORACLE_UNITS_NONE,  .run = oracle_lasted},
	{"between", VALUE_BOOL,   ORACLE_UNITS_NONE,  .run = oracle_clock, .shows = oracle_between},
	{"schedule", VALUE_BOOL,  ORACLE_UNITS_NONE,  .run = oracle_clock, .shows = oracle_schedule},
	{"weekday", VALUE_NUMBER, ORACLE_UNITS_NONE,  .run = oracle_clock, .shows = oracle_weekday},
	{"tod",     VALUE_NUMBER, ORACLE_UNITS_NONE,  .any = NULL}, /* in comparisons only: */
	{"tod<",    VALUE_BOOL,   ORACLE_UNITS_NONE,  .run = oracle_clock, .shows = oracle_tod_lt},
	{"tod<=",   VALUE_BOOL,   ORACLE_UNITS_NONE,  .run = oracle_clock, .shows = oracle_tod_le},
	{"tod>",    VALUE_BOOL,   ORACLE_UNITS_NONE,  .run = oracle_clock, .shows = oracle_tod_gt},
	{"tod>=",   VALUE_BOOL,   ORACLE_UNITS_NONE,  .run = oracle_clock, .shows = oracle_tod_ge},
	{"derived", VALUE_NUMBER, ORACLE_UNITS_NONE,  .run = oracle_derive, .samples = true},
	{"prev",    VALUE_NUMBER, ORACLE_UNITS_FIRST, .run = oracle_prev, .samples = true},
	{"ewma",    VALUE_NUMBER, ORACLE_UNITS_FIRST, .run = oracle_ewma, .samples = true},
	{"avg",     VALUE_NUMBER, ORACLE_UNITS_FIRST, .run = oracle_window, .samples = true},
	{"first",   VALUE_NUMBER, ORACLE_UNITS_FIRST, .run = oracle_window, .samples = true},
	{"median",  VALUE_NUMBER, ORACLE_UNITS_FIRST, .run = oracle_window, .samples = true},
	{"min",     VALUE_NUMBER, ORACLE_UNITS_FIRST, .run = oracle_window, .samples = true},
	{"max",     VALUE_NUMBER, ORACLE_UNITS_FIRST, .run = oracle_window, .samples = true},
	{"sum",     VALUE_NUMBER, ORACLE_UNITS_NONE,  .run = oracle_window, .samples = true},
	{"count",   VALUE_NUMBER, ORACLE_UNITS_NONE,  .run = oracle_window, .samples = true},
	{"spread",  VALUE_NUMBER, ORACLE_UNITS_NONE,  .run = oracle_window, .samples = true},
	{"stddev",  VALUE_NUMBER, ORACLE_UNITS_NONE,  .run = oracle_window, .samples = true},
	{"delta",   VALUE_NUMBER, ORACLE_UNITS_NONE,  .run = oracle_window, .samples = true},
	{"rate",    VALUE_NUMBER, ORACLE_UNITS_NONE,  .run = oracle_window, .samples = true},
	{"slope",   VALUE_NUMBER, ORACLE_UNITS_NONE,  .run = oracle_window, .samples = true},
	{"changes", VALUE_NUMBER, ORACLE_UNITS_NONE,  .run = oracle_window, .samples = true},
	{"increase", VALUE_NUMBER, ORACLE_UNITS_NONE, .run = oracle_window, .samples = true},
	{"tavg",    VALUE_NUMBER, ORACLE_UNITS_FIRST, .run = oracle_window, .samples = true},
	{"quantile", VALUE_NUMBER, ORACLE_UNITS_FIRST, .run = oracle_window, .samples = true},
	{"integral", VALUE_NUMBER, ORACLE_UNITS_NONE, .run = oracle_window, .samples = true},
	{"share",   VALUE_NUMBER, ORACLE_UNITS_NONE,  .run = oracle_window, .samples = true},
};
/* clang-format on */

const struct oracle_function *oracle_function_find(const char *name, size_t len,
						   const struct oracle_function *behind)
{
	size_t from = behind != NULL ? (size_t)(behind - functions) + 1 : 0;

	for (size_t i = from; i < ARRAY_SIZE(functions); i++) {
		if (strlen(functions[i].name) == len &&
		    memcmp(functions[i].name, name, len) == 0)
			return &functions[i];
	}
	return NULL;
}
