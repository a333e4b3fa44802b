/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the lines of a GPIO bus: one for all points that name it, for it can be had only once.
 */
#include "inputs/gpio_parse.h"

#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/str.h"
#include "conf/yaml.h"

enum { OFFSET_MAX = 65535, NAME_MAX_BYTES = GPIO_CHIP_NAME - 1 };

static bool line_place(struct gpio_parse *parse, const struct yaml_node *node,
		       struct gpio_link_line *line)
{
	int64_t offset;

	if (node->kind == YAML_SCALAR && node->plain && str_to_int(node->text, &offset) == 0) {
		if (offset < 0 || offset > OFFSET_MAX) {
			gpio_parse_error(parse, node,
					 "expected the number of a line from 0 to %d",
					 OFFSET_MAX);
			return false;
		}
		line->offset = (uint32_t)offset;
	} else if (node->kind == YAML_SCALAR && !yaml_is_null(node) && node->len > 0 &&
		   node->len <= NAME_MAX_BYTES && strlen(node->text) == node->len) {
		line->name = node->text;
	} else {
		gpio_parse_error(parse, node,
				 "expected a line: its number on the chip, or its name of up "
				 "to %d bytes",
				 NAME_MAX_BYTES);
		return false;
	}
	line->shown = arena_text(parse->arena, node->text, node->len);
	return true;
}

static bool line_same(const struct gpio_link_line *a, const struct gpio_link_line *b)
{
	if (a->name == NULL || b->name == NULL)
		return a->name == b->name && a->offset == b->offset;
	return strcmp(a->name, b->name) == 0;
}

/* What two points that share a line have to agree on. */
static const char *line_differs(const struct gpio_setup *a, const struct gpio_setup *b)
{
	if (a->output || b->output)
		return "an output is of one point only";
	if (a->active_low != b->active_low)
		return "its 'active' is another one there";
	if (a->bias != b->bias)
		return "its 'bias' is another one there";
	return a->debounce_us != b->debounce_us ? "its 'debounce' is another one there" : NULL;
}

static struct gpio_setup line_setup(const struct gpio_point_settings *options,
				    enum gpio_kind kind, const struct gpio_counted *edges)
{
	return (struct gpio_setup){
		.output = kind == GPIO_OUTPUT,
		.active_low = options->active == 1,
		.rising = edges->rising,
		.falling = edges->falling,
		.bias = (enum gpio_bias)options->bias,
		.drive = (enum gpio_drive)options->drive,
		.value = options->on_start == GPIO_START_ON,
		.debounce_us = (uint32_t)(options->debounce_ns / NSEC_PER_USEC),
	};
}

bool gpio_parse_line(struct gpio_parse *parse, const struct yaml_node *node,
		     const struct gpio_point_settings *options, enum gpio_kind kind,
		     const struct gpio_counted *edges, uint32_t *ret)
{
	struct gpio_link_line line = {
		.setup = line_setup(options, kind, edges),
		.keep = options->on_start == GPIO_START_KEEP,
		.with_next = false,
	};
	size_t *count = &parse->config->link.line_count;

	if (!line_place(parse, node, &line))
		return false;
	for (size_t i = 0; i < *count; i++) {
		struct gpio_link_line *other = &parse->lines[i];
		const char *why = line_differs(&other->setup, &line.setup);

		if (!line_same(other, &line))
			continue;
		if (why != NULL) {
			gpio_parse_error(parse, node, "line %s is used above: %s", line.shown,
					 why);
			return false;
		}
		other->setup.rising |= line.setup.rising;
		other->setup.falling |= line.setup.falling;
		*ret = (uint32_t)i;
		return true;
	}
	if (*count == GPIO_LINK_LINES) {
		gpio_parse_error(parse, node, "a bus has at most %d lines", GPIO_LINK_LINES);
		return false;
	}
	parse->lines[*count] = line;
	*ret = (uint32_t)(*count)++;
	return true;
}
