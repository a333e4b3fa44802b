/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * The journal's connection to SQLite: its settings, its tables, its statements, and what a
 * failure of the library means. Embedded by the store.
 */
#ifndef GAUGED_IO_JOURNAL_DATABASE_H
#define GAUGED_IO_JOURNAL_DATABASE_H

#include <stdbool.h>
#include <stdint.h>

struct sqlite3;
struct sqlite3_stmt;

enum journal_sql {
	JOURNAL_SQL_BEGIN,
	JOURNAL_SQL_COMMIT,
	JOURNAL_SQL_CLOCK,
	JOURNAL_SQL_PUT_CLOCK,
	JOURNAL_SQL_STATES,
	JOURNAL_SQL_PUT_STATE,
	JOURNAL_SQL_REMOVE_STATE,
	JOURNAL_SQL_BOXES,
	JOURNAL_SQL_BOX,
	JOURNAL_SQL_NEW_BOX,
	JOURNAL_SQL_PUT_BOX,
	JOURNAL_SQL_DROP_BOX,
	JOURNAL_SQL_DROP_MESSAGES,
	JOURNAL_SQL_MESSAGES,
	JOURNAL_SQL_MESSAGE,
	JOURNAL_SQL_PUT_MESSAGE,
	JOURNAL_SQL_REMOVE_MESSAGE,
	JOURNAL_SQL_BURY,
	JOURNAL_SQL_HISTORY,
	JOURNAL_SQL_HISTORY_LAST,
	JOURNAL_SQL_PUT_HISTORY,
	JOURNAL_SQL_TRIM_HISTORY,
	JOURNAL_SQL_PAGES,
	JOURNAL_SQL_FREE_PAGES,
	JOURNAL_SQL_COUNT,
};

enum { JOURNAL_PAGE = 4096 };

struct journal_database {
	struct sqlite3 *db; /* NULL: closed */
	struct sqlite3_stmt *statements[JOURNAL_SQL_COUNT];
	int backlog;   /* pages of the log that are not in the database */
	int log_pages; /* in the log */
	bool failed;   /* since it was opened: nothing may be written when it is closed */
	char problem[480];
};

/*
 * Path exists. 0, -EUCLEAN: it is damaged, newer, or something else, and was not changed; or
 * trouble. check: look through all of it. Made is set when its tables were made just now.
 */
int journal_database_open(struct journal_database *database, const char *path,
			  int64_t max_bytes, bool check, bool *ret_made);
void journal_database_close(struct journal_database *database);

/* Reset, and ready to bind; NULL: see problem. */
struct sqlite3_stmt *journal_database_statement(struct journal_database *database,
						enum journal_sql sql);
/* One step: 1 a row, 0 done, < 0 as journal_database_fail(). NULL is a failure, too. */
int journal_database_step(struct journal_database *database, struct sqlite3_stmt *stmt);
/* Steps a statement that has no rows, without anything to bind. */
int journal_database_run(struct journal_database *database, enum journal_sql sql);
/* The only number of the only row. */
int journal_database_number(struct journal_database *database, enum journal_sql sql,
			    int64_t *ret);
/* Says what failed last, notes it in problem, and returns -EUCLEAN or an errno of trouble. */
int journal_database_fail(struct journal_database *database, const char *doing);
/* Part of the log into the database, with all that it has of syncs. */
int journal_database_checkpoint(struct journal_database *database);
/* Gives up to pages free pages back. */
int journal_database_shrink(struct journal_database *database, int pages);
/* Whether its path leads to another file by now, or none. */
bool journal_database_moved(struct journal_database *database);

#endif
