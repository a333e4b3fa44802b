/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * The top level of a configuration file as rows, the small sections that belong to the daemon
 * itself, and the list of every option table of the program.
 */
#ifndef GAUGED_DAEMON_CONFIG_OPTIONS_H
#define GAUGED_DAEMON_CONFIG_OPTIONS_H

#include <stddef.h>
#include <stdint.h>

#include "conf/option.h"

struct yaml_node;

/* The top level of one file. Every section may stand in any file. */
struct config_sections {
	const struct yaml_node *root;
	const struct yaml_node *site, *zone, *secrets_dir, *state, *control, *metrics, *include;
	const struct yaml_node *defaults, *buses, *devices, *derived, *webhooks, *mqtt, *rules;
};

struct config_state {
	const char *dir;
	int64_t max_bytes;
	const struct yaml_node *on_fire, *on_clear;
};

struct config_control {
	const char *socket;
};

struct config_metrics {
	const char *listen;
};

extern const struct option_table config_file_options, config_state_options,
	config_control_options, config_metrics_options;
/* 'site', 'secrets_dir' and 'zone', in this order: values of the top level that are plain text.
 */
extern const struct option_table config_text_options;

/*
 * Every option table of the program, for the schema and the check of the manual. Returns how
 * many went to ret[max].
 */
size_t config_tables(const struct option_table **ret, size_t max);

#endif
