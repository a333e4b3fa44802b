/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the way from a rule's map to the compiled rule. Its options are rule_options.c's. */
#include "rules/rule_parse.h"

#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "conf/diag.h"
#include "conf/option.h"
#include "conf/yaml.h"
#include "model/point.h"
#include "rules/calendar.h"
#include "rules/calendar_text.h"
#include "rules/compile.h"
#include "rules/margin.h"
#include "rules/message.h"
#include "rules/parser.h"
#include "rules/program.h"
#include "rules/prove.h"
#include "rules/rule.h"
#include "rules/rule_options.h"
#include "rules/ruleset.h"

static struct expr_source rule_parse_source(const struct rule_parse *parse,
					    const struct yaml_node *scalar, const char *field,
					    const struct rule_made *made)
{
	return (struct expr_source){
		.text = scalar->text,
		.len = scalar->len,
		.scalar = scalar,
		.field = field,
		.rule = made->rule.name,
		.bindings = &made->extra.bindings,
		.points = parse->points,
		.diags = parse->diags,
	};
}

static bool rule_parse_is_text(const struct rule_parse *parse, const struct yaml_node *node,
			       const char *what)
{
	if (node->kind == YAML_SCALAR && !yaml_is_null(node))
		return true;
	diag_error(parse->diags, node, "expected %s, got %s", what, yaml_kind_words(node));
	return false;
}

static bool rule_parse_expr(const struct rule_parse *parse, struct rule_made *made,
			    const struct yaml_node *node, const char *field,
			    enum check_place place, struct code *ret,
			    struct prove_region *ret_true, struct prove_region *ret_false)
{
	struct program_use use = {0};
	struct expr_source source;
	struct expr *tree;

	if (!rule_parse_is_text(parse, node, "an expression"))
		return false;
	source = rule_parse_source(parse, node, field, made);
	tree = parser_parse(parse->trees, &source);
	if (tree == NULL || !check_expr(parse->trees, parse->program, &source, &parse->names,
					place, VALUE_BOOL, &tree, &use))
		return false;
	if (place == CHECK_CONDITION)
		guards_add(&parse->program->guards, parse->program, tree);
	prove_region(parse->program, tree, true, ret_true);
	prove_region(parse->program, tree, false, ret_false);
	*ret = compile_expr(parse->program, tree, &use);
	program_use_merge(parse->scratch, &made->use, &use);
	return true;
}

/* What cannot be is worth a word, but a rule like that may be meant for later. */
static void rule_parse_never(const struct rule_parse *parse, const struct yaml_node *node,
			     const struct rule *rule, const char *what,
			     const struct prove_region *region)
{
	uint32_t id = prove_point(parse->program, region->why);
	const struct point *point;

	diag_warning(parse->diags, node, "the rule '%s' never %s", rule->name, what);
	if (id == UINT32_MAX)
		return;
	point = point_table_get(parse->points, id);
	diag_note(parse->diags, "note: the 'range' of %s is %.10g to %.10g%s%s", point->name,
		  point->low, point->high, point->unit_text != NULL ? " " : "",
		  point->unit_text != NULL ? point->unit_text : "");
}

/* One text of it, which says what it is across a reload. */
static const char *rule_parse_joined(struct arena *arena, const struct yaml_node *node)
{
	const char *text = node->text;

	for (size_t i = 0; node->kind == YAML_SEQ && i < node->count; i++)
		text = i == 0 ? node->values[i]->text
			      : arena_printf(arena, "%s; %s", text, node->values[i]->text);
	return text;
}

static bool rule_parse_at(const struct rule_parse *parse, struct rule_made *made,
			  const struct yaml_node *node)
{
	struct calendar *at = arena_take(parse->arena, 1, sizeof(*at));

	if (!calendar_parse_slots(parse->arena, node, at, parse->diags))
		return false;
	made->extra.at = at;
	made->extra.at_text = rule_parse_joined(parse->arena, node);
	return true;
}

/* A node says whether the rule is active, and wakes it when that changes. */
static bool rule_parse_schedule(const struct rule_parse *parse, struct rule_made *made,
				const struct yaml_node *node)
{
	struct calendar_spans spans;
	uint32_t number;

	if (node == NULL || made->rule.instant)
		return true;
	if (!calendar_parse_spans(parse->arena, node, &spans, parse->diags))
		return false;
	number = program_spans(parse->program, &spans);
	idlist_add(parse->scratch, &made->use.nodes, number);
	made->extra.schedule = number + 1;
	return true;
}

