/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* HTTP requests against a real server with bad habits, dead names and forbidden addresses. */
#include <errno.h>
#include <netdb.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <malloc.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "action_bench.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "http_peer.h"
#include "io/http_client.h"
#include "io/http_route.h"
#include "io/http_url.h"
#include "io/loop.h"
#include "io/subnet.h"

/*
 * Takes the place of the C library's: libcurl's resolver threads come here. A name decides
 * what it resolves to; slow.test takes 8 s and fails.
 */
static atomic_int slow_answers, fickle_dead;

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
		struct addrinfo **ret)
{
	static const struct {
		const char *name;
		const char *address;
	} names[] = {
		{"loopback.test", "127.0.0.1"},	      {"fickle.test", "127.0.0.1"},
		{"metadata.test", "169.254.169.254"}, {"localhost", "127.0.0.1"},
		{"127.0.0.1", "127.0.0.1"},
	};
	struct {
		struct addrinfo info;
		struct sockaddr_in sin;
	} * found;

	(void)hints;
	/* One whose resolver is there at times: by port, as libcurl keeps answers for a minute.
	 */
	if (strcmp(node, "fickle.test") == 0 && fickle_dead)
		return EAI_AGAIN;
	if (strcmp(node, "slow.test") == 0) {
		sleep(8);
		slow_answers++;
	}
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(node, names[i].name) != 0)
			continue;
		found = xcalloc(1, sizeof(*found));
		found->sin.sin_family = AF_INET;
		found->sin.sin_port = htons((uint16_t)(service != NULL ? atoi(service) : 0));
		inet_pton(AF_INET, names[i].address, &found->sin.sin_addr);
		found->info.ai_family = AF_INET;
		found->info.ai_socktype = SOCK_STREAM;
		found->info.ai_addrlen = sizeof(found->sin);
		found->info.ai_addr = (struct sockaddr *)&found->sin;
		*ret = &found->info;
		return 0;
	}
	return EAI_NONAME;
}

void freeaddrinfo(struct addrinfo *info)
{
	free(info);
}

struct rig {
	struct loop *loop;
	struct http_client *client;
	struct http_peer peer;
	struct loop_timer *tick;
	int ticks; /* of 10 ms */
	int done;
	int status;
	int64_t retry_after_ns;
	size_t body_len;
	bool cut;
	char body[HTTP_BODY_MAX + 1];
	char failure[300];
	char url[200];
};

static void on_tick(void *arg)
{
	struct rig *rig = arg;

	rig->ticks++;
	loop_timer_start(rig->tick, mono_add(clock_mono(), 10 * NSEC_PER_MSEC));
}

static int set_up(void **state)
{
	struct rig *rig = xcalloc(1, sizeof(*rig));

	rig->loop = loop_new(NULL);
	rig->client = http_client_new(rig->loop, NULL);
	assert_non_null(rig->client);
	rig->tick = loop_timer_new(rig->loop, on_tick, rig);
	on_tick(rig);
	*state = rig;
	return 0;
}

static int tear_down(void **state)
{
	struct rig *rig = *state;

	http_client_free(rig->client);
	loop_timer_free(rig->tick);
	loop_free(rig->loop);
	http_peer_done(&rig->peer);
	free(rig);
	return 0;
}

static void on_done(void *arg, const struct http_answer *answer)
{
	struct rig *rig = arg;

	rig->done++;
	rig->status = answer->status;
	rig->retry_after_ns = answer->retry_after_ns;
	rig->body_len = answer->body_len;
	rig->cut = answer->cut;
	memcpy(rig->body, answer->body, answer->body_len + 1);
	snprintf(rig->failure, sizeof(rig->failure), "%s",
		 answer->failure != NULL ? answer->failure : "");
}

static struct http_request *start(struct rig *rig, const char *url, int64_t timeout_ms)
{
	static const char *const headers[] = {"Content-Type: text/plain", "X-Test: yes", NULL};
	struct http_call call = {
		.method = "POST",
		.url = url,
		.headers = headers,
		.body = "hello",
		.body_len = 5,
		.timeout_ns = timeout_ms * NSEC_PER_MSEC,
	};

