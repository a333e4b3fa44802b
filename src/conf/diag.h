/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * What is wrong with a configuration: every error of a run, each with its place, what was
 * expected and, where there is one, the nearest known word. Pure: it collects and renders.
 *
 *   rules.yaml:15:11: error: unknown function 'meen'
 *      15 |       and meen(boiler.temp, 5m) > 70
 *         |           ^~~~
 *         = hint: did you mean 'min'?
 */
#ifndef GAUGED_CONF_DIAG_H
#define GAUGED_CONF_DIAG_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct str;
struct yaml_node;

enum diag_level { DIAG_ERROR, DIAG_WARNING };

/* A text that errors point into. Borrowed by the diags until they are freed. */
struct diag_source {
	const char *file; /* as the user named it */
	const char *text;
	size_t len;
};

/* One rendered entry, for programs that want the parts (the control API). */
struct diag {
	enum diag_level level;
	const char *file; /* NULL: no place in a file */
	unsigned line;	  /* 1-based; 0 without a place */
	unsigned column;  /* 1-based, in characters */
	const char *message;
	const char *notes; /* lines after "= ", or NULL */
};

struct diags;

/* cap: how many entries are kept; more are only counted (the render says how many). */
struct diags *diags_new(size_t cap);
void diags_free(struct diags *diags);
/*
 * Takes arena, and frees it together with the diags: for what the entries point into when
 * nobody else keeps it.
 */
void diags_own(struct diags *diags, struct arena *arena);

/* At a node of a tree; node may be NULL when there is no place to point at. */
void diag_error(struct diags *diags, const struct yaml_node *node, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void diag_warning(struct diags *diags, const struct yaml_node *node, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/*
 * Inside a scalar: from and len count bytes of the decoded text; the place in the file is
 * found by walking raw text and value together (quotes, escapes, folding, indentation).
 */
void diag_error_in(struct diags *diags, const struct yaml_node *scalar, size_t from, size_t len,
		   const char *fmt, ...) __attribute__((format(printf, 5, 6)));
/* At a byte range of a source that is no tree yet (YAML syntax errors). */
void diag_error_at(struct diags *diags, const struct diag_source *source, size_t from,
		   size_t len, const char *fmt, ...) __attribute__((format(printf, 5, 6)));
/* Adds "= hint: ..." (or any "= word: ...") below the entry added last. */
void diag_note(struct diags *diags, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* "= hint: did you mean 'x'?" if one of words is near to word; says whether it added one. */
bool diag_suggest(struct diags *diags, const char *word, const char *const *words,
		  size_t count);

size_t diags_errors(const struct diags *diags);
size_t diags_warnings(const struct diags *diags);
size_t diags_count(const struct diags *diags);
/* Entries in order of file and place; i < diags_count(). */
const struct diag *diags_get(const struct diags *diags, size_t i);
/* All entries as the text shown above, sorted by file, line and column. */
void diags_render(const struct diags *diags, struct str *out);

#endif
