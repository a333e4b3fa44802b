/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Places in a text: byte offsets, characters, lines and columns. A line ends at LF, CR LF or a
 * CR alone. A byte that belongs to no valid UTF-8 character counts as a character of its own.
 */
#ifndef GAUGED_CONF_SOURCE_H
#define GAUGED_CONF_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

struct diag_source;
struct diags;

struct source_place {
	size_t offset;	 /* in bytes from the start of the source */
	unsigned line;	 /* 1-based */
	unsigned column; /* 1-based, in characters */
	size_t line_from;
	size_t line_to; /* where the line's break, or the text's end, stands */
};

/* Walks the text from its start: for errors, not for every node. */
void source_place(const struct diag_source *source, size_t offset, struct source_place *ret);

/* True where the line around offset is indented with a tab. */
bool source_tab_indented(const struct diag_source *source, size_t offset);

/* Bytes of the byte order mark at the start: 3 or 0. */
size_t source_mark(const struct diag_source *source);

/* From counted characters, as libyaml tells places, to bytes, lines and columns. */
struct source_index;

/*
 * Checks that the text is what YAML can be made of (UTF-8 without control characters, no
 * directives, which libyaml takes quadratic time for) and indexes it. NULL after an error was
 * added.
 */
struct source_index *source_index_new(const struct diag_source *source, struct diags *diags);
void source_index_free(struct source_index *index);
/* character counts from 0, behind the byte order mark; ret->line_to is not set. */
void source_index_at(struct source_index *index, size_t character, struct source_place *ret);

#endif
