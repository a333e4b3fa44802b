/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* A Modbus TCP connection against a device that does everything wrong. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/log.h"
#include "io/loop.h"
#include "io/modbus_bus.h"
#include "io/modbus_queue.h"
#include "io/modbus_slot.h"
#include "own_clock.h"
#include "peer.h"

enum { JOBS = 32, UNIT_TIMEOUTS = 3 };

static const int64_t timeout_ns = 150 * NSEC_PER_MSEC;

struct ask {
	struct modbus_job job;
	struct test *test;
	unsigned done;
	enum modbus_outcome outcome;
	uint8_t exception;
	unsigned value; /* first register of an answer */
	unsigned order; /* the how manyth to be done */
};

struct test {
	struct loop *loop;
	struct peer peer;
	struct modbus_bus_config config;
	struct modbus_bus *bus;
	struct modbus_unit *unit, *other;
	struct ask asks[JOBS];
	struct ask *follow; /* what the callback of asks[follow_of] submits */
	unsigned follow_of;
	unsigned done, ups, downs;
	unsigned free_at; /* the how manyth to be done frees the bus; 0: none */
	unsigned done_when_freed;
	/* for the peer's behaviour */
	unsigned step;
	uint8_t held[16][PEER_FRAME];
	unsigned held_count;
	unsigned heard[JOBS], heard_count; /* addresses, as they came */
};

static void ask_done(struct modbus_job *job, const struct modbus_result *result)
{
	struct ask *ask = (struct ask *)job;
	struct test *t = ask->test;

	ask->done++;
	ask->outcome = result->outcome;
	ask->exception = result->exception;
	ask->value = result->len >= 2 ? modbus_u16(result->data) : 0;
	ask->order = ++t->done;
	assert_non_null(result->text);
	if (t->follow != NULL && ask == &t->asks[t->follow_of])
		modbus_bus_submit(t->bus, t->unit, &t->follow->job);
	if (ask->order == t->free_at) {
		modbus_bus_free(t->bus);
		t->bus = NULL;
		t->done_when_freed = t->done;
		/* The jobs are their owner's again: who touches them now, trips. */
		memset(t->asks, 0xff, sizeof(t->asks));
	}
}

static void link_told(void *arg, bool up)
{
	struct test *t = arg;

	t->ups += up;
	t->downs += !up;
}

static const struct modbus_bus_ops ops = {.link = link_told};

static int setup(void **state)
{
	struct test *t = xcalloc(1, sizeof(*t));
	struct error err;

	t->loop = loop_new(&err);
	assert_non_null(t->loop);
	peer_init(&t->peer, t->loop);
	t->peer.arg = t;
	t->config = (struct modbus_bus_config){
		.stream = {.name = "test",
			   .host = "127.0.0.1",
			   .port = t->peer.port,
			   .connect_timeout_ns = 300 * NSEC_PER_MSEC,
			   .backoff_min_ns = 10 * NSEC_PER_MSEC,
			   .backoff_max_ns = 100 * NSEC_PER_MSEC,
			   .user_timeout_ns = 5 * NSEC_PER_SEC},
		.in_flight = 1,
	};
	for (size_t i = 0; i < JOBS; i++) {
		t->asks[i].test = t;
		t->asks[i].job.done = ask_done;
		t->asks[i].job.request = (struct modbus_request){
			.function = MODBUS_READ_HOLDING,
			.address = (uint16_t)(1000 + i),
			.count = 1,
		};
	}
	*state = t;
	return 0;
}

static int teardown(void **state)
{
	struct test *t = *state;

	modbus_bus_free(t->bus);
	peer_done(&t->peer);
	loop_free(t->loop);
	free(t);
	return 0;
}

static struct modbus_unit *unit(struct test *t, uint8_t number, const char *name,
				int64_t timeout)
{
	return modbus_bus_unit(t->bus, number,
			       &(struct modbus_unit_config){.name = name,
							    .timeout_ns = timeout,
							    .timeouts = UNIT_TIMEOUTS});
}

/* Makes the bus with two units; it connects unless the peer is away. */
static void start(struct test *t, int in_flight)
{
	t->config.in_flight = in_flight;
	t->bus = modbus_bus_new(t->loop, &t->config, &ops, t);
	t->unit = unit(t, 1, "one", timeout_ns);
	t->other = unit(t, 2, "two", timeout_ns);
	modbus_bus_start(t->bus, 0);
}

static void connected(struct test *t, int in_flight)
{
	start(t, in_flight);
	PEER_UNTIL(t->loop, t->ups == 1 && t->peer.accepted == 1);
}

static struct ask *submit(struct test *t, struct modbus_unit *unit, unsigned i)
{
	modbus_bus_submit(t->bus, unit, &t->asks[i].job);
	return &t->asks[i];
}

static struct ask *ask(struct test *t, unsigned i)
{
	submit(t, t->unit, i);
	modbus_bus_send(t->bus);
	return &t->asks[i];
}

static struct ask *answered(struct test *t, unsigned i)
{
	unsigned before = t->asks[i].done;
	struct ask *a = ask(t, i);

	PEER_UNTIL(t->loop, a->done > before);
	return a;
}

static uint64_t counter(struct test *t, const char *name)
{
	struct report report = {0};

	modbus_bus_report(t->bus, &report);
	for (size_t i = 0; i < report.counter_count; i++) {
		if (strcmp(report.counters[i].name, name) == 0)
			return report.counters[i].count;
	}
	fail_msg("no counter %s", name);
	return 0;
}

static void assert_good(const struct ask *a)
{
	assert_int_equal(a->done, 1);
	assert_int_equal(a->outcome, MODBUS_OK);
	assert_int_equal(a->value, a->job.request.address);
}

/* Framing. */

static void peer_ignores(struct peer_link *link, const uint8_t *frame, size_t len)
{
}

/* Has the job answered in parts of so many bytes, each in a turn of its own. */
static struct ask *answered_in_parts(struct test *t, unsigned i, size_t first, size_t part)
{
	uint8_t answer[PEER_FRAME];
	unsigned before = t->peer.requests;
	struct ask *a = ask(t, i);
	size_t n, end;

	PEER_UNTIL(t->loop, t->peer.requests == before + 1);
	n = peer_answer(t->peer.last, answer);
	for (size_t from = 0; from < n; from = end) {
		assert_int_equal(a->done, 0);
		end = from + (from == 0 ? first : part);
		end = end < n ? end : n;
		peer_send(&t->peer.links[0], answer + from, end - from);
		peer_turn(t->loop);
		peer_turn(t->loop);
	}
	PEER_UNTIL(t->loop, a->done == 1);
	return a;
}