	return http_client_start(rig->client, &call, on_done, rig);
}

static bool is_done(void *arg)
{
	return ((struct rig *)arg)->done > 0;
}

static void ask(struct rig *rig, const char *url, int64_t timeout_ms)
{
	rig->done = 0;
	rig->ticks = 0;
	start(rig, url, timeout_ms);
	assert_true(bench_run(rig->loop, is_done, rig));
	assert_int_equal(rig->done, 1);
}

static void ask_peer(struct rig *rig, const char *path, int64_t timeout_ms)
{
	if (rig->peer.port == 0)
		http_peer_start(&rig->peer, 0);
	snprintf(rig->url, sizeof(rig->url), "http://127.0.0.1:%d%s", rig->peer.port, path);
	ask(rig, rig->url, timeout_ms);
}

static void test_headers_and_answer_arrive(void **state)
{
	struct rig *rig = *state;

	ask_peer(rig, "/headers", 5000);
	assert_int_equal(rig->status, 200);
	assert_non_null(strstr(rig->body, "X-Test: yes"));
	assert_non_null(strstr(rig->body, "Content-Length: 5"));
	assert_non_null(strstr(rig->body, "User-Agent: gauged/"));
	assert_null(strstr(rig->body, "Expect"));
	assert_null(strstr(rig->body, "Accept-Encoding"));
}

static void test_connection_is_reused(void **state)
{
	struct rig *rig = *state;
	struct http_client_counters counters;
	struct http_peer_line *lines;
	size_t count;

	for (int i = 0; i < 50; i++) {
		ask_peer(rig, "/200", 5000);
		assert_int_equal(rig->status, 200);
	}
	count = http_peer_read(&rig->peer, &lines);
	assert_int_equal(count, 50);
	assert_int_equal(lines[49].connection, 1);
	http_peer_free(lines, count);
	http_client_counters(rig->client, &counters);
	assert_int_equal(counters.requests, 50);
	assert_int_equal(counters.connections, 1);
}

static void call_peer(struct rig *rig, const char *path, const char *const *headers,
		      const char *body)
{
	char url[100];
	struct http_call call = {
		.method = "POST",
		.url = url,
		.headers = headers,
		.body = body,
		.body_len = strlen(body),
		.timeout_ns = 5 * NSEC_PER_SEC,
	};

	snprintf(url, sizeof(url), "http://127.0.0.1:%d%s", rig->peer.port, path);
	rig->done = 0;
	http_client_start(rig->client, &call, on_done, rig);
	assert_true(bench_run(rig->loop, is_done, rig));
}

static void test_next_request_carries_nothing_of_the_one_before(void **state)
{
	static const char *const first[] = {"X-One: 1", "X-Two: 2", "X-Three: 3", NULL};
	static const char *const second[] = {"X-Other: 4", NULL};
	struct rig *rig = *state;
	struct http_peer_line *lines;
	size_t count;

	http_peer_start(&rig->peer, 0);
	call_peer(rig, "/headers", first, "a long body");
	assert_int_equal(rig->status, 200);
	assert_non_null(strstr(rig->body, "X-Three: 3"));
	call_peer(rig, "/headers", second, "short");
	assert_int_equal(rig->status, 200);
	assert_non_null(strstr(rig->body, "X-Other: 4"));
	assert_null(strstr(rig->body, "X-One"));
	assert_null(strstr(rig->body, "X-Two"));
	assert_null(strstr(rig->body, "X-Three"));
	assert_non_null(strstr(rig->body, "Content-Length: 5"));
	assert_int_equal(rig->body_len, strlen(rig->body));
	/* More URLs than are kept, and again. */
	for (int i = 0; i < 20; i++) {
		char path[16];

		snprintf(path, sizeof(path), "/200/%d", i % 7);
		call_peer(rig, path, NULL, path);
		assert_int_equal(rig->status, 200);
		assert_int_equal(rig->retry_after_ns, -1);
	}
	call_peer(rig, "/headers", NULL, "");
	assert_null(strstr(rig->body, "X-Other"));
	assert_non_null(strstr(rig->body, "Content-Length: 0"));
	count = http_peer_read(&rig->peer, &lines);
	assert_int_equal(count, 23);
	assert_string_equal(lines[0].body, "a long body");
	assert_string_equal(lines[1].body, "short");
	for (size_t i = 0; i < 20; i++) {
		assert_string_equal(lines[2 + i].body, lines[2 + i].path);
		assert_int_equal(lines[2 + i].connection, 1);
	}
	assert_string_equal(lines[22].body, "");
	http_peer_free(lines, count);
}

