/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the options of rules and their defaults. */
#include "rules/rule_options.h"

#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/str.h"
#include "conf/diag.h"
#include "conf/option.h"
#include "conf/yaml.h"
#include "rules/quiet.h"
#include "rules/ruleset.h"

static const char *const severities[] = {"info", "warning", "critical", NULL};
static const char *const on_unknowns[] = {"hold", "clear", "fire", NULL};

enum { RULE_LONGEST_S = 366 * 86400, RULE_LAST_PRIORITY = 999 };

/* clang-format off */
static const struct option rule_own_rows[] = {
	{"when", OPTION(NODE, rule_options, when),
	 .shape = "text",
	 .help = "the condition; the rule fires while it is true"},
	{"clear", OPTION(NODE, rule_options, clear),
	 .shape = "text",
	 .help = "the condition that ends it, when it differs from 'not when' (hysteresis)"},
	{"for_each", OPTION(NODE, rule_options, for_each),
	 .shape = "{any}",
	 .help = "variables and their elements: as many rules as there are combinations"},
	{"on", OPTION(NODE, rule_options, on),
	 .shape = "text",
	 .help = "an instant, instead of 'when': rises(x), falls(x), changed(x)"},
	{"at", OPTION(NODE, rule_options, at),
	 .shape = "text|[text]",
	 .help = "instants by local time, instead of 'when': 06:00 mon-fri; or every 10m"},
	{"do", OPTION(SEQ, rule_options, on_instant),
	 .shape = "[action]",
	 .help = "actions at that instant"},
	{"message", OPTION(NODE, rule_options, message),
	 .shape = "text",
	 .help = "a text for people, with ${expressions}"},
};

/* There may be defaults for these. */
static const struct option rule_rows[] = {
	{"for", OPTION(DURATION, rule_options, for_ns), .max = RULE_LONGEST_S,
	 .help = "on-delay: how long the condition has to be known true before the rule fires"},
	{"clear_for", OPTION(DURATION, rule_options, clear_for_ns), .max = RULE_LONGEST_S,
	 .help = "off-delay: how long it has to be over before the rule is clear"},
	{"on_unknown", OPTION(CHOICE, rule_options, on_unknown), .fallback = "hold",
	 .choices = on_unknowns,
	 .help = "what a condition means that is unknown because a point is stale"},
	{"schedule", OPTION(NODE, rule_options, schedule),
	 .shape = "text|[text]",
	 .help = "when the rule is active, by local time: mon..fri 06:00..22:00"},
	{"blind_after", OPTION(DURATION, rule_options, blind_ns), .max = RULE_LONGEST_S,
	 .help = "raises one 'blind' event when the condition was unknown for so long"},
	{"latch", OPTION(BOOL, rule_options, latch), .fallback = "false",
	 .help = "true: a rule that has fired stays an alarm until somebody acknowledges it"},
	{"inhibited_by", OPTION(SEQ, rule_options, inhibited_by),
	 .shape = "[text]",
	 .help = "rules whose alarm holds this rule's actions back"},
	{"repeat", OPTION(DURATION, rule_options, repeat_ns), .min = 1, .max = RULE_LONGEST_S,
	 .help = "runs on_fire again after each such time while the rule fires"},
	{"min_interval", OPTION(DURATION, rule_options, min_interval_ns),
	 .max = RULE_LONGEST_S,
	 .help = "between two times that it says that it fires; the second is made up for"},
	{"flap", OPTION(MAP, rule_options, flap),
	 .shape = "flap",
	 .help = "how often an alarm may come and go until it is muted with one notice"},
	{"max_rate", OPTION(RATE, rule_options, max_rate),
	 .help = "how often its actions may run; what is more is left out and counted"},
	{"priority", OPTION(NODE, rule_options, priority),
	 .shape = "/high|normal|low/|1..999",
	 .help = "how soon somebody has to act: high, normal, low, or a number from 1 on"},
	{"severity", OPTION(CHOICE, rule_options, severity), .fallback = "warning",
	 .choices = severities, .help = "how bad it is"},
	{"labels", OPTION(MAP, rule_options, labels),
	 .shape = "{text}",
	 .help = "names and texts that go with every event of the rule"},
	{"on_fire", OPTION(SEQ, rule_options, on_fire),
	 .shape = "[action]",
	 .help = "actions when it fires"},
	{"on_clear", OPTION(SEQ, rule_options, on_clear),
	 .shape = "[action]",
	 .help = "actions when it clears"},
};
/* clang-format on */

