/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Owns the evaluation of rules and their events. What a point is worth is the store's, what a
 * state becomes the rule machine's, and when it is a rule's turn engine_pass.c's.
 */
#include "rules/engine_core.h"

#include <math.h>
#include <string.h>

#include "base/str.h"
#include "model/point.h"
#include "rules/calendar.h"
#include "rules/eval.h"
#include "rules/message.h"
#include "rules/ruleset.h"

/* ---- events --------------------------------------------------------------------------- */

static void engine_snapshot(struct engine *engine, const struct rule *rule)
{
	const struct program *program = engine->program;
	/* As the rule saw them: what goes stale now does so behind what else happens now. */
	struct boot just = {engine->now.ns - 1};

	for (uint32_t i = 0; i < rule->point_count; i++) {
		uint32_t id = rule->points[i];
		const struct point *point = point_table_get(engine->points, id);
		struct engine_point seen;
		int64_t age;

		store_point(&engine->store, id, just, &seen);
		age = boot_diff(engine->now, seen.at);
		engine->snapshot[i] = (struct event_point){
			.name = point->name,
			.unit = point->unit_text,
			.value = seen.value,
			.quality = seen.quality,
			.reason = seen.reason,
			.age_ns = seen.ever ? age : -1,
		};
		if (program_asked(program->age_slots, id) != 0)
			engine->slots[program->age_slots[id]] = (double)age / 1e9;
	}
}

/* For messages: what they read of the clock. */
static void engine_show_clock(struct engine *engine)
{
	const struct program *program = engine->program;
	struct wall wall = engine_wall(engine, engine->now);
	bool set = engine->clock_set;

	if (program->wall_slot != 0)
		engine->slots[program->wall_slot] = set ? (double)wall.ns / 1e9 : NAN;
	if (program->tod_slot != 0)
		engine->slots[program->tod_slot] =
			set ? calendar_tod(program->zone, wall) : NAN;
}

static void engine_add_margin(const struct engine *engine, const struct rule *rule,
			      struct event *event)
{
	double margin;

	if (!rule->more->has_margin)
		return;
	margin = eval_run(engine->program, rule->more->margin, engine->slots);
	if (isfinite(margin))
		event->margin = value_number(margin == 0 ? 0 : margin);
	event->margin_unit = rule->more->margin_unit;
}

void engine_emit(struct engine *engine, uint32_t number, enum event_type type,
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
		.priority = rule->more->priority,
		.held = engine->runs[number].held,
		.muted = engine->runs[number].held && !engine_is_kept(engine, number) &&
			 (type == EVENT_FIRE || type == EVENT_CLEAR),
		.message = engine->message,
		.label_count = rule->more->label_count,
		.labels = rule->more->labels,
		.point_count = rule->point_count,
		.points = engine->snapshot,
	};
	struct str text;

	engine->counters.events++;
	if (engine->program->now_slot != 0)
		engine->slots[engine->program->now_slot] = (double)engine->now.ns / 1e9;
	engine_show_clock(engine);
	engine_snapshot(engine, rule);
	engine_add_margin(engine, rule, &event);
	str_init_fixed(&text, engine->message, MESSAGE_MAX_BYTES + 1);
	if (rule->more->message != NULL)
		message_render(rule->more->message, &engine->store,
			       active ? boot_diff(engine->now, machine->active) : 0, &text);
	if (event.held && reason == NULL && event_type_acts(type))
		event.reason = quiet_reason_name(engine_quiet_ask(engine, number));
	engine_quiet_note(engine, number, type, event.held);
	engine->sink.event(engine->sink.arg, &event);
}

/* ---- rules ---------------------------------------------------------------------------- */

void engine_queue(struct engine *engine, const struct reach *reach, uint32_t source)
{
	struct reached rules = reach_of(reach, source);

	for (uint32_t i = 0; i < rules.count; i++)
		agenda_add(&engine->ranks, rules.ids[i], PASS_CHANGE);
}

static enum condition engine_condition(const struct engine *engine, const struct rule *rule,
				       enum rule_state state)
{
	double when = eval_run(engine->program, rule->when, engine->slots);

	/* It ends only if clear holds and when does not. */
	if (rule->has_clear && engine_is_firing(state))
		when = eval_or(when, eval_not(eval_run(engine->program, rule->more->clear,
						       engine->slots)));
	if (isnan(when))
		return CONDITION_UNKNOWN;
	return when == 0 ? CONDITION_FALSE : CONDITION_TRUE;
}