static void test_answer_in_fragments_of_one_byte(void **state)
{
	struct test *t = *state;

	t->peer.request = peer_ignores;
	connected(t, 1);
	for (unsigned i = 0; i < 5; i++)
		assert_good(answered_in_parts(t, i, 1, 1));
}

static void test_answer_cut_at_every_byte(void **state)
{
	struct test *t = *state;

	t->peer.request = peer_ignores;
	connected(t, 1);
	for (unsigned cut = 1; cut < 11; cut++)
		assert_good(answered_in_parts(t, cut, cut, PEER_FRAME));
}

/* Keeps requests until there are as many as step says, then answers the last one first. */
static void peer_reverses(struct peer_link *link, const uint8_t *frame, size_t len)
{
	struct test *t = link->peer->arg;
	uint8_t all[16 * PEER_FRAME];
	size_t n = 0;

	memcpy(t->held[t->held_count++], frame, len);
	if (t->held_count < t->step)
		return;
	while (t->held_count > 0) {
		uint8_t answer[PEER_FRAME];
		size_t one = peer_answer(t->held[--t->held_count], answer);

		memcpy(all + n, answer, one);
		n += one;
	}
	peer_send(link, all, n);
}

static void test_answers_in_reverse_order_and_one_segment(void **state)
{
	struct test *t = *state;

	t->peer.request = peer_reverses;
	t->step = 16;
	connected(t, 16);
	for (unsigned i = 0; i < 16; i++)
		submit(t, t->unit, i);
	modbus_bus_send(t->bus);
	PEER_UNTIL(t->loop, t->done == 16);
	for (unsigned i = 0; i < 16; i++) {
		assert_good(&t->asks[i]);
		assert_int_equal(t->asks[i].order, 16 - i);
	}
}

static void peer_counts_in_flight(struct peer_link *link, const uint8_t *frame, size_t len)
{
	struct test *t = link->peer->arg;

	memcpy(t->held[t->held_count++], frame, len);
}

static void test_no_more_requests_in_flight_than_allowed(void **state)
{
	struct test *t = *state;

	t->peer.request = peer_counts_in_flight;
	connected(t, 4);
	for (unsigned i = 0; i < 10; i++)
		submit(t, t->unit, i);
	modbus_bus_send(t->bus);
	PEER_UNTIL(t->loop, t->held_count == 4);
	peer_wait(t->loop, 20 * NSEC_PER_MSEC);
	assert_int_equal(t->held_count, 4);
	peer_answers(&t->peer.links[0], t->held[2]);
	PEER_UNTIL(t->loop, t->held_count == 5);
	assert_good(&t->asks[2]);
}

static void peer_answers_twice(struct peer_link *link, const uint8_t *frame, size_t len)
{
	peer_answers(link, frame);
	peer_answers(link, frame);
}

static void test_second_answer_to_one_request_is_nobodys(void **state)
{
	struct test *t = *state;

	t->peer.request = peer_answers_twice;
	connected(t, 1);
	for (unsigned i = 0; i < 5; i++)
		assert_good(answered(t, i));
	PEER_UNTIL(t->loop, counter(t, "unknown_answers") == 5);
	assert_int_equal(t->peer.accepted, 1);
}

static void test_too_many_strange_answers_end_the_connection(void **state)
{
	struct test *t = *state;
	static const uint8_t strange[] = {0x7f, 0xff, 0, 0, 0, 5, 1, 3, 2, 0, 1};

	connected(t, 1);
	for (unsigned i = 0; i < 10; i++)
		peer_send(&t->peer.links[0], strange, sizeof(strange));
	PEER_UNTIL(t->loop, counter(t, "unknown_answers") == 10);
	assert_good(answered(t, 0));
	peer_send(&t->peer.links[0], strange, sizeof(strange));
	PEER_UNTIL(t->loop, t->peer.accepted == 2 && t->ups == 2);
	assert_good(answered(t, 1));
}

static const uint8_t bad_headers[][11] = {
	{0, 0, 0, 1, 0, 5, 1, 3, 2, 0, 1}, /* another protocol */
	{0, 0, 1, 0, 0, 5, 1, 3, 2, 0, 1},
	{0, 0, 0, 0, 0, 0, 1, 3, 2, 0, 1}, /* lengths that can't be */
	{0, 0, 0, 0, 0, 1, 1, 3, 2, 0, 1},
	{0, 0, 0, 0, 0, 2, 1, 3, 2, 0, 1},
	{0, 0, 0, 0, 0, 255, 1, 3, 2, 0, 1},
	{0, 0, 0, 0, 1, 5, 1, 3, 2, 0, 1}, /* 261 */
	{0, 0, 0, 0, 255, 255, 1, 3, 2, 0, 1},
};

static void peer_sends_bad_header(struct peer_link *link, const uint8_t *frame, size_t len)
{
	struct test *t = link->peer->arg;
	uint8_t answer[11];

	memcpy(answer, bad_headers[t->step], sizeof(answer));
	memcpy(answer, frame, 2);
	peer_send(link, answer, sizeof(answer));
}

static void test_fault_B3_bad_header_closes_and_reconnects(void **state)
{
	struct test *t = *state;

	connected(t, 1);
	for (t->step = 0; t->step < ARRAY_SIZE(bad_headers); t->step++) {
		unsigned i = t->step;

		t->peer.request = peer_sends_bad_header;
		assert_int_equal(answered(t, i)->outcome, MODBUS_LOST);
		assert_int_equal(counter(t, "bad_headers"), i + 1);
		t->peer.request = NULL;
		PEER_UNTIL(t->loop, t->ups == i + 2);
		assert_good(answered(t, 16 + i));
	}
	assert_int_equal(t->peer.accepted, ARRAY_SIZE(bad_headers) + 1);
}

