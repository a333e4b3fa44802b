/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the layout of a compiled set: slots, code, nodes, and the index of dependencies. */
#include "rules/program.h"

#include <math.h>
#include <string.h>

#include "base/arena.h"
#include "model/point.h"
#include "rules/node.h"

/* Room for one more entry behind count of *cap; arenas do not give back, so it doubles. */
static void *program_grow(struct arena *arena, void *old, uint32_t count, uint32_t *cap,
			  size_t size)
{
	uint32_t wanted = *cap > 0 ? 2 * *cap : 8;
	void *grown;

	if (count < *cap)
		return old;
	grown = arena_take(arena, wanted, size);
	if (count > 0)
		memcpy(grown, old, count * size);
	*cap = wanted;
	return grown;
}

void idlist_add(struct arena *arena, struct idlist *list, uint32_t id)
{
	for (uint32_t i = 0; i < list->count; i++) {
		if (list->ids[i] == id)
			return;
	}
	list->ids = program_grow(arena, list->ids, list->count, &list->cap, sizeof(*list->ids));
	list->ids[list->count++] = id;
}

static void idlist_merge(struct arena *arena, struct idlist *into, const struct idlist *list)
{
	for (uint32_t i = 0; i < list->count; i++)
		idlist_add(arena, into, list->ids[i]);
}

void program_use_merge(struct arena *arena, struct program_use *into,
		       const struct program_use *use)
{
	idlist_merge(arena, &into->points, &use->points);
	idlist_merge(arena, &into->groups, &use->groups);
	idlist_merge(arena, &into->nodes, &use->nodes);
	idlist_merge(arena, &into->rules, &use->rules);
}

struct program *program_new(struct arena *arena, const struct point_table *points,
			    uint32_t rule_count)
{
	struct program *program = arena_take(arena, 1, sizeof(*program));
	size_t count = point_table_count(points);

	program->arena = arena;
	program->points = points;
	program->point_count = (uint32_t)count;
	program->quality_slots = arena_take(arena, count, sizeof(uint32_t));
	program->bad_slots = arena_take(arena, count, sizeof(uint32_t));
	program->age_slots = arena_take(arena, count, sizeof(uint32_t));
	program->point_groups = arena_take(arena, count, sizeof(uint32_t));
	memset(program->point_groups, 0xff, count * sizeof(uint32_t));
	program->derived = arena_take(arena, count, sizeof(uint32_t));
	program->rule_count = rule_count;
	guards_init(&program->guards, arena, program->point_count);
	program->rule_slots = arena_take(arena, rule_count, sizeof(uint32_t));
	/* Never NULL, even if there is nothing in them. */
	program->code = program_grow(arena, NULL, 0, &program->code_cap, sizeof(struct instr));
	program->cells = program_grow(arena, NULL, 0, &program->cell_cap, sizeof(double));
	program_text(program, "good");
	program_text(program, "uncertain");
	program_text(program, "stale");
	program_text(program, "bad");
	return program;
}

uint32_t program_point(const struct program *program, uint32_t point)
{
	(void)program;
	return PROGRAM_SCRATCH + point;
}

uint32_t program_cell(struct program *program, double value)
{
	program->cells = program_grow(program->arena, program->cells, program->cell_count,
				      &program->cell_cap, sizeof(*program->cells));
	program->cells[program->cell_count] = value;
	return PROGRAM_SCRATCH + program->point_count + program->cell_count++;
}

uint32_t program_slots(const struct program *program)
{
	return PROGRAM_SCRATCH + program->point_count + program->cell_count;
}

static uint32_t program_cell_once(struct program *program, uint32_t *slot, double value)
{
	if (*slot == 0)
		*slot = program_cell(program, value);
	return *slot;
}

uint32_t program_quality(struct program *program, uint32_t point)
{
	return program_cell_once(program, &program->quality_slots[point], PROGRAM_TEXT_BAD);
}

