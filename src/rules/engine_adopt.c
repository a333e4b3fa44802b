/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns what an engine takes over from the one before it (rules.md section 8). */
#include "rules/engine_core.h"

#include <math.h>
#include <string.h>

#include "model/point.h"
#include "rules/eval.h"
#include "rules/ruleset.h"

static bool engine_same_text(const char *a, const char *b)
{
	return (a == NULL && b == NULL) || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool engine_same_point(const struct point *a, const struct point *b)
{
	return a->kind == b->kind && engine_same_text(a->unit_text, b->unit_text);
}

/* The rules and points of one of the two engines, whether or not it runs. */
struct engine_side {
	const struct ruleset *set;
	const struct point_table *points;
};

static struct engine_side engine_side(const struct engine *engine)
{
	return (struct engine_side){engine->set, engine->points};
}

/* What a derived point is computed from, in words; NULL for one that is read. */
static const char *engine_formula(const struct engine_side *side, uint32_t point)
{
	const struct program *program = ruleset_program(side->set);
	uint32_t node = program_derived(program, point);

	return node != PROGRAM_NONE ? program->nodes[node].key : NULL;
}

/* The point of old that is the same as id is now: POINT_NONE if there is none. */
static uint32_t engine_before(const struct engine_side *side, const struct engine_side *old,
			      uint32_t id)
{
	const struct point *point = point_table_get(side->points, id);
	uint32_t other = point_table_find(old->points, point->name, strlen(point->name));

	if (other == POINT_NONE ||
	    !engine_same_point(point, point_table_get(old->points, other)) ||
	    !engine_same_text(engine_formula(side, id), engine_formula(old, other)))
		return POINT_NONE;
	return other;
}

static void engine_adopt_point(struct engine *engine, const struct engine *old, uint32_t id)
{
	const struct engine_side now = engine_side(engine), before = engine_side(old);
	uint32_t other = engine_before(&now, &before, id);
	const struct stored *stored = &engine->store.points[id];
	struct reached ages = reach_of(&engine->program->point_ages, id);

	if (other == POINT_NONE)
		return;
	store_adopt(&engine->store, id, &old->store, other, engine->now);
	timers_set(&engine->timers, id,
		   stored->expired ? INT64_MAX
				   : boot_add((struct boot){stored->at},
					      store_stale_ns(&engine->store, id))
					     .ns);
	for (uint32_t i = 0; i < ages.count; i++) {
		const struct node *node = &engine->program->nodes[ages.ids[i]];
		struct boot reached = boot_add((struct boot){stored->at}, node->span_ns);
		bool over = reached.ns < engine->now.ns;

		engine->slots[node->slot] = over;
		timers_set(&engine->timers, engine->first_node + ages.ids[i],
			   over ? INT64_MAX : reached.ns);
	}
}

/* Whether one of the points has kept its name but is measured or computed otherwise now. */
static bool engine_differs(const struct engine_side *side, const struct engine_side *old,
			   const uint32_t *points, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		const struct point *point = point_table_get(side->points, points[i]);

		if (point_table_find(old->points, point->name, strlen(point->name)) !=
			    POINT_NONE &&
		    engine_before(side, old, points[i]) == POINT_NONE)
			return true;
	}
	return false;
}

enum engine_keep engine_keeps(const struct ruleset *set, const struct point_table *points,
			      uint32_t number, const struct ruleset *old_set,
			      const struct point_table *old_points, uint32_t other)
{
	const struct engine_side side = {set, points}, old = {old_set, old_points};
	const struct rule *rule = ruleset_rule_get(set, number);
	const struct rule *before = ruleset_rule_get(old_set, other);

	if (before->instant != rule->instant)
		return ENGINE_KEEPS_NOTHING;
	if (before->on_unknown == rule->on_unknown &&
	    engine_same_text(rule_when_text(before), rule_when_text(rule)) &&
	    engine_same_text(rule_clear_text(before), rule_clear_text(rule)) &&
	    bindings_equal(&before->more->bindings, &rule->more->bindings) &&
	    !engine_differs(&side, &old, rule->points, rule->condition_points))
		return ENGINE_KEEPS_ALL;
	return rule->instant ? ENGINE_KEEPS_NOTHING : ENGINE_KEEPS_STATE;
}

