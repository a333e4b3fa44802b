/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * 50 healthy devices polled every 10 ms, with or without three bad ones beside them: one that
 * never answers, one that sends a byte every 100 ms, one whose connect never ends. Prints what
 * the healthy ones got, for test_stall.  modbus_stall SECONDS BAD
 */
#include <arpa/inet.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "inputs/modbus.h"
#include "../unit/modbus_case.h"
#include "../unit/peer.h"

enum { HEALTHY = 50, BAD = 3, POLL_MS = 10 };

static const char yaml[] =
	"buses: {plc: {modbus: 'tcp://127.0.0.1:%u', timeout: 1s, reconnect_max: 1s}}\n"
	"devices: {a: {bus: plc, poll: 10ms, points: {x: {holding: 1}, y: {holding: 2}}}}\n";

static void ignore(struct peer_link *link, const uint8_t *frame, size_t len)
{
}

static struct loop_timer *drip_timer;

static void drip(void *arg)
{
	struct peer *peer = arg;

	for (size_t i = 0; i < PEER_LINKS; i++) {
		if (peer->links[i].fd >= 0)
			peer_send(&peer->links[i], "", 1);
	}
	loop_timer_start(drip_timer, mono_add(clock_mono(), 100 * NSEC_PER_MSEC));
}

/* Serves in a process of its own until the parent ends; returns the port. */
static unsigned serve(bool silent, bool drips)
{
	struct error err;
	struct loop *loop = loop_new(&err);
	static struct peer peer;
	unsigned port;

	peer_init(&peer, loop);
	port = peer.port;
	if (fork() == 0) {
		struct loop *own = loop_new(&err);

		/* An epoll is shared over fork(): the child needs its own. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		loop_watch_free(peer.watch);
		peer_adopt(&peer, own);
		peer.request = silent ? ignore : NULL;
		drip_timer = loop_timer_new(own, drip, &peer);
		if (drips)
			loop_timer_start(drip_timer, clock_mono());
		_exit(loop_run(own) != 0);
	}
	peer_done(&peer);
	loop_free(loop);
	return port;
}

/* A listener whose queue is full drops every further SYN. */
static unsigned black_hole(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t len = sizeof(address);
	int hole = socket(AF_INET, SOCK_STREAM, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(hole, (struct sockaddr *)&address, sizeof(address)) != 0 ||
	    listen(hole, 0) != 0 || getsockname(hole, (struct sockaddr *)&address, &len) != 0)
		exit(1);
	for (int i = 0; i < 8; i++) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

		(void)connect(fd, (struct sockaddr *)&address, sizeof(address));
	}
	return ntohs(address.sin_port);
}

struct sum {
	uint64_t polls, missed, bad, good;
};

static struct sum sum_of(const struct modbus_case *cases)
{
	struct sum sum = {0};

	for (int i = 0; i < HEALTHY; i++) {
		sum.polls += modbus_case_count(&cases[i], -1, "polls");
		sum.missed += modbus_case_count(&cases[i], -1, "missed_polls");
		sum.bad += modbus_case_count(&cases[i], -1, "bad_readings");
		sum.good += modbus_case_count(&cases[i], -1, "answers");
	}
	return sum;
}

static void stop(void *arg)
{
	loop_stop(arg);
}

static bool all_good(struct modbus_case *cases)
{
	for (int i = 0; i < HEALTHY; i++) {
		if (modbus_case_seen(&cases[i], "a.x")->good == 0)
			return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	int64_t seconds = argc > 1 ? atoi(argv[1]) : 3;
	bool bad = argc > 2 && atoi(argv[2]) != 0;
	unsigned ports[BAD + 1] = {serve(false, false), serve(true, false), serve(true, true),
				   black_hole()};
	struct modbus_case *cases = xcalloc(HEALTHY + BAD, sizeof(*cases));
	struct error err;
	struct loop *loop = loop_new(&err);
	struct loop_timer *timer = loop_timer_new(loop, stop, loop);
	struct sum before, after;
	struct mono begun;
	int64_t ran;

	log_init(STDERR_FILENO, LOG_LEVEL_ERROR);
	for (int i = 0; i < HEALTHY + (bad ? BAD : 0); i++) {
		modbus_case_init(&cases[i], yaml, ports[i < HEALTHY ? 0 : i - HEALTHY + 1]);
		cases[i].loop = loop;
		modbus_case_open(&cases[i]);
	}
	PEER_UNTIL(loop, all_good(cases));
	before = sum_of(cases);
	begun = clock_mono();
	loop_timer_start(timer, mono_add(clock_mono(), seconds * NSEC_PER_SEC));
	if (write(STDOUT_FILENO, "begin\n", 6) != 6)
		return 1;
	loop_run(loop);
	ran = mono_diff(clock_mono(), begun);
	if (write(STDOUT_FILENO, "end\n", 4) != 4)
		return 1;
	after = sum_of(cases);
	printf("polls %ju answers %ju missed %ju bad %ju due %jd\n",
	       (uintmax_t)(after.polls - before.polls), (uintmax_t)(after.good - before.good),
	       (uintmax_t)(after.missed - before.missed), (uintmax_t)(after.bad - before.bad),
	       (intmax_t)(HEALTHY * (ran / (POLL_MS * NSEC_PER_MSEC))));
	if (bad) {
		printf("bad devices: %ju timeouts, %ju connects that failed\n",
		       (uintmax_t)(modbus_case_count(&cases[HEALTHY], -1, "timeouts") +
				   modbus_case_count(&cases[HEALTHY + 1], -1, "timeouts")),
		       (uintmax_t)modbus_case_count(&cases[HEALTHY + 2], -1,
						    "connect_failures"));
	}
	for (int i = 0; i < HEALTHY + (bad ? BAD : 0); i++) {
		input_modbus.close(cases[i].input);
		cases[i].input = NULL;
		cases[i].loop = NULL;
		modbus_case_done(&cases[i]);
	}
	loop_timer_free(timer);
	loop_free(loop);
	free(cases);
	return 0;
}
