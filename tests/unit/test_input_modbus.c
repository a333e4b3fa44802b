/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* The whole input, from YAML to readings and writes, against a test's own device. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/log.h"
#include "inputs/modbus.h"
#include "io/modbus_pdu.h"
#include "modbus_case.h"
#include "own_clock.h"
#include "peer.h"

struct test {
	struct modbus_case c;
	struct peer peer;
	bool opened;
	enum write_outcome outcome;
	unsigned writes_done;
	/* the peer refuses whatever touches these */
	unsigned hole_from, hole_to;
	unsigned value; /* of register 10, once it was written */
	unsigned functions[256];
};

static int setup(void **state)
{
	struct test *t = xcalloc(1, sizeof(*t));

	*state = t;
	return 0;
}

static void start(struct test *t, const char *yaml)
{
	struct error err;
	struct loop *loop = loop_new(&err);

	assert_non_null(loop);
	peer_init(&t->peer, loop);
	t->peer.arg = t;
	modbus_case_init(&t->c, yaml, t->peer.port);
	t->c.loop = loop;
	t->opened = true;
	modbus_case_open(&t->c);
}

static int teardown(void **state)
{
	struct test *t = *state;

	if (t->opened) {
		if (t->c.input != NULL)
			input_modbus.close(t->c.input);
		t->c.input = NULL;
		peer_done(&t->peer);
		modbus_case_done(&t->c);
	}
	free(t);
	return 0;
}

static struct modbus_seen *seen(struct test *t, const char *name)
{
	return modbus_case_seen(&t->c, name);
}

static void write_ended(void *arg, const struct write_result *result)
{
	struct test *t = arg;

	t->outcome = result->outcome;
	t->writes_done++;
	assert_int_equal(result->text[0] == '\0', result->outcome == WRITE_DONE);
}

static int write_point(struct test *t, const char *name, struct value value)
{
	struct error err = {0};
	int rc = input_modbus.write(t->c.input, modbus_case_point(&t->c, name), value,
				    write_ended, t, &err);

	assert_int_equal(rc != 0, err.text[0] != '\0');
	return rc;
}

/* A device with one hole in its registers, and one that can be written. */
static void peer_device(struct peer_link *link, const uint8_t *frame, size_t len)
{
	struct test *t = link->peer->arg;
	unsigned address = modbus_u16(frame + 8), count = modbus_u16(frame + 10);
	uint8_t answer[PEER_FRAME];
	size_t n;

	t->functions[frame[7]]++;
	if (frame[7] == MODBUS_WRITE_REGISTER && address == 10)
		t->value = count;
	if (frame[7] <= MODBUS_READ_INPUT && address < t->hole_to &&
	    address + count > t->hole_from) {
		peer_refuses(link, frame, MODBUS_ILLEGAL_ADDRESS);
		return;
	}
	n = peer_answer(frame, answer);
	if (frame[7] == MODBUS_READ_HOLDING && t->value > 0 && address <= 10 &&
	    address + count > 10) {
		answer[9 + 2 * (10 - address)] = (uint8_t)(t->value >> 8);
		answer[10 + 2 * (10 - address)] = (uint8_t)t->value;
	}
	peer_send(link, answer, n);
}

static const char plant[] =
	"buses:\n"
	"  plc: {modbus: 'tcp://127.0.0.1:%u', timeout: 200ms, reconnect_min: 20ms, "
	"reconnect_max: 100ms}\n"
	"devices:\n"
	"  a:\n"
	"    bus: plc\n"
	"    poll: 20ms\n"
	"    points:\n"
	"      one: {holding: 100, unit: degC}\n"
	"      two: {holding: 105, type: uint32}\n"
	"      three: {holding: 112, type: int16, scale: 0.5, offset: -1}\n"
	"      set: {holding: 10, scale: 0.1, write: true, range: [20, 90]}\n"
	"      wide: {holding: 20, type: float32, write: true}\n"
	"      coil: {coil: 3, write: true}\n"
	"      locked: {holding: 30}\n";

