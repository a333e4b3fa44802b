/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* A serial line on which everything goes wrong, and units that have their own ways. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/log.h"
#include "io/modbus_queue.h"
#include "rtu_slave.h"

static const int64_t late_ns = 400 * NSEC_PER_MSEC; /* 200 ms behind the timeout */

static void plays_exception_in_chunks(struct rtu_test *t, const uint8_t *frame, size_t len)
{
	uint8_t answer[MODBUS_RTU_MAX];
	size_t n = rtu_exception(frame, MODBUS_ILLEGAL_VALUE, answer);

	rtu_send(t, answer, 2);
	rtu_send_later(t, 5 * NSEC_PER_MSEC, answer + 2, n - 2);
}

static void test_rtu_exception_in_two_chunks(void **state)
{
	struct rtu_test *t = *state;

	t->request = plays_exception_in_chunks;
	rtu_start(t);
	rtu_assert_case(t, MODBUS_EXCEPTION);
	assert_int_equal(t->asks[0].exception, MODBUS_ILLEGAL_VALUE);
}

static void plays_swapped_crc(struct rtu_test *t, const uint8_t *frame, size_t len)
{
	uint8_t answer[MODBUS_RTU_MAX], low;
	size_t n = rtu_answer(frame, answer);

	low = answer[n - 2];
	answer[n - 2] = answer[n - 1];
	answer[n - 1] = low;
	rtu_send(t, answer, n);
}

static void test_fault_B4_rtu_crc_bytes_swapped(void **state)
{
	struct rtu_test *t = *state;

	t->request = plays_swapped_crc;
	rtu_start(t);
	rtu_assert_case(t, MODBUS_DAMAGED);
}

static void test_rtu_answer_of_255_bytes(void **state)
{
	struct rtu_test *t = *state;
	struct rtu_ask *a;

	rtu_start(t);
	a = rtu_asked(t, 0, 1, MODBUS_READ_HOLDING, 300, 125);
	rtu_assert_good(a);
	assert_int_equal(modbus_rtu_answer_length(&a->job.request), 255);
}

static void plays_garbage_like_starts(struct rtu_test *t, const uint8_t *frame, size_t len)
{
	uint8_t bytes[120];

	for (size_t i = 0; i < sizeof(bytes); i += 3)
		memcpy(bytes + i, "\x01\x03\x04", 3);
	rtu_send(t, bytes, sizeof(bytes));
	rtu_answers(t, frame, len);
}

static void test_rtu_garbage_with_unit_and_function_repeatedly(void **state)
{
	struct rtu_test *t = *state;

	t->request = plays_garbage_like_starts;
	rtu_start(t);
	rtu_assert_case(t, MODBUS_OK);
}

static void plays_hidden(struct rtu_test *t, const uint8_t *frame, size_t len)
{
	uint8_t bytes[700];
	size_t n;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * i * 31 + 17 * i);
	n = rtu_answer(frame, bytes + 350);
	rtu_send(t, bytes, 700);
	assert_true(n < 350);
}

static void test_fault_B4_rtu_answer_hidden_in_noise(void **state)
{
	struct rtu_test *t = *state;

	t->request = plays_hidden;
	rtu_start(t);
	rtu_assert_case(t, MODBUS_OK);
	assert_true(rtu_count(t, "noise_bytes") > 500);
}

static const int64_t noise_ns = 10 * NSEC_PER_MSEC;

/* Turns, with noise every so often from the first request on, as long as step is not 0. */
static void noisy_turn(struct rtu_test *t, struct mono end)
{
	static const uint8_t bytes[] = {0xfe, 0x00, 0x55, 0xaa, 0xfe};

	if (t->requests == 0 || t->step == 0) {
		rtu_turn(t, end);
		return;
	}
	if (mono_diff(clock_mono(), t->sent) >= noise_ns)
		rtu_send(t, bytes, sizeof(bytes));
	rtu_turn(t, mono_add(t->sent, noise_ns));
}

