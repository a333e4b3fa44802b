/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * The journal on a disk that fails: what was told to be committed is there, state and messages
 * belong together, nothing waits for the disk but the writer, and it goes on by itself.
 */
#include <errno.h>
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

#include "faulty_disk.h"
#include "journal_rig.h"
#include "base/alloc.h"
#include "base/log.h"
#include "io/journal_batch.h"
#include "io/journal_op.h"
#include "io/loop.h"

enum { FIRST_OPERATIONS = 500, SCRIPT_MESSAGES = 64 };

static int faults_setup(void **state)
{
	*state = xcalloc(1, sizeof(struct rig));
	rig_init(*state);
	faulty_disk_heal();
	faulty_disk_slow(-1);
	return 0;
}

static int faults_teardown(void **state)
{
	faulty_disk_heal();
	faulty_disk_slow(-1);
	rig_done(*state);
	free(*state);
	return 0;
}

static bool faults_over(const struct rig *rig)
{
	return rig->began > 0 && rig->began <= rig->ended && rig->problem[0] == '\0';
}

static bool faults_told(const struct rig *rig)
{
	return rig->began > rig->ended;
}

static bool faults_all_committed(const struct rig *rig)
{
	struct journal_report report;

	journal_report(rig->journal, &report);
	return report.pending == 0 && rig->collected == rig->count &&
	       rig->committed >= journal_mark(rig->journal) - 2;
}

static bool faults_two_failures(const struct rig *rig)
{
	struct journal_report report;

	journal_report(rig->journal, &report);
	return report.failures >= 2;
}

/* One that fails at writing in this way for a while, and what was put is there afterwards. */
static void faults_while_running(struct rig *rig, unsigned ops, enum faulty_kind kind,
				 const char *words)
{
	struct journal_report report;
	uint64_t seq = 3;

	assert_true(rig_open(rig));
	assert_int_equal(rig_put(rig, "a", 1), 0);
	assert_int_equal(rig_put(rig, "a", 2), 0);
	rig_commit(rig);
	faulty_disk_fail(ops, kind, 1, UINT64_MAX);
	assert_int_equal(rig_put(rig, "a", 3), 0);
	journal_remove(rig->journal, "a", 1);
	rig->count = 3;
	journal_commit(rig->journal, true);
	rig_until(rig, faults_told);
	assert_non_null(strstr(rig->problem, words));
	assert_non_null(strstr(rig->problem, rig->state));
	journal_report(rig->journal, &report);
	assert_string_equal(report.problem, rig->problem);
	assert_int_equal(report.pending, 1);
	assert_int_equal(rig->commits, 1);
	/* It takes more, up to its caps, and hands out what it has. */
	assert_int_equal(rig_put(rig, "a", 4), 0);
	rig_fetch(rig, "a", &seq, 1);
	assert_int_equal(rig->found, 1);
	assert_string_equal(rig->messages[0].body, "body 3");
	rig_until(rig, faults_two_failures);
	assert_int_equal(rig->ended, 0);
	faulty_disk_heal();
	rig_until(rig, faults_over);
	assert_int_equal(rig->began, rig->ended);
	rig_until(rig, faults_all_committed);
	journal_report(rig->journal, &report);
	assert_null(report.problem);
	assert_true(report.failures >= 2 && report.reopened >= 2);
	assert_int_equal(report.set_aside, 0);
	assert_true(rig_close(rig));
	assert_true(rig_open(rig));
	assert_int_equal(rig->found, 3);
	assert_null(rig_message(rig, "a", 1));
	assert_int_equal(rig->state_count, 3);
	assert_int_equal(rig->last_seq, 4);
}

static void test_fault_D2_full_disk_keeps_messages_in_memory(void **state)
{
	faults_while_running(*state, FAULTY_WRITE, FAULTY_FULL, "full");
}

static bool faults_some_room(const struct rig *rig)
{
	struct journal_report report;

	journal_report(rig->journal, &report);
	return report.pending < JOURNAL_BATCH_MESSAGES;
}

