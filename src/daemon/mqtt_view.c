/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the translation from the engine's words to those of brokers. */
#include "daemon/mqtt_view.h"

#include "base/clock.h"
#include "rules/engine.h"
#include "rules/ruleset.h"
#include "actions/mqtt_retained.h"
#include "daemon/config.h"
#include "daemon/running.h"

/* The engine's clock is not the wall's; 0: never. */
static struct wall wall_of(struct boot at, struct boot now)
{
	if (at.ns == 0)
		return (struct wall){0};
	return (struct wall){clock_wall().ns - boot_diff(now, at)};
}

static void view_alarm(void *arg, uint32_t rule, struct mqtt_alarm *ret)
{
	const struct running *now = arg;
	struct engine_rule state;
	struct rule_view view;

	ruleset_view(now->config->rules, rule, &view);
	engine_rule(now->engine, rule, &state);
	*ret = (struct mqtt_alarm){
		.rule = view.name,
		.severity = view.severity,
		.state = state.state,
		.since = wall_of(state.since, clock_boot()),
		.acknowledged = state.acked,
		.shelved = state.shelved,
		.inhibited = state.inhibitor != UINT32_MAX,
	};
}

static void view_point(void *arg, uint32_t point, struct mqtt_value *ret)
{
	const struct running *running = arg;
	struct boot now = clock_boot();
	struct engine_point state;

	engine_point(running->engine, point, now, &state);
	*ret = (struct mqtt_value){
		.value = state.value,
		.quality = state.quality,
		.reason = state.reason,
		.at = state.ever ? wall_of(state.at, now) : (struct wall){0},
	};
}

struct mqtt_source mqtt_view_of(struct running *now)
{
	return (struct mqtt_source){view_alarm, view_point, now};
}