uint32_t program_bad(struct program *program, uint32_t point)
{
	return program_cell_once(program, &program->bad_slots[point], 0);
}

uint32_t program_rule(struct program *program, uint32_t rule)
{
	return program_cell_once(program, &program->rule_slots[rule], 0);
}

uint32_t program_now(struct program *program)
{
	return program_cell_once(program, &program->now_slot, 0);
}

uint32_t program_age(struct program *program, uint32_t point)
{
	return program_cell_once(program, &program->age_slots[point], 0);
}

uint32_t program_group(struct program *program, const char *device)
{
	struct group *group;
	uint32_t size = 0;

	for (uint32_t i = 0; i < program->group_count; i++) {
		if (strcmp(program->groups[i].device, device) == 0)
			return i;
	}
	for (uint32_t i = 0; i < program->point_count; i++) {
		const char *of = point_table_get(program->points, i)->device;

		if (of != NULL && strcmp(of, device) == 0) {
			program->point_groups[i] = program->group_count;
			size++;
		}
	}
	if (size == 0)
		return PROGRAM_NONE;
	program->groups = program_grow(program->arena, program->groups, program->group_count,
				       &program->group_cap, sizeof(*program->groups));
	group = &program->groups[program->group_count];
	group->device = device;
	group->slot = program_cell(program, 0);
	group->size = size;
	return program->group_count++;
}

uint32_t program_text(struct program *program, const char *text)
{
	for (uint32_t i = 0; i < program->text_count; i++) {
		if (strcmp(program->texts[i], text) == 0)
			return i;
	}
	program->texts = program_grow(program->arena, program->texts, program->text_count,
				      &program->text_cap, sizeof(*program->texts));
	program->texts[program->text_count] = text;
	return program->text_count++;
}

uint32_t program_node(struct program *program, const struct node *node)
{
	bool edge = node->kind >= NODE_RISES && node->kind <= NODE_CHANGED;
	struct node *added;

	program->nodes = program_grow(program->arena, program->nodes, program->node_count,
				      &program->node_cap, sizeof(*program->nodes));
	added = &program->nodes[program->node_count];
	*added = *node;
	if (node->kind == NODE_DERIVED) {
		added->slot = program_point(program, node->point);
		program->derived[node->point] = program->node_count + 1;
		return program->node_count++;
	}
	added->slot = program_cell(program, edge || node->kind == NODE_AGE ? 0 : NAN);
	if (node->kind != NODE_AGE)
		added->last = program_cell(program, NAN);
	return program->node_count++;
}

uint32_t program_window(struct program *program, uint32_t number, uint8_t function,
			double parameter)
{
	struct node_output **end = &program->nodes[number].outputs;

	for (; *end != NULL; end = &(*end)->next) {
		if ((*end)->function == function && (*end)->parameter == parameter)
			return (*end)->slot;
	}
	*end = arena_take(program->arena, 1, sizeof(**end));
	**end = (struct node_output){
		.slot = program_cell(program, NAN),
		.function = function,
		.parameter = parameter,
	};
	return (*end)->slot;
}

uint32_t program_node_find(const struct program *program, enum node_kind kind, const char *key)
{
	for (uint32_t i = 0; i < program->node_count; i++) {
		const struct node *node = &program->nodes[i];

		if (node->kind == kind && node->key != NULL && strcmp(node->key, key) == 0)
			return i;
	}
	return PROGRAM_NONE;
}

uint32_t program_derived(const struct program *program, uint32_t point)
{
	return program->derived[point] > 0 ? program->derived[point] - 1 : PROGRAM_NONE;
}

bool program_node_samples(enum node_kind kind)
{
	return kind == NODE_DERIVED || kind == NODE_WINDOW || kind == NODE_EWMA ||
	       kind == NODE_PREV;
}

