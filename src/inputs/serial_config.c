/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the options of serial buses, their devices and points. */
#include "inputs/serial_config.h"

#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/str.h"
#include "conf/diag.h"
#include "conf/yaml.h"
#include "inputs/point_entry.h"
#include "inputs/serial_command.h"
#include "io/tty_line.h"
#include "model/point.h"

/* Pauses between attempts to open the line, and for a connect. */
static const int64_t serial_backoff_min_ns = NSEC_PER_SEC;
static const int64_t serial_backoff_max_ns = 30 * NSEC_PER_SEC;
static const int64_t serial_connect_ns = 5 * NSEC_PER_SEC;
static const int64_t serial_user_timeout_ns = 20 * NSEC_PER_SEC;

static const char *const serial_parities[] = {"none", "even", "odd", NULL};
static const char *const serial_line_only[] = {"baud", "parity", "data_bits", "stop_bits"};

struct bus_options {
	const char *serial;
	int64_t baud, data_bits, stop_bits;
	int parity;
	const struct yaml_node *framing;
	struct option_rate max_lines;
};

struct framing_options {
	const char *delimiter;
	int64_t max, gap_ns;
};

struct device_options {
	const struct yaml_node *bus, *points, *commands;
	const struct yaml_node *decoders[5]; /* as serial_decoder_types */
	int64_t stale_ns;
};

struct point_options {
	const struct yaml_node *field;
};

static const struct option bus_rows[] = {
	{.name = "serial",
	 OPTION(TEXT, bus_options, serial),
	 .required = true,
	 .help = "Path of the line, best a link below /dev/serial/by-id; or tcp://host:port of a "
		 "serial server."},
	{.name = "baud",
	 OPTION(INT, bus_options, baud),
	 .fallback = "9600",
	 .help = "Speed of the line; one of the standard rates from 50 to 4000000."},
	{.name = "parity",
	 OPTION(CHOICE, bus_options, parity),
	 .fallback = "none",
	 .choices = serial_parities,
	 .help = "Parity of each character; frames with a wrong one are dropped."},
	{.name = "data_bits",
	 OPTION(INT, bus_options, data_bits),
	 .fallback = "8",
	 .min = 5,
	 .max = 8,
	 .help = "Bits of a character."},
	{.name = "stop_bits",
	 OPTION(INT, bus_options, stop_bits),
	 .fallback = "1",
	 .min = 1,
	 .max = 2,
	 .help = "Stop bits behind a character."},
	{.name = "framing",
	 OPTION(MAP, bus_options, framing),
	 .shape = "serial_framing",
	 .help = "How the bytes of the line are cut into frames."},
	{.name = "max_lines",
	 OPTION(RATE, bus_options, max_lines),
	 .fallback = "1000/s",
	 .help = "Frames beyond this rate are dropped and counted."},
};

const struct option_table serial_bus_options = {
	.section = "bus",
	.manual = "gauged.yaml(5)",
	.rows = bus_rows,
	.count = ARRAY_SIZE(bus_rows),
	.name = "serial_bus",
};

static const struct option framing_rows[] = {
	{.name = "delimiter",
	 OPTION(TEXT, framing_options, delimiter),
	 .help = "What ends a frame, 1 to 8 bytes; a newline if absent. A carriage return before it "
		 "is dropped."},
	{.name = "max",
	 OPTION(SIZE, framing_options, max),
	 .fallback = "1KiB",
	 .min = 8,
	 .max = 65536,
	 .help = "Longer frames are dropped, up to the next delimiter."},
	{.name = "gap",
	 OPTION(DURATION, framing_options, gap_ns),
	 .fallback = "2s",
	 .min = 0,
	 .max = 3600,
	 .help = "Silence inside a frame that makes the half frame void; 0s: none does."},
};

const struct option_table serial_framing_options = {
	.section = "framing",
	.manual = "gauged.yaml(5)",
	.rows = framing_rows,
	.count = ARRAY_SIZE(framing_rows),
	.name = "serial_framing",
};

