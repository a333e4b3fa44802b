/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the oracle's parser: plain recursive descent, one function for each production. */
#include "oracle_tree.h"

#include <ctype.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "model/point.h"
#include "oracle_clock.h"
#include "oracle_function.h"
#include "oracle_units.h"

struct parse {
	struct arena *arena;
	const struct point_table *points;
	const char *text, *at;
};

static struct oracle_expr *parse_or(struct parse *parse);
static struct oracle_expr *parse_unary(struct parse *parse);

static void wrong(const struct parse *parse, const char *what)
{
	fail_msg("the oracle expected %s at '%s' of '%s'", what, parse->at, parse->text);
}

static struct oracle_expr *node(struct parse *parse, enum oracle_op op, enum value_kind kind)
{
	struct oracle_expr *expr = arena_take(parse->arena, 1, sizeof(*expr));

	expr->op = op;
	expr->kind = kind;
	return expr;
}

static struct oracle_expr *node2(struct parse *parse, enum oracle_op op, enum value_kind kind,
				 struct oracle_expr *a, struct oracle_expr *b)
{
	struct oracle_expr *expr = node(parse, op, kind);

	expr->kids[0] = a;
	expr->kids[1] = b;
	expr->count = b != NULL ? 2 : 1;
	return expr;
}

/* ---- words ------------------------------------------------------------------------------- */

static void blanks(struct parse *parse)
{
	while (isspace((unsigned char)*parse->at))
		parse->at++;
}

static bool letter(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

static bool sign(struct parse *parse, const char *sign)
{
	blanks(parse);
	if (strncmp(parse->at, sign, strlen(sign)) != 0)
		return false;
	parse->at += strlen(sign);
	return true;
}

static bool word(struct parse *parse, const char *word)
{
	size_t len = strlen(word);

	blanks(parse);
	if (strncmp(parse->at, word, len) != 0 || letter(parse->at[len]))
		return false;
	parse->at += len;
	return true;
}

static void want(struct parse *parse, const char *what)
{
	if (!sign(parse, what))
		wrong(parse, what);
}

/* ---- primaries --------------------------------------------------------------------------- */

static void take_unit(struct parse *parse, struct oracle_expr *expr, const char *from,
		      size_t len)
{
	size_t bad, bad_len;

	if (unit_parse(from, len, &expr->unit, &bad, &bad_len) != 0)
		wrong(parse, "a unit");
}

/* Seconds of the unit of a duration that is len bytes long; 0: it is none. */
static double seconds(const char *from, size_t len)
{
	static const struct {
		const char *name;
		double seconds;
	} units[] = {{"ns", 1e-9}, {"us", 1e-6}, {"ms", 1e-3}, {"s", 1},     {"m", 60},
		     {"min", 60},  {"h", 3600},	 {"d", 86400}, {"w", 604800}};

	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (strlen(units[i].name) == len && memcmp(units[i].name, from, len) == 0)
			return units[i].seconds;
	}
	return 0;
}

static size_t letters(const char *at)
{
	size_t len = 0;

	while (letter(at[len]) && !isdigit((unsigned char)at[len]))
		len++;
	return len;
}

static bool keyword(const char *at, size_t len)
{
	return (len == 3 && (memcmp(at, "and", 3) == 0 || memcmp(at, "not", 3) == 0)) ||
	       (len == 2 && (memcmp(at, "or", 2) == 0 || memcmp(at, "in", 2) == 0));
}

/* 06:15 and 06:15:30; NULL: it is something else. */
static struct oracle_expr *time_of_day(struct parse *parse)
{
	int parts[3] = {0}, len = 0;
	struct oracle_expr *expr;

	if (sscanf(parse->at, "%2d:%2d%n", &parts[0], &parts[1], &len) < 2 || len == 0)
		return NULL;
	parse->at += len;
	if (sscanf(parse->at, ":%2d%n", &parts[2], &len) == 1)
		parse->at += len;
	expr = node(parse, ORACLE_LITERAL, VALUE_NUMBER);
	expr->literal = (struct oracle_val){.known = true,
					    .x = parts[0] * 3600 + parts[1] * 60 + parts[2]};
	take_unit(parse, expr, "s", 1);
	return expr;
}

