/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Owns the order of evaluation (rules.md section 5): timers and readings, nodes, rules, events.
 * What a point is worth is the store's, what a state becomes the rule machine's.
 */
#include "rules/engine_core.h"

#include <math.h>
#include <string.h>

#include "base/str.h"
#include "model/point.h"
#include "rules/eval.h"
#include "rules/message.h"
#include "rules/ruleset.h"

/* ---- events --------------------------------------------------------------------------- */

static void engine_snapshot(struct engine *engine, const struct rule *rule)
{
	const struct program *program = engine->program;

	for (uint32_t i = 0; i < rule->point_count; i++) {
		uint32_t id = rule->points[i];
		const struct point *point = point_table_get(engine->points, id);
		struct engine_point seen;
		int64_t age;

		store_point(&engine->store, id, engine->now, &seen);
		age = boot_diff(engine->now, seen.at);
		engine->snapshot[i] = (struct event_point){
			.name = point->name,
			.unit = point->unit_text,
			.value = seen.value,
			.quality = seen.quality,
			.reason = seen.reason,
			.age_ns = seen.ever ? age : -1,
		};
		if (program->age_slots[id] != 0)
			engine->slots[program->age_slots[id]] = (double)age / 1e9;
	}
}

static void engine_emit(struct engine *engine, uint32_t number, enum event_type type,
			enum rule_state from, enum rule_state to, const char *reason)
{
	const struct rule *rule = ruleset_rule_get(engine->set, number);
	const struct rule_machine *machine = &engine->runs[number].machine;
	bool fired = engine_is_alarm(from) || to == RULE_FIRING;
	bool active = from != RULE_OK || to != RULE_OK;
	struct event event = {
		.type = type,
		.rule = number,
		.rule_name = rule->name,
		.severity = (enum severity)rule->severity,
		.from = from,
		.to = to,
		.seq = ++engine->seq,
		.at = engine->now,
		.active_ns = fired ? boot_diff(engine->now, machine->fired) : 0,
		.reason = reason,
		.held = engine->runs[number].held,
		.message = engine->message,
		.label_count = rule->label_count,
		.labels = rule->labels,
		.point_count = rule->point_count,
		.points = engine->snapshot,
	};
	struct str text;

	engine->counters.events++;
	engine_snapshot(engine, rule);
	str_init_fixed(&text, engine->message, MESSAGE_MAX_BYTES + 1);
	if (rule->message != NULL)
		message_render(rule->message, &engine->store,
			       active ? boot_diff(engine->now, machine->active) : 0, &text);
	engine->sink.event(engine->sink.arg, &event);
}

/* ---- rules ---------------------------------------------------------------------------- */

static void engine_queue(struct engine *engine, const struct reach *reach, uint32_t source)
{
	for (uint32_t i = reach->start[source]; i < reach->start[source + 1]; i++) {
		uint32_t rank = reach->ids[i], k = engine->extra_count;

		if (engine->queued[rank])
			continue;
		engine->queued[rank] = true;
		engine->extra_count++;
		while (k > 0 && engine->extra[(k - 1) / 2] > rank) {
			engine->extra[k] = engine->extra[(k - 1) / 2];
			k = (k - 1) / 2;
		}
		engine->extra[k] = rank;
	}
}

static uint32_t engine_unqueue(struct engine *engine)
{
	uint32_t first = engine->extra[0], last = engine->extra[--engine->extra_count], k = 0;

	while (2 * k + 1 < engine->extra_count) {
		uint32_t child = 2 * k + 1;

		if (child + 1 < engine->extra_count &&
		    engine->extra[child + 1] < engine->extra[child])
			child++;
		if (engine->extra[child] >= last)
			break;
		engine->extra[k] = engine->extra[child];
		k = child;
	}
	engine->extra[k] = last;
	engine->queued[first] = false;
	return first;
}

