/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns how the oracle reads a set of rules, and in which order it looks at them. */
#include "oracle_set.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/str.h"
#include "conf/yaml.h"
#include "model/point.h"
#include "oracle_derived.h"
#include "oracle_function.h"

bool oracle_list_has(const struct oracle_list *list, uint32_t id)
{
	for (uint32_t i = 0; i < list->count; i++) {
		if (list->ids[i] == id)
			return true;
	}
	return false;
}

static void list_add(struct oracle_list *list, uint32_t id)
{
	if (oracle_list_has(list, id))
		return;
	assert_true(list->count < ORACLE_LIST);
	list->ids[list->count++] = id;
}

static void list_add_all(struct oracle_list *list, const struct oracle_list *from)
{
	for (uint32_t i = 0; i < from->count; i++)
		list_add(list, from->ids[i]);
}

uint32_t oracle_set_find(const struct oracle *oracle, const char *name)
{
	for (uint32_t i = 0; i < oracle->count; i++) {
		if (strcmp(oracle->rules[i].name, name) == 0)
			return i;
	}
	return UINT32_MAX;
}

/* ---- what is read ------------------------------------------------------------------------ */

static uint32_t age_number(struct oracle_world *world, const struct oracle_expr *expr)
{
	size_t i = 0;

	while (i < world->age_count && (world->ages[i].point != expr->point ||
					world->ages[i].limit_ns != expr->limit_ns))
		i++;
	if (i == world->age_count) {
		world->ages = xreallocarray(world->ages, i + 1, sizeof(*world->ages));
		world->ages[world->age_count++] = (struct oracle_age){
			.point = expr->point,
			.limit_ns = expr->limit_ns,
			.due = world->now + expr->limit_ns,
		};
	}
	return (uint32_t)i;
}

static void collect(struct oracle *oracle, struct oracle_expr *expr,
		    struct oracle_reads *reads);

/* What reads a derived point inside of itself reads, at a distance, what that does. */
static void close_loop(struct oracle *oracle, uint32_t point, const struct oracle_reads *reads)
{
	for (uint32_t i = 0; i < oracle->world.memory_count; i++) {
		struct oracle_reads *inner = &oracle->memory_reads[i];
		bool loop = false;

		for (uint32_t k = 0; k < inner->points.count; k++)
			loop = loop || inner->points.ids[k] == point;
		if (loop)
			list_add_all(&inner->deep, &reads->points);
	}
}

static uint32_t memory_number(struct oracle *oracle, const struct oracle_expr *expr)
{
	struct oracle_world *world = &oracle->world;
	struct oracle_reads reads = {0};
	uint32_t number;

	for (uint32_t i = 0; i < world->memory_count; i++) {
		if (strcmp(world->memories[i].expr->words, expr->words) == 0)
			return i;
	}
	if (expr->function->run == oracle_derive)
		world->points[expr->point].open = true;
	for (size_t i = 0; i < expr->count; i++)
		collect(oracle, expr->kids[i], &reads);
	if (expr->function->run == oracle_derive) {
		world->points[expr->point].open = false;
		close_loop(oracle, expr->point, &reads);
	}
	number = (uint32_t)world->memory_count++;
	world->memories =
		xreallocarray(world->memories, world->memory_count, sizeof(*world->memories));
	world->memories[number] = (struct oracle_memory){.expr = expr, .due = INT64_MAX};
	/* Never unknown: there is no instant, and nothing to count yet. */
	if (expr->function->impulse || strcmp(expr->function->name, "count") == 0)
		world->memories[number].now = oracle_number(0);
	oracle->memory_reads = xreallocarray(oracle->memory_reads, world->memory_count,
					     sizeof(*oracle->memory_reads));
	oracle->memory_reads[number] = reads;
	return number;
}

static void collect_memory(struct oracle *oracle, struct oracle_expr *expr,
			   struct oracle_reads *reads)
{
	const struct oracle_reads *inner;

	expr->memory = memory_number(oracle, expr);
	list_add(&reads->memories, expr->memory);
	inner = &oracle->memory_reads[expr->memory];
	list_add_all(&reads->inner, &inner->points);
	list_add_all(&reads->inner, &inner->inner);
	list_add_all(&reads->inner_devices, &inner->devices);
	list_add_all(&reads->inner_devices, &inner->inner_devices);
	list_add_all(&reads->deep, &inner->deep);
}