/* What stands in 'flap', as the option rows bind it. */
struct flap_options {
	int64_t changes;
	int64_t in_ns;
};

static const struct option flap_rows[] = {
	{.name = "changes",
	 OPTION(INT, flap_options, changes),
	 .min = 2,
	 .max = QUIET_TIMES_MAX,
	 .required = true,
	 .help = "how often the alarm comes or goes until it is muted"},
	{.name = "in",
	 OPTION(DURATION, flap_options, in_ns),
	 .min = 1,
	 .max = RULE_LONGEST_S,
	 .required = true,
	 .help = "within what time it comes and goes so often"},
};

static const struct option defaults_rows[] = {
	{.name = "rules",
	 .type = OPTION_MAP,
	 .shape = "rule_defaults",
	 .help = "What a rule does not say itself; all of its options but those that make it "
		 "what it is."},
};

const struct option_table ruleset_option_table = {
	.section = "rule",
	.manual = "gauged-rules(5)",
	.rows = rule_own_rows,
	.count = ARRAY_SIZE(rule_own_rows),
	.name = "rule",
	.also = &rule_defaults_option_table,
	.one_of = "when|on|at",
};

const struct option_table rule_defaults_option_table = {
	.section = "rule",
	.manual = "gauged-rules(5)",
	.rows = rule_rows,
	.count = ARRAY_SIZE(rule_rows),
	.name = "rule_defaults",
};

const struct option_table defaults_option_table = {
	.section = "defaults",
	.manual = "gauged-rules(5)",
	.rows = defaults_rows,
	.count = ARRAY_SIZE(defaults_rows),
	.name = "defaults",
};

const struct option_table flap_option_table = {
	.section = "flap",
	.manual = "gauged-rules(5)",
	.rows = flap_rows,
	.count = ARRAY_SIZE(flap_rows),
	.name = "flap",
};

bool rule_options_stateful(const char *name)
{
	static const char *const names[] = {"for",	  "clear",   "clear_for", "repeat",
					    "on_unknown", "on_fire", "on_clear",  "blind_after",
					    "latch",	  "flap",    "schedule"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(names[i], name) == 0)
			return true;
	}
	return false;
}

bool rule_options_limits(struct arena *arena, const struct rule_options *options,
			 const struct yaml_node *map, const struct quiet_limits **ret_limits,
			 struct diags *diags)
{
	struct quiet_limits *limits;
	struct flap_options flap = {0};
	struct option_binding binding = {&flap_option_table, &flap};

	if (options->flap != NULL &&
	    !option_bind(arena, options->flap, NULL, &binding, 1, diags))
		return false;
	if (options->max_rate.count > QUIET_TIMES_MAX) {
		diag_error(diags, yaml_get(map, "max_rate"), "a 'max_rate' counts up to %d",
			   QUIET_TIMES_MAX);
		return false;
	}
	*ret_limits = NULL;
	if (options->min_interval_ns == 0 && flap.changes == 0 && options->max_rate.per_ns == 0)
		return true;
	limits = arena_take(arena, 1, sizeof(*limits));
	*limits = (struct quiet_limits){
		.min_interval_ns = options->min_interval_ns,
		.flap_changes = (uint32_t)flap.changes,
		.flap_ns = flap.in_ns,
		.rate_count = (uint32_t)options->max_rate.count,
		.rate_ns = options->max_rate.per_ns,
	};
	*ret_limits = limits;
	return true;
}

bool rule_options_priority(const struct rule_options *options, int *ret, struct diags *diags)
{
	static const char *const words[] = {"high", "normal", "low"};
	const struct yaml_node *node = options->priority;
	int64_t number;

	*ret = 0;
	if (node == NULL)
		return true;
	for (int i = 0; i < (int)ARRAY_SIZE(words) && node->kind == YAML_SCALAR; i++) {
		if (strcmp(node->text, words[i]) == 0)
			*ret = i + 1;
	}
	if (*ret != 0)
		return true;
	if (node->kind != YAML_SCALAR || !node->plain || str_to_int(node->text, &number) != 0 ||
	    number < 1 || number > RULE_LAST_PRIORITY) {
		diag_error(diags, node,
			   "expected high, normal, low or a number from 1 (the most urgent) "
			   "to %d for 'priority'",
			   RULE_LAST_PRIORITY);
		return false;
	}
	*ret = (int)number;
	return true;
}

