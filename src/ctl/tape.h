/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * A recording as it is read: line by line and never as a whole, with its remarks. What is wrong
 * in it is told on standard error with its place, and passed over.
 */
#ifndef GAUGED_CTL_TAPE_H
#define GAUGED_CTL_TAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"

struct recording_line;
struct tape;

/* NULL after it was told why. "-" is standard input. Reads up to the first reading. */
struct tape *tape_open(const char *path);
void tape_close(struct tape *tape);

/* The next reading up to and with until, borrowed until the next call; NULL: there is none. */
const struct recording_line *tape_next(struct tape *tape, struct boot until);

/* When second 0 was, if the recording says so before its first reading. */
bool tape_started(const struct tape *tape, struct wall *ret);

struct tape_counts {
	uint64_t readings, broken; /* lines */
	size_t gaps;
	int64_t missing_ns;
	struct boot end; /* of what was read so far: the last reading, or what it says itself */
};
void tape_count(const struct tape *tape, struct tape_counts *ret);

#endif