#define NOISY_UNTIL(t, condition)                                                  \
	do {                                                                       \
		struct mono noisy_end = mono_add(clock_mono(), 30 * NSEC_PER_SEC); \
		while (!(condition)) {                                             \
			noisy_turn((t), noisy_end);                                \
			assert_true(clock_mono().ns < noisy_end.ns);               \
		}                                                                  \
	} while (0)

static void test_rtu_noise_without_end_times_out_and_is_left_behind(void **state)
{
	struct rtu_test *t = *state;
	struct rtu_ask *a;

	t->request = rtu_ignores;
	t->step = 1;
	rtu_start(t);
	a = rtu_submit(t, 0, 1, MODBUS_READ_HOLDING, 1000, 2);
	NOISY_UNTIL(t, a->done == 1);
	assert_int_equal(a->outcome, MODBUS_TIMEOUT);
	/* It is not waited for for ever: after a second the line is used all the same. */
	NOISY_UNTIL(t, rtu_count(t, "babbling") == 1);
	t->request = NULL;
	a = rtu_submit(t, 1, 1, MODBUS_READ_HOLDING, 2000, 3);
	NOISY_UNTIL(t, a->done == 1);
	rtu_assert_good(a);
	assert_int_equal(t->downs, 0);
}

static void test_rtu_line_that_is_never_silent_is_opened_anew(void **state)
{
	struct rtu_test *t = *state;
	unsigned asked = 0;

	t->request = rtu_ignores;
	t->step = 1;
	rtu_start(t);
	while (t->downs == 0) {
		struct rtu_ask *a = rtu_submit(t, asked % 8, (uint8_t)(1 + asked % 8),
					       MODBUS_READ_HOLDING, 1000, 2);

		assert_true(asked++ < 14);
		NOISY_UNTIL(t, a->done == 1);
	}
	assert_int_equal(rtu_count(t, "babbling"), 10);
	t->request = NULL;
	t->step = 0;
	RTU_UNTIL(t, t->ups == 2);
	rtu_assert_good(rtu_asked(t, 30, 1, MODBUS_READ_HOLDING, 2000, 3));
}

static void plays_late_twice(struct rtu_test *t, const uint8_t *frame, size_t len)
{
	rtu_answers_late(t, frame, t->step == 0 ? 2 * late_ns : late_ns);
	if (++t->step == 2)
		t->request = NULL;
}

static void test_rtu_two_late_answers(void **state)
{
	struct rtu_test *t = *state;

	t->request = plays_late_twice;
	rtu_start(t);
	assert_int_equal(rtu_asked(t, 0, 1, MODBUS_READ_HOLDING, 1000, 2)->outcome,
			 MODBUS_TIMEOUT);
	/* Another length: asked without a probe, and late as well. */
	assert_int_equal(rtu_asked(t, 1, 1, MODBUS_READ_HOLDING, 1500, 3)->outcome,
			 MODBUS_TIMEOUT);
	rtu_assert_good(rtu_asked(t, 2, 1, MODBUS_READ_HOLDING, 2000, 2));
	rtu_assert_good(rtu_asked(t, 3, 1, MODBUS_READ_HOLDING, 3000, 3));
	rtu_assert_good(rtu_asked(t, 4, 1, MODBUS_READ_HOLDING, 4000, 2));
	assert_int_equal(rtu_count(t, "late_answers"), 2);
}

static void plays_late_exception(struct rtu_test *t, const uint8_t *frame, size_t len)
{
	uint8_t answer[MODBUS_RTU_MAX];

	rtu_send_later(t, late_ns, answer, rtu_exception(frame, MODBUS_BUSY, answer));
	t->busy = mono_add(clock_mono(), late_ns);
	t->request = NULL;
}

