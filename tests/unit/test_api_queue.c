/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* What the control API says of queues, the history and the store, and what operators do there.
 */
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "base/str.h"
#include "io/loop.h"
#include "actions/outbox.h"
#include "daemon/api.h"
#include "daemon/boxes.h"
#include "daemon/metrics.h"
#include "daemon/pieces.h"
#include "daemon/state.h"
#include "fake_daemon.h"
#include "fake_state.h"

enum { LINES_MAX = 256 };

struct fixture {
	struct loop *loop;
	struct daemon *daemon;
	struct fake_state *state;
	struct api_call call;
	unsigned answered, woken;
	json_t *json;		  /* of the last answer */
	json_t *lines[LINES_MAX]; /* of the last answer in lines */
	size_t line_count;
};

static void forget_lines(struct fixture *fixture)
{
	while (fixture->line_count > 0)
		json_decref(fixture->lines[--fixture->line_count]);
}

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	fixture->loop = loop_new(NULL);
	fixture->daemon = fake_daemon_new(fixture->loop);
	fixture->state = fake_state(daemon_state(fixture->daemon));
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	api_call_done(&fixture->call);
	json_decref(fixture->json);
	forget_lines(fixture);
	fake_daemon_free(fixture->daemon);
	loop_free(fixture->loop);
	free(fixture);
	return 0;
}

static const struct peer reader = {.role = PEER_READ, .pid = 7, .uid = 1000};
static const struct peer writer = {.role = PEER_WRITE, .pid = 8, .uid = 1001};

static void count_answer(struct api_call *call)
{
	struct fixture *fixture =
		(struct fixture *)((char *)call - offsetof(struct fixture, call));

	fixture->answered++;
}

static void start(struct fixture *fixture, struct peer peer, const char *target,
		  const char *body)
{
	api_call_done(&fixture->call);
	fixture->call = (struct api_call){
		.daemon = fixture->daemon,
		.peer = peer,
		.method = body != NULL ? "POST" : "GET",
		.target = target,
		.body = body,
		.body_len = body != NULL ? strlen(body) : 0,
		.answered = count_answer,
	};
	api_serve(&fixture->call);
}

static int ask(struct fixture *fixture, const char *target, const char *body)
{
	start(fixture, writer, target, body);
	json_decref(fixture->json);
	fixture->json = NULL;
	if (fixture->call.text != NULL)
		fixture->json = json_loadb(fixture->call.text, fixture->call.text_len, 0, NULL);
	return fixture->call.status;
}

static void split(struct fixture *fixture, const char *text, size_t len)
{
	const char *end = text + len, *newline;

	forget_lines(fixture);
	for (; (newline = memchr(text, '\n', (size_t)(end - text))) != NULL;
	     text = newline + 1) {
		assert_true(fixture->line_count < LINES_MAX);
		fixture->lines[fixture->line_count] =
			json_loadb(text, (size_t)(newline - text), 0, NULL);
		assert_non_null(fixture->lines[fixture->line_count]);
		fixture->line_count++;
	}
	assert_ptr_equal(text, end);
}

/* All that can be taken now, in bites of a size that no line has. */
static void take(struct fixture *fixture, struct str *out)
{
	char bite[37];
	size_t n;

	while ((n = pieces_take(fixture->call.pieces, bite, sizeof(bite))) > 0)
		str_add(out, bite, n);
}

/* A whole export, which has to be there at once. */
static void export_all(struct fixture *fixture, const char *target)
{
	struct str text;

	start(fixture, reader, target, NULL);
	assert_int_equal(fixture->call.status, 200);
	assert_string_equal(fixture->call.type, "application/x-ndjson");
	assert_non_null(fixture->call.pieces);
	str_init(&text);
	take(fixture, &text);
	assert_true(pieces_ended(fixture->call.pieces));
	split(fixture, text.s != NULL ? text.s : "", text.len);
	str_done(&text);
}

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text != NULL ? text : "";
}

static int64_t number_of(const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);

	return json_is_integer(value) ? json_integer_value(value) : -1;
}

static const json_t *nth(const struct fixture *fixture, const char *list, size_t i)
{
	return json_array_get(json_object_get(fixture->json, list), i);
}

static const char *detail(const struct fixture *fixture)
{
	return text_of(fixture->json, "detail");
}

static struct outbox *queue(const struct fixture *fixture, const char *name)
{
	return boxes_look(state_boxes(daemon_state(fixture->daemon)), name);
}

