/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* gaugectl rules: where rules stand. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "ctl/ctl.h"
#include "ctl/look.h"
#include "ctl/remote.h"
#include "ctl/rule_words.h"

static const char *text(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

static void add_rule(struct table *table, const json_t *rule)
{
	const json_t *since = json_object_get(rule, "since_s");
	const char *severity = text(rule, "severity");
	struct str state, age;

	str_init(&state);
	str_init(&age);
	rule_words_state(&state, rule, false);
	rule_words_hold(&state, rule);
	if (json_is_number(since))
		look_add_age(&age, json_number_value(since));
	table_cell(table, LOOK_PLAIN, text(rule, "name"));
	table_cell(table,
		   severity != NULL && strcmp(severity, "critical") == 0 ? LOOK_BOLD
									 : LOOK_PLAIN,
		   severity);
	table_cell(table, look_of_rule(text(rule, "state")), state.s);
	table_cell(table, LOOK_PLAIN, age.s);
	table_cellf(table, LOOK_PLAIN, "%jd",
		    (intmax_t)json_integer_value(json_object_get(rule, "fired")));
	table_cell(table, LOOK_PLAIN, text(rule, "when"));
	str_done(&state);
	str_done(&age);
}

static void print_rules(const struct ctl *ctl, const json_t *rules)
{
	struct table *table = table_new(ctl, "RULE|SEVERITY|STATE|>SINCE|>FIRED|WHEN");
	const json_t *rule;
	size_t i;

	json_array_foreach (rules, i, rule)
		add_rule(table, rule);
	table_print(table);
}

static void print_points(const struct ctl *ctl, const json_t *points)
{
	struct table *table = table_new(ctl, "READS|>VALUE|UNIT|QUALITY|>AGE");
	const json_t *point;
	struct str cell;
	size_t i;

	json_array_foreach (points, i, point) {
		const json_t *age = json_object_get(point, "age_s");

		str_init(&cell);
		look_add_value(&cell, json_object_get(point, "value"));
		table_cell(table, LOOK_PLAIN, text(point, "name"));
		table_cell(table, LOOK_BOLD, cell.s);
		table_cell(table, LOOK_PLAIN, text(point, "unit"));
		table_cell(table, look_of_quality(text(point, "quality")),
			   text(point, "quality"));
		str_clear(&cell);
		if (json_is_number(age))
			look_add_age(&cell, json_number_value(age));
		table_cell(table, LOOK_PLAIN, json_is_number(age) ? cell.s : "never");
		str_done(&cell);
	}
	table_print(table);
}

static void print_rule(const struct ctl *ctl, const json_t *rule)
{
	const json_t *condition = json_object_get(rule, "condition");
	struct str line;

	str_init(&line);
	look_add_text(&line, text(rule, "name"));
	look_print(ctl, LOOK_BOLD, line.s);
	printf(" (%s)\n", text(rule, "severity"));
	str_clear(&line);
	look_add_text(&line, text(rule, "when") != NULL ? text(rule, "when") : "");
	printf("  %-6s %s, which is %s\n",
	       json_is_true(json_object_get(rule, "instant")) ? "on" : "when", line.s,
	       json_is_null(condition)	 ? "unknown"
	       : json_is_true(condition) ? "true"
					 : "false");
	str_clear(&line);
	rule_words_state(&line, rule, true);
	rule_words_hold(&line, rule);
	printf("  state  ");
	look_print(ctl, look_of_rule(text(rule, "state")), line.s);
	printf("\n  fired  %jd, cleared %jd\n\n",
	       (intmax_t)json_integer_value(json_object_get(rule, "fired")),
	       (intmax_t)json_integer_value(json_object_get(rule, "cleared")));
	str_done(&line);
	if (json_array_size(json_object_get(rule, "points")) > 0)
		print_points(ctl, json_object_get(rule, "points"));
}

static enum ctl_status run_rules(const struct ctl *ctl)
{
	json_t *answer;
	enum ctl_status status =
		ctl->count == 0
			? remote_ask(ctl, "/v1/rules", NULL, &answer, NULL)
			: remote_ask_name(ctl, "/v1/rules", ctl->args[0], NULL, &answer, NULL);

	if (status != CTL_OK)
		return status;
	if (ctl->json) {
		remote_print(answer);
		return CTL_OK;
	}
	if (ctl->count == 0)
		print_rules(ctl, json_object_get(answer, "rules"));
	else
		print_rule(ctl, answer);
	json_decref(answer);
	return CTL_OK;
}

const struct ctl_command cmd_rules = {
	.name = "rules",
	.usage = "[NAME]",
	.summary = "states of rules, or one rule with what it reads",
	.help = "SINCE is the time in the state, FIRED how often the rule fired since the start.\n"
		"With NAME: the rule's condition, its state, and every point that it reads.\n",
	.most = 1,
	.run = run_rules,
};
