/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Measures what a reading that crosses a threshold takes until its POST arrives: from the
 * send() of the Modbus answer to the first byte at the receiver, both stamped by one process,
 * once with gauged in between and once with a hand-written epoll program, in the same run.
 *
 *   bench_latency [GAUGED [devices [seconds]]]
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	MAX_CONNS = 1200,
	MAX_SAMPLES = 20000,
	LOW = 200,
	HIGH = 900,
	LIMIT = 800,
	PAUSE_MS = 7
};

static int64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ll + ts.tv_nsec;
}

__attribute__((noreturn)) static void die(const char *what)
{
	fprintf(stderr, "bench_latency: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* On one processor there is nothing to pin to: the figures then say so by themselves. */
static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set) != 0)
		return;
}

static int listen_on(uint16_t *ret_port)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
				.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&a, len) != 0 || listen(fd, 1024) != 0 ||
	    getsockname(fd, (struct sockaddr *)&a, &len) != 0)
		die("listen");
	*ret_port = ntohs(a.sin_port);
	return fd;
}

/* The far side: Modbus answers on one port, webhooks on the other. */

enum { FAR_LISTENER, FAR_HTTP, FAR_MODBUS }; /* FAR_MODBUS + n: the n-th connection */

struct far {
	int epoll, modbus, http;
	int modbus_fds[MAX_CONNS];
	int modbus_count;
	int hot;	 /* index of the connection whose value is high; -1: none */
	int64_t sent_at; /* of the first high answer; 0: not yet */
	int64_t pause_until;
	int next;
	uint64_t polls;
	size_t samples;
	int64_t sample[MAX_SAMPLES];
};

static void far_watch(struct far *far, int fd, int kind)
{
	struct epoll_event ev = {.events = EPOLLIN};

	ev.data.u64 = (uint64_t)(unsigned)fd | (uint64_t)kind << 32;
	if (epoll_ctl(far->epoll, EPOLL_CTL_ADD, fd, &ev) != 0)
		die("epoll_ctl");
}

static void far_accept(struct far *far, int listener)
{
	int one = 1;
	int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0)
		return;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (listener == far->http) {
		far_watch(far, fd, FAR_HTTP);
	} else if (far->modbus_count < MAX_CONNS) {
		far_watch(far, fd, FAR_MODBUS + far->modbus_count);
		far->modbus_fds[far->modbus_count++] = fd;
	}
}

static void far_modbus(struct far *far, int fd, int conn)
{
	uint8_t in[260], out[64] = {0};
	ssize_t n = recv(fd, in, sizeof(in), 0);
	int value = conn == far->hot ? HIGH : LOW;
	int registers;

	if (n == 0)
		epoll_ctl(far->epoll, EPOLL_CTL_DEL, fd, NULL);
	if (n < 12)
		return;
	registers = in[11] < 20 ? in[11] : 20;
	memcpy(out, in, 4);
	out[5] = (uint8_t)(3 + 2 * registers);
	out[6] = in[6];
	out[7] = in[7];
	out[8] = (uint8_t)(2 * registers);
	out[9] = (uint8_t)(value >> 8);
	out[10] = (uint8_t)value;
	if (send(fd, out, (size_t)(9 + 2 * registers), MSG_NOSIGNAL) < 0)
		return;
	if (conn == far->hot && far->sent_at == 0)
		far->sent_at = now_ns();
	far->polls++;
}

static void far_http(struct far *far, int fd, int64_t at)
{
	static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
	char in[16384];
	ssize_t n = recv(fd, in, sizeof(in), 0);

	if (n == 0)
		close(fd);
	if (n < 5 || memcmp(in, "POST ", 5) != 0)
		return;
	if (far->hot >= 0 && far->sent_at != 0 && far->samples < MAX_SAMPLES) {
		far->sample[far->samples++] = at - far->sent_at;
		far->hot = -1;
		far->sent_at = 0;
		far->pause_until = at + PAUSE_MS * 1000000ll;
	}
	send(fd, answer, sizeof(answer) - 1, MSG_NOSIGNAL);
}

