/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns tables, colours, and the words for ages, values and states. */
#include "ctl/look.h"

#include <assert.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <wchar.h>

#include "base/alloc.h"
#include "base/str.h"
#include "ctl/ctl.h"

enum {
	TABLE_COLUMNS = 12,
	TABLE_GAP = 2,
	TABLE_LAST = 40,  /* the last column is not cut to less */
	TABLE_INDENT = 4, /* where it stands below its row */
};

struct cell {
	char *text;
	enum look look;
};

struct table {
	const struct ctl *ctl;
	size_t columns;
	bool right[TABLE_COLUMNS], spare[TABLE_COLUMNS];
	size_t count, room; /* of cells; the headings are the first row */
	struct cell *cells;
};

/* SGR sequences, ECMA-48 section 8.3.117. */
static const char *const look_on[] = {"",	  "\033[32m", "\033[33m",
				      "\033[31m", "\033[2m",  "\033[1m"};

static uint32_t code_point(const char *s, size_t n)
{
	const unsigned char *p = (const unsigned char *)s;
	uint32_t c = n == 1 ? p[0] : p[0] & (0xffu >> (n + 1));

	for (size_t i = 1; i < n; i++)
		c = c << 6 | (p[i] & 0x3f);
	return c;
}

/* Columns that the character takes on a terminal. */
static unsigned char_width(const char *s, size_t n)
{
	int width = wcwidth((wchar_t)code_point(s, n));

	return width < 0 ? 1 : (unsigned)width;
}

unsigned look_width(const char *text)
{
	size_t len = strlen(text), n;
	unsigned width = 0;

	for (size_t i = 0; i < len; i += n) {
		n = str_utf8(text + i, len - i);
		if (n == 0)
			n = 1;
		width += char_width(text + i, n);
	}
	return width;
}

/* Cuts text to at most width columns, the last of them an ellipsis. */
static void text_cut(char *text, unsigned width)
{
	size_t len = strlen(text), at = 0, n;
	unsigned seen = 0;

	if (look_width(text) <= width)
		return;
	for (size_t i = 0; i < len; i += n) {
		n = str_utf8(text + i, len - i);
		if (n == 0)
			n = 1;
		seen += char_width(text + i, n);
		if (seen > width - 1)
			break;
		at = i + n;
	}
	/* What is cut off has at least the three bytes of the ellipsis, or dots do. */
	strcpy(text + at, len - at >= 3 ? "\xe2\x80\xa6" : ".");
}

struct table *table_new(const struct ctl *ctl, const char *columns)
{
	struct table *table = xcalloc(1, sizeof(*table));
	char *heads = xstrdup(columns), *rest = heads, *head;

	table->ctl = ctl;
	table->columns = 1;
	for (const char *p = columns; *p != '\0'; p++)
		table->columns += *p == '|';
	assert(table->columns <= TABLE_COLUMNS);
	for (size_t i = 0; (head = strsep(&rest, "|")) != NULL; i++) {
		table->spare[i] = head[0] == '~';
		head += table->spare[i];
		table->right[i] = head[0] == '>';
		table_cell(table, LOOK_DIM, head + table->right[i]);
	}
	free(heads);
	return table;
}

void table_cell(struct table *table, enum look look, const char *text)
{
	struct str clean;

	if (table->count == table->room) {
		table->room = table->room > 0 ? 2 * table->room : 64;
		table->cells = xreallocarray(table->cells, table->room, sizeof(*table->cells));
	}
	str_init(&clean);
	look_add_text(&clean, text != NULL ? text : "");
	table->cells[table->count++] = (struct cell){.text = str_steal(&clean), .look = look};
}

void table_cellf(struct table *table, enum look look, const char *fmt, ...)
{
	struct str text;
	va_list ap;

	str_init(&text);
	va_start(ap, fmt);
	str_vaddf(&text, fmt, ap);
	va_end(ap);
	table_cell(table, look, text.s);
	str_done(&text);
}

static const char *table_text(const struct table *table, size_t row, size_t column)
{
	return table->cells[row * table->columns + column].text;
}

