/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the notation of slots and spans, and what is said about wrong ones. */
#include "rules/calendar_text.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/str.h"
#include "conf/diag.h"
#include "conf/yaml.h"
#include "rules/calendar.h"
#include "rules/civil.h"

enum {
	WEEK_ALL = 0x7f,
	MONTH_LAST = 31,
	WORD_SHOWN = 32,
};

#define EVERY_MIN_NS NSEC_PER_SEC
#define EVERY_MAX_NS (INT64_C(366) * CIVIL_DAY_S * NSEC_PER_SEC)

/* One scalar, and what its entries are added to; what is parsed of the entry at hand. */
struct text {
	struct arena *arena;
	const struct yaml_node *node;
	struct diags *diags;
	size_t at;
	bool spans;

	bool has_times, has_days;
	uint8_t weekdays;
	uint32_t monthdays;
	bool last;
	uint32_t first; /* the entry's first slot or span */

	uint32_t count;
	struct calendar_slot *slot;
	struct calendar_span *span;
};

/* ---- words ---------------------------------------------------------------------------------
 */

static bool text_fail(const struct text *text, size_t from, size_t len, const char *what,
		      const char *expected)
{
	diag_error_in(text->diags, text->node, from, len > 0 ? len : 1, "%s", what);
	diag_note(text->diags, "expected: %s", expected);
	return false;
}

static char text_byte(const struct text *text, size_t at)
{
	return at < text->node->len ? text->node->text[at] : '\0';
}

static void text_blanks(struct text *text)
{
	while (isspace((unsigned char)text_byte(text, text->at)))
		text->at++;
}

/* Blanks, the character, blanks. */
static bool text_take(struct text *text, const char *word)
{
	size_t len = strlen(word);

	text_blanks(text);
	if (text->node->len - text->at < len ||
	    memcmp(text->node->text + text->at, word, len) != 0)
		return false;
	text->at += len;
	text_blanks(text);
	return true;
}

static bool text_to(struct text *text)
{
	return text_take(text, "..") || text_take(text, "-");
}

/* How far the letters and digits at at go. */
static size_t text_word(const struct text *text)
{
	size_t to = text->at;

	while (isalnum((unsigned char)text_byte(text, to)) ||
	       (unsigned char)text_byte(text, to) >= 0x80)
		to++;
	return to - text->at;
}

static bool digit(const char *text, size_t len, size_t at)
{
	return at < len && text[at] >= '0' && text[at] <= '9';
}

/* ":30" at at; how many bytes it has, 0 if it is none. */
static size_t time_part(const char *text, size_t len, size_t at, int32_t *ret)
{
	if (at >= len || text[at] != ':' || !digit(text, len, at + 1) ||
	    !digit(text, len, at + 2) || digit(text, len, at + 3))
		return 0;
	*ret = (text[at + 1] - '0') * 10 + text[at + 2] - '0';
	return 3;
}

size_t calendar_time(const char *text, size_t len, int32_t *ret)
{
	int32_t hours = 0, minutes = 0, seconds = 0;
	size_t at = 0, part;
	bool good;

	while (digit(text, len, at) && at < 3)
		hours = hours * 10 + (text[at++] - '0');
	if (at == 0 || at >= len || text[at] != ':')
		return 0;
	part = time_part(text, len, at, &minutes);
	good = at <= 2 && part > 0;
	at += part;
	part = time_part(text, len, at, &seconds);
	at += part;
	/* What clings to it belongs to it: 6:5, 06:00:1, 06:00:00:00. */
	while (at < len && (text[at] == ':' || isalnum((unsigned char)text[at]))) {
		good = false;
		at++;
	}
	good = good && minutes < 60 && seconds < 60 &&
	       (hours < 24 || (hours == 24 && minutes == 0 && seconds == 0));
	*ret = good ? hours * 3600 + minutes * 60 + seconds : -1;
	return at;
}

/* ---- times ---------------------------------------------------------------------------------
 */

