/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns what an operation does to the tables, and what is read of them. */
#include "io/journal_table.h"

#include <sqlite3.h>

#include "base/clock.h"
#include "io/journal_batch.h"
#include "io/journal_database.h"
#include "io/journal_row.h"

enum { TABLE_CLOCK_S = 60 }; /* what a power cut may take of the journal's time */

/* ---- writing ---- */

static int table_step(struct journal_database *database, sqlite3_stmt *stmt)
{
	int rc = journal_database_step(database, stmt);

	return rc > 0 ? 0 : rc;
}

static sqlite3_stmt *table_statement(struct journal_database *database, enum journal_sql sql)
{
	return journal_database_statement(database, sql);
}

static void table_bind_text(sqlite3_stmt *stmt, int at, const char *text)
{
	sqlite3_bind_text(stmt, at, text, -1, SQLITE_STATIC);
}

/* The number of the box; 0 where there is none. */
static int table_find_box(struct journal_database *database, const char *box, int64_t *ret)
{
	sqlite3_stmt *stmt = table_statement(database, JOURNAL_SQL_BOX);
	int rc;

	*ret = 0;
	table_bind_text(stmt, 1, box);
	rc = journal_database_step(database, stmt);
	if (rc <= 0)
		return rc;
	*ret = sqlite3_column_int64(stmt, 0);
	sqlite3_reset(stmt);
	return 0;
}

static int table_put_box(struct journal_database *database, const struct journal_op *op,
			 int64_t *ret)
{
	sqlite3_stmt *stmt;
	int rc = table_find_box(database, op->name, ret);

	if (rc == 0 && *ret == 0) {
		stmt = table_statement(database, JOURNAL_SQL_NEW_BOX);
		table_bind_text(stmt, 1, op->name);
		rc = table_step(database, stmt);
		if (rc == 0)
			rc = table_find_box(database, op->name, ret);
	}
	if (rc != 0)
		return rc;
	stmt = table_statement(database, JOURNAL_SQL_PUT_BOX);
	sqlite3_bind_int64(stmt, 1, (int64_t)op->seq);
	sqlite3_bind_int64(stmt, 2, *ret);
	return table_step(database, stmt);
}

static int table_write_state(struct journal_database *database,
			     const struct journal_batch *batch, struct journal_op *op)
{
	sqlite3_stmt *stmt = table_statement(
		database, op->body_len == 0 ? JOURNAL_SQL_REMOVE_STATE : JOURNAL_SQL_PUT_STATE);

	table_bind_text(stmt, 1, op->name);
	if (op->body_len > 0)
		sqlite3_bind_blob(stmt, 2, op->body, (int)op->body_len, SQLITE_STATIC);
	return table_step(database, stmt);
}

static int table_write_message(struct journal_database *database,
			       const struct journal_batch *batch, struct journal_op *op)
{
	sqlite3_stmt *stmt;
	int64_t box;
	int rc = table_put_box(database, op, &box);

	if (rc != 0)
		return rc;
	stmt = table_statement(database, JOURNAL_SQL_PUT_MESSAGE);
	sqlite3_bind_int64(stmt, 1, journal_row_key(box, op->seq));
	table_bind_text(stmt, 2, op->id);
	sqlite3_bind_int(stmt, 3, (int)op->lane);
	sqlite3_bind_int64(stmt, 4, op->at_ns + batch->created_ns);
	sqlite3_bind_int(stmt, 5, (int)op->dead);
	table_bind_text(stmt, 6, op->why);
	table_bind_text(stmt, 7, op->what);
	table_bind_text(stmt, 8, op->url);
	table_bind_text(stmt, 9, op->headers);
	sqlite3_bind_blob(stmt, 10, op->body, (int)op->body_len, SQLITE_STATIC);
	return table_step(database, stmt);
}

static int table_write_remove(struct journal_database *database,
			      const struct journal_batch *batch, struct journal_op *op)
{
	sqlite3_stmt *stmt;
	int64_t box;
	int rc = table_put_box(database, op, &box);

	if (rc != 0)
		return rc;
	stmt = table_statement(database, JOURNAL_SQL_REMOVE_MESSAGE);
	sqlite3_bind_int64(stmt, 1, journal_row_key(box, op->seq));
	rc = table_step(database, stmt);
	op->vain = rc == 0 && sqlite3_changes(database->db) == 0;
	return rc;
}