static void test_rtu_late_exception_is_not_the_next_one_s(void **state)
{
	struct rtu_test *t = *state;

	t->request = plays_late_exception;
	rtu_start(t);
	assert_int_equal(rtu_asked(t, 0, 1, MODBUS_READ_HOLDING, 1000, 2)->outcome,
			 MODBUS_TIMEOUT);
	rtu_assert_good(rtu_asked(t, 1, 1, MODBUS_READ_HOLDING, 2000, 3));
	assert_int_equal(rtu_count(t, "exceptions"), 0);
	assert_int_equal(rtu_count(t, "late_answers"), 1);
}

static void test_rtu_late_exception_does_not_end_the_doubt(void **state)
{
	struct rtu_test *t = *state;

	t->request = plays_late_exception;
	rtu_start(t);
	assert_int_equal(rtu_asked(t, 0, 1, MODBUS_READ_HOLDING, 1000, 2)->outcome,
			 MODBUS_TIMEOUT);
	/* The same length: the exception may be the probe's or not, so that it waits. */
	rtu_assert_good(rtu_asked(t, 1, 1, MODBUS_READ_HOLDING, 2000, 2));
	rtu_assert_good(rtu_asked(t, 2, 1, MODBUS_READ_HOLDING, 3000, 2));
	assert_int_equal(rtu_count(t, "exceptions"), 0);
}

/* A whole answer of unit 1 to a read of 2 registers. */
static size_t stray(uint8_t bytes[MODBUS_RTU_MAX])
{
	static const uint8_t frame[] = {1, MODBUS_READ_HOLDING, 0x0f, 0xa0, 0, 2, 0, 0};

	return rtu_answer(frame, bytes);
}

static void test_rtu_answer_during_the_gap_is_dropped(void **state)
{
	struct rtu_test *t = *state;
	uint8_t bytes[MODBUS_RTU_MAX];
	size_t n = stray(bytes);

	t->config.line.gap_ns = 100 * NSEC_PER_MSEC;
	rtu_start(t);
	rtu_assert_good(rtu_asked(t, 0, 1, MODBUS_READ_HOLDING, 1000, 2));
	rtu_submit(t, 1, 1, MODBUS_READ_HOLDING, 2000, 2);
	rtu_send(t, bytes, n);
	RTU_UNTIL(t, t->asks[1].done == 1);
	rtu_assert_good(&t->asks[1]);
	assert_int_equal(rtu_count(t, "unknown_answers"), 1);
	/* It is silence that has to last so long. */
	assert_true(mono_diff(t->heard[1].at, t->heard[0].at) >= 100 * NSEC_PER_MSEC);
}

static void plays_late_into_tx(struct rtu_test *t, const uint8_t *frame, size_t len)
{
	/* Both at once: what is late comes first. */
	if (t->step++ == 0)
		return;
	if (t->step == 2)
		rtu_answers(t, (const uint8_t[]){1, MODBUS_READ_HOLDING, 3, 0xe8, 0, 2}, 8);
	rtu_answers(t, frame, len);
}

static void test_rtu_late_answer_during_tx(void **state)
{
	struct rtu_test *t = *state;

	t->request = plays_late_into_tx;
	rtu_start(t);
	assert_int_equal(rtu_asked(t, 0, 1, MODBUS_READ_HOLDING, 1000, 2)->outcome,
			 MODBUS_TIMEOUT);
	rtu_assert_good(rtu_asked(t, 1, 1, MODBUS_READ_HOLDING, 2000, 2));
	assert_int_equal(rtu_count(t, "late_answers"), 1);
}

static void plays_into_turn(struct rtu_test *t, const uint8_t *frame, size_t len)
{
	uint8_t bytes[MODBUS_RTU_MAX];

	if (frame[0] != 0) {
		rtu_answers(t, frame, len);
		return;
	}
	/* Unit 0 answers, which nobody may, and somebody is late. */
	rtu_send(t, frame, 8);
	rtu_send_later(t, 10 * NSEC_PER_MSEC, bytes, stray(bytes));
}

