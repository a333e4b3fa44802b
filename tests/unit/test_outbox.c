/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* The queue of a webhook on a virtual clock: order, backoff, classes of outcomes, limits. */
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

static const struct outbox_policy strict = {
	.strict = true, .first_ns = SECOND, .max_ns = 300 * SECOND, .for_ns = 7 * DAY};
static const struct outbox_policy loose = {
	.in_flight = 4, .first_ns = SECOND, .max_ns = 300 * SECOND, .for_ns = 7 * DAY};

static struct boot at(int64_t seconds)
{
	return (struct boot){seconds * SECOND};
}

static uint64_t add(struct outbox *outbox, struct boot now)
{
	struct outbox_message message = {
		.url = "http://h/", .headers = "A: b\n", .body = "body", .body_len = 4};
	struct outbox_identity identity;

	outbox_identify(outbox, &identity);
	assert_int_equal(outbox_add(outbox, &identity, &message, now), 0);
	return identity.seq;
}

static struct outbox_row *take(struct outbox *outbox, struct boot now, uint64_t seq)
{
	struct outbox_row *row = outbox_take(outbox, now);

	assert_non_null(row);
	assert_int_equal(row->identity.seq, seq);
	return row;
}

static struct outbox_report report(const struct outbox *outbox)
{
	struct outbox_report box;

	outbox_report(outbox, &box);
	return box;
}

static void test_a_message_keeps_what_it_was_made_of(void **state)
{
	struct outbox *outbox = outbox_new(&strict, 1, NULL);
	char url[] = "http://h/x", headers[] = "A: b\n", body[] = "t\0wo";
	struct outbox_message message = {
		.url = url, .headers = headers, .body = body, .body_len = 4};
	struct outbox_identity identity;
	struct outbox_row *row;

	(void)state;
	outbox_identify(outbox, &identity);
	outbox_add(outbox, &identity, &message, at(5));
	memset(url, '#', sizeof(url) - 1);
	memset(headers, '#', sizeof(headers) - 1);
	memset(body, '#', sizeof(body));
	row = take(outbox, at(5), 1);
	assert_string_equal(row->message.url, "http://h/x");
	assert_string_equal(row->message.headers, "A: b\n");
	assert_int_equal(row->message.body_len, 4);
	assert_memory_equal(row->message.body, "t\0wo", 5);
	assert_string_equal(row->identity.id, identity.id);
	outbox_free(outbox);
}

static void test_identities_are_msg_and_22_digits_and_differ(void **state)
{
	struct outbox *outbox = outbox_new(&strict, 1, NULL);
	struct outbox_identity ids[200];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		outbox_identify(outbox, &ids[i]);
		assert_int_equal(ids[i].seq, i + 1);
		assert_int_equal(strlen(ids[i].id), 26);
		assert_memory_equal(ids[i].id, "msg_", 4);
		assert_int_equal(strspn(ids[i].id + 4, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
						       "abcdefghijklmnopqrstuvwxyz"),
				 22);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(ids[i].id, ids[k].id);
	}
	outbox_free(outbox);
}

static void test_strict_order_has_one_under_way(void **state)
{
	struct outbox *outbox = outbox_new(&strict, 1, NULL);
	struct outbox_row *row;
	struct boot due;

	(void)state;
	assert_false(outbox_deadline(outbox, &due));
	for (int i = 0; i < 3; i++)
		add(outbox, at(0));
	for (uint64_t seq = 1; seq <= 3; seq++) {
		assert_true(outbox_deadline(outbox, &due));
		assert_int_equal(due.ns, 0);
		row = take(outbox, at(1), seq);
		assert_null(outbox_take(outbox, at(1)));
		assert_int_equal(outbox_answer(outbox, row, 204, -1, at(1)), OUTBOX_DONE);
	}
	assert_int_equal(report(outbox).delivered, 3);
	assert_int_equal(report(outbox).waiting, 0);
	assert_int_equal(report(outbox).bytes, 0);
	outbox_free(outbox);
}

