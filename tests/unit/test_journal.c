/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* The journal where nothing is wrong: what is put is there, once, in order, and no earlier. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "journal_rig.h"
#include "base/alloc.h"
#include "io/loop.h"

static int journal_setup(void **state)
{
	*state = xcalloc(1, sizeof(struct rig));
	rig_init(*state);
	return 0;
}

static int journal_teardown(void **state)
{
	rig_done(*state);
	free(*state);
	return 0;
}

static void journal_again(struct rig *rig)
{
	assert_true(rig_close(rig));
	assert_true(rig_open(rig));
}

static void test_messages_and_states_are_found_when_it_opens_again(void **state)
{
	struct rig *rig = *state;

	assert_true(rig_open(rig));
	assert_int_equal(rig->found + rig->states + rig->boxes, 0);
	for (uint64_t seq = 1; seq <= 20; seq++) {
		assert_int_equal(rig_put(rig, "a", seq), 0);
		assert_int_equal(rig_put(rig, "b", 100 + seq), 0);
	}
	rig->count = 77;
	rig_commit(rig);
	journal_again(rig);
	assert_int_equal(rig->found, 40);
	assert_int_equal(rig->boxes, 2);
	assert_int_equal(rig->last_seq, 20);
	assert_int_equal(rig->state_count, 77);
	for (uint64_t seq = 1; seq <= 20; seq++) {
		const struct rig_message *message = &rig->messages[seq - 1];

		assert_int_equal(message->seq, seq);
		assert_string_equal(message->box, "a");
		assert_false(message->has_body);
		assert_int_equal(message->body_len, seq < 10 ? 6 : 7);
		assert_true(message->created_ns >= 0);
	}
	assert_string_equal(rig->messages[39].id, "msg_b_120");
}

static void test_close_writes_what_nobody_committed(void **state)
{
	struct rig *rig = *state;

	assert_true(rig_open(rig));
	assert_int_equal(rig_put(rig, "a", 1), 0);
	rig->count = 5;
	journal_again(rig);
	assert_int_equal(rig->found, 1);
	assert_int_equal(rig->state_count, 5);
	/* Not even the state alone, which is only collected when something leaves. */
	rig->count = 6;
	journal_again(rig);
	assert_int_equal(rig->state_count, 6);
}

static void test_state_is_in_one_transaction_with_its_messages(void **state)
{
	struct rig *rig = *state;

	assert_true(rig_open(rig));
	for (uint64_t seq = 1; seq <= 200; seq++) {
		rig_put(rig, "a", seq);
		rig->count = (int64_t)seq;
		journal_commit(rig->journal, true);
		loop_turn(rig->loop);
	}
	assert_true(rig_close(rig));
	assert_true(rig_open(rig));
	assert_int_equal(rig->state_count, 200);
	assert_int_equal(rig->last_seq, 200);
}

static void test_last_state_of_a_key_counts_and_an_empty_one_deletes(void **state)
{
	struct rig *rig = *state;

	assert_true(rig_open(rig));
	journal_put_state(rig->journal, "count", "1", 1);
	journal_put_state(rig->journal, "count", "2", 1);
	journal_put_state(rig->journal, "other", "x", 1);
	rig_commit(rig);
	journal_again(rig);
	assert_int_equal(rig->states, 2);
	assert_int_equal(rig->state_count, 2);
	journal_put_state(rig->journal, "count", "", 0);
	rig_commit(rig);
	journal_again(rig);
	assert_int_equal(rig->states, 1);
}

/* But its number was used, and is not given again. */
static void test_message_that_was_removed_in_time_is_never_written(void **state)
{
	struct rig *rig = *state;

	assert_true(rig_open(rig));
	assert_int_equal(rig_put(rig, "a", 7), 0);
	journal_remove(rig->journal, "a", 7);
	assert_int_equal(rig_put(rig, "a", 6), 0);
	journal_remove(rig->journal, "a", 6);
	rig_commit(rig);
	assert_true(rig_close(rig));
	assert_true(rig_open(rig));
	assert_int_equal(rig->found, 0);
	assert_int_equal(rig->boxes, 1);
	assert_int_equal(rig->last_seq, 7);
}

