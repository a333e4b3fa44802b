/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns what the operands of nodes may be. */
#include "rules/check_node.h"

#include <math.h>
#include <string.h>

#include "base/arena.h"
#include "rules/check_time.h"
#include "rules/dimension.h"
#include "rules/expr_words.h"
#include "rules/function.h"
#include "rules/key.h"
#include "rules/program.h"
#include "rules/typing.h"
#include "rules/window.h"

/* What a node may look back over. */
#define CHECK_SPAN_MIN_S 0.001
#define CHECK_SPAN_MAX_S (366 * 86400.0)

/* The operand of a node: what it reads is the node's to follow, not the expression's. */
static bool check_operand(struct scope *scope, struct expr *expr)
{
	struct program_use *outer = scope->use;
	bool inside = scope->in_node;
	unsigned nodes = scope->nodes;
	bool good;

	expr->key = key_make(scope->arena, expr);
	expr->use = arena_take(scope->arena, 1, sizeof(*expr->use));
	scope->use = expr->use;
	scope->in_node = true;
	good = check_tree(scope, &expr->kids);
	scope->in_node = inside;
	scope->use = outer;
	if (!good)
		return false;
	if (expr->use->rules.count > 0)
		return typing_fail(scope, expr, "use on_fire and on_clear of that rule",
				   "the state of a rule cannot stand in '%s'", expr->text);
	if (scope->nodes++ == nodes &&
	    expr->use->points.count + expr->use->groups.count + expr->use->nodes.count == 0)
		return typing_fail(scope, expr->kids, NULL,
				   "this never changes: it reads no point");
	return true;
}

bool check_edge(struct scope *scope, struct expr *expr)
{
	bool good;

	if (scope->place == CHECK_MESSAGE)
		return typing_fail(scope, expr, NULL, "'%s' has no meaning in a message",
				   expr->text);
	if (scope->place == CHECK_VALUE)
		return typing_fail(scope, expr, NULL,
				   "'%s' is an instant, and a derived point has a value at "
				   "all times",
				   expr->text);
	if (scope->in_edge)
		return typing_fail(scope, expr, NULL, "an instant cannot stand inside another");
	if (scope->in_node)
		return typing_fail(scope, expr, "changes(x, 1h) counts how often x changed",
				   "'%s' is an instant: it has no past", expr->text);
	scope->edges++;
	expr->type.kind = VALUE_BOOL;
	scope->in_edge = true;
	good = check_operand(scope, expr);
	scope->in_edge = false;
	return good &&
	       (expr->function->rule == FUNCTION_CHANGED || typing_bool(scope, expr->kids));
}

/* Who writes max(x, 0s) means no window. */
static const char *check_span_hint(const struct expr *expr)
{
	return strcmp(expr->text, "max") == 0	? "the larger of both is max(0s, x)"
	       : strcmp(expr->text, "min") == 0 ? "the smaller of both is min(0s, x)"
						: NULL;
}

/* The i-th argument as a constant time; false after an error. */
static bool check_span(struct scope *scope, struct expr *expr, uint32_t i)
{
	static const struct unit second = {.known = true, .dimension = {0, 0, 1}, .scale = 1};
	const struct expr_type seconds = {.kind = VALUE_NUMBER, .unit = second};
	struct expr *arg;
	char words[TYPING_WORDS];

	if (!check_tree(scope, expr_link(expr, i)))
		return false;
	arg = expr_kid(expr, i);
	if (arg->op != EXPR_CONST || arg->type.kind != VALUE_NUMBER || !arg->type.unit.known ||
	    !unit_same_dimension(&arg->type.unit, &second))
		return typing_fail(scope, arg, "for example 5m",
				   "'%s' takes a constant time, got %s", expr->text,
				   arg->op == EXPR_CONST ? typing_words(&arg->type, words)
							 : "an expression");
	dimension_convert(scope, expr_link(expr, i), &seconds);
	arg = expr_kid(expr, i);
	if (!(arg->number >= CHECK_SPAN_MIN_S && arg->number <= CHECK_SPAN_MAX_S))
		return typing_fail(scope, arg, check_span_hint(expr),
				   "the time of '%s' is from 1ms to 366d", expr->text);
	expr->span_ns = (int64_t)nearbyint(arg->number * 1e9);
	return true;
}