/* The node of old that says the same of the same points; PROGRAM_NONE if there is none. */
static uint32_t engine_node_before(const struct engine *engine, const struct engine *old,
				   const struct node *node)
{
	const struct engine_side now = engine_side(engine), before = engine_side(old);

	if (node->key == NULL ||
	    engine_differs(&now, &before, node->inputs.ids, node->inputs.count))
		return PROGRAM_NONE;
	return program_node_find(old->program, node->kind, node->key);
}

/* The last known operand of a node of old. The numbers of texts are each engine's own. */
static double engine_adopt_last(const struct engine *engine, const struct engine *old,
				const struct node *before)
{
	double last = old->slots[before->last];

	return before->operand == VALUE_TEXT && last >= 0
		       ? store_text_number(&engine->store, store_text(&old->store, last))
		       : last;
}

/* What it remembers, or, of a truth, the present: the past before a reload is not known. */
static void engine_adopt_memory(struct engine *engine, uint32_t number,
				const struct engine *old, uint32_t other)
{
	const struct node_run run = engine_node(engine, number);
	double *last = &engine->slots[run.node->last];

	/* The numbers of texts are each engine's own. */
	if (other != PROGRAM_NONE && run.node->operand != VALUE_TEXT) {
		const struct node_run before = engine_node(old, other);

		node_adopt(&run, &before, engine->now.ns);
		*last = engine_adopt_last(engine, old, before.node);
	} else if (run.node->operand == VALUE_BOOL && run.node->kind != NODE_PREV) {
		*last = eval_run(engine->program, run.node->code, engine->slots);
		node_feed(&run, *last, engine->now.ns);
	} else if (run.node->kind == NODE_WINDOW) {
		/* What is there already is no sample: its reading was before this window. */
		*last = eval_run(engine->program, run.node->code, engine->slots);
	}
	engine_plan_node(engine, number);
}

/* Directly, or through another node. */
static bool engine_reads_clock(const struct engine *engine, const struct program_use *use)
{
	for (uint32_t i = 0; i < use->nodes.count; i++) {
		const struct node *node = &engine->program->nodes[use->nodes.ids[i]];

		if (program_node_of_clock(node) ||
		    (node->use != NULL && engine_reads_clock(engine, node->use)))
			return true;
	}
	return false;
}

static bool engine_heard(const struct engine *engine, uint32_t point)
{
	const struct stored *stored = &engine->store.points[point];

	return stored->ever || stored->expired || stored->bad || stored->heard;
}

/* A point of one of the devices. */
static bool engine_heard_group(const struct engine *engine, const struct program_use *use)
{
	const struct program *program = engine->program;

	for (uint32_t i = 0; i < use->groups.count; i++) {
		for (uint32_t p = 0; p < program->point_count; p++) {
			if (program->point_groups[p] == use->groups.ids[i] + 1 &&
			    engine_heard(engine, p))
				return true;
		}
	}
	for (uint32_t i = 0; i < use->nodes.count; i++) {
		const struct node *node = &program->nodes[use->nodes.ids[i]];

		if (node->use != NULL && engine_heard_group(engine, node->use))
			return true;
	}
	return false;
}

/* Before anything was read that it is computed from, a derived point is unknown. */
static bool engine_derives(const struct engine *engine, const struct node *node)
{
	for (uint32_t i = 0; i < node->inputs.count; i++) {
		if (engine_heard(engine, node->inputs.ids[i]))
			return true;
	}
	return engine_heard_group(engine, node->use) ||
	       (engine->clock_set && engine_reads_clock(engine, node->use));
}

