/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the meaning of names. */
#include "rules/scope.h"

#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "conf/diag.h"
#include "model/point.h"
#include "rules/function.h"
#include "rules/program.h"

static bool scope_unknown(struct scope *scope, const struct expr *at, const char *what,
			  const char *name, const char *const *names, size_t count)
{
	expr_error(scope->source, at->from, at->len, "unknown %s '%s'", what, name);
	if (!expr_hint_name(scope->source, at->from) &&
	    !diag_suggest(scope->source->diags, name, names, count))
		expr_no_hint(scope->source);
	return false;
}

static bool scope_unknown_point(struct scope *scope, const struct expr *at, const char *name)
{
	const struct point_table *points = scope->source->points;
	struct unit unit;
	size_t bad, bad_len;

	if (point_table_is_broken(points, name, strlen(name)))
		return false;
	/* "80 L/min" reads as 80 L divided by a point called min. */
	if (at->from > 0 && scope->source->text[at->from - 1] == '/' &&
	    unit_parse(name, strlen(name), &unit, &bad, &bad_len) == 0) {
		expr_error(scope->source, at->from, at->len, "unknown point '%s'", name);
		expr_hint(scope->source, "a unit with '/' stands in brackets: 80 [L/min]");
		return false;
	}
	return scope_unknown(scope, at, "point", name, point_table_names(points),
			     point_table_count(points));
}

uint32_t scope_find_point(const struct scope *scope, const struct expr *expr)
{
	if (expr->op == EXPR_CALL && strcmp(expr->text, "point") == 0 && expr->kid_count == 1 &&
	    expr->kids->op == EXPR_TEXT)
		expr = expr->kids;
	else if (expr->op != EXPR_NAME)
		return POINT_NONE;
	return point_table_find(scope->source->points, expr->text, strlen(expr->text));
}

static bool scope_point(struct scope *scope, struct expr *expr, uint32_t id)
{
	const struct point *point = point_table_get(scope->source->points, id);

	if (point->kind == VALUE_NONE)
		return false; /* a derived point that is wrong: that was told */
	if (point->line != NULL) {
		expr_error(scope->source, expr->from, expr->len,
			   "'%s' is written and never read: it has no value", point->name);
		return false;
	}
	idlist_add(scope->arena, &scope->use->points, id);
	expr->op = EXPR_SLOT;
	expr->slot = program_point(id);
	expr->kids = NULL;
	expr->kid_count = 0;
	expr->type.kind = point->kind;
	expr->type.unit = point->unit;
	expr->type.unit_text = point->unit_text;
	return true;
}

/* A for_each makes several rules of one: each has a name of its own. */
static bool scope_unknown_rule(struct scope *scope, const struct expr *at, const char *name,
			       size_t len)
{
	const struct check_rules *rules = scope->rules;
	const char *first = rules->first != NULL ? rules->first(rules->arg, name, len) : NULL;

	if (first == NULL)
		return scope_unknown(scope, at, "rule", arena_text(scope->arena, name, len),
				     rules->names, rules->count);
	expr_error(scope->source, at->from, at->len,
		   "'%.*s' is as many rules as its for_each has elements", (int)len, name);
	expr_hint(scope->source, "name one of them: firing('%s')", first);
	return false;
}

static bool scope_rule(struct scope *scope, struct expr *expr, const struct expr *at,
		       const char *name, size_t len)
{
	uint32_t rule = scope->rules->find(scope->rules->arg, name, len);

	if (rule == UINT32_MAX)
		return scope_unknown_rule(scope, at, name, len);
	idlist_add(scope->arena, &scope->use->rules, rule);
	expr->op = EXPR_SLOT;
	expr->slot = program_rule(scope->program, rule);
	expr->kids = NULL;
	expr->kid_count = 0;
	expr->type.kind = VALUE_BOOL;
	return true;
}

