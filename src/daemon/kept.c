/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns who of the daemon has a state, and the order in which they come back. */
#include "daemon/kept.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "model/event.h"
#include "model/point.h"
#include "rules/ruleset.h"
#include "actions/action.h"
#include "actions/event_body.h"
#include "daemon/config.h"
#include "daemon/output.h"
#include "daemon/running.h"
#include "daemon/store_alarm.h"

static void kept_settle(void *arg, struct boot now)
{
	struct kept *kept = arg;

	kept->settle(kept->arg, now);
	engine_state_settle(&kept->engine, now);
}

static bool kept_busy(void *arg)
{
	struct kept *kept = arg;

	return totals_busy(&kept->totals, clock_mono()) ||
	       engine_state_busy(kept->now->engine, ruleset_count(kept->now->config->rules));
}

static void kept_rebuilt(void *arg, const char *aside)
{
	struct kept *kept = arg;

	totals_lost(&kept->totals);
	store_alarm_rebuilt(kept->alarm, aside);
}

static void kept_trouble(void *arg, const char *problem)
{
	const struct kept *kept = arg;

	store_alarm_trouble(kept->alarm, problem);
}

/* A total goes on from where it was, and alarms go on; outputs have begun anew. */
static void kept_late(void *arg, const char *key, const void *bytes, size_t len,
		      int64_t outage_ns)
{
	struct kept *kept = arg;

	totals_found(&kept->totals, key, bytes, len);
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
				  .trouble = kept_trouble,
				  .late = kept_late,
				  .arg = kept};

	if (state.directory == NULL && given != NULL && given[0] == '/')
		state.directory = given;
	if (state.directory == NULL)
		log_warning("no state folder is configured: alarms, timers, limits of outputs, "
			    "totals and waiting webhooks are in memory only, and end with the "
			    "program (state: {dir: ...})");
	kept->alarm = store_alarm_new(loop, 0, kept->event, kept->arg);
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

/* ---- */

void kept_start(struct kept *kept, struct outputs *outputs)
{
	kept->outputs = outputs;
	engine_state_start(&kept->engine, &kept->now->engine, kept->state);
	kept_start_outputs(kept);
	totals_start(&kept->totals, kept->now, kept->state);
}

void kept_watch(struct kept *kept)
{
	store_alarm_start(kept->alarm, kept->state);
	state_forget_found(kept->state);
}

void kept_reloaded(struct kept *kept, const struct running *old)
{
	totals_move(&kept->totals, old);
}

void kept_close(struct kept *kept)
{
	state_free(kept->state);
	totals_done(&kept->totals);
	engine_state_done(&kept->engine);
	store_alarm_free(kept->alarm);
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
