/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns what the functions of local time may be given, and the nodes that they become. */
#include "rules/check_time.h"

#include <math.h>

#include "rules/calendar.h"
#include "rules/check_node.h"
#include "rules/civil.h"
#include "rules/dimension.h"
#include "rules/function.h"
#include "rules/program.h"
#include "rules/typing.h"

static const struct unit second = {.known = true, .dimension = {0, 0, 1}, .scale = 1};

static void check_slot(struct expr *expr, uint32_t slot)
{
	expr->op = EXPR_SLOT;
	expr->slot = slot;
	expr->kids = NULL;
	expr->kid_count = 0;
}

/* Whether the clock shows a time in that span. */
static void check_span_node(struct scope *scope, struct expr *expr, struct calendar_span span)
{
	check_slot(expr, scope_spans(scope, &(struct calendar_spans){1, &span}));
	expr->type = (struct expr_type){.kind = VALUE_BOOL};
}

/* The i-th argument as seconds since midnight; -1 after an error. */
static int32_t check_clock(struct scope *scope, struct expr *expr, uint32_t i)
{
	const struct expr_type seconds = {.kind = VALUE_NUMBER, .unit = second};
	char words[TYPING_WORDS];
	struct expr *arg;

	if (!check_tree(scope, expr_link(expr, i)))
		return -1;
	arg = expr_kid(expr, i);
	if (arg->op != EXPR_CONST || arg->type.kind != VALUE_NUMBER || !arg->type.unit.known ||
	    !unit_same_dimension(&arg->type.unit, &second)) {
		typing_fail(scope, arg, "for example between(22:00, 06:00)",
			    "'%s' takes constant times of day, got %s", expr->text,
			    arg->op == EXPR_CONST ? typing_words(&arg->type, words)
						  : "an expression");
		return -1;
	}
	dimension_convert(scope, expr_link(expr, i), &seconds);
	arg = expr_kid(expr, i);
	if (arg->number >= 0 && arg->number <= CIVIL_DAY_S && floor(arg->number) == arg->number)
		return (int32_t)arg->number;
	typing_fail(scope, arg, NULL, "a time of day is from 00:00 to 24:00, in whole seconds");
	return -1;
}

static bool check_between(struct scope *scope, struct expr *expr)
{
	int32_t from = check_clock(scope, expr, 0), to = check_clock(scope, expr, 1);

	if (from < 0 || to < 0)
		return false;
	from %= CIVIL_DAY_S;
	if (from == to)
		return typing_fail(scope, expr, "the whole day is between(00:00, 24:00)",
				   "'%s' takes two different times", expr->text);
	check_span_node(scope, expr, calendar_span(from, to));
	return true;
}

static bool check_now(struct scope *scope, struct expr *expr)
{
	if (scope->place != CHECK_MESSAGE)
		return typing_fail(scope, expr, "tod(), weekday() and between() are compared",
				   "'%s' stands in messages only", expr->text);
	check_slot(expr, program_wall(scope->program));
	expr->type = (struct expr_type){.kind = VALUE_NUMBER};
	return true;
}

bool check_time(struct scope *scope, struct expr *expr)
{
	switch ((int)expr->function->rule) {
	case FUNCTION_NOW:
		return check_now(scope, expr);
	case FUNCTION_BETWEEN:
		return check_between(scope, expr);
	case FUNCTION_WEEKDAY:
		check_slot(expr, scope_weekday(scope));
		expr->type = (struct expr_type){.kind = VALUE_NUMBER};
		return true;
	default:
		break;
	}
	if (scope->place == CHECK_MESSAGE)
		check_slot(expr, program_tod(scope->program));
	expr->type = (struct expr_type){
		.kind = VALUE_NUMBER, .unit = second, .unit_text = "s", .duration = true};
	return true;
}

bool check_tod(struct scope *scope, struct expr *expr, bool left)
{
	enum expr_op op = expr->op;
	struct expr *tod = expr_kid(expr, left ? 0 : 1), *limit = expr_kid(expr, left ? 1 : 0);
	/* True from the limit on, rather than before it; and from a second behind it. */
	bool reached = left ? op == EXPR_GT || op == EXPR_GE : op == EXPR_LT || op == EXPR_LE;
	bool behind = left ? op == EXPR_GT || op == EXPR_LE : op == EXPR_LT || op == EXPR_GE;
	int32_t from;

	if (!(limit->number >= 0 && limit->number <= CIVIL_DAY_S))
		return typing_fail(scope, limit, NULL, "a time of day is from 00:00 to 24:00");
	from = (int32_t)(behind ? floor(limit->number) + 1 : ceil(limit->number));
	/* Never is the opposite of the whole day. */
	if (from >= CIVIL_DAY_S) {
		from = 0;
		reached = !reached;
	}
	check_span_node(scope, tod, calendar_span(from, CIVIL_DAY_S));
	tod->next = NULL;
	expr->op = EXPR_NOT;
	expr->kids = tod;
	expr->kid_count = 1;
	if (reached)
		check_slot(expr, tod->slot);
	return true;
}