/* Spoils one thing of a good answer, as step says. */
static void peer_lies(struct peer_link *link, const uint8_t *frame, size_t len)
{
	struct test *t = link->peer->arg;
	uint8_t answer[PEER_FRAME] = {0};
	size_t n = peer_answer(frame, answer);

	switch (t->step) {
	case 0:
		answer[6]++; /* unit */
		break;
	case 1:
		answer[7] = MODBUS_READ_INPUT; /* function */
		break;
	case 2:
		answer[8] = 4; /* byte count above the length */
		break;
	case 3:
		answer[8] = 1; /* odd */
		break;
	case 4:
		n += 2; /* trailing bytes that the length includes */
		answer[5] += 2;
		break;
	case 5:
		n -= 1;
		answer[5] -= 1;
		break;
	case 6:
		answer[7] = 0x84; /* exception to another function */
		answer[8] = 2;
		answer[5] = 3;
		n = 9;
		break;
	case 7:
		answer[7] = 0x83; /* exception with trailing bytes */
		break;
	case 8:
		answer[7] = 0x83; /* exception 0 */
		answer[8] = 0;
		answer[5] = 3;
		n = 9;
		break;
	default:
		memcpy(answer, frame, len); /* the request itself */
		n = len;
		break;
	}
	peer_send(link, answer, n);
}

static void test_fault_B2_wrong_answers_are_rejected_and_three_reconnect(void **state)
{
	struct test *t = *state;

	connected(t, 1);
	for (unsigned i = 0; i < 10; i++) {
		t->peer.request = peer_lies;
		t->step = i;
		assert_int_equal(answered(t, i)->outcome, MODBUS_BAD);
		assert_int_equal(counter(t, "garbled"), i + 1);
		/* A good one between them: they are not three in a row. */
		t->peer.request = NULL;
		assert_good(answered(t, 16 + i));
	}
	assert_int_equal(t->peer.accepted, 1);
	t->peer.request = peer_lies;
	t->step = 0;
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(answered(t, i)->outcome, MODBUS_BAD);
	PEER_UNTIL(t->loop, t->peer.accepted == 2);
}

static void peer_lies_about_writes(struct peer_link *link, const uint8_t *frame, size_t len)
{
	struct test *t = link->peer->arg;
	uint8_t answer[PEER_FRAME];
	size_t n = peer_answer(frame, answer);

	answer[8 + t->step]++;
	peer_send(link, answer, n);
}

static void test_fault_B2_wrong_echo_of_a_write_is_no_confirmation(void **state)
{
	struct test *t = *state;
	static const uint8_t value[] = {0x12, 0x34};

	t->peer.request = peer_lies_about_writes;
	connected(t, 1);
	for (t->step = 0; t->step < 4; t->step++) {
		struct ask *a = &t->asks[t->step];

		a->job.request.function = MODBUS_WRITE_REGISTER;
		a->job.request.data = value;
		PEER_UNTIL(t->loop, modbus_bus_up(t->bus));
		assert_int_equal(answered(t, t->step)->outcome, MODBUS_BAD);
	}
}

static void peer_excepts(struct peer_link *link, const uint8_t *frame, size_t len)
{
	struct test *t = link->peer->arg;

	peer_refuses(link, frame, (uint8_t)t->step);
}

static void test_fault_B5_exceptions_are_told_and_others_go_on(void **state)
{
	struct test *t = *state;

	connected(t, 1);
	for (unsigned code = 1; code <= 10; code++) {
		struct ask *a;

		t->peer.request = peer_excepts;
		t->step = code;
		a = answered(t, code);
		assert_int_equal(a->outcome, MODBUS_EXCEPTION);
		assert_int_equal(a->exception, code);
		t->peer.request = NULL;
		submit(t, t->other, 12 + code);
		modbus_bus_send(t->bus);
		PEER_UNTIL(t->loop, t->asks[12 + code].done == 1);
		assert_good(&t->asks[12 + code]);
	}
	assert_int_equal(counter(t, "exceptions"), 10);
	assert_int_equal(t->peer.accepted, 1);
}

static void peer_busy_for_unit_1(struct peer_link *link, const uint8_t *frame, size_t len)
{
	struct test *t = link->peer->arg;

	if (frame[6] == 1 && t->step > 0) {
		t->step--;
		peer_refuses(link, frame, MODBUS_BUSY);
	} else {
		peer_answers(link, frame);
	}
}

static void test_fault_B6_busy_unit_waits_while_the_other_goes_on(void **state)
{
	struct test *t = *state;
	struct ask *a;

	t->peer.request = peer_busy_for_unit_1;
	t->step = 1;
	connected(t, 1);
	assert_int_equal(answered(t, 0)->exception, MODBUS_BUSY);
	a = ask(t, 1); /* waits for the pause to end */
	for (unsigned i = 2; i < 10; i++) {
		submit(t, t->other, i);
		modbus_bus_send(t->bus);
		PEER_UNTIL(t->loop, t->asks[i].done == 1);
	}
	assert_int_equal(a->done, 0);
	PEER_UNTIL(t->loop, a->done == 1);
	assert_good(a);
}

static void test_write_to_a_busy_device_is_sent_three_times_at_most(void **state)
{
	struct test *t = *state;
	static const uint8_t value[] = {0, 7};
	struct ask *a = &t->asks[0];

	t->peer.request = peer_busy_for_unit_1;
	connected(t, 1);
	a->job.request.function = MODBUS_WRITE_REGISTER;
	a->job.request.data = value;
	t->step = 2;
	assert_int_equal(answered(t, 0)->outcome, MODBUS_OK);
	assert_int_equal(t->peer.writes, 3);
	t->step = 10;
	a->done = 0;
	assert_int_equal(answered(t, 0)->exception, MODBUS_BUSY);
	assert_int_equal(t->peer.writes, 6);
}

static void peer_gateway(struct peer_link *link, const uint8_t *frame, size_t len)
{
	if (frame[6] == 1)
		peer_refuses(link, frame, MODBUS_GATEWAY_TARGET);
	else
		peer_answers(link, frame);
}

static void test_fault_B6_unit_behind_a_gateway_goes_offline_alone(void **state)
{
	struct test *t = *state;

	t->peer.request = peer_gateway;
	connected(t, 1);
	assert_int_equal(answered(t, 0)->exception, MODBUS_GATEWAY_TARGET);
	assert_true(modbus_unit_offline(t->unit));
	assert_false(modbus_unit_offline(t->other));
	for (unsigned i = 1; i < 10; i++) {
		assert_int_equal(answered(t, 0)->outcome, MODBUS_OFFLINE);
		submit(t, t->other, i);
		modbus_bus_send(t->bus);
		PEER_UNTIL(t->loop, t->asks[i].done == 1);
		assert_good(&t->asks[i]);
	}
	assert_int_equal(t->peer.accepted, 1);
	assert_int_equal(t->peer.requests, 10);
}