static void test_fault_D2_memory_is_bounded_while_it_lasts(void **state)
{
	struct rig *rig = *state;
	struct journal_report report;
	uint64_t seq = 0;

	assert_true(rig_open(rig));
	faulty_disk_fail(FAULTY_WRITE, FAULTY_FULL, 1, UINT64_MAX);
	while (rig_put(rig, "a", seq + 1) == 0) {
		seq++;
		if (seq % 500 == 0) {
			journal_commit(rig->journal, true);
			loop_turn(rig->loop);
		}
	}
	assert_int_equal(seq, JOURNAL_BATCH_MESSAGES);
	rig_until(rig, faults_two_failures);
	assert_int_equal(rig_put(rig, "a", seq + 1), -ENOBUFS);
	/* What was delivered meanwhile makes room, and is not written any more. */
	for (uint64_t gone = 1; gone <= 10; gone++)
		journal_remove(rig->journal, "a", gone);
	rig_until(rig, faults_told);
	journal_commit(rig->journal, true);
	rig_until(rig, faults_some_room);
	journal_report(rig->journal, &report);
	assert_int_equal(report.pending, JOURNAL_BATCH_MESSAGES - 10);
	assert_int_equal(rig_put(rig, "a", seq + 1), 0);
	faulty_disk_heal();
	rig_until(rig, faults_all_committed);
	assert_true(rig_close(rig));
	assert_true(rig_open(rig));
	assert_int_equal(rig->found, JOURNAL_BATCH_MESSAGES - 9);
}

static size_t faults_pending(const struct rig *rig)
{
	struct journal_report report;

	journal_report(rig->journal, &report);
	return report.pending_bytes;
}

static uint64_t faults_attempts(const struct rig *rig)
{
	struct journal_report report;

	journal_report(rig->journal, &report);
	return report.failures + report.commits;
}

/* So many more fail; one that has nothing new to write does not. */
static void faults_try_again(struct rig *rig, unsigned times)
{
	uint64_t before = faults_attempts(rig);

	journal_commit(rig->journal, true);
	while (faults_attempts(rig) < before + times) {
		loop_turn(rig->loop);
		journal_commit(rig->journal, true);
	}
	/* Its news are here when the trouble is. */
	for (int turns = 0; turns < 20; turns++) {
		loop_turn(rig->loop);
		usleep(200);
	}
}

/*
 * Messages come and are delivered while the disk fails on and on, each of them tried in vain by
 * some write: nothing of them stays.
 */
static void faults_come_and_go(struct rig *rig, unsigned ops, enum faulty_kind kind)
{
	enum { CAME = 40 };

	assert_true(rig_open(rig));
	rig_put(rig, "a", 1);
	rig_commit(rig);
	faulty_disk_fail(ops, kind, 1, UINT64_MAX);
	for (uint64_t seq = 2; seq < 2 + CAME; seq += 2) {
		rig_put(rig, "a", seq);
		rig_put(rig, "a", seq + 1);
		journal_remove(rig->journal, "a", seq);
		faults_try_again(rig, 1);
		journal_remove(rig->journal, "a", seq + 1);
	}
	for (int attempts = 0; attempts < 5 && faults_pending(rig) > 0; attempts++)
		faults_try_again(rig, 1);
	assert_int_equal(faults_pending(rig), 0);
	faulty_disk_heal();
	journal_commit(rig->journal, true);
	rig_until(rig, faults_over);
	rig_until(rig, faults_all_committed);
	assert_true(rig_close(rig));
	assert_true(rig_open(rig));
	assert_int_equal(rig->found, 1);
	assert_int_equal(rig->last_seq, 1 + CAME);
}

static void test_fault_D2_what_comes_and_goes_while_full_leaves_nothing(void **state)
{
	faults_come_and_go(*state, FAULTY_WRITE, FAULTY_FULL);
}

static void test_fault_D4_what_comes_and_goes_without_sync_leaves_nothing(void **state)
{
	faults_come_and_go(*state, FAULTY_SYNC, FAULTY_IOERR);
}

