/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Why a rule stands where it stands: its expressions as trees, each part with its value at one
 * instant, and which parts decide. Parses and checks the text anew when somebody asks, and
 * walks the tree; the engine keeps none and runs code of its own, so the two are independent
 * opinions on what an expression yields. Pure.
 */
#ifndef GAUGED_RULES_EXPLAIN_H
#define GAUGED_RULES_EXPLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "model/value.h"
#include "rules/parser.h"

struct arena;
struct engine;
struct function;
struct ruleset;
struct str;

/* One part of an expression. 'and' of 'and' and 'or' of 'or' are one part with more operands.
 */
struct explain_node {
	const char *text;   /* as it was written, on one line */
	struct value value; /* none: unknown. An edge is false but for its instant. */
	const char *unit;   /* of a number, or NULL */
	bool duration;	    /* a number of seconds, to be shown as a duration */
	bool constant;
	bool decides;	      /* the value of the whole would be open without this one */
	const char *compared; /* "81.3 degC > 80 degC" of a comparison; otherwise NULL */
	uint32_t point;	      /* that a name, age(), quality() ... is about; or POINT_NONE */
	uint32_t rule;	      /* whose firing is read; or UINT32_MAX */
	int64_t changes_ns;   /* what goes by time: until it is another; < 0: that is not to
				 come */
	uint32_t kid_count;
	struct explain_node *kids, *next;

	/* explain.c's own */
	enum expr_op op; /* as parsed */
	const struct expr *expr;
	const struct expr *inner;	 /* of 'x not in ...' what stands behind the not */
	bool range;			 /* low .. high */
	const struct function *function; /* of a call */
	uint32_t from, to;
};

/* One expression of a rule. */
struct explain_part {
	const char *field; /* "when", "clear", "on" */
	const char *text;
	struct explain_node *tree;
	/*
	 * What decides, in order of the text: operands of and, or, not; of an unknown, what is
	 * unknown. Only the tree itself if it has no such operands.
	 */
	size_t decisive_count;
	const struct explain_node **decisive;
};

struct explain {
	int condition; /* 1 true, 0 false, -1 unknown: of all parts, as the state needs it */
	bool latch;    /* stays an alarm until it is acknowledged */
	bool frozen;   /* pending, and its time stands still: the condition is unknown */
	size_t part_count;
	/* when or on; clear while that is what is waited for; none of a rule with 'at' */
	struct explain_part parts[2];
};

/*
 * The rule as seen at now, which is not before the engine's last feed or tick. Everything in
 * *ret is taken from arena or borrowed from set. Not for the reading path: it allocates.
 */
void explain_rule(struct arena *arena, const struct ruleset *set, const struct engine *engine,
		  uint32_t rule, struct boot now, struct explain *ret);

/* Adds a value as people read it: "81.3 degC", "12.5 s", "true", "\"auto\"", "unknown". */
void explain_add_value(const struct explain_node *node, struct str *out);

#endif
