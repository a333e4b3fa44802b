/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * The cases in which Modbus masters for serial lines lose their step, each followed by a
 * request that has to be answered as if nothing had been.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "rtu_slave.h"

static const int64_t late_ns = 400 * NSEC_PER_MSEC; /* 200 ms behind the timeout */

static void test_rtu_case_01_normal(void **state)
{
	struct rtu_test *t = *state;

	rtu_start(t);
	rtu_assert_case(t, MODBUS_OK);
	assert_int_equal(t->requests, 2);
	assert_int_equal(rtu_count(t, "answers"), 2);
	assert_int_equal(rtu_count(t, "quarantines"), 0);
}

static void plays_split(struct rtu_test *t, const uint8_t *frame, size_t len)
{
	uint8_t answer[MODBUS_RTU_MAX];
	size_t n = rtu_answer(frame, answer);

	rtu_send(t, answer, n / 2);
	rtu_send_later(t, 5 * NSEC_PER_MSEC, answer + n / 2, n - n / 2);
}

static void test_rtu_case_02_split_in_two_writes(void **state)
{
	struct rtu_test *t = *state;

	t->request = plays_split;
	rtu_start(t);
	rtu_assert_case(t, MODBUS_OK);
}

static void plays_single_bytes(struct rtu_test *t, const uint8_t *frame, size_t len)
{
	uint8_t answer[MODBUS_RTU_MAX];
	size_t n = rtu_answer(frame, answer);

	for (size_t i = 0; i < n; i++)
		rtu_send_later(t, (int64_t)i * 1040 * NSEC_PER_USEC, answer + i, 1);
}

static void test_rtu_case_03_one_byte_at_a_time(void **state)
{
	struct rtu_test *t = *state;

	t->request = plays_single_bytes;
	rtu_start(t);
	rtu_assert_case(t, MODBUS_OK);
}

static void plays_garbage_before(struct rtu_test *t, const uint8_t *frame, size_t len)
{
	rtu_send(t, "\xfe\x80\x00", 3);
	rtu_answers(t, frame, len);
}

static void test_rtu_case_04_garbage_before_the_frame(void **state)
{
	struct rtu_test *t = *state;

	t->request = plays_garbage_before;
	rtu_start(t);
	rtu_assert_case(t, MODBUS_OK);
	assert_int_equal(rtu_count(t, "noise_bytes"), 3);
}

static void plays_garbage_like_a_start(struct rtu_test *t, const uint8_t *frame, size_t len)
{
	rtu_send(t, "\x01\x03\x08", 3);
	rtu_answers(t, frame, len);
}

static void test_rtu_case_05_garbage_like_the_start_of_a_frame(void **state)
{
	struct rtu_test *t = *state;

	t->request = plays_garbage_like_a_start;
	rtu_start(t);
	rtu_assert_case(t, MODBUS_OK);
}

static void plays_echo(struct rtu_test *t, const uint8_t *frame, size_t len)
{
	rtu_send(t, frame, len);
	rtu_answers(t, frame, len);
}

static void test_rtu_case_06_local_echo_of_a_read(void **state)
{
	struct rtu_test *t = *state;

	t->request = plays_echo;
	rtu_start(t);
	rtu_assert_case(t, MODBUS_OK);
}

static void plays_garbage_after(struct rtu_test *t, const uint8_t *frame, size_t len)
{
	uint8_t answer[MODBUS_RTU_MAX + 4];
	size_t n = rtu_answer(frame, answer);

	memcpy(answer + n, "\x01\x03\xff\x00", 4);
	rtu_send(t, answer, n + 4);
}

static void test_rtu_case_07_garbage_after_the_frame(void **state)
{
	struct rtu_test *t = *state;

	t->request = plays_garbage_after;
	rtu_start(t);
	rtu_assert_case(t, MODBUS_OK);
	assert_int_equal(rtu_count(t, "noise_bytes"), 4);
}

static void plays_wrong_crc(struct rtu_test *t, const uint8_t *frame, size_t len)
{
	uint8_t answer[MODBUS_RTU_MAX];
	size_t n = rtu_answer(frame, answer);

	answer[n - 1] ^= 0x10;
	rtu_send(t, answer, n);
}