static void peer_gateway_alone(struct peer_link *link, const uint8_t *frame, size_t len)
{
	(void)len;
	/* Every third is not answered at all. */
	if (link->peer->requests % 3 != 0)
		peer_refuses(link, frame, MODBUS_GATEWAY_TARGET);
}

static void test_unit_that_is_never_offline_is_always_asked(void **state)
{
	static const struct modbus_unit_config config = {
		.name = "probed", .timeout_ns = timeout_ns, .timeouts = 0};
	struct test *t = *state;
	struct modbus_unit *unit;

	t->peer.request = peer_gateway_alone;
	connected(t, 1);
	unit = modbus_bus_unit(t->bus, 77, &config);
	for (unsigned i = 0; i < 9; i++) {
		submit(t, unit, i);
		modbus_bus_send(t->bus);
		PEER_UNTIL(t->loop, t->asks[i].done == 1);
		assert_int_equal(t->asks[i].outcome,
				 i % 3 == 2 ? MODBUS_TIMEOUT : MODBUS_EXCEPTION);
		assert_false(modbus_unit_offline(unit));
	}
	assert_int_equal(t->peer.requests, 9);
}

/* Time. */

/* Holds the first request and answers it together with the second. */
static void peer_late(struct peer_link *link, const uint8_t *frame, size_t len)
{
	struct test *t = link->peer->arg;

	if (t->held_count == 0) {
		memcpy(t->held[t->held_count++], frame, len);
		return;
	}
	if (t->held_count == 1) {
		peer_answers(link, t->held[0]);
		t->held_count++;
	}
	peer_answers(link, frame);
}

static void test_fault_B1_late_answer_is_given_to_nobody(void **state)
{
	struct test *t = *state;
	struct ask *a;

	t->peer.request = peer_late;
	connected(t, 1);
	a = answered(t, 0);
	assert_int_equal(a->outcome, MODBUS_TIMEOUT);
	/* The late answer has register 1000 and comes before that to 1001. */
	assert_good(answered(t, 1));
	assert_int_equal(counter(t, "late_answers"), 1);
	assert_int_equal(counter(t, "unknown_answers"), 0);
	assert_int_equal(t->peer.accepted, 1);
}

static void peer_ignores_unit_1(struct peer_link *link, const uint8_t *frame, size_t len)
{
	if (frame[6] != 1)
		peer_answers(link, frame);
}

static void test_fault_B8_silent_device_is_given_up_after_three_timeouts(void **state)
{
	struct test *t = *state;

	connected(t, 1);
	assert_good(answered(t, 9));
	t->peer.request = peer_ignores;
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(answered(t, i)->outcome, MODBUS_TIMEOUT);
	PEER_UNTIL(t->loop, t->peer.accepted == 2);
	assert_int_equal(counter(t, "given_up"), 1);
	assert_true(modbus_unit_offline(t->unit));
	/* The device is back: the first read on the new connection is the probe. */
	t->peer.request = NULL;
	PEER_UNTIL(t->loop, t->ups == 2);
	assert_good(answered(t, 4));
	assert_false(modbus_unit_offline(t->unit));
}

static void test_silent_unit_among_others_keeps_the_connection(void **state)
{
	struct test *t = *state;

	t->peer.request = peer_ignores_unit_1;
	connected(t, 1);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(answered(t, i)->outcome, MODBUS_TIMEOUT);
		submit(t, t->other, 10 + i);
		modbus_bus_send(t->bus);
		PEER_UNTIL(t->loop, t->asks[10 + i].done == 1);
		assert_good(&t->asks[10 + i]);
	}
	assert_true(modbus_unit_offline(t->unit));
	/* Offline: not asked at all, and no time is lost over it. */
	for (unsigned i = 0; i < 20; i++)
		assert_int_equal(answered(t, 5)->outcome, MODBUS_OFFLINE);
	assert_int_equal(t->peer.requests, 6);
	assert_int_equal(t->peer.accepted, 1);
	/* And probed once its pause is over: a tenth of the time at most. */
	peer_wait(t->loop, 9 * timeout_ns);
	PEER_UNTIL(t->loop, answered(t, 6)->outcome == MODBUS_TIMEOUT);
	assert_int_equal(t->peer.requests, 7);
}

static void test_late_answer_of_an_offline_unit_brings_its_probe_near(void **state)
{
	struct test *t = *state;
	uint8_t late[PEER_FRAME];
	struct mono now;
	size_t len;

	t->peer.request = peer_ignores_unit_1;
	connected(t, 1);
	assert_int_equal(answered(t, 0)->outcome, MODBUS_TIMEOUT);
	len = peer_answer(t->peer.last, late);
	for (unsigned i = 0; i < 10; i++)
		modbus_unit_unreachable(t->unit, clock_mono());
	now = clock_mono();
	t->unit->next_probe = mono_add(now, 3600 * NSEC_PER_SEC);
	peer_send(&t->peer.links[0], late, len);
	PEER_UNTIL(t->loop, counter(t, "late_answers") == 1);
	/* Alive, but not answering in time: asked soon, and not at once. */
	assert_true(modbus_unit_offline(t->unit));
	assert_true(t->unit->next_probe.ns > now.ns);
	assert_true(mono_diff(t->unit->next_probe, clock_mono()) <= t->unit->probe.min_ns);
}

static void test_timeouts_of_one_moment_do_not_make_a_unit_offline(void **state)
{
	struct test *t = *state;

	t->peer.request = peer_ignores;
	connected(t, 4);
	for (unsigned i = 0; i < 4; i++)
		submit(t, t->unit, i);
	modbus_bus_send(t->bus);
	PEER_UNTIL(t->loop, t->done == 4);
	assert_false(modbus_unit_offline(t->unit));
	assert_int_equal(t->peer.accepted, 1);
	t->peer.request = NULL;
	assert_good(answered(t, 5));
}

/* One byte for each 20 ms: every byte is in time, the answer never is. */
static void dribble(struct test *t, const uint8_t *answer, size_t n, const struct ask *a)
{
	for (size_t i = 0; i < n && a->done == 0; i++) {
		peer_send(&t->peer.links[0], answer + i, 1);
		peer_wait(t->loop, 20 * NSEC_PER_MSEC);
	}
}