static const char refused_plant[] =
	"buses:\n"
	"  plc: {modbus: 'tcp://127.0.0.1:%u', timeout: 200ms, reconnect_min: 20ms, "
	"reconnect_max: 100ms}\n"
	"devices:\n"
	"  a:\n"
	"    bus: plc\n"
	"    poll: 1h\n"
	"    points:\n"
	"      one: {holding: 100}\n"
	"      two: {holding: 105, type: uint32}\n"
	"      three: {holding: 112, type: int16}\n";

static void test_points_are_read(void **state)
{
	struct test *t = *state;

	start(t, plant);
	PEER_UNTIL(t->c.loop, seen(t, "a.coil")->good > 3 && seen(t, "a.three")->good > 3);
	assert_true(seen(t, "a.one")->last.value.number == 100);
	assert_true(seen(t, "a.two")->last.value.number == 105 * 65536 + 106);
	assert_true(seen(t, "a.three")->last.value.number == 55);
	assert_int_equal(seen(t, "a.one")->bad, 0);
	/* Seven points in three requests: 10..30 and 100..112 of one table, and a coil. */
	assert_in_range(modbus_case_count(&t->c, -1, "polls"), 9, 1000);
	assert_true(modbus_case_count(&t->c, -1, "requests") * 7 < t->c.readings * 3 + 3 * 7);
}

static void test_fault_B13_write_without_permission_is_refused(void **state)
{
	struct test *t = *state;

	t->peer.request = NULL;
	start(t, plant);
	t->peer.request = peer_device;
	PEER_UNTIL(t->c.loop, seen(t, "a.locked")->good > 0);
	assert_int_equal(write_point(t, "a.locked", value_number(1)), -EPERM);
	assert_int_equal(write_point(t, "a.one", value_number(1)), -EPERM);
	assert_int_equal(write_point(t, "a.set", value_number(19)), -ERANGE);
	assert_int_equal(write_point(t, "a.set", value_number(91)), -ERANGE);
	assert_int_equal(write_point(t, "a.coil", value_number(3)), -EINVAL);
	peer_wait(t->c.loop, 100 * NSEC_PER_MSEC);
	/* The device's own log: nothing but reads has come. */
	assert_int_equal(t->peer.writes, 0);
	assert_int_equal(t->functions[MODBUS_WRITE_COIL] + t->functions[MODBUS_WRITE_REGISTER] +
				 t->functions[MODBUS_WRITE_COILS] +
				 t->functions[MODBUS_WRITE_REGISTERS],
			 0);
	assert_int_equal(t->writes_done, 0);
}

static void test_write_is_confirmed_and_read_back(void **state)
{
	struct test *t = *state;

	start(t, plant);
	t->peer.request = peer_device;
	PEER_UNTIL(t->c.loop, seen(t, "a.locked")->good > 0);
	/* 10 * 0.1 is outside of the range. */
	assert_int_equal(seen(t, "a.set")->last.reason, BAD_RANGE);
	assert_int_equal(write_point(t, "a.set", value_number(55.5)), 0);
	PEER_UNTIL(t->c.loop, t->writes_done == 1);
	assert_int_equal(t->outcome, WRITE_DONE);
	assert_int_equal(t->value, 555);
	PEER_UNTIL(t->c.loop, seen(t, "a.set")->last.value.number == 55.5);
	assert_int_equal(write_point(t, "a.coil", value_bool(true)), 0);
	assert_int_equal(write_point(t, "a.wide", value_number(1.5)), 0);
	PEER_UNTIL(t->c.loop, t->writes_done == 3);
	assert_int_equal(t->functions[MODBUS_WRITE_COIL], 1);
	assert_int_equal(t->functions[MODBUS_WRITE_REGISTER], 1);
	assert_int_equal(t->functions[MODBUS_WRITE_REGISTERS], 1);
}

static void peer_loses_writes(struct peer_link *link, const uint8_t *frame, size_t len)
{
	if (!modbus_writes(frame[7]))
		peer_answers(link, frame);
}

