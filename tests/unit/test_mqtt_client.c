/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* The MQTT client against a real broker, one that dies, and things that are none. */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "action_bench.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "io/loop.h"
#include "io/mqtt_client.h"
#include "io/mqtt_connect.h"
#include "io/mqtt_settings.h"
#include "io/subnet.h"
#include "mqtt_broker.h"

/* In place of the C library's, also for libmosquitto: what "localhost" leads to first. */
static const char *before_localhost;

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
		struct addrinfo **ret)
{
	int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **) =
		(int (*)(const char *, const char *, const struct addrinfo *,
			 struct addrinfo **))dlsym(RTLD_NEXT, "getaddrinfo");
	struct addrinfo *last;
	int rc;

	if (before_localhost == NULL || node == NULL || strcmp(node, "localhost") != 0)
		return real(node, service, hints, ret);
	rc = real(before_localhost, service, hints, ret);
	if (rc != 0)
		return rc;
	for (last = *ret; last->ai_next != NULL; last = last->ai_next)
		;
	return real("127.0.0.1", service, hints, &last->ai_next);
}

struct rig {
	struct loop *loop;
	struct mqtt_broker broker;
	struct mqtt_settings settings;
	struct mqtt_client *client;
	struct loop_timer *look;
	unsigned ups, downs, acks, wanted;
	int last, refused;
	char why[200];
};

static int set_up(void **state)
{
	struct rig *rig = xcalloc(1, sizeof(*rig));

	signal(SIGPIPE, SIG_IGN);
	rig->loop = loop_new(NULL);
	rig->settings = (struct mqtt_settings){
		.host = "127.0.0.1",
		.v5 = true,
		.client_id = "gauged-test",
		.keepalive_s = 5,
		.connect_ns = 5 * NSEC_PER_SEC,
		.ack_ns = 5 * NSEC_PER_SEC,
		.pause_min_ns = 50 * NSEC_PER_MSEC,
		.pause_max_ns = 200 * NSEC_PER_MSEC,
		.will_topic = "plant/status",
		.will = "offline",
	};
	*state = rig;
	return 0;
}

static int tear_down(void **state)
{
	struct rig *rig = *state;

	before_localhost = NULL;
	mqtt_client_free(rig->client);
	loop_free(rig->loop);
	mqtt_broker_done(&rig->broker);
	free(rig);
	return 0;
}

static void on_up(void *arg)
{
	struct rig *rig = arg;

	rig->ups++;
}

static void on_down(void *arg, const char *why)
{
	struct rig *rig = arg;

	rig->downs++;
	snprintf(rig->why, sizeof(rig->why), "%s", why);
}

static void on_acked(void *arg, int message, int refused, const char *words)
{
	struct rig *rig = arg;

	rig->acks++;
	rig->last = message;
	rig->refused = refused;
	snprintf(rig->why, sizeof(rig->why), "%s", words);
}

static void start(struct rig *rig)
{
	struct mqtt_client_host host = {on_up, on_down, on_acked, rig};

	if (rig->settings.port == 0)
		rig->settings.port = rig->broker.port;
	rig->client = mqtt_client_new(rig->loop, &rig->settings, &host, 1);
	mqtt_client_start(rig->client);
}

static bool begin(struct rig *rig, const char *config)
{
	if (!mqtt_broker_there())
		return false;
	mqtt_broker_init(&rig->broker, config);
	return true;
}

static bool is_up(void *arg)
{
	struct rig *rig = arg;

	return mqtt_client_up(rig->client);
}

static bool is_down(void *arg)
{
	struct rig *rig = arg;

	return rig->downs > 0;
}

static bool is_acked(void *arg)
{
	struct rig *rig = arg;

	return rig->acks >= rig->wanted;
}

static void publish(struct rig *rig, const char *topic, const char *text, int qos, bool retain)
{
	int number = 0;

	assert_int_equal(mqtt_client_publish(rig->client, topic, text, strlen(text), qos,
					     retain, &number),
			 0);
	assert_int_not_equal(number, 0);
	rig->wanted++;
}

static const char open_config[] = "allow_anonymous true\n";

