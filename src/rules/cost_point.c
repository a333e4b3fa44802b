/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the count of what one reading may set going, if all changes that can change. */
#include "base/arena.h"
#include "model/point.h"
#include "rules/cost.h"
#include "rules/cost_count.h"
#include "rules/rule.h"
#include "rules/ruleset.h"

struct cascade {
	const struct ruleset *set;
	const struct program *program;
	uint32_t round;
	uint32_t *nodes_seen, *rules_seen; /* the round in which it was found */
	uint32_t *nodes, *rules;	   /* found, by rank the latter */
	uint32_t node_count, rule_count;
};

static void cascade_rules(struct cascade *c, const struct reach *reach, uint32_t source)
{
	struct reached rules = reach_of(reach, source);

	for (uint32_t i = 0; i < rules.count; i++) {
		if (c->rules_seen[rules.ids[i]] == c->round)
			continue;
		c->rules_seen[rules.ids[i]] = c->round;
		c->rules[c->rule_count++] = rules.ids[i];
	}
}

/* A rule that fires wakes those that read it. */
static void cascade_firing(struct cascade *c, uint32_t from)
{
	for (uint32_t i = from; i < c->rule_count; i++)
		cascade_rules(c, &c->program->rule_rules,
			      program_ranked(c->program, c->rules[i]));
}

static void cascade_nodes(struct cascade *c, const struct reach *reach, uint32_t source)
{
	struct reached nodes = reach_of(reach, source);

	for (uint32_t i = 0; i < nodes.count; i++) {
		if (c->nodes_seen[nodes.ids[i]] == c->round)
			continue;
		c->nodes_seen[nodes.ids[i]] = c->round;
		c->nodes[c->node_count++] = nodes.ids[i];
	}
}

static void cascade_point(struct cascade *c, uint32_t point)
{
	cascade_nodes(c, &c->program->point_nodes, point);
	cascade_rules(c, &c->program->point_rules, point);
}

static uint32_t cascade_steps(const struct cascade *c)
{
	uint32_t steps = 0;

	for (uint32_t i = 0; i < c->rule_count; i++) {
		const struct rule *rule =
			ruleset_rule_get(c->set, program_ranked(c->program, c->rules[i]));

		steps += rule->when.count + (rule->has_clear ? rule->more->clear.count : 0);
	}
	return steps;
}

static bool cascade_is_edge(enum node_kind kind)
{
	return kind == NODE_RISES || kind == NODE_FALLS || kind == NODE_CHANGED;
}

/* Instants end in a second pass, which evaluates whoever reads them once more. */
static void cascade_second_pass(struct cascade *c, struct cost_point *ret)
{
	c->round++;
	c->rule_count = 0;
	for (uint32_t i = 0; i < c->node_count; i++) {
		if (cascade_is_edge(c->program->nodes[c->nodes[i]].kind))
			cascade_rules(c, &c->program->node_rules, c->nodes[i]);
	}
	cascade_firing(c, 0);
	ret->rules += c->rule_count;
	ret->steps += cascade_steps(c);
}

static void cascade_run(struct cascade *c, uint32_t point, struct cost_point *ret)
{
	const struct program *program = c->program;

	c->round++;
	c->node_count = c->rule_count = 0;
	cascade_nodes(c, &program->point_samplers, point);
	cascade_nodes(c, &program->point_ages, point);
	cascade_point(c, point);
	cascade_rules(c, &program->point_waits, point);
	for (uint32_t i = 0; i < c->node_count; i++) {
		const struct node *node = &program->nodes[c->nodes[i]];

		ret->steps += cost_node_steps(node);
		if (node->kind == NODE_DERIVED)
			cascade_point(c, node->point);
		cascade_nodes(c, &program->node_nodes, c->nodes[i]);
		cascade_rules(c, &program->node_rules, c->nodes[i]);
	}
	cascade_firing(c, 0);
	ret->nodes = c->node_count;
	ret->rules = c->rule_count;
	ret->steps += cascade_steps(c);
	cascade_second_pass(c, ret);
}

bool cost_point_is_guarded(const struct program *program, uint32_t id)
{
	const struct point *point = point_table_get(program->points, id);

	return point->kind == VALUE_NUMBER && point->deadband == 0 && !program->guards.wild[id];
}

void cost_add_points(struct arena *arena, const struct ruleset *set, struct cost *cost)
{
	const struct program *program = ruleset_program(set);
	struct cost_point *points = arena_take(arena, program->point_count, sizeof(*points));
	struct cascade c = {
		.set = set,
		.program = program,
		.nodes_seen = arena_take(arena, program->node_count, sizeof(uint32_t)),
		.rules_seen = arena_take(arena, program->rule_count, sizeof(uint32_t)),
		.nodes = arena_take(arena, program->node_count, sizeof(uint32_t)),
		.rules = arena_take(arena, program->rule_count, sizeof(uint32_t)),
	};
	const uint32_t *bands = program->guards.start;

	cost->point_count = program->point_count;
	cost->points = points;
	cost->worst = PROGRAM_NONE;
	for (uint32_t i = 0; i < program->point_count; i++) {
		/* Derived points have no readings of their own. */
		if (program_derived(program, i) != PROGRAM_NONE)
			continue;
		cascade_run(&c, i, &points[i]);
		points[i].thresholds = bands[i + 1] - bands[i];
		points[i].guarded = cost_point_is_guarded(program, i);
		if (points[i].rules + points[i].nodes > 0 &&
		    (cost->worst == PROGRAM_NONE ||
		     points[i].steps > points[cost->worst].steps))
			cost->worst = i;
	}
}
