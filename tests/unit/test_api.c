/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* The routes of the control API: targets, roles, problem documents, reloads and writes. */
#include "daemon/api.h"

#include <errno.h>
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
#include "daemon/follower.h"
#include "daemon/metrics.h"
#include "fake_daemon.h"

struct fixture {
	struct loop *loop;
	struct daemon *daemon;
	struct api_call call;
	unsigned answered;
	json_t *json; /* of the last answer */
};

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	fixture->loop = loop_new(NULL);
	fixture->daemon = fake_daemon_new(fixture->loop);
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	api_call_done(&fixture->call);
	json_decref(fixture->json);
	fake_daemon_free(fixture->daemon);
	loop_free(fixture->loop);
	free(fixture);
	return 0;
}

static const struct peer reader = {.role = PEER_READ, .pid = 7, .uid = 1000};
static const struct peer writer = {.role = PEER_WRITE, .pid = 8, .uid = 1001};

static void start(struct fixture *fixture, struct peer peer, const char *method,
		  const char *target, const char *body)
{
	api_call_done(&fixture->call);
	fixture->call = (struct api_call){
		.daemon = fixture->daemon,
		.peer = peer,
		.method = method,
		.target = target,
		.body = body,
		.body_len = body != NULL ? strlen(body) : 0,
	};
	api_serve(&fixture->call);
}

/* The status of the answer, whose JSON is in fixture->json. */
static int ask(struct fixture *fixture, struct peer peer, const char *method,
	       const char *target, const char *body)
{
	start(fixture, peer, method, target, body);
	json_decref(fixture->json);
	fixture->json = NULL;
	if (fixture->call.text != NULL)
		fixture->json = json_loadb(fixture->call.text, fixture->call.text_len, 0, NULL);
	return fixture->call.status;
}

static const char *member(struct fixture *fixture, const char *name)
{
	const char *text = json_string_value(json_object_get(fixture->json, name));

	return text != NULL ? text : "";
}

static void test_api_answers_every_route_with_json(void **state)
{
	static const char *const targets[] = {
		"/v1/status",
		"/v1/config",
		"/v1/buses",
		"/v1/devices",
		"/v1/queue",
		"/v1/webhooks",
		"/v1/points",
		"/v1/rules",
		"/v1/points/boiler.temp",
		"/v1/outputs",
		"/v1/rules/boiler-over-temp",
		"/v1/rules/boiler-over-temp/explain",
	};

	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		assert_int_equal(ask(*state, reader, "GET", targets[i], NULL), 200);
		assert_string_equal(((struct fixture *)*state)->call.type, "application/json");
		assert_non_null(((struct fixture *)*state)->json);
	}
}

static void test_api_answers_with_a_problem_document_when_there_is_no_route(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(ask(fixture, reader, "GET", "/v1/nothing", NULL), 404);
	assert_string_equal(fixture->call.type, "application/problem+json");
	assert_string_equal(member(fixture, "type"), "about:blank");
	assert_string_equal(member(fixture, "title"), "Not Found");
	assert_int_equal(json_integer_value(json_object_get(fixture->json, "status")), 404);
	assert_string_equal(member(fixture, "detail"), "there is no /v1/nothing here");
	assert_int_equal(ask(fixture, reader, "GET", "/v1/status/", NULL), 404);
	assert_int_equal(ask(fixture, reader, "GET", "//v1/status", NULL), 404);
	assert_int_equal(ask(fixture, reader, "GET", "/", NULL), 404);
	assert_int_equal(ask(fixture, reader, "GET", "/v1/points/a/b", NULL), 404);
}

static void test_api_says_which_methods_a_path_takes(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(ask(fixture, writer, "DELETE", "/v1/points/boiler.temp", NULL), 405);
	assert_string_equal(fixture->call.allow, "GET, HEAD, POST");
	assert_int_equal(ask(fixture, writer, "POST", "/v1/status", NULL), 405);
	assert_string_equal(fixture->call.allow, "GET, HEAD");
	assert_int_equal(ask(fixture, writer, "GET", "/v1/reload", NULL), 405);
	assert_string_equal(fixture->call.allow, "POST");
}

