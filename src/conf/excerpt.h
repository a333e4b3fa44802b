/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * A line of a source with a place marked below it, fit for a terminal: tabs are blanks, bytes
 * that are no text are \xNN, and of a long line only the part around the place is shown.
 */
#ifndef GAUGED_CONF_EXCERPT_H
#define GAUGED_CONF_EXCERPT_H

#include <stddef.h>

struct diag_source;
struct str;

/*
 * Adds two lines, "   15 | text" and "      |  ^~~", for the bytes [from, to); what goes past
 * the line's end is not marked.
 */
void excerpt_add(struct str *out, const struct diag_source *source, size_t from, size_t to);

/*
 * Adds the character at s as it is shown; returns how many bytes it has, 1 for a byte that is
 * no UTF-8. ret_width may be NULL; otherwise it gets the terminal cells that it takes.
 */
size_t excerpt_character(const char *s, size_t len, struct str *out, unsigned *ret_width);

#endif
