/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Webhooks against a real HTTP server: order, retries, reload, and what happens without one. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "action_bench.h"
#include "actions/webhook.h"
#include "base/alloc.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "conf/yaml.h"
#include "http_peer.h"
#include "io/http_client.h"
#include "io/loop.h"
#include "io/secret.h"
#include "model/report.h"

struct rig {
	struct bench bench;
	struct loop *loop;
	struct http_client *client;
	struct http_peer peer;
	struct webhook *webhook;
	struct secret_dirs dirs;
};

static int set_up(void **state)
{
	struct rig *rig = xcalloc(1, sizeof(*rig));

	bench_init(&rig->bench);
	rig->loop = loop_new(NULL);
	rig->client = http_client_new(rig->loop, NULL);
	assert_non_null(rig->client);
	*state = rig;
	return 0;
}

static int tear_down(void **state)
{
	struct rig *rig = *state;

	webhook_close(rig->webhook);
	http_client_free(rig->client);
	loop_free(rig->loop);
	http_peer_done(&rig->peer);
	bench_done(&rig->bench);
	free(rig);
	return 0;
}

static void give_stamp(void *arg, const struct event *event, struct event_stamp *ret)
{
	(void)arg;
	(void)event;
	*ret = *bench_stamp();
}

static void start(struct webhook *webhook, struct webhook *fallback)
{
	webhook_start(webhook, &(struct webhook_host){give_stamp, NULL}, fallback);
}

/* The webhook that posts to path, with more lines of YAML. */
static struct webhook *make(struct rig *rig, int port, const char *path, const char *more)
{
	struct error err = {0};
	char *text = arena_printf(rig->bench.arena,
				  "url: http://127.0.0.1:%d%s\n"
				  "retry: {first: 50ms, max: 100ms}\n%s",
				  port, path, more);
	struct webhook *webhook = webhook_open(bench_webhook(&rig->bench, text), rig->client,
					       rig->loop, NULL, &rig->dirs, &err);

	assert_string_equal(err.text, "");
	assert_non_null(webhook);
	start(webhook, NULL);
	return webhook;
}

static void send_number(struct webhook *webhook, size_t number, const char *more)
{
	struct event event = *bench_event();
	char message[64];

	snprintf(message, sizeof(message), "%zu %s", number, more);
	event.message = message;
	webhook_send(webhook, &event, bench_stamp());
}

static bool drained(void *arg)
{
	return webhook_waiting(arg) == 0;
}

static const char plain_body[] = "content_type: text/plain\nbody: '${seq} ${message}'\n";

/* Each delivered message once and in order; returns how many connections were used. */
static size_t expect_in_order(const struct rig *rig, size_t count)
{
	struct http_peer_line *lines;
	size_t seen = http_peer_read(&rig->peer, &lines), delivered = 0;
	int connections = 0;

	for (size_t i = 0; i < seen; i++) {
		char expect[64];

		if (lines[i].connection > connections)
			connections = lines[i].connection;
		snprintf(expect, sizeof(expect), "%zu %zu ", delivered + 1, delivered);
		assert_memory_equal(lines[i].body, expect, strlen(expect));
		delivered += lines[i].status == 200;
	}
	assert_int_equal(delivered, count);
	http_peer_free(lines, seen);
	return (size_t)connections;
}