/* For whoever asks whether two rules can be alarms at once. */
static void rule_parse_holds(const struct rule_parse *parse, const struct yaml_node *on_fire,
			     const struct prove_region *region, struct rule_made *made)
{
	struct prove_region *holds;
	bool writes = false;

	for (size_t i = 0; on_fire != NULL && i < on_fire->count; i++)
		writes = writes || (on_fire->values[i]->kind == YAML_MAP &&
				    yaml_get(on_fire->values[i], "write") != NULL);
	if (!writes)
		return;
	holds = arena_take(parse->arena, 1, sizeof(*holds));
	*holds = *region;
	made->extra.holds = holds;
}

static bool rule_parse_conditions(const struct rule_parse *parse,
				  const struct rule_options *options, struct rule_made *made)
{
	struct rule *rule = &made->rule;
	struct prove_region fires, rests, clears, stays;

	if (options->on != NULL && options->when == NULL)
		return rule_parse_expr(parse, made, options->on, "on", CHECK_INSTANT,
				       &rule->when, &fires, &rests);
	if (options->when == NULL)
		return options->at == NULL || rule_parse_at(parse, made, options->at);
	if (!rule_parse_expr(parse, made, options->when, "when", CHECK_CONDITION, &rule->when,
			     &fires, &rests)) {
		/* What is wrong with 'clear' is told as well. */
		if (rule->has_clear)
			rule_parse_expr(parse, made, options->clear, "clear", CHECK_CONDITION,
					&made->extra.clear, &clears, &stays);
		return false;
	}
	if (rule->has_clear) {
		if (!rule_parse_expr(parse, made, options->clear, "clear", CHECK_CONDITION,
				     &made->extra.clear, &clears, &stays))
			return false;
		prove_both(&rests, &clears);
		/* Until 'clear' is true it stays one. */
		rule_parse_holds(parse, options->on_fire, &stays, made);
	} else {
		rule_parse_holds(parse, options->on_fire, &fires, made);
	}
	if (fires.never && rule->on_unknown != ON_UNKNOWN_FIRE)
		rule_parse_never(parse, options->when, rule,
				 "fires: 'when' is true for no value", &fires);
	else if (!fires.never && rests.never && rule->on_unknown != ON_UNKNOWN_CLEAR)
		rule_parse_never(parse, rule->has_clear ? options->clear : options->when, rule,
				 rule->has_clear
					 ? "clears: 'clear' is true for no value that 'when' "
					   "is false for"
					 : "clears: 'when' is false for no value",
				 &rests);
	return true;
}

/* What belongs to 'when' and what to 'on' do not go together. */
static bool rule_parse_check_kind(const struct rule_parse *parse,
				  const struct rule_options *options, uint32_t number)
{
	const struct yaml_node *map = parse->entries[number].map;
	const char *name = parse->entries[number].name;
	bool good = true;

	if (options->when == NULL && options->on == NULL && options->at == NULL) {
		diag_error(parse->diags, parse->entries[number].key,
			   "the rule '%s' has no condition", name);
		diag_note(parse->diags, "hint: add 'when:' (a state), 'on:' (an instant) or "
					"'at:' (a time)");
		return false;
	}
	if (options->when != NULL && options->on != NULL) {
		diag_error(parse->diags, yaml_key(map, "on"),
			   "a rule has either 'when' or 'on'");
		good = false;
	}
	if (options->at != NULL && (options->when != NULL || options->on != NULL)) {
		diag_error(parse->diags, yaml_key(map, "at"), "a rule has either '%s' or 'at'",
			   options->when != NULL ? "when" : "on");
		good = false;
	}
	if (options->when != NULL && options->on_instant != NULL) {
		diag_error(parse->diags, yaml_key(map, "do"),
			   "'do' belongs to 'on' and 'at'; a rule with 'when' has 'on_fire' "
			   "and 'on_clear'");
		good = false;
	}
	for (size_t i = 0; options->when == NULL && i < map->count; i++) {
		if (!rule_options_stateful(map->keys[i]->text))
			continue;
		diag_error(parse->diags, map->keys[i],
			   "'%s' belongs to 'when'; an instant has no state",
			   map->keys[i]->text);
		good = false;
	}
	return good;
}

/* A text with the elements of for_each in it and nothing else; NULL after an error. */
static const char *rule_parse_words(const struct rule_parse *parse,
				    const struct rule_made *made, const struct yaml_node *node,
				    const char *what)
{
	const char *text;
	size_t from, len;

	if (!rule_parse_is_text(parse, node, what))
		return NULL;
	if (made->extra.bindings.count == 0)
		return node->text;
	text = binding_expand(parse->arena, &made->extra.bindings, node->text, node->len, &from,
			      &len);
	if (text != NULL)
		return text;
	diag_error_in(parse->diags, node, from, len,
		      "only a variable of 'for_each' can stand here");
	return NULL;
}