static void test_removed_and_buried_messages_stay_so(void **state)
{
	struct rig *rig = *state;

	assert_true(rig_open(rig));
	for (uint64_t seq = 1; seq <= 5; seq++)
		rig_put(rig, "a", seq);
	rig_commit(rig);
	journal_remove(rig->journal, "a", 2);
	journal_bury(rig->journal, "a", 3, true, "400 for ever");
	journal_bury(rig->journal, "a", 4, true, "then not");
	journal_bury(rig->journal, "a", 4, false, "");
	journal_remove(rig->journal, "a", 5);
	rig_commit(rig);
	journal_again(rig);
	assert_int_equal(rig->found, 3);
	assert_null(rig_message(rig, "a", 2));
	assert_true(rig_message(rig, "a", 3)->dead);
	assert_string_equal(rig_message(rig, "a", 3)->why, "400 for ever");
	assert_false(rig_message(rig, "a", 4)->dead);
	/* The box remembers numbers that are used up. */
	assert_int_equal(rig->last_seq, 5);
}

static void test_message_that_waits_again_is_as_old_as_that(void **state)
{
	struct rig *rig = *state;
	int64_t made, revived;

	assert_true(rig_open(rig));
	rig_put(rig, "a", 1);
	rig_put(rig, "a", 2);
	made = journal_time(rig->journal, clock_boot());
	usleep(1000);
	journal_bury(rig->journal, "a", 1, true, "too old");
	journal_bury(rig->journal, "a", 2, true, "too old");
	rig_commit(rig);
	revived = journal_time(rig->journal, clock_boot());
	journal_bury(rig->journal, "a", 1, false, "");
	rig_commit(rig);
	journal_again(rig);
	assert_true(rig_message(rig, "a", 1)->created_ns >= revived);
	assert_true(rig_message(rig, "a", 2)->created_ns <= made);
}

static void test_box_that_is_dropped_takes_all_along(void **state)
{
	struct rig *rig = *state;

	assert_true(rig_open(rig));
	rig_put(rig, "a", 1);
	rig_put(rig, "b", 1);
	rig_commit(rig);
	rig_put(rig, "a", 2);
	journal_drop_box(rig->journal, "a");
	rig_put(rig, "a", 3);
	rig_commit(rig);
	journal_again(rig);
	assert_int_equal(rig->found, 2);
	assert_non_null(rig_message(rig, "a", 3));
	assert_non_null(rig_message(rig, "b", 1));
	journal_drop_box(rig->journal, "a");
	journal_drop_box(rig->journal, "nobody");
	rig_commit(rig);
	journal_again(rig);
	assert_int_equal(rig->boxes, 1);
}

static void test_bodies_are_fetched_from_memory_and_store(void **state)
{
	struct rig *rig = *state;
	uint64_t seqs[] = {3, 1, 2, 9};

	assert_true(rig_open(rig));
	rig_put(rig, "a", 1);
	rig_put(rig, "a", 2);
	rig_commit(rig);
	rig_put(rig, "a", 3);
	assert_true(rig_fetch(rig, "a", seqs, 4));
	assert_int_equal(rig->found, 3);
	assert_int_equal(rig->messages[0].seq, 3);
	assert_string_equal(rig->messages[0].body, "body 3");
	assert_int_equal(rig->messages[1].seq, 1);
	assert_string_equal(rig->messages[1].body, "body 1");
	assert_int_equal(rig->messages[2].seq, 2);
	/* What is about to change has changed. */
	journal_remove(rig->journal, "a", 1);
	journal_bury(rig->journal, "a", 2, true, "so");
	assert_true(rig_fetch(rig, "a", seqs, 4));
	assert_int_equal(rig->found, 2);
	assert_true(rig->messages[1].dead);
	assert_string_equal(rig->messages[1].why, "so");
	assert_true(rig_fetch(rig, "a", seqs, 1));
	assert_int_equal(rig->found, 1);
	assert_true(rig_fetch(rig, "nobody", seqs, 4));
	assert_int_equal(rig->found, 0);
}