static int table_write_bury(struct journal_database *database,
			    const struct journal_batch *batch, struct journal_op *op)
{
	sqlite3_stmt *stmt;
	int64_t box;
	int rc = table_find_box(database, op->name, &box);

	if (rc != 0 || box == 0)
		return rc;
	stmt = table_statement(database, JOURNAL_SQL_BURY);
	sqlite3_bind_int(stmt, 1, (int)op->dead);
	table_bind_text(stmt, 2, op->why);
	sqlite3_bind_int64(stmt, 3, journal_row_key(box, op->seq));
	sqlite3_bind_int64(stmt, 4, op->at_ns + batch->created_ns);
	return table_step(database, stmt);
}

static int table_write_drop(struct journal_database *database,
			    const struct journal_batch *batch, struct journal_op *op)
{
	sqlite3_stmt *stmt;
	int64_t box;
	int rc = table_find_box(database, op->name, &box);

	if (rc != 0 || box == 0)
		return rc;
	stmt = table_statement(database, JOURNAL_SQL_DROP_MESSAGES);
	sqlite3_bind_int64(stmt, 1, journal_row_key(box, 0));
	sqlite3_bind_int64(stmt, 2, journal_row_key(box + 1, 0));
	rc = table_step(database, stmt);
	if (rc != 0)
		return rc;
	stmt = table_statement(database, JOURNAL_SQL_DROP_BOX);
	sqlite3_bind_int64(stmt, 1, box);
	return table_step(database, stmt);
}

static int table_write_history(struct journal_database *database,
			       const struct journal_batch *batch, struct journal_op *op)
{
	sqlite3_stmt *stmt = table_statement(database, JOURNAL_SQL_PUT_HISTORY);

	sqlite3_bind_int64(stmt, 1, (int64_t)op->seq);
	sqlite3_bind_int64(stmt, 2, op->at_ns);
	table_bind_text(stmt, 3, op->name);
	sqlite3_bind_text(stmt, 4, op->body, (int)op->body_len, SQLITE_STATIC);
	return table_step(database, stmt);
}

static int table_write_box(struct journal_database *database, const struct journal_batch *batch,
			   struct journal_op *op)
{
	int64_t box;

	return table_put_box(database, op, &box);
}

typedef int table_write_fn(struct journal_database *database, const struct journal_batch *batch,
			   struct journal_op *op);
static table_write_fn *const table_writes[] = {
	[JOURNAL_STATE] = table_write_state,   [JOURNAL_MESSAGE] = table_write_message,
	[JOURNAL_REMOVE] = table_write_remove, [JOURNAL_BURY] = table_write_bury,
	[JOURNAL_DROP] = table_write_drop,     [JOURNAL_HISTORY] = table_write_history,
	[JOURNAL_BOX] = table_write_box,
};

static int table_write_clock(struct journal_database *database,
			     const struct journal_batch *batch, const char *boot_id)
{
	sqlite3_stmt *stmt = table_statement(database, JOURNAL_SQL_PUT_CLOCK);

	sqlite3_bind_int64(stmt, 1, batch->time_ns);
	sqlite3_bind_int64(stmt, 2, batch->boot.ns);
	table_bind_text(stmt, 3, boot_id);
	sqlite3_bind_int64(stmt, 4, TABLE_CLOCK_S * NSEC_PER_SEC);
	return table_step(database, stmt);
}

static int table_trim_history(struct journal_database *database, uint64_t last)
{
	sqlite3_stmt *stmt = table_statement(database, JOURNAL_SQL_TRIM_HISTORY);

	sqlite3_bind_int64(stmt, 1, (int64_t)last - JOURNAL_HISTORY_MAX);
	return table_step(database, stmt);
}

/*
 * What makes room goes first, so that a full store can be emptied. That is right for messages,
 * too: where a removal is followed by the same message, the batch has only the message.
 */
