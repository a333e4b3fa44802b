/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Every type in every order, read from and written to devices that others wrote: libmodbus
 * in a child process, over TCP and on a serial line, and pymodbus.
 */
#include <errno.h>
#include <math.h>
#include <modbus/modbus.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/log.h"
#include "base/str.h"
#include "inputs/modbus.h"
#include "modbus_case.h"
#include "peer.h"
#include "pty.h"

enum { WORDS = 200, BITS = 400 };

/* Each stands at 10 * row of both tables of registers, in the four orders one after another. */
static const struct {
	const char *type;
	unsigned registers;
	uint64_t raw;
	double value;
} rows[] = {
	{"int16", 1, 0xfb2e, -1234},
	{"uint16", 1, 0xfb2e, 64302},
	{"int32", 2, 0xfffffffe, -2},
	{"uint32", 2, 0x00012345, 74565},
	{"float32", 2, 0x47f12000, 123456},
	{"bcd16", 1, 0x1234, 1234},
	{"bcd32", 2, 0x12345678, 12345678},
	{"int64", 4, 0xffffffffffffff85, -123},
	{"uint64", 4, 0x0000000123456789, 4886718345.0},
	{"float64", 4, 0x40934a456d5cfaad, 1234.5678},
};

static const char *const orders[] = {"ABCD", "CDAB", "BADC", "DCBA"};

static uint16_t words[WORDS];

/* Independent of the code under test: byte by byte as the order's name says. */
static void put_raw(uint16_t *to, unsigned registers, uint64_t raw, unsigned order)
{
	for (unsigned i = 0; i < registers; i++) {
		unsigned from_low = order == 0 || order == 2 ? registers - 1 - i : i;
		uint16_t word = (uint16_t)(raw >> (16 * from_low));

		to[i] = order >= 2 ? (uint16_t)(word << 8 | word >> 8) : word;
	}
}

static void fill_words(void)
{
	for (unsigned row = 0; row < ARRAY_SIZE(rows); row++) {
		for (unsigned order = 0; order < ARRAY_SIZE(orders); order++)
			put_raw(&words[16 * row + rows[row].registers * order],
				rows[row].registers, rows[row].raw, order);
	}
	/* "gauged 1" in the four registers from 192 */
	words[192] = 'g' << 8 | 'a';
	words[193] = 'u' << 8 | 'g';
	words[194] = 'e' << 8 | 'd';
	words[195] = ' ' << 8 | '1';
	words[196] = 0x8008; /* bits 3 and 15 */
}

/* The devices: 'h' reads holding registers and may write them, 'i' input registers. */
static void make_yaml(struct str *out, const char *bus)
{
	str_addf(out, "buses: {plc: {%s, timeout: 5s}}\ndevices:\n", bus);
	for (unsigned device = 0; device < 2; device++) {
		str_addf(out, "  %c:\n    bus: plc\n    poll: 50ms\n    points:\n",
			 device ? 'i' : 'h');
		for (unsigned row = 0; row < ARRAY_SIZE(rows); row++) {
			for (unsigned order = 0; order < ARRAY_SIZE(orders); order++)
				str_addf(out, "      %s-%s: {%s: %u, type: %s, order: %s%s}\n",
					 rows[row].type, orders[order],
					 device ? "input" : "holding",
					 16 * row + rows[row].registers * order, rows[row].type,
					 orders[order], device ? "" : ", write: true");
		}
		str_addf(out, "      text: {%s: 192, type: string(4)}\n",
			 device ? "input" : "holding");
		str_addf(out, "      word: {%s: 196, bits: {a: 3, b: 4, c: 12..15}}\n",
			 device ? "input" : "holding");
		if (device == 0)
			str_adds(out, "      mask: {holding: 197, write: true, verify: true, "
				      "write_bits: mask, bits: {a: 0, b: 15, c: 4..6}}\n"
				      "      rmw: {holding: 198, write: true, verify: true, "
				      "write_bits: rmw, bits: {a: 0, b: 15, c: 4..6}}\n");
		str_addf(out,
			 "      bit0: {%s: 0%s}\n      bit1: {%s: 1}\n      far: {%s: 399}\n",
			 device ? "discrete" : "coil", device ? "" : ", write: true",
			 device ? "discrete" : "coil", device ? "discrete" : "coil");
	}
}

