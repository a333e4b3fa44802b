/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Quantiles of any number of values over panes, within 1 % of the value: DDSketch (Masson, Rim,
 * Lee, "DDSketch: a fast and fully-mergeable quantile sketch with relative-error guarantees",
 * PVLDB 12(12), 2019) with 50 linear buckets in each power of two, which needs no logarithm and
 * so is the same on every machine.
 *
 * 512 buckets can be in use at once, of either sign, anywhere in the range of the doubles: if
 * neighbours, four decades of one sign. When a further one is needed, that of the least
 * magnitude counts as 0 from then on (the collapsing of the paper). Subnormal values count
 * as 0. A bucket counts to 2^32 - 1 in one window.
 */
#ifndef GAUGED_RULES_SKETCH_H
#define GAUGED_RULES_SKETCH_H

#include <stdbool.h>
#include <stdint.h>

struct pack;
struct str;

enum { SKETCH_BUCKETS = 512, SKETCH_PANES = 32 };

struct sketch_bucket {
	int32_t key;	/* in the order of the values; 0 for those that count as 0 */
	uint32_t slot;	/* its column in counts */
	uint32_t total; /* over all panes */
};

/* Zeroed memory is an empty one. 73 KiB, without pointers. */
struct sketch {
	uint64_t count;
	uint32_t bucket_count;
	uint32_t slots_used; /* slots handed out so far... */
	uint32_t free_count; /* ...of which these came back */
	uint16_t free[SKETCH_BUCKETS];
	struct sketch_bucket buckets[SKETCH_BUCKETS]; /* by key */
	uint32_t counts[SKETCH_PANES][SKETCH_BUCKETS];
};

/* Into this pane. Returns how many buckets had to collapse into that of 0. */
unsigned sketch_put(struct sketch *sketch, unsigned pane, double value);
/* Takes out all that was put into this pane. */
void sketch_drop(struct sketch *sketch, unsigned pane);
/* NaN if there are no values or q is not in 0..1. */
double sketch_quantile(const struct sketch *sketch, double q);
/* Bucket by bucket: 136 bytes for each that is in use. */
void sketch_save(const struct sketch *sketch, struct str *out);
/* Into an empty one; false: this is no sketch. */
bool sketch_load(struct sketch *sketch, struct pack *in);

#endif