static struct oracle_expr *number(struct parse *parse)
{
	struct oracle_expr *expr = node(parse, ORACLE_LITERAL, VALUE_NUMBER);
	char digits[32];
	size_t len = strspn(parse->at, "0123456789");

	/* "1 .. 2" and "1..2": the point belongs to the number only with a digit behind it. */
	if (parse->at[len] == '.' && isdigit((unsigned char)parse->at[len + 1]))
		len += 1 + strspn(parse->at + len + 1, "0123456789");
	if (len >= sizeof(digits))
		wrong(parse, "a shorter number");
	memcpy(digits, parse->at, len);
	digits[len] = '\0';
	expr->literal = (struct oracle_val){.known = true, .x = strtod(digits, NULL)};
	parse->at += len;
	len = letters(parse->at);
	if (len > 0 && seconds(parse->at, len) != 0) {
		expr->literal.x *= seconds(parse->at, len);
		parse->at += len;
		take_unit(parse, expr, "s", 1);
		if (isdigit((unsigned char)*parse->at)) /* 1h30m */
			expr->literal.x += number(parse)->literal.x;
		return expr;
	}
	blanks(parse);
	len = letters(parse->at);
	if (*parse->at == '%') {
		take_unit(parse, expr, "%", 1);
		parse->at++;
	} else if (*parse->at == '[') {
		len = strcspn(parse->at, "]");
		take_unit(parse, expr, parse->at + 1, len - 1);
		parse->at += len + 1;
	} else if (len > 0 && !keyword(parse->at, len)) {
		take_unit(parse, expr, parse->at, len);
		parse->at += len;
	}
	return expr;
}

static const char *quoted(struct parse *parse)
{
	char quote = *parse->at;
	const char *end = strchr(parse->at + 1, quote);
	const char *text =
		arena_text(parse->arena, parse->at + 1, (size_t)(end - parse->at - 1));

	parse->at = end + 1;
	return text;
}

static struct oracle_expr *point(struct parse *parse, const char *name)
{
	struct oracle_expr *expr = node(parse, ORACLE_POINT, VALUE_NONE);
	const struct point *found;

	expr->point = point_table_find(parse->points, name, strlen(name));
	if (expr->point == POINT_NONE)
		wrong(parse, "a point");
	found = point_table_get(parse->points, expr->point);
	expr->kind = found->kind;
	expr->unit = found->unit;
	return expr;
}

static struct oracle_expr *firing(struct parse *parse, const char *rule)
{
	struct oracle_expr *expr = node(parse, ORACLE_FIRING, VALUE_BOOL);

	expr->name = rule;
	return expr;
}

static struct oracle_expr *name(struct parse *parse, const char *from, size_t len)
{
	static const char prefix[] = "rule.", suffix[] = ".firing";
	const char *text = arena_text(parse->arena, from, len);

	if (strncmp(text, prefix, strlen(prefix)) == 0)
		return firing(parse, arena_text(parse->arena, text + strlen(prefix),
						len - strlen(prefix) - strlen(suffix)));
	return point(parse, text);
}

/* bad(boiler): a device, where there is no such point. */
static struct oracle_expr *device(struct parse *parse)
{
	const char *from;
	struct oracle_expr *expr;
	size_t len;

	blanks(parse);
	from = parse->at;
	len = strcspn(from, ")");
	if (point_table_find(parse->points, from, len) != POINT_NONE || *from == '\'')
		return NULL;
	expr = node(parse, ORACLE_DEVICE, VALUE_BOOL);
	expr->name = arena_text(parse->arena, from, len);
	parse->at += len;
	want(parse, ")");
	return expr;
}

static struct oracle_expr *units_of_call(struct parse *parse, struct oracle_expr *expr)
{
	switch (expr->function->units) {
	case ORACLE_UNITS_NONE:
		break;
	case ORACLE_UNITS_SAME:
		oracle_units_same(parse->arena, expr, 0);
		break;
	case ORACLE_UNITS_FIRST:
		expr->unit = expr->kids[0]->unit;
		break;
	case ORACLE_UNITS_LATER:
		oracle_units_same(parse->arena, expr, 1);
		break;
	case ORACLE_UNITS_ROOT:
		oracle_units_power(expr, 0.5);
		break;
	case ORACLE_UNITS_POWER:
		oracle_units_power(expr, expr->kids[1]->literal.x);
		break;
	case ORACLE_UNITS_CHOICE:
		oracle_units_same(parse->arena, expr, 0);
		break;
	}
	return expr;
}

