/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Points to requests: what is joined, and what never is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/random.h"
#include "inputs/modbus_plan.h"
#include "io/modbus_line.h"
#include "io/modbus_pdu.h"

static const struct modbus_limits limits = {125, 2000, 16};

static struct modbus_item holding(uint16_t address, uint16_t count)
{
	return (struct modbus_item){
		.limits = &limits,
		.function = MODBUS_READ_HOLDING,
		.address = address,
		.count = count,
		.interval_ns = 1000,
	};
}

static size_t plan(struct modbus_item *items, size_t count, struct modbus_span *ret)
{
	modbus_plan_sort(items, count);
	return modbus_plan_merge(items, count, ret);
}

static void assert_span(const struct modbus_span *span, unsigned address, unsigned count)
{
	assert_int_equal(span->address, address);
	assert_int_equal(span->count, count);
}

static void test_neighbours_are_read_together(void **state)
{
	struct modbus_item items[] = {holding(102, 2), holding(100, 1), holding(101, 1)};
	struct modbus_span spans[3];

	assert_int_equal(plan(items, 3, spans), 1);
	assert_span(&spans[0], 100, 4);
	assert_int_equal(spans[0].items, 3);
}

static void test_hole_up_to_the_limit_is_read_along(void **state)
{
	struct modbus_item near[] = {holding(0, 1), holding(17, 1)};
	struct modbus_item far[] = {holding(0, 1), holding(18, 1)};
	struct modbus_span spans[2];

	assert_int_equal(plan(near, 2, spans), 1);
	assert_span(&spans[0], 0, 18);
	assert_int_equal(plan(far, 2, spans), 2);
}

static void test_hole_of_bits_is_sixteen_times_as_wide(void **state)
{
	struct modbus_item items[] = {holding(0, 1), holding(257, 1), holding(515, 1)};
	struct modbus_span spans[3];

	for (size_t i = 0; i < 3; i++)
		items[i].function = MODBUS_READ_COILS;
	assert_int_equal(plan(items, 3, spans), 2);
	assert_span(&spans[0], 0, 258);
	assert_span(&spans[1], 515, 1);
}

static void test_request_ends_at_the_limit_and_never_inside_a_value(void **state)
{
	struct modbus_item items[64];
	struct modbus_span spans[64];

	for (uint16_t i = 0; i < 64; i++)
		items[i] = holding((uint16_t)(2 * i), 2);
	assert_int_equal(plan(items, 64, spans), 2);
	assert_span(&spans[0], 0, 124); /* 125 would cut the next value in two */
	assert_span(&spans[1], 124, 4);
	for (uint16_t i = 0; i < 64; i++)
		items[i] = holding(i, 1);
	items[63].address = 124;
	assert_int_equal(plan(items, 63, spans), 1);
}

static void test_limit_of_125_registers_and_2000_bits(void **state)
{
	struct modbus_item items[2001];
	struct modbus_span spans[2001];

	for (uint16_t i = 0; i < 126; i++)
		items[i] = holding(i, 1);
	assert_int_equal(plan(items, 125, spans), 1);
	assert_int_equal(plan(items, 126, spans), 2);
	for (uint16_t i = 0; i < 2001; i++) {
		items[i] = holding(i, 1);
		items[i].function = MODBUS_READ_DISCRETE;
	}
	assert_int_equal(plan(items, 2000, spans), 1);
	assert_span(&spans[0], 0, 2000);
	assert_int_equal(plan(items, 2001, spans), 2);
}

static void test_device_limit_is_kept(void **state)
{
	static const struct modbus_limits small = {10, 2000, 16};
	struct modbus_item items[25];
	struct modbus_span spans[25];

	for (uint16_t i = 0; i < 25; i++) {
		items[i] = holding(i, 1);
		items[i].limits = &small;
	}
	assert_int_equal(plan(items, 25, spans), 3);
	assert_span(&spans[2], 20, 5);
}

static void test_different_kinds_are_never_joined(void **state)
{
	struct modbus_item items[4] = {holding(0, 1), holding(1, 1), holding(2, 1),
				       holding(3, 1)};
	struct modbus_span spans[4];

	items[1].function = MODBUS_READ_INPUT;
	items[2].device = 1;
	items[3].interval_ns = 2000;
	assert_int_equal(plan(items, 4, spans), 4);
}

static void test_exclusive_is_read_alone_and_never_in_a_hole(void **state)
{
	struct modbus_item items[3] = {holding(0, 1), holding(1, 1), holding(2, 1)};
	struct modbus_span spans[3];

	items[1].exclusive = true;
	assert_int_equal(plan(items, 3, spans), 3);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(spans[i].count, 1);
}

