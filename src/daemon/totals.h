/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Totals of inputs, over reloads and restarts. A total belongs to the name of its point: a bus
 * may be called otherwise, the point may have another line, or not be there for a while. It
 * then waits, in the store and in memory, until there is a point of the name again.
 */
#ifndef GAUGED_DAEMON_TOTALS_H
#define GAUGED_DAEMON_TOTALS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/clock.h"
#include "daemon/state.h"

struct running;
struct total;

enum { TOTALS_WAITING_MAX = 1024 }; /* without a point: more are not kept */

/* All of it is its own; starts from all zero. */
struct totals {
	struct state *state;
	const struct running *now;
	struct state_part part;
	struct mono due;
	bool lost; /* from the store: all of them are saved again */
	struct total *waiting;
	size_t waiting_count;
	bool full; /* and told */
};

/*
 * Brings back what the state found, and has totals saved from then on. now is what is open, at
 * any time; both are borrowed until totals_done().
 */
void totals_start(struct totals *totals, const struct running *now, struct state *state);
void totals_done(struct totals *totals);
/* What the store has under the key; anything but a total is nobody's. */
void totals_found(struct totals *totals, const char *key, const void *bytes, size_t len);
/* now took the place of old: what the buses that leave have counted goes on, or waits. */
void totals_move(struct totals *totals, const struct running *old);
/* Whether it is time to save them: once a minute, where there are any. */
bool totals_busy(struct totals *totals, struct mono now);
/* What was committed is gone from the store. */
void totals_lost(struct totals *totals);

#endif