static int add(const struct fixture *fixture, const char *name, const char *body)
{
	struct outbox_message message = {.lane = OUTBOX_ALARM,
					 .what = "fire warning hot",
					 .url = "u",
					 .headers = "",
					 .body = body,
					 .body_len = strlen(body)};
	struct outbox_identity identity;

	outbox_identify(queue(fixture, name), &identity);
	return outbox_add(queue(fixture, name), &identity, &message, clock_boot());
}

static void test_queues_are_listed_with_those_whose_webhook_is_gone(void **state)
{
	struct fixture *fixture = *state;
	const struct outbox_gap gap = {.count = 2, .first = 7, .last = 9};
	const json_t *ops, *pager;

	outbox_set_gap(queue(fixture, "ops"), &gap);
	assert_int_equal(ask(fixture, "/v1/queue", NULL), 200);
	assert_int_equal(json_array_size(json_object_get(fixture->json, "webhooks")), 1);
	ops = nth(fixture, "webhooks", 0);
	assert_string_equal(text_of(ops, "name"), "ops");
	assert_string_equal(text_of(ops, "state"), "up");
	assert_int_equal(number_of(ops, "waiting"), 2);
	assert_int_equal(number_of(ops, "alarms"), 1);
	assert_int_equal(number_of(ops, "telemetry"), 1);
	assert_int_equal(number_of(ops, "dead"), 2);
	assert_true(number_of(ops, "bytes") > 0);
	assert_true(json_number_value(json_object_get(ops, "oldest_s")) >= 90);
	assert_int_equal(number_of(json_object_get(ops, "gap"), "count"), 2);
	assert_int_equal(number_of(json_object_get(ops, "gap"), "last"), 9);
	assert_int_equal(number_of(json_object_get(ops, "counters"), "delivered"), 40);
	assert_int_equal(json_array_size(json_object_get(fixture->json, "orphans")), 1);
	pager = nth(fixture, "orphans", 0);
	assert_string_equal(text_of(pager, "name"), "pager");
	assert_int_equal(number_of(pager, "waiting"), 1);
	assert_true(json_is_null(json_object_get(pager, "gap")));
	/* In which nothing is: nobody has to do anything about it. */
	assert_int_equal(outbox_drop(queue(fixture, "pager"), 0, false), 1);
	assert_int_equal(ask(fixture, "/v1/queue", NULL), 200);
	assert_int_equal(json_array_size(json_object_get(fixture->json, "orphans")), 0);
	assert_int_equal(ask(fixture, "/v1/queue/pager", NULL), 200);
}

static void test_rows_of_a_queue_say_what_they_are(void **state)
{
	struct fixture *fixture = *state;
	const json_t *row;

	assert_int_equal(add(fixture, "ops", "{}"), 0);
	assert_int_equal(ask(fixture, "/v1/queue/ops", NULL), 200);
	assert_true(json_is_false(json_object_get(fixture->json, "orphan")));
	assert_int_equal(json_array_size(json_object_get(fixture->json, "rows")), 3);
	row = nth(fixture, "rows", 0);
	assert_string_equal(text_of(row, "id"), "msg_0000000000000000000001");
	assert_int_equal(number_of(row, "seq"), 1);
	assert_string_equal(text_of(row, "lane"), "alarm");
	assert_string_equal(text_of(row, "state"), "waiting");
	assert_string_equal(text_of(row, "what"),
			    "fire critical boiler-over-temp: Boiler at 81 degC");
	assert_true(json_number_value(json_object_get(row, "age_s")) >= 90);
	assert_int_equal(number_of(row, "tries"), 0);
	assert_true(json_is_null(json_object_get(row, "status")));
	assert_true(json_is_true(json_object_get(row, "durable")));
	assert_true(json_is_null(json_object_get(row, "why")));
	/* An alarm that is new goes before telemetry that is old. */
	row = nth(fixture, "rows", 1);
	assert_int_equal(number_of(row, "seq"), 5);
	assert_true(json_is_false(json_object_get(row, "durable")));
	fake_state_commit(daemon_state(fixture->daemon));
	assert_int_equal(ask(fixture, "/v1/queue/ops", NULL), 200);
	assert_true(json_is_true(json_object_get(nth(fixture, "rows", 1), "durable")));
	assert_string_equal(text_of(nth(fixture, "rows", 2), "lane"), "telemetry");
	assert_int_equal(ask(fixture, "/v1/queue/pager", NULL), 200);
	assert_true(json_is_true(json_object_get(fixture->json, "orphan")));
}

