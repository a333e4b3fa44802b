/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the table of functions. */
#include "rules/function.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"

static double function_abs(const double *args)
{
	return fabs(args[0]);
}

static double function_sqrt(const double *args)
{
	return sqrt(args[0]);
}

static double function_floor(const double *args)
{
	return floor(args[0]);
}

static double function_ceil(const double *args)
{
	return ceil(args[0]);
}

static double function_round(const double *args)
{
	return round(args[0]);
}

static double function_exp(const double *args)
{
	return exp(args[0]);
}

static double function_ln(const double *args)
{
	return log(args[0]);
}

static double function_pow(const double *args)
{
	return pow(args[0], args[1]);
}

static double function_mod(const double *args)
{
	return fmod(args[0], args[1]);
}

static double function_min(const double *args)
{
	return args[1] < args[0] ? args[1] : args[0];
}

static double function_max(const double *args)
{
	return args[1] > args[0] ? args[1] : args[0];
}

static double function_clamp(const double *args)
{
	double x = args[0] < args[2] ? args[0] : args[2];

	return x > args[1] ? x : args[1];
}

enum { MANY = 16 };

/* clang-format off */
static const struct function functions[] = {
	{"abs",     1, 1,    FUNCTION_SAME,    function_abs,   "the number without its sign"},
	{"sqrt",    1, 1,    FUNCTION_ROOT,    function_sqrt,  "square root"},
	{"floor",   1, 1,    FUNCTION_SAME,    function_floor, "the whole number below"},
	{"ceil",    1, 1,    FUNCTION_SAME,    function_ceil,  "the whole number above"},
	{"round",   1, 1,    FUNCTION_SAME,    function_round, "the nearest whole number, halves away from zero"},
	{"exp",     1, 1,    FUNCTION_PLAIN,   function_exp,   "e to the power of x"},
	{"ln",      1, 1,    FUNCTION_PLAIN,   function_ln,    "natural logarithm"},
	{"pow",     2, 2,    FUNCTION_POWER,   function_pow,   "x to the power of y, as x ^ y"},
	{"mod",     2, 2,    FUNCTION_SAME,    function_mod,   "what is left of x divided by y, with the sign of x"},
	{"min",     2, MANY, FUNCTION_SAME,    function_min,   "the smallest"},
	{"max",     2, MANY, FUNCTION_SAME,    function_max,   "the largest"},
	{"clamp",   3, 3,    FUNCTION_SAME,    function_clamp, "x, but not below low and not above high"},
	{"if",      3, 3,    FUNCTION_IF,      NULL,           "a if the condition is true, b if it is false"},
	{"default", 2, 2,    FUNCTION_ELSE,    NULL,           "y if x is unknown, as x ?? y"},
	{"known",   1, 1,    FUNCTION_KNOWN,   NULL,           "whether x has a value"},
	{"point",   1, 1,    FUNCTION_POINT,   NULL,           "the point of that name"},
	{"age",     1, 1,    FUNCTION_AGE,     NULL,           "time since the last good reading"},
	{"quality", 1, 1,    FUNCTION_QUALITY, NULL,           "'good', 'uncertain', 'stale' or 'bad'"},
	{"ok",      1, 1,    FUNCTION_OK,      NULL,           "whether the quality is good"},
	{"bad",     1, 1,    FUNCTION_BAD,     NULL,           "whether the last reading failed or is stale"},
	{"rises",   1, 1,    FUNCTION_RISES,   NULL,           "the instant in which x becomes true"},
	{"falls",   1, 1,    FUNCTION_FALLS,   NULL,           "the instant in which x becomes false"},
	{"changed", 1, 1,    FUNCTION_CHANGED, NULL,           "the instant in which x takes another value"},
	{"held",    2, 2,    FUNCTION_HELD,    NULL,           "whether c was true throughout the last d"},
	{"once",    2, 2,    FUNCTION_ONCE,    NULL,           "whether c was true at some time in the last d"},
	{"since",   1, 1,    FUNCTION_SINCE,   NULL,           "how long c has been true without a break"},
	{"ewma",    2, 2,    FUNCTION_EWMA,    NULL,           "x smoothed: what is older counts for less, by tau"},
	{"prev",    1, 1,    FUNCTION_PREV,    NULL,           "the known value before this reading"},
	{"firing",  1, 1,    FUNCTION_FIRING,  NULL,           "whether the rule of that name fires"},
};

static const char *const names[] = {
	"abs", "sqrt", "floor", "ceil", "round", "exp", "ln", "pow", "mod", "min", "max", "clamp",
	"if", "default", "known", "point", "age", "quality", "ok", "bad", "rises", "falls",
	"changed", "held", "once", "since", "ewma", "prev", "firing",
};
/* clang-format on */

_Static_assert(ARRAY_SIZE(functions) == ARRAY_SIZE(names), "each function has its name");

const struct function *function_find(const char *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(functions); i++) {
		if (strlen(functions[i].name) == len &&
		    memcmp(functions[i].name, name, len) == 0)
			return &functions[i];
	}
	return NULL;
}

size_t function_count(void)
{
	return ARRAY_SIZE(functions);
}

const struct function *function_get(size_t i)
{
	return &functions[i];
}

uint32_t function_number(const struct function *function)
{
	return (uint32_t)(function - functions);
}

bool function_remembers(const struct function *function)
{
	return function->rule >= FUNCTION_HELD && function->rule <= FUNCTION_PREV;
}

const char *const *function_names(void)
{
	return names;
}