static void test_without_order_four_are_under_way(void **state)
{
	struct outbox *outbox = outbox_new(&loose, 1, NULL);
	struct outbox_row *rows[4];

	(void)state;
	for (int i = 0; i < 6; i++)
		add(outbox, at(0));
	for (uint64_t i = 0; i < 4; i++)
		rows[i] = take(outbox, at(0), i + 1);
	assert_null(outbox_take(outbox, at(0)));
	outbox_answer(outbox, rows[2], 200, -1, at(0));
	take(outbox, at(0), 5);
	assert_null(outbox_take(outbox, at(0)));
	outbox_free(outbox);
}

static void test_every_status_has_its_class(void **state)
{
	(void)state;
	for (int status = 0; status < 600; status = status == 0 ? 200 : status + 1) {
		struct outbox *outbox = outbox_new(&strict, 1, NULL);
		enum outbox_verdict verdict;
		struct outbox_report box;
		bool trouble = status == 0 || status == 408 || status == 425 || status == 429 ||
			       status >= 500;

		add(outbox, at(0));
		verdict = outbox_answer(outbox, take(outbox, at(0), 1), status, -1, at(0));
		box = report(outbox);
		assert_int_equal(verdict, status >= 200 && status < 300 ? OUTBOX_DONE
					  : status == 410		? OUTBOX_PARKED
									: OUTBOX_RETRY);
		assert_int_equal(box.failures, trouble);
		assert_int_equal(box.rejections, !trouble && verdict != OUTBOX_DONE);
		assert_int_equal(box.held, trouble);
		assert_int_equal(box.waiting, verdict != OUTBOX_DONE);
		outbox_free(outbox);
	}
}

static void test_backoff_doubles_to_its_maximum_with_jitter(void **state)
{
	int64_t longest = 0, ceiling = SECOND;
	struct outbox *outbox = outbox_new(&strict, 7, NULL);
	struct boot now = at(0), due;

	(void)state;
	add(outbox, now);
	for (int failures = 1; failures <= 400; failures++) {
		int64_t pause;

		outbox_answer(outbox, take(outbox, now, 1), 503, -1, now);
		assert_true(outbox_deadline(outbox, &due));
		pause = boot_diff(due, now);
		assert_in_range(pause, SECOND / 10, ceiling);
		longest = pause > longest ? pause : longest;
		assert_null(outbox_take(outbox, boot_add(due, -1)));
		now = due;
		ceiling = ceiling < 150 * SECOND ? 2 * ceiling : 300 * SECOND;
	}
	/* Of 390 pauses below 300 s the longest is above 270 s but with a chance of 1e-18. */
	assert_true(longest > 270 * SECOND);
	outbox_free(outbox);
}

static void test_success_wakes_the_queue_and_ends_the_backoff(void **state)
{
	struct outbox *outbox = outbox_new(&loose, 1, NULL);
	struct outbox_row *a, *b;
	struct boot due;

	(void)state;
	for (int i = 0; i < 3; i++)
		add(outbox, at(0));
	a = take(outbox, at(0), 1);
	b = take(outbox, at(0), 2);
	assert_int_equal(outbox_answer(outbox, a, 503, -1, at(1)), OUTBOX_RETRY);
	assert_null(outbox_take(outbox, at(1)));
	assert_int_equal(outbox_answer(outbox, b, 200, -1, at(1)), OUTBOX_DONE);
	assert_true(outbox_deadline(outbox, &due));
	assert_true(due.ns <= at(1).ns);
	take(outbox, at(1), 1);
	take(outbox, at(1), 3);
	outbox_free(outbox);
}

