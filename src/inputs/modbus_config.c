/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns what the maps of a Modbus bus, its devices and points are turned into. */
#include "inputs/modbus_config.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/str.h"
#include "conf/diag.h"
#include "conf/yaml.h"
#include "inputs/modbus_options.h"
#include "model/name.h"
#include "model/point.h"

enum {
	MODBUS_PORT = 502,
	POINTS_MAX = 20000,
	UNIT_TIMEOUTS = 3, /* in a row: the unit is offline */
};

/* What parsing one bus fills. */
struct parse {
	struct arena *arena;
	struct diags *diags;
	struct point_table *table;
	struct input_config *config;
	struct modbus_point *points;
	struct modbus_item *items;
	struct modbus_device *devices;
	size_t cap;
	bool ok;
	/* the device that is being read */
	const struct input_device *source;
	struct modbus_device_settings device;
	uint32_t device_number;
};

#define parse_error(parse, ...)                          \
	do {                                             \
		diag_error((parse)->diags, __VA_ARGS__); \
		(parse)->ok = false;                     \
	} while (0)

/* The bus's address. */

static bool parse_port(const char *text, uint16_t *ret)
{
	int64_t port;

	if (str_to_int(text, &port) != 0 || port < 1 || port > 65535)
		return false;
	*ret = (uint16_t)port;
	return true;
}

/* HOST, HOST:PORT, [ADDRESS], [ADDRESS]:PORT; a bare IPv6 address has no port. */
static bool parse_host(struct arena *arena, const char *text, struct stream_config *ret)
{
	const char *colon = strrchr(text, ':');
	size_t len = strlen(text);

	ret->port = MODBUS_PORT;
	if (text[0] == '[') {
		const char *end = strchr(text, ']');

		if (end == NULL || end == text + 1 || (end[1] != '\0' && end[1] != ':'))
			return false;
		colon = end[1] == ':' ? end + 1 : NULL;
	} else if (colon != NULL && strchr(text, ':') != colon) {
		colon = NULL;
	}
	if (colon != NULL) {
		len = (size_t)(colon - text);
		if (!parse_port(colon + 1, &ret->port))
			return false;
	}
	if (len == 0 || strcspn(text, "/?#@ \t") < len)
		return false;
	ret->host = arena_text(arena, text, len);
	return true;
}

static void parse_address(struct parse *parse, const struct yaml_node *node,
			  const char *address)
{
	static const char tcp[] = "tcp://";
	struct stream_config *stream = &parse->config->bus.stream;

	if (address == NULL)
		return;
	if (strncmp(address, "rtu://", 6) == 0 || strncmp(address, "rtu+tcp://", 10) == 0) {
		parse_error(parse, node, "Modbus RTU is not in this version");
		diag_note(parse->diags, "expected: tcp://HOST or tcp://HOST:PORT");
	} else if (strncmp(address, tcp, sizeof(tcp) - 1) != 0 ||
		   !parse_host(parse->arena, address + sizeof(tcp) - 1, stream)) {
		parse_error(parse, node, "'%s' is no address of a Modbus bus", address);
		diag_note(parse->diags, "expected: tcp://HOST or tcp://HOST:PORT, "
					"for example tcp://192.0.2.10:502");
	}
}

static void parse_bus(struct parse *parse, const struct input_source *source,
		      struct modbus_bus_settings *options)
{
	struct modbus_bus_config *bus = &parse->config->bus;

	const char *what = arena_printf(parse->arena, "bus '%s'", source->name);

	if (!option_bind(parse->arena, source->node, what,
			 &(struct option_binding){&modbus_bus_options, options}, 1,
			 parse->diags)) {
		parse->ok = false;
		return;
	}
	parse_address(parse, yaml_get(source->node, "modbus"), options->address);
	if (options->reconnect_min_ns > options->reconnect_max_ns)
		parse_error(parse, yaml_get(source->node, "reconnect_min"),
			    "'reconnect_min' is longer than 'reconnect_max'");
	bus->stream.name = source->name;
	bus->stream.connect_timeout_ns = options->connect_timeout_ns;
	bus->stream.backoff_min_ns = options->reconnect_min_ns;
	bus->stream.backoff_max_ns = options->reconnect_max_ns;
	/* A peer that takes no bytes for so long is gone; never less than an answer may take.
	 */
	bus->stream.user_timeout_ns =
		options->timeout_ns > 5 * NSEC_PER_SEC ? options->timeout_ns : 5 * NSEC_PER_SEC;
	bus->in_flight = (int)options->in_flight;
}

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

static bool is_bit(uint8_t function)
{
	return function == MODBUS_READ_COILS || function == MODBUS_READ_DISCRETE;
}

static bool parse_ref(struct parse *parse, const struct yaml_node *node, const char *ref,
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
	parse_error(parse, node, "'%s' is no Modbus reference", ref);
	diag_note(
		parse->diags,
		"expected: 5 or 6 digits that begin with 0 (coil), 1 (discrete), 3 (input) or 4 "
		"(holding); 40001 is the first holding register");
	return false;
}