bool scope_name(struct scope *scope, struct expr *expr)
{
	static const char prefix[] = "rule.", suffix[] = ".firing";
	uint32_t point = scope_find_point(scope, expr);
	size_t len = strlen(expr->text);

	if (point != POINT_NONE)
		return scope_point(scope, expr, point);
	if (strncmp(expr->text, prefix, strlen(prefix)) != 0)
		return scope_unknown_point(scope, expr, expr->text);
	if (len < strlen(prefix) + strlen(suffix) ||
	    strcmp(expr->text + len - strlen(suffix), suffix) != 0) {
		expr_error(scope->source, expr->from, expr->len,
			   "unknown property '%s' of a rule", expr->text);
		expr_hint(scope->source, "write rule.NAME.firing, or firing('NAME') for a name "
					 "with '-' in it");
		return false;
	}
	return scope_rule(scope, expr, expr, expr->text + strlen(prefix),
			  len - strlen(prefix) - strlen(suffix));
}

bool scope_takes_name(const struct function *function)
{
	switch (function->rule) {
	case FUNCTION_POINT:
	case FUNCTION_AGE:
	case FUNCTION_QUALITY:
	case FUNCTION_OK:
	case FUNCTION_BAD:
	case FUNCTION_FIRING:
		return true;
	case FUNCTION_SAME:
	case FUNCTION_ROOT:
	case FUNCTION_PLAIN:
	case FUNCTION_POWER:
	case FUNCTION_IF:
	case FUNCTION_ELSE:
	case FUNCTION_KNOWN:
	case FUNCTION_RISES:
	case FUNCTION_FALLS:
	case FUNCTION_CHANGED:
	case FUNCTION_HELD:
	case FUNCTION_ONCE:
	case FUNCTION_SINCE:
	case FUNCTION_WINDOW:
	case FUNCTION_EWMA:
	case FUNCTION_PREV:
	case FUNCTION_NOW:
	case FUNCTION_TOD:
	case FUNCTION_WEEKDAY:
	case FUNCTION_BETWEEN:
		return false;
	}
	return false;
}

static bool scope_wants(struct scope *scope, const struct expr *call, const char *what)
{
	expr_error(scope->source, call->kids->from, call->kids->len, "'%s' takes %s",
		   call->text, what);
	expr_no_hint(scope->source);
	return false;
}

/* bad(device): whether none of its points is anything but bad. */
static bool scope_bad_group(struct scope *scope, struct expr *call)
{
	const struct expr *arg = call->kids;
	uint32_t group;

	if (arg->op != EXPR_NAME && arg->op != EXPR_TEXT)
		return scope_wants(scope, call, "the name of a point or a device");
	group = program_group(scope->program, arg->text);
	if (group == PROGRAM_NONE)
		return arg->op == EXPR_NAME ||
				       point_table_is_broken(scope->source->points, arg->text,
							     strlen(arg->text))
			       ? scope_unknown_point(scope, arg, arg->text)
			       : scope_unknown(scope, arg, "point or device", arg->text,
					       point_table_names(scope->source->points),
					       point_table_count(scope->source->points));
	idlist_add(scope->arena, &scope->use->groups, group);
	call->slot = scope->program->groups[group].slot;
	return true;
}

/* Turns call into point == value, for the words of quality. */
static void scope_compare(struct scope *scope, struct expr *call, uint32_t slot, double value)
{
	struct expr *a = arena_take(scope->arena, 2, sizeof(*a)), *b = a + 1;

	*a = *b = (struct expr){.from = call->from, .len = call->len};
	a->op = EXPR_SLOT;
	a->slot = slot;
	a->type.kind = VALUE_TEXT;
	a->next = b;
	b->op = EXPR_CONST;
	b->number = value;
	b->type.kind = VALUE_TEXT;
	call->op = EXPR_EQ;
	call->kids = a;
	call->kid_count = 2;
}

