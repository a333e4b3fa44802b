/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the arithmetic of units: what may be added, multiplied, compared, and what comes out. */
#include "rules/dimension.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "rules/function.h"
#include "rules/typing.h"

/* Conversions of constants are rounded to what a person wrote: 176 degF is 80 degC. */
static double dimension_round(double x)
{
	char room[40];

	snprintf(room, sizeof(room), "%.13g", x);
	return strtod(room, NULL);
}

void dimension_convert(struct scope *scope, struct expr **link, const struct expr_type *to)
{
	struct expr *expr = *link, *affine;
	double factor, offset;

	unit_conversion(&expr->type.unit, &to->unit, &factor, &offset);
	if (factor == 1 && offset == 0)
		return;
	if (expr->op == EXPR_CONST) {
		expr->number = dimension_round(expr->number * factor + offset);
		expr->type.unit = to->unit;
		expr->type.unit_text = to->unit_text;
		return;
	}
	affine = arena_take(scope->arena, 1, sizeof(*affine));
	*affine = (struct expr){.op = EXPR_AFFINE,
				.from = expr->from,
				.len = expr->len,
				.number = factor,
				.offset = offset,
				.kids = expr,
				.kid_count = 1,
				.next = expr->next,
				.type = expr->type};
	affine->type.unit = to->unit;
	affine->type.unit_text = to->unit_text;
	expr->next = NULL;
	*link = affine;
}

static const char *dimension_hint(const struct expr_type *a, const struct expr_type *b,
				  char *room)
{
	struct unit length = {.dimension = {1}}, time = {.dimension = {0, 0, 1}};
	const struct expr_type *absolute = a->unit.absolute ? a : b;

	if ((unit_same_dimension(&a->unit, &length) && unit_same_dimension(&b->unit, &time)) ||
	    (unit_same_dimension(&a->unit, &time) && unit_same_dimension(&b->unit, &length)))
		return "a bare 'm' is minutes; write 5[m] for metres";
	if (!unit_same_dimension(&a->unit, &b->unit))
		return NULL;
	snprintf(room, TYPING_WORDS,
		 "K is a difference of temperatures; a temperature is written 20 %s",
		 absolute->unit_text != NULL ? absolute->unit_text : "degC");
	return room;
}

/*
 * Makes kids i and j numbers of one unit, of *ret: a bare number takes the unit of the other
 * side, a constant is converted at load, otherwise j gets one multiplication. fmt has two %s.
 */
bool dimension_same(struct scope *scope, struct expr *expr, uint32_t i, uint32_t j,
		    const char *verb, const char *with, struct expr_type *ret)
{
	struct expr *a = expr_kid(expr, i), *b = expr_kid(expr, j);
	char words[2][TYPING_WORDS], hint[TYPING_WORDS];

	*ret = a->type;
	ret->constant = a->type.constant && b->type.constant;
	ret->duration = a->type.duration && b->type.duration;
	if (!a->type.unit.known || !b->type.unit.known) {
		if (!a->type.unit.known) {
			ret->unit = b->type.unit;
			ret->unit_text = b->type.unit_text;
			ret->duration = b->type.duration;
		} else {
			ret->duration = a->type.duration;
		}
		return true;
	}
	if (!unit_same_dimension(&a->type.unit, &b->type.unit) ||
	    a->type.unit.absolute != b->type.unit.absolute)
		return typing_fail(scope, expr, dimension_hint(&a->type, &b->type, hint),
				   "cannot %s %s %s %s", verb, typing_words(&a->type, words[0]),
				   with, typing_words(&b->type, words[1]));
	if (a->type.constant && !b->type.constant) {
		ret->unit = b->type.unit;
		ret->unit_text = b->type.unit_text;
		ret->duration = b->type.duration;
		dimension_convert(scope, expr_link(expr, i), &b->type);
	} else {
		ret->duration = a->type.duration;
		dimension_convert(scope, expr_link(expr, j), &a->type);
	}
	return true;
}

static const char *dimension_join(struct scope *scope, const struct expr_type *a,
				  const char *sign, const struct expr_type *b)
{
	if (!a->unit.known)
		return sign[0] == '*' ? b->unit_text : NULL;
	/* No parentheses in units: what is behind '/' has to be one factor. */
	if (a->unit_text == NULL || b->unit_text == NULL ||
	    strlen(a->unit_text) + strlen(b->unit_text) > 40 ||
	    (sign[0] == '/' && strpbrk(b->unit_text, "*/") != NULL))
		return NULL;
	return arena_printf(scope->arena, "%s%s%s", a->unit_text, sign, b->unit_text);
}

