/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the words for YAML syntax errors: a table from libyaml's to ours. */
#include "conf/yaml_syntax.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "conf/diag.h"
#include "conf/source.h"

/* The first row whose problem and context both occur counts; NULL and "" occur always. */
static const struct row {
	const char *problem;
	const char *context;
	const char *says;
	const char *hint; /* or NULL */
	bool at_context;  /* point at where it began, not at where it was noticed */
} rows[] = {
	{"found unexpected end of stream", "quoted scalar", "this quote is never closed", NULL,
	 true},
	{"found unexpected document indicator", "quoted scalar", "this quote is never closed",
	 NULL, true},
	{"could not find expected ':'", "simple key", "expected a ':' behind this key", NULL,
	 true},
	{"mapping values are not allowed", NULL, "a ':' cannot stand here",
	 "put a text that holds ': ' in quotes, and give the keys of one map one indentation",
	 false},
	{"block sequence entries are not allowed", NULL, "a list's '-' cannot stand here",
	 "begin the list on a line of its own", false},
	{"did not find expected '-' indicator", "block collection",
	 "expected another '-' of the list", "give all items of the list one indentation",
	 false},
	{"did not find expected ',' or ']'", NULL, "expected ',' or ']' in the list", NULL,
	 false},
	{"did not find expected ',' or '}'", NULL, "expected ',' or '}' in the map", NULL,
	 false},
	{"found unexpected ':'", NULL, "expected a blank behind this ':'",
	 "write 'name: value', and put a text that holds a ':' in quotes", false},
	{"did not find expected key", "block mapping", "expected a key here",
	 "give all keys of one map one indentation, and close quotes and brackets", false},
	{"found unknown escape character", NULL, "unknown escape in double quotes",
	 "a backslash stands for itself in single quotes", false},
	{"did not find expected hexdecimal number", NULL,
	 "this escape needs hexadecimal digits: \\x41, \\u00e9 or \\U0001f525", NULL, false},
	{"found invalid Unicode character", NULL, "this escape is no Unicode character", NULL,
	 false},
	{"did not find expected <document start>", NULL, "expected the end of the file here",
	 "give all keys of the file one indentation", false},
	{"did not find expected node content", NULL, "expected a value here", NULL, false},
	{"found a tab character", NULL, "a tab cannot indent", NULL, false},
	{"mapping keys are not allowed", NULL, "a '?' cannot stand here",
	 "put a text that begins with '? ' in quotes", false},
	{"did not find expected comment or line break", NULL,
	 "expected the end of the line behind this '|' or '>'",
	 "put a text that begins with '|' or '>' in quotes", false},
	{"found an indentation indicator equal to 0", NULL,
	 "the indentation behind '|' or '>' is a digit from 1 to 9", NULL, false},
	{"did not find expected alphabetic or numeric character", "alias",
	 "a text cannot begin with '*'", "put it in quotes", true},
	{"did not find expected alphabetic or numeric character", "anchor",
	 "a text cannot begin with '&'", "put it in quotes", true},
	{"", "a tag", "a text cannot begin with '!'", "put it in quotes", true},
	{"found undefined tag handle", NULL, "a text cannot begin with '!'", "put it in quotes",
	 false},
};

static const struct row *find_row(const struct yaml_syntax *syntax)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *context = syntax->context != NULL ? syntax->context : "";

		if (strstr(syntax->problem, rows[i].problem) != NULL &&
		    (rows[i].context == NULL || strstr(context, rows[i].context) != NULL))
			return &rows[i];
	}
	return NULL;
}

/* A character that libyaml knows no token for: the problem says only that. */
static void token_error(struct diags *diags, const struct diag_source *source, size_t at)
{
	char c = at < source->len ? source->text[at] : '\0';

	if (c == '\t') {
		diag_error_at(diags, source, at, 1, "a tab cannot stand here");
	} else {
		diag_error_at(diags, source, at, 1, "a text cannot begin with '%c'", c);
		diag_note(diags, "hint: put it in quotes");
	}
}

/* Where an open bracket began, if it is on another line than the error. */
static void note_context(struct diags *diags, const struct diag_source *source,
			 const struct yaml_syntax *syntax)
{
	struct source_place began, noticed;

	if (syntax->context == NULL || strstr(syntax->context, "flow") == NULL)
		return;
	source_place(source, syntax->context_at, &began);
	source_place(source, syntax->problem_at, &noticed);
	if (began.line != noticed.line)
		diag_note(diags, "it begins at %s:%u:%u", source->file, began.line,
			  began.column);
}

void yaml_syntax_error(struct diags *diags, const struct diag_source *source,
		       const struct yaml_syntax *syntax)
{
	const struct row *row = find_row(syntax);

	if (strstr(syntax->problem, "cannot start any token") != NULL) {
		token_error(diags, source, syntax->problem_at);
	} else if (row == NULL) {
		diag_error_at(diags, source, syntax->problem_at, 1, "this is no YAML: %s",
			      syntax->problem);
	} else {
		diag_error_at(diags, source,
			      row->at_context ? syntax->context_at : syntax->problem_at, 1,
			      "%s", row->says);
		note_context(diags, source, syntax);
	}
	if (source_tab_indented(source, syntax->problem_at))
		diag_note(diags, "hint: this line is indented with a tab; YAML wants spaces");
	else if (row != NULL && row->hint != NULL)
		diag_note(diags, "hint: %s", row->hint);
}
