/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * The options of a rule as they stand in its map, and the defaults that the configuration gives
 * for them: 'defaults: {rules: {severity: info}}'. Pure.
 */
#ifndef GAUGED_RULES_RULE_OPTIONS_H
#define GAUGED_RULES_RULE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/option.h"

struct arena;
struct diags;
struct option_table;
struct quiet_limits;
struct yaml_node;

struct rule_options {
	const struct yaml_node *when, *clear, *on, *at, *schedule, *message, *labels;
	const struct yaml_node *on_fire, *on_clear, *on_instant;
	const struct yaml_node *for_each; /* ruleset.c makes several rules of it */
	int severity;
	int on_unknown;
	int64_t for_ns, clear_for_ns, repeat_ns, blind_ns;
	bool latch;
	const struct yaml_node *inhibited_by;
	int64_t min_interval_ns;
	const struct yaml_node *flap, *priority;
	struct option_rate max_rate;
};

/*
 * 'defaults:', and what stands in it below 'rules:', which may stand in each rule as well.
 * ruleset.h has what stands in rules alone.
 */
extern const struct option_table defaults_option_table, rule_defaults_option_table;
/* What stands below 'flap:'. */
extern const struct option_table flap_option_table;

/*
 * What min_interval, flap and max_rate say: NULL into *ret_limits if they say nothing. False
 * after errors were added.
 */
bool rule_options_limits(struct arena *arena, const struct rule_options *options,
			 const struct yaml_node *map, const struct quiet_limits **ret_limits,
			 struct diags *diags);
/* high, normal, low or a number from 1 on; 0 if it is not said. False after an error. */
bool rule_options_priority(const struct rule_options *options, int *ret, struct diags *diags);

/* Whether the option is about a state, which an instant has not. */
bool rule_options_stateful(const char *name);

/*
 * The defaults of rules from the one file that has them; NULL if there are none, or if they
 * are wrong, which was told.
 */
const struct yaml_node *rule_options_defaults(struct arena *arena,
					      const struct yaml_node *const *roots,
					      size_t root_count, struct diags *diags);
/*
 * The rule's map with what it does not say itself from the defaults (NULL: it stays the same).
 * Labels go together; what is about a state does not go to an instant.
 */
const struct yaml_node *rule_options_merge(struct arena *arena, const struct yaml_node *map,
					   const struct yaml_node *defaults);

#endif
