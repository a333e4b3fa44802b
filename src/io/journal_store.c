/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns opening of the store with all that can be wrong with it, and what is read and written.
 */
#include "io/journal_store.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/boot_id.h"
#include "base/error.h"
#include "io/journal_database.h"
#include "io/journal_folder.h"
#include "io/journal_salvage.h"
#include "io/journal_table.h"

enum {
	STORE_SALVAGE_S = 10,
	STORE_CLOCK_S = 120,	       /* that the clock may be behind, twice what it is */
	STORE_SALVAGE_BYTES = 1 << 20, /* in one transaction */
	STORE_ASIDE_MAX = 16,	       /* in one run: then it is the disk's fault */
	STORE_SHRINK_PAGES = 1024,     /* free ones that are kept */
	STORE_PATH_SHOWN = 120,	       /* bytes of a path in a sentence */
};

struct journal_store {
	struct journal_folder folder;
	struct journal_database database;
	struct journal_figures figures;
	int64_t max_bytes;
	bool opened;   /* once */
	bool checked;  /* all of it was looked through */
	bool damaged;  /* to be set aside */
	int64_t stamp; /* of the one that was opened last */
	char *salvage; /* what was set aside and is not taken over yet */
	char *why;     /* it was */
	char boot_id[BOOT_ID_SIZE];
	char problem[640];
};

struct journal_store *journal_store_new(const char *directory, int64_t max_bytes)
{
	struct journal_store *store = xcalloc(1, sizeof(*store));

	journal_folder_init(&store->folder, directory);
	store->max_bytes = max_bytes;
	boot_id_read(store->boot_id);
	return store;
}

void journal_store_free(struct journal_store *store)
{
	if (store == NULL)
		return;
	journal_store_close(store);
	journal_folder_done(&store->folder);
	free(store->salvage);
	free(store->why);
	free(store);
}

void journal_store_close(struct journal_store *store)
{
	journal_database_close(&store->database);
}

/* Of the database: notes what it was, and what it means for the next opening. */
static int store_failed(struct journal_store *store, int rc)
{
	snprintf(store->problem, sizeof(store->problem), "%.*s %s", STORE_PATH_SHOWN,
		 store->folder.store, store->database.problem);
	store->damaged = store->damaged || rc == -EUCLEAN;
	return rc;
}

static int store_told(struct journal_store *store, const struct error *err)
{
	snprintf(store->problem, sizeof(store->problem), "%s", err->text);
	return -err->code;
}

static int store_measure(struct journal_store *store)
{
	int64_t pages, free_pages;
	int rc = journal_database_number(&store->database, JOURNAL_SQL_PAGES, &pages);

	if (rc == 0)
		rc = journal_database_number(&store->database, JOURNAL_SQL_FREE_PAGES,
					     &free_pages);
	if (rc != 0)
		return rc;
	store->figures.bytes = pages * JOURNAL_PAGE;
	store->figures.used = (pages - free_pages) * JOURNAL_PAGE;
	store->figures.wal_bytes = store->database.log_pages * (int64_t)(JOURNAL_PAGE + 24);
	return 0;
}

/* A damaged store says nothing of what is in it, nor of what will be found in it. */
static void store_doubt(struct journal_batch *batch)
{
	struct journal_op *op;

	batch->unsure = true;
	TAILQ_FOREACH (op, &batch->ops, link)
		op->vain = false;
}

int journal_store_write(struct journal_store *store, struct journal_batch *batch)
{
	struct mono began = clock_mono();
	int rc;

	batch->unsure = false;
	if (journal_database_moved(&store->database)) {
		snprintf(store->problem, sizeof(store->problem),
			 "%.*s is gone: somebody moved or removed it", STORE_PATH_SHOWN,
			 store->folder.store);
		store->database.failed = true;
		store->figures.failures++;
		return -ESTALE;
	}
	rc = journal_database_run(&store->database, JOURNAL_SQL_BEGIN);
	if (rc == 0)
		rc = journal_table_write(&store->database, batch, store->boot_id);
	if (rc == 0) {
		rc = journal_database_run(&store->database, JOURNAL_SQL_COMMIT);
		batch->unsure = rc != 0;
	}
	if (rc != 0) {
		store->figures.failures++;
		if (rc == -EUCLEAN)
			store_doubt(batch);
		return store_failed(store, rc);
	}
	store->figures.commits++;
	store->figures.commit_last_ns = mono_diff(clock_mono(), began);
	if (store->figures.commit_last_ns > store->figures.commit_max_ns)
		store->figures.commit_max_ns = store->figures.commit_last_ns;
	/* It is durable, whatever comes of this. */
	(void)store_measure(store);
	return 0;
}

