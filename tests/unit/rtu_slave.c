/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns both ends of a serial line of the tests. */
#include "rtu_slave.h"

#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/error.h"
#include "own_clock.h"

/* The kernel hands bytes on within microseconds, if it is let. */
static const int64_t patience_ns = 100 * NSEC_PER_SEC;

static void ask_done(struct modbus_job *job, const struct modbus_result *result)
{
	struct rtu_ask *ask = (struct rtu_ask *)job;

	ask->done++;
	ask->outcome = result->outcome;
	ask->exception = result->exception;
	ask->len = result->len;
	ask->value = result->len >= 2 ? modbus_u16(result->data) : 0;
	if (result->len > 0)
		memcpy(ask->data, result->data, result->len < 4 ? result->len : 4);
	ask->order = ++ask->test->done;
	assert_non_null(result->text);
}

static void link_told(void *arg, bool up)
{
	struct rtu_test *t = arg;

	t->ups += up;
	t->downs += !up;
	/* What was on its way is lost with the line before, or thrown away on opening. */
	t->bytes_in = rtu_count(t, "bytes_out");
	t->bytes_out = rtu_count(t, "bytes_in");
}

static const struct modbus_bus_ops ops = {.link = link_told};

static void later_sends(void *arg)
{
	struct rtu_later *later = arg;

	later->used = false;
	rtu_send(later->test, later->bytes, later->len);
}

size_t rtu_seal(uint8_t *frame, size_t len)
{
	uint16_t crc = modbus_crc(frame, len);

	frame[len] = (uint8_t)crc;
	frame[len + 1] = (uint8_t)(crc >> 8);
	return len + 2;
}

/* Length of the request that begins here; 0: not whole yet. */
static size_t request_length(const uint8_t *p, size_t len)
{
	size_t want = 8;

	if (len < 8)
		return 0;
	if (p[1] == MODBUS_WRITE_COILS || p[1] == MODBUS_WRITE_REGISTERS)
		want = 9u + p[6];
	else if (p[1] == MODBUS_MASK_REGISTER)
		want = 10;
	else if (p[1] == MODBUS_READ_WRITE_REGISTERS)
		want = len > 10 ? 13u + p[10] : 13;
	return want <= len ? want : 0;
}

static void slave_requests(struct rtu_test *t)
{
	size_t len;

	while ((len = request_length(t->in, t->in_len)) > 0) {
		uint8_t frame[MODBUS_RTU_MAX];

		assert_true(len <= sizeof(frame));
		memcpy(frame, t->in, len);
		t->in_len -= len;
		memmove(t->in, t->in + len, t->in_len);
		/* Whatever happens, what we send is a frame. */
		assert_int_equal(modbus_crc(frame, len - 2),
				 frame[len - 2] | frame[len - 1] << 8);
		if (t->requests < RTU_HEARD)
			t->heard[t->requests] = (struct rtu_heard){
				.at = t->began,
				.unit = frame[0],
				.function = frame[1],
				.address = modbus_u16(frame + 2),
				.count = modbus_u16(frame + 4),
			};
		t->requests++;
		memcpy(t->last, frame, len);
		t->last_len = len;
		if (t->request != NULL)
			t->request(t, frame, len);
		else
			rtu_answers(t, frame, len);
	}
}

static void slave_readable(void *arg, unsigned what)
{
	struct rtu_test *t = arg;
	ssize_t n = read(t->pty.master, t->in + t->in_len, sizeof(t->in) - t->in_len);

	if (n <= 0)
		return;
	t->bytes_in += (uint64_t)n;
	if (t->in_len == 0)
		t->began = clock_mono();
	if (t->echo)
		rtu_send(t, t->in + t->in_len, (size_t)n);
	t->in_len += (size_t)n;
	slave_requests(t);
}

void rtu_plug(struct rtu_test *t)
{
	pty_plug(&t->pty);
	t->watch = loop_watch_new(t->loop, t->pty.master, LOOP_READ, slave_readable, t);
	pty_link(t->folder, "port", t->pty.device);
}

void rtu_unplug(struct rtu_test *t)
{
	loop_watch_free(t->watch);
	t->watch = NULL;
	(void)unlink(t->path);
	pty_unplug(&t->pty);
}