static bool is_time(const struct oracle_expr *expr)
{
	return expr->op == ORACLE_LITERAL && expr->unit.known && expr->unit.dimension[2] == 1;
}

static struct oracle_expr *call(struct parse *parse, const char *from, size_t len)
{
	struct oracle_expr *expr;

	want(parse, "(");
	if (len == 5 && memcmp(from, "point", 5) == 0) {
		expr = point(parse, quoted(parse));
		expr->name = "point";
		want(parse, ")");
		return expr;
	}
	if (len == 6 && memcmp(from, "firing", 6) == 0) {
		expr = firing(parse, quoted(parse));
		want(parse, ")");
		return expr;
	}
	if (len == 3 && memcmp(from, "bad", 3) == 0 && (expr = device(parse)) != NULL)
		return expr;
	expr = node(parse, ORACLE_CALL, VALUE_NONE);
	expr->function = oracle_function_find(from, len, NULL);
	if (expr->function == NULL)
		wrong(parse, "a function");
	if (!sign(parse, ")")) {
		do
			expr->kids[expr->count++] = parse_or(parse);
		while (sign(parse, ","));
		want(parse, ")");
	}
	expr->words = arena_text(parse->arena, from, (size_t)(parse->at - from));
	/* min(x, 5m): a time written behind one argument makes a window of it. */
	if (expr->count == 2 && expr->function->number != NULL && is_time(expr->kids[1]) &&
	    oracle_function_find(from, len, expr->function) != NULL)
		expr->function = oracle_function_find(from, len, expr->function);
	expr->kind = expr->function->kind != VALUE_NONE ? expr->function->kind
							: expr->kids[expr->count - 1]->kind;
	return units_of_call(parse, expr);
}

static struct oracle_expr *primary(struct parse *parse)
{
	struct oracle_expr *expr;
	const char *from;

	blanks(parse);
	from = parse->at;
	if (sign(parse, "(")) {
		expr = parse_or(parse);
		want(parse, ")");
		return expr;
	}
	if (isdigit((unsigned char)*from) && (expr = time_of_day(parse)) != NULL)
		return expr;
	if (isdigit((unsigned char)*from))
		return number(parse);
	if (*from == '\'' || *from == '"') {
		expr = node(parse, ORACLE_LITERAL, VALUE_TEXT);
		expr->literal = (struct oracle_val){.known = true, .text = quoted(parse)};
		return expr;
	}
	if (word(parse, "true") || word(parse, "false")) {
		expr = node(parse, ORACLE_LITERAL, VALUE_BOOL);
		expr->literal = (struct oracle_val){.known = true, .x = *from == 't'};
		return expr;
	}
	while (letter(*parse->at) || (*parse->at == '.' && letter(parse->at[1])))
		parse->at++;
	if (parse->at == from)
		wrong(parse, "a value");
	return *parse->at == '(' ? call(parse, from, (size_t)(parse->at - from))
				 : name(parse, from, (size_t)(parse->at - from));
}

/* ---- operators --------------------------------------------------------------------------- */

static struct oracle_expr *fallback(struct parse *parse)
{
	struct oracle_expr *a = primary(parse);

	if (!sign(parse, "??"))
		return a;
	a = node2(parse, ORACLE_ELSE, a->kind, a, primary(parse));
	oracle_units_same(parse->arena, a, 0);
	return a;
}

static struct oracle_expr *power(struct parse *parse)
{
	struct oracle_expr *a = fallback(parse);

	if (!sign(parse, "^"))
		return a;
	a = node2(parse, ORACLE_POW, VALUE_NUMBER, a, parse_unary(parse));
	oracle_units_power(a, a->kids[1]->literal.x);
	return a;
}

static struct oracle_expr *parse_unary(struct parse *parse)
{
	struct oracle_expr *a;

	if (sign(parse, "-")) {
		a = node2(parse, ORACLE_NEG, VALUE_NUMBER, power(parse), NULL);
		a->unit = a->kids[0]->unit;
		/* The sign of a constant is part of it. */
		if (a->kids[0]->op == ORACLE_LITERAL) {
			a = a->kids[0];
			a->literal.x = -a->literal.x;
		}
		return a;
	}
	sign(parse, "+");
	return power(parse);
}

