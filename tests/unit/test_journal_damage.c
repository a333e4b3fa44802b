/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Stores that are damaged, something else, or newer: the journal opens, what it can't use is
 * set aside and never deleted, and what can be read of it is taken over.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "journal_rig.h"
#include "base/alloc.h"
#include "base/log.h"
#include "base/random.h"
#include "io/loop.h"

enum { DAMAGE_MESSAGES = 300, DAMAGE_VARIANTS = 400, DAMAGE_ROOM = 4 << 20 };

struct damage {
	struct rig rig;
	char *store, *log; /* what a good store and its log are */
	size_t store_len, log_len;
};

static size_t damage_read(const char *path, char *room)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, room, DAMAGE_ROOM) : 0;

	if (fd >= 0)
		close(fd);
	assert_true(n >= 0 && n < DAMAGE_ROOM);
	return (size_t)n;
}

static void damage_write(const char *path, const char *bytes, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), len);
	close(fd);
}

static void damage_put(struct rig *rig, uint64_t seq, size_t len)
{
	char *body = xcalloc(1, len + 1);
	struct journal_message message = {
		.box = seq % 3 == 0 ? "b" : "a",
		.seq = seq,
		.created_ns = 5,
		.why = "",
		.url = "http://h/",
		.headers = "",
		.body = body,
		.body_len = len,
	};

	memset(body, 'x', len);
	snprintf(message.id, sizeof(message.id), "msg_%ju", (uintmax_t)seq);
	assert_int_equal(journal_put_message(rig->journal, &message), 0);
	free(body);
}

static int damage_setup(void **state)
{
	struct damage *damage = xcalloc(1, sizeof(*damage));
	struct rig *rig = &damage->rig;
	char path[128];

	rig_init(rig);
	damage->store = xmalloc(DAMAGE_ROOM);
	damage->log = xmalloc(DAMAGE_ROOM);
	assert_true(rig_open(rig));
	for (uint64_t seq = 1; seq <= DAMAGE_MESSAGES; seq++) {
		damage_put(rig, seq, seq % 10 == 0 ? 9000 : 200);
		journal_put_history(rig->journal, (struct wall){1}, "r", "{}", 2);
	}
	for (int i = 0; i < 100; i++) {
		char key[16];

		snprintf(key, sizeof(key), "key-%03d", i);
		journal_put_state(rig->journal, key, "some state of some rule", 23);
	}
	rig->count = 7;
	assert_true(rig_close(rig));
	damage->store_len = damage_read(rig_store(rig), damage->store);
	/* And one whose log has something that the store has not. */
	assert_true(rig_open(rig));
	damage_put(rig, DAMAGE_MESSAGES + 1, 200);
	rig->count = 8;
	rig_commit(rig);
	snprintf(path, sizeof(path), "%s-wal", rig_store(rig));
	damage->log_len = damage_read(path, damage->log);
	assert_true(damage->log_len > 4096);
	assert_true(rig_close(rig));
	*state = damage;
	return 0;
}

static int damage_teardown(void **state)
{
	struct damage *damage = *state;

	rig_done(&damage->rig);
	free(damage->store);
	free(damage->log);
	free(damage);
	return 0;
}

/* These bytes instead; log may be NULL. */
static void damage_place(struct damage *damage, const char *store, size_t store_len,
			 const char *log, size_t log_len)
{
	struct rig *rig = &damage->rig;
	char command[128], path[128];

	snprintf(command, sizeof(command), "rm -rf %s", rig->state);
	assert_int_equal(system(command), 0);
	assert_int_equal(mkdir(rig->state, 0700), 0);
	snprintf(path, sizeof(path), "%s", rig_store(rig));
	damage_write(path, store, store_len);
	if (log == NULL)
		return;
	snprintf(path, sizeof(path), "%s-wal", rig_store(rig));
	damage_write(path, log, log_len);
}

/* It opens, works, and opens again with what was put then; true: something was set aside. */
static bool damage_try(struct damage *damage)
{
	struct rig *rig = &damage->rig;
	struct journal_report report;
	uint64_t seq;

	assert_true(rig_open(rig));
	journal_report(rig->journal, &report);
	assert_null(report.problem);
	seq = rig->last_seq + 1;
	assert_int_equal(rig_put(rig, "a", seq), 0);
	rig->count = (int64_t)seq;
	rig->collected = -1;
	rig_commit(rig);
	journal_report(rig->journal, &report);
	assert_int_equal(rig_files(rig, "corrupt") > 0, report.set_aside > 0);
	assert_int_equal(report.aside != NULL, report.set_aside > 0);
	assert_true(rig_close(rig));
	assert_true(rig_open(rig));
	assert_non_null(rig_message(rig, "a", seq));
	assert_int_equal(rig->state_count, seq);
	assert_true(rig_close(rig));
	return report.set_aside > 0;
}

