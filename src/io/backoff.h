/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Pauses between attempts, growing with decorrelated jitter: each is random between the
 * smallest pause and three times the last one, and never above the largest ("Exponential
 * Backoff And Jitter", AWS Architecture Blog, 2015). Pure, but for its own random numbers.
 */
#ifndef GAUGED_IO_BACKOFF_H
#define GAUGED_IO_BACKOFF_H

#include <stdint.h>

#include "base/clock.h"
#include "base/random.h"

struct backoff {
	int64_t min_ns, max_ns;
	int64_t last_ns; /* 0: the next pause is the first */
	struct random random;
};

/* 0 < min_ns <= max_ns; seed 0 takes one from the kernel. */
void backoff_init(struct backoff *backoff, int64_t min_ns, int64_t max_ns, uint64_t seed);
/* The next pause, in [min_ns, max_ns]. */
int64_t backoff_next(struct backoff *backoff);
/* Things went well: the next pause is a first one again. */
void backoff_reset(struct backoff *backoff);
/*
 * When somebody who pauses until due, for pause_ns from now on, is woken: at due or at most an
 * eighth of the pause later, at an instant that all share who pause for about as long. A
 * hundred that wait for minutes wake a box once a second at most.
 */
struct mono backoff_wake(struct mono due, int64_t pause_ns);

#endif
