/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns which of our figures Prometheus gets. */
#include "daemon/metrics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/str.h"
#include "model/point.h"
#include "io/loop.h"
#include "rules/engine.h"
#include "rules/ruleset.h"
#include "actions/mqtt.h"
#include "actions/webhook.h"
#include "daemon/bus.h"
#include "daemon/config.h"
#include "daemon/control.h"
#include "daemon/daemon.h"
#include "daemon/metrics_store.h"
#include "daemon/metrics_text.h"

/* Reports of many things: their counters become families across all of them. */

struct metered {
	struct metrics_label labels[3]; /* which thing, on which bus; ends with NULL */
	struct report report;
};

struct metered_list {
	const char *what; /* "bus", "device", "webhook" */
	size_t count;
	struct metered *items;
};

struct metered_counter {
	const struct report_counter *counter;
	const struct metered *item;
};

/* By name of the counter; items of a list stand behind each other, so by address then. */
static int metered_compare(const void *pa, const void *pb)
{
	const struct metered_counter *a = pa, *b = pb;
	int order = strcmp(a->counter->name, b->counter->name);

	return order != 0 ? order : (a->item > b->item) - (a->item < b->item);
}

static void metered_counters(struct str *out, const struct metered_list *list)
{
	struct metered_counter *all = xcalloc(list->count * REPORT_COUNTERS, sizeof(*all));
	size_t count = 0;
	char name[128] = "";

	for (size_t i = 0; i < list->count; i++) {
		for (size_t k = 0; k < list->items[i].report.counter_count; k++)
			all[count++] = (struct metered_counter){
				.counter = &list->items[i].report.counters[k],
				.item = &list->items[i],
			};
	}
	qsort(all, count, sizeof(*all), metered_compare);
	for (size_t i = 0; i < count; i++) {
		const struct report_counter *counter = all[i].counter;

		if (i == 0 || strcmp(all[i - 1].counter->name, counter->name) != 0) {
			snprintf(name, sizeof(name), "gauged_%s_%s_total", list->what,
				 counter->name);
			metrics_family(out, name, METRIC_COUNTER, counter->help);
		}
		metrics_sample_count(out, name, all[i].item->labels, counter->count);
	}
	free(all);
}

static void metered_up(struct str *out, const struct metered_list *list)
{
	char name[64], help[128];

	snprintf(name, sizeof(name), "gauged_%s_up", list->what);
	snprintf(help, sizeof(help), "Whether the %s works at the moment.", list->what);
	metrics_family(out, name, METRIC_GAUGE, help);
	for (size_t i = 0; i < list->count; i++)
		metrics_sample_count(out, name, list->items[i].labels,
				     strcmp(list->items[i].report.state, "up") == 0);
}

/* Of the buses that others may read, if there are any. */
static void metered_servers(struct str *out, const struct metered_list *list)
{
	static const char *const names[] = {"gauged_bus_serve_up", "gauged_bus_serve_clients"};
	static const char *const helps[] = {
		"Whether the bus's listener for other masters works at the moment.",
		"Other masters that are connected.",
	};
	bool any = false;

	for (size_t i = 0; i < list->count; i++)
		any = any || list->items[i].report.server.address[0] != '\0';
	for (size_t k = 0; any && k < ARRAY_SIZE(names); k++) {
		metrics_family(out, names[k], METRIC_GAUGE, helps[k]);
		for (size_t i = 0; i < list->count; i++) {
			const struct report_server *server = &list->items[i].report.server;

			if (server->address[0] != '\0')
				metrics_sample_count(out, names[k], list->items[i].labels,
						     k == 0 ? strcmp(server->state, "up") == 0
							    : server->clients);
		}
	}
}

