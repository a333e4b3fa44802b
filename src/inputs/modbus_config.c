/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns what the maps of a Modbus bus and its devices are turned into. */
#include "inputs/modbus_config.h"

#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/str.h"
#include "conf/yaml.h"
#include "inputs/modbus_options.h"
#include "inputs/modbus_parse.h"

enum {
	MODBUS_PORT = 502,
	UNIT_TIMEOUTS = 3, /* in a row: the unit is offline */
};

/* The bus's address. */

static bool parse_port(const char *text, uint16_t *ret)
{
	int64_t port;

	if (str_to_int(text, &port) != 0 || port < 1 || port > 65535)
		return false;
	*ret = (uint16_t)port;
	return true;
}

/* HOST, HOST:PORT, [ADDRESS], [ADDRESS]:PORT; a bare IPv6 address has no port. */
static bool parse_host(struct arena *arena, const char *text, struct stream_config *ret)
{
	const char *colon = strrchr(text, ':');
	size_t len = strlen(text);

	ret->port = MODBUS_PORT;
	if (text[0] == '[') {
		const char *end = strchr(text, ']');

		if (end == NULL || end == text + 1 || (end[1] != '\0' && end[1] != ':'))
			return false;
		colon = end[1] == ':' ? end + 1 : NULL;
	} else if (colon != NULL && strchr(text, ':') != colon) {
		colon = NULL;
	}
	if (colon != NULL) {
		len = (size_t)(colon - text);
		if (!parse_port(colon + 1, &ret->port))
			return false;
	}
	if (len == 0 || strcspn(text, "/?#@ \t") < len)
		return false;
	ret->host = arena_text(arena, text, len);
	return true;
}

static void parse_address(struct modbus_parse *parse, const struct yaml_node *node,
			  const char *address)
{
	static const char tcp[] = "tcp://";
	struct stream_config *stream = &parse->config->bus.stream;

	if (address == NULL)
		return;
	if (strncmp(address, "rtu://", 6) == 0 || strncmp(address, "rtu+tcp://", 10) == 0) {
		modbus_parse_error(parse, node, "Modbus RTU is not in this version");
		diag_note(parse->diags, "expected: tcp://HOST or tcp://HOST:PORT");
	} else if (strncmp(address, tcp, sizeof(tcp) - 1) != 0 ||
		   !parse_host(parse->arena, address + sizeof(tcp) - 1, stream)) {
		modbus_parse_error(parse, node, "'%s' is no address of a Modbus bus", address);
		diag_note(parse->diags, "expected: tcp://HOST or tcp://HOST:PORT, "
					"for example tcp://192.0.2.10:502");
	}
}

static void parse_bus(struct modbus_parse *parse, const struct input_source *source,
		      struct modbus_bus_settings *options)
{
	struct modbus_bus_config *bus = &parse->config->bus;

	const char *what = arena_printf(parse->arena, "bus '%s'", source->name);

	if (!option_bind(parse->arena, source->node, what,
			 &(struct option_binding){&modbus_bus_options, options}, 1,
			 parse->diags)) {
		parse->ok = false;
		return;
	}
	parse_address(parse, yaml_get(source->node, "modbus"), options->address);
	if (options->reconnect_min_ns > options->reconnect_max_ns)
		modbus_parse_error(parse, yaml_get(source->node, "reconnect_min"),
				   "'reconnect_min' is longer than 'reconnect_max'");
	bus->stream.name = source->name;
	bus->stream.connect_timeout_ns = options->connect_timeout_ns;
	bus->stream.backoff_min_ns = options->reconnect_min_ns;
	bus->stream.backoff_max_ns = options->reconnect_max_ns;
	/* A peer that takes no bytes for so long is gone; never less than an answer may take.
	 */
	bus->stream.user_timeout_ns =
		options->timeout_ns > 5 * NSEC_PER_SEC ? options->timeout_ns : 5 * NSEC_PER_SEC;
	bus->in_flight = (int)options->in_flight;
}

/* Devices. */

static void parse_device(struct modbus_parse *parse, const struct input_source *source,
			 uint32_t number, int64_t timeout_ns)
{
	const struct input_device *device = &source->devices[number];
	struct modbus_device_settings *options = &parse->device;
	const char *what = arena_printf(parse->arena, "device '%s'", device->name);

	*options = (struct modbus_device_settings){0};
	if (!option_bind(parse->arena, device->node, what,
			 &(struct option_binding){&modbus_device_options, options}, 1,
			 parse->diags)) {
		parse->ok = false;
		return;
	}
	parse->source = device;
	parse->device_number = number;
	parse->devices[number] = (struct modbus_device){
		.number = (uint8_t)options->unit,
		.unit.name = device->name,
		.unit.timeout_ns = options->timeout_ns > 0 ? options->timeout_ns : timeout_ns,
		.unit.timeouts = UNIT_TIMEOUTS,
	};
	parse->devices[number].limits = (struct modbus_limits){
		.max_registers = (uint16_t)options->max_regs,
		.max_bits = (uint16_t)options->max_bits,
		.max_hole = (uint16_t)options->max_hole,
	};
	for (size_t i = 0; i < options->points->count; i++)
		modbus_parse_point(parse, options->points->keys[i], options->points->values[i]);
}

struct input_config *modbus_config_parse(struct arena *arena, const struct input_source *source,
					 struct point_table *points, struct diags *diags)
{
	struct input_config *config = arena_take(arena, 1, sizeof(*config));
	struct modbus_bus_settings options = {0};
	struct modbus_parse parse = {
		.arena = arena,
		.diags = diags,
		.table = points,
		.config = config,
		.ok = true,
		.devices = arena_take(arena, source->device_count, sizeof(*parse.devices)),
	};
	struct modbus_span *spans, *singles;

	config->name = source->name;
	parse_bus(&parse, source, &options);
	for (uint32_t i = 0; i < source->device_count; i++)
		parse_device(&parse, source, i, options.timeout_ns);
	config->device_count = source->device_count;
	config->devices = parse.devices;
	config->points = parse.points;
	config->items = parse.items;
	config->item_count = config->point_count;
	if (!parse.ok)
		return NULL;
	modbus_plan_sort(parse.items, config->item_count);
	spans = arena_take(arena, config->item_count, sizeof(*spans));
	singles = arena_take(arena, config->item_count, sizeof(*singles));
	config->span_count = modbus_plan_merge(parse.items, config->item_count, spans);
	config->single_count = modbus_plan_single(parse.items, config->item_count, singles);
	config->spans = spans;
	config->singles = singles;
	return config;
}