static bool parse_time(struct text *text, bool end, int32_t *ret, size_t *ret_len)
{
	int32_t tod;
	size_t len;

	text_blanks(text);
	len = calendar_time(text->node->text + text->at, text->node->len - text->at, &tod);
	if (len == 0)
		return text_fail(text, text->at, text_word(text), "this is no time of day",
				 "hours and minutes such as 06:00");
	if (tod < 0 || (tod == CIVIL_DAY_S && !end))
		return text_fail(text, text->at, len, "there is no such time of day",
				 end ? "00:00 to 24:00, seconds may follow: 06:00:30"
				     : "00:00 to 23:59, seconds may follow: 06:00:30");
	text->at += len;
	*ret = tod;
	*ret_len = len;
	return true;
}

static bool add_room(const struct text *text, size_t from)
{
	return text->count < CALENDAR_MAX_ENTRIES ||
	       text_fail(text, from, text->at - from, "there are too many times", "at most 64");
}

static bool parse_slot_time(struct text *text)
{
	size_t from = text->at, len;
	int32_t tod;

	if (!parse_time(text, false, &tod, &len) || !add_room(text, from))
		return false;
	if (text_to(text))
		return text_fail(text, from, text->at - from,
				 "this is a span of time, and a slot is an instant",
				 "one time, or several: 06:00,18:30");
	text->slot[text->count++].tod = tod;
	return true;
}

static bool parse_span_time(struct text *text)
{
	size_t from = text->at, len;
	int32_t begin, end;

	if (!parse_time(text, false, &begin, &len))
		return false;
	if (!text_to(text))
		return text_fail(text, from, len, "this span has no end",
				 "two times such as 06:00..22:00");
	if (!parse_time(text, true, &end, &len) || !add_room(text, from))
		return false;
	if (begin == end)
		return text_fail(text, from, text->at - from, "this span is empty",
				 "two different times, or 00:00..24:00 for the whole day");
	text->span[text->count++] = calendar_span(begin, end);
	return true;
}

static bool parse_times(struct text *text)
{
	if (text->has_times)
		return text_fail(text, text->at, text_word(text),
				 "there are times already before these",
				 "',' between times, or ';' before other times with days of "
				 "their own");
	text->has_times = true;
	do {
		if (!(text->spans ? parse_span_time(text) : parse_slot_time(text)))
			return false;
	} while (text_take(text, ","));
	return true;
}

/* ---- days ----------------------------------------------------------------------------------
 */

