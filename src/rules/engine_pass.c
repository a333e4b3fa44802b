/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Owns the order of evaluation (rules.md section 5): timers and readings, then nodes by number,
 * then rules by rank, and impulses that end.
 */
#include "rules/engine_core.h"

#include <math.h>

#include "rules/eval.h"
#include "rules/ruleset.h"

/* ---- nodes ---------------------------------------------------------------------------- */

static void engine_queue_nodes(struct engine *engine, const struct reach *reach,
			       uint32_t source, uint8_t reason)
{
	struct reached nodes = reach_of(reach, source);

	for (uint32_t i = 0; i < nodes.count; i++)
		agenda_add(&engine->nodes, nodes.ids[i], reason);
}

/* The point is another: whatever reads it has a turn in this pass. */
static void engine_point_changed(struct engine *engine, uint32_t point)
{
	engine_queue_nodes(engine, &engine->program->point_nodes, point, PASS_CHANGE);
	engine_queue(engine, &engine->program->point_rules, point);
}

void engine_node_changed(struct engine *engine, uint32_t number)
{
	engine_queue_nodes(engine, &engine->program->node_nodes, number, PASS_CHANGE);
	engine_queue(engine, &engine->program->node_rules, number);
}

static bool engine_edge(enum node_kind kind, double last, double now)
{
	switch ((int)kind) {
	case NODE_RISES:
		return last == 0 && now == 1;
	case NODE_FALLS:
		return last == 1 && now == 0;
	case NODE_CHANGED:
		return !isnan(last) && last != now;
	default:
		return false;
	}
}

void engine_prime_edge(struct engine *engine, uint32_t number)
{
	const struct node *node = &engine->program->nodes[number];
	double value = eval_run(engine->program, node->code, engine->slots);

	if (!isnan(value))
		engine->slots[node->last] = value;
}

/* What an edge compares with is the last value that was known. */
static void engine_run_edge(struct engine *engine, uint32_t number)
{
	const struct node *node = &engine->program->nodes[number];
	double last = engine->slots[node->last];

	engine_prime_edge(engine, number);
	if (!engine_edge(node->kind, last, engine->slots[node->last]) ||
	    engine->slots[node->slot] == 1)
		return;
	engine->slots[node->slot] = 1;
	engine->pulses[engine->pulse_count++] = number;
	engine_node_changed(engine, number);
}

unsigned engine_derive(struct engine *engine, uint32_t number, bool reported)
{
	const struct node *node = &engine->program->nodes[number];
	double value = eval_run(engine->program, node->code, engine->slots);
	struct store_verdict verdict;
	unsigned changed;

	store_judge_inputs(&engine->store, node->inputs.ids, node->inputs.count, &verdict);
	changed = store_derive(&engine->store, node->point, value, &verdict, reported,
			       engine->now);
	if ((changed & STORE_GOOD) != 0 && engine_rearm(engine, node->point, engine->now.ns))
		changed |= STORE_QUALITY;
	return changed;
}

void engine_plan_node(struct engine *engine, uint32_t number)
{
	const struct node_run run = engine_node(engine, number);

	timers_set(&engine->timers, engine->first_node + number,
		   node_deadline(&run, engine->now.ns));
}

/* A node that remembers takes a sample: each reading, and each change that needs none. */
static void engine_feed_node(struct engine *engine, uint32_t number, uint8_t reasons)
{
	const struct node_run run = engine_node(engine, number);
	double value = eval_run(engine->program, run.node->code, engine->slots);

	if ((reasons & PASS_SAMPLE) == 0 && engine_same(value, engine->slots[run.node->last]))
		return;
	engine->slots[run.node->last] = value;
	if (run.node->kind == NODE_PREV)
		engine->prevs[engine->prev_count++] = number;
	if (node_feed(&run, value, engine->now.ns))
		engine_node_changed(engine, number);
	engine_plan_node(engine, number);
}

static void engine_run_derived(struct engine *engine, uint32_t number, bool reported)
{
	uint32_t point = engine->program->nodes[number].point;
	bool silent = engine->store.points[point].expired;
	unsigned changed = engine_derive(engine, number, reported);

	if (engine->store.points[point].expired != silent)
		engine_queue(engine, &engine->program->point_waits, point);
	if ((changed & (STORE_VALUE | STORE_QUALITY)) != 0)
		engine_point_changed(engine, point);
}