static void test_rtu_answers_during_turnaround_and_of_unit_0_are_dropped(void **state)
{
	struct rtu_test *t = *state;

	t->request = plays_into_turn;
	rtu_start(t);
	assert_int_equal(rtu_asked(t, 0, 0, MODBUS_WRITE_REGISTER, 5, 1)->outcome, MODBUS_OK);
	rtu_assert_good(rtu_asked(t, 1, 1, MODBUS_READ_HOLDING, 2000, 2));
	assert_int_equal(rtu_count(t, "unknown_answers"), 2);
}

static void test_rtu_probe_that_times_out_is_followed_by_a_pause(void **state)
{
	struct rtu_test *t = *state;
	struct rtu_ask *a;

	t->request = rtu_ignores;
	rtu_start(t);
	assert_int_equal(rtu_asked(t, 0, 1, MODBUS_READ_HOLDING, 1000, 2)->outcome,
			 MODBUS_TIMEOUT);
	a = rtu_submit(t, 1, 1, MODBUS_READ_HOLDING, 2000, 2);
	RTU_UNTIL(t, rtu_count(t, "timeouts") == 2);
	assert_int_equal(a->done, 0);
	t->request = NULL;
	RTU_UNTIL(t, a->done == 1);
	rtu_assert_good(a);
	/* Probed with yet another count, one timeout after the first probe's time was over. */
	assert_int_equal(t->requests, 4);
	assert_int_equal(t->heard[1].count, 1);
	assert_true(t->heard[2].count > 2);
	assert_int_equal(t->heard[3].count, 2);
	assert_true(mono_diff(t->heard[2].at, t->heard[1].at) >= 400 * NSEC_PER_MSEC);
}

/*
 * Works off one request after the other, each for so long that its answer comes when the unit
 * would be asked again for itself, if one probe and a pause were all that is between.
 */
static void plays_slow(struct rtu_test *t, const uint8_t *frame, size_t len)
{
	struct mono now = clock_mono();
	int64_t waits = t->busy.ns > now.ns ? mono_diff(t->busy, now) : 0;

	rtu_answers_late(t, frame, waits + (t->step++ < 12 ? 760 * NSEC_PER_MSEC : 0));
}

static void test_fault_B1_rtu_unit_that_falls_far_behind_is_never_mistaken(void **state)
{
	struct rtu_test *t = *state;
	static const struct modbus_unit_config patient = {
		.name = "unit", .timeout_ns = 200 * NSEC_PER_MSEC, .timeouts = 1000};
	unsigned good = 0;

	t->request = plays_slow;
	rtu_start(t);
	modbus_bus_unit(t->bus, 1, &patient);
	for (uint16_t i = 0; i < 40 && good < 3; i++) {
		struct rtu_ask *a = rtu_asked(t, i % RTU_ASKS, 1, MODBUS_READ_HOLDING,
					      (uint16_t)(1000 + 50 * i), 1);

		if (a->outcome == MODBUS_OK) {
			rtu_assert_good(a);
			good++;
		}
	}
	/* It has caught up, and is believed again. */
	assert_int_equal(good, 3);
	assert_true(rtu_count(t, "late_answers") >= 8);
}

static void test_rtu_lone_register_is_probed_by_another_that_is_known(void **state)
{
	struct rtu_test *t = *state;

	rtu_start(t);
	rtu_assert_good(rtu_asked(t, 0, 1, MODBUS_READ_INPUT, 50, 4));
	t->request = rtu_ignores;
	assert_int_equal(rtu_asked(t, 1, 1, MODBUS_READ_HOLDING, 1000, 1)->outcome,
			 MODBUS_TIMEOUT);
	t->request = NULL;
	rtu_assert_good(rtu_asked(t, 2, 1, MODBUS_READ_HOLDING, 2000, 1));
	assert_int_equal(t->heard[2].function, MODBUS_READ_INPUT);
	assert_int_equal(t->heard[2].address, 50);
	assert_int_equal(rtu_count(t, "late_probes"), 1);
}

