/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Owns the oracle's order of things (rules.md section 5). Nothing is remembered to save work:
 * each pass runs everything.
 */
#include "oracle.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/str.h"
#include "conf/yaml.h"
#include "model/point.h"
#include "oracle_derived.h"
#include "oracle_function.h"
#include "oracle_past.h"
#include "oracle_set.h"
#include "rules/engine.h"

/* ---- events ------------------------------------------------------------------------------ */

static bool is_alarm(enum rule_state state)
{
	return state == RULE_FIRING || state == RULE_CLEARING || state == RULE_RETURNED;
}

/* Rules that read another, or are inhibited by it, are looked at when it comes and goes. */
static void rule_tells(void *arg, const struct model_event *event)
{
	const struct oracle_rule *rule = arg;
	struct oracle *oracle = rule->oracle;

	oracle_write_line(rule, event, false);
	if (is_alarm(event->from) == is_alarm(event->to))
		return;
	for (uint32_t i = 0; i < oracle->count; i++) {
		struct oracle_rule *other = &oracle->rules[i];
		uint32_t number = (uint32_t)(rule - oracle->rules);

		if (oracle_list_has(&other->reads.rules, number) ||
		    oracle_list_has(&other->inhibitors, number))
			other->looked = true;
	}
}

bool oracle_is_firing(const struct oracle *oracle, const char *rule)
{
	return model_rule_is_alarm(&oracle->rules[oracle_set_find(oracle, rule)].life);
}

/* ---- passes ------------------------------------------------------------------------------ */

bool oracle_any_spoke(const struct oracle *oracle, const struct oracle_reads *reads)
{
	const struct oracle_world *world = &oracle->world;
	const struct oracle_list *lists[] = {&reads->points, &reads->devices};

	for (int i = 0; i < 2; i++) {
		for (uint32_t k = 0; k < lists[i]->count; k++) {
			const struct oracle_point *point = &world->points[lists[i]->ids[k]];

			if (point->spoke || point->expired)
				return true;
		}
	}
	for (uint32_t i = 0; i < reads->ages.count; i++) {
		if (world->ages[reads->ages.ids[i]].reached)
			return true;
	}
	return false;
}

static bool any_inner_expired(const struct oracle *oracle, const struct oracle_reads *reads)
{
	for (uint32_t i = 0; i < reads->inner.count; i++) {
		if (oracle->world.points[reads->inner.ids[i]].expired)
			return true;
	}
	return false;
}

bool oracle_any_inner_spoke(const struct oracle *oracle, const struct oracle_reads *reads)
{
	for (uint32_t i = 0; i < reads->inner.count; i++) {
		if (oracle->world.points[reads->inner.ids[i]].spoke)
			return true;
	}
	for (uint32_t i = 0; i < reads->inner_devices.count; i++) {
		const struct oracle_point *point =
			&oracle->world.points[reads->inner_devices.ids[i]];

		if (point->spoke || point->expired)
			return true;
	}
	return any_inner_expired(oracle, reads);
}

static bool any_impulse(const struct oracle *oracle, const struct oracle_reads *reads)
{
	for (uint32_t i = 0; i < reads->memories.count; i++) {
		const struct oracle_memory *memory =
			&oracle->world.memories[reads->memories.ids[i]];

		if (memory->expr->function->impulse && memory->now.x != 0)
			return true;
	}
	return false;
}

static bool any_expired(const struct oracle *oracle, const struct oracle_reads *reads)
{
	const struct oracle_list *lists[] = {&reads->points, &reads->inner};

	for (int i = 0; i < 2; i++) {
		for (uint32_t k = 0; k < lists[i]->count; k++) {
			if (oracle->world.points[lists[i]->ids[k]].expired)
				return true;
		}
	}
	return false;
}

static enum model_truth truth(const struct oracle *oracle, const struct oracle_expr *expr)
{
	struct oracle_val val;