static void test_fault_B10_dribbling_does_not_move_the_deadline(void **state)
{
	struct test *t = *state;
	uint8_t answer[PEER_FRAME];
	struct mono sent;
	struct ask *a;
	size_t n;

	t->peer.request = peer_ignores;
	connected(t, 1);
	t->asks[0].job.request.count = 100;
	sent = clock_mono();
	a = ask(t, 0);
	PEER_UNTIL(t->loop, t->peer.requests == 1);
	n = peer_answer(t->peer.last, answer);
	dribble(t, answer, n, a);
	assert_int_equal(a->outcome, MODBUS_TIMEOUT);
	/* 209 bytes would take more than four seconds. */
	assert_in_range(mono_diff(clock_mono(), sent), timeout_ns, 2 * timeout_ns);
}

static void test_answer_to_a_late_reader_still_counts(void **state)
{
	struct test *t = *state;
	struct ask *a;

	connected(t, 1);
	a = ask(t, 0);
	PEER_UNTIL(t->loop, t->peer.requests == 1);
	/* The process stands still: the answer lies in the kernel when the deadline is over. */
	own_clock_skip(2 * timeout_ns);
	PEER_UNTIL(t->loop, a->done == 1);
	assert_good(a);
}

/* The connection. */

static void test_connect_refused_is_told_and_tried_again(void **state)
{
	struct test *t = *state;
	struct report report = {0};

	peer_deaf(&t->peer);
	start(t, 1);
	PEER_UNTIL(t->loop, t->downs >= 3);
	assert_int_equal(t->ups, 0);
	modbus_bus_report(t->bus, &report);
	assert_non_null(strstr(report.detail, "Connection refused"));
	assert_int_equal(modbus_bus_fault(t->bus)->code, ECONNREFUSED);
	submit(t, t->unit, 0);
	assert_int_equal(t->asks[0].outcome, MODBUS_DOWN);
}

static void test_fault_B7_connect_to_a_black_hole_times_out(void **state)
{
	struct test *t = *state;
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t len = sizeof(address);
	int hole = socket(AF_INET, SOCK_STREAM, 0), fill[8];
	struct mono begun;

	/* A listener whose queue is full: the kernel drops further SYNs. */
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(hole, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(hole, 0), 0);
	getsockname(hole, (struct sockaddr *)&address, &len);
	for (size_t i = 0; i < ARRAY_SIZE(fill); i++) {
		fill[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		(void)connect(fill[i], (struct sockaddr *)&address, sizeof(address));
	}
	t->config.stream.port = ntohs(address.sin_port);
	begun = clock_mono();
	start(t, 1);
	PEER_UNTIL(t->loop, t->downs == 2);
	assert_int_equal(t->ups, 0);
	/* Each attempt had its own 300 ms, and no turn of the loop waited for it. */
	assert_true(mono_diff(clock_mono(), begun) >= 600 * NSEC_PER_MSEC);
	assert_int_equal(counter(t, "connect_failures"), 2);
	for (size_t i = 0; i < ARRAY_SIZE(fill); i++)
		close(fill[i]);
	close(hole);
}

static void test_fault_B8_half_close_is_the_end_of_the_connection(void **state)
{
	struct test *t = *state;

	connected(t, 1);
	shutdown(t->peer.links[0].fd, SHUT_WR);
	PEER_UNTIL(t->loop, t->peer.accepted == 2);
	PEER_UNTIL(t->loop, t->ups == 2);
	assert_good(answered(t, 0));
}

static void peer_resets_on_accept(struct peer_link *link)
{
	peer_reset(link);
}

static void peer_closes_on_accept(struct peer_link *link)
{
	peer_close(link);
}

static void test_device_that_accepts_and_closes_is_not_hammered(void **state)
{
	struct test *t = *state;

	t->peer.accept = peer_closes_on_accept;
	t->config.stream.backoff_max_ns = 10 * NSEC_PER_SEC;
	start(t, 1);
	peer_wait(t->loop, NSEC_PER_SEC);
	/* At a steady 10 ms there would be a hundred. */
	assert_in_range(t->peer.accepted, 1, 40);
}

static void test_reset_on_accept_is_survived(void **state)
{
	struct test *t = *state;

	t->peer.accept = peer_resets_on_accept;
	start(t, 1);
	PEER_UNTIL(t->loop, t->peer.accepted == 4);
	t->peer.accept = NULL;
	PEER_UNTIL(t->loop, modbus_bus_up(t->bus));
	/* The last one of those above may still be up for a moment. */
	peer_wait(t->loop, 200 * NSEC_PER_MSEC);
	PEER_UNTIL(t->loop, modbus_bus_up(t->bus));
	assert_good(answered(t, 0));
}

static void peer_resets_in_answer(struct peer_link *link, const uint8_t *frame, size_t len)
{
	struct test *t = link->peer->arg;
	uint8_t answer[PEER_FRAME];

	if (t->step-- > 0) {
		peer_answers(link, frame);
		return;
	}
	peer_answer(frame, answer);
	peer_send(link, answer, 5);
	peer_reset(link);
	t->step = 1;
}

static void test_fault_B9_read_cut_by_a_reset_is_asked_once_more(void **state)
{
	struct test *t = *state;

	t->peer.request = peer_resets_in_answer;
	t->step = 1;
	connected(t, 1);
	assert_good(answered(t, 0));
	assert_good(answered(t, 1)); /* reset, connected again, asked again */
	assert_int_equal(counter(t, "retries"), 1);
	assert_int_equal(t->peer.accepted, 2);
	assert_int_equal(t->downs, 0);
}

static void test_fault_B9_write_cut_by_a_reset_is_not_repeated(void **state)
{
	struct test *t = *state;
	static const uint8_t value[] = {0, 7};

	t->peer.request = peer_resets_in_answer;
	t->step = 1;
	connected(t, 1);
	assert_good(answered(t, 0));
	t->asks[1].job.request.function = MODBUS_WRITE_REGISTER;
	t->asks[1].job.request.data = value;
	assert_int_equal(answered(t, 1)->outcome, MODBUS_LOST);
	PEER_UNTIL(t->loop, t->peer.accepted == 2);
	peer_wait(t->loop, 50 * NSEC_PER_MSEC);
	assert_int_equal(t->peer.writes, 1);
}

static void peer_answers_and_closes(struct peer_link *link, const uint8_t *frame, size_t len)
{
	peer_answers(link, frame);
	peer_close(link);
}

static void test_fault_B9_device_that_closes_after_each_answer_is_read_on(void **state)
{
	struct test *t = *state;
	struct mono begun;

	/* Were the pauses to grow as after failures, this would take minutes. */
	t->config.stream.backoff_min_ns = 200 * NSEC_PER_MSEC;
	t->config.stream.backoff_max_ns = 60 * NSEC_PER_SEC;
	t->peer.request = peer_answers_and_closes;
	connected(t, 1);
	begun = clock_mono();
	for (unsigned i = 0; i < JOBS; i++)
		assert_good(answered(t, i));
	assert_int_equal(t->downs, 0);
	assert_int_equal(t->ups, 1);
	assert_true(mono_diff(clock_mono(), begun) < 10 * NSEC_PER_SEC);
}

/* Our side of the connection to the peer, which the bus keeps to itself. */
static int our_descriptor(const struct test *t)
{
	struct sockaddr_in address;

	for (int fd = 3; fd < 64; fd++) {
		socklen_t len = sizeof(address);

		if (getpeername(fd, (struct sockaddr *)&address, &len) == 0 &&
		    ntohs(address.sin_port) == t->peer.port)
			return fd;
	}
	fail_msg("the connection has no descriptor");
	return -1;
}

/*
 * A cable that is pulled says nothing: keepalive finds it while nothing is on its way (10 s and
 * three times 5 s), TCP_USER_TIMEOUT while something is, where keepalive does not run.
 */
static void test_fault_B8_pulled_cable_is_left_to_the_kernel_to_find(void **state)
{
	struct test *t = *state;
	static const struct {
		int level, name, value;
	} rows[] = {
		{IPPROTO_TCP, TCP_NODELAY, 1},	 {SOL_SOCKET, SO_KEEPALIVE, 1},
		{IPPROTO_TCP, TCP_KEEPIDLE, 10}, {IPPROTO_TCP, TCP_KEEPINTVL, 5},
		{IPPROTO_TCP, TCP_KEEPCNT, 3},	 {IPPROTO_TCP, TCP_USER_TIMEOUT, 5000},
	};

	connected(t, 1);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int value = -1;
		socklen_t len = sizeof(value);

		assert_int_equal(getsockopt(our_descriptor(t), rows[i].level, rows[i].name,
					    &value, &len),
				 0);
		assert_int_equal(value, rows[i].value);
	}
}