/* Nodes go on from where they were, or start from what is there now. */
static void engine_adopt_node(struct engine *engine, const struct engine *old, uint32_t number)
{
	const struct node *node = &engine->program->nodes[number];
	uint32_t other = engine_node_before(engine, old, node);

	switch ((int)node->kind) {
	case NODE_AGE:
		return; /* came with its point */
	case NODE_SPANS:
	case NODE_WEEKDAY:
		engine_clock_node(engine, number);
		/* The zone is another, or the clock strikes just now. */
		if (other != PROGRAM_NONE &&
		    !engine_same(engine->slots[node->slot],
				 old->slots[old->program->nodes[other].slot]))
			engine_node_changed(engine, number);
		return;
	case NODE_DERIVED:
		if (engine_derives(engine, node))
			engine_derive(engine, number, false);
		return;
	case NODE_RISES:
	case NODE_FALLS:
	case NODE_CHANGED:
		/* Seen for the first time it makes no instant. */
		if (other == PROGRAM_NONE)
			engine_prime_edge(engine, number);
		else
			engine->slots[node->last] =
				engine_adopt_last(engine, old, &old->program->nodes[other]);
		return;
	default:
		engine_adopt_memory(engine, number, old, other);
		return;
	}
}

void engine_plan_repeat(struct engine *engine, uint32_t number)
{
	const struct rule *rule = ruleset_rule_get(engine->set, number);
	const struct rule_run *run = &engine->runs[number];

	if (rule->more->repeat_ns > 0 && engine_is_alarm(run->machine.state)) {
		int64_t age = boot_diff(engine->now, run->machine.fired);
		int64_t beats = age > 0 ? (age - 1) / rule->more->repeat_ns + 1 : 1;

		/* The rhythm counts from the moment of firing, whatever it was before. */
		timers_set(&engine->timers, engine_repeat_owner(engine, rule),
			   boot_add(run->machine.fired, beats * rule->more->repeat_ns).ns);
	}
}

/* The rule is unknown since when it was; what is over by that is due now. */
static void engine_adopt_blind(struct engine *engine, const struct rule *rule,
			       int64_t longer_ns, int64_t deadline)
{
	if (deadline != INT64_MAX) {
		deadline += longer_ns;
		if (deadline < engine->now.ns)
			deadline = engine->now.ns;
	}
	timers_set(&engine->timers, engine_blind_owner(engine, rule), deadline);
}

/* Whether anything that the rule reads has spoken since the start. */
static bool engine_has_source(const struct engine *engine, const struct rule *rule)
{
	for (uint32_t i = 0; i < rule->condition_points; i++) {
		if (engine_heard(engine, rule->points[i]))
			return true;
	}
	for (uint32_t i = 0; i < rule->more->use->nodes.count; i++) {
		const struct node *node =
			&engine->program->nodes[rule->more->use->nodes.ids[i]];

		if (node->kind == NODE_AGE && engine->slots[node->slot] == 1)
			return true;
	}
	if (engine->clock_set && engine_reads_clock(engine, rule->more->use))
		return true;
	return rule->more->use->groups.count + rule->more->use->rules.count > 0;
}