/* One that is read behind its own prev() is there already, so to speak. */
static void collect_derived(struct oracle *oracle, struct oracle_expr *expr,
			    struct oracle_reads *reads)
{
	const struct oracle_reads *inner;

	if (oracle->world.points[expr->point].open)
		return;
	expr->memory = memory_number(oracle, expr);
	list_add(&reads->memories, expr->memory);
	inner = &oracle->memory_reads[expr->memory];
	list_add_all(&reads->deep, &inner->points);
	list_add_all(&reads->deep, &inner->inner);
	list_add_all(&reads->deep, &inner->devices);
	list_add_all(&reads->deep, &inner->inner_devices);
	list_add_all(&reads->deep, &inner->deep);
}

static void collect(struct oracle *oracle, struct oracle_expr *expr, struct oracle_reads *reads)
{
	const struct oracle_world *world = &oracle->world;

	if (expr->op == ORACLE_POINT || expr->op == ORACLE_REACHED)
		list_add(&reads->points, expr->point);
	if ((expr->op == ORACLE_POINT || expr->op == ORACLE_REACHED) &&
	    world->points[expr->point].formula != NULL)
		collect_derived(oracle, world->points[expr->point].formula, reads);
	if (expr->op == ORACLE_REACHED)
		list_add(&reads->ages, age_number(&oracle->world, expr));
	if (expr->op == ORACLE_FIRING)
		list_add(&reads->rules, oracle_set_find(oracle, expr->name));
	for (uint32_t i = 0; expr->op == ORACLE_DEVICE && i < world->point_count; i++) {
		const char *device = point_table_get(world->table, i)->device;

		if (device != NULL && strcmp(device, expr->name) == 0)
			list_add(&reads->devices, i);
	}
	if (expr->op == ORACLE_CALL && expr->function->run != NULL) {
		collect_memory(oracle, expr, reads);
		return;
	}
	for (size_t i = 0; i < expr->count; i++)
		collect(oracle, expr->kids[i], reads);
}

bool oracle_reads_clock(const struct oracle *oracle, const struct oracle_reads *reads)
{
	for (uint32_t i = 0; i < reads->memories.count; i++) {
		uint32_t number = reads->memories.ids[i];

		if (oracle->world.memories[number].expr->function->shows != NULL ||
		    oracle_reads_clock(oracle, &oracle->memory_reads[number]))
			return true;
	}
	return false;
}

bool oracle_reads_differ(const struct oracle *oracle, const struct oracle *old,
			 const struct oracle_reads *reads)
{
	const struct oracle_list *lists[] = {&reads->points, &reads->inner};

	for (int i = 0; i < 2; i++) {
		for (uint32_t k = 0; k < lists[i]->count; k++) {
			if (oracle_derived_differs(oracle, old, lists[i]->ids[k]))
				return true;
		}
	}
	return false;
}

const struct oracle_memory *oracle_memory_before(const struct oracle *oracle,
						 const struct oracle *old,
						 const struct oracle_memory *memory)
{
	const struct oracle_world *world = &old->world;
	uint32_t number = (uint32_t)(memory - oracle->world.memories);

	if (oracle_reads_differ(oracle, old, &oracle->memory_reads[number]))
		return NULL;
	for (size_t i = 0; i < world->memory_count; i++) {
		if (strcmp(world->memories[i].expr->words, memory->expr->words) == 0)
			return &world->memories[i];
	}
	return NULL;
}

/* ---- one rule ---------------------------------------------------------------------------- */

static const char *text_of(const struct yaml_node *map, const char *key)
{
	const struct yaml_node *node = yaml_get(map, key);

	return node != NULL ? node->text : NULL;
}

static int64_t duration_of(const struct yaml_node *map, const char *key)
{
	const char *text = text_of(map, key);
	int64_t ns = 0;

	if (text != NULL)
		assert_int_equal(str_to_duration(text, &ns), 0);
	return ns;
}

/* Which of the words, the first if there is none. */
static int choice_of(const struct yaml_node *map, const char *key, const char *const *words)
{
	const char *text = text_of(map, key);
	int i = 0;

	while (text != NULL && strcmp(words[i], text) != 0)
		i++;
	return i;
}

static void read_limits(const struct yaml_node *map, struct model_limits *ret)
{
	const struct yaml_node *flap = yaml_get(map, "flap");
	const char *rate = text_of(map, "max_rate");
	int len = 0;

	ret->min_interval_ns = duration_of(map, "min_interval");
	if (flap != NULL) {
		ret->changes = atoi(text_of(flap, "changes"));
		ret->in_ns = duration_of(flap, "in");
	}
	if (rate != NULL) {
		assert_int_equal(sscanf(rate, "%d/%n", &ret->rate, &len), 1);
		assert_int_equal(str_to_duration(rate + len, &ret->per_ns), 0);
	}
}

