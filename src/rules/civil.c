/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the arithmetic of dates. */
#include "rules/civil.h"

enum { DAYS_OF_ERA = 146097, YEARS_OF_ERA = 400, MARCH_0000_TO_1970 = 719468 };

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

int64_t civil_days(int64_t year, int month, int day)
{
	int64_t y = year - (month <= 2);
	int64_t era = floor_div(y, YEARS_OF_ERA);
	int64_t of_era = y - era * YEARS_OF_ERA;
	int64_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

	return era * DAYS_OF_ERA + of_era * 365 + of_era / 4 - of_era / 100 + of_year -
	       MARCH_0000_TO_1970;
}

bool civil_leap(int64_t year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

int civil_month_days(int64_t year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return days[month - 1] + (month == 2 && civil_leap(year));
}

int civil_weekday(int64_t days)
{
	/* 1970-01-01 was a Thursday. */
	return (int)(days + 3 - floor_div(days + 3, 7) * 7) + 1;
}

int64_t civil_day_of(int64_t seconds)
{
	return floor_div(seconds, CIVIL_DAY_S);
}

void civil_from(int64_t seconds, struct civil *ret)
{
	int64_t days = civil_day_of(seconds);
	int64_t z = days + MARCH_0000_TO_1970, era = floor_div(z, DAYS_OF_ERA);
	int64_t of_era = z - era * DAYS_OF_ERA;
	int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
	int64_t month = (5 * of_year + 2) / 153;

	ret->day = (int)(of_year - (153 * month + 2) / 5) + 1;
	ret->month = (int)(month < 10 ? month + 3 : month - 9);
	ret->year = year + era * YEARS_OF_ERA + (ret->month <= 2);
	ret->weekday = civil_weekday(days);
	ret->tod = (int32_t)(seconds - days * CIVIL_DAY_S);
}
