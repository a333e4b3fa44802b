/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns a configuration's rules as a whole. One rule is rule_parse.c's. */
#include "rules/ruleset.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "conf/diag.h"
#include "conf/yaml.h"
#include "model/name.h"
#include "model/point.h"
#include "rules/derived.h"
#include "rules/engine.h"
#include "rules/program.h"
#include "rules/rule.h"
#include "rules/rule_parse.h"

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
	struct rule_entry *entries;
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
		const struct yaml_node *key = building->entries[first].key;

		if (strcmp(set->names[first], set->names[second]) != 0)
			continue;
		diag_error(building->diags, building->entries[second].key,
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
	building->entries = arena_take(set->arena, count, sizeof(*building->entries));
	set->names = arena_take(set->arena, count, sizeof(*set->names));
	set->sorted = arena_take(set->arena, count, sizeof(*set->sorted));
	set->rules = arena_take(set->arena, count, sizeof(*set->rules));
	for (size_t i = 0; i < map_count; i++) {
		for (size_t k = 0; maps[i]->kind == YAML_MAP && k < maps[i]->count; k++) {
			building->entries[set->count] = (struct rule_entry){
				.name = maps[i]->keys[k]->text,
				.key = maps[i]->keys[k],
				.map = maps[i]->values[k],
			};
			set->names[set->count] = maps[i]->keys[k]->text;
			set->sorted[set->count] = set->count;
			ruleset_check_name(maps[i]->keys[k], building->diags);
			set->count++;
		}
	}
	if (set->count > RULESET_MAX)
		diag_error(building->diags, building->entries[RULESET_MAX].key,
			   "there are more than %d rules", RULESET_MAX);
	qsort_r(set->sorted, set->count, sizeof(*set->sorted), ruleset_compare, set->names);
	ruleset_check_twice(building);
	return diags_errors(building->diags) == errors;
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
	diag_error(building->diags, building->entries[first].key,
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
	struct rule_parse parse;
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
	parse = (struct rule_parse){
		.arena = arena,
		.program = set->program,
		.points = points,
		.diags = diags,
		.names = {ruleset_search_for, set, set->names, set->count},
		.entries = building.entries,
	};
	good = derived_compile(derived, set->program, &parse.names) && good;
	for (uint32_t i = 0; i < set->count; i++) {
		good = rule_parse(&parse, i, &set->rules[i]) && good;
		if (set->rules[i].point_count > set->most_points)
			set->most_points = set->rules[i].point_count;
	}
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
