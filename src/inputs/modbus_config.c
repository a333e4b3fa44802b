/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns what the maps of the devices on a Modbus bus are turned into, and the whole. */
#include "inputs/modbus_config.h"

#include <string.h>

#include "base/arena.h"
#include "conf/yaml.h"
#include "inputs/modbus_options.h"
#include "inputs/modbus_parse.h"

enum {
	UNIT_RESERVED = 248, /* and above: reserved by the standard */
	RETRIES_RTU = 1,     /* where it is not given; a frame that is lost is nothing rare */
};

/* Over TCP, what is lost is sent again by TCP. */
static int retries(const struct modbus_parse *parse, const struct input_device *device,
		   const struct modbus_device_settings *options)
{
	if (yaml_get(device->node, "retries") != NULL)
		return (int)options->retries;
	return parse->config->bus.framing == MODBUS_RTU ? RETRIES_RTU : 0;
}

static uint16_t max_hole(const struct modbus_parse *parse, const struct input_device *device,
			 const struct modbus_device_settings *options)
{
	const struct modbus_bus_config *bus = &parse->config->bus;

	if (yaml_get(device->node, "max_hole") != NULL)
		return (uint16_t)options->max_hole;
	return modbus_plan_hole(bus->framing == MODBUS_RTU ? &bus->line : NULL);
}

/* MODBUS over Serial Line V1.02, section 2.2: addresses. */
static void check_rtu_unit(struct modbus_parse *parse, const struct input_device *device,
			   int64_t unit)
{
	const struct yaml_node *node = yaml_get(device->node, "unit");

	if (unit == 0) {
		modbus_parse_error(parse, node,
				   "unit 0 is the broadcast address of a serial line: nobody "
				   "answers it, so it has no values");
		diag_note(parse->diags, "expected: the unit's own address, from 1 to 247");
	} else if (unit >= UNIT_RESERVED) {
		diag_warning(parse->diags, node,
			     "unit %jd: addresses from 248 on are reserved by the Modbus "
			     "standard",
			     (intmax_t)unit);
	}
}

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
	if (parse->config->bus.framing == MODBUS_RTU)
		check_rtu_unit(parse, device, options->unit);
	parse->devices[number] = (struct modbus_device){
		.number = (uint8_t)options->unit,
		.unit.name = device->name,
		.unit.timeout_ns = options->timeout_ns > 0 ? options->timeout_ns : timeout_ns,
		.unit.delay_ns = options->delay_ns,
		.unit.retries = retries(parse, device, options),
		.unit.timeouts = (int)options->offline_after,
	};
	parse->devices[number].limits = (struct modbus_limits){
		.max_registers = (uint16_t)options->max_regs,
		.max_bits = (uint16_t)options->max_bits,
		.max_hole = max_hole(parse, device, options),
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
	struct modbus_span *spans;

	config->name = source->name;
	modbus_parse_bus(&parse, source, &options);
	for (uint32_t i = 0; i < source->device_count; i++)
		parse_device(&parse, source, i, options.timeout_ns);
	config->device_count = source->device_count;
	config->devices = parse.devices;
	config->points = parse.points;
	config->items = parse.items;
	config->item_count = config->point_count;
	modbus_parse_places(&parse);
	if (!parse.ok)
		return NULL;
	modbus_plan_sort(parse.items, config->item_count);
	spans = arena_take(arena, config->item_count, sizeof(*spans));
	config->span_count = modbus_plan_merge(parse.items, config->item_count, spans);
	config->spans = spans;
	return config;
}
