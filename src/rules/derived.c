/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the section of derived points: their options, and the order in which they are built. */
#include "rules/derived.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "conf/diag.h"
#include "conf/option.h"
#include "conf/yaml.h"
#include "model/name.h"
#include "model/point.h"
#include "model/unit_text.h"
#include "rules/check.h"
#include "rules/compile.h"
#include "rules/key.h"
#include "rules/pack.h"
#include "rules/parser.h"
#include "rules/program.h"

struct derived_options {
	const struct yaml_node *value, *unit;
	double deadband;
};

/* clang-format off */
static const struct option derived_rows[] = {
	{"value", OPTION(NODE, derived_options, value), .required = true, .shape = "text",
	 .help = "the expression that is the point's value"},
	{"unit", OPTION(NODE, derived_options, unit), .shape = "text",
	 .help = "the unit to give the value in; otherwise the expression's own"},
	{"deadband", OPTION(NUMBER, derived_options, deadband), .fallback = "0", .max = INFINITY,
	 .help = "changes smaller than this leave the value as it is"},
};
/* clang-format on */

const struct option_table derived_option_table = {
	.section = "derived point",
	.manual = "gauged-rules(5)",
	.rows = derived_rows,
	.count = ARRAY_SIZE(derived_rows),
	.name = "derived",
};

enum derived_visit { DERIVED_NEW, DERIVED_OPEN, DERIVED_DONE };

struct derived {
	const struct yaml_node *key, *node;
	struct derived_options options;
	struct unit unit;
	struct expr_source source;
	struct expr *tree; /* NULL: it is wrong, which was told */
	uint32_t point;
	enum derived_visit visit;
	uint32_t level; /* 1 where it reads none of the others; once it is visited */
	bool early; /* some prev() reads it that was checked before it: see derived_start() */
};

struct derived_set {
	struct arena *arena;
	struct point_table *points;
	struct diags *diags;
	uint32_t first_point, count;
	struct derived *entries;
	size_t depth;
	uint32_t stack[DERIVED_DEPTH_MAX];
	uint32_t below; /* the highest level of those that the one in hand reads */
	bool good;
};

/* ---- what is there ---------------------------------------------------------------------- */

/* "boiler.lift", "lift": names joined by dots. */
static bool derived_name_valid(const struct yaml_node *key)
{
	size_t from = 0;

	for (size_t i = 0; i <= key->len; i++) {
		if (i < key->len && key->text[i] != '.')
			continue;
		if (!name_valid(key->text + from, i - from))
			return false;
		from = i + 1;
	}
	return key->len <= NAME_MAX_BYTES;
}

static bool derived_parse(struct derived_set *set, struct derived *derived)
{
	struct option_binding binding = {&derived_option_table, &derived->options};
	const char *what = arena_printf(set->arena, "derived point '%s'", derived->key->text);
	const struct yaml_node *value;

	if (!option_bind(set->arena, derived->node, what, &binding, 1, set->diags))
		return false;
	value = derived->options.value;
	if (value->kind != YAML_SCALAR || yaml_is_null(value)) {
		diag_error(set->diags, value,
			   "expected an expression as the value of %s, got %s", what,
			   yaml_kind_words(value));
		return false;
	}
	if (derived->options.unit != NULL && (derived->options.unit->kind != YAML_SCALAR ||
					      yaml_is_null(derived->options.unit))) {
		diag_error(set->diags, derived->options.unit,
			   "expected a unit such as bar, got %s",
			   yaml_kind_words(derived->options.unit));
		return false;
	}
	if (!unit_text_parse(derived->options.unit, &derived->unit, set->diags))
		return false;
	derived->source = (struct expr_source){
		.text = value->text,
		.len = value->len,
		.scalar = value,
		.field = "value",
		.what = "derived point",
		.rule = derived->key->text,
		.points = set->points,
		.diags = set->diags,
	};
	derived->tree = parser_parse(set->arena, &derived->source);
	return derived->tree != NULL;
}

static void derived_add(struct derived_set *set, const struct yaml_node *key,
			const struct yaml_node *node)
{
	struct derived *derived = &set->entries[set->count];
	struct point point = {
		.name = key->text,
		.readable = true,
		.stale_ns = INT64_MAX, /* it is as old as what it is computed from */
		.low = 1,
		.where = key,
	};

	if (!derived_name_valid(key)) {
		diag_error(set->diags, key, "'%s' is no name for a derived point", key->text);
		diag_note(set->diags,
			  "expected: names joined by dots, such as boiler.lift, at most %d "
			  "characters",
			  NAME_MAX_BYTES);
		set->good = false;
		return;
	}
	if (point_table_add(set->points, &point) == POINT_NONE) {
		diag_error(set->diags, key, "there is a point '%s' already", key->text);
		set->good = false;
		return;
	}
	*derived = (struct derived){
		.key = key, .node = node, .point = set->first_point + set->count};
	set->count++;
}

