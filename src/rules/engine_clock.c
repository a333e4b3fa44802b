/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Owns what an engine knows of the wall clock: the nodes of local time, and when rules with
 * 'at' have their turn. Everything else in an engine goes by boot time.
 */
#include "rules/engine_core.h"

#include <math.h>
#include <string.h>

#include "rules/calendar.h"
#include "rules/civil.h"
#include "rules/pack.h"
#include "rules/room.h"
#include "rules/ruleset.h"
#include "rules/zone.h"

/* Where a rule with 'at' stands. */
struct engine_plan {
	bool begun; /* the clock has been right since the start */
	struct calendar_plan plan;
};

void engine_clock_place(struct engine *engine, const struct ruleset *set, struct room *room)
{
	engine->plans = room_take(room, ruleset_plans(set), sizeof(*engine->plans));
}

struct wall engine_wall(const struct engine *engine, struct boot at)
{
	struct wall wall;

	if (__builtin_add_overflow(at.ns, engine->wall_ahead_ns, &wall.ns))
		wall.ns = at.ns > 0 ? INT64_MAX : INT64_MIN;
	return wall;
}

/* INT64_MAX: it does not come. */
static int64_t engine_when(const struct engine *engine, struct wall wall)
{
	int64_t ns;

	if (wall.ns == WALL_NEVER.ns || !engine->clock_set ||
	    __builtin_sub_overflow(wall.ns, engine->wall_ahead_ns, &ns))
		return INT64_MAX;
	return ns;
}

bool engine_local(const struct engine *engine, struct boot at, struct civil *ret)
{
	int64_t ns = engine_wall(engine, at).ns;

	if (!engine->clock_set)
		return false;
	zone_local(engine->program->zone, ns / NSEC_PER_SEC - (ns % NSEC_PER_SEC < 0), ret);
	return true;
}

/* ---- nodes ------------------------------------------------------------------------------ */

bool engine_clock_node(struct engine *engine, uint32_t number)
{
	const struct node *node = &engine->program->nodes[number];
	const struct zone *zone = engine->program->zone;
	struct wall now = engine_wall(engine, engine->now), edge = WALL_NEVER;
	double value = NAN, last = engine->slots[node->slot];

	if (engine->clock_set && node->kind == NODE_WEEKDAY)
		value = calendar_weekday(zone, now, &edge);
	else if (engine->clock_set)
		value = calendar_contains(node->spans, zone, now, &edge);
	engine->slots[node->slot] = value;
	timers_set(&engine->timers, engine->first_node + number, engine_when(engine, edge));
	return isnan(value) ? !isnan(last) : value != last;
}

bool engine_is_inactive(const struct engine *engine, const struct rule *rule)
{
	return rule->more->schedule > 0 &&
	       engine->slots[engine->program->nodes[rule->more->schedule - 1].slot] == 0;
}

/* ---- rules with 'at' -------------------------------------------------------------------- */

static struct engine_plan *engine_plan(const struct engine *engine, uint32_t number)
{
	return &engine->plans[ruleset_rule_get(engine->set, number)->more->plan];
}

/* Whether a slot runs now; plans the next one. */
static bool engine_look(struct engine *engine, uint32_t number)
{
	const struct calendar *at = ruleset_rule_get(engine->set, number)->more->at;
	const struct zone *zone = engine->program->zone;
	struct wall now = engine_wall(engine, engine->now);
	struct engine_plan *plan = engine_plan(engine, number);
	bool runs = false;

	if (engine->clock_set && plan->begun)
		runs = calendar_plan_look(&plan->plan, at, zone, now);
	else if (engine->clock_set)
		calendar_plan_init(&plan->plan, at, zone, now);
	plan->begun = plan->begun || engine->clock_set;
	engine_plan_state(engine, number, engine_when(engine, plan->plan.next));
	return runs;
}

void engine_clock_begin(struct engine *engine, uint32_t number)
{
	const struct calendar *at = ruleset_rule_get(engine->set, number)->more->at;

	if (at->every_ns > 0)
		engine_plan_state(engine, number, boot_add(engine->now, at->every_ns).ns);
	else
		engine_look(engine, number);
}

void engine_clock_slot(struct engine *engine, uint32_t number)
{
	const struct calendar *at = ruleset_rule_get(engine->set, number)->more->at;
	bool runs = true;

	if (at->every_ns > 0)
		engine_plan_state(engine, number, boot_add(engine->now, at->every_ns).ns);
	else
		runs = engine_look(engine, number);
	if (runs)
		engine_run_instant(engine, number);
}

/* With the same slots it goes on; their instants may be others, if the zone is another. */
void engine_clock_adopt(struct engine *engine, uint32_t number, const struct engine *old,
			uint32_t other)
{
	const struct rule *rule = ruleset_rule_get(engine->set, number), *before;
	struct engine_plan *plan = engine_plan(engine, number);
	/* What lies before now was the old engine's to run, and what is just now is not. */
	struct wall just = engine_wall(engine, (struct boot){engine->now.ns - 1});

	before = other != UINT32_MAX ? ruleset_rule_get(old->set, other) : NULL;
	if (before == NULL || before->more->at == NULL ||
	    strcmp(rule_when_text(before), rule_when_text(rule)) != 0) {
		engine_clock_begin(engine, number);
		return;
	}
	if (rule->more->at->every_ns > 0) {
		engine_plan_state(engine, number, engine_state_deadline(old, other));
		return;
	}
	*plan = *engine_plan(old, other);
	if (!engine->clock_set || !plan->begun) {
		engine_look(engine, number);
		return;
	}
	plan->plan.seen = just;
	plan->plan.next = calendar_next(rule->more->at, engine->program->zone,
					plan->plan.ran.ns > just.ns ? plan->plan.ran : just);
	engine_plan_state(engine, number, engine_when(engine, plan->plan.next));
}