static void test_overlap_and_last_address(void **state)
{
	struct modbus_item items[] = {holding(65534, 2), holding(65535, 1), holding(65534, 1)};
	struct modbus_span spans[3];

	assert_int_equal(plan(items, 3, spans), 1);
	assert_span(&spans[0], 65534, 2);
	assert_int_equal(spans[0].items, 3);
}

static void test_equal_places_are_read_once_whatever_the_limits(void **state)
{
	static const struct modbus_limits one = {2, 1, 0};
	struct modbus_item items[] = {holding(5, 1), holding(5, 1), holding(5, 2),
				      holding(6, 1)};
	struct modbus_span spans[4];

	for (size_t i = 0; i < 4; i++)
		items[i].limits = &one;
	/* All of it fits into two registers. */
	assert_int_equal(plan(items, 4, spans), 1);
	for (size_t i = 0; i < 4; i++) {
		items[i].exclusive = true;
		items[i].address = 5;
		items[i].count = i < 2 ? 1 : 2;
	}
	assert_int_equal(plan(items, 4, spans), 2);
	assert_int_equal(spans[0].items, 2);
	assert_int_equal(spans[1].items, 2);
}

static void test_value_across_the_border_goes_to_the_next_request(void **state)
{
	struct modbus_item items[] = {holding(0, 123), holding(123, 4), holding(127, 1)};
	struct modbus_span spans[3];

	assert_int_equal(plan(items, 3, spans), 2);
	assert_span(&spans[0], 0, 123);
	assert_span(&spans[1], 123, 5);
}

static void test_exclusive_with_another_interval_is_in_no_hole_either(void **state)
{
	struct modbus_item items[4] = {holding(0, 1), holding(10, 1), holding(4, 2),
				       holding(100, 1)};
	struct modbus_span spans[4];

	items[2].exclusive = true;
	items[2].interval_ns = 5000;
	assert_int_equal(plan(items, 4, spans), 4);
	/* Of another table or device it is none of it. */
	items[0] = holding(0, 1);
	items[1] = holding(10, 1);
	items[2] = holding(4, 2);
	items[3] = holding(5, 2);
	items[2].exclusive = items[3].exclusive = true;
	items[2].function = MODBUS_READ_INPUT;
	items[3].device = 1;
	assert_int_equal(plan(items, 4, spans), 3);
}

static struct modbus_line line_of(int baud)
{
	return (struct modbus_line){.baud = baud, .bits = 11};
}

static void test_hole_is_priced_by_the_line(void **state)
{
	struct modbus_line slow = line_of(9600), middle = line_of(19200);
	struct modbus_line fast = line_of(115200), slower = line_of(300), unknown = line_of(0);

	assert_int_equal(modbus_plan_hole(&slow), 14);
	assert_int_equal(modbus_plan_hole(&middle), 18);
	/* By cost 77. */
	assert_int_equal(modbus_plan_hole(&fast), 32);
	assert_int_equal(modbus_plan_hole(&slower), 10);
	assert_int_equal(modbus_plan_hole(&unknown), 16);
	assert_int_equal(modbus_plan_hole(NULL), 16);
}

/* The price again, from the times that modbus_line has for the two ways to read. */
static void test_hole_costs_less_than_asking_again_and_one_more_does_not(void **state)
{
	static const int bauds[] = {300, 1200, 2400, 4800, 9600, 19200, 38400};

	for (size_t i = 0; i < ARRAY_SIZE(bauds); i++) {
		struct modbus_line line = line_of(bauds[i]);
		size_t hole = modbus_plan_hole(&line);
		int64_t turnaround = modbus_plan_turnaround_ns;
		int64_t two = modbus_line_exchange(&line, 8, 5 + 2, turnaround) +
			      modbus_line_exchange(&line, 8, 5 + 2, turnaround);

		assert_true(modbus_line_exchange(&line, 8, 5 + 2 * (2 + hole), turnaround) <
			    two);
		assert_true(hole == 32 || modbus_line_exchange(&line, 8, 5 + 2 * (3 + hole),
							       turnaround) >= two);
	}
}

static void test_unasked_registers_are_counted(void **state)
{
	struct modbus_item items[] = {holding(0, 4), holding(1, 1), holding(6, 1),
				      holding(10, 1)};
	struct modbus_span spans[4];

	assert_int_equal(plan(items, 4, spans), 1);
	assert_int_equal(modbus_plan_unasked(items, &spans[0]), 2 + 3);
}

