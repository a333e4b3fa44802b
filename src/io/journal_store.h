/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * The SQLite database of the journal: one connection, for one thread. Everything may wait for
 * the disk: not for the loop. After a failure the store has to be closed and opened again, and
 * what was to be written is to be written whole: nothing of it is known to be durable.
 */
#ifndef GAUGED_IO_JOURNAL_STORE_H
#define GAUGED_IO_JOURNAL_STORE_H

#include "io/journal_batch.h"

struct journal_store;

struct journal_figures {
	uint64_t commits, failures, reopened, set_aside, salvaged, lost, checkpoints;
	int64_t bytes, used; /* of the database; without its free pages */
	int64_t wal_bytes;
	int64_t commit_last_ns, commit_max_ns;
};

/* What opening brought. The first time that it works, all that is in it; states first. */
struct journal_opened {
	bool first;
	struct journal_ops found;
	int64_t time_ns; /* the store's clock at the moment boot */
	struct boot boot;
	uint64_t history_last; /* the largest number of a line */
	bool rebuilt;	       /* not the first time, and not the same store as before */
	char *aside;	       /* where the old one is, or NULL */
	char *why;	       /* it was set aside, or NULL */
};

struct journal_store *journal_store_new(const char *directory, int64_t max_bytes);
/* Closes it first. */
void journal_store_free(struct journal_store *store);

/*
 * 0, -EBUSY (another gauged has it), or another errno with journal_store_problem(). A store
 * that is damaged or newer is set aside, and a new one is opened. On failure ret has nothing.
 */
int journal_store_open(struct journal_store *store, struct journal_opened *ret);
void journal_opened_done(struct journal_opened *opened);
void journal_store_close(struct journal_store *store);

/*
 * Of a batch that fails, it says whether it is unsure and which removals were in vain.
 * -EUCLEAN: it is damaged, and will be set aside when it is opened next. -ESTALE: its file is
 * gone from the folder. Anything else: trouble, to be tried again later.
 */
int journal_store_write(struct journal_store *store, struct journal_batch *batch);
/* Adds to ret those that are there. */
int journal_store_fetch(struct journal_store *store, const char *box, const uint64_t *seqs,
			size_t count, struct journal_ops *ret);
/* The newest first. rule NULL: all. */
int journal_store_history(struct journal_store *store, const char *rule, size_t limit,
			  struct journal_ops *ret);
/* Pages of the log that are not in the database yet. */
int journal_store_backlog(const struct journal_store *store);
/* Moves them there, and gives free room back to the file system when there is much of it. */
int journal_store_rest(struct journal_store *store);

/* What failed and why, for people; until the next call. */
const char *journal_store_problem(const struct journal_store *store);
void journal_store_figures(const struct journal_store *store, struct journal_figures *ret);

#endif
