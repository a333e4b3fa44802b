/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the way from a checked tree to instructions. */
#include "rules/compile.h"

#include <assert.h>
#include <string.h>

#include "base/arena.h"
#include "rules/binding.h"
#include "rules/function.h"
#include "rules/parser.h"

/*
 * Every compile_ function leaves its result in scratch slot t or in a slot that needs no code,
 * and uses scratch slots from t on only.
 */
static uint32_t compile_tree(struct program *program, const struct expr *expr, uint32_t t);

static uint32_t compile_emit(struct program *program, enum opcode op, uint32_t dst, uint32_t a,
			     uint32_t b)
{
	assert(dst < PROGRAM_SCRATCH && a < PROGRAM_SLOTS_MAX && b < PROGRAM_SLOTS_MAX);
	program_emit(program, (struct instr){.op = op, .dst = dst, .a = a, .b = b});
	return dst;
}

/* As compile_tree(), but the result is in t whatever it is. */
static void compile_into(struct program *program, const struct expr *expr, uint32_t t)
{
	uint32_t slot = compile_tree(program, expr, t);

	if (slot != t)
		compile_emit(program, OP_MOVE, t, slot, slot);
}

/* a > b is b < a: half of the comparisons need no instruction of their own. */
static uint32_t compile_compare(struct program *program, enum expr_op op, uint32_t t,
				uint32_t a, uint32_t b)
{
	switch ((int)op) {
	case EXPR_LT:
		return compile_emit(program, OP_LT, t, a, b);
	case EXPR_LE:
		return compile_emit(program, OP_LE, t, a, b);
	case EXPR_GT:
		return compile_emit(program, OP_LT, t, b, a);
	case EXPR_GE:
		return compile_emit(program, OP_LE, t, b, a);
	case EXPR_NE:
		return compile_emit(program, OP_NE, t, a, b);
	default:
		return compile_emit(program, OP_EQ, t, a, b);
	}
}

static uint32_t compile_chain(struct program *program, const struct expr *expr, uint32_t t)
{
	uint32_t a = compile_tree(program, expr->kids, t);
	uint32_t b = compile_tree(program, expr->kids->next, t + 1);
	uint32_t c = compile_tree(program, expr->kids->next->next, t + 2);

	compile_compare(program, expr->rel[0], t, a, b);
	compile_compare(program, expr->rel[1], t + 1, b, c);
	return compile_emit(program, OP_AND, t, t, t + 1);
}

static uint32_t compile_in(struct program *program, const struct expr *expr, uint32_t t)
{
	const struct expr *item = expr->kids->next;
	uint32_t x = compile_tree(program, expr->kids, t);
	uint32_t found = item->next != NULL ? t + 1 : t;

	compile_emit(program, OP_EQ, found, x, compile_tree(program, item, t + 2));
	for (item = item->next; item != NULL; item = item->next) {
		uint32_t dst = item->next != NULL ? t + 1 : t;

		compile_emit(program, OP_EQ, t + 2, x, compile_tree(program, item, t + 2));
		compile_emit(program, OP_OR, dst, t + 1, t + 2);
	}
	return t;
}

static uint32_t compile_if(struct program *program, const struct expr *expr, uint32_t t)
{
	uint32_t condition = compile_tree(program, expr->kids, t);

	compile_into(program, expr->kids->next, t + 1);
	compile_into(program, expr->kids->next->next, t + 2);
	return compile_emit(program, OP_IF, t, condition, t + 1);
}

static uint32_t compile_function(struct program *program, const struct expr *expr, uint32_t t)
{
	const struct function *function = expr->function;
	uint32_t number = function_number(function), args = 0;
	const struct expr *kid = expr->kids;

	if (expr->kid_count == 1)
		return compile_emit(program, OP_CALL, t, compile_tree(program, kid, t), number);
	for (; kid != NULL && args < function->min_args; kid = kid->next)
		compile_into(program, kid, t + args++);
	compile_emit(program, OP_CALL, t, t, number);
	for (; kid != NULL; kid = kid->next) {
		compile_into(program, kid, t + 1);
		compile_emit(program, OP_CALL, t, t, number);
	}
	return t;
}

