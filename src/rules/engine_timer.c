/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the deadlines of rules that take no timer for each rule: of a state's end, of shelvings.
 */
#include "rules/engine_core.h"

#include "rules/ruleset.h"

/* ---- the end of a state ----------------------------------------------------------------- */

/*
 * A rule without 'for' and 'clear_for' waits for nothing, unless it waited for them before a
 * reload that took them away, or before a restart: its deadline is the instant at which it is
 * planned then. So all of these have the same one, and time does not go on before it is over.
 * One timer stands for all, in front of those of the other rules: when it is over, the rules
 * whose time is over take their turns in order of number, whether they have a timer or not.
 */
int64_t engine_state_deadline(const struct engine *engine, uint32_t number)
{
	uint32_t timed = ruleset_rule_get(engine->set, number)->more->timed;

	if (timed != RULE_UNTIMED)
		return timers_get(&engine->timers, engine->first_timed + timed);
	return engine->runs[number].due ? engine->now.ns : INT64_MAX;
}

void engine_plan_state(struct engine *engine, uint32_t number, int64_t deadline)
{
	uint32_t timed = ruleset_rule_get(engine->set, number)->more->timed;
	struct rule_run *run = &engine->runs[number];

	if (engine->due_count == 0)
		engine->due_from = 0;
	else if (engine->due_from > number)
		engine->due_from = number;
	if (timed != RULE_UNTIMED) {
		timers_set(&engine->timers, engine->first_timed + timed, deadline);
		return;
	}
	engine->due_count += (deadline != INT64_MAX) - run->due;
	run->due = deadline != INT64_MAX;
	timers_set(&engine->timers, engine->due,
		   engine->due_count > 0 ? engine->now.ns : INT64_MAX);
}

uint32_t engine_take_due(struct engine *engine)
{
	uint32_t number = engine->due_from;

	while (engine_state_deadline(engine, number) > engine->now.ns)
		number++;
	engine_plan_state(engine, number, INT64_MAX);
	engine->due_from = number + 1;
	if (engine->due_count > 0)
		timers_set(&engine->timers, engine->due, engine->now.ns);
	return number;
}

/* ---- shelvings -------------------------------------------------------------------------- */

static int64_t engine_first_shelf(const struct engine *engine)
{
	int64_t first = INT64_MAX;

	for (uint32_t i = 0; i < engine->rule_count; i++) {
		if (engine->shelves[i] < first)
			first = engine->shelves[i];
	}
	return first;
}

/* Few rules are shelved, and seldom: all of them are looked at when the first one goes. */
void engine_set_shelf(struct engine *engine, uint32_t number, int64_t until_ns)
{
	int64_t before = engine->shelves[number];

	engine->shelves[number] = until_ns;
	if (before < until_ns && before == timers_get(&engine->timers, engine->shelf))
		timers_set(&engine->timers, engine->shelf, engine_first_shelf(engine));
	else
		timers_bring(&engine->timers, engine->shelf, until_ns);
}

void engine_expire_shelf(struct engine *engine)
{
	int64_t over = engine_first_shelf(engine);

	for (uint32_t i = 0; i < engine->rule_count; i++) {
		if (engine->shelves[i] != over)
			continue;
		engine->shelves[i] = INT64_MAX;
		engine_review_hold(engine, i);
	}
	timers_set(&engine->timers, engine->shelf, engine_first_shelf(engine));
}
