/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* What of the engine outlives the program: its rules each time, its windows now and then. */
#ifndef GAUGED_DAEMON_ENGINE_STATE_H
#define GAUGED_DAEMON_ENGINE_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/state.h"

struct engine;

/* All of it is its own. */
struct engine_state {
	struct engine *const *engine;
	struct state_part rules, nodes;
	void *late; /* NULL: nothing */
	size_t late_len;
	int64_t late_outage_ns;
};

/*
 * Brings back what state has found into the engine, which was made just now, and saves it from
 * here on. *engine is looked at anew each time: a reload changes it.
 */
void engine_state_start(struct engine_state *kept, struct engine *const *engine,
			struct state *state);
/* A store that opened late has this of the rules, which is copied until engine_state_settle().
 */
void engine_state_late(struct engine_state *kept, const void *bytes, size_t len,
		       int64_t outage_ns);
/* Before anything is saved, at now: takes over what came late. */
void engine_state_settle(struct engine_state *kept, struct boot now);
void engine_state_done(struct engine_state *kept);
/* Whether a delay runs: how much of it is over is worth to be saved often. */
bool engine_state_busy(const struct engine *engine, size_t rule_count);

#endif
