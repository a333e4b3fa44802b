/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* What may be said about Modbus devices, and what is told about mistakes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "conf/diag.h"
#include "model/point.h"
#include "inputs/modbus_config.h"
#include "modbus_case.h"

static int setup(void **state)
{
	*state = xcalloc(1, sizeof(struct modbus_case));
	return 0;
}

static int teardown(void **state)
{
	free(*state);
	return 0;
}

/* One device on a bus at 192.0.2.1, with one point. */
static void with_point(struct modbus_case *c, const char *device, const char *point)
{
	char yaml[2048];

	snprintf(yaml, sizeof(yaml),
		 "buses: {plc: {modbus: 'tcp://192.0.2.1'}}\n"
		 "devices: {a: {bus: plc%s, points: {x: {%s}}}}\n",
		 device, point);
	modbus_case_init(c, yaml, 0);
}

static void assert_refused(struct modbus_case *c, const char *expected)
{
	assert_null(c->config);
	if (strstr(conf_case_said(&c->conf), expected) == NULL)
		fail_msg("expected: %s\nsaid: %s", expected, conf_case_said(&c->conf));
	modbus_case_done(c);
}

static void test_mistakes_in_points(void **state)
{
	static const struct {
		const char *device, *point, *said;
	} rows[] = {
		{"", "type: int16", "it is not said where"},
		{"", "holding: 1, coil: 2", "stands in one place"},
		{"", "holding: 1, ref: 40002", "stands in one place"},
		{"", "holding: 65536", "is no address"},
		{"", "holding: -1", "is no address"},
		{"", "holding: x", "is no address"},
		{"", "holding: 65535, type: float32", "behind the last address"},
		{"", "ref: 20001", "is no Modbus reference"},
		{"", "ref: 40000", "is no Modbus reference"},
		{"", "ref: 4001", "is no Modbus reference"},
		{"", "ref: 465537", "is no Modbus reference"},
		{"", "holding: 1, type: float16", "did you mean 'float32'"},
		{"", "holding: 1, type: string(124)", "1 to 123 registers"},
		{"", "holding: 1, type: bool", "a register is no bool"},
		{"", "coil: 1, type: int16", "are of type bool"},
		{"", "holding: 1, scale: 0", "can't be 0"},
		{"", "holding: 1, invalid: [0x10000]", "fewer bits"},
		{"", "holding: 1, invalid: [never]", "expected a raw value"},
		{"", "coil: 1, invalid: [1]", "for numbers only"},
		{"", "coil: 1, scale: 0.1", "'scale' is for numbers only"},
		{"", "discrete: 1, offset: 1", "'offset' is for numbers only"},
		{"", "coil: 1, range: [0, 1]", "'range' is for numbers only"},
		{"", "holding: 1, type: string(4), scale: 2", "'scale' is for numbers only"},
		{"", "input: 1, write: true", "can't be written"},
		{"", "discrete: 1, write: true", "can't be written"},
		{"", "holding: 1, bits: {a: 16}", "a bit from 0 to 15"},
		{"", "holding: 1, bits: {a: 4..2}", "a bit from 0 to 15"},
		{"", "holding: 1, bits: {1a: 2}", "no name for a bit"},
		{"", "holding: 1, type: float32, bits: {a: 1}", "have bits"},
		{"", "holding: 1, type: bcd16, bits: {a: 1}", "have bits"},
		{"", "holding: 1, write: true, bits: {a: 1}", "how bits of this register"},
		{", write_bits: mask", "holding: 1, write: true, bits: {a: 1}, write_bits: no",
		 "'write_bits: rmw'"},
		{", write_bits: mask",
		 "holding: 1, type: uint32, write: true, bits: {a: 12..20}",
		 "'a' stands in 2 registers"},
		{", write_function: single", "holding: 1, type: uint32, write: true",
		 "this value has 2"},
		{", write_function: single, write_bits: rmw",
		 "holding: 1, type: uint32, write: true, bits: {a: 12..20}",
		 "this value has 2"},
		{"", "holding: 1, verify: true", "'verify' is for points with 'write: true'"},
		{"", "holding: 1, write_function: single", "'write_function' is for points"},
		{"", "holding: 1, write: true, write_bits: rmw", "and 'bits' only"},
		{"", "holding: 1, bits: {a: 1}, write_bits: rmw", "'write_bits' is for points"},
		{"", "holding: 1, write: true, write_function: 6", "one of auto, single"},
		{"", "input: 1, write: true, bits: {a: 1}", "can't be written"},
		{"", "coil: 1, min_off: 3s", "'min_off' is for points with 'write: true'"},
		{"", "holding: 1, on_stop: 0", "'on_stop' is for points with 'write: true'"},
		{"", "holding: 1, write: true, max_on: 3s", "that are true or false"},
		{"", "coil: 1, write: true, min_on: 5s, max_on: 3s", "less than 'min_on'"},
		{"", "coil: 1, write: true, max_on: 3s, on_stop: on", "leaves it on"},
		{"", "coil: 1, write: true, max_changes: 1001/h", "up to 1000 changes"},
		{"", "coil: 1, write: true, max_changes: 3", "a rate such as"},
		{"", "coil: 1, write: true, on_stop: 3", "must be true or false"},
		{"", "holding: 1, write: true, range: [1, 5], on_unknown: 7",
		 "out of the range"},
		{"", "holding: 1, write: true, unknown_after: -1s", "'unknown_after'"},
		{"", "holding: 1, unit: degX", "is no unit"},
		{"", "holding: 1, pol: 1s", "did you mean 'poll'"},
		{", max_regs: 1", "holding: 1, type: uint32", "the device gives 1 at once"},
		{", unit: 256", "holding: 1", "'unit'"},
		{", poll: 0s", "holding: 1", "'poll'"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		with_point(*state, rows[i].device, rows[i].point);
		assert_refused(*state, rows[i].said);
	}
}

static void test_point_that_is_stale_before_each_poll_is_warned_of(void **state)
{
	static const struct {
		const char *device, *point;
		bool warned;
	} rows[] = {
		{"", "holding: 1, poll: 10s, stale_after: 5s", true},
		{"", "holding: 1, poll: 5s, stale_after: 5s", true},
		{", stale_after: 5s", "holding: 1, poll: 10s", true},
		{", poll: 10s", "holding: 1, stale_after: 5s", true},
		{", poll: 10s", "holding: 1, stale_after: 30s", false},
		{", poll: 1h", "holding: 1", false},
	};
	struct modbus_case *c = *state;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		with_point(c, rows[i].device, rows[i].point);
		assert_non_null(c->config);
		assert_int_equal(strstr(conf_case_said(&c->conf), "stale before each poll") !=
					 NULL,
				 rows[i].warned);
		modbus_case_done(c);
	}
}

