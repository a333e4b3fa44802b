/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns values in order, and what a quantile of them is. */
#include "rules/quantile.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* How many are less than value. */
static uint32_t values_below(const double *sorted, uint32_t count, double value)
{
	uint32_t low = 0;

	while (count > 0) {
		uint32_t half = count / 2;

		if (sorted[low + half] < value) {
			low += half + 1;
			count -= half + 1;
		} else {
			count = half;
		}
	}
	return low;
}

void quantile_insert(double *sorted, uint32_t count, double value)
{
	uint32_t at = values_below(sorted, count, value);

	memmove(sorted + at + 1, sorted + at, (count - at) * sizeof(*sorted));
	sorted[at] = value;
}

void quantile_remove(double *sorted, uint32_t count, double value)
{
	uint32_t at = values_below(sorted, count, value);

	assert(at < count && sorted[at] == value);
	memmove(sorted + at, sorted + at + 1, (count - at - 1) * sizeof(*sorted));
}

uint64_t quantile_rank(uint64_t count, double q, double *ret_part)
{
	double rank = (double)(count - 1) * q;
	uint64_t below = (uint64_t)rank;

	*ret_part = rank - (double)below;
	return below;
}

double quantile_of(const double *sorted, uint32_t count, double q)
{
	double part;
	uint64_t below;

	if (count == 0 || !(q >= 0 && q <= 1))
		return NAN;
	below = quantile_rank(count, q, &part);
	if (part == 0)
		return sorted[below];
	return sorted[below] + part * (sorted[below + 1] - sorted[below]);
}
