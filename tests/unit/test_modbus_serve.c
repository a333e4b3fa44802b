/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * A bus that others read through gauged: what they get while its device is well, silent,
 * refusing or away; and what may be said about them in the configuration.
 */
#include <errno.h>
#include <modbus/modbus.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/log.h"
#include "base/str.h"
#include "inputs/modbus.h"
#include "inputs/modbus_config.h"
#include "io/modbus_pdu.h"
#include "master.h"
#include "modbus_case.h"
#include "own_clock.h"
#include "own_turn.h"
#include "peer.h"

static const char yaml[] =
	"buses:\n"
	"  plc:\n"
	"    modbus: 'tcp://127.0.0.1:%u'\n"
	"    timeout: 100ms\n"
	"    reconnect_min: 10ms\n"
	"    reconnect_max: 20ms\n"
	"    serve: {listen: '127.0.0.1:0'}\n"
	"devices:\n"
	"  a:\n"
	"    bus: plc\n"
	"    unit: 1\n"
	"    poll: 20ms\n"
	"    points:\n"
	"      one: {holding: 100, type: int16, range: [-5, 5]}\n"
	"      two: {holding: 105, type: float32}\n"
	"      far: {holding: 300}\n"
	"      in: {input: 7}\n"
	"      c: {coil: 3}\n"
	"      d: {discrete: 20}\n"
	"  b: {bus: plc, unit: 2, poll: 20ms, points: {x: {holding: 100}}}\n";

struct test {
	struct modbus_case c;
	struct peer peer;
	int fd; /* of another master; -1: none yet */
	uint16_t id;
	uint8_t last[MODBUS_FRAME_MAX]; /* its last answer */
	/* what the device does */
	bool silent;
	uint8_t refuses;	     /* with this exception ... */
	unsigned hole_from, hole_to; /* ... whatever touches these */
	unsigned most;		     /* registers at once; 0: all */
	unsigned stamp;
};

static int setup(void **state)
{
	struct test *t = xcalloc(1, sizeof(*t));

	t->fd = -1;
	*state = t;
	return 0;
}

static int teardown(void **state)
{
	struct test *t = *state;

	if (t->fd >= 0)
		close(t->fd);
	if (t->c.input != NULL) {
		input_modbus.close(t->c.input);
		t->c.input = NULL;
		peer_done(&t->peer);
		modbus_case_done(&t->c);
	}
	free(t);
	return 0;
}

static void device(struct peer_link *link, const uint8_t *frame)
{
	struct test *t = link->peer->arg;
	unsigned from = modbus_u16(frame + 8), to = from + modbus_u16(frame + 10);

	if (t->silent)
		return;
	if (t->most != 0 && to - from > t->most)
		peer_refuses(link, frame, MODBUS_ILLEGAL_VALUE);
	else if (t->refuses != 0 && from < t->hole_to && to > t->hole_from)
		peer_refuses(link, frame, t->refuses);
	else
		peer_answers(link, frame);
}

static void device_hears(struct peer_link *link, const uint8_t *frame, size_t len)
{
	device(link, frame);
}

static struct report_server serving(struct test *t)
{
	static struct report bus, devices[2];

	input_modbus.report(t->c.input, &bus, devices);
	return bus.server;
}

static void start(struct test *t, const char *text)
{
	struct error err;
	struct loop *loop = loop_new(&err);

	peer_init(&t->peer, loop);
	t->peer.arg = t;
	t->peer.request = device_hears;
	modbus_case_init(&t->c, text, t->peer.port);
	t->c.loop = loop;
	modbus_case_open(&t->c);
	PEER_UNTIL(loop, strcmp(serving(t).state, "up") == 0);
	t->fd = master_connect(serving(t).address, 0);
}

/* What another master gets: 0 or the exception. The answer is in t->last. */
static uint8_t read_of(struct test *t, uint8_t unit, uint8_t function, uint16_t address,
		       uint16_t count)
{
	size_t rest;

	master_ask(t->fd, ++t->id, unit, function, address, count);
	assert_int_equal(master_take(t->c.loop, t->fd, t->last, 9), 9);
	assert_int_equal(modbus_u16(t->last), t->id);
	assert_int_equal(t->last[6], unit);
	if (t->last[7] != function) {
		assert_int_equal(t->last[7], function | 0x80);
		assert_int_not_equal(t->last[8], 0);
		return t->last[8];
	}
	rest = modbus_u16(t->last + 4) - 3u;
	assert_int_equal(master_take(t->c.loop, t->fd, t->last + 9, rest), rest);
	return 0;
}

