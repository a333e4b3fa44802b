/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the words that a template says instead of others. */
#include "actions/template_map.h"

#include <stdbool.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "conf/diag.h"
#include "conf/yaml.h"

struct template_case {
	const char *word;
	struct template_word said;
};

struct template_map {
	size_t count;
	struct template_case *cases;
	bool has_rest;
	struct template_word rest;
};

static struct template_word said(struct arena *arena, const char *text, size_t len)
{
	struct template_word word = {.text = arena_text(arena, text, len)};
	double number;

	word.value = value_text(word.text);
	if (str_to_number(word.text, &number) == 0)
		word.value = value_number(number);
	else if (strcmp(word.text, "true") == 0 || strcmp(word.text, "false") == 0)
		word.value = value_bool(word.text[0] == 't');
	else if (strcmp(word.text, "null") == 0)
		word.value = (struct value){.kind = VALUE_NONE};
	return word;
}

static bool known(const char *text, size_t len, const char *(*word)(size_t i))
{
	const char *one;

	for (size_t i = 0; (one = word(i)) != NULL; i++)
		if (strlen(one) == len && memcmp(one, text, len) == 0)
			return true;
	return false;
}

/* A word that the field never is would never be said, and nobody would know. */
static void unknown_word(struct arena *arena, const struct yaml_node *scalar, size_t from,
			 size_t len, const char *(*word)(size_t i), struct diags *diags)
{
	const char *words[TEMPLATE_CASES_MAX];
	struct str all;
	size_t count = 0;

	while (count < TEMPLATE_CASES_MAX && (words[count] = word(count)) != NULL)
		count++;
	diag_error_in(diags, scalar, from, len, "the field is never '%.*s'", (int)len,
		      scalar->text + from);
	if (diag_suggest(diags, arena_text(arena, scalar->text + from, len), words, count))
		return;
	str_init(&all);
	for (size_t i = 0; i < count; i++)
		str_addf(&all, "%s%s", i > 0 ? ", " : "", words[i]);
	diag_note(diags, "hint: it is one of %s", all.s);
	str_done(&all);
}

static void trim(const char *text, size_t *from, size_t *to)
{
	while (*from < *to && strchr(" \t\n", text[*from]) != NULL)
		(*from)++;
	while (*from < *to && strchr(" \t\n", text[*to - 1]) != NULL)
		(*to)--;
}

/* One piece between two bars. */
static bool parse_piece(struct arena *arena, struct template_map *map,
			const struct yaml_node *scalar, size_t from, size_t to,
			const char *(*word)(size_t i), struct diags *diags)
{
	const char *text = scalar->text, *colon = memchr(text + from, ':', to - from);
	size_t word_end, at;

	if (map->has_rest || map->count == TEMPLATE_CASES_MAX) {
		diag_error_in(diags, scalar, from, to - from,
			      map->has_rest ? "nothing may stand behind what is said for the "
					      "rest"
					    : "there are more than 32 words here");
		return false;
	}
	word_end = colon != NULL ? (size_t)(colon - text) : from;
	at = colon != NULL ? word_end + 1 : from;
	trim(text, &from, &word_end);
	trim(text, &at, &to);
	if (colon == NULL || (word_end - from == 1 && text[from] == '*')) {
		map->has_rest = true;
		map->rest = said(arena, text + at, to - at);
		return true;
	}
	if (word != NULL && !known(text + from, word_end - from, word)) {
		unknown_word(arena, scalar, from, word_end - from, word, diags);
		return false;
	}
	map->cases[map->count].word = arena_text(arena, text + from, word_end - from);
	map->cases[map->count++].said = said(arena, text + at, to - at);
	return true;
}

const struct template_map *template_map_parse(struct arena *arena,
					      const struct yaml_node *scalar, size_t from,
					      size_t len, const char *(*word)(size_t i),
					      struct diags *diags)
{
	struct template_map *map = arena_take(arena, 1, sizeof(*map));
	size_t end = from + len;
	bool ok = true;

	map->cases = arena_take(arena, TEMPLATE_CASES_MAX, sizeof(*map->cases));
	while (ok && from <= end) {
		const char *bar = memchr(scalar->text + from, '|', end - from);
		size_t to = bar != NULL ? (size_t)(bar - scalar->text) : end;

		ok = parse_piece(arena, map, scalar, from, to, word, diags);
		from = to + 1;
	}
	return ok ? map : NULL;
}

static const struct template_word nothing = {.value = {.kind = VALUE_NONE}};

const struct template_word *template_map_said(const struct template_map *map, size_t i)
{
	if (i < map->count)
		return &map->cases[i].said;
	if (i > map->count)
		return NULL;
	return map->has_rest ? &map->rest : &nothing;
}

const struct template_word *template_map_find(const struct template_map *map,
					      struct value value, const char *words)
{
	for (size_t i = 0; i < map->count; i++)
		if (strcmp(map->cases[i].word, words) == 0)
			return &map->cases[i].said;
	if (map->count == 0 && value.kind != VALUE_NONE && words[0] != '\0')
		return NULL;
	return map->has_rest ? &map->rest : &nothing;
}
