/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns which function needs what, and the formulas that do not depend on the form. */
#include "rules/window_part.h"

#include <math.h>

static const uint16_t needs[WINDOW_FUNCTIONS] = {
	[WINDOW_AVG] = PART_SUM,
	[WINDOW_TAVG] = PART_TIME,
	[WINDOW_SUM] = PART_SUM,
	[WINDOW_COUNT] = 0,
	[WINDOW_MIN] = PART_MIN,
	[WINDOW_MAX] = PART_MAX,
	[WINDOW_SPREAD] = PART_MIN | PART_MAX,
	[WINDOW_STDDEV] = PART_MOMENTS,
	[WINDOW_RATE] = PART_ENDS,
	[WINDOW_DELTA] = PART_ENDS,
	[WINDOW_SLOPE] = PART_MOMENTS | PART_TREND | PART_ENDS,
	[WINDOW_FIRST] = PART_ENDS,
	[WINDOW_CHANGES] = PART_STEPS | PART_ENDS,
	[WINDOW_INCREASE] = PART_STEPS | PART_ENDS,
	[WINDOW_INTEGRAL] = PART_TIME,
	[WINDOW_SHARE] = PART_TIME,
	[WINDOW_QUANTILE] = PART_QUANTILE,
};

unsigned window_parts(unsigned functions)
{
	unsigned parts = 0;

	for (unsigned i = 0; i < WINDOW_FUNCTIONS; i++) {
		if ((functions >> i & 1) != 0)
			parts |= needs[i];
	}
	return parts;
}

double window_ends_result(enum window_function function, const struct window_ends *ends,
			  uint64_t count)
{
	if (function == WINDOW_FIRST)
		return ends->first;
	if (count < 2)
		return NAN;
	if (function == WINDOW_DELTA)
		return ends->last - ends->first;
	if (ends->last_t == ends->first_t)
		return NAN;
	return (ends->last - ends->first) / window_seconds(ends->last_t - ends->first_t);
}

double window_time_result(enum window_function function, int64_t known_ns, int64_t true_ns,
			  double area, double last)
{
	if (known_ns > 0) {
		if (function == WINDOW_INTEGRAL)
			return area;
		if (function == WINDOW_SHARE)
			return (double)true_ns / (double)known_ns;
		return area / window_seconds(known_ns);
	}
	if (isnan(last))
		return NAN;
	if (function == WINDOW_INTEGRAL)
		return 0;
	return function == WINDOW_SHARE ? last != 0 : last;
}

double window_stddev(double squares, double count)
{
	return count < 2 ? NAN : sqrt((squares < 0 ? 0 : squares) / (count - 1));
}