static void test_thousand_requests_leave_no_descriptor_and_no_memory(void **state)
{
	struct rig *rig = *state;
	size_t before = 0, after;
	int descriptors = 0;

	for (int i = 0; i < 1100; i++) {
		/* Every path of a request: reused, closed by the peer, cut off. */
		static const char *const paths[] = {"/200", "/503", "/close", "/cut"};

		ask_peer(rig, paths[i % 4], 5000);
		if (i == 99) {
			descriptors = bench_descriptors();
			before = mallinfo2().uordblks;
		}
	}
	after = mallinfo2().uordblks;
	assert_true(bench_descriptors() <= descriptors + 1);
	/* 1000 requests that left anything behind would leave more. */
	assert_true(after < before + 16000);
}

static void test_fault_C1_dead_names_fail_while_the_loop_goes_on(void **state)
{
	struct rig *rig = *state;

	ask(rig, "http://no-such-host.invalid/", 5000);
	assert_int_equal(rig->status, 0);
	assert_string_equal(rig->failure, "Could not resolve host: no-such-host.invalid");
}

static void test_fault_C1_slow_resolver_times_out_while_the_loop_goes_on(void **state)
{
	struct rig *rig = *state;
	int answers = slow_answers;

	/* The resolver takes 8 s, the request only a half: nobody waits for the thread. */
	ask(rig, "http://slow.test/", 500);
	assert_int_equal(rig->status, 0);
	assert_non_null(strstr(rig->failure, "timed out"));
	assert_true(rig->ticks >= 10);
	assert_int_equal(slow_answers, answers);
}

static void test_fault_C1_cancel_during_resolving_does_not_wait(void **state)
{
	struct rig *rig = *state;
	struct http_request *request;
	int answers = slow_answers;

	request = start(rig, "http://slow.test/", 5000);
	for (int i = 0; i < 20; i++) {
		loop_turn(rig->loop);
		usleep(1000);
	}
	http_request_cancel(request);
	loop_turn(rig->loop);
	assert_int_equal(rig->done, 0);
	assert_int_equal(slow_answers, answers);
}

static void ask_by(struct rig *rig, struct http_route *route, const char *host, int port)
{
	struct http_call call = {
		.method = "POST",
		.url = rig->url,
		.body = "hello",
		.body_len = 5,
		.timeout_ns = 5 * NSEC_PER_SEC,
		.route = route,
	};

	snprintf(rig->url, sizeof(rig->url), "http://%s:%d/close", host, port);
	rig->done = 0;
	http_client_start(rig->client, &call, on_done, rig);
	assert_true(bench_run(rig->loop, is_done, rig));
}