static bool parse_place(struct parse *parse, const struct yaml_node *node,
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
			parse_error(parse, yaml_key(node, tables[i].key),
				    "a point stands in one place: '%s' or '%s'", found,
				    tables[i].key);
			return false;
		}
		found = tables[i].key;
		point->function = tables[i].function;
		if (str_to_int(text, &address) != 0 || address < 0 || address > 65535) {
			parse_error(
				parse, yaml_get(node, found),
				"'%s' is no address: expected a whole number from 0 to 65535",
				text);
			return false;
		}
		point->address = (uint16_t)address;
	}
	if (found != NULL && options->ref != NULL) {
		parse_error(parse, yaml_key(node, "ref"),
			    "a point stands in one place: '%s' or 'ref'", found);
		return false;
	}
	if (options->ref != NULL)
		return parse_ref(parse, yaml_get(node, "ref"), options->ref, point);
	if (found == NULL) {
		parse_error(parse, node,
			    "it is not said where the point stands: expected one of holding, "
			    "input, coil, discrete or ref");
		return false;
	}
	return true;
}

/* What a point means. */

static bool parse_type(struct parse *parse, const struct yaml_node *node,
		       const struct modbus_point_settings *options, struct modbus_point *point)
{
	bool bit = is_bit(point->function);
	const char *text = options->type;
	int rc;

	if (text == NULL)
		text = bit ? "bool" : "uint16";
	rc = modbus_type_parse(text, &point->format);
	if (rc != 0) {
		parse_error(parse, yaml_get(node, "type"),
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
	parse_error(parse, yaml_get(node, "type"),
		    bit ? "coils and discrete inputs are of type bool"
			: "a register is no bool");
	if (!bit)
		diag_note(parse->diags, "hint: name its bits: bits: {running: 0}");
	return false;
}

static bool parse_invalid(struct parse *parse, const struct yaml_node *list,
			  struct modbus_format *format)
{
	struct modbus_invalid *invalid;

	if (list == NULL)
		return true;
	if (format->type == MODBUS_TYPE_BOOL || format->type == MODBUS_TYPE_STRING) {
		parse_error(parse, list, "'invalid' is for numbers only");
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
		parse_error(parse, node,
			    rc == -ERANGE ? "the value has fewer bits than this"
					  : "expected a raw value such as 0x7FFF or -1");
		return false;
	}
	format->invalid_count = list->count;
	format->invalid = invalid;
	return true;
}

/* What is only done to numbers may not stand, without effect, at anything else. */
static bool parse_number_only(struct parse *parse, const struct yaml_node *node,
			      const struct modbus_format *format)
{
	static const char *const keys[] = {"scale", "offset", "range"};

	if (format->type != MODBUS_TYPE_BOOL && format->type != MODBUS_TYPE_STRING)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (yaml_key(node, keys[i]) == NULL)
			continue;
		parse_error(parse, yaml_key(node, keys[i]),
			    "'%s' is for numbers only, this is a %s", keys[i],
			    value_kind_name(modbus_format_kind(format)));
		return false;
	}
	return true;
}

static bool parse_format(struct parse *parse, const struct yaml_node *node,
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
		parse_error(parse, yaml_get(node, "scale"), "'scale' can't be 0");
		return false;
	}
	if (format->registers > limits->max_registers) {
		parse_error(parse, node,
			    "the value has %u registers, the device gives %u at once",
			    format->registers, limits->max_registers);
		return false;
	}
	if (point->address + (format->registers > 0 ? format->registers : 1) > 65536) {
		parse_error(parse, node, "the value ends behind the last address, 65535");
		return false;
	}
	return parse_invalid(parse, options->invalid, format);
}

/* Adding points: to the table, to ours, and to what is read. */

