/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns how the keys of a map find their rows, and what is said of those that find none. */
#include "conf/option.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/str.h"
#include "conf/diag.h"
#include "conf/option_value.h"
#include "conf/yaml.h"

enum { OPTION_KNOWN = 320 }; /* bytes of the list of known options below a message */

/*
 * A default that cannot be read is a bug of ours: the table is wrong. unsaid is where its
 * errors go.
 */
static void set_fallback(struct arena *arena, const struct option *row, void *dst,
			 struct diags *unsaid)
{
	const char *text = row->fallback;
	/* Most are one word: a parser for each would cost more than all the rest. */
	struct yaml_node word = {.kind = YAML_SCALAR, .plain = true, .text = text};
	const struct yaml_node *node = &word;
	struct diag_source *source;
	bool fine;

	if (text == NULL)
		return;
	word.len = strlen(text);
	if (row->type >= OPTION_LIMITS) {
		source = arena_take(arena, 1, sizeof(*source));
		*source = (struct diag_source){"default", text, word.len};
		node = yaml_parse(arena, source, unsaid);
	}
	fine = node != NULL &&
	       option_parse(arena, row, node, (char *)dst + row->offset, unsaid);
	assert(fine);
	(void)fine;
}

static void missing(const struct yaml_node *map, const char *what, const struct option *row,
		    struct diags *diags)
{
	diag_error(diags, map, "%s needs '%s'", what, row->name);
	diag_note(diags, "%s: %s", row->name, row->help);
}

static size_t known_words(const struct option_binding *bindings, size_t count,
			  const char **words)
{
	size_t known = 0;

	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < bindings[i].table->count; j++) {
			if (words != NULL)
				words[known] = bindings[i].table->rows[j].name;
			known++;
		}
	}
	return known;
}

static void unknown(const struct yaml_node *key, const char *what,
		    const struct option_binding *bindings, size_t count, struct diags *diags)
{
	size_t known = known_words(bindings, count, NULL);
	const char **words = xcalloc(known + 1, sizeof(*words));
	struct str list;

	known_words(bindings, count, words);
	diag_error(diags, key, "unknown option '%.64s' in %s", key->text, what);
	if (!diag_suggest(diags, key->text, words, known)) {
		str_init(&list);
		for (size_t i = 0; i < known && list.len < OPTION_KNOWN; i++)
			str_addf(&list, "%s%s", i > 0 ? ", " : "", words[i]);
		diag_note(diags, "known: %s", list.s);
		str_done(&list);
	}
	if (bindings[0].table->manual != NULL)
		diag_note(diags, "see: %s", bindings[0].table->manual);
	free(words);
}

/* "{scale: 0,1}" is scale 0 and a key 1 without a value. */
static bool decimal_comma(const struct yaml_node *key, const struct yaml_node *value)
{
	return key->plain && key->len == strspn(key->text, "0123456789") && yaml_is_null(value);
}

static bool bind_key(struct arena *arena, const struct yaml_node *map, size_t key,
		     const char *what, const struct option_binding *bindings, size_t count,
		     struct diags *diags)
{
	bool known = false, fine = true;

	for (size_t i = 0; i < count; i++) {
		const struct option_table *table = bindings[i].table;

		for (size_t j = 0; j < table->count; j++) {
			struct option_value of = {arena, &table->rows[j], what, diags};

			if (strcmp(table->rows[j].name, map->keys[key]->text) != 0)
				continue;
			/* known to two tables: one complaint is enough */
			if (fine)
				fine = option_value_read(&of, map->values[key],
							 (char *)bindings[i].dst +
								 of.row->offset);
			known = true;
		}
	}
	if (!known && decimal_comma(map->keys[key], map->values[key])) {
		diag_error(diags, map->keys[key], "a lone '%.64s' in %s", map->keys[key]->text,
			   what);
		diag_note(diags, "hint: numbers have a decimal point, such as 0.%.64s",
			  map->keys[key]->text);
	} else if (!known) {
		unknown(map->keys[key], what, bindings, count, diags);
	}
	return known && fine;
}

bool option_bind(struct arena *arena, const struct yaml_node *map, const char *what,
		 const struct option_binding *bindings, size_t count, struct diags *diags)
{
	size_t errors = diags_errors(diags);
	struct diags *unsaid;
	bool is_map = map != NULL && map->kind == YAML_MAP;

	what = what != NULL ? what : bindings[0].table->section;
	if (map != NULL && !is_map && !yaml_is_null(map)) {
		diag_error(diags, map, "%s must be a map of options, not %s", what,
			   yaml_kind_words(map));
		return false;
	}
	unsaid = diags_new(0);
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < bindings[i].table->count; j++) {
			const struct option *row = &bindings[i].table->rows[j];

			set_fallback(arena, row, bindings[i].dst, unsaid);
			if (row->required && yaml_get(map, row->name) == NULL)
				missing(map, what, row, diags);
		}
	}
	diags_free(unsaid);
	for (size_t i = 0; is_map && i < map->count; i++)
		bind_key(arena, map, i, what, bindings, count, diags);
	return diags_errors(diags) == errors;
}
