/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * The commands of a serial device as they are configured: points of texts that are written and
 * never read. Pure.
 */
#ifndef GAUGED_INPUTS_SERIAL_COMMAND_H
#define GAUGED_INPUTS_SERIAL_COMMAND_H

#include <stdbool.h>

#include "conf/option.h"

struct arena;
struct diags;
struct input_config;
struct point_table;
struct yaml_node;

extern const struct option_table serial_command_options;

/*
 * Adds the commands of the map (NULL: none) to config, whose line is known, and to the table.
 * False after errors were added.
 */
bool serial_command_parse(struct arena *arena, const char *device, const struct yaml_node *map,
			  struct input_config *config, struct point_table *points,
			  struct diags *diags);

#endif
