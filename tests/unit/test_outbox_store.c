/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * The queue of a receiver above a store: what is in memory, what outlives a crash, what goes
 * when there is no room. The store is a model that forgets at a crash what it did not commit.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "actions/outbox.h"
#include "base/alloc.h"
#include "base/random.h"

#define SECOND NSEC_PER_SEC
#define DAY    (86400 * NSEC_PER_SEC)

enum { ROWS_MAX = 4000 };

/* A row as the disk has it: dead < 0: it waits. */
struct stored {
	bool there, dead;
	char id[OUTBOX_ID_SIZE];
	enum outbox_lane lane;
	size_t body_len;
	char text[16];
};

struct model {
	struct outbox *outbox;
	struct stored now[ROWS_MAX], durable[ROWS_MAX];
	uint64_t mark;
	uint64_t asked[OUTBOX_FETCH_MAX];
	size_t asked_count;
	size_t refuse; /* so many puts find no room */
	bool full;     /* which is that of the store; of memory otherwise */
	uint64_t seq, fetches;
};

static int model_put(void *arg, const struct outbox_row *row, uint64_t *ret_mark)
{
	struct model *model = arg;
	struct stored *stored = &model->now[row->identity.seq];

	if (model->refuse > 0) {
		model->refuse--;
		return model->full ? -ENOSPC : -ENOBUFS;
	}
	assert_true(row->identity.seq < ROWS_MAX);
	*stored = (struct stored){.there = true, .lane = row->message.lane};
	memcpy(stored->id, row->identity.id, OUTBOX_ID_SIZE);
	stored->body_len = row->message.body_len;
	memcpy(stored->text, row->message.body, sizeof(stored->text));
	*ret_mark = ++model->mark;
	if (row->identity.seq > model->seq)
		model->seq = row->identity.seq;
	return 0;
}

static void model_remove(void *arg, uint64_t seq)
{
	struct model *model = arg;

	model->now[seq].there = false;
	model->mark++;
}

static void model_bury(void *arg, uint64_t seq, bool dead, const char *why)
{
	struct model *model = arg;

	assert_true(dead == (why[0] != '\0'));
	model->now[seq].dead = dead;
	model->mark++;
}

static void model_fetch(void *arg, const uint64_t *seqs, size_t count)
{
	struct model *model = arg;

	assert_true(count > 0 && count <= OUTBOX_FETCH_MAX);
	assert_int_equal(model->asked_count, 0);
	memcpy(model->asked, seqs, count * sizeof(*seqs));
	model->asked_count = count;
	model->fetches++;
}

static void model_answer_fetch(struct model *model, bool ok, struct boot now)
{
	static char body[OUTBOX_BODY_MAX];
	size_t count = model->asked_count;

	model->asked_count = 0;
	for (size_t i = 0; i < count && ok; i++) {
		const struct stored *stored = &model->now[model->asked[i]];

		memcpy(body, stored->text, sizeof(stored->text));
		if (stored->there)
			outbox_warm(model->outbox, model->asked[i],
				    &(struct outbox_message){.url = "u",
							     .headers = "",
							     .body = body,
							     .body_len = stored->body_len});
	}
	if (count > 0)
		outbox_fetched(model->outbox, ok, now);
}

static void model_commit(struct model *model)
{
	memcpy(model->durable, model->now, sizeof(model->durable));
	outbox_committed(model->outbox, model->mark);
}

static struct boot at(int64_t seconds)
{
	return (struct boot){seconds * SECOND};
}

static const struct outbox_policy policy = {
	.strict = true, .first_ns = SECOND, .max_ns = 300 * SECOND, .for_ns = 7 * DAY};

static void model_open(struct model *model, struct boot now)
{
	struct outbox_store store = {model_put, model_remove, model_bury, model_fetch, model};

	model->outbox = outbox_new(&policy, 1, &store);
	for (uint64_t seq = 1; seq < ROWS_MAX; seq++) {
		struct outbox_found found = {
			.identity.seq = seq,
			.lane = model->durable[seq].lane,
			.created = now,
			.dead = model->durable[seq].dead,
			.why = "rejected",
			.size = model->durable[seq].body_len + 100,
		};

		memcpy(found.identity.id, model->durable[seq].id, OUTBOX_ID_SIZE);
		if (model->durable[seq].there)
			outbox_load(model->outbox, &found);
	}
	outbox_used(model->outbox, model->seq);
}

static void model_crash(struct model *model, struct boot now)
{
	outbox_free(model->outbox);
	memcpy(model->now, model->durable, sizeof(model->now));
	model->asked_count = 0;
	model_open(model, now);
}

static int set_up(void **state)
{
	struct model *model = xcalloc(1, sizeof(*model));

	model_open(model, at(0));
	*state = model;
	return 0;
}