static void test_peer_that_reads_nothing_is_given_up(void **state)
{
	struct test *t = *state;
	static const uint8_t value[246];
	uint64_t before;

	/* Buffers so small that not even the requests in flight fit. */
	setsockopt(t->peer.fd, SOL_SOCKET, SO_RCVBUF, &(int){1}, sizeof(int));
	start(t, 16);
	unit(t, 2, "two", 2 * timeout_ns);
	PEER_UNTIL(t->loop, t->ups == 1 && t->peer.accepted == 1);
	setsockopt(our_descriptor(t), SOL_SOCKET, SO_SNDBUF, &(int){1}, sizeof(int));
	loop_watch_set(t->peer.links[0].watch, 0);
	for (unsigned i = 0; i < JOBS; i++) {
		struct modbus_unit *each =
			unit(t, (uint8_t)(1 + i % 16), "each", (1 + i % 2) * timeout_ns);

		t->asks[i].job.request.function = MODBUS_WRITE_REGISTERS;
		t->asks[i].job.request.count = 123;
		t->asks[i].job.request.data = value;
		submit(t, each, i);
	}
	before = counter(t, "bytes_out");
	modbus_bus_send(t->bus);
	/* 16 requests of 259 bytes were due; the rest of them waits for the kernel. */
	assert_int_equal(counter(t, "requests"), 16);
	assert_true(counter(t, "bytes_out") - before < 16 * 259);
	/* Even so every deadline is kept, the later ones too. */
	PEER_UNTIL(t->loop, t->done >= 16);
	for (unsigned i = 0; i < JOBS; i++)
		assert_true(t->asks[i].done == 0 || t->asks[i].outcome != MODBUS_OK);
}

static void test_fault_B12_works_on_descriptors_over_1023(void **state)
{
	struct test *t = *state;
	struct rlimit limit;
	int fds[1100];
	size_t n = 0;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max < 2048 ? limit.rlim_max : 2048;
	setrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_cur < 1200)
		skip();
	while (n < ARRAY_SIZE(fds))
		assert_true((fds[n++] = dup(t->peer.fd)) >= 0);
	assert_true(fds[n - 1] >= 1024);
	connected(t, 1);
	assert_true(t->peer.links[0].fd >= 1024);
	for (unsigned i = 0; i < 5; i++)
		assert_good(answered(t, i));
	while (n > 0)
		close(fds[--n]);
}

static void test_fault_I1_no_descriptor_left_backs_off_and_recovers(void **state)
{
	struct test *t = *state;
	struct rlimit limit, low;
	uint64_t failures;
	int fds[64];
	size_t n = 0;

	start(t, 1);
	getrlimit(RLIMIT_NOFILE, &limit);
	low = limit;
	low.rlim_cur = 40;
	setrlimit(RLIMIT_NOFILE, &low);
	while (n < ARRAY_SIZE(fds) && (fds[n] = dup(t->peer.fd)) >= 0)
		n++;
	PEER_UNTIL(t->loop, t->downs >= 1);
	/* All of the loop pause: in half a second nobody tried again. */
	failures = counter(t, "connect_failures");
	peer_wait(t->loop, 500 * NSEC_PER_MSEC);
	assert_true(counter(t, "connect_failures") <= failures + 1);
	while (n > 0)
		close(fds[--n]);
	setrlimit(RLIMIT_NOFILE, &limit);
	PEER_UNTIL(t->loop, modbus_bus_up(t->bus));
	assert_good(answered(t, 0));
}

/* Order and ends. */

static void test_writes_overtake_reads_and_keep_their_order(void **state)
{
	struct test *t = *state;
	static const uint8_t value[] = {0, 1};

	connected(t, 1);
	for (unsigned i = 0; i < 4; i++)
		submit(t, t->unit, i);
	for (unsigned i = 4; i < 7; i++) {
		t->asks[i].job.request.function = MODBUS_WRITE_REGISTER;
		t->asks[i].job.request.data = value;
		submit(t, t->unit, i);
	}
	modbus_bus_send(t->bus);
	PEER_UNTIL(t->loop, t->done == 7);
	for (unsigned i = 4; i < 7; i++)
		assert_int_equal(t->asks[i].order, i - 3);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(t->asks[i].order, i + 4);
}

/* Whoever hears that it is written writes again. */
static void writes_again(struct modbus_job *job, const struct modbus_result *result)
{
	struct ask *a = (struct ask *)job;

	a->done++;
	if (!modbus_bus_up(a->test->bus) || a->done > 200)
		return;
	modbus_bus_submit(a->test->bus, a->test->unit, job);
}

