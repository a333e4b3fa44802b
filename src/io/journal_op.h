/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * One thing to write into the store, or one row that was read from it, in one piece of memory.
 * No I/O, no clock.
 */
#ifndef GAUGED_IO_JOURNAL_OP_H
#define GAUGED_IO_JOURNAL_OP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "io/journal.h"

enum journal_kind {
	JOURNAL_STATE,
	JOURNAL_MESSAGE,
	JOURNAL_REMOVE,
	JOURNAL_BURY,
	JOURNAL_DROP, /* a box with all that is in it */
	JOURNAL_HISTORY,
	JOURNAL_BOX, /* a box and its last seq */
};

struct journal_op {
	TAILQ_ENTRY(journal_op) link;
	struct journal_op *next; /* in its bucket of the batch */
	size_t size;		 /* of all of this */
	enum journal_kind kind;
	enum journal_lane lane;
	bool dead;
	bool fresh;    /* a message of which the store cannot have a version */
	bool vain;     /* a removal that found nothing, the store's to say; see the batch */
	bool has_body; /* false: a message without its body */
	uint64_t seq;  /* of a message or box; of a history line its number, 0: none yet */
	int64_t at_ns; /* created_ns of a message, wall clock of a history line */
	char id[JOURNAL_ID_SIZE];
	const char *name; /* the box, the key of a state, the rule of a history line */
	const char *why, *what, *url, *headers;
	const char *body; /* bytes of a state, text of a history line; never NULL */
	size_t body_len;
	char room[];
};

TAILQ_HEAD(journal_ops, journal_op);

/* What is copied into a new one; a text that is NULL becomes "". */
struct journal_op_texts {
	const char *name, *why, *what, *url, *headers;
	const void *body;
	size_t body_len;
};

struct journal_op *journal_op_new(enum journal_kind kind, const struct journal_op_texts *texts);
/* A message, copied. */
struct journal_op *journal_op_of(const struct journal_message *message);
/* The other way round; the texts stay the op's. */
struct journal_message journal_op_message(const struct journal_op *op);
/* Bytes that it takes in the store, about; 0 for what makes no row that lasts. */
int64_t journal_op_room(const struct journal_op *op);
void journal_op_free(struct journal_op *op);
/* Frees all of them; the list is empty afterwards. */
void journal_ops_done(struct journal_ops *ops);

#endif