/* Echo. */

static void test_fault_B4_rtu_echo_is_not_the_answer_to_a_write(void **state)
{
	struct rtu_test *t = *state;
	struct rtu_ask *a;

	t->config.line.echo = true;
	t->echo = true;
	t->request = rtu_ignores;
	rtu_start(t);
	a = rtu_asked(t, 0, 1, MODBUS_WRITE_REGISTER, 7, 1);
	assert_int_equal(a->outcome, MODBUS_TIMEOUT);
	t->request = NULL;
	a = rtu_asked(t, 1, 1, MODBUS_WRITE_REGISTER, 8, 1);
	assert_int_equal(a->outcome, MODBUS_OK);
	rtu_assert_good(rtu_asked(t, 2, 1, MODBUS_READ_HOLDING, 2000, 2));
	assert_int_equal(rtu_count(t, "collisions"), 0);
}

static void test_rtu_write_without_an_echo(void **state)
{
	struct rtu_test *t = *state;

	rtu_start(t);
	assert_int_equal(rtu_asked(t, 0, 1, MODBUS_WRITE_REGISTER, 7, 1)->outcome, MODBUS_OK);
	assert_int_equal(t->asks[0].len, 0);
	assert_int_equal(rtu_count(t, "answers"), 1);
}

static void plays_collision(struct rtu_test *t, const uint8_t *frame, size_t len)
{
	uint8_t bytes[MODBUS_RTU_MAX];

	memcpy(bytes, frame, len);
	bytes[3] ^= 0x40;
	rtu_send(t, bytes, len);
}

static void test_rtu_echo_that_differs_is_a_collision(void **state)
{
	struct rtu_test *t = *state;
	struct rtu_ask *a;

	t->config.line.echo = true;
	t->request = plays_collision;
	rtu_start(t);
	a = rtu_asked(t, 0, 1, MODBUS_READ_HOLDING, 1000, 2);
	assert_int_equal(a->outcome, MODBUS_DAMAGED);
	assert_int_equal(rtu_count(t, "collisions"), 1);
	t->request = NULL;
	t->echo = true;
	rtu_assert_good(rtu_asked(t, 1, 1, MODBUS_READ_HOLDING, 2000, 2));
}

/* Broadcasts and functions. */

static void test_rtu_broadcast_of_a_read_is_refused(void **state)
{
	static const uint8_t reads[] = {MODBUS_READ_COILS, MODBUS_READ_HOLDING,
					MODBUS_MASK_REGISTER, MODBUS_READ_WRITE_REGISTERS};
	struct rtu_test *t = *state;

	rtu_start(t);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(rtu_asked(t, i, 0, reads[i], 1, 1)->outcome, MODBUS_REFUSED);
	rtu_wait(t, 50 * NSEC_PER_MSEC);
	assert_int_equal(t->requests, 0);
}

static void test_rtu_functions_5_6_15_16_22_23(void **state)
{
	static const uint8_t writes[] = {MODBUS_WRITE_COIL,    MODBUS_WRITE_REGISTER,
					 MODBUS_WRITE_COILS,   MODBUS_WRITE_REGISTERS,
					 MODBUS_MASK_REGISTER, MODBUS_READ_WRITE_REGISTERS};
	struct rtu_test *t = *state;

	rtu_start(t);
	for (unsigned i = 0; i < 6; i++) {
		struct rtu_ask *a = rtu_asked(t, i, 1, writes[i], (uint16_t)(100 + i), 1);

		assert_int_equal(a->outcome, MODBUS_OK);
		assert_int_equal(t->heard[i].function, writes[i]);
		assert_int_equal(t->heard[i].address, 100 + i);
	}
	assert_int_equal(t->asks[5].value, 105);
	assert_int_equal(rtu_count(t, "answers"), 6);
}

