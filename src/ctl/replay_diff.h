/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * When a rule fired in one replay and when in another of the same recording: which fires are
 * the same alarm, which are missing, which are new, and how much earlier or later the others
 * are. Pure: numbers in, numbers and words out.
 */
#ifndef GAUGED_CTL_REPLAY_DIFF_H
#define GAUGED_CTL_REPLAY_DIFF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct str;

/* An alarm from its fire to its clear; an instant has both at once. */
struct replay_fire {
	int64_t from_ns;
	int64_t to_ns; /* INT64_MAX: it fired to the end */
};

enum { REPLAY_NONE = -1 };

/* Indices; before is REPLAY_NONE for a new one, after for a missing one. */
struct replay_pair {
	ptrdiff_t before, after;
};

/*
 * Pairs the fires of both runs, each list in order of time and without overlaps: in order, and
 * so that the whole costs least. One that is missing or new costs 1. A pair costs nothing if
 * both are the same; if they overlap or touch, the share (0 to 1) of the time from the first
 * beginning to the last end that they do not have in common; otherwise 1, or for two instants
 * 0, and up to 1, or 2, more with the time between them, which is near_ns at most. (Rows of
 * more than 4 million possible pairs are paired in turn.) ret has room for before_count +
 * after_count pairs, which come in order of time; returns how many there are.
 */
size_t replay_diff_match(const struct replay_fire *before, size_t before_count,
			 const struct replay_fire *after, size_t after_count, int64_t near_ns,
			 struct replay_pair *ret);

/* How far something is moved in the pairs. */
struct replay_shift {
	size_t earlier, later;
	int64_t earlier_least_ns, earlier_most_ns, later_least_ns, later_most_ns;
};

struct replay_diff {
	size_t before, after; /* fires of each run */
	size_t pairs, missing, added;
	struct replay_shift fires, clears;
};

/* Shifts of less than a millisecond count for nothing. */
void replay_diff_sum(const struct replay_fire *before, const struct replay_fire *after,
		     const struct replay_pair *pairs, size_t count, struct replay_diff *ret);
bool replay_diff_same(const struct replay_diff *diff);
/* "3 fewer, 1 new, 40 s earlier, 2 of 7 clear 5.0 s to 1 min 2 s later"; "as before". */
void replay_diff_words(const struct replay_diff *diff, struct str *out);

#endif