static int tear_down(void **state)
{
	struct model *model = *state;

	outbox_free(model->outbox);
	free(model);
	return 0;
}

/* The text tells its number. */
static int add(struct model *model, enum outbox_lane lane, size_t body_len, struct boot now)
{
	static char body[OUTBOX_BODY_MAX];
	struct outbox_message message = {
		.lane = lane, .what = "w", .url = "u", .headers = "", .body = body};
	struct outbox_identity identity;

	outbox_identify(model->outbox, &identity);
	snprintf(body, 16, "%ju", (uintmax_t)identity.seq);
	message.body_len = body_len < 16 ? 16 : body_len;
	return outbox_add(model->outbox, &identity, &message, now);
}

static struct outbox_report report(const struct model *model)
{
	struct outbox_report box;

	outbox_report(model->outbox, &box);
	return box;
}

/* The next row goes, with the text that it was added with. */
static uint64_t deliver(struct model *model, struct boot now)
{
	struct outbox_row *row = outbox_take(model->outbox, now);
	char text[16];
	uint64_t seq;

	if (row == NULL) {
		model_answer_fetch(model, true, now);
		row = outbox_take(model->outbox, now);
	}
	if (row == NULL)
		return 0;
	seq = row->identity.seq;
	snprintf(text, sizeof(text), "%ju", (uintmax_t)seq);
	assert_string_equal(row->message.body, text);
	assert_int_equal(outbox_answer(model->outbox, row, 200, -1, now), OUTBOX_DONE);
	return seq;
}

static void test_only_the_first_texts_stay_in_memory(void **state)
{
	struct model *model = *state;

	for (int i = 0; i < 3000; i++)
		assert_int_equal(add(model, OUTBOX_ALARM, 16, at(0)), 0);
	assert_int_equal(report(model).warm, 3000);
	model_commit(model);
	assert_int_equal(report(model).warm, OUTBOX_WARM_COUNT);
	for (uint64_t seq = 1; seq <= 3000; seq++) {
		assert_int_equal(deliver(model, at(0)), seq);
		assert_true(report(model).warm <= OUTBOX_WARM_COUNT);
	}
	assert_int_equal(report(model).waiting, 0);
	assert_int_equal(report(model).bytes, 0);
	assert_int_equal(model->fetches,
			 (3000 - OUTBOX_WARM_COUNT + OUTBOX_FETCH_MAX - 1) / OUTBOX_FETCH_MAX);
}

static void test_large_texts_do_not_stay_either(void **state)
{
	struct model *model = *state;

	for (int i = 0; i < 100; i++)
		add(model, OUTBOX_ALARM, OUTBOX_BODY_MAX, at(0));
	model_commit(model);
	assert_true(report(model).warm * OUTBOX_BODY_MAX <= OUTBOX_WARM_BYTES);
	for (uint64_t seq = 1; seq <= 100; seq++)
		assert_int_equal(deliver(model, at(0)), seq);
}

static void test_what_is_not_committed_stays_in_memory(void **state)
{
	struct model *model = *state;

	for (int i = 0; i < 1000; i++)
		add(model, OUTBOX_ALARM, 16, at(0));
	outbox_committed(model->outbox, model->mark - 500);
	/* And the head. */
	assert_int_equal(report(model).warm, 501);
}

static void test_after_a_crash_all_committed_rows_go_in_order(void **state)
{
	struct model *model = *state;
	uint64_t seq;

	for (int i = 0; i < 200; i++)
		add(model, i % 4 == 0 ? OUTBOX_TELEMETRY : OUTBOX_ALARM, 16, at(0));
	model_commit(model);
	for (int i = 0; i < 50; i++)
		add(model, OUTBOX_ALARM, 16, at(0));
	model_crash(model, at(0));
	assert_int_equal(report(model).waiting, 200);
	assert_int_equal(report(model).warm, 0);
	for (seq = 1; seq <= 200; seq++) {
		if (seq % 4 != 1)
			assert_int_equal(deliver(model, at(0)), seq);
	}
	for (seq = 1; seq <= 200; seq += 4)
		assert_int_equal(deliver(model, at(0)), seq);
	assert_int_equal(report(model).waiting, 0);
}

static void test_a_number_is_not_used_twice_over_a_crash(void **state)
{
	struct model *model = *state;

	add(model, OUTBOX_ALARM, 16, at(0));
	model_commit(model);
	assert_int_equal(deliver(model, at(0)), 1);
	model_commit(model);
	model_crash(model, at(0));
	add(model, OUTBOX_ALARM, 16, at(0));
	assert_int_equal(deliver(model, at(0)), 2);
}

