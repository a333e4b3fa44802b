/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns how an engine keeps its rules from saying too much: when the machines of quiet.c act. */
#include "rules/engine_core.h"

#include "rules/ruleset.h"

struct quiet *engine_quiet(const struct engine *engine, uint32_t number)
{
	uint32_t index = ruleset_rule_get(engine->set, number)->more->quiet;

	return index != RULE_LOUD ? &engine->quiets[index] : NULL;
}

void engine_quiet_plan(struct engine *engine, uint32_t number)
{
	uint32_t index = ruleset_rule_get(engine->set, number)->more->quiet;

	timers_set(&engine->timers, engine->first_quiet + index,
		   quiet_deadline(&engine->quiets[index], engine->now).ns);
}

enum quiet_reason engine_quiet_ask(const struct engine *engine, uint32_t number)
{
	const struct quiet *quiet = engine_quiet(engine, number);

	return quiet != NULL ? quiet_ask(quiet, engine->runs[number].told, engine->now)
			     : QUIET_NO;
}

void engine_quiet_note(struct engine *engine, uint32_t number, enum event_type type, bool held)
{
	struct quiet *quiet = engine_quiet(engine, number);

	if (quiet == NULL || !event_type_acts(type))
		return;
	if (!held)
		quiet_said(quiet, type == EVENT_FIRE || type == EVENT_INSTANT, engine->now);
	else
		quiet->left_out += engine_quiet_ask(engine, number) != QUIET_NO;
	engine->runs[number].held = engine_is_held(engine, number);
	engine_quiet_plan(engine, number);
}

void engine_quiet_expire(struct engine *engine, uint32_t number)
{
	struct rule_run *run = &engine->runs[number];
	enum rule_state state = run->machine.state;

	if (quiet_calmed(engine_quiet(engine, number), engine->now)) {
		run->held = engine_is_kept(engine, number);
		engine_emit(engine, number, EVENT_CALM, state, state, "no longer flapping");
	}
	engine_review_hold(engine, number);
	engine_quiet_plan(engine, number);
}
