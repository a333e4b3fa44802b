/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the form of texts with holes. */
#include "conf/interpolate.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "conf/diag.h"
#include "conf/yaml.h"

struct scan {
	struct arena *arena;
	const struct yaml_node *scalar;
	struct diags *diags;
	struct interpolate_part *parts;
	size_t count;
	size_t cap;
	bool bad;
};

/* Where a hole ends, and what stands at depth 0 in it. */
struct hole {
	size_t end;   /* of its closing brace */
	size_t colon; /* the last one at depth 0; 0: none */
	size_t quote; /* a quote that is never closed; 0: none */
};

static void scan_add(struct scan *scan, size_t from, size_t to, int hole, const char *format)
{
	if (from == to)
		return;
	if (scan->count == scan->cap) {
		scan->cap = scan->cap > 0 ? 2 * scan->cap : 8;
		scan->parts = xreallocarray(scan->parts, scan->cap, sizeof(*scan->parts));
	}
	scan->parts[scan->count++] = (struct interpolate_part){
		.text = scan->scalar->text + from,
		.len = to - from,
		.from = from,
		.format = format,
		.hole = hole,
	};
}

/* from stands behind "${". A '}' ends the hole whatever else is open, but for a quote. */
static bool hole_find(const struct yaml_node *scalar, size_t from, struct hole *ret)
{
	const char *s = scalar->text;
	size_t depth = 0;

	for (size_t i = from; i < scalar->len; i++) {
		if (s[i] == '\'' || s[i] == '"') {
			const char *close = memchr(s + i + 1, s[i], scalar->len - i - 1);

			if (close == NULL) {
				ret->quote = i;
				return false;
			}
			i = (size_t)(close - s);
		} else if (s[i] == '(' || s[i] == '[') {
			depth++;
		} else if ((s[i] == ')' || s[i] == ']') && depth > 0) {
			depth--;
		} else if (s[i] == ':' && depth == 0) {
			ret->colon = i;
		} else if (s[i] == '}') {
			ret->end = i;
			return true;
		}
	}
	return false;
}

static void trim(const char *s, size_t *from, size_t *to)
{
	while (*from < *to && strchr(" \t\n", s[*from]) != NULL)
		(*from)++;
	while (*from < *to && strchr(" \t\n", s[*to - 1]) != NULL)
		(*to)--;
}

static void unclosed(struct scan *scan, size_t at, const struct hole *hole)
{
	scan->bad = true;
	diag_error_in(scan->diags, scan->scalar, at, 2, "this '${' has no closing '}'");
	if (hole->quote > 0)
		diag_note(scan->diags, "hint: the quote %c behind it is never closed",
			  scan->scalar->text[hole->quote]);
	else
		diag_note(scan->diags, "hint: write '$$' for a dollar sign");
}

static void add_hole(struct scan *scan, size_t at, const struct hole *hole)
{
	const char *s = scan->scalar->text, *format = NULL;
	size_t from = at + 2, to = hole->colon > 0 ? hole->colon : hole->end;
	size_t format_from = hole->colon + 1, format_to = hole->end;

	trim(s, &from, &to);
	trim(s, &format_from, &format_to);
	if (from == to) {
		scan->bad = true;
		diag_error_in(scan->diags, scan->scalar, at, hole->end + 1 - at,
			      "nothing stands in this '${}'");
		diag_note(scan->diags, "hint: write '$$' for a dollar sign");
		return;
	}
	if (hole->colon > 0 && format_from >= format_to) {
		scan->bad = true;
		diag_error_in(scan->diags, scan->scalar, hole->colon, 1,
			      "expected a format behind this ':', such as .1f");
		return;
	}
	if (hole->colon > 0)
		format = arena_text(scan->arena, s + format_from, format_to - format_from);
	scan_add(scan, from, to, 1, format);
}

int interpolate_parse(struct arena *arena, const struct yaml_node *scalar,
		      struct interpolate *ret, struct diags *diags)
{
	struct scan scan = {.arena = arena, .scalar = scalar, .diags = diags};
	size_t literal = 0, at = 0;

	while (at + 1 < scalar->len) {
		struct hole hole = {0};

		if (scalar->text[at] != '$' ||
		    (scalar->text[at + 1] != '$' && scalar->text[at + 1] != '{')) {
			at++;
			continue;
		}
		/* Of "$$" the first stays. */
		scan_add(&scan, literal, at + (scalar->text[at + 1] == '$'), 0, NULL);
		literal = at += 2;
		if (scalar->text[at - 1] == '$')
			continue;
		if (!hole_find(scalar, at, &hole)) {
			unclosed(&scan, at - 2, &hole);
			break;
		}
		add_hole(&scan, at - 2, &hole);
		literal = at = hole.end + 1;
	}
	if (!scan.bad) {
		struct interpolate_part *parts;

		scan_add(&scan, literal, scalar->len, 0, NULL);
		parts = arena_take(arena, scan.count, sizeof(*parts));
		if (scan.count > 0)
			memcpy(parts, scan.parts, scan.count * sizeof(*parts));
		*ret = (struct interpolate){.count = scan.count, .parts = parts};
	}
	free(scan.parts);
	return scan.bad ? -EINVAL : 0;
}