static struct oracle_expr *term(struct parse *parse)
{
	struct oracle_expr *a = parse_unary(parse);

	for (;;) {
		bool times = sign(parse, "*");

		if (!times && !sign(parse, "/"))
			return a;
		a = node2(parse, times ? ORACLE_MUL : ORACLE_DIV, VALUE_NUMBER, a,
			  parse_unary(parse));
		a = oracle_units_product(parse->arena, a);
	}
}

static struct oracle_expr *sum(struct parse *parse)
{
	struct oracle_expr *a = term(parse);

	for (;;) {
		bool plus = sign(parse, "+");

		if (!plus && !sign(parse, "-"))
			return a;
		a = node2(parse, plus ? ORACLE_ADD : ORACLE_SUB, VALUE_NUMBER, a, term(parse));
		a = oracle_units_sum(parse->arena, a);
	}
}

static bool relation(struct parse *parse, enum oracle_op *ret)
{
	static const struct {
		const char *sign;
		enum oracle_op op;
	} signs[] = {{"<=", ORACLE_LE}, {">=", ORACLE_GE}, {"==", ORACLE_EQ},
		     {"!=", ORACLE_NE}, {"<", ORACLE_LT},  {">", ORACLE_GT}};

	for (size_t i = 0; i < ARRAY_SIZE(signs); i++) {
		if (sign(parse, signs[i].sign)) {
			*ret = signs[i].op;
			return true;
		}
	}
	return false;
}

static bool is_call(const struct oracle_expr *expr, const char *name)
{
	return expr->op == ORACLE_CALL && strcmp(expr->function->name, name) == 0;
}

/* Of age(x) or since(c). */
static bool grows(const struct oracle_expr *expr)
{
	return is_call(expr, "age") || is_call(expr, "since");
}

/*
 * age(x) > c is: it has reached the first nanosecond behind c; age(x) <= c is not that. The
 * same goes for since(c).
 */
static struct oracle_expr *grown(struct parse *parse, enum oracle_op op,
				 const struct oracle_expr *what,
				 const struct oracle_expr *limit, bool left)
{
	struct oracle_expr *expr = node(parse, ORACLE_REACHED, VALUE_BOOL);
	bool over =
		left ? op == ORACLE_GT || op == ORACLE_GE : op == ORACLE_LT || op == ORACLE_LE;
	bool behind =
		left ? op == ORACLE_GT || op == ORACLE_LE : op == ORACLE_LT || op == ORACLE_GE;

	expr->limit_ns = (int64_t)llround(limit->literal.x * 1e9) + behind;
	if (is_call(what, "age")) {
		expr->point = what->kids[0]->point;
	} else {
		expr->op = ORACLE_CALL;
		expr->function = oracle_function_find("lasted", 6, NULL);
		expr->words = arena_printf(parse->arena, "%s %jd", what->words,
					   (intmax_t)expr->limit_ns);
		expr->count = 1;
		expr->kids[0] = what->kids[0];
	}
	return over ? expr : node2(parse, ORACLE_NOT, VALUE_BOOL, expr, NULL);
}

/* tod() < limit, or the other way round. */
static struct oracle_expr *tod(struct parse *parse, enum oracle_op op,
			       struct oracle_expr *limit, bool left)
{
	static const char *const names[2][4] = {{"tod>", "tod>=", "tod<", "tod<="},
						{"tod<", "tod<=", "tod>", "tod>="}};
	const char *name = names[left][op - ORACLE_LT];
	struct oracle_expr *expr = node(parse, ORACLE_CALL, VALUE_BOOL);

	expr->function = oracle_function_find(name, strlen(name), NULL);
	expr->words = arena_printf(parse->arena, "%s %g", name, limit->literal.x);
	expr->count = 1;
	expr->kids[0] = limit;
	return expr;
}

struct oracle_expr *oracle_parse_schedule(struct arena *arena, const char *text)
{
	struct parse parse = {.arena = arena};
	struct oracle_expr *expr = node(&parse, ORACLE_CALL, VALUE_BOOL);

	expr->function = oracle_function_find("schedule", 8, NULL);
	expr->words = arena_printf(arena, "schedule %s", text);
	expr->times = oracle_times_parse(arena, text);
	return expr;
}

