/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns what is wrong with a configuration: the list, kept in order, and how it is shown. */
#include "conf/diag.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/str.h"
#include "conf/excerpt.h"
#include "conf/place.h"
#include "conf/source.h"
#include "conf/yaml.h"

enum { DIAG_TEXT = 1024 };

struct entry {
	struct diag diag;
	const struct diag_source *source; /* NULL: no place */
	size_t from, to;
	char *message;
	char *notes;
};

struct diags {
	size_t cap;
	size_t count;
	struct entry **entries; /* in order of file and place */
	struct entry *last;	/* the one added last; NULL if it was not kept */
	size_t errors;
	size_t warnings;
	struct arena **arenas;
	size_t arena_count;
};

struct diags *diags_new(size_t cap)
{
	struct diags *diags = xcalloc(1, sizeof(*diags));

	diags->cap = cap;
	return diags;
}

void diags_free(struct diags *diags)
{
	if (diags == NULL)
		return;
	for (size_t i = 0; i < diags->count; i++) {
		free(diags->entries[i]->message);
		free(diags->entries[i]->notes);
		free(diags->entries[i]);
	}
	free(diags->entries);
	for (size_t i = 0; i < diags->arena_count; i++)
		arena_free(diags->arenas[i]);
	free(diags->arenas);
	free(diags);
}

void diags_own(struct diags *diags, struct arena *arena)
{
	diags->arenas =
		xreallocarray(diags->arenas, diags->arena_count + 1, sizeof(*diags->arenas));
	diags->arenas[diags->arena_count++] = arena;
}

/* Formats; what would break or disguise a line becomes \xNN, and no text is endless. */
__attribute__((format(printf, 1, 0))) static char *diag_text(const char *fmt, va_list ap)
{
	char room[DIAG_TEXT];
	struct str raw, safe;

	str_init_fixed(&raw, room, sizeof(room));
	str_vaddf(&raw, fmt, ap);
	str_init(&safe);
	for (size_t at = 0; at < raw.len;) {
		size_t n = excerpt_character(raw.s + at, raw.len - at, &safe, NULL);

		/* the last character may have been cut in two */
		at += n;
	}
	if (raw.cut)
		str_adds(&safe, "...");
	return str_steal(&safe);
}

static int entry_compare(const struct entry *a, const struct entry *b)
{
	const char *file_a = a->diag.file != NULL ? a->diag.file : "";
	const char *file_b = b->diag.file != NULL ? b->diag.file : "";
	int files = strcmp(file_a, file_b);

	if (files != 0)
		return files;
	if (a->diag.line != b->diag.line)
		return a->diag.line < b->diag.line ? -1 : 1;
	if (a->diag.column != b->diag.column)
		return a->diag.column < b->diag.column ? -1 : 1;
	return 0;
}

/* Behind all that are not greater: entries at one place stay in the order they came in. */
static void diags_insert(struct diags *diags, struct entry *entry)
{
	size_t at = diags->count;

	diags->entries =
		xreallocarray(diags->entries, diags->count + 1, sizeof(*diags->entries));
	while (at > 0 && entry_compare(diags->entries[at - 1], entry) > 0) {
		diags->entries[at] = diags->entries[at - 1];
		at--;
	}
	diags->entries[at] = entry;
	diags->count++;
}

__attribute__((format(printf, 6, 0))) static void diags_add(struct diags *diags,
							    enum diag_level level,
							    const struct diag_source *source,
							    size_t from, size_t to,
							    const char *fmt, va_list ap)
{
	struct entry *entry;
	struct source_place place;

	if (level == DIAG_ERROR)
		diags->errors++;
	else
		diags->warnings++;
	diags->last = NULL;
	if (diags->count >= diags->cap)
		return;
	entry = xcalloc(1, sizeof(*entry));
	entry->message = diag_text(fmt, ap);
	entry->diag.level = level;
	entry->diag.message = entry->message;
	if (source != NULL) {
		source_place(source, from, &place);
		entry->source = source;
		entry->from = place.offset;
		entry->to = to;
		entry->diag.file = source->file;
		entry->diag.line = place.line;
		entry->diag.column = place.column;
	}
	diags_insert(diags, entry);
	diags->last = entry;
}

