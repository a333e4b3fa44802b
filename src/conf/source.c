/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns places in a text, and what a text has to be before libyaml sees it. */
#include "conf/source.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "conf/diag.h"

enum { INDEX_STEP = 128 };

struct source_index {
	const struct diag_source *source;
	size_t characters;
	/* steps[i]: the byte where character i * INDEX_STEP starts */
	uint32_t *steps;
	/* lines[i]: the first character of line i + 1 */
	uint32_t *lines;
	size_t line_count;
	size_t last; /* the line that was found last: the next is seldom far */
};

static size_t character_bytes(const char *s, size_t len)
{
	size_t n = str_utf8(s, len);

	return n > 0 ? n : 1;
}

/* Bytes of the line break at offset, or 0. */
static size_t break_bytes(const struct diag_source *source, size_t offset)
{
	const char *s = source->text + offset;

	if (offset >= source->len || (s[0] != '\n' && s[0] != '\r'))
		return 0;
	return s[0] == '\r' && offset + 1 < source->len && s[1] == '\n' ? 2 : 1;
}

size_t source_mark(const struct diag_source *source)
{
	return source->len >= 3 && memcmp(source->text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
}

void source_place(const struct diag_source *source, size_t offset, struct source_place *ret)
{
	struct source_place place = {.line = 1, .column = 1};
	size_t at, n;

	if (offset > source->len)
		offset = source->len;
	place.offset = offset;
	place.line_from = source_mark(source);
	for (at = place.line_from; at < offset; at += n) {
		n = break_bytes(source, at);
		if (n > 0 && at + n <= offset) {
			place.line++;
			place.line_from = at + n;
		} else if (n > 0) {
			break; /* between CR and LF */
		} else {
			n = character_bytes(source->text + at, source->len - at);
		}
	}
	for (at = place.line_from; at < offset; at += n) {
		n = character_bytes(source->text + at, source->len - at);
		place.column++;
	}
	for (at = place.line_from; at < source->len && break_bytes(source, at) == 0;)
		at++;
	place.line_to = at;
	*ret = place;
}

bool source_tab_indented(const struct diag_source *source, size_t offset)
{
	struct source_place place;
	size_t at;

	source_place(source, offset, &place);
	for (at = place.line_from; at < place.line_to && source->text[at] == ' ';)
		at++;
	return at < place.line_to && source->text[at] == '\t';
}

/* What may not stand in a configuration, by character. */
static const char *refused_character(const char *s, size_t n)
{
	unsigned char c = (unsigned char)s[0];

	if (n == 0)
		return "is not UTF-8: save the file as UTF-8";
	if (c == 0)
		return "is a NUL byte: this is no text file";
	if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7f ||
	    (n == 2 && c == 0xc2 && (unsigned char)s[1] < 0xa0))
		return "is a control character: delete it, or write it as an escape in double "
		       "quotes";
	if (n == 3 && (memcmp(s, "\xe2\x80\xa8", 3) == 0 || memcmp(s, "\xe2\x80\xa9", 3) == 0))
		return "is an invisible line separator: delete it";
	if (n == 3 && memcmp(s, "\xef\xbb\xbf", 3) == 0)
		return "is a byte order mark, which belongs at the start of a file only: delete "
		       "it";
	if (n == 3 && (memcmp(s, "\xef\xbf\xbe", 3) == 0 || memcmp(s, "\xef\xbf\xbf", 3) == 0))
		return "is no character: delete it";
	return NULL;
}

static bool refuse_utf16(const struct diag_source *source, struct diags *diags)
{
	if (source->len < 2 || (memcmp(source->text, "\xff\xfe", 2) != 0 &&
				memcmp(source->text, "\xfe\xff", 2) != 0))
		return false;
	diag_error_at(diags, source, 0, 2, "the file is UTF-16: save it as UTF-8");
	return true;
}