static void test_a_store_that_cannot_be_read_is_asked_again(void **state)
{
	struct model *model = *state;
	struct boot due;

	add(model, OUTBOX_ALARM, 16, at(0));
	model_commit(model);
	model_crash(model, at(0));
	assert_null(outbox_take(model->outbox, at(0)));
	assert_false(outbox_deadline(model->outbox, &due) && due.ns < DAY);
	model_answer_fetch(model, false, at(0));
	assert_null(outbox_take(model->outbox, at(0)));
	assert_int_equal(model->fetches, 1);
	assert_true(outbox_deadline(model->outbox, &due));
	assert_true(due.ns > 0 && due.ns <= 5 * SECOND);
	assert_null(outbox_take(model->outbox, due));
	assert_int_equal(model->fetches, 2);
	model_answer_fetch(model, true, due);
	assert_int_equal(deliver(model, due), 1);
}

static void test_what_the_store_has_lost_is_told_as_a_gap(void **state)
{
	struct model *model = *state;
	struct outbox_gap gap;

	for (int i = 0; i < 3; i++)
		add(model, OUTBOX_ALARM, 16, at(0));
	model_commit(model);
	model_crash(model, at(0));
	model->now[2].there = false;
	assert_false(outbox_gap(model->outbox, &gap));
	assert_int_equal(deliver(model, at(0)), 1);
	assert_int_equal(deliver(model, at(0)), 3);
	assert_true(outbox_gap(model->outbox, &gap));
	assert_int_equal(gap.count, 1);
	assert_int_equal(gap.first, 2);
	assert_int_equal(gap.last, 2);
	assert_true(gap.unreadable);
	assert_int_equal(report(model).unreadable, 1);
	outbox_gap_told(model->outbox);
	assert_false(outbox_gap(model->outbox, &gap));
}

static void test_alarms_push_out_telemetry_the_oldest_first(void **state)
{
	struct model *model = *state;
	struct outbox_policy small = policy;
	struct outbox_gap gap;

	small.count_max = 10;
	outbox_set_policy(model->outbox, &small);
	for (int i = 0; i < 10; i++)
		add(model, OUTBOX_TELEMETRY, 16, at(0));
	for (int i = 0; i < 4; i++)
		assert_int_equal(add(model, OUTBOX_ALARM, 16, at(0)), 0);
	assert_int_equal(report(model).waiting, 10);
	assert_int_equal(report(model).dropped_full, 4);
	assert_true(outbox_gap(model->outbox, &gap));
	assert_int_equal(gap.count, 4);
	assert_int_equal(gap.first, 1);
	assert_int_equal(gap.last, 4);
	for (uint64_t seq = 11; seq <= 14; seq++)
		assert_int_equal(deliver(model, at(0)), seq);
	for (uint64_t seq = 5; seq <= 10; seq++)
		assert_int_equal(deliver(model, at(0)), seq);
}

static void test_a_queue_of_alarms_keeps_the_first_or_the_last_as_it_is_told(void **state)
{
	struct model *model = *state;
	struct outbox_policy small = policy;

	small.count_max = 3;
	outbox_set_policy(model->outbox, &small);
	for (int i = 0; i < 3; i++)
		add(model, OUTBOX_ALARM, 16, at(0));
	assert_int_equal(add(model, OUTBOX_ALARM, 16, at(0)), -ENOBUFS);
	assert_int_equal(add(model, OUTBOX_TELEMETRY, 16, at(0)), -ENOBUFS);
	small.drop_oldest = true;
	outbox_set_policy(model->outbox, &small);
	assert_int_equal(add(model, OUTBOX_ALARM, 16, at(0)), 0);
	assert_int_equal(add(model, OUTBOX_TELEMETRY, 16, at(0)), -ENOBUFS);
	assert_int_equal(report(model).dropped_full, 4);
	assert_int_equal(deliver(model, at(0)), 2);
	assert_int_equal(deliver(model, at(0)), 3);
	assert_int_equal(deliver(model, at(0)), 6);
}

static void test_what_is_under_way_is_never_pushed_out(void **state)
{
	struct model *model = *state;
	struct outbox_policy small = policy;
	struct outbox_row *row;

	small.count_max = 1;
	small.drop_oldest = true;
	outbox_set_policy(model->outbox, &small);
	add(model, OUTBOX_TELEMETRY, 16, at(0));
	row = outbox_take(model->outbox, at(0));
	assert_non_null(row);
	assert_int_equal(add(model, OUTBOX_ALARM, 16, at(0)), -ENOBUFS);
	assert_int_equal(outbox_answer(model->outbox, row, 200, -1, at(0)), OUTBOX_DONE);
}

static void test_a_store_without_room_costs_telemetry_first(void **state)
{
	struct model *model = *state;

	for (int i = 0; i < 5; i++)
		add(model, OUTBOX_TELEMETRY, 16, at(0));
	model->refuse = 2;
	assert_int_equal(add(model, OUTBOX_ALARM, 16, at(0)), 0);
	assert_int_equal(report(model).dropped_full, 2);
	assert_int_equal(report(model).waiting, 4);
	assert_false(model->now[1].there || model->now[2].there);
	assert_true(model->now[3].there && model->now[6].there);
	assert_int_equal(deliver(model, at(0)), 6);
}