static void test_dead_letters_are_listed_with_their_reason(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(ask(fixture, "/v1/queue/ops?dead=1", NULL), 200);
	assert_int_equal(json_array_size(json_object_get(fixture->json, "rows")), 2);
	assert_string_equal(text_of(nth(fixture, "rows", 0), "why"), "rejected");
	assert_string_equal(text_of(nth(fixture, "rows", 0), "state"), "dead");
	assert_string_equal(text_of(nth(fixture, "rows", 1), "why"), "too old");
	assert_int_equal(number_of(fixture->json, "left_out"), 0);
}

static void test_a_list_of_rows_has_a_limit(void **state)
{
	static const char *const bad[] = {"0", "-1", "1001", "x", "", "1.5"};
	struct fixture *fixture = *state;
	char target[64];

	assert_int_equal(ask(fixture, "/v1/queue/ops?limit=1", NULL), 200);
	assert_int_equal(json_array_size(json_object_get(fixture->json, "rows")), 1);
	assert_int_equal(number_of(fixture->json, "left_out"), 1);
	for (int i = 0; i < 150; i++)
		assert_int_equal(add(fixture, "ops", "{}"), 0);
	assert_int_equal(ask(fixture, "/v1/queue/ops", NULL), 200);
	assert_int_equal(json_array_size(json_object_get(fixture->json, "rows")), 100);
	assert_int_equal(number_of(fixture->json, "left_out"), 52);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(target, sizeof(target), "/v1/queue/ops?limit=%s", bad[i]);
		assert_int_equal(ask(fixture, target, NULL), 400);
		assert_string_equal(detail(fixture), "limit has to be a number from 1 to 1000");
		snprintf(target, sizeof(target), "/v1/history?limit=%s", bad[i]);
		assert_int_equal(ask(fixture, target, NULL), 400);
	}
}

static void test_a_queue_that_is_not_there_has_a_near_name(void **state)
{
	static const char *const targets[] = {"/v1/queue/pgaer", "/v1/queue/pgaer/export"};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(ask(fixture, targets[i], NULL), 404);
		assert_string_equal(detail(fixture),
				    "there is no queue 'pgaer'; did you mean 'pager'?");
	}
	assert_int_equal(ask(fixture, "/v1/queue/drop", "{\"webhook\": \"zz\", \"all\": true}"),
			 404);
	assert_string_equal(detail(fixture), "there is no queue 'zz'");
}

static void test_fault_H1_only_administrators_change_queues(void **state)
{
	struct fixture *fixture = *state;
	const char *body = "{\"webhook\": \"ops\", \"all\": true}";

	start(fixture, reader, "/v1/queue/retry", body);
	assert_int_equal(fixture->call.status, 403);
	start(fixture, reader, "/v1/queue/drop", body);
	assert_int_equal(fixture->call.status, 403);
	start(fixture, peer_of_stranger(), "/v1/queue/ops/export", NULL);
	assert_int_equal(fixture->call.status, 404);
	assert_int_equal(fixture->state->changed, 0);
	start(fixture, reader, "/v1/queue/ops", NULL);
	assert_int_equal(fixture->call.status, 200);
}

static void test_an_operator_drops_one_all_dead_ones_or_everything(void **state)
{
	struct fixture *fixture = *state;
	struct state *store = daemon_state(fixture->daemon);
	bool dead;

	assert_int_equal(ask(fixture, "/v1/queue/drop", "{\"webhook\": \"ops\", \"seq\": 2}"),
			 200);
	assert_int_equal(number_of(fixture->json, "dropped"), 1);
	assert_false(fake_state_has(store, "ops", 2, &dead));
	assert_true(fake_state_has(store, "ops", 3, &dead));
	/* It is to be gone for good when that is answered: as soon as can be. */
	assert_int_equal(fixture->state->changed, 1);
	assert_int_equal(ask(fixture, "/v1/queue/drop",
			     "{\"webhook\": \"ops\", \"id\": \"msg_0000000000000000000003\"}"),
			 200);
	assert_false(fake_state_has(store, "ops", 3, &dead));
	assert_int_equal(ask(fixture, "/v1/queue/drop",
			     "{\"webhook\": \"ops\", \"id\": \"msg_0000000000000000000003\"}"),
			 404);
	assert_string_equal(detail(fixture), "there is no such message in the queue of ops: it "
					     "may have been delivered meanwhile");
	assert_int_equal(
		ask(fixture, "/v1/queue/drop", "{\"webhook\": \"ops\", \"dead\": true}"), 200);
	assert_int_equal(number_of(fixture->json, "dropped"), 1);
	assert_true(fake_state_has(store, "ops", 1, &dead));
	assert_int_equal(
		ask(fixture, "/v1/queue/drop", "{\"webhook\": \"ops\", \"all\": true}"), 200);
	assert_int_equal(number_of(fixture->json, "dropped"), 1);
	/* A webhook keeps its queue, and the numbers that were used. */
	assert_int_equal(ask(fixture, "/v1/queue/ops", NULL), 200);
	assert_int_equal(number_of(fixture->json, "waiting"), 0);
	assert_int_equal(number_of(fixture->json, "last_seq"), 4);
	assert_string_equal(fixture->state->dropped_box, "");
}