void engine_step(struct engine *engine, uint32_t number, struct rule_step step,
		 const char *reason)
{
	const struct rule *rule = ruleset_rule_get(engine->set, number);
	struct rule_run *run = &engine->runs[number];
	uint32_t slot = engine->program->rule_slots[number];
	uint32_t repeat = engine_owner(engine, RULE_TIMER_REPEAT, number);

	if (!step.happened)
		return;
	run->fired += step.type == EVENT_FIRE;
	run->cleared += step.type == EVENT_CLEAR;
	if (rule->repeat_ns > 0 && step.type == EVENT_FIRE)
		timers_set(&engine->timers, repeat, boot_add(engine->now, rule->repeat_ns).ns);
	if (rule->repeat_ns > 0 && step.type == EVENT_CLEAR)
		timers_clear(&engine->timers, repeat);
	if (slot != 0 && engine_is_alarm(step.from) != engine_is_alarm(step.to)) {
		engine->slots[slot] = engine_is_alarm(step.to);
		engine_queue(engine, &engine->program->rule_rules, number);
	}
	if (!run->held && engine_is_alarm(step.from) != engine_is_alarm(step.to))
		run->told = engine_is_alarm(step.to);
	engine_emit(engine, number, step.type, step.from, step.to, reason);
}

uint32_t engine_inhibitor(const struct engine *engine, uint32_t number)
{
	const struct rule *rule = ruleset_rule_get(engine->set, number);

	for (uint32_t i = 0; i < rule->inhibitor_count; i++) {
		if (engine->slots[engine->program->rule_slots[rule->inhibitors[i]]] == 1)
			return rule->inhibitors[i];
	}
	return UINT32_MAX;
}

static bool engine_is_held(const struct engine *engine, uint32_t number)
{
	uint32_t shelf = engine_owner(engine, RULE_TIMER_SHELF, number);

	return engine->timers.deadlines[shelf] != INT64_MAX ||
	       engine_inhibitor(engine, number) != UINT32_MAX;
}

/* Nobody holds it any more: what it came to meanwhile is made up for, once. */
static void engine_release(struct engine *engine, uint32_t number)
{
	struct rule_run *run = &engine->runs[number];
	enum rule_state state = run->machine.state;

	if (engine_is_alarm(state) == run->told)
		return;
	run->told = engine_is_alarm(state);
	engine_emit(engine, number, run->told ? EVENT_FIRE : EVENT_CLEAR, state, state,
		    "no longer held");
}

static bool engine_any_expired(const struct engine *engine, const struct rule *rule)
{
	for (uint32_t i = 0; i < rule->condition_points; i++) {
		if (engine->store.points[rule->points[i]].expired)
			return true;
	}
	return false;
}

static enum condition engine_condition(const struct engine *engine, const struct rule *rule,
				       enum rule_state state)
{
	double when = eval_run(engine->program, rule->when, engine->slots);

	/* It ends only if clear holds and when does not. */
	if (rule->has_clear && engine_is_firing(state))
		when = eval_or(when,
			       eval_not(eval_run(engine->program, rule->clear, engine->slots)));
	if (isnan(when))
		return CONDITION_UNKNOWN;
	return when == 0 ? CONDITION_FALSE : CONDITION_TRUE;
}

void engine_note_blind(struct engine *engine, const struct rule *rule, uint32_t number,
		       bool was, bool is)
{
	uint32_t owner = engine_owner(engine, RULE_TIMER_BLIND, number);

	if (rule->blind_ns == 0 || was == is)
		return;
	engine->runs[number].blind = false;
	if (is)
		timers_set(&engine->timers, owner, boot_add(engine->now, rule->blind_ns).ns);
	else
		timers_clear(&engine->timers, owner);
}

static void engine_evaluate_state(struct engine *engine, const struct rule *rule,
				  uint32_t number)
{
	struct rule_run *run = &engine->runs[number];
	enum condition raw = engine_condition(engine, rule, run->machine.state), meant = raw;
	struct boot deadline = run->machine.deadline;
	bool held = run->held;
	struct rule_step step;

	if (held || rule->inhibitor_count > 0)
		run->held = engine_is_held(engine, number);
	engine_note_blind(engine, rule, number, run->condition == CONDITION_UNKNOWN,
			  raw == CONDITION_UNKNOWN);
	run->condition = (uint8_t)raw;
	if (raw == CONDITION_UNKNOWN && rule->on_unknown != ON_UNKNOWN_HOLD &&
	    engine_any_expired(engine, rule))
		meant = rule->on_unknown == ON_UNKNOWN_FIRE ? CONDITION_TRUE : CONDITION_FALSE;
	step = rule_machine_feed(&run->machine, rule, meant, engine->now);
	if (run->machine.deadline.ns != deadline.ns)
		timers_set(&engine->timers, engine_owner(engine, RULE_TIMER_STATE, number),
			   run->machine.deadline.ns);
	engine_step(engine, number, step, NULL);
	if (held && !run->held)
		engine_release(engine, number);
}

