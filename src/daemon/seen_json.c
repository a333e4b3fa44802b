/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns how points, rules and explanations look in JSON. */
#include "daemon/seen_json.h"

#include <jansson.h>
#include <stdio.h>

#include "base/arena.h"
#include "model/point.h"
#include "rules/civil.h"
#include "rules/engine.h"
#include "rules/explain.h"
#include "rules/ruleset.h"
#include "daemon/api_json.h"
#include "daemon/config.h"

static json_t *point_range(const struct point *point)
{
	if (point->low > point->high)
		return json_null();
	return json_pack("[oo]", api_json_number(point->low), api_json_number(point->high));
}

json_t *seen_json_point(const struct seen *from, uint32_t id)
{
	const struct point *point = point_table_get(from->config->points, id);
	const struct boot now = from->now;
	struct engine_point seen;
	bool counts;

	engine_point(from->engine, id, now, &seen);
	counts = seen.quality == QUALITY_GOOD || seen.quality == QUALITY_UNCERTAIN;
	return json_pack("{so so so so so so so sI so so so sb sb so}", "name",
			 api_json_text(point->name), "device", api_json_text(point->device),
			 "kind", api_json_text(value_kind_name(point->kind)), "unit",
			 api_json_text(point->unit_text), "value",
			 api_json_value(counts ? seen.value : (struct value){0}), "quality",
			 api_json_text(quality_name(seen.quality)), "reason",
			 seen.reason == BAD_NONE ? json_null()
						 : api_json_text(bad_reason_name(seen.reason)),
			 "code", (json_int_t)seen.code, "last",
			 api_json_value(seen.ever ? seen.last : (struct value){0}), "age_s",
			 api_json_seconds(seen.ever ? boot_diff(now, seen.at) : -1), "at_ns",
			 seen.ever ? json_integer(seen.at.ns) : json_null(), "readable",
			 point->readable, "writable", point->writable, "range",
			 point_range(point));
}

static json_t *rule_condition(int condition)
{
	return condition < 0 ? json_null() : json_boolean(condition != 0);
}

/* "2026-03-29 06:00:00", as the clocks of the rules' zone will show it; null: never. */
static json_t *rule_planned(const struct seen *seen, struct boot at)
{
	struct civil local;
	char text[64];

	if (at.ns == BOOT_NEVER.ns || !engine_local(seen->engine, at, &local))
		return json_null();
	snprintf(text, sizeof(text), "%04jd-%02d-%02d %02d:%02d:%02d", (intmax_t)local.year,
		 local.month, local.day, local.tod / 3600, local.tod / 60 % 60, local.tod % 60);
	return json_string(text);
}

json_t *seen_json_rule(const struct seen *seen, uint32_t id)
{
	const struct boot now = seen->now;
	struct rule_view view, inhibitor = {0};
	struct engine_rule rule;

	ruleset_view(seen->config->rules, id, &view);
	engine_rule(seen->engine, id, &rule);
	if (rule.inhibitor != UINT32_MAX)
		ruleset_view(seen->config->rules, rule.inhibitor, &inhibitor);
	return json_pack(
		"{so so so so sb so so so so sb so so so so sb so so so so}", "name",
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
		api_json_count(rule.left_out), "inactive", rule.inactive, "planned_s",
		api_json_seconds(rule.planned.ns != BOOT_NEVER.ns ? boot_diff(rule.planned, now)
								  : -1),
		"planned_at", rule_planned(seen, rule.planned), "fired",
		api_json_count(rule.fired), "cleared", api_json_count(rule.cleared));
}

static json_t *json_node(const struct seen *seen, const struct explain_node *node)
{
	json_t *json = json_pack("{so so so sb so so}", "text", api_json_text(node->text),
				 "value", api_json_value(node->value), "unit",
				 api_json_text(node->duration ? "s" : node->unit), "decides",
				 node->decides, "compared", api_json_text(node->compared),
				 "changes_s", api_json_seconds(node->changes_ns));
	json_t *operands = json_array();
	struct rule_view rule = {0};

	if (node->rule != UINT32_MAX)
		ruleset_view(seen->config->rules, node->rule, &rule);
	json_object_set_new(json, "rule", api_json_text(rule.name));
	json_object_set_new(json, "point",
			    node->point != POINT_NONE ? seen_json_point(seen, node->point)
						      : json_null());
	for (const struct explain_node *kid = node->kids; kid != NULL; kid = kid->next) {
		/* Constants are there in the text, and in their unit in compared. */
		if (!kid->constant)
			json_array_append_new(operands, json_node(seen, kid));
	}
	json_object_set_new(json, "operands", operands);
	return json;
}

static json_t *json_part(const struct seen *seen, const struct explain_part *part)
{
	json_t *decided = json_array();

	for (size_t i = 0; i < part->decisive_count; i++)
		json_array_append_new(decided, api_json_text(part->decisive[i]->text));
	return json_pack("{so so so so so}", "field", api_json_text(part->field), "text",
			 api_json_text(part->text), "value", api_json_value(part->tree->value),
			 "decided_by", decided, "tree", json_node(seen, part->tree));
}

json_t *seen_json_explain(const struct seen *seen, uint32_t id)
{
	struct explain explain;
	struct arena *arena = arena_new();
	json_t *json = seen_json_rule(seen, id), *parts = json_array();

	explain_rule(arena, seen->config->rules, seen->engine, id, seen->now, &explain);
	for (size_t i = 0; i < explain.part_count; i++)
		json_array_append_new(parts, json_part(seen, &explain.parts[i]));
	json_object_set_new(json, "seen",
			    explain.condition < 0 ? json_null()
						  : json_boolean(explain.condition > 0));
	json_object_set_new(json, "latch", json_boolean(explain.latch));
	json_object_set_new(json, "frozen", json_boolean(explain.frozen));
	json_object_set_new(json, "expressions", parts);
	arena_free(arena);
	return json;
}
