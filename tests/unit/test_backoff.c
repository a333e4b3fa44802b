/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Pauses between attempts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "io/backoff.h"

static void test_pause_is_within_its_bounds(void **state)
{
	for (uint64_t seed = 1; seed < 200; seed++) {
		struct backoff backoff;
		int64_t last = 500;

		backoff_init(&backoff, 500, 60000, seed);
		for (int i = 0; i < 100; i++) {
			int64_t pause = backoff_next(&backoff);

			assert_in_range(pause, 500, 60000);
			assert_true(pause <= 3 * last);
			last = pause;
		}
	}
}

static void test_pauses_grow_until_reset(void **state)
{
	int64_t first = 0, tenth = 0, again = 0;

	for (uint64_t seed = 1; seed <= 100; seed++) {
		struct backoff backoff;

		backoff_init(&backoff, 500, 60000, seed);
		first += backoff_next(&backoff);
		for (int i = 0; i < 8; i++)
			backoff_next(&backoff);
		tenth += backoff_next(&backoff);
		backoff_reset(&backoff);
		again += backoff_next(&backoff);
	}
	assert_true(tenth > 10 * first);
	assert_in_range(first, 100 * 500, 100 * 1500);
	assert_in_range(again, 100 * 500, 100 * 1500);
}

static void test_pauses_of_two_differ(void **state)
{
	struct backoff a, b;
	int same = 0;

	backoff_init(&a, 500000000, 60000000000, 0);
	backoff_init(&b, 500000000, 60000000000, 0);
	for (int i = 0; i < 20; i++)
		same += backoff_next(&a) == backoff_next(&b);
	assert_true(same < 20);
}

static void test_pause_with_equal_bounds_is_that(void **state)
{
	struct backoff backoff;

	backoff_init(&backoff, 700, 700, 1);
	for (int i = 0; i < 5; i++)
		assert_int_equal(backoff_next(&backoff), 700);
	backoff_init(&backoff, INT64_MAX / 2, INT64_MAX, 1);
	for (int i = 0; i < 5; i++)
		assert_true(backoff_next(&backoff) >= INT64_MAX / 2);
}

static void test_fault_C14_those_that_pause_for_long_wake_together(void **state)
{
	int64_t pauses[] = {1,
			    NSEC_PER_MSEC,
			    NSEC_PER_SEC,
			    3 * NSEC_PER_SEC,
			    8 * NSEC_PER_SEC,
			    300 * NSEC_PER_SEC};
	int64_t last = 0;
	int wakes = 0;

	for (size_t i = 0; i < sizeof(pauses) / sizeof(pauses[0]); i++) {
		for (int64_t now = 0; now < 5 * NSEC_PER_SEC; now += 77777777) {
			struct mono due = {now + pauses[i]};
			struct mono wake = backoff_wake(due, pauses[i]);

			assert_in_range(wake.ns, due.ns, due.ns + pauses[i] / 8);
			assert_int_equal(backoff_wake(wake, pauses[i]).ns, wake.ns);
			if (pauses[i] < NSEC_PER_SEC)
				assert_int_equal(wake.ns, due.ns);
		}
	}
	/* A hundred that are due all over a minute. */
	for (int i = 0; i < 100; i++) {
		struct mono wake =
			backoff_wake((struct mono){(int64_t)1e15 + i * INT64_C(599999999)},
				     60 * NSEC_PER_SEC);

		wakes += wake.ns != last;
		last = wake.ns;
	}
	assert_in_range(wakes, 59, 61);
	assert_int_equal(backoff_wake(MONO_NEVER, 60 * NSEC_PER_SEC).ns, MONO_NEVER.ns);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pause_is_within_its_bounds),
		cmocka_unit_test(test_pauses_grow_until_reset),
		cmocka_unit_test(test_pauses_of_two_differ),
		cmocka_unit_test(test_pause_with_equal_bounds_is_that),
		cmocka_unit_test(test_fault_C14_those_that_pause_for_long_wake_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