static void test_fault_C1_address_of_before_is_kept_while_the_resolver_is_dead(void **state)
{
	struct rig *rig = *state;
	struct subnet loopback;
	struct http_route_spec spec = {.network_count = 1, .networks = &loopback};
	struct http_route *route, *other;
	struct http_peer second = {0};

	assert_int_equal(subnet_parse("127.0.0.0/8", &loopback), 0);
	route = http_route_new(&spec, NULL);
	other = http_route_new(&spec, NULL);

	http_peer_start(&rig->peer, 0);
	http_peer_start(&second, 0);
	ask_by(rig, route, "fickle.test", rig->peer.port);
	assert_int_equal(rig->status, 200);
	fickle_dead = 1;
	/* It is asked for by its name first, and counts as a failure. */
	ask_by(rig, route, "fickle.test", second.port);
	assert_int_equal(rig->status, 0);
	assert_string_equal(rig->failure, "Could not resolve host: fickle.test");
	ask_by(rig, route, "fickle.test", second.port);
	assert_int_equal(rig->status, 200);
	ask_by(rig, route, "fickle.test", second.port);
	assert_int_equal(rig->status, 0);
	/* Whoever never knew it has nothing to go by. */
	for (int i = 0; i < 3; i++) {
		ask_by(rig, other, "fickle.test", second.port);
		assert_int_equal(rig->status, 0);
	}
	fickle_dead = 0;
	ask_by(rig, other, "fickle.test", second.port);
	assert_int_equal(rig->status, 200);
	http_peer_done(&second);
	http_route_unref(route);
	http_route_unref(other);
}

static void test_fault_C2_refused_connection_is_told(void **state)
{
	struct rig *rig = *state;
	char url[64];

	snprintf(url, sizeof(url), "http://127.0.0.1:%d/secret-path", http_peer_free_port());
	ask(rig, url, 5000);
	assert_int_equal(rig->status, 0);
	assert_string_equal(rig->failure, "Connection refused");
}

static void test_fault_C3_silent_server_is_left_at_the_deadline(void **state)
{
	struct rig *rig = *state;

	ask_peer(rig, "/never", 300);
	assert_int_equal(rig->status, 0);
	assert_non_null(strstr(rig->failure, "timed out"));
	assert_true(rig->ticks >= 5);
	/* The connection is not used again: a late answer would belong to nobody. */
	ask_peer(rig, "/200", 5000);
	assert_int_equal(rig->status, 200);
}

static void test_fault_C3_dripping_server_does_not_move_the_deadline(void **state)
{
	struct rig *rig = *state;

	ask_peer(rig, "/drip", 500);
	assert_int_equal(rig->status, 0);
	assert_non_null(strstr(rig->failure, "timed out"));
}

static void test_fault_C5_redirects_are_not_followed(void **state)
{
	struct rig *rig = *state;
	struct http_peer_line *lines;
	size_t count;

	ask_peer(rig, "/301", 5000);
	assert_int_equal(rig->status, 301);
	ask_peer(rig, "/307", 5000);
	assert_int_equal(rig->status, 307);
	count = http_peer_read(&rig->peer, &lines);
	assert_int_equal(count, 2);
	http_peer_free(lines, count);
}

static void test_fault_C6_endless_answer_is_cut(void **state)
{
	struct rig *rig = *state;
	struct http_client_counters counters;

	ask_peer(rig, "/endless", 10000);
	assert_int_equal(rig->status, 200);
	assert_true(rig->cut);
	assert_int_equal(rig->body_len, HTTP_BODY_MAX);
	http_client_counters(rig->client, &counters);
	assert_int_equal(counters.cut, 1);
}

static void test_fault_C6_endless_headers_are_refused(void **state)
{
	struct rig *rig = *state;

	ask_peer(rig, "/headerflood", 10000);
	assert_int_equal(rig->status, 0);
	assert_string_equal(rig->failure, "the answer's headers are longer than 16384 bytes");
}

static void test_fault_C6_gzip_bomb_is_not_unpacked(void **state)
{
	struct rig *rig = *state;

	ask_peer(rig, "/bomb", 10000);
	assert_int_equal(rig->status, 200);
	assert_true(rig->cut);
	assert_int_equal(rig->body_len, HTTP_BODY_MAX);
	assert_int_equal((unsigned char)rig->body[0], 0x1f);
	assert_int_equal((unsigned char)rig->body[1], 0x8b);
}

static void test_body_cut_off_after_the_headers_counts_as_answered(void **state)
{
	struct rig *rig = *state;

	ask_peer(rig, "/cut", 5000);
	assert_int_equal(rig->status, 200);
}

