/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Whether rules and points are at an instant what a test expects, and why not. */
#ifndef GAUGED_CTL_TRIAL_EXPECT_H
#define GAUGED_CTL_TRIAL_EXPECT_H

#include <stdint.h>

struct config;
struct diags;
struct engine;
struct trial_expect;
struct yaml_node;

/* UINT32_MAX after an error, at node, that there is no such rule. */
uint32_t trial_find_rule(const struct config *config, const char *name,
			 const struct yaml_node *node, struct diags *diags);
/* An error if it is not met. The engine's time is that of the expectation. */
void trial_expect_check(const struct config *config, const struct engine *engine,
			const struct trial_expect *expect, struct diags *diags);

#endif