static void test_forgotten_question_is_not_answered(void **state)
{
	struct rig *rig = *state;
	uint64_t seq = 1;

	assert_true(rig_open(rig));
	rig_put(rig, "a", 1);
	rig_commit(rig);
	rig->done = rig->found = 0;
	journal_fetch(rig->journal, "a", &seq, 1, &(struct journal_fetch){NULL, NULL, rig});
	journal_history(rig->journal, NULL, 1, &(struct journal_past){NULL, NULL, rig});
	journal_forget(rig->journal, rig);
	rig_put(rig, "a", 2);
	rig_commit(rig);
	journal_fetch(rig->journal, "a", &seq, 1, &(struct journal_fetch){NULL, NULL, rig});
	/* Closing does not answer either. */
	assert_true(rig_close(rig));
	assert_int_equal(rig->found, 0);
}

static void test_history_is_read_newest_first_and_by_rule(void **state)
{
	struct rig *rig = *state;

	assert_true(rig_open(rig));
	for (int i = 0; i < 10; i++) {
		char line[16];
		int len = snprintf(line, sizeof(line), "{%d}", i);

		journal_put_history(rig->journal, (struct wall){i}, i % 2 == 0 ? "even" : "odd",
				    line, (size_t)len);
		if (i == 6)
			rig_commit(rig);
	}
	assert_true(rig_past(rig, NULL, 100));
	assert_int_equal(rig->line_count, 10);
	assert_string_equal(rig->lines[0], "odd {9}");
	assert_string_equal(rig->lines[9], "even {0}");
	assert_true(rig_past(rig, "even", 4));
	assert_int_equal(rig->line_count, 4);
	assert_string_equal(rig->lines[0], "even {8}");
	assert_string_equal(rig->lines[3], "even {2}");
	journal_again(rig);
	assert_true(rig_past(rig, "odd", 100));
	assert_int_equal(rig->line_count, 5);
	assert_string_equal(rig->lines[4], "odd {1}");
}

static void test_history_keeps_no_more_than_its_cap(void **state)
{
	struct rig *rig = *state;

	assert_true(rig_open(rig));
	for (int i = 0; i < JOURNAL_HISTORY_MAX + 500; i++) {
		journal_put_history(rig->journal, (struct wall){i}, "r", "{}", 2);
		if (i % 2000 == 1999)
			rig_commit(rig);
	}
	rig_commit(rig);
	assert_true(rig_past(rig, NULL, 2 * JOURNAL_HISTORY_MAX));
	assert_int_equal(rig->line_count, JOURNAL_HISTORY_MAX);
}

static void test_memory_for_messages_is_capped(void **state)
{
	struct rig *rig = *state;
	struct journal_report report;
	uint64_t seq = 1;

	assert_true(rig_open(rig));
	while (rig_put(rig, "a", seq) == 0)
		seq++;
	assert_int_equal(seq, JOURNAL_BATCH_MESSAGES + 1);
	journal_report(rig->journal, &report);
	assert_int_equal(report.pending, JOURNAL_BATCH_MESSAGES);
	/* What makes room is never refused. */
	journal_remove(rig->journal, "a", 7);
	assert_int_equal(rig_put(rig, "a", seq), 0);
	rig_commit(rig);
	assert_int_equal(rig_put(rig, "a", seq + 1), 0);
	journal_report(rig->journal, &report);
	assert_int_equal(report.pending, 1);
}

static int test_put_large(struct rig *rig, uint64_t seq, size_t len)
{
	char *body = xcalloc(1, len);
	int rc = journal_put_message(rig->journal,
				     &(struct journal_message){.lane = JOURNAL_TELEMETRY,
							       .box = "a",
							       .seq = seq,
							       .why = "",
							       .url = "",
							       .headers = "",
							       .body = body,
							       .body_len = len});

	free(body);
	return rc;
}

