/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* What takes a clock that can be set: instants, long outages, slow kernels, simple devices. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../unit/modbus_case.h"
#include "base/alloc.h"
#include "base/error.h"
#include "base/log.h"
#include "inputs/modbus.h"
#include "inputs/modbus_config.h"
#include "slaves.h"

struct test {
	struct loop *loop;
	struct modbus_case c;
	struct slaves slaves;
	int64_t delay_ns; /* of answers */
	int64_t busy_until;
	unsigned in_flight, most_in_flight, dropped;
	uint64_t good, bad, wrong;
	uint64_t trace; /* a hash of what came when */
};

static void put(void *arg, const struct reading *reading)
{
	struct test *t = arg;
	const struct modbus_point *point = &t->c.config->points[reading->point];
	uint8_t unit = t->c.config->devices[point->device].number;
	uint32_t serial = t->slaves.last[unit][point->function - 1][point->address];

	t->trace = t->trace * 31 + (uint64_t)reading->at.ns + reading->point;
	if (reading->quality != QUALITY_GOOD) {
		t->bad++;
		return;
	}
	t->good++;
	t->wrong += reading->value.number !=
		    slave_value(unit, point->function, point->address, serial);
}

static const char one_unit[] =
	"buses: {plc: {modbus: 'tcp://10.0.0.1', timeout: 200ms, connect_timeout: 300ms,"
	" reconnect_max: 1s, in_flight: %u}}\n"
	"devices: {a: {bus: plc, poll: 100ms, max_hole: 0, points: {\n"
	" a: {holding: 0}, b: {holding: 2}, c: {holding: 4}, d: {holding: 6},\n"
	" e: {holding: 8}, f: {holding: 10}, g: {holding: 12}, h: {holding: 14}}}}\n";

static struct test *test_make(const char *yaml, unsigned number)
{
	struct test *t = xcalloc(1, sizeof(*t));
	struct error err;

	virtual_begin(7);
	t->loop = loop_new(&err);
	t->slaves.peer.host = "10.0.0.1";
	t->slaves.peer.port = 502;
	t->slaves.peer.connect_ns = NSEC_PER_MSEC;
	t->slaves.answer_ns = 5 * NSEC_PER_MSEC;
	t->slaves.arg = t;
	slaves_init(&t->slaves, false);
	modbus_case_init(&t->c, yaml, number);
	if (t->c.config == NULL)
		fail_msg("%s", conf_case_said(&t->c.conf));
	t->c.input = input_modbus.open(t->c.config, t->loop,
				       (struct input_sink){.put = put, .arg = t}, NULL, &err);
	return t;
}

static void test_done(struct test *t)
{
	modbus_case_done(&t->c);
	loop_free(t->loop);
	slaves_done(&t->slaves);
	virtual_end();
	free(t);
}

static uint64_t count(const struct test *t, const char *name)
{
	return modbus_case_count(&t->c, -1, name);
}

/* Devices that can do one thing at a time. */

static void one_at_a_time(struct slaves *slaves, struct virtual_link *link,
			  const struct slave_request *request)
{
	struct test *t = slaves->arg;
	int64_t now = clock_mono().ns;

	if (now < t->busy_until) {
		t->dropped++;
		return;
	}
	t->busy_until = now + slaves->answer_ns;
	slave_answers(slaves, link, request, slaves->answer_ns);
}

static void test_device_that_drops_all_but_the_first_is_asked_one_at_a_time(void **state)
{
	struct test *t = test_make(one_unit, 16);
	unsigned dropped;
	uint64_t timeouts;

	t->slaves.request = one_at_a_time;
	virtual_run(t->loop, 10 * NSEC_PER_SEC);
	dropped = t->dropped;
	timeouts = count(t, "timeouts");
	assert_true(dropped > 0 && timeouts > 0);
	t->good = t->bad = 0;
	virtual_run(t->loop, 60 * NSEC_PER_SEC);
	assert_int_equal(t->dropped, dropped);
	assert_int_equal(count(t, "timeouts"), timeouts);
	assert_int_equal(t->good, 8 * 600);
	assert_int_equal(t->bad + t->wrong, 0);
	test_done(t);
}

static void closes_on_the_second(struct slaves *slaves, struct virtual_link *link,
				 const struct slave_request *request)
{
	struct test *t = slaves->arg;

	if (clock_mono().ns < t->busy_until)
		virtual_reset(link, 0);
	one_at_a_time(slaves, link, request);
}

