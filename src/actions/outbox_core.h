/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * The inside of an outbox, for outbox.c (decisions), outbox_room.c (what is let in, and what
 * is let go), and outbox_texts.c (what is in memory, and what in the store).
 */
#ifndef GAUGED_ACTIONS_OUTBOX_CORE_H
#define GAUGED_ACTIONS_OUTBOX_CORE_H

#include "actions/outbox.h"
#include "base/random.h"

TAILQ_HEAD(outbox_rows, outbox_row);

struct outbox {
	struct outbox_policy policy;
	struct outbox_store store;
	bool stored; /* there is one */
	struct random jitter;
	struct outbox_rows lanes[OUTBOX_LANES]; /* by seq */
	struct outbox_rows leaving;		/* given up, on the way to the fallback */
	struct outbox_rows dead;
	struct boot hold; /* nothing is tried before */
	unsigned streak;  /* failures of the receiver one after the other */
	uint64_t epoch;	  /* counts holds and their ends */
	bool parked;
	uint64_t seq;
	size_t waiting, in_flight, bytes, dead_count, dead_bytes, leaving_count, leaving_bytes;
	size_t lane_count[OUTBOX_LANES];
	uint64_t committed; /* the last mark that is */
	size_t warm_count, warm_bytes;
	size_t unkept;
	struct outbox_row *fresh[OUTBOX_LANES]; /* the first that is not yet committed */
	bool fetching;		 /* a fetch is under way, whatever of it is gone */
	struct boot fetch_after; /* not before */
	struct outbox_gap gap;
	struct outbox_report counted; /* the counters only */
	void (*ready)(void *arg);
	void *ready_arg;
};

/* ---- texts: outbox_texts.c */

/* A cold row, in no list. */
struct outbox_row *outbox_row_new(const struct outbox_identity *identity, enum outbox_lane lane,
				  const char *what, struct boot created);
void outbox_row_fill(struct outbox *outbox, struct outbox_row *row,
		     const struct outbox_message *message);
/* Of one in no list. */
void outbox_row_free(struct outbox *outbox, struct outbox_row *row);
/* What the row and its texts count for in the limits. */
size_t outbox_message_size(const struct outbox_message *message);
/* Asks the store for the texts of the next rows, unless that is under way. */
void outbox_ask(struct outbox *outbox, struct boot now);
/* Puts a row into the store, if there is one. -ENOSPC and others as outbox_store has it. */
int outbox_put(struct outbox *outbox, struct outbox_row *row);
/* It is in memory only, and has to stay there, until the store takes it. */
void outbox_unkeep(struct outbox *outbox, struct outbox_row *row);

/* ---- room: outbox_room.c */

/* Out of its lane; it stays in the store. */
void outbox_take_out(struct outbox *outbox, struct outbox_row *row);
/* Into its lane, by its number. */
void outbox_take_in(struct outbox *outbox, struct outbox_row *row);
/* Gives up a waiting row that is not under way: it dies, or leaves. */
void outbox_give_up(struct outbox *outbox, struct outbox_row *row, enum outbox_why why);
/* What was leaving has nowhere to go any more: it dies. */
void outbox_bury_leaving(struct outbox *outbox);
/* Out of those that leave; it stays in the store. */
void outbox_leave_out(struct outbox *outbox, struct outbox_row *row);
/* Tells whoever takes from it that there may be something to take. */
void outbox_rouse(struct outbox *outbox);
/* Counts a message that is lost. */
void outbox_count_lost(struct outbox *outbox, uint64_t seq, bool unreadable);

#endif
