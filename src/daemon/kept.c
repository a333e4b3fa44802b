/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns who of the daemon has a state, and the order in which they come back. */
#include "daemon/kept.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "io/journal.h"
#include "model/event.h"
#include "model/point.h"
#include "rules/ruleset.h"
#include "actions/action.h"
#include "actions/event_body.h"
#include "daemon/bus.h"
#include "daemon/config.h"
#include "daemon/output.h"
#include "daemon/running.h"

/* Totals that move are saved so often. */
#define TOTALS_NS (60 * NSEC_PER_SEC)

static void kept_settle(void *arg, struct boot now)
{
	struct kept *kept = arg;

	kept->settle(kept->arg, now);
	engine_state_settle(&kept->engine, now);
}

static bool kept_has_totals(const struct kept *kept)
{
	for (size_t i = 0; i < kept->now->config->bus_count; i++) {
		if (kept->now->config->buses[i].type->save != NULL)
			return true;
	}
	return false;
}

static bool kept_busy(void *arg)
{
	struct kept *kept = arg;
	struct mono now = clock_mono();

	if (now.ns >= kept->totals_due.ns && kept_has_totals(kept)) {
		kept->totals_due = mono_add(now, TOTALS_NS);
		return true;
	}
	return engine_state_busy(kept->now->engine, ruleset_count(kept->now->config->rules));
}

static void kept_rebuilt(void *arg)
{
	struct kept *kept = arg;

	kept->totals_lost = true;
}

static void kept_late_total(const struct kept *kept, const char *name, const void *bytes,
			    size_t len)
{
	uint32_t point = point_table_find(kept->now->config->points, name, strlen(name));

	for (size_t i = 0; point != POINT_NONE && i < kept->now->config->bus_count; i++) {
		if (bus_owns(kept->now->buses[i], point))
			bus_restore(kept->now->buses[i], point, bytes, len);
	}
}

/* A total goes on from where it was, and alarms go on; outputs have begun anew. */
static void kept_late(void *arg, const char *key, const void *bytes, size_t len,
		      int64_t outage_ns)
{
	static const char total[] = "total:";
	struct kept *kept = arg;

	if (strncmp(key, total, strlen(total)) == 0)
		kept_late_total(kept, key + strlen(total), bytes, len);
	if (strcmp(key, kept->engine.rules.key) != 0)
		return;
	engine_state_late(&kept->engine, bytes, len, outage_ns);
	state_changed(kept->state, true);
}

bool kept_open(struct kept *kept, struct loop *loop, const struct config *config,
	       const char *boot_id, struct error *err)
{
	const char *given = getenv("STATE_DIRECTORY");
	struct state_config state = {
		.directory = config->state_dir,
		.max_bytes = config->state_max_bytes,
		.boot_id = boot_id,
	};
	struct state_host host = {.settle = kept_settle,
				  .busy = kept_busy,
				  .rebuilt = kept_rebuilt,
				  .late = kept_late,
				  .arg = kept};

	if (state.directory == NULL && given != NULL && given[0] == '/')
		state.directory = given;
	if (state.directory == NULL)
		log_warning("no state folder is configured: alarms, timers, limits of outputs, "
			    "totals and waiting webhooks are in memory only, and end with the "
			    "program (state: {dir: ...})");
	kept->state = state_open(loop, &state, &host, err);
	return kept->state != NULL;
}

/* ---- outputs */

static void kept_save_outputs(void *arg, struct boot now, struct str *out)
{
	const struct kept *kept = arg;

	outputs_save(kept->outputs, now, out);
}

/* What was switched has to be known whatever happens next: max_on goes on over a kill. */
static void kept_outputs_changed(void *arg)
{
	struct kept *kept = arg;

	state_changed(kept->state, true);
}

static void kept_start_outputs(struct kept *kept)
{
	struct output_counters counters;
	const void *bytes;
	int64_t outage_ns;
	size_t len;

	if (state_found(kept->state, "outputs", &bytes, &len, &outage_ns))
		outputs_restore(kept->outputs, bytes, len, clock_boot(), outage_ns);
	outputs_count(kept->outputs, &counters);
	if (!state_whole(kept->state) || counters.corrupt > 0)
		outputs_forgotten(kept->outputs);
	kept->outputs_part =
		(struct state_part){.key = "outputs", .save = kept_save_outputs, .arg = kept};
	state_add(kept->state, &kept->outputs_part);
	outputs_on_change(kept->outputs, kept_outputs_changed, kept);
	outputs_start(kept->outputs);
	/* A life that is too short for a commit of what it switched was one, too. */
	state_changed(kept->state, true);
}

/* ---- totals of inputs: each point has a state of its own */

static void kept_total_key(const struct point *point, struct str *out)
{
	str_addf(out, "total:%s", point->name);
}

static void kept_total(void *arg, uint32_t number, const void *bytes, size_t len)
{
	struct kept *kept = arg;
	char room[JOURNAL_NAME_MAX + 1];
	struct str key;

	str_init_fixed(&key, room, sizeof(room));
	kept_total_key(point_table_get(kept->now->config->points, number), &key);
	state_put(kept->state, key.s, bytes, len);
}

static void kept_save_totals(void *arg, struct boot now, struct str *out)
{
	struct kept *kept = arg;

	(void)now;
	(void)out;
	for (size_t i = 0; i < kept->now->config->bus_count; i++)
		bus_save(kept->now->buses[i],
			 (struct input_keeper){kept_total, kept, kept->totals_lost});
	kept->totals_lost = false;
}

static void kept_start_totals(struct kept *kept)
{
	const struct config *config = kept->now->config;
	char room[JOURNAL_NAME_MAX + 1];
	const void *bytes;
	int64_t outage_ns;
	struct str key;
	size_t len;

	for (size_t i = 0; i < config->bus_count; i++) {
		const struct config_bus *bus = &config->buses[i];

		for (uint32_t k = 0; bus->type->restore != NULL && k < bus->point_count; k++) {
			uint32_t point = bus->first_point + k;

			str_init_fixed(&key, room, sizeof(room));
			kept_total_key(point_table_get(config->points, point), &key);
			if (state_found(kept->state, key.s, &bytes, &len, &outage_ns) &&
			    !bus_restore(kept->now->buses[i], point, bytes, len))
				log_warning("%s begins anew: what was kept of it fits no more",
					    point_table_get(config->points, point)->name);
		}
	}
	kept->totals_part =
		(struct state_part){.key = "totals", .save = kept_save_totals, .arg = kept};
	state_add(kept->state, &kept->totals_part);
	kept->totals_due = mono_add(clock_mono(), TOTALS_NS);
}

/* ---- */

void kept_start(struct kept *kept, struct outputs *outputs)
{
	kept->outputs = outputs;
	engine_state_start(&kept->engine, &kept->now->engine, kept->state);
	kept_start_outputs(kept);
	kept_start_totals(kept);
	state_forget_found(kept->state);
}

void kept_event(struct kept *kept, const struct event *event, const struct event_stamp *stamp)
{
	struct event_facts facts = {event, stamp, "", event->seq};
	struct str line;

	str_init(&line);
	event_body_add(&facts, &line);
	state_history(kept->state, stamp->wall, event->rule_name, line.s, line.len);
	str_done(&line);
	state_changed(kept->state, event_type_acts(event->type));
}

void kept_done(struct kept *kept)
{
	engine_state_done(&kept->engine);
}