static void test_rtu_case_08_wrong_crc(void **state)
{
	struct rtu_test *t = *state;

	t->request = plays_wrong_crc;
	rtu_start(t);
	rtu_assert_case(t, MODBUS_DAMAGED);
	assert_int_equal(rtu_count(t, "garbled"), 1);
	assert_int_equal(rtu_count(t, "quarantines"), 1);
}

static void plays_other_unit(struct rtu_test *t, const uint8_t *frame, size_t len)
{
	uint8_t other[8];

	memcpy(other, frame, 8);
	other[0] = 9;
	rtu_answers(t, other, len);
}

static void test_rtu_case_09_answer_from_another_unit(void **state)
{
	struct rtu_test *t = *state;

	t->request = plays_other_unit;
	rtu_start(t);
	rtu_assert_case(t, MODBUS_TIMEOUT);
	assert_int_equal(rtu_count(t, "unknown_answers"), 1);
}

static void plays_exception(struct rtu_test *t, const uint8_t *frame, size_t len)
{
	uint8_t answer[MODBUS_RTU_MAX];

	rtu_send(t, answer, rtu_exception(frame, MODBUS_ILLEGAL_ADDRESS, answer));
}

static void test_rtu_case_10_exception(void **state)
{
	struct rtu_test *t = *state;

	t->request = plays_exception;
	rtu_start(t);
	rtu_assert_case(t, MODBUS_EXCEPTION);
	assert_int_equal(t->asks[0].exception, MODBUS_ILLEGAL_ADDRESS);
	assert_int_equal(rtu_count(t, "exceptions"), 1);
}

static void plays_short(struct rtu_test *t, const uint8_t *frame, size_t len)
{
	uint8_t answer[MODBUS_RTU_MAX];

	rtu_send(t, answer, rtu_answer(frame, answer) - 3);
}

static void test_rtu_case_11_answer_three_bytes_short(void **state)
{
	struct rtu_test *t = *state;

	t->request = plays_short;
	rtu_start(t);
	rtu_assert_case(t, MODBUS_DAMAGED);
}

static void plays_wrong_count(struct rtu_test *t, const uint8_t *frame, size_t len)
{
	uint8_t other[8];

	memcpy(other, frame, 8);
	other[5]++;
	rtu_answers(t, other, len);
}

static void test_rtu_case_12_wrong_byte_count(void **state)
{
	struct rtu_test *t = *state;

	t->request = plays_wrong_count;
	rtu_start(t);
	rtu_assert_case(t, MODBUS_TIMEOUT);
}

static void plays_into_quarantine(struct rtu_test *t, const uint8_t *frame, size_t len)
{
	rtu_answers_late(t, frame, 260 * NSEC_PER_MSEC);
}

static void test_rtu_case_13_late_in_quarantine(void **state)
{
	struct rtu_test *t = *state;

	t->request = plays_into_quarantine;
	rtu_start(t);
	rtu_assert_case(t, MODBUS_TIMEOUT);
	assert_int_equal(rtu_count(t, "late_answers"), 1);
}

static void plays_late(struct rtu_test *t, const uint8_t *frame, size_t len)
{
	rtu_answers_late(t, frame, late_ns);
	t->request = NULL;
}

static void test_rtu_case_14_late_and_the_next_has_another_count(void **state)
{
	struct rtu_test *t = *state;

	t->request = plays_late;
	rtu_start(t);
	assert_int_equal(rtu_asked(t, 0, 1, MODBUS_READ_HOLDING, 1000, 2)->outcome,
			 MODBUS_TIMEOUT);
	rtu_assert_good(rtu_asked(t, 1, 1, MODBUS_READ_HOLDING, 2000, 5));
	rtu_assert_good(rtu_asked(t, 2, 1, MODBUS_READ_HOLDING, 3000, 2));
	assert_int_equal(rtu_count(t, "late_probes"), 0);
}

