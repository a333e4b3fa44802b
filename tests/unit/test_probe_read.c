/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Reading a range of which the device gives only some, or only little at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "ctl/probe_read.h"

enum { DEVICE_HOLES = 8 };

/* Register n holds n + 1000. */
struct device {
	struct {
		uint16_t first, last;
		uint8_t exception; /* 0: silent */
	} holes[DEVICE_HOLES];
	uint16_t most;	  /* in one request; more is refused with too_much */
	uint8_t too_much; /* 0: with silence */
	bool pairs;	  /* only whole pairs are given */
	unsigned fails;	  /* so many of the next requests end in outcome */
	enum modbus_outcome outcome;
	uint8_t exception;
	unsigned requests, silences, largest;
	unsigned down_after; /* requests; 0: never */
};

static struct device device;
static struct probe_block block;
static const struct modbus_request alive = {
	.function = MODBUS_READ_HOLDING, .address = 65000, .count = 1};

static void device_refuses(struct probe_answer *ret, uint8_t exception)
{
	ret->outcome = exception != 0 ? MODBUS_EXCEPTION : MODBUS_TIMEOUT;
	ret->exception = exception;
	device.silences += exception == 0;
}

static bool ask(void *arg, const struct modbus_request *request, struct probe_answer *ret)
{
	unsigned last = request->address + request->count - 1u;

	(void)arg;
	device.requests++;
	ret->text = "";
	if (device.down_after > 0 && device.requests > device.down_after) {
		ret->text = "gone";
		return false;
	}
	assert_true(request->function >= 1 && request->function <= 4);
	if (request->count > device.largest)
		device.largest = request->count;
	if (device.fails > 0) {
		device.fails--;
		ret->outcome = device.outcome;
		ret->exception = device.exception;
		return true;
	}
	if (request->address == alive.address) {
		device_refuses(ret, MODBUS_ILLEGAL_ADDRESS);
		return true;
	}
	if (device.most > 0 && request->count > device.most) {
		device_refuses(ret, device.too_much);
		return true;
	}
	if (device.pairs && (request->count % 2 != 0 || request->address % 2 != 0)) {
		device_refuses(ret, MODBUS_ILLEGAL_ADDRESS);
		return true;
	}
	for (size_t i = 0; i < DEVICE_HOLES && device.holes[i].last > 0; i++) {
		if (request->address <= device.holes[i].last && last >= device.holes[i].first) {
			device_refuses(ret, device.holes[i].exception);
			return true;
		}
	}
	ret->outcome = MODBUS_OK;
	for (unsigned i = 0; i < request->count; i++)
		ret->values[i] = (uint16_t)(request->address + i + 1000);
	return true;
}

static int setup(void **state)
{
	(void)state;
	memset(&device, 0, sizeof(device));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	probe_block_done(&block);
	return 0;
}

static void read_block(uint8_t function, uint16_t first, size_t count)
{
	probe_block_init(&block, function, first, count);
	probe_block_read(&block, &alive, ask, NULL);
}

static void assert_given(uint16_t from, uint16_t to)
{
	for (unsigned address = from; address <= to; address++) {
		const struct probe_cell *cell = &block.cells[address - block.first];

		assert_int_equal(cell->state, PROBE_VALUE);
		assert_int_equal(cell->value, (uint16_t)(address + 1000));
	}
}

static void assert_not_given(uint16_t from, uint16_t to, int state, uint8_t exception)
{
	for (unsigned address = from; address <= to; address++) {
		const struct probe_cell *cell = &block.cells[address - block.first];

		assert_int_equal(cell->state, state);
		assert_int_equal(cell->exception, exception);
	}
}

static void test_whole_range_takes_few_requests(void **state)
{
	(void)state;
	read_block(MODBUS_READ_HOLDING, 10, 300);
	assert_given(10, 309);
	assert_int_equal(device.requests, 3);
	assert_int_equal(device.largest, MODBUS_READ_REGISTERS_MAX);
	assert_int_equal(block.known, 300);
	assert_int_equal(block.refused, 0);
	assert_int_equal(block.limit, 0);
	assert_null(block.ended);
}