static void test_a_queue_without_a_webhook_can_be_dropped_as_a_whole(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(
		ask(fixture, "/v1/queue/drop", "{\"webhook\": \"pager\", \"dead\": true}"),
		200);
	assert_int_equal(number_of(fixture->json, "dropped"), 0);
	assert_int_equal(ask(fixture, "/v1/queue/pager", NULL), 200);
	assert_int_equal(
		ask(fixture, "/v1/queue/drop", "{\"webhook\": \"pager\", \"all\": true}"), 200);
	assert_int_equal(number_of(fixture->json, "dropped"), 1);
	assert_string_equal(fixture->state->dropped_box, "pager");
	assert_int_equal(ask(fixture, "/v1/queue/pager", NULL), 404);
	assert_int_equal(ask(fixture, "/v1/queue", NULL), 200);
	assert_int_equal(json_array_size(json_object_get(fixture->json, "orphans")), 0);
}

static void test_what_is_under_way_is_not_dropped(void **state)
{
	struct fixture *fixture = *state;
	struct outbox_row *row;

	assert_int_equal(ask(fixture, "/v1/queue/drop", "{\"webhook\": \"ops\", \"seq\": 1}"),
			 200);
	assert_int_equal(add(fixture, "ops", "{}"), 0);
	row = outbox_take(queue(fixture, "ops"), clock_boot());
	assert_non_null(row);
	assert_int_equal(ask(fixture, "/v1/queue/drop", "{\"webhook\": \"ops\", \"seq\": 5}"),
			 409);
	assert_int_equal(ask(fixture, "/v1/queue/ops", NULL), 200);
	assert_string_equal(text_of(nth(fixture, "rows", 0), "state"), "sending");
	assert_int_equal(number_of(nth(fixture, "rows", 0), "tries"), 1);
	assert_int_equal(
		ask(fixture, "/v1/queue/drop", "{\"webhook\": \"ops\", \"all\": true}"), 200);
	assert_int_equal(number_of(fixture->json, "dropped"), 3);
	outbox_answer(queue(fixture, "ops"), row, 503, -1, clock_boot());
	assert_int_equal(ask(fixture, "/v1/queue/ops", NULL), 200);
	assert_int_equal(number_of(nth(fixture, "rows", 0), "status"), 503);
}

static void test_an_operator_retries_dead_letters_and_what_waits(void **state)
{
	struct fixture *fixture = *state;
	struct state *store = daemon_state(fixture->daemon);
	bool dead;

	assert_int_equal(ask(fixture, "/v1/queue/retry", "{\"webhook\": \"ops\", \"seq\": 3}"),
			 200);
	assert_int_equal(number_of(fixture->json, "retried"), 1);
	assert_true(fake_state_has(store, "ops", 3, &dead));
	assert_false(dead);
	/* One that waits is tried now. */
	assert_int_equal(ask(fixture, "/v1/queue/retry",
			     "{\"webhook\": \"ops\", \"id\": \"msg_0000000000000000000001\"}"),
			 200);
	assert_int_equal(number_of(fixture->json, "retried"), 1);
	/* All: what waits; dead letters stay dead. */
	assert_int_equal(
		ask(fixture, "/v1/queue/retry", "{\"webhook\": \"ops\", \"all\": true}"), 200);
	assert_int_equal(number_of(fixture->json, "retried"), 3);
	assert_int_equal(
		ask(fixture, "/v1/queue/retry", "{\"webhook\": \"ops\", \"dead\": true}"), 200);
	assert_int_equal(number_of(fixture->json, "retried"), 1);
	assert_int_equal(ask(fixture, "/v1/queue/ops", NULL), 200);
	assert_int_equal(number_of(fixture->json, "dead"), 0);
	assert_int_equal(number_of(fixture->json, "alarms"), 3);
	assert_int_equal(fixture->state->changed, 4);
}