/* What each column takes; 0: nothing stands in it below its heading, so it is left out. */
static void table_measure(const struct table *table, unsigned *widths)
{
	for (size_t c = 0; c < table->columns; c++) {
		unsigned below = 0, width;

		for (size_t row = 1; row * table->columns < table->count; row++) {
			width = look_width(table_text(table, row, c));
			below = width > below ? width : below;
		}
		width = look_width(table_text(table, 0, c));
		widths[c] = below == 0 && table->count > table->columns ? 0
			    : width > below				? width
									: below;
	}
}

/* Of all columns but the last one, with the gap behind each. */
static unsigned table_before(const struct table *table, const unsigned *widths)
{
	unsigned before = 0;

	for (size_t c = 0; c + 1 < table->columns; c++)
		before += widths[c] > 0 ? widths[c] + TABLE_GAP : 0;
	return before;
}

/*
 * Makes the table fit: first without the columns that it can do without, then with the last
 * one cut, or, where too little of it were left, below its row: true.
 */
static bool table_fit(const struct table *table, unsigned *widths)
{
	size_t last = table->columns - 1;
	unsigned width = table->ctl->width, room;

	if (width == 0)
		return false;
	for (size_t c = 0; c < last; c++) {
		if (table->spare[c] && table_before(table, widths) > width + TABLE_GAP)
			widths[c] = 0;
	}
	room = table_before(table, widths) < width ? width - table_before(table, widths) : 0;
	if (widths[last] <= room)
		return false;
	if (table->spare[last])
		widths[last] = 0;
	if (room < TABLE_LAST)
		return widths[last] > 0;
	for (size_t i = last; i < table->count; i += table->columns)
		text_cut(table->cells[i].text, room);
	return false;
}

static void table_row(const struct table *table, size_t row, const unsigned *widths,
		      size_t columns)
{
	const struct cell *cells = &table->cells[row * table->columns];
	unsigned blanks = 0;

	for (size_t c = 0; c < columns; c++) {
		unsigned taken = look_width(cells[c].text), pad;

		if (widths[c] == 0)
			continue;
		pad = widths[c] > taken ? widths[c] - taken : 0;
		/* Blanks before a cell, never behind the last one that says something. */
		if (table->right[c] && taken > 0)
			blanks += pad;
		if (taken > 0) {
			printf("%*s", (int)blanks, "");
			blanks = 0;
		}
		look_print(table->ctl, cells[c].look, cells[c].text);
		blanks += (table->right[c] && taken > 0 ? 0 : pad) + TABLE_GAP;
	}
	putchar('\n');
}

void table_print(struct table *table)
{
	unsigned widths[TABLE_COLUMNS] = {0};
	size_t last = table->columns - 1;
	bool below;

	table_measure(table, widths);
	below = table_fit(table, widths);
	for (size_t row = 0; row * table->columns < table->count; row++) {
		table_row(table, row, widths, below ? last : table->columns);
		/* The heading is left out then: it would stand above nothing. */
		if (below && row > 0 && table_text(table, row, last)[0] != '\0') {
			printf("%*s", TABLE_INDENT, "");
			look_print(table->ctl, table->cells[row * table->columns + last].look,
				   table_text(table, row, last));
			putchar('\n');
		}
	}
	table_free(table);
}

void table_free(struct table *table)
{
	for (size_t i = 0; i < table->count; i++)
		free(table->cells[i].text);
	free(table->cells);
	free(table);
}

void look_print(const struct ctl *ctl, enum look look, const char *text)
{
	bool coloured = ctl->colour && look != LOOK_PLAIN && text[0] != '\0';

	printf("%s%s%s", coloured ? look_on[look] : "", text, coloured ? "\033[0m" : "");
}

void look_add_text(struct str *out, const char *text)
{
	size_t len = strlen(text), n;

	for (size_t i = 0; i < len; i += n) {
		n = str_utf8(text + i, len - i);
		if (n == 0 || (n == 1 && ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)) ||
		    (n == 2 && (unsigned char)text[i] == 0xc2 &&
		     (unsigned char)text[i + 1] < 0xa0)) {
			str_addf(out, "\\x%02x", (unsigned char)text[i]);
			n = 1;
		} else {
			str_add(out, text + i, n);
		}
	}
}

