/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the meaning of the variables of a for_each. */
#include "rules/binding.h"

#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "model/point.h"

const struct binding *binding_find(const struct bindings *bindings, const char *name,
				   size_t len)
{
	for (size_t i = 0; i < bindings->count; i++) {
		const char *variable = bindings->list[i].variable;

		if (strlen(variable) == len && memcmp(variable, name, len) == 0)
			return &bindings->list[i];
	}
	return NULL;
}

const struct binding *binding_find_first(const struct bindings *bindings, const char *name,
					 size_t len, size_t *ret_rest)
{
	const char *dot = memchr(name, '.', len);

	if (dot == NULL)
		return NULL;
	*ret_rest = (size_t)(dot - name);
	return binding_find(bindings, name, *ret_rest);
}

static const char *binding_unit(const struct binding *binding)
{
	if (binding->point == NULL || binding->point->unit_text == NULL)
		return "";
	return binding->point->unit_text;
}

/* What ${hole} stands for, or NULL. */
static const char *binding_hole(const struct bindings *bindings, const char *hole, size_t len)
{
	const struct binding *binding = binding_find(bindings, hole, len);
	size_t rest;

	if (binding != NULL)
		return binding->text;
	binding = binding_find_first(bindings, hole, len, &rest);
	if (binding == NULL)
		return NULL;
	if (len - rest == 5 && memcmp(hole + rest, ".name", 5) == 0)
		return binding->text;
	if (len - rest == 5 && memcmp(hole + rest, ".unit", 5) == 0)
		return binding_unit(binding);
	return NULL;
}

char *binding_expand(struct arena *arena, const struct bindings *bindings, const char *text,
		     size_t len, size_t *ret_from, size_t *ret_len)
{
	struct str out;
	char *copy = NULL;
	size_t at = 0;

	str_init(&out);
	while (at < len) {
		const char *hole = memmem(text + at, len - at, "${", 2), *end, *element;
		size_t from = hole != NULL ? (size_t)(hole - text) : len;

		str_add(&out, text + at, from - at);
		at = from;
		if (hole == NULL)
			break;
		end = memchr(hole, '}', len - from);
		element = end == NULL
				  ? NULL
				  : binding_hole(bindings, hole + 2, (size_t)(end - hole) - 2);
		if (element == NULL) {
			*ret_from = from;
			*ret_len = end != NULL ? (size_t)(end - hole) + 1 : 2;
			goto done;
		}
		str_adds(&out, element);
		at = (size_t)(end - text) + 1;
	}
	copy = arena_text(arena, out.s != NULL ? out.s : "", out.len);
done:
	str_done(&out);
	return copy;
}

bool bindings_equal(const struct bindings *a, const struct bindings *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		const struct binding *x = &a->list[i], *y = &b->list[i];

		if (strcmp(x->variable, y->variable) != 0 || x->kind != y->kind ||
		    strcmp(x->text, y->text) != 0)
			return false;
	}
	return true;
}
