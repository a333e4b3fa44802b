/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Which rules write to which points, and which of them contradict each other. */
#ifndef GAUGED_DAEMON_CONFIG_OUTPUTS_H
#define GAUGED_DAEMON_CONFIG_OUTPUTS_H

#include <stddef.h>
#include <stdint.h>

struct config;
struct diags;
struct outlet_rule;

/* A point that may be written, and the rules that do, in the order of their numbers. */
struct config_output {
	uint32_t point;
	size_t rule_count;
	const struct outlet_rule *rules; /* the n-th is that of the n-th id */
	const uint32_t *ids;		 /* numbers in the rule set */
};

/*
 * Sets config->outputs, in the order of points, when rules and their actions are bound. Warns
 * of rules that fire for different values and of which none has the higher rank.
 */
void config_outputs_bind(struct config *config, struct diags *diags);
/* NULL: the point is not written. */
const struct config_output *config_output_of(const struct config *config, uint32_t point);

#endif