static void test_store_that_is_good_is_left_as_it_is(void **state)
{
	struct damage *damage = *state;

	damage_place(damage, damage->store, damage->store_len, NULL, 0);
	assert_true(rig_open(&damage->rig));
	assert_int_equal(damage->rig.found, DAMAGE_MESSAGES);
	assert_int_equal(damage->rig.states, 101);
	assert_true(rig_close(&damage->rig));
	damage_place(damage, damage->store, damage->store_len, damage->log, damage->log_len);
	assert_true(rig_open(&damage->rig));
	assert_int_equal(damage->rig.found, DAMAGE_MESSAGES + 1);
	assert_int_equal(damage->rig.state_count, 8);
	assert_true(rig_close(&damage->rig));
	assert_false(damage_try(damage));
}

static void test_fault_D7_bytes_of_the_store_are_overwritten(void **state)
{
	struct damage *damage = *state;
	char *bytes = xmalloc(damage->store_len);
	struct random random;
	unsigned aside = 0, saved = 0;

	random_init(&random, 7);
	for (int i = 0; i < DAMAGE_VARIANTS; i++) {
		size_t len = (size_t)random_between(&random, 1, i % 2 == 0 ? 4096 : 16);
		size_t at = (size_t)random_between(&random, 0,
						   /* The file is larger than what is in it. */
						   i % 4 == 0 ? 4096 : 300 * 1024);

		memcpy(bytes, damage->store, damage->store_len);
		for (size_t k = at; k < at + len && k < damage->store_len; k++)
			bytes[k] = i % 3 == 0 ? 0 : (char)random_between(&random, 0, 255);
		damage_place(damage, bytes, damage->store_len, i % 5 == 0 ? damage->log : NULL,
			     damage->log_len);
		if (!damage_try(damage))
			continue;
		aside++;
		saved += damage->rig.found > DAMAGE_MESSAGES / 2;
	}
	free(bytes);
	print_message("%d damaged, %u set aside, of %u more than half was saved\n",
		      DAMAGE_VARIANTS, aside, saved);
	assert_true(aside > DAMAGE_VARIANTS / 10);
	assert_true(saved > 0);
}

static void test_fault_D7_bytes_of_the_log_are_overwritten(void **state)
{
	struct damage *damage = *state;
	char *bytes = xmalloc(damage->log_len);
	struct random random;

	random_init(&random, 8);
	for (int i = 0; i < DAMAGE_VARIANTS / 4; i++) {
		size_t at = (size_t)random_between(&random, 0, (int64_t)damage->log_len - 1);

		memcpy(bytes, damage->log, damage->log_len);
		for (size_t k = at; k < at + 8 && k < damage->log_len; k++)
			bytes[k] = (char)random_between(&random, 0, 255);
		damage_place(damage, damage->store, damage->store_len, bytes,
			     i % 2 == 0 ? damage->log_len : at);
		damage_try(damage);
		/* The store itself is whole. */
		assert_true(damage->rig.found >= DAMAGE_MESSAGES);
	}
	free(bytes);
}

static void test_fault_D7_store_is_cut_off(void **state)
{
	struct damage *damage = *state;
	struct random random;

	random_init(&random, 9);
	for (int i = 0; i < DAMAGE_VARIANTS / 4; i++) {
		size_t len = (size_t)random_between(&random, 0, i % 2 == 0 ? 8192 : 300 * 1024);

		damage_place(damage, damage->store, len, NULL, 0);
		assert_int_equal(damage_try(damage), len > 0);
	}
}

static void test_fault_D7_store_is_zeros_or_something_else(void **state)
{
	static const char text[] = "this is a letter, and no store";
	struct damage *damage = *state;
	char *zeros = xcalloc(1, 100000);

	damage_place(damage, zeros, 100000, NULL, 0);
	assert_true(damage_try(damage));
	damage_place(damage, text, sizeof(text), text, sizeof(text));
	assert_true(damage_try(damage));
	memset(zeros, 0xff, 100000);
	damage_place(damage, zeros, 100000, zeros, 100000);
	assert_true(damage_try(damage));
	free(zeros);
	/* Nothing at all is a new store. */
	damage_place(damage, text, 0, NULL, 0);
	assert_false(damage_try(damage));
}

