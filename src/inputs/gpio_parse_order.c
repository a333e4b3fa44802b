/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Owns the order of the lines of a GPIO bus: inputs, which share requests, those of an encoder
 * one behind the other, and then outputs, which do not.
 */
#include <string.h>

#include "base/arena.h"
#include "inputs/gpio_parse.h"

/* Lines that an encoder has both are of one group, whose number is that of its first line. */
static void order_join(uint32_t *groups, size_t count, const uint32_t lines[2])
{
	uint32_t a = groups[lines[0]], b = groups[lines[1]];

	for (size_t i = 0; i < count; i++)
		if (groups[i] == a || groups[i] == b)
			groups[i] = a < b ? a : b;
}

static uint32_t *order_groups(const struct gpio_parse *parse, size_t count)
{
	uint32_t *groups = arena_take(parse->arena, count + 1, sizeof(*groups));

	for (uint32_t i = 0; i < count; i++)
		groups[i] = i;
	for (uint32_t i = 0; i < parse->config->point_count; i++)
		if (parse->points[i].kind == GPIO_POSITION)
			order_join(groups, count, parse->points[i].lines);
	return groups;
}

struct order {
	const uint32_t *groups;
	uint32_t *places; /* of the lines as they were declared */
	struct gpio_link_line *lines;
	size_t count;
};

/* The lines of the group come next; how many they are. */
static size_t order_add(const struct gpio_parse *parse, struct order *order, uint32_t group)
{
	size_t begun = order->count, count = parse->config->link.line_count;

	for (uint32_t i = group; i < count; i++) {
		if (order->groups[i] != group)
			continue;
		order->places[i] = (uint32_t)order->count;
		order->lines[order->count] = parse->lines[i];
		order->lines[order->count++].with_next = true;
	}
	if (order->count > begun)
		order->lines[order->count - 1].with_next = false;
	return order->count - begun;
}

void gpio_parse_order(struct gpio_parse *parse, const struct yaml_node *where)
{
	size_t count = parse->config->link.line_count;
	struct order order = {
		.groups = order_groups(parse, count),
		.places = arena_take(parse->arena, count + 1, sizeof(*order.places)),
		.lines = arena_take(parse->arena, count + 1, sizeof(*order.lines)),
	};

	for (int outputs = 0; outputs < 2; outputs++) {
		for (uint32_t i = 0; i < count; i++) {
			size_t most = parse->lines[i].setup.output == (outputs == 1)
					      ? order_add(parse, &order, i)
					      : 0;

			if (most > GPIO_CHIP_LINES)
				gpio_parse_error(parse, where,
						 "encoders share lines, so that %zu belong "
						 "together; the kernel gives %d at once",
						 most, GPIO_CHIP_LINES);
		}
	}
	memcpy(parse->lines, order.lines, count * sizeof(*order.lines));
	for (uint32_t i = 0; i < parse->config->point_count; i++)
		for (int j = 0; j < 2; j++)
			parse->points[i].lines[j] = order.places[parse->points[i].lines[j]];
}