static struct oracle_expr *compare(struct parse *parse, enum oracle_op op,
				   struct oracle_expr *a, struct oracle_expr *b)
{
	struct oracle_expr *expr;

	if (is_call(a, "tod"))
		return tod(parse, op, b, true);
	if (is_call(b, "tod"))
		return tod(parse, op, a, false);

	if (grows(a))
		return grown(parse, op, a, b, true);
	if (grows(b))
		return grown(parse, op, b, a, false);
	expr = node2(parse, op, VALUE_BOOL, a, b);
	oracle_units_same(parse->arena, expr, 0);
	return expr;
}

/* A copy, where one operand stands in two comparisons: each may want it in another unit. */
static struct oracle_expr *again(struct parse *parse, const struct oracle_expr *expr)
{
	struct oracle_expr *copy = node(parse, expr->op, expr->kind);

	*copy = *expr;
	return copy;
}

/* A list, and not a range whose lower end stands in parentheses. */
static bool is_list(struct parse *parse)
{
	static const char *const words[] = {"true", "false"};
	const char *from = parse->at;
	bool list = false;

	if (sign(parse, "(")) {
		blanks(parse);
		sign(parse, "-");
		list = isdigit((unsigned char)*parse->at) || *parse->at == '\'' ||
		       *parse->at == '"' || word(parse, words[0]) || word(parse, words[1]);
		/* The first literal, and what is behind it. */
		if (list && isdigit((unsigned char)*parse->at))
			number(parse);
		else if (list && (*parse->at == '\'' || *parse->at == '"'))
			quoted(parse);
		list = list && (sign(parse, ",") || (sign(parse, ")") && !sign(parse, "..")));
	}
	parse->at = from;
	return list;
}

static struct oracle_expr *in(struct parse *parse, struct oracle_expr *a)
{
	struct oracle_expr *all = NULL, *one;

	if (!is_list(parse)) {
		one = compare(parse, ORACLE_GE, again(parse, a), sum(parse));
		want(parse, "..");
		all = compare(parse, ORACLE_LE, again(parse, a), sum(parse));
		return node2(parse, ORACLE_AND, VALUE_BOOL, one, all);
	}
	want(parse, "(");
	do {
		one = compare(parse, ORACLE_EQ, again(parse, a), parse_unary(parse));
		all = all == NULL ? one : node2(parse, ORACLE_OR, VALUE_BOOL, all, one);
	} while (sign(parse, ","));
	want(parse, ")");
	return all;
}

static struct oracle_expr *cmp(struct parse *parse)
{
	struct oracle_expr *a = sum(parse), *b;
	enum oracle_op op, second;

	if (word(parse, "in"))
		return in(parse, a);
	if (word(parse, "not")) {
		if (!word(parse, "in"))
			wrong(parse, "in");
		return node2(parse, ORACLE_NOT, VALUE_BOOL, in(parse, a), NULL);
	}
	if (!relation(parse, &op))
		return a;
	b = sum(parse);
	if (!relation(parse, &second))
		return compare(parse, op, a, b);
	a = compare(parse, op, a, again(parse, b));
	return node2(parse, ORACLE_AND, VALUE_BOOL, a, compare(parse, second, b, sum(parse)));
}

static struct oracle_expr *parse_not(struct parse *parse)
{
	if (word(parse, "not"))
		return node2(parse, ORACLE_NOT, VALUE_BOOL, parse_not(parse), NULL);
	return cmp(parse);
}

static struct oracle_expr *parse_and(struct parse *parse)
{
	struct oracle_expr *a = parse_not(parse);

	while (word(parse, "and"))
		a = node2(parse, ORACLE_AND, VALUE_BOOL, a, parse_not(parse));
	return a;
}

static struct oracle_expr *parse_or(struct parse *parse)
{
	struct oracle_expr *a = parse_and(parse);

	while (word(parse, "or"))
		a = node2(parse, ORACLE_OR, VALUE_BOOL, a, parse_and(parse));
	return a;
}

struct oracle_expr *oracle_parse(struct arena *arena, const struct point_table *points,
				 const char *text)
{
	struct parse parse = {arena, points, text, text};
	struct oracle_expr *expr = parse_or(&parse);

	blanks(&parse);
	if (*parse.at != '\0')
		wrong(&parse, "the end");
	return expr;
}
