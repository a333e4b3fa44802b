/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the analysis of which values matter to comparisons, and the search among them. */
#include "rules/guard.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "rules/function.h"
#include "rules/parser.h"
#include "rules/program.h"

/* factor * x + offset of one point; PROGRAM_NONE and factor 0: a constant. */
struct linear {
	uint32_t point;
	double factor, offset;
	bool exact; /* the point itself: nothing is rounded */
};

static uint32_t guard_point(const struct program *program, const struct expr *expr)
{
	uint32_t point = expr->slot - PROGRAM_SCRATCH;

	return expr->op == EXPR_SLOT && expr->slot >= PROGRAM_SCRATCH &&
			       point < program->point_count
		       ? point
		       : PROGRAM_NONE;
}

static bool guard_linear(const struct program *program, const struct expr *expr,
			 struct linear *ret);

/* Both sides of a + - * /: one of them is a constant, or there is no form. */
static bool guard_combine(const struct program *program, const struct expr *expr,
			  struct linear *ret)
{
	struct linear a, b;

	if (!guard_linear(program, expr->kids, &a) ||
	    !guard_linear(program, expr->kids->next, &b) ||
	    (a.point != PROGRAM_NONE && b.point != PROGRAM_NONE))
		return false;
	*ret = (struct linear){.point = a.point != PROGRAM_NONE ? a.point : b.point};
	switch ((int)expr->op) {
	case EXPR_ADD:
		ret->factor = a.factor + b.factor;
		ret->offset = a.offset + b.offset;
		return true;
	case EXPR_SUB:
		ret->factor = a.factor - b.factor;
		ret->offset = a.offset - b.offset;
		return true;
	case EXPR_MUL:
		ret->factor = a.factor * b.offset + a.offset * b.factor;
		ret->offset = a.offset * b.offset;
		return true;
	default:
		ret->factor = a.factor / b.offset;
		ret->offset = a.offset / b.offset;
		return b.point == PROGRAM_NONE;
	}
}

static bool guard_linear(const struct program *program, const struct expr *expr,
			 struct linear *ret)
{
	switch ((int)expr->op) {
	case EXPR_CONST:
		*ret = (struct linear){.point = PROGRAM_NONE, .offset = expr->number};
		return true;
	case EXPR_SLOT:
		*ret = (struct linear){guard_point(program, expr), 1, 0, true};
		return ret->point != PROGRAM_NONE;
	case EXPR_AFFINE:
		if (!guard_linear(program, expr->kids, ret))
			return false;
		ret->factor *= expr->number;
		ret->offset = ret->offset * expr->number + expr->offset;
		ret->exact = false;
		return true;
	case EXPR_NEG:
		if (!guard_linear(program, expr->kids, ret))
			return false;
		ret->factor = -ret->factor;
		ret->offset = -ret->offset;
		ret->exact = false;
		return true;
	case EXPR_ADD:
	case EXPR_SUB:
	case EXPR_MUL:
	case EXPR_DIV:
		return guard_combine(program, expr, ret);
	default:
		return false;
	}
}

static void guard_add(struct guards *guards, uint32_t point, struct guard_band band)
{
	if (guards->count == guards->cap) {
		uint32_t cap = guards->cap > 0 ? 2 * guards->cap : 64;
		struct guard_entry *grown = arena_take(guards->scratch, cap, sizeof(*grown));

		if (guards->count > 0)
			memcpy(grown, guards->entries, guards->count * sizeof(*grown));
		guards->entries = grown;
		guards->cap = cap;
	}
	guards->entries[guards->count++] = (struct guard_entry){point, band};
}

/* Every point that the tree reads may turn it at any value. */
static void guard_wild(struct guards *guards, const struct program *program,
		       const struct expr *tree)
{
	uint32_t point = guard_point(program, tree);

	if (point != PROGRAM_NONE)
		guards->wild[point] = true;
	/* What a node reads does not wake the rule; the node's own points are wild anyway. */
	if (tree->op == EXPR_CALL && tree->use != NULL)
		return;
	for (const struct expr *kid = tree->kids; kid != NULL; kid = kid->next)
		guard_wild(guards, program, kid);
}

/* Where factor * x + offset is limit. Rounding moves that by less than a part in 10^12. */
static void guard_turn(struct guards *guards, const struct program *program,
		       const struct linear *form, double limit)
{
	double at = (limit - form->offset) / form->factor;
	double apart = form->exact ? 0
				   : 1e-9 * (fabs(at) + (fabs(limit) + fabs(form->offset)) /
								fabs(form->factor));

	/* A product with 0, an overflow: not worth a thought. */
	if (form->factor == 0 || !isfinite(at + apart)) {
		guards->wild[form->point] = true;
		return;
	}
	guard_add(guards, form->point, (struct guard_band){at - apart, at + apart});
}

static bool guard_is_abs(const struct expr *expr)
{
	return expr->op == EXPR_CALL && expr->use == NULL && expr->function != NULL &&
	       strcmp(expr->function->name, "abs") == 0;
}

