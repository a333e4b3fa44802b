/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Serves points: what they are, what they were last, and followers of their readings. */
#include "daemon/api_points.h"

#include <jansson.h>
#include <string.h>

#include "base/str.h"
#include "model/point.h"
#include "daemon/api.h"
#include "daemon/api_json.h"
#include "daemon/config.h"
#include "daemon/daemon.h"
#include "daemon/follower.h"

struct seen api_seen(const struct daemon *daemon)
{
	return (struct seen){daemon_config(daemon), daemon_engine(daemon), clock_boot()};
}

json_t *api_json_point(const struct daemon *daemon, uint32_t id)
{
	const struct seen seen = api_seen(daemon);

	return seen_json_point(&seen, id);
}

uint32_t api_find_point(struct api_call *call)
{
	const struct point_table *points = daemon_config(call->daemon)->points;
	uint32_t id = point_table_find(points, call->name, strlen(call->name));
	const char *near;

	if (id != POINT_NONE)
		return id;
	near = str_nearest(call->name, point_table_names(points), point_table_count(points));
	if (near != NULL)
		api_problem(call, 404, "there is no point '%s'; did you mean '%s'?", call->name,
			    near);
	else
		api_problem(call, 404, "there is no point '%s'", call->name);
	return POINT_NONE;
}

static void api_follow(struct api_call *call, unsigned what)
{
	call->status = 200;
	call->type = "application/x-ndjson";
	call->follower = follower_new(call->daemon, what);
}

void api_points(struct api_call *call)
{
	size_t count = point_table_count(daemon_config(call->daemon)->points);
	json_t *list;

	if (api_param_is_on(call, "follow")) {
		api_follow(call, api_param_is_on(call, "changes")
					 ? FOLLOW_READINGS | FOLLOW_CHANGES
					 : FOLLOW_READINGS);
		return;
	}
	list = json_array();
	for (uint32_t i = 0; i < count; i++)
		json_array_append_new(list, api_json_point(call->daemon, i));
	api_answer(call, 200, json_pack("{so}", "points", list));
}

void api_point(struct api_call *call)
{
	uint32_t id = api_find_point(call);

	if (id != POINT_NONE)
		api_answer(call, 200, api_json_point(call->daemon, id));
}

void api_events(struct api_call *call)
{
	if (!api_param_is_on(call, "follow")) {
		api_problem(call, 400,
			    "GET /v1/events?follow=1 follows events to come; those that "
			    "were are at /v1/history");
		return;
	}
	api_follow(call, api_param_is_on(call, "changes") ? FOLLOW_EVENTS | FOLLOW_CHANGES
							  : FOLLOW_EVENTS);
}
