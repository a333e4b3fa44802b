/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * For tests, preloaded: SQLite with synchronous=NORMAL, whatever the program asks for. Then the
 * log is not synced with each commit.
 */
#include <dlfcn.h>
#include <string.h>

typedef int exec_fn(void *db, const char *sql, void *callback, void *arg, char **error);

exec_fn sqlite3_exec;

int sqlite3_exec(void *db, const char *sql, void *callback, void *arg, char **error)
{
	exec_fn *next = (exec_fn *)dlsym(RTLD_NEXT, "sqlite3_exec");

	if (strcmp(sql, "PRAGMA synchronous=FULL") == 0)
		sql = "PRAGMA synchronous=NORMAL";
	return next(db, sql, callback, arg, error);
}
