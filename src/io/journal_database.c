/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the settings of SQLite, the schema and the statements. */
#include "io/journal_database.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "io/journal.h"
#include "io/journal_row.h"

enum {
	DATABASE_APPLICATION = 0x67617567, /* "gaug" */
	DATABASE_VERSION = 1,
	DATABASE_LENGTH_MAX = 16 << 20, /* of a row */
	DATABASE_CHUNK = 1 << 20,
};

/*
 * EXCLUSIVE comes before all that reads the file: then there is no shared memory beside it, and
 * no second connection that could race with a reset of the log.
 */
static const char *const database_settings[] = {
	"PRAGMA locking_mode=EXCLUSIVE", "PRAGMA page_size=4096",
	"PRAGMA cache_size=-1024",	 "PRAGMA mmap_size=0",
	"PRAGMA temp_store=MEMORY",	 "PRAGMA trusted_schema=OFF",
	"PRAGMA cell_size_check=ON",
};

/* After it is known to be ours. */
static const char *const database_writing[] = {
	"PRAGMA synchronous=FULL",
	"PRAGMA wal_autocheckpoint=0",
	"PRAGMA journal_size_limit=4194304",
};

static const struct {
	const char *name, *sql;
} database_tables[] = {
	{"state",
	 "CREATE TABLE state(key TEXT PRIMARY KEY, bytes BLOB NOT NULL) WITHOUT ROWID"},
	{"box", "CREATE TABLE box(number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, "
		"last_seq INTEGER NOT NULL)"},
	{"message", "CREATE TABLE message(key INTEGER PRIMARY KEY, id TEXT NOT NULL, "
		    "lane INTEGER NOT NULL, created INTEGER NOT NULL, dead INTEGER NOT NULL, "
		    "why TEXT NOT NULL, what TEXT NOT NULL, url TEXT NOT NULL, "
		    "headers TEXT NOT NULL, "
		    "body BLOB NOT NULL)"},
	{"history", "CREATE TABLE history(n INTEGER PRIMARY KEY, wall INTEGER NOT NULL, "
		    "rule TEXT NOT NULL, line TEXT NOT NULL)"},
	{"clock", "CREATE TABLE clock(one INTEGER PRIMARY KEY CHECK(one = 1), "
		  "time INTEGER NOT NULL, boot INTEGER NOT NULL, boot_id TEXT NOT NULL, "
		  "stamp INTEGER NOT NULL)"},
};

