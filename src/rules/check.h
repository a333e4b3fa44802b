/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * What an expression means: names become slots, types and units are checked and made equal,
 * constants are computed. Every error of the tree is reported.
 */
#ifndef GAUGED_RULES_CHECK_H
#define GAUGED_RULES_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/parser.h"

struct arena;
struct program;
struct program_use;

enum check_place {
	CHECK_CONDITION, /* when, clear */
	CHECK_INSTANT,	 /* on: needs an edge */
	CHECK_VALUE,	 /* of a derived point: no edges */
	CHECK_MESSAGE	 /* seen at the event: no edges, age() is a number */
};

/* The names of the rules; UINT32_MAX from find: there is none such. */
struct check_rules {
	uint32_t (*find)(const void *arg, const char *name, size_t len);
	const void *arg;
	const char *const *names;
	size_t count;
	/*
	 * If a for_each has made several rules of the one of that name: the name of the first
	 * of them; otherwise NULL. May itself be NULL.
	 */
	const char *(*first)(const void *arg, const char *name, size_t len);
};

/*
 * Checks the tree in place. use (zeroed by the caller) gets what it reads. VALUE_NONE as
 * wanted: any type will do. Returns true if no error was added.
 */
bool check_expr(struct arena *arena, struct program *program, const struct expr_source *source,
		const struct check_rules *rules, enum check_place place, enum value_kind wanted,
		struct expr **tree, struct program_use *use);

/*
 * Checks the expression of a derived point: a number or a truth. to: the unit that it is wanted
 * in, to which it is converted; not known: its own. The type is the tree's.
 */
bool check_value(struct arena *arena, struct program *program, const struct expr_source *source,
		 const struct check_rules *rules, const struct expr_type *to,
		 struct expr **tree, struct program_use *use);

#endif