bool check_is_window(const struct expr *expr)
{
	const struct expr *time = expr->kid_count == 2 ? expr->kids->next : NULL;

	return time != NULL && time->op == EXPR_NUMBER && time->type.duration &&
	       function_find_window(expr->text) != NULL;
}

/* What a window over numbers yields. */
static bool check_window_unit(struct scope *scope, struct expr *expr)
{
	expr->type = expr->kids->type;
	expr->type.constant = false;
	switch ((int)expr->function->window) {
	case WINDOW_SUM:
	case WINDOW_INTEGRAL:
		if (!dimension_no_degrees(scope, expr, expr->kids, "sum up"))
			return false;
		break;
	case WINDOW_SPREAD:
	case WINDOW_STDDEV:
	case WINDOW_RATE:
	case WINDOW_DELTA:
	case WINDOW_SLOPE:
	case WINDOW_INCREASE:
		dimension_difference(scope, &expr->type);
		break;
	default:
		return true;
	}
	if (expr->function->window == WINDOW_INTEGRAL)
		return dimension_with_time(scope, expr, 1);
	if (expr->function->window == WINDOW_RATE || expr->function->window == WINDOW_SLOPE)
		return dimension_with_time(scope, expr, -1);
	return true;
}

/* The fraction of quantile(x, q, d) goes to the call's number. */
static bool check_fraction(struct scope *scope, struct expr *expr)
{
	const struct expr *arg;

	expr->number = 0.5;
	if (expr->kid_count == 2)
		return true;
	if (!check_tree(scope, expr_link(expr, 1)))
		return false;
	dimension_plain(scope, expr, 1);
	arg = expr_kid(expr, 1);
	if (arg->op != EXPR_CONST || arg->type.kind != VALUE_NUMBER ||
	    !(arg->number >= 0 && arg->number <= 1))
		return typing_fail(scope, arg, "for example quantile(x, 95 %, 1h)",
				   "'%s' takes a constant fraction from 0 to 1", expr->text);
	expr->number = arg->number;
	return true;
}

static const struct node_place *check_where(struct scope *scope, const struct expr *expr)
{
	struct node_place *place = arena_take(scope->arena, 1, sizeof(*place));
	struct expr_source *source = arena_take(scope->arena, 1, sizeof(*source));

	*source = *scope->source;
	source->diags = NULL;
	*place = (struct node_place){
		.source = source,
		.from = expr->from,
		.len = expr->len,
		.words = expr_words(scope->arena, expr->kids),
	};
	return place;
}

/* One window serves all functions of one operand and time: the function is no part of its key.
 */
static bool check_window(struct scope *scope, struct expr *expr)
{
	const char *key = key_make(scope->arena, expr->kids);
	bool good;

	expr->place = check_where(scope, expr);
	good = check_operand(scope, expr);
	good = check_fraction(scope, expr) && good;
	if (!check_span(scope, expr, expr->kid_count - 1) || !good)
		return false;
	expr->key = arena_printf(scope->arena, "%s %jd", key, (intmax_t)expr->span_ns);
	switch ((int)expr->function->window) {
	case WINDOW_COUNT:
	case WINDOW_CHANGES:
		expr->type = (struct expr_type){.kind = VALUE_NUMBER};
		return true;
	case WINDOW_SHARE:
		expr->type = (struct expr_type){.kind = VALUE_NUMBER,
						.unit = {.known = true, .scale = 1}};
		return typing_bool(scope, expr->kids);
	default:
		return typing_number(scope, expr->kids) && check_window_unit(scope, expr);
	}
}