int rtu_setup(void **state)
{
	struct rtu_test *t = xcalloc(1, sizeof(*t));
	struct error err;

	t->moved = own_clock_real();
	t->loop = loop_new(&err);
	assert_non_null(t->loop);
	pty_folder_make(t->folder, sizeof(t->folder));
	snprintf(t->path, sizeof(t->path), "%s/port", t->folder);
	rtu_plug(t);
	t->config = (struct modbus_bus_config){
		.stream =
			{.name = "test",
			 .tty = {.path = t->path, .baud = 9600, .data_bits = 8, .stop_bits = 1},
			 .backoff_min_ns = 10 * NSEC_PER_MSEC,
			 .backoff_max_ns = 100 * NSEC_PER_MSEC},
		.framing = MODBUS_RTU,
		.in_flight = 1,
		.line = {.baud = 9600,
			 .bits = 10,
			 .idle_ns = 60 * NSEC_PER_MSEC,
			 .quarantine_ns = 100 * NSEC_PER_MSEC,
			 .turnaround_ns = 50 * NSEC_PER_MSEC},
	};
	for (size_t i = 0; i < RTU_ASKS; i++) {
		t->asks[i].test = t;
		t->asks[i].job.done = ask_done;
	}
	for (size_t i = 0; i < RTU_LATER; i++) {
		t->later[i].test = t;
		t->later[i].timer = loop_timer_new(t->loop, later_sends, &t->later[i]);
	}
	*state = t;
	return 0;
}

static void server_hung_up(struct rtu_test *t)
{
	loop_watch_free(t->watch);
	t->watch = NULL;
	if (t->pty.master >= 0)
		close(t->pty.master);
	t->pty.master = -1;
}

/* A serial server has one client at a time. */
static void server_accepts(void *arg, unsigned what)
{
	struct rtu_test *t = arg;

	server_hung_up(t);
	t->pty.master = accept4(t->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	assert_true(t->pty.master >= 0);
	t->in_len = 0;
	t->accepted++;
	t->watch = loop_watch_new(t->loop, t->pty.master, LOOP_READ, slave_readable, t);
}

int rtu_setup_tcp(void **state)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t len = sizeof(address);
	struct rtu_test *t;

	rtu_setup(state);
	t = *state;
	rtu_unplug(t);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	t->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(t->listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(t->listener, 8), 0);
	assert_int_equal(getsockname(t->listener, (struct sockaddr *)&address, &len), 0);
	t->listening = loop_watch_new(t->loop, t->listener, LOOP_READ, server_accepts, t);
	t->config.stream.host = "127.0.0.1";
	t->config.stream.port = ntohs(address.sin_port);
	t->config.stream.connect_timeout_ns = NSEC_PER_SEC;
	t->config.line = (struct modbus_line){0};
	return 0;
}

int rtu_teardown_tcp(void **state)
{
	struct rtu_test *t = *state;

	modbus_bus_free(t->bus);
	t->bus = NULL;
	server_hung_up(t);
	loop_watch_free(t->listening);
	close(t->listener);
	return rtu_teardown(state);
}

int rtu_teardown(void **state)
{
	struct rtu_test *t = *state;

	modbus_bus_free(t->bus);
	for (size_t i = 0; i < RTU_LATER; i++)
		loop_timer_free(t->later[i].timer);
	rtu_unplug(t);
	pty_folder_remove(t->folder);
	loop_free(t->loop);
	free(t);
	return 0;
}

/* Whether the kernel, or the thread that opens the line, still has something for the loop. */
static bool rtu_awaited(struct rtu_test *t)
{
	struct report report = {0};

	modbus_bus_report(t->bus, &report);
	if (strcmp(report.state, "connecting") == 0)
		return true;
	/* Without the other end it hears of that, or somebody will be there. */
	return modbus_bus_up(t->bus) &&
	       (t->pty.master < 0 || t->bytes_in != rtu_count(t, "bytes_out") ||
		t->bytes_out != rtu_count(t, "bytes_in"));
}

void rtu_turn(struct rtu_test *t, struct mono end)
{
	if (rtu_awaited(t))
		usleep(100);
	else if (own_clock_advance(end))
		t->moved = own_clock_real();
	if (mono_diff(own_clock_real(), t->moved) > patience_ns)
		fail_msg("the kernel keeps what was sent, or the bus never waits");
	loop_turn(t->loop);
	own_clock_ring();
}

void rtu_wait(struct rtu_test *t, int64_t ns)
{
	struct mono end = mono_add(clock_mono(), ns);

	while (clock_mono().ns < end.ns)
		rtu_turn(t, end);
}

void rtu_start(struct rtu_test *t)
{
	t->bus = modbus_bus_new(t->loop, &t->config, &ops, t);
	modbus_bus_start(t->bus, 0);
	RTU_UNTIL(t, t->ups == 1);
}

struct modbus_unit *rtu_unit(struct rtu_test *t, uint8_t number)
{
	return modbus_bus_unit(t->bus, number,
			       &(struct modbus_unit_config){.name = "unit",
							    .timeout_ns = 200 * NSEC_PER_MSEC,
							    .timeouts = 3});
}

