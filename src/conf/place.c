/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the walk along a scalar's raw text and its value. */
#include "conf/place.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "conf/diag.h"
#include "conf/yaml.h"

struct walk {
	const char *raw; /* the whole source */
	size_t at;	 /* the raw byte that comes next */
	size_t end;
	size_t decoded; /* how many decoded bytes stand before it */
	size_t target;	/* the decoded byte that is sought */
	size_t ret_from;
	size_t ret_to;
};

/* raw_len bytes gave decoded_len bytes. True when the target was among them. */
static bool walk_step(struct walk *walk, size_t raw_len, size_t decoded_len)
{
	size_t from = walk->at;

	walk->at += raw_len;
	walk->decoded += decoded_len;
	if (walk->decoded <= walk->target)
		return false;
	walk->ret_from = from;
	walk->ret_to = walk->at;
	return true;
}

static bool walk_blank(const struct walk *walk)
{
	return walk->at < walk->end &&
	       (walk->raw[walk->at] == ' ' || walk->raw[walk->at] == '\t');
}

static size_t walk_break(const struct walk *walk)
{
	const char *s = walk->raw + walk->at;

	if (walk->at >= walk->end || (s[0] != '\n' && s[0] != '\r'))
		return 0;
	return s[0] == '\r' && walk->at + 1 < walk->end && s[1] == '\n' ? 2 : 1;
}

static bool walk_character(struct walk *walk)
{
	size_t n = str_utf8(walk->raw + walk->at, walk->end - walk->at);

	n = n > 0 ? n : 1;
	return walk_step(walk, n, n);
}

/* Blanks and breaks between two words of a flow scalar. */
static bool walk_gap(struct walk *walk, bool escaped_break)
{
	size_t start = walk->at, breaks = escaped_break, n;

	while ((n = walk_break(walk)) > 0 || walk_blank(walk)) {
		breaks += n > 0;
		walk->at += n > 0 ? n : 1;
	}
	n = walk->at - start;
	walk->at = start;
	if (breaks == 0) {
		while (walk_blank(walk)) {
			if (walk_character(walk))
				return true;
		}
		return false;
	}
	/* One break is a blank, or nothing if escaped; of more, the first vanishes. */
	return walk_step(walk, n, breaks > 1 ? breaks - 1 : !escaped_break);
}

static size_t utf8_bytes(unsigned long c)
{
	return c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
}

/* An escape of a double-quoted scalar; at stands on the backslash. */
static bool walk_escape(struct walk *walk)
{
	char kind = walk->at + 1 < walk->end ? walk->raw[walk->at + 1] : '\0';
	size_t digits = kind == 'x' ? 2 : kind == 'u' ? 4 : kind == 'U' ? 8 : 0;
	char hex[9] = "";

	if (kind == '\n' || kind == '\r') {
		walk->at++;
		walk->at += walk_break(walk);
		return walk_gap(walk, true);
	}
	if (digits > 0 && walk->end - walk->at >= 2 + digits) {
		memcpy(hex, walk->raw + walk->at + 2, digits);
		return walk_step(walk, 2 + digits, utf8_bytes(strtoul(hex, NULL, 16)));
	}
	if (kind == 'N' || kind == '_')
		return walk_step(walk, 2, 2);
	return walk_step(walk, 2, kind == 'L' || kind == 'P' ? 3 : 1);
}

static bool walk_flow(struct walk *walk, char quote)
{
	while (walk->at < walk->end) {
		char c = walk->raw[walk->at];
		bool found;

		if (walk_blank(walk) || walk_break(walk) > 0)
			found = walk_gap(walk, false);
		else if (quote == '"' && c == '\\')
			found = walk_escape(walk);
		else if (quote == '\'' && c == '\'')
			found = walk_step(walk, 2, 1);
		else
			found = walk_character(walk);
		if (found)
			return true;
	}
	return false;
}

static size_t spaces_before_word(const char *s, size_t len, bool *ret_found)
{
	size_t spaces = 0;

	for (size_t i = 0; i < len; i++) {
		if (s[i] == '\n' || s[i] == '\r') {
			spaces = 0;
		} else if (s[i] == ' ') {
			spaces++;
		} else {
			*ret_found = true;
			return spaces;
		}
	}
	*ret_found = false;
	return 0;
}

