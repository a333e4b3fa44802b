/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns what is to be written as one, and what replaces what in it. */
#include "io/journal_batch.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

enum { BATCH_BUCKETS = 2048 };

/* What of the same key a new operation makes needless. */
static const unsigned batch_replaces[] = {
	[JOURNAL_STATE] = 1u << JOURNAL_STATE,
	[JOURNAL_MESSAGE] = 1u << JOURNAL_MESSAGE | 1u << JOURNAL_REMOVE | 1u << JOURNAL_BURY,
	[JOURNAL_REMOVE] = 1u << JOURNAL_MESSAGE | 1u << JOURNAL_REMOVE | 1u << JOURNAL_BURY,
	[JOURNAL_BURY] = 1u << JOURNAL_BURY,
	[JOURNAL_DROP] = 1u << JOURNAL_DROP,
	[JOURNAL_BOX] = 1u << JOURNAL_BOX,
};

struct journal_batch *journal_batch_new(void)
{
	struct journal_batch *batch = xcalloc(1, sizeof(*batch));

	TAILQ_INIT(&batch->ops);
	batch->buckets = xcalloc(BATCH_BUCKETS, sizeof(struct journal_op *));
	return batch;
}

void journal_batch_free(struct journal_batch *batch)
{
	if (batch == NULL)
		return;
	journal_ops_done(&batch->ops);
	free(batch->buckets);
	free(batch);
}

void journal_batch_clear(struct journal_batch *batch)
{
	journal_ops_done(&batch->ops);
	memset(batch->buckets, 0, BATCH_BUCKETS * sizeof(struct journal_op *));
	batch->count = batch->messages = batch->bytes = batch->history = 0;
	batch->room = 0;
	batch->unsure = false;
}

/* States, drops and boxes are few: of each name there is one. */
static bool batch_counts(const struct journal_op *op)
{
	static const unsigned kinds = 1u << JOURNAL_MESSAGE | 1u << JOURNAL_REMOVE |
				      1u << JOURNAL_BURY | 1u << JOURNAL_HISTORY;

	return (kinds >> op->kind & 1) != 0;
}

/* FNV-1a; the seq is mixed in by an odd number, so neighbours land in different buckets. */
static struct journal_op **batch_bucket(const struct journal_batch *batch, const char *name,
					uint64_t seq)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (; *name != '\0'; name++)
		hash = (hash ^ (unsigned char)*name) * UINT64_C(0x100000001b3);
	hash ^= hash >> 29;
	return &batch->buckets[(hash + seq * UINT64_C(0x9e3779b1)) % BATCH_BUCKETS];
}

static bool batch_keyed(const struct journal_op *op)
{
	return op->kind != JOURNAL_HISTORY;
}

/* A box is one thing, whatever its last number is. */
static uint64_t batch_key(const struct journal_op *op)
{
	return op->kind == JOURNAL_BOX ? 0 : op->seq;
}

static void batch_unlink(struct journal_batch *batch, struct journal_op *op)
{
	if (batch_keyed(op)) {
		struct journal_op **at = batch_bucket(batch, op->name, batch_key(op));

		while (*at != op)
			at = &(*at)->next;
		*at = op->next;
	}
	TAILQ_REMOVE(&batch->ops, op, link);
	batch->count--;
	batch->room -= journal_op_room(op);
	batch->messages -= op->kind == JOURNAL_MESSAGE;
	batch->bytes -= batch_counts(op) ? op->size : 0;
	batch->history -= op->kind == JOURNAL_HISTORY ? op->size : 0;
}

static void batch_append(struct journal_batch *batch, struct journal_op *op)
{
	if (batch_keyed(op)) {
		struct journal_op **at = batch_bucket(batch, op->name, batch_key(op));

		op->next = *at;
		*at = op;
	}
	TAILQ_INSERT_TAIL(&batch->ops, op, link);
	batch->count++;
	batch->room += journal_op_room(op);
	batch->messages += op->kind == JOURNAL_MESSAGE;
	batch->bytes += batch_counts(op) ? op->size : 0;
	batch->history += op->kind == JOURNAL_HISTORY ? op->size : 0;
}

