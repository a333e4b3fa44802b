/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Who may look for a connection, and who waits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "io/http_gate.h"
#include "io/http_request.h"

enum { REQUESTS = 20 };

/* Requests as far as the gate knows them. */
static struct http_request requests[REQUESTS];
static struct http_traffic ways[REQUESTS];
static struct http_gate gate;

static int set_up(void **state)
{
	(void)state;
	memset(requests, 0, sizeof(requests));
	memset(ways, 0, sizeof(ways));
	http_gate_init(&gate);
	return 0;
}

static bool ask(size_t i)
{
	return http_gate_ask(&gate, &requests[i], &ways[i]);
}

static void test_four_begin_and_the_others_follow_in_their_order(void **state)
{
	(void)state;
	for (size_t i = 0; i < REQUESTS; i++)
		assert_int_equal(ask(i), i < HTTP_GATE_PLACES);
	assert_null(http_gate_next(&gate));
	for (size_t i = 0; i + HTTP_GATE_PLACES < REQUESTS; i++) {
		/* By turns: connected, and never connected. */
		if (i % 2 == 0)
			assert_true(http_gate_pass(&gate, &requests[i]));
		http_gate_leave(&gate, &requests[i], i % 2 != 0);
		assert_ptr_equal(http_gate_next(&gate), &requests[i + HTTP_GATE_PLACES]);
		assert_null(http_gate_next(&gate));
	}
}

static void test_fault_C14_failed_receivers_leave_a_place_to_the_others(void **state)
{
	(void)state;
	for (size_t i = 0; i < 10; i++) {
		ways[i].failed = true;
		assert_int_equal(ask(i), i < HTTP_GATE_DOUBTFUL);
	}
	assert_true(ask(10));
	/* The place of one that failed is kept when it is connected: it may never answer. */
	assert_false(http_gate_pass(&gate, &requests[0]));
	assert_false(ask(11));
	assert_true(http_gate_pass(&gate, &requests[10]));
	/* Whoever is well goes first, however long the others wait. */
	assert_ptr_equal(http_gate_next(&gate), &requests[11]);
	assert_null(http_gate_next(&gate));
	http_gate_leave(&gate, &requests[0], true);
	assert_ptr_equal(http_gate_next(&gate), &requests[3]);
	assert_null(http_gate_next(&gate));
}

static void test_connection_that_stands_needs_no_place(void **state)
{
	(void)state;
	ways[8].sockets = 2;
	for (size_t i = 0; i < HTTP_GATE_PLACES; i++)
		assert_true(ask(i));
	assert_true(ask(8));
	assert_true(http_gate_ask(&gate, &requests[9], &ways[8]));
	assert_false(http_gate_ask(&gate, &requests[10], &ways[8]));
	http_gate_leave(&gate, &requests[8], false);
	http_gate_leave(&gate, &requests[8], false);
	assert_int_equal(ways[8].begun, 1);
	/* After a failure the connection is in doubt as well. */
	http_gate_leave(&gate, &requests[9], true);
	assert_false(http_gate_ask(&gate, &requests[8], &ways[8]));
}

static void test_whoever_is_called_off_while_waiting_leaves_no_trace(void **state)
{
	(void)state;
	ways[6].failed = true;
	for (size_t i = 0; i < 8; i++)
		ask(i);
	http_gate_leave(&gate, &requests[5], false);
	http_gate_leave(&gate, &requests[6], true);
	for (size_t i = 0; i < HTTP_GATE_PLACES; i++)
		http_gate_leave(&gate, &requests[i], false);
	assert_ptr_equal(http_gate_waiting(&gate), &requests[4]);
	assert_ptr_equal(http_gate_next(&gate), &requests[4]);
	assert_ptr_equal(http_gate_next(&gate), &requests[7]);
	assert_null(http_gate_next(&gate));
	assert_null(http_gate_waiting(&gate));
	http_gate_leave(&gate, &requests[4], false);
	http_gate_leave(&gate, &requests[7], false);
	assert_int_equal(gate.inside, 0);
	assert_int_equal(gate.doubtful, 0);
	assert_int_equal(ways[5].begun + ways[6].begun + ways[7].begun, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_four_begin_and_the_others_follow_in_their_order,
				       set_up),
		cmocka_unit_test_setup(
			test_fault_C14_failed_receivers_leave_a_place_to_the_others, set_up),
		cmocka_unit_test_setup(test_connection_that_stands_needs_no_place, set_up),
		cmocka_unit_test_setup(test_whoever_is_called_off_while_waiting_leaves_no_trace,
				       set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