/* All that use reads, also through nodes; over: through derived points as well. */
static void program_collect(const struct program *program, const struct program_use *use,
			    bool over, struct idlist *points)
{
	for (uint32_t i = 0; i < use->points.count; i++) {
		uint32_t point = use->points.ids[i], node = program_derived(program, point);
		uint32_t count = points->count;

		idlist_add(program->arena, points, point);
		/* prev() lets a derived point reach itself. */
		if (over && node != PROGRAM_NONE && points->count > count)
			program_collect(program, program->nodes[node].use, over, points);
	}
	for (uint32_t i = 0; i < use->groups.count; i++) {
		for (uint32_t p = 0; over && p < program->point_count; p++) {
			if (program->point_groups[p] == use->groups.ids[i])
				idlist_add(program->arena, points, p);
		}
	}
	for (uint32_t i = 0; i < use->nodes.count; i++) {
		const struct program_use *inner = program->nodes[use->nodes.ids[i]].use;

		if (inner != NULL)
			program_collect(program, inner, over, points);
	}
}

void program_use_points(const struct program *program, const struct program_use *use,
			struct idlist *points)
{
	program_collect(program, use, false, points);
}

uint32_t program_emit(struct program *program, struct instr instr)
{
	program->code = program_grow(program->arena, program->code, program->code_count,
				     &program->code_cap, sizeof(*program->code));
	program->code[program->code_count] = instr;
	return program->code_count++;
}

/* ---- the order of rules --------------------------------------------------------------- */

enum visit { VISIT_NEW, VISIT_OPEN, VISIT_DONE };

struct walk {
	const struct program_reader *readers;
	uint32_t *stack, *edges; /* the rule on each level, and which of its rules is next */
	uint8_t *visits;
	uint32_t depth;
};

/* Walks from first to all that it reads; returns a rule on a loop or PROGRAM_NONE. */
static uint32_t program_visit(struct program *program, struct walk *walk, uint32_t first,
			      uint32_t *placed, uint32_t *ret_next)
{
	walk->stack[walk->depth++] = first;
	walk->visits[first] = VISIT_OPEN;
	while (walk->depth > 0) {
		uint32_t rule = walk->stack[walk->depth - 1];
		const struct idlist *reads = &walk->readers[rule].use->rules;
		uint32_t other;

		if (walk->edges[rule] == reads->count) {
			walk->visits[rule] = VISIT_DONE;
			program->ranks[rule] = *placed;
			program->order[(*placed)++] = rule;
			walk->depth--;
			continue;
		}
		other = reads->ids[walk->edges[rule]++];
		if (walk->visits[other] == VISIT_OPEN) {
			uint32_t i = walk->depth;

			while (walk->stack[--i] != other)
				ret_next[walk->stack[i - 1]] = walk->stack[i];
			ret_next[rule] = other;
			return other;
		}
		if (walk->visits[other] == VISIT_NEW) {
			walk->visits[other] = VISIT_OPEN;
			walk->stack[walk->depth++] = other;
		}
	}
	return PROGRAM_NONE;
}

/* File order, except that a rule stands behind those whose firing it reads. */
static uint32_t program_sort(struct program *program, const struct program_reader *readers,
			     uint32_t *ret_next)
{
	uint32_t count = program->rule_count, placed = 0, loop;
	struct walk walk = {
		.readers = readers,
		.stack = arena_take(program->arena, count, sizeof(uint32_t)),
		.edges = arena_take(program->arena, count, sizeof(uint32_t)),
		.visits = arena_take(program->arena, count, sizeof(uint8_t)),
	};

	program->ranks = arena_take(program->arena, count, sizeof(uint32_t));
	program->order = arena_take(program->arena, count, sizeof(uint32_t));
	for (uint32_t i = 0; i < count; i++) {
		if (walk.visits[i] != VISIT_NEW)
			continue;
		loop = program_visit(program, &walk, i, &placed, ret_next);
		if (loop != PROGRAM_NONE)
			return loop;
	}
	return PROGRAM_NONE;
}

/* ---- the index ------------------------------------------------------------------------ */

struct pairs {
	struct arena *arena;
	struct pair {
		uint32_t from, to;
	} * pairs;
	uint32_t count, cap;
};