/* Of one batch; of each the others would be freed on the way. */
static void test_fault_D4_many_removals_in_vain_leave_a_number(void **state)
{
	struct journal_batch *older = journal_batch_new(), *newer = journal_batch_new();
	const struct journal_op *op;

	(void)state;
	for (uint64_t seq = 1; seq <= 50; seq++) {
		struct journal_op *removal =
			journal_op_new(JOURNAL_REMOVE,
				       &(struct journal_op_texts){.name = seq % 2 ? "a" : "b"});

		removal->seq = seq;
		removal->vain = true;
		journal_batch_put(older, removal);
	}
	journal_batch_merge(older, newer);
	assert_int_equal(older->count, 2);
	op = journal_batch_find(older, JOURNAL_BOX, "a", 0);
	assert_non_null(op);
	assert_int_equal(op->seq, 49);
	op = journal_batch_find(older, JOURNAL_BOX, "b", 0);
	assert_non_null(op);
	assert_int_equal(op->seq, 50);
	journal_batch_free(older);
	journal_batch_free(newer);
}

/* Delivered out of the store while it can't be written: that waits, and takes room. */
static void test_fault_D2_removals_that_wait_are_counted(void **state)
{
	struct rig *rig = *state;

	assert_true(rig_open(rig));
	for (uint64_t seq = 1; seq <= 100; seq++)
		rig_put(rig, "a", seq);
	rig_commit(rig);
	assert_int_equal(faults_pending(rig), 0);
	faulty_disk_fail(FAULTY_WRITE, FAULTY_FULL, 1, UINT64_MAX);
	for (uint64_t seq = 1; seq <= 100; seq++)
		journal_remove(rig->journal, "a", seq);
	assert_true(faults_pending(rig) > 100 * sizeof(uint64_t));
	faults_try_again(rig, 2);
	assert_true(faults_pending(rig) > 100 * sizeof(uint64_t));
	faulty_disk_heal();
	rig_until(rig, faults_over);
	rig_until(rig, faults_all_committed);
	assert_int_equal(faults_pending(rig), 0);
	assert_true(rig_close(rig));
	assert_true(rig_open(rig));
	assert_int_equal(rig->found, 0);
}

/* No room for a state in the store itself: what is removed then has to come through. */
static void test_fault_D2_store_that_is_full_can_be_emptied(void **state)
{
	struct rig *rig = *state;
	char *large = xcalloc(1, JOURNAL_STATE_MAX);
	uint64_t seq = 1;

	rig->config.max_bytes = 4 << 20;
	assert_true(rig_open(rig));
	while (rig_put(rig, "a", seq) == 0) {
		seq++;
		if (seq % 1000 == 0)
			rig_commit(rig);
	}
	rig_commit(rig);
	journal_put_state(rig->journal, "large", large, 3 << 20);
	rig->count = 9;
	journal_commit(rig->journal, true);
	rig_until(rig, faults_told);
	assert_non_null(strstr(rig->problem, "full"));
	for (uint64_t gone = 1; gone < seq; gone++)
		journal_remove(rig->journal, "a", gone);
	rig_until(rig, faults_over);
	rig_until(rig, faults_all_committed);
	assert_true(rig_close(rig));
	assert_true(rig_open(rig));
	assert_int_equal(rig->found, 0);
	assert_int_equal(rig->states, 2);
	assert_int_equal(rig->state_count, 9);
	free(large);
}

static void test_fault_D3_error_on_write_is_written_again(void **state)
{
	faults_while_running(*state, FAULTY_WRITE, FAULTY_IOERR, "disk I/O error");
}

static void test_fault_D4_error_on_sync_claims_nothing(void **state)
{
	faults_while_running(*state, FAULTY_SYNC, FAULTY_IOERR, "disk I/O error");
}

static void test_fault_D5_short_write_is_written_again(void **state)
{
	faults_while_running(*state, FAULTY_WRITE, FAULTY_SHORT, "disk I/O error");
}

