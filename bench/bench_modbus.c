/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Measures Modbus TCP transactions (function 3, 10 registers, every answer checked) over so
 * many connections to a thin server on the other processor: by the bus of gauged with 1, 4 and
 * 16 requests in flight, and by libmodbus's own client, one connection after the other. Prints
 * one line for each measurement; bench_modbus_table runs it and makes a table.
 *
 *   bench_modbus CONNECTIONS ROUNDS MILLISECONDS
 */
#include <arpa/inet.h>
#include <errno.h>
#include <modbus/modbus.h>
#include <netinet/tcp.h>
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
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "io/loop.h"
#include "io/modbus_bus.h"

enum { REGISTERS = 10, DEPTH_MAX = 16, REQUEST = 12, ANSWER = 9 + 2 * REGISTERS };

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

static void open_ours(struct bench *bench, uint16_t port)
{
	struct error err;
	int n = bench->connections;

	bench->loop = loop_new(&err);
	bench->config = (struct modbus_bus_config){
		.stream = {.name = "bench",
			   .host = "127.0.0.1",
			   .port = port,
			   .connect_timeout_ns = 3 * NSEC_PER_SEC,
			   .backoff_min_ns = NSEC_PER_SEC,
			   .backoff_max_ns = NSEC_PER_SEC},
		.in_flight = DEPTH_MAX,
	};
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
	phase_end(&bench->phase, "gauged", bench->connections, depth);
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

static void run_theirs(modbus_t **ctx, int connections, int64_t ns)
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
	phase_end(&phase, "libmodbus", connections, 1);
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
	port = start_server();
	pin(0);
	theirs = open_theirs(bench.connections, port);
	open_ours(&bench, port);
	for (int round = 0; round < rounds; round++) {
		for (size_t i = 0; i < ARRAY_SIZE(depths); i++) {
			run_ours(&bench, depths[i], ns);
			if (i == 0)
				run_theirs(theirs, bench.connections, ns);
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
