/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the fires of each rule. */
#include "ctl/replay_log.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "model/event.h"

struct fires {
	size_t count, room;
	struct replay_fire *fires;
	bool firing;
	int64_t since_ns, firing_ns;
};

struct replay_log {
	size_t count; /* of rules that there is room for */
	struct fires *rules;
};

struct replay_log *replay_log_new(void)
{
	return xcalloc(1, sizeof(struct replay_log));
}

void replay_log_free(struct replay_log *log)
{
	if (log == NULL)
		return;
	for (size_t i = 0; i < log->count; i++)
		free(log->rules[i].fires);
	free(log->rules);
	free(log);
}

static struct fires *log_rule(struct replay_log *log, uint32_t rule)
{
	if (rule >= log->count) {
		size_t count = 2 * (size_t)rule + 16;

		log->rules = xreallocarray(log->rules, count, sizeof(*log->rules));
		for (size_t i = log->count; i < count; i++)
			log->rules[i] = (struct fires){0};
		log->count = count;
	}
	return &log->rules[rule];
}

static void log_fire(struct fires *rule, int64_t at_ns, int64_t to_ns)
{
	if (rule->count == rule->room) {
		rule->room = 2 * rule->room + 8;
		rule->fires = xreallocarray(rule->fires, rule->room, sizeof(*rule->fires));
	}
	rule->fires[rule->count++] = (struct replay_fire){at_ns, to_ns};
}

void replay_log_event(struct replay_log *log, const struct event *event)
{
	struct fires *rule = log_rule(log, event->rule);
	const int64_t at = event->at.ns;
	bool alarm;

	if (event->type == EVENT_INSTANT) {
		log_fire(rule, at, at);
		return;
	}
	if (event->type == EVENT_FIRE)
		log_fire(rule, at, INT64_MAX);
	alarm = rule->count > 0 && (event->to == RULE_FIRING || event->to == RULE_CLEARING);
	/* A latched alarm whose condition is over, and comes back: still the same fire. */
	if (alarm && !rule->firing) {
		rule->since_ns = at;
		rule->fires[rule->count - 1].to_ns = INT64_MAX;
	} else if (!alarm && rule->firing) {
		rule->firing_ns += at - rule->since_ns;
		rule->fires[rule->count - 1].to_ns = at;
	}
	rule->firing = alarm;
}

void replay_log_rule(const struct replay_log *log, uint32_t rule, struct boot end,
		     struct replay_log_rule *ret)
{
	const struct fires *fires = rule < log->count ? &log->rules[rule] : NULL;

	*ret = (struct replay_log_rule){0};
	if (fires == NULL)
		return;
	ret->fire_count = fires->count;
	ret->fires = fires->fires;
	ret->firing_ns = fires->firing_ns;
	ret->firing = fires->firing;
	if (fires->firing && end.ns > fires->since_ns)
		ret->firing_ns += end.ns - fires->since_ns;
}
