/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* The server's clients, good and bad: in what order, how many, how long, and at whose cost. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/log.h"
#include "io/modbus_server.h"
#include "master.h"
#include "peer.h"

enum { FLOOD = 4000 };

struct test {
	struct loop *loop;
	struct subnet allow[2];
	struct modbus_server_config config;
	struct modbus_server *server;
	unsigned asked;
};

/* Register n of unit 1 holds n; unit 2 is away. */
static uint8_t answer(void *arg, const struct modbus_question *question, uint8_t *ret_data)
{
	struct test *t = arg;

	t->asked++;
	assert_true(question->function >= 1 && question->function <= 4);
	if (question->unit != 1)
		return MODBUS_GATEWAY_TARGET;
	for (unsigned i = 0; i < question->count; i++) {
		ret_data[2 * i] = (uint8_t)((question->address + i) >> 8);
		ret_data[2 * i + 1] = (uint8_t)(question->address + i);
	}
	return 0;
}

static int setup(void **state)
{
	struct test *t = xcalloc(1, sizeof(*t));
	struct error err;

	*state = t;
	t->loop = loop_new(&err);
	assert_non_null(t->loop);
	assert_int_equal(subnet_parse("127.0.0.0/8", &t->allow[0]), 0);
	assert_int_equal(subnet_parse("::1", &t->allow[1]), 0);
	t->config = (struct modbus_server_config){
		.name = "plc",
		.allow_count = 2,
		.allow = t->allow,
		.clients = 4,
		.idle_ns = 600 * NSEC_PER_SEC,
	};
	assert_int_equal(tcp_address_parse("127.0.0.1:0", &t->config.listen), 0);
	return 0;
}

static int teardown(void **state)
{
	struct test *t = *state;

	modbus_server_free(t->server);
	loop_free(t->loop);
	free(t);
	return 0;
}

static struct report report_of(const struct test *t)
{
	struct report report = {0};

	modbus_server_report(t->server, &report);
	return report;
}

static uint64_t count(const struct test *t, const char *name)
{
	struct report report = report_of(t);

	for (size_t i = 0; i < report.counter_count; i++) {
		if (strcmp(report.counters[i].name, name) == 0)
			return report.counters[i].count;
	}
	fail_msg("no counter %s", name);
	return 0;
}

static unsigned clients(const struct test *t)
{
	return report_of(t).server.clients;
}

static bool up(const struct test *t)
{
	return strcmp(report_of(t).server.state, "up") == 0;
}

static void start(struct test *t)
{
	t->server = modbus_server_new(t->loop, &t->config, answer, t);
	assert_false(up(t));
	PEER_UNTIL(t->loop, up(t));
}

static int connect_to(const struct test *t, int receive_buffer)
{
	struct report report = report_of(t);

	return master_connect(report.server.address, receive_buffer);
}

static size_t put_read(uint8_t *to, uint16_t id, uint8_t unit, uint16_t address, uint16_t words)
{
	return master_put(to, id, unit, MODBUS_READ_HOLDING, address, words);
}

static void ask(int fd, uint16_t id, uint8_t unit, uint16_t address, uint16_t words)
{
	master_ask(fd, id, unit, MODBUS_READ_HOLDING, address, words);
}

static void test_answers_and_exceptions(void **state)
{
	static const uint8_t write[] = {0, 5, 0, 0, 0, 6, 1, 6, 0, 1, 0, 1};
	struct test *t = *state;
	int fd;

	start(t);
	fd = connect_to(t, 0);
	ask(fd, 7, 1, 65411, 125);
	master_expect(t->loop, fd, 7, 65411, 125);
	ask(fd, 8, 2, 0, 1);
	master_expect_exception(t->loop, fd, 8, 3, MODBUS_GATEWAY_TARGET);
	assert_int_equal(send(fd, write, sizeof(write), 0), sizeof(write));
	master_expect_exception(t->loop, fd, 5, 6, MODBUS_ILLEGAL_FUNCTION);
	assert_int_equal(t->asked, 2);
	assert_int_equal(count(t, "serve_requests"), 3);
	assert_int_equal(count(t, "serve_exceptions"), 2);
	assert_int_equal(count(t, "serve_clients"), 1);
	assert_int_equal(clients(t), 1);
	close(fd);
	PEER_UNTIL(t->loop, clients(t) == 0);
}