static void test_changes_of_queues_have_one_form(void **state)
{
	static const char *const bad[] = {
		"",
		"{",
		"[]",
		"{}",
		"{\"webhook\": \"ops\"}",
		"{\"all\": true}",
		"{\"webhook\": \"ops\", \"all\": false}",
		"{\"webhook\": \"ops\", \"all\": 1}",
		"{\"webhook\": \"ops\", \"dead\": false}",
		"{\"webhook\": \"ops\", \"seq\": 0}",
		"{\"webhook\": \"ops\", \"seq\": -1}",
		"{\"webhook\": \"ops\", \"seq\": \"1\"}",
		"{\"webhook\": \"ops\", \"id\": 1}",
		"{\"webhook\": \"ops\", \"id\": \"x\", \"all\": true}",
		"{\"webhook\": \"ops\", \"all\": true, \"dead\": true}",
		"{\"webhook\": \"ops\", \"all\": true, \"all\": true}",
		"{\"webhook\": 1, \"all\": true}",
		"{\"webhook\": \"ops\", \"everything\": true}",
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(ask(fixture, "/v1/queue/retry", bad[i]), 400);
		assert_int_equal(ask(fixture, "/v1/queue/drop", bad[i]), 400);
	}
	assert_int_equal(fixture->state->changed, 0);
	assert_int_equal(ask(fixture, "/v1/queue", NULL), 200);
	assert_int_equal(number_of(nth(fixture, "webhooks", 0), "waiting"), 2);
}

static void test_an_export_has_every_body(void **state)
{
	struct fixture *fixture = *state;
	char want[32];

	assert_int_equal(add(fixture, "ops", "{\"key\": \"\x01token\x02\"}"), 0);
	export_all(fixture, "/v1/queue/ops/export");
	assert_int_equal(fixture->line_count, 5);
	assert_string_equal(text_of(fixture->lines[0], "body"), "{\"n\": 1}");
	assert_string_equal(text_of(fixture->lines[0], "id"), "msg_0000000000000000000001");
	/* What is in memory only, and where a secret would go. */
	assert_string_equal(text_of(fixture->lines[1], "body"),
			    "{\"key\": \"${secret:token}\"}");
	for (size_t i = 2; i < 5; i++) {
		snprintf(want, sizeof(want), "{\"n\": %zu}", i);
		assert_string_equal(text_of(fixture->lines[i], "body"), want);
		assert_int_equal(number_of(fixture->lines[i], "seq"), i);
		assert_string_equal(text_of(fixture->lines[i], "state"),
				    i > 2 ? "dead" : "waiting");
		assert_null(json_object_get(fixture->lines[i], "problem"));
	}
	assert_int_equal(outbox_drop(queue(fixture, "pager"), 0, false), 1);
	export_all(fixture, "/v1/queue/pager/export");
	assert_int_equal(fixture->line_count, 0);
	/* It changes nothing. */
	assert_int_equal(fixture->state->changed, 0);
}

static void test_an_export_is_never_in_memory_as_a_whole(void **state)
{
	struct fixture *fixture = *state;
	static char body[40000];

	memset(body, 'x', sizeof(body) - 1);
	for (uint64_t seq = 10; seq < 210; seq++)
		fake_state_message(daemon_state(fixture->daemon), "pager", seq, JOURNAL_ALARM,
				   NULL, seq < 180 ? "{}" : body);
	fixture->state->fetches = 0;
	export_all(fixture, "/v1/queue/pager/export");
	assert_int_equal(fixture->line_count, 201);
	for (size_t i = 1; i < 201; i++) {
		assert_int_equal(number_of(fixture->lines[i], "seq"), 9 + i);
		assert_true(strlen(text_of(fixture->lines[i], "body")) ==
			    (i <= 170 ? 2 : sizeof(body) - 1));
	}
	assert_int_equal(fixture->state->fetched_most, JOURNAL_FETCH_MAX);
	/* 171 small ones, and then few of the large ones at a time. */
	assert_in_range(fixture->state->fetches, 3 + 200000 * 6 / (256 << 10), 12);
}

