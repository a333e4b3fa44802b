/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns what a row has to look like. */
#include "io/journal_row.h"

#include <sqlite3.h>
#include <string.h>

#include "io/journal_op.h"

/* NULL unless it is a text without a NUL in it. */
static const char *row_text(sqlite3_stmt *stmt, int column)
{
	const char *text;

	if (sqlite3_column_type(stmt, column) != SQLITE_TEXT)
		return NULL;
	text = (const char *)sqlite3_column_text(stmt, column);
	if (text == NULL || strlen(text) != (size_t)sqlite3_column_bytes(stmt, column))
		return NULL;
	return text;
}

static const char *row_name(sqlite3_stmt *stmt, int column)
{
	const char *name = row_text(stmt, column);

	return name != NULL && *name != '\0' && strlen(name) <= JOURNAL_NAME_MAX ? name : NULL;
}

struct journal_op *journal_row_state(struct sqlite3_stmt *stmt)
{
	struct journal_op_texts texts = {.name = row_name(stmt, 0)};

	if (texts.name == NULL || sqlite3_column_type(stmt, 1) != SQLITE_BLOB)
		return NULL;
	texts.body = sqlite3_column_blob(stmt, 1);
	texts.body_len = (size_t)sqlite3_column_bytes(stmt, 1);
	if (texts.body == NULL || texts.body_len > JOURNAL_STATE_MAX)
		return NULL;
	return journal_op_new(JOURNAL_STATE, &texts);
}

struct journal_op *journal_row_box(struct sqlite3_stmt *stmt, int64_t *ret_number)
{
	struct journal_op_texts texts = {.name = row_name(stmt, 1)};
	int64_t number = sqlite3_column_int64(stmt, 0);
	int64_t last_seq = sqlite3_column_int64(stmt, 2);
	struct journal_op *op;

	if (texts.name == NULL || number < 1 || number >> (63 - JOURNAL_ROW_SEQ_BITS) != 0 ||
	    last_seq < 0 || last_seq >> JOURNAL_ROW_SEQ_BITS != 0)
		return NULL;
	op = journal_op_new(JOURNAL_BOX, &texts);
	op->seq = (uint64_t)last_seq;
	*ret_number = number;
	return op;
}

struct journal_op *journal_row_message(struct sqlite3_stmt *stmt, const char *box)
{
	static const int64_t seq_mask = (INT64_C(1) << JOURNAL_ROW_SEQ_BITS) - 1;
	const char *id = row_text(stmt, 1);
	bool whole = sqlite3_column_type(stmt, 9) == SQLITE_BLOB;
	struct journal_op_texts texts = {
		.name = box,
		.why = row_text(stmt, 5),
		.what = row_text(stmt, 6),
		.url = row_text(stmt, 7),
		.headers = row_text(stmt, 8),
	};
	struct journal_op *op;

	if (id == NULL || strlen(id) >= JOURNAL_ID_SIZE || texts.why == NULL ||
	    texts.what == NULL || texts.url == NULL || texts.headers == NULL ||
	    (!whole && sqlite3_column_type(stmt, 9) != SQLITE_INTEGER))
		return NULL;
	if (whole) {
		texts.body = sqlite3_column_blob(stmt, 9);
		texts.body_len = (size_t)sqlite3_column_bytes(stmt, 9);
		texts.body = texts.body_len == 0 ? "" : texts.body;
		if (texts.body == NULL)
			return NULL;
	}
	op = journal_op_new(JOURNAL_MESSAGE, &texts);
	if (!whole)
		op->body_len = (size_t)sqlite3_column_int64(stmt, 9);
	op->seq = (uint64_t)(sqlite3_column_int64(stmt, 0) & seq_mask);
	op->lane = sqlite3_column_int(stmt, 2) == JOURNAL_ALARM ? JOURNAL_ALARM
								: JOURNAL_TELEMETRY;
	op->at_ns = sqlite3_column_int64(stmt, 3);
	op->dead = sqlite3_column_int(stmt, 4) != 0;
	strcpy(op->id, id);
	return op;
}

struct journal_op *journal_row_history(struct sqlite3_stmt *stmt)
{
	struct journal_op_texts texts = {
		.name = row_text(stmt, 2),
		.body = row_text(stmt, 3),
	};
	struct journal_op *op;

	if (texts.name == NULL || texts.body == NULL)
		return NULL;
	texts.body_len = strlen(texts.body);
	op = journal_op_new(JOURNAL_HISTORY, &texts);
	op->seq = (uint64_t)sqlite3_column_int64(stmt, 0);
	op->at_ns = sqlite3_column_int64(stmt, 1);
	return op;
}