static void test_an_event_arrives_as_json_over_http(void **state)
{
	struct rig *rig = *state;
	struct http_peer_line *lines;
	json_t *json;

	http_peer_start(&rig->peer, 0);
	rig->webhook = make(rig, rig->peer.port, "/200", "");
	webhook_send(rig->webhook, bench_event(), bench_stamp());
	assert_true(bench_run(rig->loop, drained, rig->webhook));
	assert_int_equal(http_peer_read(&rig->peer, &lines), 1);
	assert_string_equal(lines[0].path, "/200");
	json = json_loads(lines[0].body, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(json);
	assert_string_equal(json_string_value(json_object_get(json, "id")), lines[0].id);
	assert_string_equal(json_string_value(json_object_get(json, "rule")),
			    "boiler-over-temp");
	json_decref(json);
	http_peer_free(lines, 1);
}

static void test_thousand_events_queued_while_down_arrive_in_order(void **state)
{
	struct rig *rig = *state;
	int port = http_peer_free_port();
	struct report report;

	rig->webhook = make(rig, port, "/200", plain_body);
	for (size_t i = 0; i < 1000; i++) {
		send_number(rig->webhook, i, "down");
		loop_turn(rig->loop);
	}
	assert_int_equal(webhook_waiting(rig->webhook), 1000);
	webhook_report(rig->webhook, &report);
	assert_string_equal(report.state, "backoff");
	http_peer_start(&rig->peer, port);
	assert_true(bench_run(rig->loop, drained, rig->webhook));
	/* One connection carried them all. */
	assert_int_equal(expect_in_order(rig, 1000), 1);
	webhook_report(rig->webhook, &report);
	assert_string_equal(report.state, "up");
	assert_string_equal(report.detail, "");
}

static void test_order_holds_when_every_third_try_fails(void **state)
{
	struct rig *rig = *state;

	http_peer_start(&rig->peer, 0);
	rig->webhook = make(rig, rig->peer.port, "/third", plain_body);
	for (size_t i = 0; i < 30; i++)
		send_number(rig->webhook, i, "x");
	assert_true(bench_run(rig->loop, drained, rig->webhook));
	assert_int_equal(expect_in_order(rig, 30), 1);
}

static void test_without_order_all_arrive_over_few_connections(void **state)
{
	struct rig *rig = *state;
	struct http_peer_line *lines;
	size_t count, delivered = 0;

	http_peer_start(&rig->peer, 0);
	rig->webhook = make(rig, rig->peer.port, "/third",
			    "content_type: text/plain\nbody: '${seq}'\norder: none\n");
	for (size_t i = 0; i < 60; i++)
		send_number(rig->webhook, i, "x");
	assert_true(bench_run(rig->loop, drained, rig->webhook));
	count = http_peer_read(&rig->peer, &lines);
	for (size_t i = 0; i < count; i++) {
		assert_true(lines[i].connection <= 4);
		delivered += lines[i].status == 200;
	}
	assert_int_equal(delivered, 60);
	http_peer_free(lines, count);
}

static void test_fault_C10_lost_answer_is_retried_with_the_same_id(void **state)
{
	struct rig *rig = *state;
	struct http_peer_line *lines;

	http_peer_start(&rig->peer, 0);
	rig->webhook = make(rig, rig->peer.port, "/lost", plain_body);
	send_number(rig->webhook, 0, "x");
	assert_true(bench_run(rig->loop, drained, rig->webhook));
	assert_int_equal(http_peer_read(&rig->peer, &lines), 2);
	assert_string_equal(lines[0].id, lines[1].id);
	assert_string_equal(lines[0].body, lines[1].body);
	http_peer_free(lines, 2);
}

static bool parked(void *arg)
{
	struct outbox_report box;

	webhook_outbox(arg, &box);
	return box.parked;
}

static void test_fault_C5_gone_parks_until_somebody_retries(void **state)
{
	struct rig *rig = *state;
	struct outbox_report box;
	struct report report;

	http_peer_start(&rig->peer, 0);
	rig->webhook = make(rig, rig->peer.port, "/410", plain_body);
	send_number(rig->webhook, 0, "x");
	send_number(rig->webhook, 1, "x");
	assert_true(bench_run(rig->loop, parked, rig->webhook));
	for (int i = 0; i < 300; i++) {
		loop_turn(rig->loop);
		usleep(1000);
	}
	webhook_report(rig->webhook, &report);
	assert_string_equal(report.state, "parked");
	assert_string_equal(report.detail,
			    "HTTP 410, 2 waiting, nothing is sent until its url is changed");
	webhook_outbox(rig->webhook, &box);
	assert_int_equal(box.tries, 1);
	webhook_retry(rig->webhook);
	assert_true(bench_run(rig->loop, parked, rig->webhook));
	webhook_outbox(rig->webhook, &box);
	assert_int_equal(box.tries, 2);
	assert_int_equal(box.waiting, 2);
}

static void test_fault_C11_poison_is_given_up_and_the_next_one_goes(void **state)
{
	struct rig *rig = *state;
	struct outbox_report box;
	char log[4000] = "";
	int out[2];

	http_peer_start(&rig->peer, 0);
	rig->webhook = make(rig, rig->peer.port, "/poison", plain_body);
	assert_int_equal(pipe(out), 0);
	log_init(out[1], LOG_LEVEL_INFO);
	send_number(rig->webhook, 0, "good");
	send_number(rig->webhook, 1, "poison");
	send_number(rig->webhook, 2, "good");
	assert_true(bench_run(rig->loop, drained, rig->webhook));
	log_init(STDERR_FILENO, LOG_LEVEL_ERROR);
	close(out[1]);
	assert_true(read(out[0], log, sizeof(log) - 1) > 0);
	close(out[0]);
	/* That it was rejected has been said before: that it is lost is said all the same. */
	assert_non_null(strstr(log, "a message is given up (HTTP 400)"));
	assert_non_null(strstr(log, "no message is given up any more; given up so far: 1\n"));
	webhook_outbox(rig->webhook, &box);
	assert_int_equal(box.delivered, 2);
	assert_int_equal(box.rejections, OUTBOX_REJECTIONS);
	assert_int_equal(box.dead_letters, 1);
	assert_int_equal(box.dead, 1);
	assert_int_equal(box.tries, 2 + OUTBOX_REJECTIONS);
}

static void test_messages_that_are_too_old_are_given_up_and_told(void **state)
{
	struct rig *rig = *state;
	char *text = arena_printf(rig->bench.arena,
				  "url: http://127.0.0.1:%d/\nretry: {first: 50ms, max: 5m, "
				  "for: 1s}\n",
				  http_peer_free_port());
	struct outbox_report box;
	char log[4000] = "";
	int out[2];

	rig->webhook = webhook_open(bench_webhook(&rig->bench, text), rig->client, rig->loop,
				    NULL, &rig->dirs, NULL);
	start(rig->webhook, NULL);
	assert_int_equal(pipe(out), 0);
	log_init(out[1], LOG_LEVEL_INFO);
	for (size_t i = 0; i < 3; i++)
		send_number(rig->webhook, i, "x");
	assert_true(bench_run(rig->loop, drained, rig->webhook));
	log_init(STDERR_FILENO, LOG_LEVEL_ERROR);
	close(out[1]);
	assert_true(read(out[0], log, sizeof(log) - 1) > 0);
	close(out[0]);
	webhook_outbox(rig->webhook, &box);
	assert_int_equal(box.expired, 3);
	assert_int_equal(box.dead, 3);
	assert_int_equal(box.delivered, 0);
	assert_non_null(strstr(log, "given up"));
}

static void test_a_reload_keeps_the_queue_and_its_numbers(void **state)
{
	struct rig *rig = *state;
	int port = http_peer_free_port();
	struct webhook *old = make(rig, port, "/200/old", plain_body);

	for (size_t i = 0; i < 20; i++)
		send_number(old, i, "x");
	rig->webhook = make(rig, port, "/200/new", plain_body);
	webhook_adopt(rig->webhook, old);
	start(rig->webhook, NULL);
	webhook_close(old);
	assert_int_equal(webhook_waiting(rig->webhook), 20);
	for (size_t i = 20; i < 25; i++)
		send_number(rig->webhook, i, "x");
	http_peer_start(&rig->peer, port);
	assert_true(bench_run(rig->loop, drained, rig->webhook));
	expect_in_order(rig, 25);
}

static void test_a_reload_in_the_middle_of_a_try_sends_nothing_twice(void **state)
{
	struct rig *rig = *state;
	struct webhook *old;

	http_peer_start(&rig->peer, 0);
	old = make(rig, rig->peer.port, "/200", plain_body);
	for (size_t i = 0; i < 10; i++)
		send_number(old, i, "x");
	for (int reloads = 0; reloads < 5; reloads++) {
		rig->webhook = make(rig, rig->peer.port, "/200", plain_body);
		webhook_adopt(rig->webhook, old);
		start(rig->webhook, NULL);
		webhook_close(old);
		old = rig->webhook;
		loop_turn(rig->loop);
	}
	assert_true(bench_run(rig->loop, drained, rig->webhook));
	expect_in_order(rig, 10);
}

/* A webhook whose messages are all given up, and one that gets them. */
static struct webhook *make_given_up(struct rig *rig)
{
	struct webhook *webhook = make(rig, rig->peer.port, "/400", "fallback: sms\n");

	start(webhook, rig->webhook);
	return webhook;
}

static bool all_passed_on(void *arg)
{
	struct outbox_report box;

	webhook_outbox(arg, &box);
	return box.left == 1;
}

static void test_what_is_given_up_goes_to_the_fallback_as_it_was(void **state)
{
	struct rig *rig = *state;
	struct http_peer_line *lines;
	struct webhook *given_up;
	size_t count;

	http_peer_start(&rig->peer, 0);
	rig->webhook = make(rig, rig->peer.port, "/200", "");
	given_up = make_given_up(rig);
	webhook_send(given_up, bench_event(), bench_stamp());
	assert_true(bench_run(rig->loop, all_passed_on, given_up));
	assert_true(bench_run(rig->loop, drained, rig->webhook));
	count = http_peer_read(&rig->peer, &lines);
	assert_int_equal(count, OUTBOX_REJECTIONS + 1);
	assert_string_equal(lines[count - 1].path, "/200");
	/* Byte for byte: whoever knows the id knows that it is the same. */
	assert_string_equal(lines[count - 1].body, lines[0].body);
	http_peer_free(lines, count);
	webhook_close(given_up);
}

static struct outbox_report box_of(const struct webhook *webhook)
{
	struct outbox_report box;

	webhook_outbox(webhook, &box);
	return box;
}

static bool all_given_up(void *arg)
{
	return box_of(arg).waiting == 0;
}

static bool all_left(void *arg)
{
	return box_of(arg).left == 5;
}

/* The fallback is down and full: what it has no room for stays where it is, and comes later. */
static void test_a_full_fallback_loses_nothing(void **state)
{
	struct rig *rig = *state;
	int port = http_peer_free_port();
	struct http_peer fallback = {0};
	struct http_peer_line *lines;
	struct webhook *given_up;
	struct report report;
	size_t count;

	http_peer_start(&rig->peer, 0);
	rig->webhook = make(rig, port, "/200",
			    "queue: {messages: 2}\ncontent_type: text/plain\n"
			    "body: '${seq} ${message}'\n");
	given_up = make_given_up(rig);
	for (size_t i = 0; i < 5; i++)
		send_number(given_up, i, "x");
	assert_true(bench_run(rig->loop, all_given_up, given_up));
	assert_int_equal(box_of(rig->webhook).waiting, 2);
	assert_int_equal(box_of(rig->webhook).dropped_full, 0);
	assert_int_equal(box_of(rig->webhook).last_seq, 2);
	assert_int_equal(box_of(given_up).left, 2);
	assert_int_equal(box_of(given_up).leaving, 3);
	webhook_report(given_up, &report);
	assert_non_null(strstr(report.detail, "3 given up and not with ops yet"));
	http_peer_start(&fallback, port);
	assert_true(bench_run(rig->loop, all_left, given_up));
	assert_true(bench_run(rig->loop, drained, rig->webhook));
	count = http_peer_read(&fallback, &lines);
	assert_true(count >= 5);
	for (size_t i = 0; i < 5; i++) {
		char expect[32];

		snprintf(expect, sizeof(expect), "%zu %zu x", i + 1, i);
		assert_string_equal(lines[count - 5 + i].body, expect);
	}
	http_peer_free(lines, count);
	assert_int_equal(box_of(rig->webhook).dropped_full, 0);
	assert_int_equal(box_of(given_up).dead, 0);
	webhook_close(given_up);
	http_peer_done(&fallback);
}

/* A webhook with a queue that outlives it. */
static struct webhook *open_with(struct rig *rig, const char *path, const char *more,
				 struct outbox *outbox)
{
	const char *text = arena_printf(rig->bench.arena, "url: http://127.0.0.1:%d%s\n%s",
					rig->peer.port, path, more);
	struct webhook *webhook = webhook_open(bench_webhook(&rig->bench, text), rig->client,
					       rig->loop, outbox, &rig->dirs, NULL);

	assert_non_null(webhook);
	return webhook;
}

static void test_a_fallback_that_is_started_later_gets_what_was_too_old(void **state)
{
	static const struct outbox_policy kept = {.first_ns = 1, .max_ns = 1, .for_ns = 1};
	static const struct outbox_message message = {
		.what = "fire critical boiler", .url = "u", .headers = "", .body = ""};
	struct rig *rig = *state;
	struct outbox *outbox = outbox_new(&kept, 1, NULL);
	struct outbox_identity identity;
	struct webhook *given_up;

	http_peer_start(&rig->peer, 0);
	outbox_identify(outbox, &identity);
	assert_int_equal(outbox_add(outbox, &identity, &message,
				    boot_add(clock_boot(), -60 * NSEC_PER_SEC)),
			 0);
	rig->webhook = open_with(rig, "/200", "", NULL);
	given_up = open_with(rig, "/400", "fallback: sms\nretry: {for: 30s}\n", outbox);
	start(given_up, rig->webhook);
	start(rig->webhook, NULL);
	assert_true(bench_run(rig->loop, all_passed_on, given_up));
	assert_true(bench_run(rig->loop, drained, rig->webhook));
	webhook_close(given_up);
	outbox_free(outbox);
}

/* It was given up when it was closed: it waits again, for whoever comes back. */
static void test_what_was_leaving_is_seen_after_the_close(void **state)
{
	static const struct outbox_policy kept = {
		.strict = true, .first_ns = 1, .max_ns = 1, .for_ns = 3600 * NSEC_PER_SEC};
	struct rig *rig = *state;
	struct outbox *outbox = outbox_new(&kept, 1, NULL);
	struct webhook *given_up;
	struct outbox_report box;

	http_peer_start(&rig->peer, 0);
	rig->webhook = make(rig, http_peer_free_port(), "/200",
			    "queue: {messages: 1}\ncontent_type: text/plain\n"
			    "body: '${message}'\n");
	send_number(rig->webhook, 0, "x");
	given_up = open_with(rig, "/400", "fallback: sms\nretry: {first: 50ms, max: 50ms}\n",
			     outbox);
	start(given_up, rig->webhook);
	send_number(given_up, 1, "x");
	send_number(given_up, 2, "x");
	assert_true(bench_run(rig->loop, all_given_up, given_up));
	assert_int_equal(box_of(given_up).leaving, 2);
	webhook_close(given_up);
	outbox_report(outbox, &box);
	assert_int_equal(box.leaving, 0);
	assert_int_equal(box.waiting, 2);
	assert_int_equal(outbox_next(outbox, NULL)->identity.seq, 1);
	given_up = open_with(rig, "/200", "", outbox);
	start(given_up, NULL);
	assert_true(bench_run(rig->loop, drained, given_up));
	webhook_close(given_up);
	outbox_free(outbox);
}

static void test_a_webhook_that_comes_back_is_not_parked(void **state)
{
	static const struct outbox_policy kept = {.first_ns = 1, .max_ns = 1, .for_ns = 1};
	struct rig *rig = *state;
	struct outbox *outbox = outbox_new(&kept, 1, NULL);
	struct webhook *webhook;

	http_peer_start(&rig->peer, 0);
	webhook = open_with(rig, "/410", "", outbox);
	start(webhook, NULL);
	webhook_send(webhook, bench_event(), bench_stamp());
	assert_true(bench_run(rig->loop, parked, webhook));
	webhook_close(webhook);
	webhook = open_with(rig, "/200", "", outbox);
	start(webhook, NULL);
	assert_false(parked(webhook));
	assert_int_equal(webhook_waiting(webhook), 1);
	webhook_close(webhook);
	outbox_free(outbox);
}

static void test_a_fallback_with_a_body_of_its_own_gets_what_is_known(void **state)
{
	static const char own[] = "content_type: text/plain\n"
				  "body: '${type} ${severity} ${rule}: ${message}'\n";
	struct rig *rig = *state;
	struct http_peer_line *lines;
	struct webhook *given_up;
	size_t count;

	http_peer_start(&rig->peer, 0);
	rig->webhook = make(rig, rig->peer.port, "/200", own);
	given_up = make_given_up(rig);
	webhook_send(given_up, bench_event(), bench_stamp());
	assert_true(bench_run(rig->loop, all_passed_on, given_up));
	assert_true(bench_run(rig->loop, drained, rig->webhook));
	count = http_peer_read(&rig->peer, &lines);
	assert_string_equal(lines[count - 1].body,
			    "fire critical boiler-over-temp: Boiler 81.3 degC, above 80");
	http_peer_free(lines, count);
	webhook_close(given_up);
}

static void test_a_full_queue_tells_its_receiver_what_was_lost(void **state)
{
	struct rig *rig = *state;
	int port = http_peer_free_port();
	struct http_peer_line *lines;
	struct outbox_report box;
	size_t count;

	rig->webhook = make(rig, port, "/200",
			    "queue: {messages: 3}\ncontent_type: text/plain\n"
			    "body: '${seq} ${type} ${message}'\n");
	for (size_t i = 0; i < 8; i++)
		send_number(rig->webhook, i, "x");
	webhook_outbox(rig->webhook, &box);
	assert_int_equal(box.dropped_full, 5);
	http_peer_start(&rig->peer, port);
	assert_true(bench_run(rig->loop, drained, rig->webhook));
	count = http_peer_read(&rig->peer, &lines);
	assert_true(count >= 4);
	assert_string_equal(lines[count - 1].body,
			    "9 gap 5 messages to ops were lost (numbers 4 to 8): the queue was "
			    "full");
	http_peer_free(lines, count);
}

static void put_secret(const char *dir, const char *name, const char *text)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void test_secrets_reach_the_receiver_and_nobody_else(void **state)
{
	struct rig *rig = *state;
	char dir[] = "/tmp/gauged-secrets-XXXXXX", path[64];
	struct http_peer_line *lines;

	assert_non_null(mkdtemp(dir));
	put_secret(dir, "token", "s3cr/et\n");
	put_secret(dir, "key", "quo\"te");
	rig->dirs.configured = dir;
	http_peer_start(&rig->peer, 0);
	rig->webhook = make(rig, rig->peer.port, "/200/${secret:token}?rule=${rule}",
			    "headers: {Authorization: 'Bearer ${secret:token}'}\n"
			    "body: '{\"key\": \"${secret:key}\", \"text\": \"${message}\"}'\n");
	send_number(rig->webhook, 0, "a \"quoted\" text");
	assert_true(bench_run(rig->loop, drained, rig->webhook));
	assert_int_equal(http_peer_read(&rig->peer, &lines), 1);
	assert_string_equal(lines[0].path, "/200/s3cr/et?rule=boiler-over-temp");
	assert_string_equal(lines[0].body,
			    "{\"key\": \"quo\\\"te\", \"text\": \"0 a \\\"quoted\\\" text\"}");
	http_peer_free(lines, 1);
	snprintf(path, sizeof(path), "%s/token", dir);
	unlink(path);
	snprintf(path, sizeof(path), "%s/key", dir);
	unlink(path);
	rmdir(dir);
}

static void test_a_missing_secret_fails_the_opening_with_its_name(void **state)
{
	struct rig *rig = *state;
	struct error err = {0};
	const struct webhook_config *config =
		bench_webhook(&rig->bench, "url: http://127.0.0.1:1/\n"
					   "headers: {Authorization: '${secret:none}'}\n");

	rig->dirs.configured = "/tmp";
	assert_null(webhook_open(config, rig->client, rig->loop, NULL, &rig->dirs, &err));
	assert_string_equal(err.text, "webhook 'ops': cannot open the secret 'none': "
				      "No such file or directory");
}

static void test_fault_C13_control_characters_drop_the_header_not_the_message(void **state)
{
	struct rig *rig = *state;
	struct http_peer_line *lines;
	struct report report;
	struct event event = *bench_event();

	http_peer_start(&rig->peer, 0);
	rig->webhook = make(rig, rig->peer.port, "/200/${message}",
			    "headers: {X-Message: '${message}', X-Rule: '${rule}'}\n"
			    "body: '[\"${message}\"]'\n");
	event.message = "a\r\nX-Evil: 1\r\n\r\n/../?#&{}";
	webhook_send(rig->webhook, &event, bench_stamp());
	assert_true(bench_run(rig->loop, drained, rig->webhook));
	assert_int_equal(http_peer_read(&rig->peer, &lines), 1);
	assert_string_equal(lines[0].path,
			    "/200/a%0D%0AX-Evil%3A%201%0D%0A%0D%0A%2F..%2F%3F%23%26%7B%7D");
	assert_string_equal(
		lines[0].body,
		"[\"a\\u000d\\u000aX-Evil: 1\\u000d\\u000a\\u000d\\u000a/../?#&{}\"]");
	webhook_report(rig->webhook, &report);
	for (size_t i = 0; i < report.counter_count; i++)
		if (strcmp(report.counters[i].name, "headers_refused") == 0)
			assert_int_equal(report.counters[i].count, 1);
	http_peer_free(lines, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_an_event_arrives_as_json_over_http, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(
			test_thousand_events_queued_while_down_arrive_in_order, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(test_order_holds_when_every_third_try_fails,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_without_order_all_arrive_over_few_connections, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_fault_C10_lost_answer_is_retried_with_the_same_id, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(test_fault_C5_gone_parks_until_somebody_retries,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_fault_C11_poison_is_given_up_and_the_next_one_goes, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			test_messages_that_are_too_old_are_given_up_and_told, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(test_a_reload_keeps_the_queue_and_its_numbers,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_a_reload_in_the_middle_of_a_try_sends_nothing_twice, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			test_what_is_given_up_goes_to_the_fallback_as_it_was, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(test_a_full_fallback_loses_nothing, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_what_was_leaving_is_seen_after_the_close,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_a_fallback_that_is_started_later_gets_what_was_too_old, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(test_a_webhook_that_comes_back_is_not_parked,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_a_fallback_with_a_body_of_its_own_gets_what_is_known, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			test_a_full_queue_tells_its_receiver_what_was_lost, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_secrets_reach_the_receiver_and_nobody_else,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_a_missing_secret_fails_the_opening_with_its_name, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			test_fault_C13_control_characters_drop_the_header_not_the_message,
			set_up, tear_down),
	};

	signal(SIGPIPE, SIG_IGN);
	log_init(STDERR_FILENO, LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