static void test_tries_that_fail_together_count_once(void **state)
{
	struct outbox *outbox = outbox_new(&loose, 1, NULL);
	struct outbox_row *rows[4];
	struct boot due;

	(void)state;
	for (int i = 0; i < 4; i++)
		add(outbox, at(0));
	for (uint64_t i = 0; i < 4; i++)
		rows[i] = take(outbox, at(0), i + 1);
	for (int i = 0; i < 4; i++)
		outbox_answer(outbox, rows[i], 0, -1, at(0));
	assert_true(outbox_deadline(outbox, &due));
	/* The first pause, not the fourth. */
	assert_in_range(due.ns, SECOND / 10, SECOND);
	outbox_free(outbox);
}

static void test_fault_C4_retry_after_is_obeyed_within_limits(void **state)
{
	static const struct {
		int64_t told_ns, obeyed_ns;
	} cases[] = {
		{0, SECOND},
		{SECOND, SECOND},
		{42 * SECOND, 42 * SECOND},
		{INT32_MAX * SECOND, 3600 * SECOND},
		{1000000000 * (SECOND / 1000), 3600 * SECOND},
	};
	struct boot due;

	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_SIZE(cases); i++) {
		struct outbox *outbox = outbox_new(&strict, 1, NULL);

		/* Trouble holds the queue, a rejection the message: both obey. */
		add(outbox, at(0));
		outbox_answer(outbox, take(outbox, at(10), 1), i % 2 == 0 ? 503 : 404,
			      cases[i / 2].told_ns, at(10));
		assert_true(outbox_deadline(outbox, &due));
		assert_int_equal(boot_diff(due, at(10)), cases[i / 2].obeyed_ns);
		assert_null(outbox_take(outbox, boot_add(due, -1)));
		assert_non_null(outbox_take(outbox, due));
		outbox_free(outbox);
	}
}

static void test_fault_C11_poison_goes_to_the_dead_letters_after_five_tries(void **state)
{
	struct outbox *outbox = outbox_new(&strict, 1, NULL);
	struct boot now = at(0);

	(void)state;
	add(outbox, now);
	add(outbox, now);
	for (int i = 1; i <= OUTBOX_REJECTIONS; i++) {
		enum outbox_verdict verdict =
			outbox_answer(outbox, take(outbox, now, 1), 400, -1, now);

		assert_int_equal(verdict, i < OUTBOX_REJECTIONS ? OUTBOX_RETRY : OUTBOX_DEAD);
		if (verdict == OUTBOX_RETRY)
			assert_true(outbox_deadline(outbox, &now));
	}
	/* The next one goes, at once. */
	assert_int_equal(outbox_answer(outbox, take(outbox, now, 2), 200, -1, now),
			 OUTBOX_DONE);
	assert_int_equal(report(outbox).dead_letters, 1);
	assert_int_equal(outbox_dead_next(outbox, NULL)->identity.seq, 1);
	assert_null(outbox_dead_next(outbox, outbox_dead_next(outbox, NULL)));
	outbox_free(outbox);
}

static void test_trouble_does_not_count_as_rejection(void **state)
{
	struct outbox *outbox = outbox_new(&strict, 1, NULL);
	struct boot now = at(0);

	(void)state;
	add(outbox, now);
	for (int i = 0; i < 40; i++) {
		/* Four rejections and any number of failures kill nothing. */
		int status = i % 10 == 9 ? 404 : 503;

		assert_int_equal(outbox_answer(outbox, take(outbox, now, 1), status, -1, now),
				 OUTBOX_RETRY);
		assert_true(outbox_deadline(outbox, &now));
	}
	outbox_free(outbox);
}