/* What was measured of late, where it is. */
static void metered_timing(struct str *out, const struct metered_list *list)
{
	static const char *const shares[] = {"0.5", "0.99"};
	bool use = false, trips = false;

	for (size_t i = 0; i < list->count; i++) {
		use = use || list->items[i].report.use_known;
		trips = trips || list->items[i].report.trip_p50_ns > 0;
	}
	if (use)
		metrics_family(
			out, "gauged_bus_use_ratio", METRIC_GAUGE,
			"Share of its time that the bus was busy in the last minute or two.");
	for (size_t i = 0; use && i < list->count; i++) {
		if (list->items[i].report.use_known)
			metrics_sample_number(out, "gauged_bus_use_ratio",
					      list->items[i].labels, list->items[i].report.use);
	}
	if (trips)
		metrics_family(
			out, "gauged_device_round_trip_seconds", METRIC_GAUGE,
			"What answers of the device took at most in the last minute or two.");
	for (size_t i = 0; trips && i < list->count; i++) {
		const struct report *report = &list->items[i].report;
		struct metrics_label labels[4];

		memcpy(labels, list->items[i].labels, sizeof(list->items[i].labels));
		for (size_t k = 0; report->trip_p50_ns > 0 && k < ARRAY_SIZE(shares); k++) {
			labels[2] = (struct metrics_label){"quantile", shares[k]};
			labels[3] = (struct metrics_label){0};
			metrics_sample_number(
				out, "gauged_device_round_trip_seconds", labels,
				(double)(k == 0 ? report->trip_p50_ns : report->trip_p99_ns) /
					(double)NSEC_PER_SEC);
		}
	}
}

static void metrics_buses(const struct daemon *daemon, struct str *out)
{
	size_t buses = daemon_bus_count(daemon), devices = 0;
	struct metered_list bus_list = {"bus", buses, xcalloc(buses, sizeof(struct metered))};
	struct metered_list device_list = {"device", 0, NULL};

	for (size_t i = 0; i < buses; i++)
		devices += bus_device_count(daemon_bus(daemon, i));
	device_list.items = xcalloc(devices, sizeof(*device_list.items));
	for (size_t i = 0; i < buses; i++) {
		const struct bus *bus = daemon_bus(daemon, i);
		size_t count = bus_device_count(bus);
		struct report *reports = xcalloc(count, sizeof(*reports));

		bus_list.items[i].labels[0] = (struct metrics_label){"bus", bus_name(bus)};
		bus_report(bus, &bus_list.items[i].report, reports);
		for (size_t k = 0; k < count; k++)
			device_list.items[device_list.count++] = (struct metered){
				.labels = {{"device", bus_device_name(bus, k)},
					   {"bus", bus_name(bus)}},
				.report = reports[k],
			};
		free(reports);
	}
	metered_up(out, &bus_list);
	metered_counters(out, &bus_list);
	metered_servers(out, &bus_list);
	metered_timing(out, &bus_list);
	metered_up(out, &device_list);
	metered_counters(out, &device_list);
	metered_timing(out, &device_list);
	free(bus_list.items);
	free(device_list.items);
}

static void metrics_bus_readings(const struct daemon *daemon, struct str *out)
{
	uint64_t all, bad;

	metrics_family(out, "gauged_readings_by_bus_total", METRIC_COUNTER,
		       "Readings that came from the bus, by whether they were good.");
	for (size_t i = 0; i < daemon_bus_count(daemon); i++) {
		const struct bus *bus = daemon_bus(daemon, i);

		bus_readings(bus, &all, &bad);
		metrics_sample_count(out, "gauged_readings_by_bus_total",
				     (struct metrics_label[]){
					     {"bus", bus_name(bus)}, {"quality", "good"}, {0}},
				     all - bad);
		metrics_sample_count(out, "gauged_readings_by_bus_total",
				     (struct metrics_label[]){
					     {"bus", bus_name(bus)}, {"quality", "bad"}, {0}},
				     bad);
	}
}

static void metrics_webhooks(const struct daemon *daemon, struct str *out)
{
	size_t count = daemon_webhook_count(daemon);
	struct metered_list list = {"webhook", count, xcalloc(count, sizeof(struct metered))};

	metrics_family(out, "gauged_webhook_waiting", METRIC_GAUGE,
		       "Messages that wait for delivery.");
	for (size_t i = 0; i < count; i++) {
		const struct webhook *webhook = daemon_webhook(daemon, i);

		list.items[i].labels[0] =
			(struct metrics_label){"webhook", webhook_name(webhook)};
		webhook_report(webhook, &list.items[i].report);
		metrics_sample_count(out, "gauged_webhook_waiting", list.items[i].labels,
				     webhook_waiting(webhook));
	}
	metered_up(out, &list);
	metered_counters(out, &list);
	free(list.items);
}