	if (expr == NULL)
		return MODEL_UNKNOWN;
	val = oracle_eval(&oracle->world, expr);
	return !val.known ? MODEL_UNKNOWN : val.x != 0 ? MODEL_TRUE : MODEL_FALSE;
}

static bool inhibited(const struct oracle *oracle, const struct oracle_rule *rule)
{
	for (uint32_t i = 0; i < rule->inhibitors.count; i++) {
		if (model_rule_is_alarm(&oracle->rules[rule->inhibitors.ids[i]].life))
			return true;
	}
	return false;
}

static bool is_inactive(const struct oracle *oracle, const struct oracle_rule *rule)
{
	struct oracle_val active;

	if (rule->schedule == NULL)
		return false;
	active = oracle_eval(&oracle->world, rule->schedule);
	return active.known && active.x == 0;
}

static void run_instant(struct oracle *oracle, struct oracle_rule *rule)
{
	rule->life.inhibited = inhibited(oracle, rule);
	model_rule_instant(&rule->life, oracle->world.now);
}

static void look(struct oracle *oracle, struct oracle_rule *rule)
{
	rule->looked = rule->looked || oracle_any_spoke(oracle, &rule->reads) ||
		       any_inner_expired(oracle, &rule->reads) ||
		       any_impulse(oracle, &rule->reads);
	if (rule->instant) {
		if (any_impulse(oracle, &rule->reads) &&
		    truth(oracle, rule->when) == MODEL_TRUE)
			run_instant(oracle, rule);
		return;
	}
	rule->life.inactive = is_inactive(oracle, rule);
	rule->looked = rule->looked || rule->life.inactive;
	/* Unknown is what nobody has looked at. */
	model_rule_look(&rule->life, rule->looked ? truth(oracle, rule->when) : MODEL_UNKNOWN,
			rule->looked ? truth(oracle, rule->clear) : MODEL_UNKNOWN,
			rule->looked && any_expired(oracle, &rule->reads),
			inhibited(oracle, rule), oracle->world.now);
}

void oracle_look_at_all(struct oracle *oracle)
{
	for (uint32_t i = 0; i < oracle->count; i++)
		look(oracle, &oracle->rules[oracle->order[i]]);
}

static bool any_reported(const struct oracle *oracle, const struct oracle_reads *reads)
{
	const struct oracle_list *lists[] = {&reads->points, &reads->inner, &reads->devices,
					     &reads->inner_devices, &reads->deep};

	for (int i = 0; i < 5; i++) {
		for (uint32_t k = 0; k < lists[i]->count; k++) {
			if (oracle->world.points[lists[i]->ids[k]].reported)
				return true;
		}
	}
	return false;
}

/* Rules that read what remembers are looked at when it yields something else. */
void oracle_wake(struct oracle *oracle, uint32_t number)
{
	struct oracle_world *world = &oracle->world;

	for (uint32_t i = 0; i < oracle->count; i++) {
		struct oracle_rule *rule = &oracle->rules[i];

		rule->looked = rule->looked || oracle_list_has(&rule->reads.memories, number);
	}
	for (uint32_t i = 0; i < world->memory_count; i++) {
		if (oracle_list_has(&oracle->memory_reads[i].memories, number))
			world->memories[i].spoke = true;
	}
}

static void run_memory(struct oracle *oracle, uint32_t number)
{
	struct oracle_world *world = &oracle->world;
	struct oracle_memory *memory = &world->memories[number];
	const struct oracle_reads *reads = &oracle->memory_reads[number];
	struct oracle_val before = memory->now;

	/* A derived point hears of what its inputs are worth. */
	if (memory->expr->function->run == oracle_derive)
		memory->spoke = memory->spoke || oracle_any_inner_spoke(oracle, reads);
	memory->spoke = memory->spoke || oracle_any_spoke(oracle, reads) || memory->struck ||
			(memory->expr->function->samples && any_reported(oracle, reads));
	if (!memory->spoke)
		return;
	memory->expr->function->run(world, memory->expr, memory, any_reported(oracle, reads));
	memory->struck = false;
	if (before.known == memory->now.known && oracle_same(&before, &memory->now))
		return;
	oracle_wake(oracle, number);
}