static void test_fault_D6_read_only_disk_is_waited_for(void **state)
{
	faults_while_running(*state, FAULTY_WRITE | FAULTY_TRUNCATE, FAULTY_READONLY,
			     "readonly");
}

static void test_fault_D12_no_more_inodes_is_waited_for(void **state)
{
	struct rig *rig = *state;

	/* From the start: nothing can be created. */
	faulty_disk_fail(FAULTY_OPEN, FAULTY_FULL, 1, UINT64_MAX);
	assert_true(rig_open(rig));
	assert_true(journal_first_seq(rig->journal) > UINT64_C(1) << 38);
	rig_put(rig, "a", journal_first_seq(rig->journal));
	rig->count = 1;
	journal_commit(rig->journal, true);
	rig_until(rig, faults_told);
	faulty_disk_heal();
	rig_until(rig, faults_over);
	assert_true(rig_close(rig));
	assert_true(rig_open(rig));
	assert_int_equal(rig->found, 1);
	assert_int_equal(rig->state_count, 1);
}

static bool faults_found(const struct rig *rig)
{
	return rig->found > 0;
}

/* What was in the store comes late, and both keep their age and their numbers. */
static void test_store_that_opens_late_is_handed_out_late(void **state)
{
	struct rig *rig = *state;
	uint64_t first;
	int64_t now;

	assert_true(rig_open(rig));
	rig_put(rig, "a", 1);
	rig->count = 1;
	rig_commit(rig);
	assert_true(rig_close(rig));
	faulty_disk_fail(FAULTY_OPEN, FAULTY_IOERR, 1, UINT64_MAX);
	assert_true(rig_open(rig));
	assert_int_equal(rig->found + rig->boxes + rig->states, 0);
	first = journal_first_seq(rig->journal);
	rig_put(rig, "a", first);
	faulty_disk_heal();
	rig_until(rig, faults_found);
	assert_int_equal(rig->states, 1);
	assert_int_equal(rig->last_seq, 1);
	now = journal_time(rig->journal, clock_boot());
	assert_true(rig->messages[0].created_ns <= now);
	rig_commit(rig);
	assert_true(rig_close(rig));
	assert_true(rig_open(rig));
	assert_int_equal(rig->found, 2);
	assert_int_equal(rig->last_seq, first);
	assert_true(rig->messages[0].created_ns <= rig->messages[1].created_ns);
}

/* ---- each operation ---- */

static void faults_script(struct rig *rig, uint64_t *seq)
{
	/* All that is done to a store, a few times. */
	for (int i = 0; i < SCRIPT_MESSAGES; i++) {
		assert_int_equal(rig_put(rig, "a", ++*seq), 0);
		rig->count = (int64_t)*seq;
		if (i % 4 == 1)
			journal_remove(rig->journal, "a", *seq - 1);
		if (i % 4 == 2)
			journal_bury(rig->journal, "a", *seq, true, "why");
		journal_put_history(rig->journal, (struct wall){i}, "r", "{}", 2);
		journal_commit(rig->journal, true);
		for (int turns = 0; turns < 3; turns++) {
			loop_turn(rig->loop);
			usleep(50);
		}
	}
}

/* After a script that began behind this seq. */
static void faults_check(struct rig *rig, uint64_t first, uint64_t last)
{
	assert_int_equal(rig->state_count, last);
	assert_int_equal(rig->last_seq, last);
	for (uint64_t seq = first + 1; seq <= last; seq++) {
		const struct rig_message *message = rig_message(rig, "a", seq);
		int i = (int)((seq - first - 1) % SCRIPT_MESSAGES);

		if (i % 4 == 0) {
			assert_null(message);
			continue;
		}
		assert_non_null(message);
		assert_int_equal(message->dead, i % 4 == 2);
	}
}

/*
 * A store with something in it; then its n-th operation fails, so many times, while it is
 * opened and used; then all is well.
 */
