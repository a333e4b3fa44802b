/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the trees that are shown: their parts and words, and which parts decide. */
#include "rules/explain.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "conf/diag.h"
#include "conf/yaml.h"
#include "model/point.h"
#include "rules/check.h"
#include "rules/engine_core.h"
#include "rules/explain_walk.h"
#include "rules/for_each.h"
#include "rules/function.h"
#include "rules/ruleset.h"
#include "rules/scope.h"

struct explainer {
	struct explain_walk walk;
	const struct ruleset *set;
	struct check_rules rules;
	struct diags *diags; /* stays empty: the text was taken when the rules were loaded */
};

static uint32_t explain_find_rule(const void *arg, const char *name, size_t len)
{
	char room[FOR_EACH_NAME_BYTES + 1];

	if (len > FOR_EACH_NAME_BYTES)
		return UINT32_MAX;
	memcpy(room, name, len);
	room[len] = '\0';
	return ruleset_find(arg, room);
}

/* ---- what stands where ------------------------------------------------------------------- */

static bool explain_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* How many ')' in the part lack their '(', and how many '(' their ')'. */
static void explain_unpaired(const char *text, const struct explain_node *node,
			     uint32_t *ret_left, uint32_t *ret_right)
{
	uint32_t open = 0, missing = 0;
	char quote = '\0';

	for (uint32_t i = node->from; i < node->to; i++) {
		char c = text[i];

		if (quote != '\0')
			quote = c == quote ? '\0' : quote;
		else if (c == '\'' || c == '"')
			quote = c;
		else if (c == '(')
			open++;
		else if (c == ')' && open > 0)
			open--;
		else if (c == ')')
			missing++;
	}
	*ret_left = missing;
	*ret_right = open;
}

/* The tokens know their places, parentheses belong to none: they are taken in where needed. */
static void explain_pair(const struct expr_source *source, struct explain_node *node)
{
	uint32_t left, right;

	explain_unpaired(source->text, node, &left, &right);
	while (left > 0 && node->from > 0)
		left -= source->text[--node->from] == '(';
	while (right > 0 && node->to < source->len)
		right -= source->text[node->to++] == ')';
}

static const char *explain_text(struct arena *arena, const struct expr_source *source,
				const struct explain_node *node)
{
	char *text = arena_text(arena, source->text + node->from, node->to - node->from);
	size_t n = 0;

	for (size_t i = 0; text[i] != '\0'; i++) {
		if (!explain_blank(text[i]))
			text[n++] = text[i];
		else if (n > 0 && text[n - 1] != ' ')
			text[n++] = ' ';
	}
	text[n] = '\0';
	return text;
}

static void explain_name(struct explainer *x, const struct expr_source *source,
			 const struct expr *expr, struct explain_node *node)
{
	static const char prefix[] = "rule.", suffix[] = ".firing";
	size_t len = strlen(expr->text), around = strlen(prefix) + strlen(suffix);

	node->point = point_table_find(source->points, expr->text, len);
	if (node->point == POINT_NONE && len > around &&
	    strncmp(expr->text, prefix, strlen(prefix)) == 0)
		node->rule =
			explain_find_rule(x->set, expr->text + strlen(prefix), len - around);
}

/* A call that takes a name: the point or the rule that it is about. */
static void explain_named_call(struct explainer *x, const struct expr_source *source,
			       struct explain_node *node)
{
	const struct expr *arg = node->expr->kids;

	if (arg->op == EXPR_CALL && arg->kids != NULL)
		arg = arg->kids; /* point('name') */
	node->to = arg->from + arg->len;
	if (node->function->rule == FUNCTION_FIRING)
		node->rule = ruleset_find(x->set, arg->text);
	else
		node->point = point_table_find(source->points, arg->text, strlen(arg->text));
}

static void explain_kids(struct explainer *x, const struct expr_source *source,
			 const struct expr *expr, struct explain_node *node,
			 struct explain_node ***end);

/* 'not in' is one operator to whoever wrote it, and two nodes at one place to the parser. */
static const struct expr *explain_inner(const struct expr *expr)
{
	const struct expr *kid = expr->kids;

	return expr->op == EXPR_NOT && (kid->op == EXPR_IN || kid->op == EXPR_CHAIN) &&
			       kid->from == expr->from
		       ? kid
		       : expr;
}