static void test_fault_B14_write_without_an_answer_is_unknown_and_not_repeated(void **state)
{
	struct test *t = *state;

	start(t, plant);
	t->peer.request = peer_loses_writes;
	PEER_UNTIL(t->c.loop, seen(t, "a.coil")->good > 0);
	assert_int_equal(write_point(t, "a.coil", value_bool(true)), 0);
	PEER_UNTIL(t->c.loop, t->writes_done == 1);
	assert_int_equal(t->outcome, WRITE_UNKNOWN);
	peer_wait(t->c.loop, 500 * NSEC_PER_MSEC);
	assert_int_equal(t->peer.writes, 1);
	assert_int_equal(t->writes_done, 1);
}

static void peer_resets_writes(struct peer_link *link, const uint8_t *frame, size_t len)
{
	if (modbus_writes(frame[7]))
		peer_reset(link);
	else
		peer_answers(link, frame);
}

static void test_fault_B14_write_cut_by_a_reset_is_unknown_and_not_repeated(void **state)
{
	struct test *t = *state;

	start(t, plant);
	t->peer.request = peer_resets_writes;
	PEER_UNTIL(t->c.loop, seen(t, "a.coil")->good > 0);
	assert_int_equal(write_point(t, "a.coil", value_bool(true)), 0);
	PEER_UNTIL(t->c.loop, t->writes_done == 1);
	assert_int_equal(t->outcome, WRITE_UNKNOWN);
	PEER_UNTIL(t->c.loop, t->peer.accepted == 2);
	peer_wait(t->c.loop, 300 * NSEC_PER_MSEC);
	assert_int_equal(t->peer.writes, 1);
}

static void peer_refuses_writes(struct peer_link *link, const uint8_t *frame, size_t len)
{
	struct test *t = link->peer->arg;

	if (modbus_writes(frame[7]))
		peer_refuses(link, frame, (uint8_t)t->value);
	else
		peer_answers(link, frame);
}

static void test_write_that_the_device_refuses(void **state)
{
	struct test *t = *state;

	start(t, plant);
	t->peer.request = peer_refuses_writes;
	PEER_UNTIL(t->c.loop, seen(t, "a.coil")->good > 0);
	t->value = MODBUS_ILLEGAL_VALUE;
	assert_int_equal(write_point(t, "a.coil", value_bool(true)), 0);
	PEER_UNTIL(t->c.loop, t->writes_done == 1);
	assert_int_equal(t->outcome, WRITE_REFUSED);
	/* It may have been carried out before it failed. */
	t->value = MODBUS_DEVICE_FAILURE;
	assert_int_equal(write_point(t, "a.coil", value_bool(true)), 0);
	PEER_UNTIL(t->c.loop, t->writes_done == 2);
	assert_int_equal(t->outcome, WRITE_UNKNOWN);
}

static void test_write_without_a_connection_never_left(void **state)
{
	struct test *t = *state;

	start(t, plant);
	peer_deaf(&t->peer);
	assert_int_equal(write_point(t, "a.coil", value_bool(true)), 0);
	assert_int_equal(t->writes_done, 1);
	assert_int_equal(t->outcome, WRITE_REFUSED);
}

static void peer_ignores_all(struct peer_link *link, const uint8_t *frame, size_t len)
{
}

static const char slow_plant[] =
	"buses: {plc: {modbus: 'tcp://127.0.0.1:%u'}}\n"
	"devices: {a: {bus: plc, poll: 1h, points: {coil: {coil: 3, write: true}}}}\n";

/* The rules ask for writes while they are at a reading: another one must wait. */
static void test_write_gives_no_readings_before_it_returns(void **state)
{
	struct test *t = *state;
	uint64_t before;

	start(t, slow_plant);
	t->peer.request = peer_ignores_all;
	/* Nothing is on its way any more, so that the write is sent at once, into a reset. */
	PEER_UNTIL(t->c.loop, seen(t, "a.coil")->bad > 0);
	peer_reset(&t->peer.links[0]);
	before = t->c.readings;
	assert_int_equal(write_point(t, "a.coil", value_bool(true)), 0);
	assert_int_equal(t->c.readings, before);
	PEER_UNTIL(t->c.loop, t->writes_done == 1);
	PEER_UNTIL(t->c.loop, t->c.readings > before);
}