static void test_requests_that_come_byte_by_byte(void **state)
{
	struct test *t = *state;
	uint8_t frame[MODBUS_FRAME_MAX];
	int fd;

	start(t);
	fd = connect_to(t, 0);
	for (uint16_t id = 1; id < 4; id++) {
		size_t len = put_read(frame, id, 1, id, 2);

		for (size_t i = 0; i < len; i++) {
			assert_int_equal(send(fd, frame + i, 1, 0), 1);
			peer_turn(t->loop);
		}
		master_expect(t->loop, fd, id, id, 2);
	}
	close(fd);
}

/* Pipelined, cut wherever the socket cuts them: in order, none lost. */
static void test_many_requests_at_once_are_answered_in_order(void **state)
{
	enum { MANY = 300 };
	struct test *t = *state;
	uint8_t frames[MANY * 12];
	size_t len = 0, sent = 0;
	int fd;

	start(t);
	for (uint16_t i = 0; i < MANY; i++)
		len += put_read(frames + len, i, 1, i, (uint16_t)(1 + i % 125));
	fd = connect_to(t, 0);
	while (sent < len) {
		ssize_t n = send(fd, frames + sent, len - sent, MSG_NOSIGNAL);

		assert_true(n > 0);
		sent += (size_t)n;
	}
	for (uint16_t i = 0; i < MANY; i++)
		master_expect(t->loop, fd, i, i, (uint16_t)(1 + i % 125));
	assert_int_equal(count(t, "serve_requests"), MANY);
	close(fd);
}

/* However much it has sent: a client gets one room of frames in a turn. */
static void test_a_client_gets_its_share_of_a_turn_and_no_more(void **state)
{
	struct test *t = *state;
	uint8_t frame[MODBUS_FRAME_MAX];
	unsigned most = 0;
	int fd;

	start(t);
	fd = connect_to(t, 0);
	PEER_UNTIL(t->loop, clients(t) == 1);
	for (unsigned i = 0; i < 200; i++) {
		size_t len = put_read(frame, (uint16_t)i, 2, 0, 1);

		assert_int_equal(send(fd, frame, len, MSG_NOSIGNAL), len);
	}
	while (count(t, "serve_requests") < 200) {
		uint64_t before = count(t, "serve_requests");

		loop_turn(t->loop);
		if (count(t, "serve_requests") - before > most)
			most = (unsigned)(count(t, "serve_requests") - before);
	}
	assert_in_range(most, 1, MODBUS_FRAME_MAX / 8);
	close(fd);
}

static void test_half_closed_clients_get_their_answers(void **state)
{
	struct test *t = *state;
	int fd;

	start(t);
	fd = connect_to(t, 0);
	ask(fd, 1, 1, 10, 3);
	ask(fd, 2, 1, 20, 4);
	shutdown(fd, SHUT_WR);
	master_expect(t->loop, fd, 1, 10, 3);
	master_expect(t->loop, fd, 2, 20, 4);
	master_expect_closed(t->loop, fd);
	assert_int_equal(clients(t), 0);
	assert_int_equal(count(t, "serve_clients_garbage"), 0);
}

static void test_a_cut_request_ends_without_an_answer(void **state)
{
	struct test *t = *state;
	uint8_t frame[MODBUS_FRAME_MAX];
	int fd;

	start(t);
	fd = connect_to(t, 0);
	assert_int_equal(put_read(frame, 1, 1, 0, 1), 12);
	assert_int_equal(send(fd, frame, 11, 0), 11);
	shutdown(fd, SHUT_WR);
	master_expect_closed(t->loop, fd);
	assert_int_equal(count(t, "serve_requests"), 0);
}