static const char *const database_sql[JOURNAL_SQL_COUNT] = {
	[JOURNAL_SQL_BEGIN] = "BEGIN IMMEDIATE",
	[JOURNAL_SQL_COMMIT] = "COMMIT",
	[JOURNAL_SQL_CLOCK] = "SELECT time, boot, boot_id, stamp FROM clock",
	/* Within one boot the time is known from what was written in it: a page less to write.
	 */
	[JOURNAL_SQL_PUT_CLOCK] =
		"UPDATE clock SET time = max(time, ?1), boot = ?2, boot_id = ?3 "
		"WHERE ?1 - time >= ?4 OR boot_id <> ?3 OR ?3 = ''",
	[JOURNAL_SQL_STATES] = "SELECT " JOURNAL_ROW_STATE " FROM state ORDER BY key",
	[JOURNAL_SQL_PUT_STATE] = "INSERT OR REPLACE INTO state(key, bytes) VALUES(?, ?)",
	[JOURNAL_SQL_REMOVE_STATE] = "DELETE FROM state WHERE key = ?",
	[JOURNAL_SQL_BOXES] = "SELECT " JOURNAL_ROW_BOX " FROM box ORDER BY number",
	[JOURNAL_SQL_BOX] = "SELECT number FROM box WHERE name = ?",
	[JOURNAL_SQL_NEW_BOX] = "INSERT INTO box(number, name, last_seq) "
				"SELECT coalesce(max(number), 0) + 1, ?, 0 FROM box",
	[JOURNAL_SQL_PUT_BOX] = "UPDATE box SET last_seq = max(last_seq, ?) WHERE number = ?",
	[JOURNAL_SQL_DROP_BOX] = "DELETE FROM box WHERE number = ?",
	[JOURNAL_SQL_DROP_MESSAGES] = "DELETE FROM message WHERE key > ? AND key < ?",
	[JOURNAL_SQL_MESSAGES] = "SELECT " JOURNAL_ROW_MESSAGE JOURNAL_ROW_BODY_LEN
				 " FROM message WHERE key > ? AND key < ? ORDER BY key",
	[JOURNAL_SQL_MESSAGE] =
		"SELECT " JOURNAL_ROW_MESSAGE JOURNAL_ROW_BODY " FROM message WHERE key = ?",
	[JOURNAL_SQL_PUT_MESSAGE] =
		"INSERT OR REPLACE INTO message(key, id, lane, created, dead, "
		"why, what, url, headers, body) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
	[JOURNAL_SQL_REMOVE_MESSAGE] = "DELETE FROM message WHERE key = ?",
	[JOURNAL_SQL_BURY] = "UPDATE message SET dead = ?1, why = ?2, "
			     "created = CASE WHEN ?1 THEN created ELSE ?4 END WHERE key = ?3",
	[JOURNAL_SQL_HISTORY] = "SELECT " JOURNAL_ROW_HISTORY " FROM history "
				"WHERE ?1 IS NULL OR rule = ?1 ORDER BY n DESC LIMIT ?2",
	[JOURNAL_SQL_HISTORY_LAST] = "SELECT coalesce(max(n), 0) FROM history",
	[JOURNAL_SQL_PUT_HISTORY] =
		"INSERT OR REPLACE INTO history(n, wall, rule, line) VALUES(?, ?, ?, ?)",
	[JOURNAL_SQL_TRIM_HISTORY] = "DELETE FROM history WHERE n <= ?",
	[JOURNAL_SQL_PAGES] = "PRAGMA page_count",
	[JOURNAL_SQL_FREE_PAGES] = "PRAGMA freelist_count",
};

/* Codes that mean that the bytes in the file are wrong, not that they can't be had. */
static bool database_damage(int code)
{
	static const int codes[] = {SQLITE_CORRUPT, SQLITE_NOTADB,   SQLITE_FORMAT,
				    SQLITE_ERROR,   SQLITE_SCHEMA,   SQLITE_TOOBIG,
				    SQLITE_RANGE,   SQLITE_MISMATCH, SQLITE_CONSTRAINT};

	for (size_t i = 0; i < ARRAY_SIZE(codes); i++)
		if ((code & 0xff) == codes[i])
			return true;
	return code == SQLITE_IOERR_CORRUPTFS;
}

/*
 * What the system said: SQLite knows it for a call that opens, and has it with the file or with
 * its log for one that writes. 0: nothing.
 */
static int database_errno(sqlite3 *db)
{
	sqlite3_file *file[2] = {NULL, NULL};
	int number = sqlite3_system_errno(db);

	sqlite3_file_control(db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &file[0]);
	sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file[1]);
	for (size_t i = 0; i < ARRAY_SIZE(file) && number == 0; i++)
		if (file[i] != NULL && file[i]->pMethods != NULL)
			file[i]->pMethods->xFileControl(file[i], SQLITE_FCNTL_LAST_ERRNO,
							&number);
	return number;
}

int journal_database_fail(struct journal_database *database, const char *doing)
{
	int code = database->db != NULL ? sqlite3_extended_errcode(database->db) : SQLITE_NOMEM;
	int system = database->db != NULL ? database_errno(database->db) : 0;
	bool damage = database_damage(code);

	snprintf(database->problem, sizeof(database->problem), "cannot be %s: %s (%d)%s%s",
		 doing, damage ? sqlite3_errmsg(database->db) : sqlite3_errstr(code), code,
		 !damage && system != 0 ? ": " : "",
		 !damage && system != 0 ? strerror(system) : "");
	database->failed = true;
	if (damage)
		return -EUCLEAN;
	return (code & 0xff) == SQLITE_FULL ? -ENOSPC : -EIO;
}

