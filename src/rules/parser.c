/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the grammar: tokens to a tree. What names and types mean is the checker's affair. */
#include "rules/parser.h"

#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "rules/binding.h"

/* How tightly operators bind, loosest first. */
enum level {
	LEVEL_OR = 1,
	LEVEL_AND,
	LEVEL_NOT,
	LEVEL_COMPARE,
	LEVEL_SUM,
	LEVEL_TERM,
	LEVEL_UNARY,
	LEVEL_POWER,
	LEVEL_ELSE,
	LEVEL_PRIMARY
};

struct parser {
	struct arena *arena;
	const struct expr_source *source;
	struct lexer lexer;
	struct token token; /* the one that was not consumed yet */
	unsigned nodes;
	unsigned depth;
};

static struct expr *parser_level(struct parser *parser, enum level level);

static void parser_advance(struct parser *parser)
{
	lexer_next(&parser->lexer, &parser->token);
}

static struct expr *parser_fail(struct parser *parser, const char *expected)
{
	const struct token *token = &parser->token;
	bool dot;

	if (token->type == TOKEN_WRONG)
		return NULL;
	expr_error(parser->source, token->from, token->len > 0 ? token->len : 1,
		   "expected %s, got %s", expected, token_words(token->type));
	dot = token->from > 0 && token->from < parser->source->len &&
	      parser->source->text[token->from] == '.';
	if (dot || !expr_hint_name(parser->source, token->from))
		expr_no_hint(parser->source);
	return NULL;
}

static struct expr *parser_node(struct parser *parser, enum expr_op op, const struct token *at)
{
	struct expr *expr;

	if (++parser->nodes > EXPR_MAX_NODES) {
		expr_error(parser->source, at->from, at->len > 0 ? at->len : 1,
			   "the expression has more than %d parts", EXPR_MAX_NODES);
		expr_no_hint(parser->source);
		parser->token.type = TOKEN_WRONG;
		return NULL;
	}
	expr = arena_take(parser->arena, 1, sizeof(*expr));
	expr->op = op;
	expr->from = (uint32_t)at->from;
	expr->len = (uint32_t)at->len;
	return expr;
}

static struct expr *parser_with(struct parser *parser, enum expr_op op, const struct token *at,
				struct expr *a, struct expr *b)
{
	struct expr *expr = a != NULL ? parser_node(parser, op, at) : NULL;

	if (expr == NULL)
		return NULL;
	expr->kids = a;
	expr->kid_count = b != NULL ? 2 : 1;
	a->next = b;
	return expr;
}

/* In a rule of a for_each a text may have elements in it: firing('silent:${p}'). */
static const char *parser_string(struct parser *parser, const struct token *token)
{
	const struct expr_source *source = parser->source;
	size_t from, len;
	const char *text;

	if (source->bindings == NULL || source->bindings->count == 0)
		return arena_text(parser->arena, token->text, token->text_len);
	text = binding_expand(parser->arena, source->bindings, token->text, token->text_len,
			      &from, &len);
	if (text == NULL) {
		expr_error(source, (size_t)(token->text - source->text) + from, len,
			   "only a variable of 'for_each' can stand here");
		expr_no_hint(source);
		parser->token.type = TOKEN_WRONG;
	}
	return text;
}

static struct expr *parser_literal(struct parser *parser)
{
	struct token token = parser->token;
	struct expr *expr = NULL;