/* Every second one exclusive, and a hole before each: the worst there is for looking them up.
 */
static void test_ten_thousand_points_give_one_plan_in_any_order(void **state)
{
	enum { COUNT = 10000 };
	static struct modbus_item items[COUNT];
	static struct modbus_span spans[COUNT];
	size_t first, again;

	for (unsigned i = 0; i < COUNT; i++) {
		items[i] = holding((uint16_t)(6 * i), 1);
		items[i].exclusive = i % 2 == 1;
		items[i].interval_ns = i % 4 < 2 ? 1000 : 2000;
	}
	first = plan(items, COUNT, spans);
	assert_int_equal(first, COUNT);
	/* In another order it is the same plan. */
	for (unsigned i = 0; i < COUNT / 2; i++) {
		struct modbus_item swap = items[i];

		items[i] = items[COUNT - 1 - i];
		items[COUNT - 1 - i] = swap;
	}
	again = plan(items, COUNT, spans);
	assert_int_equal(again, first);
	for (unsigned i = 0; i < COUNT; i++)
		assert_int_equal(spans[i].items, 1);
}

static bool covers(const struct modbus_item *item, unsigned address)
{
	return item->address <= address && address < (unsigned)item->address + item->count;
}

/* Whether address is in the span only because of a hole. */
static bool in_hole(const struct modbus_span *span, const struct modbus_item *items,
		    unsigned address)
{
	for (size_t i = 0; i < span->items; i++) {
		if (covers(&items[span->first + i], address))
			return false;
	}
	return address >= span->address && address < (unsigned)span->address + span->count;
}

static void test_random_plans_read_every_item_within_the_limits(void **state)
{
	struct random random;

	random_init(&random, 3);
	for (int round = 0; round < 500; round++) {
		struct modbus_item items[60];
		struct modbus_span spans[60];
		size_t n = (size_t)random_between(&random, 1, 60), spans_n, next = 0;

		for (size_t i = 0; i < n; i++) {
			items[i] = holding((uint16_t)random_between(&random, 0, 400),
					   (uint16_t)random_between(&random, 1, 4));
			items[i].function = (uint8_t)random_between(&random, 3, 4);
			items[i].device = (uint32_t)random_between(&random, 0, 1);
			items[i].exclusive = random_between(&random, 0, 9) == 0;
		}
		spans_n = plan(items, n, spans);
		for (size_t i = 0; i < spans_n; i++) {
			assert_int_equal(spans[i].first, next);
			assert_in_range(spans[i].count, 1, 125);
			for (size_t k = 0; k < spans[i].items; k++, next++) {
				assert_true(items[next].address >= spans[i].address);
				assert_true(items[next].address + items[next].count <=
					    spans[i].address + spans[i].count);
				assert_int_equal(items[next].function, spans[i].function);
			}
			for (size_t k = 0; k < n; k++) {
				if (items[k].exclusive && items[k].device == spans[i].device &&
				    items[k].function == spans[i].function)
					assert_false(
						in_hole(&spans[i], items, items[k].address));
			}
		}
		assert_int_equal(next, n);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_neighbours_are_read_together),
		cmocka_unit_test(test_hole_up_to_the_limit_is_read_along),
		cmocka_unit_test(test_hole_of_bits_is_sixteen_times_as_wide),
		cmocka_unit_test(test_request_ends_at_the_limit_and_never_inside_a_value),
		cmocka_unit_test(test_limit_of_125_registers_and_2000_bits),
		cmocka_unit_test(test_device_limit_is_kept),
		cmocka_unit_test(test_different_kinds_are_never_joined),
		cmocka_unit_test(test_exclusive_is_read_alone_and_never_in_a_hole),
		cmocka_unit_test(test_overlap_and_last_address),
		cmocka_unit_test(test_equal_places_are_read_once_whatever_the_limits),
		cmocka_unit_test(test_value_across_the_border_goes_to_the_next_request),
		cmocka_unit_test(test_exclusive_with_another_interval_is_in_no_hole_either),
		cmocka_unit_test(test_hole_is_priced_by_the_line),
		cmocka_unit_test(test_hole_costs_less_than_asking_again_and_one_more_does_not),
		cmocka_unit_test(test_unasked_registers_are_counted),
		cmocka_unit_test(test_ten_thousand_points_give_one_plan_in_any_order),
		cmocka_unit_test(test_random_plans_read_every_item_within_the_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
