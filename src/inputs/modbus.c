/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Owns the driver for Modbus buses: opening, closing and reporting. Polling is modbus_poll's,
 * writing modbus_write's.
 */
#include "inputs/modbus.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "inputs/modbus_config.h"
#include "inputs/modbus_input.h"
#include "inputs/modbus_options.h"
#include "inputs/modbus_serve.h"
#include "inputs/plan.h"
#include "io/loop.h"

/* Connects are spread over this, so that a thousand do not come at once. */
static const int64_t spread_ns = NSEC_PER_SEC;

/* The bytes of a request to read: unit, function, address, count, CRC. */
enum { MODBUS_RTU_READ = 8 };

static const struct modbus_bus_ops bus_ops = {.link = modbus_poll_link};

static struct input *modbus_open(const struct input_config *config, struct loop *loop,
				 struct input_sink sink, const struct input *before,
				 struct error *err)
{
	struct input *input = xcalloc(1, sizeof(*input));

	input->config = config;
	input->sink = sink;
	random_init(&input->random, 0);
	input->bus = modbus_bus_new(loop, &config->bus, &bus_ops, input);
	input->timer = loop_timer_new(loop, modbus_poll_timer, input);
	input->send = loop_defer_new(loop, modbus_write_send, input);
	input->devices = xcalloc(config->device_count, sizeof(*input->devices));
	for (size_t i = 0; i < config->device_count; i++)
		input->devices[i].unit = modbus_bus_unit(input->bus, config->devices[i].number,
							 &config->devices[i].unit);
	input->serve = modbus_serve_new(loop, config);
	modbus_poll_open(input, before);
	modbus_write_open(input);
	modbus_bus_start(input->bus, random_between(&input->random, 0, spread_ns));
	return input;
}

static void modbus_close(struct input *input)
{
	input->closing = true;
	/* A write that was accepted leaves, if it can. */
	modbus_bus_send(input->bus);
	modbus_bus_free(input->bus);
	modbus_serve_free(input->serve);
	loop_timer_free(input->timer);
	loop_defer_free(input->send);
	free(input->devices);
	free(input->blocks);
	modbus_lessons_free(input->lessons);
	free(input->pending);
	free(input->wires);
	free(input);
}

static void __attribute__((format(printf, 3, 4)))
tell(struct report *report, const char *state, const char *fmt, ...)
{
	va_list ap;

	report->state = state;
	va_start(ap, fmt);
	vsnprintf(report->detail, sizeof(report->detail), fmt, ap);
	va_end(ap);
}

static void modbus_report(const struct input *input, struct report *ret_bus,
			  struct report *ret_devices)
{
	struct mono now = clock_mono();

	*ret_bus = (struct report){0};
	modbus_bus_report(input->bus, ret_bus);
	report_count(ret_bus, "polls", "Polls that were due and asked for.", input->polls);
	report_count(ret_bus, "missed_polls", "Polls left out because earlier ones took long.",
		     input->missed);
	report_count(ret_bus, "bad_readings", "Readings without a value.", input->readings_bad);
	report_count(ret_bus, "splits", "Blocks that a device refused as a whole.",
		     input->splits);
	report_count(ret_bus, "writes", "Writes that were accepted.", input->writes);
	report_count(ret_bus, "replaced_writes",
		     "Writes left out because a later one of the same point came before.",
		     input->writes_replaced);
	modbus_serve_report(input->serve, ret_bus);
	for (size_t i = 0; i < input->config->device_count; i++) {
		const struct modbus_open_device *device = &input->devices[i];
		struct report *report = &ret_devices[i];
		size_t absent = modbus_lessons_absent(input->lessons, (uint32_t)i);

		*report = (struct report){0};
		modbus_unit_report(device->unit, now, report);
		if (!input->up)
			tell(report, "offline", "the bus is down");
		else if (strcmp(report->state, "up") == 0 && absent > 0)
			tell(report, "up", "refuses %zu %s", absent,
			     str_plural(absent, "request", "requests"));
		report_count(report, "polls", "Polls that were due and asked for.",
			     device->polls);
		report_count(report, "missed_polls",
			     "Polls left out because earlier ones took long.", device->missed);
		report_count(report, "bad_readings", "Readings without a value.", device->bad);
	}
}

/* What device and wire take for one read: on a line its frames, gaps, and a turnaround. */
static int64_t takes(const struct modbus_bus_config *bus, const struct modbus_span *span)
{
	/* Unit, function, byte count and CRC stand around the data. */
	size_t answer = 5 + (modbus_plan_bits(span->function) ? (span->count + 7u) / 8
							      : 2u * span->count);

	if (bus->framing != MODBUS_RTU || modbus_line_char(&bus->line) == 0)
		return 0;
	return modbus_line_exchange(&bus->line, MODBUS_RTU_READ, answer,
				    modbus_plan_turnaround_ns);
}

static bool modbus_plan(const struct input_config *config, size_t n,
			struct plan_request *ret_request)
{
	static const char *const tables[] = {"", "coil", "discrete", "holding", "input"};
	const struct modbus_span *span = &config->spans[n];

	if (n == config->span_count)
		return false;
	*ret_request = (struct plan_request){
		.device = config->devices[span->device].unit.name,
		.unit = config->devices[span->device].number,
		.table = tables[span->function],
		.function = span->function,
		.address = span->address,
		.count = span->count,
		.unasked = modbus_plan_unasked(config->items, span),
		.points = span->items,
		.interval_ns = span->interval_ns,
		.takes_ns = takes(&config->bus, span),
	};
	return true;
}

const struct input_type input_modbus = {
	.key = "modbus",
	.parse = modbus_config_parse,
	.open = modbus_open,
	.write = modbus_write_point,
	.report = modbus_report,
	.plan = modbus_plan,
	.close = modbus_close,
	.bus_options = &modbus_bus_options,
	.device_options = &modbus_device_options,
};