/* Telemetry is not let go where that makes no room: neither what is committed nor what is not.
 */
static void test_a_store_without_room_costs_nothing_in_vain(void **state)
{
	struct model *model = *state;

	for (int i = 0; i < 5; i++)
		add(model, OUTBOX_TELEMETRY, 16, at(0));
	model_commit(model);
	for (int i = 0; i < 5; i++)
		add(model, OUTBOX_TELEMETRY, 16, at(0));
	/* All five are tried, to no avail. */
	model->refuse = 6;
	assert_int_equal(add(model, OUTBOX_ALARM, 16, at(0)), -ENOBUFS);
	assert_int_equal(report(model).waiting, 10);
	assert_int_equal(report(model).dropped_full, 1);
	model_commit(model);
	model_crash(model, at(0));
	for (uint64_t seq = 1; seq <= 10; seq++)
		assert_int_equal(deliver(model, at(0)), seq);
}

/* The store is full of what is committed: the oldest goes for the new one, which waits. */
static void test_a_full_store_takes_the_new_one_with_the_next_commit(void **state)
{
	struct model *model = *state;
	const struct outbox_row *row;

	for (int i = 0; i < 5; i++)
		add(model, OUTBOX_TELEMETRY, 16, at(0));
	model_commit(model);
	model->refuse = 1000;
	model->full = true;
	assert_int_equal(add(model, OUTBOX_ALARM, 16, at(0)), 0);
	assert_int_equal(report(model).dropped_full, 1);
	assert_int_equal(report(model).unkept, 1);
	assert_false(model->now[1].there || model->now[6].there);
	row = outbox_next(model->outbox, NULL);
	model_commit(model);
	assert_false(outbox_durable(model->outbox, row));
	model->refuse = 0;
	model_commit(model);
	assert_int_equal(report(model).unkept, 0);
	assert_true(model->now[6].there);
	assert_false(outbox_durable(model->outbox, row));
	model_commit(model);
	assert_true(outbox_durable(model->outbox, row));
	model_crash(model, at(0));
	assert_int_equal(deliver(model, at(0)), 6);
	for (uint64_t seq = 2; seq <= 5; seq++)
		assert_int_equal(deliver(model, at(0)), seq);
}

/* Memory is no store: what may wait in it has a limit, and one that went makes none of it. */
static void test_what_waits_for_the_store_is_bounded(void **state)
{
	struct model *model = *state;

	for (int i = 0; i < 2 * OUTBOX_UNKEPT_MAX; i++)
		add(model, OUTBOX_TELEMETRY, 16, at(0));
	model_commit(model);
	model->refuse = SIZE_MAX;
	model->full = true;
	for (int i = 0; i < OUTBOX_UNKEPT_MAX; i++)
		assert_int_equal(add(model, OUTBOX_ALARM, 16, at(0)), 0);
	assert_int_equal(add(model, OUTBOX_ALARM, 16, at(0)), -ENOBUFS);
	assert_int_equal(report(model).lanes[OUTBOX_TELEMETRY], OUTBOX_UNKEPT_MAX);
	assert_int_equal(report(model).unkept, OUTBOX_UNKEPT_MAX);
	assert_int_equal(deliver(model, at(0)), 2 * OUTBOX_UNKEPT_MAX + 1);
	assert_int_equal(report(model).unkept, OUTBOX_UNKEPT_MAX - 1);
}

static void test_what_is_put_again_without_room_stays_in_memory(void **state)
{
	struct model *model = *state;

	for (int i = 0; i < OUTBOX_WARM_COUNT; i++)
		add(model, OUTBOX_ALARM, 16, at(0));
	model_commit(model);
	memset(model->now, 0, sizeof(model->now));
	model->refuse = OUTBOX_WARM_COUNT;
	outbox_put_again(model->outbox);
	model->refuse = 0;
	for (int i = 0; i < 100; i++)
		add(model, OUTBOX_ALARM, 16, at(0));
	model_commit(model);
	assert_false(outbox_durable(model->outbox, outbox_next(model->outbox, NULL)));
	for (uint64_t seq = 1; seq <= OUTBOX_WARM_COUNT + 100; seq++)
		assert_int_equal(deliver(model, at(0)), seq);
	assert_int_equal(report(model).unreadable, 0);
}

