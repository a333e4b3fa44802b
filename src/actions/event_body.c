/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the built-in JSON form of an event. */
#include "actions/event_body.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include "actions/action.h"
#include "base/str.h"
#include "model/event.h"

/* Beyond, a double no longer tells every integer from the next one. */
#define EXACT_INTEGER 9007199254740992.0

/*
 * Written piece by piece, not through a tree of a library: that takes as long as all of the
 * request, and stands between the reading and the alarm.
 */

/* A character that cannot stand in a string as it is (RFC 8259, section 7). */
static void add_escape(unsigned char c, struct str *out)
{
	static const char letters[] = "\"\\\b\f\n\r\t", names[] = "\"\\bfnrt";
	const char *found = memchr(letters, c, sizeof(letters) - 1);

	if (found != NULL) {
		str_addc(out, '\\');
		str_addc(out, names[found - letters]);
	} else {
		str_addf(out, "\\u%04X", c);
	}
}

static bool is_plain(char byte)
{
	unsigned char c = (unsigned char)byte;

	return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

/* Text from outside, which may not be UTF-8, as JSON's strings have to be. */
void event_text_add(const char *text, struct str *out)
{
	size_t len = strlen(text), i = 0, n;

	str_addc(out, '"');
	while (i < len) {
		for (n = 0; is_plain(text[i + n]); n++)
			;
		str_add(out, text + i, n);
		i += n;
		if (i == len)
			break;
		n = str_utf8(text + i, len - i);
		if (n > 1)
			str_add(out, text + i, n);
		else if (n == 1)
			add_escape((unsigned char)text[i], out);
		else
			str_adds(out, "\xef\xbf\xbd");
		i += n > 0 ? n : 1;
	}
	str_addc(out, '"');
}

static void add_text_or_null(const char *text, struct str *out)
{
	if (text != NULL)
		event_text_add(text, out);
	else
		str_adds(out, "null");
}

static void add_integer(int64_t number, struct str *out)
{
	str_addf(out, "%" PRId64, number);
}

static void add_bool(bool flag, struct str *out)
{
	str_adds(out, flag ? "true" : "false");
}

static void add_number(double number, struct str *out)
{
	if (!isfinite(number))
		str_adds(out, "null");
	else if (fabs(number) < EXACT_INTEGER && number == trunc(number))
		add_integer((int64_t)number, out);
	else
		/* 15 digits give 81.3 for 81.3, where 17 would give 81.299999999999997. */
		str_addf(out, "%.15g", number);
}

static void add_value(struct value value, struct str *out)
{
	switch (value.kind) {
	case VALUE_NONE:
		str_adds(out, "null");
		return;
	case VALUE_BOOL:
		add_bool(value.flag, out);
		return;
	case VALUE_TEXT:
		event_text_add(value.text, out);
		return;
	case VALUE_NUMBER:
		add_number(value.number, out);
		return;
	}
}

/* The name of the next member. Keys may come from labels: the same care as for values. */
static void add_key(const char *key, struct str *out)
{
	if (out->s[out->len - 1] != '{')
		str_addc(out, ',');
	event_text_add(key, out);
	str_addc(out, ':');
}

static void add_member(const char *key, const char *text, struct str *out)
{
	add_key(key, out);
	add_text_or_null(text, out);
}

static void add_point(const struct event_point *point, struct str *out)
{
	add_key(point->name, out);
	str_addc(out, '{');
	add_key("value", out);
	add_value(point->value, out);
	add_member("unit", point->unit, out);
	add_member("quality", quality_name(point->quality), out);
	add_member("reason", point->reason == BAD_NONE ? NULL : bad_reason_name(point->reason),
		   out);
	add_key("age_ms", out);
	if (point->age_ns < 0)
		str_adds(out, "null");
	else
		add_integer(point->age_ns / NSEC_PER_MSEC, out);
	str_addc(out, '}');
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

static void add_times(const struct event_stamp *stamp, struct str *out)
{
	struct str wall;
	char room[48];

	str_init_fixed(&wall, room, sizeof(room));
	event_time_add(stamp->wall, &wall);
	add_key("times", out);
	str_addc(out, '{');
	add_member("wall", room, out);
	add_key("monotonic_ms", out);
	add_integer(stamp->mono.ns / NSEC_PER_MSEC, out);
	add_member("boot_id", stamp->boot_id, out);
	add_key("synchronised", out);
	add_bool(stamp->synchronised, out);
	str_addc(out, '}');
}

static void points_object(const struct event *event, size_t points, struct str *out)
{
	str_addc(out, '{');
	for (size_t i = 0; i < points; i++)
		add_point(&event->points[i], out);
	str_addc(out, '}');
}

void event_values_add(const struct event *event, struct str *out)
{
	points_object(event,
		      event->point_count < EVENT_BODY_POINTS ? event->point_count
							     : EVENT_BODY_POINTS,
		      out);
}

void event_labels_add(const struct event *event, struct str *out)
{
	str_addc(out, '{');
	for (size_t i = 0; i < event->label_count; i++)
		add_member(event->labels[i].name, event->labels[i].text, out);
	str_addc(out, '}');
}

static void add_points(const struct event *event, size_t points, struct str *out)
{
	add_key("values", out);
	points_object(event, points, out);
	if (points < event->point_count) {
		add_key("values_left_out", out);
		add_integer((int64_t)(event->point_count - points), out);
	}
}

static void add_event(const struct event_facts *facts, size_t points, struct str *out)
{
	const struct event *event = facts->event;

	str_addc(out, '{');
	add_member("id", facts->id, out);
	add_key("seq", out);
	add_integer((int64_t)facts->seq, out);
	add_member("type", event_type_name(event->type), out);
	add_member("site", facts->stamp->site, out);
	add_member("rule", event->rule_name, out);
	add_member("severity", severity_name(event->severity), out);
	if (event->priority > 0) {
		add_key("priority", out);
		add_integer(event->priority, out);
	}
	add_member("state", rule_state_name(event->to), out);
	add_member("message", event->message, out);
	if (event->reason != NULL)
		add_member("reason", event->reason, out);
	add_key("labels", out);
	event_labels_add(event, out);
	add_points(event, points, out);
	add_times(facts->stamp, out);
	str_addc(out, '}');
}

void event_body_add(const struct event_facts *facts, struct str *out)
{
	size_t points = facts->event->point_count;
	struct str body;

	if (points > EVENT_BODY_POINTS)
		points = EVENT_BODY_POINTS;
	str_init(&body);
	add_event(facts, points, &body);
	/* An alarm with fewer values is better than one that is too large to be queued. */
	while (body.len > EVENT_BODY_BYTES && points > 0) {
		points /= 2;
		str_clear(&body);
		add_event(facts, points, &body);
	}
	str_add(out, body.s, body.len);
	str_done(&body);
}
