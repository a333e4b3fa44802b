/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* What an open bus makes of refusals: requests, readings and lines of the log. */
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
#include "base/str.h"
#include "inputs/modbus.h"
#include "io/modbus_pdu.h"
#include "modbus_case.h"
#include "peer.h"

struct test {
	struct modbus_case c, next; /* next: what a reload opens */
	struct peer peer;
	int log[2];
	/* the device: */
	unsigned absent;  /* address that is refused; 0: none */
	unsigned most;	  /* registers at once */
	uint8_t too_much; /* 0: no answer */
	unsigned refusals;
};

static void device(struct peer_link *link, const uint8_t *frame, size_t len)
{
	struct test *t = link->peer->arg;
	unsigned address = modbus_u16(frame + 8), count = modbus_u16(frame + 10);

	if (count > t->most && t->too_much == 0)
		return;
	if (count > t->most) {
		t->refusals++;
		peer_refuses(link, frame, t->too_much);
	} else if (t->absent >= address && t->absent < address + count) {
		t->refusals++;
		peer_refuses(link, frame, MODBUS_ILLEGAL_ADDRESS);
	} else {
		peer_answers(link, frame);
	}
}

static int setup(void **state)
{
	struct test *t = xcalloc(1, sizeof(*t));
	struct error err;
	struct loop *loop = loop_new(&err);

	assert_non_null(loop);
	t->most = 125;
	peer_init(&t->peer, loop);
	t->peer.arg = t;
	t->peer.request = device;
	t->c.loop = loop;
	assert_int_equal(pipe(t->log), 0);
	log_init(t->log[1], LOG_LEVEL_NOTICE);
	*state = t;
	return 0;
}

static int teardown(void **state)
{
	struct test *t = *state;

	log_init(STDERR_FILENO, LOG_LEVEL_ERROR);
	if (t->next.input != NULL) {
		input_modbus.close(t->next.input);
		t->next.input = NULL;
	}
	if (t->next.points != NULL) {
		t->next.loop = NULL;
		modbus_case_done(&t->next);
	}
	if (t->c.input != NULL)
		input_modbus.close(t->c.input);
	t->c.input = NULL;
	peer_done(&t->peer);
	modbus_case_done(&t->c);
	close(t->log[0]);
	close(t->log[1]);
	free(t);
	return 0;
}

/* A bus with a device of registers from 'from' to before 'to' of which every 'step'-th counts.
 */
static void add_device(struct str *yaml, const char *name, unsigned from, unsigned to,
		       unsigned step)
{
	str_addf(yaml, "  %s:\n    bus: plc\n    poll: 10ms\n    points:\n", name);
	for (unsigned i = from; i < to; i += step)
		str_addf(yaml, "      r%u: {holding: %u}\n", i, i);
}

static void begin(struct str *yaml)
{
	str_init(yaml);
	str_addf(yaml, "%s",
		 "buses:\n  plc: {modbus: 'tcp://127.0.0.1:%u', timeout: 100ms, "
		 "reconnect_min: 20ms, reconnect_max: 50ms, in_flight: 2}\ndevices:\n");
}

static void open_case(struct test *t, struct modbus_case *c, struct str *yaml,
		      const struct input *before)
{
	struct loop *loop = t->peer.loop;

	modbus_case_init(c, yaml->s, t->peer.port);
	c->loop = loop;
	c->before = before;
	modbus_case_open(c);
	str_done(yaml);
}

static void start(struct test *t, unsigned to, unsigned step)
{
	struct str yaml;

	begin(&yaml);
	add_device(&yaml, "a", 10, to, step);
	open_case(t, &t->c, &yaml, NULL);
}

static struct modbus_seen *seen(struct modbus_case *c, const char *name)
{
	return modbus_case_seen(c, name);
}

static unsigned lines(struct test *t, const char *with)
{
	static char said[65536];
	static size_t len;
	unsigned n = 0;

	/* So that reading finds something always. */
	log_notice("the end");
	len = (size_t)read(t->log[0], said, sizeof(said) - 1);
	said[len] = '\0';
	for (const char *p = said; (p = strstr(p, with)) != NULL; p++)
		n++;
	return n;
}

/* All points but one have values that are right. */
static bool all_good(struct modbus_case *c, unsigned from, unsigned to, unsigned but)
{
	for (unsigned i = from; i < to; i++) {
		char name[16];

		snprintf(name, sizeof(name), "a.r%u", i);
		if (i != but &&
		    (seen(c, name)->last.quality != QUALITY_GOOD || seen(c, name)->good < 3 ||
		     seen(c, name)->last.value.number != i))
			return false;
	}
	return true;
}