int journal_store_fetch(struct journal_store *store, const char *box, const uint64_t *seqs,
			size_t count, struct journal_ops *ret)
{
	int rc = journal_table_fetch(&store->database, box, seqs, count, ret);

	return rc != 0 ? store_failed(store, rc) : 0;
}

int journal_store_history(struct journal_store *store, const char *rule, size_t limit,
			  struct journal_ops *ret)
{
	int rc = journal_table_history(&store->database, rule, limit, ret);

	return rc != 0 ? store_failed(store, rc) : 0;
}

/* ---- opening ---- */

struct store_salvage {
	struct journal_store *store;
	struct journal_salvage *salvage;
	struct journal_batch *batch;
};

static int store_salvage_flush(struct store_salvage *to)
{
	int rc;

	to->batch->time_ns = to->salvage->clock_ns;
	to->batch->boot = clock_boot();
	rc = journal_store_write(to->store, to->batch);
	journal_batch_clear(to->batch);
	return rc;
}

static int store_salvage_take(void *arg, struct journal_op *op)
{
	struct store_salvage *to = arg;

	journal_batch_put(to->batch, op);
	return to->batch->bytes > STORE_SALVAGE_BYTES || to->batch->count > 1000
		       ? store_salvage_flush(to)
		       : 0;
}

/* Takes over what can be read of the one that was set aside; may be begun again. */
static int store_take_over(struct journal_store *store)
{
	struct store_salvage to = {.store = store, .batch = journal_batch_new()};
	struct journal_salvage salvage = {.take = store_salvage_take, .arg = &to};
	int rc;

	to.salvage = &salvage;
	rc = journal_salvage_run(&salvage, store->salvage,
				 mono_add(clock_mono(), STORE_SALVAGE_S * NSEC_PER_SEC));
	if (rc == 0)
		rc = store_salvage_flush(&to);
	journal_batch_free(to.batch);
	if (rc == 0) {
		store->figures.salvaged += salvage.taken;
		store->figures.lost += salvage.lost;
	}
	return rc;
}

static int store_set_aside(struct journal_store *store)
{
	char path[PATH_MAX + 80];
	struct error err;

	if (store->figures.set_aside >= STORE_ASIDE_MAX) {
		snprintf(
			store->problem, sizeof(store->problem),
			"%.*s was damaged %d times since the start: it is left as it is; the disk "
			"is to be replaced",
			STORE_PATH_SHOWN, store->folder.store, STORE_ASIDE_MAX);
		return -EIO;
	}
	if (journal_folder_set_aside(&store->folder, path, sizeof(path), &err) != 0)
		return store_told(store, &err);
	store->damaged = false;
	store->checked = false;
	store->figures.set_aside++;
	/* One that was to be taken over when the new one broke stays where it is. */
	if (store->salvage == NULL)
		store->salvage = xstrdup(path);
	free(store->why);
	store->why = xstrdup(store->problem);
	return 0;
}

static int store_connect(struct journal_store *store)
{
	struct error err;
	bool made;
	pid_t pid = 0;
	int rc = journal_folder_open(&store->folder, &pid, &err);

	if (rc == 0 && store->damaged) {
		rc = store_set_aside(store);
		if (rc != 0)
			return rc;
		rc = journal_folder_open(&store->folder, &pid, &err);
	}
	if (rc == 0)
		rc = journal_folder_rewrite_log(&store->folder, &err);
	if (rc != 0)
		return store_told(store, &err);
	rc = journal_database_open(&store->database, store->folder.store, store->max_bytes,
				   !store->checked, &made);
	return rc == 0 ? 0 : store_failed(store, rc);
}