static void test_memory_for_bytes_is_capped(void **state)
{
	struct rig *rig = *state;
	struct journal_report report;
	uint64_t seq = 1;
	char line[1000] = "";

	assert_true(rig_open(rig));
	assert_int_equal(test_put_large(rig, 1, JOURNAL_BATCH_BYTES + 1), -ENOBUFS);
	while (test_put_large(rig, seq, 100000) == 0)
		seq++;
	journal_report(rig->journal, &report);
	assert_in_range(report.pending_bytes, JOURNAL_BATCH_BYTES - 110000,
			JOURNAL_BATCH_BYTES);
	for (int i = 0; i < 200; i++)
		journal_put_history(rig->journal, (struct wall){i}, "r", line, sizeof(line));
	journal_report(rig->journal, &report);
	assert_true(report.history_dropped > 0);
	assert_true(report.pending_bytes <= JOURNAL_BATCH_BYTES);
	rig_commit(rig);
}

/* While the store cannot be written to, lines come and nothing goes. */
static void test_history_takes_no_room_of_messages(void **state)
{
	struct rig *rig = *state;
	struct journal_report report;
	char line[1000];

	memset(line, 'x', sizeof(line));
	assert_true(rig_open(rig));
	for (int i = 0; i < JOURNAL_BATCH_BYTES / 1000 + 1; i++)
		journal_put_history(rig->journal, (struct wall){i}, "r", line, sizeof(line));
	journal_report(rig->journal, &report);
	assert_true(report.history_dropped > 0);
	assert_true(report.pending_bytes <= JOURNAL_BATCH_HISTORY);
	for (uint64_t seq = 1; seq <= JOURNAL_BATCH_MESSAGES; seq++)
		assert_int_equal(rig_put(rig, "a", seq), 0);
	rig_commit(rig);
	assert_true(rig_past(rig, NULL, 16));
	assert_int_equal(rig->line_count, 16);
}

/* The store does not grow over what it may, has room for removals, and is emptied by them. */
static void test_store_is_capped_and_can_be_emptied(void **state)
{
	struct rig *rig = *state;
	struct journal_report report;
	uint64_t seq = 1;
	int refused = 0;

	rig->config.max_bytes = 4 << 20;
	assert_true(rig_open(rig));
	while (refused < 10) {
		if (test_put_large(rig, seq,
				   seq % 3 == 0	  ? 50000
				   : seq % 3 == 1 ? 300
						  : 5000) != 0)
			refused++;
		else
			seq++;
		rig_put(rig, "b", 1);
		rig_commit(rig);
	}
	assert_true(seq > 50);
	assert_int_equal(rig->began, 0);
	journal_report(rig->journal, &report);
	assert_true(report.bytes <= rig->config.max_bytes);
	for (uint64_t gone = 1; gone < seq; gone++)
		journal_remove(rig->journal, "a", gone);
	rig_commit(rig);
	assert_int_equal(test_put_large(rig, seq, 50000), 0);
	rig_commit(rig);
	assert_int_equal(rig->began, 0);
	journal_again(rig);
	assert_int_equal(rig->found, 2);
}

static void test_batch_that_is_put_twice_is_there_once(void **state)
{
	struct rig *rig = *state;
	uint64_t seq = 1;

	assert_true(rig_open(rig));
	rig_put(rig, "a", 1);
	rig_commit(rig);
	rig_put(rig, "a", 1);
	rig_commit(rig);
	assert_true(rig_fetch(rig, "a", &seq, 1));
	assert_int_equal(rig->found, 1);
	journal_remove(rig->journal, "a", 1);
	rig_commit(rig);
	journal_again(rig);
	assert_int_equal(rig->found, 0);
}

static bool journal_two_commits(const struct rig *rig)
{
	return rig->commits >= 2;
}

