/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Measures Modbus TCP transactions (function 3, 10 registers, every answer checked) over so
 * many connections to a thin server on the other processor: by the bus of gauged with 1, 4 and
 * 16 requests in flight, and by libmodbus's own client, one connection after the other. Prints
 * one line for each measurement; bench_modbus_table runs it and makes a table.
 *
 * CONNECTIONS 0 is RTU: one line of 115200 baud, which is a pseudo-terminal, each.
 *
 *   bench_modbus CONNECTIONS ROUNDS MILLISECONDS
 */
#include <arpa/inet.h>
#include <errno.h>
#include <modbus/modbus.h>
#include <netinet/tcp.h>
#include <pty.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "io/loop.h"
#include "io/modbus_bus.h"
#include "io/modbus_rtu_frame.h"

enum {
	REGISTERS = 10,
	DEPTH_MAX = 16,
	REQUEST = 12,
	ANSWER = 9 + 2 * REGISTERS,
	RTU_REQUEST = 8,
	RTU_ANSWER = 5 + 2 * REGISTERS,
	BAUD = 115200,
};

static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set) != 0)
		fprintf(stderr, "bench_modbus: only one processor: ratios mean little\n");
}

static void die(const char *what)
{
	fprintf(stderr, "bench_modbus: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* The server: answers whole requests, whatever they ask, in one send for each recv. */

static void serve_one(int fd)
{
	uint8_t in[64 * REQUEST], out[64 * ANSWER] = {0};
	ssize_t n = recv(fd, in, sizeof(in), 0);
	size_t to = 0;

	if (n <= 0) {
		close(fd);
		return;
	}
	for (ssize_t at = 0; at + REQUEST <= n; at += REQUEST) {
		memcpy(out + to, in + at, 8);
		out[to + 5] = ANSWER - 6;
		out[to + 8] = 2 * REGISTERS;
		for (uint8_t i = 0; i < REGISTERS; i++)
			out[to + 10 + 2 * i] = i;
		to += ANSWER;
	}
	if (send(fd, out, to, MSG_NOSIGNAL) != (ssize_t)to)
		close(fd);
}

__attribute__((noreturn)) static void serve(int listener)
{
	struct epoll_event events[256], event = {.events = EPOLLIN, .data.fd = listener};
	int poll = epoll_create1(0);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	pin(1);
	epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event);
	for (;;) {
		int n = epoll_wait(poll, events, 256, -1);

		for (int i = 0; i < n; i++) {
			int fd = events[i].data.fd;

			if (fd != listener) {
				serve_one(fd);
				continue;
			}
			fd = accept(listener, NULL, NULL);
			setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
			event.data.fd = fd;
			epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event);
		}
	}
}

static uint16_t start_server(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(fd, (struct sockaddr *)&address, len) != 0 || listen(fd, 1024) != 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &len) != 0)
		die("listening");
	if (fork() == 0)
		serve(fd);
	close(fd);
	return ntohs(address.sin_port);
}

/* Ours and theirs, at the other ends of which one process answers whole requests. */
struct lines {
	char path[2][64];
	int master[2], slave[2];
};

static void serve_line(int fd)
{
	uint8_t in[256], out[RTU_ANSWER] = {1, MODBUS_READ_HOLDING, 2 * REGISTERS};
	uint16_t crc;

	if (read(fd, in, sizeof(in)) < RTU_REQUEST)
		return;
	for (uint8_t i = 0; i < REGISTERS; i++)
		out[4 + 2 * i] = i;
	crc = modbus_crc(out, RTU_ANSWER - 2);
	out[RTU_ANSWER - 2] = (uint8_t)crc;
	out[RTU_ANSWER - 1] = (uint8_t)(crc >> 8);
	if (write(fd, out, sizeof(out)) != sizeof(out))
		die("answering");
}

static void start_lines(struct lines *lines)
{
	struct epoll_event event = {.events = EPOLLIN};
	struct termios raw = {0};
	int poll = epoll_create1(0);

	cfmakeraw(&raw);
	for (int i = 0; i < 2; i++) {
		if (openpty(&lines->master[i], &lines->slave[i], lines->path[i], &raw, NULL) !=
		    0)
			die("openpty");
		event.data.fd = lines->master[i];
		epoll_ctl(poll, EPOLL_CTL_ADD, lines->master[i], &event);
	}
	if (fork() != 0)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	pin(1);
	for (;;) {
		if (epoll_wait(poll, &event, 1, -1) == 1)
			serve_line(event.data.fd);
	}
}