static void test_publishes_and_is_acknowledged_by_both_versions(void **state)
{
	struct rig *rig = *state;
	struct mqtt_client_report report;

	if (!begin(rig, open_config))
		return;
	mqtt_broker_start(&rig->broker);
	for (int v5 = 0; v5 < 2; v5++) {
		rig->settings.v5 = v5 == 1;
		start(rig);
		assert_int_equal(mqtt_client_room(rig->client), 0);
		assert_true(bench_run(rig->loop, is_up, rig));
		for (int i = 0; i < MQTT_IN_FLIGHT; i++)
			publish(rig, "plant/events", "x", i % 2, false);
		assert_int_equal(
			mqtt_client_publish(rig->client, "t", "x", 1, 1, false, &rig->last),
			-EAGAIN);
		assert_true(bench_run(rig->loop, is_acked, rig));
		assert_int_equal(mqtt_client_room(rig->client), MQTT_IN_FLIGHT);
		assert_int_equal(
			mqtt_client_publish(rig->client, "a/#", "x", 1, 1, false, &rig->last),
			-EINVAL);
		mqtt_client_report(rig->client, &report);
		assert_int_equal(report.acked, MQTT_IN_FLIGHT);
		assert_int_equal(report.refused, 0);
		mqtt_client_free(rig->client);
		rig->client = NULL;
	}
	assert_int_equal(rig->downs, 0);
}

static void up_and_publish(void *arg)
{
	struct rig *rig = arg;

	on_up(rig);
	for (int i = 0; i < 6; i++)
		publish(rig, "plant/events", "x", i % 2, false);
}

static void test_what_is_published_from_within_up_is_acknowledged(void **state)
{
	struct rig *rig = *state;
	struct mqtt_client_host host = {up_and_publish, on_down, on_acked, rig};

	if (!begin(rig, open_config))
		return;
	mqtt_broker_start(&rig->broker);
	start(rig);
	mqtt_client_set_host(rig->client, &host);
	assert_true(bench_run(rig->loop, is_up, rig));
	assert_true(bench_run(rig->loop, is_acked, rig));
	assert_int_equal(rig->acks, 6);
	assert_int_equal(mqtt_client_room(rig->client), MQTT_IN_FLIGHT);
}

static void test_connects_again_when_the_broker_was_killed(void **state)
{
	struct rig *rig = *state;
	struct mqtt_client_report report;

	if (!begin(rig, open_config))
		return;
	start(rig);
	assert_true(bench_run(rig->loop, is_down, rig));
	assert_non_null(strstr(rig->why, "refused"));
	mqtt_broker_start(&rig->broker);
	assert_true(bench_run(rig->loop, is_up, rig));
	for (int i = 0; i < 3; i++) {
		rig->downs = 0;
		mqtt_broker_stop(&rig->broker, SIGKILL);
		assert_true(bench_run(rig->loop, is_down, rig));
		mqtt_broker_start(&rig->broker);
		assert_true(bench_run(rig->loop, is_up, rig));
	}
	mqtt_client_report(rig->client, &report);
	assert_int_equal(report.losses, 3);
	assert_int_equal(report.connects, 4);
	publish(rig, "plant/events", "x", 1, false);
	assert_true(bench_run(rig->loop, is_acked, rig));
}

static bool saw_offline(void *arg)
{
	struct rig *rig = arg;

	return mqtt_broker_saw(&rig->broker, "plant/status 0 offline");
}

static bool subscribed(void *arg)
{
	struct rig *rig = arg;

	return mqtt_broker_saw(&rig->broker, "here ");
}

static void test_says_goodbye_when_it_is_freed(void **state)
{
	struct rig *rig = *state;

	if (!begin(rig, open_config))
		return;
	mqtt_broker_start(&rig->broker);
	start(rig);
	assert_true(bench_run(rig->loop, is_up, rig));
	publish(rig, "here", "y", 1, true);
	assert_true(bench_run(rig->loop, is_acked, rig));
	mqtt_broker_subscribe(&rig->broker);
	assert_true(bench_run(rig->loop, subscribed, rig));
	mqtt_client_free(rig->client);
	rig->client = NULL;
	assert_true(bench_run(rig->loop, saw_offline, rig));
	assert_int_equal(mqtt_broker_count(&rig->broker, "offline"), 1);
}