static void test_garbage_closes_the_connection(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
	} rows[] = {
		{"GET / HTTP/1.1\r\n\r\n", 18}, {"\0\1\0\0\0\0\1\3", 8},
		{"\0\1\0\0\0\1\1\3", 8},	{"\0\1\0\0\0\377\1\3", 8},
		{"\0\1\0\0\377\377\1\3", 8},	{"\0\1\0\1", 4},
	};
	struct test *t = *state;
	int good;

	start(t);
	good = connect_to(t, 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int fd = connect_to(t, 0);

		/* What was right before it is answered. */
		ask(fd, 9, 1, 5, 1);
		master_expect(t->loop, fd, 9, 5, 1);
		assert_int_equal(send(fd, rows[i].bytes, rows[i].len, 0), rows[i].len);
		master_expect_closed(t->loop, fd);
		assert_int_equal(count(t, "serve_clients_garbage"), i + 1);
	}
	/* Others do not notice. */
	ask(good, 1, 1, 3, 3);
	master_expect(t->loop, good, 1, 3, 3);
	close(good);
}

static void test_one_client_too_many_is_refused_and_nobody_loses_a_place(void **state)
{
	struct test *t = *state;
	int fds[4], fifth;

	start(t);
	for (int i = 0; i < 4; i++)
		fds[i] = connect_to(t, 0);
	PEER_UNTIL(t->loop, clients(t) == 4);
	fifth = connect_to(t, 0);
	master_expect_closed(t->loop, fifth);
	assert_int_equal(count(t, "serve_clients_refused"), 1);
	for (int i = 0; i < 4; i++) {
		ask(fds[i], (uint16_t)i, 1, 7, 1);
		master_expect(t->loop, fds[i], (uint16_t)i, 7, 1);
	}
	close(fds[2]);
	PEER_UNTIL(t->loop, clients(t) == 3);
	fds[2] = connect_to(t, 0);
	ask(fds[2], 2, 1, 7, 1);
	master_expect(t->loop, fds[2], 2, 7, 1);
	assert_int_equal(count(t, "serve_clients"), 5);
	for (int i = 0; i < 4; i++)
		close(fds[i]);
}

static void test_who_is_not_allowed_is_closed_at_once(void **state)
{
	struct test *t = *state;
	int fd;

	assert_int_equal(subnet_parse("192.0.2.0/24", &t->allow[0]), 0);
	start(t);
	fd = connect_to(t, 0);
	master_expect_closed(t->loop, fd);
	assert_int_equal(count(t, "serve_clients_forbidden"), 1);
	assert_int_equal(count(t, "serve_clients"), 0);
	/* The other entry of the list lets in. */
	assert_int_equal(subnet_parse("127.0.0.1", &t->allow[1]), 0);
	fd = connect_to(t, 0);
	ask(fd, 1, 1, 7, 1);
	master_expect(t->loop, fd, 1, 7, 1);
	close(fd);
}

static void test_both_versions_of_ip_on_one_socket(void **state)
{
	struct test *t = *state;
	struct report report;
	struct sockaddr_in v4 = {.sin_family = AF_INET};
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		skip();
	close(fd);
	assert_int_equal(tcp_address_parse("[::]:0", &t->config.listen), 0);
	start(t);
	report = report_of(t);
	v4.sin_port = htons((uint16_t)atoi(strrchr(report.server.address, ':') + 1));
	v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&v4, sizeof(v4)), 0);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	ask(fd, 1, 1, 7, 1);
	master_expect(t->loop, fd, 1, 7, 1);
	close(fd);
}

static void test_idle_clients_have_to_go(void **state)
{
	struct test *t = *state;
	uint8_t frame[MODBUS_FRAME_MAX];
	int silent, half;

	t->config.idle_ns = 50 * NSEC_PER_MSEC;
	start(t);
	silent = connect_to(t, 0);
	half = connect_to(t, 0);
	/* A request that never becomes whole is no request. */
	assert_int_equal(put_read(frame, 1, 1, 0, 1), 12);
	assert_int_equal(send(half, frame, 8, 0), 8);
	PEER_UNTIL(t->loop, count(t, "serve_clients_idle") == 2);
	assert_int_equal(clients(t), 0);
	master_expect_closed(t->loop, silent);
	close(half);
}