void oracle_pass(struct oracle *oracle)
{
	struct oracle_world *world = &oracle->world;
	bool impulse = false;

	for (uint32_t i = 0; i < world->memory_count; i++) {
		run_memory(oracle, i);
		impulse = impulse || (world->memories[i].expr->function->impulse &&
				      world->memories[i].now.x != 0);
	}
	for (uint32_t i = 0; i < world->memory_count; i++) {
		if (world->memories[i].closes)
			oracle_prev_close(world, &world->memories[i]);
	}
	for (uint32_t i = 0; i < world->point_count; i++)
		world->points[i].reported = false;
	oracle_look_at_all(oracle);
	for (size_t i = 0; i < world->memory_count; i++) {
		if (world->memories[i].expr->function->impulse)
			world->memories[i].now = oracle_truth(false);
	}
	if (impulse)
		oracle_look_at_all(oracle);
}

/* ---- time -------------------------------------------------------------------------------- */

/* Points that go stale, ages that are reached and memories that turn at one instant do so
 * together. */
static void run_expiries(struct oracle *oracle, int64_t first)
{
	struct oracle_world *world = &oracle->world;

	for (uint32_t i = 0; i < world->point_count; i++) {
		struct oracle_point *point = &world->points[i];

		if (point->stale_at > first)
			continue;
		point->expired = true;
		point->known = false;
		point->stale_at = INT64_MAX;
	}
	for (size_t i = 0; i < world->age_count; i++) {
		struct oracle_age *age = &world->ages[i];

		if (age->due > first)
			continue;
		age->reached = true;
		age->due = INT64_MAX;
	}
	/* Memories look at the time by themselves, in the pass that follows. */
	for (size_t i = 0; i < world->memory_count; i++) {
		struct oracle_memory *memory = &world->memories[i];

		memory->struck = memory->due <= first;
	}
}

static int64_t rule_due(const struct oracle_rule *rule, enum model_timer timer)
{
	if (timer == MODEL_STATE && rule->slots.times != NULL)
		return rule->slots.due;
	return model_rule_due(&rule->life, timer);
}

static void run_rule(struct oracle *oracle, struct oracle_rule *rule, enum model_timer timer)
{
	if (timer != MODEL_STATE || rule->slots.times == NULL)
		model_rule_run(&rule->life, timer, oracle->world.now);
	else if (oracle_slots_look(&rule->slots, &oracle->world))
		run_instant(oracle, rule);
}

/* Whatever is due first before limit, in (deadline, kind, id) order; false: nothing is. */
static bool run_one(struct oracle *oracle, int64_t limit)
{
	struct oracle_world *world = &oracle->world;
	struct oracle_rule *rule = NULL;
	enum model_timer timer = MODEL_STATE;
	int64_t first = limit;

	for (uint32_t i = 0; i < world->point_count; i++)
		first = world->points[i].stale_at < first ? world->points[i].stale_at : first;
	for (size_t i = 0; i < world->age_count; i++)
		first = world->ages[i].due < first ? world->ages[i].due : first;
	for (size_t i = 0; i < world->memory_count; i++)
		first = world->memories[i].due < first ? world->memories[i].due : first;
	for (uint32_t i = 0; i < MODEL_TIMERS * oracle->count; i++) {
		enum model_timer kind = (enum model_timer)(i / oracle->count);
		struct oracle_rule *one = &oracle->rules[i % oracle->count];
		int64_t due = rule_due(one, kind);

		if (due < first) {
			rule = one;
			timer = kind;
			first = due;
		}
	}
	if (first == limit)
		return false;
	if (first > world->now)
		world->now = first;
	if (rule != NULL)
		run_rule(oracle, rule, timer);
	else
		run_expiries(oracle, first);
	oracle_pass(oracle);
	return true;
}