static void test_tells_who_may_not_enter_and_who_may_not_publish(void **state)
{
	struct rig *rig = *state;
	char command[200];
	FILE *file;

	if (!begin(rig, "password_file %s/passwords\nacl_file %s/acl\n"))
		return;
	file = fopen(mqtt_broker_path(&rig->broker, "acl"), "w");
	fputs("user box\ntopic write plant/events\n", file);
	fclose(file);
	snprintf(command, sizeof(command), "mosquitto_passwd -c -b %s box secret",
		 mqtt_broker_path(&rig->broker, "passwords"));
	assert_int_equal(system(command), 0);
	mqtt_broker_start(&rig->broker);
	rig->settings.user = "box";
	rig->settings.password = "wrong";
	start(rig);
	assert_true(bench_run(rig->loop, is_down, rig));
	assert_non_null(strstr(rig->why, "the broker refuses the connection: Not authorized"));
	mqtt_client_free(rig->client);
	rig->settings.password = "secret";
	start(rig);
	assert_true(bench_run(rig->loop, is_up, rig));
	publish(rig, "plant/events", "x", 1, false);
	assert_true(bench_run(rig->loop, is_acked, rig));
	assert_int_equal(rig->refused, 0);
	/* Only MQTT 5 tells: with 3.1.1 such a message is acknowledged and thrown away. */
	publish(rig, "plant/secret", "x", 1, false);
	assert_true(bench_run(rig->loop, is_acked, rig));
	assert_int_equal(rig->refused, 135);
	assert_string_equal(rig->why, "Not authorized");
}

static const char tls_config[] = "allow_anonymous true\ncafile %s/ca.pem\n"
				 "certfile %s/server.pem\nkeyfile %s/server.key\n"
				 "require_certificate true\n";

/* The next client is to go to host by TLS, with the authorities of the file ca. */
static void by_tls(struct rig *rig, const char *host, const char *ca, bool certificate)
{
	rig->settings.host = host;
	rig->settings.tls = true;
	rig->settings.ca = ca != NULL ? mqtt_broker_path(&rig->broker, ca) : NULL;
	rig->settings.cert = certificate ? mqtt_broker_path(&rig->broker, "client.pem") : NULL;
	rig->settings.key = certificate ? mqtt_broker_path(&rig->broker, "client.key") : NULL;
	start(rig);
}

static void test_verifies_the_broker_and_shows_its_certificate(void **state)
{
	struct rig *rig = *state;

	if (!begin(rig, tls_config))
		return;
	mqtt_broker_certificates(&rig->broker);
	mqtt_broker_start(&rig->broker);
	by_tls(rig, "localhost", "ca.pem", true);
	assert_true(bench_run(rig->loop, is_up, rig));
	for (int i = 0; i < MQTT_IN_FLIGHT; i++)
		publish(rig, "plant/events", "x", 1, false);
	assert_true(bench_run(rig->loop, is_acked, rig));
	assert_int_equal(rig->downs, 0);
}

static void expect_refused(struct rig *rig, const char *host, const char *ca, bool certificate,
			   const char *why)
{
	rig->settings.pause_min_ns = rig->settings.pause_max_ns = 60 * NSEC_PER_SEC;
	rig->downs = 0;
	by_tls(rig, host, ca, certificate);
	assert_true(bench_run(rig->loop, is_down, rig));
	mqtt_client_free(rig->client);
	rig->client = NULL;
	if (strstr(rig->why, why) == NULL)
		fail_msg("'%s' is not '%s'", rig->why, why);
	assert_int_equal(rig->ups, 0);
}

static void test_refuses_brokers_that_nobody_vouches_for(void **state)
{
	struct rig *rig = *state;

	if (!begin(rig, tls_config))
		return;
	mqtt_broker_certificates(&rig->broker);
	mqtt_broker_start(&rig->broker);
	expect_refused(rig, "localhost", "other.pem", true, "certificate verify failed");
	expect_refused(rig, "localhost", NULL, true, "certificate verify failed");
	/* The certificate is for a name, not for the address. */
	expect_refused(rig, "127.0.0.1", "ca.pem", true, "certificate verify failed");
	expect_refused(rig, "localhost", "none.pem", true, "TLS: cannot read ");
	/* The broker wants one of us as well. */
	expect_refused(rig, "localhost", "ca.pem", false, "certificate");
}

/* A port that takes connections and says nothing. */
static int black_hole(uint16_t *ret_port)
{
	struct sockaddr_in sin = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t len = sizeof(sin);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&sin, sizeof(sin)), 0);
	assert_int_equal(listen(fd, 8), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&sin, &len), 0);
	*ret_port = ntohs(sin.sin_port);
	return fd;
}

static void look(void *arg)
{
	struct rig *rig = arg;

	if (is_down(rig))
		loop_stop(rig->loop);
	else
		loop_timer_start(rig->look, mono_add(clock_mono(), 100 * NSEC_PER_MSEC));
}