static void test_device_that_closes_on_the_second_is_asked_one_at_a_time(void **state)
{
	struct test *t = test_make(one_unit, 4);
	uint64_t breaks;

	t->slaves.request = closes_on_the_second;
	virtual_run(t->loop, 20 * NSEC_PER_SEC);
	breaks = count(t, "disconnects");
	assert_true(breaks >= 3);
	t->good = t->bad = 0;
	virtual_run(t->loop, 60 * NSEC_PER_SEC);
	assert_int_equal(count(t, "disconnects"), breaks);
	assert_int_equal(t->good, 8 * 600);
	assert_int_equal(t->bad + t->wrong, 0);
	test_done(t);
}

/* The connection is cut now and then, and the device has an answer lost each ten minutes. */
static void lossy(struct slaves *slaves, struct virtual_link *link,
		  const struct slave_request *request)
{
	struct test *t = slaves->arg;

	if (slaves->serial % 30000 == 0)
		return;
	if (slaves->serial % 10000 == 0) {
		virtual_reset(link, 0);
		return;
	}
	t->in_flight = clock_mono().ns < t->busy_until ? t->in_flight + 1 : 1;
	if (t->in_flight > t->most_in_flight)
		t->most_in_flight = t->in_flight;
	t->busy_until = clock_mono().ns + slaves->answer_ns;
	slave_answers(slaves, link, request, slaves->answer_ns);
}

static void test_device_that_takes_several_is_asked_several_in_spite_of_losses(void **state)
{
	struct test *t = test_make(one_unit, 4);

	t->slaves.request = lossy;
	virtual_run(t->loop, 3600 * NSEC_PER_SEC);
	assert_true(count(t, "timeouts") >= 5 && count(t, "disconnects") >= 10);
	t->most_in_flight = 0;
	virtual_run(t->loop, 10 * NSEC_PER_SEC);
	assert_int_equal(t->most_in_flight, 4);
	assert_int_equal(t->wrong, 0);
	test_done(t);
}

/* Ids. */

static void id_0(struct slaves *slaves, struct virtual_link *link,
		 const struct slave_request *request)
{
	struct slave_request other = *request;

	other.id = 0;
	slave_answers(slaves, link, &other, slaves->answer_ns);
}

/* Only the request with the id 0 can have been meant. */
static void test_device_that_always_answers_id_0_gives_no_values(void **state)
{
	struct test *t = test_make(one_unit, 1);

	t->slaves.request = id_0;
	virtual_run(t->loop, 60 * NSEC_PER_SEC);
	assert_true(t->good <= 1);
	assert_int_equal(t->wrong, 0);
	assert_true(count(t, "unknown_answers") > 5);
	test_done(t);
}

static void test_units_with_the_same_registers_keep_their_values(void **state)
{
	static const char yaml[] =
		"buses: {plc: {modbus: 'tcp://10.0.0.1', timeout: 200ms, in_flight: %u}}\n"
		"devices:\n"
		"  a: {bus: plc, unit: 1, poll: 50ms, points: {x: {holding: 7}}}\n"
		"  b: {bus: plc, unit: 2, poll: 50ms, points: {x: {holding: 7}}}\n"
		"  c: {bus: plc, unit: 255, poll: 50ms, points: {x: {holding: 7}}}\n";
	struct test *t = test_make(yaml, 16);

	virtual_run(t->loop, 60 * NSEC_PER_SEC);
	assert_true(t->good > 3 * 1100);
	assert_int_equal(t->wrong + t->bad, 0);
	test_done(t);
}

/* Instants. */

static void after_delay(struct slaves *slaves, struct virtual_link *link,
			const struct slave_request *request)
{
	slave_answers(slaves, link, request, ((struct test *)slaves->arg)->delay_ns);
}

static void test_answer_at_the_deadline_is_in_time_or_late_and_never_both(void **state)
{
	static const int64_t around[] = {-1, 0, 1};

	for (size_t i = 0; i < ARRAY_SIZE(around); i++) {
		struct test *t = test_make("buses: {plc: {modbus: 'tcp://10.0.0.1',"
					   " timeout: 200ms}}\n"
					   "devices: {a: {bus: plc, poll: 1s, points:"
					   " {x: {holding: 1}}}}\n",
					   0);
		uint64_t polls;

		t->slaves.request = after_delay;
		t->delay_ns = 200 * NSEC_PER_MSEC + around[i];
		/* Two timeouts in a row make no unit offline. */
		virtual_run(t->loop, 3500 * NSEC_PER_MSEC);
		polls = t->slaves.serial;
		assert_true(polls >= 2);
		assert_int_equal(t->wrong, 0);
		assert_int_equal(count(t, "answers") + count(t, "timeouts"), polls);
		assert_int_equal(count(t, "late_answers"), count(t, "timeouts"));
		if (around[i] < 0)
			assert_int_equal(count(t, "timeouts"), 0);
		if (around[i] > 0)
			assert_int_equal(count(t, "answers"), 0);
		test_done(t);
	}
}

