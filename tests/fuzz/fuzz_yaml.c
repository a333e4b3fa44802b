/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Owns the fuzz target of configuration texts: any bytes become a tree in which every node has
 * a place in the text, or errors that do; twice the same; never a crash.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "conf/diag.h"
#include "conf/interpolate.h"
#include "conf/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void demand(bool holds)
{
	if (!holds)
		abort();
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
	/* Places inside of a scalar, with every length that an error may have. */
	diag_error_in(diags, node, node->len / 2, node->len - node->len / 2, "here");
}

static void parse(const struct diag_source *source, struct str *ret_text)
{
	struct arena *arena = arena_new();
	struct diags *diags = diags_new(100);
	const struct yaml_node *root = yaml_parse(arena, source, diags);

	demand((root == NULL) == (diags_errors(diags) > 0));
	if (root != NULL)
		walk(arena, root, source, diags);
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
