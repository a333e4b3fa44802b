/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns one pane: how a sample, or another pane, is added to it, and what follows from it. */
#include "rules/pane.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "rules/pack.h"
#include "rules/sum.h"
#include "rules/window_part.h"

struct pane_moments {
	double mean, squares; /* squares: about the mean */
};

/* Times in seconds from the first sample on. */
struct pane_trend {
	double mean, squares, products;
};

struct pane_steps {
	struct sum rises;
	uint64_t changes;
};

struct pane_time {
	int64_t known_ns, true_ns;
	struct sum area;
};

_Static_assert(1 + (2 * sizeof(struct sum) + sizeof(struct window_ends) +
		    sizeof(struct pane_moments) + sizeof(struct pane_trend) +
		    sizeof(struct pane_steps) + sizeof(struct pane_time)) /
				       sizeof(uint64_t) <=
		       PANE_WORDS,
	       "a pane with all its parts fits");

/* A part in a record; records are arrays of words, each part begins at one. */
#define PART(type, pane, at)  ((type *)(void *)((pane) + (at)))
#define CPART(type, pane, at) ((const type *)(const void *)((pane) + (at)))

static uint8_t place(struct pane_layout *layout, unsigned part, size_t size)
{
	uint8_t at = layout->words;

	if ((layout->parts & part) != 0)
		layout->words += (uint8_t)(size / sizeof(uint64_t));
	return at;
}

/* The count first, and the time last: pane_merge() copies all between in one go. */
struct pane_layout pane_layout(unsigned parts)
{
	struct pane_layout layout = {.parts = (uint16_t)(parts & ~(unsigned)PART_QUANTILE),
				     .words = 1};

	layout.sum = place(&layout, PART_SUM, sizeof(struct sum));
	layout.least = place(&layout, PART_MIN, sizeof(double));
	layout.greatest = place(&layout, PART_MAX, sizeof(double));
	layout.ends = place(&layout, PART_ENDS, sizeof(struct window_ends));
	layout.moments = place(&layout, PART_MOMENTS, sizeof(struct pane_moments));
	layout.trend = place(&layout, PART_TREND, sizeof(struct pane_trend));
	layout.steps = place(&layout, PART_STEPS, sizeof(struct pane_steps));
	layout.time = place(&layout, PART_TIME, sizeof(struct pane_time));
	return layout;
}

/* ---- a sample more ----------------------------------------------------------------------- */

static void ends_add(struct window_ends *ends, bool first, int64_t t, double value)
{
	if (first) {
		ends->first_t = t;
		ends->first = value;
	}
	ends->last_t = t;
	ends->last = value;
}

static void steps_add(struct pane_steps *steps, double before, double after)
{
	steps->changes += before != after;
	sum_add(&steps->rises, window_rise(before, after));
}

/* Returns value less the mean without it. */
static double moments_add(struct pane_moments *moments, double n, double value)
{
	double off = value - moments->mean;

	moments->mean += off / n;
	moments->squares += off * (value - moments->mean);
	return off;
}

static void trend_add(struct pane_trend *trend, double n, double u, double value_off)
{
	double off = u - trend->mean;

	trend->mean += off / n;
	trend->squares += off * (u - trend->mean);
	trend->products += value_off * (u - trend->mean);
}

void pane_add(const struct pane_layout *layout, uint64_t *pane, int64_t t, double value)
{
	unsigned parts = layout->parts;
	struct window_ends *ends = PART(struct window_ends, pane, layout->ends);
	bool first = pane[0]++ == 0;
	double n = (double)pane[0], off;

	if ((parts & PART_SUM) != 0)
		sum_add(PART(struct sum, pane, layout->sum), value);
	if ((parts & PART_MIN) != 0 && (first || value < *PART(double, pane, layout->least)))
		*PART(double, pane, layout->least) = value;
	if ((parts & PART_MAX) != 0 && (first || value > *PART(double, pane, layout->greatest)))
		*PART(double, pane, layout->greatest) = value;
	if ((parts & PART_STEPS) != 0 && !first)
		steps_add(PART(struct pane_steps, pane, layout->steps), ends->last, value);
	if ((parts & PART_ENDS) != 0)
		ends_add(ends, first, t, value);
	if ((parts & PART_MOMENTS) == 0)
		return;
	off = moments_add(PART(struct pane_moments, pane, layout->moments), n, value);
	if ((parts & PART_TREND) != 0)
		trend_add(PART(struct pane_trend, pane, layout->trend), n,
			  window_seconds(t - ends->first_t), off);
}

