/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Owns the walk over a checked tree. Shares nothing with compile.c and eval.c, on purpose, but
 * the names of nodes: what those remember is the engine's.
 */
#include "rules/explain_walk.h"

#include <math.h>
#include <string.h>

#include "base/arena.h"
#include "rules/calendar.h"
#include "rules/compile.h"
#include "rules/engine_core.h"
#include "rules/function.h"

void explain_walk_init(struct explain_walk *walk, struct arena *arena,
		       const struct engine *engine, struct boot now)
{
	*walk = (struct explain_walk){
		.arena = arena,
		.engine = engine,
		.now = now,
		.program =
			program_new(arena, arena, engine->points, engine->program->rule_count),
	};
}

/* ---- what the engine knows ----------------------------------------------------------------
 */

static int64_t explain_age_ns(const struct explain_walk *walk, uint32_t point)
{
	return walk->now.ns - walk->engine->store.points[point].at;
}

double explain_walk_age(const struct explain_walk *walk, uint32_t point)
{
	return (double)explain_age_ns(walk, point) / 1e9;
}

static bool explain_is_bad(const struct explain_walk *walk, uint32_t point)
{
	const struct stored *stored = &walk->engine->store.points[point];

	/* The engine may not have been told yet that the time is over. */
	return stored->bad ||
	       explain_age_ns(walk, point) >= store_stale_ns(&walk->engine->store, point);
}

static void explain_read_point(struct explain_walk *walk, uint32_t id)
{
	const struct program *program = walk->program;
	double *slot = &walk->slots[program_point(id)];
	struct engine_point seen;

	store_point(&walk->engine->store, id, walk->now, &seen);
	switch (seen.value.kind) {
	case VALUE_NONE:
		*slot = NAN;
		break;
	case VALUE_NUMBER:
		*slot = seen.value.number;
		break;
	case VALUE_BOOL:
		*slot = seen.value.flag;
		break;
	case VALUE_TEXT:
		*slot = program_text(walk->program, arena_text(walk->arena, seen.value.text,
							       strlen(seen.value.text)));
		break;
	}
	if (program_asked(program->quality_slots, id) != 0)
		walk->slots[program->quality_slots[id]] = seen.quality;
	if (program_asked(program->bad_slots, id) != 0)
		walk->slots[program->bad_slots[id]] = explain_is_bad(walk, id);
}

static void explain_read_group(struct explain_walk *walk, uint32_t group)
{
	bool all = true;

	for (uint32_t i = 0; i < walk->program->point_count; i++) {
		if (walk->program->point_groups[i] == group + 1)
			all = all && explain_is_bad(walk, i);
	}
	walk->slots[walk->program->groups[group].slot] = all;
}

/* The zone is the rules'; the program here is made anew and knows none. */
static double explain_clock(const struct explain_walk *walk, const struct node *node,
			    struct wall *ret_edge)
{
	const struct zone *zone = walk->engine->program->zone;
	struct wall now = engine_wall(walk->engine, walk->now);

	*ret_edge = WALL_NEVER;
	if (!walk->engine->clock_set)
		return NAN;
	if (node->kind == NODE_WEEKDAY)
		return calendar_weekday(zone, now, ret_edge);
	return calendar_contains(node->spans, zone, now, ret_edge);
}

struct value explain_walk_tod(const struct explain_walk *walk)
{
	if (!walk->engine->clock_set)
		return (struct value){.kind = VALUE_NONE};
	return value_number(calendar_tod(walk->engine->program->zone,
					 engine_wall(walk->engine, walk->now)));
}

static void explain_read_use(struct explain_walk *walk, const struct program_use *use)
{
	const struct program *program = walk->program;
	struct wall edge;

	for (uint32_t i = 0; i < use->points.count; i++)
		explain_read_point(walk, use->points.ids[i]);
	for (uint32_t i = 0; i < use->groups.count; i++)
		explain_read_group(walk, use->groups.ids[i]);
	for (uint32_t i = 0; i < use->nodes.count; i++) {
		const struct node *node = &program->nodes[use->nodes.ids[i]];

		walk->slots[node->slot] =
			program_node_of_clock(node)
				? explain_clock(walk, node, &edge)
				: explain_age_ns(walk, node->point) >= node->span_ns;
	}
	for (uint32_t i = 0; i < use->rules.count; i++) {
		struct engine_rule rule;

		engine_rule(walk->engine, use->rules.ids[i], &rule);
		walk->slots[program->rule_slots[use->rules.ids[i]]] =
			engine_is_alarm(rule.state);
	}
}

static void explain_read_edges(struct explain_walk *walk, const struct expr *tree)
{
	if (tree->op == EXPR_CALL && tree->use != NULL)
		explain_read_use(walk, tree->use);
	for (const struct expr *kid = tree->kids; kid != NULL; kid = kid->next)
		explain_read_edges(walk, kid);
}

