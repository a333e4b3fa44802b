/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the options of rules and their defaults. */
#include "rules/rule_options.h"

#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "conf/diag.h"
#include "conf/option.h"
#include "conf/yaml.h"
#include "rules/ruleset.h"

static const char *const severities[] = {"info", "warning", "critical", NULL};
static const char *const on_unknowns[] = {"hold", "clear", "fire", NULL};

enum { RULE_LONGEST_S = 366 * 86400 };

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
	{"blind_after", OPTION(DURATION, rule_options, blind_ns), .max = RULE_LONGEST_S,
	 .help = "raises one 'blind' event when the condition was unknown for so long"},
	{"latch", OPTION(BOOL, rule_options, latch), .fallback = "false",
	 .help = "true: a rule that has fired stays an alarm until somebody acknowledges it"},
	{"inhibited_by", OPTION(SEQ, rule_options, inhibited_by),
	 .shape = "[text]",
	 .help = "rules whose alarm holds this rule's actions back"},
	{"repeat", OPTION(DURATION, rule_options, repeat_ns), .min = 1, .max = RULE_LONGEST_S,
	 .help = "runs on_fire again after each such time while the rule fires"},
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
	.one_of = "when|on",
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

bool rule_options_stateful(const char *name)
{
	static const char *const names[] = {"for",	"clear",       "clear_for",
					    "repeat",	"on_unknown",  "on_fire",
					    "on_clear", "blind_after", "latch"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(names[i], name) == 0)
			return true;
	}
	return false;
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
