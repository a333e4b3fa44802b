/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Owns windows: the samples of the last span, picked out of all there ever were, and what the
 * textbook says of them.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "model/point.h"
#include "oracle_function.h"
#include "oracle_past.h"

/* The known samples of a window, oldest first. */
struct view {
	const struct oracle_sample **samples;
	size_t count;
};

static double at_s(const struct view *view, size_t i)
{
	return (double)(view->samples[i]->at - view->samples[0]->at) / 1e9;
}

static double mean(const struct view *view)
{
	double sum = 0;

	for (size_t i = 0; i < view->count; i++)
		sum += view->samples[i]->x;
	return sum / (double)view->count;
}

static double w_avg(const struct view *view)
{
	return view->count > 0 ? mean(view) : NAN;
}

static double w_sum(const struct view *view)
{
	return view->count > 0 ? mean(view) * (double)view->count : NAN;
}

static double w_count(const struct view *view)
{
	return (double)view->count;
}

static double w_min(const struct view *view)
{
	double least = NAN;

	for (size_t i = 0; i < view->count; i++)
		least = fmin(least, view->samples[i]->x);
	return least;
}

static double w_max(const struct view *view)
{
	double most = NAN;

	for (size_t i = 0; i < view->count; i++)
		most = fmax(most, view->samples[i]->x);
	return most;
}

static double w_spread(const struct view *view)
{
	return w_max(view) - w_min(view);
}

static double w_stddev(const struct view *view)
{
	double middle = mean(view), squares = 0;

	for (size_t i = 0; i < view->count; i++)
		squares += pow(view->samples[i]->x - middle, 2);
	return view->count > 1 ? sqrt(squares / (double)(view->count - 1)) : NAN;
}

static double w_delta(const struct view *view)
{
	return view->count > 1 ? view->samples[view->count - 1]->x - view->samples[0]->x : NAN;
}

static double w_rate(const struct view *view)
{
	return view->count > 1 ? w_delta(view) / at_s(view, view->count - 1) : NAN;
}

static double w_slope(const struct view *view)
{
	double middle_t = 0, middle_x = mean(view), sxy = 0, sxx = 0;

	for (size_t i = 0; i < view->count; i++)
		middle_t += at_s(view, i) / (double)view->count;
	for (size_t i = 0; i < view->count; i++) {
		sxy += (at_s(view, i) - middle_t) * (view->samples[i]->x - middle_x);
		sxx += pow(at_s(view, i) - middle_t, 2);
	}
	return view->count > 1 ? sxy / sxx : NAN;
}

static double w_first(const struct view *view)
{
	return view->count > 0 ? view->samples[0]->x : NAN;
}

static double w_changes(const struct view *view)
{
	double changes = 0;

	for (size_t i = 1; i < view->count; i++) {
		const struct oracle_sample *a = view->samples[i - 1], *b = view->samples[i];

		changes += a->x != b->x || strcmp(a->text, b->text) != 0;
	}
	return view->count > 0 ? changes : NAN;
}

static double w_increase(const struct view *view)
{
	double sum = 0;

	for (size_t i = 1; i < view->count; i++) {
		double a = view->samples[i - 1]->x, b = view->samples[i]->x;

		sum += b >= a ? b - a : fmax(b, 0);
	}
	return view->count > 0 ? sum : NAN;
}

static int by_value(const void *a, const void *b)
{
	double x = (*(const struct oracle_sample *const *)a)->x;
	double y = (*(const struct oracle_sample *const *)b)->x;

	return (x > y) - (x < y);
}

static double w_median(const struct view *view)
{
	if (view->count == 0)
		return NAN;
	qsort(view->samples, view->count, sizeof(*view->samples), by_value);
	return (view->samples[(view->count - 1) / 2]->x + view->samples[view->count / 2]->x) /
	       2;
}

static const struct {
	const char *name;
	double (*compute)(const struct view *view);
} windows[] = {
	{"avg", w_avg},	      {"sum", w_sum},		{"count", w_count},
	{"min", w_min},	      {"max", w_max},		{"spread", w_spread},
	{"stddev", w_stddev}, {"delta", w_delta},	{"rate", w_rate},
	{"slope", w_slope},   {"first", w_first},	{"changes", w_changes},
	{"median", w_median}, {"increase", w_increase},
};

static struct oracle_val compute(const struct oracle_expr *expr, const struct view *view)
{
	for (size_t i = 0; i < ARRAY_SIZE(windows); i++) {
		if (strcmp(windows[i].name, expr->function->name) == 0)
			return oracle_number(windows[i].compute(view));
	}
	abort();
}

void oracle_window(const struct oracle_world *world, const struct oracle_expr *expr,
		   struct oracle_memory *memory, bool sampled)
{
	size_t count = memory->history.count;

	oracle_note(world, expr, memory, sampled);
	if (count != memory->history.count || world->now >= memory->due)
		oracle_window_compute(world, expr, memory);
}

void oracle_window_compute(const struct oracle_world *world, const struct oracle_expr *expr,
			   struct oracle_memory *memory)
{
	int64_t span = llround(expr->kids[1]->literal.x * 1e9);
	struct view view = {0};

	view.samples = xcalloc(memory->history.count + 1, sizeof(struct oracle_sample *));
	memory->due = INT64_MAX;
	for (size_t i = 0; i < memory->history.count; i++) {
		const struct oracle_sample *sample = &memory->history.samples[i];

		if (sample->at <= world->now - span || !sample->known)
			continue;
		if (sample->at + span < memory->due)
			memory->due = sample->at + span;
		view.samples[view.count++] = sample;
	}
	memory->now = compute(expr, &view);
	free(view.samples);
}
