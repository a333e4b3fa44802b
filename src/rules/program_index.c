/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the index of a compiled set: what depends on what, and the order of evaluation. */
#include <string.h>

#include "base/arena.h"
#include "rules/node.h"
#include "rules/program.h"
#include "rules/sampling.h"

/* ---- what is read ----------------------------------------------------------------------- */

/* All that use reads, also through nodes; over: through derived points as well. */
static void program_collect(struct arena *arena, const struct program *program,
			    const struct program_use *use, bool over, struct idlist *points)
{
	for (uint32_t i = 0; i < use->points.count; i++) {
		uint32_t point = use->points.ids[i], node = program_derived(program, point);
		uint32_t count = points->count;

		idlist_add(arena, points, point);
		/* prev() lets a derived point reach itself. */
		if (over && node != PROGRAM_NONE && points->count > count)
			program_collect(arena, program, program->nodes[node].use, over, points);
	}
	for (uint32_t i = 0; i < use->groups.count; i++) {
		for (uint32_t p = 0; over && p < program->point_count; p++) {
			if (program->point_groups[p] == use->groups.ids[i] + 1)
				idlist_add(arena, points, p);
		}
	}
	for (uint32_t i = 0; i < use->nodes.count; i++) {
		const struct program_use *inner = program->nodes[use->nodes.ids[i]].use;

		if (inner != NULL)
			program_collect(arena, program, inner, over, points);
	}
}

void program_use_points(struct arena *arena, const struct program *program,
			const struct program_use *use, struct idlist *points)
{
	program_collect(arena, program, use, false, points);
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
			     struct arena *scratch, uint32_t *ret_next)
{
	uint32_t count = program->rule_count, placed = 0, loop;
	struct walk walk = {
		.readers = readers,
		.stack = arena_take(scratch, count, sizeof(uint32_t)),
		.edges = arena_take(scratch, count, sizeof(uint32_t)),
		.visits = arena_take(scratch, count, sizeof(uint8_t)),
	};

	program->ranks = arena_take(scratch, count, sizeof(uint32_t));
	program->order = arena_take(scratch, count, sizeof(uint32_t));
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
	struct arena *scratch;
	struct pair {
		uint32_t from, to;
	} * pairs;
	uint32_t count, cap;
};

static void pairs_add(struct pairs *pairs, uint32_t from, uint32_t to)
{
	if (pairs->count == pairs->cap) {
		uint32_t cap = pairs->cap > 0 ? 2 * pairs->cap : 64;
		struct pair *grown = arena_take(pairs->scratch, cap, sizeof(*grown));

		if (pairs->count > 0)
			memcpy(grown, pairs->pairs, pairs->count * sizeof(*grown));
		pairs->pairs = grown;
		pairs->cap = cap;
	}
	pairs->pairs[pairs->count++] = (struct pair){from, to};
}