static int store_read_clock(struct journal_store *store, struct journal_opened *ret,
			    int64_t *ret_stamp)
{
	sqlite3_stmt *stmt = journal_database_statement(&store->database, JOURNAL_SQL_CLOCK);
	int rc = journal_database_step(&store->database, stmt);
	const char *boot_id;
	int64_t since;

	ret->boot = clock_boot();
	ret->time_ns = 0;
	*ret_stamp = 0;
	if (rc <= 0)
		return rc;
	boot_id = (const char *)sqlite3_column_text(stmt, 2);
	ret->time_ns = sqlite3_column_int64(stmt, 0);
	since = ret->boot.ns - sqlite3_column_int64(stmt, 1);
	if (boot_id != NULL && *boot_id != '\0' && strcmp(boot_id, store->boot_id) == 0 &&
	    since > 0)
		ret->time_ns += since;
	*ret_stamp = sqlite3_column_int64(stmt, 3);
	sqlite3_reset(stmt);
	return 0;
}

/*
 * The clock is written once a minute; what waits was made while it ran. A time that is further
 * ahead than that is wrong, and would make everything else old.
 */
static void store_advance_clock(struct journal_opened *opened)
{
	int64_t most = opened->time_ns + STORE_CLOCK_S * NSEC_PER_SEC;
	const struct journal_op *op;

	TAILQ_FOREACH (op, &opened->found, link) {
		if (op->kind == JOURNAL_MESSAGE && op->at_ns > opened->time_ns &&
		    op->at_ns <= most)
			opened->time_ns = op->at_ns;
	}
}

static int store_read(struct journal_store *store, struct journal_opened *ret,
		      int64_t *ret_stamp)
{
	int64_t last = 0;
	int rc = store_read_clock(store, ret, ret_stamp);

	if (rc == 0)
		rc = journal_database_number(&store->database, JOURNAL_SQL_HISTORY_LAST, &last);
	ret->history_last = (uint64_t)last;
	if (rc == 0 && ret->first)
		rc = journal_table_states(&store->database, &ret->found);
	if (rc == 0 && ret->first)
		rc = journal_table_boxes(&store->database, &ret->found);
	if (rc == 0)
		store_advance_clock(ret);
	if (rc == 0)
		rc = store_measure(store);
	return rc != 0 ? store_failed(store, rc) : 0;
}

int journal_store_open(struct journal_store *store, struct journal_opened *ret)
{
	int64_t stamp = 0;
	int rc = store_connect(store);

	*ret = (struct journal_opened){.first = !store->opened};
	TAILQ_INIT(&ret->found);
	if (rc == -EUCLEAN)
		rc = store_connect(store);
	if (rc == 0 && store->salvage != NULL)
		rc = store_take_over(store);
	if (rc == 0)
		rc = store_read(store, ret, &stamp);
	if (rc != 0) {
		store->figures.failures++;
		journal_opened_done(ret);
		journal_store_close(store);
		return rc;
	}
	ret->aside = store->salvage;
	ret->why = store->why;
	store->salvage = store->why = NULL;
	ret->rebuilt = store->opened && stamp != store->stamp;
	store->figures.reopened += store->opened;
	store->stamp = stamp;
	store->opened = true;
	store->checked = true;
	return 0;
}

void journal_opened_done(struct journal_opened *opened)
{
	journal_ops_done(&opened->found);
	free(opened->aside);
	free(opened->why);
	opened->aside = opened->why = NULL;
}

/* ---- resting ---- */

int journal_store_backlog(const struct journal_store *store)
{
	return store->database.backlog;
}

int journal_store_rest(struct journal_store *store)
{
	int64_t free_pages = (store->figures.bytes - store->figures.used) / JOURNAL_PAGE;
	int rc = journal_database_checkpoint(&store->database);

	if (rc == 0) {
		store->figures.checkpoints++;
		if (free_pages > STORE_SHRINK_PAGES &&
		    free_pages > store->figures.bytes / JOURNAL_PAGE / 2)
			rc = journal_database_shrink(&store->database,
						     (int)(free_pages - STORE_SHRINK_PAGES));
	}
	if (rc == 0)
		rc = store_measure(store);
	return rc != 0 ? store_failed(store, rc) : 0;
}

const char *journal_store_problem(const struct journal_store *store)
{
	return store->problem;
}

void journal_store_figures(const struct journal_store *store, struct journal_figures *ret)
{
	*ret = store->figures;
}