/* Built before the checker turns the parsed tree into another one, in place. */
static struct explain_node *explain_build(struct explainer *x, const struct expr_source *source,
					  const struct expr *expr)
{
	struct explain_node *node = arena_take(x->walk.arena, 1, sizeof(*node));
	struct explain_node **end = &node->kids;
	const struct expr *inner = explain_inner(expr);

	*node = (struct explain_node){
		.point = POINT_NONE,
		.rule = UINT32_MAX,
		.changes_ns = -1,
		.op = inner->op,
		.expr = expr,
		.inner = inner,
		.range = inner->op == EXPR_CHAIN &&
			 memchr("in", source->text[inner->from], 2) != NULL,
		.from = expr->from,
		.to = expr->from + expr->len + (expr->op == EXPR_CALL),
	};
	if (expr->op == EXPR_CALL)
		node->function = function_find(expr->text, strlen(expr->text));
	if (expr->op == EXPR_NAME)
		explain_name(x, source, expr, node);
	if (expr->op == EXPR_CALL && scope_takes_name(node->function))
		explain_named_call(x, source, node);
	else
		explain_kids(x, source, inner, node, &end);
	explain_pair(source, node);
	node->text = explain_text(x->walk.arena, source, node);
	return node;
}

static void explain_kids(struct explainer *x, const struct expr_source *source,
			 const struct expr *expr, struct explain_node *node,
			 struct explain_node ***end)
{
	bool flat = node->op == EXPR_AND || node->op == EXPR_OR;

	for (const struct expr *kid = expr->kids; kid != NULL; kid = kid->next) {
		struct explain_node *made;

		if (flat && kid->op == node->op) {
			explain_kids(x, source, kid, node, end);
			continue;
		}
		made = explain_build(x, source, kid);
		**end = made;
		*end = &made->next;
		node->kid_count++;
		if (made->from < node->from)
			node->from = made->from;
		if (made->to > node->to)
			node->to = made->to;
	}
}

/* ---- values ------------------------------------------------------------------------------ */

static bool explain_is_call(const struct explain_node *node, enum function_rule rule)
{
	return node->op == EXPR_CALL && node->function->rule == rule;
}

static bool explain_is_comparison(const struct explain_node *node)
{
	return node->op >= EXPR_LT && node->op <= EXPR_IN;
}

/* "6.12 s", "1m30s": an age is read to a few digits, whatever the clock knows. */
static void explain_add_duration(double seconds, struct str *out)
{
	if (seconds < 0)
		str_addc(out, '-');
	seconds = fabs(seconds);
	if (seconds < 60)
		str_addf(out, "%.3g s", seconds);
	else
		str_add_duration(out, (int64_t)nearbyint(seconds) * NSEC_PER_SEC);
}

void explain_add_value(const struct explain_node *node, struct str *out)
{
	if (node->value.kind != VALUE_NUMBER) {
		value_show(node->value, out);
	} else if (node->duration && fabs(node->value.number) < 9e9) {
		explain_add_duration(node->value.number, out);
	} else {
		str_addf(out, "%.10g", node->value.number + 0.0);
		if (node->unit != NULL)
			str_addf(out, " %s", node->unit);
	}
}

/* A bare number has the unit of the other side. */
static void explain_share_unit(struct explain_node *node)
{
	const struct explain_node *with = NULL;

	for (struct explain_node *kid = node->kids; kid != NULL; kid = kid->next) {
		if (with == NULL && (kid->unit != NULL || kid->duration) && !kid->constant)
			with = kid;
	}
	for (struct explain_node *kid = node->kids; with != NULL && kid != NULL;
	     kid = kid->next) {
		if (kid->constant && kid->unit == NULL && !kid->duration) {
			kid->unit = with->unit;
			kid->duration = with->duration;
		}
	}
}

/* "2 in 1 .. 3", "2 not in (0, 5)" */
static void explain_add_in(const struct explain_node *node, struct str *out)
{
	const struct explain_node *what = node->range ? node->kids->next : node->kids;
	const struct explain_node *kid = node->range ? node->kids : node->kids->next;

	explain_add_value(what, out);
	str_addf(out, " %s %s", node->inner != node->expr ? "not in" : "in",
		 node->range ? "" : "(");
	explain_add_value(kid, out);
	if (node->range) {
		str_adds(out, " .. ");
		explain_add_value(what->next, out);
		return;
	}
	while ((kid = kid->next) != NULL) {
		str_adds(out, ", ");
		explain_add_value(kid, out);
	}
	str_addc(out, ')');
}

static void explain_add_relations(const struct explain_node *node, struct str *out)
{
	static const char *const words[] = {
		[EXPR_LT] = "<",  [EXPR_LE] = "<=", [EXPR_GT] = ">",
		[EXPR_GE] = ">=", [EXPR_EQ] = "==", [EXPR_NE] = "!=",
	};
	size_t i = 0;

	for (const struct explain_node *kid = node->kids; kid != NULL; kid = kid->next, i++) {
		if (i > 0)
			str_addf(out, " %s ",
				 words[node->op == EXPR_CHAIN ? node->inner->rel[i - 1]
							      : node->op]);
		explain_add_value(kid, out);
	}
}