static void test_rtu_coils(void **state)
{
	struct rtu_test *t = *state;
	struct rtu_ask *a;

	rtu_start(t);
	a = rtu_asked(t, 0, 1, MODBUS_READ_COILS, 3, 19);
	assert_int_equal(a->outcome, MODBUS_OK);
	assert_int_equal(a->len, 3);
	assert_int_equal(a->data[0], 0x55);
}

/* Time. */

static void test_rtu_answer_before_the_request_can_have_left(void **state)
{
	struct rtu_test *t = *state;

	/* A request of 8 bytes takes 267 ms at 300 baud: the slave here does not wait. */
	t->config.line.baud = 300;
	rtu_start(t);
	rtu_assert_case(t, MODBUS_OK);
}

static void test_rtu_gap_is_kept_as_the_units_see_it(void **state)
{
	struct rtu_test *t = *state;
	int64_t gap;

	t->config.line.baud = 1200;
	rtu_start(t);
	gap = modbus_line_gap(&t->config.line);
	assert_true(gap > 29 * NSEC_PER_MSEC);
	for (unsigned i = 0; i < 8; i++)
		rtu_submit(t, i, (uint8_t)(1 + i % 3), MODBUS_READ_HOLDING,
			   (uint16_t)(1000 * i), 2);
	for (unsigned i = 0; i < 8; i++) {
		struct mono sent;

		RTU_UNTIL(t, t->requests == i + 1);
		sent = t->sent;
		RTU_UNTIL(t, t->asks[i].done == 1);
		rtu_assert_good(&t->asks[i]);
		if (i == 7)
			break;
		RTU_UNTIL(t, t->requests == i + 2);
		assert_true(mono_diff(t->heard[i + 1].at, sent) >= gap);
	}
}

static void test_rtu_delay_of_a_unit_is_kept(void **state)
{
	struct rtu_test *t = *state;
	struct mono sent;

	rtu_start(t);
	modbus_bus_unit(t->bus, 1,
			&(struct modbus_unit_config){.name = "slow",
						     .timeout_ns = 200 * NSEC_PER_MSEC,
						     .delay_ns = 80 * NSEC_PER_MSEC,
						     .timeouts = 3});
	rtu_submit(t, 0, 1, MODBUS_READ_HOLDING, 1000, 2);
	rtu_submit(t, 1, 1, MODBUS_READ_HOLDING, 2000, 2);
	RTU_UNTIL(t, t->asks[0].done == 1);
	sent = t->sent;
	/* The others need not wait for it. */
	rtu_submit(t, 2, 2, MODBUS_READ_HOLDING, 3000, 2);
	RTU_UNTIL(t, t->asks[1].done == 1);
	rtu_assert_good(&t->asks[1]);
	rtu_assert_good(&t->asks[2]);
	assert_true(t->asks[2].order < t->asks[1].order);
	assert_int_equal(t->heard[2].unit, 1);
	assert_true(mono_diff(t->heard[2].at, sent) >= 80 * NSEC_PER_MSEC);
}

static void test_rtu_read_is_retried_and_a_write_is_not(void **state)
{
	struct rtu_test *t = *state;

	t->request = rtu_ignores;
	rtu_start(t);
	modbus_bus_unit(t->bus, 5,
			&(struct modbus_unit_config){.name = "lossy",
						     .timeout_ns = 100 * NSEC_PER_MSEC,
						     .retries = 1,
						     .timeouts = 9});
	assert_int_equal(rtu_asked(t, 0, 5, MODBUS_WRITE_REGISTER, 9, 1)->outcome,
			 MODBUS_TIMEOUT);
	assert_int_equal(t->requests, 1);
	rtu_submit(t, 1, 5, MODBUS_READ_HOLDING, 1000, 2);
	RTU_UNTIL(t, t->requests == 2);
	t->request = NULL;
	RTU_UNTIL(t, t->asks[1].done == 1);
	rtu_assert_good(&t->asks[1]);
	assert_int_equal(rtu_count(t, "retries"), 1);
}

/* Units that are dead. */