static const char *const weekdays[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

enum { WEEKDAYS = ARRAY_SIZE(weekdays) };

/* 0 is Monday; -1 if the word of len bytes is none. */
static int find_weekday(const struct text *text, size_t len)
{
	for (int i = 0; len == 3 && i < WEEKDAYS; i++) {
		if (strncasecmp(text->node->text + text->at, weekdays[i], 3) == 0)
			return i;
	}
	return -1;
}

static bool unknown_day(const struct text *text)
{
	size_t len = text_word(text);
	char word[WORD_SHOWN], what[WORD_SHOWN + 32];

	if (len == 0)
		return text_fail(text, text->at, 1, "a day is missing here",
				 "a day such as mon or mon-fri");
	snprintf(word, sizeof(word), "%.*s", (int)len, text->node->text + text->at);
	snprintf(what, sizeof(what), "unknown day '%s'", word);
	text_fail(text, text->at, len, what,
		  text->spans
			  ? "mon tue wed thu fri sat sun, a range such as mon..fri, or daily"
			  : "mon tue wed thu fri sat sun, a range such as mon-fri, daily, "
			    "1 to 31, or last");
	for (int i = 0; len > 3 && i < WEEKDAYS; i++) {
		if (strncasecmp(word, weekdays[i], 3) == 0) {
			diag_note(text->diags, "hint: did you mean '%s'?", weekdays[i]);
			return false;
		}
	}
	diag_suggest(text->diags, word, weekdays, WEEKDAYS);
	return false;
}

static bool take_weekday(struct text *text, int *ret)
{
	size_t len = text_word(text);

	*ret = find_weekday(text, len);
	if (*ret < 0)
		return unknown_day(text);
	text->at += len;
	return true;
}

static bool parse_weekdays(struct text *text)
{
	int from, to;

	do {
		if (!take_weekday(text, &from))
			return false;
		to = from;
		if (text_to(text) && !take_weekday(text, &to))
			return false;
		for (int day = from;; day = (day + 1) % WEEKDAYS) {
			text->weekdays |= (uint8_t)(1 << day);
			if (day == to)
				break;
		}
	} while (text_take(text, ","));
	return true;
}

static bool text_is_last(const struct text *text)
{
	return text_word(text) == 4 && strncasecmp(text->node->text + text->at, "last", 4) == 0;
}

static bool take_monthday(struct text *text, int *ret)
{
	size_t len = text_word(text);
	int day = 0;

	for (size_t i = 0; i < len && day <= MONTH_LAST; i++) {
		char c = text_byte(text, text->at + i);

		if (!isdigit((unsigned char)c))
			return unknown_day(text);
		day = day * 10 + (c - '0');
	}
	if (len == 0 || day < 1 || day > MONTH_LAST)
		return text_fail(text, text->at, len, "there is no such day of a month",
				 "1 to 31, or last");
	text->at += len;
	*ret = day;
	return true;
}

static bool parse_monthdays(struct text *text)
{
	int from, to;

	do {
		size_t at = text->at;

		if (text_is_last(text)) {
			text->at += strlen("last");
			text->last = true;
			continue;
		}
		if (!take_monthday(text, &from))
			return false;
		to = from;
		if (text_to(text) && !take_monthday(text, &to))
			return false;
		if (to < from)
			return text_fail(text, at, text->at - at, "these days run backwards",
					 "the smaller one first, such as 1-7");
		for (int day = from; day <= to; day++)
			text->monthdays |= UINT32_C(1) << day;
	} while (text_take(text, ","));
	return true;
}

static bool parse_days(struct text *text)
{
	size_t len = text_word(text), from = text->at;
	bool month = isdigit((unsigned char)text_byte(text, from)) || text_is_last(text);

	if (text->has_days)
		return text_fail(text, from, len, "there are days already before these",
				 "',' between days of one kind; days of the week and of the "
				 "month apart, with ';' between them");
	text->has_days = true;
	if (month && text->spans)
		return text_fail(text, from, len, "a span has no days of the month",
				 "mon tue wed thu fri sat sun, a range such as mon..fri, or "
				 "daily");
	if (month)
		return parse_monthdays(text);
	if (len == strlen("daily") && strncasecmp(text->node->text + from, "daily", len) == 0) {
		text->weekdays = WEEK_ALL;
		text->at += len;
		return true;
	}
	return parse_weekdays(text);
}

/* ---- entries -------------------------------------------------------------------------------
 */

static bool entry_close(struct text *text, size_t from)
{
	if (!text->has_times && !text->has_days)
		return text_fail(text, from, 1, "an entry is missing here",
				 text->spans ? "days and times such as mon..fri 06:00..22:00"
					     : "a time and days such as 06:00 mon-fri");
	if (!text->has_times && !text->spans)
		return text_fail(text, from, text->at - from, "these days have no time",
				 "a time before them, such as 06:00 mon-fri");
	if (!text->has_times) {
		if (!add_room(text, from))
			return false;
		text->span[text->count++] = calendar_span(0, CIVIL_DAY_S);
	}
	if (!text->has_days)
		text->weekdays = WEEK_ALL;
	for (uint32_t i = text->first; i < text->count; i++) {
		if (text->spans) {
			text->span[i].weekdays = text->weekdays;
			continue;
		}
		text->slot[i].weekdays = text->weekdays;
		text->slot[i].monthdays = text->monthdays;
		text->slot[i].last = text->last;
	}
	return true;
}

static bool parse_entry(struct text *text)
{
	size_t from;

	text_blanks(text);
	from = text->at;
	text->has_times = text->has_days = text->last = false;
	text->weekdays = 0;
	text->monthdays = 0;
	text->first = text->count;
	while (text->at < text->node->len && text_byte(text, text->at) != ';') {
		int32_t tod;
		size_t left = text->node->len - text->at;
		bool time = calendar_time(text->node->text + text->at, left, &tod) > 0;

		if (!(time ? parse_times(text) : parse_days(text)))
			return false;
		text_blanks(text);
	}
	return entry_close(text, from);
}

static bool parse_scalar(struct text *text, const struct yaml_node *node)
{
	text->node = node;
	text->at = 0;
	do {
		if (!parse_entry(text))
			return false;
	} while (text_take(text, ";"));
	return true;
}

static void node_fail(const struct text *text, const struct yaml_node *node, const char *got)
{
	diag_error(text->diags, node, "expected %s, got %s",
		   text->spans ? "spans such as mon..fri 06:00..22:00"
			       : "slots such as 06:00 mon-fri, or every 10m",
		   got);
}

static bool parse_node(struct text *text, const struct yaml_node *node)
{
	bool list = node->kind == YAML_SEQ;
	const struct yaml_node *const *items = list ? node->values : &node;
	size_t count = list ? node->count : 1;
	bool good = true;

	if (list && count == 0)
		node_fail(text, node, "an empty list");
	for (size_t i = 0; i < count; i++) {
		if (items[i]->kind != YAML_SCALAR || yaml_is_null(items[i])) {
			node_fail(text, items[i], yaml_kind_words(items[i]));
			good = false;
		} else if (!parse_scalar(text, items[i])) {
			good = false;
		}
	}
	return good && count > 0;
}

/* "every 10m": 1 if it is that, 0 if it is something else, -1 after an error. */
static int parse_every(struct arena *arena, const struct yaml_node *node, struct calendar *ret,
		       struct diags *diags)
{
	struct text text = {.arena = arena, .node = node, .diags = diags};
	size_t to = node->len;
	const char *duration;
	int64_t ns;

	if (node->kind != YAML_SCALAR)
		return 0;
	text_blanks(&text);
	if (text_word(&text) != 5 || strncasecmp(node->text + text.at, "every", 5) != 0)
		return 0;
	text.at += 5;
	text_blanks(&text);
	while (to > text.at && isspace((unsigned char)node->text[to - 1]))
		to--;
	duration = arena_text(arena, node->text + text.at, to - text.at);
	if (strlen(duration) != to - text.at || str_to_duration(duration, &ns) != 0 ||
	    ns < EVERY_MIN_NS || ns > EVERY_MAX_NS) {
		text_fail(&text, text.at, to - text.at, "this is no interval",
			  "a duration from 1s to 366d, such as every 10m");
		return -1;
	}
	*ret = (struct calendar){.every_ns = ns};
	return 1;
}

bool calendar_parse_slots(struct arena *arena, const struct yaml_node *node,
			  struct calendar *ret, struct diags *diags)
{
	struct text text = {.arena = arena, .diags = diags};
	int every = parse_every(arena, node, ret, diags);

	if (every != 0)
		return every > 0;
	text.slot = arena_take(arena, CALENDAR_MAX_ENTRIES, sizeof(*text.slot));
	if (!parse_node(&text, node))
		return false;
	*ret = (struct calendar){.count = text.count, .slots = text.slot};
	return true;
}

bool calendar_parse_spans(struct arena *arena, const struct yaml_node *node,
			  struct calendar_spans *ret, struct diags *diags)
{
	struct text text = {.arena = arena, .diags = diags, .spans = true};

	text.span = arena_take(arena, CALENDAR_MAX_ENTRIES, sizeof(*text.span));
	if (!parse_node(&text, node))
		return false;
	*ret = (struct calendar_spans){text.count, text.span};
	return true;
}
