/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns how the oracle reads slots and spans, and what the C library says of local time. */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/str.h"
#include "oracle_clock.h"
#include "oracle_tree.h"

enum { DAY = 86400, ALL_DAYS = 0xfe };

static const char *const names[] = {"", "mon", "tue", "wed", "thu", "fri", "sat", "sun"};

/* ---- texts ------------------------------------------------------------------------------- */

/* The next of words that are apart by one of the signs in by; NULL at the end. */
static char *next_word(char **at, const char *by)
{
	char *word = strsep(at, by);

	while (word != NULL && *word == '\0')
		word = strsep(at, by);
	return word;
}

static int day_number(const char *word, size_t len)
{
	for (int i = 1; i <= 7; i++) {
		if (len == 3 && strncmp(names[i], word, 3) == 0)
			return i;
	}
	return 0;
}

static void take_days(char *word, struct oracle_time *time)
{
	char *one;

	while ((one = next_word(&word, ",")) != NULL) {
		int day = day_number(one, strcspn(one, ".-"));
		const char *to = strpbrk(one, ".-");
		int end = to != NULL ? day_number(to + strspn(to, ".-"), 3) : day;

		if (strcmp(one, "daily") == 0)
			time->weekdays = ALL_DAYS;
		else if (strcmp(one, "last") == 0)
			time->last = true;
		else if (day == 0)
			time->monthdays |= 1u << atoi(one);
		else
			for (time->weekdays |= 1u << end; day != end; day = day % 7 + 1)
				time->weekdays |= 1u << day;
	}
}

static int take_tod(const char *word)
{
	int h = 0, m = 0, s = 0;

	assert_true(sscanf(word, "%d:%d:%d", &h, &m, &s) >= 2);
	return h * 3600 + m * 60 + s;
}

static void take_times(char *word, struct oracle_times *times)
{
	char *one;

	while ((one = next_word(&word, ",")) != NULL) {
		struct oracle_time *time = &times->list[times->count++];
		const char *to = strstr(one, "..");
		int end = to != NULL ? take_tod(to + 2) : 0;

		assert_true(times->count <= ORACLE_TIMES);
		time->from = take_tod(one);
		if (to != NULL)
			time->length =
				end > time->from ? end - time->from : end - time->from + DAY;
	}
}

static void take_entry(char *text, struct oracle_times *times)
{
	struct oracle_time days = {0};
	uint32_t first = times->count;
	char *word;
	bool any = false;

	while ((word = next_word(&text, " ")) != NULL) {
		if (strchr(word, ':') != NULL) {
			take_times(word, times);
		} else {
			take_days(word, &days);
			any = true;
		}
	}
	if (!any)
		days.weekdays = ALL_DAYS;
	if (times->count == first)
		times->list[times->count++] = (struct oracle_time){.length = DAY};
	for (uint32_t i = first; i < times->count; i++) {
		times->list[i].weekdays = days.weekdays;
		times->list[i].monthdays = days.monthdays;
		times->list[i].last = days.last;
	}
}

struct oracle_times *oracle_times_parse(struct arena *arena, const char *text)
{
	struct oracle_times *times = arena_take(arena, 1, sizeof(*times));
	char *copy = arena_text(arena, text, strlen(text)), *entry;

	if (strncmp(text, "every ", 6) == 0) {
		assert_int_equal(str_to_duration(text + 6, &times->every_ns), 0);
		return times;
	}
	while ((entry = next_word(&copy, ";")) != NULL)
		take_entry(entry, times);
	return times;
}

/* ---- what the clock shows ---------------------------------------------------------------- */

static int tod_of(const struct tm *tm)
{
	return tm->tm_hour * 3600 + tm->tm_min * 60 + tm->tm_sec;
}

static int weekday_of(const struct tm *tm)
{
	return tm->tm_wday == 0 ? 7 : tm->tm_wday;
}

double oracle_between(const struct oracle_expr *expr, const struct tm *tm)
{
	int from = (int)expr->kids[0]->literal.x % DAY, to = (int)expr->kids[1]->literal.x;
	int tod = tod_of(tm);

	return from < to ? from <= tod && tod < to : tod >= from || tod < to;
}

/* One over midnight belongs to the day on which it begins. */
double oracle_schedule(const struct oracle_expr *expr, const struct tm *tm)
{
	int tod = tod_of(tm), today = weekday_of(tm), yesterday = today == 1 ? 7 : today - 1;

	for (uint32_t i = 0; i < expr->times->count; i++) {
		const struct oracle_time *time = &expr->times->list[i];
		int end = time->from + time->length;

		if ((time->weekdays >> today & 1) != 0 && time->from <= tod && tod < end)
			return 1;
		if ((time->weekdays >> yesterday & 1) != 0 && tod + DAY < end)
			return 1;
	}
	return 0;
}

double oracle_weekday(const struct oracle_expr *expr, const struct tm *tm)
{
	(void)expr;
	return weekday_of(tm);
}

double oracle_tod_lt(const struct oracle_expr *expr, const struct tm *tm)
{
	return tod_of(tm) < expr->kids[0]->literal.x;
}

double oracle_tod_le(const struct oracle_expr *expr, const struct tm *tm)
{
	return tod_of(tm) <= expr->kids[0]->literal.x;
}

double oracle_tod_gt(const struct oracle_expr *expr, const struct tm *tm)
{
	return tod_of(tm) > expr->kids[0]->literal.x;
}

double oracle_tod_ge(const struct oracle_expr *expr, const struct tm *tm)
{
	return tod_of(tm) >= expr->kids[0]->literal.x;
}
