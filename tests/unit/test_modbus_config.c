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
		{"", "holding: 1, type: int16, bits: {a: 1}", "have bits"},
		{"", "holding: 1, write: true, bits: {a: 1}", "can't be written"},
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
		{"rtu:///dev/ttyUSB0", "not in this version"},
		{"rtu+tcp://192.0.2.1:4001", "not in this version"},
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		CONFIG_TEST(test_mistakes_in_points),
		CONFIG_TEST(test_point_that_is_stale_before_each_poll_is_warned_of),
		CONFIG_TEST(test_mistakes_in_addresses),
		CONFIG_TEST(test_addresses),
		CONFIG_TEST(test_references),
		CONFIG_TEST(test_what_a_point_says_goes_to_the_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