/* One measurement. */

struct phase {
	struct mono begun;
	double cpu;
	uint64_t done;
};

static double cpu_seconds(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

/* Written with write(2), so that a trace of system calls shows where a phase is. */
static void mark(const char *word)
{
	if (write(STDOUT_FILENO, word, strlen(word)) < 0)
		die("writing");
}

static void phase_begin(struct phase *phase)
{
	mark("begin\n");
	*phase = (struct phase){.begun = clock_mono(), .cpu = cpu_seconds()};
}

static void phase_end(const struct phase *phase, const char *who, int connections, int depth)
{
	double seconds = (double)mono_diff(clock_mono(), phase->begun) / 1e9;
	double cpu = cpu_seconds() - phase->cpu;
	char line[160];

	snprintf(line, sizeof(line), "end %s %d %d %ju %.6f %.6f\n", who, connections, depth,
		 (uintmax_t)phase->done, seconds, cpu);
	mark(line);
}

/* Ours. */

struct bench {
	struct loop *loop;
	struct modbus_bus_config config;
	int connections, up;
	struct modbus_bus **buses;
	struct modbus_unit **units;
	struct ask *asks; /* DEPTH_MAX for each connection */
	bool running;
	unsigned under_way;
	struct phase phase;
};

struct ask {
	struct modbus_job job;
	struct bench *bench;
	int connection;
};

static void ask_done(struct modbus_job *job, const struct modbus_result *result)
{
	struct ask *ask = (struct ask *)job;
	struct bench *bench = ask->bench;

	if (result->outcome != MODBUS_OK || result->len != 2 * REGISTERS ||
	    result->data[2 * REGISTERS - 1] != REGISTERS - 1) {
		errno = EPROTO;
		die(result->text);
	}
	bench->phase.done++;
	bench->under_way--;
	if (bench->running) {
		bench->under_way++;
		modbus_bus_submit(bench->buses[ask->connection], bench->units[ask->connection],
				  job);
	} else if (bench->under_way == 0) {
		loop_stop(bench->loop);
	}
}

static void link_told(void *arg, bool up)
{
	struct bench *bench = arg;

	bench->up += up ? 1 : -1;
	if (bench->up == bench->connections)
		loop_stop(bench->loop);
}

static const struct modbus_bus_ops ops = {.link = link_told};

static void time_over(void *arg)
{
	struct bench *bench = arg;

	bench->running = false;
}

static void configure_tcp(struct bench *bench, uint16_t port)
{
	bench->config = (struct modbus_bus_config){
		.stream = {.name = "bench",
			   .host = "127.0.0.1",
			   .port = port,
			   .connect_timeout_ns = 3 * NSEC_PER_SEC,
			   .backoff_min_ns = NSEC_PER_SEC,
			   .backoff_max_ns = NSEC_PER_SEC},
		.in_flight = DEPTH_MAX,
	};
}

static void configure_rtu(struct bench *bench, const char *path)
{
	bench->config = (struct modbus_bus_config){
		.stream = {.name = "bench",
			   .tty = {.path = path, .baud = BAUD, .data_bits = 8, .stop_bits = 1},
			   .backoff_min_ns = NSEC_PER_SEC,
			   .backoff_max_ns = NSEC_PER_SEC},
		.framing = MODBUS_RTU,
		.in_flight = 1,
		.line = {.baud = BAUD, .bits = 10},
	};
}

static void open_ours(struct bench *bench)
{
	struct error err;
	int n = bench->connections;

	bench->loop = loop_new(&err);
	bench->buses = xcalloc((size_t)n, sizeof(struct modbus_bus *));
	bench->units = xcalloc((size_t)n, sizeof(struct modbus_unit *));
	bench->asks = xcalloc((size_t)n * DEPTH_MAX, sizeof(*bench->asks));
	for (int i = 0; i < n; i++) {
		bench->buses[i] = modbus_bus_new(bench->loop, &bench->config, &ops, bench);
		bench->units[i] = modbus_bus_unit(bench->buses[i], 1,
						  &(struct modbus_unit_config){
							  .name = "unit",
							  .timeout_ns = 10 * NSEC_PER_SEC,
							  .timeouts = 3,
						  });
		modbus_bus_start(bench->buses[i], 0);
		for (int k = 0; k < DEPTH_MAX; k++) {
			struct ask *ask = &bench->asks[i * DEPTH_MAX + k];

			ask->bench = bench;
			ask->connection = i;
			ask->job.done = ask_done;
			ask->job.request = (struct modbus_request){
				.function = MODBUS_READ_HOLDING, .count = REGISTERS};
		}
	}
	loop_run(bench->loop);
}

static void run_ours(struct bench *bench, int depth, int64_t ns)
{
	struct loop_timer *timer = loop_timer_new(bench->loop, time_over, bench);

	loop_timer_start(timer, mono_add(clock_mono(), ns));
	bench->running = true;
	phase_begin(&bench->phase);
	for (int i = 0; i < bench->connections; i++) {
		for (int k = 0; k < depth; k++) {
			bench->under_way++;
			modbus_bus_submit(bench->buses[i], bench->units[i],
					  &bench->asks[i * DEPTH_MAX + k].job);
		}
		modbus_bus_send(bench->buses[i]);
	}
	loop_run(bench->loop);
	phase_end(&bench->phase, bench->config.framing == MODBUS_RTU ? "gauged-rtu" : "gauged",
		  bench->connections, depth);
	loop_timer_free(timer);
}

static void close_ours(struct bench *bench)
{
	for (int i = 0; i < bench->connections; i++)
		modbus_bus_free(bench->buses[i]);
	loop_free(bench->loop);
	free(bench->buses);
	free(bench->units);
	free(bench->asks);
}

/* Theirs: descriptors below 1024 only. */

static modbus_t **open_theirs(int connections, uint16_t port)
{
	modbus_t **ctx = xcalloc((size_t)connections, sizeof(*ctx));

	for (int i = 0; i < connections; i++) {
		ctx[i] = modbus_new_tcp("127.0.0.1", port);
		if (modbus_connect(ctx[i]) != 0)
			die("modbus_connect");
	}
	return ctx;
}

static void run_theirs(modbus_t **ctx, int connections, int64_t ns, const char *who)
{
	struct phase phase;
	uint16_t registers[REGISTERS];
	struct mono end;

	phase_begin(&phase);
	end = mono_add(phase.begun, ns);
	while (clock_mono().ns < end.ns) {
		for (int i = 0; i < connections; i++) {
			if (modbus_read_registers(ctx[i], 0, REGISTERS, registers) !=
				    REGISTERS ||
			    registers[REGISTERS - 1] != REGISTERS - 1)
				die("modbus_read_registers");
			phase.done++;
		}
	}
	phase_end(&phase, who, connections, 1);
}

static void run_rtu(int rounds, int64_t ns)
{
	struct bench bench = {.connections = 1};
	struct lines lines;
	modbus_t *theirs;

	start_lines(&lines);
	pin(0);
	theirs = modbus_new_rtu(lines.path[1], BAUD, 'N', 8, 1);
	modbus_set_slave(theirs, 1);
	if (modbus_connect(theirs) != 0)
		die("modbus_connect");
	configure_rtu(&bench, lines.path[0]);
	open_ours(&bench);
	for (int round = 0; round < rounds; round++) {
		run_ours(&bench, 1, ns);
		run_theirs(&theirs, 1, ns, "libmodbus-rtu");
	}
	close_ours(&bench);
	modbus_close(theirs);
	modbus_free(theirs);
}

int main(int argc, char **argv)
{
	static const int depths[] = {1, 4, DEPTH_MAX};
	struct bench bench = {.connections = argc > 1 ? atoi(argv[1]) : 16};
	int rounds = argc > 2 ? atoi(argv[2]) : 3;
	int64_t ns = (argc > 3 ? atoi(argv[3]) : 500) * NSEC_PER_MSEC;
	struct rlimit limit;
	uint16_t port;
	modbus_t **theirs;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max < 4096 ? limit.rlim_max : 4096;
	setrlimit(RLIMIT_NOFILE, &limit);
	log_init(STDERR_FILENO, LOG_LEVEL_ERROR);
	if (bench.connections == 0) {
		run_rtu(rounds, ns);
		return 0;
	}
	port = start_server();
	pin(0);
	theirs = open_theirs(bench.connections, port);
	configure_tcp(&bench, port);
	open_ours(&bench);
	for (int round = 0; round < rounds; round++) {
		for (size_t i = 0; i < ARRAY_SIZE(depths); i++) {
			run_ours(&bench, depths[i], ns);
			if (i == 0)
				run_theirs(theirs, bench.connections, ns, "libmodbus");
		}
	}
	close_ours(&bench);
	for (int i = 0; i < bench.connections; i++) {
		modbus_close(theirs[i]);
		modbus_free(theirs[i]);
	}
	free(theirs);
	return 0;
}