	switch ((int)token.type) {
	case TOKEN_NUMBER:
		expr = parser_node(parser, EXPR_NUMBER, &token);
		if (expr == NULL)
			return NULL;
		expr->number = token.number;
		expr->type.kind = VALUE_NUMBER;
		expr->type.unit = token.unit;
		expr->type.duration = token.duration;
		if (token.unit.known)
			expr->type.unit_text =
				arena_text(parser->arena, token.unit_text, token.unit_text_len);
		break;
	case TOKEN_STRING:
		expr = parser_node(parser, EXPR_TEXT, &token);
		if (expr == NULL)
			return NULL;
		expr->text = parser_string(parser, &token);
		if (expr->text == NULL)
			return NULL;
		expr->type.kind = VALUE_TEXT;
		break;
	case TOKEN_TRUE:
	case TOKEN_FALSE:
		expr = parser_node(parser, EXPR_BOOL, &token);
		if (expr == NULL)
			return NULL;
		expr->number = token.type == TOKEN_TRUE;
		expr->type.kind = VALUE_BOOL;
		break;
	default:
		return parser_fail(parser, "a literal");
	}
	expr->type.constant = true;
	parser_advance(parser);
	return expr;
}

static struct expr *parser_call(struct parser *parser)
{
	struct token token = parser->token;
	struct expr *call = parser_node(parser, EXPR_CALL, &token);
	struct expr **end;

	if (call == NULL)
		return NULL;
	call->text = arena_text(parser->arena, token.text, token.text_len);
	end = &call->kids;
	parser_advance(parser); /* '(' */
	parser_advance(parser);
	while (parser->token.type != TOKEN_RIGHT) {
		*end = parser_level(parser, LEVEL_OR);
		if (*end == NULL)
			return NULL;
		end = &(*end)->next;
		call->kid_count++;
		if (parser->token.type == TOKEN_RIGHT)
			break;
		if (parser->token.type != TOKEN_COMMA)
			return parser_fail(parser, "',' or ')'");
		parser_advance(parser);
		if (parser->token.type == TOKEN_RIGHT)
			return parser_fail(parser, "an argument");
	}
	parser_advance(parser);
	return call;
}

/* A variable of for_each is what it stands for, at the place where it stands. */
static struct expr *parser_variable(struct parser *parser, const struct token *token,
				    struct expr *expr)
{
	const struct bindings *bindings = parser->source->bindings;
	const struct binding *binding;
	size_t rest = token->text_len;

	binding = binding_find(bindings, token->text, token->text_len);
	if (binding == NULL)
		binding = binding_find_first(bindings, token->text, token->text_len, &rest);
	if (binding == NULL)
		return expr;
	if (binding->kind == BINDING_POINT || binding->kind == BINDING_DEVICE) {
		expr->text = arena_printf(parser->arena, "%s%.*s", binding->text,
					  (int)(token->text_len - rest), token->text + rest);
		return expr;
	}
	if (rest < token->text_len) {
		expr_error(parser->source, token->from, token->len,
			   "'%s' is no device: it has no '%.*s'", binding->text,
			   (int)(token->text_len - rest - 1), token->text + rest + 1);
		expr_no_hint(parser->source);
		return NULL;
	}
	expr->op = binding->kind == BINDING_NUMBER ? EXPR_NUMBER : EXPR_TEXT;
	expr->text = binding->text;
	expr->number = binding->number;
	expr->type.kind = binding->kind == BINDING_NUMBER ? VALUE_NUMBER : VALUE_TEXT;
	expr->type.constant = true;
	return expr;
}

static struct expr *parser_name(struct parser *parser)
{
	struct token token = parser->token;
	struct expr *expr = parser_node(parser, EXPR_NAME, &token);

	if (expr == NULL)
		return NULL;
	expr->text = arena_text(parser->arena, token.text, token.text_len);
	parser_advance(parser);
	return parser->source->bindings == NULL ? expr : parser_variable(parser, &token, expr);
}

static struct expr *parser_primary(struct parser *parser)
{
	struct token token = parser->token;
	struct expr *expr;

	switch ((int)token.type) {
	case TOKEN_NUMBER:
	case TOKEN_STRING:
	case TOKEN_TRUE:
	case TOKEN_FALSE:
		return parser_literal(parser);
	case TOKEN_NAME:
		return parser_name(parser);
	case TOKEN_CALL:
		return parser_call(parser);
	case TOKEN_LEFT:
		parser_advance(parser);
		expr = parser_level(parser, LEVEL_OR);
		if (expr == NULL)
			return NULL;
		if (parser->token.type != TOKEN_RIGHT)
			return parser_fail(parser, "')'");
		parser_advance(parser);
		return expr;
	default:
		return parser_fail(parser, "an expression");
	}
}

