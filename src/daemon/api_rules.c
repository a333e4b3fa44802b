/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Serves rules: what they say and where they stand. */
#include "daemon/api_rules.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "model/point.h"
#include "rules/engine.h"
#include "rules/ruleset.h"
#include "daemon/api.h"
#include "daemon/api_json.h"
#include "daemon/api_points.h"
#include "daemon/config.h"
#include "daemon/daemon.h"

static json_t *rule_condition(int condition)
{
	return condition < 0 ? json_null() : json_boolean(condition != 0);
}

json_t *api_json_rule(const struct daemon *daemon, uint32_t id)
{
	struct boot now = clock_boot();
	struct rule_view view, inhibitor = {0};
	struct engine_rule rule;

	ruleset_view(daemon_config(daemon)->rules, id, &view);
	engine_rule(daemon_engine(daemon), id, &rule);
	if (rule.inhibitor != UINT32_MAX)
		ruleset_view(daemon_config(daemon)->rules, rule.inhibitor, &inhibitor);
	return json_pack(
		"{so so so so sb so so so so sb so so so so so so}", "name",
		api_json_text(view.name), "severity",
		api_json_text(severity_name(view.severity)), "priority",
		view.priority > 0 ? json_integer(view.priority) : json_null(), "state",
		view.instant ? json_null() : api_json_text(rule_state_name(rule.state)),
		"instant", view.instant, "when", api_json_text(view.condition), "condition",
		rule_condition(rule.condition), "since_s",
		api_json_seconds(view.instant ? -1 : boot_diff(now, rule.since)), "deadline_s",
		api_json_seconds(rule.has_deadline ? boot_diff(rule.deadline, now) : -1),
		"acknowledged", rule.acked, "shelved_s",
		api_json_seconds(rule.shelved ? boot_diff(rule.shelved_until, now) : -1),
		"inhibited_by", api_json_text(inhibitor.name), "quiet",
		api_json_text(quiet_reason_name(rule.quiet)), "left_out",
		api_json_count(rule.left_out), "fired", api_json_count(rule.fired), "cleared",
		api_json_count(rule.cleared));
}

void api_rules(struct api_call *call)
{
	size_t count = ruleset_count(daemon_config(call->daemon)->rules);
	json_t *list = json_array();

	for (uint32_t i = 0; i < count; i++)
		json_array_append_new(list, api_json_rule(call->daemon, i));
	api_answer(call, 200, json_pack("{so}", "rules", list));
}

static void rule_unknown(struct api_call *call)
{
	const struct ruleset *rules = daemon_config(call->daemon)->rules;
	size_t count = ruleset_count(rules);
	const char **names = xcalloc(count, sizeof(*names)), *near;
	struct rule_view view;

	for (uint32_t i = 0; i < count; i++) {
		ruleset_view(rules, i, &view);
		names[i] = view.name;
	}
	near = str_nearest(call->name, names, count);
	if (near != NULL)
		api_problem(call, 404, "there is no rule '%s'; did you mean '%s'?", call->name,
			    near);
	else
		api_problem(call, 404, "there is no rule '%s'", call->name);
	free(names);
}

uint32_t api_find_rule(struct api_call *call)
{
	uint32_t id = ruleset_find(daemon_config(call->daemon)->rules, call->name);

	if (id == UINT32_MAX)
		rule_unknown(call);
	return id;
}

void api_rule(struct api_call *call)
{
	const struct ruleset *rules = daemon_config(call->daemon)->rules;
	uint32_t id = api_find_rule(call);
	struct rule_view view;
	json_t *json, *points;

	if (id == UINT32_MAX)
		return;
	json = api_json_rule(call->daemon, id);
	points = json_array();
	ruleset_view(rules, id, &view);
	for (size_t i = 0; i < view.point_count; i++)
		json_array_append_new(points, api_json_point(call->daemon, view.points[i]));
	json_object_set_new(json, "points", points);
	api_answer(call, 200, json);
}
