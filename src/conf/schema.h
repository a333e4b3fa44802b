/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Option tables as a JSON Schema (draft 2020-12), for editors: a table becomes a definition by
 * its name, a row a property of it. Never refuses what option_bind() takes; takes some of what
 * it refuses, such as a duration that is too long. Used is only what draft-07 has as well, as
 * many editors know no more. Pure.
 *
 * Values are those of the YAML 1.2 core schema. A row's shape (struct option) is a text:
 *
 *   text        what the definition 'text' says: a table's name, or one of the built-in ones,
 *               which are text, name, names (joined by dots), bool, duration, size, rate,
 * limits any map null true integer number 0..255      a whole number in this range
 *   /[a-z]+/    a text all of which matches; without a slash in it
 *   [X]         a list of X
 *   {X}         a map of X with any keys; {name:X}: whose keys are what 'name' says
 *   X|Y         one or the other
 */
#ifndef GAUGED_CONF_SCHEMA_H
#define GAUGED_CONF_SCHEMA_H

#include <stddef.h>

struct option_table;
struct str;

/* The schema of a file whose top is a map of root's options, up to its definitions. */
void schema_begin(struct str *out, const char *title, const struct option_table *root);
/* One more definition: a map of the table's options; its name has to be there. */
void schema_add_table(struct str *out, const struct option_table *table);
/* One more definition, by its shape. */
void schema_add_shape(struct str *out, const char *name, const char *shape);
/* One more definition: a map that is of the kind whose key, keys[i], stands in it. */
struct schema_kind {
	const char *key;
	const struct option_table *table;
};
void schema_add_kinds(struct str *out, const char *name, const struct schema_kind *kinds,
		      size_t count);
void schema_end(struct str *out);

#endif
