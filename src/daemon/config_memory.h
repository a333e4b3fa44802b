/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* What a configuration takes of the memory, with the engine that runs its rules. */
#ifndef GAUGED_DAEMON_CONFIG_MEMORY_H
#define GAUGED_DAEMON_CONFIG_MEMORY_H

#include <stddef.h>

struct config;
struct str;

size_t config_memory(const struct config *config);
/* "rules and index 2.1 KiB, code and values 3.0 KiB, ..., total 93.2 KiB" */
void config_add_memory(const struct config *config, struct str *out);

#endif
