/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * The words of an expression: text to tokens, one at a time (grammar: rules.md section 1).
 * Also owns where an expression stands, so that every error points into the file. Pure.
 */
#ifndef GAUGED_RULES_LEXER_H
#define GAUGED_RULES_LEXER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/unit.h"

struct bindings;
struct diags;
struct point_table;
struct yaml_node;

enum { EXPR_MAX_BYTES = 4096, EXPR_MAX_NODES = 512, EXPR_MAX_DEPTH = 64 };

/* One expression: its text and, for errors, the scalar it stands in and what that is for. */
struct expr_source {
	const char *text;
	size_t len;
	const struct yaml_node *scalar;
	size_t from;			 /* where text starts in the scalar, in decoded bytes */
	const char *field;		 /* "when" */
	const char *what;		 /* kind of its owner; NULL: a rule */
	const char *rule;		 /* name of the rule, or of the other owner */
	const struct bindings *bindings; /* variables of for_each, or NULL */
	const struct point_table *points;
	struct diags *diags;
};

/* An error at len bytes from offset from of the expression. */
void expr_error(const struct expr_source *source, size_t from, size_t len, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/*
 * The last line of an error: a hint if there is one (NULL: none), otherwise which field of
 * which rule it is about.
 */
void expr_hint(const struct expr_source *source, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void expr_no_hint(const struct expr_source *source);
/*
 * The usual mistake with a '-' in a name: if the characters about from spell a point, says how
 * to write it and returns true.
 */
bool expr_hint_name(const struct expr_source *source, size_t from);

enum token_type {
	TOKEN_END,
	TOKEN_WRONG, /* an error was added */
	TOKEN_NUMBER,
	TOKEN_STRING,
	TOKEN_NAME, /* with its dots */
	TOKEN_CALL, /* a name with '(' right behind it, which is the next token */
	TOKEN_TRUE,
	TOKEN_FALSE,
	TOKEN_AND,
	TOKEN_OR,
	TOKEN_NOT,
	TOKEN_IN,
	TOKEN_LEFT,
	TOKEN_RIGHT,
	TOKEN_COMMA,
	TOKEN_LT,
	TOKEN_LE,
	TOKEN_GT,
	TOKEN_GE,
	TOKEN_EQ,
	TOKEN_NE,
	TOKEN_PLUS,
	TOKEN_MINUS,
	TOKEN_STAR,
	TOKEN_SLASH,
	TOKEN_CARET,
	TOKEN_ELSE, /* ?? */
	TOKEN_RANGE /* .. */
};

struct token {
	enum token_type type;
	size_t from, len; /* in the expression */
	double number;	  /* NUMBER; of a duration: seconds */
	bool duration;
	struct unit unit;      /* NUMBER; not known if there is none */
	const char *unit_text; /* in the source, unit_text_len bytes */
	size_t unit_text_len;
	const char *text; /* STRING without its quotes, NAME and CALL; in the source */
	size_t text_len;
};

struct lexer {
	const struct expr_source *source;
	size_t at;
};

void lexer_init(struct lexer *lexer, const struct expr_source *source);
void lexer_next(struct lexer *lexer, struct token *ret);
/*
 * Each word, sign and unit of duration that the lexer knows, and each that it knows to be
 * wrong; NULL behind the last. For whoever has to have something for all of them.
 */
const char *lexer_word(size_t i);
/* "'<='", "a number", "the end": for "expected X, got Y". NULL for WRONG, which was told. */
const char *token_words(enum token_type type);

#endif