static bool is_read(struct test *t, uint8_t exception, uint8_t unit, uint8_t function,
		    uint16_t address, uint16_t count)
{
	if (read_of(t, unit, function, address, count) == exception)
		return true;
	peer_wait(t->c.loop, 2 * NSEC_PER_MSEC);
	return false;
}

#define UNTIL_READ(t, exception, unit, function, address, count) \
	PEER_UNTIL((t)->c.loop, is_read(t, exception, unit, function, address, count))

static void test_what_was_read_is_served(void **state)
{
	struct test *t = *state;
	unsigned polls;

	start(t, yaml);
	UNTIL_READ(t, 0, 1, 3, 100, 7);
	for (unsigned i = 0; i < 7; i++)
		assert_int_equal(modbus_u16(t->last + 9 + 2 * i), 100 + i);
	UNTIL_READ(t, 0, 1, 4, 7, 1);
	assert_int_equal(modbus_u16(t->last + 9), 7);
	UNTIL_READ(t, 0, 1, 1, 3, 1);
	assert_int_equal(t->last[9], 1);
	UNTIL_READ(t, 0, 1, 2, 20, 1);
	assert_int_equal(t->last[9], 1);
	UNTIL_READ(t, 0, 2, 3, 100, 1);
	/* 'one' is out of its range: a matter of gauged's, not of other masters'. */
	assert_int_equal(modbus_case_seen(&t->c, "a.one")->last.quality, QUALITY_BAD);
	assert_int_equal(read_of(t, 1, 3, 100, 1), 0);
	/* A client causes nothing: what the device was asked is what was polled. */
	for (unsigned i = 0; i < 500; i++)
		assert_int_equal(read_of(t, 1, 3, 100, 7), 0);
	polls = (unsigned)modbus_case_count(&t->c, -1, "polls");
	assert_in_range(t->peer.requests, 1, polls);
	assert_true(modbus_case_count(&t->c, -1, "serve_requests") >= 500);
}

static void test_what_is_not_polled_has_its_exception(void **state)
{
	struct test *t = *state;

	start(t, yaml);
	UNTIL_READ(t, 0, 1, 3, 100, 7);
	assert_int_equal(read_of(t, 1, 3, 99, 1), MODBUS_ILLEGAL_ADDRESS);
	assert_int_equal(read_of(t, 1, 3, 100, 8), MODBUS_ILLEGAL_ADDRESS);
	assert_int_equal(read_of(t, 1, 3, 100, 125), MODBUS_ILLEGAL_ADDRESS);
	assert_int_equal(read_of(t, 1, 4, 100, 1), MODBUS_ILLEGAL_ADDRESS);
	assert_int_equal(read_of(t, 1, 3, 65535, 1), MODBUS_ILLEGAL_ADDRESS);
	assert_int_equal(read_of(t, 2, 3, 101, 1), MODBUS_ILLEGAL_ADDRESS);
	for (unsigned unit = 0; unit < 256; unit++) {
		if (unit != 1 && unit != 2)
			assert_int_equal(read_of(t, (uint8_t)unit, 3, 100, 1),
					 MODBUS_GATEWAY_PATH);
	}
}

static void test_before_the_first_answer_it_is_busy(void **state)
{
	struct test *t = *state;

	t->silent = true;
	start(t, yaml);
	/* Not an old number, not silence, and not "away" either: nobody knows yet. */
	assert_int_equal(read_of(t, 1, 3, 100, 1), MODBUS_BUSY);
	UNTIL_READ(t, MODBUS_GATEWAY_TARGET, 1, 3, 100, 1);
	t->silent = false;
	UNTIL_READ(t, 0, 1, 3, 100, 1);
}

static void test_a_silent_device_is_told_at_its_first_timeout(void **state)
{
	struct test *t = *state;

	start(t, yaml);
	UNTIL_READ(t, 0, 1, 3, 300, 1);
	t->silent = true;
	UNTIL_READ(t, MODBUS_GATEWAY_TARGET, 1, 3, 300, 1);
	UNTIL_READ(t, MODBUS_GATEWAY_TARGET, 1, 1, 3, 1);
	UNTIL_READ(t, MODBUS_GATEWAY_TARGET, 2, 3, 100, 1);
	/* What nobody reads is illegal at any time. */
	assert_int_equal(read_of(t, 1, 3, 301, 1), MODBUS_ILLEGAL_ADDRESS);
	t->silent = false;
	UNTIL_READ(t, 0, 1, 3, 300, 1);
}