static void test_garbage_instead_of_http_is_a_failure(void **state)
{
	struct rig *rig = *state;

	ask_peer(rig, "/garbage", 5000);
	assert_int_equal(rig->status, 0);
	assert_true(rig->failure[0] != '\0');
}

static void test_fault_C7_certificate_that_nobody_vouches_for_is_refused(void **state)
{
	struct rig *rig = *state;
	struct http_peer_line *lines;

	http_peer_start_tls(&rig->peer);
	snprintf(rig->url, sizeof(rig->url), "https://localhost:%d/200", rig->peer.port);
	ask(rig, rig->url, 10000);
	assert_int_equal(rig->status, 0);
	assert_non_null(strstr(rig->failure, "certificate"));
	/* Nothing of the message was sent. */
	assert_int_equal(http_peer_read(&rig->peer, &lines), 0);
	/* It was the certificate, not the server. */
	snprintf(rig->url, sizeof(rig->url),
		 "test \"$(curl -sk --noproxy '*' -d x https://localhost:%d/200)\" = ok",
		 rig->peer.port);
	assert_int_equal(system(rig->url), 0);
}

/* Bytes that the program has read so far, from wherever. */
static long bytes_read(void)
{
	FILE *file = fopen("/proc/self/io", "r");
	long bytes = -1;

	assert_non_null(file);
	assert_int_equal(fscanf(file, "rchar: %ld", &bytes), 1);
	fclose(file);
	return bytes;
}

static void test_authorities_are_read_once_and_not_for_each_connection(void **state)
{
	struct rig *rig = *state;
	long first, second;

	http_peer_start_tls(&rig->peer);
	snprintf(rig->url, sizeof(rig->url), "https://localhost:%d/200", rig->peer.port);
	first = bytes_read();
	ask(rig, rig->url, 10000);
	second = bytes_read();
	/* Debian's bundle has some 200 kB; without one there is nothing to see. */
	if (second - first < 100000)
		skip();
	ask(rig, rig->url, 10000);
	assert_true(bytes_read() - second < 50000);
}

/* A connection that stands was opened by the rules of another: those of a reload before. */
static void test_fault_C12_a_connection_of_others_is_not_used_against_the_rules(void **state)
{
	struct rig *rig = *state;
	struct subnet loopback;
	struct http_route_spec spec = {.network_count = 1, .networks = &loopback};
	struct http_route *before, *after;
	struct http_call call = {
		.method = "POST",
		.url = rig->url,
		.body = "",
		.timeout_ns = 5 * NSEC_PER_SEC,
	};
	struct http_client_counters counters;

	assert_int_equal(subnet_parse("127.0.0.0/8", &loopback), 0);
	before = http_route_new(&spec, NULL);
	after = http_route_new(&(struct http_route_spec){.shared = false}, NULL);
	http_peer_start(&rig->peer, 0);
	snprintf(rig->url, sizeof(rig->url), "http://loopback.test:%d/200", rig->peer.port);
	for (int i = 0; i < 4; i++) {
		rig->done = 0;
		call.route = i % 2 == 0 ? before : after;
		http_client_start(rig->client, &call, on_done, rig);
		assert_true(bench_run(rig->loop, is_done, rig));
		assert_int_equal(rig->status, i % 2 == 0 ? 200 : 0);
		if (i % 2 == 1)
			assert_string_equal(rig->failure,
					    "127.0.0.1 is a loopback address, and not in "
					    "allow_networks: not connected to");
	}
	http_client_counters(rig->client, &counters);
	assert_int_equal(counters.refused, 2);
	/* It is closed, so it is in nobody's way. */
	assert_int_equal(counters.connections, 2);
	http_client_forget(rig->client, before);
	http_client_forget(rig->client, after);
	http_route_unref(before);
	http_route_unref(after);
}

