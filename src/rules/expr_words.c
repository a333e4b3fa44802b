/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the way from a tree back to a text. */
#include "rules/expr_words.h"

#include <stdbool.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "rules/parser.h"

/* How tightly operators bind; what binds less tightly than what stands around it needs
 * parentheses. */
enum binds {
	BINDS_OR,
	BINDS_AND,
	BINDS_NOT,
	BINDS_CMP,
	BINDS_SUM,
	BINDS_TERM,
	BINDS_SIGN,
	BINDS_POWER,
	BINDS_ELSE,
	BINDS_ALL
};

/* clang-format off */
static const struct {
	const char *sign;
	enum binds binds;
} operators[] = {
	[EXPR_OR]   = {" or ",  BINDS_OR},
	[EXPR_AND]  = {" and ", BINDS_AND},
	[EXPR_NOT]  = {"not ",  BINDS_NOT},
	[EXPR_LT]   = {" < ",   BINDS_CMP},
	[EXPR_LE]   = {" <= ",  BINDS_CMP},
	[EXPR_GT]   = {" > ",   BINDS_CMP},
	[EXPR_GE]   = {" >= ",  BINDS_CMP},
	[EXPR_EQ]   = {" == ",  BINDS_CMP},
	[EXPR_NE]   = {" != ",  BINDS_CMP},
	[EXPR_CHAIN] = {NULL,   BINDS_CMP},
	[EXPR_IN]   = {" in (", BINDS_CMP},
	[EXPR_ADD]  = {" + ",   BINDS_SUM},
	[EXPR_SUB]  = {" - ",   BINDS_SUM},
	[EXPR_MUL]  = {" * ",   BINDS_TERM},
	[EXPR_DIV]  = {" / ",   BINDS_TERM},
	[EXPR_NEG]  = {"-",     BINDS_SIGN},
	[EXPR_POW]  = {"^",     BINDS_POWER},
	[EXPR_ELSE] = {" ?? ",  BINDS_ELSE},
};
/* clang-format on */

static void words_add(struct str *out, const struct expr *expr, enum binds around);

static void words_leaf(struct str *out, const struct expr *expr)
{
	if (expr->op == EXPR_NAME)
		str_adds(out, expr->text);
	else if (expr->op == EXPR_TEXT)
		str_addf(out, "'%s'", expr->text);
	else if (expr->op == EXPR_BOOL)
		str_adds(out, expr->number != 0 ? "true" : "false");
	else if (expr->type.duration)
		str_add_duration(out, (int64_t)(expr->number * 1e9 + 0.5));
	else if (expr->type.unit_text != NULL)
		str_addf(out, "%.10g %s", expr->number, expr->type.unit_text);
	else
		str_addf(out, "%.10g", expr->number);
}

static void words_list(struct str *out, const struct expr *first)
{
	for (const struct expr *item = first; item != NULL; item = item->next) {
		if (item != first)
			str_adds(out, ", ");
		words_add(out, item, BINDS_OR);
	}
	str_addc(out, ')');
}

/* All with operands but calls; those to the right of an operator bind more tightly. */
static void words_operator(struct str *out, const struct expr *expr)
{
	const struct expr *kid = expr->kids;
	enum binds binds = operators[expr->op].binds;

	if (expr->op == EXPR_NOT || expr->op == EXPR_NEG) {
		str_adds(out, operators[expr->op].sign);
		words_add(out, kid, expr->op == EXPR_NOT ? binds : BINDS_POWER);
		return;
	}
	words_add(out, kid,
		  expr->op == EXPR_POW ? BINDS_ELSE
				       : binds + (binds == BINDS_CMP || binds == BINDS_ELSE));
	if (expr->op == EXPR_IN) {
		str_adds(out, operators[EXPR_IN].sign);
		words_list(out, kid->next);
		return;
	}
	if (expr->op == EXPR_CHAIN) {
		str_adds(out, operators[expr->rel[0]].sign);
		kid = kid->next;
		words_add(out, kid, BINDS_SUM);
		str_adds(out, operators[expr->rel[1]].sign);
	} else {
		str_adds(out, operators[expr->op].sign);
	}
	words_add(out, kid->next, expr->op == EXPR_POW ? BINDS_SIGN : binds + 1);
}

static void words_add(struct str *out, const struct expr *expr, enum binds around)
{
	bool paired;

	if (expr->op < EXPR_CALL) {
		words_leaf(out, expr);
		return;
	}
	if (expr->op == EXPR_CALL) {
		str_addf(out, "%s(", expr->text);
		words_list(out, expr->kids);
		return;
	}
	paired = operators[expr->op].binds < around;
	if (paired)
		str_addc(out, '(');
	words_operator(out, expr);
	if (paired)
		str_addc(out, ')');
}

const char *expr_words(struct arena *arena, const struct expr *tree)
{
	struct str text;
	const char *words;

	str_init(&text);
	words_add(&text, tree, BINDS_OR);
	words = arena_text(arena, text.s, text.len);
	str_done(&text);
	return words;
}
