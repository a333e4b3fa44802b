/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the yearly rule of a zone: its text, and the instants it means. */
#include "rules/zone_rule.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "rules/civil.h"

enum {
	RULE_SHOWN = 128,
	RULE_NAME_MIN = 3,
	RULE_HOURS_OFFSET = 24,
	RULE_HOURS_CHANGE = 167,
	/* The Gregorian calendar repeats after 400 years; two changes in each. */
	RULE_YEARS = 400,
	RULE_CHANGES = 2 * (RULE_YEARS + 2),
};

struct text {
	const char *at, *end;
	const char *whole;
	size_t whole_len;
	struct error *err;
};

static bool text_fail(const struct text *text, const char *expected)
{
	char room[RULE_SHOWN];
	struct str shown;

	str_init_fixed(&shown, room, sizeof(room));
	str_add_safe(&shown, text->whole, text->whole_len);
	error_set(text->err, EINVAL, "the zone rule '%s' is wrong at byte %zu: expected %s",
		  room, (size_t)(text->at - text->whole) + 1, expected);
	return false;
}

static bool text_take(struct text *text, char c)
{
	if (text->at == text->end || *text->at != c)
		return false;
	text->at++;
	return true;
}

static bool text_digit(const struct text *text)
{
	return text->at < text->end && *text->at >= '0' && *text->at <= '9';
}

static bool text_letter(const struct text *text)
{
	return text->at < text->end && ((*text->at >= 'a' && *text->at <= 'z') ||
					(*text->at >= 'A' && *text->at <= 'Z'));
}

static bool text_number(struct text *text, int from, int to, const char *what, int *ret)
{
	const char *start = text->at;
	int number = 0;

	while (text_digit(text) && number <= to)
		number = number * 10 + (*text->at++ - '0');
	if (text->at == start || number < from || number > to) {
		text->at = start;
		return text_fail(text, what);
	}
	*ret = number;
	return true;
}

/* "CET" or "<+0330>": nobody needs it, but the text goes on behind it. */
static bool text_name(struct text *text)
{
	static const char expected[] = "a name of three or more letters, or of letters, "
				       "digits, '+' and '-' in '<' and '>'";
	bool quoted = text_take(text, '<');
	const char *start = text->at;

	while (text_letter(text) || (quoted && text_digit(text)) ||
	       (quoted && text->at < text->end && (*text->at == '+' || *text->at == '-')))
		text->at++;
	if (text->at - start < RULE_NAME_MIN)
		return text_fail(text, expected);
	if (quoted && !text_take(text, '>'))
		return text_fail(text, expected);
	return true;
}

/* [+-]hh[:mm[:ss]] */
static bool text_time(struct text *text, int hours_max, const char *what, int32_t *ret)
{
	bool negative = text_take(text, '-');
	int hours, minutes = 0, seconds = 0;

	if (!negative)
		text_take(text, '+');
	if (!text_number(text, 0, hours_max, what, &hours))
		return false;
	if (text_take(text, ':')) {
		if (!text_number(text, 0, 59, "minutes from 0 to 59", &minutes))
			return false;
		if (text_take(text, ':') &&
		    !text_number(text, 0, 59, "seconds from 0 to 59", &seconds))
			return false;
	}
	*ret = (int32_t)(hours * 3600 + minutes * 60 + seconds) * (negative ? -1 : 1);
	return true;
}

/* POSIX counts westwards. */
static bool text_offset(struct text *text, int32_t *ret)
{
	int32_t west;

	if (!text_time(text, RULE_HOURS_OFFSET, "an offset from -24 to 24 hours", &west))
		return false;
	*ret = -west;
	return true;
}

static bool text_day(struct text *text, struct zone_day *ret)
{
	*ret = (struct zone_day){.kind = ZONE_DAY_ORDINAL, .seconds = 2 * 3600};
	if (text_take(text, 'M')) {
		ret->kind = ZONE_DAY_MONTH;
		if (!text_number(text, 1, 12, "a month from 1 to 12", &ret->month))
			return false;
		if (!text_take(text, '.'))
			return text_fail(text, "'.' and a week from 1 to 5");
		if (!text_number(text, 1, 5, "a week from 1 to 5", &ret->week))
			return false;
		if (!text_take(text, '.'))
			return text_fail(text, "'.' and a day of the week from 0 to 6");
		if (!text_number(text, 0, 6, "a day of the week from 0 to 6", &ret->weekday))
			return false;
	} else if (text_take(text, 'J')) {
		ret->kind = ZONE_DAY_JULIAN;
		if (!text_number(text, 1, 365, "a day from 1 to 365", &ret->number))
			return false;
	} else if (!text_number(text, 0, 365, "a day such as M3.5.0, J60 or 59",
				&ret->number)) {
		return false;
	}
	return !text_take(text, '/') ||
	       text_time(text, RULE_HOURS_CHANGE, "a time from -167 to 167 hours",
			 &ret->seconds);
}

