/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the units of the oracle's expressions. */
#include "oracle_units.h"

#include <math.h>

#include "base/arena.h"

static bool same(const struct unit *a, const struct unit *b)
{
	return a->scale == b->scale && a->offset == b->offset && a->absolute == b->absolute;
}

struct oracle_expr *oracle_convert(struct arena *arena, struct oracle_expr *expr,
				   const struct unit *unit)
{
	struct oracle_expr *convert;

	/* A bare number takes the unit of the other side. */
	if (!expr->unit.known || same(&expr->unit, unit)) {
		expr->unit = *unit;
		return expr;
	}
	convert = arena_take(arena, 1, sizeof(*convert));
	*convert = (struct oracle_expr){
		.op = ORACLE_CONVERT,
		.kind = VALUE_NUMBER,
		.unit = *unit,
		.factor = expr->unit.scale / unit->scale,
		.offset = unit->absolute ? (expr->unit.offset - unit->offset) / unit->scale : 0,
		.count = 1,
		.kids = {expr},
	};
	return convert;
}

void oracle_units_same(struct arena *arena, struct oracle_expr *expr, size_t first)
{
	struct unit unit = {0};

	/* The unit of what is measured, rather than that of a constant beside it. */
	for (size_t i = first; i < expr->count; i++) {
		if (expr->kids[i]->unit.known &&
		    (!unit.known || expr->kids[i]->op != ORACLE_LITERAL))
			unit = expr->kids[i]->unit;
		if (unit.known && expr->kids[i]->op != ORACLE_LITERAL)
			break;
	}
	for (size_t i = first; unit.known && i < expr->count; i++)
		expr->kids[i] = oracle_convert(arena, expr->kids[i], &unit);
	if (expr->kind == VALUE_NUMBER)
		expr->unit = unit;
}

struct oracle_expr *oracle_units_sum(struct arena *arena, struct oracle_expr *expr)
{
	struct unit *a = &expr->kids[0]->unit, *b = &expr->kids[1]->unit, kelvin, step;

	if (a->known && b->known && a->absolute != b->absolute) {
		/* a place and a difference: the difference in steps of the place's scale */
		size_t place = a->absolute ? 0 : 1;

		expr->unit = expr->kids[place]->unit;
		step = expr->unit;
		step.absolute = false;
		step.offset = 0;
		expr->kids[1 - place] = oracle_convert(arena, expr->kids[1 - place], &step);
		return expr;
	}
	oracle_units_same(arena, expr, 0);
	if (expr->op != ORACLE_SUB || !expr->unit.known || !expr->unit.absolute)
		return expr;
	expr->unit.absolute = false;
	expr->unit.offset = 0;
	kelvin = expr->unit;
	kelvin.scale = 1;
	return oracle_convert(arena, expr, &kelvin);
}

static bool has_dimension(const struct unit *unit)
{
	for (int i = 0; i < UNIT_DIMENSIONS; i++) {
		if (unit->dimension[i] != 0)
			return true;
	}
	return false;
}

struct oracle_expr *oracle_units_product(struct arena *arena, struct oracle_expr *expr)
{
	const struct unit *a = &expr->kids[0]->unit, *b = &expr->kids[1]->unit;
	int sign = expr->op == ORACLE_MUL ? 1 : -1;
	const struct unit plain = {.known = true, .scale = 1};

	if (!a->known && !b->known)
		return expr;
	if (a->known && !b->known) {
		expr->unit = *a;
		return expr;
	}
	expr->unit = (struct unit){.known = true, .scale = 1};
	if (a->known)
		expr->unit = *a;
	for (int i = 0; i < UNIT_DIMENSIONS; i++)
		expr->unit.dimension[i] =
			(int8_t)(expr->unit.dimension[i] + sign * b->dimension[i]);
	expr->unit.scale = sign > 0 ? expr->unit.scale * b->scale : expr->unit.scale / b->scale;
	if (!a->known && sign > 0) {
		expr->unit = *b;
	} else if (!has_dimension(&expr->unit)) {
		expr = oracle_convert(arena, expr, &plain);
		expr->unit = (struct unit){0};
	}
	return expr;
}

void oracle_units_power(struct oracle_expr *expr, double exponent)
{
	const struct unit *base = &expr->kids[0]->unit;

	expr->unit = *base;
	if (!base->known)
		return;
	for (int i = 0; i < UNIT_DIMENSIONS; i++)
		expr->unit.dimension[i] = (int8_t)lround(base->dimension[i] * exponent);
	expr->unit.scale = pow(base->scale, exponent);
}
