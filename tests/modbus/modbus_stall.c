/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * 50 healthy devices polled every POLL_MS, with or without three bad ones beside them: one that
 * never answers, one that sends a byte every 100 ms, one whose connect never ends. Prints what
 * the healthy ones got, for test_stall, and what the machine took away from this process and
 * from theirs meanwhile.  modbus_stall SECONDS BAD POLL_MS
 *
 * Every turn of both loops is watched, by an epoll_wait() of our own that libevent calls. From
 * the end of one wait to the start of the next but one, everything that was due or had come is
 * done; while each such window is shorter than three tenths of the interval, a poll is answered
 * within nine tenths of it (ours, theirs, ours) and none can be left out. A longer one, of
 * length G, is a gap: by it at most G / interval + 2 polls of each device can be left out. A
 * tick of a millisecond keeps both loops turning, so that a long wait is the machine's doing.
 *
 * Whether a gap was made by the loop itself is seen as well: who sleeps anywhere but in
 * epoll_wait() has a voluntary context switch between two of its calls, and there may be none.
 * Turns that computed for as long as a gap are counted, too: some systems count the time that a
 * host takes away as computing, so that only a comparison can judge them.
 * With BAD 2 the tick sleeps, to show that this is seen.
 */
#include <arpa/inet.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
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

enum { HEALTHY = 50, BAD = 3 };

/* Healthy devices never time out, whatever the machine does; the bad ones soon do. */
static const char yaml[] =
	"buses: {plc: {modbus: 'tcp://127.0.0.1:%%u', timeout: %s, reconnect_max: 1s}}\n"
	"devices: {a: {bus: plc, poll: %dms, points: {x: {holding: 1}, y: {holding: 2}}}}\n";

/* What this thread has used. */
struct used {
	long sleeps; /* but for those to fetch a page of the program from the disk */
	int64_t ns;
};

/* How the loop of one process turned. */
struct turns {
	int64_t interval_ns;
	struct mono ended, ended_before; /* the last two waits */
	struct used used;		 /* when the last one ended */
	_Atomic uint64_t count, explained, busy, sleeps;
};

/* Of this process; a child's is shared with its parent. */
static struct turns *turns;

static struct turns *turns_new(int64_t interval_ns)
{
	struct turns *ret = mmap(NULL, sizeof(*ret), PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (ret == MAP_FAILED)
		exit(1);
	ret->interval_ns = interval_ns;
	return ret;
}

static struct used used(void)
{
	struct rusage usage;