static void plays_dead_unit_3(struct rtu_test *t, const uint8_t *frame, size_t len)
{
	if (frame[0] != 3)
		rtu_answers(t, frame, len);
}

/* What the callback of job 1 submits goes ahead of all that waits for the unit. */
static void follows(struct modbus_job *job, const struct modbus_result *result)
{
	struct rtu_test *t = ((struct rtu_ask *)job)->test;

	assert_int_equal(result->outcome, MODBUS_OK);
	t->asks[2].job.turn = MODBUS_TURN_NEXT;
	rtu_submit(t, 2, 1, MODBUS_WRITE_REGISTER, 40, 1);
}

static void test_rtu_nothing_comes_between_a_read_and_the_write_that_follows(void **state)
{
	static const struct {
		uint8_t unit, function;
		uint16_t address;
	} expected[] = {
		{1, MODBUS_READ_HOLDING, 10},	{1, MODBUS_READ_HOLDING, 40},
		{1, MODBUS_WRITE_REGISTER, 40}, {1, MODBUS_WRITE_REGISTER, 50},
		{1, MODBUS_READ_HOLDING, 20},
	};
	struct rtu_test *t = *state;

	rtu_start(t);
	rtu_submit(t, 0, 1, MODBUS_READ_HOLDING, 10, 1);
	RTU_UNTIL(t, t->requests == 1);
	t->asks[1].job.turn = MODBUS_TURN_WRITE;
	t->asks[1].job.done = follows;
	rtu_submit(t, 1, 1, MODBUS_READ_HOLDING, 40, 1);
	rtu_submit(t, 3, 1, MODBUS_READ_HOLDING, 20, 1);
	rtu_submit(t, 4, 1, MODBUS_WRITE_REGISTER, 50, 1);
	RTU_UNTIL(t, t->done == 4);
	assert_int_equal(t->requests, ARRAY_SIZE(expected));
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		assert_int_equal(t->heard[i].unit, expected[i].unit);
		assert_int_equal(t->heard[i].function, expected[i].function);
		assert_int_equal(t->heard[i].address, expected[i].address);
	}
}

static void test_fault_B11_rtu_dead_unit_among_five(void **state)
{
	struct rtu_test *t = *state;
	unsigned good = 0, dead = 0;
	struct mono end;

	t->request = plays_dead_unit_3;
	rtu_start(t);
	for (unsigned i = 0; i < 5; i++)
		rtu_submit(t, i, (uint8_t)(1 + i), MODBUS_READ_HOLDING, 1000, 2);
	end = mono_add(clock_mono(), 6 * NSEC_PER_SEC);
	while (clock_mono().ns < end.ns) {
		for (unsigned i = 0; i < 5; i++) {
			if (t->asks[i].done == 0)
				continue;
			good += t->asks[i].outcome == MODBUS_OK;
			dead += t->asks[i].outcome == MODBUS_OFFLINE;
			rtu_submit(t, i, (uint8_t)(1 + i), MODBUS_READ_HOLDING, 1000, 2);
		}
		rtu_turn(t, end);
	}
	/* What the last turn brought. */
	for (unsigned i = 0; i < 5; i++)
		good += t->asks[i].done > 0 && t->asks[i].outcome == MODBUS_OK;
	assert_true(modbus_unit_offline(rtu_unit(t, 3)));
	assert_true(dead > 0);
	/* Three timeouts made it offline; then it was asked at pauses of a second and more. */
	assert_in_range(rtu_count(t, "timeouts"), 3, 9);
	assert_true(good > 20 * rtu_count(t, "timeouts"));
	assert_int_equal(rtu_count(t, "answers"), good);
}

/* The line itself. */