static void test_last_address_is_read(void **state)
{
	(void)state;
	read_block(MODBUS_READ_INPUT, 65400, 136);
	assert_int_equal(block.known, 136);
}

static void test_coils_come_two_thousand_at_once(void **state)
{
	(void)state;
	read_block(MODBUS_READ_COILS, 0, 2001);
	assert_int_equal(device.requests, 2);
	assert_int_equal(device.largest, MODBUS_READ_BITS_MAX);
}

static void test_holes_are_refused_and_the_rest_is_read(void **state)
{
	(void)state;
	device.holes[0].first = 0;
	device.holes[0].last = 2;
	device.holes[0].exception = MODBUS_ILLEGAL_ADDRESS;
	device.holes[1].first = device.holes[1].last = 37;
	device.holes[1].exception = MODBUS_DEVICE_FAILURE;
	device.holes[2].first = 90;
	device.holes[2].last = 99;
	device.holes[2].exception = MODBUS_ILLEGAL_VALUE;
	read_block(MODBUS_READ_HOLDING, 0, 100);
	assert_not_given(0, 2, PROBE_REFUSED, MODBUS_ILLEGAL_ADDRESS);
	assert_given(3, 36);
	assert_not_given(37, 37, PROBE_REFUSED, MODBUS_DEVICE_FAILURE);
	assert_given(38, 89);
	assert_not_given(90, 99, PROBE_REFUSED, MODBUS_ILLEGAL_VALUE);
	assert_int_equal(block.refused, 14);
	assert_int_equal(block.known, 86);
	assert_null(block.ended);
}

static void test_device_that_gives_little_at_once_is_learned(void **state)
{
	static const uint8_t refusals[] = {MODBUS_ILLEGAL_VALUE, MODBUS_ILLEGAL_ADDRESS, 0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++) {
		setup(NULL);
		device.most = 16;
		device.too_much = refusals[i];
		read_block(MODBUS_READ_HOLDING, 0, 250);
		assert_given(0, 249);
		assert_true(block.limit > 8 && block.limit <= 16);
		/* Learned once: not every block is tried from the largest on. */
		assert_true(device.requests < 40);
		assert_null(block.ended);
		if (i + 1 < ARRAY_SIZE(refusals))
			probe_block_done(&block);
	}
}

static void test_device_of_pairs_is_asked_for_pairs(void **state)
{
	(void)state;
	device.pairs = true;
	device.holes[0].first = 30;
	device.holes[0].last = 37;
	device.holes[0].exception = MODBUS_ILLEGAL_ADDRESS;
	read_block(MODBUS_READ_INPUT, 0, 80);
	assert_given(0, 29);
	assert_not_given(30, 37, PROBE_REFUSED, MODBUS_ILLEGAL_ADDRESS);
	assert_given(38, 79);
}

static void test_table_that_is_not_there_costs_one_request(void **state)
{
	(void)state;
	device.fails = 1;
	device.outcome = MODBUS_EXCEPTION;
	device.exception = MODBUS_ILLEGAL_FUNCTION;
	read_block(MODBUS_READ_COILS, 0, 100);
	assert_not_given(0, 99, PROBE_REFUSED, MODBUS_ILLEGAL_FUNCTION);
	assert_int_equal(device.requests, 1);
	assert_int_equal(block.refused, 100);
}

static void test_one_lost_answer_is_asked_for_again(void **state)
{
	static const enum modbus_outcome outcomes[] = {MODBUS_TIMEOUT, MODBUS_BAD, MODBUS_LOST};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(outcomes); i++) {
		setup(NULL);
		device.fails = 1;
		device.outcome = outcomes[i];
		read_block(MODBUS_READ_HOLDING, 0, 50);
		assert_given(0, 49);
		assert_int_equal(device.requests, 2);
		if (i + 1 < ARRAY_SIZE(outcomes))
			probe_block_done(&block);
	}
}

