/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * The rows of the journal's tables, written and read. All of it returns 0 or what
 * journal_database_fail() says. Waits for the disk: not for the loop.
 */
#ifndef GAUGED_IO_JOURNAL_TABLE_H
#define GAUGED_IO_JOURNAL_TABLE_H

#include <stddef.h>
#include <stdint.h>

struct journal_batch;
struct journal_database;
struct journal_ops;

/* All of the batch and the clock, in the transaction that is open. Notes vain removals. */
int journal_table_write(struct journal_database *database, struct journal_batch *batch,
			const char *boot_id);
/* Each adds to ret what is there. */
int journal_table_fetch(struct journal_database *database, const char *box,
			const uint64_t *seqs, size_t count, struct journal_ops *ret);
int journal_table_history(struct journal_database *database, const char *rule, size_t limit,
			  struct journal_ops *ret);
int journal_table_states(struct journal_database *database, struct journal_ops *ret);
/* Boxes, and then the messages of all of them, without bodies. */
int journal_table_boxes(struct journal_database *database, struct journal_ops *ret);

#endif
