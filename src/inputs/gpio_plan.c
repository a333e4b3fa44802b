/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns what is known of requests before there is a chip. */
#include "inputs/gpio_plan.h"

#include "base/arena.h"
#include "inputs/gpio_config.h"
#include "inputs/plan.h"

static size_t plan_points(const struct input_config *config, uint32_t first, uint32_t count)
{
	size_t points = 0;

	/* A point of two lines stands with the first one. */
	for (uint32_t i = config->first_use[first]; i < config->first_use[first + count]; i++)
		points += !config->uses[i].second;
	return points;
}

static const char *plan_text(struct arena *arena, const struct input_config *config,
			     uint32_t first, uint32_t count)
{
	const char *text = count == 1 ? "line" : "lines";

	for (uint32_t i = first; i < first + count; i++)
		text = arena_printf(arena, "%s %s", text, config->link.lines[i].shown);
	return text;
}

void gpio_plan_build(struct arena *arena, struct input_config *config)
{
	size_t lines = config->link.line_count;
	struct gpio_want *wants = arena_take(arena, lines + 1, sizeof(*wants));
	struct gpio_group *groups = arena_take(arena, lines + 1, sizeof(*groups));

	for (size_t i = 0; i < lines; i++)
		wants[i] = (struct gpio_want){
			.offset = config->link.lines[i].offset,
			.setup = config->link.lines[i].setup,
			.with_next = config->link.lines[i].with_next,
		};
	config->groups = groups;
	for (size_t at = 0; at < lines;) {
		size_t fit = gpio_chip_fit(&wants[at], lines - at);

		groups[config->group_count++] = (struct gpio_group){
			.reads = plan_text(arena, config, (uint32_t)at, (uint32_t)fit),
			.points = plan_points(config, (uint32_t)at, (uint32_t)fit),
		};
		at += fit;
	}
}

bool gpio_plan(const struct input_config *config, size_t n, struct plan_request *ret)
{
	if (n >= config->group_count)
		return false;
	*ret = (struct plan_request){
		.device = config->link.chip,
		.reads = config->groups[n].reads,
		.points = config->groups[n].points,
		.interval_ns = config->poll_ns,
	};
	return true;
}
