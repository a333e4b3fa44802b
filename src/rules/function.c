/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the table of functions. */
#include "rules/function.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "rules/window.h"

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
	{"abs",     1, 1,    FUNCTION_SAME,    function_abs,   "the number without its sign", 0},
	{"sqrt",    1, 1,    FUNCTION_ROOT,    function_sqrt,  "square root", 0},
	{"floor",   1, 1,    FUNCTION_SAME,    function_floor, "the whole number below", 0},
	{"ceil",    1, 1,    FUNCTION_SAME,    function_ceil,  "the whole number above", 0},
	{"round",   1, 1,    FUNCTION_SAME,    function_round, "the nearest whole number, halves away from zero", 0},
	{"exp",     1, 1,    FUNCTION_PLAIN,   function_exp,   "e to the power of x", 0},
	{"ln",      1, 1,    FUNCTION_PLAIN,   function_ln,    "natural logarithm", 0},
	{"pow",     2, 2,    FUNCTION_POWER,   function_pow,   "x to the power of y, as x ^ y", 0},
	{"mod",     2, 2,    FUNCTION_SAME,    function_mod,   "what is left of x divided by y, with the sign of x", 0},
	{"min",     2, MANY, FUNCTION_SAME,    function_min,   "the smallest", 0},
	{"max",     2, MANY, FUNCTION_SAME,    function_max,   "the largest", 0},
	{"clamp",   3, 3,    FUNCTION_SAME,    function_clamp, "x, but not below low and not above high", 0},
	{"if",      3, 3,    FUNCTION_IF,      NULL,           "a if the condition is true, b if it is false", 0},
	{"default", 2, 2,    FUNCTION_ELSE,    NULL,           "y if x is unknown, as x ?? y", 0},
	{"known",   1, 1,    FUNCTION_KNOWN,   NULL,           "whether x has a value", 0},
	{"point",   1, 1,    FUNCTION_POINT,   NULL,           "the point of that name", 0},
	{"age",     1, 1,    FUNCTION_AGE,     NULL,           "time since the last good reading", 0},
	{"quality", 1, 1,    FUNCTION_QUALITY, NULL,           "'good', 'uncertain', 'stale' or 'bad'", 0},
	{"ok",      1, 1,    FUNCTION_OK,      NULL,           "whether the quality is good", 0},
	{"bad",     1, 1,    FUNCTION_BAD,     NULL,           "whether the last reading failed or is stale", 0},
	{"rises",   1, 1,    FUNCTION_RISES,   NULL,           "the instant in which x becomes true", 0},
	{"falls",   1, 1,    FUNCTION_FALLS,   NULL,           "the instant in which x becomes false", 0},
	{"changed", 1, 1,    FUNCTION_CHANGED, NULL,           "the instant in which x takes another value", 0},
	{"held",    2, 2,    FUNCTION_HELD,    NULL,           "whether c was true throughout the last d", 0},
	{"once",    2, 2,    FUNCTION_ONCE,    NULL,           "whether c was true at some time in the last d", 0},
	{"since",   1, 1,    FUNCTION_SINCE,   NULL,           "how long c has been true without a break", 0},
	{"avg",     2, 2,    FUNCTION_WINDOW,  NULL,           "the mean of the readings of x in the last d", WINDOW_AVG},
	{"tavg",    2, 2,    FUNCTION_WINDOW,  NULL,           "the mean of x over the last d, weighted with time", WINDOW_TAVG},
	{"sum",     2, 2,    FUNCTION_WINDOW,  NULL,           "the sum of the readings", WINDOW_SUM},
	{"count",   2, 2,    FUNCTION_WINDOW,  NULL,           "how many readings there were", WINDOW_COUNT},
	{"spread",  2, 2,    FUNCTION_WINDOW,  NULL,           "the largest less the smallest", WINDOW_SPREAD},
	{"stddev",  2, 2,    FUNCTION_WINDOW,  NULL,           "the standard deviation of the readings", WINDOW_STDDEV},
	{"rate",    2, 2,    FUNCTION_WINDOW,  NULL,           "the last less the first, by their time", WINDOW_RATE},
	{"delta",   2, 2,    FUNCTION_WINDOW,  NULL,           "the last less the first", WINDOW_DELTA},
	{"slope",   2, 2,    FUNCTION_WINDOW,  NULL,           "the slope of the line that fits the readings best", WINDOW_SLOPE},
	{"first",   2, 2,    FUNCTION_WINDOW,  NULL,           "the oldest reading", WINDOW_FIRST},
	{"changes", 2, 2,    FUNCTION_WINDOW,  NULL,           "how often x changed", WINDOW_CHANGES},
	{"increase", 2, 2,   FUNCTION_WINDOW,  NULL,           "by how much a counter rose, resets taken into account", WINDOW_INCREASE},
	{"integral", 2, 2,   FUNCTION_WINDOW,  NULL,           "x summed up over time", WINDOW_INTEGRAL},
	{"share",   2, 2,    FUNCTION_WINDOW,  NULL,           "the part of the known time that c was true", WINDOW_SHARE},
	{"quantile", 3, 3,   FUNCTION_WINDOW,  NULL,           "what the part q of the readings is not above", WINDOW_QUANTILE},
	{"median",  2, 2,    FUNCTION_WINDOW,  NULL,           "what half of the readings are not above", WINDOW_QUANTILE},
	{"ewma",    2, 2,    FUNCTION_EWMA,    NULL,           "x smoothed: what is older counts for less, by tau", 0},
	{"prev",    1, 1,    FUNCTION_PREV,    NULL,           "the known value before this reading", 0},
	{"firing",  1, 1,    FUNCTION_FIRING,  NULL,           "whether the rule of that name fires", 0},
	{"now",     0, 0,    FUNCTION_NOW,     NULL,           "seconds since 1970, in a message", 0},
	{"tod",     0, 0,    FUNCTION_TOD,     NULL,           "the time of day, as the zone's clocks show it", 0},
	{"weekday", 0, 0,    FUNCTION_WEEKDAY, NULL,           "the day of the week: 1 is Monday, 7 Sunday", 0},
	{"between", 2, 2,    FUNCTION_BETWEEN, NULL,           "whether the time of day is from a to b", 0},
};

static const char *const names[] = {
	"abs", "sqrt", "floor", "ceil", "round", "exp", "ln", "pow", "mod", "min", "max", "clamp",
	"if", "default", "known", "point", "age", "quality", "ok", "bad", "rises", "falls",
	"changed", "held", "once", "since", "avg", "tavg", "sum", "count",
	"spread", "stddev", "rate", "delta", "slope", "first", "changes", "increase", "integral",
	"share", "quantile", "median", "ewma", "prev", "firing", "now", "tod", "weekday", "between",
};

/* Not to be found by name alone: with a constant time behind it, min is this one. */
static const struct function window_functions[] = {
	{"min", 2, 2, FUNCTION_WINDOW, NULL, "the smallest of the readings", WINDOW_MIN},
	{"max", 2, 2, FUNCTION_WINDOW, NULL, "the largest of the readings", WINDOW_MAX},
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

const struct function *function_find_window(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(window_functions); i++) {
		if (strcmp(window_functions[i].name, name) == 0)
			return &window_functions[i];
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

bool function_tells_time(const struct function *function)
{
	return function->rule >= FUNCTION_NOW && function->rule <= FUNCTION_BETWEEN;
}

const char *const *function_names(void)
{
	return names;
}
