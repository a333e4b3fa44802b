/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Serves explanations: a rule's expressions as trees, each part with its value now. */
#include <jansson.h>

#include "base/arena.h"
#include "model/point.h"
#include "rules/explain.h"
#include "rules/ruleset.h"
#include "daemon/api.h"
#include "daemon/api_json.h"
#include "daemon/api_points.h"
#include "daemon/api_rules.h"
#include "daemon/config.h"
#include "daemon/daemon.h"

static json_t *json_node(const struct daemon *daemon, const struct explain_node *node)
{
	json_t *json = json_pack("{so so so sb so so}", "text", api_json_text(node->text),
				 "value", api_json_value(node->value), "unit",
				 api_json_text(node->duration ? "s" : node->unit), "decides",
				 node->decides, "compared", api_json_text(node->compared),
				 "changes_s", api_json_seconds(node->changes_ns));
	json_t *operands = json_array();
	struct rule_view rule = {0};

	if (node->rule != UINT32_MAX)
		ruleset_view(daemon_config(daemon)->rules, node->rule, &rule);
	json_object_set_new(json, "rule", api_json_text(rule.name));
	json_object_set_new(json, "point",
			    node->point != POINT_NONE ? api_json_point(daemon, node->point)
						      : json_null());
	for (const struct explain_node *kid = node->kids; kid != NULL; kid = kid->next) {
		/* Constants are there in the text, and in their unit in compared. */
		if (!kid->constant)
			json_array_append_new(operands, json_node(daemon, kid));
	}
	json_object_set_new(json, "operands", operands);
	return json;
}

static json_t *json_part(const struct daemon *daemon, const struct explain_part *part)
{
	json_t *decided = json_array();

	for (size_t i = 0; i < part->decisive_count; i++)
		json_array_append_new(decided, api_json_text(part->decisive[i]->text));
	return json_pack("{so so so so so}", "field", api_json_text(part->field), "text",
			 api_json_text(part->text), "value", api_json_value(part->tree->value),
			 "decided_by", decided, "tree", json_node(daemon, part->tree));
}

void api_rule_explain(struct api_call *call)
{
	const struct daemon *daemon = call->daemon;
	uint32_t id = api_find_rule(call);
	struct explain explain;
	struct arena *arena;
	json_t *json, *parts;

	if (id == UINT32_MAX)
		return;
	arena = arena_new();
	explain_rule(arena, daemon_config(daemon)->rules, daemon_engine(daemon), id,
		     clock_boot(), &explain);
	json = api_json_rule(daemon, id);
	parts = json_array();
	for (size_t i = 0; i < explain.part_count; i++)
		json_array_append_new(parts, json_part(daemon, &explain.parts[i]));
	json_object_set_new(json, "seen",
			    explain.condition < 0 ? json_null()
						  : json_boolean(explain.condition > 0));
	json_object_set_new(json, "latch", json_boolean(explain.latch));
	json_object_set_new(json, "frozen", json_boolean(explain.frozen));
	json_object_set_new(json, "expressions", parts);
	arena_free(arena);
	api_answer(call, 200, json);
}