static void test_authorities_are_read_before_anything_waits(void **state)
{
	struct rig *rig = *state;
	struct http_client_counters counters;
	long first, second;

	http_peer_start_tls(&rig->peer);
	snprintf(rig->url, sizeof(rig->url), "https://localhost:%d/200", rig->peer.port);
	first = bytes_read();
	http_client_prime(rig->client);
	second = bytes_read();
	if (second - first < 100000)
		skip();
	http_client_prime(rig->client);
	ask(rig, rig->url, 10000);
	assert_true(bytes_read() - second < 50000);
	/* They are believed no more than before. */
	assert_int_equal(rig->status, 0);
	assert_non_null(strstr(rig->failure, "certificate"));
	http_client_counters(rig->client, &counters);
	assert_int_equal(counters.requests, 1);
	assert_int_equal(counters.connections, 1);
}

static void test_fault_C12_rebinding_and_metadata_are_not_connected_to(void **state)
{
	static const struct {
		const char *host;
		const char *failure;
	} cases[] = {
		{"metadata.test", "169.254.169.254 is a link-local or metadata address "
				  "and is never connected to"},
		{"169.254.169.254",
		 "169.254.169.254 is a link-local or metadata address and is never connected to"},
		{"loopback.test", "127.0.0.1 is a loopback address, and not in allow_networks: "
				  "not connected to"},
		{"224.0.0.1", "224.0.0.1 is a multicast address and is never connected to"},
		{"0.0.0.0", "0.0.0.0 is a unspecified address and is never connected to"},
		{"[::]", ":: is a unspecified address and is never connected to"},
		{"[fe80::1]", "fe80::1 is a link-local address and is never connected to"},
		{"[ff02::1]", "ff02::1 is a multicast address and is never connected to"},
		{"[::ffff:169.254.169.254]",
		 "::ffff:169.254.169.254 is a link-local or metadata "
		 "address and is never connected to"},
		{"[64:ff9b::a9fe:a9fe]", "64:ff9b::a9fe:a9fe is a link-local or metadata "
					 "address and is never connected to"},
		{"[fd00:ec2::254]",
		 "fd00:ec2::254 is a metadata address and is never connected to"},
	};
	struct rig *rig = *state;
	struct http_client_counters counters;
	char url[100];

	http_peer_start(&rig->peer, 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		snprintf(url, sizeof(url), "http://%s:%d/200", cases[i].host, rig->peer.port);
		ask(rig, url, 5000);
		assert_int_equal(rig->status, 0);
		assert_string_equal(rig->failure, cases[i].failure);
	}
	http_client_counters(rig->client, &counters);
	assert_int_equal(counters.connections, 0);
	assert_int_equal(counters.refused, ARRAY_SIZE(cases));
	/* Whoever writes localhost means it. */
	snprintf(url, sizeof(url), "http://localhost:%d/200", rig->peer.port);
	ask(rig, url, 5000);
	assert_int_equal(rig->status, 200);
}

static void test_fault_C4_retry_after_is_read_and_junk_is_not(void **state)
{
	static const struct {
		const char *text;
		int64_t seconds; /* -1: none */
	} cases[] = {
		{"120", 120},
		{"0", 0},
		{" 7 ", 7},
		{"1000000000", 1000000000},
		{"99999999999999999999999999", INT32_MAX},
		{"-1", -1},
		{"1e9", -1},
		{"1.5", -1},
		{"", -1},
		{"soon", -1},
		{"12 monkeys", -1},
		{"Sun, 22 Nov 2026 17:12:31 GMT", 30},
		{"Sun, 22 Nov 2026 17:12:00 GMT", 0},
		{"Sun, 99 Foo 2026 99:99:99 GMT", -1},
	};
	struct wall now = {INT64_C(1795367521) * NSEC_PER_SEC}; /* 17:12:01 */
	struct rig *rig = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(http_retry_after(cases[i].text, strlen(cases[i].text), now),
				 cases[i].seconds < 0 ? -1 : cases[i].seconds * NSEC_PER_SEC);
	assert_int_equal(http_retry_after("1\0002", 3, now), -1);
	ask_peer(rig, "/503/retry-after=42", 5000);
	assert_int_equal(rig->status, 503);
	assert_int_equal(rig->retry_after_ns, 42 * NSEC_PER_SEC);
	ask_peer(rig, "/429/retry-after=junk", 5000);
	assert_int_equal(rig->status, 429);
	assert_int_equal(rig->retry_after_ns, -1);
}