struct derived_set *derived_collect(struct arena *arena, const struct yaml_node *const *maps,
				    size_t map_count, struct point_table *points,
				    struct diags *diags)
{
	struct derived_set *set = arena_take(arena, 1, sizeof(*set));
	size_t total = 0;

	*set = (struct derived_set){
		.arena = arena,
		.points = points,
		.diags = diags,
		.first_point = (uint32_t)point_table_count(points),
		.good = true,
	};
	for (size_t i = 0; i < map_count; i++) {
		if (maps[i]->kind == YAML_MAP)
			total += maps[i]->count;
	}
	if (total > DERIVED_MAX) {
		diag_error(diags, maps[map_count - 1], "there are more than %d derived points",
			   DERIVED_MAX);
		set->good = false;
		return set;
	}
	set->entries = arena_take(arena, total, sizeof(*set->entries));
	for (size_t i = 0; i < map_count; i++) {
		for (size_t k = 0; maps[i]->kind == YAML_MAP && k < maps[i]->count; k++)
			derived_add(set, maps[i]->keys[k], maps[i]->values[k]);
	}
	for (uint32_t i = 0; i < set->count; i++)
		set->good = derived_parse(set, &set->entries[i]) && set->good;
	return set;
}

/* ---- their order ------------------------------------------------------------------------ */

/*
 * What prev() reads in a loop has to have a type before it is checked: it is taken for a number
 * of the unit that is said.
 */
static void derived_start(struct derived_set *set, const struct derived *derived,
			  enum value_kind kind)
{
	const struct yaml_node *unit = derived->options.unit;

	point_table_define(set->points, derived->point, kind, &derived->unit,
			   unit != NULL ? unit->text : NULL, derived->options.deadband);
}

static bool derived_check_early(struct derived_set *set, const struct derived *derived)
{
	const struct expr_type *type = &derived->tree->type;

	if (!derived->early ||
	    (type->kind == VALUE_NUMBER && (!type->unit.known || derived->unit.known)))
		return true;
	if (type->kind != VALUE_NUMBER)
		diag_error(set->diags, derived->key,
			   "prev() reads '%s' in a loop: that has to be a number",
			   derived->key->text);
	else
		diag_error(set->diags, derived->key,
			   "prev() reads '%s' in a loop: that needs its unit said",
			   derived->key->text);
	if (type->kind != VALUE_NUMBER)
		diag_note(set->diags,
			  "hint: if(condition, 1, 0) makes a number of a condition");
	else if (type->unit_text != NULL)
		diag_note(set->diags, "hint: unit: %s", type->unit_text);
	return false;
}

/*
 * It is computed otherwise, too, if something behind it is: its key tells the keys of the
 * derived points that it reads. One that prev() reads may not be there yet.
 */
static const char *derived_key(struct program *program, const char *key,
			       const struct program_use *use)
{
	struct idlist points = {0};
	uint64_t hash = PACK_HASH_START;
	bool any = false;

	program_use_points(program->arena, program, use, &points);
	for (uint32_t i = 0; i < points.count; i++) {
		uint32_t node = program_derived(program, points.ids[i]);

		if (node == PROGRAM_NONE)
			continue;
		hash = pack_hash_text(hash, program->nodes[node].key);
		any = true;
	}
	return any ? arena_printf(program->arena, "%s #%jx", key, (uintmax_t)hash) : key;
}

static bool derived_build(struct derived_set *set, struct derived *derived,
			  struct program *program, const struct check_rules *rules)
{
	struct program_use *use = arena_take(set->arena, 1, sizeof(*use));
	struct node node = {
		.kind = NODE_DERIVED,
		.point = derived->point,
		.use = use,
		.key = key_make(set->arena, derived->tree),
	};
	const struct yaml_node *unit = derived->options.unit;
	struct expr_type wanted = {.unit = derived->unit,
				   .unit_text = unit != NULL ? unit->text : NULL};

	if (!check_value(set->arena, program, &derived->source, rules, &wanted, &derived->tree,
			 use))
		return false;
	if (!derived_check_early(set, derived))
		return false;
	node.operand = derived->tree->type.kind;
	node.code = compile_expr(program, derived->tree, use);
	node.key = derived_key(program, node.key, use);
	program_node(program, &node);
	point_table_define(set->points, derived->point, derived->tree->type.kind,
			   &derived->tree->type.unit, derived->tree->type.unit_text,
			   derived->options.deadband);
	return true;
}