static int database_wrong(struct journal_database *database, const char *why)
{
	snprintf(database->problem, sizeof(database->problem), "%s", why);
	database->failed = true;
	return -EUCLEAN;
}

struct sqlite3_stmt *journal_database_statement(struct journal_database *database,
						enum journal_sql sql)
{
	sqlite3_stmt **stmt = &database->statements[sql];

	if (*stmt != NULL) {
		sqlite3_reset(*stmt);
		sqlite3_clear_bindings(*stmt);
	} else if (sqlite3_prepare_v3(database->db, database_sql[sql], -1,
				      SQLITE_PREPARE_PERSISTENT, stmt, NULL) != SQLITE_OK) {
		journal_database_fail(database, "used");
		return NULL;
	}
	return *stmt;
}

int journal_database_step(struct journal_database *database, struct sqlite3_stmt *stmt)
{
	int code;

	if (stmt == NULL)
		return journal_database_fail(database, "used");
	code = sqlite3_step(stmt);
	if (code == SQLITE_ROW)
		return 1;
	if (code != SQLITE_DONE) {
		/* COMMIT counts as a statement that only reads. */
		bool reads = sqlite3_stmt_readonly(stmt) &&
			     stmt != database->statements[JOURNAL_SQL_COMMIT];
		int rc = journal_database_fail(database, reads ? "read" : "written");

		sqlite3_reset(stmt);
		return rc;
	}
	sqlite3_reset(stmt);
	return 0;
}

int journal_database_run(struct journal_database *database, enum journal_sql sql)
{
	int rc = journal_database_step(database, journal_database_statement(database, sql));

	return rc > 0 ? 0 : rc;
}

int journal_database_number(struct journal_database *database, enum journal_sql sql,
			    int64_t *ret)
{
	sqlite3_stmt *stmt = journal_database_statement(database, sql);
	int rc = journal_database_step(database, stmt);

	if (rc == 0)
		return database_wrong(database, "does not answer");
	if (rc < 0)
		return rc;
	*ret = sqlite3_column_int64(stmt, 0);
	sqlite3_reset(stmt);
	return 0;
}

static int database_exec(struct journal_database *database, const char *sql)
{
	return sqlite3_exec(database->db, sql, NULL, NULL, NULL) == SQLITE_OK
		       ? 0
		       : journal_database_fail(database, "opened");
}

/* The first column of the first row as a text or number; "" when there is none. */
static int database_ask(struct journal_database *database, const char *sql, char *ret_text,
			int size, int64_t *ret_number)
{
	sqlite3_stmt *stmt = NULL;
	int rc;

	if (sqlite3_prepare_v2(database->db, sql, -1, &stmt, NULL) != SQLITE_OK)
		return journal_database_fail(database, "opened");
	rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW) {
		const char *text = (const char *)sqlite3_column_text(stmt, 0);

		*ret_number = sqlite3_column_int64(stmt, 0);
		snprintf(ret_text, (size_t)size, "%s", text != NULL ? text : "");
	}
	if (rc != SQLITE_ROW && rc != SQLITE_DONE) {
		rc = journal_database_fail(database, "read");
		sqlite3_finalize(stmt);
		return rc;
	}
	sqlite3_finalize(stmt);
	return 0;
}

static int database_ask_number(struct journal_database *database, const char *sql,
			       int64_t *ret_number)
{
	char text[32];

	*ret_number = 0;
	return database_ask(database, sql, text, sizeof(text), ret_number);
}

