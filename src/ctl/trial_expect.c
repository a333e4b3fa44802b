/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the look at rules and points in a test, and the words for what is otherwise. */
#include "ctl/trial_expect.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "conf/diag.h"
#include "conf/yaml.h"
#include "model/event.h"
#include "model/point.h"
#include "model/reading.h"
#include "rules/engine.h"
#include "rules/ruleset.h"
#include "ctl/trial_file.h"
#include "ctl/trial_value.h"
#include "daemon/config.h"

/* Points of a rule that are shown when it is otherwise than expected. */
enum { POINTS_SHOWN = 8 };

uint32_t trial_find_rule(const struct config *config, const char *name,
			 const struct yaml_node *node, struct diags *diags)
{
	uint32_t rule = ruleset_find(config->rules, name);
	size_t count = ruleset_count(config->rules);
	const char **names;

	if (rule != UINT32_MAX)
		return rule;
	names = xcalloc(count, sizeof(*names));
	for (uint32_t i = 0; i < count; i++) {
		struct rule_view view;

		ruleset_view(config->rules, i, &view);
		names[i] = view.name;
	}
	diag_error(diags, node, "there is no rule '%s'", name);
	diag_suggest(diags, name, names, count);
	free(names);
	return UINT32_MAX;
}

static const char *condition_word(int condition)
{
	return condition < 0 ? "unknown" : condition > 0 ? "true" : "false";
}

/* "boiler.temp = 81.3 degC, good, 2s old" */
static void note_point(const struct config *config, const struct engine *engine, uint32_t id,
		       struct boot now, struct diags *diags)
{
	const struct point *point = point_table_get(config->points, id);
	struct engine_point seen;
	struct str text;

	engine_point(engine, id, now, &seen);
	str_init(&text);
	str_addf(&text, "%s = ", point->name);
	value_show(seen.value, &text);
	if (point->unit_text != NULL && seen.value.kind != VALUE_NONE)
		str_addf(&text, " %s", point->unit_text);
	str_addf(&text, ", %s", quality_name(seen.quality));
	if (seen.reason != BAD_NONE)
		str_addf(&text, " (%s)", bad_reason_name(seen.reason));
	if (seen.ever) {
		str_adds(&text, ", ");
		str_add_duration(&text, boot_diff(now, seen.at));
		str_adds(&text, " old");
	}
	diag_note(diags, "%s", text.s);
	str_done(&text);
}

/* "'t > 80' is true"; of an alarm that a 'clear' ends, both, as both decide about it. */
static void add_condition(struct str *text, const struct engine_rule *rule,
			  const struct rule_view *view)
{
	const struct yaml_node *clear = yaml_get(view->node, "clear");
	bool alarm = rule->state == RULE_FIRING || rule->state == RULE_CLEARING;

	str_addf(text, "'%s'", view->condition);
	if (alarm && clear != NULL && clear->text != NULL)
		str_addf(text, " or not '%s'", clear->text);
	str_addf(text, " is %s", condition_word(rule->condition));
}

/* Where the rule stands, and all that it reads. */
static void note_rule(const struct config *config, const struct engine *engine, uint32_t id,
		      struct boot now, struct diags *diags)
{
	struct engine_rule rule;
	struct rule_view view;
	struct str text;

	engine_rule(engine, id, &rule);
	ruleset_view(config->rules, id, &view);
	str_init(&text);
	str_addf(&text, "%s for ", rule_state_name(rule.state));
	str_add_duration(&text, boot_diff(now, rule.since));
	if (rule.has_deadline) {
		str_addf(&text, ", %s in ", rule.state == RULE_PENDING ? "fires" : "clears");
		str_add_duration(&text, boot_diff(rule.deadline, now));
	}
	str_adds(&text, "; ");
	add_condition(&text, &rule, &view);
	diag_note(diags, "%s", text.s);
	str_done(&text);
	for (size_t i = 0; i < view.point_count && i < POINTS_SHOWN; i++)
		note_point(config, engine, view.points[i], now, diags);
}

static void check_rule(const struct config *config, const struct engine *engine,
		       const struct trial_expect *expect, struct diags *diags)
{
	static const int8_t conditions[] = {0, 1, -1};
	uint32_t id =
		trial_find_rule(config, expect->rule, yaml_get(expect->node, "rule"), diags);
	const struct boot now = {expect->at_ns};
	struct engine_rule rule;
	bool good = true;
	char room[40];
	struct str at;

	if (id == UINT32_MAX)
		return;
	str_init_fixed(&at, room, sizeof(room));
	str_add_duration_exact(&at, expect->at_ns);
	engine_rule(engine, id, &rule);
	if (expect->has_state && (int)rule.state != expect->state) {
		diag_error(diags, yaml_get(expect->node, "state"), "at %s %s is %s", room,
			   expect->rule, rule_state_name(rule.state));
		good = false;
	} else if (expect->has_condition && rule.condition != conditions[expect->condition]) {
		diag_error(diags, yaml_get(expect->node, "condition"),
			   "at %s the condition of %s is %s", room, expect->rule,
			   condition_word(rule.condition));
		good = false;
	}
	if (!good)
		note_rule(config, engine, id, now, diags);
}

static void check_point(const struct config *config, const struct engine *engine,
			const struct trial_expect *expect, struct diags *diags)
{
	const struct point_table *points = config->points;
	uint32_t id = point_table_find(points, expect->point, strlen(expect->point));
	const struct boot now = {expect->at_ns};
	struct engine_point seen;
	char room[40];
	struct str at;

	if (id == POINT_NONE) {
		diag_error(diags, yaml_get(expect->node, "point"), "unknown point '%s'",
			   expect->point);
		diag_suggest(diags, expect->point, point_table_names(points),
			     point_table_count(points));
		return;
	}
	str_init_fixed(&at, room, sizeof(room));
	str_add_duration_exact(&at, expect->at_ns);
	engine_point(engine, id, now, &seen);
	if (expect->value != NULL && !trial_value_is(seen.value, expect->value))
		diag_error(diags, expect->value, "at %s %s has another value", room,
			   expect->point);
	else if (expect->has_quality && (int)seen.quality != expect->quality)
		diag_error(diags, yaml_get(expect->node, "quality"), "at %s %s is %s", room,
			   expect->point, quality_name(seen.quality));
	else
		return;
	note_point(config, engine, id, now, diags);
}

void trial_expect_check(const struct config *config, const struct engine *engine,
			const struct trial_expect *expect, struct diags *diags)
{
	if (expect->rule != NULL)
		check_rule(config, engine, expect, diags);
	else
		check_point(config, engine, expect, diags);
}