static void test_api_names_the_nearest_when_a_name_is_unknown(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(ask(fixture, reader, "GET", "/v1/points/boiler.tmep", NULL), 404);
	assert_string_equal(member(fixture, "detail"),
			    "there is no point 'boiler.tmep'; did you mean 'boiler.temp'?");
	assert_int_equal(ask(fixture, reader, "GET", "/v1/rules/doorbel", NULL), 404);
	assert_string_equal(member(fixture, "detail"),
			    "there is no rule 'doorbel'; did you mean 'doorbell'?");
}

static void test_fault_H3_api_decodes_targets_strictly(void **state)
{
	static const char *const bad[] = {
		"/v1/points/%00",
		"/v1/points/a%",
		"/v1/points/a%2",
		"/v1/points/a%zz",
		"/v1/points/a%0d%0aX",
		"/v1/points/%ff",
		"/v1/points/%c0%ae",
		"/v1/status%00",
		"/v1/points?follow=%00",
		"/v1/points?fol%6=1",
		"*",
		"http://x/v1/status",
		"",
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(ask(fixture, writer, "GET", bad[i], NULL), 400);
	/* What is encoded without need is the same; what separates when decoded does not. */
	assert_int_equal(ask(fixture, reader, "GET", "/v1/points/boiler%2Etemp", NULL), 200);
	assert_int_equal(ask(fixture, reader, "GET", "/%76%31/status", NULL), 200);
	assert_int_equal(ask(fixture, reader, "GET", "/v1%2Fstatus", NULL), 404);
	assert_int_equal(ask(fixture, reader, "GET", "/v1/points/%3Ffollow=1", NULL), 404);
	assert_int_equal(ask(fixture, reader, "GET", "/v1/../v1/status", NULL), 404);
}

static void test_api_refuses_queries_that_it_does_not_know(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(ask(fixture, reader, "GET", "/v1/status?verbose=1", NULL), 400);
	assert_string_equal(member(fixture, "detail"),
			    "GET /v1/status knows no parameter 'verbose'");
	assert_int_equal(ask(fixture, reader, "GET", "/v1/points?follow=0&follow=1", NULL),
			 400);
	assert_int_equal(ask(fixture, reader, "GET", "/v1/points?", NULL), 200);
	assert_int_equal(ask(fixture, reader, "GET", "/v1/points?follow=0", NULL), 200);
	assert_int_equal(ask(fixture, reader, "GET", "/v1/events", NULL), 400);
}

static void test_fault_H1_api_lets_only_writers_change_anything(void **state)
{
	static const char *const targets[] = {"/v1/reload", "/v1/points/boiler.burner",
					      "/v1/points/nothing"};
	struct fixture *fixture = *state;
	struct fake_daemon *fake = fake_daemon(fixture->daemon);

	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		assert_int_equal(ask(fixture, reader, "POST", targets[i], "{\"value\": true}"),
				 403);
		assert_string_equal(member(fixture, "title"), "Forbidden");
	}
	assert_int_equal(fake->reloads_asked, 0);
	assert_int_equal(fake->writes_asked, 0);
	assert_int_equal(ask(fixture, writer, "POST", "/v1/reload", NULL), 200);
	assert_int_equal(fake->reloads_asked, 1);
}

static void test_fault_H1_api_shows_strangers_nothing_but_metrics(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(ask(fixture, peer_of_stranger(), "GET", "/v1/status", NULL), 404);
	assert_int_equal(ask(fixture, peer_of_stranger(), "POST", "/v1/reload", NULL), 404);
	assert_int_equal(ask(fixture, peer_of_stranger(), "POST", "/metrics", NULL), 405);
	start(fixture, peer_of_stranger(), "GET", "/metrics", NULL);
	assert_int_equal(fixture->call.status, 200);
	assert_string_equal(fixture->call.type, "text/plain; version=0.0.4; charset=utf-8");
	assert_non_null(strstr(fixture->call.text, "\ngauged_up 1\n"));
}