void pane_hold(const struct pane_layout *layout, uint64_t *pane, double value, int64_t time_ns)
{
	struct pane_time *time = PART(struct pane_time, pane, layout->time);

	time->known_ns += time_ns;
	time->true_ns += value != 0 ? time_ns : 0;
	sum_add(&time->area, value * window_seconds(time_ns));
}

/* ---- a pane more ------------------------------------------------------------------------- */

static void time_merge(struct pane_time *time, const struct pane_time *next)
{
	time->known_ns += next->known_ns;
	time->true_ns += next->true_ns;
	sum_merge(&time->area, &next->area);
}

static void moments_merge(const struct pane_layout *layout, unsigned parts, uint64_t *pane,
			  const uint64_t *next)
{
	struct pane_moments *a = PART(struct pane_moments, pane, layout->moments);
	const struct pane_moments *b = CPART(struct pane_moments, next, layout->moments);
	double m = (double)next[0], n = (double)pane[0] + m, both = (double)pane[0] * m / n;
	double off = b->mean - a->mean;

	if ((parts & PART_TREND) != 0) {
		struct pane_trend *u = PART(struct pane_trend, pane, layout->trend);
		const struct pane_trend *w = CPART(struct pane_trend, next, layout->trend);
		int64_t apart = CPART(struct window_ends, next, layout->ends)->first_t -
				CPART(struct window_ends, pane, layout->ends)->first_t;
		double u_off = window_seconds(apart) + w->mean - u->mean;

		u->mean += u_off * m / n;
		u->squares += w->squares + u_off * u_off * both;
		u->products += w->products + u_off * off * both;
	}
	a->mean += off * m / n;
	a->squares += b->squares + off * off * both;
}

static void steps_merge(const struct pane_layout *layout, uint64_t *pane, const uint64_t *next)
{
	struct pane_steps *a = PART(struct pane_steps, pane, layout->steps);
	const struct pane_steps *b = CPART(struct pane_steps, next, layout->steps);

	steps_add(a, CPART(struct window_ends, pane, layout->ends)->last,
		  CPART(struct window_ends, next, layout->ends)->first);
	a->changes += b->changes;
	sum_merge(&a->rises, &b->rises);
}

static void extremes_merge(const struct pane_layout *layout, unsigned parts, uint64_t *pane,
			   const uint64_t *next)
{
	double *least = PART(double, pane, layout->least);
	double *greatest = PART(double, pane, layout->greatest);
	double next_least = *CPART(double, next, layout->least);
	double next_greatest = *CPART(double, next, layout->greatest);

	if ((parts & PART_MIN) != 0 && next_least < *least)
		*least = next_least;
	if ((parts & PART_MAX) != 0 && next_greatest > *greatest)
		*greatest = next_greatest;
}

void pane_merge(const struct pane_layout *layout, unsigned parts, uint64_t *pane,
		const uint64_t *next)
{
	struct window_ends *ends = PART(struct window_ends, pane, layout->ends);
	const struct window_ends *next_ends = CPART(struct window_ends, next, layout->ends);

	if ((parts & PART_TIME) != 0)
		time_merge(PART(struct pane_time, pane, layout->time),
			   CPART(struct pane_time, next, layout->time));
	if (next[0] == 0)
		return;
	if (pane[0] == 0) {
		memcpy(pane, next, layout->time * sizeof(*pane));
		return;
	}
	if ((parts & PART_SUM) != 0)
		sum_merge(PART(struct sum, pane, layout->sum),
			  CPART(struct sum, next, layout->sum));
	if ((parts & (PART_MIN | PART_MAX)) != 0)
		extremes_merge(layout, parts, pane, next);
	if ((parts & PART_MOMENTS) != 0)
		moments_merge(layout, parts, pane, next);
	if ((parts & PART_STEPS) != 0)
		steps_merge(layout, pane, next);
	if ((parts & PART_ENDS) != 0) {
		ends->last_t = next_ends->last_t;
		ends->last = next_ends->last;
	}
	pane[0] += next[0];
}

void pane_shift(const struct pane_layout *layout, uint64_t *pane, int64_t by_ns)
{
	struct window_ends *ends = PART(struct window_ends, pane, layout->ends);

	if ((layout->parts & PART_ENDS) != 0) {
		ends->first_t += by_ns;
		ends->last_t += by_ns;
	}
}

/* ---- saved ------------------------------------------------------------------------------- */

/* Whether the word at i is the time of the first or of the last sample. */
static bool pane_is_time(const struct pane_layout *layout, unsigned i)
{
	return (layout->parts & PART_ENDS) != 0 &&
	       (i == layout->ends + offsetof(struct window_ends, first_t) / sizeof(uint64_t) ||
		i == layout->ends + offsetof(struct window_ends, last_t) / sizeof(uint64_t));
}