static void pairs_add(struct pairs *pairs, uint32_t from, uint32_t to)
{
	pairs->pairs = program_grow(pairs->arena, pairs->pairs, pairs->count, &pairs->cap,
				    sizeof(*pairs->pairs));
	pairs->pairs[pairs->count++] = (struct pair){from, to};
}

/* Sorted by from, otherwise in the order of adding; a repeated pair is kept once. */
static struct reach pairs_reach(const struct pairs *pairs, uint32_t sources)
{
	struct reach reach = {
		.start = arena_take(pairs->arena, (size_t)sources + 2, sizeof(uint32_t)),
		.ids = arena_take(pairs->arena, pairs->count, sizeof(uint32_t)),
	};
	uint32_t *last = arena_take(pairs->arena, sources, sizeof(uint32_t));

	/* start[i + 2] counts, then start[i + 1] is where the next id of i goes. */
	memset(last, 0xff, sources * sizeof(*last));
	for (uint32_t i = 0; i < pairs->count; i++) {
		struct pair *pair = &pairs->pairs[i];

		if (last[pair->from] == pair->to)
			pair->to = PROGRAM_NONE;
		else
			last[pair->from] = pair->to;
		if (pair->to != PROGRAM_NONE)
			reach.start[pair->from + 2]++;
	}
	for (uint32_t i = 2; i < sources + 2; i++)
		reach.start[i] += reach.start[i - 1];
	for (uint32_t i = 0; i < pairs->count; i++) {
		const struct pair *pair = &pairs->pairs[i];

		if (pair->to != PROGRAM_NONE)
			reach.ids[reach.start[pair->from + 1]++] = pair->to;
	}
	return reach;
}

/* One pair from each point that use reads to id. */
static void pairs_add_points(struct pairs *pairs, const struct program *program,
			     const struct program_use *use, uint32_t id)
{
	for (uint32_t i = 0; i < use->points.count; i++)
		pairs_add(pairs, use->points.ids[i], id);
	for (uint32_t i = 0; i < use->groups.count; i++) {
		for (uint32_t p = 0; p < program->point_count; p++) {
			if (program->point_groups[p] == use->groups.ids[i])
				pairs_add(pairs, p, id);
		}
	}
}

/*
 * The points whose quality is the node's. A derived point behind prev() is left out: it may be
 * the node's own, whose quality is to be found.
 */
static void program_collect_inputs(const struct program *program, const struct program_use *use,
				   bool before, struct idlist *inputs)
{
	for (uint32_t i = 0; i < use->points.count; i++) {
		uint32_t point = use->points.ids[i];

		if (!before || program_derived(program, point) == PROGRAM_NONE)
			idlist_add(program->arena, inputs, point);
	}
	for (uint32_t i = 0; i < use->nodes.count; i++) {
		const struct node *inner = &program->nodes[use->nodes.ids[i]];

		if (inner->use != NULL)
			program_collect_inputs(program, inner->use,
					       before || inner->kind == NODE_PREV, inputs);
	}
}

/*
 * A reading of whatever it reads, directly or not, is a sample. Points that are read at one
 * instant make one together, so there may be fewer than expected, but not more.
 */
static void program_add_samples(struct program *program, uint32_t number, struct pairs *samples)
{
	struct node *node = &program->nodes[number];
	struct idlist points = {0};
	double rate = 0;

	program_collect(program, node->use, true, &points);
	for (uint32_t i = 0; i < points.count; i++) {
		const struct point *point = point_table_get(program->points, points.ids[i]);

		if (program_derived(program, points.ids[i]) != PROGRAM_NONE)
			continue;
		pairs_add(samples, points.ids[i], number);
		rate += 1 / (double)point->interval_ns;
	}
	node->interval_ns = isfinite(rate) && rate > 0 ? (int64_t)(1 / rate) : 0;
}

