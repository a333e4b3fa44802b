/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Tests the pure parts of GPIO: sequence numbers, totals, rates, encoders. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/random.h"
#include "inputs/gpio_counter.h"
#include "inputs/gpio_quadrature.h"
#include "inputs/gpio_rate.h"
#include "io/gpio_sequence.h"

/* How many before the number are lost; -1: it is none that is awaited. */
static int64_t next(struct gpio_sequence *sequence, uint32_t number)
{
	uint32_t lost = 77;

	if (gpio_sequence_next(sequence, number, &lost))
		return lost;
	assert_int_equal(lost, 77);
	return -1;
}

static void test_sequence_loses_nothing_in_a_row(void **state)
{
	struct gpio_sequence sequence = {0};

	(void)state;
	for (uint32_t i = 1; i < 1000; i++)
		assert_int_equal(next(&sequence, i), 0);
}

static void test_sequence_tells_each_gap_exactly(void **state)
{
	struct random random;
	struct gpio_sequence sequence = {0};
	int64_t lost = 0, told = 0, came = 0;

	(void)state;
	random_init(&random, 14);
	for (uint32_t i = 1; i <= 2000; i++) {
		if (random_between(&random, 0, 3) == 0 && i < 2000) {
			lost++;
			continue;
		}
		told += next(&sequence, i);
		came++;
	}
	assert_true(lost > 300);
	assert_int_equal(told, lost);
	assert_int_equal(came + told, 2000);
}

/* In any order, and some of them twice: each number came, or is lost, once. */
static void test_sequence_takes_each_number_once(void **state)
{
	struct random random;

	(void)state;
	random_init(&random, 15);
	for (int round = 0; round < 200; round++) {
		struct gpio_sequence sequence = {.last = UINT32_MAX - 100};
		uint32_t first = sequence.last, highest = first;
		int64_t sum = 0;

		for (int i = 0; i < 300; i++) {
			uint32_t number = highest - 5 + (uint32_t)random_between(&random, 0, 8);
			int64_t lost = next(&sequence, number);
			bool ahead = number - first < 1000 && number - highest - 1 < 1000;

			assert_int_equal(lost >= 0, ahead);
			if (lost < 0)
				continue;
			sum += 1 + lost;
			highest = number;
		}
		assert_int_equal(sum, highest - first);
	}
}

static void test_sequence_goes_on_behind_the_largest_number(void **state)
{
	struct gpio_sequence sequence = {.last = UINT32_MAX - 1};

	(void)state;
	assert_int_equal(next(&sequence, UINT32_MAX), 0);
	assert_int_equal(next(&sequence, 0), 0);
	assert_int_equal(next(&sequence, 5), 4);
}

static void test_sequence_ignores_a_number_that_is_none_of_it(void **state)
{
	struct gpio_sequence sequence = {.last = 100};

	(void)state;
	assert_int_equal(next(&sequence, 100), -1);
	assert_int_equal(next(&sequence, 7), -1);
	assert_int_equal(next(&sequence, 101), 0);
}

/* Against a line that alternates: of any stretch that is lost, those that count. */
static void test_lost_edges_count_as_they_would_have(void **state)
{
	static const struct gpio_counted kinds[] = {
		{true, false, true}, {false, true, true}, {true, true, true}};

	(void)state;
	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
		for (uint32_t lost = 0; lost < 20; lost++) {
			for (int known = 0; known < 2; known++) {
				uint32_t count = 0;
				bool rising = known != 0;

				for (uint32_t i = 0; i < lost; i++) {
					rising = !rising;
					count += rising ? kinds[k].rising : kinds[k].falling;
				}
				assert_int_equal(
					gpio_counter_of_lost(&kinds[k], known != 0, lost),
					count);
			}
		}
	}
}

static void test_lost_edges_all_count_where_no_others_are_told(void **state)
{
	const struct gpio_counted falling = {false, true, false};

	(void)state;
	assert_int_equal(gpio_counter_of_lost(&falling, true, 7), 7);
	assert_int_equal(gpio_counter_of_lost(&falling, false, 7), 7);
}

static void test_counter_survives_as_bytes(void **state)
{
	static const int64_t counts[] = {0, 1, -1, 123456789012345, INT64_MAX, INT64_MIN};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
		struct gpio_counter counter = {counts[i], 77}, again = {0};
		uint8_t bytes[GPIO_COUNTER_BYTES];

		gpio_counter_save(&counter, bytes);
		assert_true(gpio_counter_restore(&again, bytes, sizeof(bytes)));
		assert_int_equal(again.count, counts[i]);
		assert_int_equal(again.lost, 77);
	}
}

