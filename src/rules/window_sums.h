/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * The running sums of an exact window. What a sample adds is computed again, to the same bits,
 * when it leaves, and taken out (sign -1). What that leaves of rounding is kept far below the
 * present values by whoever owns the samples: after a sample left, and if window_sums_poor()
 * after one came, it makes all sums anew when asked to.
 */
#ifndef GAUGED_RULES_WINDOW_SUMS_H
#define GAUGED_RULES_WINDOW_SUMS_H

#include <stdbool.h>
#include <stdint.h>

#include "rules/sum.h"
#include "rules/window.h"

struct window_sums {
	struct sum values, rises, area;
	double weight, weight_peak; /* of |value|, and its greatest since all was made anew */
	/* about a value and an instant near those in the window */
	double shift;
	int64_t origin;
	struct sum v, vv, u, uu, uv;
	double vv_peak;
	int64_t known_ns, true_ns; /* with area */
	uint32_t count, changes;
};

/* Empty, with this shift and origin. */
void window_sums_init(struct window_sums *sums, double shift, int64_t origin);
/* parts as in window_part.h. */
void window_sums_sample(struct window_sums *sums, unsigned parts, int64_t t, double value,
			int sign);
/* From one known sample to the next. */
void window_sums_step(struct window_sums *sums, double before, double after, int sign);
/* A known value for a time. */
void window_sums_time(struct window_sums *sums, double value, int64_t time_ns, int sign);
/*
 * Whether a rest could show. A compensated sum is off by 2^-106 of the largest it has been:
 * when the present values are 2^-20 of that (squares: 2^-40), or a sum left the doubles.
 */
bool window_sums_stale(const struct window_sums *sums);
/*
 * Whether the shift, or the origin, is over 64 standard deviations off the mean, so that
 * differences would lose digits. Not possible while it is one of the n < 4096 samples: those
 * are at most sqrt(n - 1) off.
 */
bool window_sums_poor(const struct window_sums *sums);
/* Of stddev and slope; at least two samples, for slope not all of one instant. */
double window_sums_result(const struct window_sums *sums, enum window_function function);

#endif
