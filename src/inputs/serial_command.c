/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns how the commands of a serial device are declared. */
#include "inputs/serial_command.h"

#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "conf/diag.h"
#include "conf/yaml.h"
#include "inputs/serial_config.h"
#include "inputs/write_entry.h"
#include "model/name.h"
#include "model/point.h"

/* With fewer, letters become other characters, and among them the end of a line. */
enum { COMMAND_DATA_BITS = 7 };

struct command_options {
	int64_t timeout_ns;
};

static const struct option command_rows[] = {
	{.name = "timeout",
	 OPTION(DURATION, command_options, timeout_ns),
	 .fallback = "5s",
	 .min = 0.01,
	 .max = 60,
	 .help = "The line has so long to take the whole of it, from when it was asked for."},
};

const struct option_table serial_command_options = {
	.section = "command",
	.manual = "gauged.yaml(5)",
	.rows = command_rows,
	.count = ARRAY_SIZE(command_rows),
	.name = "serial_command",
	.also = &write_start_options,
};

static bool command_parse(struct arena *arena, const char *device, const struct yaml_node *key,
			  const struct yaml_node *node, const struct input_config *config,
			  struct serial_command *ret, struct point_table *points,
			  struct diags *diags)
{
	struct command_options options = {0};
	struct write_entry write = {.of = "that are written"};
	const struct option_binding bindings[] = {
		{&serial_command_options, &options},
		{&write_start_options, &write},
		{&write_entry_options, &write},
	};
	struct point point = {
		.name = arena_printf(arena, "%s.%s", device, key->text),
		.device = device,
		.kind = VALUE_TEXT,
		.writable = true,
		.stale_ns = NSEC_PER_SEC,
		.low = 1,
		.line = &config->line,
		.where = key,
	};

	if (!name_valid(key->text, key->len)) {
		diag_error(diags, key,
			   "expected a name of letters, digits, _ and - that starts with a "
			   "letter");
		return false;
	}
	if (!option_bind(arena, node, arena_printf(arena, "command '%s'", point.name), bindings,
			 ARRAY_SIZE(bindings), diags) ||
	    !write_entry_apply(arena, node, &write, &point, diags))
		return false;
	ret->name = point.name;
	ret->timeout_ns = options.timeout_ns;
	if (point_table_add(points, &point) != POINT_NONE)
		return true;
	diag_error(diags, key, "there is a point '%s' already", point.name);
	return false;
}

bool serial_command_parse(struct arena *arena, const char *device, const struct yaml_node *map,
			  struct input_config *config, struct point_table *points,
			  struct diags *diags)
{
	size_t count = map != NULL ? map->count : 0;
	struct serial_command *list;
	bool fine = true;

	if (count == 0)
		return true;
	if (config->data_bits != 0 && config->data_bits < COMMAND_DATA_BITS) {
		diag_error(diags, map,
			   "a line of %d data bits carries no text: 'commands' take "
			   "%d or 8",
			   config->data_bits, COMMAND_DATA_BITS);
		return false;
	}
	list = arena_take(arena, config->command_count + count, sizeof(*list));
	if (config->command_count > 0)
		memcpy(list, config->commands, config->command_count * sizeof(*list));
	for (size_t i = 0; i < count; i++) {
		struct serial_command *command = &list[config->command_count + i];

		fine &= command_parse(arena, device, map->keys[i], map->values[i], config,
				      command, points, diags);
		command->number = config->point_count++;
	}
	config->commands = list;
	config->command_count += count;
	return fine;
}
