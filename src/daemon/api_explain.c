/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Serves explanations: a rule's expressions as trees, each part with its value now. */
#include <jansson.h>

#include "daemon/api.h"
#include "daemon/api_json.h"
#include "daemon/api_outputs.h"
#include "daemon/api_points.h"
#include "daemon/api_rules.h"
#include "daemon/seen_json.h"

void api_rule_explain(struct api_call *call)
{
	const struct seen seen = api_seen(call->daemon);
	uint32_t id = api_find_rule(call);
	json_t *json;

	if (id == UINT32_MAX)
		return;
	json = seen_json_explain(&seen, id);
	json_object_set_new(json, "outputs", api_json_outputs(call->daemon, call->name));
	api_answer(call, 200, json);
}
