/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the options of rules, and a configuration's rules as a whole. */
#include "rules/ruleset.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "conf/diag.h"
#include "conf/option.h"
#include "conf/yaml.h"
#include "model/name.h"
#include "model/point.h"
#include "rules/check.h"
#include "rules/compile.h"
#include "rules/derived.h"
#include "rules/engine.h"
#include "rules/message.h"
#include "rules/parser.h"
#include "rules/program.h"
#include "rules/rule.h"

/* What stands in a rule's map, as the option rows bind it. */
struct rule_options {
	const struct yaml_node *when, *clear, *on, *message, *labels;
	const struct yaml_node *on_fire, *on_clear, *on_instant;
	int severity;
	int on_unknown;
	int64_t for_ns, clear_for_ns, repeat_ns, blind_ns;
	bool latch;
	const struct yaml_node *inhibited_by;
};

static const char *const severities[] = {"info", "warning", "critical", NULL};
static const char *const on_unknowns[] = {"hold", "clear", "fire", NULL};

enum { RULE_LONGEST_S = 366 * 86400 };

/* clang-format off */
static const struct option rule_rows[] = {
	{"when", OPTION(NODE, rule_options, when),
	 .shape = "text",
	 .help = "the condition; the rule fires while it is true"},
	{"for", OPTION(DURATION, rule_options, for_ns), .max = RULE_LONGEST_S,
	 .help = "on-delay: how long the condition has to be known true before the rule fires"},
	{"clear", OPTION(NODE, rule_options, clear),
	 .shape = "text",
	 .help = "the condition that ends it, when it differs from 'not when' (hysteresis)"},
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
	{"message", OPTION(NODE, rule_options, message),
	 .shape = "text",
	 .help = "a text for people, with ${expressions}"},
	{"labels", OPTION(MAP, rule_options, labels),
	 .shape = "{text}",
	 .help = "names and texts that go with every event of the rule"},
	{"on_fire", OPTION(SEQ, rule_options, on_fire), .shape = "[action]", .help = "actions when it fires"},
	{"on_clear", OPTION(SEQ, rule_options, on_clear), .shape = "[action]", .help = "actions when it clears"},
	{"on", OPTION(NODE, rule_options, on),
	 .shape = "text",
	 .help = "an instant, instead of 'when': rises(x), falls(x), changed(x)"},
	{"do", OPTION(SEQ, rule_options, on_instant), .shape = "[action]", .help = "actions at that instant"},
};
/* clang-format on */

const struct option_table ruleset_option_table = {
	.section = "rule",
	.manual = "gauged-rules(5)",
	.rows = rule_rows,
	.count = ARRAY_SIZE(rule_rows),
	.name = "rule",
	.one_of = "when|on",
};

struct ruleset {
	struct arena *arena;
	const struct point_table *points;
	struct program *program;
	uint32_t count;
	struct rule *rules;
	const char **names;
	uint32_t *sorted; /* rules by name */
	uint32_t most_points;
};

/* Everything that is needed while one set is built. */
struct building {
	struct ruleset *set;
	struct diags *diags;
	const struct yaml_node **keys, **values;
	struct check_rules names;
};

static int ruleset_compare(const void *a, const void *b, void *arg)
{
	const char *const *names = arg;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	int order = strcmp(names[x], names[y]);

	return order != 0 ? order : (x > y) - (x < y);
}

