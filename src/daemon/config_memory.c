/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the words about a configuration's memory: one line for gaugectl check and for the log.
 */
#include "daemon/config_memory.h"

#include "base/arena.h"
#include "base/str.h"
#include "daemon/config.h"
#include "rules/cost.h"
#include "rules/ruleset.h"

size_t config_memory(const struct config *config)
{
	return arena_size(config->arena) + ruleset_engine_size(config->rules);
}

void config_add_memory(const struct config *config, struct str *out)
{
	struct cost_memory memory = cost_memory(config->rules);
	size_t total = config_memory(config);

	str_adds(out, "rules and index ");
	cost_add_bytes(out, memory.rules);
	str_adds(out, ", code and values ");
	cost_add_bytes(out, memory.values);
	str_adds(out, ", windows ");
	cost_add_bytes(out, memory.windows);
	str_adds(out, ", configuration ");
	cost_add_bytes(out, total - memory.rules - memory.values - memory.windows);
	str_adds(out, ", total ");
	cost_add_bytes(out, total);
}
