/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns types: what each operator and function takes. Names are scope.c's, units dimension.c's.
 */
#include "rules/check.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "conf/diag.h"
#include "rules/check_node.h"
#include "rules/check_time.h"
#include "rules/dimension.h"
#include "rules/eval.h"
#include "rules/function.h"
#include "rules/program.h"
#include "rules/scope.h"
#include "rules/typing.h"

/* ---- constants ------------------------------------------------------------------------ */

static bool check_all_constant(const struct expr *expr)
{
	for (const struct expr *kid = expr->kids; kid != NULL; kid = kid->next) {
		if (kid->op != EXPR_CONST)
			return false;
	}
	return expr->kids != NULL;
}

static bool check_computes(const struct expr *expr)
{
	switch ((int)expr->op) {
	case EXPR_NEG:
	case EXPR_ADD:
	case EXPR_SUB:
	case EXPR_MUL:
	case EXPR_DIV:
	case EXPR_AFFINE:
	case EXPR_POW:
		return true;
	case EXPR_CALL:
		return expr->function->eval != NULL;
	default:
		return false;
	}
}

static double check_compute(const struct expr *expr)
{
	double args[3] = {0}, acc;
	const struct expr *kid = expr->kids;
	uint32_t n = 0;

	switch ((int)expr->op) {
	case EXPR_NEG:
		return -kid->number;
	case EXPR_ADD:
		return kid->number + kid->next->number;
	case EXPR_SUB:
		return kid->number - kid->next->number;
	case EXPR_MUL:
		return kid->number * kid->next->number;
	case EXPR_DIV:
		return kid->number / kid->next->number;
	case EXPR_AFFINE:
		return kid->number * expr->number + expr->offset;
	default:
		break;
	}
	for (; kid != NULL && n < expr->function->min_args; kid = kid->next)
		args[n++] = kid->number;
	acc = expr->function->eval(args);
	for (; kid != NULL; kid = kid->next) {
		args[0] = acc;
		args[1] = kid->number;
		acc = expr->function->eval(args);
	}
	return acc;
}

/* A computation of constants is one. */
static bool check_fold(struct scope *scope, struct expr *expr)
{
	double result;

	if (expr->type.kind != VALUE_NUMBER || !check_computes(expr) ||
	    !check_all_constant(expr))
		return true;
	result = eval_finite(check_compute(expr));
	if (isnan(result))
		return typing_fail(scope, expr, NULL, "this computation has no result");
	expr->op = EXPR_CONST;
	expr->number = result;
	expr->kids = NULL;
	expr->kid_count = 0;
	expr->type.constant = true;
	return true;
}

/* ---- operators ------------------------------------------------------------------------ */

static bool check_quality_word(struct scope *scope, const struct expr *quality,
			       const struct expr *word)
{
	static const char *const words[] = {"good", "uncertain", "stale", "bad"};

	if (!quality->type.duration || quality->type.kind != VALUE_TEXT ||
	    word->op != EXPR_CONST || word->number < 4)
		return true;
	expr_error(scope->source, word->from, word->len, "'%s' is no quality", word->text);
	if (!diag_suggest(scope->source->diags, word->text, words, 4))
		expr_hint(scope->source, "a quality is 'good', 'uncertain', 'stale' or 'bad'");
	return false;
}

/* Kids i and j of a comparison. */
static bool check_pair(struct scope *scope, struct expr *expr, enum expr_op op, uint32_t i,
		       uint32_t j)
{
	struct expr *a = expr_kid(expr, i), *b = expr_kid(expr, j);
	char words[2][TYPING_WORDS];
	struct expr_type type;

	if (a->type.kind != b->type.kind)
		return typing_fail(scope, expr, NULL, "cannot compare %s with %s",
				   typing_words(&a->type, words[0]),
				   typing_words(&b->type, words[1]));
	if (a->type.kind == VALUE_NUMBER)
		return dimension_same(scope, expr, i, j, "compare", "with", &type);
	if (op != EXPR_EQ && op != EXPR_NE && op != EXPR_IN)
		return typing_fail(scope, expr, "use == or !=", "%s has no order",
				   typing_words(&a->type, words[0]));
	return check_quality_word(scope, a, b) && check_quality_word(scope, b, a);
}

static bool check_compare(struct scope *scope, struct expr *expr)
{
	expr->type.kind = VALUE_BOOL;
	return check_pair(scope, expr, expr->op, 0, 1) && check_growing(scope, expr);
}