/* Whether the rule has to be looked at: it is new, or its condition is. */
static void engine_adopt_rule(struct engine *engine, const struct engine *old, uint32_t number)
{
	const struct rule *rule = ruleset_rule_get(engine->set, number), *before;
	struct rule_run *run = &engine->runs[number];
	uint32_t other = ruleset_find(old->set, rule->name);
	uint32_t slot = program_asked(engine->program->rule_slots, number);
	bool same;

	before = other != UINT32_MAX ? ruleset_rule_get(old->set, other) : NULL;
	same = before != NULL && engine_keeps(engine->set, engine->points, number, old->set,
					      old->points, other) == ENGINE_KEEPS_ALL;
	run->looked = before != NULL || engine_has_source(engine, rule);
	if (rule->more->at != NULL)
		engine_clock_adopt(engine, number, old, other);
	if (before == NULL)
		return;
	engine_set_shelf(engine, number, old->shelves[other]);
	if (rule->more->limits != NULL && before->more->limits != NULL) {
		quiet_adopt(engine_quiet(engine, number), engine_quiet(old, other));
		engine_quiet_plan(engine, number);
	}
	if (rule->instant || before->instant)
		return;
	run->machine = old->runs[other].machine;
	run->fired = old->runs[other].fired;
	run->cleared = old->runs[other].cleared;
	run->held = old->runs[other].held;
	run->told = old->runs[other].told;
	run->missed = old->runs[other].missed;
	if (same) {
		run->condition = old->runs[other].condition;
		/* Outside of its schedule there is nothing to wait for. */
		run->looked = old->runs[other].looked || engine_is_inactive(engine, rule);
		rule_machine_retime(&run->machine, rule, engine->now);
	} else {
		rule_machine_restart(&run->machine, rule, engine->now);
	}
	engine_plan_state(engine, number, run->machine.deadline.ns);
	engine_plan_repeat(engine, number);
	if (slot != 0)
		engine->slots[slot] = engine_is_alarm(run->machine.state);
	if (!same || rule->more->blind_ns == 0)
		return;
	if (run->condition != CONDITION_UNKNOWN) {
		/* A new engine is blind from its start on: this rule was not. */
		timers_clear(&engine->timers, engine_blind_owner(engine, rule));
	} else if (before->more->blind_ns > 0) {
		run->blind = old->runs[other].blind;
		engine_adopt_blind(engine, rule, rule->more->blind_ns - before->more->blind_ns,
				   timers_get(&old->timers, engine_blind_owner(old, before)));
	}
}

/* An alarm whose rule is gone is over; the words are the old rule's. */
static void engine_adopt_removed(struct engine *engine, const struct engine *old)
{
	for (uint32_t i = 0; i < old->rule_count; i++) {
		const struct rule *rule = ruleset_rule_get(old->set, i);
		const struct rule_machine *machine = &old->runs[i].machine;
		uint32_t now = ruleset_find(engine->set, rule->name);
		struct event event;

		if (!engine_is_alarm(machine->state) ||
		    (now != UINT32_MAX && !ruleset_rule_get(engine->set, now)->instant))
			continue;
		event = (struct event){
			.type = EVENT_CLEAR,
			.rule = i, /* its number in the old set: there is no other */
			.rule_name = rule->name,
			.severity = (enum severity)rule->severity,
			.priority = rule->more->priority,
			.from = machine->state,
			.to = RULE_OK,
			.seq = ++engine->seq,
			.at = engine->now,
			.active_ns = boot_diff(engine->now, machine->fired),
			.reason = "removed",
			.held = !old->runs[i].told,
			.message = "",
			.label_count = rule->more->label_count,
			.labels = rule->more->labels,
		};
		engine->counters.events++;
		engine->sink.event(engine->sink.arg, &event);
	}
}

void engine_adopt(struct engine *engine, const struct engine *old, struct boot now)
{
	engine->now = now.ns > old->now.ns ? now : old->now;
	engine->seq = old->seq;
	engine->counters = old->counters;
	engine->clock_set = old->clock_set;
	engine->wall_ahead_ns = old->wall_ahead_ns;
	for (uint32_t i = 0; i < engine->program->point_count; i++)
		engine_adopt_point(engine, old, i);
	for (uint32_t i = 0; i < engine->program->node_count; i++)
		engine_adopt_node(engine, old, i);
	for (uint32_t i = 0; i < engine->rule_count; i++)
		engine_adopt_rule(engine, old, i);
	engine_adopt_removed(engine, old);
	for (uint32_t rank = 0; rank < engine->rule_count; rank++) {
		uint32_t number = program_ranked(engine->program, rank);

		if (!ruleset_rule_get(engine->set, number)->instant &&
		    engine->runs[number].looked)
			agenda_add(&engine->ranks, rank, PASS_CHANGE);
	}
	engine_run_nodes(engine);
	engine_look_all(engine);
	engine_end_pulses(engine);
}