struct server {
	pid_t pid;
	unsigned port;
	int end; /* closing it ends the server */
};

static modbus_mapping_t *libmodbus_mapping(void)
{
	modbus_mapping_t *mapping = modbus_mapping_new(BITS, BITS, WORDS, WORDS);

	for (unsigned i = 0; i < BITS; i++)
		mapping->tab_bits[i] = mapping->tab_input_bits[i] = i % 3 == 0;
	memcpy(mapping->tab_registers, words, sizeof(words));
	memcpy(mapping->tab_input_registers, words, sizeof(words));
	return mapping;
}

static void libmodbus_serve(modbus_t *ctx, int listener)
{
	modbus_mapping_t *mapping = libmodbus_mapping();
	uint8_t query[MODBUS_TCP_MAX_ADU_LENGTH];
	int rc;

	for (;;) {
		if (modbus_tcp_accept(ctx, &listener) < 0)
			_exit(1);
		while ((rc = modbus_receive(ctx, query)) >= 0) {
			if (rc > 0)
				modbus_reply(ctx, query, rc, mapping);
		}
		modbus_close(ctx);
	}
}

static void libmodbus_start(struct server *server)
{
	modbus_t *ctx = modbus_new_tcp("127.0.0.1", 0);
	int listener = modbus_tcp_listen(ctx, 1);
	struct sockaddr_in address;
	socklen_t len = sizeof(address);

	assert_true(listener >= 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &len), 0);
	server->port = ntohs(address.sin_port);
	server->end = -1;
	server->pid = fork();
	if (server->pid == 0)
		libmodbus_serve(ctx, listener);
	close(listener);
	modbus_free(ctx);
}