static void test_an_export_says_which_bodies_cannot_be_read(void **state)
{
	struct fixture *fixture = *state;

	fake_state_lose(daemon_state(fixture->daemon), "ops", 2);
	export_all(fixture, "/v1/queue/ops/export");
	assert_int_equal(fixture->line_count, 4);
	assert_null(json_object_get(fixture->lines[0], "problem"));
	assert_true(json_is_null(json_object_get(fixture->lines[1], "body")));
	assert_string_equal(text_of(fixture->lines[1], "problem"),
			    "the store does not have it any more");
	fixture->state->unreadable = true;
	export_all(fixture, "/v1/queue/ops/export");
	assert_int_equal(fixture->line_count, 4);
	assert_string_equal(text_of(fixture->lines[0], "problem"),
			    "the store can't be read now");
	assert_string_equal(text_of(fixture->lines[0], "id"), "msg_0000000000000000000001");
}

static void count_wake(void *arg)
{
	struct fixture *fixture = arg;

	fixture->woken++;
}

static void test_an_export_waits_for_the_store(void **state)
{
	struct fixture *fixture = *state;
	struct state *store = daemon_state(fixture->daemon);
	struct str text;

	for (uint64_t seq = 10; seq < 110; seq++)
		fake_state_message(store, "pager", seq, JOURNAL_ALARM, NULL, "{}");
	fixture->state->hold = true;
	start(fixture, reader, "/v1/queue/pager/export", NULL);
	pieces_on_wake(fixture->call.pieces, count_wake, fixture);
	str_init(&text);
	take(fixture, &text);
	take(fixture, &text);
	assert_int_equal(text.len, 0);
	assert_false(pieces_ended(fixture->call.pieces));
	assert_int_equal(fake_state_release(store), 1);
	assert_int_equal(fixture->woken, 1);
	/* What was delivered, or given up, between two pieces. */
	assert_int_equal(outbox_drop(queue(fixture, "pager"), 90, false), 1);
	take(fixture, &text);
	assert_int_equal(fake_state_release(store), 1);
	take(fixture, &text);
	assert_int_equal(fake_state_release(store), 0);
	assert_true(pieces_ended(fixture->call.pieces));
	split(fixture, text.s, text.len);
	assert_int_equal(fixture->line_count, 100);
	str_done(&text);
	/* Who goes away while the store is asked is forgotten. */
	start(fixture, reader, "/v1/queue/pager/export", NULL);
	str_init(&text);
	take(fixture, &text);
	str_done(&text);
	api_call_done(&fixture->call);
	assert_int_equal(fake_state_release(store), 0);
}

static void test_an_export_of_a_queue_that_is_dropped_meanwhile_ends(void **state)
{
	struct fixture *fixture = *state;
	struct state *store = daemon_state(fixture->daemon);
	struct str text;

	for (uint64_t seq = 10; seq < 110; seq++)
		fake_state_message(store, "pager", seq, JOURNAL_ALARM, NULL, "{}");
	start(fixture, reader, "/v1/queue/pager/export", NULL);
	fixture->state->hold = true;
	str_init(&text);
	take(fixture, &text);
	fake_state_release(store);
	boxes_drop(state_boxes(store), "pager");
	take(fixture, &text);
	assert_true(pieces_ended(fixture->call.pieces));
	split(fixture, text.s, text.len);
	assert_int_equal(fixture->line_count, 64);
	str_done(&text);
}

static const char *const past[] = {
	"{\"type\":\"clear\",\"rule\":\"boiler-over-temp\",\"values\":{}}",
	"{\"type\":\"fire\",\"rule\":\"boiler-over-temp\",\"values\":{}}",
	NULL,
};

static void test_the_history_is_told_in_lines(void **state)
{
	struct fixture *fixture = *state;

	fixture->state->past = past;
	start(fixture, reader, "/v1/history?rule=boiler-over-temp&limit=7", NULL);
	assert_int_equal(fixture->call.status, 200);
	assert_string_equal(fixture->call.type, "application/x-ndjson");
	assert_int_equal(fixture->state->past_limit, 7);
	assert_string_equal(fixture->state->past_rule, "boiler-over-temp");
	split(fixture, fixture->call.text, fixture->call.text_len);
	assert_int_equal(fixture->line_count, 2);
	assert_string_equal(text_of(fixture->lines[0], "type"), "clear");
	start(fixture, reader, "/v1/history", NULL);
	assert_int_equal(fixture->state->past_limit, 100);
	assert_null(fixture->state->past_rule);
	fixture->state->past = NULL;
	start(fixture, reader, "/v1/history", NULL);
	assert_int_equal(fixture->call.status, 200);
	assert_int_equal(fixture->call.text_len, 0);
}