static void test_urls_that_can_not_be_used_are_told(void **state)
{
	static const struct {
		const char *url;
		const char *text;
	} cases[] = {
		{"ftp://host/", "'ftp' URLs are not supported, only http and https"},
		{"file:///etc/passwd", "'file' URLs are not supported, only http and https"},
		{"https://me:pw@host/", "a user or password may not stand in a URL: use a "
					"header with ${secret:NAME}"},
		{"https://me@host/", "a user or password may not stand in a URL: use a "
				     "header with ${secret:NAME}"},
		{"nothing", "not a URL that can be used: Bad scheme"},
		{"http://", "not a URL that can be used: No host part in the URL"},
		{"http://a b/", "not a URL that can be used: Bad hostname"},
	};
	struct error err;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(http_url_check(cases[i].url, &err), -EINVAL);
		assert_string_equal(err.text, cases[i].text);
	}
	assert_int_equal(http_url_check("https://host.example:8443/a?b=c", &err), 0);
	assert_int_equal(http_url_check("http://[::1]/", &err), 0);
}

static void test_freeing_the_client_cancels_what_is_under_way(void **state)
{
	struct rig *rig = *state;
	int before = bench_descriptors();
	struct http_client *client = rig->client;

	http_peer_start(&rig->peer, 0);
	snprintf(rig->url, sizeof(rig->url), "http://127.0.0.1:%d/never", rig->peer.port);
	start(rig, rig->url, 5000);
	for (int i = 0; i < 50; i++) {
		loop_turn(rig->loop);
		usleep(1000);
	}
	rig->client = NULL;
	http_client_free(client);
	loop_turn(rig->loop);
	assert_int_equal(rig->done, 0);
	assert_true(bench_descriptors() <= before);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_headers_and_answer_arrive),
		TEST(test_connection_is_reused),
		TEST(test_next_request_carries_nothing_of_the_one_before),
		TEST(test_thousand_requests_leave_no_descriptor_and_no_memory),
		TEST(test_fault_C1_dead_names_fail_while_the_loop_goes_on),
		TEST(test_fault_C1_slow_resolver_times_out_while_the_loop_goes_on),
		TEST(test_fault_C1_cancel_during_resolving_does_not_wait),
		TEST(test_fault_C1_address_of_before_is_kept_while_the_resolver_is_dead),
		TEST(test_fault_C2_refused_connection_is_told),
		TEST(test_fault_C3_silent_server_is_left_at_the_deadline),
		TEST(test_fault_C3_dripping_server_does_not_move_the_deadline),
		TEST(test_fault_C4_retry_after_is_read_and_junk_is_not),
		TEST(test_fault_C5_redirects_are_not_followed),
		TEST(test_fault_C6_endless_answer_is_cut),
		TEST(test_fault_C6_endless_headers_are_refused),
		TEST(test_fault_C6_gzip_bomb_is_not_unpacked),
		TEST(test_body_cut_off_after_the_headers_counts_as_answered),
		TEST(test_garbage_instead_of_http_is_a_failure),
		TEST(test_fault_C7_certificate_that_nobody_vouches_for_is_refused),
		TEST(test_authorities_are_read_once_and_not_for_each_connection),
		TEST(test_fault_C12_a_connection_of_others_is_not_used_against_the_rules),
		TEST(test_authorities_are_read_before_anything_waits),
		TEST(test_fault_C12_rebinding_and_metadata_are_not_connected_to),
		TEST(test_urls_that_can_not_be_used_are_told),
		TEST(test_freeing_the_client_cancels_what_is_under_way),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
