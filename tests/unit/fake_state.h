/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * What outlives the program, without a disk: state.h and as much of journal.h as queues need,
 * over real queues. For tests of the control API.
 */
#ifndef GAUGED_TESTS_FAKE_STATE_H
#define GAUGED_TESTS_FAKE_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "io/journal.h"

struct boxes;
struct state;

struct fake_state {
	bool none; /* no state folder is configured */
	bool stuck;
	bool unreadable; /* the store can't be read */
	bool hold;	 /* fetches and pasts wait for fake_state_release() */
	struct journal_report report;
	const char *const *past; /* lines of the history, the newest first, up to NULL */
	size_t past_limit;	 /* of the last question */
	const char *past_rule;
	unsigned changed, fetches; /* times */
	size_t fetched_most;	   /* messages in one fetch */
	char dropped_box[64];	   /* the last one that is gone */
};

struct state *fake_state_new(void);
void fake_state_free(struct state *state);
struct fake_state *fake_state(struct state *state);
/* A message that the store has, with that body; not in memory. */
void fake_state_message(struct state *state, const char *box, uint64_t seq,
			enum journal_lane lane, const char *dead_why, const char *body);
/* The store has it no more, and nobody was told. */
void fake_state_lose(struct state *state, const char *box, uint64_t seq);
/* Whether the store has it; and whether as a dead letter. */
bool fake_state_has(const struct state *state, const char *box, uint64_t seq, bool *ret_dead);
/* Everything that was put is durable. */
void fake_state_commit(struct state *state);
/* Answers what is held; how many it were. */
unsigned fake_state_release(struct state *state);

#endif