/* not, -, + and what cannot stand where it stands. */
static struct expr *parser_prefix(struct parser *parser, enum level level)
{
	struct token token = parser->token;
	struct expr *operand;

	switch ((int)token.type) {
	case TOKEN_NOT:
		if (level > LEVEL_NOT) {
			expr_error(parser->source, token.from, token.len,
				   "'not' cannot stand behind an operator");
			expr_hint(parser->source, "put it in parentheses: (not x)");
			return NULL;
		}
		parser_advance(parser);
		operand = parser_level(parser, LEVEL_NOT);
		return parser_with(parser, EXPR_NOT, &token, operand, NULL);
	case TOKEN_MINUS:
	case TOKEN_PLUS:
		if (level > LEVEL_UNARY) {
			expr_error(parser->source, token.from, token.len,
				   "a sign cannot stand behind %s",
				   level == LEVEL_PRIMARY ? "'?"
							    "?'"
							  : "another sign");
			expr_hint(parser->source, "put it in parentheses: (%sx)",
				  token.type == TOKEN_MINUS ? "-" : "+");
			return NULL;
		}
		parser_advance(parser);
		operand = parser_level(parser, LEVEL_POWER);
		if (token.type == TOKEN_PLUS)
			return operand;
		return parser_with(parser, EXPR_NEG, &token, operand, NULL);
	default:
		return parser_primary(parser);
	}
}

static const struct {
	enum token_type token;
	enum expr_op op;
	enum level level;
	enum level right; /* of its right operand */
} infixes[] = {
	{TOKEN_OR, EXPR_OR, LEVEL_OR, LEVEL_AND},
	{TOKEN_AND, EXPR_AND, LEVEL_AND, LEVEL_NOT},
	{TOKEN_LT, EXPR_LT, LEVEL_COMPARE, LEVEL_SUM},
	{TOKEN_LE, EXPR_LE, LEVEL_COMPARE, LEVEL_SUM},
	{TOKEN_GT, EXPR_GT, LEVEL_COMPARE, LEVEL_SUM},
	{TOKEN_GE, EXPR_GE, LEVEL_COMPARE, LEVEL_SUM},
	{TOKEN_EQ, EXPR_EQ, LEVEL_COMPARE, LEVEL_SUM},
	{TOKEN_NE, EXPR_NE, LEVEL_COMPARE, LEVEL_SUM},
	{TOKEN_IN, EXPR_IN, LEVEL_COMPARE, LEVEL_SUM},
	{TOKEN_NOT, EXPR_NOT, LEVEL_COMPARE, LEVEL_SUM}, /* not in */
	{TOKEN_PLUS, EXPR_ADD, LEVEL_SUM, LEVEL_TERM},
	{TOKEN_MINUS, EXPR_SUB, LEVEL_SUM, LEVEL_TERM},
	{TOKEN_STAR, EXPR_MUL, LEVEL_TERM, LEVEL_UNARY},
	{TOKEN_SLASH, EXPR_DIV, LEVEL_TERM, LEVEL_UNARY},
	{TOKEN_CARET, EXPR_POW, LEVEL_POWER, LEVEL_UNARY},
	{TOKEN_ELSE, EXPR_ELSE, LEVEL_ELSE, LEVEL_PRIMARY},
};

static int parser_infix(enum token_type type)
{
	for (size_t i = 0; i < ARRAY_SIZE(infixes); i++) {
		if (infixes[i].token == type)
			return (int)i;
	}
	return -1;
}

static bool parser_rising(enum expr_op op)
{
	return op == EXPR_LT || op == EXPR_LE;
}

static bool parser_falling(enum expr_op op)
{
	return op == EXPR_GT || op == EXPR_GE;
}

