/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the count of what rules and windows cost. What a reading costs is cost_point.c's. */
#include "rules/cost.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/str.h"
#include "model/point.h"
#include "rules/cost_count.h"
#include "rules/engine_core.h"
#include "rules/calendar.h"
#include "rules/message.h"
#include "rules/ruleset.h"

void cost_add_bytes(struct str *out, size_t bytes)
{
	if (bytes < 1024)
		str_addf(out, "%zu B", bytes);
	else if (bytes < (1 << 20))
		str_addf(out, "%.1f KiB", (double)bytes / 1024);
	else
		str_addf(out, "%.1f MiB", (double)bytes / (1 << 20));
}

/* ---- memory ---------------------------------------------------------------------------- */

static size_t cost_reach_size(const struct reach *reach, uint32_t sources)
{
	return reach->start == NULL ? 0
				    : ((size_t)sources + 2 + reach->count) * sizeof(uint32_t);
}

static size_t cost_index_size(const struct program *program)
{
	return cost_reach_size(&program->point_nodes, program->point_count) +
	       cost_reach_size(&program->point_samplers, program->point_count) +
	       cost_reach_size(&program->point_ages, program->point_count) +
	       cost_reach_size(&program->point_rules, program->point_count) +
	       cost_reach_size(&program->point_waits, program->point_count) +
	       cost_reach_size(&program->node_nodes, program->node_count) +
	       cost_reach_size(&program->node_rules, program->node_count) +
	       cost_reach_size(&program->rule_rules, program->rule_count) +
	       guards_size(&program->guards, program->point_count);
}

/* What somebody asks of a point or of a rule stands in a table of all of them. */
static size_t cost_asked_size(const struct program *program)
{
	size_t points = (program->quality_slots != NULL) + (program->bad_slots != NULL) +
			(program->age_slots != NULL) + (program->point_groups != NULL) +
			(program->derived != NULL);
	size_t rules = (program->rule_slots != NULL) + (program->ranks != NULL) +
		       (program->order != NULL);

	return (points * program->point_count + rules * program->rule_count) * sizeof(uint32_t);
}

static size_t cost_use_size(const struct program_use *use)
{
	return (use->points.cap + use->groups.cap + use->nodes.cap + use->rules.cap) *
	       sizeof(uint32_t);
}

/* The rule itself: but for its code, and without what stands in the file. */
static size_t cost_written_size(const struct rule *rule)
{
	const struct rule_extra *more = rule->more;
	size_t size = sizeof(*rule) + sizeof(uint32_t) /* in the order of names */ +
		      rule->point_count * sizeof(*rule->points);

	if (more == &rule_plain)
		return size;
	size += sizeof(*more) + cost_use_size(more->use) +
		more->bindings.count * sizeof(*more->bindings.list) +
		more->label_count * sizeof(*more->labels) +
		more->inhibitor_count * sizeof(*more->inhibitors) +
		(more->at != NULL ? sizeof(*more->at) : 0) +
		(more->limits != NULL ? sizeof(*more->limits) : 0) +
		(more->use != rule_plain.use ? sizeof(*more->use) : 0);
	return more->message != NULL ? size + message_size(more->message) : size;
}

struct cost_memory cost_memory(const struct ruleset *set)
{
	const struct program *program = ruleset_program(set);
	struct room room = {0};
	struct cost_memory memory = {.windows = program->memory_bytes};
	struct store store;
	size_t values;

	store_place(&store, program, NULL, &room);
	values = room.used + program_slots(program) * sizeof(double);
	memory.values = values + program->code_count * sizeof(struct instr) +
			program->cell_count * sizeof(double);
	memory.rules = ruleset_engine_size(set) - program->memory_bytes - values +
		       cost_index_size(program) + cost_asked_size(program) +
		       program->node_count * sizeof(struct node);
	for (uint32_t i = 0; i < program->rule_count; i++)
		memory.rules += cost_written_size(ruleset_rule_get(set, i));
	return memory;
}

/* ---- rules ----------------------------------------------------------------------------- */

static size_t cost_timer_size(void)
{
	struct timers timers;

	return sizeof(*timers.heap) + sizeof(*timers.places);
}

/* What it keeps of a rule's past so that it does not say too much, and timers that few need. */
static size_t cost_quiet_size(const struct rule *rule)
{
	struct engine engine;
	uint32_t timers = (rule->more->timed != RULE_UNTIMED) + (rule->more->limits != NULL) +
			  (rule->more->repeat_ns > 0) + (rule->more->blind_ns > 0);
	size_t size = timers * (sizeof(*engine.owner_rules) + cost_timer_size());

	if (rule->more->limits != NULL)
		size += sizeof(struct quiet) + quiet_room(rule->more->limits) * sizeof(int64_t);
	return size;
}

