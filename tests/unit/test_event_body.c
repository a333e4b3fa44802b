/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* The built-in body of an event, parsed back by a JSON library. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "action_bench.h"
#include "actions/event_body.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/str.h"

static json_t *body(const struct event *event, struct str *ret_text)
{
	struct event_facts facts = {event, bench_stamp(), "msg_0000000000000000000000", 12};
	json_t *json;

	str_init(ret_text);
	event_body_add(&facts, ret_text);
	json = json_loadb(ret_text->s, ret_text->len, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(json);
	return json;
}

static void test_body_is_exactly_the_documented_one(void **state)
{
	struct str text;

	(void)state;
	json_decref(body(bench_event(), &text));
	assert_string_equal(
		text.s,
		"{\"id\":\"msg_0000000000000000000000\",\"seq\":12,\"type\":\"fire\","
		"\"site\":\"plant-7\",\"rule\":\"boiler-over-temp\",\"severity\":\"critical\","
		"\"state\":\"firing\",\"message\":\"Boiler 81.3 degC, above 80\","
		"\"labels\":{\"area\":\"boiler-room\"},\"values\":{"
		"\"boiler.temp\":{\"value\":81.3,\"unit\":\"degC\",\"quality\":\"good\","
		"\"reason\":null,\"age_ms\":120},"
		"\"boiler.mode\":{\"value\":null,\"unit\":null,\"quality\":\"bad\","
		"\"reason\":\"timeout\",\"age_ms\":null}},"
		"\"times\":{\"wall\":\"2026-11-22T17:12:01.123Z\",\"monotonic_ms\":81234,"
		"\"boot_id\":\"7e0a2c5e-1d2f-4a53-9a33-5b7c1e6f0d11\","
		"\"synchronised\":true}}");
	str_done(&text);
}

static void test_body_has_a_priority_if_the_rule_has_one(void **state)
{
	struct event event = *bench_event();
	struct str text;

	(void)state;
	event.priority = 7;
	json_decref(body(&event, &text));
	assert_non_null(strstr(text.s, "\"severity\":\"critical\",\"priority\":7,\"state\":"));
	str_done(&text);
}

static const json_t *value_of(const json_t *json, const char *point)
{
	return json_object_get(json_object_get(json_object_get(json, "values"), point),
			       "value");
}

static void test_values_keep_their_kind_and_unknown_is_null(void **state)
{
	struct event_point points[] = {
		{.name = "p.int", .value = value_number(9007199254740991.0)},
		{.name = "p.real", .value = value_number(0.1)},
		{.name = "p.huge", .value = value_number(1e300)},
		{.name = "p.nan", .value = value_number(NAN)},
		{.name = "p.inf", .value = value_number(INFINITY)},
		{.name = "p.bool", .value = value_bool(false)},
		{.name = "p.text", .value = value_text("auto")},
		{.name = "p.none"},
	};
	struct event event = *bench_event();
	struct str text;
	json_t *json;

	(void)state;
	event.points = points;
	event.point_count = ARRAY_SIZE(points);
	json = body(&event, &text);
	assert_int_equal(json_integer_value(value_of(json, "p.int")), 9007199254740991);
	assert_true(json_real_value(value_of(json, "p.real")) == 0.1);
	assert_true(json_real_value(value_of(json, "p.huge")) == 1e300);
	assert_true(json_is_null(value_of(json, "p.nan")));
	assert_true(json_is_null(value_of(json, "p.inf")));
	assert_true(json_is_false(value_of(json, "p.bool")));
	assert_string_equal(json_string_value(value_of(json, "p.text")), "auto");
	assert_true(json_is_null(value_of(json, "p.none")));
	json_decref(json);
	str_done(&text);
}

static void test_bytes_that_are_not_utf8_become_valid(void **state)
{
	struct event_point point = {.name = "p.t", .value = value_text("a\xff\xc3(\xe2\x82z")};
	struct event event = *bench_event();
	struct str text;
	json_t *json;

	(void)state;
	event.points = &point;
	event.point_count = 1;
	event.message = "\"\\\r\n\x01\x80";
	json = body(&event, &text);
	assert_string_equal(json_string_value(value_of(json, "p.t")),
			    "a\xef\xbf\xbd\xef\xbf\xbd(\xef\xbf\xbd\xef\xbf\xbdz");
	assert_string_equal(json_string_value(json_object_get(json, "message")),
			    "\"\\\r\n\x01\xef\xbf\xbd");
	json_decref(json);
	str_done(&text);
}

static void test_removed_rule_tells_its_reason(void **state)
{
	struct event event = *bench_event();
	struct str text;
	json_t *json;

	(void)state;
	event.type = EVENT_CLEAR;
	event.to = RULE_OK;
	event.reason = "removed";
	json = body(&event, &text);
	assert_string_equal(json_string_value(json_object_get(json, "reason")), "removed");
	assert_string_equal(json_string_value(json_object_get(json, "type")), "clear");
	assert_string_equal(json_string_value(json_object_get(json, "state")), "ok");
	json_decref(json);
	str_done(&text);
}

static void test_many_points_are_cut_and_counted(void **state)
{
	static char names[EVENT_BODY_POINTS + 20][16];
	static struct event_point points[EVENT_BODY_POINTS + 20];
	struct event event = *bench_event();
	struct str text;
	json_t *json;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(points); i++) {
		snprintf(names[i], sizeof(names[i]), "d.p%zu", i);
		points[i] = (struct event_point){.name = names[i], .value = value_bool(true)};
	}
	event.points = points;
	event.point_count = ARRAY_SIZE(points);
	json = body(&event, &text);
	assert_int_equal(json_object_size(json_object_get(json, "values")), EVENT_BODY_POINTS);
	assert_int_equal(json_integer_value(json_object_get(json, "values_left_out")), 20);
	assert_true(text.len < 64 << 10);
	json_decref(json);
	str_done(&text);
}

static void test_large_values_are_cut_and_counted(void **state)
{
	static char names[EVENT_BODY_POINTS][16];
	static struct event_point points[EVENT_BODY_POINTS];
	struct event event = *bench_event();
	char worst[VALUE_TEXT_MAX + 1] = "";
	size_t kept;
	struct str text;
	json_t *json;

	(void)state;
	memset(worst, 1, VALUE_TEXT_MAX);
	for (size_t i = 0; i < ARRAY_SIZE(points); i++) {
		snprintf(names[i], sizeof(names[i]), "d.p%zu", i);
		points[i] = (struct event_point){.name = names[i], .value = value_text(worst)};
	}
	event.points = points;
	event.point_count = ARRAY_SIZE(points);
	json = body(&event, &text);
	assert_true(text.len <= EVENT_BODY_BYTES);
	kept = json_object_size(json_object_get(json, "values"));
	assert_true(kept > 0);
	assert_int_equal(
		kept + (size_t)json_integer_value(json_object_get(json, "values_left_out")),
		EVENT_BODY_POINTS);
	json_decref(json);
	str_done(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_body_is_exactly_the_documented_one),
		cmocka_unit_test(test_body_has_a_priority_if_the_rule_has_one),
		cmocka_unit_test(test_values_keep_their_kind_and_unknown_is_null),
		cmocka_unit_test(test_bytes_that_are_not_utf8_become_valid),
		cmocka_unit_test(test_removed_rule_tells_its_reason),
		cmocka_unit_test(test_many_points_are_cut_and_counted),
		cmocka_unit_test(test_large_values_are_cut_and_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
