/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the way from an output to its bus, and what it asks of the engine and the clock. */
#include "daemon/switches.h"

#include <errno.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "io/loop.h"
#include "rules/engine.h"
#include "rules/ruleset.h"
#include "actions/action.h"
#include "daemon/bus.h"
#include "daemon/config.h"
#include "daemon/output.h"
#include "daemon/running.h"

struct switches {
	const struct running *now;
	struct outputs *outputs;
	struct loop_alarm *alarm;
};

static int switches_write(void *arg, uint32_t point, struct value value, write_done *done,
			  void *done_arg, struct error *err)
{
	const struct running *now = ((struct switches *)arg)->now;

	for (size_t i = 0; i < now->config->bus_count; i++) {
		struct bus *bus = now->buses[i];

		if (bus != NULL && bus_owns(bus, point))
			return bus_write(bus, point, value, done, done_arg, err);
	}
	return error_set(err, ENODEV, "it stands on no open bus");
}

static void switches_alarm(void *arg, struct boot deadline)
{
	struct switches *switches = arg;

	if (deadline.ns == BOOT_NEVER.ns)
		loop_alarm_stop(switches->alarm);
	else
		loop_alarm_start(switches->alarm, deadline);
}

static void switches_due(void *arg)
{
	struct switches *switches = arg;

	outputs_due(switches->outputs);
}

static struct boot switches_now(void *arg)
{
	(void)arg;
	return clock_boot();
}

/* A rule that is asleep, or shelved, drives nothing, and an instant is never undecided. */
static bool switches_decided(void *arg, uint32_t number)
{
	const struct running *now = ((struct switches *)arg)->now;
	struct engine_rule rule;
	struct rule_view view;

	engine_rule(now->engine, number, &rule);
	if (rule.condition >= 0 || rule.inactive || rule.shelved)
		return true;
	ruleset_view(now->config->rules, number, &view);
	return view.instant;
}

static bool switches_fires(void *arg, const char *name)
{
	const struct running *now = ((struct switches *)arg)->now;
	uint32_t number = ruleset_find(now->config->rules, name);
	struct engine_rule rule;

	if (number == UINT32_MAX)
		return false;
	engine_rule(now->engine, number, &rule);
	return rule.state != RULE_OK && rule.state != RULE_PENDING;
}

struct switches *switches_new(struct loop *loop, const struct running *now, struct error *err)
{
	struct switches *switches = xcalloc(1, sizeof(*switches));
	const struct outputs_host host = {
		.write = switches_write,
		.alarm = switches_alarm,
		.now = switches_now,
		.decided = switches_decided,
		.fires = switches_fires,
		.arg = switches,
	};

	switches->now = now;
	switches->alarm = loop_alarm_new(loop, switches_due, switches);
	if (switches->alarm == NULL) {
		error_set(err, EMFILE, "cannot make a timer: no descriptor left");
		free(switches);
		return NULL;
	}
	switches->outputs = outputs_new(now->config, &host);
	return switches;
}

void switches_free(struct switches *switches)
{
	if (switches == NULL)
		return;
	outputs_free(switches->outputs);
	loop_alarm_free(switches->alarm);
	free(switches);
}

struct outputs *switches_outputs(const struct switches *switches)
{
	return switches->outputs;
}

struct switches_cleared {
	struct switches *switches;
	const struct event *event;
};

static void switches_let_go(void *arg, const struct deed *deed)
{
	const struct switches_cleared *cleared = arg;

	if (deed->kind == DEED_WRITE)
		outputs_rule_ends(cleared->switches->outputs, deed->point,
				  cleared->event->rule_name);
}

void switches_event(struct switches *switches, const struct event *event)
{
	struct switches_cleared cleared = {switches, event};
	const struct config_rule *rule;

	if (event->type != EVENT_CLEAR || event->rule == UINT32_MAX)
		return;
	rule = &switches->now->config->rule_actions[event->rule];
	for (size_t i = 0; i < rule->on_fire.count; i++)
		rule->on_fire.types[i]->tell(rule->on_fire.actions[i], EVENT_FIRE,
					     switches_let_go, &cleared);
}