/*
 * How many spaces were taken from each line: what the first line with a word has more in the
 * file than in the value. This spares knowing the parent's indentation.
 */
static size_t block_indent(const struct walk *walk, const struct yaml_node *scalar)
{
	bool in_file, in_value;
	size_t file = spaces_before_word(walk->raw + walk->at, walk->end - walk->at, &in_file);
	size_t value = spaces_before_word(scalar->text, scalar->len, &in_value);

	return in_file && in_value && file > value ? file - value : 0;
}

/* Moves over the indentation of a line and says whether the line has text. */
static bool block_line(struct walk *walk, size_t indent)
{
	for (size_t i = 0; i < indent && walk->at < walk->end && walk->raw[walk->at] == ' ';
	     i++)
		walk->at++;
	return walk->at < walk->end && walk_break(walk) == 0;
}

/* The breaks between two lines of text; returns at the second line's first character. */
static bool block_gap(struct walk *walk, size_t indent, bool folded, bool first_blank)
{
	size_t start = walk->at, breaks = 0, n;
	bool text = false;

	while (!text && (n = walk_break(walk)) > 0) {
		walk->at += n;
		breaks++;
		text = block_line(walk, indent);
	}
	n = walk->at - start;
	if (folded && text && !first_blank && !walk_blank(walk) && breaks > 0)
		breaks = breaks == 1 ? 1 : breaks - 1;
	walk->at = start;
	return walk_step(walk, n, breaks);
}

static bool walk_block(struct walk *walk, const struct yaml_node *scalar, bool folded)
{
	size_t indent;
	bool blank;

	while (walk->at < walk->end && walk_break(walk) == 0)
		walk->at++;
	walk->at += walk_break(walk);
	indent = block_indent(walk, scalar);
	/* Empty lines before the first text are breaks, folded or not. */
	while (!block_line(walk, indent) && walk->at < walk->end) {
		if (walk_step(walk, walk_break(walk), 1))
			return true;
	}
	while (walk->at < walk->end) {
		blank = walk_blank(walk);
		while (walk->at < walk->end && walk_break(walk) == 0) {
			if (walk_character(walk))
				return true;
		}
		if (walk->at < walk->end && block_gap(walk, indent, folded, blank))
			return true;
	}
	return false;
}

/* The raw bytes of the decoded byte target, which is one of the scalar's. */
static void place_of(const struct yaml_node *scalar, size_t target, size_t *ret_from,
		     size_t *ret_to)
{
	char style = scalar->plain || scalar->from >= scalar->to
			     ? '\0'
			     : scalar->source->text[scalar->from];
	struct walk walk = {
		.raw = scalar->source->text,
		.at = scalar->from,
		.end = scalar->to,
		.target = target,
		.ret_from = scalar->from,
		.ret_to = scalar->to,
	};

	if (style == '|' || style == '>') {
		walk_block(&walk, scalar, style == '>');
	} else {
		if (style == '\'' || style == '"') {
			walk.at++;
			walk.end--;
		}
		walk_flow(&walk, style);
	}
	*ret_from = walk.ret_from;
	*ret_to = walk.ret_to;
}

void place_in_scalar(const struct yaml_node *scalar, size_t from, size_t len, size_t *ret_from,
		     size_t *ret_to)
{
	size_t text = scalar->len, start, end, unused;

	while (text > 0 && scalar->text[text - 1] == '\n')
		text--;
	if (text == 0) {
		*ret_from = scalar->from;
		*ret_to = scalar->to;
		return;
	}
	if (from >= text) {
		place_of(scalar, text - 1, &unused, &start);
		*ret_from = *ret_to = start;
		return;
	}
	if (len > text - from)
		len = text - from;
	place_of(scalar, from, &start, &end);
	if (len > 1)
		place_of(scalar, from + len - 1, &unused, &end);
	*ret_from = start;
	*ret_to = end;
}