void engine_note_blind(struct engine *engine, const struct rule *rule, uint32_t number,
		       bool was, bool is)
{
	uint32_t owner = engine_blind_owner(engine, rule);

	if (rule->more->blind_ns == 0 || was == is)
		return;
	engine->runs[number].blind = false;
	if (is)
		timers_set(&engine->timers, owner,
			   boot_add(engine->now, rule->more->blind_ns).ns);
	else
		timers_clear(&engine->timers, owner);
}

/* Takes down what the condition is in the state that the rule is in. */
static enum condition engine_see(struct engine *engine, const struct rule *rule,
				 uint32_t number)
{
	struct rule_run *run = &engine->runs[number];
	enum condition condition = engine_is_inactive(engine, rule)
					   ? CONDITION_FALSE
					   : engine_condition(engine, rule, run->machine.state);

	engine_note_blind(engine, rule, number, run->condition == CONDITION_UNKNOWN,
			  condition == CONDITION_UNKNOWN);
	run->condition = (uint8_t)condition;
	run->looked = true;
	return condition;
}

uint32_t engine_inhibitor(const struct engine *engine, uint32_t number)
{
	const struct rule *rule = ruleset_rule_get(engine->set, number);

	for (uint32_t i = 0; i < rule->more->inhibitor_count; i++) {
		if (engine->slots[engine->program->rule_slots[rule->more->inhibitors[i]]] == 1)
			return rule->more->inhibitors[i];
	}
	return UINT32_MAX;
}

bool engine_is_kept(const struct engine *engine, uint32_t number)
{
	return engine->shelves[number] != INT64_MAX ||
	       engine_inhibitor(engine, number) != UINT32_MAX;
}

bool engine_is_held(const struct engine *engine, uint32_t number)
{
	return engine_is_kept(engine, number) || engine_quiet_ask(engine, number) != QUIET_NO;
}

/* The alarm came or went: somebody is to be told, unless that is held back. */
static void engine_turn(struct engine *engine, uint32_t number, struct rule_step step,
			const char *reason)
{
	struct rule_run *run = &engine->runs[number];
	struct quiet *quiet = engine_quiet(engine, number);
	bool flaps = quiet != NULL && quiet_turned(quiet, engine->now);

	if (quiet != NULL)
		run->held = engine_is_held(engine, number);
	if (!run->held)
		run->told = engine_is_alarm(step.to);
	run->missed = engine_is_alarm(step.to) && engine_is_kept(engine, number);
	engine_emit(engine, number, step.type, step.from, step.to, reason);
	if (!flaps)
		return;
	/* Its one notice is what it is quiet for afterwards. */
	run->held = engine_is_kept(engine, number);
	engine_emit(engine, number, EVENT_FLAPPING, step.to, step.to, NULL);
	run->held = true;
}

void engine_step(struct engine *engine, uint32_t number, struct rule_step step,
		 const char *reason)
{
	const struct rule *rule = ruleset_rule_get(engine->set, number);
	struct rule_run *run = &engine->runs[number];
	uint32_t slot = program_asked(engine->program->rule_slots, number);
	uint32_t repeat = engine_repeat_owner(engine, rule);

	if (!step.happened)
		return;
	run->fired += step.type == EVENT_FIRE;
	run->cleared += step.type == EVENT_CLEAR;
	if (rule->more->repeat_ns > 0 && step.type == EVENT_FIRE)
		timers_set(&engine->timers, repeat,
			   boot_add(engine->now, rule->more->repeat_ns).ns);
	if (rule->more->repeat_ns > 0 && step.type == EVENT_CLEAR)
		timers_clear(&engine->timers, repeat);
	if (slot != 0 && engine_is_alarm(step.from) != engine_is_alarm(step.to)) {
		engine->slots[slot] = engine_is_alarm(step.to);
		engine_queue(engine, &engine->program->rule_rules, number);
	}
	if (engine_is_alarm(step.from) != engine_is_alarm(step.to))
		engine_turn(engine, number, step, reason);
	else
		engine_emit(engine, number, step.type, step.from, step.to, reason);
	/* Firing, the condition is another than before: 'clear' has a say in it. */
	if (rule->has_clear && engine_is_firing(step.from) != engine_is_firing(step.to))
		engine_see(engine, rule, number);
}

/* Nothing holds it: what it came to while something did is made up for, once. */
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

/*
 * An alarm that was told, and ended and came again while nobody was to hear of it, is no news.
 * But what it had switched was let go as it ended.
 */