static void test_rtu_hang_up_is_no_busy_loop_and_the_line_is_opened_again(void **state)
{
	struct rtu_test *t = *state;
	struct rtu_ask *a;

	t->request = rtu_ignores;
	rtu_start(t);
	a = rtu_submit(t, 0, 1, MODBUS_READ_HOLDING, 1000, 2);
	RTU_UNTIL(t, t->requests == 1);
	rtu_unplug(t);
	RTU_UNTIL(t, a->done == 1);
	assert_int_equal(a->outcome, MODBUS_LOST);
	assert_int_equal(t->downs, 1);
	assert_int_equal(rtu_asked(t, 1, 1, MODBUS_READ_HOLDING, 1, 1)->outcome, MODBUS_DOWN);
	rtu_wait(t, 50 * NSEC_PER_MSEC);
	assert_int_equal(rtu_count(t, "disconnects"), 1);
	t->request = NULL;
	t->in_len = 0;
	rtu_plug(t);
	RTU_UNTIL(t, t->ups == 2);
	rtu_assert_good(rtu_asked(t, 2, 1, MODBUS_READ_HOLDING, 2000, 3));
}

static void test_rtu_bytes_while_idle_are_dropped(void **state)
{
	struct rtu_test *t = *state;
	uint8_t bytes[MODBUS_RTU_MAX];
	size_t n = stray(bytes);

	rtu_start(t);
	rtu_send(t, bytes, n);
	RTU_UNTIL(t, rtu_count(t, "unknown_answers") == 1);
	rtu_send(t, "\x01\x03\x04", 3);
	RTU_UNTIL(t, rtu_count(t, "noise_bytes") == 3);
	rtu_assert_case(t, MODBUS_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RTU_TEST(test_rtu_exception_in_two_chunks),
		RTU_TEST(test_fault_B4_rtu_crc_bytes_swapped),
		RTU_TEST(test_rtu_answer_of_255_bytes),
		RTU_TEST(test_rtu_garbage_with_unit_and_function_repeatedly),
		RTU_TEST(test_fault_B4_rtu_answer_hidden_in_noise),
		RTU_TEST(test_rtu_noise_without_end_times_out_and_is_left_behind),
		RTU_TEST(test_rtu_line_that_is_never_silent_is_opened_anew),
		RTU_TEST(test_rtu_two_late_answers),
		RTU_TEST(test_rtu_late_exception_is_not_the_next_one_s),
		RTU_TEST(test_rtu_late_exception_does_not_end_the_doubt),
		RTU_TEST(test_rtu_answer_during_the_gap_is_dropped),
		RTU_TEST(test_rtu_late_answer_during_tx),
		RTU_TEST(test_rtu_answers_during_turnaround_and_of_unit_0_are_dropped),
		RTU_TEST(test_rtu_probe_that_times_out_is_followed_by_a_pause),
		RTU_TEST(test_fault_B1_rtu_unit_that_falls_far_behind_is_never_mistaken),
		RTU_TEST(test_rtu_lone_register_is_probed_by_another_that_is_known),
		RTU_TEST(test_fault_B4_rtu_echo_is_not_the_answer_to_a_write),
		RTU_TEST(test_rtu_write_without_an_echo),
		RTU_TEST(test_rtu_echo_that_differs_is_a_collision),
		RTU_TEST(test_rtu_broadcast_of_a_read_is_refused),
		RTU_TEST(test_rtu_functions_5_6_15_16_22_23),
		RTU_TEST(test_rtu_coils),
		RTU_TEST(test_rtu_answer_before_the_request_can_have_left),
		RTU_TEST(test_rtu_gap_is_kept_as_the_units_see_it),
		RTU_TEST(test_rtu_delay_of_a_unit_is_kept),
		RTU_TEST(test_rtu_read_is_retried_and_a_write_is_not),
		RTU_TEST(test_rtu_nothing_comes_between_a_read_and_the_write_that_follows),
		RTU_TEST(test_fault_B11_rtu_dead_unit_among_five),
		RTU_TEST(test_rtu_hang_up_is_no_busy_loop_and_the_line_is_opened_again),
		RTU_TEST(test_rtu_bytes_while_idle_are_dropped),
	};

	log_init(STDERR_FILENO, LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