static void far_run(struct far *far, int64_t until)
{
	struct epoll_event events[64];
	int64_t at = now_ns();

	while (at < until) {
		int n = epoll_wait(far->epoll, events, 64, 1);

		at = now_ns();
		for (int i = 0; i < n; i++) {
			int fd = (int)(uint32_t)events[i].data.u64;
			int kind = (int)(events[i].data.u64 >> 32);

			if (kind == FAR_LISTENER)
				far_accept(far, fd);
			else if (kind == FAR_HTTP)
				far_http(far, fd, at);
			else
				far_modbus(far, fd, kind - FAR_MODBUS);
		}
		/*
		 * In turn, so that the rule of a device has cleared when it is hot again. One
		 * that gets no POST in a second was on a connection that is gone: it is left.
		 */
		if (at > far->pause_until + (far->hot < 0 ? 0 : 1000000000ll) &&
		    far->modbus_count > 0) {
			far->next = (far->next + 1) % far->modbus_count;
			far->hot = far->next;
			far->sent_at = 0;
			far->pause_until = at;
		}
	}
}

static void far_open(struct far *far, uint16_t *ret_modbus_port, uint16_t *ret_http_port)
{
	memset(far, 0, sizeof(*far));
	far->hot = -1;
	far->epoll = epoll_create1(EPOLL_CLOEXEC);
	far->modbus = listen_on(ret_modbus_port);
	far->http = listen_on(ret_http_port);
	far_watch(far, far->modbus, FAR_LISTENER);
	far_watch(far, far->http, FAR_LISTENER);
}

static void far_close(struct far *far)
{
	for (int i = 0; i < far->modbus_count; i++)
		close(far->modbus_fds[i]);
	close(far->modbus);
	close(far->http);
	close(far->epoll);
}

/* The contender that somebody would write by hand for just this. */

struct hand {
	int epoll, timer, http, devices, turn;
	int64_t step, due;
	int *fds;
	bool *high;
};

static int hand_dial(uint16_t port)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
				.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
				.sin_port = htons(port)};
	int one = 1;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof(a)) != 0)
		die("connect");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	fcntl(fd, F_SETFL, O_NONBLOCK);
	return fd;
}

static void hand_watch(struct hand *hand, int fd, uint32_t which)
{
	struct epoll_event ev = {.events = EPOLLIN, .data.u32 = which};

	epoll_ctl(hand->epoll, EPOLL_CTL_ADD, fd, &ev);
}

static void hand_post(struct hand *hand, int device)
{
	char body[256], request[512];
	int len = snprintf(body, sizeof(body),
			   "{\"type\":\"fire\",\"rule\":\"r%d\",\"state\":\"firing\"}", device);
	int n = snprintf(request, sizeof(request),
			 "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
			 "Content-Length: %d\r\n\r\n%s",
			 len, body);

	send(hand->http, request, (size_t)n, MSG_NOSIGNAL);
}

static void hand_event(struct hand *hand, uint32_t which)
{
	uint8_t in[512];
	uint64_t times;
	bool high;

	if (which == (uint32_t)hand->devices) {
		if (read(hand->timer, &times, sizeof(times)) < 0)
			return;
	} else if (which == (uint32_t)hand->devices + 1) {
		if (recv(hand->http, in, sizeof(in), 0) <= 0)
			_exit(0);
	} else if (recv(hand->fds[which], in, sizeof(in), 0) >= 11) {
		high = (in[9] << 8 | in[10]) > LIMIT;
		if (high && !hand->high[which])
			hand_post(hand, (int)which);
		hand->high[which] = high;
	}
}

/*
 * Each device is due at a time of its own, spread over the period, as with gauged: one that
 * all share would measure the queue at the far side.
 */
static void hand_poll(struct hand *hand)
{
	uint8_t request[12] = {0, 0, 0, 0, 0, 6, 1, 3, 0, 0, 0, 1};

	while (hand->due <= now_ns()) {
		request[1] = (uint8_t)hand->turn;
		if (send(hand->fds[hand->turn], request, sizeof(request), MSG_NOSIGNAL) < 0)
			_exit(0);
		hand->turn = (hand->turn + 1) % hand->devices;
		hand->due += hand->step;
	}
}