static void test_counter_adds_what_came_before_it_was_restored(void **state)
{
	struct gpio_counter counter = {1000, 2}, again = {3, 1};
	uint8_t bytes[GPIO_COUNTER_BYTES];

	(void)state;
	gpio_counter_save(&counter, bytes);
	assert_true(gpio_counter_restore(&again, bytes, sizeof(bytes)));
	assert_int_equal(again.count, 1003);
	assert_int_equal(again.lost, 3);
}

static void test_counter_takes_no_other_bytes(void **state)
{
	struct gpio_counter counter = {INT64_MAX, 0}, again = {5, 6};
	uint8_t bytes[GPIO_COUNTER_BYTES];

	(void)state;
	gpio_counter_save(&counter, bytes);
	assert_false(gpio_counter_restore(&again, bytes, sizeof(bytes) - 1));
	assert_false(gpio_counter_restore(&again, bytes, sizeof(bytes))); /* too much */
	bytes[0]++;
	again.count = 0;
	assert_false(gpio_counter_restore(&again, bytes, sizeof(bytes)));
	assert_int_equal(again.count, 0);
	assert_int_equal(again.lost, 6);
}

static struct mono at_ms(int64_t ms)
{
	return (struct mono){1000 * NSEC_PER_SEC + ms * NSEC_PER_MSEC};
}

static void assert_near(double is, double wanted)
{
	if (fabs(is - wanted) > 1e-6 * fabs(wanted))
		fail_msg("%g is not %g", is, wanted);
}

static void test_rate_is_exact_with_few_edges(void **state)
{
	struct gpio_rate rate;

	(void)state;
	gpio_rate_init(&rate, 5 * NSEC_PER_SEC, at_ms(0));
	for (int i = 0; i < 5; i++)
		gpio_rate_add(&rate, at_ms(700 * i), 1);
	assert_near(gpio_rate_hz(&rate, at_ms(2800)), 1 / 0.7);
	assert_near(gpio_rate_hz(&rate, at_ms(3300)), 1 / 0.7);
}

static void test_rate_is_exact_however_many_come(void **state)
{
	struct gpio_rate rate;

	(void)state;
	gpio_rate_init(&rate, NSEC_PER_SEC, at_ms(0));
	for (int i = 0; i <= 20000; i++) /* 10 kHz for two seconds */
		gpio_rate_add(&rate, (struct mono){NSEC_PER_SEC + i * NSEC_PER_MSEC / 10}, 1);
	assert_near(gpio_rate_hz(&rate, (struct mono){3 * NSEC_PER_SEC}), 10000);
}

static void test_rate_falls_when_edges_stay_away_and_ends(void **state)
{
	struct gpio_rate rate;

	(void)state;
	gpio_rate_init(&rate, 4 * NSEC_PER_SEC, at_ms(0));
	assert_true(gpio_rate_hz(&rate, at_ms(0)) == 0);
	for (int i = 0; i < 10; i++)
		gpio_rate_add(&rate, at_ms(100 * i), 1);
	assert_near(gpio_rate_hz(&rate, at_ms(900)), 10);
	assert_near(gpio_rate_hz(&rate, at_ms(1900)), 1);
	assert_near(gpio_rate_hz(&rate, at_ms(2900)), 0.5);
	assert_true(gpio_rate_hz(&rate, at_ms(6000)) == 0);
}

static void test_rate_begins_anew_behind_a_pause(void **state)
{
	struct gpio_rate rate;

	(void)state;
	gpio_rate_init(&rate, NSEC_PER_SEC, at_ms(0));
	gpio_rate_add(&rate, at_ms(0), 1);
	for (int i = 0; i < 4; i++)
		gpio_rate_add(&rate, at_ms(3600000 + 100 * i), 1);
	assert_near(gpio_rate_hz(&rate, at_ms(3600300)), 10);
}

static void test_rate_of_one_edge_is_one_in_the_span(void **state)
{
	struct gpio_rate rate;

	(void)state;
	gpio_rate_init(&rate, 8 * NSEC_PER_SEC, at_ms(0));
	gpio_rate_add(&rate, at_ms(0), 1);
	assert_near(gpio_rate_hz(&rate, at_ms(0)), 1.0 / 8);
}

