/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns reading of damaged stores. */
#include "io/journal_salvage.h"

#include <sqlite3.h>
#include <string.h>

#include "base/alloc.h"
#include "io/journal_boxes.h"
#include "io/journal_op.h"
#include "io/journal_row.h"

enum { SALVAGE_STEPS = 1000, SALVAGE_LENGTH_MAX = 16 << 20, SALVAGE_NUMBER_BITS = 53 };

struct salvage_table {
	const char *forth, *back; /* ?1 and ?2: exclusive bounds, of messages */
	struct journal_op *(*row)(sqlite3_stmt *stmt, const char *box, int64_t *ret_number);
};

struct salvage_pass {
	struct journal_salvage *salvage;
	sqlite3 *db;
	struct mono deadline;
	const char *box;
	int64_t from, to;
	/* The last key that went well on the way forth: where the way back has to end. */
	int64_t number;
	char name[JOURNAL_NAME_MAX + 1];
	struct journal_ops boxes; /* seq is the number of the box */
	int rc;
};

static int salvage_expired(void *arg)
{
	const struct mono *deadline = arg;

	return clock_mono().ns >= deadline->ns;
}

static struct journal_op *salvage_state(sqlite3_stmt *stmt, const char *box,
					int64_t *ret_number)
{
	*ret_number = 0;
	return journal_row_state(stmt);
}

static struct journal_op *salvage_box(sqlite3_stmt *stmt, const char *box, int64_t *ret_number)
{
	return journal_row_box(stmt, ret_number);
}

static struct journal_op *salvage_message(sqlite3_stmt *stmt, const char *box,
					  int64_t *ret_number)
{
	*ret_number = sqlite3_column_int64(stmt, 0);
	return journal_row_message(stmt, box);
}

static bool salvage_line_plausible(const struct journal_op *op)
{
	const char *line = (const char *)op->body;

	if (op->seq == 0 || op->seq >> SALVAGE_NUMBER_BITS != 0 ||
	    strlen(op->name) > JOURNAL_NAME_MAX || op->body_len < 2)
		return false;
	for (size_t i = 0; i < op->body_len; i++)
		if ((unsigned char)line[i] < 0x20)
			return false;
	return line[0] == '{' && line[op->body_len - 1] == '}';
}

static struct journal_op *salvage_history(sqlite3_stmt *stmt, const char *box,
					  int64_t *ret_number)
{
	struct journal_op *op = journal_row_history(stmt);

	if (op == NULL)
		return NULL;
	if (!salvage_line_plausible(op)) {
		journal_op_free(op);
		return NULL;
	}
	*ret_number = (int64_t)op->seq;
	return op;
}

static const struct salvage_table salvage_states = {
	"SELECT " JOURNAL_ROW_STATE " FROM state ORDER BY key",
	"SELECT " JOURNAL_ROW_STATE " FROM state ORDER BY key DESC",
	salvage_state,
};
static const struct salvage_table salvage_boxes = {
	"SELECT " JOURNAL_ROW_BOX " FROM box ORDER BY number",
	"SELECT " JOURNAL_ROW_BOX " FROM box ORDER BY number DESC",
	salvage_box,
};
static const struct salvage_table salvage_messages = {
	"SELECT " JOURNAL_ROW_MESSAGE JOURNAL_ROW_BODY
	" FROM message WHERE key > ?1 AND key < ?2 ORDER BY key",
	"SELECT " JOURNAL_ROW_MESSAGE JOURNAL_ROW_BODY
	" FROM message WHERE key > ?1 AND key < ?2 ORDER BY key DESC",
	salvage_message,
};
static const struct salvage_table salvage_lines = {
	"SELECT " JOURNAL_ROW_HISTORY " FROM history ORDER BY n",
	"SELECT " JOURNAL_ROW_HISTORY " FROM history ORDER BY n DESC",
	salvage_history,
};

/* A row that both ways saw: the way back has met the way forth. */
static bool salvage_met(const struct salvage_pass *pass, const struct journal_op *op,
			int64_t number)
{
	return op->kind == JOURNAL_STATE ? strcmp(op->name, pass->name) <= 0
					 : number <= pass->number;
}

static void salvage_note_box(struct salvage_pass *pass, const struct journal_op *op,
			     int64_t number)
{
	struct journal_op *box =
		journal_op_new(JOURNAL_BOX, &(struct journal_op_texts){.name = op->name});

	box->seq = (uint64_t)number;
	TAILQ_INSERT_TAIL(&pass->boxes, box, link);
}

static void salvage_take(struct salvage_pass *pass, struct journal_op *op, int64_t number)
{
	struct journal_salvage *salvage = pass->salvage;

	if (op->kind == JOURNAL_BOX)
		salvage_note_box(pass, op, number);
	if (op->kind == JOURNAL_MESSAGE && op->at_ns > salvage->clock_ns)
		salvage->clock_ns = op->at_ns;
	salvage->taken++;
	pass->rc = salvage->take(salvage->arg, op);
}