static void explain_compared(struct explainer *x, struct explain_node *node)
{
	struct str text;

	str_init(&text);
	if (node->range || node->op == EXPR_IN)
		explain_add_in(node, &text);
	else
		explain_add_relations(node, &text);
	node->compared = arena_text(x->walk.arena, text.s, text.len);
	str_done(&text);
}

static void explain_evaluate(struct explainer *x, struct explain_node *node)
{
	const struct expr_type *type = &node->expr->type;
	bool ages = false;

	for (struct explain_node *kid = node->kids; kid != NULL; kid = kid->next) {
		explain_evaluate(x, kid);
		ages = ages || explain_is_call(kid, FUNCTION_AGE) ||
		       explain_is_call(kid, FUNCTION_SINCE) ||
		       explain_is_call(kid, FUNCTION_TOD);
	}
	if (explain_is_call(node, FUNCTION_TOD)) {
		node->value = explain_walk_tod(&x->walk);
		node->duration = true;
		return;
	}
	if (explain_is_call(node, FUNCTION_AGE)) {
		node->value = value_number(explain_walk_age(&x->walk, node->point));
		node->duration = true;
		return;
	}
	if (explain_is_call(node, FUNCTION_SINCE)) {
		node->value = explain_walk_since(&x->walk, node->expr);
		node->duration = true;
		return;
	}
	node->constant = node->expr->op == EXPR_CONST;
	node->value = explain_walk_value(&x->walk, node->expr);
	if (type->kind == VALUE_NUMBER) {
		bool seconds = type->unit.scale == 1 && type->unit.offset == 0;

		node->duration = type->duration && type->unit.known && seconds;
		node->unit = node->duration ? NULL : type->unit_text;
	}
	if (explain_is_call(node, FUNCTION_BETWEEN) || explain_is_call(node, FUNCTION_WEEKDAY))
		node->changes_ns = explain_walk_change(&x->walk, node->expr);
	if (!explain_is_comparison(node))
		return;
	explain_share_unit(node);
	explain_compared(x, node);
	if (ages)
		node->changes_ns = explain_walk_change(&x->walk, node->expr);
}

/* ---- what decides ------------------------------------------------------------------------ */

static bool explain_unknown(const struct explain_node *node)
{
	return node->value.kind == VALUE_NONE;
}

static bool explain_is(const struct explain_node *node, bool flag)
{
	return node->value.kind == VALUE_BOOL && node->value.flag == flag;
}

static enum function_rule explain_function(const struct explain_node *node)
{
	if (node->op == EXPR_ELSE)
		return FUNCTION_ELSE;
	return node->op == EXPR_CALL ? node->function->rule : FUNCTION_SAME;
}

/* 1, 0, -1: the n-th comparison of a chain; as one of ages it is two comparisons by now. */
static int explain_link(struct explainer *x, const struct explain_node *node, uint32_t n)
{
	const struct expr *kid = node->inner->kids;
	struct expr pair = {.kid_count = 2, .type = {.kind = VALUE_BOOL}}, ends[2];
	struct value value;

	if (node->inner->op == EXPR_CHAIN) {
		if (n == 1)
			kid = kid->next;
		ends[0] = *kid;
		ends[1] = *kid->next;
		ends[0].next = &ends[1];
		ends[1].next = NULL;
		pair.op = node->inner->rel[n];
		pair.kids = ends;
		value = explain_walk_value(&x->walk, &pair);
	} else {
		value = explain_walk_value(&x->walk, n == 0 ? kid : kid->next);
	}
	return value.kind == VALUE_NONE ? -1 : value.flag;
}

/* Whether the i-th operand takes part in a false or unknown chain's being so. */
static bool explain_chain_decides(struct explainer *x, const struct explain_node *node,
				  uint32_t i)
{
	bool negated = node->inner != node->expr;
	int wanted = explain_unknown(node) ? -1 : node->value.flag != negated;

	return (i < 2 && explain_link(x, node, 0) == wanted) ||
	       (i > 0 && explain_link(x, node, 1) == wanted);
}