bool scope_call(struct scope *scope, struct expr *call)
{
	struct expr *arg = call->kids;
	uint32_t point;
	enum function_rule rule = call->function->rule;

	if (rule == FUNCTION_FIRING) {
		if (arg->op != EXPR_TEXT)
			return scope_wants(scope, call, "the name of a rule in quotes");
		return scope_rule(scope, call, arg, arg->text, strlen(arg->text));
	}
	if (rule == FUNCTION_POINT && arg->op != EXPR_TEXT)
		return scope_wants(scope, call, "the name of a point in quotes");
	point = scope_find_point(scope,
				 arg->op == EXPR_TEXT && rule == FUNCTION_POINT ? call : arg);
	if (point == POINT_NONE && arg->op == EXPR_TEXT)
		point = point_table_find(scope->source->points, arg->text, strlen(arg->text));
	if (point == POINT_NONE && rule == FUNCTION_BAD) {
		call->op = EXPR_SLOT;
		call->type.kind = VALUE_BOOL;
		if (!scope_bad_group(scope, call))
			return false;
		call->kids = NULL;
		call->kid_count = 0;
		return true;
	}
	if (point == POINT_NONE) {
		if (arg->op == EXPR_CALL && arg->kid_count == 1 && arg->kids->op == EXPR_TEXT)
			arg = arg->kids;
		if (arg->op != EXPR_NAME && arg->op != EXPR_TEXT)
			return scope_wants(scope, call, "a point");
		return scope_unknown_point(scope, arg, arg->text);
	}
	if (!scope_point(scope, call, point))
		return false;
	switch ((int)rule) {
	case FUNCTION_AGE:
		call->op = EXPR_AGE;
		call->slot = point;
		call->type = (struct expr_type){
			.kind = VALUE_NUMBER,
			.unit = {.known = true, .dimension = {0, 0, 1}, .scale = 1},
			.unit_text = "s",
			.duration = true,
		};
		break;
	case FUNCTION_QUALITY:
		call->slot = program_quality(scope->program, point);
		/* marks the text as a quality for the checker of comparisons */
		call->type = (struct expr_type){.kind = VALUE_TEXT, .duration = true};
		break;
	case FUNCTION_OK:
		call->type = (struct expr_type){.kind = VALUE_BOOL};
		scope_compare(scope, call, program_quality(scope->program, point),
			      PROGRAM_TEXT_GOOD);
		break;
	case FUNCTION_BAD:
		call->slot = program_bad(scope->program, point);
		call->type = (struct expr_type){.kind = VALUE_BOOL};
		break;
	default:
		break;
	}
	return true;
}

/* Rules that wait for one age share its node: they are evaluated together then. */
static uint32_t scope_age_node(struct program *program, uint32_t point, int64_t limit_ns)
{
	const struct node age = {.kind = NODE_AGE, .point = point, .span_ns = limit_ns};

	uint32_t number = program_age_node(program, point, limit_ns);

	return number != PROGRAM_NONE ? number : program_node(program, &age);
}

void scope_age(struct scope *scope, struct expr *age, int64_t limit_ns)
{
	uint32_t number = scope_age_node(scope->program, age->slot, limit_ns);

	idlist_add(scope->arena, &scope->use->nodes, number);
	age->op = EXPR_SLOT;
	age->slot = scope->program->nodes[number].slot;
	age->type = (struct expr_type){.kind = VALUE_BOOL};
}

uint32_t scope_weekday(struct scope *scope)
{
	uint32_t number = program_weekday(scope->program);

	idlist_add(scope->arena, &scope->use->nodes, number);
	return scope->program->nodes[number].slot;
}

uint32_t scope_spans(struct scope *scope, const struct calendar_spans *spans)
{
	uint32_t number = program_spans(scope->program, spans);

	idlist_add(scope->arena, &scope->use->nodes, number);
	return scope->program->nodes[number].slot;
}

bool scope_check_growing(struct scope *scope, const struct expr *tree)
{
	bool age = tree->op == EXPR_AGE;
	bool tod = tree->op == EXPR_CALL && tree->function->rule == FUNCTION_TOD;
	bool good = true;

	for (const struct expr *kid = tree->kids; kid != NULL; kid = kid->next)
		good = scope_check_growing(scope, kid) && good;
	if (tod) {
		expr_error(scope->source, tree->from, tree->len,
			   "a time of day in a condition is compared with a constant");
		expr_hint(scope->source, "for example tod() >= 22:00");
		return false;
	}
	if (scope->place == CHECK_MESSAGE ||
	    (!age && (tree->op != EXPR_CALL || tree->function->rule != FUNCTION_SINCE ||
		      tree->type.kind == VALUE_BOOL)))
		return good;
	expr_error(scope->source, tree->from, tree->len,
		   "%s in a condition is compared with a constant",
		   age ? "an age" : "the time of 'since'");
	expr_hint(scope->source,
		  age ? "for example age(x) > 90s" : "for example since(c) > 5m");
	return false;
}