/* With an age in it, a chain is two comparisons. */
static bool check_chain_growing(struct scope *scope, struct expr *expr)
{
	struct expr *kids[3] = {expr_kid(expr, 0), expr_kid(expr, 1), expr_kid(expr, 2)};
	struct expr *pair[2];
	struct expr *again = arena_take(scope->arena, 1, sizeof(*again));

	*again = *kids[1];
	for (int i = 0; i < 2; i++) {
		pair[i] = arena_take(scope->arena, 1, sizeof(*pair[i]));
		pair[i]->op = expr->rel[i];
		pair[i]->from = expr->from;
		pair[i]->len = expr->len;
		pair[i]->kids = i == 0 ? kids[0] : again;
		pair[i]->kids->next = i == 0 ? kids[1] : kids[2];
		pair[i]->kids->next->next = NULL;
		pair[i]->kid_count = 2;
		if (!check_compare(scope, pair[i]))
			return false;
	}
	expr->op = EXPR_AND;
	expr->kids = pair[0];
	pair[0]->next = pair[1];
	expr->kid_count = 2;
	return true;
}

static bool check_chain(struct scope *scope, struct expr *expr)
{
	expr->type.kind = VALUE_BOOL;
	for (uint32_t i = 0; i < 3; i++) {
		if (check_grows(expr_kid(expr, i)))
			return check_chain_growing(scope, expr);
	}
	/* The middle one's unit is what both ends are converted to. */
	if (expr_kid(expr, 1)->type.constant)
		return check_pair(scope, expr, expr->rel[0], 0, 1) &&
		       check_pair(scope, expr, expr->rel[1], 1, 2);
	return check_pair(scope, expr, expr->rel[0], 1, 0) &&
	       check_pair(scope, expr, expr->rel[1], 1, 2);
}

static bool check_in(struct scope *scope, struct expr *expr)
{
	bool good = true;

	expr->type.kind = VALUE_BOOL;
	for (uint32_t i = 1; i < expr->kid_count; i++)
		good = check_pair(scope, expr, EXPR_IN, 0, i) && good;
	return good;
}

/* Kids i and j of one type, which becomes expr's: if(), ??, default(). */
static bool check_either(struct scope *scope, struct expr *expr, uint32_t i, uint32_t j)
{
	const struct expr *a = expr_kid(expr, i), *b = expr_kid(expr, j);
	char words[2][TYPING_WORDS];

	if (a->type.kind != b->type.kind)
		return typing_fail(scope, expr, NULL, "cannot choose between %s and %s",
				   typing_words(&a->type, words[0]),
				   typing_words(&b->type, words[1]));
	expr->type = a->type;
	if (a->type.kind == VALUE_NUMBER &&
	    !dimension_same(scope, expr, i, j, "choose between", "and", &expr->type))
		return false;
	expr->type.constant = false;
	if (a->type.kind == VALUE_TEXT)
		expr->type.duration = false;
	return true;
}

static bool check_logic(struct scope *scope, struct expr *expr)
{
	bool good = true;

	expr->type.kind = VALUE_BOOL;
	for (const struct expr *kid = expr->kids; kid != NULL; kid = kid->next)
		good = typing_bool(scope, kid) && good;
	return good;
}

static bool check_numbers(struct scope *scope, struct expr *expr)
{
	bool good = true;

	for (const struct expr *kid = expr->kids; kid != NULL; kid = kid->next)
		good = typing_number(scope, kid) && good;
	expr->type.kind = VALUE_NUMBER;
	return good;
}

static bool check_all_same(struct scope *scope, struct expr *expr)
{
	struct expr_type type = expr->kids->type;

	for (uint32_t i = 1; i < expr->kid_count; i++) {
		if (!dimension_same(scope, expr, 0, i, "take together", "and", &type))
			return false;
	}
	/* The first may have been a constant or bare and have taken another's unit: once more.
	 */
	for (uint32_t i = 1; i < expr->kid_count; i++) {
		if (type.unit.known && expr_kid(expr, i)->type.unit.known)
			dimension_convert(scope, expr_link(expr, i), &type);
	}
	if (type.unit.known && expr->kids->type.unit.known)
		dimension_convert(scope, expr_link(expr, 0), &type);
	expr->type = type;
	expr->type.constant = false;
	return true;
}