static void test_mistakes_in_addresses(void **state)
{
	static const struct {
		const char *address, *said;
	} rows[] = {
		{"rtu://", "is no address of a Modbus bus"},
		{"rtu://dev/ttyUSB0", "is no address of a Modbus bus"},
		{"/dev/ttyUSB0", "is no address of a Modbus bus"},
		{"rtu+tcp://", "is no address of a Modbus bus"},
		{"rtu+tcp://192.0.2.1", "'rtu+tcp://192.0.2.1' has no port"},
		{"rtu+tcp://[::1]", "has no port"},
		{"rtu+tcp://a:0", "is no address of a Modbus bus"},
		{"192.0.2.1", "is no address of a Modbus bus"},
		{"tcp://", "is no address of a Modbus bus"},
		{"tcp://:502", "is no address of a Modbus bus"},
		{"tcp://a:0", "is no address of a Modbus bus"},
		{"tcp://a:65536", "is no address of a Modbus bus"},
		{"tcp://a/b", "is no address of a Modbus bus"},
		{"tcp://u@a", "is no address of a Modbus bus"},
		{"tcp://[::1", "is no address of a Modbus bus"},
		{"tcp://[::1]x", "is no address of a Modbus bus"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char yaml[512];

		snprintf(yaml, sizeof(yaml),
			 "buses: {plc: {modbus: '%s'}}\n"
			 "devices: {a: {bus: plc, points: {x: {coil: 1}}}}\n",
			 rows[i].address);
		modbus_case_init(*state, yaml, 0);
		assert_refused(*state, rows[i].said);
	}
}

static void test_addresses(void **state)
{
	static const struct {
		const char *address, *host;
		uint16_t port;
	} rows[] = {
		{"tcp://192.0.2.1", "192.0.2.1", 502},
		{"tcp://plc.example:1502", "plc.example", 1502},
		{"tcp://[2001:db8::1]", "[2001:db8::1]", 502},
		{"tcp://[::1]:99", "[::1]", 99},
		{"tcp://2001:db8::1", "2001:db8::1", 502},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct modbus_case *c = *state;
		char yaml[512];

		snprintf(yaml, sizeof(yaml),
			 "buses: {plc: {modbus: '%s'}}\n"
			 "devices: {a: {bus: plc, points: {x: {coil: 1}}}}\n",
			 rows[i].address);
		modbus_case_init(c, yaml, 0);
		assert_non_null(c->config);
		assert_string_equal(c->config->bus.stream.host, rows[i].host);
		assert_int_equal(c->config->bus.stream.port, rows[i].port);
		modbus_case_done(c);
	}
}

/* One bus with one device on it. */
static void with_bus(struct modbus_case *c, const char *bus, const char *device)
{
	char yaml[1024];

	snprintf(yaml, sizeof(yaml),
		 "buses: {plc: {modbus: %s}}\n"
		 "devices: {a: {bus: plc%s, points: {x: {coil: 1}}}}\n",
		 bus, device);
	modbus_case_init(c, yaml, 0);
}

static void assert_fine(struct modbus_case *c)
{
	if (c->config == NULL)
		fail_msg("%s", conf_case_said(&c->conf));
}

static void test_mistakes_in_buses(void **state)
{
	static const struct {
		const char *bus, *said;
	} rows[] = {
		{"'tcp://a', baud: 9600", "'baud' does not go with tcp://"},
		{"'tcp://a', rs485: {}", "'rs485' does not go with tcp://"},
		{"'tcp://a', echo: true", "'echo' does not go with tcp://"},
		{"'tcp://a', idle: 20ms", "'idle' does not go with tcp://"},
		{"'rtu:///dev/x', in_flight: 1", "'in_flight' does not go with rtu://"},
		{"'rtu:///dev/x', connect_timeout: 1s", "does not go with rtu://"},
		{"'rtu+tcp://a:1', in_flight: 2", "does not go with rtu+tcp://"},
		{"'rtu+tcp://a:1', baud: 9600", "the serial server drives the line"},
		{"'rtu+tcp://a:1', adapter: usb", "the serial server drives the line"},
		{"'rtu:///dev/x', baud: 49", "from 50 to 4000000"},
		{"'rtu:///dev/x', baud: 4000001", "from 50 to 4000000"},
		{"'rtu:///dev/x', parity: mark", "one of none, even or odd"},
		{"'rtu:///dev/x', stop_bits: 3", "from 1 to 2"},
		{"'rtu:///dev/x', data_bits: 7", "unknown option 'data_bits'"},
		{"'rtu:///dev/x', gap: 2s", "from 1ms to 1s"},
		{"'rtu:///dev/x', quarantine: 0s", "from 1ms to 1s"},
		{"'rtu:///dev/x', rs485: true", "'rs485'"},
		{"'rtu:///dev/x', rs485: {rts: on}", "unknown option 'rts'"},
		{"'rtu:///dev/x', rs485: {rts_after_send: on}", "never change its direction"},
		{"'rtu:///dev/x', rs485: {delay_before: 1500us}", "whole milliseconds"},
		{"'rtu:///dev/x', rs485: {delay_after: 101ms}", "from 0s to 100ms"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		with_bus(*state, rows[i].bus, "");
		assert_refused(*state, rows[i].said);
	}
}

static void test_a_line_is_the_standards_when_nothing_is_said(void **state)
{
	struct modbus_case *c = *state;
	const struct modbus_bus_config *bus;

	with_bus(c, "'rtu:///dev/ttyUSB0'", "");
	assert_fine(c);
	bus = &c->config->bus;
	assert_int_equal(bus->framing, MODBUS_RTU);
	assert_null(bus->stream.host);
	assert_string_equal(bus->stream.tty.path, "/dev/ttyUSB0");
	assert_int_equal(bus->stream.tty.baud, 19200);
	assert_int_equal(bus->stream.tty.parity, PARITY_EVEN);
	assert_int_equal(bus->stream.tty.data_bits, 8);
	assert_int_equal(bus->stream.tty.stop_bits, 1);
	/* Marked characters would be two more bytes in the middle of a frame. */
	assert_false(bus->stream.tty.check_parity);
	assert_true(bus->stream.tty.low_latency);
	assert_false(bus->stream.tty.rs485.on);
	assert_int_equal(bus->line.baud, 19200);
	assert_int_equal(bus->line.bits, 11);
	assert_false(bus->line.echo);
	assert_int_equal(bus->line.gap_ns, 0);
	assert_int_equal(bus->line.idle_ns, 0);
	assert_int_equal(bus->line.quarantine_ns, 0);
	assert_int_equal(bus->line.turnaround_ns, 100 * NSEC_PER_MSEC);
	assert_string_equal(conf_case_said(&c->conf), "");
	modbus_case_done(c);
}

static void test_what_a_line_says_is_taken(void **state)
{
	struct modbus_case *c = *state;
	const struct modbus_bus_config *bus;
	const struct stream_rs485 *rs485;

	with_bus(c,
		 "'rtu:///dev/ttyS1', baud: 9600, parity: odd, stop_bits: 2, echo: on, "
		 "gap: 10ms, idle: 15ms, quarantine: 70ms, turnaround: 200ms, "
		 "rs485: {rts_on_send: off, delay_before: 2ms, delay_after: 3ms, "
		 "rx_during_tx: on, termination: on}",
		 "");
	assert_fine(c);
	bus = &c->config->bus;
	rs485 = &bus->stream.tty.rs485;
	assert_int_equal(bus->stream.tty.baud, 9600);
	assert_int_equal(bus->stream.tty.parity, PARITY_ODD);
	assert_int_equal(bus->stream.tty.stop_bits, 2);
	assert_int_equal(bus->line.baud, 9600);
	assert_int_equal(bus->line.bits, 12);
	assert_true(bus->line.echo);
	assert_int_equal(bus->line.gap_ns, 10 * NSEC_PER_MSEC);
	assert_int_equal(bus->line.idle_ns, 15 * NSEC_PER_MSEC);
	assert_int_equal(bus->line.quarantine_ns, 70 * NSEC_PER_MSEC);
	assert_int_equal(bus->line.turnaround_ns, 200 * NSEC_PER_MSEC);
	assert_true(rs485->on && !rs485->rts_on_send && rs485->rts_after_send);
	assert_true(rs485->rx_during_tx && rs485->termination);
	assert_int_equal(rs485->before_ms, 2);
	assert_int_equal(rs485->after_ms, 3);
	modbus_case_done(c);
}

static void test_stop_bits_follow_parity(void **state)
{
	static const struct {
		const char *bus;
		int stop_bits, bits;
	} rows[] = {
		{"'rtu:///dev/x', parity: none", 2, 11},
		{"'rtu:///dev/x', parity: even", 1, 11},
		{"'rtu:///dev/x', parity: odd", 1, 11},
		{"'rtu:///dev/x', parity: none, stop_bits: 1", 1, 10},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct modbus_case *c = *state;

		with_bus(c, rows[i].bus, "");
		assert_fine(c);
		assert_int_equal(c->config->bus.stream.tty.stop_bits, rows[i].stop_bits);
		assert_int_equal(c->config->bus.line.bits, rows[i].bits);
		modbus_case_done(c);
	}
}

static void test_adapters_are_known_by_their_paths(void **state)
{
	static const struct {
		const char *bus;
		bool usb;
	} rows[] = {
		{"'rtu:///dev/ttyUSB0'", true},
		{"'rtu:///dev/ttyACM3'", true},
		{"'rtu:///dev/serial/by-id/usb-FTDI_FT232R-if00-port0'", true},
		{"'rtu:///dev/meters'", true},
		{"'rtu:///dev/ttyS0'", false},
		{"'rtu:///dev/ttyAMA0'", false},
		{"'rtu:///dev/ttymxc2'", false},
		{"'rtu:///dev/serial0'", false},
		{"'rtu:///dev/meters', adapter: uart", false},
		{"'rtu:///dev/ttyS0', adapter: usb", true},
		{"'rtu:///dev/ttyS0', adapter: auto", false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct modbus_case *c = *state;

		with_bus(c, rows[i].bus, "");
		assert_fine(c);
		assert_int_equal(c->config->bus.line.usb, rows[i].usb);
		modbus_case_done(c);
	}
}

static void test_a_serial_server_has_a_line_of_unknown_speed(void **state)
{
	struct modbus_case *c = *state;
	const struct modbus_bus_config *bus;

	with_bus(c, "'rtu+tcp://[::1]:4001', idle: 200ms, connect_timeout: 2s", "");
	assert_fine(c);
	bus = &c->config->bus;
	assert_int_equal(bus->framing, MODBUS_RTU);
	assert_string_equal(bus->stream.host, "[::1]");
	assert_int_equal(bus->stream.port, 4001);
	assert_int_equal(bus->line.baud, 0);
	assert_int_equal(bus->line.idle_ns, 200 * NSEC_PER_MSEC);
	modbus_case_done(c);
}

static void test_rates_out_of_the_standard_bring_a_warning(void **state)
{
	struct modbus_case *c = *state;

	with_bus(c, "'rtu:///dev/ttyUSB0', baud: 14000", "");
	assert_fine(c);
	assert_int_equal(c->config->bus.stream.tty.baud, 14000);
	assert_non_null(strstr(conf_case_said(&c->conf), "warning: 14000 is no standard"));
	assert_non_null(strstr(conf_case_said(&c->conf), "the nearest standard one is 9600"));
	modbus_case_done(c);
}

static void test_units_of_a_line(void **state)
{
	static const struct {
		const char *device, *said;
		bool refused;
	} rows[] = {
		{", unit: 0", "unit 0 is the broadcast address", true},
		{", unit: 248", "warning: unit 248: addresses from 248 on", false},
		{", unit: 255", "warning: unit 255: addresses from 248 on", false},
		{", unit: 247", "", false},
		{", retries: 6", "'retries'", true},
		{", offline_after: 0", "'offline_after'", true},
		{", delay: 11s", "'delay'", true},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct modbus_case *c = *state;

		with_bus(c, "'rtu:///dev/ttyUSB0'", rows[i].device);
		if (rows[i].refused) {
			assert_refused(c, rows[i].said);
			continue;
		}
		assert_fine(c);
		assert_non_null(strstr(conf_case_said(&c->conf), rows[i].said));
		assert_int_equal(rows[i].said[0] == '\0', diags_warnings(c->conf.diags) == 0);
		modbus_case_done(c);
	}
	/* Many a TCP device takes them, and answers. */
	for (int unit = 0; unit <= 255; unit += 255) {
		struct modbus_case *c = *state;
		char device[32];

		snprintf(device, sizeof(device), ", unit: %d", unit);
		with_bus(c, "'tcp://192.0.2.1'", device);
		assert_fine(c);
		assert_string_equal(conf_case_said(&c->conf), "");
		modbus_case_done(c);
	}
}

static void test_what_a_device_says_goes_to_its_unit(void **state)
{
	static const struct {
		const char *bus, *device;
		int retries, timeouts, delay_ms, timeout_ms;
	} rows[] = {
		{"'rtu:///dev/x'", "", 1, 3, 0, 1000},
		{"'rtu+tcp://a:1'", "", 1, 3, 0, 1000},
		{"'tcp://a'", "", 0, 3, 0, 1000},
		{"'tcp://a'", ", retries: 2", 2, 3, 0, 1000},
		{"'rtu:///dev/x', timeout: 300ms",
		 ", retries: 0, offline_after: 7, delay: 40ms", 0, 7, 40, 300},
		{"'rtu:///dev/x', timeout: 300ms", ", timeout: 2s", 1, 3, 0, 2000},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct modbus_case *c = *state;
		const struct modbus_unit_config *unit;

		with_bus(c, rows[i].bus, rows[i].device);
		assert_fine(c);
		unit = &c->config->devices[0].unit;
		assert_int_equal(unit->retries, rows[i].retries);
		assert_int_equal(unit->timeouts, rows[i].timeouts);
		assert_int_equal(unit->delay_ns, rows[i].delay_ms * NSEC_PER_MSEC);
		assert_int_equal(unit->timeout_ns, rows[i].timeout_ms * NSEC_PER_MSEC);
		modbus_case_done(c);
	}
}

static void test_references(void **state)
{
	static const struct {
		const char *ref;
		uint8_t function;
		uint16_t address;
	} rows[] = {
		{"40001", MODBUS_READ_HOLDING, 0},    {"40101", MODBUS_READ_HOLDING, 100},
		{"49999", MODBUS_READ_HOLDING, 9998}, {"465536", MODBUS_READ_HOLDING, 65535},
		{"30001", MODBUS_READ_INPUT, 0},      {"10017", MODBUS_READ_DISCRETE, 16},
		{"00017", MODBUS_READ_COILS, 16},     {"000001", MODBUS_READ_COILS, 0},
		{"400001", MODBUS_READ_HOLDING, 0},   {"300001", MODBUS_READ_INPUT, 0},
		{"365536", MODBUS_READ_INPUT, 65535}, {"39999", MODBUS_READ_INPUT, 9998},
		{"100001", MODBUS_READ_DISCRETE, 0},  {"165536", MODBUS_READ_DISCRETE, 65535},
		{"065536", MODBUS_READ_COILS, 65535}, {"09999", MODBUS_READ_COILS, 9998},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct modbus_case *c = *state;
		char point[64];

		snprintf(point, sizeof(point), "ref: %s", rows[i].ref);
		with_point(c, "", point);
		assert_non_null(c->config);
		assert_int_equal(c->config->points[0].function, rows[i].function);
		assert_int_equal(c->config->points[0].address, rows[i].address);
		modbus_case_done(c);
	}
}

static void test_what_a_point_says_goes_to_the_table(void **state)
{
	struct modbus_case *c = *state;
	const struct point *point;

	with_point(c, ", poll: 2s, timeout: 500ms",
		   "holding: 1, unit: degC, range: [-5, 70], deadband: 0.5, write: true");
	assert_non_null(c->config);
	point = point_table_get(c->points, modbus_case_point(c, "a.x"));
	assert_string_equal(point->device, "a");
	assert_string_equal(point->unit_text, "degC");
	assert_true(point->unit.known);
	assert_true(point->readable && point->writable);
	assert_true(point->low == -5 && point->high == 70 && point->deadband == 0.5);
	/* Three polls and a timeout. */
	assert_int_equal(point->stale_ns, 6500 * NSEC_PER_MSEC);
	assert_int_equal(point->kind, VALUE_NUMBER);
	modbus_case_done(c);
	with_point(c, ", poll: 10ms, timeout: 100ms", "holding: 1, bits: {on: 3, mode: 4..6}");
	assert_non_null(c->config);
	point = point_table_get(c->points, modbus_case_point(c, "a.x.on"));
	assert_int_equal(point->kind, VALUE_BOOL);
	assert_int_equal(point->stale_ns, NSEC_PER_SEC);
	assert_true(point->low > point->high);
	point = point_table_get(c->points, modbus_case_point(c, "a.x.mode"));
	assert_int_equal(point->kind, VALUE_NUMBER);
	assert_int_equal(c->config->span_count, 1);
	modbus_case_done(c);
}

#define CONFIG_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static void test_interlocks_go_to_the_table(void **state)
{
	struct modbus_case *c = *state;
	const struct point *point;

	with_point(c, "",
		   "coil: 1, write: true, min_on: 1s, min_off: 2s, max_on: 3s, "
		   "max_changes: 20/h, on_start: keep, on_stop: off, on_unknown: off");
	assert_non_null(c->config);
	point = point_table_get(c->points, modbus_case_point(c, "a.x"));
	assert_non_null(point->interlock);
	assert_int_equal(point->interlock->min_on_ns, NSEC_PER_SEC);
	assert_int_equal(point->interlock->min_off_ns, 2 * NSEC_PER_SEC);
	assert_int_equal(point->interlock->max_on_ns, 3 * NSEC_PER_SEC);
	assert_int_equal(point->interlock->changes, 20);
	assert_int_equal(point->interlock->per_ns, 3600 * NSEC_PER_SEC);
	assert_int_equal(point->interlock->unknown_ns, 5 * NSEC_PER_SEC);
	assert_int_equal(point->interlock->on_start.kind, VALUE_NONE);
	assert_true(value_equal(point->interlock->on_stop, value_bool(false)));
	assert_true(value_equal(point->interlock->on_unknown, value_bool(false)));
	modbus_case_done(c);
	with_point(c, "", "holding: 1, write: true, on_start: 7, range: [1, 9]");
	assert_non_null(c->config);
	point = point_table_get(c->points, modbus_case_point(c, "a.x"));
	assert_true(value_equal(point->interlock->on_start, value_number(7)));
	modbus_case_done(c);
	with_point(c, "", "holding: 1");
	point = point_table_get(c->points, modbus_case_point(c, "a.x"));
	assert_null(point->interlock);
	modbus_case_done(c);
}

static void test_ways_to_write(void **state)
{
	static const struct {
		const char *device, *point;
		uint8_t function;
		uint16_t skip, count;
		bool reads_first, verify;
	} rows[] = {
		{"", "holding: 1, write: true", MODBUS_WRITE_REGISTER, 0, 1, false, false},
		{"", "coil: 1, write: true, verify: true", MODBUS_WRITE_COIL, 0, 1, false,
		 true},
		{"", "holding: 1, type: float64, write: true", MODBUS_WRITE_REGISTERS, 0, 4,
		 false, false},
		{", write_function: multiple", "coil: 1, write: true", MODBUS_WRITE_COILS, 0, 1,
		 false, false},
		{", write_function: multiple", "holding: 1, write: true, write_function: auto",
		 MODBUS_WRITE_REGISTER, 0, 1, false, false},
		{", write_bits: mask", "holding: 1, write: true, bits: {a: 1}",
		 MODBUS_MASK_REGISTER, 0, 1, false, false},
		{", write_bits: mask", "holding: 1, type: uint32, write: true, bits: {a: 1}",
		 MODBUS_MASK_REGISTER, 1, 1, false, false},
		{", write_bits: mask",
		 "holding: 1, type: uint64, order: GHEFCDAB, write: true, bits: {a: 63}",
		 MODBUS_MASK_REGISTER, 3, 1, false, false},
		{"", "holding: 1, write: true, write_bits: rmw, bits: {a: 4..6}",
		 MODBUS_WRITE_REGISTER, 0, 1, true, false},
		{", write_bits: rmw", "holding: 1, type: int64, write: true, bits: {a: 15..47}",
		 MODBUS_WRITE_REGISTERS, 1, 3, true, false},
		/* A whole register has no other bits. */
		{"", "holding: 1, type: uint32, write: true, bits: {a: 16..31}",
		 MODBUS_WRITE_REGISTER, 0, 1, false, false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct modbus_case *c = *state;
		const struct modbus_point *point;

		with_point(c, rows[i].device, rows[i].point);
		assert_non_null(c->config);
		point = &c->config->points[0];
		assert_true(point->write);
		assert_int_equal(point->way.function, rows[i].function);
		assert_int_equal(point->way.skip, rows[i].skip);
		assert_int_equal(point->way.count, rows[i].count);
		assert_int_equal(point->way.reads_first, rows[i].reads_first);
		assert_int_equal(point->way.verify, rows[i].verify);
		assert_true(point_table_get(c->points, 0)->writable);
		modbus_case_done(c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CONFIG_TEST(test_mistakes_in_points),
		CONFIG_TEST(test_point_that_is_stale_before_each_poll_is_warned_of),
		CONFIG_TEST(test_mistakes_in_addresses),
		CONFIG_TEST(test_addresses),
		CONFIG_TEST(test_mistakes_in_buses),
		CONFIG_TEST(test_a_line_is_the_standards_when_nothing_is_said),
		CONFIG_TEST(test_what_a_line_says_is_taken),
		CONFIG_TEST(test_stop_bits_follow_parity),
		CONFIG_TEST(test_adapters_are_known_by_their_paths),
		CONFIG_TEST(test_a_serial_server_has_a_line_of_unknown_speed),
		CONFIG_TEST(test_rates_out_of_the_standard_bring_a_warning),
		CONFIG_TEST(test_units_of_a_line),
		CONFIG_TEST(test_what_a_device_says_goes_to_its_unit),
		CONFIG_TEST(test_references),
		CONFIG_TEST(test_interlocks_go_to_the_table),
		CONFIG_TEST(test_ways_to_write),
		CONFIG_TEST(test_what_a_point_says_goes_to_the_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
