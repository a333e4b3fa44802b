/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns how a GPIO bus and its devices are declared. */
#include "inputs/gpio_config.h"

#include <string.h>

#include "base/arena.h"
#include "conf/yaml.h"
#include "inputs/gpio_parse.h"
#include "inputs/gpio_plan.h"

static void parse_bus(struct gpio_parse *parse, const struct input_source *source)
{
	struct gpio_chip_settings chip = {0};
	const struct option_binding bus_binding = {&gpio_bus_options, &parse->bus};
	const struct option_binding chip_binding = {&gpio_chip_options, &chip};
	const char *what = arena_printf(parse->arena, "bus '%s'", source->name);

	parse->ok =
		option_bind(parse->arena, source->node, what, &bus_binding, 1, parse->diags) &&
		option_bind(parse->arena, parse->bus.gpio, "chip", &chip_binding, 1,
			    parse->diags);
	if (parse->ok && (chip.chip[0] == '\0' || strlen(chip.chip) >= GPIO_CHIP_PATH))
		gpio_parse_error(parse, yaml_get(parse->bus.gpio, "chip"),
				 "expected the label, name or path of a chip, 1 to %d bytes",
				 GPIO_CHIP_PATH - 1);
	parse->config->name = parse->config->link.bus = source->name;
	parse->config->link.chip = chip.chip;
	parse->config->link.folder = "/dev";
	parse->config->poll_ns = parse->bus.poll_ns;
}

static void parse_device(struct gpio_parse *parse, const struct input_device *source)
{
	const struct option_binding binding = {&gpio_device_options, &parse->device};
	const char *what = arena_printf(parse->arena, "device '%s'", source->name);
	struct gpio_device *device = &parse->devices[parse->device_number];

	parse->source = source;
	parse->device = (struct gpio_device_settings){0};
	device->name = source->name;
	device->first_point = parse->config->point_count;
	if (!option_bind(parse->arena, source->node, what, &binding, 1, parse->diags)) {
		parse->ok = false;
		return;
	}
	if (parse->device.max_readings.count < 1)
		gpio_parse_error(parse, yaml_get(source->node, "max_readings"),
				 "expected at least one reading in that time");
	for (size_t i = 0; i < parse->device.points->count; i++)
		gpio_parse_point(parse, parse->device.points->keys[i],
				 parse->device.points->values[i]);
	device->point_count = parse->config->point_count - device->first_point;
}

/* As many points as may come of the devices: each may have a rate beside it. */
static size_t points_at_most(const struct input_source *source)
{
	size_t most = 1;

	for (size_t i = 0; i < source->device_count; i++) {
		const struct yaml_node *points =
			source->devices[i].node->kind == YAML_MAP
				? yaml_get(source->devices[i].node, "points")
				: NULL;

		if (points != NULL && points->kind == YAML_MAP)
			most += 2 * points->count;
	}
	return most;
}

static bool concerns(const struct gpio_point *point, uint32_t line, bool second)
{
	return point->lines[second] == line && (!second || point->lines[0] != line);
}

/* Which points each line concerns, and what the lines told of each other's edges came to. */
static void index_uses(struct arena *arena, struct input_config *config,
		       struct gpio_point *points)
{
	size_t lines = config->link.line_count, count = 0;
	struct gpio_use *uses = arena_take(arena, 2 * config->point_count + 1, sizeof(*uses));
	uint32_t *first = arena_take(arena, lines + 1, sizeof(*first));

	for (uint32_t line = 0; line < lines; line++) {
		const struct gpio_setup *setup = &config->link.lines[line].setup;

		first[line] = (uint32_t)count;
		for (uint32_t i = 0; i < config->point_count; i++)
			for (int second = 0; second < 2; second++)
				if (concerns(&points[i], line, second != 0)) {
					points[i].edges.told_both =
						setup->rising && setup->falling;
					uses[count++] = (struct gpio_use){i, second != 0};
				}
	}
	first[lines] = (uint32_t)count;
	config->first_use = first;
	config->uses = uses;
}

struct input_config *gpio_config_parse(struct arena *arena, const struct input_source *source,
				       struct point_table *points, struct diags *diags)
{
	struct input_config *config = arena_take(arena, 1, sizeof(*config));
	size_t most = points_at_most(source);
	size_t lines = most < GPIO_LINK_LINES ? most : GPIO_LINK_LINES;
	struct gpio_parse parse = {
		.arena = arena,
		.diags = diags,
		.table = points,
		.config = config,
		.points = arena_take(arena, most, sizeof(*parse.points)),
		.lines = arena_take(arena, lines + 1, sizeof(*parse.lines)),
		.devices = arena_take(arena, source->device_count + 1, sizeof(*parse.devices)),
	};

	parse_bus(&parse, source);
	for (size_t i = 0; i < source->device_count; i++) {
		parse.device_number = (uint32_t)i;
		parse_device(&parse, &source->devices[i]);
	}
	config->device_count = source->device_count;
	config->devices = parse.devices;
	config->points = parse.points;
	config->link.lines = parse.lines;
	if (parse.ok)
		gpio_parse_order(&parse, source->node);
	if (!parse.ok)
		return NULL;
	index_uses(arena, config, parse.points);
	gpio_plan_build(arena, config);
	return config;
}