/* Whose it is, before anything in it is changed. */
static int database_identify(struct journal_database *database, bool *ret_empty)
{
	int64_t application, version, rows;
	int rc = database_ask_number(database, "PRAGMA application_id", &application);

	if (rc == 0)
		rc = database_ask_number(database, "PRAGMA user_version", &version);
	if (rc == 0)
		rc = database_ask_number(database, "SELECT count(*) FROM sqlite_schema", &rows);
	if (rc != 0)
		return rc;
	*ret_empty = application == 0 && version == 0 && rows == 0;
	if (*ret_empty)
		return 0;
	if (application != DATABASE_APPLICATION)
		return database_wrong(database, "is not a journal of gauged");
	if (version > DATABASE_VERSION)
		return database_wrong(database, "was written by a newer gauged");
	return version == DATABASE_VERSION ? 0 : database_wrong(database, "has no version");
}

/* The tables are ours to the letter: nothing else of the schema is ever run. */
static int database_check_tables(struct journal_database *database)
{
	static const char sql[] = "SELECT name, sql, tbl_name FROM sqlite_schema";
	unsigned seen = 0, all = (1u << ARRAY_SIZE(database_tables)) - 1;
	sqlite3_stmt *stmt = NULL;
	bool alien = false;
	int rc;

	if (sqlite3_prepare_v2(database->db, sql, -1, &stmt, NULL) != SQLITE_OK)
		return journal_database_fail(database, "read");
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		const char *name = (const char *)sqlite3_column_text(stmt, 0);
		const char *text = (const char *)sqlite3_column_text(stmt, 1);

		if (text == NULL)
			continue; /* the index of a UNIQUE */
		alien = true;
		for (size_t i = 0; i < ARRAY_SIZE(database_tables) && name != NULL; i++)
			if (strcmp(name, database_tables[i].name) == 0 &&
			    strcmp(text, database_tables[i].sql) == 0) {
				seen |= 1u << i;
				alien = false;
			}
		if (alien)
			break;
	}
	if (rc != SQLITE_DONE && rc != SQLITE_ROW) {
		rc = journal_database_fail(database, "read");
		sqlite3_finalize(stmt);
		return rc;
	}
	sqlite3_finalize(stmt);
	return alien || seen != all ? database_wrong(database, "has other tables than ours")
				    : 0;
}

static int database_check(struct journal_database *database)
{
	char text[160] = "";
	const char *code;
	int64_t ignored;
	int rc = database_ask(database, "PRAGMA quick_check(1)", text, sizeof(text), &ignored);

	/* What it could not read, it calls damaged, too: that may pass. */
	if (rc == 0 && strcmp(text, "ok") != 0)
		rc = database_ask(database, "PRAGMA quick_check(1)", text, sizeof(text),
				  &ignored);
	if (rc != 0 || strcmp(text, "ok") == 0)
		return rc;
	code = strstr(text, "error code=");
	snprintf(database->problem, sizeof(database->problem), "is damaged: %.200s", text);
	database->failed = true;
	return code != NULL && !database_damage(atoi(code + strlen("error code="))) ? -EIO
										    : -EUCLEAN;
}

static int database_make(struct journal_database *database)
{
	char sql[160];
	int64_t stamp;
	int rc = database_exec(database, "BEGIN IMMEDIATE");

	for (size_t i = 0; i < ARRAY_SIZE(database_tables) && rc == 0; i++)
		rc = database_exec(database, database_tables[i].sql);
	sqlite3_randomness(sizeof(stamp), &stamp);
	snprintf(sql, sizeof(sql),
		 "INSERT INTO clock(one, time, boot, boot_id, stamp) VALUES(1, 0, 0, '', %jd)",
		 (intmax_t)stamp);
	if (rc == 0)
		rc = database_exec(database, sql);
	snprintf(sql, sizeof(sql), "PRAGMA application_id=%d; PRAGMA user_version=%d; COMMIT",
		 DATABASE_APPLICATION, DATABASE_VERSION);
	return rc == 0 ? database_exec(database, sql) : rc;
}

static int database_committed(void *arg, sqlite3 *db, const char *name, int pages)
{
	struct journal_database *database = arg;

	database->backlog = database->log_pages = pages;
	return SQLITE_OK;
}