static void test_the_history_knows_rules_that_are_gone_but_no_others(void **state)
{
	struct fixture *fixture = *state;

	fixture->state->past = past;
	assert_int_equal(ask(fixture, "/v1/history?rule=removed-long-ago", NULL), 200);
	fixture->state->past = NULL;
	assert_int_equal(ask(fixture, "/v1/history?rule=boiler-over-temp", NULL), 200);
	assert_int_equal(ask(fixture, "/v1/history?rule=doorbel", NULL), 404);
	assert_string_equal(detail(fixture),
			    "there is no rule 'doorbel'; did you mean 'doorbell'?");
}

static void test_the_history_waits_for_the_store(void **state)
{
	struct fixture *fixture = *state;
	struct state *store = daemon_state(fixture->daemon);

	fixture->state->past = past;
	fixture->state->hold = true;
	start(fixture, reader, "/v1/history", NULL);
	assert_int_equal(fixture->call.status, 0);
	assert_int_equal(fixture->answered, 0);
	assert_int_equal(fake_state_release(store), 1);
	assert_int_equal(fixture->answered, 1);
	assert_int_equal(fixture->call.status, 200);
	start(fixture, reader, "/v1/history", NULL);
	api_call_done(&fixture->call);
	assert_int_equal(fake_state_release(store), 0);
	assert_int_equal(fixture->answered, 1);
}

static void test_the_history_has_an_end(void **state)
{
	static char large[300000];
	static const char *lines[30];
	struct fixture *fixture = *state;

	memset(large, ' ', sizeof(large) - 1);
	memcpy(large, "{}", 2);
	for (size_t i = 0; i + 1 < sizeof(lines) / sizeof(lines[0]); i++)
		lines[i] = large;
	fixture->state->past = lines;
	start(fixture, reader, "/v1/history", NULL);
	assert_true(fixture->call.text_len < (4 << 20) + 100);
	split(fixture, fixture->call.text, fixture->call.text_len);
	assert_int_equal(fixture->line_count, 14);
	assert_string_equal(text_of(fixture->lines[13], "type"), "left_out");
	assert_int_equal(number_of(fixture->lines[13], "count"), 29 - 13);
}

static void test_without_a_store_there_is_no_history(void **state)
{
	struct fixture *fixture = *state;

	fixture->state->unreadable = true;
	assert_int_equal(ask(fixture, "/v1/history", NULL), 503);
	fixture->state->none = true;
	assert_int_equal(ask(fixture, "/v1/history", NULL), 409);
	assert_string_equal(
		detail(fixture),
		"no history is kept: no state folder is configured (state: {dir: ...})");
}

static const json_t *store_of_status(struct fixture *fixture)
{
	assert_int_equal(ask(fixture, "/v1/status", NULL), 200);
	return json_object_get(fixture->json, "store");
}

static const json_t *store_problem(const struct fixture *fixture)
{
	const json_t *problem;
	size_t i;

	json_array_foreach (json_object_get(fixture->json, "problems"), i, problem) {
		if (strcmp(text_of(problem, "what"), "store") == 0)
			return problem;
	}
	return NULL;
}

static void test_the_status_shows_the_store(void **state)
{
	struct fixture *fixture = *state;
	const json_t *store = store_of_status(fixture);

	assert_string_equal(text_of(store, "state"), "good");
	assert_string_equal(text_of(store, "path"), "/var/lib/gauged/journal.db");
	assert_int_equal(number_of(store, "bytes"), 81920);
	assert_int_equal(number_of(store, "max_bytes"), 64 << 20);
	assert_int_equal(number_of(store, "commits"), 17);
	assert_true(json_number_value(json_object_get(store, "commit_last_ms")) == 2.5);
	assert_int_equal(number_of(store, "commit_max_ms"), 40);
	assert_true(json_is_null(json_object_get(store, "problem")));
	assert_null(store_problem(fixture));
	fixture->state->none = true;
	store = store_of_status(fixture);
	assert_string_equal(text_of(store, "state"), "none");
	/* As it was configured: no reason to wake anybody. */
	assert_null(store_problem(fixture));
}

static void test_fault_D2_a_store_in_trouble_is_a_problem(void **state)
{
	struct fixture *fixture = *state;
	const json_t *store;

	fixture->state->report.problem = "no space left on the device, next try in 5 s";
	fixture->state->report.since = boot_add(clock_boot(), -60 * NSEC_PER_SEC);
	store = store_of_status(fixture);
	assert_string_equal(text_of(store, "state"), "degraded");
	assert_true(json_number_value(json_object_get(store, "problem_s")) >= 60);
	assert_true(json_is_false(json_object_get(fixture->json, "healthy")));
	assert_non_null(store_problem(fixture));
	assert_string_equal(text_of(store_problem(fixture), "state"), "degraded");
	assert_string_equal(text_of(store_problem(fixture), "detail"),
			    "no space left on the device, next try in 5 s");
}