static void test_rtu_case_15_late_and_the_next_goes_to_another_unit(void **state)
{
	struct rtu_test *t = *state;

	t->request = plays_late;
	rtu_start(t);
	assert_int_equal(rtu_asked(t, 0, 1, MODBUS_READ_HOLDING, 1000, 2)->outcome,
			 MODBUS_TIMEOUT);
	rtu_assert_good(rtu_asked(t, 1, 2, MODBUS_READ_HOLDING, 2000, 2));
	rtu_assert_good(rtu_asked(t, 2, 2, MODBUS_READ_HOLDING, 3000, 2));
}

static void test_rtu_case_16_fault_B1_late_and_the_next_looks_the_same(void **state)
{
	struct rtu_test *t = *state;

	t->request = plays_late;
	rtu_start(t);
	assert_int_equal(rtu_asked(t, 0, 1, MODBUS_READ_HOLDING, 1000, 2)->outcome,
			 MODBUS_TIMEOUT);
	/* Its answer would be 1000, and the value of another register. */
	rtu_assert_good(rtu_asked(t, 1, 1, MODBUS_READ_HOLDING, 2000, 2));
	rtu_assert_good(rtu_asked(t, 2, 1, MODBUS_READ_HOLDING, 3000, 2));
	assert_int_equal(rtu_count(t, "late_answers"), 1);
	assert_int_equal(rtu_count(t, "late_probes"), 1);
	/* The probe: the same start, another count. */
	assert_int_equal(t->requests, 4);
	assert_int_equal(t->heard[1].address, 2000);
	assert_int_equal(t->heard[1].count, 1);
}

static void test_rtu_case_17_broadcast_is_sent_and_not_waited_for(void **state)
{
	struct rtu_test *t = *state;

	rtu_start(t);
	assert_int_equal(rtu_asked(t, 0, 0, MODBUS_WRITE_REGISTER, 7, 1)->outcome, MODBUS_OK);
	assert_int_equal(t->requests, 1);
	assert_int_equal(t->heard[0].unit, 0);
	assert_int_equal(rtu_count(t, "broadcasts"), 1);
	assert_int_equal(rtu_count(t, "timeouts"), 0);
}

static void test_rtu_case_18_read_after_a_broadcast(void **state)
{
	struct rtu_test *t = *state;

	rtu_start(t);
	rtu_submit(t, 0, 0, MODBUS_WRITE_REGISTERS, 7, 3);
	rtu_assert_good(rtu_asked(t, 1, 1, MODBUS_READ_HOLDING, 2000, 2));
	assert_int_equal(t->asks[0].outcome, MODBUS_OK);
	/* The units have the time that they need for it. */
	assert_true(mono_diff(t->heard[1].at, t->heard[0].at) >= t->config.line.turnaround_ns);
}

/* A unit that works off one request behind the other: it repeats a write that was late. */
static void plays_repeated_write(struct rtu_test *t, const uint8_t *frame, size_t len)
{
	static uint8_t kept[3][MODBUS_RTU_MAX];
	static size_t kept_len[3];

	if (t->step < 3)
		kept_len[t->step] = rtu_answer(frame, kept[t->step]);
	if (t->step == 2)
		rtu_send(t, kept[0], kept_len[0]);
	if (t->step == 3) {
		rtu_send(t, kept[1], kept_len[1]);
		rtu_send(t, kept[2], kept_len[2]);
		rtu_answers(t, frame, len);
		t->request = NULL;
	}
	t->step++;
}

static void test_fault_B1_rtu_answer_to_a_repeated_write_says_nothing_of_reads(void **state)
{
	struct rtu_test *t = *state;

	t->request = plays_repeated_write;
	rtu_start(t);
	assert_int_equal(rtu_asked(t, 0, 1, MODBUS_WRITE_REGISTER, 7, 1)->outcome,
			 MODBUS_TIMEOUT);
	assert_int_equal(rtu_asked(t, 1, 1, MODBUS_READ_HOLDING, 1000, 2)->outcome,
			 MODBUS_TIMEOUT);
	/* What comes is the answer to the first one: the read's is still on its way. */
	assert_int_equal(rtu_asked(t, 2, 1, MODBUS_WRITE_REGISTER, 7, 1)->outcome, MODBUS_OK);
	rtu_assert_good(rtu_asked(t, 3, 1, MODBUS_READ_HOLDING, 2000, 2));
	assert_int_equal(rtu_count(t, "late_answers"), 2);
	rtu_assert_good(rtu_asked(t, 4, 1, MODBUS_READ_HOLDING, 3000, 2));
	assert_int_equal(rtu_count(t, "late_probes"), 1);
}

