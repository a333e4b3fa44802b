/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Expressions as the oracle has them: parsed by itself from the grammar of rules.md section 1,
 * never checked (it is given what the engine has taken), with kinds and units worked out so
 * that every number is computed in the unit that the words of section 2 say.
 */
#ifndef GAUGED_TESTS_ORACLE_TREE_H
#define GAUGED_TESTS_ORACLE_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/unit.h"
#include "model/value.h"

struct arena;
struct oracle_function;
struct oracle_times;
struct point_table;

/* What an expression yields: known or not, a number or truth in x, or a text. */
struct oracle_val {
	bool known;
	double x;
	const char *text;
};

enum oracle_op {
	ORACLE_LITERAL,
	ORACLE_POINT,
	ORACLE_FIRING,	/* name: the rule */
	ORACLE_DEVICE,	/* name: bad(device) */
	ORACLE_REACHED, /* age of point has reached limit_ns */
	ORACLE_CALL,	/* function of kids */
	ORACLE_CONVERT, /* kids[0] * factor + offset */
	ORACLE_NOT,
	ORACLE_AND,
	ORACLE_OR,
	ORACLE_NEG,
	ORACLE_ADD,
	ORACLE_SUB,
	ORACLE_MUL,
	ORACLE_DIV,
	ORACLE_POW,
	ORACLE_ELSE,
	ORACLE_LT,
	ORACLE_LE,
	ORACLE_GT,
	ORACLE_GE,
	ORACLE_EQ,
	ORACLE_NE
};

enum { ORACLE_KIDS = 16 };

struct oracle_expr {
	enum oracle_op op;
	enum value_kind kind;
	struct unit unit; /* of a number; not known: a bare one */
	struct oracle_val literal;
	uint32_t point;
	int64_t limit_ns;
	double factor, offset;
	const char *name;  /* of a point: written as point('...'), or NULL */
	const char *words; /* of a call: what stands there; equal words mean the same */
	const struct oracle_function *function;
	const struct oracle_times *times; /* of a schedule */
	uint32_t memory; /* of a call that remembers: its number, by the oracle */
	size_t count;
	struct oracle_expr *kids[ORACLE_KIDS];
};

/* That of what stands behind 'schedule:'. */
struct oracle_expr *oracle_parse_schedule(struct arena *arena, const char *text);
/* The tree of text, in arena; ends the test if it can't be parsed. */
struct oracle_expr *oracle_parse(struct arena *arena, const struct point_table *points,
				 const char *text);
/* The node brought to another unit of its dimension. */
struct oracle_expr *oracle_convert(struct arena *arena, struct oracle_expr *expr,
				   const struct unit *unit);

#endif