static void test_fault_E6_a_writer_that_hangs_is_a_problem(void **state)
{
	struct fixture *fixture = *state;

	fixture->state->stuck = true;
	assert_string_equal(text_of(store_of_status(fixture), "state"), "degraded");
	assert_non_null(store_problem(fixture));
}

static void test_metrics_count_queues_and_the_store(void **state)
{
	static const char *const want[] = {
		"\ngauged_store_good 1\n",
		"\ngauged_store_bytes 81920\n",
		"\ngauged_store_commits_total 17\n",
		"\ngauged_store_commit_seconds 0.0025\n",
		"\ngauged_store_history_dropped_total 3\n",
		"\ngauged_queue_waiting{queue=\"ops\",lane=\"alarm\"} 1\n",
		"\ngauged_queue_waiting{queue=\"ops\",lane=\"telemetry\"} 1\n",
		"\ngauged_queue_waiting{queue=\"pager\",lane=\"alarm\"} 1\n",
		"\ngauged_queue_dead_letters{queue=\"ops\"} 2\n",
		"\ngauged_queue_gap_messages{queue=\"ops\"} 2\n",
		"\ngauged_queue_dropped_by_operator_total{queue=\"ops\"} 1\n",
	};
	struct fixture *fixture = *state;
	const struct outbox_gap gap = {.count = 2, .first = 7, .last = 9};
	struct str text;

	outbox_set_gap(queue(fixture, "ops"), &gap);
	assert_int_equal(add(fixture, "ops", "{}"), 0);
	assert_int_equal(ask(fixture, "/v1/queue/drop", "{\"webhook\": \"ops\", \"seq\": 5}"),
			 200);
	str_init(&text);
	metrics_write(fixture->daemon, NULL, &text);
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		if (strstr(text.s, want[i]) == NULL)
			fail_msg("no %s", want[i]);
	}
	str_clear(&text);
	fixture->state->none = true;
	metrics_write(fixture->daemon, NULL, &text);
	assert_null(strstr(text.s, "gauged_store_"));
	str_done(&text);
}

#define QUEUE_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		QUEUE_TEST(test_queues_are_listed_with_those_whose_webhook_is_gone),
		QUEUE_TEST(test_rows_of_a_queue_say_what_they_are),
		QUEUE_TEST(test_dead_letters_are_listed_with_their_reason),
		QUEUE_TEST(test_a_list_of_rows_has_a_limit),
		QUEUE_TEST(test_a_queue_that_is_not_there_has_a_near_name),
		QUEUE_TEST(test_fault_H1_only_administrators_change_queues),
		QUEUE_TEST(test_an_operator_drops_one_all_dead_ones_or_everything),
		QUEUE_TEST(test_a_queue_without_a_webhook_can_be_dropped_as_a_whole),
		QUEUE_TEST(test_what_is_under_way_is_not_dropped),
		QUEUE_TEST(test_an_operator_retries_dead_letters_and_what_waits),
		QUEUE_TEST(test_changes_of_queues_have_one_form),
		QUEUE_TEST(test_an_export_has_every_body),
		QUEUE_TEST(test_an_export_is_never_in_memory_as_a_whole),
		QUEUE_TEST(test_an_export_says_which_bodies_cannot_be_read),
		QUEUE_TEST(test_an_export_waits_for_the_store),
		QUEUE_TEST(test_an_export_of_a_queue_that_is_dropped_meanwhile_ends),
		QUEUE_TEST(test_the_history_is_told_in_lines),
		QUEUE_TEST(test_the_history_knows_rules_that_are_gone_but_no_others),
		QUEUE_TEST(test_the_history_waits_for_the_store),
		QUEUE_TEST(test_the_history_has_an_end),
		QUEUE_TEST(test_without_a_store_there_is_no_history),
		QUEUE_TEST(test_the_status_shows_the_store),
		QUEUE_TEST(test_fault_D2_a_store_in_trouble_is_a_problem),
		QUEUE_TEST(test_fault_E6_a_writer_that_hangs_is_a_problem),
		QUEUE_TEST(test_metrics_count_queues_and_the_store),
	};

	log_init(STDERR_FILENO, LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
