/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns what the oracle's derived points are worth. */
#include "oracle_derived.h"

#include <math.h>
#include <string.h>

#include "base/arena.h"
#include "conf/yaml.h"
#include "model/point.h"
#include "oracle_function.h"
#include "oracle_past.h"
#include "oracle_set.h"

void oracle_derived_read(struct arena *arena, struct oracle_world *world,
			 const struct yaml_node *map)
{
	for (size_t i = 0; map != NULL && i < map->count; i++) {
		const char *name = map->keys[i]->text;
		const char *text = yaml_get(map->values[i], "value")->text;
		uint32_t number = point_table_find(world->table, name, strlen(name));
		const struct point *point = point_table_get(world->table, number);
		struct oracle_expr *expr = arena_take(arena, 1, sizeof(*expr));
		struct oracle_expr *value = oracle_parse(arena, world->table, text);

		if (point->unit.known)
			value = oracle_convert(arena, value, &point->unit);
		*expr = (struct oracle_expr){
			.op = ORACLE_CALL,
			.kind = point->kind,
			.point = number,
			.words = arena_printf(arena, "derived %s", name),
			.function = oracle_function_find("derived", 7, NULL),
			.count = 1,
			.kids = {value},
		};
		world->points[number].formula = expr;
		world->points[number].stale_at = INT64_MAX;
		world->points[number].quality = QUALITY_BAD;
	}
}

static bool same_name(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* Both in their worlds: but for blanks and parentheses, and so is what it reads. */
static bool same_tree(const struct oracle *oracle, const struct oracle *old,
		      const struct oracle_expr *a, const struct oracle_expr *b)
{
	if ((a->op == ORACLE_POINT || a->op == ORACLE_REACHED) && a->point == b->point &&
	    oracle_derived_differs(oracle, old, a->point))
		return false;
	/* Behind prev() it may be itself. */
	if (a->op == ORACLE_CALL && a->function == b->function &&
	    a->function->run == oracle_prev)
		return strcmp(a->words, b->words) == 0;
	if (a->op != b->op || a->function != b->function || a->point != b->point ||
	    a->limit_ns != b->limit_ns || a->literal.x != b->literal.x ||
	    !same_name(a->name, b->name) || !same_name(a->literal.text, b->literal.text) ||
	    a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		if (!same_tree(oracle, old, a->kids[i], b->kids[i]))
			return false;
	}
	return true;
}

bool oracle_derived_differs(const struct oracle *oracle, const struct oracle *old,
			    uint32_t point)
{
	const struct oracle_expr *formula = oracle->world.points[point].formula;

	return formula != NULL &&
	       !same_tree(oracle, old, formula, old->world.points[point].formula);
}

/* What its inputs are, by themselves or in what remembers, but for itself. */
struct inputs {
	bool good, stale, expired, heard;
};

static void look_at(const struct oracle_world *world, const struct oracle_list *points,
		    uint32_t self, struct inputs *ret)
{
	for (uint32_t i = 0; i < points->count; i++) {
		const struct oracle_point *point = &world->points[points->ids[i]];
		enum quality quality = oracle_quality(point);

		if (points->ids[i] == self)
			continue;
		ret->good = ret->good && quality == QUALITY_GOOD;
		ret->stale = ret->stale || quality == QUALITY_STALE;
		ret->expired = ret->expired || point->expired;
		ret->heard = ret->heard || point->expired || point->spoke;
		if (quality == QUALITY_BAD)
			ret->stale = false;
	}
}

static bool any_bad(const struct oracle_world *world, const struct oracle_list *points,
		    uint32_t self)
{
	for (uint32_t i = 0; i < points->count; i++) {
		if (points->ids[i] != self &&
		    oracle_quality(&world->points[points->ids[i]]) == QUALITY_BAD)
			return true;
	}
	return false;
}

static void rearm(const struct oracle_world *world, struct oracle_point *is)
{
	is->at = world->now;
	is->ever = true;
	for (size_t i = 0; i < world->age_count; i++) {
		struct oracle_age *age = &world->ages[i];

		if (&world->points[age->point] != is)
			continue;
		age->reached = false;
		age->due = is->at + age->limit_ns;
	}
}

void oracle_derive(const struct oracle_world *world, const struct oracle_expr *expr,
		   struct oracle_memory *memory, bool sampled)
{
	const struct oracle_reads *reads = &world->oracle->memory_reads[expr->memory];
	struct oracle_point *is = &world->points[expr->point], was = *is;
	struct oracle_val val = oracle_eval(world, expr->kids[0]);
	struct inputs inputs = {.good = true};
	bool bad = any_bad(world, &reads->points, expr->point) ||
		   any_bad(world, &reads->inner, expr->point);

	look_at(world, &reads->points, expr->point, &inputs);
	look_at(world, &reads->inner, expr->point, &inputs);
	is->reported = val.known && sampled;
	if (is->reported)
		rearm(world, is);
	if (val.known && (!is->known || !(fabs(val.x - is->x) < is->deadband)))
		is->x = val.x;
	is->known = val.known;
	is->expired = !val.known && inputs.expired;
	/* The worst of them: what failed is worse than silence. */
	if (val.known)
		is->quality = inputs.good ? QUALITY_GOOD : QUALITY_UNCERTAIN;
	else
		is->quality = inputs.stale && !bad ? QUALITY_STALE : QUALITY_BAD;
	is->spoke = was.spoke || val.known || inputs.heard;
	if (was.spoke != is->spoke || was.expired != is->expired || was.known != is->known ||
	    was.x != is->x || was.quality != is->quality)
		memory->now = oracle_number(memory->now.x + 1);
}
