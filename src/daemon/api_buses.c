/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Serves buses with their devices. */
#include <jansson.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "daemon/api.h"
#include "daemon/api_json.h"
#include "daemon/bus.h"
#include "daemon/daemon.h"

static json_t *serve_json(const struct report_server *server)
{
	return json_pack("{so ss so si}", "listen", api_json_text(server->address), "state",
			 server->state, "detail", api_json_text(server->detail), "clients",
			 (int)server->clients);
}

static void add_bus(json_t *list, const struct bus *bus, const struct report *report)
{
	json_t *object = json_object(), *devices = json_array();
	uint64_t all, bad;

	bus_readings(bus, &all, &bad);
	for (size_t i = 0; i < bus_device_count(bus); i++)
		json_array_append_new(devices, api_json_text(bus_device_name(bus, i)));
	json_object_set_new(object, "name", api_json_text(bus_name(bus)));
	json_object_set_new(object, "type", api_json_text(bus_type(bus)));
	json_object_set_new(object, "devices", devices);
	json_object_set_new(object, "readings", api_json_count(all));
	json_object_set_new(object, "bad_readings", api_json_count(bad));
	api_json_report(object, report);
	if (report->server.address[0] != '\0')
		json_object_set_new(object, "serve", serve_json(&report->server));
	json_array_append_new(list, object);
}

static void add_device(json_t *list, const struct bus *bus, size_t i,
		       const struct report *report)
{
	json_t *object = json_object();

	json_object_set_new(object, "name", api_json_text(bus_device_name(bus, i)));
	json_object_set_new(object, "bus", api_json_text(bus_name(bus)));
	api_json_report(object, report);
	json_array_append_new(list, object);
}

static json_t *list_buses(const struct daemon *daemon, bool devices)
{
	json_t *list = json_array();

	for (size_t i = 0; i < daemon_bus_count(daemon); i++) {
		const struct bus *bus = daemon_bus(daemon, i);
		size_t count = bus_device_count(bus);
		struct report report, *reports = xcalloc(count, sizeof(*reports));

		bus_report(bus, &report, reports);
		if (!devices)
			add_bus(list, bus, &report);
		for (size_t k = 0; devices && k < count; k++)
			add_device(list, bus, k, &reports[k]);
		free(reports);
	}
	return list;
}

void api_buses(struct api_call *call)
{
	api_answer(call, 200, json_pack("{so}", "buses", list_buses(call->daemon, false)));
}

void api_devices(struct api_call *call)
{
	api_answer(call, 200, json_pack("{so}", "devices", list_buses(call->daemon, true)));
}
