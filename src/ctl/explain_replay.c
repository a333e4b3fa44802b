/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the explanation of a rule at an instant of a recording. */
#include "ctl/explain_replay.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/str.h"
#include "rules/engine.h"
#include "rules/ruleset.h"
#include "ctl/replay.h"
#include "ctl/replay_time.h"
#include "ctl/tape.h"
#include "daemon/api_json.h"
#include "daemon/config.h"
#include "daemon/seen_json.h"

static void ignore_event(void *arg, const struct event *event)
{
	(void)arg;
	(void)event;
}

/* UINT32_MAX after it was told that there is no such rule. */
static uint32_t find_rule(const struct config *config, const char *name)
{
	uint32_t id = ruleset_find(config->rules, name);
	size_t count = ruleset_count(config->rules);
	const char **names, *near;

	if (id != UINT32_MAX)
		return id;
	names = xcalloc(count, sizeof(*names));
	for (uint32_t i = 0; i < count; i++) {
		struct rule_view view;

		ruleset_view(config->rules, i, &view);
		names[i] = view.name;
	}
	near = str_nearest(name, names, count);
	fprintf(stderr, "gaugectl: there is no rule '%s'%s%s%s\n", name,
		near != NULL ? "; did you mean '" : "", near != NULL ? near : "",
		near != NULL ? "'?" : "");
	free(names);
	return UINT32_MAX;
}

/* As the daemon's answer, and when it is: first as people read it. */
static json_t *explained(const struct ctl *ctl, const struct replay *replay, uint32_t rule,
			 const struct replay_start *start, struct boot end)
{
	/* What is due at end has happened: one nanosecond later it is over. */
	const struct seen seen = {replay_config(replay), replay_engine(replay),
				  boot_add(end, 1)};
	json_t *json = seen_json_explain(&seen, rule);
	struct wall wall;
	struct str at;

	json_object_set_new(json, "at_s", api_json_seconds(end.ns));
	json_object_set_new(json, "time",
			    replay_wall(start, end, &wall) ? api_json_wall(wall) : json_null());
	if (!ctl->json) {
		str_init(&at);
		replay_time_add(&at, start, end);
		printf("at %s of the recording\n", at.s);
		str_done(&at);
	}
	return json;
}

static enum ctl_status replay_rule(const struct ctl *ctl, struct tape *tape, json_t **ret)
{
	const char *at = ctl_value(ctl, CTL_AT);
	struct replay_start start = {0};
	enum ctl_status status = CTL_USAGE;
	struct tape_counts counts;
	struct boot end = BOOT_NEVER;
	struct replay *replay;
	uint32_t rule;

	start.known = tape_started(tape, &start.wall);
	if (at != NULL && !replay_time_parse(&start, "--at", at, &end))
		return CTL_USAGE;
	replay = replay_open(ctl_value(ctl, CTL_CONFIG),
			     (struct engine_sink){.event = ignore_event});
	if (replay == NULL)
		return CTL_USAGE;
	rule = find_rule(replay_config(replay), ctl->args[0]);
	if (rule == UINT32_MAX) {
		status = CTL_NO;
	} else {
		end = replay_play(&replay, 1, tape, end);
		tape_count(tape, &counts);
		*ret = explained(ctl, replay, rule, &start, end);
		status = counts.broken > 0 ? CTL_USAGE : CTL_OK;
	}
	replay_close(replay);
	return status;
}

enum ctl_status explain_replay(const struct ctl *ctl, json_t **ret)
{
	enum ctl_status status;
	struct tape *tape;

	if (ctl_value(ctl, CTL_CONFIG) == NULL || ctl_value(ctl, CTL_REPLAY) == NULL) {
		fprintf(stderr,
			"gaugectl: --replay RECORDING and --config FILE belong together; "
			"--at TIME says when\n");
		return CTL_USAGE;
	}
	tape = tape_open(ctl_value(ctl, CTL_REPLAY));
	if (tape == NULL)
		return CTL_USAGE;
	status = replay_rule(ctl, tape, ret);
	tape_close(tape);
	return status;
}