__attribute__((noreturn)) static void hand_run(uint16_t modbus_port, uint16_t http_port,
					       int devices, int period_ms)
{
	struct hand hand = {.devices = devices, .step = period_ms * 1000000ll / devices};
	struct epoll_event events[64];

	hand.epoll = epoll_create1(EPOLL_CLOEXEC);
	hand.timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	hand.high = calloc((size_t)devices, sizeof(*hand.high));
	hand.fds = calloc((size_t)devices, sizeof(*hand.fds));
	for (int i = 0; i < devices; i++) {
		hand.fds[i] = hand_dial(modbus_port);
		hand_watch(&hand, hand.fds[i], (uint32_t)i);
	}
	hand.http = hand_dial(http_port);
	hand_watch(&hand, hand.timer, (uint32_t)devices);
	hand_watch(&hand, hand.http, (uint32_t)devices + 1);
	hand.due = now_ns() + hand.step;
	for (;;) {
		struct itimerspec its = {
			.it_value = {hand.due / 1000000000, hand.due % 1000000000},
		};
		int n;

		timerfd_settime(hand.timer, TFD_TIMER_ABSTIME, &its, NULL);
		n = epoll_wait(hand.epoll, events, 64, -1);
		for (int i = 0; i < n; i++)
			hand_event(&hand, events[i].data.u32);
		hand_poll(&hand);
	}
}

/* gauged, with a configuration written for the run. */

static void write_config(const char *dir, uint16_t modbus_port, uint16_t http_port, int devices,
			 int period_ms)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/gauged.yaml", dir);
	f = fopen(path, "we");
	if (f == NULL)
		die(path);
	fprintf(f, "site: bench\nstate: {dir: %s}\ncontrol: {socket: %s/run/control.sock}\n",
		dir, dir);
	fprintf(f, "webhooks:\n  ops: {url: \"http://127.0.0.1:%u/\"}\nbuses:\n", http_port);
	for (int i = 0; i < devices; i++)
		fprintf(f, "  b%d: {modbus: \"tcp://127.0.0.1:%u\", timeout: 1s}\n", i,
			modbus_port);
	fprintf(f, "devices:\n");
	for (int i = 0; i < devices; i++)
		fprintf(f,
			"  d%d: {bus: b%d, unit: 1, poll: %dms, points: {v: {holding: 0, "
			"type: int16, scale: 0.1}}}\n",
			i, i, period_ms);
	fprintf(f, "rules:\n");
	for (int i = 0; i < devices; i++)
		fprintf(f, "  r%d: {when: d%d.v > 80, on_fire: [{webhook: ops}]}\n", i, i);
	fclose(f);
}

__attribute__((noreturn)) static void exec_gauged(const char *gauged, const char *dir)
{
	char path[512];
	int null = open("/dev/null", O_RDWR);

	snprintf(path, sizeof(path), "%s/gauged.yaml", dir);
	dup2(null, 0);
	dup2(null, 1);
	execl(gauged, gauged, "--config", path, "--log-level", "error", (char *)NULL);
	die(gauged);
}

static void remove_config(const char *dir)
{
	static const char *const names[] = {"gauged.yaml", "run/control.sock", "run", ""};
	char path[512];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		remove(path);
	}
}

static void memory_of(pid_t pid, double *ret_pss_mib, double *ret_dirty_mib)
{
	long pss = 0, dirty = 0;
	char line[256];
	FILE *f;

	snprintf(line, sizeof(line), "/proc/%d/smaps_rollup", (int)pid);
	f = fopen(line, "re");
	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		sscanf(line, "Pss: %ld", &pss);
		sscanf(line, "Private_Dirty: %ld", &dirty);
	}
	if (f != NULL)
		fclose(f);
	*ret_pss_mib = (double)pss / 1024;
	*ret_dirty_mib = (double)dirty / 1024;
}

/* User and system time that a living process has used, in seconds. */
static double cpu_of(pid_t pid)
{
	unsigned long user = 0, sys = 0;
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	f = fopen(path, "re");
	if (f == NULL ||
	    fscanf(f, "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
		   &sys) != 2)
		fprintf(stderr, "bench_latency: cannot read %s\n", path);
	if (f != NULL)
		fclose(f);
	return (double)(user + sys) / (double)sysconf(_SC_CLK_TCK);
}