/* Whether one of them was a message that the store can't have. */
static bool batch_replace(struct journal_batch *batch, struct journal_op *by)
{
	struct journal_op *op = *batch_bucket(batch, by->name, batch_key(by)), *next;
	bool fresh = false;

	for (; op != NULL; op = next) {
		next = op->next;
		if ((batch_replaces[by->kind] >> op->kind & 1) == 0 ||
		    batch_key(op) != batch_key(by) || strcmp(op->name, by->name) != 0)
			continue;
		fresh = fresh || (op->kind == JOURNAL_MESSAGE && op->fresh);
		if (op->kind == JOURNAL_BOX && op->seq > by->seq)
			by->seq = op->seq;
		batch_unlink(batch, op);
		journal_op_free(op);
	}
	return fresh;
}

static void batch_purge(struct journal_batch *batch, const char *box)
{
	struct journal_op *op = TAILQ_FIRST(&batch->ops), *next;

	for (; op != NULL; op = next) {
		next = TAILQ_NEXT(op, link);
		if (op->kind == JOURNAL_STATE || op->kind == JOURNAL_HISTORY ||
		    strcmp(op->name, box) != 0)
			continue;
		batch_unlink(batch, op);
		journal_op_free(op);
	}
}

/* Of messages that the store never had nothing stays but that their numbers were used. */
static void batch_never_were(struct journal_batch *batch, struct journal_ops *removals)
{
	struct journal_op *op;

	while ((op = TAILQ_FIRST(removals)) != NULL) {
		TAILQ_REMOVE(removals, op, link);
		op->kind = JOURNAL_BOX;
		batch_replace(batch, op);
		batch_append(batch, op);
	}
}

void journal_batch_put(struct journal_batch *batch, struct journal_op *op)
{
	bool fresh = false;

	if (op->kind == JOURNAL_DROP)
		batch_purge(batch, op->name);
	else if (batch_keyed(op))
		fresh = batch_replace(batch, op);
	/* Of a message that came and went nothing stays but that its number was used. */
	if (op->kind == JOURNAL_REMOVE && fresh) {
		op->kind = JOURNAL_BOX;
		batch_replace(batch, op);
	}
	if (op->kind == JOURNAL_BURY &&
	    journal_batch_find(batch, JOURNAL_REMOVE, op->name, op->seq) != NULL) {
		journal_op_free(op);
		return;
	}
	op->fresh = op->fresh || (op->kind == JOURNAL_MESSAGE && fresh);
	batch_append(batch, op);
}

void journal_batch_merge(struct journal_batch *older, struct journal_batch *newer)
{
	struct journal_op *op = TAILQ_FIRST(&older->ops), *next;
	struct journal_ops vain = TAILQ_HEAD_INITIALIZER(vain);

	for (; op != NULL; op = next) {
		next = TAILQ_NEXT(op, link);
		op->fresh = op->fresh && !older->unsure;
		if (op->kind != JOURNAL_REMOVE || !op->vain)
			continue;
		batch_unlink(older, op);
		TAILQ_INSERT_TAIL(&vain, op, link);
	}
	batch_never_were(older, &vain);
	older->unsure = false;
	while ((op = TAILQ_FIRST(&newer->ops)) != NULL) {
		batch_unlink(newer, op);
		journal_batch_put(older, op);
	}
}

const struct journal_op *journal_batch_find(const struct journal_batch *batch,
					    enum journal_kind kind, const char *box,
					    uint64_t seq)
{
	const struct journal_op *op = *batch_bucket(batch, box, seq);

	while (op != NULL &&
	       (op->kind != kind || batch_key(op) != seq || strcmp(op->name, box) != 0))
		op = op->next;
	return op;
}

bool journal_batch_drops(const struct journal_batch *batch, const char *box)
{
	return journal_batch_find(batch, JOURNAL_DROP, box, 0) != NULL;
}

void journal_batch_number(struct journal_batch *batch, uint64_t *last)
{
	struct journal_op *op;

	TAILQ_FOREACH (op, &batch->ops, link)
		if (op->kind == JOURNAL_HISTORY && op->seq == 0)
			op->seq = ++*last;
}