/* All that is due before now, and now it is. */
static void arrive(struct oracle *oracle, int64_t now)
{
	while (run_one(oracle, now))
		;
	if (now > oracle->world.now)
		oracle->world.now = now;
}

void oracle_settle(struct oracle *oracle)
{
	memset(oracle->seen, 0, oracle->world.point_count);
	oracle_pass(oracle);
}

void oracle_tick(struct oracle *oracle, int64_t now)
{
	if (now > oracle->world.now)
		oracle_settle(oracle);
	/* Waking up is no event: what was read before it may still come. */
	while (run_one(oracle, now))
		;
}

/* ---- readings ---------------------------------------------------------------------------- */

static bool is_good(const struct point *point, const struct reading *reading)
{
	return reading->quality == QUALITY_GOOD && reading->value.kind == point->kind &&
	       (point->kind != VALUE_NUMBER || isfinite(reading->value.number));
}

static void take_value(struct oracle_point *is, const struct point *point, struct value value)
{
	switch (value.kind) {
	case VALUE_NUMBER:
		if (!is->known || !(fabs(value.number - is->x) < point->deadband))
			is->x = value.number;
		break;
	case VALUE_BOOL:
		is->x = value.flag;
		break;
	case VALUE_TEXT:
		snprintf(is->text, sizeof(is->text), "%s", value.text);
		break;
	case VALUE_NONE:
		break;
	}
	is->known = true;
}

static void take(struct oracle *oracle, const struct reading *reading)
{
	struct oracle_world *world = &oracle->world;
	const struct point *point = point_table_get(world->table, reading->point);
	struct oracle_point *is = &world->points[reading->point];
	struct oracle_sample sample = {.at = reading->at.ns, .known = true};

	is->spoke = true;
	is->failed = !is_good(point, reading);
	if (is->failed && is->unheld && is->known) {
		is->known = false;
		is->expired = true;
		is->stale_at = INT64_MAX;
	}
	if (is->failed)
		return;
	take_value(is, point, reading->value);
	sample.x = is->x;
	memcpy(sample.text, is->text, sizeof(sample.text));
	oracle_history_add(&is->history, &sample);
	is->ever = true;
	is->expired = false;
	is->reported = true;
	is->at = reading->at.ns;
	is->stale_at = is->at + point->stale_ns;
	for (size_t i = 0; i < world->age_count; i++) {
		struct oracle_age *age = &world->ages[i];

		if (age->point == reading->point) {
			age->reached = false;
			age->due = is->at + age->limit_ns;
		}
	}
}

void oracle_feed(struct oracle *oracle, const struct reading *reading)
{
	struct oracle_world *world = &oracle->world;

	if (reading->at.ns < world->now)
		return;
	if (reading->at.ns > world->now || oracle->seen[reading->point])
		oracle_settle(oracle);
	arrive(oracle, reading->at.ns);
	oracle->seen[reading->point] = true;
	take(oracle, reading);
}

/* ---- the clock ----------------------------------------------------------------------------
 */

void oracle_overslept(struct oracle *oracle, int64_t now)
{
	for (uint32_t i = 0; i < oracle->count; i++) {
		model_rule_overslept(&oracle->rules[i].life, now);
		if (oracle->rules[i].slots.times != NULL)
			oracle_slots_skip(&oracle->rules[i].slots, now);
	}
}