void explain_walk_read(struct explain_walk *walk, const struct expr *tree,
		       const struct program_use *use)
{
	/* Another tree may have added slots since. */
	double *more = arena_take(walk->arena, program_slots(walk->program), sizeof(double));

	walk->slots = more;
	explain_read_use(walk, use);
	explain_read_edges(walk, tree);
}

/*
 * The engine's node of a call, with a copy of what it remembers: the engine may not have been
 * told yet what has become due. False if the call is new to the engine.
 */
static bool explain_node(const struct explain_walk *walk, const struct expr *call,
			 struct node_run *ret)
{
	const struct engine *engine = walk->engine;
	uint32_t number =
		program_node_find(engine->program, compile_node_kind(call), call->key);
	struct node *node;

	if (number == PROGRAM_NONE)
		return false;
	*ret = engine_node(engine, number);
	node = arena_take(walk->arena, 1, sizeof(*node));
	*node = *ret->node;
	node->slot = 0;
	ret->node = node;
	ret->memory = arena_take(walk->arena, 1, node_memory(node));
	memcpy(ret->memory, engine->memory + node->memory, node_memory(node));
	ret->slots = arena_take(walk->arena, 1, sizeof(double));
	ret->slots[0] = engine->slots[engine->program->nodes[number].slot];
	return true;
}

static double explain_past(const struct explain_walk *walk, const struct expr *call)
{
	struct node_run run;

	if (!explain_node(walk, call, &run))
		return NAN;
	if (run.node->kind == NODE_WINDOW) {
		window_expire(run.memory, walk->now.ns);
		return node_window_result(&run, call->function->window, call->number);
	}
	node_refresh(&run, walk->now.ns);
	return run.slots[0];
}

struct value explain_walk_since(const struct explain_walk *walk, const struct expr *call)
{
	struct node_run run;
	double seconds =
		explain_node(walk, call, &run) ? node_since_s(&run, walk->now.ns) : NAN;

	return isnan(seconds) ? (struct value){.kind = VALUE_NONE} : value_number(seconds);
}

/* ---- the walk ---------------------------------------------------------------------------- */

static double explain_walk(const struct explain_walk *walk, const struct expr *expr);

static double explain_finite(double x)
{
	return isfinite(x) ? x : NAN;
}

static double explain_compare(enum expr_op op, double a, double b)
{
	if (isnan(a) || isnan(b))
		return NAN;
	switch ((int)op) {
	case EXPR_LT:
		return a < b;
	case EXPR_LE:
		return a <= b;
	case EXPR_GT:
		return a > b;
	case EXPR_GE:
		return a >= b;
	case EXPR_NE:
		return a != b;
	default:
		return a == b;
	}
}

/* Both are as they should be: false wins, then unknown. */
static double explain_both(double a, double b)
{
	if (a == 0 || b == 0)
		return 0;
	return isnan(a) || isnan(b) ? NAN : 1;
}

static double explain_either(double a, double b)
{
	if (a == 1 || b == 1)
		return 1;
	return isnan(a) || isnan(b) ? NAN : 0;
}

static double explain_walk_chain(const struct explain_walk *walk, const struct expr *expr)
{
	double a = explain_walk(walk, expr->kids), b = explain_walk(walk, expr->kids->next);
	double c = explain_walk(walk, expr->kids->next->next);

	return explain_both(explain_compare(expr->rel[0], a, b),
			    explain_compare(expr->rel[1], b, c));
}

static double explain_walk_in(const struct explain_walk *walk, const struct expr *expr)
{
	double x = explain_walk(walk, expr->kids), found = 0;

	for (const struct expr *item = expr->kids->next; item != NULL; item = item->next)
		found = explain_either(found,
				       explain_compare(EXPR_EQ, x, explain_walk(walk, item)));
	return found;
}

/* The functions that compute: the first min_args at once, each further one with the result. */
static double explain_walk_function(const struct explain_walk *walk, const struct expr *expr)
{
	const struct function *function = expr->function;
	const struct expr *kid = expr->kids;
	double args[3] = {0}, result;

	for (int i = 0; i < function->min_args; i++, kid = kid->next) {
		args[i] = explain_walk(walk, kid);
		if (isnan(args[i]))
			return NAN;
	}
	result = explain_finite(function->eval(args));
	for (; kid != NULL; kid = kid->next) {
		args[0] = result;
		args[1] = explain_walk(walk, kid);
		if (isnan(args[0]) || isnan(args[1]))
			return NAN;
		result = explain_finite(function->eval(args));
	}
	return result;
}