static bool refuse_character(const struct diag_source *source, size_t at, struct diags *diags)
{
	const char *s = source->text + at;
	size_t n = str_utf8(s, source->len - at);
	const char *why = refused_character(s, n);
	struct str shown;
	char room[64];

	if (why == NULL)
		return false;
	str_init_fixed(&shown, room, sizeof(room));
	for (size_t i = 0; i < (n > 0 ? n : 1); i++)
		str_addf(&shown, "%s%02x", i > 0 ? " " : "", (unsigned char)s[i]);
	if (n > 1)
		diag_error_at(diags, source, at, n, "the character %s %s", room, why);
	else
		diag_error_at(diags, source, at, 1, "byte %s %s", room, why);
	return true;
}

static bool refuse_directive(const struct diag_source *source, size_t at, struct diags *diags)
{
	if (source->text[at] != '%')
		return false;
	diag_error_at(diags, source, at, 1, "a line cannot begin with '%%'");
	diag_note(diags, "hint: YAML directives are not used here; indent the line or put the "
			 "text in quotes on one line");
	return true;
}

/* Most are, and there is nothing to find out of them. */
static bool is_printable_ascii(char c)
{
	return c >= 0x20 && c < 0x7f;
}

struct source_index *source_index_new(const struct diag_source *source, struct diags *diags)
{
	struct source_index *index;
	size_t at = source_mark(source), n, lines = 0;
	bool line_start = true, plain, bad = refuse_utf16(source, diags);

	index = xcalloc(1, sizeof(*index));
	index->source = source;
	index->steps = xcalloc(source->len / INDEX_STEP + 1, sizeof(*index->steps));
	for (size_t i = 0; i < source->len; i++)
		lines += source->text[i] == '\n' || source->text[i] == '\r';
	index->lines = xcalloc(lines + 1, sizeof(*index->lines));
	for (; !bad && at < source->len; at += n, index->characters++) {
		if (line_start)
			index->lines[index->line_count++] = (uint32_t)index->characters;
		plain = is_printable_ascii(source->text[at]);
		bad = (!plain && refuse_character(source, at, diags)) ||
		      (line_start && refuse_directive(source, at, diags));
		if (index->characters % INDEX_STEP == 0)
			index->steps[index->characters / INDEX_STEP] = (uint32_t)at;
		n = plain ? 1 : character_bytes(source->text + at, source->len - at);
		line_start = !plain && break_bytes(source, at) == 1;
	}
	if (line_start && !bad)
		index->lines[index->line_count++] = (uint32_t)index->characters;
	if (bad) {
		source_index_free(index);
		return NULL;
	}
	return index;
}

void source_index_free(struct source_index *index)
{
	if (index == NULL)
		return;
	free(index->steps);
	free(index->lines);
	free(index);
}

static size_t index_offset(const struct source_index *index, size_t character)
{
	const struct diag_source *source = index->source;
	size_t step = character / INDEX_STEP, at;

	if (character >= index->characters)
		return source->len;
	at = index->steps[step];
	/* As many bytes as characters: all of one byte. */
	if ((step + 1) * INDEX_STEP < index->characters &&
	    index->steps[step + 1] - at == INDEX_STEP)
		return at + character % INDEX_STEP;
	for (size_t i = 0; i < character % INDEX_STEP; i++)
		at += character_bytes(source->text + at, source->len - at);
	return at;
}

/* Whether the character stands in that line. */
static bool index_holds(const struct source_index *index, size_t line, size_t character)
{
	return line < index->line_count && index->lines[line] <= character &&
	       (line + 1 == index->line_count || character < index->lines[line + 1]);
}

void source_index_at(struct source_index *index, size_t character, struct source_place *ret)
{
	size_t low = 0, high = index->line_count;

	if (character > index->characters)
		character = index->characters;
	for (size_t line = index->last; line <= index->last + 1; line++) {
		if (index_holds(index, line, character)) {
			low = line;
			high = line + 1;
		}
	}
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (index->lines[middle] <= character)
			low = middle;
		else
			high = middle;
	}
	index->last = low;
	*ret = (struct source_place){
		.offset = index_offset(index, character),
		.line = (unsigned)low + 1,
		.column = (unsigned)(character - index->lines[low]) + 1,
		.line_from = index_offset(index, index->lines[low]),
	};
}
