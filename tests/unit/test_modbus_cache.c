/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* What is given out of the last answers, and what never is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "inputs/modbus_cache.h"
#include "io/modbus_pdu.h"

static const struct boot now = {1000};
static const struct boot until = {2000};

static uint8_t read_at(const struct modbus_cache *cache, struct modbus_range range,
		       struct boot at, uint8_t *data)
{
	return modbus_cache_read(cache, &range, at, data);
}

static void put(struct modbus_cache *cache, struct modbus_range range, unsigned first)
{
	uint8_t data[250];

	for (unsigned i = 0; i < range.count; i++) {
		data[2 * i] = (uint8_t)((first + i) >> 8);
		data[2 * i + 1] = (uint8_t)(first + i);
	}
	modbus_cache_put(cache, &range, data, until);
}

static void assert_registers(const struct modbus_cache *cache, struct modbus_range range,
			     unsigned first)
{
	uint8_t data[250];

	assert_int_equal(read_at(cache, range, now, data), 0);
	for (unsigned i = 0; i < range.count; i++)
		assert_int_equal(modbus_u16(data + 2 * i), first + i);
}

static void assert_exception(const struct modbus_cache *cache, struct modbus_range range,
			     uint8_t exception)
{
	uint8_t data[250];

	assert_int_equal(read_at(cache, range, now, data), exception);
}

static void test_states_of_a_register(void **state)
{
	static const struct modbus_range range = {1, 3, 100, 10};
	struct modbus_cache *cache = modbus_cache_new(&range, 1);
	uint8_t data[20];

	assert_exception(cache, range, MODBUS_BUSY);
	put(cache, range, 500);
	assert_registers(cache, range, 500);
	assert_registers(cache, (struct modbus_range){1, 3, 103, 2}, 503);
	assert_registers(cache, (struct modbus_range){1, 3, 109, 1}, 509);
	/* Its last instant, and the first one after it. */
	assert_int_equal(read_at(cache, range, until, data), 0);
	assert_int_equal(read_at(cache, range, (struct boot){until.ns + 1}, data),
			 MODBUS_GATEWAY_TARGET);
	modbus_cache_fail(cache, &range, MODBUS_GATEWAY_TARGET);
	assert_exception(cache, range, MODBUS_GATEWAY_TARGET);
	put(cache, range, 600);
	assert_registers(cache, range, 600);
	modbus_cache_await(cache, &range);
	assert_exception(cache, range, MODBUS_BUSY);
	modbus_cache_free(cache);
}

static void test_what_nobody_reads_is_illegal(void **state)
{
	static const struct modbus_range ranges[] = {
		{1, 3, 100, 10}, {1, 4, 0, 1}, {2, 3, 5, 1}};
	static const struct modbus_range outside[] = {
		{1, 3, 99, 1}, {1, 3, 99, 2},  {1, 3, 99, 12}, {1, 3, 109, 2}, {1, 3, 110, 1},
		{1, 4, 1, 1},  {1, 4, 0, 2},   {1, 1, 100, 1}, {1, 2, 100, 1}, {2, 3, 100, 1},
		{2, 3, 4, 2},  {3, 3, 100, 1}, {0, 3, 100, 1}, {1, 3, 0, 125}, {1, 3, 65535, 1},
	};
	struct modbus_cache *cache = modbus_cache_new(ranges, ARRAY_SIZE(ranges));

	for (size_t i = 0; i < ARRAY_SIZE(ranges); i++)
		put(cache, ranges[i], 1);
	for (size_t i = 0; i < ARRAY_SIZE(outside); i++) {
		assert_exception(cache, outside[i], MODBUS_ILLEGAL_ADDRESS);
		/* It can't be put there either. */
		put(cache, outside[i], 77);
		modbus_cache_fail(cache, &outside[i], 4);
	}
	for (size_t i = 0; i < ARRAY_SIZE(ranges); i++)
		assert_registers(cache, ranges[i], 1);
	modbus_cache_free(cache);
}

static void test_ranges_that_touch_are_one(void **state)
{
	static const struct modbus_range ranges[] = {
		{1, 3, 65530, 6}, {1, 3, 20, 10}, {1, 3, 0, 10},
		{1, 3, 5, 15},	  {1, 3, 7, 2},	  {1, 3, 31, 1},
	};
	struct modbus_cache *cache = modbus_cache_new(ranges, ARRAY_SIZE(ranges));

	put(cache, (struct modbus_range){1, 3, 0, 10}, 0);
	put(cache, (struct modbus_range){1, 3, 10, 10}, 10);
	assert_exception(cache, (struct modbus_range){1, 3, 0, 30}, MODBUS_BUSY);
	put(cache, (struct modbus_range){1, 3, 20, 10}, 20);
	assert_registers(cache, (struct modbus_range){1, 3, 0, 30}, 0);
	/* 30 is a hole between two of them. */
	assert_exception(cache, (struct modbus_range){1, 3, 29, 3}, MODBUS_ILLEGAL_ADDRESS);
	put(cache, (struct modbus_range){1, 3, 65530, 6}, 9);
	assert_registers(cache, (struct modbus_range){1, 3, 65535, 1}, 14);
	modbus_cache_free(cache);
}

static void test_one_bad_register_spoils_the_range(void **state)
{
	static const struct modbus_range range = {1, 4, 0, 125};
	struct modbus_cache *cache = modbus_cache_new(&range, 1);

	put(cache, range, 0);
	modbus_cache_fail(cache, &(struct modbus_range){1, 4, 60, 1}, MODBUS_DEVICE_FAILURE);
	assert_exception(cache, range, MODBUS_DEVICE_FAILURE);
	assert_registers(cache, (struct modbus_range){1, 4, 0, 60}, 0);
	assert_registers(cache, (struct modbus_range){1, 4, 61, 64}, 61);
	modbus_cache_free(cache);
}

static void test_bits_keep_their_places(void **state)
{
	static const struct modbus_range range = {7, 1, 3, 2000};
	struct modbus_cache *cache = modbus_cache_new(&range, 1);
	uint8_t data[250], got[250];

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 37 + 11);
	modbus_cache_put(cache, &range, data, until);
	assert_int_equal(read_at(cache, range, now, got), 0);
	assert_memory_equal(got, data, sizeof(data));
	for (uint16_t from = 0; from < 40; from++) {
		for (uint16_t count = 1; count < 40; count++) {
			struct modbus_range part = {7, 1, (uint16_t)(3 + from), count};

			memset(got, 0xff, sizeof(got));
			assert_int_equal(read_at(cache, part, now, got), 0);
			for (size_t i = 0; i < count; i++)
				assert_int_equal(modbus_bit(got, i),
						 modbus_bit(data, from + i));
			/* Bits behind the last one are zero. */
			for (size_t i = count; i % 8 != 0; i++)
				assert_false(modbus_bit(got, i));
		}
	}
	modbus_cache_free(cache);
}

static void test_no_ranges_at_all(void **state)
{
	struct modbus_cache *cache = modbus_cache_new(NULL, 0);

	assert_exception(cache, (struct modbus_range){1, 3, 0, 1}, MODBUS_ILLEGAL_ADDRESS);
	modbus_cache_free(cache);
	modbus_cache_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_states_of_a_register),
		cmocka_unit_test(test_what_nobody_reads_is_illegal),
		cmocka_unit_test(test_ranges_that_touch_are_one),
		cmocka_unit_test(test_one_bad_register_spoils_the_range),
		cmocka_unit_test(test_bits_keep_their_places),
		cmocka_unit_test(test_no_ranges_at_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
