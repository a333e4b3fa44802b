/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the way from an event to its actions. */
#include "daemon/dispatch.h"

#include "base/clock.h"
#include "daemon/config.h"
#include "model/event.h"

const struct action_list *dispatch_list(const struct config *config, const struct event *event)
{
	const struct config_rule *rule;

	/* Of a rule that a restart did not find again nobody knows the actions. */
	if ((event->held && !event->muted) || event->rule == UINT32_MAX)
		return NULL;
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

void dispatch_run(const struct config *config, const struct action_host *host,
		  const struct event *event, const struct event_stamp *stamp)
{
	const struct action_list *list = dispatch_list(config, event);

	for (size_t i = 0; list != NULL && i < list->count; i++) {
		if (dispatch_allows(event, list->types[i]))
			list->types[i]->run(list->actions[i], host, event, stamp);
	}
}