/* Sorted by from, otherwise in the order of adding; a repeated pair is kept once. */
static struct reach pairs_reach(const struct pairs *pairs, struct arena *arena,
				uint32_t sources)
{
	struct reach reach = {0};
	uint32_t *last;

	if (pairs->count == 0)
		return reach;
	/* start[i + 2] counts, then start[i + 1] is where the next id of i goes. */
	reach.start = arena_take(arena, (size_t)sources + 2, sizeof(uint32_t));
	last = arena_take(pairs->scratch, sources, sizeof(uint32_t));
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
	reach.count = reach.start[sources + 1];
	reach.ids = arena_take(arena, reach.count, sizeof(uint32_t));
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
			if (program->point_groups[p] == use->groups.ids[i] + 1)
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

/* A reading of whatever it reads, directly or not, is a sample. */
static void program_add_samples(struct program *program, uint32_t number, struct pairs *samples)
{
	struct idlist points = {0};

	program_collect(samples->scratch, program, program->nodes[number].use, true, &points);
	for (uint32_t i = 0; i < points.count; i++) {
		if (program_derived(program, points.ids[i]) == PROGRAM_NONE)
			pairs_add(samples, points.ids[i], number);
	}
}

/* A derived point is as good as its inputs: it has to hear when they get worse. */
static void program_watch_inputs(struct program *program, uint32_t number, struct pairs *points)
{
	const struct idlist *inputs = &program->nodes[number].inputs;

	for (uint32_t i = 0; i < inputs->count; i++) {
		program_quality(program, inputs->ids[i]);
		pairs_add(points, inputs->ids[i], number);
	}
}

static void program_index_nodes(struct program *program, struct arena *scratch)
{
	struct pairs points = {.scratch = scratch}, nodes = {.scratch = scratch},
		     ages = {.scratch = scratch};
	struct pairs samples = {.scratch = scratch};

	for (uint32_t i = 0; i < program->node_count; i++) {
		const struct program_use *use = program->nodes[i].use;

		if (program->nodes[i].kind == NODE_AGE)
			pairs_add(&ages, program->nodes[i].point, i);
		if (use == NULL)
			continue;
		program_collect_inputs(program, use, false, &program->nodes[i].inputs);
		if (program->nodes[i].kind == NODE_DERIVED)
			program_watch_inputs(program, i, &points);
		if (program_node_samples(program->nodes[i].kind))
			program_add_samples(program, i, &samples);
		if (program->nodes[i].kind == NODE_PREV)
			continue; /* what it yields changes with a reading only */
		pairs_add_points(&points, program, use, i);
		for (uint32_t n = 0; n < use->nodes.count; n++)
			pairs_add(&nodes, use->nodes.ids[n], i);
	}
	sampling_set(program);
	for (uint32_t i = 0; i < program->node_count; i++) {
		program->nodes[i].memory = program->memory_bytes;
		program->memory_bytes += (node_memory(&program->nodes[i]) + 15) & ~(size_t)15;
	}
	program->point_ages = pairs_reach(&ages, program->arena, program->point_count);
	program->point_nodes = pairs_reach(&points, program->arena, program->point_count);
	program->point_samplers = pairs_reach(&samples, program->arena, program->point_count);
	program->node_nodes = pairs_reach(&nodes, program->arena, program->node_count);
}

/* Points that use reads through nodes only. */
static void pairs_add_waits(struct pairs *pairs, const struct program *program,
			    const struct program_use *use, uint32_t id)
{
	struct idlist all = {0};

	if (use->nodes.count == 0)
		return;
	program_use_points(pairs->scratch, program, use, &all);
	for (uint32_t i = use->points.count; i < all.count; i++)
		pairs_add(pairs, all.ids[i], id);
}

static void program_index_all(struct program *program, const struct program_reader *readers,
			      struct arena *scratch)
{
	struct pairs points = {.scratch = scratch}, nodes = {.scratch = scratch},
		     rules = {.scratch = scratch};
	struct pairs waits = {.scratch = scratch};

	program_index_nodes(program, scratch);
	for (uint32_t rank = 0; rank < program->rule_count; rank++) {
		const struct program_reader *reader = &readers[program_ranked(program, rank)];

		if (!reader->instant) {
			pairs_add_points(&points, program, reader->use, rank);
			pairs_add_waits(&waits, program, reader->use, rank);
			for (uint32_t i = 0; i < reader->use->rules.count; i++)
				pairs_add(&rules, reader->use->rules.ids[i], rank);
		}
		for (uint32_t i = 0; i < reader->use->nodes.count; i++) {
			uint32_t node = reader->use->nodes.ids[i];

			if (!reader->instant || (program->nodes[node].kind != NODE_AGE &&
						 !program_node_of_clock(&program->nodes[node])))
				pairs_add(&nodes, node, rank);
		}
	}
	program->point_rules = pairs_reach(&points, program->arena, program->point_count);
	program->point_waits = pairs_reach(&waits, program->arena, program->point_count);
	program->node_rules = pairs_reach(&nodes, program->arena, program->node_count);
	program->rule_rules = pairs_reach(&rules, program->arena, program->rule_count);
	for (uint32_t i = 0; i < program->point_count; i++) {
		if (reach_any(&program->point_nodes, i) ||
		    reach_any(&program->point_samplers, i) ||
		    reach_any(&program->point_ages, i))
			program->guards.wild[i] = true;
	}
	guards_finish(&program->guards, program->arena, program->point_count);
}

static void *program_keep(struct program *program, const void *from, uint32_t count,
			  size_t size)
{
	void *kept = arena_take(program->arena, count, size);

	if (count > 0)
		memcpy(kept, from, count * size);
	return kept;
}

/* What has grown until now is as long as it will be; an order as in the file needs no words. */
static void program_settle(struct program *program)
{
	uint32_t count = program->rule_count, i = 0;

	program->code = program_keep(program, program->code, program->code_count,
				     sizeof(*program->code));
	program->cells = program_keep(program, program->cells, program->cell_count,
				      sizeof(*program->cells));
	program->constants = NULL;
	while (i < count && program->order[i] == i)
		i++;
	program->ranks =
		i == count ? NULL
			   : program_keep(program, program->ranks, count, sizeof(uint32_t));
	program->order =
		i == count ? NULL
			   : program_keep(program, program->order, count, sizeof(uint32_t));
	program->scratch = NULL;
}

uint32_t program_index(struct program *program, const struct program_reader *readers,
		       uint32_t *ret_next)
{
	uint32_t loop = program_sort(program, readers, program->scratch, ret_next);

	if (loop != PROGRAM_NONE)
		return loop;
	program_index_all(program, readers, program->scratch);
	program_settle(program);
	return PROGRAM_NONE;
}
