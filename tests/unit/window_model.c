/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the naive model of windows, and streams of values. */
#include "window_model.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/alloc.h"

const char *const function_names[WINDOW_FUNCTIONS] = {
	"avg",	   "tavg",     "sum",	   "count", "min",	"max",
	"spread",  "stddev",   "rate",	   "delta", "slope",	"first",
	"changes", "increase", "integral", "share", "quantile",
};

void model_put(struct model *model, int64_t t, double value)
{
	model->samples =
		xreallocarray(model->samples, model->count + 1, sizeof(*model->samples));
	model->samples[model->count++] =
		(struct model_sample){t, isfinite(value) ? value : NAN};
}

void model_done(struct model *model)
{
	free(model->samples);
}

static bool inside(const struct model_sample *sample, struct model_cover cover)
{
	return (sample->t > cover.from || (cover.with_from && sample->t == cover.from)) &&
	       sample->t <= cover.now;
}

/* The last sample before what is covered, or the first at all. */
static size_t begin(const struct model *model, struct model_cover cover)
{
	size_t low = 0, count = model->count;

	while (count > 0) {
		size_t half = count / 2;

		if (model->samples[low + half].t < cover.from) {
			low += half + 1;
			count -= half + 1;
		} else {
			count = half;
		}
	}
	return low > 0 ? low - 1 : 0;
}

/* The known samples that are covered; returns how many. */
static size_t known(const struct model *model, struct model_cover cover,
		    struct model_sample *ret_samples)
{
	size_t n = 0;

	for (size_t i = begin(model, cover); i < model->count; i++) {
		if (inside(&model->samples[i], cover) && !isnan(model->samples[i].value))
			ret_samples[n++] = model->samples[i];
	}
	return n;
}

static double timed(const struct model *model, enum window_function function,
		    struct model_cover cover)
{
	long double area = 0, time = 0, truth = 0;
	double last = NAN;

	for (size_t i = begin(model, cover);
	     i < model->count && model->samples[i].t <= cover.now; i++) {
		int64_t from = model->samples[i].t, until = cover.now;
		double value = model->samples[i].value;

		if (i + 1 < model->count && model->samples[i + 1].t < until)
			until = model->samples[i + 1].t;
		from = from < cover.from ? cover.from : from;
		last = value;
		if (isnan(value) || until <= from)
			continue;
		time += (long double)(until - from) / 1e9L;
		truth += value != 0 ? (long double)(until - from) / 1e9L : 0;
		area += value * ((long double)(until - from) / 1e9L);
	}
	if (time == 0)
		return function == WINDOW_INTEGRAL		  ? last * 0
		       : function == WINDOW_SHARE && !isnan(last) ? last != 0
								  : last;
	return (double)(function == WINDOW_INTEGRAL ? area
			: function == WINDOW_SHARE  ? truth / time
						    : area / time);
}

static int by_value(const void *a, const void *b)
{
	double x = ((const struct model_sample *)a)->value;
	double y = ((const struct model_sample *)b)->value;

	return (x > y) - (x < y);
}

static double stepped(const struct model_sample *s, size_t n, enum window_function function)
{
	long double sum = 0;

	for (size_t i = 1; i < n; i++) {
		double a = s[i - 1].value, b = s[i].value;

		if (function == WINDOW_CHANGES)
			sum += a != b;
		else if (b >= a)
			sum += (long double)b - a;
		else
			sum += b > 0 ? b : 0;
	}
	return (double)sum;
}

static double squared(const struct model_sample *s, size_t n, enum window_function function)
{
	long double v = 0, u = 0, vv = 0, uu = 0, uv = 0;

	if (n < 2)
		return NAN;
	for (size_t i = 0; i < n; i++) {
		v += s[i].value / (long double)n;
		u += (s[i].t - s[0].t) / 1e9L / n;
	}
	for (size_t i = 0; i < n; i++) {
		long double x = (s[i].t - s[0].t) / 1e9L - u, y = s[i].value - v;

		vv += y * y;
		uu += x * x;
		uv += x * y;
	}
	if (function == WINDOW_STDDEV)
		return (double)sqrtl(vv / (n - 1));
	return s[n - 1].t > s[0].t ? (double)(uv / uu) : NAN;
}

