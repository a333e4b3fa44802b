/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * The tree of an expression: what stands where, before anybody knows what the names mean.
 * Parsed by precedence climbing after Pratt. Pure; the tree lives in an arena.
 */
#ifndef GAUGED_RULES_PARSER_H
#define GAUGED_RULES_PARSER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/unit.h"
#include "model/value.h"
#include "rules/lexer.h"

struct arena;
struct function;
struct node_place;
struct program_use;

enum expr_op {
	/* leaves, as the parser makes them */
	EXPR_NUMBER,
	EXPR_BOOL,
	EXPR_TEXT,
	EXPR_NAME,
	/* with operands */
	EXPR_CALL,
	EXPR_NOT,
	EXPR_AND,
	EXPR_OR,
	EXPR_NEG,
	EXPR_ADD,
	EXPR_SUB,
	EXPR_MUL,
	EXPR_DIV,
	EXPR_POW,
	EXPR_ELSE, /* ?? */
	EXPR_LT,
	EXPR_LE,
	EXPR_GT,
	EXPR_GE,
	EXPR_EQ,
	EXPR_NE,
	EXPR_CHAIN, /* a rel[0] b rel[1] c, b evaluated once; also 'in low .. high' */
	EXPR_IN,    /* the first operand in the list of the others */
	/* made by the checker */
	EXPR_CONST,  /* number */
	EXPR_SLOT,   /* the slot of a point, a quality, a node, a rule */
	EXPR_AFFINE, /* operand * number + offset: another unit */
	EXPR_AGE     /* age of point in seconds; in messages only */
};

/* What an expression yields. kind VALUE_NONE: wrong, and somebody said so already. */
struct expr_type {
	enum value_kind kind;
	struct unit unit;      /* of a number */
	const char *unit_text; /* how to show it, or NULL */
	bool duration;	       /* a number of seconds that is shown as a duration */
	bool constant;
};

struct expr {
	enum expr_op op;
	enum expr_op rel[2];
	uint32_t from, len; /* what an error points at: the operator, the name, the literal */
	double number;	    /* NUMBER; BOOL 0 or 1; CONST; AFFINE's factor */
	double offset;	    /* AFFINE */
	const char *text;   /* TEXT, NAME, CALL: ends in NUL */
	const struct function *function; /* CALL, once checked */
	struct program_use *use;	 /* a node, once checked: what its operand reads */
	const char *key;		 /* a node, once checked: what it is */
	const struct node_place *place;	 /* a window, once checked */
	int64_t span_ns;		 /* a node, once checked */
	uint32_t slot;			 /* SLOT; AGE: the point */
	uint32_t kid_count;
	struct expr *kids; /* first operand */
	struct expr *next; /* the operand behind this one */
	struct expr_type type;
};

/* The tree of source, or NULL after one error was added. */
struct expr *parser_parse(struct arena *arena, const struct expr_source *source);

#endif
