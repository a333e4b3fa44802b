/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Nothing is taken from the heap while devices are polled and others are served from what they
 * answered: not by us, not by libevent.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/log.h"
#include "inputs/modbus.h"
#include "io/modbus_pdu.h"
#include "master.h"
#include "modbus_case.h"
#include "peer.h"

/* glibc's own, below the names that a program may take over (malloc(3), "Replacing malloc"). */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);

static unsigned long allocations;

void *malloc(size_t size)
{
	allocations++;
	return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	allocations++;
	return __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
	allocations++;
	return __libc_realloc(old, size);
}

static const char yaml[] =
	"buses: {plc: {modbus: 'tcp://127.0.0.1:%u', in_flight: 4, serve: {listen: '127.0.0.1:0'}}}\n"
	"devices:\n"
	"  a:\n"
	"    bus: plc\n"
	"    poll: 5ms\n"
	"    points:\n"
	"      one: {holding: 100, type: float32, order: CDAB, write: true}\n"
	"      two: {input: 4, type: string(8)}\n"
	"      three: {coil: 4}\n"
	"      four: {holding: 500, bits: {x: 1, y: 2..3}}\n"
	"  b: {bus: plc, unit: 2, poll: 7ms, points: {x: {holding: 9}}}\n";

/* Another master of the bus asks and is answered. */
static void serve_one(struct modbus_case *c, int fd, uint16_t id)
{
	master_ask(fd, id, 1, MODBUS_READ_HOLDING, 100, 2);
	master_expect(c->loop, fd, id, 100, 2);
	master_ask(fd, id, 1, MODBUS_READ_HOLDING, 99, 1);
	master_expect_exception(c->loop, fd, id, MODBUS_READ_HOLDING, MODBUS_ILLEGAL_ADDRESS);
}

static void write_ended(void *arg, const struct write_result *result)
{
	(*(unsigned *)arg)++;
}

static void test_polling_writing_and_serving_allocate_nothing(void **state)
{
	struct modbus_case *c = xcalloc(1, sizeof(*c));
	struct peer peer;
	struct error err;
	struct loop *loop = loop_new(&err);
	unsigned long before;
	uint64_t polls, readings;
	unsigned written = 0;
	struct report bus, devices[2];
	int fd;

	assert_true(allocations > 0); /* they are counted */
	peer_init(&peer, loop);
	modbus_case_init(c, yaml, peer.port);
	c->loop = loop;
	modbus_case_open(c);
	PEER_UNTIL(loop, modbus_case_count(c, -1, "answers") > 50);
	input_modbus.report(c->input, &bus, devices);
	fd = master_connect(bus.server.address, 0);
	serve_one(c, fd, 0);
	before = allocations;
	polls = modbus_case_count(c, -1, "polls");
	readings = c->readings;
	PEER_UNTIL(loop, modbus_case_count(c, -1, "polls") > polls + 500);
	for (unsigned i = 0; i < 20; i++) {
		assert_int_equal(input_modbus.write(c->input, 0, value_number(i), write_ended,
						    &written, &err),
				 0);
		PEER_UNTIL(loop, written == i + 1);
		serve_one(c, fd, (uint16_t)i);
	}
	assert_int_equal(allocations, before);
	assert_true(c->readings > readings + 500);
	close(fd);
	input_modbus.close(c->input);
	c->input = NULL;
	peer_done(&peer);
	modbus_case_done(c);
	free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_polling_writing_and_serving_allocate_nothing),
	};

	log_init(STDERR_FILENO, LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