static bool parser_is_relation(const struct parser *parser)
{
	int i = parser_infix(parser->token.type);

	return i >= 0 && infixes[i].level == LEVEL_COMPARE;
}

static struct expr *parser_third(struct parser *parser)
{
	expr_error(parser->source, parser->token.from, parser->token.len,
		   "a comparison takes at most two operators");
	expr_hint(parser->source, "join two comparisons with 'and'");
	return NULL;
}

/* left op right, and perhaps one operator more: 18 <= x < 25. */
static struct expr *parser_compare(struct parser *parser, struct expr *left, enum expr_op op,
				   const struct token *at)
{
	struct expr *middle = parser_level(parser, LEVEL_SUM), *right, *chain;
	struct token second = parser->token;
	enum expr_op other;

	if (middle == NULL)
		return NULL;
	if (!parser_is_relation(parser))
		return parser_with(parser, op, at, left, middle);
	other = infixes[parser_infix(second.type)].op;
	if (!(parser_rising(op) && parser_rising(other)) &&
	    !(parser_falling(op) && parser_falling(other))) {
		expr_error(parser->source, second.from, second.len,
			   "a chain of comparisons goes in one direction");
		expr_hint(parser->source, "write low < x < high or high > x > low, or join two "
					  "comparisons with 'and'");
		return NULL;
	}
	parser_advance(parser);
	right = parser_level(parser, LEVEL_SUM);
	if (right == NULL)
		return NULL;
	if (parser_is_relation(parser))
		return parser_third(parser);
	chain = parser_with(parser, EXPR_CHAIN, at, left, middle);
	if (chain == NULL)
		return NULL;
	middle->next = right;
	chain->kid_count = 3;
	chain->rel[0] = op;
	chain->rel[1] = other;
	return chain;
}

/* Whether '(' opens a list of literals and no parenthesis: looks ahead and comes back. */
static bool parser_at_list(const struct parser *parser)
{
	const char *text = parser->source->text + parser->token.from;
	size_t left = parser->source->len - parser->token.from, depth = 0, i;
	char quote = '\0';

	/* Only quotes, brackets and dots matter: find the matching ')' and what follows it. */
	for (i = 0; i < left; i++) {
		char c = text[i];

		if (quote != '\0')
			quote = c == quote ? '\0' : quote;
		else if (c == '\'' || c == '"')
			quote = c;
		else if (c == '(')
			depth++;
		else if (c == ')' && --depth == 0)
			break;
	}
	for (i++; i < left && (text[i] == ' ' || text[i] == '\t' || text[i] == '\n'); i++)
		;
	return i >= left || memchr(".+-*/^?", text[i], 7) == NULL;
}

static struct expr *parser_item(struct parser *parser)
{
	struct token sign = parser->token;
	struct expr *item;

	if (sign.type == TOKEN_MINUS)
		parser_advance(parser);
	item = parser_literal(parser);
	if (item == NULL || sign.type != TOKEN_MINUS)
		return item;
	if (item->op != EXPR_NUMBER) {
		expr_error(parser->source, sign.from, sign.len,
			   "a sign stands before a number only");
		expr_no_hint(parser->source);
		return NULL;
	}
	item->number = -item->number;
	return item;
}

static struct expr *parser_list(struct parser *parser, struct expr *left,
				const struct token *at)
{
	struct expr *in = parser_with(parser, EXPR_IN, at, left, NULL), *last = left;

	if (in == NULL)
		return NULL;
	do {
		parser_advance(parser);
		last->next = parser_item(parser);
		if (last->next == NULL)
			return NULL;
		last = last->next;
		in->kid_count++;
	} while (parser->token.type == TOKEN_COMMA);
	if (parser->token.type != TOKEN_RIGHT)
		return parser_fail(parser, "',' or ')'");
	parser_advance(parser);
	return in;
}