static void test_fault_B5_one_absent_register_costs_the_others_nothing(void **state)
{
	struct test *t = *state;
	unsigned requests, refusals;

	t->absent = 77;
	start(t, 110, 1);
	PEER_UNTIL(t->c.loop, seen(&t->c, "a.r77")->bad > 0);
	PEER_UNTIL(t->c.loop, all_good(&t->c, 10, 110, 77));
	assert_int_equal(seen(&t->c, "a.r77")->good, 0);
	assert_int_equal(seen(&t->c, "a.r77")->last.reason, BAD_EXCEPTION);
	assert_int_equal(seen(&t->c, "a.r77")->last.code, MODBUS_ILLEGAL_ADDRESS);
	/* One for each halving of a hundred. */
	assert_in_range(t->refusals, 7, 9);
	/* From now on two requests for a poll, and those for the absent one are rare. */
	requests = t->peer.requests;
	refusals = t->refusals;
	PEER_UNTIL(t->c.loop, t->peer.requests > requests + 200);
	assert_in_range(t->refusals - refusals, 0, (t->peer.requests - requests) / 20);
	assert_int_equal(lines(t, "refuses a.r77: illegal data address, asking again"), 1);
}

static void test_values_of_one_block_share_one_time(void **state)
{
	struct test *t = *state;
	uint64_t before;

	start(t, 40, 1);
	PEER_UNTIL(t->c.loop, seen(&t->c, "a.r39")->good > 2);
	/* Between two turns of the loop no block is half told. */
	for (int i = 0; i < 5; i++) {
		before = t->c.readings;
		PEER_UNTIL(t->c.loop, t->c.readings > before);
		assert_int_equal((t->c.readings - before) % 30, 0);
		assert_int_equal(seen(&t->c, "a.r10")->last.at.ns,
				 seen(&t->c, "a.r39")->last.at.ns);
		assert_int_equal(seen(&t->c, "a.r25")->last.at.ns,
				 seen(&t->c, "a.r39")->last.at.ns);
	}
}

static void test_search_adds_one_request_to_each_poll(void **state)
{
	struct test *t = *state;
	struct str yaml;
	unsigned before;

	/* A poll an hour: a step of the search each second is enough. */
	begin(&yaml);
	str_addf(&yaml, "  a: {bus: plc, poll: 1h, points: {");
	for (unsigned i = 10; i < 26; i++)
		str_addf(&yaml, "%sr%u: {holding: %u}", i > 10 ? ", " : "", i, i);
	str_addf(&yaml, "}}\n");
	t->absent = 25;
	open_case(t, &t->c, &yaml, NULL);
	PEER_UNTIL(t->c.loop, t->refusals == 1);
	for (int step = 0; step < 3; step++) {
		before = t->peer.requests;
		peer_wait(t->c.loop, 200 * NSEC_PER_MSEC);
		assert_int_equal(t->peer.requests, before);
		PEER_UNTIL(t->c.loop, t->peer.requests > before);
		PEER_UNTIL(t->c.loop, t->peer.requests == before + 2);
	}
	PEER_UNTIL(t->c.loop, seen(&t->c, "a.r25")->bad > 0);
	for (unsigned i = 10; i < 25; i++) {
		char name[16];

		snprintf(name, sizeof(name), "a.r%u", i);
		assert_true(seen(&t->c, name)->good > 0);
		assert_int_equal(seen(&t->c, name)->bad, 0);
	}
}

static void test_lessons_outlive_a_lost_connection(void **state)
{
	struct test *t = *state;
	unsigned refusals;

	t->absent = 15;
	start(t, 30, 4);
	/* 10, 14, 18, ...: the absent one stands in a hole. */
	PEER_UNTIL(t->c.loop, seen(&t->c, "a.r10")->good > 3 && seen(&t->c, "a.r26")->good > 3);
	assert_int_equal(t->refusals, 1);
	refusals = t->refusals;
	for (int i = 0; i < 3; i++) {
		unsigned good = seen(&t->c, "a.r26")->good, accepted = t->peer.accepted;

		for (size_t k = 0; k < PEER_LINKS; k++) {
			if (t->peer.links[k].fd >= 0)
				peer_send(&t->peer.links[k], "\1\2\3\4\5\6\7\10", 8);
		}
		PEER_UNTIL(t->c.loop, t->peer.accepted > accepted);
		PEER_UNTIL(t->c.loop, seen(&t->c, "a.r26")->good > good + 3);
	}
	assert_int_equal(t->refusals, refusals);
	assert_int_equal(lines(t, "device a refuses holding 10 to 26 at once (illegal data "
				  "address), reading only what points ask for"),
			 1);
}

