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
#include "rules/cost_window.h"
#include "rules/for_each.h"
#include "rules/derived.h"
#include "rules/engine.h"
#include "rules/program.h"
#include "rules/prove.h"
#include "rules/rule.h"
#include "rules/rule_options.h"
#include "rules/rule_parse.h"

/* Names with the numbers of what they name, to be found by bisection. */
struct name_index {
	uint32_t count;
	const char **names;
	uint32_t *sorted;
};

struct ruleset {
	struct arena *arena;
	const struct point_table *points;
	struct program *program;
	uint32_t count;
	struct rule *rules;
	uint32_t *sorted; /* by name */
	uint32_t most_points;
	uint32_t point_ids; /* of all rules together */
	uint32_t quiets, quiet_times, plans, timed, repeats, blinds;
};

/* A rule as it was written, and the rules that it is: several with for_each. */
struct written {
	const struct yaml_node *key, *map;
	const struct for_each *each; /* NULL without, or if it is wrong */
	uint32_t first, count;
};

/* Everything that is needed while one set is built. */
struct building {
	struct ruleset *set;
	struct arena *scratch;
	struct diags *diags;
	const struct yaml_node *defaults; /* of rules, or NULL */
	struct written *written;
	struct name_index index; /* of what was written */
	struct name_index names; /* of the rules */
	struct rule_entry *entries;
	struct program_use *uses; /* by rule */
	bool too_large;		  /* no more is made, which was told */
};

static int name_index_compare(const void *a, const void *b, void *arg)
{
	const char *const *names = arg;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	int order = strcmp(names[x], names[y]);

	return order != 0 ? order : (x > y) - (x < y);
}

static void name_index_init(struct name_index *index, struct arena *arena, size_t room)
{
	index->names = arena_take(arena, room, sizeof(*index->names));
	index->sorted = arena_take(arena, room, sizeof(*index->sorted));
}

static void name_index_add(struct name_index *index, const char *name)
{
	index->names[index->count] = name;
	index->sorted[index->count] = index->count;
	index->count++;
}

static void name_index_sort(struct name_index *index)
{
	qsort_r(index->sorted, index->count, sizeof(*index->sorted), name_index_compare,
		index->names);
}