static void engine_evaluate_instant(struct engine *engine, const struct rule *rule,
				    uint32_t number)
{
	if (engine->pulse_count == 0 ||
	    eval_run(engine->program, rule->when, engine->slots) != 1)
		return;
	engine->runs[number].held = engine_is_held(engine, number);
	engine_emit(engine, number, EVENT_INSTANT, RULE_OK, RULE_OK, NULL);
}

void engine_evaluate(struct engine *engine, uint32_t rank)
{
	uint32_t number = engine->program->order[rank];
	const struct rule *rule = ruleset_rule_get(engine->set, number);

	engine->counters.evaluations++;
	if (!rule->instant)
		engine_evaluate_state(engine, rule, number);
	else
		engine_evaluate_instant(engine, rule, number);
}

/* The rules of the source and those in the queue, each once, in the order of evaluation. */
void engine_evaluate_all(struct engine *engine, const uint32_t *ranks, uint32_t count)
{
	uint32_t i = 0;

	while (i < count || engine->extra_count > 0) {
		if (engine->extra_count > 0 && (i == count || engine->extra[0] <= ranks[i])) {
			uint32_t rank = engine_unqueue(engine);

			i += i < count && ranks[i] == rank;
			engine_evaluate(engine, rank);
		} else {
			engine_evaluate(engine, ranks[i++]);
		}
	}
}

/* ---- nodes ---------------------------------------------------------------------------- */

static bool engine_edge(enum node_kind kind, double last, double now)
{
	switch (kind) {
	case NODE_RISES:
		return last == 0 && now == 1;
	case NODE_FALLS:
		return last == 1 && now == 0;
	case NODE_CHANGED:
		return !isnan(last) && last != now;
	case NODE_AGE:
		break;
	}
	return false;
}

/* What an edge compares with is the last value that was known. */
void engine_run_node(struct engine *engine, uint32_t number, bool quiet)
{
	const struct node *node = &engine->program->nodes[number];
	double value = eval_run(engine->program, node->code, engine->slots);
	double last = engine->slots[node->last];

	if (isnan(value))
		return;
	engine->slots[node->last] = value;
	if (quiet || !engine_edge(node->kind, last, value) || engine->slots[node->slot] == 1)
		return;
	engine->slots[node->slot] = 1;
	engine->pulses[engine->pulse_count++] = number;
	engine_queue(engine, &engine->program->node_rules, number);
}

static void engine_run_nodes(struct engine *engine, const struct reach *reach, uint32_t source)
{
	for (uint32_t i = reach->start[source]; i < reach->start[source + 1]; i++)
		engine_run_node(engine, reach->ids[i], false);
}

/* Impulses last one pass: in a second one at the same instant they are false again. */
static void engine_end_pulses(struct engine *engine)
{
	uint32_t count = engine->pulse_count;

	engine->pulse_count = 0;
	for (uint32_t i = 0; i < count; i++) {
		engine->slots[engine->program->nodes[engine->pulses[i]].slot] = 0;
		engine_queue(engine, &engine->program->node_rules, engine->pulses[i]);
	}
	engine_evaluate_all(engine, NULL, 0);
}

/* A pass: everything that depends on source, nodes first. */
static void engine_pass(struct engine *engine, const struct reach *nodes,
			const struct reach *rules, uint32_t source)
{
	engine_run_nodes(engine, nodes, source);
	engine_evaluate_all(engine, rules->ids + rules->start[source],
			    rules->start[source + 1] - rules->start[source]);
	if (engine->pulse_count > 0)
		engine_end_pulses(engine);
}

