/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns what is known of a condition before it runs. */
#include "rules/prove.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "model/point.h"
#include "rules/parser.h"
#include "rules/program.h"

/* What is not counted need not be cleared: regions are large. */
static void prove_anything(struct prove_region *ret)
{
	ret->never = false;
	ret->why = UINT32_MAX;
	ret->count = 0;
}

/* ---- spans ---------------------------------------------------------------------------- */

static void prove_add(struct prove_slot *slot, double low, double high)
{
	if (!(low <= high))
		return;
	/* Too many to be followed: anything, which is never wrong. */
	if (slot->count == PROVE_SPANS) {
		slot->count = 0;
		low = -INFINITY;
		high = INFINITY;
	}
	slot->spans[slot->count++] = (struct prove_span){low, high};
}

static void prove_intersect(struct prove_slot *slot, const struct prove_slot *other)
{
	struct prove_slot both = {.slot = slot->slot};

	for (uint32_t i = 0; i < slot->count; i++) {
		for (uint32_t k = 0; k < other->count; k++)
			prove_add(&both, fmax(slot->spans[i].low, other->spans[k].low),
				  fmin(slot->spans[i].high, other->spans[k].high));
	}
	*slot = both;
}

static void prove_unite(struct prove_slot *slot, const struct prove_slot *other)
{
	for (uint32_t i = 0; i < other->count; i++)
		prove_add(slot, other->spans[i].low, other->spans[i].high);
}

/* ---- regions -------------------------------------------------------------------------- */

static struct prove_slot *prove_find(struct prove_region *region, uint32_t slot)
{
	for (uint32_t i = 0; i < region->count; i++) {
		if (region->slots[i].slot == slot)
			return &region->slots[i];
	}
	return NULL;
}

void prove_both(struct prove_region *region, const struct prove_region *other)
{
	if (region->never)
		return;
	if (other->never) {
		*region = *other;
		return;
	}
	for (uint32_t i = 0; i < other->count; i++) {
		struct prove_slot *there = prove_find(region, other->slots[i].slot);

		if (there == NULL && region->count < PROVE_SLOTS)
			region->slots[region->count++] = other->slots[i];
		if (there == NULL)
			continue;
		prove_intersect(there, &other->slots[i]);
		if (there->count == 0) {
			prove_anything(region);
			region->never = true;
			region->why = other->slots[i].slot;
			return;
		}
	}
}

/* When either can hold. */
static void prove_either(struct prove_region *region, struct prove_region *other)
{
	uint32_t count = 0;

	if (other->never)
		return;
	if (region->never) {
		*region = *other;
		return;
	}
	for (uint32_t i = 0; i < region->count; i++) {
		const struct prove_slot *there = prove_find(other, region->slots[i].slot);

		if (there == NULL)
			continue;
		region->slots[count] = region->slots[i];
		prove_unite(&region->slots[count++], there);
	}
	region->count = count;
}

static const struct point *prove_slot_point(const struct program *program, uint32_t slot)
{
	if (slot < PROGRAM_SCRATCH || slot - PROGRAM_SCRATCH >= program->point_count)
		return NULL;
	return point_table_get(program->points, slot - PROGRAM_SCRATCH);
}

uint32_t prove_point(const struct program *program, uint32_t slot)
{
	const struct point *point = prove_slot_point(program, slot);

	return point != NULL && point->low < point->high ? slot - PROGRAM_SCRATCH : UINT32_MAX;
}

/* One slot in its spans, as far as it can have such values at all. */
static void prove_one(const struct program *program, struct prove_slot *slot,
		      struct prove_region *ret)
{
	const struct point *point = prove_slot_point(program, slot->slot);
	struct prove_slot domain = {.slot = slot->slot};

	if (point != NULL && point->kind == VALUE_BOOL) {
		prove_add(&domain, 0, 0);
		prove_add(&domain, 1, 1);
		prove_intersect(slot, &domain);
	} else if (point != NULL && point->kind == VALUE_NUMBER && point->low < point->high) {
		prove_add(&domain, point->low, point->high);
		prove_intersect(slot, &domain);
	}
	prove_anything(ret);
	ret->never = slot->count == 0;
	ret->why = ret->never ? slot->slot : UINT32_MAX;
	if (ret->never)
		return;
	ret->slots[0] = *slot;
	ret->count = 1;
}

/* ---- trees ---------------------------------------------------------------------------- */