/* False: pymodbus is not installed here. */
static bool pymodbus_start(struct server *server)
{
	const char *srcdir = getenv("srcdir");
	char path[512], line[128] = "", hex[WORDS][8];
	char *argv[WORDS + 2];
	int in[2], out[2];
	ssize_t n;

	snprintf(path, sizeof(path), "%s/tests/modbus/pymodbus_server",
		 srcdir != NULL ? srcdir : ".");
	argv[0] = path;
	for (unsigned i = 0; i < WORDS; i++) {
		snprintf(hex[i], sizeof(hex[i]), "%x", words[i]);
		argv[i + 1] = hex[i];
	}
	argv[WORDS + 1] = NULL;
	assert_int_equal(pipe(in), 0);
	assert_int_equal(pipe(out), 0);
	server->pid = fork();
	if (server->pid == 0) {
		dup2(in[0], STDIN_FILENO);
		dup2(out[1], STDOUT_FILENO);
		close(in[1]);
		execv(path, argv);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	server->end = in[1];
	n = read(out[0], line, sizeof(line) - 1);
	close(out[0]);
	if (n <= 0 || strncmp(line, "skip", 4) == 0) {
		close(in[1]);
		waitpid(server->pid, NULL, 0);
		print_message("pymodbus can't be used here: %s\n", line);
		return false;
	}
	server->port = (unsigned)atoi(line);
	return true;
}

static void server_stop(struct server *server)
{
	if (server->end >= 0)
		close(server->end);
	else
		kill(server->pid, SIGTERM);
	waitpid(server->pid, NULL, 0);
}

static void assert_table(struct modbus_case *c, const char *device)
{
	char name[64];

	for (unsigned row = 0; row < ARRAY_SIZE(rows); row++) {
		for (unsigned order = 0; order < ARRAY_SIZE(orders); order++) {
			struct modbus_seen *seen;

			snprintf(name, sizeof(name), "%s.%s-%s", device, rows[row].type,
				 orders[order]);
			seen = modbus_case_seen(c, name);
			if (seen->good == 0 || seen->last.value.number != rows[row].value)
				fail_msg("%s: %g instead of %g", name, seen->last.value.number,
					 rows[row].value);
		}
	}
	snprintf(name, sizeof(name), "%s.text", device);
	assert_string_equal(modbus_case_seen(c, name)->last.value.text, "gauged 1");
	snprintf(name, sizeof(name), "%s.word.a", device);
	assert_true(modbus_case_seen(c, name)->last.value.flag);
	snprintf(name, sizeof(name), "%s.word.b", device);
	assert_false(modbus_case_seen(c, name)->last.value.flag);
	snprintf(name, sizeof(name), "%s.word.c", device);
	assert_true(modbus_case_seen(c, name)->last.value.number == 8);
	snprintf(name, sizeof(name), "%s.bit1", device);
	assert_false(modbus_case_seen(c, name)->last.value.flag);
	snprintf(name, sizeof(name), "%s.far", device);
	assert_true(modbus_case_seen(c, name)->last.value.flag);
}

static void write_ended(void *arg, const struct write_result *result)
{
	unsigned *done = arg;

	assert_int_equal(result->outcome, WRITE_DONE);
	(*done)++;
}

/* Writes one more than stands there to every value, and waits until it is read back. */
static void assert_writes(struct modbus_case *c)
{
	struct error err;
	unsigned done = 0, asked = 0;
	char name[64];

	for (unsigned row = 0; row < ARRAY_SIZE(rows); row++) {
		for (unsigned order = 0; order < ARRAY_SIZE(orders); order++) {
			double value = rows[row].value + 1;
			struct modbus_seen *seen;

			snprintf(name, sizeof(name), "h.%s-%s", rows[row].type, orders[order]);
			seen = modbus_case_seen(c, name);
			assert_int_equal(input_modbus.write(
						 c->input, modbus_case_point(c, name),
						 value_number(value), write_ended, &done, &err),
					 0);
			asked++;
			PEER_UNTIL(c->loop, done == asked);
			PEER_UNTIL(c->loop, seen->last.value.number == value);
		}
	}
	assert_true(modbus_case_seen(c, "h.bit0")->last.value.flag);
	assert_int_equal(input_modbus.write(c->input, modbus_case_point(c, "h.bit0"),
					    value_bool(false), write_ended, &done, &err),
			 0);
	PEER_UNTIL(c->loop, done == asked + 1);
	PEER_UNTIL(c->loop, !modbus_case_seen(c, "h.bit0")->last.value.flag);
}

static void write_and_wait(struct modbus_case *c, const char *name, double number)
{
	struct value value =
		name[strlen(name) - 1] == 'c' ? value_number(number) : value_bool(number != 0);
	struct error err;
	unsigned done = 0;

	assert_int_equal(input_modbus.write(c->input, modbus_case_point(c, name), value,
					    write_ended, &done, &err),
			 0);
	PEER_UNTIL(c->loop, done == 1);
}

/* Both ways, verified: the bits that were not written stay as they are. */
static void assert_writes_bits(struct modbus_case *c)
{
	static const char *const ways[] = {"mask", "rmw"};
	char a[16], b[16], middle[16];

	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		snprintf(a, sizeof(a), "h.%s.a", ways[i]);
		snprintf(b, sizeof(b), "h.%s.b", ways[i]);
		snprintf(middle, sizeof(middle), "h.%s.c", ways[i]);
		write_and_wait(c, a, 1);
		write_and_wait(c, middle, 6);
		write_and_wait(c, b, 1);
		write_and_wait(c, middle, 5);
		write_and_wait(c, a, 0);
		/* What was read last may be older than the writes. */
		PEER_UNTIL(c->loop,
			   !modbus_case_seen(c, a)->last.value.flag &&
				   modbus_case_seen(c, b)->last.value.flag &&
				   modbus_case_seen(c, middle)->last.value.number == 5);
	}
}

