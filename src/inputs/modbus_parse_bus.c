/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns what the map of a Modbus bus is turned into: where it is, and how its line is driven. */
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/str.h"
#include "conf/yaml.h"
#include "inputs/modbus_parse.h"
#include "io/tty_line.h"

enum { MODBUS_PORT = 502 };

static const int64_t user_timeout_min_ns = 5 * NSEC_PER_SEC;

/* How the bus is reached. */
enum reach { REACH_TCP = 1, REACH_LINE = 2, REACH_SERVER = 4 };

static const struct scheme {
	const char *name;
	enum reach reach;
} schemes[] = {
	{"tcp://", REACH_TCP},
	{"rtu://", REACH_LINE},
	{"rtu+tcp://", REACH_SERVER},
};

static const char for_line[] = "it is for a serial line, modbus: rtu:///dev/NAME";
static const char for_rtu[] = "it is for Modbus RTU, modbus: rtu:///dev/NAME or "
			      "rtu+tcp://HOST:PORT";

/* Options that do not go with every bus. */
static const struct {
	const char *key;
	unsigned reach;
	const char *why;
} options_of[] = {
	{"connect_timeout", REACH_TCP | REACH_SERVER, "a serial line is opened, not connected"},
	{"in_flight", REACH_TCP,
	 "RTU frames carry no number, so only one request is on its way"},
	{"baud", REACH_LINE, for_line},
	{"parity", REACH_LINE, for_line},
	{"stop_bits", REACH_LINE, for_line},
	{"rs485", REACH_LINE, for_line},
	{"adapter", REACH_LINE, for_line},
	{"echo", REACH_LINE | REACH_SERVER, for_rtu},
	{"gap", REACH_LINE | REACH_SERVER, for_rtu},
	{"idle", REACH_LINE | REACH_SERVER, for_rtu},
	{"quarantine", REACH_LINE | REACH_SERVER, for_rtu},
	{"turnaround", REACH_LINE | REACH_SERVER, for_rtu},
};

/* Ports that hand over each character as it comes, by the beginning of their names. */
static const char *const uarts[] = {"ttyS", "ttyAMA", "ttymxc", "ttyO", "ttyPS", "serial"};

static bool parse_port(const char *text, uint16_t *ret)
{
	int64_t port;

	if (str_to_int(text, &port) != 0 || port < 1 || port > 65535)
		return false;
	*ret = (uint16_t)port;
	return true;
}

/*
 * HOST, HOST:PORT, [ADDRESS], [ADDRESS]:PORT; a bare IPv6 address has no port, and where there
 * is none, the port stays as it is.
 */
static bool parse_host(struct arena *arena, const char *text, struct stream_config *ret)
{
	const char *colon = strrchr(text, ':');
	size_t len = strlen(text);

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

static bool parse_reach(struct arena *arena, enum reach reach, const char *rest,
			struct stream_config *ret)
{
	switch (reach) {
	case REACH_LINE:
		ret->tty.path = rest;
		return rest[0] == '/';
	case REACH_TCP:
		ret->port = MODBUS_PORT;
		return parse_host(arena, rest, ret);
	case REACH_SERVER:
		ret->port = 0;
		return parse_host(arena, rest, ret);
	}
	return false;
}

/* NULL after an error was added. */
static const struct scheme *parse_address(struct modbus_parse *parse,
					  const struct yaml_node *node, const char *address)
{
	struct stream_config *stream = &parse->config->bus.stream;
	const struct scheme *scheme = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(schemes); i++) {
		if (strncmp(address, schemes[i].name, strlen(schemes[i].name)) == 0)
			scheme = &schemes[i];
	}
	if (scheme == NULL ||
	    !parse_reach(parse->arena, scheme->reach, address + strlen(scheme->name), stream)) {
		modbus_parse_error(parse, node, "'%s' is no address of a Modbus bus", address);
		diag_note(parse->diags, "expected: tcp://HOST or tcp://HOST:PORT, "
					"rtu:///dev/NAME, or rtu+tcp://HOST:PORT");
		return NULL;
	}
	if (scheme->reach == REACH_SERVER && stream->port == 0) {
		modbus_parse_error(parse, node, "'%s' has no port", address);
		diag_note(parse->diags, "expected: rtu+tcp://HOST:PORT; every make of serial "
					"server has another port");
		return NULL;
	}
	return scheme;
}

static void check_options(struct modbus_parse *parse, const struct yaml_node *node,
			  const struct scheme *scheme)
{
	for (size_t i = 0; i < ARRAY_SIZE(options_of); i++) {
		const struct yaml_node *key = yaml_key(node, options_of[i].key);

		if (key == NULL || (options_of[i].reach & scheme->reach) != 0)
			continue;
		modbus_parse_error(parse, key, "'%s' does not go with %s", key->text,
				   scheme->name);
		diag_note(parse->diags, "hint: %s",
			  scheme->reach == REACH_SERVER && options_of[i].why == for_line
				  ? "the serial server drives the line, and has this setting"
				  : options_of[i].why);
	}
}

/* Whole milliseconds, as the kernel takes them. */
static int parse_rts_delay(struct modbus_parse *parse, const struct yaml_node *map,
			   const char *key, int64_t ns)
{
	if (ns % NSEC_PER_MSEC != 0)
		modbus_parse_error(parse, yaml_get(map, key),
				   "'%s' has to be whole milliseconds, as the kernel takes it",
				   key);
	return (int)(ns / NSEC_PER_MSEC);
}

static void parse_rs485(struct modbus_parse *parse, const struct yaml_node *map,
			struct stream_rs485 *ret)
{
	struct modbus_rs485_settings options = {0};
	const struct option_binding binding = {&modbus_rs485_options, &options};

