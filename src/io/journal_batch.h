/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * A list of operations that become one transaction. Of each state and each message there is
 * only what counts in the end, so the order of two operations matters only where the first one
 * drops a box. Filled by the loop; the writer reads it only. No I/O, no clock.
 */
#ifndef GAUGED_IO_JOURNAL_BATCH_H
#define GAUGED_IO_JOURNAL_BATCH_H

#include "io/journal_op.h"

struct journal_batch {
	struct journal_ops ops;
	struct journal_op **buckets; /* of what has a key */
	size_t count;		     /* of all operations */
	size_t messages;
	size_t bytes;	    /* of all but states, drops and boxes, in memory */
	size_t history;	    /* of them, of the history */
	int64_t room;	    /* of them, in the store, about */
	uint64_t mark;	    /* it is durable when this one is */
	int64_t time_ns;    /* of the store's clock, when it left; boot is the same moment */
	struct boot boot;   /* see journal_time() */
	int64_t created_ns; /* to be added to the created_ns of messages when they are written
			     */
	bool unsure;	    /* a commit of it failed: the store may have all of it */
};

struct journal_batch *journal_batch_new(void);
void journal_batch_free(struct journal_batch *batch);
/*
 * Takes op. It replaces what there is of the same state or message. The removal of a message
 * that is here and fresh leaves nothing; a box that is dropped takes along what is here of it.
 */
void journal_batch_put(struct journal_batch *batch, struct journal_op *op);
/*
 * Of older, which could not be written: moves all of newer behind what is in it, by the same
 * rules, and leaves newer empty. Removals in vain end: the store had no such message. What is
 * unsure does not count as fresh any more, everything else stays as fresh as it was.
 */
void journal_batch_merge(struct journal_batch *older, struct journal_batch *newer);
/* The operation of this kind on this message, or NULL. */
const struct journal_op *journal_batch_find(const struct journal_batch *batch,
					    enum journal_kind kind, const char *box,
					    uint64_t seq);
/* True when the box is dropped in it. */
bool journal_batch_drops(const struct journal_batch *batch, const char *box);
/* Gives lines of history their numbers, once, from *last on. */
void journal_batch_number(struct journal_batch *batch, uint64_t *last);
void journal_batch_clear(struct journal_batch *batch);

#endif
