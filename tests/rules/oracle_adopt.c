/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the oracle's reloads (rules.md section 8): what a new set takes over from an old one. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "oracle.h"
#include "oracle_derived.h"
#include "oracle_function.h"
#include "oracle_past.h"
#include "oracle_set.h"

static bool same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* Points keep all, texts and history with them. */
static void adopt_points(struct oracle *oracle, const struct oracle *old)
{
	struct oracle_world *world = &oracle->world;

	for (uint32_t i = 0; i < world->point_count; i++) {
		const struct oracle_history *history = &old->world.points[i].history;

		struct oracle_point fresh = world->points[i];

		if (oracle_derived_differs(oracle, old, i))
			continue;
		world->points[i] = old->world.points[i];
		world->points[i].history = (struct oracle_history){0};
		world->points[i].formula = fresh.formula;
		for (size_t k = 0; k < history->count; k++)
			oracle_history_add(&world->points[i].history, &history->samples[k]);
	}
	for (size_t i = 0; i < world->age_count; i++) {
		struct oracle_age *age = &world->ages[i];

		age->due = world->points[age->point].at + age->limit_ns;
		age->reached = age->due < world->now;
		if (age->reached)
			age->due = INT64_MAX;
	}
}

/* Of a truth the present counts; of anything else the next reading is the first sample. */
static void begin_past(const struct oracle *oracle, struct oracle_memory *memory)
{
	const struct oracle_expr *expr = memory->expr;
	struct oracle_val val = oracle_eval(&oracle->world, expr->kids[0]);

	if (expr->function->run == oracle_prev || expr->function->run == oracle_ewma)
		return;
	if (expr->kids[0]->kind == VALUE_BOOL)
		expr->function->run(&oracle->world, expr, memory, false);
	else
		oracle_remember(memory, &val);
}

/* What remembers goes on from what it says, or begins with what there is now. */
static void adopt_memory(struct oracle *oracle, const struct oracle *old,
			 struct oracle_memory *memory, const struct oracle_reads *reads)
{
	const struct oracle_memory *before = oracle_memory_before(oracle, old, memory);

	if (memory->expr->function->run == oracle_derive) {
		memory->spoke = oracle_any_spoke(oracle, reads) ||
				oracle_any_inner_spoke(oracle, reads) ||
				(oracle->world.clock_set && oracle_reads_clock(oracle, reads));
		if (memory->spoke)
			oracle_derive(&oracle->world, memory->expr, memory, false);
		return;
	}
	if (memory->expr->function->shows != NULL) {
		memory->struck = true;
		oracle_clock(&oracle->world, memory->expr, memory, false);
		memory->struck = false;
		return;
	}
	if (before != NULL) {
		memory->last = before->last;
		memory->now = before->now;
		memory->due = before->due;
		memory->spoke = before->spoke;
		memory->waits = before->waits;
		memory->waits_since = before->waits_since;
		memcpy(memory->text, before->text, sizeof(memory->text));
		if (memory->last.text != NULL)
			memory->last.text = memory->text;
		for (size_t i = 0; i < before->history.count; i++)
			oracle_history_add(&memory->history, &before->history.samples[i]);
	} else if (memory->expr->function->impulse) {
		/* Seen for the first time: that makes no instant. */
		memory->expr->function->run(&oracle->world, memory->expr, memory, false);
		memory->now = oracle_truth(false);
		memory->spoke = oracle_any_spoke(oracle, reads);
	} else {
		begin_past(oracle, memory);
	}
}

static void adopt_slots(const struct oracle *oracle, struct oracle_rule *rule,
			const struct oracle_rule *before)
{
	if (rule->slots.times == NULL)
		return;
	if (before != NULL && before->slots.times != NULL &&
	    same_text(rule->when_text, before->when_text))
		oracle_slots_adopt(&rule->slots, &before->slots, &oracle->world);
	else
		oracle_slots_begin(&rule->slots, &oracle->world);
}

static void adopt_rule(struct oracle *oracle, const struct oracle *old,
		       struct oracle_rule *rule)
{
	uint32_t other = oracle_set_find(old, rule->name);
	const struct oracle_rule *before = &old->rules[other];
	bool same;

	rule->looked =
		oracle_any_spoke(oracle, &rule->reads) ||
		rule->reads.rules.count + rule->inhibitors.count + rule->reads.devices.count >
			0;
	for (uint32_t i = 0; i < rule->reads.inner.count; i++) {
		const struct oracle_point *point =
			&oracle->world.points[rule->reads.inner.ids[i]];

		rule->looked = rule->looked || point->spoke || point->expired;
	}
	if (oracle->world.clock_set && oracle_reads_clock(oracle, &rule->reads))
		rule->looked = true;
	adopt_slots(oracle, rule, other != UINT32_MAX ? before : NULL);
	if (other == UINT32_MAX)
		return;
	rule->life.shelved_until = before->life.shelved_until;
	if (rule->instant && before->instant) {
		rule->life.quiet = before->life.quiet;
		model_rule_limit(&rule->life, &rule->says.limits, 0, false, oracle->world.now);
	}
	if (rule->instant || before->instant)
		return;
	same = same_text(rule->when_text, before->when_text) &&
	       same_text(rule->clear_text, before->clear_text) &&
	       rule->says.on_unknown == before->says.on_unknown &&
	       !oracle_reads_differ(oracle, old, &rule->reads);
	rule->looked = same ? before->looked : true;
	rule->life = before->life;
	rule->life.tell = oracle->rules[0].life.tell;
	rule->life.arg = rule;
	model_rule_reload(&rule->life, &rule->says, same, oracle->world.now);
}

static void removed_tells(void *arg, const struct model_event *event)
{
	oracle_write_line(arg, event, true);
}

static void adopt_removed(struct oracle *oracle, const struct oracle *old)
{
	for (uint32_t i = 0; i < old->count; i++) {
		struct oracle_rule gone = old->rules[i];
		uint32_t now = oracle_set_find(oracle, gone.name);

		if (now != UINT32_MAX && !oracle->rules[now].instant)
			continue;
		gone.oracle = oracle;
		gone.life.tell = removed_tells;
		gone.life.arg = &gone;
		model_rule_remove(&gone.life, oracle->world.now);
	}
}

/* The zone is another, or the clock strikes just now. */
static bool clock_differs(struct oracle *oracle, const struct oracle *old)
{
	struct oracle_world *world = &oracle->world;
	bool any = false;

	for (uint32_t i = 0; i < world->memory_count; i++) {
		struct oracle_memory *memory = &world->memories[i];
		const struct oracle_memory *before = oracle_memory_before(oracle, old, memory);

		if (memory->expr->function->shows == NULL || before == NULL ||
		    (before->now.known == memory->now.known &&
		     oracle_same(&before->now, &memory->now)))
			continue;
		oracle_wake(oracle, i);
		any = true;
	}
	return any;
}

void oracle_adopt(struct oracle *oracle, const struct oracle *old, int64_t now)
{
	struct oracle_world *world = &oracle->world;

	world->now = now > old->world.now ? now : old->world.now;
	world->clock_set = old->world.clock_set;
	world->ahead_ns = old->world.ahead_ns;
	adopt_points(oracle, old);
	for (uint32_t i = 0; i < oracle->count; i++)
		adopt_rule(oracle, old, &oracle->rules[i]);
	adopt_removed(oracle, old);
	for (size_t i = 0; i < world->memory_count; i++)
		adopt_memory(oracle, old, &world->memories[i], &oracle->memory_reads[i]);
	if (clock_differs(oracle, old))
		oracle_pass(oracle);
	else
		oracle_look_at_all(oracle);
}