/* A derived point is as good as its inputs: it has to hear when they get worse. */
static void program_watch_inputs(struct program *program, const struct idlist *inputs)
{
	for (uint32_t i = 0; i < inputs->count; i++)
		program_quality(program, inputs->ids[i]);
}

static void program_index_nodes(struct program *program)
{
	struct pairs points = {.arena = program->arena}, nodes = {.arena = program->arena};
	struct pairs ages = {.arena = program->arena}, samples = {.arena = program->arena};

	for (uint32_t i = 0; i < program->node_count; i++) {
		const struct program_use *use = program->nodes[i].use;

		if (program->nodes[i].kind == NODE_AGE)
			pairs_add(&ages, program->nodes[i].point, i);
		if (use == NULL)
			continue;
		program_collect_inputs(program, use, false, &program->nodes[i].inputs);
		if (program->nodes[i].kind == NODE_DERIVED)
			program_watch_inputs(program, &program->nodes[i].inputs);
		if (program_node_samples(program->nodes[i].kind))
			program_add_samples(program, i, &samples);
		if (program->nodes[i].kind == NODE_PREV)
			continue; /* what it yields changes with a reading only */
		pairs_add_points(&points, program, use, i);
		for (uint32_t n = 0; n < use->nodes.count; n++)
			pairs_add(&nodes, use->nodes.ids[n], i);
	}
	for (uint32_t i = 0; i < program->node_count; i++) {
		program->nodes[i].memory = program->memory_bytes;
		program->memory_bytes += (node_memory(&program->nodes[i]) + 15) & ~(size_t)15;
	}
	program->point_ages = pairs_reach(&ages, program->point_count);
	program->point_nodes = pairs_reach(&points, program->point_count);
	program->point_samplers = pairs_reach(&samples, program->point_count);
	program->node_nodes = pairs_reach(&nodes, program->node_count);
}

/* Points that use reads through nodes only. */
static void pairs_add_waits(struct pairs *pairs, const struct program *program,
			    const struct program_use *use, uint32_t id)
{
	struct idlist all = {0};

	program_use_points(program, use, &all);
	for (uint32_t i = use->points.count; i < all.count; i++)
		pairs_add(pairs, all.ids[i], id);
}

uint32_t program_index(struct program *program, const struct program_reader *readers,
		       uint32_t *ret_next)
{
	struct pairs points = {.arena = program->arena}, nodes = {.arena = program->arena};
	struct pairs rules = {.arena = program->arena}, waits = {.arena = program->arena};
	uint32_t loop = program_sort(program, readers, ret_next);

	if (loop != PROGRAM_NONE)
		return loop;
	program_index_nodes(program);
	for (uint32_t rank = 0; rank < program->rule_count; rank++) {
		const struct program_reader *reader = &readers[program->order[rank]];

		if (!reader->instant) {
			pairs_add_points(&points, program, reader->use, rank);
			pairs_add_waits(&waits, program, reader->use, rank);
			for (uint32_t i = 0; i < reader->use->rules.count; i++)
				pairs_add(&rules, reader->use->rules.ids[i], rank);
		}
		for (uint32_t i = 0; i < reader->use->nodes.count; i++) {
			uint32_t node = reader->use->nodes.ids[i];

			if (!reader->instant || program->nodes[node].kind != NODE_AGE)
				pairs_add(&nodes, node, rank);
		}
	}
	program->point_rules = pairs_reach(&points, program->point_count);
	program->point_waits = pairs_reach(&waits, program->point_count);
	program->node_rules = pairs_reach(&nodes, program->node_count);
	program->rule_rules = pairs_reach(&rules, program->rule_count);
	for (uint32_t i = 0; i < program->point_count; i++) {
		if (reach_any(&program->point_nodes, i) ||
		    reach_any(&program->point_samplers, i) ||
		    reach_any(&program->point_ages, i))
			program->guards.wild[i] = true;
	}
	guards_finish(&program->guards, program->arena, program->point_count);
	return PROGRAM_NONE;
}