static void test_a_silent_peer_costs_a_few_turns_of_the_loop(void **state)
{
	struct rig *rig = *state;
	struct loop_report before, after;
	int fd = black_hole(&rig->settings.port);

	rig->settings.connect_ns = NSEC_PER_SEC;
	rig->settings.pause_min_ns = rig->settings.pause_max_ns = 60 * NSEC_PER_SEC;
	rig->look = loop_timer_new(rig->loop, look, rig);
	for (int tls = 0; tls < 2; tls++) {
		rig->settings.tls = tls == 1;
		rig->downs = 0;
		start(rig);
		loop_report(rig->loop, &before);
		look(rig);
		assert_int_equal(loop_run(rig->loop), 0);
		loop_report(rig->loop, &after);
		assert_string_equal(rig->why, "no greeting from the broker in time");
		/* The looks, and a handful: not as many as the loop could. */
		assert_in_range(after.turns - before.turns, 5, 60);
		mqtt_client_free(rig->client);
		rig->client = NULL;
	}
	loop_timer_free(rig->look);
	close(fd);
}

/* ---- a broker that means us no good: it greets, and sends what it is told to */

struct villain {
	int listener;
	uint16_t port;
	pthread_t thread;
	const unsigned char *bytes; /* behind the greeting */
	size_t len;
	uint64_t then; /* so many more of no meaning */
	uint64_t sent; /* of those */
};

static bool send_all(int fd, const void *bytes, size_t len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = send(fd, (const char *)bytes + done, len - done, MSG_NOSIGNAL);

		if (n <= 0)
			return false;
		done += (size_t)n;
	}
	return true;
}

static void *be_villain(void *arg)
{
	/* Of MQTT 3.1.1: accepted. */
	static const unsigned char greeting[] = {0x20, 2, 0, 0};
	static const char rubbish[64 << 10];
	struct villain *villain = arg;
	int fd = accept(villain->listener, NULL, NULL);
	char hello[256];

	if (recv(fd, hello, sizeof(hello), 0) > 0 && send_all(fd, greeting, sizeof(greeting)) &&
	    send_all(fd, villain->bytes, villain->len))
		while (villain->sent < villain->then &&
		       send_all(fd, rubbish, sizeof(rubbish))) {
			villain->sent += sizeof(rubbish);
			/* No network is as fast as memory: a gigabit a second. */
			usleep(500);
		}
	/* Whoever stays is the one who leaves. */
	while (recv(fd, hello, sizeof(hello), 0) > 0)
		;
	close(fd);
	return NULL;
}

static void expect_left(struct rig *rig, struct villain *villain, const char *why)
{
	villain->listener = black_hole(&rig->settings.port);
	rig->settings.v5 = false;
	rig->settings.pause_min_ns = rig->settings.pause_max_ns = 60 * NSEC_PER_SEC;
	assert_int_equal(pthread_create(&villain->thread, NULL, be_villain, villain), 0);
	start(rig);
	assert_true(bench_run(rig->loop, is_down, rig));
	assert_int_equal(rig->ups, 1);
	assert_string_equal(rig->why, why);
	pthread_join(villain->thread, NULL);
	close(villain->listener);
}

/* A packet that says it has 200 MiB, and has them. */
static void test_a_packet_without_end_is_not_taken(void **state)
{
	/* PUBLISH, its length, and that of its topic. */
	static const unsigned char bytes[] = {0x30, 0x80, 0x80, 0x80, 0x64, 0, 1, 't'};
	struct villain villain = {.bytes = bytes, .len = sizeof(bytes), .then = 200 << 20};

	expect_left(*state, &villain, "the broker sends a packet of more than 262144 bytes");
	/* What it got rid of is what the kernel holds for both, and little more. */
	assert_true(villain.sent < 16 << 20);
}

/* The n-th message of this QoS, to the topic "t"; how many bytes it takes. */
static size_t add_message(unsigned char *at, int qos, unsigned char n)
{
	const unsigned char bytes[] = {
		(unsigned char)(0x30 | qos << 1), 6, 0, 1, 't', 0, n, 'x'};

	memcpy(at, bytes, sizeof(bytes));
	return sizeof(bytes);
}

/* libmosquitto would keep them until the broker says that it need not. */
static void test_messages_that_are_never_released_are_not_taken(void **state)
{
	unsigned char bytes[8 * (MQTT_HELD_MAX + 1)];
	struct villain villain = {.bytes = bytes};

	for (unsigned char n = 1; n <= MQTT_HELD_MAX + 1; n++)
		villain.len += add_message(bytes + villain.len, 2, n);
	expect_left(*state, &villain, "the broker sends messages that nobody has asked for");
}