static bool check_arguments(struct scope *scope, struct expr *expr)
{
	const struct function *function = expr->function;
	char wanted[40];

	if (expr->kid_count >= function->min_args && expr->kid_count <= function->max_args)
		return true;
	if (function->min_args == function->max_args)
		snprintf(wanted, sizeof(wanted), "%d argument%s", function->min_args,
			 function->min_args == 1 ? "" : "s");
	else
		snprintf(wanted, sizeof(wanted), "%d to %d arguments", function->min_args,
			 function->max_args);
	return typing_fail(scope, expr, NULL, "'%s' takes %s, got %u", expr->text, wanted,
			   expr->kid_count);
}

static bool check_plain(struct scope *scope, struct expr *expr)
{
	static const struct unit one = {0};
	char room[TYPING_WORDS];

	if (expr->kids->type.unit.known && !unit_same_dimension(&expr->kids->type.unit, &one))
		return typing_fail(scope, expr->kids, NULL, "'%s' takes a plain number, got %s",
				   expr->text, typing_words(&expr->kids->type, room));
	dimension_plain(scope, expr, 0);
	return true;
}

static bool check_call(struct scope *scope, struct expr *expr)
{
	bool good = true;

	expr->function = function_find(expr->text, strlen(expr->text));
	if (check_is_window(expr))
		expr->function = function_find_window(expr->text);
	if (expr->function == NULL) {
		expr_error(scope->source, expr->from, expr->len, "unknown function '%s'",
			   expr->text);
		if (!diag_suggest(scope->source->diags, expr->text, function_names(),
				  function_count()))
			expr_no_hint(scope->source);
		good = false;
	} else if (!check_arguments(scope, expr)) {
		good = false;
	} else if (scope_takes_name(expr->function)) {
		return scope_call(scope, expr);
	} else if (expr->function->rule == FUNCTION_RISES ||
		   expr->function->rule == FUNCTION_FALLS ||
		   expr->function->rule == FUNCTION_CHANGED) {
		return check_edge(scope, expr);
	} else if (function_remembers(expr->function)) {
		return check_past(scope, expr);
	} else if (function_tells_time(expr->function)) {
		return check_time(scope, expr);
	}
	for (uint32_t i = 0; i < expr->kid_count; i++)
		good = check_tree(scope, expr_link(expr, i)) && good;
	if (!good)
		return false;
	expr->type.kind = VALUE_BOOL;
	switch (expr->function->rule) {
	case FUNCTION_SAME:
		return check_numbers(scope, expr) && check_all_same(scope, expr);
	case FUNCTION_ROOT:
		return check_numbers(scope, expr) && dimension_root(scope, expr);
	case FUNCTION_PLAIN:
		return check_numbers(scope, expr) && check_plain(scope, expr);
	case FUNCTION_POWER:
		return check_numbers(scope, expr) && dimension_power(scope, expr);
	case FUNCTION_IF:
		return typing_bool(scope, expr->kids) && check_either(scope, expr, 1, 2);
	case FUNCTION_ELSE:
		return check_either(scope, expr, 0, 1);
	case FUNCTION_KNOWN:
	case FUNCTION_POINT:
	case FUNCTION_AGE:
	case FUNCTION_QUALITY:
	case FUNCTION_OK:
	case FUNCTION_BAD:
	case FUNCTION_RISES:
	case FUNCTION_FALLS:
	case FUNCTION_CHANGED:
	case FUNCTION_HELD:
	case FUNCTION_ONCE:
	case FUNCTION_SINCE:
	case FUNCTION_WINDOW:
	case FUNCTION_EWMA:
	case FUNCTION_PREV:
	case FUNCTION_FIRING:
	case FUNCTION_NOW:
	case FUNCTION_TOD:
	case FUNCTION_WEEKDAY:
	case FUNCTION_BETWEEN:
		break;
	}
	return true;
}

static bool check_leaf(struct scope *scope, struct expr *expr)
{
	switch ((int)expr->op) {
	case EXPR_TEXT:
		expr->number = program_text(scope->program, expr->text);
		break;
	case EXPR_NAME:
		return scope_name(scope, expr);
	default:
		break;
	}
	expr->op = EXPR_CONST;
	return true;
}