/* A line that was just taken may have stood still for long, or turn fast. */
static void test_rate_is_unknown_until_something_tells(void **state)
{
	struct gpio_rate rate;

	(void)state;
	gpio_rate_init(&rate, 4 * NSEC_PER_SEC, at_ms(0));
	assert_false(gpio_rate_known(&rate, at_ms(0)));
	assert_false(gpio_rate_known(&rate, at_ms(3900)));
	assert_true(gpio_rate_known(&rate, at_ms(4000)));
	gpio_rate_init(&rate, 4 * NSEC_PER_SEC, at_ms(0));
	gpio_rate_add(&rate, at_ms(100), 1);
	assert_false(gpio_rate_known(&rate, at_ms(200)));
	gpio_rate_add(&rate, at_ms(300), 1);
	assert_true(gpio_rate_known(&rate, at_ms(300)));
	assert_near(gpio_rate_hz(&rate, at_ms(300)), 5);
}

static void test_rate_takes_no_time_that_runs_back(void **state)
{
	struct gpio_rate rate;
	uint32_t seed = 7;
	int64_t ms = 0;

	(void)state;
	gpio_rate_init(&rate, NSEC_PER_SEC, at_ms(0));
	for (int i = 0; i < 100000; i++) {
		double hz;

		seed = seed * 1664525 + 1013904223;
		ms += seed >> 24 < 200 ? seed >> 30 : -(int64_t)(seed >> 21 & 255);
		gpio_rate_add(&rate, at_ms(ms), 1 + (seed >> 16 & 1));
		hz = gpio_rate_hz(&rate, (struct mono){rate.newest_ns});
		assert_true(isfinite(hz) && hz > 0);
	}
}

static void test_rate_has_what_was_lost(void **state)
{
	struct gpio_rate rate;

	(void)state;
	gpio_rate_init(&rate, 10 * NSEC_PER_SEC, at_ms(0));
	gpio_rate_add(&rate, at_ms(0), 1);
	gpio_rate_add(&rate, at_ms(1000), 100); /* 99 of them lost */
	assert_near(gpio_rate_hz(&rate, at_ms(1000)), 100);
}

static void test_encoder_counts_forwards_and_back(void **state)
{
	struct gpio_quadrature encoder = {0};
	static const struct {
		int line;
		bool level;
	} turn[] = {{0, true}, {1, true}, {0, false}, {1, false}};
	int position = 0;

	(void)state;
	for (int i = 0; i < 40; i++)
		position += gpio_quadrature_step(&encoder, turn[i % 4].line, turn[i % 4].level);
	assert_int_equal(position, 40);
	for (int i = 39; i >= 0; i--)
		position +=
			gpio_quadrature_step(&encoder, turn[i % 4].line, !turn[i % 4].level);
	assert_int_equal(position, 0);
}

static void test_encoder_takes_no_step_for_a_level_it_has(void **state)
{
	struct gpio_quadrature encoder = {{true, false}};

	(void)state;
	assert_int_equal(gpio_quadrature_step(&encoder, 0, true), 0);
	assert_int_equal(gpio_quadrature_step(&encoder, 1, false), 0);
	assert_int_equal(gpio_quadrature_step(&encoder, 1, true), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sequence_loses_nothing_in_a_row),
		cmocka_unit_test(test_sequence_tells_each_gap_exactly),
		cmocka_unit_test(test_sequence_takes_each_number_once),
		cmocka_unit_test(test_sequence_goes_on_behind_the_largest_number),
		cmocka_unit_test(test_sequence_ignores_a_number_that_is_none_of_it),
		cmocka_unit_test(test_lost_edges_count_as_they_would_have),
		cmocka_unit_test(test_lost_edges_all_count_where_no_others_are_told),
		cmocka_unit_test(test_counter_survives_as_bytes),
		cmocka_unit_test(test_counter_adds_what_came_before_it_was_restored),
		cmocka_unit_test(test_counter_takes_no_other_bytes),
		cmocka_unit_test(test_rate_is_exact_with_few_edges),
		cmocka_unit_test(test_rate_is_exact_however_many_come),
		cmocka_unit_test(test_rate_falls_when_edges_stay_away_and_ends),
		cmocka_unit_test(test_rate_begins_anew_behind_a_pause),
		cmocka_unit_test(test_rate_of_one_edge_is_one_in_the_span),
		cmocka_unit_test(test_rate_is_unknown_until_something_tells),
		cmocka_unit_test(test_rate_takes_no_time_that_runs_back),
		cmocka_unit_test(test_rate_has_what_was_lost),
		cmocka_unit_test(test_encoder_counts_forwards_and_back),
		cmocka_unit_test(test_encoder_takes_no_step_for_a_level_it_has),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
