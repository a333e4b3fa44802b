/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the way from an event to its actions. */
#include "daemon/dispatch.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "model/event.h"
#include "model/point.h"
#include "daemon/config.h"
#include "daemon/running.h"
#include "daemon/store_alarm.h"

/* What gauged itself says runs the actions of the section that it is about. */
static const struct action_list *dispatch_own(const struct config *config,
					      const struct event *event)
{
	/* Of a rule that a restart did not find again nobody knows the actions. */
	if (strcmp(event->rule_name, STORE_ALARM_NAME) != 0)
		return NULL;
	return event->type == EVENT_FIRE ? &config->store_actions.on_fire
					 : &config->store_actions.on_clear;
}

const struct action_list *dispatch_list(const struct config *config, const struct event *event)
{
	const struct config_rule *rule;

	if (event->held && !event->muted)
		return NULL;
	if (event->rule == UINT32_MAX)
		return dispatch_own(config, event);
	rule = &config->rule_actions[event->rule];
	switch (event->type) {
	case EVENT_FIRE:
	case EVENT_REPEAT:
	case EVENT_BLIND:
	case EVENT_FLAPPING:
		return &rule->on_fire;
	case EVENT_CLEAR:
		return &rule->on_clear;
	case EVENT_INSTANT:
		return &rule->on_instant;
	case EVENT_CALM:
		return event->from == event->to ? &rule->on_fire : NULL;
	case EVENT_PENDING:
	case EVENT_CLEARING:
	case EVENT_REFIRE:
	case EVENT_RETURN:
	case EVENT_ACK:
	case EVENT_GAP:
		return NULL;
	}
	return NULL;
}

void dispatch_stamp(const struct config *config, const char *boot_id, const struct event *event,
		    struct event_stamp *ret)
{
	int64_t ago = boot_diff(clock_boot(), event->at);

	*ret = (struct event_stamp){
		.site = config->site,
		.wall = {clock_wall().ns - ago},
		.mono = {clock_mono().ns - ago},
		.boot_id = boot_id,
		.synchronised = clock_synchronised(),
	};
}

bool dispatch_allows(const struct event *event, const struct action_type *type)
{
	return !event->muted || type->switches;
}

/* One event on its way. */
struct dispatch {
	const struct config *config;
	const struct dispatch_host *host;
};

static struct webhook *dispatch_webhook(void *arg, size_t index)
{
	const struct dispatch *dispatch = arg;
	const struct running *now = dispatch->host->now;
	const char *name = dispatch->config->webhooks[index].name;

	if (dispatch->config == now->config)
		return now->webhooks[index];
	for (size_t i = 0; i < now->config->webhook_count; i++) {
		if (strcmp(now->config->webhooks[i].name, name) == 0)
			return now->webhooks[i];
	}
	return NULL;
}

static struct mqtt *dispatch_mqtt(void *arg, size_t index)
{
	const struct dispatch *dispatch = arg;
	const struct running *now = dispatch->host->now;
	const char *name = dispatch->config->mqtts[index].name;

	if (dispatch->config == now->config)
		return now->mqtts[index];
	for (size_t i = 0; i < now->config->mqtt_count; i++) {
		if (strcmp(now->config->mqtts[i].name, name) == 0)
			return now->mqtts[i];
	}
	return NULL;
}

static void dispatch_write(void *arg, uint32_t point, struct value value, const char *why)
{
	const struct dispatch *dispatch = arg;
	const struct dispatch_host *host = dispatch->host;
	const struct point_table *points = host->now->config->points;
	const char *name = point_table_get(dispatch->config->points, point)->name;

	if (dispatch->config != host->now->config)
		point = point_table_find(points, name, strlen(name));
	if (point == POINT_NONE)
		log_error("write refused for %s: %s is gone with the reload", why, name);
	host->write(host->arg, point, value, why);
}

void dispatch_run(const struct config *config, const struct dispatch_host *host,
		  const struct event *event, const struct event_stamp *stamp)
{
	const struct action_list *list = dispatch_list(config, event);
	struct dispatch dispatch = {config, host};
	struct action_host actions = {dispatch_webhook, dispatch_mqtt, dispatch_write,
				      &dispatch};

	for (size_t i = 0; list != NULL && i < list->count; i++) {
		if (dispatch_allows(event, list->types[i]))
			list->types[i]->run(list->actions[i], &actions, event, stamp);
	}
}