/* If there are any. */
static void metrics_mqtts(const struct daemon *daemon, struct str *out)
{
	size_t count = daemon_mqtt_count(daemon);
	struct metered_list list = {"mqtt", count, xcalloc(count, sizeof(struct metered))};

	if (count > 0)
		metrics_family(out, "gauged_mqtt_waiting", METRIC_GAUGE,
			       "Messages that wait for a broker.");
	for (size_t i = 0; i < count; i++) {
		const struct mqtt *mqtt = daemon_mqtt(daemon, i);

		list.items[i].labels[0] = (struct metrics_label){"mqtt", mqtt_name(mqtt)};
		mqtt_report(mqtt, &list.items[i].report);
		metrics_sample_count(out, "gauged_mqtt_waiting", list.items[i].labels,
				     mqtt_waiting(mqtt));
	}
	if (count > 0)
		metered_up(out, &list);
	metered_counters(out, &list);
	free(list.items);
}

static void metrics_rules(const struct daemon *daemon, struct str *out)
{
	static const char *const names[] = {"gauged_rule_firing", "gauged_rule_fired_total",
					    "gauged_rule_cleared_total",
					    "gauged_rule_actions_left_out_total"};
	static const char *const helps[] = {
		"Whether the rule fires at the moment.",
		"Times that the rule began to fire.",
		"Times that the rule was cleared.",
		"Times that min_interval, flap or max_rate kept actions from running.",
	};
	const struct ruleset *rules = daemon_config(daemon)->rules;

	for (size_t k = 0; k < ARRAY_SIZE(names); k++) {
		metrics_family(out, names[k], k == 0 ? METRIC_GAUGE : METRIC_COUNTER, helps[k]);
		for (uint32_t i = 0; i < ruleset_count(rules); i++) {
			struct rule_view view;
			struct engine_rule rule;

			ruleset_view(rules, i, &view);
			engine_rule(daemon_engine(daemon), i, &rule);
			metrics_sample_count(out, names[k],
					     (struct metrics_label[]){
						     {"rule", view.name},
						     {"severity", severity_name(view.severity)},
						     {0}},
					     k == 0   ? rule.state >= RULE_FIRING
					     : k == 1 ? rule.fired
					     : k == 2 ? rule.cleared
						      : rule.left_out);
		}
	}
}

static void metrics_points(const struct daemon *daemon, struct str *out)
{
	const struct point_table *points = daemon_config(daemon)->points;
	size_t qualities[QUALITY_BAD + 1] = {0};
	struct boot now = clock_boot();

	metrics_family(out, "gauged_point", METRIC_GAUGE,
		       "Value of the point, while it is good; true is 1.");
	for (uint32_t i = 0; i < point_table_count(points); i++) {
		const struct point *point = point_table_get(points, i);
		struct engine_point seen;

		if (!point->readable)
			continue;
		engine_point(daemon_engine(daemon), i, now, &seen);
		qualities[seen.quality]++;
		if (seen.quality != QUALITY_GOOD || seen.value.kind == VALUE_TEXT ||
		    seen.value.kind == VALUE_NONE)
			continue;
		metrics_sample_number(
			out, "gauged_point",
			(struct metrics_label[]){
				{"point", point->name},
				{point->unit_text != NULL ? "unit" : NULL, point->unit_text},
				{0}},
			seen.value.kind == VALUE_BOOL ? seen.value.flag : seen.value.number);
	}
	metrics_family(out, "gauged_points", METRIC_GAUGE, "Points, by quality.");
	for (int q = QUALITY_GOOD; q <= QUALITY_BAD; q++)
		metrics_sample_count(out, "gauged_points",
				     (struct metrics_label[]){
					     {"quality", quality_name((enum quality)q)}, {0}},
				     qualities[q]);
}