static uint32_t name_index_find(const struct name_index *index, const char *name, size_t len)
{
	uint32_t low = 0, high = index->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		const char *there = index->names[index->sorted[middle]];
		int order = strncmp(there, name, len);

		if (order == 0 && there[len] == '\0')
			return index->sorted[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return UINT32_MAX;
}

static uint32_t ruleset_search_for(const void *arg, const char *name, size_t len)
{
	const struct building *building = arg;

	return name_index_find(&building->names, name, len);
}

static const char *ruleset_first_of(const void *arg, const char *name, size_t len)
{
	const struct building *building = arg;
	uint32_t written = name_index_find(&building->index, name, len);

	if (written == UINT32_MAX || building->written[written].each == NULL)
		return NULL;
	return building->names.names[building->written[written].first];
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
	const struct name_index *index = &building->index;

	for (uint32_t i = 1; i < index->count; i++) {
		uint32_t first = index->sorted[i - 1], second = index->sorted[i];
		const struct yaml_node *key = building->written[first].key;

		if (strcmp(index->names[first], index->names[second]) != 0)
			continue;
		diag_error(building->diags, building->written[second].key,
			   "the rule '%s' is defined twice", index->names[second]);
		diag_note(building->diags, "first: %s:%u:%u", key->source->file, key->line,
			  key->column);
	}
}

static void ruleset_write(struct building *building, const struct yaml_node *key,
			  const struct yaml_node *map)
{
	struct written *written = &building->written[building->index.count];
	const struct yaml_node *each = NULL;

	map = rule_options_merge(building->set->arena, map, building->defaults);
	*written = (struct written){.key = key, .map = map, .count = 1};
	name_index_add(&building->index, key->text);
	ruleset_check_name(key, building->diags);
	if (map->kind == YAML_MAP)
		each = yaml_get(map, "for_each");
	if (each == NULL)
		return;
	written->each = for_each_parse(building->set->arena, each, key->text,
				       building->set->points, building->diags);
	if (written->each != NULL)
		written->count = (uint32_t)written->each->count;
}

/* All rules of all maps, in order. */
static void ruleset_collect(struct building *building, const struct yaml_node *const *maps,
			    size_t map_count)
{
	size_t count = 0;

	for (size_t i = 0; i < map_count; i++) {
		if (maps[i]->kind == YAML_MAP)
			count += maps[i]->count;
	}
	building->written = arena_take(building->scratch, count, sizeof(*building->written));
	name_index_init(&building->index, building->scratch, count);
	for (size_t i = 0; i < map_count; i++) {
		for (size_t k = 0; maps[i]->kind == YAML_MAP && k < maps[i]->count; k++)
			ruleset_write(building, maps[i]->keys[k], maps[i]->values[k]);
	}
	name_index_sort(&building->index);
	ruleset_check_twice(building);
}

static void ruleset_entry(struct building *building, const struct written *written, uint32_t i)
{
	struct ruleset *set = building->set;
	struct rule_entry *entry = &building->entries[building->names.count];

	*entry = (struct rule_entry){
		.name = written->key->text,
		.key = written->key,
		.map = written->map,
		.broken = written->each == NULL && written->map->kind == YAML_MAP &&
			  yaml_get(written->map, "for_each") != NULL,
	};
	if (written->each != NULL) {
		entry->bindings = for_each_bindings(set->arena, written->each, i);
		entry->name = for_each_name(set->arena, entry->name, &entry->bindings);
	}
	name_index_add(&building->names, entry->name);
}

/* The rules that come of what was written; false if they are too many. */
static bool ruleset_expand(struct building *building)
{
	struct ruleset *set = building->set;
	bool each = false;
	uint32_t count = 0;

	for (uint32_t i = 0; i < building->index.count; i++) {
		building->written[i].first = count;
		count += building->written[i].count;
		if (count <= RULESET_MAX)
			continue;
		diag_error(building->diags, building->written[i].key,
			   "there are more than %d rules", RULESET_MAX);
		return false;
	}
	building->entries = arena_take(building->scratch, count, sizeof(*building->entries));
	building->uses = arena_take(building->scratch, count, sizeof(*building->uses));
	set->rules = arena_take(set->arena, count, sizeof(*set->rules));
	set->count = count;
	name_index_init(&building->names, building->scratch, count);
	for (uint32_t i = 0; i < building->index.count; i++) {
		each = each || building->written[i].each != NULL;
		for (uint32_t k = 0; k < building->written[i].count; k++)
			ruleset_entry(building, &building->written[i], k);
	}
	if (each)
		name_index_sort(&building->names);
	else
		building->names.sorted = building->index.sorted;
	return true;
}

/* ---- all of them ---------------------------------------------------------------------- */

static void ruleset_tell_loop(struct building *building, uint32_t first, const uint32_t *next)
{
	struct arena *arena = building->scratch;
	const char *const *names = building->names.names;
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
	struct program_reader *readers =
		arena_take(building->scratch, set->count, sizeof(*readers));
	uint32_t *next = arena_take(building->scratch, set->count, sizeof(*next));
	uint32_t loop;

	for (uint32_t i = 0; i < set->count; i++)
		readers[i] = (struct program_reader){&building->uses[i], set->rules[i].instant};
	loop = program_index(set->program, readers, next);
	if (loop != PROGRAM_NONE)
		ruleset_tell_loop(building, loop, next);
	return loop == PROGRAM_NONE && cost_check_windows(set->program, building->diags);
}

static bool ruleset_check_points(const struct point_table *points, struct diags *diags)
{
	if (point_table_count(points) <= RULESET_POINTS_MAX)
		return true;
	diag_error(diags, point_table_get(points, RULESET_POINTS_MAX)->where,
		   "there are more than %d points", RULESET_POINTS_MAX);
	return false;
}

/* Which of the rules it is that have this or that. */
static void ruleset_number(struct ruleset *set, struct rule_extra *extra)
{
	if (extra->at != NULL || extra->for_ns > 0 || extra->clear_for_ns > 0)
		extra->timed = set->timed++;
	if (extra->at != NULL)
		extra->plan = set->plans++;
	if (extra->repeat_ns > 0)
		extra->repeat = set->repeats++;
	if (extra->blind_ns > 0)
		extra->blind = set->blinds++;
	if (extra->limits == NULL)
		return;
	extra->quiet = set->quiets++;
	set->quiet_times += quiet_room(extra->limits);
}

/* Most rules have nothing of it, and share that. */
static const struct rule_extra *ruleset_keep_extra(struct ruleset *set,
						   const struct rule_extra *extra)
{
	struct rule_extra *own;

	if (memcmp(extra, &rule_plain, sizeof(*extra)) == 0)
		return &rule_plain;
	own = arena_take(set->arena, 1, sizeof(*own));
	*own = *extra;
	return own;
}

/* Each rule may be as large as it likes, within its own limits, but not ten thousand of them.
 */
static bool ruleset_fits(struct building *building, const struct written *written)
{
	const struct program *program = building->set->program;
	bool nodes = program->node_count > RULESET_NODES_MAX;

	if (!nodes && program->code_count <= RULESET_STEPS_MAX)
		return true;
	building->too_large = true;
	diag_error(building->diags, written->key,
		   nodes ? "up to this rule there are more than %d nodes in all"
			 : "up to this rule there are more than %d steps in all",
		   nodes ? RULESET_NODES_MAX : RULESET_STEPS_MAX);
	diag_note(building->diags,
		  nodes ? "note: windows, held(), changed() and whatever else remembers are "
			  "nodes"
			: "note: a comparison is a step, and so is each 'and', '+' and call");
	diag_note(building->diags,
		  "hint: for_each writes all of a rule again for each element; "
		  "what does not depend on it can be a derived point");
	return false;
}

/* What is wrong with the rule of one element mostly is with all: the first one tells it. */
static bool ruleset_make(const struct rule_parse *parse, struct building *building,
			 const struct written *written)
{
	struct ruleset *set = building->set;
	struct rule_made made;

	for (uint32_t i = written->first; i < written->first + written->count; i++) {
		bool good = rule_parse(parse, i, &made);

		arena_reset(parse->trees);
		if (!ruleset_fits(building, written) || !good)
			return false;
		ruleset_number(set, &made.extra);
		building->uses[i] = made.use;
		set->rules[i] = made.rule;
		set->rules[i].more = ruleset_keep_extra(set, &made.extra);
		set->point_ids += made.rule.point_count;
		if (made.rule.point_count > set->most_points)
			set->most_points = made.rule.point_count;
	}
	return true;
}

/* What is scratch's yet, and stays: in one piece. */
static void ruleset_keep(struct building *building)
{
	struct ruleset *set = building->set;
	uint32_t *ids = arena_take(set->arena, set->point_ids, sizeof(*ids));

	for (uint32_t i = 0; i < set->count; i++) {
		struct rule *rule = &set->rules[i];

		if (rule->point_count > 0)
			memcpy(ids, rule->points, rule->point_count * sizeof(*ids));
		rule->points = ids;
		ids += rule->point_count;
	}
	set->sorted = arena_take(set->arena, set->count, sizeof(*set->sorted));
	if (set->count > 0)
		memcpy(set->sorted, building->names.sorted, set->count * sizeof(*set->sorted));
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

/* All rules from what was written; false after errors. */
static bool ruleset_build(struct building *building, struct derived_set *derived, bool margins)
{
	struct ruleset *set = building->set;
	struct rule_parse parse = {
		.arena = set->arena,
		.scratch = building->scratch,
		.trees = arena_new(),
		.program = set->program,
		.points = set->points,
		.diags = building->diags,
		.names = {ruleset_search_for, building, building->names.names, set->count,
			  ruleset_first_of},
		.entries = building->entries,
		.margins = margins,
	};
	bool good = rule_parse_defaults(&parse, yaml_get(building->defaults, "inhibited_by"));

	good = derived_compile(derived, set->program, &parse.names) && good;
	for (uint32_t i = 0; i < building->index.count && !building->too_large; i++)
		good = ruleset_make(&parse, building, &building->written[i]) && good;
	arena_free(parse.trees);
	return good;
}

static struct ruleset *ruleset_make_all(struct arena *arena,
					const struct yaml_node *const *roots, size_t root_count,
					struct point_table *points, const struct zone *zone,
					bool margins, struct diags *diags)
{
	struct ruleset *set = arena_take(arena, 1, sizeof(*set));
	struct building building = {.set = set, .scratch = arena_new(), .diags = diags};
	const struct yaml_node **maps =
		arena_take(building.scratch, root_count + 1, sizeof(*maps));
	struct derived_set *derived;
	size_t errors = diags_errors(diags);
	bool good;

	set->arena = arena;
	set->points = points;
	/* Derived points first: a for_each may name them. */
	derived = derived_collect(arena, maps,
				  ruleset_sections(roots, root_count, "derived", maps), points,
				  diags);
	building.defaults = rule_options_defaults(arena, roots, root_count, diags);
	ruleset_collect(&building, maps, ruleset_sections(roots, root_count, "rules", maps));
	good = ruleset_check_points(points, diags) && ruleset_expand(&building);
	if (good) {
		good = diags_errors(diags) == errors;
		set->program = program_new(arena, building.scratch, points, set->count);
		if (zone != NULL)
			set->program->zone = zone;
		good = ruleset_build(&building, derived, margins) && good;
		good = good && ruleset_index(&building);
	}
	if (good)
		ruleset_keep(&building);
	arena_free(building.scratch);
	return good ? set : NULL;
}

struct ruleset *ruleset_parse(struct arena *arena, const struct yaml_node *const *roots,
			      size_t root_count, struct point_table *points,
			      const struct zone *zone, struct diags *diags)
{
	return ruleset_make_all(arena, roots, root_count, points, zone, false, diags);
}

struct ruleset *ruleset_parse_margins(struct arena *arena, const struct yaml_node *const *roots,
				      size_t root_count, struct point_table *points,
				      const struct zone *zone, struct diags *diags)
{
	return ruleset_make_all(arena, roots, root_count, points, zone, true, diags);
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
		.on_fire = yaml_get(rule->node, "on_fire"),
		.on_clear = yaml_get(rule->node, "on_clear"),
		.on_instant = yaml_get(rule->node, "do"),
		.priority = rule->more->priority,
		.instant = rule->instant,
		.condition = rule_when_text(rule),
		.point_count = rule->point_count,
		.points = rule->points,
	};
}

bool ruleset_apart(const struct ruleset *set, uint32_t a, uint32_t b)
{
	const struct rule *first = &set->rules[a], *second = &set->rules[b];
	struct prove_region both;

	if (first->more->holds == NULL || second->more->holds == NULL)
		return false;
	both = *first->more->holds;
	prove_both(&both, second->more->holds);
	return both.never;
}

uint32_t ruleset_find(const struct ruleset *set, const char *name)
{
	uint32_t low = 0, high = set->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2, number = set->sorted[middle];
		int order = strcmp(set->rules[number].name, name);

		if (order == 0)
			return number;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return UINT32_MAX;
}

const struct rule *ruleset_rule_get(const struct ruleset *set, uint32_t number)
{
	return &set->rules[number];
}

const struct program *ruleset_program(const struct ruleset *set)
{
	return set->program;
}

uint32_t ruleset_quiets(const struct ruleset *set)
{
	return set->quiets;
}

uint32_t ruleset_quiet_times(const struct ruleset *set)
{
	return set->quiet_times;
}

uint32_t ruleset_plans(const struct ruleset *set)
{
	return set->plans;
}

uint32_t ruleset_timed(const struct ruleset *set)
{
	return set->timed;
}

uint32_t ruleset_repeats(const struct ruleset *set)
{
	return set->repeats;
}

uint32_t ruleset_blinds(const struct ruleset *set)
{
	return set->blinds;
}

uint32_t ruleset_most_points(const struct ruleset *set)
{
	return set->most_points;
}

size_t ruleset_engine_size(const struct ruleset *set)
{
	return engine_size(set);
}
