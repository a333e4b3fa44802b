/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Rows of the store's tables as operations: the columns that are asked for, and what of a row
 * can be believed. A damaged store may have any value of any type in any column.
 */
#ifndef GAUGED_IO_JOURNAL_ROW_H
#define GAUGED_IO_JOURNAL_ROW_H

#include <stdint.h>

struct journal_op;
struct sqlite3_stmt;

/* key of a message: the number of its box, and its seq below. */
enum { JOURNAL_ROW_SEQ_BITS = 44 };

static inline int64_t journal_row_key(int64_t box, uint64_t seq)
{
	return box * (INT64_C(1) << JOURNAL_ROW_SEQ_BITS) + (int64_t)seq;
}

#define JOURNAL_ROW_STATE    "key, bytes"
#define JOURNAL_ROW_BOX	     "number, name, last_seq"
#define JOURNAL_ROW_MESSAGE  "key, id, lane, created, dead, why, what, url, headers, "
#define JOURNAL_ROW_BODY     "body"	    /* after JOURNAL_ROW_MESSAGE, or: */
#define JOURNAL_ROW_BODY_LEN "length(body)" /* an op without a body */
#define JOURNAL_ROW_HISTORY  "n, wall, rule, line"

/* The row that stmt stands on; NULL: not such a row. The caller frees it. */
struct journal_op *journal_row_state(struct sqlite3_stmt *stmt);
/* Its number in the store is *ret_number. */
struct journal_op *journal_row_box(struct sqlite3_stmt *stmt, int64_t *ret_number);
struct journal_op *journal_row_message(struct sqlite3_stmt *stmt, const char *box);
struct journal_op *journal_row_history(struct sqlite3_stmt *stmt);

#endif
