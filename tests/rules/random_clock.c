/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the local time of random rules. Zones are the C library's. */
#include "random_clock.h"

#include <stdlib.h>
#include <time.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/str.h"

enum { DAY = 86400 };

static const char *const zones[] = {
	"UTC0",
	"CET-1CEST,M3.5.0,M10.5.0/3",
	"EST5EDT,M3.2.0,M11.1.0",
	"NZST-12NZDT,M9.5.0,M4.1.0/3",
	"LHST-10:30LHDT-11,M10.1.0,M4.1.0",
	"IST-1GMT0,M10.5.0,M3.5.0/1",
	"<+1245>-12:45<+1345>,M9.5.0/2:45,M4.1.0/3:45",
};
static const char *const weekdays[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat", "sun"};

static long offset_at(time_t at)
{
	struct tm tm;

	localtime_r(&at, &tm);
	return tm.tm_gmtoff;
}

/* The first instant behind at with another offset; at itself if there is none in a year. */
static time_t change_behind(time_t at)
{
	time_t low = at, high = at;

	for (int i = 0; i < 13 && offset_at(high) == offset_at(at); i++) {
		low = high;
		high += 30 * DAY;
	}
	if (offset_at(high) == offset_at(at))
		return at;
	while (high - low > 1) {
		time_t middle = low + (high - low) / 2;

		if (offset_at(middle) == offset_at(at))
			low = middle;
		else
			high = middle;
	}
	return high;
}

static void show(struct random_clock *clock)
{
	time_t at = (time_t)(clock->wall_ns / NSEC_PER_SEC);
	struct tm tm;

	setenv("TZ", clock->tz, 1);
	tzset();
	localtime_r(&at, &tm);
	clock->tod = tm.tm_hour * 3600 + tm.tm_min * 60 + tm.tm_sec;
	clock->weekday = tm.tm_wday == 0 ? 7 : tm.tm_wday;
	clock->day = tm.tm_mday;
}

void random_clock_move(struct chance *chance, struct random_clock *clock)
{
	clock->tz = zones[chance_between(chance, 0, ARRAY_SIZE(zones) - 1)];
	show(clock);
}

void random_clock_begin(struct chance *chance, struct random_clock *ret)
{
	time_t at = (time_t)chance_between(chance, 1767225600, 1893456000);

	random_clock_move(chance, ret);
	if (chance_one_in(chance, 2)) {
		at = change_behind(at) - (time_t)chance_between(chance, -300, 1500);
	} else if (chance_one_in(chance, 2)) {
		struct tm tm;

		localtime_r(&at, &tm);
		tm.tm_hour = 23;
		tm.tm_min = 60 - (int)chance_between(chance, 1, 15);
		at = mktime(&tm);
	}
	ret->wall_ns = (int64_t)at * NSEC_PER_SEC;
	/* Seconds of the clock mostly begin at ticks, which are half ones. */
	if (chance_one_in(chance, 3))
		ret->wall_ns += chance_between(chance, 1, 999) * NSEC_PER_MSEC;
	show(ret);
}

static int some_tod(struct chance *chance, const struct random_clock *clock)
{
	int64_t tod = clock->tod + chance_between(chance, -300, 900);

	if (chance_one_in(chance, 4))
		tod += chance_between(chance, -2, 2) * 3600;
	if (chance_one_in(chance, 20))
		tod = chance_between(chance, 0, DAY - 1);
	return (int)((tod + 2 * DAY) % DAY);
}

static void write_tod(int tod, struct str *out)
{
	str_addf(out, "%02d:%02d:%02d", tod / 3600, tod / 60 % 60, tod % 60);
}

void random_clock_tod(struct chance *chance, const struct random_clock *clock, struct str *out)
{
	write_tod(some_tod(chance, clock), out);
}

static int some_weekday(struct chance *chance, const struct random_clock *clock)
{
	return (int)(clock->weekday - 1 + chance_between(chance, 0, 2)) % 7 + 1;
}

void random_clock_day(struct chance *chance, const struct random_clock *clock, struct str *out)
{
	str_addf(out, "%d", some_weekday(chance, clock));
}

/* Today is among them, mostly. */
static void write_days(struct chance *chance, const struct random_clock *clock, bool of_month,
		       struct str *out)
{
	const char *some = weekdays[some_weekday(chance, clock)];
	const char *other = weekdays[chance_between(chance, 1, 7)];

	switch (chance_between(chance, 0, of_month ? 6 : 3)) {
	case 0:
		str_adds(out, "daily");
		break;
	case 1:
		str_adds(out, some);
		break;
	case 2:
		str_addf(out, "%s,%s", other, some);
		break;
	case 3:
		str_addf(out, "%s..%s", some, other);
		break;
	case 4:
		str_addf(out, "%d", clock->day);
		break;
	case 5:
		str_addf(out, "1,15,%d", clock->day % 28 + 1);
		break;
	default:
		str_adds(out, "last");
		break;
	}
}

void random_clock_slots(struct chance *chance, const struct random_clock *clock,
			struct str *out)
{
	if (chance_one_in(chance, 4)) {
		str_addf(out, "every %jds", (intmax_t)chance_between(chance, 5, 90));
		return;
	}
	for (int64_t entries = chance_between(chance, 1, 2); entries > 0; entries--) {
		for (int64_t i = chance_between(chance, 1, 4); i > 0; i--) {
			random_clock_tod(chance, clock, out);
			str_adds(out, i > 1 ? "," : "");
		}
		if (chance_one_in(chance, 2)) {
			str_addc(out, ' ');
			write_days(chance, clock, true, out);
		}
		str_adds(out, entries > 1 ? "; " : "");
	}
}

void random_clock_spans(struct chance *chance, const struct random_clock *clock,
			struct str *out)
{
	for (int64_t spans = chance_between(chance, 1, 2); spans > 0; spans--) {
		bool days = chance_one_in(chance, 2);

		if (days)
			write_days(chance, clock, false, out);
		for (int64_t i = chance_between(chance, days ? 0 : 1, 2); i > 0; i--) {
			int from = some_tod(chance, clock), to = some_tod(chance, clock);

			str_adds(out, days ? " " : "");
			days = false;
			write_tod(from, out);
			str_adds(out, "..");
			write_tod(to == from ? (to + 60) % DAY : to, out);
			str_adds(out, i > 1 ? "," : "");
		}
		str_adds(out, spans > 1 ? "; " : "");
	}
}