/* a op b as c op' a when b is what is compared; the opposite when it is to be false. */
static enum expr_op prove_turn(enum expr_op op, bool swapped, bool truth)
{
	static const enum expr_op swaps[] = {
		[EXPR_LT] = EXPR_GT, [EXPR_LE] = EXPR_GE, [EXPR_GT] = EXPR_LT,
		[EXPR_GE] = EXPR_LE, [EXPR_EQ] = EXPR_EQ, [EXPR_NE] = EXPR_NE};
	static const enum expr_op opposites[] = {
		[EXPR_LT] = EXPR_GE, [EXPR_LE] = EXPR_GT, [EXPR_GT] = EXPR_LE,
		[EXPR_GE] = EXPR_LT, [EXPR_EQ] = EXPR_NE, [EXPR_NE] = EXPR_EQ};

	op = swapped ? swaps[op] : op;
	return truth ? op : opposites[op];
}

static void prove_spans(struct prove_slot *slot, enum expr_op op, double c)
{
	double below = nextafter(c, -INFINITY), above = nextafter(c, INFINITY);

	if (op == EXPR_LT || op == EXPR_LE || op == EXPR_NE)
		prove_add(slot, -INFINITY, op == EXPR_LE ? c : below);
	if (op == EXPR_GT || op == EXPR_GE || op == EXPR_NE)
		prove_add(slot, op == EXPR_GE ? c : above, INFINITY);
	if (op == EXPR_EQ)
		prove_add(slot, c, c);
}

static void prove_compare(const struct program *program, enum expr_op op, const struct expr *a,
			  const struct expr *b, bool truth, struct prove_region *ret)
{
	bool swapped = a->op == EXPR_CONST;
	struct prove_slot slot = {0};

	prove_anything(ret);
	if ((swapped ? b : a)->op != EXPR_SLOT || (swapped ? a : b)->op != EXPR_CONST)
		return;
	slot.slot = (swapped ? b : a)->slot;
	prove_spans(&slot, prove_turn(op, swapped, truth), (swapped ? a : b)->number);
	prove_one(program, &slot, ret);
}

static void prove_join(struct prove_region *region, struct prove_region *other, bool both)
{
	if (both)
		prove_both(region, other);
	else
		prove_either(region, other);
}

static void prove_in(const struct program *program, const struct expr *tree, bool truth,
		     struct prove_region *ret)
{
	struct prove_region one;

	prove_compare(program, EXPR_EQ, tree->kids, tree->kids->next, truth, ret);
	for (const struct expr *item = tree->kids->next->next; item != NULL;
	     item = item->next) {
		prove_compare(program, EXPR_EQ, tree->kids, item, truth, &one);
		prove_join(ret, &one, !truth);
	}
}

static void prove_chain(const struct program *program, const struct expr *tree, bool truth,
			struct prove_region *ret)
{
	const struct expr *middle = tree->kids->next;
	struct prove_region second;

	prove_compare(program, tree->rel[0], tree->kids, middle, truth, ret);
	prove_compare(program, tree->rel[1], middle, middle->next, truth, &second);
	prove_join(ret, &second, truth);
}

static void prove_leaf(const struct program *program, const struct expr *tree, bool truth,
		       struct prove_region *ret)
{
	struct prove_slot slot = {.slot = tree->slot};

	/* A condition, or an operand of 'and', 'or', 'not'. */
	assert(tree->type.kind == VALUE_BOOL);
	prove_anything(ret);
	if (tree->op == EXPR_CONST) {
		ret->never = (tree->number != 0) != truth;
		return;
	}
	prove_add(&slot, truth, truth);
	prove_one(program, &slot, ret);
}

void prove_region(const struct program *program, const struct expr *tree, bool truth,
		  struct prove_region *ret)
{
	struct prove_region second;

	switch ((int)tree->op) {
	case EXPR_NOT:
		prove_region(program, tree->kids, !truth, ret);
		return;
	case EXPR_AND:
	case EXPR_OR:
		prove_region(program, tree->kids, truth, ret);
		prove_region(program, tree->kids->next, truth, &second);
		prove_join(ret, &second, (tree->op == EXPR_AND) == truth);
		return;
	case EXPR_LT:
	case EXPR_LE:
	case EXPR_GT:
	case EXPR_GE:
	case EXPR_EQ:
	case EXPR_NE:
		prove_compare(program, tree->op, tree->kids, tree->kids->next, truth, ret);
		return;
	case EXPR_CHAIN:
		prove_chain(program, tree, truth, ret);
		return;
	case EXPR_IN:
		prove_in(program, tree, truth, ret);
		return;
	case EXPR_CONST:
	case EXPR_SLOT:
		prove_leaf(program, tree, truth, ret);
		return;
	default:
		prove_anything(ret);
		return;
	}
}