static bool faults_nth(unsigned ops, enum faulty_kind kind, uint64_t n, uint64_t times)
{
	struct rig rig;
	uint64_t seq = 0, first = 0;
	bool failed;

	rig_init(&rig);
	assert_true(rig_open(&rig));
	rig_put(&rig, "old", 1);
	rig_commit(&rig);
	assert_true(rig_close(&rig));
	faulty_disk_fail(ops, kind, n, times);
	assert_true(rig_open(&rig));
	if (rig.boxes == 0)
		seq = first = journal_first_seq(rig.journal);
	faults_script(&rig, &seq);
	failed = faulty_disk_failed() > 0;
	faulty_disk_heal();
	journal_commit(rig.journal, true);
	rig_until(&rig, faults_all_committed);
	assert_int_equal(rig.rebuilt, 0);
	assert_true(rig_close(&rig));
	assert_true(rig_open(&rig));
	assert_non_null(rig_message(&rig, "old", 1));
	assert_int_equal(rig.found, 1 + SCRIPT_MESSAGES * 3 / 4);
	faults_check(&rig, first, seq);
	rig_done(&rig);
	return failed;
}

static void faults_each(unsigned ops, enum faulty_kind kind, uint64_t times)
{
	unsigned failed = 0;

	for (uint64_t n = 1; n <= FIRST_OPERATIONS; n++)
		failed += faults_nth(ops, kind, n, times);
	/* The script is long enough for all of them to have been reached. */
	print_message("%u of %u operations failed\n", failed, FIRST_OPERATIONS);
	assert_true(failed > 400);
}

static void test_fault_D3_each_operation_fails_once(void **state)
{
	faults_each(FAULTY_ALL, FAULTY_IOERR, 1);
}

static void test_fault_D3_each_operation_and_those_after_it_fail(void **state)
{
	faults_each(FAULTY_ALL, FAULTY_IOERR, UINT64_MAX);
}

static void test_fault_D2_disk_is_full_from_each_write_on(void **state)
{
	faults_each(FAULTY_WRITE | FAULTY_TRUNCATE, FAULTY_FULL, UINT64_MAX);
}

/*
 * The program ends while it goes wrong: what was told to be committed is there, and the state
 * is that of the last message.
 */
static void test_fault_D4_end_amid_trouble_loses_nothing_that_was_committed(void **state)
{
	for (uint64_t n = 1; n <= 300; n += 3) {
		struct rig rig;
		uint64_t seq = 0, durable = 0;

		rig_init(&rig);
		assert_true(rig_open(&rig));
		faulty_disk_fail(FAULTY_ALL, FAULTY_IOERR, n, UINT64_MAX);
		for (int i = 0; i < 40; i++) {
			uint64_t mark;

			rig_put(&rig, "a", ++seq);
			mark = journal_mark(rig.journal);
			rig.count = (int64_t)seq;
			journal_commit(rig.journal, true);
			for (int turns = 0; turns < 20 && rig.committed < mark; turns++) {
				loop_turn(rig.loop);
				usleep(20);
			}
			if (rig.committed >= mark)
				durable = seq;
		}
		journal_close(rig.journal, clock_mono());
		rig.journal = NULL;
		faulty_disk_heal();
		assert_true(rig_open(&rig));
		assert_true(rig.last_seq >= durable);
		assert_int_equal(rig.found, rig.last_seq);
		assert_int_equal(rig.state_count, rig.last_seq);
		rig_done(&rig);
	}
}

/* ---- slow ---- */

static void test_fault_D1_loop_turns_while_a_sync_takes_long(void **state)
{
	struct rig *rig = *state;
	unsigned turns = 0, answers = 0;
	uint64_t seq = 1;

	assert_true(rig_open(rig));
	faulty_disk_slow(500 * NSEC_PER_MSEC);
	rig_put(rig, "a", 1);
	journal_commit(rig->journal, true);
	while (rig->commits == 0) {
		loop_turn(rig->loop);
		if (!faulty_disk_syncing() || rig->commits > 0)
			continue;
		turns++;
		if (turns > 200)
			continue;
		/* Bodies in memory do not wait for it. */
		rig->done = rig->found = 0;
		assert_true(rig_fetch(rig, "a", &seq, 1));
		answers += faulty_disk_syncing();
		/* And what is put meanwhile goes together. */
		assert_int_equal(rig_put(rig, "a", 1 + turns), 0);
		journal_commit(rig->journal, true);
	}
	assert_true(turns > 20);
	assert_true(answers > 10);
	assert_false(journal_stuck(rig->journal, clock_mono(), 60 * NSEC_PER_SEC));
	rig_until(rig, faults_all_committed);
	/* Hundreds of messages, few syncs. */
	assert_true(rig->commits <= 4);
	faulty_disk_slow(-1);
}