static int database_ready(struct journal_database *database, int64_t max_bytes)
{
	int persist = 1, chunk = DATABASE_CHUNK;
	char text[80] = "";
	int64_t ignored;
	int rc =
		database_ask(database, "PRAGMA journal_mode=WAL", text, sizeof(text), &ignored);

	if (rc == 0 && strcmp(text, "wal") != 0) {
		snprintf(database->problem, sizeof(database->problem),
			 "cannot keep a log beside it: SQLite answers \"%s\"", text);
		return -EIO;
	}
	for (size_t i = 0; i < ARRAY_SIZE(database_writing) && rc == 0; i++)
		rc = database_exec(database, database_writing[i]);
	if (rc != 0)
		return rc;
	sqlite3_wal_hook(database->db, database_committed, database);
	sqlite3_file_control(database->db, "main", SQLITE_FCNTL_PERSIST_WAL, &persist);
	sqlite3_file_control(database->db, "main", SQLITE_FCNTL_CHUNK_SIZE, &chunk);
	snprintf(text, sizeof(text), "PRAGMA max_page_count=%jd",
		 (intmax_t)(max_bytes / JOURNAL_PAGE));
	return database_exec(database, text);
}

static int database_connect(struct journal_database *database, const char *path)
{
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW |
		    SQLITE_OPEN_EXRESCODE;
	int rc = 0;

	if (sqlite3_open_v2(path, &database->db, flags, NULL) != SQLITE_OK)
		return journal_database_fail(database, "opened");
	sqlite3_db_config(database->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	sqlite3_db_config(database->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(database->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
	sqlite3_db_config(database->db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
	sqlite3_limit(database->db, SQLITE_LIMIT_LENGTH, DATABASE_LENGTH_MAX);
	for (size_t i = 0; i < ARRAY_SIZE(database_settings) && rc == 0; i++)
		rc = database_exec(database, database_settings[i]);
	return rc;
}

int journal_database_open(struct journal_database *database, const char *path,
			  int64_t max_bytes, bool check, bool *ret_made)
{
	bool empty = false;
	int rc;

	database->failed = false;
	database->backlog = database->log_pages = 0;
	rc = database_connect(database, path);
	if (rc == 0)
		rc = database_identify(database, &empty);
	if (rc == 0 && !empty && check)
		rc = database_check(database);
	if (rc == 0 && !empty)
		rc = database_check_tables(database);
	/* Only here: it writes, whether it changes anything or not. */
	if (rc == 0 && empty)
		rc = database_exec(database, "PRAGMA auto_vacuum=INCREMENTAL");
	if (rc == 0)
		rc = database_ready(database, max_bytes);
	if (rc == 0 && empty)
		rc = database_make(database);
	if (rc != 0) {
		database->failed = true;
		journal_database_close(database);
		return rc;
	}
	*ret_made = empty;
	return 0;
}

void journal_database_close(struct journal_database *database)
{
	if (database->db == NULL)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(database->statements); i++)
		sqlite3_finalize(database->statements[i]);
	memset(database->statements, 0, sizeof(database->statements));
	sqlite3_db_config(database->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, (int)database->failed,
			  NULL);
	sqlite3_close(database->db);
	database->db = NULL;
}

int journal_database_checkpoint(struct journal_database *database)
{
	int log = 0, done = 0;

	if (sqlite3_wal_checkpoint_v2(database->db, NULL, SQLITE_CHECKPOINT_PASSIVE, &log,
				      &done) != SQLITE_OK)
		return journal_database_fail(database, "synced with its log");
	database->backlog = log > done ? log - done : 0;
	return 0;
}

int journal_database_shrink(struct journal_database *database, int pages)
{
	char sql[64];

	snprintf(sql, sizeof(sql), "PRAGMA incremental_vacuum(%d)", pages);
	return database_exec(database, sql);
}

bool journal_database_moved(struct journal_database *database)
{
	int moved = 0;

	return sqlite3_file_control(database->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved) ==
		       SQLITE_OK &&
	       moved != 0;
}
