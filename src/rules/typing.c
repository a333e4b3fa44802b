/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns how types are called in messages, and the complaints that every operator may have. */
#include "rules/typing.h"

#include <stdarg.h>
#include <stdio.h>

const char *typing_words(const struct expr_type *type, char *room)
{
	if (type->kind == VALUE_NUMBER && type->unit.known) {
		const char *name = unit_dimension_name(&type->unit);

		if (type->unit_text != NULL)
			snprintf(room, TYPING_WORDS, "%s [%s]", name, type->unit_text);
		else
			snprintf(room, TYPING_WORDS, "%s", name);
		return room;
	}
	switch (type->kind) {
	case VALUE_BOOL:
		return "true or false";
	case VALUE_TEXT:
		return "a text";
	case VALUE_NONE:
	case VALUE_NUMBER:
		break;
	}
	return "a number";
}

bool typing_fail(struct scope *scope, const struct expr *at, const char *hint, const char *fmt,
		 ...)
{
	char text[3 * TYPING_WORDS];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	expr_error(scope->source, at->from, at->len, "%s", text);
	if (hint != NULL)
		expr_hint(scope->source, "%s", hint);
	else
		expr_no_hint(scope->source);
	return false;
}

bool typing_number(struct scope *scope, const struct expr *expr)
{
	char room[TYPING_WORDS];

	if (expr->type.kind == VALUE_NUMBER)
		return true;
	return typing_fail(scope, expr, NULL, "expected a number, got %s",
			   typing_words(&expr->type, room));
}

bool typing_bool(struct scope *scope, const struct expr *expr)
{
	const char *hint = NULL;
	char room[TYPING_WORDS];

	if (expr->type.kind == VALUE_BOOL)
		return true;
	if (expr->type.kind == VALUE_NUMBER)
		hint = "compare it: x > 0";
	if (expr->type.kind == VALUE_TEXT)
		hint = "compare it: x == 'auto'";
	return typing_fail(scope, expr, hint, "expected true or false, got %s",
			   typing_words(&expr->type, room));
}

struct expr *expr_kid(const struct expr *expr, uint32_t i)
{
	struct expr *kid = expr->kids;

	while (i-- > 0)
		kid = kid->next;
	return kid;
}

struct expr **expr_link(struct expr *expr, uint32_t i)
{
	struct expr **link = &expr->kids;

	while (i-- > 0)
		link = &(*link)->next;
	return link;
}