static void test_without_a_connection_nothing_holds(void **state)
{
	struct test *t = *state;
	int listener;

	start(t, yaml);
	UNTIL_READ(t, 0, 1, 3, 300, 1);
	UNTIL_READ(t, 0, 2, 3, 100, 1);
	listener = t->peer.fd;
	peer_deaf(&t->peer);
	assert_true(listener >= 0);
	for (size_t i = 0; i < PEER_LINKS; i++)
		peer_close(&t->peer.links[i]);
	UNTIL_READ(t, MODBUS_GATEWAY_TARGET, 1, 3, 300, 1);
	UNTIL_READ(t, MODBUS_GATEWAY_TARGET, 2, 3, 100, 1);
	assert_int_equal(read_of(t, 1, 3, 100, 7), MODBUS_GATEWAY_TARGET);
	/* The other master keeps its connection. */
	assert_int_equal(modbus_case_count(&t->c, -1, "serve_clients"), 1);
}

static void test_values_grow_old(void **state)
{
	static const char rare[] =
		"buses: {plc: {modbus: 'tcp://127.0.0.1:%u', serve: {listen: '127.0.0.1:0'}}}\n"
		"devices: {a: {bus: plc, poll: 1h, points: {\n"
		"  x: {holding: 10, stale_after: 1h}, y: {holding: 11, stale_after: 300ms},\n"
		"  z: {holding: 500}}}}\n";
	struct test *t = *state;

	start(t, rare);
	UNTIL_READ(t, 0, 1, 3, 10, 2);
	/* They are of one request: the one that ages fastest counts. */
	UNTIL_READ(t, MODBUS_GATEWAY_TARGET, 1, 3, 10, 2);
	assert_int_equal(read_of(t, 1, 3, 10, 1), MODBUS_GATEWAY_TARGET);
	assert_int_equal(read_of(t, 1, 3, 500, 1), 0);
	assert_int_equal(modbus_case_count(&t->c, -1, "polls"), 2);
}

static void test_a_refusal_is_passed_on(void **state)
{
	static const struct {
		uint8_t device, told;
	} rows[] = {
		{MODBUS_ILLEGAL_FUNCTION, MODBUS_ILLEGAL_FUNCTION},
		{MODBUS_DEVICE_FAILURE, MODBUS_DEVICE_FAILURE},
		{MODBUS_BUSY, MODBUS_BUSY},
		{MODBUS_GATEWAY_TARGET, MODBUS_GATEWAY_TARGET},
		/* It would promise an answer to who waits, and that is us. */
		{MODBUS_ACKNOWLEDGE, MODBUS_DEVICE_FAILURE},
		{200, MODBUS_DEVICE_FAILURE},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct test *t;

		setup((void **)&t);
		start(t, yaml);
		UNTIL_READ(t, 0, 1, 3, 300, 1);
		t->refuses = rows[i].device;
		t->hole_from = 300;
		t->hole_to = 301;
		UNTIL_READ(t, rows[i].told, 1, 3, 300, 1);
		UNTIL_READ(t, 0, 1, 3, 100, 7);
		teardown((void **)&t);
	}
}

/* The device has a hole between two points: what was read along is not there any more. */
static void test_a_split_block_serves_its_points_only(void **state)
{
	struct test *t = *state;

	t->refuses = MODBUS_ILLEGAL_ADDRESS;
	t->hole_from = 102;
	t->hole_to = 104;
	start(t, yaml);
	UNTIL_READ(t, 0, 1, 3, 100, 1);
	UNTIL_READ(t, 0, 1, 3, 105, 2);
	assert_int_equal(read_of(t, 1, 3, 101, 1), MODBUS_ILLEGAL_ADDRESS);
	assert_int_equal(read_of(t, 1, 3, 100, 7), MODBUS_ILLEGAL_ADDRESS);
	assert_int_equal(modbus_case_count(&t->c, -1, "splits"), 1);
	/* While nobody is there, only what is asked for is away. */
	peer_deaf(&t->peer);
	for (size_t i = 0; i < PEER_LINKS; i++)
		peer_close(&t->peer.links[i]);
	UNTIL_READ(t, MODBUS_GATEWAY_TARGET, 1, 3, 100, 1);
	assert_int_equal(read_of(t, 1, 3, 105, 2), MODBUS_GATEWAY_TARGET);
	assert_int_equal(read_of(t, 1, 3, 101, 1), MODBUS_ILLEGAL_ADDRESS);
}