static void metrics_engine(const struct daemon *daemon, struct str *out)
{
	struct engine_counters c;

	engine_counters(daemon_engine(daemon), &c);
	const struct metrics_count rows[] = {
		{"gauged_readings_total", "Readings that the engine took.", c.readings,
		 METRIC_COUNTER},
		{"gauged_readings_bad_total", "Readings without a value.", c.bad_readings,
		 METRIC_COUNTER},
		{"gauged_readings_late_total",
		 "Readings older than the engine's time, not used.", c.late_readings,
		 METRIC_COUNTER},
		{"gauged_evaluations_total", "Conditions that were evaluated.", c.evaluations,
		 METRIC_COUNTER},
		{"gauged_events_total", "Transitions of rules.", c.events, METRIC_COUNTER},
		{"gauged_window_overruns_total",
		 "Samples that left a window of a rule before their time: more came than the poll "
		 "tells to expect.",
		 c.window_overruns, METRIC_COUNTER},
		{"gauged_ticks_total", "Times that a timer of the engine ran.", c.ticks,
		 METRIC_COUNTER},
	};

	metrics_counts(out, rows, ARRAY_SIZE(rows));
}

static void metrics_control(const struct control *control, struct str *out)
{
	struct control_counters c;

	control_count(control, &c);
	const struct metrics_count rows[] = {
		{"gauged_control_clients", "Open connections.", c.clients_now, METRIC_GAUGE},
		{"gauged_control_followers", "Clients that follow events or readings.",
		 c.followers_now, METRIC_GAUGE},
		{"gauged_control_clients_total", "Connections that were taken.", c.clients,
		 METRIC_COUNTER},
		{"gauged_control_clients_refused_total",
		 "Connections for which there was no place.", c.clients_refused,
		 METRIC_COUNTER},
		{"gauged_control_clients_evicted_total",
		 "Idle connections that made place for another.", c.clients_evicted,
		 METRIC_COUNTER},
		{"gauged_control_clients_timed_out_total",
		 "Connections that sent no whole request or read no answer in time.",
		 c.clients_timed_out, METRIC_COUNTER},
		{"gauged_control_accepts_failed_total",
		 "Connections that could not be taken for want of descriptors or memory.",
		 c.accepts_failed, METRIC_COUNTER},
		{"gauged_control_requests_total", "Requests that were answered.", c.requests,
		 METRIC_COUNTER},
		{"gauged_control_requests_bad_total", "Requests that were answered 4xx.",
		 c.requests_bad, METRIC_COUNTER},
		{"gauged_control_requests_too_large_total", "Requests above 16 KiB.",
		 c.requests_too_large, METRIC_COUNTER},
		{"gauged_control_requests_forbidden_total",
		 "Changes asked for by somebody who may not.", c.requests_forbidden,
		 METRIC_COUNTER},
		{"gauged_control_followers_dropped_total", "Followers that read too slowly.",
		 c.followers_dropped, METRIC_COUNTER},
		{"gauged_control_exports", "Clients that read an export.", c.exports_now,
		 METRIC_GAUGE},
		{"gauged_control_exports_refused_total",
		 "Exports refused because enough were read.", c.exports_refused,
		 METRIC_COUNTER},
	};

	metrics_counts(out, rows, ARRAY_SIZE(rows));
}

