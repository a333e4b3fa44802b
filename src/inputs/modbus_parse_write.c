/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns how the points of a Modbus device are written: by which function, and which registers.
 */
#include "inputs/modbus_parse.h"

#include <string.h>

#include "base/alloc.h"
#include "conf/yaml.h"

enum { WIRE_MAX = 8 }; /* bytes of a value that can have bits */

/* What the point says, or the device. */
static int choice(const struct yaml_node *node, const char *key, int point, int device)
{
	return yaml_get(node, key) != NULL ? point : device;
}

/* The registers that hold a bit of the field, and whether nothing else stands in them. */
static bool field_place(const struct modbus_format *format, struct modbus_way *ret)
{
	uint8_t mask[WIRE_MAX] = {0};
	size_t bytes = 2u * format->registers, first = bytes, last = 0;
	bool whole = true;

	modbus_field_mask(format, mask);
	for (size_t i = 0; i < bytes; i++) {
		if (mask[i] == 0)
			continue;
		first = first < i / 2 ? first : i / 2;
		last = i / 2;
	}
	for (size_t i = 2 * first; i < 2 * last + 2; i++)
		whole = whole && mask[i] == 0xff;
	ret->skip = (uint16_t)first;
	ret->count = (uint16_t)(last + 1 - first);
	return whole;
}

static bool way_of_bits(struct modbus_parse *parse, const struct yaml_node *key, int bits,
			struct modbus_way *way)
{
	switch ((enum modbus_write_bits)bits) {
	case MODBUS_BITS_RMW:
		way->reads_first = true;
		return true;
	case MODBUS_BITS_MASK:
		if (way->count == 1) {
			way->function = MODBUS_MASK_REGISTER;
			return true;
		}
		modbus_parse_error(parse, key,
				   "'%s' stands in %u registers: 'write_bits: mask' changes "
				   "bits of one at a time",
				   key->text, way->count);
		return false;
	case MODBUS_BITS_NO:
		break;
	}
	modbus_parse_error(parse, key, "it is not said how bits of this register are written");
	diag_note(
		parse->diags,
		"expected: 'write_bits: mask' if the device has function 22, else 'write_bits: "
		"rmw': gauged reads the register, changes the bits and writes it; what another "
		"master changes in between is lost");
	return false;
}

static bool way_of_value(struct modbus_parse *parse, const struct yaml_node *node, int function,
			 bool coil, struct modbus_way *way)
{
	bool many = function == MODBUS_WRITE_MULTIPLE ||
		    (function == MODBUS_WRITE_AUTO && way->count > 1);

	if (function == MODBUS_WRITE_SINGLE && way->count > 1) {
		modbus_parse_error(
			parse, node,
			"'write_function: single' writes one register, this value has "
			"%u",
			way->count);
		return false;
	}
	if (coil)
		way->function = many ? MODBUS_WRITE_COILS : MODBUS_WRITE_COIL;
	else
		way->function = many ? MODBUS_WRITE_REGISTERS : MODBUS_WRITE_REGISTER;
	return true;
}

/* Keys that only mean something where something is written. */
static bool only_writable(struct modbus_parse *parse, const struct yaml_node *node,
			  const struct modbus_point_settings *options)
{
	static const char *const keys[] = {"verify", "write_function", "write_bits"};

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		const struct yaml_node *key = yaml_key(node, keys[i]);
		bool bits = strcmp(keys[i], "write_bits") == 0;

		if (key == NULL || (options->write && (!bits || options->bits != NULL)))
			continue;
		modbus_parse_error(parse, key, "'%s' is for points with %s only", keys[i],
				   bits ? "'write: true' and 'bits'" : "'write: true'");
		return false;
	}
	return true;
}

bool modbus_parse_write(struct modbus_parse *parse, const struct yaml_node *node,
			const struct yaml_node *key,
			const struct modbus_point_settings *options, struct modbus_point *point)
{
	const struct modbus_format *format = &point->format;
	bool coil = format->type == MODBUS_TYPE_BOOL;
	int function = choice(node, "write_function", options->write_function,
			      parse->device.write_function);
	int bits = choice(node, "write_bits", options->write_bits, parse->device.write_bits);
	struct modbus_way way = {.count = coil ? 1 : format->registers,
				 .verify = options->verify};

	if (!only_writable(parse, node, options))
		return false;
	if (!options->write)
		return true;
	if (point->function == MODBUS_READ_INPUT || point->function == MODBUS_READ_DISCRETE) {
		modbus_parse_error(parse, yaml_key(node, "write"),
				   "input registers and discrete inputs can't be written");
		return false;
	}
	if (format->width > 0 && !field_place(format, &way) &&
	    !way_of_bits(parse, key, bits, &way))
		return false;
	if (way.function == 0 &&
	    !way_of_value(parse, yaml_key(node, "write"), function, coil, &way))
		return false;
	point->write = true;
	point->way = way;
	return true;
}