static bool explain_kid_decides(struct explainer *x, const struct explain_node *node,
				const struct explain_node *kid, uint32_t i)
{
	const struct explain_node *first = node->kids;
	bool some_unknown = false;

	for (const struct explain_node *k = first; k != NULL; k = k->next)
		some_unknown = some_unknown || explain_unknown(k);
	if ((node->op == EXPR_AND || node->op == EXPR_OR) && !explain_unknown(node))
		return explain_is(kid, node->value.flag);
	if (explain_function(node) == FUNCTION_ELSE)
		return i == (explain_unknown(first) ? 1 : 0);
	if (explain_function(node) == FUNCTION_IF)
		return i == 0 || (i == 1 && explain_is(first, true)) ||
		       (i == 2 && explain_is(first, false));
	if (node->op == EXPR_CHAIN && !explain_chain_decides(x, node, i))
		return false;
	return !explain_unknown(node) || !some_unknown || explain_unknown(kid);
}

static void explain_decide(struct explainer *x, struct explain_node *node)
{
	uint32_t i = 0;

	node->decides = true;
	for (struct explain_node *kid = node->kids; kid != NULL; kid = kid->next, i++) {
		if (!kid->constant && explain_kid_decides(x, node, kid, i))
			explain_decide(x, kid);
	}
}

static void explain_collect(struct explain_part *part, const struct explain_node *node)
{
	bool logic = node->op == EXPR_AND || node->op == EXPR_OR || node->op == EXPR_NOT;
	bool deeper = false;

	for (const struct explain_node *kid = node->kids; kid != NULL; kid = kid->next) {
		if (kid->decides &&
		    (logic || (explain_unknown(node) && explain_unknown(kid)))) {
			explain_collect(part, kid);
			deeper = true;
		}
	}
	if (!deeper)
		part->decisive[part->decisive_count++] = node;
}

/* ---- a rule ------------------------------------------------------------------------------ */

static void explain_part(struct explainer *x, const struct rule *rule, const char *field,
			 const char *text, struct explain_part *part)
{
	enum check_place place = strcmp(field, "on") == 0 ? CHECK_INSTANT : CHECK_CONDITION;
	struct program_use use = {0};
	struct expr_source source = {
		.text = text,
		.len = strlen(text),
		.scalar = yaml_get(rule->node, field),
		.field = field,
		.rule = rule->name,
		.bindings = &rule->more->bindings,
		.points = x->walk.program->points,
		.diags = x->diags,
	};
	struct expr *tree = parser_parse(x->walk.arena, &source);

	*part = (struct explain_part){.field = field, .text = text};
	assert(tree != NULL);
	part->tree = explain_build(x, &source, tree);
	check_expr(x->walk.arena, x->walk.program, &source, &x->rules, place, VALUE_BOOL, &tree,
		   &use);
	explain_walk_read(&x->walk, tree, &use);
	explain_evaluate(x, part->tree);
	explain_decide(x, part->tree);
	part->decisive = arena_take(x->walk.arena, EXPR_MAX_NODES, sizeof(*part->decisive));
	explain_collect(part, part->tree);
}

/* When or not clear, after Kleene. */
static int explain_together(const struct explain *explain)
{
	int sides[2] = {0, 0};

	for (size_t i = 0; i < explain->part_count; i++) {
		const struct explain_node *tree = explain->parts[i].tree;

		sides[i] = explain_unknown(tree) ? -1 : tree->value.flag != (i == 1);
	}
	if (sides[0] == 1 || sides[1] == 1)
		return 1;
	return sides[0] < 0 || sides[1] < 0 ? -1 : 0;
}

void explain_rule(struct arena *arena, const struct ruleset *set, const struct engine *engine,
		  uint32_t number, struct boot now, struct explain *ret)
{
	const struct rule *rule = ruleset_rule_get(set, number);
	struct explainer x = {
		.set = set,
		.rules = {.find = explain_find_rule, .arg = set},
		.diags = diags_new(1),
	};
	struct engine_rule state;

	engine_rule(engine, number, &state);
	explain_walk_init(&x.walk, arena, engine, now);
	*ret = (struct explain){
		.latch = rule->latch,
		.frozen = (state.state == RULE_PENDING || state.state == RULE_CLEARING) &&
			  !state.has_deadline,
		.part_count = 1,
	};
	if (rule->more->at != NULL) {
		ret->part_count = 0;
		diags_free(x.diags);
		return;
	}
	explain_part(&x, rule, rule->instant ? "on" : "when", rule_when_text(rule),
		     &ret->parts[0]);
	if (rule->has_clear && engine_is_firing(state.state)) {
		explain_part(&x, rule, "clear", rule_clear_text(rule), &ret->parts[1]);
		ret->part_count = 2;
	}
	ret->condition = explain_together(ret);
	diags_free(x.diags);
}