static const struct option device_rows[] = {
	{.name = "bus",
	 OPTION(NODE, device_options, bus),
	 .shape = "name",
	 .help = "The bus it stands on."},
	{.name = "match",
	 OPTION(NODE, device_options, decoders[0]),
	 .shape = "text",
	 .help = "A PCRE2 pattern; its named groups are the fields of frames that match."},
	{.name = "csv",
	 OPTION(NODE, device_options, decoders[1]),
	 .shape = "true|serial_csv",
	 .help = "true or options: fields are columns, by number from 1 or by name."},
	{.name = "keyvalue",
	 OPTION(NODE, device_options, decoders[2]),
	 .shape = "true|serial_keyvalue",
	 .help = "true or options: fields are keys of pairs such as T=21.5."},
	{.name = "json",
	 OPTION(NODE, device_options, decoders[3]),
	 .shape = "true|serial_json",
	 .help = "true or options: fields are paths such as wind.speed."},
	{.name = "nmea",
	 OPTION(NODE, device_options, decoders[4]),
	 .shape = "true|serial_nmea",
	 .help = "true or options: NMEA 0183 sentences; fields are numbers, or groups of match."},
	{.name = "stale_after",
	 OPTION(DURATION, device_options, stale_ns),
	 .fallback = "60s",
	 .min = 0.001,
	 .max = 86400 * 365.0,
	 .help = "A value counts so long without a new one."},
	{.name = "points",
	 OPTION(MAP, device_options, points),
	 .shape = "{name:serial_point|null}",
	 .help = "The values of the device, by name."},
	{.name = "commands",
	 OPTION(MAP, device_options, commands),
	 .shape = "{name:serial_command|null}",
	 .help = "Points that are written and never read, by name: a text becomes one line."},
};

const struct option_table serial_device_options = {
	.section = "device",
	.manual = "gauged.yaml(5)",
	.rows = device_rows,
	.count = ARRAY_SIZE(device_rows),
	.name = "serial_device",
};

static const struct option point_rows[] = {
	{.name = "field",
	 OPTION(NODE, point_options, field),
	 .shape = "text|null",
	 .help = "The field it is read from; the name of the point if absent."},
};

const struct option_table serial_point_options = {
	.section = "point",
	.manual = "gauged.yaml(5)",
	.rows = point_rows,
	.count = ARRAY_SIZE(point_rows),
	.name = "serial_point",
	.also = &point_entry_options,
};

/* tcp://host:port, tcp://[::1]:port; what stands behind tcp:// is text. */
static bool parse_server(struct arena *arena, const char *text, struct stream_config *stream)
{
	const char *colon = strrchr(text, ':'), *end = colon;
	int64_t port;

	if (colon == NULL || str_to_int(colon + 1, &port) != 0 || port < 1 || port > 65535)
		return false;
	if (text[0] == '[') {
		if (end[-1] != ']')
			return false;
		text++;
		end--;
	} else if (memchr(text, ':', (size_t)(end - text)) != NULL) {
		return false;
	}
	if (end <= text)
		return false;
	stream->host = arena_text(arena, text, (size_t)(end - text));
	stream->port = (uint16_t)port;
	return true;
}

static bool parse_address(struct arena *arena, const struct bus_options *options,
			  const struct yaml_node *node, struct stream_config *stream,
			  struct diags *diags)
{
	bool fine = true;

	if (options->serial[0] == '/') {
		stream->tty.path = options->serial;
		return true;
	}
	if (strncmp(options->serial, "tcp://", 6) != 0 ||
	    !parse_server(arena, options->serial + 6, stream)) {
		diag_error(diags, yaml_get(node, "serial"),
			   "expected the path of a device or tcp://host:port, got '%s'",
			   options->serial);
		return false;
	}
	for (size_t i = 0; i < ARRAY_SIZE(serial_line_only); i++) {
		const struct yaml_node *key = yaml_key(node, serial_line_only[i]);

		if (key == NULL)
			continue;
		diag_error(diags, key, "%s is the serial server's affair, not the bus's",
			   serial_line_only[i]);
		fine = false;
	}
	return fine;
}

static bool parse_baud(const struct bus_options *options, const struct yaml_node *node,
		       struct stream_tty *tty, struct diags *diags)
{
	char room[300];
	struct str list;

