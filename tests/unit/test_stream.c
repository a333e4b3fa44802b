/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* TCP streams: names and addresses, limits on connects, and being freed at any moment. */
#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "io/loop.h"
#include "io/resolve.h"
#include "io/stream.h"
#include "io/stream_pool.h"
#include "peer.h"

enum { STREAMS = 60 };

struct seen {
	struct test *test;
	struct stream *stream;
	unsigned ups, downs;
	struct error err;
	bool free_when_up, free_when_down;
};

struct test {
	struct loop *loop;
	struct peer peer;
	struct stream_config config;
	struct seen seen[STREAMS];
	/* a name server on the loop */
	int dns;
	struct loop_watch *dns_watch;
	unsigned asked;
	enum { DNS_ANSWERS, DNS_TWO, DNS_SILENT, DNS_NONE } mode;
};

static void seen_up(void *arg)
{
	struct seen *seen = arg;

	seen->ups++;
	if (seen->free_when_up) {
		stream_free(seen->stream);
		seen->stream = NULL;
	}
}

static void seen_down(void *arg, const struct error *err)
{
	struct seen *seen = arg;

	seen->downs++;
	seen->err = *err;
	if (seen->free_when_down) {
		stream_free(seen->stream);
		seen->stream = NULL;
	}
}

static void seen_readable(void *arg)
{
	struct seen *seen = arg;
	char room[64];

	(void)stream_read(seen->stream, room, sizeof(room));
}

static void seen_writable(void *arg)
{
}

static const struct stream_ops ops = {seen_up, seen_down, seen_readable, seen_writable};

/* Appends the address 127.0.0.last to the answer. */
static ssize_t add_record(uint8_t *m, ssize_t n, uint8_t last)
{
	uint8_t record[] = {0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, 127, 0, 0, last};

	memcpy(m + n, record, sizeof(record));
	m[7]++;
	return n + (ssize_t)sizeof(record);
}

/* Answers each question for an A record as the mode says, and for AAAA with nothing. */
static void dns_readable(void *arg, unsigned what)
{
	struct test *t = arg;
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	uint8_t m[512];
	ssize_t n = recvfrom(t->dns, m, sizeof(m) - 32, 0, (struct sockaddr *)&from, &len);
	bool four;

	if (n < 17)
		return;
	t->asked++;
	if (t->mode == DNS_SILENT)
		return;
	four = m[n - 3] == 1 && t->mode != DNS_NONE;
	m[2] = 0x81;
	m[3] = t->mode == DNS_NONE ? 0x83 : 0x80; /* 3: no such name */
	if (four && t->mode == DNS_TWO)
		n = add_record(m, n, 2);
	if (four)
		n = add_record(m, n, 1);
	(void)sendto(t->dns, m, (size_t)n, 0, (struct sockaddr *)&from, len);
}

static void start_dns(struct test *t)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t len = sizeof(address);
	char server[32];

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	t->dns = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(t->dns, (struct sockaddr *)&address, sizeof(address)), 0);
	getsockname(t->dns, (struct sockaddr *)&address, &len);
	t->dns_watch = loop_watch_new(t->loop, t->dns, LOOP_READ, dns_readable, t);
	snprintf(server, sizeof(server), "127.0.0.1:%u", ntohs(address.sin_port));
	resolve_use_server(t->loop, server);
}

static int setup(void **state)
{
	struct test *t = xcalloc(1, sizeof(*t));
	struct error err;

	t->loop = loop_new(&err);
	t->dns = -1;
	peer_init(&t->peer, t->loop);
	t->config = (struct stream_config){
		.name = "test",
		.host = "127.0.0.1",
		.port = t->peer.port,
		.connect_timeout_ns = NSEC_PER_SEC,
		.backoff_min_ns = 10 * NSEC_PER_MSEC,
		.backoff_max_ns = 50 * NSEC_PER_MSEC,
	};
	*state = t;
	return 0;
}

static int teardown(void **state)
{
	struct test *t = *state;

	for (size_t i = 0; i < STREAMS; i++)
		stream_free(t->seen[i].stream);
	loop_watch_free(t->dns_watch);
	if (t->dns >= 0)
		close(t->dns);
	peer_done(&t->peer);
	loop_free(t->loop);
	free(t);
	return 0;
}

static struct seen *start(struct test *t, unsigned i)
{
	struct seen *seen = &t->seen[i];

