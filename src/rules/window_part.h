/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * What both forms of a window have in common: what each function needs to be kept, and what
 * follows from it.
 */
#ifndef GAUGED_RULES_WINDOW_PART_H
#define GAUGED_RULES_WINDOW_PART_H

#include <stdint.h>

#include "rules/window.h"

/* What a form keeps; each function needs some of them, the number of samples is always kept. */
enum window_part {
	PART_SUM = 1 << 0,	/* of the values */
	PART_MIN = 1 << 1,	/* least */
	PART_MAX = 1 << 2,	/* greatest */
	PART_ENDS = 1 << 3,	/* first and last sample */
	PART_MOMENTS = 1 << 4,	/* squares about the mean */
	PART_TREND = 1 << 5,	/* of time, and of both; with PART_MOMENTS and PART_ENDS */
	PART_STEPS = 1 << 6,	/* from sample to sample; with PART_ENDS */
	PART_TIME = 1 << 7,	/* time weighted */
	PART_QUANTILE = 1 << 8, /* values in order */
};

struct window {
	struct window_spec spec;
	int64_t now;
	uint64_t overruns;
	uint32_t form; /* enum window_form */
	uint32_t parts;
	int64_t step; /* span / 32, at least 1 */
};

/* All parts that these functions need. */
unsigned window_parts(unsigned functions);

struct window_ends {
	int64_t first_t, last_t;
	double first, last;
};

/* Of first, delta, rate, for count > 0 known samples. */
double window_ends_result(enum window_function function, const struct window_ends *ends,
			  uint64_t count);
/*
 * Of tavg, integral, share: the time the value was known and that it was not 0, the sum of
 * value * seconds over it, and the value at the end, NaN if unknown.
 */
double window_time_result(enum window_function function, int64_t known_ns, int64_t true_ns,
			  double area, double last);
/* Of the sum of squares about the mean; rounding may have made it less than 0. */
double window_stddev(double squares, double count);

static inline double window_seconds(int64_t ns)
{
	return (double)ns / 1e9;
}

/* How much a counter counted between two samples. */
static inline double window_rise(double before, double after)
{
	if (after >= before)
		return after - before;
	return after > 0 ? after : 0;
}

/* The last multiple of step that is <= t. */
static inline int64_t window_multiple(int64_t t, int64_t step)
{
	int64_t rest = t % step;

	return t - (rest < 0 ? rest + step : rest);
}

#endif