	if (options->baud > 0 && options->baud < INT32_MAX &&
	    tty_line_baud_known((int)options->baud)) {
		tty->baud = (int)options->baud;
		return true;
	}
	str_init_fixed(&list, room, sizeof(room));
	for (size_t i = 0; tty_line_baud(i) != 0; i++)
		str_addf(&list, "%s%d", i > 0 ? " " : "", tty_line_baud(i));
	diag_error(diags, yaml_get(node, "baud"), "%jd is no standard baud rate",
		   (intmax_t)options->baud);
	diag_note(diags, "known: %s", room);
	return false;
}

static bool parse_framing(struct arena *arena, const struct yaml_node *node,
			  struct serial_frame_config *frame, struct diags *diags)
{
	struct framing_options options = {0};
	const struct option_binding binding = {&serial_framing_options, &options};
	const struct yaml_node *delimiter = node != NULL ? yaml_get(node, "delimiter") : NULL;

	if (!option_bind(arena, node, NULL, &binding, 1, diags))
		return false;
	frame->max = (size_t)options.max;
	frame->gap_ns = options.gap_ns;
	/* From the node, because a delimiter may be a NUL byte. */
	frame->delimiter = delimiter != NULL ? delimiter->text : "\n";
	frame->delimiter_len = delimiter != NULL ? delimiter->len : 1;
	if (frame->delimiter_len >= 1 && frame->delimiter_len <= SERIAL_DELIMITER_MAX)
		return true;
	diag_error(diags, delimiter, "expected a delimiter of 1 to %d bytes",
		   SERIAL_DELIMITER_MAX);
	return false;
}

static bool parse_bus(struct arena *arena, const struct input_source *source,
		      struct input_config *config, struct diags *diags)
{
	struct bus_options options = {0};
	const struct option_binding binding = {&serial_bus_options, &options};
	const char *what = arena_printf(arena, "bus '%s'", source->name);
	struct stream_config *stream = &config->stream;
	bool fine;

	if (!option_bind(arena, source->node, what, &binding, 1, diags))
		return false;
	stream->name = config->name = source->name;
	stream->connect_timeout_ns = serial_connect_ns;
	stream->backoff_min_ns = serial_backoff_min_ns;
	stream->backoff_max_ns = serial_backoff_max_ns;
	stream->user_timeout_ns = serial_user_timeout_ns;
	stream->tty.parity = (enum stream_parity)options.parity;
	stream->tty.data_bits = (int)options.data_bits;
	stream->tty.stop_bits = (int)options.stop_bits;
	/* Framing errors and breaks are marked without parity, too. */
	stream->tty.check_parity = true;
	config->max_lines = options.max_lines;
	fine = parse_address(arena, &options, source->node, stream, diags);
	fine &= parse_baud(&options, source->node, &stream->tty, diags);
	fine &= parse_framing(arena, options.framing, &config->frame, diags);
	config->frame.marked = stream->host == NULL;
	config->line = (struct point_line){
		.end = config->frame.delimiter,
		.end_len = config->frame.delimiter_len,
		.max = config->frame.max < VALUE_TEXT_MAX ? config->frame.max : VALUE_TEXT_MAX,
		.ascii = stream->host == NULL && options.data_bits < 8,
	};
	config->data_bits = stream->host == NULL ? (int)options.data_bits : 8;
	return fine;
}

/* The one way to read fields; nmea: may stand in front of match: as a filter. */
static struct serial_decoder *parse_decoder(struct arena *arena,
					    const struct input_device *source,
					    const struct device_options *options,
					    struct serial_device *device, struct diags *diags)
{
	struct serial_decoder *found = NULL, *nmea = NULL;
	bool many = false, fine = true;