void look_add_age(struct str *out, double seconds)
{
	/* gauged cuts milliseconds off: what is one short of a second is that second. */
	long s = (long)(seconds + 0.0015);

	if (seconds < 9.95)
		str_addf(out, "%.1f s", seconds < 0 ? 0 : seconds);
	else if (s < 60)
		str_addf(out, "%ld s", s);
	else if (s < 3600)
		str_addf(out, "%ld min %ld s", s / 60, s % 60);
	else if (s < 86400)
		str_addf(out, "%ld h %ld min", s / 3600, s % 3600 / 60);
	else
		str_addf(out, "%ld d %ld h", s / 86400, s % 86400 / 3600);
}

const char *look_time(const char *stamp, bool date, char room[LOOK_TIME])
{
	struct tm tm = {0};
	int ms = 0;
	time_t at;

	room[0] = '\0';
	if (sscanf(stamp, "%d-%d-%dT%d:%d:%d.%dZ", &tm.tm_year, &tm.tm_mon, &tm.tm_mday,
		   &tm.tm_hour, &tm.tm_min, &tm.tm_sec, &ms) != 7)
		return room;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	at = timegm(&tm);
	if (localtime_r(&at, &tm) == NULL)
		return room;
	strftime(room, LOOK_TIME, date ? "%Y-%m-%d %H:%M:%S" : "%H:%M:%S", &tm);
	if (!date)
		snprintf(room + strlen(room), LOOK_TIME - strlen(room), ".%03d",
			 (int)((unsigned)ms % 1000));
	return room;
}

/*
 * As few digits as tell it from its neighbours. What came as float32 has seven or so; the ten
 * more that it takes to tell it from all other doubles would be noise to people.
 */
static void add_number(struct str *out, double number)
{
	float single = (float)number;
	char room[40];

	/* JSON has fifteen digits of it. What was computed has no use for more than ten here.
	 */
	if (fabs((double)single - number) > 1e-14 * fabs(number)) {
		snprintf(room, sizeof(room), "%.10g", number);
		str_add_number(out, number == trunc(number) ? number : strtod(room, NULL));
		return;
	}
	for (int digits = 6; digits <= 9; digits++) {
		snprintf(room, sizeof(room), "%.*g", digits, number);
		if (strtof(room, NULL) == single)
			break;
	}
	str_add_number(out, strtod(room, NULL));
}

void look_add_value(struct str *out, const json_t *value)
{
	if (json_is_number(value))
		add_number(out, json_number_value(value));
	else if (json_is_boolean(value))
		str_adds(out, json_is_true(value) ? "on" : "off");
	else if (json_is_string(value))
		look_add_text(out, json_string_value(value));
	else
		str_adds(out, "-");
}

enum look look_of_state(const char *state)
{
	if (state == NULL)
		return LOOK_PLAIN;
	if (strcmp(state, "up") == 0)
		return LOOK_GOOD;
	return strcmp(state, "connecting") == 0 || strcmp(state, "opening") == 0 ? LOOK_WARN
										 : LOOK_BAD;
}

enum look look_of_quality(const char *quality)
{
	if (quality == NULL)
		return LOOK_PLAIN;
	if (strcmp(quality, "good") == 0)
		return LOOK_GOOD;
	return strcmp(quality, "uncertain") == 0 ? LOOK_WARN : LOOK_BAD;
}

enum look look_of_rule(const char *state)
{
	if (state == NULL)
		return LOOK_DIM;
	if (strcmp(state, "ok") == 0)
		return LOOK_GOOD;
	return strcmp(state, "firing") == 0 ? LOOK_BAD : LOOK_WARN;
}

enum look look_of_event(const char *event)
{
	if (strcmp(event, "fire") == 0 || strcmp(event, "refire") == 0 ||
	    strcmp(event, "repeat") == 0)
		return LOOK_BAD;
	if (strcmp(event, "clear") == 0 || strcmp(event, "calm") == 0)
		return LOOK_GOOD;
	return LOOK_WARN;
}