static void damage_sql(struct damage *damage, const char *sql)
{
	sqlite3 *db = NULL;

	damage_place(damage, damage->store, damage->store_len, NULL, 0);
	assert_int_equal(sqlite3_open(rig_store(&damage->rig), &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void test_fault_D11_newer_store_is_set_aside_unchanged(void **state)
{
	struct damage *damage = *state;
	struct rig *rig = &damage->rig;
	char command[256], *before = xmalloc(DAMAGE_ROOM), *after = xmalloc(DAMAGE_ROOM);
	size_t len;

	damage_sql(damage, "PRAGMA user_version = 2; ALTER TABLE message ADD COLUMN new");
	len = damage_read(rig_store(rig), before);
	assert_true(rig_open(rig));
	/* It is old enough to be read. */
	assert_int_equal(rig->found, DAMAGE_MESSAGES);
	assert_int_equal(rig->states, 101);
	assert_true(rig_close(rig));
	snprintf(command, sizeof(command), "mv %s/journal.db.corrupt-*Z %s/aside", rig->state,
		 rig->folder);
	assert_int_equal(system(command), 0);
	snprintf(command, sizeof(command), "%s/aside", rig->folder);
	assert_int_equal(damage_read(command, after), len);
	assert_memory_equal(before, after, len);
	free(before);
	free(after);
}

static void test_fault_D7_store_with_other_tables_is_set_aside(void **state)
{
	static const char *const sqls[] = {
		"PRAGMA application_id = 1",
		"PRAGMA user_version = 0",
		"DROP TABLE message",
		"DROP TABLE clock",
		"CREATE TRIGGER t AFTER INSERT ON message BEGIN DELETE FROM message; END",
		"CREATE VIEW v AS SELECT 1",
		"ALTER TABLE state RENAME TO states",
		"CREATE TABLE more(x)",
	};

	for (size_t i = 0; i < ARRAY_SIZE(sqls); i++) {
		damage_sql(*state, sqls[i]);
		assert_true(damage_try(*state));
	}
}

static void test_history_and_time_are_taken_over(void **state)
{
	struct damage *damage = *state;
	struct rig *rig = &damage->rig;
	struct boot now;

	damage_sql(damage,
		   "UPDATE history SET line = '{' || char(10) || '}' WHERE n = 3; "
		   "UPDATE history SET line = 'x' WHERE n = 4; "
		   "INSERT INTO history VALUES(-7, 1, 'r', '{}'), (1 << 60, 1, 'r', '{}'); "
		   "CREATE TABLE more(x)");
	assert_true(rig_open(rig));
	assert_int_equal(rig->found, DAMAGE_MESSAGES);
	assert_true(rig_past(rig, NULL, JOURNAL_HISTORY_MAX));
	assert_int_equal(rig->line_count, DAMAGE_MESSAGES - 2);
	/* It ran for moments, however long the kernel did: messages have not grown old. */
	now = clock_boot();
	assert_true(journal_time(rig->journal, now) < now.ns / 2);
	assert_true(rig_close(rig));
}

static void test_rows_that_cannot_be_are_left_out(void **state)
{
	struct damage *damage = *state;

	damage_sql(damage, "UPDATE message SET id = zeroblob(100) WHERE key % 2 = 0; "
			   "UPDATE message SET why = X'00' WHERE key % 5 = 0; "
			   "UPDATE box SET last_seq = -5 WHERE name = 'b'; "
			   "INSERT INTO box VALUES(99999999, 'far', 1); "
			   "UPDATE state SET bytes = 5 WHERE key = 'key-001'");
	assert_false(damage_try(damage));
	assert_true(damage->rig.found > 0 && damage->rig.found < DAMAGE_MESSAGES);
	assert_int_equal(damage->rig.states, 100);
}

static int64_t damage_ask(const char *path, const char *sql)
{
	sqlite3_stmt *stmt = NULL;
	sqlite3 *db = NULL;
	int64_t number;

	assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	number = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	sqlite3_close(db);
	return number;
}

/* A hole where the boxes are costs no message: their names stand elsewhere, too. */
static void test_fault_D7_a_hole_in_the_boxes_loses_no_message(void **state)
{
	struct damage *damage = *state;
	struct rig *rig = &damage->rig;
	char path[128], *bytes = xmalloc(damage->store_len);
	int64_t page;

	damage_place(damage, damage->store, damage->store_len, NULL, 0);
	snprintf(path, sizeof(path), "%s", rig_store(rig));
	page = damage_ask(path, "SELECT rootpage FROM sqlite_schema WHERE name = 'box'");
	memcpy(bytes, damage->store, damage->store_len);
	memset(bytes + (page - 1) * 4096, 0, 4096);
	damage_place(damage, bytes, damage->store_len, NULL, 0);
	free(bytes);
	assert_true(rig_open(rig));
	assert_true(rig_files(rig, "corrupt") > 0);
	assert_int_equal(rig->found, DAMAGE_MESSAGES);
	for (uint64_t seq = 1; seq <= DAMAGE_MESSAGES; seq++)
		assert_non_null(rig_message(rig, seq % 3 == 0 ? "b" : "a", seq));
	/* No number is used twice, whatever they were. */
	assert_true(rig->last_seq > UINT64_C(1) << 38);
}

/* Whatever the clock of the store has missed: nothing in it is from the future. */
static void test_time_is_not_before_what_waits(void **state)
{
	struct damage *damage = *state;
	struct rig *rig = &damage->rig;
	sqlite3 *db = NULL;

	damage_place(damage, damage->store, damage->store_len, NULL, 0);
	assert_int_equal(sqlite3_open(rig_store(rig), &db), SQLITE_OK);
	assert_int_equal(
		sqlite3_exec(db,
			     "UPDATE clock SET time = 1000, boot_id = 'another';"
			     "UPDATE message SET created = 50000000000 WHERE id = 'msg_7';"
			     "UPDATE message SET created = 1 << 60 WHERE id = 'msg_8'",
			     NULL, NULL, NULL),
		SQLITE_OK);
	sqlite3_close(db);
	assert_true(rig_open(rig));
	assert_int_equal(rig_files(rig, "corrupt"), 0);
	assert_true(journal_time(rig->journal, clock_boot()) >= 50 * NSEC_PER_SEC);
	/* But one that cannot be makes nothing else old. */
	assert_true(journal_time(rig->journal, clock_boot()) < 3600 * NSEC_PER_SEC);
	assert_int_equal(rig_message(rig, "a", 7)->created_ns, 50 * NSEC_PER_SEC);
}

static void test_fault_D7_store_that_breaks_while_it_runs_is_rebuilt(void **state)
{
	enum { MORE = 40, MORE_BYTES = 60000 };
	struct damage *damage = *state;
	struct rig *rig = &damage->rig;
	char *noise = xmalloc(DAMAGE_ROOM);
	struct journal_report report;
	struct stat st;
	int fd;

	damage_place(damage, damage->store, damage->store_len, NULL, 0);
	/* More than the cache holds. */
	assert_true(rig_open(rig));
	for (uint64_t seq = 1; seq <= MORE; seq++)
		damage_put(rig, DAMAGE_MESSAGES + seq, MORE_BYTES);
	assert_true(rig_close(rig));
	assert_true(rig_open(rig));
	fd = open(rig_store(rig), O_WRONLY | O_CLOEXEC);
	assert_int_equal(fstat(fd, &st), 0);
	assert_true(st.st_size < DAMAGE_ROOM);
	memset(noise, 0x55, DAMAGE_ROOM);
	assert_true(pwrite(fd, noise, (size_t)st.st_size - 3 * 4096, 3 * 4096) > 0);
	close(fd);
	free(noise);
	for (uint64_t seq = 1; seq <= DAMAGE_MESSAGES + MORE; seq++)
		journal_remove(rig->journal, seq % 3 == 0 ? "b" : "a", seq);
	rig_put(rig, "a", 1000);
	rig->count = 1000;
	rig_commit(rig);
	assert_int_equal(rig->rebuilt, 1);
	journal_report(rig->journal, &report);
	assert_int_equal(report.set_aside, 1);
	assert_non_null(report.aside);
	assert_int_equal(access(report.aside, F_OK), 0);
	assert_true(rig_close(rig));
	assert_true(rig_open(rig));
	assert_int_equal(rig->found, 1);
	assert_int_equal(rig->state_count, 1000);
}

#define DAMAGE_TEST(fn) cmocka_unit_test_setup_teardown(fn, damage_setup, damage_teardown)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		DAMAGE_TEST(test_store_that_is_good_is_left_as_it_is),
		DAMAGE_TEST(test_fault_D7_bytes_of_the_store_are_overwritten),
		DAMAGE_TEST(test_fault_D7_bytes_of_the_log_are_overwritten),
		DAMAGE_TEST(test_fault_D7_store_is_cut_off),
		DAMAGE_TEST(test_fault_D7_store_is_zeros_or_something_else),
		DAMAGE_TEST(test_fault_D7_store_with_other_tables_is_set_aside),
		DAMAGE_TEST(test_history_and_time_are_taken_over),
		DAMAGE_TEST(test_rows_that_cannot_be_are_left_out),
		DAMAGE_TEST(test_fault_D7_a_hole_in_the_boxes_loses_no_message),
		DAMAGE_TEST(test_time_is_not_before_what_waits),
		DAMAGE_TEST(test_fault_D7_store_that_breaks_while_it_runs_is_rebuilt),
		DAMAGE_TEST(test_fault_D11_newer_store_is_set_aside_unchanged),
	};

	log_init(open("/dev/null", O_WRONLY | O_CLOEXEC), LOG_LEVEL_ERROR);
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