/* Percent and the like become plain ratios before they are multiplied with a quantity. */
void dimension_plain(struct scope *scope, struct expr *expr, uint32_t i)
{
	static const struct expr_type ratio = {.kind = VALUE_NUMBER,
					       .unit = {.known = true, .scale = 1}};
	struct expr *kid = expr_kid(expr, i);

	if (kid->type.unit.known && unit_same_dimension(&kid->type.unit, &ratio.unit))
		dimension_convert(scope, expr_link(expr, i), &ratio);
}

bool dimension_no_degrees(struct scope *scope, const struct expr *expr, const struct expr *kid,
			  const char *verb)
{
	char room[TYPING_WORDS];

	if (!kid->type.unit.absolute)
		return true;
	return typing_fail(scope, expr,
			   "its zero is arbitrary: subtract a reference first, (x - 20 degC)",
			   "cannot %s %s", verb, typing_words(&kid->type, room));
}

/* * and /: the product of two dimensions. */
bool dimension_product(struct scope *scope, struct expr *expr)
{
	int sign = expr->op == EXPR_MUL ? 1 : -1;
	struct expr_type a = expr_kid(expr, 0)->type, b = expr_kid(expr, 1)->type;
	struct unit *unit = &expr->type.unit;

	if (!dimension_no_degrees(scope, expr, expr_kid(expr, 0),
				  sign > 0 ? "multiply" : "divide") ||
	    !dimension_no_degrees(scope, expr, expr_kid(expr, 1),
				  sign > 0 ? "multiply with" : "divide by"))
		return false;
	expr->type.kind = VALUE_NUMBER;
	/* A point without unit may be anything: so may the result. A literal is a plain number.
	 */
	if ((!a.unit.known && !a.constant) || (!b.unit.known && !b.constant) ||
	    (!a.unit.known && !b.unit.known))
		return true;
	if (!b.unit.known) {
		expr->type = a;
		expr->type.constant = false;
		return true;
	}
	if (a.unit.known) {
		dimension_plain(scope, expr, 0);
		dimension_plain(scope, expr, 1);
		a = expr_kid(expr, 0)->type;
		b = expr_kid(expr, 1)->type;
	}
	*unit = (struct unit){.known = true, .scale = a.unit.known ? a.unit.scale : 1};
	unit->scale = sign > 0 ? unit->scale * b.unit.scale : unit->scale / b.unit.scale;
	for (int i = 0; i < UNIT_DIMENSIONS; i++) {
		int sum = a.unit.dimension[i] + sign * b.unit.dimension[i];

		if (abs(sum) > UNIT_EXPONENT_MAX)
			return typing_fail(scope, expr, NULL,
					   "the dimension of the result is out of bounds");
		unit->dimension[i] = (int8_t)sum;
	}
	expr->type.unit_text = dimension_join(scope, &a, sign > 0 ? "*" : "/", &b);
	if (expr->op == EXPR_MUL && !a.unit.known)
		expr->type.duration = b.duration;
	return true;
}

/* A ratio of two units of one dimension (kW over W) becomes a plain number. */
void dimension_plain_result(struct scope *scope, struct expr **link)
{
	static const struct unit one = {.known = true, .scale = 1};
	struct expr_type plain = {.kind = VALUE_NUMBER, .unit = one};
	struct expr *expr = *link;

	if (!expr->type.unit.known || !unit_same_dimension(&expr->type.unit, &one) ||
	    !expr_kid(expr, 0)->type.unit.known || !expr_kid(expr, 1)->type.unit.known)
		return;
	expr->type.unit_text = NULL;
	if (fabs(expr->type.unit.scale - 1) > 1e-12)
		dimension_convert(scope, link, &plain);
	(*link)->type.unit = one;
	(*link)->type.unit_text = NULL;
}

void dimension_difference(struct scope *scope, struct expr_type *type)
{
	if (!type->unit.absolute)
		return;
	type->unit.absolute = false;
	type->unit.offset = 0;
	type->unit_text =
		fabs(type->unit.scale - 1) < 1e-12
			? "K"
			: arena_printf(scope->arena, "%s difference", type->unit_text);
}