static void test_write_leaves_when_the_bus_is_closed_at_once(void **state)
{
	struct test *t = *state;

	start(t, slow_plant);
	PEER_UNTIL(t->c.loop, seen(t, "a.coil")->good > 0);
	assert_int_equal(write_point(t, "a.coil", value_bool(true)), 0);
	input_modbus.close(t->c.input);
	t->c.input = NULL;
	assert_int_equal(t->writes_done, 1);
	assert_int_equal(t->outcome, WRITE_UNKNOWN);
	PEER_UNTIL(t->c.loop, t->peer.writes == 1);
}

static void test_writes_that_wait_are_replaced_and_ended_by_closing(void **state)
{
	struct test *t = *state;
	char yaml[4096], *at = yaml, name[16];
	unsigned accepted = 0;

	at += sprintf(at, "buses: {plc: {modbus: 'tcp://127.0.0.1:%%u'}}\n"
			  "devices:\n  a:\n    bus: plc\n    points:\n");
	for (unsigned i = 0; i < 20; i++)
		at += sprintf(at, "      c%u: {coil: %u, write: true}\n", i, i);
	start(t, yaml);
	PEER_UNTIL(t->c.loop, seen(t, "a.c0")->good > 0);
	t->peer.request = peer_ignores_all;
	/* All of them at once, as when gauged stops. */
	for (; accepted < 20; accepted++) {
		sprintf(name, "a.c%u", accepted);
		assert_int_equal(write_point(t, name, value_bool(true)), 0);
	}
	/* One that waits makes room for a later one of the same point. */
	assert_int_equal(write_point(t, "a.c1", value_bool(false)), 0);
	assert_int_equal(t->writes_done, 1);
	assert_int_equal(t->outcome, WRITE_REFUSED);
	input_modbus.close(t->c.input);
	t->c.input = NULL;
	assert_int_equal(t->writes_done, accepted + 1);
}

static void test_fault_B5_refused_block_is_read_point_by_point(void **state)
{
	struct test *t = *state;
	char said[4096] = "";
	unsigned bad;
	int log[2];

	assert_int_equal(pipe(log), 0);
	log_init(log[1], LOG_LEVEL_WARNING);
	t->hole_from = 105;
	t->hole_to = 107;
	start(t, plant);
	t->peer.request = peer_device;
	PEER_UNTIL(t->c.loop, seen(t, "a.one")->good > 3 && seen(t, "a.three")->good > 3);
	assert_int_equal(modbus_case_count(&t->c, -1, "splits"), 1);
	assert_int_equal(seen(t, "a.two")->good, 0);
	assert_int_equal(seen(t, "a.two")->last.reason, BAD_EXCEPTION);
	assert_int_equal(seen(t, "a.two")->last.code, MODBUS_ILLEGAL_ADDRESS);
	/* What the device has not is not asked for at every poll. */
	bad = seen(t, "a.two")->bad;
	peer_wait(t->c.loop, 200 * NSEC_PER_MSEC);
	assert_int_equal(seen(t, "a.two")->bad, bad);
	assert_true(seen(t, "a.locked")->good > 3);
	PEER_UNTIL(t->c.loop, seen(t, "a.two")->bad > bad);
	/* The device has it now: that is seen soon, and at every poll from then on. */
	t->hole_from = t->hole_to = 0;
	PEER_UNTIL(t->c.loop, seen(t, "a.two")->good > 3);
	/* The log says it once, and of nothing else. */
	log_init(STDERR_FILENO, LOG_LEVEL_ERROR);
	assert_true(read(log[0], said, sizeof(said) - 1) > 0);
	assert_non_null(strstr(said, "device a refuses a.two: illegal data address, asking "
				     "again ever more rarely\n"));
	assert_null(strstr(strstr(said, "refuses") + 1, "refuses"));
	close(log[0]);
	close(log[1]);
}