/* True when it came to the end of the table, or to where the other way was. */
static bool salvage_way(struct salvage_pass *pass, const struct salvage_table *table, bool back)
{
	sqlite3_stmt *stmt = NULL;
	bool whole;
	int rc = SQLITE_OK;

	if (sqlite3_prepare_v2(pass->db, back ? table->back : table->forth, -1, &stmt, NULL) !=
	    SQLITE_OK)
		return false;
	if (sqlite3_bind_parameter_count(stmt) == 2) {
		sqlite3_bind_int64(stmt, 1, pass->from);
		sqlite3_bind_int64(stmt, 2, pass->to);
	}
	while (pass->rc == 0 && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		int64_t number = 0;
		struct journal_op *op = table->row(stmt, pass->box, &number);

		if (op == NULL) {
			pass->salvage->lost++;
			continue;
		}
		if (back && salvage_met(pass, op, number)) {
			journal_op_free(op);
			break;
		}
		if (!back) {
			pass->number = number;
			if (op->kind == JOURNAL_STATE)
				strcpy(pass->name, op->name);
		}
		salvage_take(pass, op, number);
	}
	whole = pass->rc == 0 && rc == SQLITE_DONE;
	sqlite3_finalize(stmt);
	return whole;
}

static void salvage_table(struct salvage_pass *pass, const struct salvage_table *table)
{
	pass->number = 0;
	pass->name[0] = '\0';
	if (salvage_way(pass, table, false) || pass->rc != 0)
		return;
	pass->salvage->lost++;
	salvage_way(pass, table, true);
}

static bool salvage_knows(const struct salvage_pass *pass, int64_t number)
{
	const struct journal_op *box;

	TAILQ_FOREACH (box, &pass->boxes, link) {
		if (box->seq == (uint64_t)number)
			return true;
	}
	return false;
}

/*
 * The names of boxes stand in an index as well, on other pages. Which numbers were used does
 * not: new ones begin above all that can be.
 */
static void salvage_names(struct salvage_pass *pass)
{
	static const char sql[] = "SELECT number, name, 0 FROM box "
				  "INDEXED BY sqlite_autoindex_box_1 ORDER BY name";
	sqlite3_stmt *stmt = NULL;

	if (sqlite3_prepare_v2(pass->db, sql, -1, &stmt, NULL) != SQLITE_OK)
		return;
	while (pass->rc == 0 && sqlite3_step(stmt) == SQLITE_ROW) {
		int64_t number = 0;
		struct journal_op *op = journal_row_box(stmt, &number);

		if (op == NULL || salvage_knows(pass, number)) {
			journal_op_free(op);
			continue;
		}
		op->seq = journal_boxes_unseen();
		salvage_take(pass, op, number);
	}
	sqlite3_finalize(stmt);
}

static void salvage_clock(struct salvage_pass *pass)
{
	sqlite3_stmt *stmt = NULL;

	if (sqlite3_prepare_v2(pass->db, "SELECT time FROM clock", -1, &stmt, NULL) ==
		    SQLITE_OK &&
	    sqlite3_step(stmt) == SQLITE_ROW)
		pass->salvage->clock_ns = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
}

static void salvage_all(struct salvage_pass *pass)
{
	const struct journal_op *box;

	salvage_clock(pass);
	salvage_table(pass, &salvage_states);
	if (pass->rc == 0)
		salvage_table(pass, &salvage_boxes);
	if (pass->rc == 0)
		salvage_names(pass);
	TAILQ_FOREACH (box, &pass->boxes, link) {
		if (pass->rc != 0 || salvage_expired(&pass->deadline))
			break;
		pass->box = box->name;
		pass->from = journal_row_key((int64_t)box->seq, 0);
		pass->to = pass->from + ((INT64_C(1) << JOURNAL_ROW_SEQ_BITS) - 1);
		salvage_table(pass, &salvage_messages);
	}
	/* Last: all else is worth more. */
	if (pass->rc == 0 && !salvage_expired(&pass->deadline))
		salvage_table(pass, &salvage_lines);
}

int journal_salvage_run(struct journal_salvage *salvage, const char *path, struct mono deadline)
{
	struct salvage_pass pass = {.salvage = salvage, .deadline = deadline};

	TAILQ_INIT(&pass.boxes);
	/* Writing is allowed for the log's sake: nothing below does it. */
	if (sqlite3_open_v2(path, &pass.db,
			    SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW,
			    NULL) == SQLITE_OK) {
		sqlite3_db_config(pass.db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
		sqlite3_db_config(pass.db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
		sqlite3_db_config(pass.db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
		sqlite3_limit(pass.db, SQLITE_LIMIT_LENGTH, SALVAGE_LENGTH_MAX);
		sqlite3_progress_handler(pass.db, SALVAGE_STEPS, salvage_expired,
					 &pass.deadline);
		if (sqlite3_exec(pass.db,
				 "PRAGMA locking_mode=EXCLUSIVE; PRAGMA trusted_schema=OFF; "
				 "PRAGMA cell_size_check=ON; PRAGMA cache_size=-1024",
				 NULL, NULL, NULL) == SQLITE_OK) {
			int persist = 1;

			sqlite3_file_control(pass.db, "main", SQLITE_FCNTL_PERSIST_WAL,
					     &persist);
			salvage_all(&pass);
		}
	}
	sqlite3_close(pass.db);
	journal_ops_done(&pass.boxes);
	return pass.rc;
}