static void test_api_writes_values_of_every_kind(void **state)
{
	struct fixture *fixture = *state;
	struct fake_daemon *fake = fake_daemon(fixture->daemon);

	assert_int_equal(
		ask(fixture, writer, "POST", "/v1/points/boiler.burner", "{\"value\": true}"),
		200);
	assert_string_equal(member(fixture, "outcome"), "done");
	assert_true(fake->written.kind == VALUE_BOOL && fake->written.flag);
	assert_int_equal(
		ask(fixture, writer, "POST", "/v1/points/boiler.setpoint", "{\"value\":-5.5}"),
		200);
	assert_true(fake->written.kind == VALUE_NUMBER && fake->written.number == -5.5);
	assert_null(json_object_get(fixture->json, "value"));
	/* What the device took is told, if it is known. */
	fake->taken = value_number(-5.6);
	assert_int_equal(
		ask(fixture, writer, "POST", "/v1/points/boiler.setpoint", "{\"value\":-5.57}"),
		200);
	assert_true(json_real_value(json_object_get(fixture->json, "value")) == -5.6);
	/* A whole number is a number. */
	assert_int_equal(
		ask(fixture, writer, "POST", "/v1/points/boiler.setpoint", "{\"value\":70}"),
		200);
	assert_true(fake->written.number == 70);
}

static void test_api_explains_a_rule_as_a_tree(void **state)
{
	struct fixture *fixture = *state;
	const json_t *part, *age, *temp;

	assert_int_equal(
		ask(fixture, reader, "GET", "/v1/rules/boiler-over-temp/explain", NULL), 200);
	assert_string_equal(member(fixture, "name"), "boiler-over-temp");
	assert_string_equal(member(fixture, "state"), "pending");
	assert_true(json_is_true(json_object_get(fixture->json, "seen")));
	assert_true(json_is_true(json_object_get(fixture->json, "latch")));
	assert_true(json_is_false(json_object_get(fixture->json, "frozen")));
	assert_int_equal(json_array_size(json_object_get(fixture->json, "expressions")), 1);
	part = json_array_get(json_object_get(fixture->json, "expressions"), 0);
	assert_string_equal(json_string_value(json_object_get(part, "field")), "when");
	assert_int_equal(json_array_size(json_object_get(part, "decided_by")), 2);
	part = json_object_get(json_object_get(part, "tree"), "operands");
	age = json_array_get(part, 1);
	assert_string_equal(json_string_value(json_object_get(age, "compared")),
			    "81 s < 1m30s");
	assert_true(json_number_value(json_object_get(age, "changes_s")) == 8.8);
	assert_true(json_is_null(json_object_get(age, "point")));
	temp = json_array_get(json_object_get(json_array_get(part, 0), "operands"), 0);
	assert_string_equal(json_string_value(json_object_get(temp, "unit")), "degC");
	assert_string_equal(
		json_string_value(json_object_get(json_object_get(temp, "point"), "name")),
		"boiler.temp");

	assert_int_equal(ask(fixture, reader, "GET", "/v1/rules/doorbell/explain", NULL), 200);
	part = json_array_get(json_object_get(fixture->json, "expressions"), 0);
	assert_string_equal(json_string_value(json_object_get(part, "field")), "on");
	assert_string_equal(
		json_string_value(json_object_get(json_object_get(part, "tree"), "rule")),
		"boiler-over-temp");

	assert_int_equal(ask(fixture, reader, "GET", "/v1/rules/doorbel/explain", NULL), 404);
	assert_string_equal(member(fixture, "detail"),
			    "there is no rule 'doorbel'; did you mean 'doorbell'?");
	assert_int_equal(ask(fixture, writer, "POST", "/v1/rules/doorbell/explain", NULL), 405);
}

static void test_api_acknowledges_and_shelves_rules(void **state)
{
	struct fixture *fixture = *state;
	struct fake_daemon *fake = fake_daemon(fixture->daemon);

	assert_int_equal(ask(fixture, reader, "POST", "/v1/rules/boiler-over-temp/ack", NULL),
			 403);
	assert_int_equal(ask(fixture, reader, "POST", "/v1/rules/boiler-over-temp/shelve",
			     "{\"for_s\": 60}"),
			 403);
	assert_int_equal(ask(fixture, writer, "POST", "/v1/rules/boiler-over-tmp/ack", NULL),
			 404);
	assert_int_equal(fake->acked + fake->shelved, 0);
	assert_int_equal(ask(fixture, writer, "POST", "/v1/rules/boiler-over-temp/ack", NULL),
			 200);
	assert_string_equal(member(fixture, "name"), "boiler-over-temp");
	assert_int_equal(ask(fixture, writer, "POST", "/v1/rules/boiler-over-temp/ack",
			     "{\"reason\": \"seen\"}"),
			 200);
	assert_int_equal(fake->acked, 2);
	assert_int_equal(ask(fixture, writer, "POST", "/v1/rules/boiler-over-temp/shelve",
			     "{\"for_s\": 90.5, \"reason\": \"boiler open\"}"),
			 200);
	assert_true(fake->shelved_ns == 90500 * NSEC_PER_MSEC);
	assert_int_equal(
		ask(fixture, writer, "POST", "/v1/rules/boiler-over-temp/unshelve", NULL), 200);
	assert_int_equal(fake->unshelved, 1);
}