	seen->test = t;
	seen->stream = stream_new(t->loop, &t->config, &ops, seen);
	stream_start(seen->stream, 0);
	return seen;
}

static void test_numeric_addresses(void **state)
{
	struct resolve_result result;
	static const char *const four[] = {"127.0.0.1", "192.0.2.255", "0.0.0.0"};
	static const char *const six[] = {"::1", "[::1]", "fe80::1", "[2001:db8::1]"};
	static const char *const none[] = {"localhost", "",	"1.2.3",     "256.1.1.1", "[]",
					   "[::1",	"::1]", "1.2.3.4.5", "a b"};

	for (size_t i = 0; i < ARRAY_SIZE(four); i++) {
		assert_int_equal(resolve_numeric(four[i], 502, &result), 0);
		assert_int_equal(result.count, 1);
		assert_int_equal(result.addresses[0].in.sin_family, AF_INET);
		assert_int_equal(ntohs(result.addresses[0].in.sin_port), 502);
	}
	for (size_t i = 0; i < ARRAY_SIZE(six); i++) {
		assert_int_equal(resolve_numeric(six[i], 502, &result), 0);
		assert_int_equal(result.addresses[0].in6.sin6_family, AF_INET6);
	}
	for (size_t i = 0; i < ARRAY_SIZE(none); i++)
		assert_int_equal(resolve_numeric(none[i], 502, &result), -EINVAL);
}

static void test_name_is_resolved_and_connected(void **state)
{
	struct test *t = *state;
	struct seen *seen;

	start_dns(t);
	t->config.host = "plc.test";
	seen = start(t, 0);
	PEER_UNTIL(t->loop, seen->ups == 1);
	assert_true(t->asked > 0);
}

static void test_name_that_is_none_is_a_failure_that_is_told(void **state)
{
	struct test *t = *state;
	struct seen *seen;

	start_dns(t);
	t->mode = DNS_NONE;
	t->config.host = "plc.test";
	seen = start(t, 0);
	PEER_UNTIL(t->loop, seen->downs == 2);
	assert_non_null(strstr(seen->err.text, "plc.test"));
	/* And the name that is there later is found. */
	t->mode = DNS_ANSWERS;
	PEER_UNTIL(t->loop, seen->ups == 1);
}

static void test_silent_name_server_is_a_failure_and_known_addresses_are_kept(void **state)
{
	struct test *t = *state;
	struct seen *seen, *fresh;
	struct error err = {.code = EPIPE, .text = "for the test"};

	start_dns(t);
	t->config.host = "plc.test";
	seen = start(t, 0);
	PEER_UNTIL(t->loop, seen->ups == 1);
	t->mode = DNS_SILENT;
	fresh = start(t, 1);
	stream_break(seen->stream, &err);
	PEER_UNTIL(t->loop, seen->ups == 2);
	PEER_UNTIL(t->loop, fresh->downs == 1);
	assert_int_equal(fresh->ups, 0);
	assert_non_null(strstr(fresh->err.text, "no name server answers"));
}

static void test_freed_while_the_name_is_asked_for(void **state)
{
	struct test *t = *state;

	start_dns(t);
	t->mode = DNS_SILENT;
	t->config.host = "plc.test";
	for (unsigned i = 0; i < 3; i++)
		start(t, i);
	PEER_UNTIL(t->loop, t->asked > 0);
	stream_free(t->seen[0].stream);
	t->seen[0].stream = NULL;
	peer_wait(t->loop, 20 * NSEC_PER_MSEC);
	/* The others are freed with the question still open, and then the loop. */
}

static void test_freed_in_its_own_callbacks(void **state)
{
	struct test *t = *state;

	for (unsigned i = 0; i < 10; i++) {
		start(t, i)->free_when_up = i % 2 == 0;
		t->seen[i].free_when_down = i % 2 != 0;
	}
	PEER_UNTIL(t->loop, t->seen[9].ups == 1 && t->peer.accepted == 10);
	for (unsigned i = 0; i < PEER_LINKS; i++)
		peer_close(&t->peer.links[i]);
	PEER_UNTIL(t->loop, t->seen[9].downs == 1);
	for (unsigned i = 0; i < 10; i++)
		assert_null(t->seen[i].stream);
}

