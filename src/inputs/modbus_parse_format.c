/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns what the keys of a Modbus point say about its value: type, order, scale, sentinels. */
#include "inputs/modbus_parse.h"

#include <errno.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "conf/yaml.h"

static bool is_bit(uint8_t function)
{
	return function == MODBUS_READ_COILS || function == MODBUS_READ_DISCRETE;
}

static bool parse_type(struct modbus_parse *parse, const struct yaml_node *node,
		       const struct modbus_point_settings *options, struct modbus_point *point)
{
	bool bit = is_bit(point->function);
	const char *text = options->type;
	int rc;

	if (text == NULL)
		text = bit ? "bool" : "uint16";
	rc = modbus_type_parse(text, &point->format);
	if (rc != 0) {
		modbus_parse_error(parse, yaml_get(node, "type"),
				   rc == -ERANGE ? "'%s': a text has 1 to 123 registers"
						 : "unknown type '%s'",
				   text);
		if (rc != -ERANGE)
			diag_suggest(parse->diags, text, modbus_type_names,
				     MODBUS_TYPE_STRING + 1);
		return false;
	}
	if (bit == (point->format.type == MODBUS_TYPE_BOOL))
		return true;
	modbus_parse_error(parse, yaml_get(node, "type"),
			   bit ? "coils and discrete inputs are of type bool"
			       : "a register is no bool");
	if (!bit)
		diag_note(parse->diags, "hint: name its bits: bits: {running: 0}");
	return false;
}

static bool parse_invalid(struct modbus_parse *parse, const struct yaml_node *list,
			  struct modbus_format *format)
{
	struct modbus_invalid *invalid;

	if (list == NULL)
		return true;
	if (format->type == MODBUS_TYPE_BOOL || format->type == MODBUS_TYPE_STRING) {
		modbus_parse_error(parse, list, "'invalid' is for numbers only");
		return false;
	}
	invalid = arena_take(parse->arena, list->count, sizeof(*invalid));
	for (size_t i = 0; i < list->count; i++) {
		const struct yaml_node *node = list->values[i];
		int rc = node->kind != YAML_SCALAR
				 ? -EINVAL
				 : modbus_invalid_parse(node->text, format, &invalid[i]);

		if (rc == 0)
			continue;
		modbus_parse_error(parse, node,
				   rc == -ERANGE ? "the value has fewer bits than this"
						 : "expected a raw value such as 0x7FFF or -1");
		return false;
	}
	format->invalid_count = list->count;
	format->invalid = invalid;
	return true;
}

/* What is only done to numbers may not stand, without effect, at anything else. */
static bool parse_number_only(struct modbus_parse *parse, const struct yaml_node *node,
			      const struct modbus_format *format)
{
	static const char *const keys[] = {"scale", "offset", "range"};

	if (format->type != MODBUS_TYPE_BOOL && format->type != MODBUS_TYPE_STRING)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (yaml_key(node, keys[i]) == NULL)
			continue;
		modbus_parse_error(parse, yaml_key(node, keys[i]),
				   "'%s' is for numbers only, this is a %s", keys[i],
				   value_kind_name(modbus_format_kind(format)));
		return false;
	}
	return true;
}

bool modbus_parse_format(struct modbus_parse *parse, const struct yaml_node *node,
			 const struct modbus_point_settings *options,
			 struct modbus_point *point)
{
	struct modbus_format *format = &point->format;
	const struct modbus_limits *limits = &parse->devices[parse->device_number].limits;

	if (!parse_type(parse, node, options, point) || !parse_number_only(parse, node, format))
		return false;
	format->order = modbus_orders[yaml_get(node, "order") != NULL ? options->order
								      : parse->device.order];
	format->scale = options->scale;
	format->offset = options->offset;
	format->limited = options->range.set;
	format->low = options->range.low;
	format->high = options->range.high;
	if (options->scale == 0) {
		modbus_parse_error(parse, yaml_get(node, "scale"), "'scale' can't be 0");
		return false;
	}
	if (format->registers > limits->max_registers) {
		modbus_parse_error(parse, node,
				   "the value has %u registers, the device gives %u at once",
				   format->registers, limits->max_registers);
		diag_note(parse->diags, "hint: 'max_regs' of the device says so");
		return false;
	}
	if (point->address + (format->registers > 0 ? format->registers : 1) > 65536) {
		modbus_parse_error(parse, node,
				   "the value ends behind the last address, 65535");
		return false;
	}
	return parse_invalid(parse, options->invalid, format);
}
