/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * A configuration: every file read, every section bound, every rule compiled; immutable from
 * then on. Building one opens no device, socket or store, so that gaugectl can check it and a
 * thread beside the loop can prepare a reload.
 */
#ifndef GAUGED_DAEMON_CONFIG_H
#define GAUGED_DAEMON_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "actions/action.h"
#include "inputs/input.h"

struct config_output;
struct diags;
struct mqtt_config;
struct ruleset;
struct webhook_config;
struct yaml_node;
struct zone;

struct config_bus {
	const char *name;
	const struct input_type *type;
	struct input_source source; /* the maps, to compare with another configuration's */
	struct input_config *input;
	uint32_t first_point; /* numbers first_point .. first_point + point_count - 1 are the
				 bus's */
	uint32_t point_count;
};

struct config_webhook {
	const char *name;
	const struct yaml_node *node;
	struct webhook_config *webhook;
	size_t fallback; /* the number of its fallback, or SIZE_MAX */
};

struct config_mqtt {
	const char *name;
	const struct yaml_node *node;
	struct mqtt_config *mqtt;
};

/* What a rule does; the n-th belongs to the n-th rule of the set. */
struct config_rule {
	struct action_list on_fire, on_clear, on_instant;
};

struct config {
	struct arena *arena;
	const char *path;      /* of the main file */
	const char *directory; /* it stands in */
	const char *site;
	const struct zone *zone; /* whose local time the rules mean */
	const char *state_dir;	 /* NULL: not said */
	int64_t state_max_bytes;
	struct config_rule store_actions; /* on_fire and on_clear of 'state'; they only tell */
	const char *control_socket;
	const char *metrics_listen; /* host:port, or NULL */
	const char *secrets_dir;    /* NULL: only CREDENTIALS_DIRECTORY */
	size_t file_count;
	const char *const *files; /* all that were read, the main one first */
	struct point_table *points;
	struct ruleset *rules;
	const struct config_rule *rule_actions;
	size_t output_count;
	const struct config_output *outputs; /* see config_outputs.h */
	size_t bus_count;
	const struct config_bus *buses;
	size_t webhook_count;
	const struct config_webhook *webhooks;
	size_t mqtt_count;
	const struct config_mqtt *mqtts;
	unsigned references; /* on the loop's thread only */
};

/*
 * Reads and builds the configuration at path. NULL when there was an error; diags then tells
 * all of them. Warnings may be there either way. Reads files: not for the loop. Refuses a file
 * that others can write, is no regular file, or is over 1 MiB. strict_mode: whether the owner
 * and mode of the files count (the daemon: yes; checking a draft in an editor: no).
 */
struct config *config_load(const char *path, bool strict_mode, struct diags *diags);
struct config *config_ref(struct config *config);
void config_unref(struct config *config);

#endif