/* What is in neither lane is put again as well, and is what it was. */
static void test_what_was_given_up_is_put_again(void **state)
{
	struct model *model = *state;
	struct outbox_policy leaving = policy;

	leaving.for_ns = 10 * SECOND;
	outbox_set_policy(model->outbox, &leaving);
	add(model, OUTBOX_ALARM, 16, at(0));
	assert_null(outbox_take(model->outbox, at(11)));
	leaving.fallback = true;
	outbox_set_policy(model->outbox, &leaving);
	add(model, OUTBOX_TELEMETRY, 16, at(11));
	assert_null(outbox_take(model->outbox, at(22)));
	assert_int_equal(outbox_leaving(model->outbox)->identity.seq, 2);
	assert_int_equal(report(model).dead, 1);
	memset(model->now, 0, sizeof(model->now));
	outbox_put_again(model->outbox);
	assert_true(model->now[1].there && model->now[1].dead);
	assert_true(model->now[2].there && !model->now[2].dead);
	assert_string_equal(model->now[1].text, "1");
	assert_string_equal(model->now[2].text, "2");
}

static void test_rows_that_go_while_they_are_asked_for_hold_up_nobody(void **state)
{
	struct model *model = *state;
	struct outbox_policy brief = policy;

	brief.for_ns = 10 * SECOND;
	for (int i = 0; i < 4; i++)
		add(model, OUTBOX_ALARM, 16, at(0));
	model_commit(model);
	model_crash(model, at(0));
	/* The first by the hand of an operator: it is no longer asked for, the others are. */
	assert_null(outbox_take(model->outbox, at(0)));
	assert_int_equal(outbox_drop(model->outbox, 1, false), 1);
	assert_null(outbox_take(model->outbox, at(0)));
	assert_int_equal(model->fetches, 1);
	model_answer_fetch(model, true, at(0));
	assert_int_equal(deliver(model, at(0)), 2);
	assert_int_equal(report(model).unreadable, 0);
	model_commit(model);
	model_crash(model, at(0));
	/* All of them, as the policy is another now. */
	assert_null(outbox_take(model->outbox, at(0)));
	outbox_set_policy(model->outbox, &brief);
	assert_null(outbox_take(model->outbox, at(10)));
	assert_int_equal(report(model).dead, 2);
	model_answer_fetch(model, true, at(10));
	assert_int_equal(outbox_revive(model->outbox, 4, at(10)), 1);
	assert_int_equal(deliver(model, at(10)), 4);
}

/* An answer is not for rows that were asked for after it. */
static void test_an_answer_for_a_row_that_is_gone_costs_no_other(void **state)
{
	struct model *model = *state;

	add(model, OUTBOX_TELEMETRY, 16, at(0));
	model_commit(model);
	model_crash(model, at(0));
	assert_null(outbox_take(model->outbox, at(0)));
	assert_int_equal(model->asked_count, 1);
	for (uint64_t seq = 2; seq <= 400; seq++)
		add(model, OUTBOX_TELEMETRY, 16, at(0));
	model_commit(model);
	assert_int_equal(outbox_drop(model->outbox, 1, false), 1);
	for (uint64_t seq = 2; seq <= 400; seq++) {
		uint64_t got = deliver(model, at(0));

		/* Once it is the answer for the first that is heard. */
		assert_int_equal(got != 0 ? got : deliver(model, at(0)), seq);
	}
	assert_int_equal(report(model).unreadable, 0);
}

static void test_what_is_given_up_leaves_for_the_fallback(void **state)
{
	struct model *model = *state;
	struct outbox_policy leaving = policy;
	struct outbox_row *row;

	leaving.fallback = true;
	leaving.for_ns = 10 * SECOND;
	outbox_set_policy(model->outbox, &leaving);
	add(model, OUTBOX_ALARM, 16, at(0));
	model_commit(model);
	model_crash(model, at(0));
	outbox_set_policy(model->outbox, &leaving);
	assert_null(outbox_leaving(model->outbox));
	assert_null(outbox_take(model->outbox, at(11)));
	assert_null(outbox_leaving(model->outbox));
	model_answer_fetch(model, true, at(11));
	row = outbox_leaving(model->outbox);
	assert_non_null(row);
	assert_string_equal(row->message.body, "1");
	assert_int_equal(row->why, OUTBOX_TOO_OLD);
	outbox_left(model->outbox, row);
	assert_false(model->now[1].there);
	assert_int_equal(report(model).left, 1);
	assert_int_equal(report(model).dead, 0);
}

/* What leaves and can't is bounded as dead letters are, and becomes some. */
static void test_what_cannot_leave_is_bounded(void **state)
{
	struct model *model = *state;
	struct outbox_policy leaving = policy;

	leaving.fallback = true;
	leaving.for_ns = 10 * SECOND;
	outbox_set_policy(model->outbox, &leaving);
	for (int i = 0; i < OUTBOX_DEAD_MAX + 10; i++)
		add(model, OUTBOX_ALARM, 16, at(0));
	assert_null(outbox_take(model->outbox, at(11)));
	assert_int_equal(report(model).leaving, OUTBOX_DEAD_MAX);
	assert_int_equal(report(model).dead, 10);
	assert_true(model->now[1].dead && model->now[10].dead && !model->now[11].dead);
	outbox_refused(model->outbox, outbox_leaving(model->outbox));
	assert_int_equal(report(model).leaving, OUTBOX_DEAD_MAX - 1);
	assert_int_equal(report(model).dead, 11);
}