static void test_lessons_outlive_a_reload_that_keeps_the_device(void **state)
{
	struct test *t = *state;
	struct str yaml;

	t->absent = 15;
	start(t, 30, 4);
	PEER_UNTIL(t->c.loop, seen(&t->c, "a.r10")->good > 3);
	assert_int_equal(t->refusals, 1);
	/* Another device joins the bus, before the one that stays. */
	begin(&yaml);
	add_device(&yaml, "Other", 40, 42, 1);
	add_device(&yaml, "a", 10, 30, 4);
	open_case(t, &t->next, &yaml, t->c.input);
	PEER_UNTIL(t->c.loop,
		   seen(&t->next, "a.r10")->good > 3 && seen(&t->next, "Other.r41")->good > 3);
	assert_int_equal(t->refusals, 1);
	assert_int_equal(modbus_case_count(&t->next, -1, "splits"), 0);
}

static void test_lessons_are_dropped_when_the_device_changes(void **state)
{
	struct test *t = *state;
	struct str yaml;

	t->absent = 15;
	start(t, 30, 4);
	PEER_UNTIL(t->c.loop, seen(&t->c, "a.r10")->good > 3);
	assert_int_equal(t->refusals, 1);
	begin(&yaml);
	add_device(&yaml, "a", 10, 34, 4);
	open_case(t, &t->next, &yaml, t->c.input);
	PEER_UNTIL(t->c.loop, seen(&t->next, "a.r30")->good > 3);
	assert_int_equal(t->refusals, 2);
	assert_int_equal(modbus_case_count(&t->next, -1, "splits"), 1);
}

static void test_device_that_takes_less_says_so(void **state)
{
	struct test *t = *state;

	t->most = 30;
	t->too_much = MODBUS_ILLEGAL_VALUE;
	start(t, 110, 1);
	PEER_UNTIL(t->c.loop, all_good(&t->c, 10, 110, 0));
	/* 100 and 50 are too much, 25 is not; two blocks of 50 may have been on their way. */
	assert_in_range(t->refusals, 2, 3);
	assert_int_equal(seen(&t->c, "a.r10")->bad, 0);
	assert_int_equal(lines(t, "asking for at most"), 2);
}

static void test_device_that_takes_less_without_a_word(void **state)
{
	struct test *t = *state;

	t->most = 60;
	t->too_much = 0;
	start(t, 110, 1);
	PEER_UNTIL(t->c.loop, all_good(&t->c, 10, 110, 0));
	assert_int_equal(lines(t,
			       "device a does not answer to holding 10 to 109 at once, asking "
			       "for at most 50 at once"),
			 1);
}

static void test_many_absent_values_are_told_in_one_line(void **state)
{
	struct test *t = *state;

	t->most = 0;
	t->too_much = MODBUS_ILLEGAL_ADDRESS;
	start(t, 26, 1);
	PEER_UNTIL(t->c.loop, seen(&t->c, "a.r25")->bad > 0 && seen(&t->c, "a.r10")->bad > 0);
	peer_wait(t->c.loop, 300 * NSEC_PER_MSEC);
	/* It has started. */
	t->most = 125;
	PEER_UNTIL(t->c.loop, all_good(&t->c, 10, 26, 0));
	assert_int_equal(lines(t,
			       "device a refuses a.r10, a.r11, a.r12 and 13 more: illegal data "
			       "address, asking again ever more rarely"),
			 1);
}

#define LEARN_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LEARN_TEST(test_fault_B5_one_absent_register_costs_the_others_nothing),
		LEARN_TEST(test_values_of_one_block_share_one_time),
		LEARN_TEST(test_search_adds_one_request_to_each_poll),
		LEARN_TEST(test_lessons_outlive_a_lost_connection),
		LEARN_TEST(test_lessons_outlive_a_reload_that_keeps_the_device),
		LEARN_TEST(test_lessons_are_dropped_when_the_device_changes),
		LEARN_TEST(test_device_that_takes_less_says_so),
		LEARN_TEST(test_device_that_takes_less_without_a_word),
		LEARN_TEST(test_many_absent_values_are_told_in_one_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