static void test_freed_when_an_attempt_fails(void **state)
{
	struct test *t = *state;
	struct seen *seen;

	peer_deaf(&t->peer);
	seen = start(t, 0);
	seen->free_when_down = true;
	PEER_UNTIL(t->loop, seen->downs == 1);
	peer_wait(t->loop, 100 * NSEC_PER_MSEC);
	assert_int_equal(seen->downs, 1);
}

static void test_connects_are_limited_to_fifty_a_second(void **state)
{
	struct test *t = *state;
	unsigned first;

	for (unsigned i = 0; i < STREAMS; i++)
		start(t, i);
	for (unsigned turn = 0; turn < 20; turn++)
		loop_turn(t->loop);
	first = t->peer.accepted;
	/* The bucket holds fifty; the rest follow one by one. */
	assert_in_range(first, 1, STREAM_POOL_RATE + 2);
	PEER_UNTIL(t->loop, t->peer.accepted == STREAMS);
	PEER_UNTIL(t->loop, stream_state(t->seen[STREAMS - 1].stream) == STREAM_UP);
}

static void test_answering_peer_that_closes_is_connected_to_at_once(void **state)
{
	struct test *t = *state;
	struct seen *seen;
	struct mono begun;

	t->config.backoff_min_ns = 300 * NSEC_PER_MSEC;
	t->config.backoff_max_ns = 60 * NSEC_PER_SEC;
	seen = start(t, 0);
	begun = clock_mono();
	for (unsigned i = 1; i <= 20; i++) {
		PEER_UNTIL(t->loop, seen->ups == i);
		stream_good(seen->stream);
		PEER_UNTIL(t->loop, t->peer.accepted == i);
		for (unsigned k = 0; k < PEER_LINKS; k++)
			peer_close(&t->peer.links[k]);
		PEER_UNTIL(t->loop, seen->downs == i);
	}
	/* Two pauses as after a failure, the others of 20 ms. */
	assert_true(mono_diff(clock_mono(), begun) < 9 * NSEC_PER_SEC);
}

/* Whether the pause that just began is shorter than a second. */
static bool pause_is_short(const struct seen *seen)
{
	struct report report = {0};

	stream_report(seen->stream, &report);
	return strstr(report.detail, "next try in ") != NULL &&
	       (strstr(report.detail, "ms") != NULL || strstr(report.detail, "in 0") != NULL);
}

static void test_peer_that_answered_is_tried_soon_after_long_pauses(void **state)
{
	struct test *t = *state;
	struct seen *seen;
	bool good = false;

	t->config.backoff_min_ns = 300 * NSEC_PER_MSEC;
	t->config.backoff_max_ns = 3 * NSEC_PER_SEC;
	seen = start(t, 0);
	for (unsigned i = 1;; i++) {
		PEER_UNTIL(t->loop, seen->ups == i && t->peer.accepted == i);
		if (good)
			stream_good(seen->stream);
		for (unsigned k = 0; k < PEER_LINKS; k++)
			peer_close(&t->peer.links[k]);
		PEER_UNTIL(t->loop, seen->downs == i);
		if (good)
			break;
		good = !pause_is_short(seen);
	}
	assert_true(pause_is_short(seen));
}

static void test_next_address_is_tried_when_one_fails(void **state)
{
	struct test *t = *state;
	struct seen *seen;

	/* Nobody listens on 127.0.0.2, the first of the two. */
	start_dns(t);
	t->mode = DNS_TWO;
	t->config.host = "plc.test";
	seen = start(t, 0);
	PEER_UNTIL(t->loop, seen->ups == 1);
	assert_int_equal(seen->downs, 0);
}

#define STREAM_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numeric_addresses),
		STREAM_TEST(test_name_is_resolved_and_connected),
		STREAM_TEST(test_name_that_is_none_is_a_failure_that_is_told),
		STREAM_TEST(test_silent_name_server_is_a_failure_and_known_addresses_are_kept),
		STREAM_TEST(test_freed_while_the_name_is_asked_for),
		STREAM_TEST(test_freed_in_its_own_callbacks),
		STREAM_TEST(test_freed_when_an_attempt_fails),
		STREAM_TEST(test_connects_are_limited_to_fifty_a_second),
		STREAM_TEST(test_answering_peer_that_closes_is_connected_to_at_once),
		STREAM_TEST(test_peer_that_answered_is_tried_soon_after_long_pauses),
		STREAM_TEST(test_next_address_is_tried_when_one_fails),
	};

	log_init(STDERR_FILENO, LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