	if (map == NULL)
		return;
	if (!option_bind(parse->arena, map, NULL, &binding, 1, parse->diags)) {
		parse->ok = false;
		return;
	}
	if (yaml_get(map, "rts_after_send") == NULL)
		options.rts_after_send = !options.rts_on_send;
	if (options.rts_after_send == options.rts_on_send)
		modbus_parse_error(parse, yaml_key(map, "rts_after_send"),
				   "'rts_after_send' is the same as 'rts_on_send': the line "
				   "would never change its direction");
	*ret = (struct stream_rs485){
		.on = true,
		.rts_on_send = options.rts_on_send,
		.rts_after_send = options.rts_after_send,
		.rx_during_tx = options.rx_during_tx,
		.termination = options.termination,
		.before_ms =
			parse_rts_delay(parse, map, "delay_before", options.delay_before_ns),
		.after_ms = parse_rts_delay(parse, map, "delay_after", options.delay_after_ns),
	};
}

/*
 * A UART which is taken for USB gives a damaged answer up a little later; the other way round,
 * good answers that come in two batches would be given up: so what is not known is USB.
 */
static bool is_usb(const char *path, int adapter)
{
	const char *name = strrchr(path, '/') + 1;

	if (adapter != MODBUS_ADAPTER_AUTO)
		return adapter == MODBUS_ADAPTER_USB;
	for (size_t i = 0; i < ARRAY_SIZE(uarts); i++) {
		if (strncmp(name, uarts[i], strlen(uarts[i])) == 0)
			return false;
	}
	return true;
}

static void parse_line(struct modbus_parse *parse, const struct yaml_node *node,
		       const struct modbus_bus_settings *options)
{
	struct modbus_bus_config *bus = &parse->config->bus;
	struct stream_tty *tty = &bus->stream.tty;
	int baud = (int)options->baud;

	if (!tty_line_baud_known(baud)) {
		diag_warning(parse->diags, yaml_get(node, "baud"),
			     "%d is no standard baud rate: few ports can do it", baud);
		diag_note(parse->diags, "hint: the nearest standard one is %d",
			  tty_line_baud_near(baud));
	}
	tty->baud = baud;
	tty->parity = (enum stream_parity)options->parity;
	tty->data_bits = 8;
	/* MODBUS over Serial Line V1.02, section 2.5.1: a character has 11 bits. */
	tty->stop_bits = options->stop_bits != 0      ? (int)options->stop_bits
			 : tty->parity == PARITY_NONE ? 2
						      : 1;
	tty->low_latency = true;
	parse_rs485(parse, options->rs485, &tty->rs485);
	if (tty->rs485.rx_during_tx && !options->echo) {
		diag_warning(parse->diags, yaml_key(options->rs485, "rx_during_tx"),
			     "the receiver stays on while sending, so two wires give back what "
			     "is sent");
		diag_note(parse->diags, "hint: with two wires this needs 'echo: true'");
	}
	bus->line.baud = baud;
	bus->line.bits = 1 + tty->data_bits + (tty->parity != PARITY_NONE) + tty->stop_bits;
	bus->line.usb = is_usb(tty->path, options->adapter);
}

static void parse_stream(struct modbus_parse *parse, const struct input_source *source,
			 const struct modbus_bus_settings *options)
{
	struct stream_config *stream = &parse->config->bus.stream;

	if (options->reconnect_min_ns > options->reconnect_max_ns)
		modbus_parse_error(parse, yaml_get(source->node, "reconnect_min"),
				   "'reconnect_min' is longer than 'reconnect_max'");
	stream->name = source->name;
	stream->connect_timeout_ns = options->connect_timeout_ns;
	stream->backoff_min_ns = options->reconnect_min_ns;
	stream->backoff_max_ns = options->reconnect_max_ns;
	/* A peer that takes no bytes for so long is gone; never less than an answer may take.
	 */
	stream->user_timeout_ns = options->timeout_ns > user_timeout_min_ns
					  ? options->timeout_ns
					  : user_timeout_min_ns;
}

void modbus_parse_bus(struct modbus_parse *parse, const struct input_source *source,
		      struct modbus_bus_settings *ret_options)
{
	const struct option_binding binding = {&modbus_bus_options, ret_options};
	const char *what = arena_printf(parse->arena, "bus '%s'", source->name);
	struct modbus_bus_config *bus = &parse->config->bus;
	const struct scheme *scheme;

	if (!option_bind(parse->arena, source->node, what, &binding, 1, parse->diags)) {
		parse->ok = false;
		return;
	}
	parse_stream(parse, source, ret_options);
	bus->in_flight = (int)ret_options->in_flight;
	if (ret_options->serve != NULL &&
	    !modbus_serve_parse(parse->arena, source->name, ret_options->serve,
				&parse->config->serve, parse->diags))
		parse->ok = false;
	scheme = parse_address(parse, yaml_get(source->node, "modbus"), ret_options->address);
	if (scheme == NULL)
		return;
	check_options(parse, source->node, scheme);
	if (scheme->reach == REACH_TCP)
		return;
	bus->framing = MODBUS_RTU;
	bus->line.echo = ret_options->echo;
	bus->line.gap_ns = ret_options->gap_ns;
	bus->line.idle_ns = ret_options->idle_ns;
	bus->line.quarantine_ns = ret_options->quarantine_ns;
	bus->line.turnaround_ns = ret_options->turnaround_ns;
	if (scheme->reach == REACH_LINE)
		parse_line(parse, source->node, ret_options);
}