	getrusage(RUSAGE_THREAD, &usage);
	return (struct used){
		.sleeps = usage.ru_nvcsw - usage.ru_majflt,
		.ns = (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * NSEC_PER_SEC +
		      (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1000,
	};
}

/* All that the last wait brought is done. */
static void turn_done(void)
{
	int64_t window, most = turns->interval_ns * 3 / 10;
	struct used now = used();

	if (turns->ended.ns == 0)
		return;
	turns->sleeps += now.sleeps > turns->used.sleeps;
	turns->busy += now.ns - turns->used.ns > most;
	if (turns->ended_before.ns == 0)
		return;
	window = mono_diff(clock_mono(), turns->ended_before);
	if (window > most)
		turns->explained += (uint64_t)(window / turns->interval_ns + 2);
}

/* Takes the place of the C library's, also for libevent. */
int epoll_wait(int fd, struct epoll_event *events, int count, int timeout)
{
	int n;

	if (turns == NULL)
		return (int)syscall(SYS_epoll_pwait, fd, events, count, timeout, NULL, 0);
	turn_done();
	n = (int)syscall(SYS_epoll_pwait, fd, events, count, timeout, NULL, 0);
	turns->count++;
	turns->ended_before = turns->ended;
	turns->ended = clock_mono();
	turns->used = used();
	return n;
}

static struct loop_timer *tick_timer;
static bool sleeps;

static void tick(void *arg)
{
	if (sleeps)
		usleep(100);
	loop_timer_start(tick_timer, mono_add(clock_mono(), NSEC_PER_MSEC));
}

static void tick_start(struct loop *loop)
{
	tick_timer = loop_timer_new(loop, tick, NULL);
	loop_timer_start(tick_timer, clock_mono());
}

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
static unsigned serve(bool silent, bool drips, struct turns *its)
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
		turns = its;
		if (its != NULL)
			tick_start(own);
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

/* What one device has got, or all. */
struct got {
	uint64_t polls, missed, bad, answers;
};

static struct got got_of(const struct modbus_case *c)
{
	return (struct got){
		.polls = modbus_case_count(c, -1, "polls"),
		.missed = modbus_case_count(c, -1, "missed_polls"),
		.bad = modbus_case_count(c, -1, "bad_readings"),
		.answers = modbus_case_count(c, -1, "answers"),
	};
}

/* What the machine explains so far, by both processes. */
static uint64_t explained(const struct turns *theirs)
{
	return turns->explained + theirs->explained;
}

/* The gap that the other side may be in is not counted before it has turned again. */
static void wait_for_turns(const struct turns *theirs)
{
	uint64_t begun = theirs->count;

	while (theirs->count < begun + 3)
		usleep(1000);
}

static void print_got(const struct modbus_case *cases, const struct got *before, int64_t ran)
{
	int64_t due = ran / turns->interval_ns;
	struct got sum = {0};
	uint64_t most_missed = 0, unanswered = 0;
	int64_t astray = 0;

	for (int i = 0; i < HEALTHY; i++) {
		struct got now = got_of(&cases[i]);
		uint64_t missed = now.missed - before[i].missed;
		int64_t off = (int64_t)(now.polls - before[i].polls + missed) - due;

		sum.polls += now.polls - before[i].polls;
		sum.missed += missed;
		sum.bad += now.bad - before[i].bad;
		sum.answers += now.answers - before[i].answers;
		most_missed = missed > most_missed ? missed : most_missed;
		/* One may be on its way. */
		unanswered += now.polls - now.answers > 1;
		astray = llabs(off) > astray ? llabs(off) : astray;
	}
	printf("polls %ju answers %ju missed %ju bad %ju due %jd most_missed %ju "
	       "unanswered %ju astray %jd\n",
	       (uintmax_t)sum.polls, (uintmax_t)sum.answers, (uintmax_t)sum.missed,
	       (uintmax_t)sum.bad, (intmax_t)(HEALTHY * due), (uintmax_t)most_missed,
	       (uintmax_t)unanswered, (intmax_t)astray);
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

static void open_device(struct modbus_case *c, struct loop *loop, unsigned port,
			const char *timeout, int poll_ms)
{
	char text[sizeof(yaml) + 32];

	snprintf(text, sizeof(text), yaml, timeout, poll_ms);
	modbus_case_init(c, text, port);
	c->loop = loop;
	modbus_case_open(c);
}

static void write_line(const char *line)
{
	if (write(STDOUT_FILENO, line, strlen(line)) < 0)
		exit(1);
}

int main(int argc, char **argv)
{
	int64_t seconds = argc > 1 ? atoi(argv[1]) : 3;
	int mode = argc > 2 ? atoi(argv[2]) : 0, bad = mode == 1 ? BAD : 0;
	int poll_ms = argc > 3 ? atoi(argv[3]) : 10;
	struct turns *theirs = turns_new(poll_ms * NSEC_PER_MSEC);
	unsigned ports[BAD + 1] = {serve(false, false, theirs), serve(true, false, NULL),
				   serve(true, true, NULL), black_hole()};
	struct modbus_case *cases = xcalloc(HEALTHY + BAD, sizeof(*cases));
	struct got before[HEALTHY];
	struct error err;
	struct loop *loop = loop_new(&err);
	struct loop_timer *timer = loop_timer_new(loop, stop, loop);
	uint64_t explained_before, turned;
	struct mono begun;
	int64_t ran;

	log_init(STDERR_FILENO, LOG_LEVEL_ERROR);
	turns = turns_new(poll_ms * NSEC_PER_MSEC);
	sleeps = mode == 2;
	tick_start(loop);
	for (int i = 0; i < HEALTHY + bad; i++)
		open_device(&cases[i], loop, ports[i < HEALTHY ? 0 : i - HEALTHY + 1],
			    i < HEALTHY ? "60s" : "1s", poll_ms);
	PEER_UNTIL(loop, all_good(cases));
	explained_before = explained(theirs);
	turned = turns->count;
	turns->sleeps = turns->busy = 0;
	for (int i = 0; i < HEALTHY; i++)
		before[i] = got_of(&cases[i]);
	write_line("begin\n");
	turns->used = used();
	begun = clock_mono();
	loop_timer_start(timer, mono_add(begun, seconds * NSEC_PER_SEC));
	loop_run(loop);
	turn_done();
	ran = mono_diff(clock_mono(), begun);
	write_line("end\n");
	wait_for_turns(theirs);
	print_got(cases, before, ran);
	printf("turns %ju sleeps %ju busy %ju explained %ju\n",
	       (uintmax_t)(turns->count - turned), (uintmax_t)turns->sleeps,
	       (uintmax_t)turns->busy, (uintmax_t)(explained(theirs) - explained_before));
	if (bad > 0)
		printf("bad devices: %ju timeouts, %ju connects that failed\n",
		       (uintmax_t)(modbus_case_count(&cases[HEALTHY], -1, "timeouts") +
				   modbus_case_count(&cases[HEALTHY + 1], -1, "timeouts")),
		       (uintmax_t)modbus_case_count(&cases[HEALTHY + 2], -1,
						    "connect_failures"));
	for (int i = 0; i < HEALTHY + bad; i++) {
		input_modbus.close(cases[i].input);
		cases[i].input = NULL;
		cases[i].loop = NULL;
		modbus_case_done(&cases[i]);
	}
	loop_timer_free(timer);
	loop_timer_free(tick_timer);
	loop_free(loop);
	free(cases);
	return 0;
}
