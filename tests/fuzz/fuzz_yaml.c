/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Owns the fuzz target of configuration texts: any bytes become a tree in which every node has
 * a place in the text and every letter of a value is found where it stands, or errors that have
 * a place; options bind or say why not; twice the same; never a crash.
 */
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/str.h"
#include "conf/diag.h"
#include "conf/interpolate.h"
#include "conf/option.h"
#include "conf/place.h"
#include "conf/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void demand(bool holds)
{
	if (!holds)
		abort();
}

/* One row of each type; the example of the corpus has them all. */
struct bound {
	bool on;
	int64_t whole, pause, room;
	double number;
	const char *text, *name;
	int way;
	struct option_rate rate;
	struct option_limits range;
	struct option_texts texts;
	const struct yaml_node *node, *map, *seq;
};

static const char *const ways[] = {"even", "odd", NULL};
/* clang-format 14 falls over rows of different lengths. */
/* clang-format off */
static const struct option rows[] = {
	{.name = "on", OPTION(BOOL, bound, on)},
	{.name = "int", OPTION(INT, bound, whole), .min = -5, .max = 70000},
	{.name = "number", OPTION(NUMBER, bound, number)},
	{.name = "text", OPTION(TEXT, bound, text)},
	{.name = "name", OPTION(NAME, bound, name)},
	{.name = "pause", OPTION(DURATION, bound, pause), .min = 0.001, .max = 3600},
	{.name = "room", OPTION(SIZE, bound, room)},
	{.name = "way", OPTION(CHOICE, bound, way), .choices = ways},
	{.name = "rate", OPTION(RATE, bound, rate)},
	{.name = "range", OPTION(LIMITS, bound, range)},
	{.name = "texts", OPTION(TEXTS, bound, texts)},
	{.name = "node", OPTION(NODE, bound, node)},
	{.name = "map", OPTION(MAP, bound, map)},
	{.name = "seq", OPTION(SEQ, bound, seq), .required = true, .help = "a list"},
};
/* clang-format on */
static const struct option_table table = {
	.section = "example",
	.manual = "gauged.yaml(5)",
	.rows = rows,
	.count = ARRAY_SIZE(rows),
};

static void bind(struct arena *arena, const struct yaml_node *map, struct diags *diags)
{
	struct bound bound = {0};
	struct option_binding binding = {&table, &bound};
	size_t errors = diags_errors(diags);
	bool fine = option_bind(arena, map, NULL, &binding, 1, diags);

	demand(fine == (diags_errors(diags) == errors));
	demand(bound.whole >= -5 && bound.whole <= 70000);
	demand(bound.way == 0 || bound.way == 1);
	demand(bound.rate.count >= 0 && bound.rate.per_ns >= 0);
	demand(!fine || bound.seq->kind == YAML_SEQ);
}

/* Letters stand for themselves, but for escapes. */
static void places(const struct yaml_node *scalar, const struct diag_source *source)
{
	const char *raw = source->text + scalar->from;
	size_t last = 0, from, to;

	if (!scalar->plain && raw[0] == '"' &&
	    memchr(raw, '\\', scalar->to - scalar->from) != NULL)
		return;
	for (size_t i = 0; i < scalar->len && i < 256; i++) {
		if (!isgraph((unsigned char)scalar->text[i]))
			continue;
		place_in_scalar(scalar, i, 1, &from, &to);
		demand(source->text[from] == scalar->text[i]);
		demand(from >= last && from >= scalar->from && to <= scalar->to);
		last = to;
	}
}

static void walk(struct arena *arena, const struct yaml_node *node,
		 const struct diag_source *source, struct diags *diags)
{
	struct interpolate parts;

	demand(node->source == source && node->line > 0 && node->column > 0);
	demand(node->from <= node->to && node->to <= source->len);
	for (size_t i = 0; i < node->count; i++) {
		if (node->kind == YAML_MAP)
			walk(arena, node->keys[i], source, diags);
		walk(arena, node->values[i], source, diags);
	}
	if (node->kind != YAML_SCALAR)
		return;
	demand(node->text[node->len] == '\0');
	if (interpolate_parse(arena, node, &parts, diags) == 0)
		for (size_t i = 0; i < parts.count; i++)
			demand(parts.parts[i].from + parts.parts[i].len <= node->len);
	places(node, source);
	/* Places inside of a scalar, with every length that an error may have. */
	diag_error_in(diags, node, node->len / 2, node->len - node->len / 2, "here");
}

static void parse(const struct diag_source *source, struct str *ret_text)
{
	struct arena *arena = arena_new();
	struct diags *diags = diags_new(100);
	const struct yaml_node *root = yaml_parse(arena, source, diags);

	demand((root == NULL) == (diags_errors(diags) > 0));
	if (root != NULL) {
		walk(arena, root, source, diags);
		bind(arena, root, diags);
	}
	for (size_t i = 0; i < diags_count(diags); i++)
		demand(diags_get(diags, i)->message[0] != '\0');
	diags_render(diags, ret_text);
	diags_free(diags);
	arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct diag_source source = {
		.file = "fuzz.yaml", .text = (const char *)bytes, .len = size};
	struct str first, second;

	str_init(&first);
	str_init(&second);
	parse(&source, &first);
	parse(&source, &second);
	demand(first.len == second.len);
	demand(first.len == 0 || memcmp(first.s, second.s, first.len) == 0);
	str_done(&first);
	str_done(&second);
	return 0;
}
