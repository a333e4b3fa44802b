/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * A recording while it is taken: what the daemon sends about points, as lines of
 * model/recording.h. Knows no connection; says nothing to people.
 */
#ifndef GAUGED_CTL_TAKE_H
#define GAUGED_CTL_TAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/clock.h"

struct json_t;
struct take;

struct take_counts {
	uint64_t readings;
	size_t points, gaps;
	int64_t missing_ns; /* in the gaps */
};

/*
 * Writes to file, which is the caller's. wanted: names or patterns of points and devices, count
 * of them; 0: every point.
 */
struct take *take_new(FILE *file, char *const *wanted, size_t count);
void take_free(struct take *take);

/* Second 0, which is this instant on both clocks. */
void take_start(struct take *take, struct wall wall, struct boot now);
/*
 * What is known at now, as /v1/points says it: each point's value, or why it has none, as if it
 * was read at now.
 */
void take_known(struct take *take, const struct json_t *points, struct boot now);
/* A line of /v1/points?follow=1. */
void take_line(struct take *take, const char *text, size_t len);
/* What was read from the last reading on is missing up to now. */
void take_gap(struct take *take, struct boot now);
void take_end(struct take *take, struct boot now);

/* Whether one of wanted means the point. */
bool take_wants(const struct take *take, const char *point, const char *device);
void take_count(const struct take *take, struct take_counts *ret);

#endif