static bool text_rule(struct text *text, struct zone_rule *rule)
{
	static const struct zone_day begin = {ZONE_DAY_MONTH, 0, 3, 2, 0, 2 * 3600};
	static const struct zone_day end = {ZONE_DAY_MONTH, 0, 11, 1, 0, 2 * 3600};

	if (!text_name(text) || !text_offset(text, &rule->standard))
		return false;
	if (text->at == text->end)
		return true;
	if (!text_name(text))
		return false;
	rule->changes = true;
	rule->summer = rule->standard + 3600;
	rule->begin = begin;
	rule->end = end;
	if (text->at < text->end && *text->at != ',' && !text_offset(text, &rule->summer))
		return false;
	if (text->at == text->end)
		return true;
	if (!text_take(text, ','))
		return text_fail(text, "',' and the day on which summer time begins");
	if (!text_day(text, &rule->begin))
		return false;
	if (!text_take(text, ','))
		return text_fail(text, "',' and the day on which summer time ends");
	return text_day(text, &rule->end) &&
	       (text->at == text->end || text_fail(text, "nothing behind the rule"));
}

/* On the clock that is in force until then. */
static int64_t day_seconds(const struct zone_day *day, int64_t year)
{
	int64_t days = 0;
	int nth;

	switch (day->kind) {
	case ZONE_DAY_JULIAN:
		days = civil_days(year, 1, 1) + day->number - 1 +
		       (civil_leap(year) && day->number >= 60);
		break;
	case ZONE_DAY_ORDINAL:
		days = civil_days(year, 1, 1) + day->number;
		break;
	case ZONE_DAY_MONTH:
		days = civil_days(year, day->month, 1);
		nth = (day->weekday - civil_weekday(days) % 7 + 7) % 7 + (day->week - 1) * 7;
		days += nth < civil_month_days(year, day->month) ? nth : nth - 7;
		break;
	}
	return days * CIVIL_DAY_S + day->seconds;
}

static int64_t summer_begin(const struct zone_rule *rule, int64_t year)
{
	return day_seconds(&rule->begin, year) - rule->standard;
}

static int64_t summer_end(const struct zone_rule *rule, int64_t year)
{
	return day_seconds(&rule->end, year) - rule->summer;
}

static int64_t rule_year(const struct zone_rule *rule, int64_t utc)
{
	struct civil civil;

	civil_from(utc + rule->standard, &civil);
	return civil.year;
}

/*
 * Each year's summer is an interval of its own and they may touch or overlap: RFC 9636 writes
 * "summer all year" as one that ends when the next begins (XXX3EDT4,0/0,J365/23).
 */
static bool rule_summer(const struct zone_rule *rule, int64_t utc)
{
	int64_t year = rule_year(rule, utc);

	for (int64_t y = year - 2; y <= year + 1; y++) {
		int64_t begin = summer_begin(rule, y), end = summer_end(rule, y);

		if (begin > end) /* the southern hemisphere's */
			end = summer_end(rule, y + 1);
		if (utc >= begin && utc < end)
			return true;
	}
	return false;
}

/* The first instant behind utc at which any summer begins or ends. */
static int64_t rule_edge(const struct zone_rule *rule, int64_t utc)
{
	int64_t year = rule_year(rule, utc), edge = ZONE_NEVER;

	for (int64_t y = year - 1; y <= year + 2; y++) {
		int64_t begin = summer_begin(rule, y), end = summer_end(rule, y);

		if (begin > utc && begin < edge)
			edge = begin;
		if (end > utc && end < edge)
			edge = end;
	}
	return edge;
}

static int64_t rule_next(const struct zone_rule *rule, int64_t utc, bool summer)
{
	for (int i = 0; i < RULE_CHANGES && utc < CIVIL_MAX_S; i++) {
		utc = rule_edge(rule, utc);
		if (rule_summer(rule, utc) != summer)
			return utc;
	}
	return ZONE_NEVER;
}

/* So that none of the questions asked later has to search 400 years in vain. */
static void rule_settle(struct zone_rule *rule)
{
	bool summer;

	if (!rule->changes)
		return;
	summer = rule_summer(rule, 0);
	if (rule->summer != rule->standard && rule_next(rule, 0, summer) != ZONE_NEVER)
		return;
	rule->changes = false;
	rule->standard = summer ? rule->summer : rule->standard;
}

int zone_rule_parse(const char *text, size_t len, struct zone_rule *ret, struct error *err)
{
	struct text source = {text, text + len, text, len, err};
	struct zone_rule rule = {0};

	if (len > ZONE_RULE_MAX_BYTES)
		return error_set(err, EINVAL,
				 "the zone rule has %zu bytes, expected at most %d", len,
				 ZONE_RULE_MAX_BYTES);
	if (!text_rule(&source, &rule))
		return -EINVAL;
	rule_settle(&rule);
	*ret = rule;
	return 0;
}

int32_t zone_rule_offset(const struct zone_rule *rule, int64_t utc, int64_t *ret_next)
{
	bool summer;

	*ret_next = ZONE_NEVER;
	if (!rule->changes)
		return rule->standard;
	utc = utc < -CIVIL_MAX_S ? -CIVIL_MAX_S : utc > CIVIL_MAX_S ? CIVIL_MAX_S : utc;
	summer = rule_summer(rule, utc);
	*ret_next = rule_next(rule, utc, summer);
	return summer ? rule->summer : rule->standard;
}
