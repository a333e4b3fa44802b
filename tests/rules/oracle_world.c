/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns evaluation as rules.md sections 1 to 4 have it: Kleene's logic over a plain tree. */
#include "oracle_world.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "model/point.h"
#include "oracle_function.h"

void oracle_history_add(struct oracle_history *history, const struct oracle_sample *sample)
{
	if (history->count == history->cap) {
		history->cap = history->cap == 0 ? 16 : 2 * history->cap;
		history->samples = xreallocarray(history->samples, history->cap,
						 sizeof(*history->samples));
	}
	history->samples[history->count++] = *sample;
}

void oracle_history_done(struct oracle_history *history)
{
	free(history->samples);
	*history = (struct oracle_history){0};
}

enum quality oracle_quality(const struct oracle_point *point)
{
	if (point->formula != NULL)
		return point->quality;
	if (point->known)
		return point->failed ? QUALITY_UNCERTAIN : QUALITY_GOOD;
	/* Silence is stale; what failed, or never spoke and is not silent for long, is bad. */
	return point->expired && !point->failed ? QUALITY_STALE : QUALITY_BAD;
}

bool oracle_is_bad(const struct oracle_point *point)
{
	return point->failed || point->expired;
}

static struct oracle_val value_of(const struct oracle_world *world, uint32_t number)
{
	const struct oracle_point *point = &world->points[number];
	struct oracle_val val = {.known = point->known, .x = point->x};

	if (point_table_get(world->table, number)->kind == VALUE_TEXT)
		val.text = point->text;
	return val.known ? val : oracle_unknown();
}

/* All of its points are bad. */
static struct oracle_val device_bad(const struct oracle_world *world, const char *device)
{
	for (uint32_t i = 0; i < world->point_count; i++) {
		const char *owner = point_table_get(world->table, i)->device;

		if (owner != NULL && strcmp(owner, device) == 0 &&
		    !oracle_is_bad(&world->points[i]))
			return oracle_truth(false);
	}
	return oracle_truth(true);
}

static struct oracle_val reached(const struct oracle_world *world,
				 const struct oracle_expr *expr)
{
	for (size_t i = 0; i < world->age_count; i++) {
		if (world->ages[i].point == expr->point &&
		    world->ages[i].limit_ns == expr->limit_ns)
			return oracle_truth(world->ages[i].reached);
	}
	abort();
}

static struct oracle_val call(const struct oracle_world *world, const struct oracle_expr *expr)
{
	double args[ORACLE_KIDS];

	if (expr->function->run != NULL)
		return world->memories[expr->memory].now;
	if (expr->function->any != NULL)
		return expr->function->any(world, expr);
	for (size_t i = 0; i < expr->count; i++) {
		struct oracle_val val = oracle_eval(world, expr->kids[i]);

		if (!val.known)
			return val;
		args[i] = val.x;
	}
	return oracle_number(expr->function->number(args, expr->count));
}

static struct oracle_val compare(enum oracle_op op, const struct oracle_val *a,
				 const struct oracle_val *b)
{
	switch ((int)op) {
	case ORACLE_LT:
		return oracle_truth(a->x < b->x);
	case ORACLE_LE:
		return oracle_truth(a->x <= b->x);
	case ORACLE_GT:
		return oracle_truth(a->x > b->x);
	case ORACLE_GE:
		return oracle_truth(a->x >= b->x);
	case ORACLE_EQ:
		return oracle_truth(oracle_same(a, b));
	default:
		return oracle_truth(!oracle_same(a, b));
	}
}

/* Two operands, both of which have to be known. */
static struct oracle_val binary(enum oracle_op op, struct oracle_val a, struct oracle_val b)
{
	if (!a.known || !b.known)
		return oracle_unknown();
	switch ((int)op) {
	case ORACLE_ADD:
		return oracle_number(a.x + b.x);
	case ORACLE_SUB:
		return oracle_number(a.x - b.x);
	case ORACLE_MUL:
		return oracle_number(a.x * b.x);
	case ORACLE_DIV:
		return oracle_number(a.x / b.x);
	case ORACLE_POW:
		return oracle_number(pow(a.x, b.x));
	default:
		return compare(op, &a, &b);
	}
}

/* "false and U = false, true or U = true, otherwise U" */
static struct oracle_val logic(struct oracle_val a, struct oracle_val b, bool decides)
{
	if ((a.known && (a.x != 0) == decides) || (b.known && (b.x != 0) == decides))
		return oracle_truth(decides);
	return a.known && b.known ? oracle_truth(!decides) : oracle_unknown();
}

struct oracle_val oracle_eval(const struct oracle_world *world, const struct oracle_expr *expr)
{
	struct oracle_val a = {0}, b = {0};

	if (expr->op >= ORACLE_CONVERT)
		a = oracle_eval(world, expr->kids[0]);
	if (expr->op >= ORACLE_CONVERT && expr->count > 1)
		b = oracle_eval(world, expr->kids[1]);
	switch (expr->op) {
	case ORACLE_LITERAL:
		return expr->literal;
	case ORACLE_POINT:
		return value_of(world, expr->point);
	case ORACLE_FIRING:
		return oracle_truth(oracle_is_firing(world->oracle, expr->name));
	case ORACLE_DEVICE:
		return device_bad(world, expr->name);
	case ORACLE_REACHED:
		return reached(world, expr);
	case ORACLE_CALL:
		return call(world, expr);
	case ORACLE_CONVERT:
		return a.known ? oracle_number(a.x * expr->factor + expr->offset) : a;
	case ORACLE_NOT:
		return a.known ? oracle_truth(a.x == 0) : a;
	case ORACLE_NEG:
		return a.known ? oracle_number(-a.x) : a;
	case ORACLE_AND:
		return logic(a, b, false);
	case ORACLE_OR:
		return logic(a, b, true);
	case ORACLE_ELSE:
		return a.known ? a : b;
	case ORACLE_ADD:
	case ORACLE_SUB:
	case ORACLE_MUL:
	case ORACLE_DIV:
	case ORACLE_POW:
	case ORACLE_LT:
	case ORACLE_LE:
	case ORACLE_GT:
	case ORACLE_GE:
	case ORACLE_EQ:
	case ORACLE_NE:
		return binary(expr->op, a, b);
	}
	return oracle_unknown();
}
