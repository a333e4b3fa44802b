/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* gaugectl buses: buses and their devices. */
#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "ctl/ctl.h"
#include "ctl/look.h"
#include "ctl/remote.h"

static const char *text(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

static intmax_t count(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

/* Milliseconds, or nothing. */
static void add_trip(struct table *table, const json_t *object, const char *which)
{
	const json_t *trip = json_object_get(json_object_get(object, "round_trip"), which);

	if (json_is_number(trip))
		table_cellf(table, LOOK_PLAIN, "%.3g ms", 1000 * json_number_value(trip));
	else
		table_cell(table, LOOK_PLAIN, "");
}

static void add_use(struct table *table, const json_t *bus)
{
	const json_t *use = json_object_get(bus, "use");
	double share = json_number_value(use);

	if (json_is_number(use))
		table_cellf(table, share > 0.9 ? LOOK_WARN : LOOK_PLAIN, "%.0f %%",
			    100 * share);
	else
		table_cell(table, LOOK_PLAIN, "");
}

/* One of the counters; nothing where it is not counted. */
static void add_counter(struct table *table, const json_t *object, const char *name)
{
	const json_t *counter = json_object_get(json_object_get(object, "counters"), name);

	if (json_is_integer(counter))
		table_cellf(table, json_integer_value(counter) > 0 ? LOOK_WARN : LOOK_PLAIN,
			    "%jd", (intmax_t)json_integer_value(counter));
	else
		table_cell(table, LOOK_PLAIN, "");
}

static void add_empty(struct table *table, unsigned cells)
{
	while (cells-- > 0)
		table_cell(table, LOOK_PLAIN, "");
}

static void add_devices(struct table *table, const json_t *devices, const char *bus)
{
	const json_t *device;
	size_t i;

	json_array_foreach (devices, i, device) {
		if (text(device, "bus") == NULL || strcmp(text(device, "bus"), bus) != 0)
			continue;
		table_cellf(table, LOOK_PLAIN, "  %s", text(device, "name"));
		add_empty(table, 1);
		table_cell(table, look_of_state(text(device, "state")), text(device, "state"));
		add_empty(table, 1);
		add_trip(table, device, "p50_s");
		add_trip(table, device, "p99_s");
		add_counter(table, device, "timeouts");
		add_empty(table, 2);
		add_counter(table, device, "bad_readings");
		table_cell(table, LOOK_PLAIN, text(device, "detail"));
	}
}

/* Others that read the bus, as a row below it. */
static void add_serve(struct table *table, const json_t *serve)
{
	if (serve == NULL)
		return;
	table_cellf(table, LOOK_PLAIN, "  serve %s", text(serve, "listen"));
	add_empty(table, 1);
	table_cell(table, look_of_state(text(serve, "state")), text(serve, "state"));
	add_empty(table, 7);
	table_cell(table, LOOK_PLAIN, text(serve, "detail"));
}

static void print_buses(const struct ctl *ctl, const json_t *buses, const json_t *devices)
{
	struct table *table = table_new(
		ctl, "BUS|~TYPE|STATE|>USE|~>P50|>P99|>TIMEOUTS|>LATE|~>READINGS|>BAD|WHY");
	const json_t *bus;
	size_t i;

	json_array_foreach (buses, i, bus) {
		table_cell(table, LOOK_BOLD, text(bus, "name"));
		table_cell(table, LOOK_PLAIN, text(bus, "type"));
		table_cell(table, look_of_state(text(bus, "state")), text(bus, "state"));
		add_use(table, bus);
		add_empty(table, 2);
		add_counter(table, bus, "timeouts");
		add_counter(table, bus, "late_answers");
		table_cellf(table, LOOK_PLAIN, "%jd", count(bus, "readings"));
		table_cellf(table, count(bus, "bad_readings") > 0 ? LOOK_WARN : LOOK_PLAIN,
			    "%jd", count(bus, "bad_readings"));
		table_cell(table, LOOK_PLAIN, text(bus, "detail"));
		add_serve(table, json_object_get(bus, "serve"));
		add_devices(table, devices, text(bus, "name") != NULL ? text(bus, "name") : "");
	}
	table_print(table);
}

static enum ctl_status run_buses(const struct ctl *ctl)
{
	json_t *buses, *devices;
	enum ctl_status status = remote_ask(ctl, "/v1/buses", NULL, &buses, NULL);

	if (status != CTL_OK)
		return status;
	status = remote_ask(ctl, "/v1/devices", NULL, &devices, NULL);
	if (status != CTL_OK) {
		json_decref(buses);
		return status;
	}
	if (ctl->json) {
		json_object_update_new(buses, devices);
		remote_print(buses);
		return CTL_OK;
	}
	print_buses(ctl, json_object_get(buses, "buses"), json_object_get(devices, "devices"));
	json_decref(buses);
	json_decref(devices);
	return CTL_OK;
}

const struct ctl_command cmd_buses = {
	.name = "buses",
	.usage = "",
	.summary = "buses and their devices, and why one is away",
	.help = "USE is the share of its time that a Modbus bus was busy, P50 and P99 what half, and 99\n"
		"of 100, of the answers of a device took at most, all in the last minute or two.\n"
		"TIMEOUTS, LATE (answers that came too late), READINGS and BAD count since the start.\n"
		"A row 'serve' is the listener for other masters, and how many are connected.\n"
		"What a narrow terminal has no room for is left out, and the reason why something is\n"
		"away stands below it.\n"
		"With --json: all counters, as {\"buses\": [...], \"devices\": [...]}.\n",
	.run = run_buses,
};