/* ---- bytes ------------------------------------------------------------------------------- */

bool engine_clock_save(const struct engine *engine, uint32_t number, struct boot now,
		       struct str *out)
{
	const struct engine_plan *plan = engine_plan(engine, number);
	int64_t left = engine_state_deadline(engine, number) - now.ns;
	struct wall seen = plan->plan.seen;

	if (ruleset_rule_get(engine->set, number)->more->at->every_ns > 0) {
		pack_add_u64(out, left > 0 ? (uint64_t)left : 0);
		return true;
	}
	/* What lies before now has run, in this zone, and what is just now has not. */
	if (engine->clock_set)
		seen = engine_wall(engine, (struct boot){now.ns - 1});
	pack_add_u64(out, (uint64_t)plan->plan.ran.ns);
	pack_add_u64(out, (uint64_t)seen.ns);
	return plan->begun;
}

bool engine_clock_restore(struct engine *engine, uint32_t number, struct pack *in,
			  int64_t gap_ns)
{
	const struct calendar *at = ruleset_rule_get(engine->set, number)->more->at;
	struct engine_plan *plan = engine_plan(engine, number);
	struct wall ran, seen;
	int64_t left;

	if (at->every_ns > 0) {
		left = (int64_t)pack_take_u64(in);
		if (in->bad || left < 0 || left > at->every_ns)
			return false;
		left = left > gap_ns ? left - gap_ns : 0;
		engine_plan_state(engine, number, boot_add(engine->now, left).ns);
		return true;
	}
	ran.ns = (int64_t)pack_take_u64(in);
	seen.ns = (int64_t)pack_take_u64(in);
	if (in->bad)
		return false;
	/* A look is due at once, or when the clock is right. */
	*plan = (struct engine_plan){true, {ran, seen, {engine_wall(engine, engine->now).ns}}};
	engine_plan_state(engine, number, engine_when(engine, plan->plan.next));
	return true;
}

/* ---- the clock -------------------------------------------------------------------------- */

/* The last beat before now of what has one every so often and is due. */
static int64_t last_beat(int64_t due, int64_t every_ns, struct boot now)
{
	return due < now.ns ? due + (now.ns - 1 - due) / every_ns * every_ns : due;
}

void engine_overslept(struct engine *engine, struct boot now)
{
	for (uint32_t i = 0; i < engine->rule_count; i++) {
		const struct rule *rule = ruleset_rule_get(engine->set, i);
		const struct calendar *at = rule->more->at;
		int64_t repeat_ns = rule->more->repeat_ns;
		int64_t due = INT64_MAX;

		if (at != NULL && at->every_ns > 0)
			due = engine_state_deadline(engine, i);
		if (due != INT64_MAX)
			engine_plan_state(engine, i, last_beat(due, at->every_ns, now));
		if (repeat_ns == 0)
			continue;
		due = timers_get(&engine->timers, engine_repeat_owner(engine, rule));
		if (due != INT64_MAX)
			timers_set(&engine->timers, engine_repeat_owner(engine, rule),
				   last_beat(due, repeat_ns, now));
	}
}

/* The box slept over it: of what recurs on boot time only the last one is left to run. */
static void engine_oversleep(struct engine *engine, uint32_t number, struct boot now)
{
	int64_t every_ns = ruleset_rule_get(engine->set, number)->more->at->every_ns;
	int64_t due = engine_state_deadline(engine, number);

	if (due == INT64_MAX || now.ns - due <= CALENDAR_LATE_S * NSEC_PER_SEC)
		return;
	if (every_ns > 0)
		engine_plan_state(engine, number, last_beat(due, every_ns, now));
	else
		engine_plan_state(engine, number, INT64_MAX);
}

/* The clock is wrong from now on: what lies before now has run. */
static void engine_unset(struct engine *engine)
{
	struct wall just = engine_wall(engine, (struct boot){engine->now.ns - 1});

	for (uint32_t i = 0; i < engine->rule_count; i++) {
		const struct calendar *at = ruleset_rule_get(engine->set, i)->more->at;

		if (at != NULL && at->every_ns == 0 && engine_plan(engine, i)->begun)
			engine_plan(engine, i)->plan.seen = just;
	}
}

void engine_set_wall(struct engine *engine, struct boot now, struct wall wall, bool valid)
{
	for (uint32_t i = 0; i < engine->rule_count; i++) {
		if (ruleset_rule_get(engine->set, i)->more->at != NULL)
			engine_oversleep(engine, i, now);
	}
	engine_settle(engine);
	engine_run_timers(engine, now);
	if (now.ns > engine->now.ns)
		engine->now = now;
	if (engine->clock_set && !valid)
		engine_unset(engine);
	engine->clock_set = valid;
	if (__builtin_sub_overflow(wall.ns, now.ns, &engine->wall_ahead_ns))
		engine->wall_ahead_ns = wall.ns > 0 ? INT64_MAX : INT64_MIN;
	engine_pass_clock(engine);
	for (uint32_t i = 0; i < engine->rule_count; i++) {
		const struct calendar *at = ruleset_rule_get(engine->set, i)->more->at;

		if (at != NULL && at->every_ns == 0 && engine_look(engine, i))
			engine_run_instant(engine, i);
	}
}