static void test_api_says_why_an_alarm_cannot_be_acknowledged(void **state)
{
	static const struct {
		int rc;
		const char *detail;
	} rows[] = {
		{-EALREADY, "boiler-over-temp is acknowledged already"},
		{-ENOENT, "boiler-over-temp does not fire: there is nothing to acknowledge"},
		{-EINVAL, "boiler-over-temp is an instant: there is nothing to acknowledge"},
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		fake_daemon(fixture->daemon)->operated = rows[i].rc;
		assert_int_equal(
			ask(fixture, writer, "POST", "/v1/rules/boiler-over-temp/ack", NULL),
			409);
		assert_string_equal(member(fixture, "detail"), rows[i].detail);
	}
	assert_int_equal(
		ask(fixture, writer, "POST", "/v1/rules/boiler-over-temp/unshelve", NULL), 409);
	assert_string_equal(member(fixture, "detail"), "boiler-over-temp is not shelved");
}

static void test_api_refuses_shelving_without_an_end(void **state)
{
	static const char *const bad[] = {
		"",
		"{}",
		"[60]",
		"{\"for_s\": 0.5}",
		"{\"for_s\": 2678401}",
		"{\"for_s\": \"1h\"}",
		"{\"for_s\": 60, \"why\": \"x\"}",
		"{\"for_s\": 60, \"reason\": 1}",
		"{\"for_s\": 60",
		"{\"reason\": \"x\"}",
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(ask(fixture, writer, "POST",
				     "/v1/rules/boiler-over-temp/shelve", bad[i]),
				 400);
	assert_int_equal(ask(fixture, writer, "POST", "/v1/rules/boiler-over-temp/ack",
			     "{\"for_s\": 60}"),
			 400);
	assert_int_equal(fake_daemon(fixture->daemon)->shelved, 0);
}

static void test_api_refuses_bodies_that_are_no_value(void **state)
{
	static const char *const bad[] = {
		"",
		"{",
		"{\"value\": null}",
		"{}",
		"[1]",
		"{\"value\": 1, \"value\": 2}",
		"1",
		"{\"value\": [1]}",
		"{\"value\": 1, \"force\": true}",
		"{\"value\": 1} {}",
		"{\"value\": \"\\u0000\"}",
		"{\"value\": 1e999}",
		"{\"value\": NaN}",
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(
			ask(fixture, writer, "POST", "/v1/points/boiler.setpoint", bad[i]),
			400);
	assert_int_equal(fake_daemon(fixture->daemon)->writes_asked, 0);
	assert_int_equal(ask(fixture, reader, "GET", "/v1/status", "body"), 400);
}

static void test_api_tells_how_a_write_ended(void **state)
{
	struct fixture *fixture = *state;
	struct fake_daemon *fake = fake_daemon(fixture->daemon);
	const char *on = "{\"value\": true}";

	assert_int_equal(
		ask(fixture, writer, "POST", "/v1/points/boiler.temp", "{\"value\":1}"), 409);
	assert_string_equal(member(fixture, "detail"), "boiler.temp is not writable");
	assert_int_equal(
		ask(fixture, writer, "POST", "/v1/points/boiler.burner", "{\"value\": 1}"),
		422);
	fake->outcome = WRITE_REFUSED;
	assert_int_equal(ask(fixture, writer, "POST", "/v1/points/boiler.burner", on), 409);
	assert_string_equal(member(fixture, "detail"),
			    "boiler.burner was not written: the PLC said so");
	fake->outcome = WRITE_DIFFERS;
	assert_int_equal(ask(fixture, writer, "POST", "/v1/points/boiler.burner", on), 409);
	assert_string_equal(member(fixture, "detail"),
			    "boiler.burner was written, but not kept: the PLC said so");
	fake->outcome = WRITE_UNKNOWN;
	assert_int_equal(ask(fixture, writer, "POST", "/v1/points/boiler.burner", on), 504);
}

static void test_api_writes_for_a_time_and_tells_what_waits(void **state)
{
	static const char *const wrong[] = {
		"{\"value\": true, \"for_s\": 0.5}",
		"{\"value\": true, \"for_s\": \"1\"}",
		"{\"value\": true, \"for_s\": 2678401}",
		"{\"value\": true, \"reason\": 7}",
		"{\"value\": true, \"fro_s\": 7}",
		"{\"value\": null}",
		"{\"for_s\": 7}",
	};
	struct fixture *fixture = *state;
	struct fake_daemon *fake = fake_daemon(fixture->daemon);

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(
			ask(fixture, writer, "POST", "/v1/points/boiler.burner", wrong[i]),
			400);
	assert_int_equal(fake->writes_asked, 0);
	assert_int_equal(ask(fixture, writer, "POST", "/v1/points/boiler.burner",
			     "{\"value\": true, \"for_s\": 2.5, \"reason\": \"a test\"}"),
			 200);
	assert_int_equal(fake->written_for_ns, 2500 * NSEC_PER_MSEC);
	fake->waits = true;
	assert_int_equal(
		ask(fixture, writer, "POST", "/v1/points/boiler.burner", "{\"value\": true}"),
		202);
	assert_int_equal(fake->written_for_ns, 0);
	assert_string_equal(member(fixture, "outcome"), "waits");
	assert_string_equal(member(fixture, "detail"),
			    "boiler.burner: it has been off for less than min_off");
}

static void test_api_tells_who_has_an_output(void **state)
{
	struct fixture *fixture = *state;
	json_t *outputs, *burner;

	assert_int_equal(ask(fixture, reader, "GET", "/v1/outputs", NULL), 200);
	outputs = json_object_get(fixture->json, "outputs");
	assert_int_equal(json_array_size(outputs), 2);
	burner = json_array_get(outputs, 0);
	assert_string_equal(json_string_value(json_object_get(burner, "name")),
			    "boiler.burner");
	assert_string_equal(json_string_value(json_object_get(burner, "holder")),
			    "uid 1000 (pid 7)");
	assert_string_equal(json_string_value(json_object_get(burner, "waits_for")),
			    "it has been on for less than min_on");
	assert_true(json_is_false(json_object_get(burner, "wanted")));
	assert_int_equal(json_integer_value(json_object_get(burner, "changes_left")), 17);
	assert_true(json_number_value(json_object_get(burner, "hold_s")) > 0);
	assert_true(json_is_null(json_object_get(json_array_get(outputs, 1), "holder")));
	assert_true(json_is_null(json_object_get(json_array_get(outputs, 1), "set_s")));
}

static void test_fault_F1_api_tells_why_a_reload_was_refused(void **state)
{
	struct fixture *fixture = *state;
	const json_t *error;

	fake_daemon(fixture->daemon)->reload_refused = true;
	assert_int_equal(ask(fixture, writer, "POST", "/v1/reload", NULL), 422);
	assert_string_equal(member(fixture, "type"), "urn:gauged:problem:configuration");
	error = json_array_get(json_object_get(fixture->json, "errors"), 0);
	assert_string_equal(json_string_value(json_object_get(error, "message")),
			    "unknown point 'boiler.tmep'");
	assert_non_null(strstr(member(fixture, "text"), "unknown point 'boiler.tmep'"));
	assert_int_equal(ask(fixture, reader, "GET", "/v1/status", NULL), 200);
	assert_false(json_is_true(json_object_get(fixture->json, "healthy")));
}

static void test_api_tells_what_a_reload_would_change(void **state)
{
	struct fixture *fixture = *state;
	struct fake_daemon *fake = fake_daemon(fixture->daemon);
	const json_t *change;

	assert_int_equal(ask(fixture, reader, "POST", "/v1/reload?dry_run=1", NULL), 403);
	assert_int_equal(ask(fixture, writer, "POST", "/v1/reload?dry_run=1", NULL), 200);
	assert_int_equal(fake->reloads_asked, 0);
	assert_true(json_is_true(json_object_get(fixture->json, "dry_run")));
	change = json_array_get(json_object_get(fixture->json, "changes"), 0);
	assert_string_equal(json_string_value(json_object_get(change, "what")), "rule");
	assert_string_equal(json_string_value(json_object_get(change, "name")),
			    "boiler-over-temp");
	assert_string_equal(json_string_value(json_object_get(change, "keeps")), "state");
	assert_int_equal(json_array_size(json_object_get(change, "fields")), 1);
	fake->reload_refused = true;
	assert_int_equal(ask(fixture, writer, "POST", "/v1/reload?dry_run=true", NULL), 422);
	assert_string_equal(member(fixture, "detail"), "1 error; a reload would be refused");
	fake->reload_refused = false;
	/* Anything else is a reload, as it would be without it. */
	assert_int_equal(ask(fixture, writer, "POST", "/v1/reload?dry_run=0", NULL), 200);
	assert_int_equal(fake->reloads_asked, 1);
	assert_true(json_is_false(json_object_get(fixture->json, "dry_run")));
	assert_int_equal(ask(fixture, writer, "POST", "/v1/reload?dryrun=1", NULL), 400);
	assert_int_equal(fake->reloads_asked, 1);
}

static void count_answer(struct api_call *call)
{
	struct fixture *fixture =
		(struct fixture *)((char *)call - offsetof(struct fixture, call));

	fixture->answered++;
}

static void start_held(struct fixture *fixture, const char *target, const char *body)
{
	fake_daemon(fixture->daemon)->hold = true;
	fixture->call = (struct api_call){
		.daemon = fixture->daemon,
		.peer = writer,
		.method = "POST",
		.target = target,
		.body = body,
		.body_len = strlen(body),
		.answered = count_answer,
	};
	api_serve(&fixture->call);
}

static void test_api_answers_later_when_the_daemon_takes_its_time(void **state)
{
	struct fixture *fixture = *state;

	start_held(fixture, "/v1/reload", "");
	assert_int_equal(fixture->call.status, 0);
	assert_int_equal(fixture->answered, 0);
	fake_daemon_release(fixture->daemon);
	assert_int_equal(fixture->answered, 1);
	assert_int_equal(fixture->call.status, 200);
	api_call_done(&fixture->call);
	start_held(fixture, "/v1/points/boiler.burner", "{\"value\": true}");
	assert_int_equal(fixture->call.status, 0);
	fake_daemon_release(fixture->daemon);
	assert_int_equal(fixture->answered, 2);
	assert_int_equal(fixture->call.status, 200);
}

/* The daemon must not call into a request that is gone. */
static void test_api_tells_what_a_tested_webhook_was_answered(void **state)
{
	struct fixture *fixture = *state;
	static const char *const bad[] = {"[]", "{\"type\": \"blind\"}", "{\"type\": 1}",
					  "{\"type\": \"fire\", \"more\": 1}", "x"};

	assert_int_equal(ask(fixture, reader, "POST", "/v1/webhooks/ops/test", NULL), 403);
	assert_int_equal(ask(fixture, writer, "POST", "/v1/webhooks/none/test", NULL), 404);
	assert_string_equal(member(fixture, "detail"), "there is no webhook 'none'");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(ask(fixture, writer, "POST", "/v1/webhooks/ops/test", bad[i]),
				 400);
	assert_int_equal(
		ask(fixture, writer, "POST", "/v1/webhooks/ops/test", "{\"type\": \"fire\"}"),
		200);
	assert_true(json_is_true(json_object_get(fixture->json, "delivered")));
	assert_int_equal(json_integer_value(json_object_get(fixture->json, "status")), 200);
	assert_string_equal(member(fixture, "body"), "thanks\\x0a");
	assert_string_equal(member(fixture, "id"), "msg_test1");
	assert_int_equal(
		ask(fixture, writer, "POST", "/v1/webhooks/ops/test", "{\"type\": \"clear\"}"),
		200);
	assert_true(json_is_false(json_object_get(fixture->json, "delivered")));
	assert_true(json_is_null(json_object_get(fixture->json, "status")));
	assert_string_equal(member(fixture, "failure"), "Connection refused");
	/* The receiver says nothing, and whoever asked goes away. */
	start(fixture, writer, "POST", "/v1/webhooks/ops/test", NULL);
	assert_int_equal(fixture->call.status, 0);
	api_call_done(&fixture->call);
	assert_int_equal(fake_probes_cancelled(), 1);
}

static void test_api_forgets_what_nobody_waits_for(void **state)
{
	struct fixture *fixture = *state;

	start_held(fixture, "/v1/reload", "");
	api_call_done(&fixture->call);
	assert_null(fake_daemon(fixture->daemon)->waiting_reload);
	start_held(fixture, "/v1/points/boiler.burner", "{\"value\": true}");
	api_call_done(&fixture->call);
	assert_null(fake_daemon(fixture->daemon)->waiting_write);
	assert_int_equal(fixture->answered, 0);
}

static void count_wake(void *arg)
{
	unsigned *wakes = arg;

	(*wakes)++;
}

static void test_api_follows_readings_as_lines_of_json(void **state)
{
	struct fixture *fixture = *state;
	unsigned wakes = 0;
	char lines[4096];
	json_t *json;
	size_t len;

	start(fixture, reader, "GET", "/v1/points?follow=1&changes=1", NULL);
	assert_non_null(fixture->call.follower);
	assert_string_equal(fixture->call.type, "application/x-ndjson");
	follower_on_wake(fixture->call.follower, count_wake, &wakes);
	assert_int_equal(follower_take(fixture->call.follower, lines, sizeof(lines)), 0);
	fake_daemon_reading(fixture->daemon, 0, value_number(81.3));
	fake_daemon_reading(fixture->daemon, 0, value_number(81.3));
	fake_daemon_event(fixture->daemon);
	assert_int_equal(wakes, 1);
	fake_daemon_reading(fixture->daemon, 0, value_text("a\"\n\xff\033[2J"));
	assert_int_equal(wakes, 2);
	len = follower_take(fixture->call.follower, lines, sizeof(lines));
	json = json_loadb(lines, (size_t)(strchr(lines, '\n') - lines), 0, NULL);
	assert_string_equal(json_string_value(json_object_get(json, "point")), "boiler.temp");
	assert_true(json_real_value(json_object_get(json, "value")) == 81.3);
	json_decref(json);
	json = json_loadb(strchr(lines, '\n') + 1,
			  len - (size_t)(strchr(lines, '\n') + 1 - lines), 0, NULL);
	assert_string_equal(json_string_value(json_object_get(json, "value")),
			    "a\"\n\xef\xbf\xbd\033[2J");
	json_decref(json);
	/* Everything is a line of its own, and nothing in it can end the line. */
	assert_int_equal(lines[len - 1], '\n');
}

static void test_api_follows_events_with_all_they_say(void **state)
{
	struct fixture *fixture = *state;
	char line[4096];
	json_t *json;
	size_t len;

	start(fixture, reader, "GET", "/v1/events?follow=1", NULL);
	fake_daemon_reading(fixture->daemon, 0, value_number(1));
	fake_daemon_event(fixture->daemon);
	len = follower_take(fixture->call.follower, line, sizeof(line));
	json = json_loadb(line, len, 0, NULL);
	assert_non_null(json);
	assert_string_equal(json_string_value(json_object_get(json, "rule")),
			    "boiler-over-temp");
	assert_string_equal(json_string_value(json_object_get(json, "state")), "firing");
	assert_string_equal(json_string_value(json_object_get(json, "message")),
			    "Boiler 81.3 degC\nnow");
	assert_string_equal(
		json_string_value(json_object_get(json_object_get(json, "labels"), "area")),
		"boiler \"room\"");
	json_decref(json);
}

static void test_follower_hears_of_events_too_large_for_a_line(void **state)
{
	struct fixture *fixture = *state;
	static char message[20000], line[30000];
	json_t *json;
	size_t len;

	memset(message, 'x', sizeof(message) - 1);
	fake_daemon(fixture->daemon)->message = message;
	start(fixture, reader, "GET", "/v1/events?follow=1", NULL);
	fake_daemon_event(fixture->daemon);
	assert_false(follower_dropped(fixture->call.follower));
	len = follower_take(fixture->call.follower, line, sizeof(line));
	json = json_loadb(line, len, 0, NULL);
	assert_true(json_is_true(json_object_get(json, "cut")));
	assert_string_equal(json_string_value(json_object_get(json, "state")), "firing");
	json_decref(json);
}

/* Memory stays as it is however little is read, and no line is ever cut. */
static void test_follower_is_dropped_when_it_reads_too_slowly(void **state)
{
	struct fixture *fixture = *state;
	struct follower *follower;
	static char all[2 * FOLLOWER_BUFFER];
	size_t len = 0, n;

	start(fixture, reader, "GET", "/v1/points?follow=1", NULL);
	follower = fixture->call.follower;
	/* Reading as fast as lines come: through the end of the ring several times. */
	for (int i = 0; i < 5000; i++) {
		fake_daemon_reading(fixture->daemon, 0, value_number(i));
		n = follower_take(follower, all, sizeof(all));
		assert_true(n > 0 && all[n - 1] == '\n' && all[0] == '{');
	}
	assert_false(follower_dropped(follower));
	for (int i = 0; i < 5000; i++)
		fake_daemon_reading(fixture->daemon, 0, value_number(i));
	assert_true(follower_dropped(follower));
	while ((n = follower_take(follower, all + len, 1000)) > 0)
		len += n;
	assert_in_range(len, FOLLOWER_BUFFER - 1024, FOLLOWER_BUFFER);
	assert_int_equal(all[len - 1], '\n');
}

static void test_metrics_escape_labels_and_help(void **state)
{
	struct fixture *fixture = *state;
	struct str text;

	str_init(&text);
	metrics_write(fixture->daemon, NULL, &text);
	assert_non_null(strstr(text.s, "# HELP gauged_bus_exceptions_total Only one of the two "
				       "has it: a \\\\ and\\na second line.\n"));
	assert_non_null(
		strstr(text.s, "gauged_point{point=\"boiler.temp\",unit=\"degC\"} 81.3\n"));
	assert_non_null(strstr(text.s, "gauged_point{point=\"boiler.burner\"} 1\n"));
	/* What is not good is not there, rather than an old number. */
	assert_null(strstr(text.s, "point=\"wind.speed\""));
	assert_non_null(strstr(text.s, "gauged_bus_up{bus=\"mast\"} 0\n"));
	str_done(&text);
}

#define API_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		API_TEST(test_api_answers_every_route_with_json),
		API_TEST(test_api_answers_with_a_problem_document_when_there_is_no_route),
		API_TEST(test_api_says_which_methods_a_path_takes),
		API_TEST(test_api_names_the_nearest_when_a_name_is_unknown),
		API_TEST(test_fault_H3_api_decodes_targets_strictly),
		API_TEST(test_api_refuses_queries_that_it_does_not_know),
		API_TEST(test_fault_H1_api_lets_only_writers_change_anything),
		API_TEST(test_fault_H1_api_shows_strangers_nothing_but_metrics),
		API_TEST(test_api_writes_values_of_every_kind),
		API_TEST(test_api_refuses_bodies_that_are_no_value),
		API_TEST(test_api_explains_a_rule_as_a_tree),
		API_TEST(test_api_acknowledges_and_shelves_rules),
		API_TEST(test_api_says_why_an_alarm_cannot_be_acknowledged),
		API_TEST(test_api_refuses_shelving_without_an_end),
		API_TEST(test_api_tells_how_a_write_ended),
		API_TEST(test_api_writes_for_a_time_and_tells_what_waits),
		API_TEST(test_api_tells_who_has_an_output),
		API_TEST(test_fault_F1_api_tells_why_a_reload_was_refused),
		API_TEST(test_api_tells_what_a_reload_would_change),
		API_TEST(test_api_answers_later_when_the_daemon_takes_its_time),
		API_TEST(test_api_tells_what_a_tested_webhook_was_answered),
		API_TEST(test_api_forgets_what_nobody_waits_for),
		API_TEST(test_api_follows_readings_as_lines_of_json),
		API_TEST(test_api_follows_events_with_all_they_say),
		API_TEST(test_follower_hears_of_events_too_large_for_a_line),
		API_TEST(test_follower_is_dropped_when_it_reads_too_slowly),
		API_TEST(test_metrics_escape_labels_and_help),
	};

	log_init(STDERR_FILENO, LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
