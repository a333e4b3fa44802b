/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Whom a configuration sends to: webhooks and MQTT brokers. */
#ifndef GAUGED_DAEMON_CONFIG_RECEIVERS_H
#define GAUGED_DAEMON_CONFIG_RECEIVERS_H

#include <stdbool.h>
#include <stddef.h>

struct config;
struct diags;
struct yaml_node;

/* One entry of a section that may be spread over several files. */
struct config_entry {
	const char *name;
	const struct yaml_node *key;
	const struct yaml_node *node;
};

/* Into config, whose 'site' is bound. */
void config_build_webhooks(struct config *config, const struct config_entry *entries,
			   size_t count, struct diags *diags);
void config_build_mqtt(struct config *config, const struct config_entry *entries, size_t count,
		       struct diags *diags);
/*
 * Whether somebody is told the margins of rules. They are computed for all rules or for none:
 * who sends whose events is known only later.
 */
bool config_tells_margins(const struct config *config);
/* Once all points are there, derived ones as well. */
void config_build_mqtt_points(struct config *config, struct diags *diags);

#endif
