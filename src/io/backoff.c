/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the growth of pauses between attempts. */
#include "io/backoff.h"

void backoff_init(struct backoff *backoff, int64_t min_ns, int64_t max_ns, uint64_t seed)
{
	*backoff = (struct backoff){.min_ns = min_ns, .max_ns = max_ns};
	random_init(&backoff->random, seed);
}

int64_t backoff_next(struct backoff *backoff)
{
	int64_t last = backoff->last_ns > 0 ? backoff->last_ns : backoff->min_ns;
	int64_t high = last > backoff->max_ns / 3 ? backoff->max_ns : 3 * last;

	if (high < backoff->min_ns)
		high = backoff->min_ns;
	backoff->last_ns = random_between(&backoff->random, backoff->min_ns, high);
	return backoff->last_ns;
}

void backoff_reset(struct backoff *backoff)
{
	backoff->last_ns = 0;
}

struct mono backoff_wake(struct mono due, int64_t pause_ns)
{
	int64_t grain = pause_ns >= 8 * NSEC_PER_SEC ? NSEC_PER_SEC
			: pause_ns >= NSEC_PER_SEC   ? NSEC_PER_SEC / 8
						     : 1;
	int64_t over = due.ns % grain;

	return over == 0 ? due : mono_add(due, grain - over);
}