static void test_commits_without_haste_are_paced(void **state)
{
	struct rig *rig = *state;
	struct mono began = clock_mono();

	assert_true(rig_open(rig));
	for (uint64_t seq = 1; rig->commits < 3; seq++) {
		rig_put(rig, "a", seq % 1000 + 1);
		journal_commit(rig->journal, false);
		loop_turn(rig->loop);
		usleep(1000);
	}
	/* The first one at once, then two pauses of half a second. */
	assert_true(mono_diff(clock_mono(), began) >= 1000 * NSEC_PER_MSEC);
	rig_until(rig, journal_two_commits);
}

static bool journal_one_commit(const struct rig *rig)
{
	return rig->commits == 1;
}

static void test_lone_removal_leaves_by_itself(void **state)
{
	struct rig *rig = *state;

	assert_true(rig_open(rig));
	journal_remove(rig->journal, "a", 1);
	loop_turn(rig->loop);
	assert_int_equal(rig->commits, 0);
	rig_until(rig, journal_one_commit);
}

static void test_time_of_the_journal_goes_on_over_a_restart(void **state)
{
	struct rig *rig = *state;
	int64_t before, after;

	assert_true(rig_open(rig));
	rig_put(rig, "a", 1);
	rig_commit(rig);
	before = journal_time(rig->journal, clock_boot());
	assert_true(before >= 0);
	journal_again(rig);
	after = journal_time(rig->journal, clock_boot());
	assert_true(after > before - NSEC_PER_SEC);
	assert_true(rig->messages[0].created_ns <= after);
	assert_int_equal(journal_first_seq(rig->journal), 1);
}

static bool journal_checkpointed(const struct rig *rig)
{
	struct journal_report report;

	journal_report(rig->journal, &report);
	return report.checkpoints > 0;
}

static void test_log_is_moved_into_the_database_when_there_is_rest(void **state)
{
	struct rig *rig = *state;
	struct journal_report report;

	assert_true(rig_open(rig));
	rig_put(rig, "a", 1);
	rig_commit(rig);
	journal_report(rig->journal, &report);
	assert_true(report.wal_bytes > 0);
	assert_int_equal(report.checkpoints, 0);
	rig_until(rig, journal_checkpointed);
}

static void test_log_that_grows_is_moved_without_rest(void **state)
{
	struct rig *rig = *state;
	struct journal_report report;
	uint64_t seq = 1;

	assert_true(rig_open(rig));
	do {
		for (int i = 0; i < 10; i++)
			assert_int_equal(test_put_large(rig, seq++, 60000), 0);
		rig_commit(rig);
		journal_report(rig->journal, &report);
	} while (report.checkpoints < 2 && seq < 700);
	assert_true(report.checkpoints >= 2);
	assert_true(report.wal_bytes < 8 << 20);
}

static void test_report_tells_figures(void **state)
{
	struct rig *rig = *state;
	struct journal_report report;

	assert_true(rig_open(rig));
	rig_put(rig, "a", 1);
	rig_commit(rig);
	journal_report(rig->journal, &report);
	assert_string_equal(report.path, rig_store(rig));
	assert_null(report.problem);
	assert_null(report.aside);
	assert_int_equal(report.commits, 1);
	assert_int_equal(report.messages, 1);
	assert_int_equal(report.failures + report.set_aside + report.reopened, 0);
	assert_true(report.bytes > 0 && report.bytes < report.max_bytes);
	assert_true(report.commit_last_ns > 0 && report.commit_max_ns >= report.commit_last_ns);
	assert_true(report.writer_turns >= 2);
	assert_false(journal_stuck(rig->journal, clock_mono(), 60 * NSEC_PER_SEC));
}