static const char *rule_parse_label(const struct rule_parse *parse,
				    const struct rule_made *made, const struct yaml_node *node)
{
	const char *text;

	if (made->extra.bindings.count == 0 && node->kind == YAML_SCALAR &&
	    strstr(node->text, "${") != NULL) {
		diag_error(parse->diags, node, "a label is plain text");
		diag_note(parse->diags, "hint: expressions stand in 'message'");
		return NULL;
	}
	text = rule_parse_words(parse, made, node, "a text");
	if (text == NULL || strlen(text) <= RULE_LABEL_BYTES)
		return text;
	diag_error(parse->diags, node, "the label is longer than %d bytes", RULE_LABEL_BYTES);
	return NULL;
}

static bool rule_parse_labels(const struct rule_parse *parse, struct rule_made *made,
			      const struct yaml_node *map)
{
	struct event_label *labels;
	bool good = true;

	if (map == NULL)
		return true;
	if (map->count > RULE_LABELS_MAX) {
		diag_error(parse->diags, map, "a rule has at most %d labels", RULE_LABELS_MAX);
		return false;
	}
	labels = arena_take(parse->arena, map->count, sizeof(*labels));
	for (size_t i = 0; i < map->count; i++) {
		const char *text = rule_parse_label(parse, made, map->values[i]);

		good = text != NULL && good;
		labels[i] = (struct event_label){map->keys[i]->text, text};
	}
	made->extra.labels = labels;
	made->extra.label_count = (uint32_t)map->count;
	return good;
}

static uint32_t rule_parse_no_rule(const struct rule_parse *parse, const struct yaml_node *node,
				   const char *name)
{
	const char *first = parse->names.first(parse->names.arg, name, strlen(name));

	if (first != NULL) {
		diag_error(parse->diags, node,
			   "'%s' is as many rules as its for_each has elements", name);
		diag_note(parse->diags, "hint: name one of them: '%s'", first);
	} else {
		diag_error(parse->diags, node, "there is no rule '%s'", name);
		diag_suggest(parse->diags, name, parse->names.names, parse->names.count);
	}
	return UINT32_MAX;
}

/* One name in 'inhibited_by'; UINT32_MAX after an error. */
static uint32_t rule_parse_inhibitor(const struct rule_parse *parse,
				     const struct rule_made *made, const struct yaml_node *node)
{
	const char *name = rule_parse_words(parse, made, node, "the name of a rule");
	uint32_t number;

	if (name == NULL)
		return UINT32_MAX;
	number = parse->names.find(parse->names.arg, name, strlen(name));
	if (number == UINT32_MAX)
		return rule_parse_no_rule(parse, node, name);
	if (parse->entries[number].map->kind == YAML_MAP &&
	    yaml_get(parse->entries[number].map, "when") == NULL) {
		diag_error(parse->diags, node, "the rule '%s' is an instant: it never lasts",
			   name);
		diag_note(parse->diags, "expected: a rule with 'when'");
		return UINT32_MAX;
	}
	return number;
}

static bool rule_parse_inhibitors(const struct rule_parse *parse, uint32_t number,
				  struct rule_made *made, const struct yaml_node *list)
{
	struct idlist inhibitors = {0};
	bool good = true;

	if (list != NULL && list == parse->wrong)
		return true;
	for (size_t i = 0; list != NULL && i < list->count; i++) {
		uint32_t other = rule_parse_inhibitor(parse, made, list->values[i]);

		if (other == UINT32_MAX) {
			good = false;
			continue;
		}
		/* What holds back all others by default is one of all. */
		if (list == parse->inhibitors && other == number)
			continue;
		program_rule(parse->program, other);
		idlist_add(parse->arena, &inhibitors, other);
		idlist_add(parse->scratch, &made->use.rules, other);
	}
	made->extra.inhibitors = inhibitors.ids;
	made->extra.inhibitor_count = inhibitors.count;
	return good;
}

static bool rule_parse_message(const struct rule_parse *parse, struct rule_made *made,
			       const struct yaml_node *node, struct program_use *use)
{
	struct expr_source source;

	if (node == NULL)
		return true;
	if (!rule_parse_is_text(parse, node, "a text"))
		return false;
	source = rule_parse_source(parse, node, "message", made);
	made->extra.message = message_compile(parse->arena, parse->trees, parse->program,
					      &source, &parse->names, &made->rule, use);
	return made->extra.message != NULL;
}

/* Of a rule that is right. Not every condition has one: nobody is told. */
static void rule_parse_margin(const struct rule_parse *parse, struct rule_made *made,
			      struct program_use *use)
{
	const struct yaml_node *when = yaml_get(made->rule.node, "when");
	struct expr_source source;
	struct expr *tree;
	const char *unit;