/* What an engine keeps for each rule, and what stands in the program for each. */
static size_t cost_rule_base(void)
{
	struct agenda agenda;
	struct engine engine;

	return sizeof(struct rule_run) + sizeof(*engine.shelves) + sizeof(*agenda.heap) +
	       sizeof(*agenda.reasons);
}

static size_t cost_code_size(const struct cost_count *count, struct code code)
{
	return code.count * sizeof(struct instr) +
	       cost_count_constants(count, code) * sizeof(double);
}

/* How many entries of the index lead to each rule, by rank. */
static void cost_count_entries(const struct reach *reach, uint32_t *entries)
{
	for (uint32_t i = 0; i < reach->count; i++)
		entries[reach->ids[i]]++;
}

static uint32_t *cost_entries(struct arena *arena, const struct program *program)
{
	uint32_t *entries = arena_take(arena, program->rule_count, sizeof(*entries));

	cost_count_entries(&program->point_rules, entries);
	cost_count_entries(&program->point_waits, entries);
	cost_count_entries(&program->node_rules, entries);
	cost_count_entries(&program->rule_rules, entries);
	return entries;
}

/* Thresholds are kept by point: all rules that read it bear them together. */
static void cost_add_guards(const struct program *program, const struct rule *rule,
			    struct cost_rule *cost)
{
	const struct guards *guards = &program->guards;

	cost->guarded = rule_use_points(rule) > 0;
	for (uint32_t i = 0; i < rule_use_points(rule); i++) {
		uint32_t point = rule->points[i];
		uint32_t bands = guards->start[point + 1] - guards->start[point];
		uint32_t readers = reach_of(&program->point_rules, point).count;

		cost->thresholds += bands;
		cost->guarded = cost->guarded && cost_point_is_guarded(program, point);
		if (readers > 0)
			cost->bytes += bands * sizeof(struct guard_band) / readers;
	}
	cost->guarded = cost->guarded && rule->more->use->nodes.count == 0 &&
			rule->more->use->groups.count == 0 && rule->more->use->rules.count == 0;
}

static void cost_add_message(struct cost_count *count, const struct rule *rule,
			     struct cost_rule *cost)
{
	struct code code;

	if (rule->more->has_margin) {
		cost->message += rule->more->margin.count;
		cost->bytes += cost_code_size(count, rule->more->margin);
		cost_count_nodes(count, rule->more->margin);
	}
	if (rule->more->message == NULL)
		return;
	for (uint32_t i = 0; message_code(rule->more->message, i, &code); i++) {
		cost->message += code.count;
		cost->bytes += cost_code_size(count, code);
		cost_count_nodes(count, code);
	}
}

static void cost_add_rule(struct cost_count *count, const struct rule *rule,
			  struct cost_rule *cost)
{
	cost_count_start(count);
	cost->bytes += cost_rule_base() + cost_quiet_size(rule) + cost_written_size(rule) +
		       cost_code_size(count, rule->when);
	cost->points = rule->point_count;
	cost->steps = rule->when.count;
	cost_count_nodes(count, rule->when);
	if (rule->has_clear) {
		cost->bytes += cost_code_size(count, rule->more->clear);
		cost->steps += rule->more->clear.count;
		cost_count_nodes(count, rule->more->clear);
	}
	cost_add_message(count, rule, cost);
	cost->nodes = count->count;
	for (uint32_t i = 0; i < count->count; i++) {
		const struct node *node = &count->program->nodes[count->found[i]];

		cost->steps += cost_node_steps(node);
		cost->remembered += node_memory(node);
	}
	cost_add_guards(count->program, rule, cost);
}

/* ---- windows --------------------------------------------------------------------------- */

/* Who reads a window: in two turns, to count them and to write them down. */
struct cost_users {
	struct cost_window *windows;
	uint32_t *places; /* by node: its window + 1 */
	uint32_t **rules, **derived;
};

static void cost_note_rule(const struct cost_count *count, struct cost_users *users,
			   uint32_t rule, bool write)
{
	for (uint32_t i = 0; i < count->count; i++) {
		uint32_t place = users->places[count->found[i]];

		if (place == 0)
			continue;
		if (write)
			users->rules[place - 1][users->windows[place - 1].rule_count] = rule;
		users->windows[place - 1].rule_count++;
	}
}

