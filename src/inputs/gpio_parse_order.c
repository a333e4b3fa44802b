/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the order of the lines of a GPIO bus. */
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

void gpio_parse_order(struct gpio_parse *parse, const struct yaml_node *where)
{
	size_t count = parse->config->link.line_count, at = 0;
	uint32_t *groups = order_groups(parse, count);
	uint32_t *places = arena_take(parse->arena, count + 1, sizeof(*places));
	struct gpio_link_line *lines = arena_take(parse->arena, count + 1, sizeof(*lines));

	for (uint32_t first = 0; first < count; first++) {
		size_t begun = at;

		for (uint32_t i = first; i < count; i++) {
			if (groups[i] != first)
				continue;
			places[i] = (uint32_t)at;
			lines[at] = parse->lines[i];
			lines[at++].with_next = true;
		}
		if (at > begun)
			lines[at - 1].with_next = false;
		if (at - begun > GPIO_CHIP_LINES)
			gpio_parse_error(parse, where,
					 "encoders share lines, so that %zu belong together; "
					 "the kernel gives %d at once",
					 at - begun, GPIO_CHIP_LINES);
	}
	memcpy(parse->lines, lines, count * sizeof(*lines));
	for (uint32_t i = 0; i < parse->config->point_count; i++)
		for (int j = 0; j < 2; j++)
			parse->points[i].lines[j] = places[parse->points[i].lines[j]];
}