static void engine_run_node(struct engine *engine, uint32_t number, uint8_t reasons)
{
	const struct node *node = &engine->program->nodes[number];

	switch (node->kind) {
	case NODE_AGE:
	case NODE_SPANS:
	case NODE_WEEKDAY:
		return;
	case NODE_RISES:
	case NODE_FALLS:
	case NODE_CHANGED:
		engine_run_edge(engine, number);
		return;
	case NODE_DERIVED:
		engine_run_derived(engine, number, (reasons & PASS_SAMPLE) != 0);
		return;
	case NODE_WINDOW:
	case NODE_HELD:
	case NODE_ONCE:
	case NODE_SINCE:
	case NODE_LASTED:
	case NODE_EWMA:
	case NODE_PREV:
		engine_feed_node(engine, number, reasons);
		return;
	case NODE_KINDS:
		return;
	}
}

/* ---- passes --------------------------------------------------------------------------- */

/* Impulses last one pass: in a second one at the same instant they are false again. */
void engine_end_pulses(struct engine *engine)
{
	uint32_t count = engine->pulse_count;

	if (count == 0)
		return;
	engine->pulse_count = 0;
	for (uint32_t i = 0; i < count; i++) {
		engine->slots[engine->program->nodes[engine->pulses[i]].slot] = 0;
		engine_queue(engine, &engine->program->node_rules, engine->pulses[i]);
	}
	engine_evaluate_all(engine, NULL, 0);
}

static void engine_close_prev(struct engine *engine, uint32_t number)
{
	const struct node_run run = engine_node(engine, number);

	node_close(&run, eval_run(engine->program, run.node->code, engine->slots));
}

void engine_run_nodes(struct engine *engine)
{
	while (engine->nodes.count > 0) {
		uint8_t reasons;
		uint32_t number = agenda_take(&engine->nodes, &reasons);

		engine_run_node(engine, number, reasons);
	}
	while (engine->prev_count > 0)
		engine_close_prev(engine, engine->prevs[--engine->prev_count]);
}

/* Runs all nodes and rules that wait, and whatever they wake. */
static void engine_pass(struct engine *engine)
{
	engine_run_nodes(engine);
	engine_evaluate_all(engine, NULL, 0);
	engine_end_pulses(engine);
}

void engine_pass_fresh(struct engine *engine, const struct fresh *fresh, uint32_t count)
{
	const struct program *program = engine->program;
	uint32_t point = fresh[0].point;

	/* The usual case: one point, and no node that reads it. */
	if (count == 1 && !reach_any(&program->point_samplers, point) &&
	    !reach_any(&program->point_nodes, point)) {
		struct reached rules = reach_of(&program->point_rules, point);

		engine_evaluate_all(engine, rules.ids, rules.count);
		return;
	}
	for (uint32_t i = 0; i < count; i++) {
		if ((fresh[i].reasons & PASS_SAMPLE) != 0)
			engine_queue_nodes(engine, &program->point_samplers, fresh[i].point,
					   PASS_SAMPLE);
		if ((fresh[i].reasons & PASS_CHANGE) != 0)
			engine_point_changed(engine, fresh[i].point);
	}
	engine_pass(engine);
}

void engine_pass_clock(struct engine *engine)
{
	for (uint32_t i = 0; i < engine->program->node_count; i++) {
		if (program_node_of_clock(&engine->program->nodes[i]) &&
		    engine_clock_node(engine, i))
			engine_node_changed(engine, i);
	}
	engine_pass(engine);
}

/* ---- timers --------------------------------------------------------------------------- */

static void engine_expire_rule(struct engine *engine, uint32_t number)
{
	struct rule_run *run = &engine->runs[number];
	const struct rule *rule = ruleset_rule_get(engine->set, number);

	if (rule->more->at != NULL) {
		engine_clock_slot(engine, number);
		return;
	}
	engine_step(engine, number, rule_machine_expire(&run->machine, rule, engine->now),
		    NULL);
	engine_evaluate_all(engine, NULL, 0);
}

static void engine_repeat(struct engine *engine, uint32_t number)
{
	const struct rule *rule = ruleset_rule_get(engine->set, number);
	struct rule_run *run = &engine->runs[number];

	timers_set(&engine->timers, engine_repeat_owner(engine, rule),
		   boot_add(engine->now, rule->more->repeat_ns).ns);
	if (rule->more->limits != NULL)
		engine_review_hold(engine, number);
	if (run->machine.state != RULE_FIRING || run->machine.acked)
		return;
	if (run->held)
		engine_quiet_note(engine, number, EVENT_REPEAT, true);
	else
		engine_emit(engine, number, EVENT_REPEAT, RULE_FIRING, RULE_FIRING, NULL);
}

