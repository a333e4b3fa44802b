/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns how the requests of buses, and the time they take, are shown. */
#include "ctl/check_plan.h"

#include <jansson.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/str.h"
#include "inputs/plan.h"
#include "ctl/ctl.h"
#include "ctl/look.h"
#include "daemon/config.h"

static size_t point_count(const struct plan *plan)
{
	size_t points = 0;

	for (size_t i = 0; i < plan->count; i++)
		points += plan->requests[i].points;
	return points;
}

static void print_line(const struct config_bus *bus, const struct plan *plan)
{
	struct str line;
	size_t points = point_count(plan);

	str_init(&line);
	str_addf(&line, "  bus %s: %zu %s for %zu %s, %.*f a second", bus->name, plan->count,
		 str_plural(plan->count, "request", "requests"), points,
		 str_plural(points, "point", "points"), plan->rate < 10 ? 2 : 0, plan->rate);
	if (plan->timed)
		str_addf(&line, ", %.0f %% of its time when all units answer", 100 * plan->use);
	puts(line.s);
	str_done(&line);
}

static void cell_time(struct table *table, enum look look, int64_t ns)
{
	struct str text;

	str_init(&text);
	plan_add_time(&text, ns);
	table_cell(table, look, text.s);
	str_done(&text);
}

static void add_row(struct table *table, const struct plan *plan,
		    const struct plan_request *request)
{
	table_cellf(table, LOOK_PLAIN, "  %s", request->device);
	if (request->reads != NULL)
		table_cell(table, LOOK_PLAIN, "-");
	else
		table_cellf(table, LOOK_PLAIN, "%d", request->unit);
	if (request->reads != NULL)
		table_cell(table, LOOK_PLAIN, request->reads);
	else if (request->count == 1)
		table_cellf(table, LOOK_PLAIN, "%s %u", request->table, request->address);
	else
		table_cellf(table, LOOK_PLAIN, "%s %u..%u", request->table, request->address,
			    request->address + request->count - 1u);
	table_cellf(table, LOOK_PLAIN, "%zu", request->points);
	table_cellf(table, LOOK_PLAIN, "%u", request->unasked);
	cell_time(table, LOOK_PLAIN, request->interval_ns);
	if (!plan->timed)
		return;
	cell_time(table, LOOK_PLAIN, request->takes_ns);
	table_cellf(table, LOOK_PLAIN, "%.1f %%",
		    100 * (double)request->takes_ns / (double)request->interval_ns);
	cell_time(table, request->possible_ns > request->interval_ns ? LOOK_WARN : LOOK_PLAIN,
		  request->possible_ns);
}

static void print_requests(const struct ctl *ctl, const struct plan *plan)
{
	struct table *table = table_new(
		ctl, plan->timed ? "  DEVICE|>UNIT|READS|>POINTS|>UNASKED|>EVERY|>TAKES|>SHARE|"
				   ">POSSIBLE"
				 : "  DEVICE|>UNIT|READS|>POINTS|>UNASKED|>EVERY");
	bool unasked = false;

	for (size_t i = 0; i < plan->count; i++) {
		add_row(table, plan, &plan->requests[i]);
		unasked = unasked || plan->requests[i].unasked > 0;
	}
	table_print(table);
	if (unasked)
		puts("  UNASKED: no point asks for them, but reading along takes less than another "
		     "request (max_hole)");
}

void check_plan_print(const struct ctl *ctl, const struct config *config, bool requests)
{
	for (size_t i = 0; i < config->bus_count; i++) {
		const struct config_bus *bus = &config->buses[i];
		struct plan *plan = plan_new(bus->type, bus->input);

		if (plan != NULL && plan->count > 0) {
			print_line(bus, plan);
			if (requests)
				print_requests(ctl, plan);
		}
		plan_free(plan);
	}
}

static double seconds(int64_t ns)
{
	return (double)ns / (double)NSEC_PER_SEC;
}

static json_t *request_json(const struct plan *plan, const struct plan_request *request)
{
	json_t *json;

	if (request->reads != NULL)
		return json_pack("{ss ss sI sf}", "device", request->device, "reads",
				 request->reads, "points", (json_int_t)request->points,
				 "interval", seconds(request->interval_ns));
	json = json_pack("{ss si ss si si si sI si sf}", "device", request->device, "unit",
			 request->unit, "table", request->table, "function", request->function,
			 "address", (int)request->address, "count", (int)request->count,
			 "points", (json_int_t)request->points, "unasked",
			 (int)request->unasked, "interval", seconds(request->interval_ns));

	if (plan->timed)
		json_object_update_new(json,
				       json_pack("{sf sf}", "takes", seconds(request->takes_ns),
						 "possible", seconds(request->possible_ns)));
	return json;
}

static json_t *bus_json(const struct config_bus *bus, const struct plan *plan, bool requests)
{
	json_t *json = json_pack("{ss sI sI sf}", "bus", bus->name, "requests",
				 (json_int_t)plan->count, "points",
				 (json_int_t)point_count(plan), "rate", plan->rate);

	if (plan->timed)
		json_object_set_new(json, "use", json_real(plan->use));
	if (requests) {
		json_t *list = json_array();

		for (size_t i = 0; i < plan->count; i++)
			json_array_append_new(list, request_json(plan, &plan->requests[i]));
		json_object_set_new(json, "reads", list);
	}
	return json;
}

json_t *check_plan_json(const struct config *config, bool requests)
{
	json_t *list = json_array();

	for (size_t i = 0; i < config->bus_count; i++) {
		const struct config_bus *bus = &config->buses[i];
		struct plan *plan = plan_new(bus->type, bus->input);

		if (plan != NULL && plan->count > 0)
			json_array_append_new(list, bus_json(bus, plan, requests));
		plan_free(plan);
	}
	return list;
}