	if (!parse->margins || when == NULL || made->rule.instant)
		return;
	source = rule_parse_source(parse, when, "when", made);
	source.diags = diags_new(1);
	tree = margin_tree(parse->trees, parse->program, &source, &source, &parse->names, use);
	if (tree != NULL) {
		unit = tree->type.unit_text;
		made->extra.has_margin = true;
		made->extra.margin = compile_expr(parse->program, tree, use);
		made->extra.margin_unit =
			unit != NULL ? arena_text(parse->arena, unit, strlen(unit)) : NULL;
	}
	diags_free(source.diags);
}

bool rule_parse_defaults(struct rule_parse *parse, const struct yaml_node *inhibitors)
{
	struct rule_made none = {.rule.name = ""};

	parse->inhibitors = inhibitors;
	if (rule_parse_inhibitors(parse, UINT32_MAX, &none, inhibitors))
		return true;
	parse->wrong = inhibitors;
	return false;
}

/* The points of the snapshot: those of the condition, of its edges, of the message. */
static void rule_parse_points(const struct rule_parse *parse, struct rule_made *made,
			      const struct program_use *message)
{
	struct idlist all = {0};

	program_use_points(parse->scratch, parse->program, &made->use, &all);
	made->rule.condition_points = all.count;
	program_use_points(parse->scratch, parse->program, message, &all);
	made->rule.points = all.ids;
	made->rule.point_count = all.count;
}

/* What the rule has to remember of what wakes it up. */
static void rule_parse_use(const struct rule_parse *parse, struct rule_made *made)
{
	struct program_use others = made->use, *own;

	if (others.groups.count + others.nodes.count + others.rules.count == 0)
		return;
	others.points = (struct idlist){0};
	own = arena_take(parse->arena, 1, sizeof(*own));
	program_use_merge(parse->arena, own, &others);
	made->extra.use = own;
	made->extra.use_points = made->use.points.count;
}

/* What is written in the rule itself. */
static void rule_parse_begin(const struct rule_entry *entry, const struct rule_options *options,
			     struct rule_made *made)
{
	made->rule = (struct rule){
		.name = entry->name,
		.node = entry->map,
		.severity = (uint8_t)options->severity,
		.on_unknown = (uint8_t)options->on_unknown,
		.latch = options->latch,
		.instant = options->when == NULL,
		.has_clear = options->when != NULL && options->clear != NULL,
	};
	made->extra.bindings = entry->bindings;
	made->extra.for_ns = options->for_ns;
	made->extra.clear_for_ns = options->clear_for_ns;
	made->extra.repeat_ns = options->repeat_ns;
	made->extra.blind_ns = options->blind_ns;
}

/* "rule 'hot'", which is needed only if something is wrong: printing it would be dear. */
static const char *rule_parse_what(const struct rule_parse *parse, const char *name)
{
	size_t len = strlen(name);
	char *what = arena_take(parse->trees, len + sizeof("rule ''"), 1);

	memcpy(what, "rule '", 6);
	memcpy(what + 6, name, len);
	what[len + 6] = '\'';
	return what;
}

bool rule_parse(const struct rule_parse *parse, uint32_t number, struct rule_made *made)
{
	const struct rule_entry *entry = &parse->entries[number];
	struct rule_options options = {0};
	struct option_binding bindings[] = {{&ruleset_option_table, &options},
					    {&rule_defaults_option_table, &options}};
	const char *what = rule_parse_what(parse, entry->name);
	struct program_use message = {0};
	bool good;

	made->use = (struct program_use){0};
	memcpy(&made->extra, &rule_plain, sizeof(rule_plain));
	if (entry->broken)
		return false;
	good = option_bind(parse->arena, entry->map, what, bindings, ARRAY_SIZE(bindings),
			   parse->diags);
	if (entry->map->kind != YAML_MAP) {
		/* null is no error of option_bind(), and a rule of nothing has no condition */
		if (good)
			rule_parse_check_kind(parse, &options, number);
		return false;
	}
	good = rule_parse_check_kind(parse, &options, number) && good;
	rule_parse_begin(entry, &options, made);
	good = rule_parse_conditions(parse, &options, made) && good;
	good = rule_parse_schedule(parse, made, options.schedule) && good;
	good = rule_options_limits(parse->arena, &options, entry->map, &made->extra.limits,
				   parse->diags) &&
	       good;
	good = rule_options_priority(&options, &made->extra.priority, parse->diags) && good;
	good = rule_parse_labels(parse, made, options.labels) && good;
	good = rule_parse_inhibitors(parse, number, made, options.inhibited_by) && good;
	/* ${margin} is made of a condition that is right. */
	made->rule.wrong = !good;
	good = rule_parse_message(parse, made, options.message, &message) && good;
	if (!good)
		return false;
	rule_parse_margin(parse, made, &message);
	rule_parse_points(parse, made, &message);
	rule_parse_use(parse, made);
	return true;
}