static void test_busy_device_is_asked_again_and_not_for_ever(void **state)
{
	(void)state;
	device.fails = 3;
	device.outcome = MODBUS_EXCEPTION;
	device.exception = MODBUS_BUSY;
	read_block(MODBUS_READ_HOLDING, 0, 50);
	assert_given(0, 49);
	assert_int_equal(device.requests, 4);
	probe_block_done(&block);
	device.fails = 1000;
	device.requests = 0;
	read_block(MODBUS_READ_HOLDING, 0, 50);
	assert_non_null(strstr(block.ended, "busy"));
	assert_true(device.requests < 10);
}

static void test_silent_addresses_are_told_from_a_silent_unit(void **state)
{
	(void)state;
	device.holes[0].first = 20;
	device.holes[0].last = 20;
	read_block(MODBUS_READ_HOLDING, 0, 32);
	assert_given(0, 19);
	assert_not_given(20, 20, PROBE_SILENT, 0);
	assert_given(21, 31);
	assert_null(block.ended);
}

static void test_search_for_silent_addresses_ends(void **state)
{
	(void)state;
	device.holes[0].first = 20;
	device.holes[0].last = 65000 - 1;
	read_block(MODBUS_READ_HOLDING, 0, 2000);
	assert_non_null(block.ended);
	assert_true(device.silences < 30);
	assert_int_equal(block.cells[1999].state, PROBE_UNASKED);
}

static void test_unit_that_went_ends_it(void **state)
{
	(void)state;
	device.fails = 1000;
	device.outcome = MODBUS_TIMEOUT;
	read_block(MODBUS_READ_HOLDING, 0, 100);
	assert_non_null(strstr(block.ended, "does not answer any more"));
	assert_int_equal(device.requests, 4);
	assert_not_given(0, 99, PROBE_UNASKED, 0);
}

static void test_gateway_that_lost_the_unit_ends_it(void **state)
{
	static const uint8_t exceptions[] = {MODBUS_GATEWAY_PATH, MODBUS_GATEWAY_TARGET};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(exceptions); i++) {
		setup(NULL);
		device.fails = 1000;
		device.outcome = MODBUS_EXCEPTION;
		device.exception = exceptions[i];
		read_block(MODBUS_READ_HOLDING, 0, 100);
		assert_non_null(block.ended);
		assert_true(device.requests <= 4);
		assert_int_equal(block.known, 0);
		if (i + 1 < ARRAY_SIZE(exceptions))
			probe_block_done(&block);
	}
}

static void test_gateway_without_patience_for_long_answers(void **state)
{
	(void)state;
	device.most = 40;
	device.too_much = MODBUS_GATEWAY_TARGET;
	read_block(MODBUS_READ_HOLDING, 0, 200);
	assert_given(0, 199);
	assert_true(block.limit >= 20 && block.limit <= 40);
	assert_null(block.ended);
}

static void test_connection_that_is_gone_ends_it_with_its_reason(void **state)
{
	(void)state;
	device.down_after = 1;
	read_block(MODBUS_READ_HOLDING, 0, 300);
	assert_given(0, 124);
	assert_not_given(125, 299, PROBE_UNASKED, 0);
	assert_string_equal(block.ended, "gone");
}

#define READ_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		READ_TEST(test_whole_range_takes_few_requests),
		READ_TEST(test_last_address_is_read),
		READ_TEST(test_coils_come_two_thousand_at_once),
		READ_TEST(test_holes_are_refused_and_the_rest_is_read),
		READ_TEST(test_device_that_gives_little_at_once_is_learned),
		READ_TEST(test_device_of_pairs_is_asked_for_pairs),
		READ_TEST(test_table_that_is_not_there_costs_one_request),
		READ_TEST(test_one_lost_answer_is_asked_for_again),
		READ_TEST(test_busy_device_is_asked_again_and_not_for_ever),
		READ_TEST(test_silent_addresses_are_told_from_a_silent_unit),
		READ_TEST(test_search_for_silent_addresses_ends),
		READ_TEST(test_unit_that_went_ends_it),
		READ_TEST(test_gateway_that_lost_the_unit_ends_it),
		READ_TEST(test_gateway_without_patience_for_long_answers),
		READ_TEST(test_connection_that_is_gone_ends_it_with_its_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
