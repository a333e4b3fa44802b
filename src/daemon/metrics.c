/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Owns the text format of Prometheus and which of our figures go into it. Source of the format:
 * "Exposition formats", text-based format 0.0.4.
 */
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
#include "actions/webhook.h"
#include "daemon/bus.h"
#include "daemon/config.h"
#include "daemon/control.h"
#include "daemon/daemon.h"

enum metric_type { METRIC_COUNTER, METRIC_GAUGE };

static void family(struct str *out, const char *name, enum metric_type type, const char *help)
{
	str_addf(out, "# HELP %s ", name);
	for (const char *p = help; *p != '\0'; p++) {
		if (*p == '\\' || *p == '\n')
			str_addc(out, '\\');
		str_addc(out, *p == '\n' ? 'n' : *p);
	}
	str_addf(out, "\n# TYPE %s %s\n", name, type == METRIC_COUNTER ? "counter" : "gauge");
}

struct label {
	const char *name;
	const char *text;
};

static void label_text(struct str *out, const char *text)
{
	size_t len = strlen(text);

	for (size_t i = 0, n; i < len; i += n) {
		n = str_utf8(text + i, len - i);
		if (n == 0) {
			str_adds(out, "\xef\xbf\xbd"); /* U+FFFD: not UTF-8 */
			n = 1;
		} else if (text[i] == '\n') {
			str_adds(out, "\\n");
		} else {
			if (text[i] == '\\' || text[i] == '"')
				str_addc(out, '\\');
			str_add(out, text + i, n);
		}
	}
}

/* Name and labels of a sample; labels end with a name of NULL. */
static void sample(struct str *out, const char *name, const struct label *labels)
{
	bool any = labels != NULL && labels[0].name != NULL;

	str_adds(out, name);
	for (size_t i = 0; any && labels[i].name != NULL; i++) {
		str_addf(out, "%s%s=\"", i == 0 ? "{" : ",", labels[i].name);
		label_text(out, labels[i].text);
		str_addc(out, '"');
	}
	str_adds(out, any ? "} " : " ");
}

static void sample_count(struct str *out, const char *name, const struct label *labels,
			 uint64_t count)
{
	sample(out, name, labels);
	str_addf(out, "%ju\n", (uintmax_t)count);
}

static void sample_number(struct str *out, const char *name, const struct label *labels,
			  double number)
{
	sample(out, name, labels);
	str_add_number(out, number);
	str_addc(out, '\n');
}

static void single(struct str *out, const char *name, enum metric_type type, const char *help,
		   double number)
{
	family(out, name, type, help);
	sample_number(out, name, NULL, number);
}

struct count_row {
	const char *name, *help;
	uint64_t count;
	enum metric_type type;
};

static void counts(struct str *out, const struct count_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		family(out, rows[i].name, rows[i].type, rows[i].help);
		sample_count(out, rows[i].name, NULL, rows[i].count);
	}
}

/* Reports of many things: their counters become families across all of them. */

struct metered {
	struct label labels[3]; /* which thing, on which bus; ends with NULL */
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
			family(out, name, METRIC_COUNTER, counter->help);
		}
		sample_count(out, name, all[i].item->labels, counter->count);
	}
	free(all);
}