static void test_a_busy_client_stays_beyond_the_idle_time(void **state)
{
	struct test *t = *state;
	struct mono end;
	uint16_t id = 0;
	int fd, lazy;

	t->config.idle_ns = NSEC_PER_SEC;
	start(t);
	fd = connect_to(t, 0);
	lazy = connect_to(t, 0);
	end = mono_add(clock_mono(), 30 * NSEC_PER_SEC);
	/* Until the other one, which came later, had to go. */
	while (count(t, "serve_clients_idle") == 0 && clock_mono().ns < end.ns) {
		ask(fd, ++id, 1, 7, 1);
		master_expect(t->loop, fd, id, 7, 1);
	}
	assert_int_equal(count(t, "serve_clients_idle"), 1);
	ask(fd, ++id, 1, 7, 1);
	master_expect(t->loop, fd, id, 7, 1);
	master_expect_closed(t->loop, lazy);
	close(fd);
}

/* Nothing is read from a client that takes no answers; the others are served meanwhile. */
static void test_a_slow_reader_waits_and_nobody_else(void **state)
{
	struct test *t = *state;
	uint8_t frame[MODBUS_FRAME_MAX];
	size_t len = put_read(frame, 0, 1, 0, 125);
	unsigned sent = 0, taken = 0;
	uint64_t stuck = UINT64_MAX;
	ssize_t n;
	int slow, other;

	start(t);
	slow = connect_to(t, 2048);
	other = connect_to(t, 0);
	/* It asks until its requests are not even taken from the kernel any more. */
	while (stuck != count(t, "serve_requests") && sent < FLOOD) {
		stuck = count(t, "serve_requests");
		for (unsigned i = 0; i < 50 && sent < FLOOD; i++) {
			put_read(frame, (uint16_t)sent, 1, (uint16_t)sent, 125);
			n = send(slow, frame, len, MSG_NOSIGNAL);
			if (n < 0)
				break;
			assert_int_equal(n, len);
			sent++;
		}
		for (unsigned i = 0; i < 20; i++)
			loop_turn(t->loop);
	}
	assert_in_range(sent, stuck + 1, FLOOD);
	/* 250 bytes each: in the kernel's two buffers and in the client's own room. */
	assert_true(stuck < FLOOD / 2);
	for (uint16_t id = 0; id < 20; id++) {
		ask(other, id, 1, 7, 1);
		master_expect(t->loop, other, id, 7, 1);
	}
	assert_int_equal(count(t, "serve_requests"), stuck + 20);
	/* When it reads at last, all is there, in order. */
	for (; taken < sent; taken++)
		master_expect(t->loop, slow, (uint16_t)taken, (uint16_t)taken, 125);
	close(slow);
	close(other);
}

static void test_a_reader_that_is_stuck_has_to_go(void **state)
{
	struct test *t = *state;
	uint8_t frame[MODBUS_FRAME_MAX];
	size_t len = put_read(frame, 0, 1, 0, 125);
	int fd;

	t->config.idle_ns = 300 * NSEC_PER_MSEC;
	start(t);
	fd = connect_to(t, 2048);
	PEER_UNTIL(t->loop, (send(fd, frame, len, MSG_NOSIGNAL) < 0 && errno != EAGAIN) ||
				    count(t, "serve_clients_idle") == 1);
	assert_int_equal(clients(t), 0);
	close(fd);
}

static void test_a_client_that_resets_is_gone(void **state)
{
	struct linger linger = {.l_onoff = 1};
	struct test *t = *state;
	int fd;

	start(t);
	fd = connect_to(t, 0);
	ask(fd, 1, 1, 7, 1);
	PEER_UNTIL(t->loop, clients(t) == 1);
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	close(fd);
	PEER_UNTIL(t->loop, clients(t) == 0);
}

