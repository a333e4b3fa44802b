/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * What may stand behind a field in a hole of a template: words that are said otherwise, and
 * what is said when nothing else fits.
 *
 *   ${severity|critical:5|warning:4|3}    5 for critical, 4 for warning, 3 for the rest
 *   ${labels.area|nowhere}               the label, or "nowhere" if it is empty or there is
 * none
 *   ${ended|*:2099-12-31T00:00:00Z}     the same, for a text with a colon in it
 */
#ifndef GAUGED_ACTIONS_TEMPLATE_MAP_H
#define GAUGED_ACTIONS_TEMPLATE_MAP_H

#include <stddef.h>

#include "model/value.h"

struct arena;
struct diags;
struct template_map;
struct yaml_node;

enum { TEMPLATE_CASES_MAX = 32 };

/* What is said instead. */
struct template_word {
	const char *text;
	struct value value; /* where a whole value is due: a number, truth or null, if it reads
			       as one */
};

/*
 * The bytes from..from + len of scalar: what stands behind the first '|'. word(i): the i-th
 * word that the field can be, NULL past the end; word may be NULL: any. NULL after an error
 * was added.
 */
const struct template_map *template_map_parse(struct arena *arena,
					      const struct yaml_node *scalar, size_t from,
					      size_t len, const char *(*word)(size_t i),
					      struct diags *diags);
/* The i-th thing that it can say instead, for whoever tries them all; NULL past the end. */
const struct template_word *template_map_said(const struct template_map *map, size_t i);
/*
 * What is said instead of value, which reads as words; NULL: value itself. An answer without
 * text: what is not known.
 */
const struct template_word *template_map_find(const struct template_map *map,
					      struct value value, const char *words);

#endif
