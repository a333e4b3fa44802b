/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the pretence of a store; see the header. */
#include "fake_state.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "daemon/boxes.h"
#include "daemon/state.h"

enum { MESSAGES_MAX = 300, HELD_MAX = 8 };

struct fake_message {
	bool there, dead;
	char box[32];
	uint64_t seq;
	char *body;
	size_t len;
};

/* A question that was not answered yet: of bodies, or of the past. */
struct fake_held {
	bool there;
	char box[32];
	uint64_t seqs[JOURNAL_FETCH_MAX];
	size_t count;
	struct journal_fetch fetch;
	struct journal_past past; /* line NULL: it is a fetch */
};

struct state {
	struct fake_state fake;
	struct boxes *boxes;
	struct fake_message messages[MESSAGES_MAX];
	struct fake_held held[HELD_MAX];
	uint64_t mark;
};

struct state *fake_state_new(void)
{
	struct state *state = xcalloc(1, sizeof(*state));

	state->boxes = boxes_new();
	boxes_set_journal(state->boxes, (struct journal *)state);
	state->fake.report = (struct journal_report){
		.path = "/var/lib/gauged/journal.db",
		.commits = 17,
		.bytes = 81920,
		.max_bytes = 64 << 20,
		.commit_last_ns = 2500 * NSEC_PER_USEC,
		.commit_max_ns = 40 * NSEC_PER_MSEC,
		.history_dropped = 3,
	};
	return state;
}

void fake_state_free(struct state *state)
{
	if (state == NULL)
		return;
	boxes_free(state->boxes);
	for (size_t i = 0; i < MESSAGES_MAX; i++)
		free(state->messages[i].body);
	free(state);
}

struct fake_state *fake_state(struct state *state)
{
	return &state->fake;
}

static struct fake_message *find(const struct state *state, const char *box, uint64_t seq)
{
	for (size_t i = 0; i < MESSAGES_MAX; i++) {
		const struct fake_message *message = &state->messages[i];

		if (message->there && message->seq == seq && strcmp(message->box, box) == 0)
			return (struct fake_message *)message;
	}
	return NULL;
}

static struct fake_message *put(struct state *state, const char *box, uint64_t seq,
				const char *body, size_t len)
{
	struct fake_message *message = find(state, box, seq);

	for (size_t i = 0; message == NULL && i < MESSAGES_MAX; i++) {
		if (!state->messages[i].there)
			message = &state->messages[i];
	}
	assert(message != NULL);
	free(message->body);
	*message = (struct fake_message){.there = true, .seq = seq, .len = len};
	strncat(message->box, box, sizeof(message->box) - 1);
	message->body = xcalloc(1, len + 1);
	memcpy(message->body, body, len);
	return message;
}

void fake_state_message(struct state *state, const char *box, uint64_t seq,
			enum journal_lane lane, const char *dead_why, const char *body)
{
	struct journal_message message = {
		.box = box,
		.seq = seq,
		.lane = lane,
		.created_ns = clock_boot().ns - 90 * NSEC_PER_SEC,
		.dead = dead_why != NULL,
		.why = dead_why != NULL ? dead_why : "",
		.what = "fire critical boiler-over-temp: Boiler at 81 degC",
		.body_len = strlen(body),
	};

	snprintf(message.id, sizeof(message.id), "msg_%022ju", (uintmax_t)seq);
	put(state, box, seq, body, strlen(body))->dead = dead_why != NULL;
	boxes_found_message(state->boxes, &message);
}

void fake_state_lose(struct state *state, const char *box, uint64_t seq)
{
	struct fake_message *message = find(state, box, seq);

	assert(message != NULL);
	message->there = false;
}

bool fake_state_has(const struct state *state, const char *box, uint64_t seq, bool *ret_dead)
{
	const struct fake_message *message = find(state, box, seq);

	if (message != NULL)
		*ret_dead = message->dead;
	return message != NULL;
}

void fake_state_commit(struct state *state)
{
	boxes_committed(state->boxes, state->mark);
}

static void answer_fetch(struct state *state, const struct fake_held *held)
{
	for (size_t i = 0; i < held->count && !state->fake.unreadable; i++) {
		const struct fake_message *message = find(state, held->box, held->seqs[i]);

		if (message != NULL)
			held->fetch.got(held->fetch.arg,
					&(struct journal_message){.box = held->box,
								  .seq = message->seq,
								  .url = "u",
								  .headers = "",
								  .body = message->body,
								  .body_len = message->len});
	}
	held->fetch.done(held->fetch.arg, !state->fake.unreadable);
}