static void derived_tell_loop(const struct derived_set *set, uint32_t back)
{
	const struct derived *entries = set->entries;
	char *path = arena_printf(set->arena, "%s", entries[back].key->text);
	size_t from = set->depth;

	while (set->stack[from - 1] != back)
		from--;
	for (size_t i = from; i <= set->depth; i++)
		path = arena_printf(set->arena, "%s -> %s", path,
				    entries[i < set->depth ? set->stack[i] : back].key->text);
	diag_error(set->diags, entries[back].key,
		   "these derived points depend on each other in a loop: %s", path);
	diag_note(set->diags, "hint: prev(x) is the value before this one, and breaks a loop");
}

static bool derived_visit(struct derived_set *set, uint32_t i, struct program *program,
			  const struct check_rules *rules);

static void derived_note_early(struct derived_set *set, const struct expr *tree)
{
	for (const struct expr *kid = tree->kids; kid != NULL; kid = kid->next)
		derived_note_early(set, kid);
	if (tree->op == EXPR_NAME || tree->op == EXPR_TEXT) {
		uint32_t point = point_table_find(set->points, tree->text, strlen(tree->text));

		if (point != POINT_NONE && point >= set->first_point &&
		    set->entries[point - set->first_point].visit != DERIVED_DONE)
			set->entries[point - set->first_point].early = true;
	}
}

/* All derived points that the tree reads come first. prev() reads what was before. */
static bool derived_visit_names(struct derived_set *set, const struct expr *tree,
				struct program *program, const struct check_rules *rules)
{
	bool call = tree->op == EXPR_CALL;
	bool good = true;

	if (call && strcmp(tree->text, "prev") == 0) {
		derived_note_early(set, tree);
		return true;
	}
	if (tree->op == EXPR_NAME || tree->op == EXPR_TEXT) {
		uint32_t point = point_table_find(set->points, tree->text, strlen(tree->text));

		if (point != POINT_NONE && point >= set->first_point)
			return derived_visit(set, point - set->first_point, program, rules);
	}
	for (const struct expr *kid = tree->kids; kid != NULL; kid = kid->next) {
		/* A text is a point where it stands for one: point('a-b'), age('a-b'). */
		if (kid->op == EXPR_TEXT && !call)
			continue;
		good = derived_visit_names(set, kid, program, rules) && good;
	}
	return good;
}

static bool derived_tell_depth(const struct derived_set *set, const struct derived *derived)
{
	diag_error(set->diags, derived->key, "'%s' stands more than %d derived points deep",
		   derived->key->text, DERIVED_DEPTH_MAX);
	return false;
}

/* Those that it reads, and how deep it stands over them, in whichever order they are visited.
 */
static bool derived_visit_below(struct derived_set *set, struct derived *derived,
				struct program *program, const struct check_rules *rules)
{
	uint32_t others = set->below;
	bool good;

	set->below = 0;
	good = derived_visit_names(set, derived->tree, program, rules);
	derived->level = set->below + 1;
	set->below = others;
	if (good && derived->level > DERIVED_DEPTH_MAX)
		return derived_tell_depth(set, derived);
	return good;
}

static bool derived_visit(struct derived_set *set, uint32_t i, struct program *program,
			  const struct check_rules *rules)
{
	struct derived *derived = &set->entries[i];
	bool good;

	if (derived->visit == DERIVED_DONE || derived->tree == NULL) {
		set->below = derived->level > set->below ? derived->level : set->below;
		return true;
	}
	if (derived->visit == DERIVED_OPEN) {
		derived_tell_loop(set, i);
		return false;
	}
	if (set->depth == DERIVED_DEPTH_MAX)
		return derived_tell_depth(set, derived);
	derived->visit = DERIVED_OPEN;
	set->stack[set->depth++] = i;
	good = derived_visit_below(set, derived, program, rules);
	set->depth--;
	derived->visit = DERIVED_DONE;
	set->below = derived->level > set->below ? derived->level : set->below;
	if (good && derived_build(set, derived, program, rules))
		return true;
	derived_start(set, derived, VALUE_NONE);
	return false;
}

bool derived_compile(struct derived_set *set, struct program *program,
		     const struct check_rules *rules)
{
	for (uint32_t i = 0; i < set->count; i++) {
		if (set->entries[i].tree != NULL)
			derived_start(set, &set->entries[i], VALUE_NUMBER);
	}
	for (uint32_t i = 0; i < set->count; i++)
		set->good = derived_visit(set, i, program, rules) && set->good;
	return set->good;
}
