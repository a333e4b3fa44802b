/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the engine's parts of the state. */
#include "daemon/engine_state.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/str.h"
#include "rules/engine.h"

static void save_rules(void *arg, struct boot now, struct str *out)
{
	const struct engine_state *kept = arg;

	engine_save_part(*kept->engine, ENGINE_RULES, now, clock_wall(), out);
}

static void save_nodes(void *arg, struct boot now, struct str *out)
{
	const struct engine_state *kept = arg;

	engine_save_part(*kept->engine, ENGINE_NODES, now, clock_wall(), out);
}

bool engine_state_busy(const struct engine *engine, size_t rule_count)
{
	struct engine_rule rule;

	for (uint32_t i = 0; i < rule_count; i++) {
		engine_rule(engine, i, &rule);
		if (rule.state == RULE_PENDING || rule.state == RULE_CLEARING)
			return true;
	}
	return false;
}

static void engine_state_restore(const struct engine_state *kept,
				 const struct engine_saved *parts, size_t count)
{
	struct engine_restored report;

	engine_restore_parts(*kept->engine, parts, count, clock_boot(), &report);
	log_notice(
		"taken over from before: %u %s, %u with another condition, %u gone; %u %s, %u "
		"no longer asked for%s",
		report.rules, str_plural(report.rules, "rule", "rules"), report.changed,
		report.removed + report.unknown, report.nodes,
		str_plural(report.nodes, "window or past", "windows and pasts"), report.dropped,
		report.whole && report.corrupt == 0 ? "" : "; some of it was damaged");
}

void engine_state_start(struct engine_state *kept, struct engine *const *engine,
			struct state *state)
{
	struct state_part *const parts[] = {&kept->nodes, &kept->rules};
	struct engine_saved found[2];
	size_t count = 0;

	*kept = (struct engine_state){
		.engine = engine,
		.rules = {.key = "rules", .save = save_rules, .arg = kept},
		.nodes = {.key = "nodes", .save = save_nodes, .arg = kept, .rarely = true},
	};
	for (size_t i = 0; i < 2; i++) {
		if (state_found(state, parts[i]->key, &found[count].bytes, &found[count].len,
				&found[count].outage_ns))
			count++;
		state_add(state, parts[i]);
	}
	if (count > 0)
		engine_state_restore(kept, found, count);
}

void engine_state_late(struct engine_state *kept, const void *bytes, size_t len,
		       int64_t outage_ns)
{
	free(kept->late);
	kept->late = xcalloc(1, len + 1);
	memcpy(kept->late, bytes, len);
	kept->late_len = len;
	kept->late_outage_ns = outage_ns;
}

void engine_state_settle(struct engine_state *kept, struct boot now)
{
	const struct engine_saved rules = {kept->late, kept->late_len, kept->late_outage_ns};
	struct engine_restored report;

	if (kept->late == NULL)
		return;
	kept->late = NULL;
	engine_restore_late(*kept->engine, &rules, now, &report);
	log_notice("taken over from before, late: %u %s, %u gone%s", report.rules,
		   str_plural(report.rules, "alarm", "alarms"), report.removed + report.unknown,
		   report.whole && report.corrupt == 0 ? "" : "; some of it was damaged");
	free((void *)rules.bytes);
}

void engine_state_done(struct engine_state *kept)
{
	free(kept->late);
	kept->late = NULL;
}