/* The bus of a reload knows what the old one has learned, and waits for nothing else. */
/* Its requests begin elsewhere then, and reach over what no request was to read. */
static void test_a_device_that_takes_less_is_served_whole(void **state)
{
	struct test *t = *state;
	struct str text;

	t->most = 60;
	str_init(&text);
	str_adds(&text, "buses: {plc: {modbus: 'tcp://127.0.0.1:%u', serve: {listen: "
			"'127.0.0.1:0'}}}\ndevices:\n  a:\n    bus: plc\n    poll: 20ms\n"
			"    points:\n");
	for (unsigned i = 0; i < 177; i++) {
		if (i < 119 || i > 124)
			str_addf(&text, "      r%u: {holding: %u}\n", i, i);
	}
	start(t, text.s);
	str_done(&text);
	/* 0 to 118 and 125 to 176 were the plan; now 118 is read with 125. */
	PEER_UNTIL(t->c.loop, modbus_case_seen(&t->c, "a.r118")->good > 2 &&
				      modbus_case_seen(&t->c, "a.r0")->good > 2 &&
				      modbus_case_seen(&t->c, "a.r176")->good > 2);
	assert_int_equal(read_of(t, 1, MODBUS_READ_HOLDING, 60, 117), 0);
	assert_int_equal(modbus_u16(t->last + 9), 60);
	assert_int_equal(modbus_u16(t->last + 9 + 2 * 116), 176);
	assert_int_equal(read_of(t, 1, MODBUS_READ_HOLDING, 177, 1), MODBUS_ILLEGAL_ADDRESS);
}

static void test_a_successor_serves_what_it_will_ask_for(void **state)
{
	struct test *t = *state;
	struct modbus_case *old = xcalloc(1, sizeof(*old));

	t->refuses = MODBUS_ILLEGAL_ADDRESS;
	t->hole_from = 102;
	t->hole_to = 104;
	start(t, yaml);
	UNTIL_READ(t, 0, 1, 3, 105, 2);
	*old = t->c;
	t->silent = true;
	modbus_case_init(&t->c, yaml, t->peer.port);
	t->c.loop = old->loop;
	t->c.before = old->input;
	modbus_case_open(&t->c);
	PEER_UNTIL(t->c.loop, strcmp(serving(t).state, "up") == 0);
	close(t->fd);
	t->fd = master_connect(serving(t).address, 0);
	assert_int_equal(read_of(t, 1, 3, 101, 1), MODBUS_ILLEGAL_ADDRESS);
	assert_int_equal(read_of(t, 1, 3, 100, 1), MODBUS_BUSY);
	input_modbus.close(old->input);
	conf_case_done(&old->conf);
	free(old);
	t->silent = false;
	UNTIL_READ(t, 0, 1, 3, 100, 1);
	assert_int_equal(read_of(t, 1, 3, 101, 1), MODBUS_ILLEGAL_ADDRESS);
}

/* All registers of an answer hold the same number, another one in each. */
static void device_stamps(struct peer_link *link, const uint8_t *frame, size_t len)
{
	struct test *t = link->peer->arg;
	uint8_t answer[PEER_FRAME];
	size_t bytes = peer_answer(frame, answer);

	t->stamp++;
	for (size_t i = 9; i < bytes; i++)
		answer[i] = (uint8_t)t->stamp;
	peer_send(link, answer, bytes);
}

static void test_registers_of_one_request_are_of_one_answer(void **state)
{
	struct test *t = *state;
	unsigned changes = 0, before = 0;

	start(t, yaml);
	t->peer.request = device_stamps;
	UNTIL_READ(t, 0, 1, 3, 100, 7);
	while (changes < 20) {
		assert_int_equal(read_of(t, 1, 3, 100, 7), 0);
		for (unsigned i = 1; i < 14; i++)
			assert_int_equal(t->last[9 + i], t->last[9]);
		changes += t->last[9] != before;
		before = t->last[9];
		/* A request of ours in the middle of theirs. */
		master_ask(t->fd, ++t->id, 1, 3, 100, 7);
		assert_int_equal(master_take(t->c.loop, t->fd, t->last, 23), 23);
		for (unsigned i = 1; i < 14; i++)
			assert_int_equal(t->last[9 + i], t->last[9]);
	}
}

/* For another process, which has the machine's time. */
enum { PATIENCE_S = 100 };

