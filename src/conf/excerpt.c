/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns how a piece of source text looks on a terminal. */
#include "conf/excerpt.h"

#include <stdbool.h>
#include <stdint.h>

#include "base/alloc.h"
#include "base/str.h"
#include "conf/diag.h"
#include "conf/source.h"

enum {
	EXCERPT_CELLS = 88,  /* with the line number it fits a terminal of 96 */
	EXCERPT_BEFORE = 40, /* shown of a long line before the place */
	EXCERPT_TAB = 8,
	EXCERPT_BYTES = 1024, /* looked at on either side of the place */
};

struct range {
	uint32_t first, last;
};

/* Unicode 15: what takes no cell, what would turn the text's direction, what takes two. */
static const struct range unseen[] = {
	{0x300, 0x36f}, {0x200b, 0x200f}, {0x2060, 0x2064}, {0xfe00, 0xfe0f}};
static const struct range turning[] = {{0x202a, 0x202e}, {0x2066, 0x2069}};
static const struct range wide[] = {
	{0x1100, 0x115f}, {0x2e80, 0xa4cf},   {0xac00, 0xd7a3},
	{0xf900, 0xfaff}, {0xfe30, 0xfe6f},   {0xff00, 0xff60},
	{0xffe0, 0xffe6}, {0x1f300, 0x1faff}, {0x20000, 0x3fffd},
};

static bool in_ranges(uint32_t c, const struct range *ranges, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (c >= ranges[i].first && c <= ranges[i].last)
			return true;
	}
	return false;
}

static uint32_t code_point(const char *s, size_t n)
{
	const unsigned char *p = (const unsigned char *)s;
	uint32_t c = n == 1 ? p[0] : p[0] & (0xffu >> (n + 1));

	for (size_t i = 1; i < n; i++)
		c = c << 6 | (p[i] & 0x3f);
	return c;
}

size_t excerpt_character(const char *s, size_t len, struct str *out, unsigned *ret_width)
{
	size_t n = str_utf8(s, len), bytes = n > 0 ? n : 1;
	uint32_t c = n > 0 ? code_point(s, n) : 0;
	unsigned width = 1;

	if (c < 0x20 || (c >= 0x7f && c < 0xa0) || in_ranges(c, turning, ARRAY_SIZE(turning))) {
		for (size_t i = 0; i < bytes; i++)
			str_addf(out, "\\x%02x", (unsigned char)s[i]);
		width = 4 * (unsigned)bytes;
	} else {
		str_add(out, s, bytes);
		if (in_ranges(c, unseen, ARRAY_SIZE(unseen)))
			width = 0;
		else if (in_ranges(c, wide, ARRAY_SIZE(wide)))
			width = 2;
	}
	if (ret_width != NULL)
		*ret_width = width;
	return bytes;
}

/* As excerpt_character(); cell is where it starts, for tabs. */
static size_t excerpt_glyph(const char *s, size_t len, size_t cell, struct str *out,
			    unsigned *ret_width)
{
	if (*s != '\t')
		return excerpt_character(s, len, out, ret_width);
	*ret_width = EXCERPT_TAB - cell % EXCERPT_TAB;
	str_addf(out, "%*s", (int)*ret_width, "");
	return 1;
}

/* Where a line's parts stand, in terminal cells. */
struct view {
	size_t from, to; /* the place */
	size_t total;	 /* the line */
	size_t first;	 /* shown are [first, last) */
	size_t last;
};

static void view_measure(struct view *view, const struct diag_source *source,
			 const struct source_place *place, size_t to)
{
	char room[32];
	struct str unused;
	size_t cell = 0, at;
	unsigned width;

	str_init_fixed(&unused, room, sizeof(room));
	for (at = place->line_from; at < place->line_to; cell += width) {
		if (at <= place->offset)
			view->from = cell;
		if (at <= to)
			view->to = cell;
		str_clear(&unused);
		at += excerpt_glyph(source->text + at, place->line_to - at, cell, &unused,
				    &width);
	}
	if (at <= place->offset)
		view->from = cell;
	if (at <= to)
		view->to = cell;
	view->total = cell;
	view->last = cell;
	if (cell <= EXCERPT_CELLS)
		return;
	view->first = view->from > EXCERPT_BEFORE ? view->from - EXCERPT_BEFORE : 0;
	if (view->first + EXCERPT_CELLS < cell)
		view->last = view->first + EXCERPT_CELLS;
	else
		view->first = cell - EXCERPT_CELLS;
}

static void view_add_line(const struct view *view, const struct diag_source *source,
			  const struct source_place *place, struct str *out)
{
	size_t first = view->first > 0 ? view->first + 3 : 0;
	size_t last = view->last < view->total ? view->last - 3 : view->total;
	size_t cell = 0;
	char room[32];
	struct str glyph;
	unsigned width;

	str_init_fixed(&glyph, room, sizeof(room));
	if (view->first > 0)
		str_adds(out, "...");
	for (size_t at = place->line_from; at < place->line_to; cell += width) {
		str_clear(&glyph);
		at += excerpt_glyph(source->text + at, place->line_to - at, cell, &glyph,
				    &width);
		if (cell >= first && cell + width <= last)
			str_add(out, glyph.s, glyph.len);
		else if (cell + width > first && cell < first)
			str_addf(out, "%*s", (int)(cell + width - first), "");
	}
	if (view->last < view->total)
		str_adds(out, "...");
}

static void trim(struct str *out)
{
	while (out->len > 0 && out->s[out->len - 1] == ' ')
		out->s[--out->len] = '\0';
}

/* So that a line of a megabyte costs no more than what is shown of it. */
static void excerpt_narrow(const struct diag_source *source, struct source_place *place)
{
	if (place->offset - place->line_from > EXCERPT_BYTES) {
		place->line_from = place->offset - EXCERPT_BYTES;
		/* not into the middle of a character */
		while (place->line_from < place->offset &&
		       (source->text[place->line_from] & 0xc0) == 0x80)
			place->line_from++;
	}
	if (place->line_to - place->offset > EXCERPT_BYTES)
		place->line_to = place->offset + EXCERPT_BYTES;
}

void excerpt_add(struct str *out, const struct diag_source *source, size_t from, size_t to)
{
	struct source_place place;
	struct view view = {0};

	source_place(source, from, &place);
	if (place.line_from == place.line_to)
		return;
	excerpt_narrow(source, &place);
	view_measure(&view, source, &place, to < place.line_to ? to : place.line_to);
	str_addf(out, "%5u | ", place.line);
	view_add_line(&view, source, &place, out);
	trim(out);
	str_addf(out, "\n      | %*s^", (int)(view.from - view.first), "");
	for (size_t cell = view.from + 1; cell < view.to && cell < view.last; cell++)
		str_addc(out, '~');
	str_addc(out, '\n');
}