static uint32_t compile_call(struct program *program, const struct expr *expr, uint32_t t)
{
	uint32_t a, b;

	switch (expr->function->rule) {
	case FUNCTION_SAME:
	case FUNCTION_ROOT:
	case FUNCTION_PLAIN:
	case FUNCTION_POWER:
		return compile_function(program, expr, t);
	case FUNCTION_IF:
		return compile_if(program, expr, t);
	case FUNCTION_ELSE:
		a = compile_tree(program, expr->kids, t);
		b = compile_tree(program, expr->kids->next, t + 1);
		return compile_emit(program, OP_ELSE, t, a, b);
	case FUNCTION_KNOWN:
		a = compile_tree(program, expr->kids, t);
		return compile_emit(program, OP_KNOWN, t, a, a);
	case FUNCTION_RISES:
	case FUNCTION_FALLS:
	case FUNCTION_CHANGED:
	case FUNCTION_HELD:
	case FUNCTION_ONCE:
	case FUNCTION_SINCE:
	case FUNCTION_WINDOW:
	case FUNCTION_EWMA:
	case FUNCTION_PREV:
	case FUNCTION_POINT:
	case FUNCTION_AGE:
	case FUNCTION_QUALITY:
	case FUNCTION_OK:
	case FUNCTION_BAD:
	case FUNCTION_FIRING:
	case FUNCTION_NOW:
	case FUNCTION_TOD:
	case FUNCTION_WEEKDAY:
	case FUNCTION_BETWEEN:
		break; /* slots by now */
	}
	assert(!"a call that is no code");
	return 0;
}

static const uint8_t compile_ops[] = {
	[EXPR_AND] = OP_AND, [EXPR_OR] = OP_OR,	  [EXPR_ADD] = OP_ADD,	 [EXPR_SUB] = OP_SUB,
	[EXPR_MUL] = OP_MUL, [EXPR_DIV] = OP_DIV, [EXPR_ELSE] = OP_ELSE,
};

static uint32_t compile_tree(struct program *program, const struct expr *expr, uint32_t t)
{
	uint32_t a, b;

	switch (expr->op) {
	case EXPR_CONST:
		return program_constant(program, expr->number);
	case EXPR_SLOT:
		return expr->slot;
	case EXPR_AGE:
		return program_age(program, expr->slot);
	case EXPR_AFFINE:
		a = compile_tree(program, expr->kids, t);
		a = compile_emit(program, OP_MUL, t, a,
				 program_constant(program, expr->number));
		if (expr->offset != 0)
			a = compile_emit(program, OP_ADD, t, a,
					 program_constant(program, expr->offset));
		return a;
	case EXPR_NOT:
	case EXPR_NEG:
		a = compile_tree(program, expr->kids, t);
		return compile_emit(program, expr->op == EXPR_NOT ? OP_NOT : OP_NEG, t, a, a);
	case EXPR_AND:
	case EXPR_OR:
	case EXPR_ADD:
	case EXPR_SUB:
	case EXPR_MUL:
	case EXPR_DIV:
	case EXPR_ELSE:
		a = compile_tree(program, expr->kids, t);
		b = compile_tree(program, expr->kids->next, t + 1);
		return compile_emit(program, compile_ops[expr->op], t, a, b);
	case EXPR_LT:
	case EXPR_LE:
	case EXPR_GT:
	case EXPR_GE:
	case EXPR_EQ:
	case EXPR_NE:
		a = compile_tree(program, expr->kids, t);
		b = compile_tree(program, expr->kids->next, t + 1);
		return compile_compare(program, expr->op, t, a, b);
	case EXPR_CHAIN:
		return compile_chain(program, expr, t);
	case EXPR_IN:
		return compile_in(program, expr, t);
	case EXPR_CALL:
		return compile_call(program, expr, t);
	case EXPR_POW:
		return compile_function(program, expr, t);
	case EXPR_NUMBER:
	case EXPR_BOOL:
	case EXPR_TEXT:
	case EXPR_NAME:
		break; /* the checker leaves none of these */
	}
	assert(!"an unchecked tree");
	return 0;
}

static struct code compile_code(struct program *program, const struct expr *tree)
{
	struct code code = {.start = program->code_count};

	code.result = compile_tree(program, tree, 0);
	code.count = program->code_count - code.start;
	return code;
}

