/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns what operators do to rules: acknowledge, shelve, unshelve. */
#include <errno.h>

#include "rules/engine_core.h"
#include "rules/ruleset.h"

/* All that is due by now has run, and nothing is left to evaluate. */
static void engine_arrive(struct engine *engine, struct boot now)
{
	engine_settle(engine);
	engine_run_timers(engine, now);
	if (now.ns > engine->now.ns)
		engine->now = now;
}

int engine_ack(struct engine *engine, uint32_t number, struct boot now)
{
	struct rule_run *run = &engine->runs[number];
	struct rule_step step;

	if (ruleset_rule_get(engine->set, number)->instant)
		return -EINVAL;
	engine_arrive(engine, now);
	step = rule_machine_ack(&run->machine, engine->now);
	if (!step.happened)
		return engine_is_firing(run->machine.state) ? -EALREADY : -ENOENT;
	engine_step(engine, number, step, "acknowledged");
	engine_evaluate_all(engine, NULL, 0);
	return 0;
}

int engine_shelve(struct engine *engine, uint32_t number, struct boot until, struct boot now)
{
	engine_arrive(engine, now);
	engine->runs[number].held = true;
	engine_set_shelf(engine, number, until.ns);
	return 0;
}

int engine_unshelve(struct engine *engine, uint32_t number, struct boot now)
{
	engine_arrive(engine, now);
	if (engine->shelves[number] == INT64_MAX)
		return -EALREADY;
	engine_set_shelf(engine, number, INT64_MAX);
	engine_review_hold(engine, number);
	return 0;
}