static int64_t stale_after(const struct parse *parse,
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
static void warn_stale(struct parse *parse, const struct yaml_node *node,
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

static void parse_unit(struct parse *parse, const struct yaml_node *node, const char *text,
		       struct unit *ret)
{
	size_t bad, len, count;
	const char *const *names = unit_names(&count);

	if (text == NULL || unit_parse(text, strlen(text), ret, &bad, &len) == 0)
		return;
	parse->ok = false;
	diag_error_in(parse->diags, node, bad, len, "'%.*s' is no unit of measurement",
		      (int)len, text + bad);
	diag_suggest(parse->diags, arena_text(parse->arena, text + bad, len), names, count);
}

static void grow(struct parse *parse)
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

static void add_point(struct parse *parse, const struct yaml_node *node, const char *name,
		      const struct modbus_point_settings *options,
		      const struct modbus_point *point)
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
		.deadband = options->deadband,
		.low = options->range.set ? options->range.low : 1,
		.high = options->range.set ? options->range.high : 0,
		.where = node,
	};

	parse_unit(parse, yaml_get(node, "unit"), options->unit, &entry.unit);
	if (number == POINTS_MAX) {
		parse_error(parse, node, "a bus has at most %d points", POINTS_MAX);
		return;
	}
	if (point_table_add(parse->table, &entry) == POINT_NONE) {
		parse_error(parse, node, "there is a point '%s' already", name);
		return;
	}
	if (number == parse->cap)
		grow(parse);
	parse->points[number] = *point;
	parse->points[number].name = name;
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

static void add_bits(struct parse *parse, const struct yaml_node *node, const char *name,
		     const struct modbus_point_settings *options, struct modbus_point *point)
{
	const struct yaml_node *bits = options->bits;
	unsigned width = 16u * point->format.registers;

	if (point->format.type != MODBUS_TYPE_UINT16 &&
	    point->format.type != MODBUS_TYPE_UINT32 &&
	    point->format.type != MODBUS_TYPE_UINT64) {
		parse_error(parse, yaml_key(node, "bits"),
			    "only registers of type uint16, uint32 or uint64 have bits");
		return;
	}
	if (point->write) {
		parse_error(parse, yaml_key(node, "write"),
			    "single bits of a register can't be written in this version");
		return;
	}
	for (size_t i = 0; i < bits->count; i++) {
		const struct yaml_node *key = bits->keys[i];

		if (!name_valid(key->text, key->len)) {
			parse_error(parse, key, "'%s' is no name for a bit", key->text);
			continue;
		}
		if (!parse_bit(bits->values[i], width, &point->format)) {
			parse_error(parse, bits->values[i],
				    "expected a bit from 0 to %u, or a range such as 4..6",
				    width - 1);
			continue;
		}
		add_point(parse, node, arena_printf(parse->arena, "%s.%s", name, key->text),
			  options, point);
	}
}

static void parse_point(struct parse *parse, const struct yaml_node *key,
			const struct yaml_node *node)
{
	struct modbus_point_settings options = {0};
	struct modbus_point point = {.device = parse->device_number};
	const char *name;

	if (!name_valid(key->text, key->len)) {
		parse_error(parse, key, "'%s' is no name for a point", key->text);
		diag_note(parse->diags,
			  "expected: a letter, then letters, digits, '_' and '-'");
		return;
	}
	name = arena_printf(parse->arena, "%s.%s", parse->source->name, key->text);
	if (!option_bind(parse->arena, node, arena_printf(parse->arena, "point '%s'", name),
			 &(struct option_binding){&modbus_point_options, &options}, 1,
			 parse->diags)) {
		parse->ok = false;
		return;
	}
	if (!parse_place(parse, node, &options, &point) ||
	    !parse_format(parse, node, &options, &point))
		return;
	point.write = options.write;
	if (point.write &&
	    (point.function == MODBUS_READ_INPUT || point.function == MODBUS_READ_DISCRETE)) {
		parse_error(parse, yaml_key(node, "write"),
			    "input registers and discrete inputs can't be written");
		return;
	}
	warn_stale(parse, node, &options, name);
	if (options.bits != NULL)
		add_bits(parse, node, name, &options, &point);
	else
		add_point(parse, node, name, &options, &point);
}

static void parse_device(struct parse *parse, const struct input_source *source,
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
	parse->devices[number] = (struct modbus_device){
		.number = (uint8_t)options->unit,
		.unit.name = device->name,
		.unit.timeout_ns = options->timeout_ns > 0 ? options->timeout_ns : timeout_ns,
		.unit.timeouts = UNIT_TIMEOUTS,
	};
	parse->devices[number].limits = (struct modbus_limits){
		.max_registers = (uint16_t)options->max_regs,
		.max_bits = (uint16_t)options->max_bits,
		.max_hole = (uint16_t)options->max_hole,
	};
	for (size_t i = 0; i < options->points->count; i++)
		parse_point(parse, options->points->keys[i], options->points->values[i]);
}

struct input_config *modbus_config_parse(struct arena *arena, const struct input_source *source,
					 struct point_table *points, struct diags *diags)
{
	struct input_config *config = arena_take(arena, 1, sizeof(*config));
	struct modbus_bus_settings options = {0};
	struct parse parse = {
		.arena = arena,
		.diags = diags,
		.table = points,
		.config = config,
		.ok = true,
		.devices = arena_take(arena, source->device_count, sizeof(*parse.devices)),
	};
	struct modbus_span *spans, *singles;

	config->name = source->name;
	parse_bus(&parse, source, &options);
	for (uint32_t i = 0; i < source->device_count; i++)
		parse_device(&parse, source, i, options.timeout_ns);
	config->device_count = source->device_count;
	config->devices = parse.devices;
	config->points = parse.points;
	config->items = parse.items;
	config->item_count = config->point_count;
	if (!parse.ok)
		return NULL;
	modbus_plan_sort(parse.items, config->item_count);
	spans = arena_take(arena, config->item_count, sizeof(*spans));
	singles = arena_take(arena, config->item_count, sizeof(*singles));
	config->span_count = modbus_plan_merge(parse.items, config->item_count, spans);
	config->single_count = modbus_plan_single(parse.items, config->item_count, singles);
	config->spans = spans;
	config->singles = singles;
	return config;
}