static void test_writer_that_is_stuck_is_seen(void **state)
{
	struct rig *rig = *state;

	assert_true(rig_open(rig));
	faulty_disk_slow(300 * NSEC_PER_MSEC);
	rig_put(rig, "a", 1);
	journal_commit(rig->journal, true);
	while (!faulty_disk_syncing())
		loop_turn(rig->loop);
	usleep(20000);
	assert_true(journal_stuck(rig->journal, clock_mono(), 10 * NSEC_PER_MSEC));
	rig_until(rig, faults_all_committed);
}

static void test_close_does_not_wait_for_ever(void **state)
{
	struct rig *rig = *state;
	struct mono began;

	assert_true(rig_open(rig));
	faulty_disk_slow(3 * NSEC_PER_SEC);
	rig_put(rig, "a", 1);
	journal_commit(rig->journal, true);
	while (!faulty_disk_syncing())
		loop_turn(rig->loop);
	rig_put(rig, "a", 2);
	began = clock_mono();
	assert_false(journal_close(rig->journal, mono_add(began, 50 * NSEC_PER_MSEC)));
	rig->journal = NULL;
	assert_true(faulty_disk_syncing());
	/* The thread ends by itself; the folder is its own until then. */
	faulty_disk_slow(-1);
	while (!rig_open(rig))
		usleep(10000);
	assert_true(rig->last_seq == 1);
}

/* ---- the folder ---- */

static void faults_folder(struct rig *rig, const char *words)
{
	assert_true(rig_open(rig));
	rig_put(rig, "a", journal_first_seq(rig->journal));
	journal_commit(rig->journal, true);
	rig_until(rig, faults_told);
	assert_non_null(strstr(rig->problem, words));
}

static void faults_folder_well(struct rig *rig)
{
	rig_until(rig, faults_over);
	rig_until(rig, faults_all_committed);
	assert_true(rig_close(rig));
	assert_true(rig_open(rig));
	assert_int_equal(rig->found, 1);
}

static void test_fault_D8_folder_whose_parent_is_missing_is_waited_for(void **state)
{
	struct rig *rig = *state;

	snprintf(rig->state, sizeof(rig->state), "%s/no/state", rig->folder);
	faults_folder(rig, "No such file or directory");
	snprintf(rig->state, sizeof(rig->state), "%s/no", rig->folder);
	assert_int_equal(mkdir(rig->state, 0700), 0);
	snprintf(rig->state, sizeof(rig->state), "%s/no/state", rig->folder);
	faults_folder_well(rig);
}

static void test_fault_D8_folder_that_others_write_to_is_not_touched(void **state)
{
	struct rig *rig = *state;

	assert_int_equal(mkdir(rig->state, 0700), 0);
	assert_int_equal(chmod(rig->state, 0777), 0);
	faults_folder(rig, "others may write");
	assert_int_equal(rig_files(rig, "journal"), 0);
	assert_int_equal(chmod(rig->state, 0700), 0);
	faults_folder_well(rig);
}

static void test_fault_D8_folder_of_somebody_else_is_not_touched(void **state)
{
	struct rig *rig = *state;

	if (geteuid() != 0)
		skip();
	assert_int_equal(mkdir(rig->state, 0700), 0);
	assert_int_equal(chown(rig->state, 65534, 65534), 0);
	faults_folder(rig, "belongs to user 65534");
	assert_int_equal(rig_files(rig, "journal"), 0);
	assert_int_equal(chown(rig->state, 0, 0), 0);
	faults_folder_well(rig);
}

