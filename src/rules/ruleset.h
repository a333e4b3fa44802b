/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * The rules of a configuration, bound, checked and compiled: immutable, shared by the engine
 * that runs them and by whoever explains them. Pure.
 */
#ifndef GAUGED_RULES_RULESET_H
#define GAUGED_RULES_RULESET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/event.h"

struct arena;
struct diags;
struct option_table;
struct point_table;
struct program;
struct rule;
struct ruleset;
struct yaml_node;
struct zone;

enum { RULESET_MAX = 10000, RULESET_POINTS_MAX = 100000 };
/* Of all rules and derived points together: few words make many, with for_each. */
enum { RULESET_NODES_MAX = 100000, RULESET_STEPS_MAX = 1000000 };

/* The options of a rule, for the schema and the manual. */
extern const struct option_table ruleset_option_table;

/*
 * Compiles what stands under 'rules:' and 'derived:' in the files, whose top levels roots are,
 * against the points, to which it adds the derived ones. NULL after errors were added; every
 * error of every rule is reported. A section that is no map is whoever binds the file's to
 * complain about, and left out here. Entries go in file order; a name defined twice is an error
 * that names both places. zone is borrowed: whose local time the rules mean; NULL: UTC.
 */
struct ruleset *ruleset_parse(struct arena *arena, const struct yaml_node *const *roots,
			      size_t root_count, struct point_table *points,
			      const struct zone *zone, struct diags *diags);

/* The same, and the events of each rule tell its margin: somebody wants to send it. */
struct ruleset *ruleset_parse_margins(struct arena *arena, const struct yaml_node *const *roots,
				      size_t root_count, struct point_table *points,
				      const struct zone *zone, struct diags *diags);

/* What the daemon needs to know of a rule without looking inside. */
struct rule_view {
	const char *name;
	enum severity severity;
	const struct yaml_node *node;	 /* the rule's map */
	const struct yaml_node *on_fire; /* lists of actions, not bound here; NULL if absent */
	const struct yaml_node *on_clear;
	const struct yaml_node *on_instant; /* 'do' */
	int priority;			    /* 1 is the most urgent; 0: not said */
	bool instant;			    /* an 'on:' or 'at:' rule: it has no state */
	const char *condition;		    /* text of when:, on: or at: */
	size_t point_count;
	const uint32_t *points; /* what the rule reads, each once */
};
size_t ruleset_count(const struct ruleset *set);
void ruleset_view(const struct ruleset *set, uint32_t rule, struct rule_view *ret);
/*
 * Whether it is proven that the two rules, which both write, are never alarms at once, but for
 * the time of 'clear_for' and while a condition is unknown.
 */
bool ruleset_apart(const struct ruleset *set, uint32_t a, uint32_t b);
/* UINT32_MAX if there is none. */
uint32_t ruleset_find(const struct ruleset *set, const char *name);
/* Bytes that an engine for this set will take, fixed at start. */
size_t ruleset_engine_size(const struct ruleset *set);

/* For the engine: the compiled parts, and the most points that one rule reads. */
const struct rule *ruleset_rule_get(const struct ruleset *set, uint32_t rule);
const struct program *ruleset_program(const struct ruleset *set);
/* How many rules have limits on what they say, and how many times these remember together. */
uint32_t ruleset_quiets(const struct ruleset *set);
uint32_t ruleset_quiet_times(const struct ruleset *set);
/* How many rules go by 'at'; by that, 'for' or 'clear_for'; repeat; may be blind. */
uint32_t ruleset_plans(const struct ruleset *set);
uint32_t ruleset_timed(const struct ruleset *set);
uint32_t ruleset_repeats(const struct ruleset *set);
uint32_t ruleset_blinds(const struct ruleset *set);
uint32_t ruleset_most_points(const struct ruleset *set);

#endif