static void engine_blind(struct engine *engine, uint32_t number)
{
	enum rule_state state = engine->runs[number].machine.state;

	engine->runs[number].blind = true;
	if (ruleset_rule_get(engine->set, number)->more->limits != NULL)
		engine_review_hold(engine, number);
	engine_emit(engine, number, EVENT_BLIND, state, state, NULL);
}

/* A point's own stale deadline may be later than its timer: readings move the one alone. */
bool engine_next_timer(struct engine *engine, int64_t *ret_deadline, uint32_t *ret_owner)
{
	while (timers_first(&engine->timers, ret_deadline, ret_owner)) {
		const struct stored *point;
		struct boot stale;

		if (*ret_owner >= engine->first_node)
			return true;
		point = &engine->store.points[*ret_owner];
		stale = boot_add((struct boot){point->at},
				 store_stale_ns(&engine->store, *ret_owner));
		if (stale.ns <= *ret_deadline)
			return true;
		timers_set(&engine->timers, *ret_owner, stale.ns);
	}
	return false;
}

/* What a node yields is another one at its deadline: whoever reads it waits for the pass. */
static void engine_expire_node(struct engine *engine, uint32_t number)
{
	const struct node_run run = engine_node(engine, number);
	bool changed = true;

	if (run.node->kind == NODE_AGE) {
		engine->slots[run.node->slot] = 1;
	} else if (program_node_of_clock(run.node)) {
		changed = engine_clock_node(engine, number);
	} else {
		changed = node_refresh(&run, engine->now.ns);
		engine_plan_node(engine, number);
	}
	if (changed)
		engine_node_changed(engine, number);
}

/*
 * All points that go stale and all nodes that turn at this instant, and one pass behind them: a
 * device whose points fall silent together, or two windows that let go of one moment's
 * readings, are never seen half way.
 */
static void engine_expire(struct engine *engine, uint32_t owner)
{
	int64_t next;

	do {
		timers_clear(&engine->timers, owner);
		if (owner < engine->first_node) {
			store_expire(&engine->store, owner);
			/* What is unknown may be so because of this point, from now on. */
			engine_queue(engine, &engine->program->point_waits, owner);
			engine_point_changed(engine, owner);
		} else {
			engine_expire_node(engine, owner - engine->first_node);
		}
	} while (engine_next_timer(engine, &next, &owner) && next <= engine->now.ns &&
		 owner < engine->due);
	engine_pass(engine);
}

static void engine_run_timer(struct engine *engine, uint32_t owner)
{
	uint32_t number;

	if (owner < engine->due) {
		engine_expire(engine, owner);
		return;
	}
	timers_clear(&engine->timers, owner);
	if (owner == engine->due) {
		engine_expire_rule(engine, engine_take_due(engine));
		return;
	}
	number = engine->owner_rules[owner - engine->first_timed];
	if (owner < engine->first_repeat)
		engine_expire_rule(engine, number);
	else if (owner < engine->first_blind)
		engine_repeat(engine, number);
	else if (owner < engine->shelf)
		engine_blind(engine, number);
	else if (owner == engine->shelf)
		engine_expire_shelf(engine);
	else
		engine_quiet_expire(engine, number);
}

/* Every timer with a deadline before limit, each seeing its deadline as now. */
void engine_run_timers(struct engine *engine, struct boot limit)
{
	int64_t deadline;
	uint32_t owner;

	while (timers_maybe_due(&engine->timers, limit.ns) &&
	       engine_next_timer(engine, &deadline, &owner) && deadline < limit.ns) {
		if (deadline > engine->now.ns)
			engine->now.ns = deadline;
		engine_run_timer(engine, owner);
	}
}

/* The age of point starts anew; whether a node noticed. */
bool engine_rearm(struct engine *engine, uint32_t point, int64_t at)
{
	const struct program *program = engine->program;
	struct reached ages = reach_of(&program->point_ages, point);
	bool changed = false;

	timers_bring(&engine->timers, point,
		     boot_add((struct boot){at}, store_stale_ns(&engine->store, point)).ns);
	for (uint32_t i = 0; i < ages.count; i++) {
		const struct node *node = &program->nodes[ages.ids[i]];

		changed = changed || engine->slots[node->slot] != 0;
		engine->slots[node->slot] = 0;
		timers_set(&engine->timers, engine->first_node + ages.ids[i],
			   boot_add((struct boot){at}, node->span_ns).ns);
	}
	return changed;
}