static void test_flood_of_writes_leaves_reads_their_turn(void **state)
{
	struct test *t = *state;
	static const uint8_t value[] = {0, 1};

	connected(t, 1);
	for (unsigned i = 1; i < 4; i++) {
		t->asks[i].job.request.function = MODBUS_WRITE_REGISTER;
		t->asks[i].job.request.data = value;
		submit(t, t->unit, i);
		t->asks[i].job.done = writes_again;
	}
	submit(t, t->unit, 0);
	modbus_bus_send(t->bus);
	PEER_UNTIL(t->loop, t->asks[0].done == 1);
	assert_good(&t->asks[0]);
	assert_int_equal(t->asks[1].done + t->asks[2].done + t->asks[3].done, 8);
}

static void peer_notes(struct peer_link *link, const uint8_t *frame, size_t len)
{
	struct test *t = link->peer->arg;

	t->heard[t->heard_count++ % JOBS] = modbus_u16(frame + 8);
	peer_answers(link, frame);
}

/* Nothing of ours comes between a read that a write follows from, and that write. */
static void test_read_in_turn_with_the_writes_has_nothing_beside_it(void **state)
{
	static const unsigned expected[] = {1000, 1003, 1005, 1001, 1002, 1006, 1004};
	static const uint8_t value[] = {0, 1};
	struct test *t = *state;

	t->peer.request = peer_notes;
	connected(t, 4);
	for (unsigned i = 4; i < 7; i++) {
		t->asks[i].job.request.function = MODBUS_WRITE_REGISTER;
		t->asks[i].job.request.data = value;
	}
	t->asks[3].job.turn = MODBUS_TURN_WRITE;
	t->follow_of = 3;
	t->follow = &t->asks[5];
	t->asks[5].job.turn = MODBUS_TURN_NEXT;
	/* One read is on its way; then one that writes follow from, another write, and reads.
	 */
	submit(t, t->unit, 0);
	modbus_bus_send(t->bus);
	submit(t, t->unit, 1);
	submit(t, t->unit, 3);
	submit(t, t->unit, 4);
	submit(t, t->unit, 2);
	modbus_bus_send(t->bus);
	PEER_UNTIL(t->loop, t->asks[3].done == 1);
	/* A second follows from the first: it is ahead of the write that waited before. */
	t->follow_of = 5;
	t->follow = &t->asks[6];
	t->asks[6].job.turn = MODBUS_TURN_NEXT;
	PEER_UNTIL(t->loop, t->done == 7);
	assert_int_equal(t->heard_count, 7);
	for (unsigned i = 0; i < 7; i++)
		assert_int_equal(t->heard[i], expected[i]);
}

static void test_read_in_turn_with_the_writes_is_sent_to_an_offline_unit(void **state)
{
	struct test *t = *state;

	connected(t, 1);
	modbus_unit_unreachable(t->unit, clock_mono());
	submit(t, t->unit, 0);
	assert_int_equal(t->asks[0].outcome, MODBUS_OFFLINE);
	t->asks[1].job.turn = MODBUS_TURN_WRITE;
	submit(t, t->unit, 1);
	modbus_bus_send(t->bus);
	PEER_UNTIL(t->loop, t->done == 2);
	assert_int_equal(t->asks[1].outcome, MODBUS_OK);
	assert_false(modbus_unit_offline(t->unit));
}

static void test_job_that_waits_can_be_withdrawn(void **state)
{
	struct test *t = *state;
	static const uint8_t value[] = {0, 1};

	t->peer.request = peer_notes;
	connected(t, 1);
	for (unsigned i = 1; i < 3; i++) {
		t->asks[i].job.request.function = MODBUS_WRITE_REGISTER;
		t->asks[i].job.request.data = value;
	}
	for (unsigned i = 0; i < 4; i++)
		submit(t, t->unit, i);
	/* The first write goes; the rest waits. */
	modbus_bus_send(t->bus);
	assert_false(modbus_bus_withdraw(t->bus, &t->asks[1].job));
	assert_true(modbus_bus_withdraw(t->bus, &t->asks[2].job));
	assert_true(modbus_bus_withdraw(t->bus, &t->asks[0].job));
	assert_true(modbus_bus_withdraw(t->bus, &t->asks[3].job));
	assert_false(modbus_bus_withdraw(t->bus, &t->asks[3].job));
	assert_int_equal(t->done, 0);
	PEER_UNTIL(t->loop, t->done == 1);
	peer_wait(t->loop, 20 * NSEC_PER_MSEC);
	assert_int_equal(t->heard_count, 1);
	/* It can be submitted again. */
	submit(t, t->unit, 3);
	modbus_bus_send(t->bus);
	PEER_UNTIL(t->loop, t->asks[3].done == 1);
	assert_int_equal(t->asks[0].done + t->asks[2].done, 0);
}

static void test_units_take_turns(void **state)
{
	struct test *t = *state;

	connected(t, 1);
	for (unsigned i = 0; i < 8; i++)
		submit(t, t->unit, i);
	submit(t, t->other, 8);
	submit(t, t->other, 9);
	modbus_bus_send(t->bus);
	PEER_UNTIL(t->loop, t->done == 10);
	assert_int_equal(t->asks[8].order, 2);
	assert_int_equal(t->asks[9].order, 4);
}

static void test_freed_with_requests_in_flight_tells_everybody(void **state)
{
	struct test *t = *state;

	t->peer.request = peer_ignores;
	connected(t, 2);
	for (unsigned i = 0; i < 6; i++)
		submit(t, t->unit, i);
	modbus_bus_send(t->bus);
	PEER_UNTIL(t->loop, t->peer.requests == 2);
	modbus_bus_free(t->bus);
	t->bus = NULL;
	assert_int_equal(t->done, 6);
	for (unsigned i = 0; i < 6; i++)
		assert_int_equal(t->asks[i].outcome, i < 2 ? MODBUS_LOST : MODBUS_DROPPED);
}

/* The bus is freed in the callback of whatever ends the so manyth job. */
static void assert_survives(struct test *t, unsigned at, unsigned jobs)
{
	t->free_at = at;
	for (unsigned i = 0; i < jobs; i++)
		submit(t, t->unit, i);
	if (t->bus != NULL)
		modbus_bus_send(t->bus);
	PEER_UNTIL(t->loop, t->bus == NULL);
	assert_int_equal(t->done_when_freed, jobs);
	peer_wait(t->loop, 10 * NSEC_PER_MSEC);
	assert_int_equal(t->done, jobs);
}

