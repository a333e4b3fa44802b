/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the distance from a condition's thresholds. */
#include "rules/margin.h"

#include <string.h>

#include "base/arena.h"
#include "conf/diag.h"
#include "rules/program.h"
#include "rules/typing.h"

/*
 * Stands for what is unknown while the smallest or largest is looked for, so far away that
 * units may be converted; multiplied with MARGIN_OUT it is beyond the doubles, so unknown
 * again, which other values survive bit by bit.
 */
#define MARGIN_FAR 1e290
#define MARGIN_OUT 0x1p200

struct margin {
	struct arena *arena;
	struct program *program;
	const struct expr_source *when, *hole;
	const struct check_rules *rules;
	struct diags *quiet; /* for what is tried */
	bool found;
	bool mixed;
	struct expr_type type; /* of the first comparison */
};

static struct expr *margin_build(struct margin *margin, const struct expr *tree, bool negated);

static struct expr *margin_copy(struct margin *margin, const struct expr *tree)
{
	struct expr *copy = arena_take(margin->arena, 1, sizeof(*copy));
	struct expr **end = &copy->kids;

	*copy = *tree;
	copy->next = NULL;
	for (const struct expr *kid = tree->kids; kid != NULL; kid = kid->next) {
		*end = margin_copy(margin, kid);
		end = &(*end)->next;
	}
	*end = NULL;
	return copy;
}

static struct expr *margin_node(struct margin *margin, enum expr_op op, const struct expr *at,
				struct expr *a, struct expr *b)
{
	struct expr *node = arena_take(margin->arena, 1, sizeof(*node));

	*node = (struct expr){.op = op, .from = at->from, .len = at->len, .kids = a};
	a->next = b;
	node->kid_count = b != NULL ? 2 : 1;
	return node;
}

static struct expr *margin_number(struct margin *margin, const struct expr *at, double number)
{
	struct expr *node = arena_take(margin->arena, 1, sizeof(*node));

	*node = (struct expr){.op = EXPR_NUMBER,
			      .from = at->from,
			      .len = at->len,
			      .number = number,
			      .type = {.kind = VALUE_NUMBER, .constant = true}};
	return node;
}

/* Whether it is a number, and of the kind of the others. */
static bool margin_fits(struct margin *margin, const struct expr *difference)
{
	struct expr_source source = *margin->when;
	struct expr *tree = margin_copy(margin, difference);
	struct program_use use = {0};
	char words[2][TYPING_WORDS];

	source.diags = margin->quiet;
	if (!check_expr(margin->arena, margin->program, &source, margin->rules, CHECK_MESSAGE,
			VALUE_NONE, &tree, &use) ||
	    tree->type.kind != VALUE_NUMBER)
		return false;
	if (!margin->found) {
		margin->found = true;
		margin->type = tree->type;
	} else if (!margin->mixed &&
		   (margin->type.unit.known != tree->type.unit.known ||
		    (tree->type.unit.known &&
		     !unit_same_dimension(&margin->type.unit, &tree->type.unit)))) {
		margin->mixed = true;
		expr_error(margin->hole, 0, margin->hole->len,
			   "there is no one ${margin}: 'when' compares %s and %s",
			   typing_words(&margin->type, words[0]),
			   typing_words(&tree->type, words[1]));
		expr_hint(margin->hole, "write the difference itself: ${x - 80}");
	}
	return true;
}

/* How far a op b is from turning: its first operand's unit, whichever side it grows to. */
static struct expr *margin_compare(struct margin *margin, const struct expr *at,
				   enum expr_op op, const struct expr *a, const struct expr *b,
				   bool negated)
{
	bool above = (op == EXPR_GT || op == EXPR_GE) != negated;
	struct expr *difference = margin_node(margin, EXPR_SUB, at, margin_copy(margin, a),
					      margin_copy(margin, b));

	if (!above)
		difference = margin_node(margin, EXPR_NEG, at, difference, NULL);
	return margin_fits(margin, difference) ? difference : NULL;
}

/* The smallest or the largest of what is known; unknown if nothing is. */
static struct expr *margin_pick(struct margin *margin, const struct expr *at, bool smallest,
				struct expr *a, struct expr *b)
{
	double away = smallest ? MARGIN_FAR : -MARGIN_FAR;
	struct expr *pick;

	if (a == NULL || b == NULL)
		return a != NULL ? a : b;
	a = margin_node(margin, EXPR_ELSE, at, a, margin_number(margin, at, away));
	b = margin_node(margin, EXPR_ELSE, at, b, margin_number(margin, at, away));
	pick = margin_node(margin, EXPR_CALL, at, a, b);
	pick->text = smallest ? "min" : "max";
	pick = margin_node(margin, EXPR_MUL, at, pick, margin_number(margin, at, MARGIN_OUT));
	return margin_node(margin, EXPR_MUL, at, pick,
			   margin_number(margin, at, 1 / MARGIN_OUT));
}

static struct expr *margin_chain(struct margin *margin, const struct expr *tree, bool negated)
{
	const struct expr *middle = tree->kids->next;

	return margin_pick(
		margin, tree, !negated,
		margin_compare(margin, tree, tree->rel[0], tree->kids, middle, negated),
		margin_compare(margin, tree, tree->rel[1], middle, middle->next, negated));
}

static struct expr *margin_build(struct margin *margin, const struct expr *tree, bool negated)
{
	struct expr *a;

	switch ((int)tree->op) {
	case EXPR_NOT:
		return margin_build(margin, tree->kids, !negated);
	case EXPR_AND:
	case EXPR_OR:
		a = margin_build(margin, tree->kids, negated);
		return margin_pick(margin, tree, (tree->op == EXPR_AND) != negated, a,
				   margin_build(margin, tree->kids->next, negated));
	case EXPR_LT:
	case EXPR_LE:
	case EXPR_GT:
	case EXPR_GE:
		return margin_compare(margin, tree, tree->op, tree->kids, tree->kids->next,
				      negated);
	case EXPR_CHAIN:
		return margin_chain(margin, tree, negated);
	default:
		return NULL;
	}
}

struct expr *margin_tree(struct arena *arena, struct program *program,
			 const struct expr_source *when, const struct expr_source *hole,
			 const struct check_rules *rules, struct program_use *use)
{
	struct margin margin = {.arena = arena,
				.program = program,
				.when = when,
				.hole = hole,
				.rules = rules,
				.quiet = diags_new(0)};
	struct expr *parsed = parser_parse(arena, when), *tree = NULL;

	if (parsed != NULL)
		tree = margin_build(&margin, parsed, false);
	diags_free(margin.quiet);
	if (margin.mixed)
		return NULL;
	if (tree == NULL) {
		expr_error(hole, 0, hole->len,
			   "there is no ${margin}: 'when' compares nothing by its size");
		expr_no_hint(hole);
		return NULL;
	}
	/* The units of all fit: this cannot fail. */
	return check_expr(arena, program, when, rules, CHECK_MESSAGE, VALUE_NONE, &tree, use)
		       ? tree
		       : NULL;
}