/* Some brokers have subscriptions for whoever comes: they are no reason to leave. */
static void test_messages_that_come_and_go_are_borne(void **state)
{
	static unsigned char bytes[(8 + 8 + 4) * 4 * MQTT_HELD_MAX + 8];
	struct villain villain = {.bytes = bytes};

	for (int i = 0; i < 4 * MQTT_HELD_MAX; i++) {
		/* PUBREL of the same number. */
		const unsigned char release[] = {0x62, 2, 0, (unsigned char)(i + 1)};

		villain.len += add_message(bytes + villain.len, 1, (unsigned char)(i + 1));
		villain.len += add_message(bytes + villain.len, 2, (unsigned char)(i + 1));
		memcpy(bytes + villain.len, release, sizeof(release));
		villain.len += sizeof(release);
	}
	/* It ends with what no broker may say, so that there is an end. */
	bytes[villain.len++] = 0xf0;
	bytes[villain.len++] = 0;
	expect_left(*state, &villain,
		    "A network protocol error occurred when communicating "
		    "with the broker.");
}

enum { CROWD = 8 };

/* The port's queue is full: what asks for more gets no answer. fds[0]: the port itself. */
static void crowded(const char *address, uint16_t port, uint16_t *ret_port, int fds[CROWD + 1])
{
	struct sockaddr_in6 room = {0};
	struct sockaddr_in *v4 = (struct sockaddr_in *)(void *)&room;
	struct sockaddr *sa = (struct sockaddr *)(void *)&room;
	bool v6 = strchr(address, ':') != NULL;
	socklen_t len = v6 ? sizeof(room) : sizeof(*v4);

	if (v6) {
		room.sin6_family = AF_INET6;
		room.sin6_port = htons(port);
		inet_pton(AF_INET6, address, &room.sin6_addr);
	} else {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(port);
		inet_pton(AF_INET, address, &v4->sin_addr);
	}
	fds[0] = socket(sa->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fds[0], sa, len), 0);
	assert_int_equal(listen(fds[0], 0), 0);
	assert_int_equal(getsockname(fds[0], sa, &len), 0);
	for (size_t i = 1; i <= CROWD; i++) {
		fds[i] = socket(sa->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		connect(fds[i], sa, len);
	}
	*ret_port = ntohs(v6 ? room.sin6_port : v4->sin_port);
}

static void disperse(const int fds[CROWD + 1])
{
	for (size_t i = 0; i <= CROWD; i++)
		close(fds[i]);
}

/* The first address of the name answers nobody, the second is the broker's. */
static void next_address(struct rig *rig, const char *first)
{
	uint16_t port;
	int fds[CROWD + 1];

	crowded(first, rig->broker.port, &port, fds);
	before_localhost = first;
	rig->settings.connect_ns = 300 * NSEC_PER_MSEC;
	rig->settings.host = "localhost";
	start(rig);
	assert_true(bench_run(rig->loop, is_up, rig));
	assert_int_equal(rig->downs, 1);
	assert_string_equal(rig->why, "cannot connect: Connection timed out");
	disperse(fds);
}

static void test_the_next_address_is_tried_next(void **state)
{
	struct rig *rig = *state;

	if (!begin(rig, open_config))
		return;
	mqtt_broker_start(&rig->broker);
	next_address(rig, "127.0.0.2");
}