__attribute__((format(printf, 4, 0))) static void diags_add_node(struct diags *diags,
								 enum diag_level level,
								 const struct yaml_node *node,
								 const char *fmt, va_list ap)
{
	if (node == NULL)
		diags_add(diags, level, NULL, 0, 0, fmt, ap);
	else
		diags_add(diags, level, node->source, node->from,
			  node->kind == YAML_SCALAR ? node->to : node->from + 1, fmt, ap);
}

void diag_error(struct diags *diags, const struct yaml_node *node, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	diags_add_node(diags, DIAG_ERROR, node, fmt, ap);
	va_end(ap);
}

void diag_warning(struct diags *diags, const struct yaml_node *node, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	diags_add_node(diags, DIAG_WARNING, node, fmt, ap);
	va_end(ap);
}

void diag_error_in(struct diags *diags, const struct yaml_node *scalar, size_t from, size_t len,
		   const char *fmt, ...)
{
	size_t start = 0, end = 0;
	va_list ap;

	if (scalar->source != NULL && diags->count < diags->cap)
		place_in_scalar(scalar, from, len, &start, &end);
	va_start(ap, fmt);
	diags_add(diags, DIAG_ERROR, scalar->source, start, end, fmt, ap);
	va_end(ap);
}

void diag_error_at(struct diags *diags, const struct diag_source *source, size_t from,
		   size_t len, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	diags_add(diags, DIAG_ERROR, source, from, from + len, fmt, ap);
	va_end(ap);
}

void diag_note(struct diags *diags, const char *fmt, ...)
{
	struct entry *entry = diags->last;
	char *note, *both;
	va_list ap;

	if (entry == NULL)
		return;
	va_start(ap, fmt);
	note = diag_text(fmt, ap);
	va_end(ap);
	if (entry->notes != NULL) {
		both = xasprintf("%s\n%s", entry->notes, note);
		free(entry->notes);
		free(note);
		note = both;
	}
	entry->notes = note;
	entry->diag.notes = note;
}

bool diag_suggest(struct diags *diags, const char *word, const char *const *words, size_t count)
{
	const char *nearest;

	/* Looking through all words is what costs: not for what nobody will see. */
	if (diags->last == NULL)
		return false;
	nearest = str_nearest(word, words, count);
	if (nearest == NULL)
		return false;
	diag_note(diags, "hint: did you mean '%s'?", nearest);
	return true;
}

size_t diags_errors(const struct diags *diags)
{
	return diags->errors;
}

size_t diags_warnings(const struct diags *diags)
{
	return diags->warnings;
}

size_t diags_count(const struct diags *diags)
{
	return diags->count;
}

const struct diag *diags_get(const struct diags *diags, size_t i)
{
	return &diags->entries[i]->diag;
}

static void render_notes(const char *notes, struct str *out)
{
	while (notes != NULL) {
		const char *end = strchrnul(notes, '\n');

		str_adds(out, "      = ");
		str_add(out, notes, (size_t)(end - notes));
		str_addc(out, '\n');
		notes = *end != '\0' ? end + 1 : NULL;
	}
}

static void entry_render(const struct entry *entry, struct str *out)
{
	const struct diag *diag = &entry->diag;

	if (diag->file != NULL)
		str_addf(out, "%s:%u:%u: ", diag->file, diag->line, diag->column);
	str_adds(out, diag->level == DIAG_ERROR ? "error: " : "warning: ");
	str_adds(out, diag->message);
	str_addc(out, '\n');
	if (entry->source != NULL)
		excerpt_add(out, entry->source, entry->from, entry->to);
	render_notes(diag->notes, out);
}

void diags_render(const struct diags *diags, struct str *out)
{
	size_t left = diags->errors + diags->warnings - diags->count;

	for (size_t i = 0; i < diags->count; i++)
		entry_render(diags->entries[i], out);
	if (left > 0)
		str_addf(out, "%zu more %s not shown\n", left,
			 left == 1 ? "problem is" : "problems are");
}
