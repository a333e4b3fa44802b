/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Tests of the arithmetic of dates, against a calendar that is counted day by day. */
#include "rules/civil.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { FROM_YEAR = 1599, TO_YEAR = 2401 };

/* Two turns of 400 years, one day after the other. */
static void test_every_day_of_800_years(void **state)
{
	int64_t days = civil_days(FROM_YEAR, 1, 1);
	int weekday = civil_weekday(days);

	(void)state;
	for (int64_t year = FROM_YEAR; year <= TO_YEAR; year++) {
		for (int month = 1; month <= 12; month++) {
			for (int day = 1; day <= civil_month_days(year, month); day++) {
				struct civil civil;

				assert_int_equal(civil_days(year, month, day), days);
				civil_from(days * CIVIL_DAY_S + CIVIL_DAY_S - 1, &civil);
				assert_int_equal(civil.year, year);
				assert_int_equal(civil.month, month);
				assert_int_equal(civil.day, day);
				assert_int_equal(civil.weekday, weekday);
				assert_int_equal(civil.tod, CIVIL_DAY_S - 1);
				weekday = weekday % 7 + 1;
				days++;
			}
		}
	}
}

static void test_known_days(void **state)
{
	(void)state;
	assert_int_equal(civil_days(1970, 1, 1), 0);
	assert_int_equal(civil_weekday(0), 4);
	assert_int_equal(civil_days(2000, 3, 1), 11017);
	/* The day before the era of Hinnant's algorithm, and the one far behind. */
	assert_int_equal(civil_days(0, 2, 29), -719469);
	assert_true(civil_leap(2000) && civil_leap(2024) && civil_leap(0));
	assert_false(civil_leap(1900) || civil_leap(2100) || civil_leap(2026));
}

static void test_the_bounds_of_time(void **state)
{
	struct civil civil;

	(void)state;
	civil_from(CIVIL_MAX_S, &civil);
	assert_int_equal(civil_days(civil.year, civil.month, civil.day),
			 civil_day_of(CIVIL_MAX_S));
	civil_from(-CIVIL_MAX_S, &civil);
	assert_int_equal(civil_days(civil.year, civil.month, civil.day),
			 civil_day_of(-CIVIL_MAX_S));
	assert_in_range(civil.tod, 0, CIVIL_DAY_S - 1);
	civil_from(-1, &civil);
	assert_int_equal(civil.year, 1969);
	assert_int_equal(civil.month, 12);
	assert_int_equal(civil.day, 31);
	assert_int_equal(civil.tod, CIVIL_DAY_S - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_day_of_800_years),
		cmocka_unit_test(test_known_days),
		cmocka_unit_test(test_the_bounds_of_time),
	};

	return cmocka_run_group_tests_name("civil", tests, NULL, NULL);
}