/* Times of an empty pane mean nothing. */
void pane_save(const struct pane_layout *layout, const uint64_t *pane, int64_t now,
	       struct str *out)
{
	for (unsigned i = 0; i < layout->words; i++) {
		if (pane_is_time(layout, i))
			pack_add_age(out, now, pane[0] > 0 ? (int64_t)pane[i] : now);
		else
			pack_add_u64(out, pane[i]);
	}
}

static bool pane_fits(const struct pane_layout *layout, const uint64_t *pane, int64_t begin,
		      int64_t end)
{
	const struct window_ends *ends = CPART(struct window_ends, pane, layout->ends);
	const struct pane_time *time = CPART(struct pane_time, pane, layout->time);

	if ((layout->parts & PART_ENDS) != 0 && pane[0] > 0 &&
	    (ends->first_t < begin || ends->last_t < ends->first_t || ends->last_t > end))
		return false;
	return (layout->parts & PART_TIME) == 0 ||
	       (time->known_ns >= 0 && time->known_ns <= end - begin && time->true_ns >= 0 &&
		time->true_ns <= time->known_ns);
}

/* Sums may be any doubles: results that are no finite numbers are unknown. */
bool pane_load(const struct pane_layout *layout, uint64_t *pane, int64_t now, int64_t begin,
	       int64_t end, struct pack *in)
{
	for (unsigned i = 0; i < layout->words; i++)
		pane[i] = pane_is_time(layout, i) ? (uint64_t)(now - pack_take_age(in))
						  : pack_take_u64(in);
	return !in->bad && pane_fits(layout, pane, begin, end);
}

/* ---- results ----------------------------------------------------------------------------- */

static double moments_result(const struct pane_layout *layout, const uint64_t *pane,
			     enum window_function function)
{
	const struct window_ends *ends = CPART(struct window_ends, pane, layout->ends);
	const struct pane_trend *trend = CPART(struct pane_trend, pane, layout->trend);

	if (function == WINDOW_STDDEV)
		return window_stddev(CPART(struct pane_moments, pane, layout->moments)->squares,
				     (double)pane[0]);
	return ends->last_t > ends->first_t ? trend->products / trend->squares : NAN;
}

static double extremes_result(const struct pane_layout *layout, const uint64_t *pane,
			      enum window_function function)
{
	const double *least = CPART(double, pane, layout->least);
	const double *greatest = CPART(double, pane, layout->greatest);

	if (function == WINDOW_MIN)
		return *least;
	return function == WINDOW_MAX ? *greatest : *greatest - *least;
}

static double steps_result(const struct pane_layout *layout, const uint64_t *pane,
			   enum window_function function)
{
	const struct pane_steps *steps = CPART(struct pane_steps, pane, layout->steps);

	return function == WINDOW_CHANGES ? (double)steps->changes : sum_value(&steps->rises);
}

/* There are samples. */
static double samples_result(const struct pane_layout *layout, const uint64_t *pane,
			     enum window_function function)
{
	switch (function) {
	case WINDOW_AVG:
		return sum_value(CPART(struct sum, pane, layout->sum)) / (double)pane[0];
	case WINDOW_SUM:
		return sum_value(CPART(struct sum, pane, layout->sum));
	case WINDOW_MIN:
	case WINDOW_MAX:
	case WINDOW_SPREAD:
		return extremes_result(layout, pane, function);
	case WINDOW_STDDEV:
	case WINDOW_SLOPE:
		return moments_result(layout, pane, function);
	case WINDOW_RATE:
	case WINDOW_DELTA:
	case WINDOW_FIRST:
		return window_ends_result(
			function, CPART(struct window_ends, pane, layout->ends), pane[0]);
	case WINDOW_CHANGES:
	case WINDOW_INCREASE:
		return steps_result(layout, pane, function);
	case WINDOW_COUNT:
	case WINDOW_TAVG:
	case WINDOW_INTEGRAL:
	case WINDOW_SHARE:
	case WINDOW_QUANTILE:
	case WINDOW_FUNCTIONS:
		break;
	}
	return NAN;
}

double pane_result(const struct pane_layout *layout, const uint64_t *pane,
		   enum window_function function, double last)
{
	if (function == WINDOW_COUNT)
		return (double)pane[0];
	if ((window_parts(1u << function) & PART_TIME) != 0) {
		const struct pane_time *time = CPART(struct pane_time, pane, layout->time);

		return window_time_result(function, time->known_ns, time->true_ns,
					  sum_value(&time->area), last);
	}
	return pane[0] > 0 ? samples_result(layout, pane, function) : NAN;
}
