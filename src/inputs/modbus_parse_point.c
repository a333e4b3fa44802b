/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the points of a Modbus device as configured: where each stands, and what it adds. */
#include "inputs/modbus_parse.h"

#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/str.h"
#include "conf/yaml.h"
#include "model/name.h"
#include "model/point.h"
#include "model/unit_text.h"
#include "inputs/write_entry.h"

enum { POINTS_MAX = 20000 };

/* Where a point stands. */

static const struct {
	const char *key;
	size_t offset;
	uint8_t function;
	char digit; /* that references begin with */
} tables[] = {
	{"holding", offsetof(struct modbus_point_settings, holding), MODBUS_READ_HOLDING, '4'},
	{"input", offsetof(struct modbus_point_settings, input), MODBUS_READ_INPUT, '3'},
	{"coil", offsetof(struct modbus_point_settings, coil), MODBUS_READ_COILS, '0'},
	{"discrete", offsetof(struct modbus_point_settings, discrete), MODBUS_READ_DISCRETE,
	 '1'},
};

static bool parse_ref(struct modbus_parse *parse, const struct yaml_node *node, const char *ref,
		      struct modbus_point *point)
{
	size_t len = strlen(ref);
	int64_t number = 0;

	if ((len == 5 || len == 6) && strspn(ref, "0123456789") == len) {
		for (const char *p = ref + 1; *p != '\0'; p++)
			number = 10 * number + (*p - '0');
		for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
			if (tables[i].digit != ref[0] || number < 1 || number > 65536)
				continue;
			point->function = tables[i].function;
			point->address = (uint16_t)(number - 1);
			return true;
		}
	}
	modbus_parse_error(parse, node, "'%s' is no Modbus reference", ref);
	diag_note(
		parse->diags,
		"expected: 5 or 6 digits that begin with 0 (coil), 1 (discrete), 3 (input) or 4 "
		"(holding); 40001 is the first holding register");
	return false;
}

static bool parse_place(struct modbus_parse *parse, const struct yaml_node *node,
			const struct modbus_point_settings *options, struct modbus_point *point)
{
	const char *found = NULL;
	int64_t address;

	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		const char *text =
			*(const char *const *)((const char *)options + tables[i].offset);

		if (text == NULL)
			continue;
		if (found != NULL) {
			modbus_parse_error(parse, yaml_key(node, tables[i].key),
					   "a point stands in one place: '%s' or '%s'", found,
					   tables[i].key);
			return false;
		}
		found = tables[i].key;
		point->function = tables[i].function;
		if (str_to_int(text, &address) != 0 || address < 0 || address > 65535) {
			modbus_parse_error(
				parse, yaml_get(node, found),
				"'%s' is no address: expected a whole number from 0 to 65535",
				text);
			return false;
		}
		point->address = (uint16_t)address;
	}
	if (found != NULL && options->ref != NULL) {
		modbus_parse_error(parse, yaml_key(node, "ref"),
				   "a point stands in one place: '%s' or 'ref'", found);
		return false;
	}
	if (options->ref != NULL)
		return parse_ref(parse, yaml_get(node, "ref"), options->ref, point);
	if (found == NULL) {
		modbus_parse_error(
			parse, node,
			"it is not said where the point stands: expected one of holding, "
			"input, coil, discrete or ref");
		return false;
	}
	return true;
}

/* Adding points: to the table, to ours, and to what is read. */

static int64_t stale_after(const struct modbus_parse *parse,
			   const struct modbus_point_settings *options, int64_t poll_ns)
{
	int64_t stale = 3 * poll_ns + parse->devices[parse->device_number].unit.timeout_ns;

	if (options->stale_after_ns > 0)
		return options->stale_after_ns;
	if (parse->device.stale_after_ns > 0)
		return parse->device.stale_after_ns;
	return stale > NSEC_PER_SEC ? stale : NSEC_PER_SEC;
}

/* Such a point is stale for a part of every interval, however well its device is. */
static void warn_stale(struct modbus_parse *parse, const struct yaml_node *node,
		       const struct modbus_point_settings *options, const char *name)
{
	int64_t poll_ns = options->poll_ns > 0 ? options->poll_ns : parse->device.poll_ns;
	const struct yaml_node *where = yaml_key(node, "stale_after");

	if (where == NULL)
		where = yaml_key(node, "poll");
	if (stale_after(parse, options, poll_ns) > poll_ns)
		return;
	diag_warning(parse->diags, where != NULL ? where : node,
		     "point '%s' is stale before each poll: 'stale_after' is no longer than "
		     "'poll'",
		     name);
	diag_note(parse->diags,
		  "expected: a 'stale_after' of at least two polls and a timeout");
}

static void grow(struct modbus_parse *parse)
{
	size_t count = parse->config->point_count, cap = parse->cap > 0 ? 2 * parse->cap : 16;
	struct modbus_point *points = arena_take(parse->arena, cap, sizeof(*points));
	struct modbus_item *items = arena_take(parse->arena, cap, sizeof(*items));

	if (count > 0) {
		memcpy(points, parse->points, count * sizeof(*points));
		memcpy(items, parse->items, count * sizeof(*items));
	}
	parse->points = points;
	parse->items = items;
	parse->cap = cap;
}