/* loop NULL: of its own. */
static void assert_device(const char *bus, unsigned port, struct loop *loop)
{
	struct modbus_case *c = xcalloc(1, sizeof(*c));
	struct str yaml;

	str_init(&yaml);
	make_yaml(&yaml, bus);
	modbus_case_init(c, yaml.s, port);
	str_done(&yaml);
	c->loop = loop;
	modbus_case_open(c);
	PEER_UNTIL(c->loop, modbus_case_seen(c, "i.far")->good > 0 &&
				    modbus_case_seen(c, "h.far")->good > 0 &&
				    modbus_case_seen(c, "i.word.c")->good > 0 &&
				    modbus_case_seen(c, "h.word.c")->good > 0);
	assert_table(c, "h");
	assert_table(c, "i");
	assert_writes(c);
	assert_writes_bits(c);
	assert_int_equal(modbus_case_count(c, -1, "exceptions"), 0);
	assert_int_equal(modbus_case_count(c, -1, "garbled"), 0);
	assert_int_equal(modbus_case_count(c, -1, "timeouts"), 0);
	assert_int_equal(modbus_case_count(c, -1, "bad_readings"), 0);
	if (loop != NULL) {
		input_modbus.close(c->input);
		c->input = NULL;
		c->loop = NULL;
	}
	modbus_case_done(c);
	free(c);
}

static const char over_tcp[] = "modbus: 'tcp://127.0.0.1:%u'";

static void test_every_type_and_order_with_libmodbus(void **state)
{
	struct server server;

	libmodbus_start(&server);
	assert_device(over_tcp, server.port, NULL);
	server_stop(&server);
}

static void test_every_type_and_order_with_pymodbus(void **state)
{
	struct server server;

	if (!pymodbus_start(&server))
		skip();
	assert_device(over_tcp, server.port, NULL);
	server_stop(&server);
}

/* Two pseudo-terminals back to back: what one end sends comes out of the other. */
struct cable {
	struct pty ends[2];
	struct loop_watch *watches[2];
};

static void cable_carry(const struct pty *from, const struct pty *to)
{
	uint8_t bytes[512];
	ssize_t n = read(from->master, bytes, sizeof(bytes));

	if (n > 0)
		assert_int_equal(write(to->master, bytes, (size_t)n), n);
}

static void cable_there(void *arg, unsigned what)
{
	struct cable *cable = arg;

	cable_carry(&cable->ends[0], &cable->ends[1]);
}

static void cable_back(void *arg, unsigned what)
{
	struct cable *cable = arg;

	cable_carry(&cable->ends[1], &cable->ends[0]);
}

static void libmodbus_serve_line(const char *path)
{
	modbus_t *ctx = modbus_new_rtu(path, 115200, 'E', 8, 1);
	modbus_mapping_t *mapping = libmodbus_mapping();
	uint8_t query[MODBUS_RTU_MAX_ADU_LENGTH];

	/* A test that fails ends it too. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (modbus_set_slave(ctx, 1) != 0 || modbus_connect(ctx) != 0)
		_exit(1);
	for (;;) {
		int rc = modbus_receive(ctx, query);

		if (rc > 0)
			modbus_reply(ctx, query, rc, mapping);
	}
}

static void test_every_type_and_order_with_libmodbus_on_a_serial_line(void **state)
{
	struct cable cable;
	struct error err;
	struct loop *loop = loop_new(&err);
	char bus[256];
	pid_t pid;

	for (int i = 0; i < 2; i++)
		pty_plug(&cable.ends[i]);
	pid = fork();
	if (pid == 0)
		libmodbus_serve_line(cable.ends[1].device);
	cable.watches[0] =
		loop_watch_new(loop, cable.ends[0].master, LOOP_READ, cable_there, &cable);
	cable.watches[1] =
		loop_watch_new(loop, cable.ends[1].master, LOOP_READ, cable_back, &cable);
	/* It hears from when it has set its line, which throws away what came before. */
	peer_wait(loop, 300 * NSEC_PER_MSEC);
	snprintf(bus, sizeof(bus), "modbus: 'rtu://%s', baud: 115200, parity: even, idle: 1s",
		 cable.ends[0].path);
	assert_device(bus, 0, loop);
	kill(pid, SIGTERM);
	waitpid(pid, NULL, 0);
	for (int i = 0; i < 2; i++) {
		loop_watch_free(cable.watches[i]);
		pty_unplug(&cable.ends[i]);
	}
	loop_free(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_type_and_order_with_libmodbus),
		cmocka_unit_test(test_every_type_and_order_with_libmodbus_on_a_serial_line),
		cmocka_unit_test(test_every_type_and_order_with_pymodbus),
	};

	log_init(STDERR_FILENO, LOG_LEVEL_ERROR);
	fill_words();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
