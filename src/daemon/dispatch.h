/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* From an event to what it does: stamps it with the clocks and runs its rule's actions. */
#ifndef GAUGED_DAEMON_DISPATCH_H
#define GAUGED_DAEMON_DISPATCH_H

#include "actions/action.h"

struct config;
struct event;
struct running;

/*
 * The list of actions that the event of a rule runs, or NULL for an event that only tells of a
 * transition.
 */
const struct action_list *dispatch_list(const struct config *config, const struct event *event);
/* Whether the event runs an action of that type of its list: a muted one only switches. */
bool dispatch_allows(const struct event *event, const struct action_type *type);

/* The clocks at this moment, with wall time mapped back to when the event happened. */
void dispatch_stamp(const struct config *config, const char *boot_id, const struct event *event,
		    struct event_stamp *ret);

/* What actions work on. */
struct dispatch_host {
	const struct running *now;
	/* As action_host's; POINT_NONE: the point is gone with a reload, which is logged. */
	void (*write)(void *arg, uint32_t point, struct value value, const char *why);
	void *arg;
};

/*
 * Runs the event's actions in order. config: whose they are, which over a reload may not be
 * the one that runs now: names tell what is meant there.
 */
void dispatch_run(const struct config *config, const struct dispatch_host *host,
		  const struct event *event, const struct event_stamp *stamp);

#endif