void oracle_set_wall(struct oracle *oracle, int64_t now, int64_t wall, bool valid)
{
	struct oracle_world *world = &oracle->world;

	for (uint32_t i = 0; i < oracle->count; i++) {
		if (oracle->rules[i].slots.times != NULL)
			oracle_slots_oversleep(&oracle->rules[i].slots, world, now);
	}
	oracle_settle(oracle);
	arrive(oracle, now);
	for (uint32_t i = 0; i < oracle->count && world->clock_set && !valid; i++) {
		if (oracle->rules[i].slots.times != NULL)
			oracle_slots_unset(&oracle->rules[i].slots, world);
	}
	world->clock_set = valid;
	world->ahead_ns = wall - now;
	for (size_t i = 0; i < world->memory_count; i++)
		world->memories[i].struck = world->memories[i].expr->function->shows != NULL;
	oracle_pass(oracle);
	for (uint32_t i = 0; i < oracle->count; i++) {
		struct oracle_rule *rule = &oracle->rules[i];

		if (rule->slots.times != NULL && rule->slots.times->every_ns == 0 &&
		    oracle_slots_look(&rule->slots, world))
			run_instant(oracle, rule);
	}
}

/* ---- operators --------------------------------------------------------------------------- */

int oracle_ack(struct oracle *oracle, uint32_t rule, int64_t now)
{
	int got;

	if (oracle->rules[rule].instant)
		return -EINVAL;
	oracle_settle(oracle);
	arrive(oracle, now);
	got = model_rule_ack(&oracle->rules[rule].life, oracle->world.now);
	oracle_pass(oracle);
	return got;
}

int oracle_shelve(struct oracle *oracle, uint32_t rule, int64_t until, int64_t now)
{
	oracle_settle(oracle);
	arrive(oracle, now);
	model_rule_shelve(&oracle->rules[rule].life, until, oracle->world.now);
	return 0;
}

int oracle_unshelve(struct oracle *oracle, uint32_t rule, int64_t now)
{
	int got;

	oracle_settle(oracle);
	arrive(oracle, now);
	got = model_rule_unshelve(&oracle->rules[rule].life, oracle->world.now);
	oracle_pass(oracle);
	return got;
}

/* ---- birth and reload -------------------------------------------------------------------- */

struct oracle *oracle_new(const struct yaml_node *root, const struct point_table *points,
			  const char *tz, struct str *log, int64_t now)
{
	struct oracle *oracle = xcalloc(1, sizeof(*oracle));
	struct oracle_world *world = &oracle->world;

	oracle->arena = arena_new();
	oracle->log = log;
	world->oracle = oracle;
	world->now = now;
	world->tz = tz;
	world->table = points;
	world->point_count = (uint32_t)point_table_count(points);
	world->points = xcalloc(world->point_count, sizeof(*world->points));
	oracle->seen = arena_take(oracle->arena, world->point_count, sizeof(*oracle->seen));
	for (uint32_t i = 0; i < world->point_count; i++) {
		world->points[i].at = now;
		world->points[i].stale_at =
			boot_add((struct boot){now}, point_table_get(points, i)->stale_ns).ns;
		world->points[i].unheld = point_table_get(points, i)->unheld;
		world->points[i].deadband = point_table_get(points, i)->deadband;
	}
	oracle_derived_read(oracle->arena, world, yaml_get(root, "derived"));
	oracle_set_read(oracle, yaml_get(root, "rules"));
	for (uint32_t i = 0; i < oracle->count; i++) {
		struct oracle_rule *rule = &oracle->rules[i];

		rule->life.tell = rule_tells;
		rule->life.arg = rule;
		model_rule_init(&rule->life, &rule->says, now);
	}
	return oracle;
}

void oracle_free(struct oracle *oracle)
{
	struct oracle_world *world = &oracle->world;

	for (uint32_t i = 0; i < world->point_count; i++)
		oracle_history_done(&world->points[i].history);
	for (size_t i = 0; i < world->memory_count; i++)
		oracle_history_done(&world->memories[i].history);
	free(world->points);
	free(world->memories);
	free(world->ages);
	free(oracle->memory_reads);
	arena_free(oracle->arena);
	free(oracle);
}