static void test_freed_in_the_callback_of_an_answer(void **state)
{
	struct test *t = *state;

	t->peer.request = peer_reverses;
	t->step = 4;
	connected(t, 4);
	assert_survives(t, 1, 8);
}

static void test_freed_in_the_callback_of_a_timeout(void **state)
{
	struct test *t = *state;

	t->peer.request = peer_ignores;
	connected(t, 4);
	assert_survives(t, 1, 8);
}

static void test_freed_in_the_callback_of_an_exception(void **state)
{
	struct test *t = *state;

	t->peer.request = peer_excepts;
	t->step = MODBUS_GATEWAY_PATH;
	connected(t, 4);
	assert_survives(t, 1, 8);
}

static void test_freed_while_the_jobs_of_an_offline_unit_are_told(void **state)
{
	struct test *t = *state;

	t->peer.request = peer_excepts;
	t->step = MODBUS_GATEWAY_PATH;
	connected(t, 1);
	assert_survives(t, 3, 6);
}

static void test_freed_in_the_callback_of_a_bad_header(void **state)
{
	struct test *t = *state;

	t->peer.request = peer_sends_bad_header;
	connected(t, 2);
	assert_survives(t, 1, 5);
}

static void peer_resets(struct peer_link *link, const uint8_t *frame, size_t len)
{
	peer_reset(link);
}

static void test_freed_in_the_callback_of_a_break(void **state)
{
	struct test *t = *state;

	t->peer.request = peer_resets;
	connected(t, 3);
	assert_survives(t, 1, 6);
}

static void test_id_of_a_zombie_is_not_used_again(void **state)
{
	struct modbus_slots slots;
	struct modbus_slot *zombie, *live;

	modbus_slots_init(&slots, 2, 2);
	slots.next_id = 65535;
	zombie = modbus_slot_take(&slots);
	assert_int_equal(zombie->id, 65535);
	modbus_slot_release(&slots, zombie, true);
	slots.next_id = 65535;
	live = modbus_slot_take(&slots);
	assert_int_equal(live->id, 0);
	assert_ptr_equal(modbus_slot_find(&slots, 65535), zombie);
	assert_ptr_equal(modbus_slot_oldest_zombie(&slots), zombie);
	modbus_slot_forget(&slots, zombie);
	assert_null(modbus_slot_find(&slots, 65535));
	modbus_slots_done(&slots);
}

#define BUS_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BUS_TEST(test_answer_in_fragments_of_one_byte),
		BUS_TEST(test_answer_cut_at_every_byte),
		BUS_TEST(test_answers_in_reverse_order_and_one_segment),
		BUS_TEST(test_no_more_requests_in_flight_than_allowed),
		BUS_TEST(test_second_answer_to_one_request_is_nobodys),
		BUS_TEST(test_too_many_strange_answers_end_the_connection),
		BUS_TEST(test_fault_B3_bad_header_closes_and_reconnects),
		BUS_TEST(test_fault_B2_wrong_answers_are_rejected_and_three_reconnect),
		BUS_TEST(test_fault_B2_wrong_echo_of_a_write_is_no_confirmation),
		BUS_TEST(test_fault_B5_exceptions_are_told_and_others_go_on),
		BUS_TEST(test_fault_B6_busy_unit_waits_while_the_other_goes_on),
		BUS_TEST(test_write_to_a_busy_device_is_sent_three_times_at_most),
		BUS_TEST(test_fault_B6_unit_behind_a_gateway_goes_offline_alone),
		BUS_TEST(test_unit_that_is_never_offline_is_always_asked),
		BUS_TEST(test_fault_B1_late_answer_is_given_to_nobody),
		BUS_TEST(test_fault_B8_silent_device_is_given_up_after_three_timeouts),
		BUS_TEST(test_silent_unit_among_others_keeps_the_connection),
		BUS_TEST(test_timeouts_of_one_moment_do_not_make_a_unit_offline),
		BUS_TEST(test_late_answer_of_an_offline_unit_brings_its_probe_near),
		BUS_TEST(test_fault_B10_dribbling_does_not_move_the_deadline),
		BUS_TEST(test_answer_to_a_late_reader_still_counts),
		BUS_TEST(test_connect_refused_is_told_and_tried_again),
		BUS_TEST(test_fault_B7_connect_to_a_black_hole_times_out),
		BUS_TEST(test_fault_B8_half_close_is_the_end_of_the_connection),
		BUS_TEST(test_device_that_accepts_and_closes_is_not_hammered),
		BUS_TEST(test_reset_on_accept_is_survived),
		BUS_TEST(test_fault_B9_read_cut_by_a_reset_is_asked_once_more),
		BUS_TEST(test_fault_B9_write_cut_by_a_reset_is_not_repeated),
		BUS_TEST(test_fault_B9_device_that_closes_after_each_answer_is_read_on),
		BUS_TEST(test_fault_B8_pulled_cable_is_left_to_the_kernel_to_find),
		BUS_TEST(test_peer_that_reads_nothing_is_given_up),
		BUS_TEST(test_fault_B12_works_on_descriptors_over_1023),
		BUS_TEST(test_fault_I1_no_descriptor_left_backs_off_and_recovers),
		BUS_TEST(test_writes_overtake_reads_and_keep_their_order),
		BUS_TEST(test_flood_of_writes_leaves_reads_their_turn),
		BUS_TEST(test_read_in_turn_with_the_writes_has_nothing_beside_it),
		BUS_TEST(test_read_in_turn_with_the_writes_is_sent_to_an_offline_unit),
		BUS_TEST(test_job_that_waits_can_be_withdrawn),
		BUS_TEST(test_units_take_turns),
		BUS_TEST(test_freed_with_requests_in_flight_tells_everybody),
		BUS_TEST(test_freed_in_the_callback_of_an_answer),
		BUS_TEST(test_freed_in_the_callback_of_a_timeout),
		BUS_TEST(test_freed_in_the_callback_of_an_exception),
		BUS_TEST(test_freed_while_the_jobs_of_an_offline_unit_are_told),
		BUS_TEST(test_freed_in_the_callback_of_a_bad_header),
		BUS_TEST(test_freed_in_the_callback_of_a_break),
		cmocka_unit_test(test_id_of_a_zombie_is_not_used_again),
	};

	log_init(STDERR_FILENO, LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