/* Behind 'in': a list of literals, or two ends of a range, both of which belong to it. */
static struct expr *parser_in(struct parser *parser, struct expr *left, const struct token *at)
{
	struct expr *low, *high, *range;

	if (parser->token.type == TOKEN_LEFT && parser_at_list(parser))
		return parser_list(parser, left, at);
	low = parser_level(parser, LEVEL_SUM);
	if (low == NULL)
		return NULL;
	if (parser->token.type != TOKEN_RANGE)
		return parser_fail(parser, "'..' (x in low .. high)");
	parser_advance(parser);
	high = parser_level(parser, LEVEL_SUM);
	range = high != NULL ? parser_with(parser, EXPR_CHAIN, at, low, left) : NULL;
	if (range == NULL)
		return NULL;
	left->next = high;
	range->kid_count = 3;
	range->rel[0] = range->rel[1] = EXPR_LE;
	return range;
}

static struct expr *parser_relation(struct parser *parser, struct expr *left, enum expr_op op,
				    const struct token *at)
{
	struct expr *expr;
	bool negated = op == EXPR_NOT;

	if (negated) {
		if (parser->token.type != TOKEN_IN)
			return parser_fail(parser, "'in' behind 'not'");
		parser_advance(parser);
	}
	if (op == EXPR_IN || negated)
		expr = parser_in(parser, left, at);
	else
		return parser_compare(parser, left, op, at);
	if (expr != NULL && parser_is_relation(parser))
		return parser_third(parser);
	return negated ? parser_with(parser, EXPR_NOT, at, expr, NULL) : expr;
}

static struct expr *parser_operators(struct parser *parser, enum level level, struct expr *left)
{
	enum level last = LEVEL_PRIMARY;

	while (left != NULL) {
		struct token token = parser->token;
		int i = parser_infix(token.type);

		if (i < 0 || infixes[i].level < level)
			return left;
		if (infixes[i].op == EXPR_ELSE && last == LEVEL_ELSE) {
			expr_error(parser->source, token.from, token.len,
				   "'?"
				   "?' takes one alternative");
			expr_hint(parser->source,
				  "put the first pair in parentheses: (x ?? y) ?? z");
			return NULL;
		}
		last = infixes[i].level;
		parser_advance(parser);
		if (last == LEVEL_COMPARE) {
			left = parser_relation(parser, left, infixes[i].op, &token);
		} else {
			struct expr *right = parser_level(parser, infixes[i].right);

			left = right != NULL
				       ? parser_with(parser, infixes[i].op, &token, left, right)
				       : NULL;
		}
	}
	return NULL;
}

static struct expr *parser_level(struct parser *parser, enum level level)
{
	struct expr *expr = NULL;

	if (parser->depth >= EXPR_MAX_DEPTH) {
		if (parser->token.type == TOKEN_WRONG)
			return NULL;
		expr_error(parser->source, parser->token.from,
			   parser->token.len > 0 ? parser->token.len : 1,
			   "the expression is nested deeper than %d", EXPR_MAX_DEPTH);
		expr_no_hint(parser->source);
		parser->token.type = TOKEN_WRONG;
		return NULL;
	}
	parser->depth++;
	expr = parser_prefix(parser, level);
	if (expr != NULL)
		expr = parser_operators(parser, level, expr);
	parser->depth--;
	return expr;
}

struct expr *parser_parse(struct arena *arena, const struct expr_source *source)
{
	struct parser parser = {.arena = arena, .source = source};
	struct expr *expr;

	if (source->len > EXPR_MAX_BYTES) {
		expr_error(source, EXPR_MAX_BYTES, 1, "the expression is longer than %d bytes",
			   EXPR_MAX_BYTES);
		expr_no_hint(source);
		return NULL;
	}
	lexer_init(&parser.lexer, source);
	parser_advance(&parser);
	expr = parser_level(&parser, LEVEL_OR);
	if (expr != NULL && parser.token.type != TOKEN_END)
		return parser_fail(&parser, "an operator or the end");
	return expr;
}