static int offer(struct model *model, enum outbox_lane lane)
{
	static const char body[16];
	struct outbox_message message = {
		.lane = lane, .url = "u", .headers = "", .body = body, .body_len = 16};
	struct outbox_identity identity;

	outbox_identify(model->outbox, &identity);
	return outbox_offer(model->outbox, &identity, &message, at(0));
}

/* Who keeps a message if it is not taken costs only telemetry, and that only for an alarm. */
static void test_what_is_offered_costs_little(void **state)
{
	struct model *model = *state;
	struct outbox_policy small = policy;
	struct outbox_gap gap;

	small.count_max = 3;
	small.drop_oldest = true;
	outbox_set_policy(model->outbox, &small);
	add(model, OUTBOX_ALARM, 16, at(0));
	add(model, OUTBOX_TELEMETRY, 16, at(0));
	assert_int_equal(offer(model, OUTBOX_TELEMETRY), 0);
	assert_int_equal(offer(model, OUTBOX_TELEMETRY), -EAGAIN);
	assert_false(outbox_gap(model->outbox, &gap));
	assert_int_equal(offer(model, OUTBOX_ALARM), 0);
	assert_int_equal(report(model).last_seq, 4);
	assert_int_equal(report(model).dropped_full, 1);
	model_commit(model);
	/* No room in the store: nothing goes for it. */
	model->refuse = 1000;
	model->full = true;
	small.count_max = 10;
	outbox_set_policy(model->outbox, &small);
	assert_int_equal(offer(model, OUTBOX_TELEMETRY), -EAGAIN);
	assert_int_equal(report(model).waiting, 3);
	model->refuse = 0;
	assert_int_equal(offer(model, OUTBOX_TELEMETRY), 0);
	assert_int_equal(report(model).last_seq, 5);
	assert_int_equal(report(model).lanes[OUTBOX_ALARM], 2);
}

/* A reload may take the fallback away between two answers of the store. */
static void test_what_was_leaving_is_a_dead_letter_without_a_fallback(void **state)
{
	struct model *model = *state;
	struct outbox_policy leaving = policy;

	leaving.fallback = true;
	leaving.for_ns = 10 * SECOND;
	add(model, OUTBOX_ALARM, 16, at(0));
	add(model, OUTBOX_ALARM, 16, at(0));
	model_commit(model);
	model_crash(model, at(0));
	outbox_set_policy(model->outbox, &leaving);
	assert_null(outbox_take(model->outbox, at(11)));
	assert_int_equal(report(model).waiting, 0);
	leaving.fallback = false;
	outbox_set_policy(model->outbox, &leaving);
	assert_int_equal(report(model).dead, 2);
	assert_true(model->now[1].dead && model->now[2].dead);
	model_answer_fetch(model, true, at(11));
	assert_null(outbox_leaving(model->outbox));
	assert_int_equal(outbox_revive(model->outbox, 0, at(11)), 2);
	assert_int_equal(deliver(model, at(11)), 1);
	assert_int_equal(deliver(model, at(11)), 2);
}

static void test_an_operator_retries_and_drops(void **state)
{
	struct model *model = *state;
	struct boot now = at(0);

	for (int i = 0; i < 4; i++)
		add(model, OUTBOX_ALARM, 16, now);
	for (int tries = 0; tries < 2 * OUTBOX_REJECTIONS; tries++) {
		struct outbox_row *row = outbox_take(model->outbox, now);

		assert_non_null(row);
		outbox_answer(model->outbox, row, 404, -1, now);
		now = boot_add(now, 600 * SECOND);
	}
	assert_int_equal(report(model).dead, 2);
	assert_true(model->now[1].dead && model->now[2].dead);
	assert_int_equal(outbox_revive(model->outbox, 2, now), 1);
	assert_false(model->now[2].dead);
	assert_int_equal(outbox_drop(model->outbox, 3, false), 1);
	assert_false(model->now[3].there);
	assert_int_equal(deliver(model, now), 2);
	assert_int_equal(deliver(model, now), 4);
	assert_int_equal(outbox_drop(model->outbox, 0, true), 1);
	assert_int_equal(report(model).dead, 0);
	assert_false(model->now[1].there);
	assert_int_equal(outbox_drop(model->outbox, 77, false), 0);
}