static void test_old_messages_are_given_up(void **state)
{
	struct outbox_policy policy = strict;
	struct outbox *outbox;
	struct boot due;

	(void)state;
	policy.for_ns = 60 * SECOND;
	outbox = outbox_new(&policy, 1, NULL);
	add(outbox, at(0));
	add(outbox, at(30));
	add(outbox, at(100));
	assert_int_equal(
		outbox_answer(outbox, take(outbox, at(59), 1), 503, 3600 * SECOND, at(61)),
		OUTBOX_DEAD);
	/* Held back until 3661, but the second one gets too old at 90. */
	assert_true(outbox_deadline(outbox, &due));
	assert_int_equal(due.ns, at(90).ns);
	assert_null(outbox_take(outbox, at(90)));
	assert_int_equal(report(outbox).expired, 2);
	assert_int_equal(report(outbox).dead, 2);
	assert_int_equal(report(outbox).waiting, 1);
	outbox_free(outbox);
}

static void test_fault_C5_gone_parks_and_keeps_the_messages(void **state)
{
	struct outbox *outbox = outbox_new(&strict, 1, NULL);
	struct boot due;

	(void)state;
	add(outbox, at(0));
	assert_int_equal(outbox_answer(outbox, take(outbox, at(0), 1), 410, -1, at(0)),
			 OUTBOX_PARKED);
	add(outbox, at(1));
	assert_null(outbox_take(outbox, at(1000)));
	/* Only old age is planned. */
	assert_true(outbox_deadline(outbox, &due));
	assert_int_equal(due.ns, 7 * DAY);
	outbox_unpark(outbox);
	outbox_answer(outbox, take(outbox, at(1000), 1), 200, -1, at(1000));
	take(outbox, at(1000), 2);
	outbox_free(outbox);
}

static void test_a_try_called_off_is_tried_again_at_once(void **state)
{
	struct outbox *outbox = outbox_new(&strict, 1, NULL);

	(void)state;
	add(outbox, at(0));
	add(outbox, at(0));
	outbox_return(outbox, take(outbox, at(0), 1));
	take(outbox, at(0), 1);
	outbox_free(outbox);
}

static void test_full_queue_keeps_the_oldest_and_counts(void **state)
{
	struct outbox *outbox = outbox_new(&strict, 1, NULL);
	struct outbox_message message = {
		.url = "http://h/", .headers = "", .body = "b", .body_len = 1};
	struct outbox_identity identity;

	(void)state;
	for (int i = 0; i < OUTBOX_COUNT_MAX; i++)
		add(outbox, at(0));
	outbox_identify(outbox, &identity);
	assert_int_equal(outbox_add(outbox, &identity, &message, at(0)), -ENOBUFS);
	assert_int_equal(report(outbox).dropped_full, 1);
	assert_int_equal(report(outbox).waiting, OUTBOX_COUNT_MAX);
	outbox_answer(outbox, take(outbox, at(0), 1), 200, -1, at(0));
	/* The number that was lost is not given again. */
	assert_int_equal(add(outbox, at(0)), OUTBOX_COUNT_MAX + 2);
	outbox_free(outbox);
}

static void test_queue_is_bounded_in_bytes_and_bodies_in_size(void **state)
{
	struct outbox *outbox = outbox_new(&strict, 1, NULL);
	char *body = xcalloc(1, OUTBOX_BODY_MAX + 1);
	struct outbox_message message = {.url = "http://h/",
					 .headers = "",
					 .body = body,
					 .body_len = OUTBOX_BODY_MAX + 1};
	struct outbox_identity identity;
	int rc = 0;

	(void)state;
	outbox_identify(outbox, &identity);
	assert_int_equal(outbox_add(outbox, &identity, &message, at(0)), -EMSGSIZE);
	assert_int_equal(report(outbox).dropped_size, 1);
	message.body_len = OUTBOX_BODY_MAX;
	for (int i = 0; i < 1000 && rc == 0; i++) {
		outbox_identify(outbox, &identity);
		rc = outbox_add(outbox, &identity, &message, at(0));
	}
	assert_int_equal(rc, -ENOBUFS);
	assert_true(report(outbox).bytes <= OUTBOX_BYTES_MAX);
	assert_true(report(outbox).bytes > OUTBOX_BYTES_MAX - 2 * OUTBOX_BODY_MAX);
	free(body);
	outbox_free(outbox);
}

