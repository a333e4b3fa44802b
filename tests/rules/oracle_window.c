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

/* Definition 7 of Hyndman and Fan: linear between the neighbours. */
static double quantile(const struct view *view, double q)
{
	double place = q * (double)(view->count - 1);
	size_t below = (size_t)place;

	if (view->count == 0)
		return NAN;
	qsort(view->samples, view->count, sizeof(*view->samples), by_value);
	if (below + 1 >= view->count)
		return view->samples[view->count - 1]->x;
	return view->samples[below]->x +
	       (place - (double)below) *
		       (view->samples[below + 1]->x - view->samples[below]->x);
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
	if (strcmp(expr->function->name, "quantile") == 0)
		return oracle_number(quantile(view, expr->kids[1]->literal.x));
	for (size_t i = 0; i < ARRAY_SIZE(windows); i++) {
		if (strcmp(windows[i].name, expr->function->name) == 0)
			return oracle_number(windows[i].compute(view));
	}
	abort();
}

/* ---- weighted with time ------------------------------------------------------------------ */

/* One after the other, unknown ones too, but only the first of those in a row. */
struct course {
	const struct oracle_sample **samples;
	size_t count;
};

static struct course course_of(const struct oracle_memory *memory)
{
	const struct oracle_history *history = &memory->history;
	struct course course = {xcalloc(history->count + 1, sizeof(struct oracle_sample *)), 0};
	bool known = false;

	for (size_t i = 0; i < history->count; i++) {
		if (history->samples[i].known || known)
			course.samples[course.count++] = &history->samples[i];
		known = history->samples[i].known;
	}
	return course;
}

static double weigh(const char *name, const struct course *course, int64_t from, int64_t now)
{
	double known = 0, yes = 0, area = 0, last = NAN;

	for (size_t i = 0; i < course->count; i++) {
		const struct oracle_sample *sample = course->samples[i];
		int64_t begin = sample->at > from ? sample->at : from;
		int64_t end = i + 1 < course->count ? course->samples[i + 1]->at : now;
		double seconds = end > begin ? (double)(end - begin) / 1e9 : 0;

		last = sample->known ? sample->x : NAN;
		if (!sample->known)
			continue;
		known += seconds;
		yes += sample->x != 0 ? seconds : 0;
		area += sample->x * seconds;
	}
	/* "With no such time yet: the value." */
	if (strcmp(name, "share") == 0)
		return known > 0 ? yes / known : last != last ? last : last != 0;
	if (strcmp(name, "tavg") == 0)
		return known > 0 ? area / known : last;
	return known > 0 || last == last ? area : NAN;
}

/* ---- which samples count, and when to look again ----------------------------------------- */

enum { PARTS = 32 };

/* Expected every 1.2 s, and up to 256 of them are kept: random_stream.c, random_rules.c. */
static bool is_paned(int64_t span)
{
	return span > 350 * NSEC_PER_SEC;
}

static int64_t multiple(int64_t t, int64_t step)
{
	int64_t rest = t % step;

	return t - (rest < 0 ? rest + step : rest);
}

/* What counts is behind that: "between 31/32 of d and all of it". */
static int64_t begin_of(int64_t now, int64_t span)
{
	int64_t step = span / PARTS;

	return is_paned(span) ? multiple(now, step) - (PARTS - 1) * step - 1 : now - span;
}

void oracle_window(const struct oracle_world *world, const struct oracle_expr *expr,
		   struct oracle_memory *memory, bool sampled)
{
	size_t count = memory->history.count;

	oracle_note(world, expr, memory, sampled);
	if (count != memory->history.count || memory->struck)
		oracle_window_compute(world, expr, memory);
}

/* Old samples leave; what is weighted moves between, and is looked at in each part. */
static int64_t due_of(const struct oracle_world *world, const struct course *course,
		      int64_t span, bool weighted)
{
	int64_t from = begin_of(world->now, span), due = INT64_MAX;

	for (size_t i = 0; i < course->count && due == INT64_MAX; i++) {
		const struct oracle_sample *sample = course->samples[i];

		if (sample->at > from && (weighted || sample->known))
			due = is_paned(span) ? 0 : sample->at + span;
	}
	if (due != INT64_MAX && (weighted || is_paned(span))) {
		int64_t step = span / PARTS, next = multiple(world->now, step) + step;

		due = is_paned(span) || next < due ? next : due;
	}
	return due;
}

void oracle_window_compute(const struct oracle_world *world, const struct oracle_expr *expr,
			   struct oracle_memory *memory)
{
	static const char *const timed[] = {"tavg", "integral", "share"};
	int64_t span = oracle_span(expr), from = begin_of(world->now, span);
	struct course course = course_of(memory);
	struct view view = {0};
	bool weighted = false;

	for (size_t i = 0; i < ARRAY_SIZE(timed); i++)
		weighted = weighted || strcmp(timed[i], expr->function->name) == 0;
	memory->due = due_of(world, &course, span, weighted);
	if (weighted) {
		/* In parts, what was carried in holds from their begin. */
		memory->now =
			oracle_number(weigh(expr->function->name, &course,
					    is_paned(span) ? from + 1 : from, world->now));
	} else {
		view.samples = xcalloc(memory->history.count + 1, sizeof(*view.samples));
		for (size_t i = 0; i < memory->history.count; i++) {
			const struct oracle_sample *sample = &memory->history.samples[i];

			if (sample->at > from && sample->known)
				view.samples[view.count++] = sample;
		}
		memory->now = compute(expr, &view);
		free(view.samples);
	}
	free(course.samples);
}