static bool has_v6(void)
{
	struct sockaddr_in6 sin6 = {.sin6_family = AF_INET6,
				    .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool has = fd >= 0 && bind(fd, (struct sockaddr *)&sin6, sizeof(sin6)) == 0;

	if (fd >= 0)
		close(fd);
	if (!has)
		print_message("SKIP: there is no IPv6 here\n");
	return has;
}

static void test_the_next_family_is_tried_next_by_tls(void **state)
{
	struct rig *rig = *state;

	if (!has_v6() || !begin(rig, tls_config))
		return;
	mqtt_broker_certificates(&rig->broker);
	mqtt_broker_start(&rig->broker);
	rig->settings.tls = true;
	rig->settings.ca = mqtt_broker_path(&rig->broker, "ca.pem");
	rig->settings.cert = mqtt_broker_path(&rig->broker, "client.pem");
	rig->settings.key = mqtt_broker_path(&rig->broker, "client.key");
	next_address(rig, "::1");
}

static void test_a_port_that_answers_nobody_ends_the_attempt_in_time(void **state)
{
	struct rig *rig = *state;
	int fds[CROWD + 1];

	crowded("127.0.0.1", 0, &rig->settings.port, fds);
	rig->settings.connect_ns = 300 * NSEC_PER_MSEC;
	start(rig);
	assert_true(bench_run(rig->loop, is_down, rig));
	assert_string_equal(rig->why, "cannot connect: Connection timed out");
	disperse(fds);
}

static void test_never_connects_to_metadata(void **state)
{
	struct rig *rig = *state;
	struct mqtt_client_report report;

	rig->settings.host = "169.254.169.254";
	rig->settings.port = 1883;
	start(rig);
	assert_true(bench_run(rig->loop, is_down, rig));
	assert_string_equal(rig->why, "169.254.169.254 is a link-local or metadata address and "
				      "is not connected to");
	mqtt_client_report(rig->client, &report);
	assert_int_equal(report.refused_addresses, 1);
}

static void test_a_name_that_does_not_resolve_is_told(void **state)
{
	struct rig *rig = *state;

	rig->settings.host = "nobody.invalid";
	rig->settings.port = 1883;
	start(rig);
	assert_true(bench_run(rig->loop, is_down, rig));
	assert_non_null(strstr(rig->why, "cannot resolve nobody.invalid: "));
}

static void test_can_be_freed_while_a_thread_connects(void **state)
{
	struct rig *rig = *state;
	int fd = black_hole(&rig->settings.port);

	for (int i = 0; i < 50; i++) {
		start(rig);
		for (int turn = 0; turn < i % 5; turn++)
			loop_turn(rig->loop);
		mqtt_client_free(rig->client);
		rig->client = NULL;
	}
	assert_int_equal(rig->ups + rig->downs, 0);
	close(fd);
}

static void test_causes_are_cut_out_of_lines(void **state)
{
	(void)state;
	assert_string_equal(
		mqtt_connect_cause("OpenSSL Error[0]: error:0A000086:SSL routines::certificate "
				   "verify failed"),
		"certificate verify failed");
	assert_string_equal(mqtt_connect_cause("Error: host name verification failed."),
			    "the certificate is for another host");
	assert_string_equal(mqtt_connect_cause("Error: no such thing"), "no such thing");
}

static bool same(struct rig *rig, const struct mqtt_settings *settings)
{
	struct mqtt_client_host host = {on_up, on_down, on_acked, rig};
	struct mqtt_client *other = mqtt_client_new(rig->loop, settings, &host, 1);
	bool is_same = mqtt_client_same(rig->client, other);

	mqtt_client_free(other);
	return is_same;
}

static void test_settings_that_differ_are_another_client(void **state)
{
	struct rig *rig = *state;
	static const struct subnet networks[] = {{.bits = 8}};
	struct mqtt_settings other;

	rig->settings.port = 1883;
	start(rig);
	other = rig->settings;
	assert_true(same(rig, &other));
	other.password = "new";
	assert_false(same(rig, &other));
	other = rig->settings;
	other.will_topic = "elsewhere";
	assert_false(same(rig, &other));
	other = rig->settings;
	other.networks = networks;
	other.network_count = 1;
	assert_false(same(rig, &other));
	other = rig->settings;
	other.keepalive_s++;
	assert_false(same(rig, &other));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_publishes_and_is_acknowledged_by_both_versions),
		TEST(test_what_is_published_from_within_up_is_acknowledged),
		TEST(test_connects_again_when_the_broker_was_killed),
		TEST(test_says_goodbye_when_it_is_freed),
		TEST(test_tells_who_may_not_enter_and_who_may_not_publish),
		TEST(test_verifies_the_broker_and_shows_its_certificate),
		TEST(test_refuses_brokers_that_nobody_vouches_for),
		TEST(test_a_silent_peer_costs_a_few_turns_of_the_loop),
		TEST(test_a_port_that_answers_nobody_ends_the_attempt_in_time),
		TEST(test_a_packet_without_end_is_not_taken),
		TEST(test_messages_that_are_never_released_are_not_taken),
		TEST(test_messages_that_come_and_go_are_borne),
		TEST(test_the_next_address_is_tried_next),
		TEST(test_the_next_family_is_tried_next_by_tls),
		TEST(test_never_connects_to_metadata),
		TEST(test_a_name_that_does_not_resolve_is_told),
		TEST(test_can_be_freed_while_a_thread_connects),
		TEST(test_causes_are_cut_out_of_lines),
		TEST(test_settings_that_differ_are_another_client),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