/* One that an operator had wait again is younger than those behind it. */
static void test_what_waits_again_hides_no_age_behind_it(void **state)
{
	struct model *model = *state;
	struct outbox_policy short_lived = policy;
	struct outbox_row *row;
	struct boot due;

	short_lived.for_ns = 100 * SECOND;
	outbox_set_policy(model->outbox, &short_lived);
	add(model, OUTBOX_ALARM, 16, at(0));
	add(model, OUTBOX_ALARM, 16, at(50));
	add(model, OUTBOX_ALARM, 16, at(60));
	row = outbox_take(model->outbox, at(100));
	assert_int_equal(row->identity.seq, 2);
	outbox_return(model->outbox, row);
	assert_int_equal(report(model).dead, 1);
	assert_int_equal(outbox_revive(model->outbox, 1, at(110)), 1);
	row = outbox_take(model->outbox, at(111));
	assert_int_equal(row->identity.seq, 1);
	outbox_answer(model->outbox, row, 503, 3600 * SECOND, at(111));
	assert_true(outbox_deadline(model->outbox, &due));
	assert_int_equal(due.ns, at(150).ns);
	assert_null(outbox_take(model->outbox, at(149)));
	assert_int_equal(report(model).expired, 1);
	assert_null(outbox_take(model->outbox, at(160)));
	assert_int_equal(report(model).expired, 3);
	assert_int_equal(report(model).waiting, 1);
	assert_true(outbox_deadline(model->outbox, &due));
	assert_int_equal(due.ns, at(210).ns);
}

/* As it is found again: its age is that of its second life. */
static void test_what_waits_again_hides_no_age_after_a_restart(void **state)
{
	struct model *model = *state;
	struct outbox_policy short_lived = policy;

	short_lived.for_ns = 100 * SECOND;
	outbox_set_policy(model->outbox, &short_lived);
	for (uint64_t seq = 1; seq <= 3; seq++) {
		struct outbox_found found = {
			.identity.seq = seq,
			.created = at(seq == 1 ? 90 : 10 * (int64_t)seq),
			.why = "",
			.size = 100,
		};

		outbox_load(model->outbox, &found);
	}
	outbox_take(model->outbox, at(135));
	assert_int_equal(report(model).expired, 2);
	assert_int_equal(report(model).waiting, 1);
}

static void count_ready(void *arg)
{
	(*(unsigned *)arg)++;
}

static void test_an_operator_ends_every_pause(void **state)
{
	struct model *model = *state;
	struct outbox_row *row;
	unsigned ready = 0;

	for (int i = 0; i < 3; i++)
		add(model, i == 2 ? OUTBOX_TELEMETRY : OUTBOX_ALARM, 16, at(0));
	assert_int_equal(report(model).lanes[OUTBOX_ALARM], 2);
	assert_int_equal(report(model).lanes[OUTBOX_TELEMETRY], 1);
	assert_false(outbox_is_served(model->outbox));
	outbox_set_ready(model->outbox, count_ready, &ready);
	assert_true(outbox_is_served(model->outbox));
	row = outbox_take(model->outbox, at(0));
	outbox_answer(model->outbox, row, 503, 3600 * SECOND, at(0));
	assert_null(outbox_take(model->outbox, at(1)));
	/* A number that nobody has ends the backoff as well. */
	assert_int_equal(outbox_try_now(model->outbox, 77), 0);
	row = outbox_take(model->outbox, at(1));
	assert_non_null(row);
	outbox_answer(model->outbox, row, 404, 3600 * SECOND, at(1));
	assert_null(outbox_take(model->outbox, at(2)));
	assert_int_equal(outbox_try_now(model->outbox, 1), 1);
	row = outbox_take(model->outbox, at(2));
	assert_non_null(row);
	outbox_answer(model->outbox, row, 410, -1, at(2));
	assert_null(outbox_take(model->outbox, at(3)));
	assert_int_equal(outbox_try_now(model->outbox, 0), 3);
	assert_int_equal(deliver(model, at(3)), 1);
	assert_int_equal(ready, 3);
	assert_int_equal(outbox_drop(model->outbox, 2, false), 1);
	assert_int_equal(report(model).lanes[OUTBOX_ALARM], 0);
	assert_int_equal(report(model).lanes[OUTBOX_TELEMETRY], 1);
	/* What is first now may go. */
	assert_int_equal(ready, 4);
}

static void test_who_waits_is_told_of_what_is_found_late(void **state)
{
	struct model *model = *state;
	struct outbox_found found = {.identity.seq = 1, .why = "", .size = 100};
	unsigned ready = 0;

	outbox_set_ready(model->outbox, count_ready, &ready);
	outbox_load(model->outbox, &found);
	assert_int_equal(ready, 1);
	found = (struct outbox_found){
		.identity.seq = 2, .dead = true, .why = "rejected", .size = 100};
	outbox_load(model->outbox, &found);
	assert_int_equal(ready, 1);
}