static void engine_switch_again(struct engine *engine, uint32_t number)
{
	struct rule_run *run = &engine->runs[number];
	enum rule_state state = run->machine.state;
	bool held = run->held;

	if (!run->missed || engine_is_kept(engine, number))
		return;
	run->missed = false;
	if (!run->told)
		return;
	run->held = true; /* muted: it only switches */
	engine_emit(engine, number, EVENT_FIRE, state, state, "no longer held");
	run->held = held;
}

void engine_review_hold(struct engine *engine, uint32_t number)
{
	struct rule_run *run = &engine->runs[number];

	run->held = engine_is_held(engine, number);
	engine_switch_again(engine, number);
	if (!run->held)
		engine_release(engine, number);
}

static bool engine_any_expired(const struct engine *engine, const struct rule *rule)
{
	for (uint32_t i = 0; i < rule->condition_points; i++) {
		if (engine->store.points[rule->points[i]].expired)
			return true;
	}
	return false;
}

static void engine_evaluate_state(struct engine *engine, const struct rule *rule,
				  uint32_t number)
{
	struct rule_run *run = &engine->runs[number];
	enum condition raw = engine_see(engine, rule, number), meant = raw;
	struct boot deadline = run->machine.deadline;
	bool held = run->held, inactive = engine_is_inactive(engine, rule);
	struct rule_step step;

	if (held || rule->more->inhibitor_count > 0 || rule->more->limits != NULL)
		run->held = engine_is_held(engine, number);
	if (raw == CONDITION_UNKNOWN && rule->on_unknown != ON_UNKNOWN_HOLD &&
	    engine_any_expired(engine, rule))
		meant = rule->on_unknown == ON_UNKNOWN_FIRE ? CONDITION_TRUE : CONDITION_FALSE;
	step = inactive ? rule_machine_leave(&run->machine, rule, engine->now)
			: rule_machine_feed(&run->machine, rule, meant, engine->now);
	if (run->machine.deadline.ns != deadline.ns)
		engine_plan_state(engine, number, run->machine.deadline.ns);
	engine_step(engine, number, step, inactive ? "schedule" : NULL);
	engine_switch_again(engine, number);
	if (!run->held && (held || rule->more->limits != NULL))
		engine_release(engine, number);
}

/* Whether one of its own edges has an impulse; another rule's may have woken a window of it. */
static bool engine_has_pulse(const struct engine *engine, const struct rule *rule)
{
	for (uint32_t i = 0; engine->pulse_count > 0 && i < rule->more->use->nodes.count; i++) {
		const struct node *node =
			&engine->program->nodes[rule->more->use->nodes.ids[i]];

		if (node->kind >= NODE_RISES && node->kind <= NODE_CHANGED &&
		    engine->slots[node->slot] == 1)
			return true;
	}
	return false;
}

void engine_run_instant(struct engine *engine, uint32_t number)
{
	engine->runs[number].held = engine_is_held(engine, number);
	engine_emit(engine, number, EVENT_INSTANT, RULE_OK, RULE_OK, NULL);
}

static void engine_evaluate_instant(struct engine *engine, const struct rule *rule,
				    uint32_t number)
{
	if (engine_has_pulse(engine, rule) &&
	    eval_run(engine->program, rule->when, engine->slots) == 1)
		engine_run_instant(engine, number);
}

void engine_evaluate(struct engine *engine, uint32_t rank)
{
	uint32_t number = program_ranked(engine->program, rank);
	const struct rule *rule = ruleset_rule_get(engine->set, number);

	engine->counters.evaluations++;
	if (!rule->instant)
		engine_evaluate_state(engine, rule, number);
	else
		engine_evaluate_instant(engine, rule, number);
}

void engine_look_all(struct engine *engine)
{
	for (uint32_t rank = 0; rank < engine->rule_count; rank++) {
		uint8_t reasons;

		if (engine->ranks.count > 0 && engine->ranks.heap[0] == rank)
			engine_evaluate(engine, agenda_take(&engine->ranks, &reasons));
		else
			engine_review_hold(engine, program_ranked(engine->program, rank));
	}
}

/* The rules of the source and those in the queue, each once, in the order of evaluation. */
void engine_evaluate_all(struct engine *engine, const uint32_t *ranks, uint32_t count)
{
	uint32_t i = 0;

	while (i < count || engine->ranks.count > 0) {
		if (engine->ranks.count > 0 &&
		    (i == count || engine->ranks.heap[0] <= ranks[i])) {
			uint8_t reasons;
			uint32_t rank = agenda_take(&engine->ranks, &reasons);

			i += i < count && ranks[i] == rank;
			engine_evaluate(engine, rank);
		} else {
			engine_evaluate(engine, ranks[i++]);
		}
	}
}
