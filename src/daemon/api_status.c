/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Serves what concerns the daemon as a whole: status, configuration, metrics. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/log.h"
#include "base/str.h"
#include "model/point.h"
#include "io/journal.h"
#include "io/loop.h"
#include "rules/engine.h"
#include "rules/ruleset.h"
#include "actions/mqtt.h"
#include "actions/webhook.h"
#include "daemon/api.h"
#include "daemon/api_json.h"
#include "daemon/bus.h"
#include "daemon/config.h"
#include "daemon/daemon.h"
#include "daemon/metrics.h"
#include "daemon/state.h"

/* A sentence for the list of problems; what is listed makes the daemon unhealthy. */
static void status_problem(json_t *problems, const char *what, const char *name,
			   const char *state, const char *detail)
{
	json_t *problem = json_object();

	json_object_set_new(problem, "what", json_string(what));
	json_object_set_new(problem, "name", api_json_text(name));
	json_object_set_new(problem, "state", api_json_text(state));
	json_object_set_new(problem, "detail", api_json_text(detail));
	json_array_append_new(problems, problem);
}

static bool status_is_well(const struct report *report)
{
	static const char *const well[] = {"up", "ended"};

	for (size_t i = 0; i < ARRAY_SIZE(well); i++) {
		if (strcmp(report->state, well[i]) == 0)
			return true;
	}
	return false;
}

static size_t status_count_buses(const struct daemon *daemon, json_t *problems,
				 size_t *ret_devices)
{
	size_t up = 0, devices = 0;

	for (size_t i = 0; i < daemon_bus_count(daemon); i++) {
		const struct bus *bus = daemon_bus(daemon, i);
		size_t count = bus_device_count(bus);
		struct report report, *reports = xcalloc(count, sizeof(*reports));

		bus_report(bus, &report, reports);
		devices += count;
		if (status_is_well(&report))
			up++;
		else
			status_problem(problems, "bus", bus_name(bus), report.state,
				       report.detail);
		if (report.server.address[0] != '\0' && strcmp(report.server.state, "up") != 0)
			status_problem(problems, "serve", bus_name(bus), report.server.state,
				       report.server.detail);
		for (size_t k = 0; k < count && status_is_well(&report); k++) {
			if (!status_is_well(&reports[k]))
				status_problem(problems, "device", bus_device_name(bus, k),
					       reports[k].state, reports[k].detail);
		}
		free(reports);
	}
	*ret_devices = devices;
	return up;
}

/* How many messages wait for webhooks and brokers. */
static size_t status_count_receivers(const struct daemon *daemon, json_t *problems)
{
	struct report report = {0};
	size_t waiting = 0;

	for (size_t i = 0; i < daemon_webhook_count(daemon); i++) {
		const struct webhook *webhook = daemon_webhook(daemon, i);

		webhook_report(webhook, &report);
		waiting += webhook_waiting(webhook);
		if (!status_is_well(&report))
			status_problem(problems, "webhook", webhook_name(webhook), report.state,
				       report.detail);
	}
	for (size_t i = 0; i < daemon_mqtt_count(daemon); i++) {
		const struct mqtt *mqtt = daemon_mqtt(daemon, i);

		mqtt_report(mqtt, &report);
		waiting += mqtt_waiting(mqtt);
		if (!status_is_well(&report))
			status_problem(problems, "mqtt", mqtt_name(mqtt), report.state,
				       report.detail);
	}
	return waiting;
}

static json_t *status_counts(const struct daemon *daemon, json_t *problems)
{
	const struct config *config = daemon_config(daemon);
	const struct engine *engine = daemon_engine(daemon);
	struct boot now = clock_boot();
	size_t good = 0, devices, up, states[RULE_RETURNED + 1] = {0};
	size_t points = 0;
	size_t rules = ruleset_count(config->rules);
	size_t waiting;

	for (uint32_t i = 0; i < point_table_count(config->points); i++) {
		struct engine_point point;

		if (!point_table_get(config->points, i)->readable)
			continue;
		points++;
		engine_point(engine, i, now, &point);
		good += point.quality == QUALITY_GOOD;
	}
	for (uint32_t i = 0; i < rules; i++) {
		struct engine_rule rule;

		engine_rule(engine, i, &rule);
		states[rule.state]++;
	}
	waiting = status_count_receivers(daemon, problems);
	up = status_count_buses(daemon, problems, &devices);
	return json_pack("{sI sI sI sI sI sI sI sI sI sI sI}", "buses",
			 (json_int_t)daemon_bus_count(daemon), "buses_up", (json_int_t)up,
			 "devices", (json_int_t)devices, "points", (json_int_t)points,
			 "points_good", (json_int_t)good, "rules", (json_int_t)rules,
			 "rules_pending", (json_int_t)states[RULE_PENDING], "rules_firing",
			 (json_int_t)(states[RULE_FIRING] + states[RULE_CLEARING] +
				      states[RULE_RETURNED]),
			 "webhooks", (json_int_t)daemon_webhook_count(daemon), "mqtt",
			 (json_int_t)daemon_mqtt_count(daemon), "deliveries_waiting",
			 (json_int_t)waiting);
}

static json_t *status_engine(const struct daemon *daemon)
{
	struct engine_counters counters;

	engine_counters(daemon_engine(daemon), &counters);
	return json_pack(
		"{so so so so so so so}", "readings", api_json_count(counters.readings),
		"bad_readings", api_json_count(counters.bad_readings), "late_readings",
		api_json_count(counters.late_readings), "evaluations",
		api_json_count(counters.evaluations), "events", api_json_count(counters.events),
		"ticks", api_json_count(counters.ticks), "window_overruns",
		api_json_count(counters.window_overruns));
}