static int libmodbus_reads(unsigned port)
{
	modbus_t *ctx = modbus_new_tcp("127.0.0.1", (int)port);
	uint16_t words[7];
	uint8_t bits[1];

	modbus_set_response_timeout(ctx, PATIENCE_S, 0);
	if (modbus_connect(ctx) != 0 || modbus_set_slave(ctx, 1) != 0)
		return 1;
	if (modbus_read_registers(ctx, 100, 7, words) != 7 || words[0] != 100 ||
	    words[6] != 106)
		return 2;
	if (modbus_read_input_registers(ctx, 7, 1, words) != 1 || words[0] != 7)
		return 3;
	if (modbus_read_bits(ctx, 3, 1, bits) != 1 || bits[0] != 1)
		return 4;
	if (modbus_read_input_bits(ctx, 20, 1, bits) != 1 || bits[0] != 1)
		return 5;
	if (modbus_write_register(ctx, 100, 1) != -1 || errno != EMBXILFUN)
		return 6;
	if (modbus_write_bit(ctx, 3, 0) != -1 || errno != EMBXILFUN)
		return 7;
	if (modbus_write_registers(ctx, 100, 2, words) != -1 || errno != EMBXILFUN)
		return 8;
	if (modbus_mask_write_register(ctx, 100, 1, 2) != -1 || errno != EMBXILFUN)
		return 9;
	if (modbus_report_slave_id(ctx, 1, bits) != -1 || errno != EMBXILFUN)
		return 10;
	if (modbus_read_registers(ctx, 0, 1, words) != -1 || errno != EMBXILADD)
		return 11;
	modbus_set_slave(ctx, 77);
	if (modbus_read_registers(ctx, 100, 1, words) != -1 || errno != EMBXGPATH)
		return 12;
	modbus_close(ctx);
	modbus_free(ctx);
	return 0;
}

static void test_libmodbus_reads_and_may_not_write(void **state)
{
	struct test *t = *state;
	struct mono give_up;
	unsigned port;
	pid_t child;
	int status;

	start(t, yaml);
	UNTIL_READ(t, 0, 1, 3, 100, 7);
	UNTIL_READ(t, 0, 1, 4, 7, 1);
	UNTIL_READ(t, 0, 1, 1, 3, 1);
	UNTIL_READ(t, 0, 1, 2, 20, 1);
	port = (unsigned)atoi(strrchr(serving(t).address, ':') + 1);
	child = fork();
	if (child == 0)
		_exit(libmodbus_reads(port));
	own_turn_hold(true);
	give_up = mono_add(own_clock_real(), PATIENCE_S * NSEC_PER_SEC);
	while (waitpid(child, &status, WNOHANG) != child) {
		assert_true(own_clock_real().ns < give_up.ns);
		peer_turn(t->c.loop);
	}
	own_turn_hold(false);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	/* Nothing of it went to the device. */
	assert_int_equal(t->peer.writes, 0);
}

static void test_without_serve_there_is_no_listener(void **state)
{
	static const char plain[] = "buses: {plc: {modbus: 'tcp://127.0.0.1:%u'}}\n"
				    "devices: {a: {bus: plc, points: {x: {holding: 10}}}}\n";
	struct test *t = *state;
	struct error err;
	struct loop *loop = loop_new(&err);

	peer_init(&t->peer, loop);
	modbus_case_init(&t->c, plain, t->peer.port);
	t->c.loop = loop;
	modbus_case_open(&t->c);
	PEER_UNTIL(loop, modbus_case_seen(&t->c, "a.x")->good > 0);
	assert_string_equal(serving(t).address, "");
}