static void test_fault_D8_folder_that_is_a_link_is_not_followed(void **state)
{
	struct rig *rig = *state;
	char other[96];

	snprintf(other, sizeof(other), "%s/other", rig->folder);
	assert_int_equal(mkdir(other, 0700), 0);
	assert_int_equal(symlink("other", rig->state), 0);
	faults_folder(rig, "symbolic link");
	assert_int_equal(rig_files(rig, "journal"), 0);
	assert_int_equal(unlink(rig->state), 0);
	faults_folder_well(rig);
}

static void test_fault_H6_links_in_the_folder_are_not_followed(void **state)
{
	static const char *const names[] = {"journal.db", "journal.db-wal", "journal.lock"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		for (int hard = 0; hard < 2; hard++) {
			struct rig rig;
			char victim[96], link_name[128];
			struct stat st;
			FILE *file;

			rig_init(&rig);
			assert_int_equal(mkdir(rig.state, 0700), 0);
			snprintf(victim, sizeof(victim), "%s/victim", rig.folder);
			snprintf(link_name, sizeof(link_name), "%s/%s", rig.state, names[i]);
			file = fopen(victim, "w");
			assert_non_null(file);
			fputs("precious", file);
			fclose(file);
			assert_int_equal(hard ? link(victim, link_name)
					      : symlink("../victim", link_name),
					 0);
			/* A lock with a second name is still a lock, but would be written. */
			faults_folder(&rig, names[i]);
			assert_int_equal(stat(victim, &st), 0);
			assert_int_equal(st.st_size, 8);
			assert_int_equal(unlink(link_name), 0);
			faults_folder_well(&rig);
			rig_done(&rig);
		}
}

static void test_numbers_outlive_a_store_that_vanishes(void **state)
{
	struct rig *rig = *state;

	assert_true(rig_open(rig));
	for (uint64_t seq = 1; seq <= 5; seq++)
		rig_put(rig, "a", seq);
	rig_put(rig, "b", 1);
	rig_commit(rig);
	for (uint64_t seq = 1; seq <= 5; seq++)
		journal_remove(rig->journal, "a", seq);
	journal_drop_box(rig->journal, "b");
	rig_commit(rig);
	assert_int_equal(unlink(rig_store(rig)), 0);
	rig->count = 1;
	rig_commit(rig);
	assert_int_equal(rig->rebuilt, 1);
	assert_true(rig_close(rig));
	assert_true(rig_open(rig));
	assert_int_equal(rig->found, 0);
	assert_int_equal(rig->boxes, 1);
	assert_int_equal(rig->last_seq, 5);
}

enum { OVER_A_PAGE = 60000 };

static int faults_put_large(struct rig *rig, uint64_t seq, const char *body, size_t len)
{
	return journal_put_message(rig->journal,
				   &(struct journal_message){.lane = JOURNAL_ALARM,
							     .box = "a",
							     .seq = seq,
							     .why = "",
							     .url = "",
							     .headers = "",
							     .body = body,
							     .body_len = len});
}

static void test_store_that_vanishes_is_made_again(void **state)
{
	struct rig *rig = *state;

	assert_true(rig_open(rig));
	rig_put(rig, "a", 1);
	rig->count = 1;
	rig_commit(rig);
	assert_int_equal(unlink(rig_store(rig)), 0);
	rig_put(rig, "a", 2);
	rig->count = 2;
	rig_commit(rig);
	assert_int_equal(rig->rebuilt, 1);
	rig_put(rig, "a", 1);
	rig_commit(rig);
	assert_true(rig_close(rig));
	assert_true(rig_open(rig));
	assert_int_equal(rig->found, 2);
	assert_int_equal(rig->state_count, 2);
}

/* A pause that began before the end is no reason to lose what is there. */
static void test_close_tries_a_store_that_failed_at_once(void **state)
{
	struct rig *rig = *state;

	rig->config.retry_ns = 3600 * NSEC_PER_SEC;
	assert_true(rig_open(rig));
	faulty_disk_fail(FAULTY_WRITE, FAULTY_FULL, 1, UINT64_MAX);
	rig_put(rig, "a", 1);
	journal_commit(rig->journal, true);
	rig_until(rig, faults_told);
	faulty_disk_heal();
	assert_true(rig_close(rig));
	assert_true(rig_open(rig));
	assert_int_equal(rig->found, 1);
}

/* Whoever puts again what was in it finds the room of the new one. */
static void test_store_that_vanishes_full_is_made_again_empty(void **state)
{
	struct rig *rig = *state;
	static char body[OVER_A_PAGE];
	uint64_t seq = 1;

	rig->config.max_bytes = 4 << 20;
	rig->again = true;
	assert_true(rig_open(rig));
	while (faults_put_large(rig, seq, body, sizeof(body)) == 0) {
		if (seq++ % 20 == 0)
			rig_commit(rig);
	}
	rig_commit(rig);
	assert_int_equal(faults_put_large(rig, seq, body, sizeof(body)), -ENOSPC);
	assert_int_equal(unlink(rig_store(rig)), 0);
	rig->count = 2;
	rig_commit(rig);
	assert_int_equal(rig->rebuilt, 1);
	assert_int_equal(rig->again_rc, 0);
}

#define FAULTS_TEST(fn) cmocka_unit_test_setup_teardown(fn, faults_setup, faults_teardown)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		FAULTS_TEST(test_fault_D1_loop_turns_while_a_sync_takes_long),
		FAULTS_TEST(test_writer_that_is_stuck_is_seen),
		FAULTS_TEST(test_close_does_not_wait_for_ever),
		FAULTS_TEST(test_fault_D2_full_disk_keeps_messages_in_memory),
		FAULTS_TEST(test_fault_D2_memory_is_bounded_while_it_lasts),
		FAULTS_TEST(test_fault_D2_what_comes_and_goes_while_full_leaves_nothing),
		FAULTS_TEST(test_fault_D4_what_comes_and_goes_without_sync_leaves_nothing),
		FAULTS_TEST(test_fault_D4_many_removals_in_vain_leave_a_number),
		FAULTS_TEST(test_fault_D2_removals_that_wait_are_counted),
		FAULTS_TEST(test_fault_D2_store_that_is_full_can_be_emptied),
		FAULTS_TEST(test_fault_D3_error_on_write_is_written_again),
		FAULTS_TEST(test_fault_D4_error_on_sync_claims_nothing),
		FAULTS_TEST(test_fault_D5_short_write_is_written_again),
		FAULTS_TEST(test_fault_D6_read_only_disk_is_waited_for),
		FAULTS_TEST(test_fault_D8_folder_whose_parent_is_missing_is_waited_for),
		FAULTS_TEST(test_fault_D8_folder_that_others_write_to_is_not_touched),
		FAULTS_TEST(test_fault_D8_folder_of_somebody_else_is_not_touched),
		FAULTS_TEST(test_fault_D8_folder_that_is_a_link_is_not_followed),
		FAULTS_TEST(test_fault_D12_no_more_inodes_is_waited_for),
		FAULTS_TEST(test_fault_H6_links_in_the_folder_are_not_followed),
		FAULTS_TEST(test_store_that_opens_late_is_handed_out_late),
		FAULTS_TEST(test_store_that_vanishes_is_made_again),
		FAULTS_TEST(test_numbers_outlive_a_store_that_vanishes),
		FAULTS_TEST(test_store_that_vanishes_full_is_made_again_empty),
		FAULTS_TEST(test_close_tries_a_store_that_failed_at_once),
		FAULTS_TEST(test_fault_D4_end_amid_trouble_loses_nothing_that_was_committed),
		FAULTS_TEST(test_fault_D3_each_operation_fails_once),
		FAULTS_TEST(test_fault_D3_each_operation_and_those_after_it_fail),
		FAULTS_TEST(test_fault_D2_disk_is_full_from_each_write_on),
	};

	log_init(STDERR_FILENO, LOG_LEVEL_ERROR);
	faulty_disk_init();
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
