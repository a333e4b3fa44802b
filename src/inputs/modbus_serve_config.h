/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Who may read a Modbus bus through gauged, and where, as configured: the map 'serve'. */
#ifndef GAUGED_INPUTS_MODBUS_SERVE_CONFIG_H
#define GAUGED_INPUTS_MODBUS_SERVE_CONFIG_H

#include <stdbool.h>

#include "io/modbus_server.h"

struct arena;
struct diags;
struct yaml_node;

struct modbus_serve_config {
	bool on;
	struct modbus_server_config server;
};

/*
 * Binds map, the value of 'serve' of the bus. ret and what it points to live as long as arena
 * and the tree. False after errors were added.
 */
bool modbus_serve_parse(struct arena *arena, const char *bus, const struct yaml_node *map,
			struct modbus_serve_config *ret, struct diags *diags);

#endif
