/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * What of the daemon outlives the program, and how it comes back: the engine, outputs, totals
 * of inputs, and the history of events.
 */
#ifndef GAUGED_DAEMON_KEPT_H
#define GAUGED_DAEMON_KEPT_H

#include <stdbool.h>

#include "daemon/engine_state.h"
#include "daemon/state.h"
#include "daemon/totals.h"

struct config;
struct error;
struct event;
struct event_stamp;
struct loop;
struct outputs;
struct running;
struct store_alarm;

/* All of it is its own. */
struct kept {
	struct state *state;
	const struct running *now;
	struct outputs *outputs;
	struct engine_state engine;
	struct state_part outputs_part;
	struct totals totals;
	struct store_alarm *alarm;
	/* Runs what is due by now, before anything is saved. */
	void (*settle)(void *arg, struct boot now);
	/* Has what happened with the store handled as what rules say is. */
	void (*event)(void *arg, const struct event *event);
	void *arg;
};

/*
 * Opens the state of the folder that config names, or systemd; waits for that. settle, event,
 * arg and now are set before. False + err: see state_open().
 */
bool kept_open(struct kept *kept, struct loop *loop, const struct config *config,
	       const char *boot_id, struct error *err);
/*
 * Brings everything back, in the order in which it depends on each other, and has outputs
 * written as they have to be at the start. *kept->now is open, and nothing was read yet.
 */
void kept_start(struct kept *kept, struct outputs *outputs);
/* *kept->now took the place of old, whose buses that leave are still open. */
void kept_reloaded(struct kept *kept, const struct running *old);
/* Behind kept_start(), when events may be handled: those of the store begin. */
void kept_watch(struct kept *kept);
/* Behind the last use of the state, which is closed with it; NULL members are allowed. */
void kept_close(struct kept *kept);
/* What happened, for the history, and what came of it, for the store. */
void kept_event(struct kept *kept, const struct event *event, const struct event_stamp *stamp);

#endif
