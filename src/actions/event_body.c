/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the built-in JSON form of an event. */
#include "actions/event_body.h"

#include <jansson.h>
#include <math.h>
#include <string.h>
#include <time.h>

#include "actions/action.h"
#include "base/str.h"
#include "model/event.h"

/* Beyond, a double no longer tells every integer from the next one. */
#define EXACT_INTEGER 9007199254740992.0

/* Text from outside, which may not be UTF-8, as JSON's strings have to be. */
static json_t *text_json(const char *text)
{
	size_t len = strlen(text), i = 0, n;
	struct str valid;
	json_t *json = json_stringn(text, len);

	if (json != NULL)
		return json;
	str_init(&valid);
	for (; i<len; i += n> 0 ? n : 1) {
		n = str_utf8(text + i, len - i);
		if (n > 0)
			str_add(&valid, text + i, n);
		else
			str_adds(&valid, "\xef\xbf\xbd");
	}
	json = json_stringn(valid.s, valid.len);
	str_done(&valid);
	return json;
}

static json_t *text_or_null(const char *text)
{
	return text != NULL ? text_json(text) : json_null();
}

static json_t *value_json(struct value value)
{
	switch (value.kind) {
	case VALUE_NONE:
		return json_null();
	case VALUE_BOOL:
		return json_boolean(value.flag);
	case VALUE_TEXT:
		return text_json(value.text);
	case VALUE_NUMBER:
		if (!isfinite(value.number))
			return json_null();
		if (fabs(value.number) < EXACT_INTEGER && value.number == trunc(value.number))
			return json_integer((json_int_t)value.number);
		return json_real(value.number);
	}
	return json_null();
}

/* Keys may come from labels: the same care as for values. */
static void object_set(json_t *object, const char *key, json_t *value)
{
	json_t *name = text_json(key);

	json_object_set_new_nocheck(object, json_string_value(name), value);
	json_decref(name);
}

static json_t *point_json(const struct event_point *point)
{
	json_t *json = json_object();

	object_set(json, "value", value_json(point->value));
	object_set(json, "unit", text_or_null(point->unit));
	object_set(json, "quality", json_string(quality_name(point->quality)));
	object_set(json, "reason",
		   point->reason == BAD_NONE ? json_null()
					     : json_string(bad_reason_name(point->reason)));
	object_set(json, "age_ms",
		   point->age_ns < 0 ? json_null()
				     : json_integer(point->age_ns / NSEC_PER_MSEC));
	return json;
}

void event_time_add(struct wall wall, struct str *out)
{
	int64_t ms = wall.ns / NSEC_PER_MSEC % 1000;
	time_t seconds = (time_t)(wall.ns / NSEC_PER_SEC);
	struct tm tm;
	char text[32];

	if (gmtime_r(&seconds, &tm) == NULL ||
	    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm) == 0)
		text[0] = '\0';
	str_addf(out, "%s.%03dZ", text, (int)(ms < 0 ? 0 : ms));
}

static json_t *times_json(const struct event_stamp *stamp)
{
	json_t *json = json_object();
	struct str wall;
	char room[48];

	str_init_fixed(&wall, room, sizeof(room));
	event_time_add(stamp->wall, &wall);
	object_set(json, "wall", json_string(room));
	object_set(json, "monotonic_ms", json_integer(stamp->mono.ns / NSEC_PER_MSEC));
	object_set(json, "boot_id", text_or_null(stamp->boot_id));
	object_set(json, "synchronised", json_boolean(stamp->synchronised));
	return json;
}

static int add_bytes(const char *bytes, size_t len, void *arg)
{
	str_add(arg, bytes, len);
	return 0;
}

static void event_dump(const struct event_facts *facts, size_t points, struct str *out)
{
	const struct event *event = facts->event;
	json_t *json = json_object(), *labels = json_object(), *values = json_object();

	object_set(json, "id", json_string(facts->id));
	object_set(json, "seq", json_integer((json_int_t)facts->seq));
	object_set(json, "type", json_string(event_type_name(event->type)));
	object_set(json, "site", text_or_null(facts->stamp->site));
	object_set(json, "rule", text_json(event->rule_name));
	object_set(json, "severity", json_string(severity_name(event->severity)));
	object_set(json, "state", json_string(rule_state_name(event->to)));
	object_set(json, "message", text_json(event->message));
	if (event->reason != NULL)
		object_set(json, "reason", text_json(event->reason));
	for (size_t i = 0; i < event->label_count; i++)
		object_set(labels, event->labels[i].name, text_json(event->labels[i].text));
	object_set(json, "labels", labels);
	for (size_t i = 0; i < points; i++)
		object_set(values, event->points[i].name, point_json(&event->points[i]));
	object_set(json, "values", values);
	if (points < event->point_count)
		object_set(json, "values_left_out",
			   json_integer((json_int_t)(event->point_count - points)));
	object_set(json, "times", times_json(facts->stamp));
	/* 15 digits give 81.3 for 81.3, where 17 would give 81.299999999999997. */
	json_dump_callback(json, add_bytes, out, JSON_COMPACT | JSON_REAL_PRECISION(15));
	json_decref(json);
}

void event_body_add(const struct event_facts *facts, struct str *out)
{
	size_t points = facts->event->point_count;
	struct str body;

	if (points > EVENT_BODY_POINTS)
		points = EVENT_BODY_POINTS;
	str_init(&body);
	event_dump(facts, points, &body);
	/* An alarm with fewer values is better than one that is too large to be queued. */
	while (body.len > EVENT_BODY_BYTES && points > 0) {
		points /= 2;
		str_clear(&body);
		event_dump(facts, points, &body);
	}
	str_add(out, body.s, body.len);
	str_done(&body);
}