static double explain_walk_call(const struct explain_walk *walk, const struct expr *expr)
{
	double first;

	switch (expr->function->rule) {
	case FUNCTION_SAME:
	case FUNCTION_ROOT:
	case FUNCTION_PLAIN:
	case FUNCTION_POWER:
		return explain_walk_function(walk, expr);
	case FUNCTION_IF:
		first = explain_walk(walk, expr->kids);
		if (isnan(first))
			return NAN;
		return explain_walk(walk,
				    first != 0 ? expr->kids->next : expr->kids->next->next);
	case FUNCTION_ELSE:
		first = explain_walk(walk, expr->kids);
		return isnan(first) ? explain_walk(walk, expr->kids->next) : first;
	case FUNCTION_KNOWN:
		return !isnan(explain_walk(walk, expr->kids));
	case FUNCTION_RISES:
	case FUNCTION_FALLS:
	case FUNCTION_CHANGED:
		return 0; /* an impulse is over when somebody asks */
	case FUNCTION_HELD:
	case FUNCTION_ONCE:
	case FUNCTION_SINCE:
	case FUNCTION_WINDOW:
	case FUNCTION_EWMA:
	case FUNCTION_PREV:
		return explain_past(walk, expr);
	case FUNCTION_POINT:
	case FUNCTION_AGE:
	case FUNCTION_QUALITY:
	case FUNCTION_OK:
	case FUNCTION_BAD:
	case FUNCTION_FIRING:
	case FUNCTION_NOW:
	case FUNCTION_TOD:
	case FUNCTION_WEEKDAY:
	case FUNCTION_BETWEEN:
		break; /* slots by now */
	}
	return NAN;
}

static double explain_walk_two(enum expr_op op, double a, double b)
{
	switch ((int)op) {
	case EXPR_AND:
		return explain_both(a, b);
	case EXPR_OR:
		return explain_either(a, b);
	case EXPR_ADD:
		return explain_finite(a + b);
	case EXPR_SUB:
		return explain_finite(a - b);
	case EXPR_MUL:
		return explain_finite(a * b);
	case EXPR_DIV:
		return explain_finite(a / b);
	case EXPR_ELSE:
		return isnan(a) ? b : a;
	default:
		return explain_compare(op, a, b);
	}
}

static double explain_walk(const struct explain_walk *walk, const struct expr *expr)
{
	double a;

	switch ((int)expr->op) {
	case EXPR_CONST:
		return expr->number;
	case EXPR_SLOT:
		return walk->slots[expr->slot];
	case EXPR_AGE:
		return explain_walk_age(walk, expr->slot);
	case EXPR_AFFINE:
		/* Two roundings, as the engine's two instructions. */
		a = explain_finite(explain_walk(walk, expr->kids) * expr->number);
		return expr->offset != 0 ? explain_finite(a + expr->offset) : a;
	case EXPR_NOT:
		a = explain_walk(walk, expr->kids);
		return isnan(a) ? NAN : a == 0;
	case EXPR_NEG:
		return -explain_walk(walk, expr->kids);
	case EXPR_CHAIN:
		return explain_walk_chain(walk, expr);
	case EXPR_IN:
		return explain_walk_in(walk, expr);
	case EXPR_CALL:
		return explain_walk_call(walk, expr);
	case EXPR_POW:
		return explain_walk_function(walk, expr);
	default:
		a = explain_walk(walk, expr->kids);
		return explain_walk_two(expr->op, a, explain_walk(walk, expr->kids->next));
	}
}

struct value explain_walk_value(const struct explain_walk *walk, const struct expr *tree)
{
	double result = explain_walk(walk, tree);

	if (isnan(result))
		return (struct value){.kind = VALUE_NONE};
	switch (tree->type.kind) {
	case VALUE_NUMBER:
		return value_number(result);
	case VALUE_BOOL:
		return value_bool(result != 0);
	case VALUE_TEXT:
		return value_text(walk->program->texts[(uint32_t)result]);
	case VALUE_NONE:
		break;
	}
	return (struct value){.kind = VALUE_NONE};
}

static int64_t explain_until(const struct explain_walk *walk, const struct node *node)
{
	struct wall edge;

	explain_clock(walk, node, &edge);
	return edge.ns == WALL_NEVER.ns ? -1
					: edge.ns - engine_wall(walk->engine, walk->now).ns;
}

int64_t explain_walk_change(const struct explain_walk *walk, const struct expr *tree)
{
	int64_t next = -1;
	struct node_run run;

	if (tree->op == EXPR_CALL && function_remembers(tree->function) &&
	    explain_node(walk, tree, &run)) {
		int64_t deadline = node_deadline(&run, walk->now.ns);

		return deadline != INT64_MAX ? deadline - walk->now.ns : -1;
	}
	for (uint32_t i = 0; tree->op == EXPR_SLOT && i < walk->program->node_count; i++) {
		const struct node *node = &walk->program->nodes[i];

		if (node->slot == tree->slot && node->kind == NODE_AGE)
			next = node->span_ns - explain_age_ns(walk, node->point);
		else if (node->slot == tree->slot && program_node_of_clock(node))
			next = explain_until(walk, node);
	}
	for (const struct expr *kid = tree->kids; kid != NULL; kid = kid->next) {
		int64_t other = explain_walk_change(walk, kid);

		if (other >= 0 && (next < 0 || other < next))
			next = other;
	}
	return next > 0 ? next : -1;
}