static void test_what_a_crash_would_not_take_is_known(void **state)
{
	struct model *model = *state;
	const struct outbox_row *row;

	add(model, OUTBOX_ALARM, 16, at(0));
	add(model, OUTBOX_ALARM, 16, at(0));
	row = outbox_next(model->outbox, NULL);
	assert_false(outbox_durable(model->outbox, row));
	outbox_committed(model->outbox, 1);
	assert_true(outbox_durable(model->outbox, row));
	assert_false(outbox_durable(model->outbox, outbox_next(model->outbox, row)));
	model_commit(model);
	model_crash(model, at(0));
	row = outbox_next(model->outbox, NULL);
	assert_true(outbox_durable(model->outbox, row));
}

/*
 * Random lives: messages, commits, crashes, answers of all kinds, stores that fail to read or
 * are full. What was committed and not ended is there after each crash; within a lane
 * deliveries come in order, each with the text of its number.
 */
static void live(uint64_t seed)
{
	struct model *model = xcalloc(1, sizeof(*model));
	struct random random;
	struct boot now = at(0);
	uint64_t last[OUTBOX_LANES] = {0};

	random_init(&random, seed);
	model_open(model, now);
	for (int step = 0; step < 1500; step++) {
		int64_t what = random_between(&random, 0, 99);
		struct outbox_row *row;
		size_t durable = 0;

		now = boot_add(now, random_between(&random, 0, 4 * SECOND));
		if (what < 40) {
			model->refuse = what == 0 ? 3 : 0;
			if (report(model).last_seq < ROWS_MAX - 1)
				add(model, what % 2 == 0 ? OUTBOX_ALARM : OUTBOX_TELEMETRY,
				    (size_t)random_between(&random, 16, 20000), now);
			model->refuse = 0;
		} else if (what < 60) {
			model_commit(model);
		} else if (what < 70) {
			model_answer_fetch(model, what != 60, now);
		} else if (what < 98) {
			static const int moods[] = {200, 200, 200, 200, 0, 503, 404};
			int status = moods[random_between(&random, 0, 6)];

			row = outbox_take(model->outbox, now);
			if (row == NULL)
				continue;
			if (status == 200) {
				assert_true(row->identity.seq > last[row->message.lane]);
				last[row->message.lane] = row->identity.seq;
				assert_int_equal(strtoul(row->message.body, NULL, 10),
						 row->identity.seq);
			}
			outbox_answer(model->outbox, row, status, -1, now);
		} else {
			last[0] = last[1] = 0;
			model_crash(model, now);
			for (size_t i = 0; i < ROWS_MAX; i++)
				durable += model->durable[i].there && !model->durable[i].dead;
			assert_int_equal(report(model).waiting, durable);
		}
	}
	outbox_free(model->outbox);
	free(model);
}

static void test_random_lives_lose_nothing_that_was_committed(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 40; seed++)
		live(seed);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(test_only_the_first_texts_stay_in_memory),
		CASE(test_large_texts_do_not_stay_either),
		CASE(test_what_is_not_committed_stays_in_memory),
		CASE(test_after_a_crash_all_committed_rows_go_in_order),
		CASE(test_a_number_is_not_used_twice_over_a_crash),
		CASE(test_a_store_that_cannot_be_read_is_asked_again),
		CASE(test_what_the_store_has_lost_is_told_as_a_gap),
		CASE(test_alarms_push_out_telemetry_the_oldest_first),
		CASE(test_a_queue_of_alarms_keeps_the_first_or_the_last_as_it_is_told),
		CASE(test_what_is_under_way_is_never_pushed_out),
		CASE(test_a_store_without_room_costs_telemetry_first),
		CASE(test_a_store_without_room_costs_nothing_in_vain),
		CASE(test_a_full_store_takes_the_new_one_with_the_next_commit),
		CASE(test_what_waits_for_the_store_is_bounded),
		CASE(test_what_is_put_again_without_room_stays_in_memory),
		CASE(test_what_was_given_up_is_put_again),
		CASE(test_rows_that_go_while_they_are_asked_for_hold_up_nobody),
		CASE(test_an_answer_for_a_row_that_is_gone_costs_no_other),
		CASE(test_what_is_given_up_leaves_for_the_fallback),
		CASE(test_what_cannot_leave_is_bounded),
		CASE(test_what_is_offered_costs_little),
		CASE(test_what_was_leaving_is_a_dead_letter_without_a_fallback),
		CASE(test_an_operator_retries_and_drops),
		CASE(test_an_operator_ends_every_pause),
		CASE(test_what_waits_again_hides_no_age_behind_it),
		CASE(test_what_waits_again_hides_no_age_after_a_restart),
		CASE(test_who_waits_is_told_of_what_is_found_late),
		CASE(test_what_a_crash_would_not_take_is_known),
		cmocka_unit_test(test_random_lives_lose_nothing_that_was_committed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
