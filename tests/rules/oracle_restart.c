/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Owns the oracle's restarts (rules.md section 8, and "Restart" of gauged-rules(5)): what is
 * left of an old set when the program ended and began anew, perhaps on another clock.
 */
#include <math.h>
#include <string.h>

#include "oracle.h"
#include "oracle_clock.h"
#include "oracle_derived.h"
#include "oracle_function.h"
#include "oracle_past.h"
#include "oracle_set.h"

/* What is added to a time of the old clock. */
static int64_t shift_of(const struct oracle_outage *outage)
{
	return outage->now - (outage->ns > 0 ? outage->ns : 0) - outage->saved_at;
}

/* ---- memories ---------------------------------------------------------------------------- */

/* What remembers for less than five minutes does not, and nothing that needs a known outage. */
static bool outlives(const struct oracle_expr *expr, const struct oracle_outage *outage)
{
	const struct oracle_function *function = expr->function;

	if (function->run == oracle_derive || function->impulse || function->shows != NULL ||
	    expr->kids[0]->kind == VALUE_TEXT)
		return false;
	if (function->run == oracle_prev || function->run == oracle_ewma)
		return true;
	if (outage->ns < 0)
		return false;
	return function->run == oracle_lasted || oracle_span(expr) >= ORACLE_OUTAGE;
}

static void restart_memory(struct oracle *oracle, const struct oracle *old,
			   struct oracle_memory *memory, const struct oracle_outage *outage)
{
	const struct oracle_function *function = memory->expr->function;
	const struct oracle_memory *before = oracle_memory_before(oracle, old, memory);

	if (before == NULL || !outlives(memory->expr, outage))
		return;
	for (size_t i = 0; i < before->history.count; i++) {
		struct oracle_sample sample = before->history.samples[i];

		sample.at += shift_of(outage);
		oracle_history_add(&memory->history, &sample);
	}
	if (function->run == oracle_ewma)
		return;
	if (function->run == oracle_window) {
		oracle_history_add(
			&memory->history,
			&(struct oracle_sample){.at = outage->saved_at + shift_of(outage)});
		oracle_window_compute(&oracle->world, memory->expr, memory);
		/* The first reading must confirm; but that there are none is known. */
		if (strcmp(function->name, "count") != 0 || memory->now.x > 0)
			memory->now = oracle_unknown();
		return;
	}
	memory->last = before->last;
	memory->waits = function->run != oracle_prev;
	memory->waits_since = before->waits ? before->waits_since : outage->saved_at;
	memory->waits_since += shift_of(outage);
}

/* ---- rules ------------------------------------------------------------------------------- */

static bool same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static void restart_rule(const struct oracle *old, struct oracle_rule *rule,
			 const struct oracle_outage *outage)
{
	uint32_t other = oracle_set_find(old, rule->name);
	const struct oracle_rule *before = &old->rules[other];
	const struct model_outage gap = {outage->saved_at, outage->now, outage->ns};
	const struct oracle_gap passed = {outage->saved_at, shift_of(outage)};
	struct model_rule fresh = rule->life;
	bool same;

	if (other == UINT32_MAX)
		return;
	same = same_text(rule->when_text, before->when_text) &&
	       same_text(rule->clear_text, before->clear_text) &&
	       rule->says.on_unknown == before->says.on_unknown &&
	       !oracle_reads_differ(rule->oracle, old, &rule->reads);
	rule->life = before->life;
	rule->life.tell = fresh.tell;
	rule->life.arg = rule;
	model_rule_restart(&rule->life, &rule->says, same, &gap);
	if (same && rule->slots.times != NULL && before->slots.times != NULL)
		oracle_slots_restart(&rule->slots, &before->slots, &rule->oracle->world,
				     &old->world, &passed);
	if (rule->instant || before->instant) {
		fresh.shelved_until = rule->life.shelved_until;
		fresh.quiet = rule->life.quiet;
		rule->life = fresh;
	}
}

static bool any_alarm(const struct oracle *oracle, const struct oracle_list *rules)
{
	for (uint32_t i = 0; i < rules->count; i++) {
		if (model_rule_is_alarm(&oracle->rules[rules->ids[i]].life))
			return true;
	}
	return false;
}

static bool reads_points(const struct oracle_reads *reads)
{
	return reads->points.count + reads->inner.count + reads->devices.count +
		       reads->inner_devices.count >
	       0;
}

/*
 * Who reads only other rules has no reading to wait for. Of one that was ok and read points
 * nothing was kept. */
static void look_anew(const struct oracle *oracle, const struct oracle *old,
		      struct oracle_rule *rule)
{
	const struct oracle_reads *reads = &rule->reads;
	uint32_t other = oracle_set_find(old, rule->name);
	const struct oracle_rule *before = &old->rules[other];

	if (reads_points(reads))
		return;
	rule->looked =
		other != UINT32_MAX && (before->life.state != RULE_OK ||
					(before->looked && !reads_points(&before->reads)));
	rule->looked = rule->looked || any_alarm(oracle, &reads->rules) ||
		       any_alarm(oracle, &rule->inhibitors);
}

static void gone_tells(void *arg, const struct model_event *event)
{
	oracle_write_line(arg, event, true);
}

static void restart_removed(struct oracle *oracle, const struct oracle *old,
			    const struct oracle_outage *outage)
{
	for (uint32_t i = 0; i < old->count; i++) {
		struct oracle_rule gone = old->rules[i];
		uint32_t now = oracle_set_find(oracle, gone.name);

		if (now != UINT32_MAX && !oracle->rules[now].instant)
			continue;
		gone.oracle = oracle;
		gone.life.tell = gone_tells;
		gone.life.arg = &gone;
		gone.life.fired += shift_of(outage);
		model_rule_remove(&gone.life, outage->now);
	}
}

void oracle_restart(struct oracle *oracle, const struct oracle *old,
		    const struct oracle_outage *outage)
{
	struct oracle_world *world = &oracle->world;

	for (uint32_t i = 0; i < oracle->count; i++)
		restart_rule(old, &oracle->rules[i], outage);
	restart_removed(oracle, old, outage);
	for (size_t i = 0; i < world->memory_count; i++)
		restart_memory(oracle, old, &world->memories[i], outage);
	for (uint32_t i = 0; i < oracle->count; i++)
		look_anew(oracle, old, &oracle->rules[i]);
	oracle_look_at_all(oracle);
}