	for (size_t i = 0; serial_decoder_types[i] != NULL; i++) {
		const struct serial_decoder_type *type = serial_decoder_types[i];
		struct serial_decoder *decoder;

		if (options->decoders[i] == NULL)
			continue;
		decoder = type->parse(arena, options->decoders[i], diags);
		fine &= decoder != NULL;
		if (type == &serial_nmea && device->type == &serial_match) {
			nmea = decoder;
			continue;
		}
		many |= device->type != NULL;
		device->type = type;
		found = decoder;
	}
	if (!fine)
		return NULL;
	if (device->type == NULL || many) {
		diag_error(diags, source->node,
			   "device '%s' needs one of match, csv, keyvalue, json or nmea%s",
			   source->name, many ? ", not several (nmea goes with match)" : "");
		return NULL;
	}
	device->filter = nmea;
	device->decoder = found;
	return found;
}

static bool parse_point(struct arena *arena, const struct serial_device *device,
			struct serial_decoder *decoder, const struct yaml_node *key,
			const struct yaml_node *node, struct point_scaling *ret,
			struct point_table *points, struct diags *diags)
{
	struct point_entry entry = {0};
	struct point_options options = {0};
	const struct option_binding bindings[] = {
		{&serial_point_options, &options},
		{&point_entry_options, &entry},
	};
	const char *what = arena_printf(arena, "point '%s.%s'", device->name, key->text);

	if (!option_bind(arena, node, what, bindings, ARRAY_SIZE(bindings), diags) ||
	    !point_entry_add(arena, device->name, key, node, &entry, device->stale_ns, points,
			     diags) ||
	    !device->type->want(decoder, options.field != NULL ? options.field : key, diags))
		return false;
	*ret = point_entry_scaling(&entry);
	return true;
}

static bool parse_points(struct arena *arena, const struct input_device *source,
			 const struct device_options *options, struct serial_device *device,
			 struct point_table *points, struct diags *diags)
{
	struct serial_decoder *decoder = parse_decoder(arena, source, options, device, diags);
	struct point_scaling *list;
	bool fine = true;

	if (decoder == NULL)
		return false;
	device->point_count = options->points->count;
	device->points = list = arena_take(arena, device->point_count + 1, sizeof(*list));
	for (size_t i = 0; i < device->point_count; i++)
		fine &= parse_point(arena, device, decoder, options->points->keys[i],
				    options->points->values[i], &list[i], points, diags);
	return fine;
}

/* What is only written has no fields to read. */
static bool parse_no_points(const struct input_device *source,
			    const struct device_options *options, struct diags *diags)
{
	if (options->commands == NULL || options->commands->count == 0) {
		diag_error(diags, source->node, "device '%s' needs 'points' or 'commands'",
			   source->name);
		return false;
	}
	for (size_t i = 0; serial_decoder_types[i] != NULL; i++) {
		if (options->decoders[i] == NULL)
			continue;
		diag_error(diags, yaml_key(source->node, serial_decoder_types[i]->key),
			   "device '%s' reads nothing: it has no 'points'", source->name);
		return false;
	}
	return true;
}

static bool parse_device(struct arena *arena, const struct input_device *source,
			 struct input_config *config, struct serial_device *device,
			 struct point_table *points, struct diags *diags)
{
	struct device_options options = {0};
	const struct option_binding binding = {&serial_device_options, &options};
	const char *what = arena_printf(arena, "device '%s'", source->name);
	bool fine;

	if (!option_bind(arena, source->node, what, &binding, 1, diags))
		return false;
	device->name = source->name;
	device->stale_ns = options.stale_ns;
	device->first_point = config->point_count;
	fine = options.points != NULL
		       ? parse_points(arena, source, &options, device, points, diags)
		       : parse_no_points(source, &options, diags);
	config->point_count += (uint32_t)device->point_count;
	return serial_command_parse(arena, device->name, options.commands, config, points,
				    diags) &&
	       fine;
}

struct input_config *serial_config_parse(struct arena *arena, const struct input_source *source,
					 struct point_table *points, struct diags *diags)
{
	struct input_config *config = arena_take(arena, 1, sizeof(*config));
	struct serial_device *devices =
		arena_take(arena, source->device_count + 1, sizeof(*devices));
	bool fine = parse_bus(arena, source, config, diags);

	config->device_count = source->device_count;
	config->devices = devices;
	for (size_t i = 0; i < source->device_count; i++)
		fine &= parse_device(arena, &source->devices[i], config, &devices[i], points,
				     diags);
	return fine ? config : NULL;
}
