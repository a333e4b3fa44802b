/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the way from code to the nodes and constants that it reads. */
#include "rules/cost_count.h"

#include "base/arena.h"

/* A cell that is neither a node's nor a constant. */
enum { OWNER_OTHER = UINT32_MAX };

static void count_own(struct cost_count *count, uint32_t slot, uint32_t owner)
{
	uint32_t first = PROGRAM_SCRATCH + count->program->point_count;

	if (slot >= first)
		count->owners[slot - first] = owner;
}

static void count_own_nodes(struct cost_count *count)
{
	const struct program *program = count->program;

	for (uint32_t i = 0; i < program->node_count; i++) {
		const struct node *node = &program->nodes[i];

		count_own(count, node->slot, i + 1);
		count_own(count, node->last, OWNER_OTHER);
		for (const struct node_output *out = node->outputs; out != NULL;
		     out = out->next)
			count_own(count, out->slot, i + 1);
	}
}

struct cost_count *cost_count_new(struct arena *arena, const struct program *program)
{
	struct cost_count *count = arena_take(arena, 1, sizeof(*count));

	*count = (struct cost_count){
		.program = program,
		.owners = arena_take(arena, program->cell_count, sizeof(uint32_t)),
		.seen = arena_take(arena, program->node_count, sizeof(uint32_t)),
		.found = arena_take(arena, program->node_count, sizeof(uint32_t)),
		.over_derived = true,
	};
	for (uint32_t i = 0; i < program->point_count; i++) {
		count_own(count, program_asked(program->quality_slots, i), OWNER_OTHER);
		count_own(count, program_asked(program->bad_slots, i), OWNER_OTHER);
		count_own(count, program_asked(program->age_slots, i), OWNER_OTHER);
	}
	for (uint32_t i = 0; i < program->group_count; i++)
		count_own(count, program->groups[i].slot, OWNER_OTHER);
	for (uint32_t i = 0; i < program->rule_count; i++)
		count_own(count, program_asked(program->rule_slots, i), OWNER_OTHER);
	count_own(count, program->now_slot, OWNER_OTHER);
	count_own_nodes(count);
	return count;
}

void cost_count_start(struct cost_count *count)
{
	count->round++;
	count->count = 0;
}

static void count_slot(struct cost_count *count, uint32_t slot)
{
	const struct program *program = count->program;
	uint32_t first = PROGRAM_SCRATCH + program->point_count, node = 0;

	if (slot >= first)
		node = count->owners[slot - first];
	else if (slot >= PROGRAM_SCRATCH && count->over_derived)
		node = program_asked(program->derived, slot - PROGRAM_SCRATCH);
	if (node == 0 || node == OWNER_OTHER || count->seen[node - 1] == count->round)
		return;
	count->seen[node - 1] = count->round;
	count->found[count->count++] = node - 1;
	cost_count_nodes(count, program->nodes[node - 1].code);
}

void cost_count_nodes(struct cost_count *count, struct code code)
{
	for (uint32_t i = code.start; i < code.start + code.count; i++) {
		const struct instr *instr = &count->program->code[i];

		count_slot(count, instr->a);
		if (instr->op != OP_CALL)
			count_slot(count, instr->b);
	}
	count_slot(count, code.result);
}

static uint32_t count_constant(const struct cost_count *count, uint32_t slot)
{
	uint32_t first = PROGRAM_SCRATCH + count->program->point_count;

	return slot >= first && count->owners[slot - first] == 0;
}

uint32_t cost_count_constants(const struct cost_count *count, struct code code)
{
	uint32_t constants = count_constant(count, code.result);

	for (uint32_t i = code.start; i < code.start + code.count; i++) {
		const struct instr *instr = &count->program->code[i];

		constants += count_constant(count, instr->a);
		if (instr->op != OP_CALL && instr->b != instr->a)
			constants += count_constant(count, instr->b);
	}
	return constants;
}

uint32_t cost_node_steps(const struct node *node)
{
	uint32_t results = 0;

	for (const struct node_output *out = node->outputs; out != NULL; out = out->next)
		results++;
	return node->code.count + (results > 0 ? results : 1);
}
