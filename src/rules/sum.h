/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * A sum in two doubles, so that what was added can be taken out again: the second collects
 * what the first lost by rounding (Ogita, Rump, Oishi, "Accurate sum and dot product", SIAM J.
 * Sci. Comput. 26(6), 2005, Sum2; the step is Knuth's TwoSum, TAOCP 4.2.2). As exact as twice
 * the digits would be; beside the largest value that ever was in it, not beside the present
 * ones.
 */
#ifndef GAUGED_RULES_SUM_H
#define GAUGED_RULES_SUM_H

struct sum {
	double high, low;
};

static inline void sum_add(struct sum *sum, double x)
{
	double high = sum->high + x, part = high - sum->high;

	sum->low += (sum->high - (high - part)) + (x - part);
	sum->high = high;
}

static inline void sum_merge(struct sum *sum, const struct sum *other)
{
	sum_add(sum, other->high);
	sum->low += other->low;
}

/* NaN or infinite once a step left the doubles. */
static inline double sum_value(const struct sum *sum)
{
	return sum->high + sum->low;
}

#endif