bool check_past(struct scope *scope, struct expr *expr)
{
	const struct expr_type *type;
	bool good;

	if (expr->function->rule == FUNCTION_WINDOW)
		return check_window(scope, expr);

	/* The operand first: its errors stand before the time's. */
	good = check_operand(scope, expr);
	if ((expr->kid_count > 1 && !check_span(scope, expr, 1)) || !good)
		return false;
	type = &expr->kids->type;
	switch ((int)expr->function->rule) {
	case FUNCTION_HELD:
	case FUNCTION_ONCE:
		expr->type = (struct expr_type){.kind = VALUE_BOOL};
		return typing_bool(scope, expr->kids);
	case FUNCTION_SINCE:
		expr->type = (struct expr_type){
			.kind = VALUE_NUMBER,
			.unit = {.known = true, .dimension = {0, 0, 1}, .scale = 1},
			.unit_text = "s",
			.duration = true,
		};
		return typing_bool(scope, expr->kids);
	case FUNCTION_PREV:
		if (type->kind == VALUE_TEXT)
			return typing_fail(
				scope, expr->kids, NULL,
				"'prev' takes a number or true or false, not a text");
		break;
	default:
		if (!typing_number(scope, expr->kids))
			return false;
	}
	expr->type = *type;
	expr->type.constant = false;
	return true;
}

bool check_grows(const struct expr *expr)
{
	return expr->op == EXPR_AGE ||
	       (expr->op == EXPR_CALL && (expr->function->rule == FUNCTION_SINCE ||
					  expr->function->rule == FUNCTION_TOD));
}

bool check_growing(struct scope *scope, struct expr *expr)
{
	struct expr *a = expr_kid(expr, 0), *b = expr_kid(expr, 1), *grows;
	bool left = check_grows(a);
	enum expr_op op = expr->op;
	double ns;
	bool reached; /* true from the limit on, rather than false */

	if (scope->place == CHECK_MESSAGE || (!left && !check_grows(b)))
		return true;
	grows = left ? a : b;
	if ((left ? b : a)->op != EXPR_CONST)
		return true; /* scope_check_growing() will say it */
	if (op == EXPR_EQ || op == EXPR_NE)
		return typing_fail(scope, expr,
				   "use < <= > or >=", "%s is compared by its size",
				   grows->op == EXPR_AGE ? "an age" : "a time");
	if (grows->op == EXPR_CALL && grows->function->rule == FUNCTION_TOD)
		return check_tod(scope, expr, left);
	/* 8059ms is a little less than 8059e6 nanoseconds, as a double in seconds. */
	ns = nearbyint((left ? b : a)->number * 1e9);
	reached = left ? op == EXPR_GT || op == EXPR_GE : op == EXPR_LT || op == EXPR_LE;
	/* age > c and its opposite age <= c change one nanosecond behind c. */
	if (left ? op == EXPR_GT || op == EXPR_LE : op == EXPR_LT || op == EXPR_GE)
		ns++;
	if (ns < 1 || ns > 9e18)
		return typing_fail(scope, expr, NULL,
				   "the limit of %s is above 0 and below 285 years",
				   grows->op == EXPR_AGE ? "an age" : "a time");
	if (grows->op == EXPR_AGE) {
		scope_age(scope, grows, (int64_t)ns);
	} else {
		grows->span_ns = (int64_t)ns;
		grows->key = arena_printf(scope->arena, "%s %jd", grows->key,
					  (intmax_t)grows->span_ns);
		grows->type = (struct expr_type){.kind = VALUE_BOOL};
	}
	grows->next = NULL;
	if (reached) {
		const struct expr was = *expr;

		*expr = *grows;
		expr->from = was.from;
		expr->len = was.len;
		expr->next = was.next;
		return true;
	}
	expr->op = EXPR_NOT;
	expr->kids = grows;
	expr->kid_count = 1;
	return true;
}