/* An instant is what it is, whatever the wall clock says. */
static void test_steps_of_the_wall_clock_change_nothing(void **state)
{
	uint64_t traces[2], serials[2];

	for (int steps = 0; steps < 2; steps++) {
		struct test *t = test_make(one_unit, 2);

		for (int i = 0; i < 100; i++) {
			virtual_run(t->loop, 330 * NSEC_PER_MSEC);
			if (steps)
				virtual_step_wall((i % 2 ? -7 : 6) * 86400 * NSEC_PER_SEC);
		}
		assert_true(t->good > 8 * 300);
		assert_int_equal(t->bad + t->wrong, 0);
		traces[steps] = t->trace;
		serials[steps] = t->slaves.serial;
		test_done(t);
	}
	assert_int_equal(traces[0], traces[1]);
	assert_int_equal(serials[0], serials[1]);
}

static void silent(struct slaves *slaves, struct virtual_link *link,
		   const struct slave_request *request)
{
}

/* Whatever the outage was, each block is asked once for it and then at its interval. */
static void test_no_catching_up_after_an_outage_of_ten_seconds(void **state)
{
	enum { SILENT, REFUSED, HOLE, OUTAGES };

	for (int outage = 0; outage < OUTAGES; outage++) {
		struct test *t = test_make(one_unit, 1);
		uint32_t before;

		virtual_run(t->loop, 5 * NSEC_PER_SEC);
		t->slaves.request = silent;
		t->slaves.peer.connect = outage == SILENT    ? VIRTUAL_ACCEPTS
					 : outage == REFUSED ? VIRTUAL_REFUSES
							     : VIRTUAL_BLACK_HOLE;
		virtual_run(t->loop, 10 * NSEC_PER_SEC);
		t->slaves.request = NULL;
		t->slaves.peer.connect = VIRTUAL_ACCEPTS;
		before = (uint32_t)count(t, "answers");
		VIRTUAL_UNTIL(t->loop, count(t, "answers") > before, 70 * NSEC_PER_SEC);
		before = t->slaves.serial;
		virtual_run(t->loop, NSEC_PER_SEC);
		assert_in_range(t->slaves.serial - before, 8 * 8, 8 * 11);
		test_done(t);
	}
}

/* The kernel takes as little as it likes: what leaves are whole requests, one after another. */
static void test_requests_are_whole_when_the_kernel_takes_parts(void **state)
{
	for (size_t room = 1; room < 40; room++) {
		struct test *t = test_make(one_unit, 8);

		t->slaves.peer.room = room;
		t->slaves.peer.wrote = NULL;
		t->slaves.peer.latency_ns = NSEC_PER_MSEC / 4;
		t->slaves.answer_ns = NSEC_PER_MSEC;
		virtual_run(t->loop, 3 * NSEC_PER_SEC);
		assert_true(t->good > 8 * 10);
		assert_int_equal(t->wrong + t->bad, 0);
		assert_int_equal(count(t, "disconnects"), 0);
		test_done(t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_device_that_drops_all_but_the_first_is_asked_one_at_a_time),
		cmocka_unit_test(test_device_that_closes_on_the_second_is_asked_one_at_a_time),
		cmocka_unit_test(
			test_device_that_takes_several_is_asked_several_in_spite_of_losses),
		cmocka_unit_test(test_device_that_always_answers_id_0_gives_no_values),
		cmocka_unit_test(test_units_with_the_same_registers_keep_their_values),
		cmocka_unit_test(test_answer_at_the_deadline_is_in_time_or_late_and_never_both),
		cmocka_unit_test(test_steps_of_the_wall_clock_change_nothing),
		cmocka_unit_test(test_no_catching_up_after_an_outage_of_ten_seconds),
		cmocka_unit_test(test_requests_are_whole_when_the_kernel_takes_parts),
	};

	log_init(STDERR_FILENO, LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
