/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * What outlives the program: ties the journal to those whose states are in it. A state is saved
 * in one transaction with the messages that it caused: whenever messages leave for the store,
 * all parts that changed are asked for what they are then.
 */
#ifndef GAUGED_DAEMON_STATE_H
#define GAUGED_DAEMON_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"

struct boxes;
struct error;
struct journal_fetch;
struct journal_past;
struct journal_report;
struct loop;
struct state;
struct str;

struct state_config {
	const char *directory; /* NULL: nothing outlives the program */
	int64_t max_bytes;
	const char *boot_id;
};

/* Somebody who has a state. */
struct state_part {
	const char *key;
	/* As at now; nothing added: there is none. */
	void (*save)(void *arg, struct boot now, struct str *out);
	void *arg;
	/*
	 * False: with every transaction that is of alarms or follows state_changed(). True: too
	 * large for that, every five minutes and at the end.
	 */
	bool rarely;
	struct state_part *next; /* the state's, as all below */
	bool changed;
};

/* Told on the loop; each may be NULL. */
struct state_host {
	/* Parts are about to be saved: run what is due. */
	void (*settle)(void *arg, struct boot now);
	/* Time passes for something that counts it (a delay, a limit): save it often. */
	bool (*busy)(void *arg);
	/*
	 * What was committed is gone from the store: parts are about to be saved anew. aside:
	 * what it is called now, NULL: it vanished.
	 */
	void (*rebuilt)(void *arg, const char *aside);
	/* Trouble of the store began, or ended (NULL). */
	void (*trouble)(void *arg, const char *problem);
	/*
	 * The store could not be opened at the start, and was later: what it has under a key,
	 * before anything is written over it. Nothing may be put from within.
	 */
	void (*late)(void *arg, const char *key, const void *bytes, size_t len,
		     int64_t outage_ns);
	void *arg;
};

/* Opens the journal and reads it; waits for that. NULL + err as journal_open(). */
struct state *state_open(struct loop *loop, const struct state_config *config,
			 const struct state_host *host, struct error *err);
/*
 * Saves all parts, at most until deadline, and closes the journal: queues are in memory only
 * from here on.
 */
void state_stop(struct state *state, struct mono deadline);
/* NULL is allowed. */
void state_free(struct state *state);

struct boxes *state_boxes(const struct state *state);

/* part is borrowed until state_stop(). */
void state_add(struct state *state, struct state_part *part);
/*
 * What was saved under the key, and how long ago that was: -1 if that is not known (the clock
 * was not set, then or now). False: nothing. Valid until state_forget_found().
 */
bool state_found(const struct state *state, const char *key, const void **ret, size_t *ret_len,
		 int64_t *ret_outage_ns);
/* All that was saved under keys that begin with prefix. */
void state_found_each(const struct state *state, const char *prefix,
		      void (*fn)(void *arg, const char *key, const void *bytes, size_t len),
		      void *arg);
void state_forget_found(struct state *state);
/* Whether what state_found() does not find was never saved. False: it may be lost. */
bool state_whole(const struct state *state);

/*
 * From within save() of a part: one more state, under a key of its own, which state_found()
 * finds as well.
 */
void state_put(struct state *state, const char *key, const void *bytes, size_t len);
/* Something of a part that is saved each time changed. at_once: not within half a second. */
void state_changed(struct state *state, bool at_once);
/* A line for the history. */
void state_history(struct state *state, struct wall at, const char *rule, const char *line,
		   size_t len);
/* False: there is no store. See journal_history(). */
bool state_past(struct state *state, const char *rule, size_t limit,
		const struct journal_past *past);
/* The same for bodies of a queue's messages: see journal_fetch(). */
bool state_fetch(struct state *state, const char *box, const uint64_t *seqs, size_t count,
		 const struct journal_fetch *fetch);
void state_forget(struct state *state, const void *arg);

/* False: there is no store, by configuration. */
bool state_report(const struct state *state, struct journal_report *ret);
/* Messages that would be lost with the program. */
size_t state_pending(const struct state *state);
/* Whether the writer is stuck. */
bool state_stuck(const struct state *state, struct mono now, int64_t limit_ns);
/*
 * For the watchdog: the writer works, or has for less than STATE_STUCK_NS been in one piece of
 * work. A card that collects its garbage, or a disk that spins up, takes seconds for a commit,
 * and that is no reason to kill the daemon; longer than that a disk either fails or hangs, and
 * only a restart finds out which.
 */
#define STATE_STUCK_NS (20 * NSEC_PER_SEC)
bool state_alive(void *state);

#endif