static void test_files_are_for_their_owner_only(void **state)
{
	struct rig *rig = *state;
	char path[128];
	struct stat st;

	umask(0);
	assert_true(rig_open(rig));
	rig_put(rig, "a", 1);
	rig_commit(rig);
	assert_int_equal(stat(rig->state, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	for (size_t i = 0; i < 3; i++) {
		static const char *const names[] = {"journal.db", "journal.db-wal",
						    "journal.lock"};

		snprintf(path, sizeof(path), "%s/%s", rig->state, names[i]);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 0777, 0600);
	}
	assert_int_equal(rig_files(rig, "-shm"), 0);
	umask(022);
}

static void test_fault_D10_second_one_is_told_who_has_it(void **state)
{
	struct rig *rig = *state;
	struct rig second;
	char pid[32];

	rig_init(&second);
	assert_true(rig_open(rig));
	second.config = rig->config;
	assert_false(rig_open(&second));
	assert_int_equal(second.err.code, EBUSY);
	snprintf(pid, sizeof(pid), "pid %d", (int)getpid());
	assert_non_null(strstr(second.err.text, pid));
	assert_true(rig_close(rig));
	assert_true(rig_open(&second));
	assert_int_equal(second.began, 0);
	rig_done(&second);
}

/* In a child, whose limits are its own. */
static void test_fault_E6_no_thread_is_told(void **state)
{
	static const uid_t nobody = 65534; /* root's threads are not limited */
	struct rig *rig = *state;
	int status = 0;
	pid_t pid;

	if (geteuid() == 0)
		assert_int_equal(chown(rig->folder, nobody, nobody), 0);
	pid = fork();
	if (pid == 0) {
		const struct rlimit none = {0, 0};

		if (setrlimit(RLIMIT_NPROC, &none) != 0 ||
		    (geteuid() == 0 && setresuid(nobody, nobody, nobody) != 0))
			_exit(3);
		_exit(rig_open(rig) ? 1 : rig->err.code == EAGAIN ? 0 : 2);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (geteuid() == 0)
		assert_int_equal(chown(rig->folder, 0, 0), 0);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

#define JOURNAL_TEST(fn) cmocka_unit_test_setup_teardown(fn, journal_setup, journal_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		JOURNAL_TEST(test_messages_and_states_are_found_when_it_opens_again),
		JOURNAL_TEST(test_close_writes_what_nobody_committed),
		JOURNAL_TEST(test_state_is_in_one_transaction_with_its_messages),
		JOURNAL_TEST(test_last_state_of_a_key_counts_and_an_empty_one_deletes),
		JOURNAL_TEST(test_message_that_was_removed_in_time_is_never_written),
		JOURNAL_TEST(test_removed_and_buried_messages_stay_so),
		JOURNAL_TEST(test_message_that_waits_again_is_as_old_as_that),
		JOURNAL_TEST(test_box_that_is_dropped_takes_all_along),
		JOURNAL_TEST(test_bodies_are_fetched_from_memory_and_store),
		JOURNAL_TEST(test_forgotten_question_is_not_answered),
		JOURNAL_TEST(test_history_is_read_newest_first_and_by_rule),
		JOURNAL_TEST(test_history_keeps_no_more_than_its_cap),
		JOURNAL_TEST(test_memory_for_messages_is_capped),
		JOURNAL_TEST(test_memory_for_bytes_is_capped),
		JOURNAL_TEST(test_history_takes_no_room_of_messages),
		JOURNAL_TEST(test_store_is_capped_and_can_be_emptied),
		JOURNAL_TEST(test_batch_that_is_put_twice_is_there_once),
		JOURNAL_TEST(test_commits_without_haste_are_paced),
		JOURNAL_TEST(test_lone_removal_leaves_by_itself),
		JOURNAL_TEST(test_time_of_the_journal_goes_on_over_a_restart),
		JOURNAL_TEST(test_log_is_moved_into_the_database_when_there_is_rest),
		JOURNAL_TEST(test_log_that_grows_is_moved_without_rest),
		JOURNAL_TEST(test_report_tells_figures),
		JOURNAL_TEST(test_files_are_for_their_owner_only),
		JOURNAL_TEST(test_fault_D10_second_one_is_told_who_has_it),
		JOURNAL_TEST(test_fault_E6_no_thread_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