static void add_point(struct modbus_parse *parse, const struct yaml_node *node,
		      const char *name, const struct modbus_point_settings *options,
		      const struct write_entry *write, const struct modbus_point *point)
{
	int64_t poll_ns = options->poll_ns > 0 ? options->poll_ns : parse->device.poll_ns;
	uint16_t registers = point->format.registers;
	uint32_t number = (uint32_t)parse->config->point_count;
	struct point entry = {
		.name = name,
		.device = parse->source->name,
		.kind = modbus_format_kind(&point->format),
		.unit_text = options->unit,
		.readable = true,
		.writable = point->write,
		.stale_ns = stale_after(parse, options, poll_ns),
		.unheld = !options->hold_bad,
		.interval_ns = poll_ns,
		.deadband = options->deadband,
		.low = options->range.set ? options->range.low : 1,
		.high = options->range.set ? options->range.high : 0,
		.where = node,
	};

	if (options->unit != NULL &&
	    !unit_text_parse(yaml_get(node, "unit"), &entry.unit, parse->diags))
		parse->ok = false;
	if (!write_entry_apply(parse->arena, node, write, &entry, parse->diags))
		parse->ok = false;
	if (number == POINTS_MAX) {
		modbus_parse_error(parse, node, "a bus has at most %d points", POINTS_MAX);
		return;
	}
	if (point_table_add(parse->table, &entry) == POINT_NONE) {
		modbus_parse_error(parse, node, "there is a point '%s' already", name);
		return;
	}
	if (number == parse->cap)
		grow(parse);
	parse->points[number] = *point;
	parse->points[number].name = name;
	parse->points[number].stale_ns = entry.stale_ns;
	parse->items[number] = (struct modbus_item){
		.point = number,
		.device = parse->device_number,
		.limits = &parse->devices[parse->device_number].limits,
		.function = point->function,
		.address = point->address,
		.count = registers > 0 ? registers : 1,
		.exclusive = options->exclusive,
		.interval_ns = poll_ns,
	};
	parse->config->writable += point->write;
	parse->config->point_count++;
}

/* "3" or "4..6". */
static bool parse_bit(const struct yaml_node *node, unsigned bits, struct modbus_format *ret)
{
	int64_t low, high;
	const char *dots;
	char room[8];

	if (node->kind != YAML_SCALAR || node->len >= sizeof(room))
		return false;
	memcpy(room, node->text, node->len + 1);
	dots = strstr(room, "..");
	ret->flag = dots == NULL;
	if (dots != NULL)
		room[dots - room] = '\0';
	if (str_to_int(room, &low) != 0)
		return false;
	high = low;
	if (dots != NULL && str_to_int(dots + 2, &high) != 0)
		return false;
	if (low < 0 || high < low || high >= bits)
		return false;
	ret->shift = (uint8_t)low;
	ret->width = (uint8_t)(high - low + 1);
	return true;
}

static void add_bits(struct modbus_parse *parse, const struct yaml_node *node, const char *name,
		     const struct modbus_point_settings *options,
		     const struct write_entry *write, struct modbus_point *point)
{
	const struct yaml_node *bits = options->bits;
	unsigned width = 16u * point->format.registers;

	if (!modbus_type_has_bits(point->format.type)) {
		modbus_parse_error(parse, yaml_key(node, "bits"),
				   "only registers of whole numbers have bits");
		diag_note(parse->diags,
			  "expected: type int16, uint16, int32, uint32, int64 or uint64");
		return;
	}
	for (size_t i = 0; i < bits->count; i++) {
		const struct yaml_node *key = bits->keys[i];

		if (!name_valid(key->text, key->len)) {
			modbus_parse_error(parse, key, "'%s' is no name for a bit", key->text);
			continue;
		}
		if (!parse_bit(bits->values[i], width, &point->format)) {
			modbus_parse_error(
				parse, bits->values[i],
				"expected a bit from 0 to %u, or a range such as 4..6",
				width - 1);
			continue;
		}
		if (modbus_parse_write(parse, node, key, options, point))
			add_point(parse, node,
				  arena_printf(parse->arena, "%s.%s", name, key->text), options,
				  write, point);
	}
}

void modbus_parse_point(struct modbus_parse *parse, const struct yaml_node *key,
			const struct yaml_node *node)
{
	struct modbus_point_settings options = {0};
	struct write_entry write = {.of = "with 'write: true'"};
	const struct option_binding bindings[] = {{&modbus_point_options, &options},
						  {&write_start_options, &write},
						  {&write_entry_options, &write}};
	struct modbus_point point = {.device = parse->device_number};
	const char *name;

	if (!name_valid(key->text, key->len)) {
		modbus_parse_error(parse, key, "'%s' is no name for a point", key->text);
		diag_note(parse->diags,
			  "expected: a letter, then letters, digits, '_' and '-'");
		return;
	}
	name = arena_printf(parse->arena, "%s.%s", parse->source->name, key->text);
	if (!option_bind(parse->arena, node, arena_printf(parse->arena, "point '%s'", name),
			 bindings, ARRAY_SIZE(bindings), parse->diags)) {
		parse->ok = false;
		return;
	}
	if (!parse_place(parse, node, &options, &point) ||
	    !modbus_parse_format(parse, node, &options, &point))
		return;
	warn_stale(parse, node, &options, name);
	if (options.bits != NULL)
		add_bits(parse, node, name, &options, &write, &point);
	else if (modbus_parse_write(parse, node, key, &options, &point))
		add_point(parse, node, name, &options, &write, &point);
}
