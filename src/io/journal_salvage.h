/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * What can still be read of a store that was set aside: states, boxes and messages, row by row
 * from both ends of each table towards the damage. The old store is not changed. Waits for the
 * disk: not for the loop.
 */
#ifndef GAUGED_IO_JOURNAL_SALVAGE_H
#define GAUGED_IO_JOURNAL_SALVAGE_H

#include <stdint.h>

#include "base/clock.h"

struct journal_op;

struct journal_salvage {
	int (*take)(void *arg, struct journal_op *op); /* takes op; < 0 ends it */
	void *arg;
	uint64_t taken, lost; /* rows; of those that are lost, the ones that could be counted */
	int64_t clock_ns;     /* of the store's own time: the last that is known */
};

/*
 * Fills salvage's figures, and returns 0 or what take returned. An old store of which nothing
 * can be read is no error. Ends at the deadline.
 */
int journal_salvage_run(struct journal_salvage *salvage, const char *path,
			struct mono deadline);

#endif
