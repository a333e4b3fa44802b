/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * A daemon without any of its parts, for tests of the control API: four points, two rules, two
 * buses and a webhook that do what the test says, and queues over fake_state.h. Implements
 * daemon.h, bus.h, engine.h, ruleset.h and webhook.h as far as the control API asks.
 */
#ifndef GAUGED_TESTS_FAKE_DAEMON_H
#define GAUGED_TESTS_FAKE_DAEMON_H

#include <stdbool.h>

#include "daemon/daemon.h"

struct arena;

struct fake_daemon {
	struct loop *loop;
	struct config *config;
	struct arena *arena;
	struct daemon_watcher *watchers;
	unsigned reloads_asked;
	unsigned writes_asked;
	struct value written; /* the last one, without its text */
	int64_t written_for_ns;
	bool waits;	     /* what is written waits for an interlock */
	bool reload_refused; /* how the next reloads end */
	bool dry_run;	     /* what was asked for last */
	bool hold;	     /* reloads and writes are not answered by themselves */
	reload_done *waiting_reload;
	write_done *waiting_write;
	void *waiting;
	struct value taken;		    /* what the device took; none: as written */
	enum write_outcome outcome;	    /* how the next writes end */
	int operated;			    /* what daemon_ack() and its kin return */
	uint32_t acked, shelved, unshelved; /* times */
	int64_t shelved_ns;		    /* the last time */
	const char *message;		    /* of the next events, or NULL */
};

/* Tests of webhooks that nobody waits for any more. */
unsigned fake_probes_cancelled(void);
struct daemon *fake_daemon_new(struct loop *loop);
void fake_daemon_free(struct daemon *daemon);
struct fake_daemon *fake_daemon(struct daemon *daemon);
/* Answers the reload or the write that is held. */
void fake_daemon_release(struct daemon *daemon);
void fake_daemon_reading(struct daemon *daemon, uint32_t point, struct value value);
void fake_daemon_event(struct daemon *daemon);

#endif
