/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Values kept in order, and their quantiles. No NaN and no -0 among them. */
#ifndef GAUGED_RULES_QUANTILE_H
#define GAUGED_RULES_QUANTILE_H

#include <stdint.h>

/* Into count values in order, with room for one more. */
void quantile_insert(double *sorted, uint32_t count, double value);
/* One that is equal to value, out of count that hold it. */
void quantile_remove(double *sorted, uint32_t count, double value);
/*
 * Between which values quantile q of count values lies (definition 7 of Hyndman and Fan, see
 * window.h): the number of the lower one, from 0, and which part of the way to the next. count
 * > 0 and 0 <= q <= 1.
 */
uint64_t quantile_rank(uint64_t count, double q, double *ret_part);
/* NaN if there are no values or q is not in 0..1. */
double quantile_of(const double *sorted, uint32_t count, double q);

#endif