/* One comparison, of whatever kind: a and b meet where they are equal. */
static void guard_compare(struct guards *guards, const struct program *program,
			  const struct expr *a, const struct expr *b)
{
	bool absolute = guard_is_abs(a) || guard_is_abs(b);
	struct linear left, right;

	if (!guard_linear(program, guard_is_abs(a) ? a->kids : a, &left) ||
	    !guard_linear(program, guard_is_abs(b) ? b->kids : b, &right) ||
	    (left.point != PROGRAM_NONE && right.point != PROGRAM_NONE)) {
		guard_wild(guards, program, a);
		guard_wild(guards, program, b);
		return;
	}
	if (left.point == PROGRAM_NONE) {
		struct linear swap = left;

		left = right;
		right = swap;
	}
	if (left.point == PROGRAM_NONE)
		return;
	guard_turn(guards, program, &left, right.offset);
	if (absolute)
		guard_turn(guards, program, &left, -right.offset);
}

static void guard_tree(struct guards *guards, const struct program *program,
		       const struct expr *tree)
{
	const struct expr *kid = tree->kids;
	uint32_t point = guard_point(program, tree);

	switch ((int)tree->op) {
	case EXPR_CONST:
		return;
	case EXPR_SLOT:
		/* A truth. */
		if (point != PROGRAM_NONE)
			guard_add(guards, point, (struct guard_band){0.5, 0.5});
		return;
	case EXPR_NOT:
	case EXPR_AND:
	case EXPR_OR:
		for (; kid != NULL; kid = kid->next)
			guard_tree(guards, program, kid);
		return;
	case EXPR_LT:
	case EXPR_LE:
	case EXPR_GT:
	case EXPR_GE:
	case EXPR_EQ:
	case EXPR_NE:
		guard_compare(guards, program, kid, kid->next);
		return;
	case EXPR_CHAIN:
		guard_compare(guards, program, kid, kid->next);
		guard_compare(guards, program, kid->next, kid->next->next);
		return;
	case EXPR_IN:
		for (const struct expr *item = kid->next; item != NULL; item = item->next)
			guard_compare(guards, program, kid, item);
		return;
	default:
		guard_wild(guards, program, tree);
	}
}

void guards_init(struct guards *guards, struct arena *arena, struct arena *scratch,
		 uint32_t point_count)
{
	*guards = (struct guards){
		.scratch = scratch,
		.wild = arena_take(arena, point_count, sizeof(*guards->wild)),
		.start = arena_take(arena, (size_t)point_count + 1, sizeof(*guards->start)),
	};
}

void guards_add(struct guards *guards, const struct program *program, const struct expr *tree)
{
	guard_tree(guards, program, tree);
}

static int guard_order(const void *pa, const void *pb)
{
	const struct guard_entry *a = pa, *b = pb;

	if (a->point != b->point)
		return a->point < b->point ? -1 : 1;
	return (a->band.low > b->band.low) - (a->band.low < b->band.low);
}

void guards_finish(struct guards *guards, struct arena *arena, uint32_t point_count)
{
	struct guard_band *bands;
	uint32_t made = 0, k = 0;

	if (guards->count > 0)
		qsort(guards->entries, guards->count, sizeof(*guards->entries), guard_order);
	bands = arena_take(guards->scratch, guards->count, sizeof(*bands));
	for (uint32_t p = 0; p < point_count; p++) {
		guards->start[p] = made;
		for (; k < guards->count && guards->entries[k].point == p; k++) {
			struct guard_band band = guards->entries[k].band;
			struct guard_band *last =
				made > guards->start[p] ? &bands[made - 1] : NULL;

			if (guards->wild[p])
				continue;
			if (last != NULL && band.low <= last->high)
				last->high = fmax(last->high, band.high);
			else
				bands[made++] = band;
		}
	}
	guards->start[point_count] = made;
	guards->bands = arena_take(arena, made, sizeof(*bands));
	if (made > 0)
		memcpy(guards->bands, bands, made * sizeof(*bands));
	guards->entries = NULL;
	guards->scratch = NULL;
}

size_t guards_size(const struct guards *guards, uint32_t point_count)
{
	return point_count * (sizeof(*guards->wild) + sizeof(*guards->start)) +
	       guards->start[point_count] * sizeof(*guards->bands);
}

bool guards_around(const struct guards *guards, uint32_t point, double value, double *ret_low,
		   double *ret_high)
{
	uint32_t low = guards->start[point], high = guards->start[point + 1];
	const struct guard_band *bands = guards->bands;

	if (guards->wild[point])
		return false;
	/* The first band that does not lie wholly below the value. */
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (bands[middle].high < value)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < guards->start[point + 1] && bands[low].low <= value)
		return false;
	*ret_low = low > guards->start[point] ? bands[low - 1].high : -INFINITY;
	*ret_high = low < guards->start[point + 1] ? bands[low].low : INFINITY;
	return true;
}