bool dimension_with_time(struct scope *scope, struct expr *expr, int exponent)
{
	struct expr_type *type = &expr->type;
	int sum = type->unit.dimension[UNIT_TIME] + exponent;

	if (!type->unit.known)
		return true;
	if (abs(sum) > UNIT_EXPONENT_MAX)
		return typing_fail(scope, expr, NULL,
				   "the dimension of the result is out of bounds");
	type->unit.dimension[UNIT_TIME] = (int8_t)sum;
	type->duration = false;
	/* A difference of degrees has a name of words, which takes no factor. */
	if (type->unit_text != NULL && strpbrk(type->unit_text, exponent < 0 ? "*/ " : "/ "))
		type->unit_text = NULL;
	if (type->unit_text != NULL)
		type->unit_text = arena_printf(scope->arena, "%s%cs", type->unit_text,
					       exponent < 0 ? '/' : '*');
	return true;
}

bool dimension_sum(struct scope *scope, struct expr *expr)
{
	const struct expr *a = expr_kid(expr, 0), *b = expr_kid(expr, 1);
	bool add = expr->op == EXPR_ADD;
	struct expr_type type;

	if (a->type.unit.known && b->type.unit.known &&
	    unit_same_dimension(&a->type.unit, &b->type.unit)) {
		if (add && a->type.unit.absolute && b->type.unit.absolute)
			return typing_fail(
				scope, expr,
				"the middle of two is a + (b - a) / 2; a difference is "
				"written 5[K]",
				"cannot add two temperatures");
		if (a->type.unit.absolute != b->type.unit.absolute) {
			uint32_t place = a->type.unit.absolute ? 0 : 1;
			struct expr_type step = expr_kid(expr, place)->type;

			if (!add && place == 1)
				return typing_fail(
					scope, expr, NULL,
					"cannot subtract a temperature from a difference");
			/* A place and a step: the step is measured in the place's degrees. */
			expr->type = step;
			step.unit.absolute = false;
			step.unit.offset = 0;
			dimension_convert(scope, expr_link(expr, 1 - place), &step);
			expr->type.constant = false;
			return true;
		}
	}
	if (!dimension_same(scope, expr, 0, 1, add ? "add" : "subtract", "and", &type))
		return false;
	expr->type = type;
	expr->type.constant = false;
	/* A bare number beside a temperature is one as well: 20 - outside.temp. */
	if (!add)
		dimension_difference(scope, &expr->type);
	return true;
}

/* x ^ y and pow(x, y): a quantity only to a constant power. */
bool dimension_power(struct scope *scope, struct expr *expr)
{
	const struct expr *x = expr_kid(expr, 0), *y = expr_kid(expr, 1);
	static const struct unit one = {0};

	if (!dimension_no_degrees(scope, expr, x, "raise"))
		return false;
	if (y->type.unit.known && !unit_same_dimension(&y->type.unit, &one)) {
		char room[TYPING_WORDS];

		return typing_fail(scope, y, NULL, "an exponent is a plain number, got %s",
				   typing_words(&y->type, room));
	}
	dimension_plain(scope, expr, 0);
	dimension_plain(scope, expr, 1);
	x = expr_kid(expr, 0);
	y = expr_kid(expr, 1);
	expr->function = function_find("pow", 3);
	expr->type = (struct expr_type){.kind = VALUE_NUMBER};
	if (!x->type.unit.known)
		return true;
	expr->type.unit = x->type.unit;
	if (unit_same_dimension(&x->type.unit, &one))
		return true;
	if (y->op != EXPR_CONST)
		return typing_fail(scope, y, NULL,
				   "the exponent of a quantity has to be a constant");
	for (int i = 0; i < UNIT_DIMENSIONS; i++) {
		double sum = x->type.unit.dimension[i] * y->number;

		if (sum != floor(sum) || fabs(sum) > UNIT_EXPONENT_MAX)
			return typing_fail(scope, y, NULL,
					   "the dimension of the result is no dimension");
		expr->type.unit.dimension[i] = (int8_t)sum;
	}
	expr->type.unit.scale = pow(x->type.unit.scale, y->number);
	return true;
}

bool dimension_root(struct scope *scope, struct expr *expr)
{
	const struct expr *x = expr_kid(expr, 0);
	char room[TYPING_WORDS];

	if (!dimension_no_degrees(scope, expr, x, "take the root of"))
		return false;
	dimension_plain(scope, expr, 0);
	x = expr_kid(expr, 0);
	expr->type.unit = x->type.unit;
	for (int i = 0; i < UNIT_DIMENSIONS && x->type.unit.known; i++) {
		if (x->type.unit.dimension[i] % 2 != 0)
			return typing_fail(scope, expr, NULL, "cannot take the root of %s",
					   typing_words(&x->type, room));
		expr->type.unit.dimension[i] /= 2;
	}
	if (x->type.unit.known)
		expr->type.unit.scale = sqrt(x->type.unit.scale);
	return true;
}