static void answer_past(struct state *state, const struct fake_held *held)
{
	const char *const *line = state->fake.past;

	for (size_t i = 0; line != NULL && line[i] != NULL && i < held->count; i++)
		held->past.line(held->past.arg, (struct wall){1}, "", line[i], strlen(line[i]));
	held->past.done(held->past.arg, !state->fake.unreadable);
}

unsigned fake_state_release(struct state *state)
{
	unsigned count = 0;

	for (size_t i = 0; i < HELD_MAX; i++) {
		struct fake_held held = state->held[i];

		if (!held.there)
			continue;
		state->held[i].there = false;
		count++;
		if (held.past.line != NULL)
			answer_past(state, &held);
		else
			answer_fetch(state, &held);
	}
	return count;
}

static struct fake_held *hold(struct state *state)
{
	for (size_t i = 0; i < HELD_MAX; i++) {
		if (!state->held[i].there) {
			state->held[i] = (struct fake_held){.there = true};
			return &state->held[i];
		}
	}
	abort();
}

/* state.h */

struct boxes *state_boxes(const struct state *state)
{
	return state->boxes;
}

void state_changed(struct state *state, bool at_once)
{
	(void)at_once;
	state->fake.changed++;
}

bool state_report(const struct state *state, struct journal_report *ret)
{
	*ret = state->fake.report;
	return !state->fake.none;
}

bool state_alive(void *arg)
{
	const struct state *state = arg;

	return !state->fake.stuck;
}

bool state_past(struct state *state, const char *rule, size_t limit,
		const struct journal_past *past)
{
	struct fake_held *held;

	if (state->fake.none)
		return false;
	held = hold(state);
	held->past = *past;
	held->count = limit;
	state->fake.past_limit = limit;
	state->fake.past_rule = rule;
	if (!state->fake.hold)
		fake_state_release(state);
	return true;
}

bool state_fetch(struct state *state, const char *box, const uint64_t *seqs, size_t count,
		 const struct journal_fetch *fetch)
{
	if (!state->fake.none)
		journal_fetch((struct journal *)state, box, seqs, count, fetch);
	return !state->fake.none;
}

void state_forget(struct state *state, const void *arg)
{
	journal_forget((struct journal *)state, arg);
}

/* journal.h, as far as boxes.c goes. The journal is the state. */

int64_t journal_time(const struct journal *journal, struct boot now)
{
	(void)journal;
	return now.ns;
}

uint64_t journal_mark(const struct journal *journal)
{
	return ((const struct state *)journal)->mark;
}

uint64_t journal_first_seq(const struct journal *journal)
{
	(void)journal;
	return 1;
}

int journal_put_message(struct journal *journal, const struct journal_message *message)
{
	struct state *state = (struct state *)journal;

	put(state, message->box, message->seq, message->body, message->body_len);
	state->mark++;
	return 0;
}

void journal_remove(struct journal *journal, const char *box, uint64_t seq)
{
	struct fake_message *message = find((struct state *)journal, box, seq);

	if (message != NULL)
		message->there = false;
}

void journal_bury(struct journal *journal, const char *box, uint64_t seq, bool dead,
		  const char *why)
{
	struct fake_message *message = find((struct state *)journal, box, seq);

	(void)why;
	if (message != NULL)
		message->dead = dead;
}

void journal_drop_box(struct journal *journal, const char *box)
{
	struct state *state = (struct state *)journal;

	state->fake.dropped_box[0] = '\0';
	strncat(state->fake.dropped_box, box, sizeof(state->fake.dropped_box) - 1);
}

void journal_commit(struct journal *journal, bool at_once)
{
	(void)journal;
	(void)at_once;
}

void journal_fetch(struct journal *journal, const char *box, const uint64_t *seqs, size_t count,
		   const struct journal_fetch *fetch)
{
	struct state *state = (struct state *)journal;
	struct fake_held *held = hold(state);

	assert(count > 0 && count <= JOURNAL_FETCH_MAX);
	strncat(held->box, box, sizeof(held->box) - 1);
	memcpy(held->seqs, seqs, count * sizeof(*seqs));
	held->count = count;
	held->fetch = *fetch;
	state->fake.fetches++;
	if (count > state->fake.fetched_most)
		state->fake.fetched_most = count;
	if (!state->fake.hold)
		fake_state_release(state);
}

void journal_forget(struct journal *journal, const void *arg)
{
	struct state *state = (struct state *)journal;

	for (size_t i = 0; i < HELD_MAX; i++) {
		if (state->held[i].fetch.arg == arg || state->held[i].past.arg == arg)
			state->held[i].there = false;
	}
}