static void test_points_of_a_refused_block_are_bad_at_every_break(void **state)
{
	struct test *t = *state;

	t->hole_from = 105;
	t->hole_to = 107;
	start(t, refused_plant);
	t->peer.request = peer_device;
	for (unsigned turn = 1; turn <= 3; turn++) {
		unsigned good = seen(t, "a.one")->good, links = t->peer.accepted;

		/* All is read, and nothing is asked when the connection breaks. */
		PEER_UNTIL(t->c.loop, seen(t, "a.one")->good > good &&
					      seen(t, "a.three")->last.quality == QUALITY_GOOD);
		peer_wait(t->c.loop, 50 * NSEC_PER_MSEC);
		/* What was learned is not learned anew. */
		assert_int_equal(modbus_case_count(&t->c, -1, "splits"), 1);
		for (unsigned k = 0; k < PEER_LINKS; k++)
			if (t->peer.links[k].fd >= 0)
				peer_send(&t->peer.links[k], "\1\2\3\4\5\6\7\10", 8);
		PEER_UNTIL(t->c.loop, seen(t, "a.one")->last.quality == QUALITY_BAD &&
					      seen(t, "a.three")->last.quality == QUALITY_BAD);
		assert_int_equal(seen(t, "a.one")->last.reason, BAD_OFFLINE);
		PEER_UNTIL(t->c.loop, t->peer.accepted > links);
	}
}

static void test_points_are_bad_when_the_device_goes_and_good_when_it_comes(void **state)
{
	struct test *t = *state;

	start(t, plant);
	PEER_UNTIL(t->c.loop, seen(t, "a.coil")->good > 3 && seen(t, "a.two")->good > 3);
	t->peer.request = peer_ignores_all;
	PEER_UNTIL(t->c.loop, seen(t, "a.coil")->bad > 0 && seen(t, "a.two")->bad > 0);
	assert_int_equal(seen(t, "a.two")->last.quality, QUALITY_BAD);
	PEER_UNTIL(t->c.loop, seen(t, "a.two")->last.reason == BAD_OFFLINE);
	t->peer.request = NULL;
	PEER_UNTIL(t->c.loop, seen(t, "a.two")->last.quality == QUALITY_GOOD &&
				      seen(t, "a.coil")->last.quality == QUALITY_GOOD);
}

static void test_points_are_offline_when_nobody_was_ever_there(void **state)
{
	struct test *t = *state;
	struct report bus, device;

	start(t, plant);
	peer_deaf(&t->peer);
	PEER_UNTIL(t->c.loop, seen(t, "a.one")->bad > 0);
	assert_int_equal(seen(t, "a.one")->last.reason, BAD_OFFLINE);
	/* Said once, not at every poll that can't be made. */
	peer_wait(t->c.loop, 300 * NSEC_PER_MSEC);
	assert_int_equal(seen(t, "a.one")->bad, 1);
	input_modbus.report(t->c.input, &bus, &device);
	assert_string_equal(device.state, "offline");
}

static void test_no_catching_up_after_standing_still(void **state)
{
	struct test *t = *state;
	unsigned before;

	start(t, plant);
	PEER_UNTIL(t->c.loop, seen(t, "a.coil")->good > 3);
	before = t->peer.requests;
	own_clock_skip(2 * NSEC_PER_SEC); /* 100 intervals of three blocks */
	for (int i = 0; i < 30; i++)
		loop_turn(t->c.loop);
	/* One poll of each of the three blocks, and perhaps one kept and one that was due. */
	assert_in_range(t->peer.requests - before, 1, 9);
	assert_true(modbus_case_count(&t->c, -1, "missed_polls") >= 250);
}

static void peer_slow(struct peer_link *link, const uint8_t *frame, size_t len)
{
	own_clock_skip(30 * NSEC_PER_MSEC);
	peer_answers(link, frame);
}