static json_t *status_loop(const struct daemon *daemon)
{
	struct loop_report report;

	loop_report(daemon_loop(daemon), &report);
	return json_pack("{so so so}", "turns", api_json_count(report.turns), "lag_last_ms",
			 api_json_number((double)(report.lag_last_ns / 1000) / 1000),
			 "lag_max_ms",
			 api_json_number((double)(report.lag_max_ns / 1000) / 1000));
}

/* Why the store is not what it should be; NULL: it is. */
static const char *store_problem(const struct daemon *daemon,
				 const struct journal_report *report)
{
	if (report->problem != NULL)
		return report->problem;
	return state_alive(daemon_state(daemon)) ? NULL
						 : "a piece of work takes longer than 20 s";
}

static json_t *json_ms(int64_t ns)
{
	return api_json_number((double)(ns / NSEC_PER_USEC) / 1000);
}

static json_t *status_store(const struct daemon *daemon, json_t *problems)
{
	struct journal_report report = {0};
	const char *problem;

	if (!state_report(daemon_state(daemon), &report))
		return json_pack("{ss}", "state", "none");
	problem = store_problem(daemon, &report);
	if (problem != NULL)
		status_problem(problems, "store", report.path, "degraded", problem);
	return json_pack(
		"{ss so so so so so so so so so so so so so so so so so so so}", "state",
		problem != NULL ? "degraded" : "good", "path", api_json_text(report.path),
		"problem", api_json_text(problem), "problem_s",
		api_json_seconds(report.problem != NULL ? boot_diff(clock_boot(), report.since)
							: -1),
		"bytes", api_json_count((uint64_t)report.bytes), "max_bytes",
		api_json_count((uint64_t)report.max_bytes), "wal_bytes",
		api_json_count((uint64_t)report.wal_bytes), "pending",
		api_json_count(report.pending), "pending_bytes",
		api_json_count(report.pending_bytes), "commits", api_json_count(report.commits),
		"commit_last_ms", json_ms(report.commit_last_ns), "commit_max_ms",
		json_ms(report.commit_max_ns), "failures", api_json_count(report.failures),
		"reopened", api_json_count(report.reopened), "set_aside",
		api_json_count(report.set_aside), "aside", api_json_text(report.aside),
		"salvaged", api_json_count(report.salvaged), "lost",
		api_json_count(report.lost), "messages", api_json_count(report.messages),
		"history_dropped", api_json_count(report.history_dropped));
}

static json_t *status_reloads(const struct daemon_status *status)
{
	return json_pack("{sb so so so so}", "running", status->reloading, "done",
			 api_json_count(status->reloads), "failed",
			 api_json_count(status->reloads_failed), "last",
			 api_json_wall(status->last_reload), "last_failure",
			 api_json_text(status->last_failure));
}

void api_status(struct api_call *call)
{
	const struct daemon *daemon = call->daemon;
	json_t *problems = json_array(), *counts = status_counts(daemon, problems);
	json_t *store = status_store(daemon, problems);
	struct daemon_status status;

	daemon_status(daemon, &status);
	if (status.last_failure != NULL)
		json_array_append_new(
			problems,
			json_pack("{ss ss ss ss}", "what", "configuration", "name", "reload",
				  "state", "refused", "detail",
				  "the last reload was refused, the configuration before it "
				  "runs on"));
	api_answer(call, 200,
		   json_pack("{sb so ss so sI so so so sb so so so so so so so}", "healthy",
			     json_array_size(problems) == 0, "problems", problems, "version",
			     PACKAGE_VERSION, "site",
			     api_json_text(daemon_config(daemon)->site), "pid",
			     (json_int_t)getpid(), "boot_id", api_json_text(status.boot_id),
			     "started", api_json_wall(status.started_wall), "uptime_s",
			     api_json_seconds(boot_diff(clock_boot(), status.started)),
			     "clock_synchronised", status.synchronised, "reload",
			     status_reloads(&status), "counts", counts, "engine",
			     status_engine(daemon), "writes",
			     json_pack("{so so so so so so so}", "held",
				       api_json_count(status.writes.held), "delayed",
				       api_json_count(status.writes.delayed), "retried",
				       api_json_count(status.writes.retried), "done",
				       api_json_count(status.writes.done), "refused",
				       api_json_count(status.writes.refused), "unknown",
				       api_json_count(status.writes.unknown), "differs",
				       api_json_count(status.writes.differs)),
			     "store", store, "loop", status_loop(daemon), "log_lines_dropped",
			     api_json_count(log_dropped())));
}

void api_config(struct api_call *call)
{
	const struct config *config = daemon_config(call->daemon);
	json_t *files = json_array();

	for (size_t i = 0; i < config->file_count; i++)
		json_array_append_new(files, api_json_text(config->files[i]));
	api_answer(call, 200,
		   json_pack("{so so so so sI so so sI sI}", "path",
			     api_json_text(config->path), "files", files, "site",
			     api_json_text(config->site), "state_dir",
			     api_json_text(config->state_dir), "state_max_bytes",
			     (json_int_t)config->state_max_bytes, "control_socket",
			     api_json_text(config->control_socket), "metrics_listen",
			     api_json_text(config->metrics_listen), "config_bytes",
			     (json_int_t)arena_size(config->arena), "engine_bytes",
			     (json_int_t)ruleset_engine_size(config->rules)));
}

void api_metrics(struct api_call *call)
{
	struct str text;

	str_init(&text);
	metrics_write(call->daemon, call->control, &text);
	call->status = 200;
	call->type = "text/plain; version=0.0.4; charset=utf-8";
	call->text_len = text.len;
	call->text = str_steal(&text);
}
