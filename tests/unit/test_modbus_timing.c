/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Tests of what is measured of a bus: round trips and busy time of the last minute or two. */
#include "io/modbus_timing.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/clock.h"

static struct mono at(int64_t seconds)
{
	return (struct mono){seconds * NSEC_PER_SEC};
}

static void assert_near(int64_t got, int64_t wanted)
{
	if (llabs(got - wanted) > wanted / 8)
		fail_msg("%jd is not near %jd", (intmax_t)got, (intmax_t)wanted);
}

static void test_trips_of_every_length_are_told_within_an_eighth(void **state)
{
	for (int64_t ns = 20 * NSEC_PER_USEC; ns < 100 * NSEC_PER_SEC; ns += ns / 7) {
		struct modbus_trips trips = {0};

		modbus_trips_add(&trips, ns, at(1));
		assert_near(modbus_trips_quantile(&trips, 0.5, at(1)), ns);
	}
}

static void test_trips_beyond_both_ends_are_counted_at_them(void **state)
{
	struct modbus_trips trips = {0};

	modbus_trips_add(&trips, -5, at(1));
	modbus_trips_add(&trips, 0, at(1));
	assert_true(modbus_trips_quantile(&trips, 1, at(1)) < 20 * NSEC_PER_USEC);
	modbus_trips_add(&trips, INT64_MAX, at(1));
	assert_true(modbus_trips_quantile(&trips, 1, at(1)) > 100 * NSEC_PER_SEC);
}

static void test_quantiles_split_the_trips(void **state)
{
	struct modbus_trips trips = {0};

	assert_int_equal(modbus_trips_quantile(&trips, 0.5, at(1)), -1);
	for (int i = 0; i < 98; i++)
		modbus_trips_add(&trips, NSEC_PER_MSEC, at(1));
	modbus_trips_add(&trips, NSEC_PER_SEC, at(1));
	modbus_trips_add(&trips, NSEC_PER_SEC, at(1));
	assert_near(modbus_trips_quantile(&trips, 0.5, at(1)), NSEC_PER_MSEC);
	assert_near(modbus_trips_quantile(&trips, 0.98, at(1)), NSEC_PER_MSEC);
	assert_near(modbus_trips_quantile(&trips, 0.99, at(1)), NSEC_PER_SEC);
}

static void test_trips_are_forgotten_after_two_minutes(void **state)
{
	struct modbus_trips trips = {0};

	modbus_trips_add(&trips, NSEC_PER_SEC, at(100));
	modbus_trips_add(&trips, NSEC_PER_MSEC, at(170));
	assert_near(modbus_trips_quantile(&trips, 1, at(170)), NSEC_PER_SEC);
	modbus_trips_add(&trips, NSEC_PER_MSEC, at(231));
	assert_near(modbus_trips_quantile(&trips, 1, at(231)), NSEC_PER_MSEC);
	/* Without any further one as well. */
	assert_int_equal(modbus_trips_quantile(&trips, 1, at(400)), -1);
	modbus_trips_add(&trips, NSEC_PER_SEC, at(500));
	assert_near(modbus_trips_quantile(&trips, 0, at(500)), NSEC_PER_SEC);
}

static void test_a_million_trips_fit(void **state)
{
	struct modbus_trips trips = {0};

	for (int i = 0; i < 1000000; i++)
		modbus_trips_add(&trips, i % 100 == 0 ? NSEC_PER_SEC : NSEC_PER_MSEC, at(1));
	assert_near(modbus_trips_quantile(&trips, 0.5, at(1)), NSEC_PER_MSEC);
	assert_near(modbus_trips_quantile(&trips, 0.98, at(1)), NSEC_PER_MSEC);
	assert_near(modbus_trips_quantile(&trips, 0.995, at(1)), NSEC_PER_SEC);
}

static void test_use_is_the_share_of_the_last_minute_or_two(void **state)
{
	struct modbus_use use = {0};
	int64_t busy = 0;

	assert_true(modbus_use_share(&use, 0, at(1)) < 0);
	for (int s = 1; s <= 300; s++) {
		/* Half busy first, then a tenth. */
		busy += s <= 150 ? NSEC_PER_SEC / 2 : NSEC_PER_SEC / 10;
		modbus_use_mark(&use, busy, at(s));
		if (s == 150)
			assert_true(fabs(modbus_use_share(&use, busy, at(s)) - 0.5) < 0.01);
	}
	assert_true(fabs(modbus_use_share(&use, busy, at(300)) - 0.1) < 0.01);
	/* Nothing goes on any more. */
	assert_true(modbus_use_share(&use, busy, at(3000)) < 0.01);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_trips_of_every_length_are_told_within_an_eighth),
		cmocka_unit_test(test_trips_beyond_both_ends_are_counted_at_them),
		cmocka_unit_test(test_quantiles_split_the_trips),
		cmocka_unit_test(test_trips_are_forgotten_after_two_minutes),
		cmocka_unit_test(test_a_million_trips_fit),
		cmocka_unit_test(test_use_is_the_share_of_the_last_minute_or_two),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