static void metrics_daemon(const struct daemon *daemon, struct str *out)
{
	struct daemon_status s;

	daemon_status(daemon, &s);
	const struct metrics_count rows[] = {
		{"gauged_reloads_total", "Reloads that were carried out.", s.reloads,
		 METRIC_COUNTER},
		{"gauged_reloads_failed_total", "Reloads that were refused.", s.reloads_failed,
		 METRIC_COUNTER},
		{"gauged_writes_done_total", "Writes that a device confirmed.", s.writes.done,
		 METRIC_COUNTER},
		{"gauged_writes_refused_total", "Writes that were refused.", s.writes.refused,
		 METRIC_COUNTER},
		{"gauged_writes_unknown_total",
		 "Writes of which it is not known how they ended.", s.writes.unknown,
		 METRIC_COUNTER},
		{"gauged_writes_differ_total",
		 "Writes that a device confirmed, and held another value when read back.",
		 s.writes.differs, METRIC_COUNTER},
		{"gauged_writes_held_total",
		 "Writes of rules that were held back, as somebody else had the output.",
		 s.writes.held, METRIC_COUNTER},
		{"gauged_writes_delayed_total", "Writes that waited for min_on or min_off.",
		 s.writes.delayed, METRIC_COUNTER},
		{"gauged_writes_retried_total",
		 "Writes that an output made by itself, failed, and made again.",
		 s.writes.retried, METRIC_COUNTER},
		{"gauged_actions_failed_total", "Actions that could not be carried out.",
		 s.actions_failed, METRIC_COUNTER},
		{"gauged_log_lines_dropped_total", "Log lines that nobody took.", log_dropped(),
		 METRIC_COUNTER},
		{"gauged_clock_synchronised", "Whether somebody has set the clock.",
		 s.synchronised, METRIC_GAUGE},
		{"gauged_config_good", "Whether the last reload, if any, was carried out.",
		 s.last_failure == NULL, METRIC_GAUGE},
	};

	metrics_family(out, "gauged_up", METRIC_GAUGE, "1: gauged answers.");
	metrics_sample_count(out, "gauged_up", NULL, 1);
	metrics_family(out, "gauged_build_info", METRIC_GAUGE, "The version that runs.");
	metrics_sample_count(out, "gauged_build_info",
			     (struct metrics_label[]){{"version", PACKAGE_VERSION}, {0}}, 1);
	metrics_single(out, "gauged_start_time_seconds", METRIC_GAUGE,
		       "When gauged started, in seconds since 1970.",
		       (double)(s.started_wall.ns / NSEC_PER_MSEC) / 1000);
	metrics_counts(out, rows, ARRAY_SIZE(rows));
}

/* What all webhooks have in common. */
static void metrics_http(const struct daemon *daemon, struct str *out)
{
	struct daemon_status s;

	daemon_status(daemon, &s);
	const struct metrics_count rows[] = {
		{"gauged_http_requests_total", "Requests to receivers of webhooks.",
		 s.http.requests, METRIC_COUNTER},
		{"gauged_http_requests_waited_total",
		 "Requests that waited until others had found a connection.", s.http.waited,
		 METRIC_COUNTER},
		{"gauged_http_connections_total", "Connections that were opened.",
		 s.http.connections, METRIC_COUNTER},
		{"gauged_http_addresses_refused_total",
		 "Addresses that were not connected to, for what they are.", s.http.refused,
		 METRIC_COUNTER},
		{"gauged_http_answers_cut_total", "Answers of more than 4 KiB.", s.http.cut,
		 METRIC_COUNTER},
	};

	metrics_counts(out, rows, ARRAY_SIZE(rows));
}

static void metrics_loop(const struct daemon *daemon, struct str *out)
{
	struct loop_report report;

	loop_report(daemon_loop(daemon), &report);
	metrics_family(out, "gauged_loop_turns_total", METRIC_COUNTER,
		       "Times that the loop woke up.");
	metrics_sample_count(out, "gauged_loop_turns_total", NULL, report.turns);
	metrics_single(out, "gauged_loop_lag_seconds", METRIC_GAUGE,
		       "How late the loop's last measurement was.",
		       (double)report.lag_last_ns / (double)NSEC_PER_SEC);
	metrics_single(out, "gauged_loop_lag_max_seconds", METRIC_GAUGE,
		       "The worst lateness of the loop.",
		       (double)report.lag_max_ns / (double)NSEC_PER_SEC);
}

void metrics_write(const struct daemon *daemon, const struct control *control, struct str *out)
{
	metrics_daemon(daemon, out);
	metrics_loop(daemon, out);
	metrics_engine(daemon, out);
	metrics_buses(daemon, out);
	metrics_bus_readings(daemon, out);
	metrics_webhooks(daemon, out);
	metrics_http(daemon, out);
	metrics_mqtts(daemon, out);
	metrics_store(daemon, out);
	metrics_rules(daemon, out);
	metrics_points(daemon, out);
	if (control != NULL)
		metrics_control(control, out);
}