static void cost_note_derived(const struct cost_count *count, struct cost_users *users,
			      uint32_t point, bool write)
{
	for (uint32_t i = 0; i < count->count; i++) {
		uint32_t place = users->places[count->found[i]];

		if (place == 0)
			continue;
		if (write)
			users->derived[place - 1][users->windows[place - 1].derived_count] =
				point;
		users->windows[place - 1].derived_count++;
	}
}

/* What stands in a rule or a derived point itself, over other windows but not derived points.
 */
static void cost_note_users(struct cost_count *count, const struct ruleset *set,
			    struct cost_users *users, bool write)
{
	const struct program *program = count->program;
	struct code code;

	count->over_derived = false;
	for (uint32_t r = 0; r < program->rule_count; r++) {
		const struct rule *rule = ruleset_rule_get(set, r);

		cost_count_start(count);
		cost_count_nodes(count, rule->when);
		if (rule->has_clear)
			cost_count_nodes(count, rule->more->clear);
		if (rule->more->has_margin)
			cost_count_nodes(count, rule->more->margin);
		for (uint32_t i = 0;
		     rule->more->message != NULL && message_code(rule->more->message, i, &code);
		     i++)
			cost_count_nodes(count, code);
		cost_note_rule(count, users, r, write);
	}
	for (uint32_t n = 0; n < program->node_count; n++) {
		if (program->nodes[n].kind != NODE_DERIVED)
			continue;
		cost_count_start(count);
		cost_count_nodes(count, program->nodes[n].code);
		cost_note_derived(count, users, program->nodes[n].point, write);
	}
	count->over_derived = true;
}

static int cost_window_order(const void *pa, const void *pb)
{
	const struct cost_window *a = pa, *b = pb;

	if (a->bytes != b->bytes)
		return a->bytes > b->bytes ? -1 : 1;
	return (a->node > b->node) - (a->node < b->node);
}

static void cost_add_windows(struct arena *arena, struct cost_count *count,
			     const struct ruleset *set, struct cost *cost)
{
	const struct program *program = count->program;
	struct cost_window *windows = arena_take(arena, program->node_count, sizeof(*windows));
	struct cost_users users = {
		.windows = windows,
		.places = arena_take(arena, program->node_count, sizeof(uint32_t)),
		.rules = arena_take(arena, program->node_count, sizeof(uint32_t *)),
		.derived = arena_take(arena, program->node_count, sizeof(uint32_t *)),
	};
	uint32_t total = 0;

	for (uint32_t i = 0; i < program->node_count; i++) {
		cost->derived_count += program->nodes[i].kind == NODE_DERIVED;
		if (program->nodes[i].kind == NODE_WINDOW)
			cost_window_describe(arena, program, i, &windows[total++]);
	}
	qsort(windows, total, sizeof(*windows), cost_window_order);
	for (uint32_t i = 0; i < total; i++)
		users.places[windows[i].node] = i + 1;
	cost_note_users(count, set, &users, false);
	for (uint32_t i = 0; i < total; i++) {
		users.rules[i] = arena_take(arena, windows[i].rule_count, sizeof(uint32_t));
		users.derived[i] =
			arena_take(arena, windows[i].derived_count, sizeof(uint32_t));
		windows[i].rules = users.rules[i];
		windows[i].derived = users.derived[i];
		windows[i].rule_count = windows[i].derived_count = 0;
	}
	cost_note_users(count, set, &users, true);
	cost->windows = windows;
	cost->window_count = total;
}

const struct cost *cost_new(struct arena *arena, const struct ruleset *set)
{
	const struct program *program = ruleset_program(set);
	struct cost *cost = arena_take(arena, 1, sizeof(*cost));
	struct cost_rule *rules = arena_take(arena, program->rule_count, sizeof(*rules));
	struct cost_count *count = cost_count_new(arena, program);
	const uint32_t *entries = cost_entries(arena, program);

	cost->memory = cost_memory(set);
	cost->rule_count = program->rule_count;
	cost->rules = rules;
	for (uint32_t i = 0; i < program->rule_count; i++) {
		rules[i].bytes = entries[program_rank(program, i)] * sizeof(uint32_t);
		cost_add_rule(count, ruleset_rule_get(set, i), &rules[i]);
	}
	cost_add_windows(arena, count, set, cost);
	cost_add_points(arena, set, cost);
	return cost;
}