static void test_a_port_that_is_taken_is_tried_again(void **state)
{
	struct test *t = *state;
	struct tcp_address taken;
	int fd = tcp_address_listen(&t->config.listen);

	assert_true(fd >= 0);
	assert_int_equal(tcp_address_of(fd, false, &taken), 0);
	t->config.listen = taken;
	t->server = modbus_server_new(t->loop, &t->config, answer, t);
	PEER_UNTIL(t->loop, count(t, "serve_listens_failed") >= 2);
	assert_string_equal(report_of(t).server.state, "backoff");
	assert_non_null(strstr(report_of(t).server.detail, strerrordesc_np(EADDRINUSE)));
	close(fd);
	PEER_UNTIL(t->loop, up(t));
	fd = connect_to(t, 0);
	ask(fd, 1, 1, 7, 1);
	master_expect(t->loop, fd, 1, 7, 1);
	close(fd);
}

static void test_an_address_of_somebody_else_is_tried_again(void **state)
{
	struct test *t = *state;

	assert_int_equal(tcp_address_parse("192.0.2.1:1502", &t->config.listen), 0);
	t->server = modbus_server_new(t->loop, &t->config, answer, t);
	PEER_UNTIL(t->loop, count(t, "serve_listens_failed") >= 1);
	assert_string_equal(report_of(t).server.state, "backoff");
	assert_string_equal(report_of(t).server.address, "192.0.2.1:1502");
}

/* A reload opens the new server before it closes the old one, in one turn. */
static void test_a_successor_takes_the_port_over(void **state)
{
	struct test *t = *state;
	struct modbus_server *old;

	start(t);
	old = t->server;
	assert_int_equal(tcp_address_parse(report_of(t).server.address, &t->config.listen), 0);
	t->server = modbus_server_new(t->loop, &t->config, answer, t);
	modbus_server_free(old);
	PEER_UNTIL(t->loop, up(t));
	assert_int_equal(count(t, "serve_listens_failed"), 0);
}

static void test_without_descriptors_it_rests(void **state)
{
	struct test *t = *state;
	struct rlimit limit, none;
	int fd, next;

	start(t);
	fd = connect_to(t, 0);
	next = dup(fd);
	close(next);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = limit;
	none.rlim_cur = (rlim_t)next;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	PEER_UNTIL(t->loop, count(t, "serve_accepts_failed") == 1);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	master_expect_closed(t->loop, fd);
	/* A second later it takes clients again. */
	fd = connect_to(t, 0);
	ask(fd, 1, 1, 7, 1);
	master_expect(t->loop, fd, 1, 7, 1);
	close(fd);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(test_answers_and_exceptions),
		TEST(test_requests_that_come_byte_by_byte),
		TEST(test_many_requests_at_once_are_answered_in_order),
		TEST(test_a_client_gets_its_share_of_a_turn_and_no_more),
		TEST(test_half_closed_clients_get_their_answers),
		TEST(test_a_cut_request_ends_without_an_answer),
		TEST(test_garbage_closes_the_connection),
		TEST(test_one_client_too_many_is_refused_and_nobody_loses_a_place),
		TEST(test_who_is_not_allowed_is_closed_at_once),
		TEST(test_both_versions_of_ip_on_one_socket),
		TEST(test_idle_clients_have_to_go),
		TEST(test_a_busy_client_stays_beyond_the_idle_time),
		TEST(test_a_slow_reader_waits_and_nobody_else),
		TEST(test_a_reader_that_is_stuck_has_to_go),
		TEST(test_a_client_that_resets_is_gone),
		TEST(test_a_port_that_is_taken_is_tried_again),
		TEST(test_an_address_of_somebody_else_is_tried_again),
		TEST(test_a_successor_takes_the_port_over),
		TEST(test_without_descriptors_it_rests),
	};

	log_init(STDERR_FILENO, LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