static void metered_up(struct str *out, const struct metered_list *list)
{
	char name[64], help[128];

	snprintf(name, sizeof(name), "gauged_%s_up", list->what);
	snprintf(help, sizeof(help), "Whether the %s works at the moment.", list->what);
	family(out, name, METRIC_GAUGE, help);
	for (size_t i = 0; i < list->count; i++)
		sample_count(out, name, list->items[i].labels,
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
		family(out, names[k], METRIC_GAUGE, helps[k]);
		for (size_t i = 0; i < list->count; i++) {
			const struct report_server *server = &list->items[i].report.server;

			if (server->address[0] != '\0')
				sample_count(out, names[k], list->items[i].labels,
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
		family(out, "gauged_bus_use_ratio", METRIC_GAUGE,
		       "Share of its time that the bus was busy in the last minute or two.");
	for (size_t i = 0; use && i < list->count; i++) {
		if (list->items[i].report.use_known)
			sample_number(out, "gauged_bus_use_ratio", list->items[i].labels,
				      list->items[i].report.use);
	}
	if (trips)
		family(out, "gauged_device_round_trip_seconds", METRIC_GAUGE,
		       "What answers of the device took at most in the last minute or two.");
	for (size_t i = 0; trips && i < list->count; i++) {
		const struct report *report = &list->items[i].report;
		struct label labels[4];

		memcpy(labels, list->items[i].labels, sizeof(list->items[i].labels));
		for (size_t k = 0; report->trip_p50_ns > 0 && k < ARRAY_SIZE(shares); k++) {
			labels[2] = (struct label){"quantile", shares[k]};
			labels[3] = (struct label){0};
			sample_number(
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

		bus_list.items[i].labels[0] = (struct label){"bus", bus_name(bus)};
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

	family(out, "gauged_readings_by_bus_total", METRIC_COUNTER,
	       "Readings that came from the bus, by whether they were good.");
	for (size_t i = 0; i < daemon_bus_count(daemon); i++) {
		const struct bus *bus = daemon_bus(daemon, i);

		bus_readings(bus, &all, &bad);
		sample_count(out, "gauged_readings_by_bus_total",
			     (struct label[]){{"bus", bus_name(bus)}, {"quality", "good"}, {0}},
			     all - bad);
		sample_count(out, "gauged_readings_by_bus_total",
			     (struct label[]){{"bus", bus_name(bus)}, {"quality", "bad"}, {0}},
			     bad);
	}
}

static void metrics_webhooks(const struct daemon *daemon, struct str *out)
{
	size_t count = daemon_webhook_count(daemon);
	struct metered_list list = {"webhook", count, xcalloc(count, sizeof(struct metered))};

	family(out, "gauged_webhook_waiting", METRIC_GAUGE, "Messages that wait for delivery.");
	for (size_t i = 0; i < count; i++) {
		const struct webhook *webhook = daemon_webhook(daemon, i);

		list.items[i].labels[0] = (struct label){"webhook", webhook_name(webhook)};
		webhook_report(webhook, &list.items[i].report);
		sample_count(out, "gauged_webhook_waiting", list.items[i].labels,
			     webhook_waiting(webhook));
	}
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
		family(out, names[k], k == 0 ? METRIC_GAUGE : METRIC_COUNTER, helps[k]);
		for (uint32_t i = 0; i < ruleset_count(rules); i++) {
			struct rule_view view;
			struct engine_rule rule;

			ruleset_view(rules, i, &view);
			engine_rule(daemon_engine(daemon), i, &rule);
			sample_count(
				out, names[k],
				(struct label[]){{"rule", view.name},
						 {"severity", severity_name(view.severity)},
						 {0}},
				k == 0	 ? rule.state >= RULE_FIRING
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

	family(out, "gauged_point", METRIC_GAUGE,
	       "Value of the point, while it is good; true is 1.");
	for (uint32_t i = 0; i < point_table_count(points); i++) {
		const struct point *point = point_table_get(points, i);
		struct engine_point seen;

		engine_point(daemon_engine(daemon), i, now, &seen);
		qualities[seen.quality]++;
		if (seen.quality != QUALITY_GOOD || seen.value.kind == VALUE_TEXT ||
		    seen.value.kind == VALUE_NONE)
			continue;
		sample_number(out, "gauged_point",
			      (struct label[]){{"point", point->name},
					       {point->unit_text != NULL ? "unit" : NULL,
						point->unit_text},
					       {0}},
			      seen.value.kind == VALUE_BOOL ? seen.value.flag
							    : seen.value.number);
	}
	family(out, "gauged_points", METRIC_GAUGE, "Points, by quality.");
	for (int q = QUALITY_GOOD; q <= QUALITY_BAD; q++)
		sample_count(out, "gauged_points",
			     (struct label[]){{"quality", quality_name((enum quality)q)}, {0}},
			     qualities[q]);
}

static void metrics_engine(const struct daemon *daemon, struct str *out)
{
	struct engine_counters c;

	engine_counters(daemon_engine(daemon), &c);
	const struct count_row rows[] = {
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

	counts(out, rows, ARRAY_SIZE(rows));
}

static void metrics_control(const struct control *control, struct str *out)
{
	struct control_counters c;

	control_count(control, &c);
	const struct count_row rows[] = {
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
	};

	counts(out, rows, ARRAY_SIZE(rows));
}

static void metrics_daemon(const struct daemon *daemon, struct str *out)
{
	struct daemon_status s;

	daemon_status(daemon, &s);
	const struct count_row rows[] = {
		{"gauged_reloads_total", "Reloads that were carried out.", s.reloads,
		 METRIC_COUNTER},
		{"gauged_reloads_failed_total", "Reloads that were refused.", s.reloads_failed,
		 METRIC_COUNTER},
		{"gauged_writes_done_total", "Writes that a device confirmed.", s.writes_done,
		 METRIC_COUNTER},
		{"gauged_writes_refused_total", "Writes that were refused.", s.writes_refused,
		 METRIC_COUNTER},
		{"gauged_writes_unknown_total",
		 "Writes of which it is not known how they ended.", s.writes_unknown,
		 METRIC_COUNTER},
		{"gauged_writes_differ_total",
		 "Writes that a device confirmed, and held another value when read back.",
		 s.writes_differs, METRIC_COUNTER},
		{"gauged_actions_failed_total", "Actions that could not be carried out.",
		 s.actions_failed, METRIC_COUNTER},
		{"gauged_log_lines_dropped_total", "Log lines that nobody took.", log_dropped(),
		 METRIC_COUNTER},
		{"gauged_clock_synchronised", "Whether somebody has set the clock.",
		 s.synchronised, METRIC_GAUGE},
		{"gauged_config_good", "Whether the last reload, if any, was carried out.",
		 s.last_failure == NULL, METRIC_GAUGE},
	};

	family(out, "gauged_up", METRIC_GAUGE, "1: gauged answers.");
	sample_count(out, "gauged_up", NULL, 1);
	family(out, "gauged_build_info", METRIC_GAUGE, "The version that runs.");
	sample_count(out, "gauged_build_info",
		     (struct label[]){{"version", PACKAGE_VERSION}, {0}}, 1);
	single(out, "gauged_start_time_seconds", METRIC_GAUGE,
	       "When gauged started, in seconds since 1970.",
	       (double)(s.started_wall.ns / NSEC_PER_MSEC) / 1000);
	counts(out, rows, ARRAY_SIZE(rows));
}

static void metrics_loop(const struct daemon *daemon, struct str *out)
{
	struct loop_report report;

	loop_report(daemon_loop(daemon), &report);
	family(out, "gauged_loop_turns_total", METRIC_COUNTER, "Times that the loop woke up.");
	sample_count(out, "gauged_loop_turns_total", NULL, report.turns);
	single(out, "gauged_loop_lag_seconds", METRIC_GAUGE,
	       "How late the loop's last measurement was.",
	       (double)report.lag_last_ns / (double)NSEC_PER_SEC);
	single(out, "gauged_loop_lag_max_seconds", METRIC_GAUGE,
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
	metrics_rules(daemon, out);
	metrics_points(daemon, out);
	if (control != NULL)
		metrics_control(control, out);
}