static uint32_t ruleset_search(const struct ruleset *set, const char *name, size_t len)
{
	uint32_t low = 0, high = set->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		const char *there = set->names[set->sorted[middle]];
		int order = strncmp(there, name, len);

		if (order == 0 && there[len] == '\0')
			return set->sorted[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return UINT32_MAX;
}

static uint32_t ruleset_search_for(const void *arg, const char *name, size_t len)
{
	return ruleset_search(arg, name, len);
}

/* ---- names ---------------------------------------------------------------------------- */

static void ruleset_check_name(const struct yaml_node *key, struct diags *diags)
{
	if (name_valid(key->text, key->len))
		return;
	diag_error(diags, key, "'%s' is no name for a rule", key->text);
	diag_note(diags, "expected: a letter, then letters, digits, _ and -, at most %d",
		  NAME_MAX_BYTES);
}

static void ruleset_check_twice(struct building *building)
{
	const struct ruleset *set = building->set;

	for (uint32_t i = 1; i < set->count; i++) {
		uint32_t first = set->sorted[i - 1], second = set->sorted[i];
		const struct yaml_node *key = building->keys[first];

		if (strcmp(set->names[first], set->names[second]) != 0)
			continue;
		diag_error(building->diags, building->keys[second],
			   "the rule '%s' is defined twice", set->names[second]);
		diag_note(building->diags, "first: %s:%u:%u", key->source->file, key->line,
			  key->column);
	}
}

/* All rules of all maps, in order, with their names sorted. */
static bool ruleset_collect(struct building *building, const struct yaml_node *const *maps,
			    size_t map_count)
{
	struct ruleset *set = building->set;
	size_t errors = diags_errors(building->diags), count = 0;

	for (size_t i = 0; i < map_count; i++) {
		if (maps[i]->kind == YAML_MAP)
			count += maps[i]->count;
		else if (!yaml_is_null(maps[i]))
			diag_error(building->diags, maps[i], "expected a map of rules, got %s",
				   yaml_kind_words(maps[i]));
	}
	building->keys = arena_take(set->arena, count, sizeof(*building->keys));
	building->values = arena_take(set->arena, count, sizeof(*building->values));
	set->names = arena_take(set->arena, count, sizeof(*set->names));
	set->sorted = arena_take(set->arena, count, sizeof(*set->sorted));
	set->rules = arena_take(set->arena, count, sizeof(*set->rules));
	for (size_t i = 0; i < map_count; i++) {
		for (size_t k = 0; maps[i]->kind == YAML_MAP && k < maps[i]->count; k++) {
			building->keys[set->count] = maps[i]->keys[k];
			building->values[set->count] = maps[i]->values[k];
			set->names[set->count] = maps[i]->keys[k]->text;
			set->sorted[set->count] = set->count;
			ruleset_check_name(maps[i]->keys[k], building->diags);
			set->count++;
		}
	}
	if (set->count > RULESET_MAX)
		diag_error(building->diags, building->keys[RULESET_MAX],
			   "there are more than %d rules", RULESET_MAX);
	qsort_r(set->sorted, set->count, sizeof(*set->sorted), ruleset_compare, set->names);
	ruleset_check_twice(building);
	return diags_errors(building->diags) == errors;
}

/* ---- one rule ------------------------------------------------------------------------- */

static struct expr_source ruleset_source(const struct building *building,
					 const struct yaml_node *scalar, const char *field,
					 const struct rule *rule)
{
	return (struct expr_source){
		.text = scalar->text,
		.len = scalar->len,
		.scalar = scalar,
		.field = field,
		.rule = rule->name,
		.points = building->set->points,
		.diags = building->diags,
	};
}

static bool ruleset_is_text(const struct building *building, const struct yaml_node *node,
			    const char *what)
{
	if (node->kind == YAML_SCALAR && !yaml_is_null(node))
		return true;
	diag_error(building->diags, node, "expected %s, got %s", what, yaml_kind_words(node));
	return false;
}

static bool ruleset_expr(struct building *building, struct rule *rule,
			 const struct yaml_node *node, const char *field,
			 enum check_place place, struct code *ret)
{
	struct ruleset *set = building->set;
	struct program_use use = {0};
	struct expr_source source;
	struct expr *tree;

	if (!ruleset_is_text(building, node, "an expression"))
		return false;
	source = ruleset_source(building, node, field, rule);
	tree = parser_parse(set->arena, &source);
	if (tree == NULL || !check_expr(set->arena, set->program, &source, &building->names,
					place, VALUE_BOOL, &tree, &use))
		return false;
	if (place == CHECK_CONDITION)
		guards_add(&set->program->guards, set->program, tree);
	*ret = compile_expr(set->program, tree, &use);
	program_use_merge(set->arena, &rule->use, &use);
	return true;
}

/* What belongs to 'when' and what to 'on' do not go together. */
static bool ruleset_check_kind(struct building *building, const struct rule_options *options,
			       uint32_t number)
{
	static const char *const stateful[] = {"for",	     "clear",	    "clear_for",
					       "on_unknown", "repeat",	    "on_fire",
					       "on_clear",   "blind_after", "latch"};
	const struct yaml_node *map = building->values[number];
	const char *name = building->set->names[number];
	bool good = true;

	if (options->when == NULL && options->on == NULL) {
		diag_error(building->diags, building->keys[number],
			   "the rule '%s' has no condition", name);
		diag_note(building->diags, "hint: add 'when:' (a state) or 'on:' (an instant)");
		return false;
	}
	if (options->when != NULL && options->on != NULL) {
		diag_error(building->diags, yaml_key(map, "on"),
			   "a rule has either 'when' or 'on'");
		good = false;
	}
	if (options->when != NULL && options->on_instant != NULL) {
		diag_error(building->diags, yaml_key(map, "do"),
			   "'do' belongs to 'on'; a rule with 'when' has 'on_fire' and "
			   "'on_clear'");
		good = false;
	}
	for (size_t i = 0; options->when == NULL && i < ARRAY_SIZE(stateful); i++) {
		const struct yaml_node *key = yaml_key(map, stateful[i]);

		if (key == NULL)
			continue;
		diag_error(building->diags, key,
			   "'%s' belongs to 'when'; an instant has no state", stateful[i]);
		good = false;
	}
	return good;
}

static bool ruleset_labels(struct building *building, struct rule *rule,
			   const struct yaml_node *map)
{
	struct event_label *labels;
	bool good = true;

	if (map == NULL)
		return true;
	labels = arena_take(building->set->arena, map->count, sizeof(*labels));
	for (size_t i = 0; i < map->count; i++) {
		const struct yaml_node *text = map->values[i];

		if (!ruleset_is_text(building, text, "a text")) {
			good = false;
		} else if (strstr(text->text, "${") != NULL) {
			diag_error(building->diags, text, "a label is plain text");
			diag_note(building->diags, "hint: expressions stand in 'message'");
			good = false;
		}
		labels[i] = (struct event_label){map->keys[i]->text, text->text};
	}
	rule->labels = labels;
	rule->label_count = (uint32_t)map->count;
	return good;
}

/* One name in 'inhibited_by'; UINT32_MAX after an error. */
static uint32_t ruleset_inhibitor(struct building *building, const struct yaml_node *node)
{
	const struct ruleset *set = building->set;
	uint32_t number;

	if (!ruleset_is_text(building, node, "the name of a rule"))
		return UINT32_MAX;
	number = ruleset_search(set, node->text, node->len);
	if (number == UINT32_MAX) {
		diag_error(building->diags, node, "there is no rule '%s'", node->text);
		diag_suggest(building->diags, node->text, set->names, set->count);
	} else if (building->values[number]->kind == YAML_MAP &&
		   yaml_get(building->values[number], "when") == NULL) {
		diag_error(building->diags, node, "the rule '%s' is an instant: it never lasts",
			   node->text);
		diag_note(building->diags, "expected: a rule with 'when'");
		number = UINT32_MAX;
	}
	return number;
}

static bool ruleset_inhibitors(struct building *building, struct rule *rule,
			       const struct yaml_node *list)
{
	struct ruleset *set = building->set;
	struct idlist inhibitors = {0};
	bool good = true;

	for (size_t i = 0; list != NULL && i < list->count; i++) {
		uint32_t other = ruleset_inhibitor(building, list->values[i]);

		if (other == UINT32_MAX) {
			good = false;
			continue;
		}
		program_rule(set->program, other);
		idlist_add(set->arena, &inhibitors, other);
		idlist_add(set->arena, &rule->use.rules, other);
	}
	rule->inhibitors = inhibitors.ids;
	rule->inhibitor_count = inhibitors.count;
	return good;
}

static bool ruleset_message(struct building *building, struct rule *rule,
			    const struct yaml_node *node, struct program_use *use)
{
	struct expr_source source;

	if (node == NULL)
		return true;
	if (!ruleset_is_text(building, node, "a text"))
		return false;
	source = ruleset_source(building, node, "message", rule);
	rule->message = message_compile(building->set->arena, building->set->program, &source,
					&building->names, rule, use);
	return rule->message != NULL;
}

/* The points of the snapshot: those of the condition, of its edges, of the message. */
static void ruleset_points(struct building *building, struct rule *rule,
			   const struct program_use *message)
{
	struct program_use all = {0};

	program_use_points(building->set->program, &rule->use, &all.points);
	rule->condition_points = all.points.count;
	program_use_points(building->set->program, message, &all.points);
	rule->points = all.points.ids;
	rule->point_count = all.points.count;
	if (rule->point_count > building->set->most_points)
		building->set->most_points = rule->point_count;
}

static bool ruleset_rule(struct building *building, uint32_t number)
{
	struct ruleset *set = building->set;
	struct rule *rule = &set->rules[number];
	struct rule_options options = {0};
	struct option_binding binding = {&ruleset_option_table, &options};
	const char *what = arena_printf(set->arena, "rule '%s'", set->names[number]);
	struct program_use message = {0};
	bool good;

	rule->name = set->names[number];
	good = option_bind(set->arena, building->values[number], what, &binding, 1,
			   building->diags);
	if (building->values[number]->kind != YAML_MAP) {
		/* null is no error of option_bind(), and a rule of nothing has no condition */
		if (good)
			ruleset_check_kind(building, &options, number);
		return false;
	}
	good = ruleset_check_kind(building, &options, number) && good;
	*rule = (struct rule){
		.name = set->names[number],
		.severity = options.severity,
		.on_unknown = options.on_unknown,
		.for_ns = options.for_ns,
		.clear_for_ns = options.clear_for_ns,
		.repeat_ns = options.repeat_ns,
		.blind_ns = options.blind_ns,
		.latch = options.latch,
		.instant = options.when == NULL,
		.has_clear = options.when != NULL && options.clear != NULL,
		.node = building->values[number],
		.on_fire = options.on_fire,
		.on_clear = options.on_clear,
		.on_instant = options.on_instant,
	};
	if (options.when != NULL) {
		rule->when_text = options.when->text;
		good = ruleset_expr(building, rule, options.when, "when", CHECK_CONDITION,
				    &rule->when) &&
		       good;
	} else if (options.on != NULL) {
		rule->when_text = options.on->text;
		good = ruleset_expr(building, rule, options.on, "on", CHECK_INSTANT,
				    &rule->when) &&
		       good;
	}
	if (rule->has_clear) {
		rule->clear_text = options.clear->text;
		good = ruleset_expr(building, rule, options.clear, "clear", CHECK_CONDITION,
				    &rule->clear) &&
		       good;
	}
	good = ruleset_labels(building, rule, options.labels) && good;
	good = ruleset_inhibitors(building, rule, options.inhibited_by) && good;
	good = ruleset_message(building, rule, options.message, &message) && good;
	if (good)
		ruleset_points(building, rule, &message);
	return good;
}

/* ---- all of them ---------------------------------------------------------------------- */

static void ruleset_tell_loop(struct building *building, uint32_t first, const uint32_t *next)
{
	struct arena *arena = building->set->arena;
	const char *const *names = building->set->names;
	char *path = arena_printf(arena, "%s", names[first]);
	uint32_t i = first;

	do {
		i = next[i];
		path = strlen(path) < 300 ? arena_printf(arena, "%s -> %s", path, names[i])
					  : path;
	} while (i != first);
	diag_error(building->diags, building->keys[first],
		   "these rules depend on each other in a loop: %s", path);
	diag_note(building->diags, "hint: a rule may not read, over others, whether it fires "
				   "itself");
}

static bool ruleset_index(struct building *building)
{
	struct ruleset *set = building->set;
	struct program_reader *readers = arena_take(set->arena, set->count, sizeof(*readers));
	uint32_t *next = arena_take(set->arena, set->count, sizeof(*next));
	uint32_t loop;

	for (uint32_t i = 0; i < set->count; i++)
		readers[i] = (struct program_reader){&set->rules[i].use, set->rules[i].instant};
	loop = program_index(set->program, readers, next);
	if (loop != PROGRAM_NONE)
		ruleset_tell_loop(building, loop, next);
	return loop == PROGRAM_NONE;
}

/* The section of each file that has one; how many went to ret. */
static size_t ruleset_sections(const struct yaml_node *const *roots, size_t count,
			       const char *name, const struct yaml_node **ret)
{
	size_t found = 0;

	for (size_t i = 0; i < count; i++) {
		ret[found] = yaml_get(roots[i], name);
		found += ret[found] != NULL;
	}
	return found;
}

struct ruleset *ruleset_parse(struct arena *arena, const struct yaml_node *const *roots,
			      size_t root_count, struct point_table *points,
			      struct diags *diags)
{
	const struct yaml_node **maps = arena_take(arena, root_count + 1, sizeof(*maps));
	struct ruleset *set = arena_take(arena, 1, sizeof(*set));
	struct building building = {.set = set, .diags = diags};
	struct derived_set *derived;
	bool good;

	set->arena = arena;
	set->points = points;
	good = ruleset_collect(&building, maps,
			       ruleset_sections(roots, root_count, "rules", maps));
	if (set->count > RULESET_MAX)
		return NULL;
	derived = derived_collect(arena, maps,
				  ruleset_sections(roots, root_count, "derived", maps), points,
				  diags);
	set->program = program_new(arena, points, set->count);
	building.names = (struct check_rules){.find = ruleset_search_for,
					      .arg = set,
					      .names = set->names,
					      .count = set->count};
	good = derived_compile(derived, set->program, &building.names) && good;
	for (uint32_t i = 0; i < set->count; i++)
		good = ruleset_rule(&building, i) && good;
	good = good && ruleset_index(&building);
	guards_done(&set->program->guards);
	return good ? set : NULL;
}

size_t ruleset_count(const struct ruleset *set)
{
	return set->count;
}

void ruleset_view(const struct ruleset *set, uint32_t number, struct rule_view *ret)
{
	const struct rule *rule = &set->rules[number];

	*ret = (struct rule_view){
		.name = rule->name,
		.severity = (enum severity)rule->severity,
		.node = rule->node,
		.on_fire = rule->on_fire,
		.on_clear = rule->on_clear,
		.on_instant = rule->on_instant,
		.instant = rule->instant,
		.condition = rule->when_text,
		.point_count = rule->point_count,
		.points = rule->points,
	};
}

uint32_t ruleset_find(const struct ruleset *set, const char *name)
{
	return ruleset_search(set, name, strlen(name));
}

const struct rule *ruleset_rule_get(const struct ruleset *set, uint32_t number)
{
	return &set->rules[number];
}

const struct program *ruleset_program(const struct ruleset *set)
{
	return set->program;
}

uint32_t ruleset_most_points(const struct ruleset *set)
{
	return set->most_points;
}

size_t ruleset_engine_size(const struct ruleset *set)
{
	return engine_size(set);
}
