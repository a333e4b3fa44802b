/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Dates of the proleptic Gregorian calendar and the days between them: what mktime() and
 * localtime() hide behind the zone of the process. Pure.
 *
 * From: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", sections
 * days_from_civil, civil_from_days and weekday_from_days (eras of 400 years = 146,097 days that
 * begin in March).
 */
#ifndef GAUGED_RULES_CIVIL_H
#define GAUGED_RULES_CIVIL_H

#include <stdbool.h>
#include <stdint.h>

enum { CIVIL_DAY_S = 86400 };

struct civil {
	int64_t year; /* astronomical: 0 is 1 BC */
	int month;    /* 1..12 */
	int day;      /* 1..31 */
	int weekday;  /* ISO 8601: 1 is Monday, 7 Sunday */
	int32_t tod;  /* seconds since midnight, 0..86399 */
};

/* The largest seconds either way that civil_from() takes: some 30,000 years. */
#define CIVIL_MAX_S INT64_C(1000000000000)

/* Days from 1970-01-01 to the day; month and day have to be ones, year within +-40,000. */
int64_t civil_days(int64_t year, int month, int day);
int civil_month_days(int64_t year, int month);
bool civil_leap(int64_t year);
/* ISO weekday of a day that is given as days since 1970-01-01. */
int civil_weekday(int64_t days);
/* What a clock shows so many seconds behind its 1970-01-01 00:00:00. */
void civil_from(int64_t seconds, struct civil *ret);
/* Of the same: the day's number, rounded down. */
int64_t civil_day_of(int64_t seconds);

#endif