void engine_pass_points(struct engine *engine, const uint32_t *points, uint32_t count)
{
	const struct program *program = engine->program;

	if (count == 1) {
		engine_pass(engine, &program->point_nodes, &program->point_rules, points[0]);
		return;
	}
	for (uint32_t i = 0; i < count; i++)
		engine_run_nodes(engine, &program->point_nodes, points[i]);
	for (uint32_t i = 0; i < count; i++)
		engine_queue(engine, &program->point_rules, points[i]);
	engine_evaluate_all(engine, NULL, 0);
	if (engine->pulse_count > 0)
		engine_end_pulses(engine);
}

/* ---- timers --------------------------------------------------------------------------- */

static void engine_expire_rule(struct engine *engine, uint32_t number)
{
	struct rule_run *run = &engine->runs[number];
	const struct rule *rule = ruleset_rule_get(engine->set, number);

	engine_step(engine, number, rule_machine_expire(&run->machine, rule, engine->now),
		    NULL);
	engine_evaluate_all(engine, NULL, 0);
}

static void engine_repeat(struct engine *engine, uint32_t number)
{
	const struct rule *rule = ruleset_rule_get(engine->set, number);
	const struct rule_run *run = &engine->runs[number];

	timers_set(&engine->timers, engine_owner(engine, RULE_TIMER_REPEAT, number),
		   boot_add(engine->now, rule->repeat_ns).ns);
	if (run->machine.state == RULE_FIRING && !run->machine.acked && !run->held)
		engine_emit(engine, number, EVENT_REPEAT, RULE_FIRING, RULE_FIRING, NULL);
}

static void engine_blind(struct engine *engine, uint32_t number)
{
	enum rule_state state = engine->runs[number].machine.state;

	engine->runs[number].blind = true;
	engine_emit(engine, number, EVENT_BLIND, state, state, NULL);
}

static void engine_run_timer(struct engine *engine, uint32_t owner)
{
	const struct program *program = engine->program;

	timers_clear(&engine->timers, owner);
	if (owner < engine->first_node) {
		store_expire(&engine->store, owner);
		engine_pass_points(engine, &owner, 1);
		return;
	}
	if (owner < engine->first_rule) {
		uint32_t node = owner - engine->first_node;

		engine->slots[program->nodes[node].slot] = 1;
		engine_pass(engine, &program->node_nodes, &program->node_rules, node);
		return;
	}
	owner -= engine->first_rule;
	switch ((enum rule_timer)(owner / engine->rule_count)) {
	case RULE_TIMER_STATE:
		engine_expire_rule(engine, owner % engine->rule_count);
		return;
	case RULE_TIMER_REPEAT:
		engine_repeat(engine, owner % engine->rule_count);
		return;
	case RULE_TIMER_BLIND:
		engine_blind(engine, owner % engine->rule_count);
		return;
	case RULE_TIMER_SHELF:
		engine_evaluate(engine, program->ranks[owner % engine->rule_count]);
		engine_evaluate_all(engine, NULL, 0);
		return;
	}
}

/* Every timer with a deadline before limit, each seeing its deadline as now. */
void engine_run_timers(struct engine *engine, struct boot limit)
{
	int64_t deadline;
	uint32_t owner;

	while (timers_maybe_due(&engine->timers, limit.ns) &&
	       timers_first(&engine->timers, &deadline, &owner) && deadline < limit.ns) {
		if (deadline > engine->now.ns)
			engine->now.ns = deadline;
		engine_run_timer(engine, owner);
	}
}

/* The age of point starts anew; whether a node noticed. */
bool engine_rearm(struct engine *engine, uint32_t point, int64_t at)
{
	const struct program *program = engine->program;
	const struct reach *ages = &program->point_ages;
	bool changed = false;

	timers_set(&engine->timers, point,
		   boot_add((struct boot){at}, engine->store.points[point].stale_ns).ns);
	for (uint32_t i = ages->start[point]; i < ages->start[point + 1]; i++) {
		const struct node *node = &program->nodes[ages->ids[i]];

		changed = changed || engine->slots[node->slot] != 0;
		engine->slots[node->slot] = 0;
		timers_set(&engine->timers, engine->first_node + ages->ids[i],
			   boot_add((struct boot){at}, node->limit_ns).ns);
	}
	return changed;
}
