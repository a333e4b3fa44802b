/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the words of keys: each part in parentheses, each text with its length before it. */
#include "rules/key.h"

#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "rules/parser.h"

/* Not their numbers: keys outlive the program, see engine_save.c. */
static const char *const words[] = {
	[EXPR_NUMBER] = "number", [EXPR_BOOL] = "bool",	  [EXPR_TEXT] = "text",
	[EXPR_NAME] = "name",	  [EXPR_CALL] = "call",	  [EXPR_NOT] = "not",
	[EXPR_AND] = "and",	  [EXPR_OR] = "or",	  [EXPR_NEG] = "neg",
	[EXPR_ADD] = "+",	  [EXPR_SUB] = "-",	  [EXPR_MUL] = "*",
	[EXPR_DIV] = "/",	  [EXPR_POW] = "^",	  [EXPR_ELSE] = "??",
	[EXPR_LT] = "<",	  [EXPR_LE] = "<=",	  [EXPR_GT] = ">",
	[EXPR_GE] = ">=",	  [EXPR_EQ] = "==",	  [EXPR_NE] = "!=",
	[EXPR_CHAIN] = "chain",	  [EXPR_IN] = "in",	  [EXPR_CONST] = "const",
	[EXPR_SLOT] = "slot",	  [EXPR_AFFINE] = "unit", [EXPR_AGE] = "age",
};

static void key_add(const struct expr *expr, struct str *out)
{
	str_addf(out, "(%s", words[expr->op]);
	switch ((int)expr->op) {
	case EXPR_NUMBER:
	case EXPR_BOOL:
		/* All digits: two numbers that differ have different keys. */
		str_addf(out, " %.17g %s", expr->number,
			 expr->type.unit_text != NULL ? expr->type.unit_text : "");
		break;
	case EXPR_TEXT:
	case EXPR_NAME:
	case EXPR_CALL:
		str_addf(out, " %zu:%s", strlen(expr->text), expr->text);
		break;
	case EXPR_CHAIN:
		str_addf(out, " %s %s", words[expr->rel[0]], words[expr->rel[1]]);
		break;
	default:
		break;
	}
	for (const struct expr *kid = expr->kids; kid != NULL; kid = kid->next)
		key_add(kid, out);
	str_addc(out, ')');
}

const char *key_make(struct arena *arena, const struct expr *tree)
{
	struct str text;
	char *key;

	str_init(&text);
	key_add(tree, &text);
	key = arena_text(arena, text.s, text.len);
	str_done(&text);
	return key;
}