static void test_device_slower_than_its_interval_keeps_one_late_poll(void **state)
{
	struct test *t = *state;
	uint64_t asked;

	start(t, "buses: {plc: {modbus: 'tcp://127.0.0.1:%u', timeout: 2s}}\n"
		 "devices: {a: {bus: plc, poll: 10ms, points: {x: {holding: 1}}}}\n");
	t->peer.request = peer_slow;
	peer_wait(t->c.loop, 2 * NSEC_PER_SEC);
	asked = modbus_case_count(&t->c, -1, "polls");
	assert_true(modbus_case_count(&t->c, -1, "missed_polls") > asked / 2);
	assert_true(t->peer.requests >= asked - 1);
	assert_int_equal(seen(t, "a.x")->bad, 0);
}

static void test_two_devices_of_one_unit_number_share_it(void **state)
{
	struct test *t = *state;

	start(t, "buses: {plc: {modbus: 'tcp://127.0.0.1:%u', timeout: 2s, in_flight: 4}}\n"
		 "devices:\n"
		 "  a: {bus: plc, unit: 7, poll: 10ms, points: {x: {holding: 1}}}\n"
		 "  b: {bus: plc, unit: 7, poll: 10ms, points: {x: {holding: 2}}}\n"
		 "  c: {bus: plc, unit: 8, poll: 10ms, points: {x: {input: 3}}}\n");
	PEER_UNTIL(t->c.loop, seen(t, "a.x")->good > 2 && seen(t, "b.x")->good > 2 &&
				      seen(t, "c.x")->good > 2);
	assert_true(seen(t, "a.x")->last.value.number == 1);
	assert_true(seen(t, "b.x")->last.value.number == 2);
	assert_true(seen(t, "c.x")->last.value.number == 3);
}

/* Whatever comes, every point gets a reading that is one. */
static void peer_mad(struct peer_link *link, const uint8_t *frame, size_t len)
{
	struct test *t = link->peer->arg;
	uint8_t answer[PEER_FRAME];
	size_t n = peer_answer(frame, answer);

	switch (t->value++ % 7) {
	case 0:
		answer[t->value % n] ^= 0x10;
		peer_send(link, answer, n);
		break;
	case 1:
		peer_send(link, answer, n / 2);
		peer_close(link);
		break;
	case 2:
		peer_refuses(link, frame, (uint8_t)(t->value % 12));
		break;
	default:
		peer_send(link, answer, n);
		break;
	}
}

static void test_mad_device_only_ever_gives_readings(void **state)
{
	struct test *t = *state;

	start(t, plant);
	t->peer.request = peer_mad;
	peer_wait(t->c.loop, 3 * NSEC_PER_SEC);
	t->peer.request = NULL;
	PEER_UNTIL(t->c.loop, seen(t, "a.locked")->last.quality == QUALITY_GOOD);
	assert_true(t->peer.requests > 10);
}

#define INPUT_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		INPUT_TEST(test_points_are_read),
		INPUT_TEST(test_fault_B13_write_without_permission_is_refused),
		INPUT_TEST(test_write_is_confirmed_and_read_back),
		INPUT_TEST(test_fault_B14_write_without_an_answer_is_unknown_and_not_repeated),
		INPUT_TEST(test_fault_B14_write_cut_by_a_reset_is_unknown_and_not_repeated),
		INPUT_TEST(test_write_that_the_device_refuses),
		INPUT_TEST(test_write_without_a_connection_never_left),
		INPUT_TEST(test_write_gives_no_readings_before_it_returns),
		INPUT_TEST(test_write_leaves_when_the_bus_is_closed_at_once),
		INPUT_TEST(test_writes_that_wait_are_replaced_and_ended_by_closing),
		INPUT_TEST(test_fault_B5_refused_block_is_read_point_by_point),
		INPUT_TEST(test_points_of_a_refused_block_are_bad_at_every_break),
		INPUT_TEST(test_points_are_bad_when_the_device_goes_and_good_when_it_comes),
		INPUT_TEST(test_points_are_offline_when_nobody_was_ever_there),
		INPUT_TEST(test_no_catching_up_after_standing_still),
		INPUT_TEST(test_device_slower_than_its_interval_keeps_one_late_poll),
		INPUT_TEST(test_two_devices_of_one_unit_number_share_it),
		INPUT_TEST(test_mad_device_only_ever_gives_readings),
	};

	log_init(STDERR_FILENO, LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
