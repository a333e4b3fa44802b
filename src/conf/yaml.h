/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * YAML text to a tree in which every node knows its place. YAML 1.2 core schema: plain
 * scalars may be numbers, true, false and null; on, off, yes and no stay text. Refused with a
 * place: duplicate keys, aliases and anchors, tags, several documents, keys that are no
 * scalars. Caps: 1 MiB of text, depth 32, 100,000 nodes. Pure: reads no file.
 */
#ifndef GAUGED_CONF_YAML_H
#define GAUGED_CONF_YAML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct diag_source;
struct diags;

enum { YAML_MAX_BYTES = 1 << 20, YAML_MAX_DEPTH = 32, YAML_MAX_NODES = 100000 };

enum yaml_kind { YAML_SCALAR, YAML_SEQ, YAML_MAP };

struct yaml_node {
	enum yaml_kind kind;
	bool plain; /* a scalar without quotes or block style: it may be a number, bool or null
		     */
	const struct diag_source *source;
	uint32_t line;	 /* 1-based */
	uint32_t column; /* 1-based, in characters */
	size_t from;	 /* byte offset of the first character in the source */
	size_t to;	 /* one past the last */
	/* YAML_SCALAR: decoded text, with a NUL behind it; may hold NUL bytes inside */
	const char *text;
	size_t len;
	/* YAML_SEQ, YAML_MAP: count children. A map's keys[i] belongs to values[i]. */
	size_t count;
	const struct yaml_node **keys;
	const struct yaml_node **values;
};

/*
 * The tree of source, all of it in arena (source and its text must live as long), or NULL
 * after errors were added to diags. An empty text is an empty map.
 */
const struct yaml_node *yaml_parse(struct arena *arena, const struct diag_source *source,
				   struct diags *diags);

/* The value of key in map, or NULL; the key's own node, for errors that point at it. */
const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key);
const struct yaml_node *yaml_key(const struct yaml_node *map, const char *key);

/* Plain null, ~ or nothing at all. */
bool yaml_is_null(const struct yaml_node *node);
/* Same kind, same scalars, same items in the same order; places and styles do not count. */
bool yaml_equal(const struct yaml_node *a, const struct yaml_node *b);
/* "a map", "a list", "text", "a number", ...: for messages of the form "expected X, got Y". */
const char *yaml_kind_words(const struct yaml_node *node);

#endif