struct rtu_ask *rtu_submit(struct rtu_test *t, unsigned i, uint8_t unit, uint8_t function,
			   uint16_t address, uint16_t count)
{
	static const uint8_t data[256] = {0xff, 0x00, 0x12, 0x34};
	struct rtu_ask *a = &t->asks[i];

	a->done = 0;
	a->job.request = (struct modbus_request){.function = function,
						 .address = address,
						 .count = count,
						 .data = data,
						 .write_address = address,
						 .write_count = 1};
	modbus_bus_submit(t->bus, rtu_unit(t, unit), &a->job);
	modbus_bus_send(t->bus);
	return a;
}

struct rtu_ask *rtu_asked(struct rtu_test *t, unsigned i, uint8_t unit, uint8_t function,
			  uint16_t address, uint16_t count)
{
	struct rtu_ask *a = rtu_submit(t, i, unit, function, address, count);

	RTU_UNTIL(t, a->done == 1);
	return a;
}

void rtu_assert_good(const struct rtu_ask *a)
{
	assert_int_equal(a->done, 1);
	assert_int_equal(a->outcome, MODBUS_OK);
	assert_int_equal(a->len, 2 * a->job.request.count);
	assert_int_equal(a->value, a->job.request.address);
}

void rtu_assert_case(struct rtu_test *t, enum modbus_outcome outcome)
{
	struct rtu_ask *a = rtu_asked(t, 0, 1, MODBUS_READ_HOLDING, 1000, 2);

	assert_int_equal(a->outcome, outcome);
	if (outcome == MODBUS_OK)
		rtu_assert_good(a);
	t->request = NULL;
	rtu_assert_good(rtu_asked(t, 1, 1, MODBUS_READ_HOLDING, 2000, 2));
}

uint64_t rtu_count(struct rtu_test *t, const char *name)
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

void rtu_send(struct rtu_test *t, const void *bytes, size_t len)
{
	if (t->pty.master < 0)
		return;
	t->sent = clock_mono();
	assert_int_equal(write(t->pty.master, bytes, len), len);
	t->bytes_out += len;
}

void rtu_send_later(struct rtu_test *t, int64_t ns, const void *bytes, size_t len)
{
	struct rtu_later *later = t->later;

	while (later->used)
		later++;
	assert_true(later < t->later + RTU_LATER);
	later->used = true;
	memcpy(later->bytes, bytes, len);
	later->len = len;
	loop_timer_start(later->timer, mono_add(clock_mono(), ns));
}

size_t rtu_answer(const uint8_t *frame, uint8_t answer[MODBUS_RTU_MAX])
{
	uint8_t function = frame[1];
	unsigned address = modbus_u16(frame + 2), count = modbus_u16(frame + 4);

	memcpy(answer, frame, 6);
	switch (function) {
	case MODBUS_READ_COILS:
	case MODBUS_READ_DISCRETE:
		answer[2] = (uint8_t)((count + 7) / 8);
		memset(answer + 3, 0x55, answer[2]);
		return rtu_seal(answer, 3u + answer[2]);
	case MODBUS_READ_HOLDING:
	case MODBUS_READ_INPUT:
	case MODBUS_READ_WRITE_REGISTERS:
		answer[2] = (uint8_t)(2 * count);
		for (unsigned i = 0; i < count; i++) {
			answer[3 + 2 * i] = (uint8_t)((address + i) >> 8);
			answer[4 + 2 * i] = (uint8_t)(address + i);
		}
		return rtu_seal(answer, 3 + 2 * count);
	case MODBUS_MASK_REGISTER:
		memcpy(answer, frame, 10);
		return 10;
	default:
		/* Writes repeat address and value or count. */
		return rtu_seal(answer, 6);
	}
}

size_t rtu_exception(const uint8_t *frame, uint8_t code, uint8_t answer[MODBUS_RTU_MAX])
{
	answer[0] = frame[0];
	answer[1] = frame[1] | 0x80;
	answer[2] = code;
	return rtu_seal(answer, 3);
}

void rtu_answers(struct rtu_test *t, const uint8_t *frame, size_t len)
{
	/* In order: behind what was put off. */
	if (frame[0] != 0)
		rtu_answers_late(t, frame, 0);
}

void rtu_ignores(struct rtu_test *t, const uint8_t *frame, size_t len)
{
}

void rtu_answers_late(struct rtu_test *t, const uint8_t *frame, int64_t ns)
{
	uint8_t answer[MODBUS_RTU_MAX];
	size_t n = rtu_answer(frame, answer);
	struct mono now = clock_mono(), at = mono_add(now, ns);

	if (at.ns <= t->busy.ns)
		at = mono_add(t->busy, NSEC_PER_MSEC);
	if (at.ns <= now.ns) {
		rtu_send(t, answer, n);
		return;
	}
	t->busy = at;
	rtu_send_later(t, mono_diff(at, now), answer, n);
}
