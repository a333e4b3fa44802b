/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* A hundred webhooks at once: what those that are away cost, and the one that is not. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "action_bench.h"
#include "actions/webhook.h"
#include "base/alloc.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "http_peer.h"
#include "io/http_client.h"
#include "io/http_gate.h"
#include "io/loop.h"
#include "io/secret.h"

enum { CROWD = 100, FILLERS = 4 };

struct rig {
	struct bench bench;
	struct loop *loop;
	struct http_client *client;
	struct http_peer peer;
	struct webhook *webhooks[CROWD], *well;
	struct secret_dirs dirs;
	int listener, fillers[FILLERS];
	int port;
};

static int set_up(void **state)
{
	struct rig *rig = xcalloc(1, sizeof(*rig));

	bench_init(&rig->bench);
	rig->loop = loop_new(NULL);
	rig->client = http_client_new(rig->loop, NULL);
	rig->listener = -1;
	*state = rig;
	return 0;
}

static int tear_down(void **state)
{
	struct rig *rig = *state;

	for (size_t i = 0; i < CROWD; i++)
		webhook_close(rig->webhooks[i]);
	webhook_close(rig->well);
	http_client_free(rig->client);
	loop_free(rig->loop);
	http_peer_done(&rig->peer);
	bench_done(&rig->bench);
	for (size_t i = 0; rig->listener >= 0 && i < FILLERS; i++)
		close(rig->fillers[i]);
	if (rig->listener >= 0)
		close(rig->listener);
	free(rig);
	return 0;
}

static void give_stamp(void *arg, const struct event *event, struct event_stamp *ret)
{
	(void)arg;
	(void)event;
	*ret = *bench_stamp();
}

static struct webhook *open_webhook(struct rig *rig, const char *text)
{
	struct webhook *webhook = webhook_open(bench_webhook(&rig->bench, text), rig->client,
					       rig->loop, NULL, &rig->dirs, NULL);

	assert_non_null(webhook);
	webhook_start(webhook, &(struct webhook_host){give_stamp, NULL}, NULL);
	return webhook;
}

static struct webhook *make(struct rig *rig, int port, size_t number, const char *timeout)
{
	char *text = arena_printf(rig->bench.arena,
				  "url: http://127.0.0.1:%d/200/%zu\ntimeout: %s\n"
				  "retry: {first: 50ms, max: 100ms}\n",
				  port, number, timeout);

	return open_webhook(rig, text);
}

static void make_crowd(struct rig *rig, int port, const char *timeout)
{
	for (size_t i = 0; i < CROWD; i++) {
		rig->webhooks[i] = make(rig, port, i, timeout);
		webhook_send(rig->webhooks[i], bench_event(), bench_stamp());
	}
}

/* A port whose connects hang: its listener's queue is full, and nobody takes from it. */
static void hole(struct rig *rig)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);

	rig->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(rig->listener, (struct sockaddr *)&address, len), 0);
	assert_int_equal(listen(rig->listener, 0), 0);
	assert_int_equal(getsockname(rig->listener, (struct sockaddr *)&address, &len), 0);
	rig->port = ntohs(address.sin_port);
	for (size_t i = 0; i < FILLERS; i++) {
		rig->fillers[i] =
			socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		connect(rig->fillers[i], (struct sockaddr *)&address, len);
	}
}

static uint64_t tries(const struct webhook *webhook)
{
	struct outbox_report box;

	webhook_outbox(webhook, &box);
	return box.tries;
}

static bool all_tried_twice(const struct rig *rig)
{
	for (size_t i = 0; i < CROWD; i++)
		if (tries(rig->webhooks[i]) < 2)
			return false;
	return true;
}

/* Turns until all were tried; the most descriptors that were open meanwhile. */
static int most_descriptors(struct rig *rig)
{
	struct mono end = mono_add(clock_mono(), 60 * NSEC_PER_SEC);
	int most = 0;

	while (!all_tried_twice(rig)) {
		int now = bench_descriptors();

		most = now > most ? now : most;
		assert_true(clock_mono().ns < end.ns);
		loop_turn(rig->loop);
		usleep(200);
	}
	return most;
}

static void test_fault_C14_hundred_closed_ports_take_four_sockets(void **state)
{
	struct rig *rig = *state;
	int before = bench_descriptors();
	struct http_client_counters counters;

	make_crowd(rig, http_peer_free_port(), "10s");
	assert_true(most_descriptors(rig) <= before + HTTP_GATE_PLACES);
	http_client_counters(rig->client, &counters);
	assert_true(counters.waited > 0);
}

static void test_fault_C14_hundred_receivers_in_a_hole_take_four_sockets(void **state)
{
	struct rig *rig = *state;
	int before;

	hole(rig);
	before = bench_descriptors();
	make_crowd(rig, rig->port, "100ms");
	assert_true(most_descriptors(rig) <= before + HTTP_GATE_PLACES);
}

static void test_fault_C14_hundred_that_take_and_never_answer_take_few_in_the_end(void **state)
{
	struct rig *rig = *state;
	int before, most = 0;

	http_peer_start(&rig->peer, 0);
	before = bench_descriptors();
	for (size_t i = 0; i < CROWD; i++) {
		char *text = arena_printf(rig->bench.arena,
					  "url: http://127.0.0.1:%d/never\ntimeout: 100ms\n"
					  "retry: {first: 50ms, max: 100ms}\n",
					  rig->peer.port);

		rig->webhooks[i] = open_webhook(rig, text);
		webhook_send(rig->webhooks[i], bench_event(), bench_stamp());
	}
	most_descriptors(rig);
	/* By now each has failed. */
	for (int i = 0; i < 500; i++) {
		int now = bench_descriptors();

		most = now > most ? now : most;
		loop_turn(rig->loop);
		usleep(200);
	}
	assert_true(most <= before + HTTP_GATE_DOUBTFUL);
}

static bool drained(void *arg)
{
	return webhook_waiting(arg) == 0;
}

static void test_fault_C14_the_one_that_is_well_waits_for_none_of_them(void **state)
{
	struct rig *rig = *state;
	uint64_t others = 0, after = 0;

	hole(rig);
	make_crowd(rig, rig->port, "100ms");
	most_descriptors(rig);
	http_peer_start(&rig->peer, 0);
	rig->well = make(rig, rig->peer.port, CROWD, "10s");
	for (size_t i = 0; i < CROWD; i++)
		others += tries(rig->webhooks[i]);
	for (int i = 0; i < 20; i++) {
		webhook_send(rig->well, bench_event(), bench_stamp());
		assert_true(bench_run(rig->loop, drained, rig->well));
	}
	/* Its twenty messages went while the others had hardly begun another round. */
	for (size_t i = 0; i < CROWD; i++)
		after += tries(rig->webhooks[i]);
	assert_true(after - others < CROWD);
	assert_int_equal(tries(rig->well), 20);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_fault_C14_hundred_closed_ports_take_four_sockets),
		TEST(test_fault_C14_hundred_receivers_in_a_hole_take_four_sockets),
		TEST(test_fault_C14_hundred_that_take_and_never_answer_take_few_in_the_end),
		TEST(test_fault_C14_the_one_that_is_well_waits_for_none_of_them),
	};

	signal(SIGPIPE, SIG_IGN);
	log_init(STDERR_FILENO, LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
