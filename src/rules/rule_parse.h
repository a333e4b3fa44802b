/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * One rule from its map: options bound, expressions checked and compiled into the program that
 * all rules of a set share. What the rules are as a set is ruleset.c's. Pure.
 */
#ifndef GAUGED_RULES_RULE_PARSE_H
#define GAUGED_RULES_RULE_PARSE_H

#include <stdbool.h>
#include <stdint.h>

#include "rules/binding.h"
#include "rules/check.h"
#include "rules/rule.h"

struct arena;
struct diags;
struct point_table;
struct program;
struct yaml_node;

/* for_each makes a thousand rules of one, each with labels of its own. */
enum { RULE_LABELS_MAX = 64, RULE_LABEL_BYTES = 1024 };

/* A rule as it stands in the file. */
struct rule_entry {
	const char *name;
	const struct yaml_node *key, *map;
	struct bindings bindings; /* of a for_each */
	bool broken;		  /* its for_each is wrong, which was told: it is not made */
};

/* What all rules of a set have in common while they are built. */
struct rule_parse {
	struct arena *arena;
	struct arena *scratch; /* gone when all rules are made */
	struct arena *trees;   /* of expressions: gone when the rule is made */
	struct program *program;
	const struct point_table *points;
	struct diags *diags;
	struct check_rules names;
	const struct rule_entry *entries; /* by number of the rule */
	bool margins;			  /* events tell how far beyond the threshold */
	/* rule_parse_defaults()'s own: the list, once more if something is wrong with it */
	const struct yaml_node *inhibitors, *wrong;
};

/* Before any rule: the 'inhibited_by' of the defaults, or NULL. Errors in it are told once;
 * false. */
bool rule_parse_defaults(struct rule_parse *parse, const struct yaml_node *inhibitors);
/* A rule that is being made. */
struct rule_made {
	struct rule rule; /* its points are scratch's */
	struct rule_extra extra;
	struct program_use use; /* scratch's: what wakes it up */
};

/*
 * Makes the rule of that number, but for rule.more and the numbers in extra that say which of
 * the rules it is that have something; false after errors were added.
 */
bool rule_parse(const struct rule_parse *parse, uint32_t number, struct rule_made *ret);

#endif