int journal_table_write(struct journal_database *database, struct journal_batch *batch,
			const char *boot_id)
{
	static const unsigned first = 1u << JOURNAL_REMOVE | 1u << JOURNAL_DROP;
	struct journal_op *op;
	uint64_t history = 0;
	int rc = 0;

	for (int pass = 0; pass < 2; pass++)
		TAILQ_FOREACH (op, &batch->ops, link) {
			if ((first >> op->kind & 1) != (unsigned)(pass == 0))
				continue;
			rc = table_writes[op->kind](database, batch, op);
			if (rc != 0)
				return rc;
			if (op->kind == JOURNAL_HISTORY && op->seq > history)
				history = op->seq;
		}
	if (history > JOURNAL_HISTORY_MAX)
		rc = table_trim_history(database, history);
	return rc != 0 ? rc : table_write_clock(database, batch, boot_id);
}

/* ---- reading ---- */

int journal_table_fetch(struct journal_database *database, const char *box,
			const uint64_t *seqs, size_t count, struct journal_ops *ret)
{
	int64_t number;
	int rc = table_find_box(database, box, &number);

	for (size_t i = 0; i < count && rc == 0 && number != 0; i++) {
		sqlite3_stmt *stmt = table_statement(database, JOURNAL_SQL_MESSAGE);
		struct journal_op *op;

		sqlite3_bind_int64(stmt, 1, journal_row_key(number, seqs[i]));
		rc = journal_database_step(database, stmt);
		if (rc <= 0)
			continue;
		op = journal_row_message(stmt, box);
		sqlite3_reset(stmt);
		if (op != NULL)
			TAILQ_INSERT_TAIL(ret, op, link);
		rc = 0;
	}
	return rc;
}

int journal_table_history(struct journal_database *database, const char *rule, size_t limit,
			  struct journal_ops *ret)
{
	sqlite3_stmt *stmt = table_statement(database, JOURNAL_SQL_HISTORY);
	int rc;

	table_bind_text(stmt, 1, rule);
	sqlite3_bind_int64(stmt, 2, (int64_t)limit);
	while ((rc = journal_database_step(database, stmt)) > 0) {
		struct journal_op *op = journal_row_history(stmt);

		if (op != NULL)
			TAILQ_INSERT_TAIL(ret, op, link);
	}
	return rc;
}

int journal_table_states(struct journal_database *database, struct journal_ops *found)
{
	sqlite3_stmt *stmt = table_statement(database, JOURNAL_SQL_STATES);
	int rc;

	while ((rc = journal_database_step(database, stmt)) > 0) {
		struct journal_op *op = journal_row_state(stmt);

		if (op != NULL)
			TAILQ_INSERT_TAIL(found, op, link);
	}
	return rc;
}

static int table_found_messages(struct journal_database *database, const char *box,
				int64_t number, struct journal_ops *messages)
{
	sqlite3_stmt *stmt = table_statement(database, JOURNAL_SQL_MESSAGES);
	int rc;

	sqlite3_bind_int64(stmt, 1, journal_row_key(number, 0));
	sqlite3_bind_int64(stmt, 2, journal_row_key(number + 1, 0));
	while ((rc = journal_database_step(database, stmt)) > 0) {
		struct journal_op *op = journal_row_message(stmt, box);

		if (op != NULL)
			TAILQ_INSERT_TAIL(messages, op, link);
	}
	return rc;
}

/* Boxes, and then the messages of all of them. */
int journal_table_boxes(struct journal_database *database, struct journal_ops *found)
{
	sqlite3_stmt *stmt = table_statement(database, JOURNAL_SQL_BOXES);
	struct journal_ops messages = TAILQ_HEAD_INITIALIZER(messages);
	int rc;

	while ((rc = journal_database_step(database, stmt)) > 0) {
		int64_t number;
		struct journal_op *op = journal_row_box(stmt, &number);

		if (op == NULL)
			continue;
		TAILQ_INSERT_TAIL(found, op, link);
		rc = table_found_messages(database, op->name, number, &messages);
		if (rc != 0)
			break;
	}
	TAILQ_CONCAT(found, &messages, link);
	return rc;
}
