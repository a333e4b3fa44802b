/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* What rules do: their lists of actions, bound to webhooks and points. */
#ifndef GAUGED_DAEMON_CONFIG_ACTIONS_H
#define GAUGED_DAEMON_CONFIG_ACTIONS_H

#include <stddef.h>

struct config;
struct diags;
struct yaml_node;

/*
 * Binds the actions of config's rules, whose webhooks and points are there. If the rules could
 * not be compiled, what is wrong with their actions is told all the same. roots: the top
 * levels of the files.
 */
void config_actions_bind(struct config *config, const struct yaml_node *const *roots,
			 size_t root_count, struct diags *diags);

#endif
