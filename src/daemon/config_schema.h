/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* The JSON Schema of a configuration file, from the tables that bind it. */
#ifndef GAUGED_DAEMON_CONFIG_SCHEMA_H
#define GAUGED_DAEMON_CONFIG_SCHEMA_H

struct str;

/* Adds the schema, in one line. A new table, driver or action is in it by being listed. */
void config_schema(struct str *out);

#endif