static double ordered(struct model_sample *s, size_t n, enum window_function function, double q)
{
	double rank = q * (double)(n - 1);
	size_t low = (size_t)rank;

	qsort(s, n, sizeof(*s), by_value);
	switch ((int)function) {
	case WINDOW_MIN:
		return s[0].value;
	case WINDOW_MAX:
		return s[n - 1].value;
	case WINDOW_SPREAD:
		return s[n - 1].value - s[0].value;
	default:
		break;
	}
	if (low + 1 == n)
		return s[low].value;
	return s[low].value + (rank - (double)low) * (s[low + 1].value - s[low].value);
}

static double of_samples(struct model_sample *s, size_t n, enum window_function function,
			 double q)
{
	long double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += s[i].value;
	switch ((int)function) {
	case WINDOW_AVG:
		return (double)(sum / n);
	case WINDOW_SUM:
		return (double)sum;
	case WINDOW_STDDEV:
	case WINDOW_SLOPE:
		return squared(s, n, function);
	case WINDOW_DELTA:
		return n < 2 ? NAN : s[n - 1].value - s[0].value;
	case WINDOW_RATE:
		if (n < 2 || s[n - 1].t == s[0].t)
			return NAN;
		return (double)(((long double)s[n - 1].value - s[0].value) /
				((s[n - 1].t - s[0].t) / 1e9L));
	case WINDOW_FIRST:
		return s[0].value;
	case WINDOW_CHANGES:
	case WINDOW_INCREASE:
		return stepped(s, n, function);
	default:
		return ordered(s, n, function, q);
	}
}

double model_result(const struct model *model, enum window_function function, double q,
		    struct model_cover cover)
{
	struct model_sample *samples;
	double result;
	size_t n;

	if (function == WINDOW_TAVG || function == WINDOW_INTEGRAL || function == WINDOW_SHARE)
		return timed(model, function, cover);
	samples = xcalloc(model->count + 1, sizeof(*samples));
	n = known(model, cover, samples);
	if (function == WINDOW_COUNT)
		result = (double)n;
	else
		result = n > 0 ? of_samples(samples, n, function, q) : NAN;
	free(samples);
	return result;
}

double model_scale(const struct model *model, struct model_cover cover)
{
	double scale = 0;

	for (size_t i = begin(model, cover);
	     i < model->count && model->samples[i].t <= cover.now; i++) {
		bool carried = i + 1 == model->count || model->samples[i + 1].t > cover.from;

		if ((carried || inside(&model->samples[i], cover)) &&
		    fabs(model->samples[i].value) > scale)
			scale = fabs(model->samples[i].value);
	}
	return scale;
}

/* ---- comparing ----------------------------------------------------------------------------
 */

static double between_ends(const struct model *model, struct model_cover cover)
{
	struct model_sample *samples = xcalloc(model->count + 1, sizeof(*samples));
	size_t n = known(model, cover, samples);
	double seconds = n > 0 ? (double)(samples[n - 1].t - samples[0].t) / 1e9 : 0;

	free(samples);
	return seconds;
}

static double tolerance(const struct model *model, enum window_function function,
			double expected, struct model_cover cover)
{
	double digits = 1e-14 * model_scale(model, cover);

	switch ((int)function) {
	case WINDOW_SUM:
	case WINDOW_INCREASE:
		digits *= 1 + model_result(model, WINDOW_COUNT, 0, cover);
		break;
	case WINDOW_INTEGRAL:
		digits *= (double)(cover.now - cover.from) / 1e9;
		break;
	case WINDOW_SLOPE:
		digits *= 100 / between_ends(model, cover);
		break;
	case WINDOW_RATE:
		digits /= between_ends(model, cover);
		break;
	case WINDOW_SHARE:
		digits = 1e-14;
		break;
	default:
		break;
	}
	return 1e-9 * fabs(expected) + digits;
}

