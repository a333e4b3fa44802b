/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* RTU frames through a serial server, which is sometimes away. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "io/modbus_queue.h"
#include "rtu_slave.h"

static void connected(struct rtu_test *t)
{
	rtu_start(t);
	RTU_UNTIL(t, t->accepted == 1);
}

static void test_rtu_over_tcp_is_read(void **state)
{
	struct rtu_test *t = *state;

	connected(t);
	for (unsigned i = 0; i < 20; i++)
		rtu_assert_good(rtu_asked(t, i, (uint8_t)(1 + i % 4), MODBUS_READ_HOLDING,
					  (uint16_t)(100 * i), 2));
	assert_int_equal(t->requests, 20);
	assert_int_equal(rtu_count(t, "noise_bytes"), 0);
}

static void plays_late(struct rtu_test *t, const uint8_t *frame, size_t len)
{
	rtu_answers_late(t, frame, 400 * NSEC_PER_MSEC);
	t->request = NULL;
}

static void test_rtu_over_tcp_late_answer_is_not_the_next_one_s(void **state)
{
	struct rtu_test *t = *state;

	t->request = plays_late;
	connected(t);
	assert_int_equal(rtu_asked(t, 0, 1, MODBUS_READ_HOLDING, 1000, 2)->outcome,
			 MODBUS_TIMEOUT);
	rtu_assert_good(rtu_asked(t, 1, 1, MODBUS_READ_HOLDING, 2000, 2));
	assert_int_equal(rtu_count(t, "late_answers"), 1);
	assert_int_equal(t->accepted, 1);
}

static void test_rtu_over_tcp_late_answer_comes_through_the_next_connection(void **state)
{
	struct rtu_test *t = *state;

	t->request = plays_late;
	connected(t);
	rtu_submit(t, 0, 1, MODBUS_READ_HOLDING, 1000, 2);
	RTU_UNTIL(t, t->requests == 1);
	/* The server starts anew; the unit behind it has heard the question and answers. */
	loop_watch_free(t->watch);
	t->watch = NULL;
	close(t->pty.master);
	t->pty.master = -1;
	RTU_UNTIL(t, t->asks[0].done == 1);
	assert_int_equal(t->asks[0].outcome, MODBUS_LOST);
	RTU_UNTIL(t, t->accepted == 2 && modbus_bus_up(t->bus));
	rtu_assert_good(rtu_asked(t, 1, 1, MODBUS_READ_HOLDING, 2000, 2));
	/* That of the probe may be late as well: the unit answers in order. */
	assert_in_range(rtu_count(t, "late_answers"), 1, 2);
}

static void plays_silent_unit_3(struct rtu_test *t, const uint8_t *frame, size_t len)
{
	if (frame[0] != 3)
		rtu_answers(t, frame, len);
}

static void test_rtu_over_tcp_silent_unit_does_not_cost_the_connection(void **state)
{
	struct rtu_test *t = *state;

	t->request = plays_silent_unit_3;
	connected(t);
	/* A neighbour that answered is not asked between: all the same it is not to blame. */
	rtu_assert_good(rtu_asked(t, 0, 1, MODBUS_READ_HOLDING, 2000, 2));
	for (unsigned i = 0; !modbus_unit_offline(rtu_unit(t, 3)); i++) {
		assert_true(i < 8);
		rtu_asked(t, 1, 3, MODBUS_READ_HOLDING, 1000, 2);
	}
	assert_true(rtu_count(t, "timeouts") >= 3);
	rtu_assert_good(rtu_asked(t, 2, 1, MODBUS_READ_HOLDING, 2000, 2));
	assert_int_equal(t->accepted, 1);
	assert_int_equal(rtu_count(t, "given_up"), 0);
}

static void test_fault_B8_rtu_over_tcp_connection_that_went_dead_is_made_anew(void **state)
{
	struct rtu_test *t = *state;

	t->request = rtu_ignores;
	connected(t);
	rtu_unit(t, 1);
	for (unsigned i = 0; t->downs == 0; i++) {
		assert_true(i < 6);
		rtu_asked(t, i, (uint8_t)(1 + i), MODBUS_READ_HOLDING, 1000, 2);
	}
	assert_int_equal(rtu_count(t, "given_up"), 1);
	t->request = NULL;
	RTU_UNTIL(t, t->accepted == 2 && modbus_bus_up(t->bus));
	rtu_assert_good(rtu_asked(t, 10, 1, MODBUS_READ_HOLDING, 2000, 3));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RTU_TEST_TCP(test_rtu_over_tcp_is_read),
		RTU_TEST_TCP(test_rtu_over_tcp_late_answer_is_not_the_next_one_s),
		RTU_TEST_TCP(test_rtu_over_tcp_late_answer_comes_through_the_next_connection),
		RTU_TEST_TCP(test_rtu_over_tcp_silent_unit_does_not_cost_the_connection),
		RTU_TEST_TCP(test_fault_B8_rtu_over_tcp_connection_that_went_dead_is_made_anew),
	};

	log_init(STDERR_FILENO, LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