/* ---- defaults ------------------------------------------------------------------------- */

/* The section of the one file that has it. */
static const struct yaml_node *rule_options_section(const struct yaml_node *const *roots,
						    size_t root_count, struct diags *diags)
{
	const struct yaml_node *found = NULL;

	for (size_t i = 0; i < root_count; i++) {
		const struct yaml_node *node = yaml_get(roots[i], "defaults");

		if (node != NULL && found != NULL) {
			diag_error(diags, yaml_key(roots[i], "defaults"),
				   "'defaults' is defined a second time");
			diag_note(diags, "note: the first one stands at %s:%u",
				  found->source->file, found->line);
		} else if (node != NULL) {
			found = node;
		}
	}
	return found;
}

/* They go to rules of all kinds: nothing of one rule can stand in them. */
static bool rule_options_labels(const struct yaml_node *labels, struct diags *diags)
{
	bool good = true;

	for (size_t i = 0; labels != NULL && i < labels->count; i++) {
		const struct yaml_node *text = labels->values[i];

		if (text->kind == YAML_SCALAR && !yaml_is_null(text) &&
		    strstr(text->text, "${") == NULL)
			continue;
		diag_error(diags, text, "a default label is plain text");
		good = false;
	}
	return good;
}

const struct yaml_node *rule_options_defaults(struct arena *arena,
					      const struct yaml_node *const *roots,
					      size_t root_count, struct diags *diags)
{
	const struct yaml_node *section = rule_options_section(roots, root_count, diags),
			       *rules;
	const struct yaml_node *map = NULL;
	struct rule_options options = {0};
	struct option_binding outer = {&defaults_option_table, &map};
	struct option_binding inner = {&rule_defaults_option_table, &options};

	bool good;

	if (section == NULL)
		return NULL;
	good = option_bind(arena, section, NULL, &outer, 1, diags);
	rules = yaml_get(section, "rules");
	if (rules == NULL || rules->kind != YAML_MAP)
		return NULL;
	good = option_bind(arena, rules, "defaults of rules", &inner, 1, diags) && good;
	good = rule_options_labels(options.labels, diags) && good;
	return good ? rules : NULL;
}

static void rule_options_add(struct yaml_node *map, const struct yaml_node *key,
			     const struct yaml_node *value)
{
	map->keys[map->count] = key;
	map->values[map->count++] = value;
}

/* A copy of map with room for more. */
static struct yaml_node *rule_options_copy(struct arena *arena, const struct yaml_node *map,
					   size_t more)
{
	struct yaml_node *copy = arena_take(arena, 1, sizeof(*copy));

	*copy = *map;
	copy->count = 0;
	copy->keys = arena_take(arena, map->count + more, sizeof(*copy->keys));
	copy->values = arena_take(arena, map->count + more, sizeof(*copy->values));
	for (size_t i = 0; i < map->count; i++)
		rule_options_add(copy, map->keys[i], map->values[i]);
	return copy;
}

static const struct yaml_node *rule_options_join(struct arena *arena,
						 const struct yaml_node *map,
						 const struct yaml_node *more)
{
	struct yaml_node *both = rule_options_copy(arena, map, more->count);

	for (size_t i = 0; i < more->count; i++) {
		if (yaml_get(map, more->keys[i]->text) == NULL)
			rule_options_add(both, more->keys[i], more->values[i]);
	}
	return both;
}

const struct yaml_node *rule_options_merge(struct arena *arena, const struct yaml_node *map,
					   const struct yaml_node *defaults)
{
	struct yaml_node *both;
	bool instant;

	if (defaults == NULL || map->kind != YAML_MAP)
		return map;
	instant = yaml_get(map, "when") == NULL;
	both = rule_options_copy(arena, map, defaults->count);
	for (size_t i = 0; i < defaults->count; i++) {
		const char *name = defaults->keys[i]->text;

		if (yaml_get(map, name) == NULL && !(instant && rule_options_stateful(name)))
			rule_options_add(both, defaults->keys[i], defaults->values[i]);
	}
	for (size_t i = 0; i < map->count; i++) {
		const struct yaml_node *more = yaml_get(defaults, "labels");

		if (strcmp(map->keys[i]->text, "labels") == 0 && more != NULL &&
		    map->values[i]->kind == YAML_MAP)
			both->values[i] = rule_options_join(arena, map->values[i], more);
	}
	return both;
}