static void test_fault_B4_rtu_echo_that_nobody_told_of_confirms_no_write(void **state)
{
	struct rtu_test *t = *state;

	t->echo = true;
	rtu_start(t);
	rtu_assert_good(rtu_asked(t, 0, 1, MODBUS_READ_HOLDING, 1000, 2));
	t->request = rtu_ignores;
	assert_int_equal(rtu_asked(t, 1, 1, MODBUS_WRITE_REGISTER, 7, 1)->outcome,
			 MODBUS_TIMEOUT);
	t->request = NULL;
	assert_int_equal(rtu_asked(t, 2, 1, MODBUS_WRITE_REGISTER, 8, 1)->outcome, MODBUS_OK);
	/* It is gone: the answer to a write looks like it, and is one. */
	t->echo = false;
	rtu_assert_good(rtu_asked(t, 3, 1, MODBUS_READ_HOLDING, 1000, 2));
	assert_int_equal(rtu_asked(t, 4, 1, MODBUS_WRITE_REGISTER, 9, 1)->outcome, MODBUS_OK);
}

static void test_fault_B4_rtu_noise_before_a_request_does_not_hold_it_for_ever(void **state)
{
	struct rtu_test *t = *state;
	struct mono end = mono_add(clock_mono(), 30 * NSEC_PER_SEC);
	struct rtu_ask *a = NULL;

	t->request = rtu_ignores;
	rtu_start(t);
	assert_true(modbus_line_gap(&t->config.line) > 3 * NSEC_PER_MSEC);
	for (unsigned turn = 0; a == NULL || a->done == 0; turn++) {
		if (mono_diff(clock_mono(), t->sent) >= 2 * NSEC_PER_MSEC)
			rtu_send(t, "\xfe", 1);
		rtu_turn(t, mono_add(t->sent, 2 * NSEC_PER_MSEC));
		if (turn == 20)
			a = rtu_submit(t, 0, 1, MODBUS_WRITE_REGISTER, 7, 1);
		assert_true(clock_mono().ns < end.ns);
	}
	assert_int_equal(a->outcome, MODBUS_TIMEOUT);
	assert_int_equal(t->requests, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RTU_TEST(test_rtu_case_01_normal),
		RTU_TEST(test_rtu_case_02_split_in_two_writes),
		RTU_TEST(test_rtu_case_03_one_byte_at_a_time),
		RTU_TEST(test_rtu_case_04_garbage_before_the_frame),
		RTU_TEST(test_rtu_case_05_garbage_like_the_start_of_a_frame),
		RTU_TEST(test_rtu_case_06_local_echo_of_a_read),
		RTU_TEST(test_rtu_case_07_garbage_after_the_frame),
		RTU_TEST(test_rtu_case_08_wrong_crc),
		RTU_TEST(test_rtu_case_09_answer_from_another_unit),
		RTU_TEST(test_rtu_case_10_exception),
		RTU_TEST(test_rtu_case_11_answer_three_bytes_short),
		RTU_TEST(test_rtu_case_12_wrong_byte_count),
		RTU_TEST(test_rtu_case_13_late_in_quarantine),
		RTU_TEST(test_rtu_case_14_late_and_the_next_has_another_count),
		RTU_TEST(test_rtu_case_15_late_and_the_next_goes_to_another_unit),
		RTU_TEST(test_rtu_case_16_fault_B1_late_and_the_next_looks_the_same),
		RTU_TEST(test_rtu_case_17_broadcast_is_sent_and_not_waited_for),
		RTU_TEST(test_rtu_case_18_read_after_a_broadcast),
		RTU_TEST(test_fault_B1_rtu_answer_to_a_repeated_write_says_nothing_of_reads),
		RTU_TEST(test_fault_B4_rtu_echo_that_nobody_told_of_confirms_no_write),
		RTU_TEST(test_fault_B4_rtu_noise_before_a_request_does_not_hold_it_for_ever),
	};

	log_init(STDERR_FILENO, LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