enum node_kind compile_node_kind(const struct expr *call)
{
	switch ((int)call->function->rule) {
	case FUNCTION_RISES:
		return NODE_RISES;
	case FUNCTION_FALLS:
		return NODE_FALLS;
	case FUNCTION_CHANGED:
		return NODE_CHANGED;
	case FUNCTION_HELD:
		return NODE_HELD;
	case FUNCTION_ONCE:
		return NODE_ONCE;
	case FUNCTION_SINCE:
		return call->span_ns > 0 ? NODE_LASTED : NODE_SINCE;
	case FUNCTION_WINDOW:
		return NODE_WINDOW;
	case FUNCTION_EWMA:
		return NODE_EWMA;
	default:
		return NODE_PREV;
	}
}

/* since() in a message: how long ago it began, and 0 if it did not. */
static void compile_since(struct program *program, struct expr *call, uint32_t slot)
{
	struct expr *kids = arena_take(program->arena, 4, sizeof(*kids));

	for (int i = 0; i < 4; i++)
		kids[i].type.kind = VALUE_NUMBER;
	kids[0].op = kids[1].op = EXPR_SLOT;
	kids[0].slot = program_now(program);
	kids[0].next = &kids[1];
	kids[1].slot = slot;
	kids[2].op = EXPR_SUB;
	kids[2].kids = &kids[0];
	kids[2].kid_count = 2;
	kids[2].next = &kids[3];
	kids[3].op = EXPR_CONST;
	call->function = function_find("max", 3);
	call->use = NULL;
	call->kids = &kids[2];
	call->kid_count = 2;
}

static const struct node_place *compile_place(struct program *program,
					      const struct node_place *place)
{
	struct node_place *own = arena_take(program->arena, 1, sizeof(*own));
	struct expr_source *source = arena_take(program->arena, 1, sizeof(*source));
	struct bindings *bindings = arena_take(program->arena, 1, sizeof(*bindings));

	*source = *place->source;
	if (source->bindings != NULL) {
		*bindings = *source->bindings;
		source->bindings = bindings;
	}
	*own = *place;
	own->source = source;
	own->words = arena_text(program->arena, place->words, strlen(place->words));
	return own;
}

/* The call becomes the slot of a node; equal nodes are one. */
static void compile_node(struct program *program, struct expr *call, struct program_use *use)
{
	struct node node = {
		.kind = compile_node_kind(call),
		.operand = call->kids->type.kind,
		.span_ns = call->span_ns,
		.use = call->use,
		.key = call->key,
	};
	uint32_t number = program_node_find(program, node.kind, node.key);

	if (number == PROGRAM_NONE) {
		struct program_use *own = arena_take(program->arena, 1, sizeof(*own));

		/* The tree goes, the node stays. */
		program_use_merge(program->arena, own, call->use);
		node.use = own;
		node.key = arena_text(program->arena, call->key, strlen(call->key));
		if (call->place != NULL)
			node.place = compile_place(program, call->place);
		node.code = compile_code(program, call->kids);
		number = program_node(program, &node);
	}
	idlist_add(program->arena, &use->nodes, number);
	if (node.kind == NODE_WINDOW) {
		call->op = EXPR_SLOT;
		call->slot =
			program_window(program, number, call->function->window, call->number);
		call->kids = NULL;
		return;
	}
	if (node.kind == NODE_SINCE) {
		compile_since(program, call, program->nodes[number].slot);
		return;
	}
	call->op = EXPR_SLOT;
	call->slot = program->nodes[number].slot;
	call->kids = NULL;
}

/*
 * The operand of a node is code of its own, run when a reading comes in: it is compiled before
 * the code that reads the node, so that each stays in one piece. What the operand reads is not
 * what the expression around it reads.
 */
static void compile_nodes(struct program *program, struct expr *expr, struct program_use *use)
{
	bool node = expr->op == EXPR_CALL && expr->use != NULL;

	for (struct expr *kid = expr->kids; kid != NULL; kid = kid->next)
		compile_nodes(program, kid, node ? expr->use : use);
	if (node)
		compile_node(program, expr, use);
}

struct code compile_expr(struct program *program, struct expr *tree, struct program_use *use)
{
	compile_nodes(program, tree, use);
	return compile_code(program, tree);
}
