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
#include "rules/ruleset.h"
#include "daemon/api.h"
#include "daemon/api_json.h"
#include "daemon/api_points.h"
#include "daemon/config.h"
#include "daemon/daemon.h"

json_t *api_json_rule(const struct daemon *daemon, uint32_t id)
{
	const struct seen seen = api_seen(daemon);

	return seen_json_rule(&seen, id);
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