static void read_rule(struct oracle *oracle, struct oracle_rule *rule,
		      const struct yaml_node *map)
{
	static const char *const unknowns[] = {"hold", "clear", "fire"};
	static const char *const severities[] = {"warning", "info", "critical"};
	static const enum severity meant[] = {SEVERITY_WARNING, SEVERITY_INFO,
					      SEVERITY_CRITICAL};
	static const char *const flags[] = {"false", "true"};
	const struct oracle_world *world = &oracle->world;
	const struct yaml_node *inhibitors = yaml_get(map, "inhibited_by");

	const char *at = text_of(map, "at"), *schedule = text_of(map, "schedule");

	rule->instant = at != NULL || text_of(map, "on") != NULL;
	rule->when_text = at != NULL ? at : text_of(map, rule->instant ? "on" : "when");
	rule->clear_text = text_of(map, "clear");
	rule->severity = meant[choice_of(map, "severity", severities)];
	rule->says = (struct model_says){
		.for_ns = duration_of(map, "for"),
		.clear_for_ns = duration_of(map, "clear_for"),
		.repeat_ns = duration_of(map, "repeat"),
		.blind_ns = duration_of(map, "blind_after"),
		.on_unknown = (enum model_unknown)choice_of(map, "on_unknown", unknowns),
		.has_clear = rule->clear_text != NULL,
		.latch = choice_of(map, "latch", flags) == 1,
	};
	read_limits(map, &rule->says.limits);
	if (at != NULL) {
		rule->slots.times = oracle_times_parse(oracle->arena, at);
		oracle_slots_begin(&rule->slots, world);
	} else {
		rule->when = oracle_parse(oracle->arena, world->table, rule->when_text);
		collect(oracle, rule->when, &rule->reads);
	}
	if (schedule != NULL) {
		rule->schedule = oracle_parse_schedule(oracle->arena, schedule);
		collect(oracle, rule->schedule, &rule->reads);
	}
	if (rule->clear_text != NULL) {
		rule->clear = oracle_parse(oracle->arena, world->table, rule->clear_text);
		collect(oracle, rule->clear, &rule->reads);
	}
	for (size_t i = 0; inhibitors != NULL && i < inhibitors->count; i++)
		list_add(&rule->inhibitors,
			 oracle_set_find(oracle, inhibitors->values[i]->text));
}

/* ---- order ------------------------------------------------------------------------------- */

/* The order of the file, but a rule behind those that it reads and that inhibit it. */
static void place(struct oracle *oracle, uint32_t number, bool *placed, uint32_t *count)
{
	const struct oracle_rule *rule = &oracle->rules[number];

	if (placed[number])
		return;
	placed[number] = true;
	for (uint32_t i = 0; i < rule->reads.rules.count; i++)
		place(oracle, rule->reads.rules.ids[i], placed, count);
	for (uint32_t i = 0; i < rule->inhibitors.count; i++)
		place(oracle, rule->inhibitors.ids[i], placed, count);
	oracle->order[(*count)++] = number;
}

void oracle_set_read(struct oracle *oracle, const struct yaml_node *rules)
{
	bool *placed = arena_take(oracle->arena, rules->count, sizeof(*placed));
	uint32_t count = 0;

	oracle->count = (uint32_t)rules->count;
	oracle->rules = arena_take(oracle->arena, rules->count, sizeof(*oracle->rules));
	oracle->order = arena_take(oracle->arena, rules->count, sizeof(*oracle->order));
	for (uint32_t i = 0; i < oracle->count; i++) {
		oracle->rules[i].oracle = oracle;
		oracle->rules[i].name = rules->keys[i]->text;
	}
	/* They are computed whether or not somebody reads them. */
	for (uint32_t i = 0; i < oracle->world.point_count; i++) {
		if (oracle->world.points[i].formula != NULL)
			collect_derived(oracle, oracle->world.points[i].formula,
					&(struct oracle_reads){0});
	}
	for (uint32_t i = 0; i < oracle->count; i++)
		read_rule(oracle, &oracle->rules[i], rules->values[i]);
	for (uint32_t i = 0; i < oracle->count; i++)
		place(oracle, i, placed, &count);
}