static void test_mistakes_in_serve(void **state)
{
	static const struct {
		const char *serve, *said, *hint;
	} rows[] = {
		{"1502", "'serve' of bus 'plc' must be a map", ""},
		{"{}", "listen", ""},
		{"{listen: 1502}", "'1502' is no address to listen on", "127.0.0.1:1502"},
		{"{listen: 'localhost:1502'}", "is no address to listen on", "127.0.0.1:1502"},
		{"{listen: '127.0.0.1:65536'}", "is no address to listen on", "127.0.0.1:1502"},
		{"{listen: '0.0.0.0:1502'}", "'allow' has to say who may read bus 'plc'",
		 "allow: [192.0.2.7, 10.0.0.0/8]"},
		{"{listen: '[::]:1502'}", "can be reached from other machines",
		 "127.0.0.1:502"},
		{"{listen: '192.0.2.1:1502', allow: []}", "'allow' is empty", "10.0.0.0/8"},
		{"{listen: '127.0.0.1:1502', allow: [plc.example]}",
		 "'plc.example' is no address and no network", "192.0.2.7"},
		{"{listen: '127.0.0.1:1502', allow: [192.0.2.7, 10.1.2.3/8]}",
		 "'10.1.2.3/8' has bits set behind its prefix", "10.0.0.0/8"},
		{"{listen: '127.0.0.1:1502', allow: 10.0.0.0/33}", "is no address and no", ""},
		{"{listen: '127.0.0.1:1502', clients: 0}", "'clients'", "from 1 to 32"},
		{"{listen: '127.0.0.1:1502', clients: 33}", "'clients'", "from 1 to 32"},
		{"{listen: '127.0.0.1:1502', idle_timeout: 0s}", "'idle_timeout'", "100ms"},
		{"{listen: '127.0.0.1:1502', wirte: true}", "wirte", ""},
		{"{listen: '127.0.0.1:1502', cleints: 2}", "did you mean 'clients'", ""},
	};
	struct test *t = *state;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char text[1024];
		const char *said;

		snprintf(text, sizeof(text),
			 "buses: {plc: {modbus: 'tcp://192.0.2.1', serve: %s}}\n"
			 "devices: {a: {bus: plc, points: {x: {holding: 1}}}}\n",
			 rows[i].serve);
		modbus_case_init(&t->c, text, 0);
		said = conf_case_said(&t->c.conf);
		if (t->c.config != NULL || strstr(said, rows[i].said) == NULL ||
		    strstr(said, rows[i].hint) == NULL)
			fail_msg("%s: %s", rows[i].serve, said);
		modbus_case_done(&t->c);
	}
}

static void test_more_than_64_networks_are_refused(void **state)
{
	struct test *t = *state;
	char text[4096] = "buses: {plc: {modbus: 'tcp://192.0.2.1', serve: {listen: "
			  "'127.0.0.1:1502', allow: [";

	for (unsigned i = 0; i < 65; i++)
		sprintf(text + strlen(text), "10.0.0.%u,", i);
	strcat(text, "]}}}\ndevices: {a: {bus: plc, points: {x: {holding: 1}}}}\n");
	modbus_case_init(&t->c, text, 0);
	assert_null(t->c.config);
	assert_non_null(strstr(conf_case_said(&t->c.conf), "at most 64"));
	modbus_case_done(&t->c);
}

static void test_who_may_come_if_nothing_is_said(void **state)
{
	static const struct {
		const char *listen;
		unsigned allowed;
	} rows[] = {{"'127.0.0.1:1502'", 2},
		    {"'[::1]:1502'", 2},
		    {"'[::]:1502', allow: '::/0'", 1}};
	struct test *t = *state;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char text[1024];

		snprintf(text, sizeof(text),
			 "buses: {plc: {modbus: 'tcp://192.0.2.1', serve: {listen: %s}}}\n"
			 "devices: {a: {bus: plc, points: {x: {holding: 1}}}}\n",
			 rows[i].listen);
		modbus_case_init(&t->c, text, 0);
		assert_non_null(t->c.config);
		assert_int_equal(t->c.config->serve.server.allow_count, rows[i].allowed);
		assert_int_equal(t->c.config->serve.server.clients, 8);
		assert_true(t->c.config->serve.server.idle_ns == 60 * NSEC_PER_SEC);
		modbus_case_done(&t->c);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(test_what_was_read_is_served),
		TEST(test_what_is_not_polled_has_its_exception),
		TEST(test_before_the_first_answer_it_is_busy),
		TEST(test_a_silent_device_is_told_at_its_first_timeout),
		TEST(test_without_a_connection_nothing_holds),
		TEST(test_values_grow_old),
		cmocka_unit_test(test_a_refusal_is_passed_on),
		TEST(test_a_split_block_serves_its_points_only),
		TEST(test_a_device_that_takes_less_is_served_whole),
		TEST(test_a_successor_serves_what_it_will_ask_for),
		TEST(test_registers_of_one_request_are_of_one_answer),
		TEST(test_libmodbus_reads_and_may_not_write),
		TEST(test_without_serve_there_is_no_listener),
		TEST(test_mistakes_in_serve),
		TEST(test_more_than_64_networks_are_refused),
		TEST(test_who_may_come_if_nothing_is_said),
	};

	log_init(STDERR_FILENO, LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