static int compare_ns(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

struct outcome {
	double p50_us, p99_us, share, cpu_per_10k, pss_mib, dirty_mib;
	size_t samples;
};

static struct outcome run_one(const char *gauged, const char *dir, int devices, int period_ms,
			      int seconds)
{
	static struct far far;
	struct outcome outcome = {0};
	uint16_t modbus_port, http_port;
	double elapsed, cpu;
	int64_t begin;
	pid_t pid;

	far_open(&far, &modbus_port, &http_port);
	write_config(dir, modbus_port, http_port, devices, period_ms);
	pid = fork();
	if (pid == 0) {
		pin(0);
		if (gauged != NULL)
			exec_gauged(gauged, dir);
		hand_run(modbus_port, http_port, devices, period_ms);
	}
	pin(1);
	/* gauged spreads its connects (50 a second); nothing counts before all are up. */
	far_run(&far, now_ns() + (4 + devices / 40) * 1000000000ll);
	far.samples = 0;
	far.polls = 0;
	cpu = cpu_of(pid);
	begin = now_ns();
	far_run(&far, begin + seconds * 1000000000ll);
	elapsed = (double)(now_ns() - begin) / 1e9;
	cpu = cpu_of(pid) - cpu;
	memory_of(pid, &outcome.pss_mib, &outcome.dirty_mib);
	kill(pid, SIGTERM);
	waitpid(pid, NULL, 0);
	qsort(far.sample, far.samples, sizeof(far.sample[0]), compare_ns);
	outcome.samples = far.samples;
	if (far.samples > 0) {
		outcome.p50_us = (double)far.sample[far.samples / 2] / 1e3;
		outcome.p99_us = (double)far.sample[far.samples * 99 / 100] / 1e3;
	}
	outcome.share = 100.0 * (double)far.polls / (elapsed * devices * 1000.0 / period_ms);
	if (far.polls > 0)
		outcome.cpu_per_10k = cpu / (double)far.polls * 10000;
	far_close(&far);
	return outcome;
}

static void print_row(const char *name, int devices, int period_ms, const struct outcome *o)
{
	printf("%-10s %7d %7d %9zu %8.0f %8.0f %8.1f %10.3f %8.1f %9.1f\n", name, devices,
	       period_ms, o->samples, o->p50_us, o->p99_us, o->share, o->cpu_per_10k,
	       o->pss_mib, o->dirty_mib);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	static const int periods[] = {100, 10};
	char dir[] = "/tmp/bench_latency.XXXXXX";
	int devices = argc > 2 ? atoi(argv[2]) : 100;
	int seconds = argc > 3 ? atoi(argv[3]) : 10;

	const char *gauged = argc > 1 ? argv[1] : "./gauged";

	if (access(gauged, X_OK) != 0 || devices < 2 || devices > MAX_CONNS || seconds < 1) {
		fprintf(stderr,
			"usage: bench_latency [GAUGED [devices (2..1200) [seconds]]]\n");
		return 2;
	}
	if (mkdtemp(dir) == NULL)
		die(dir);
	printf("From the send() of the answer that crosses a threshold to the POST at the receiver\n"
	       "(loopback, contender and far side on a processor each):\n");
	printf("%-10s %7s %7s %9s %8s %8s %8s %10s %8s %9s\n", "", "devices", "poll ms",
	       "crossings", "p50 us", "p99 us", "polls %", "CPU s/10k", "PSS MiB", "dirty MiB");
	for (size_t i = 0; i < sizeof(periods) / sizeof(periods[0]); i++) {
		struct outcome ours = run_one(gauged, dir, devices, periods[i], seconds);
		struct outcome hand = run_one(NULL, dir, devices, periods[i], seconds);

		print_row("gauged", devices, periods[i], &ours);
		print_row("by hand", devices, periods[i], &hand);
		if (hand.p50_us > 0 && hand.cpu_per_10k > 0)
			printf("%-10s %7s %7s %9s %8.2f %8.2f %8s %10.2f\n", "ratio", "", "",
			       "", ours.p50_us / hand.p50_us, ours.p99_us / hand.p99_us, "",
			       ours.cpu_per_10k / hand.cpu_per_10k);
	}
	remove_config(dir);
	return 0;
}