static bool check_operator(struct scope *scope, struct expr **link)
{
	struct expr *expr = *link;

	switch ((int)expr->op) {
	case EXPR_NOT:
	case EXPR_AND:
	case EXPR_OR:
		return check_logic(scope, expr);
	case EXPR_NEG:
		if (!check_numbers(scope, expr) ||
		    (expr->kids->op != EXPR_CONST &&
		     !dimension_no_degrees(scope, expr, expr->kids, "negate")))
			return false;
		expr->type = expr->kids->type;
		return true;
	case EXPR_ADD:
	case EXPR_SUB:
		return check_numbers(scope, expr) && dimension_sum(scope, expr);
	case EXPR_MUL:
	case EXPR_DIV:
		if (!check_numbers(scope, expr) || !dimension_product(scope, expr))
			return false;
		dimension_plain_result(scope, link);
		return true;
	case EXPR_POW:
		return check_numbers(scope, expr) && dimension_power(scope, expr);
	case EXPR_ELSE:
		return check_either(scope, expr, 0, 1);
	case EXPR_CHAIN:
		return check_chain(scope, expr);
	case EXPR_IN:
		return check_in(scope, expr);
	default:
		return check_compare(scope, expr);
	}
}

bool check_tree(struct scope *scope, struct expr **link)
{
	struct expr *expr = *link;
	bool good = true;

	if (expr->op <= EXPR_NAME)
		return check_leaf(scope, expr);
	if (expr->op == EXPR_CALL)
		return check_call(scope, expr) && check_fold(scope, expr);
	for (uint32_t i = 0; i < expr->kid_count; i++)
		good = check_tree(scope, expr_link(expr, i)) && good;
	if (!good || !check_operator(scope, link))
		return false;
	if (*link != expr && !check_fold(scope, expr))
		return false;
	return check_fold(scope, *link);
}

bool check_expr(struct arena *arena, struct program *program, const struct expr_source *source,
		const struct check_rules *rules, enum check_place place, enum value_kind wanted,
		struct expr **tree, struct program_use *use)
{
	struct scope scope = {
		.arena = arena,
		.program = program,
		.source = source,
		.rules = rules,
		.place = place,
		.use = use,
	};

	if (!check_tree(&scope, tree) || !scope_check_growing(&scope, *tree))
		return false;
	if (wanted == VALUE_BOOL && !typing_bool(&scope, *tree))
		return false;
	if (place == CHECK_INSTANT && scope.edges == 0)
		return typing_fail(&scope, *tree, "a condition that lasts belongs in 'when'",
				   "an 'on:' needs rises(), falls() or changed()");
	if (place == CHECK_CONDITION && scope.nodes == 0 &&
	    use->points.count + use->groups.count + use->nodes.count + use->rules.count == 0)
		return typing_fail(&scope, *tree, NULL,
				   "this never changes: it reads no point");
	return true;
}

/* A bare number takes the unit, another is converted. */
static bool check_convert(struct scope *scope, struct expr **tree, const struct expr_type *to)
{
	struct expr_type *type = &(*tree)->type;
	struct expr_type wanted = *to;
	char words[2][TYPING_WORDS];

	wanted.kind = type->kind;
	if (type->kind != VALUE_NUMBER)
		return typing_fail(scope, *tree, "leave 'unit' out",
				   "true and false have no unit");
	if (!type->unit.known) {
		type->unit = to->unit;
		type->unit_text = to->unit_text;
		return true;
	}
	if (!unit_same_dimension(&type->unit, &to->unit) ||
	    type->unit.absolute != to->unit.absolute)
		return typing_fail(
			scope, *tree, NULL, "the value is %s, the unit of the point %s",
			typing_words(type, words[0]), typing_words(&wanted, words[1]));
	dimension_convert(scope, tree, &wanted);
	(*tree)->type.unit_text = to->unit_text;
	return true;
}

bool check_value(struct arena *arena, struct program *program, const struct expr_source *source,
		 const struct check_rules *rules, const struct expr_type *to,
		 struct expr **tree, struct program_use *use)
{
	struct scope scope = {
		.arena = arena,
		.program = program,
		.source = source,
		.rules = rules,
		.place = CHECK_VALUE,
		.use = use,
	};

	if (!check_tree(&scope, tree) || !scope_check_growing(&scope, *tree))
		return false;
	if (use->rules.count > 0)
		return typing_fail(&scope, *tree, "a rule can be inhibited_by others",
				   "the state of a rule cannot stand in a derived point");
	if ((*tree)->type.kind == VALUE_TEXT)
		return typing_fail(&scope, *tree, NULL,
				   "a derived point is a number or true or false, not a text");
	if (scope.nodes + use->points.count + use->groups.count + use->nodes.count == 0)
		return typing_fail(&scope, *tree, NULL,
				   "this never changes: it reads no point");
	return !to->unit.known || check_convert(&scope, tree, to);
}