/* 1 % of both neighbours of which a sketched quantile is made up. */
static double sketch_tolerance(const struct model *model, double q, struct model_cover cover)
{
	struct model_sample *samples = xcalloc(model->count + 1, sizeof(*samples));
	size_t n = known(model, cover, samples), low;
	double rank = q * (double)(n - (n > 0)), may = 0;

	if (n > 0) {
		qsort(samples, n, sizeof(*samples), by_value);
		low = (size_t)rank;
		may = (1 - (rank - (double)low)) * fabs(samples[low].value);
		may += low + 1 < n ? (rank - (double)low) * fabs(samples[low + 1].value) : 0;
	}
	free(samples);
	return may * 0.01 + 1e-300;
}

static void compare_one(const struct model *model, const struct window *window,
			enum window_function function, double q, struct model_cover cover,
			bool sketched)
{
	double is = window_result(window, function, q);
	double want = model_result(model, function, q, cover), may;

	if (fabs(is - want) <= 1e-9 * fabs(want) || (isnan(is) && isnan(want)))
		return;
	if (function == WINDOW_QUANTILE && sketched)
		may = sketch_tolerance(model, q, cover);
	else
		may = tolerance(model, function, want, cover);
	/* Squares beyond the doubles are unknown. */
	if (isnan(is) && model_scale(model, cover) > 1e150)
		return;
	if (!(fabs(is - want) <= may))
		fail_msg("%s(%g) at %jd: %.17g, should be %.17g within %g",
			 function_names[function], q, (intmax_t)cover.now, is, want, may);
}

void model_compare(const struct model *model, const struct window *window, unsigned functions,
		   struct model_cover cover, bool sketched)
{
	static const double quantiles[] = {0, 0.05, 0.5, 0.9, 1};

	for (unsigned f = 0; f < WINDOW_FUNCTIONS; f++) {
		if ((functions >> f & 1) == 0)
			continue;
		for (size_t i = 0; i < (f == WINDOW_QUANTILE ? ARRAY_SIZE(quantiles) : 1); i++)
			compare_one(model, window, (enum window_function)f, quantiles[i], cover,
				    sketched);
	}
}

/* ---- streams ----------------------------------------------------------------------------- */

static double uniform(struct stream *stream, double low, double high)
{
	return low +
	       (high - low) * (double)random_between(&stream->random, 0, 1 << 30) / (1 << 30);
}

void stream_init(struct stream *stream, uint64_t seed, unsigned kind)
{
	random_init(&stream->random, seed + 1);
	stream->kind = kind % STREAM_KINDS;
	stream->value = 0;
}

double stream_next(struct stream *stream)
{
	bool rare = random_between(&stream->random, 0, 99) == 0;

	switch (stream->kind) {
	case 0: /* a temperature, seldom a glitch */
		return rare ? 1e9 : uniform(stream, 19, 21);
	case 1: /* a counter that is reset */
		stream->value =
			rare ? 0
			     : stream->value + (double)random_between(&stream->random, 0, 5);
		return stream->value;
	case 2: /* a contact */
		return (double)random_between(&stream->random, 0, 1);
	case 3: /* stands still, seldom moves */
		stream->value = rare ? uniform(stream, -50, 50) : stream->value;
		return stream->value;
	case 4: /* little noise on a large number */
		return 1e7 + uniform(stream, -1e-3, 1e-3) + (rare ? 1e12 : 0);
	case 5: /* about zero, of all magnitudes */
		return uniform(stream, -1, 1) * pow(10, uniform(stream, -6, 6));
	case 6: /* a walk */
		stream->value += uniform(stream, -1, 1);
		return stream->value;
	case 7: /* levels far apart, each for long */
		if (rare)
			stream->value =
				uniform(stream, -1, 1) * pow(10, uniform(stream, -3, 12));
		return stream->value + fabs(stream->value) * 1e-6 * uniform(stream, -1, 1);
	default: /* steps of whole numbers, with what no value is */
		if (rare)
			return random_between(&stream->random, 0, 1) != 0 ? INFINITY : -1e300;
		return (double)random_between(&stream->random, -3, 3);
	}
}