static void test_dead_letters_are_bounded(void **state)
{
	struct outbox_policy policy = strict;
	struct outbox *outbox;

	(void)state;
	policy.for_ns = SECOND;
	outbox = outbox_new(&policy, 1, NULL);
	for (int i = 0; i < OUTBOX_DEAD_MAX + 10; i++)
		add(outbox, at(0));
	assert_null(outbox_take(outbox, at(2)));
	assert_int_equal(report(outbox).dead, OUTBOX_DEAD_MAX);
	assert_int_equal(report(outbox).dead_dropped, 10);
	assert_int_equal(report(outbox).dead_letters, OUTBOX_DEAD_MAX + 10);
	assert_int_equal(outbox_dead_next(outbox, NULL)->identity.seq, 11);
	outbox_free(outbox);
}

/*
 * A receiver with moods against a queue of 200: whatever it answers, each message ends once,
 * delivered or dead, and delivered ones come in the order in which they were added.
 */
static void play(uint64_t seed)
{
	static const int moods[] = {200, 200, 200, 204, 0, 503, 429, 404, 301, 408};
	struct outbox *outbox = outbox_new(&strict, seed, NULL);
	struct random random;
	struct boot now = at(0);
	uint64_t added = 0, last = 0, delivered = 0;
	struct outbox_report box;

	random_init(&random, seed);
	while (added < 200 || report(outbox).waiting > 0) {
		struct outbox_row *row;
		struct boot due;

		if (added < 200 && random_between(&random, 0, 1) == 1)
			added = add(outbox, now);
		row = outbox_take(outbox, now);
		if (row != NULL) {
			uint64_t seq = row->identity.seq;
			int status = moods[random_between(&random, 0, 9)];
			enum outbox_verdict verdict =
				outbox_answer(outbox, row, status, -1, now);

			assert_true(seq > last);
			if (verdict == OUTBOX_DONE) {
				last = seq;
				delivered++;
			}
		} else if (outbox_deadline(outbox, &due)) {
			assert_true(due.ns > now.ns);
			now = due;
		}
	}
	box = report(outbox);
	assert_int_equal(box.delivered, delivered);
	assert_int_equal(box.delivered + box.dead_letters, 200);
	assert_int_equal(box.accepted, 200);
	assert_int_equal(box.bytes, 0);
	outbox_free(outbox);
}

static void test_any_answers_keep_order_and_lose_nothing(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 50; seed++)
		play(seed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_message_keeps_what_it_was_made_of),
		cmocka_unit_test(test_identities_are_msg_and_22_digits_and_differ),
		cmocka_unit_test(test_strict_order_has_one_under_way),
		cmocka_unit_test(test_without_order_four_are_under_way),
		cmocka_unit_test(test_every_status_has_its_class),
		cmocka_unit_test(test_backoff_doubles_to_its_maximum_with_jitter),
		cmocka_unit_test(test_success_wakes_the_queue_and_ends_the_backoff),
		cmocka_unit_test(test_tries_that_fail_together_count_once),
		cmocka_unit_test(test_fault_C4_retry_after_is_obeyed_within_limits),
		cmocka_unit_test(
			test_fault_C11_poison_goes_to_the_dead_letters_after_five_tries),
		cmocka_unit_test(test_trouble_does_not_count_as_rejection),
		cmocka_unit_test(test_old_messages_are_given_up),
		cmocka_unit_test(test_fault_C5_gone_parks_and_keeps_the_messages),
		cmocka_unit_test(test_a_try_called_off_is_tried_again_at_once),
		cmocka_unit_test(test_full_queue_keeps_the_oldest_and_counts),
		cmocka_unit_test(test_queue_is_bounded_in_bytes_and_bodies_in_size),
		cmocka_unit_test(test_dead_letters_are_bounded),
		cmocka_unit_test(test_any_answers_keep_order_and_lose_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
