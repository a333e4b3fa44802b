/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Owns the lines that followers see. They are written without the JSON library and without
 * allocating: they are made on the reading path.
 */
#include "daemon/follower.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/str.h"
#include "model/event.h"
#include "model/point.h"
#include "rules/engine.h"
#include "actions/action.h"
#include "daemon/config.h"
#include "daemon/daemon.h"
#include "daemon/timestamp.h"

struct follower_seen {
	enum value_kind kind;
	enum quality quality;
	enum bad_reason reason;
	uint64_t value; /* bits of the number or flag, a hash of the text */
};

struct follower {
	struct daemon *daemon;
	struct daemon_watcher watcher;
	unsigned what;
	void (*wake)(void *arg);
	void *wake_arg;
	bool dropped;
	size_t from, len; /* ring: len bytes from there */
	size_t seen_count;
	struct follower_seen *seen; /* by point, with FOLLOW_CHANGES */
	uint32_t *derived;	    /* points that are, likewise */
	size_t derived_count;
	char line[16 << 10];
	char ring[FOLLOWER_BUFFER];
};

static void follower_wake(struct follower *follower)
{
	if (follower->wake != NULL)
		follower->wake(follower->wake_arg);
}

/* A line goes in whole or the follower is dropped: a hole would be a lie. */
static void follower_put(struct follower *follower, const struct str *line)
{
	size_t to = (follower->from + follower->len) % FOLLOWER_BUFFER;
	size_t first = FOLLOWER_BUFFER - to;

	if (follower->dropped)
		return;
	if (line->cut || line->len > FOLLOWER_BUFFER - follower->len) {
		follower->dropped = true;
	} else {
		if (first > line->len)
			first = line->len;
		memcpy(follower->ring + to, line->s, first);
		memcpy(follower->ring, line->s + first, line->len - first);
		follower->len += line->len;
	}
	follower_wake(follower);
}

/* JSON as value_show() writes it, but for what is not known. */
static void line_value(struct str *line, struct value value)
{
	if (value.kind == VALUE_NONE)
		str_adds(line, "null");
	else
		value_show(value, line);
}

static void line_text(struct str *line, const char *key, const char *text)
{
	str_addf(line, ",\"%s\":", key);
	line_value(line, text != NULL ? value_text(text) : (struct value){0});
}

static void line_seconds(struct str *line, const char *key, int64_t ns)
{
	str_addf(line, ",\"%s\":", key);
	if (ns < 0)
		str_adds(line, "null");
	else
		str_addf(line, "%.3f", (double)ns / (double)NSEC_PER_SEC);
}

static void line_time(struct str *line, struct wall at)
{
	str_adds(line, ",\"time\":\"");
	timestamp_add(line, at);
	str_addc(line, '"');
}

/* To the nanosecond, on the clock that the engine goes by. */
static void line_boot(struct str *line, struct boot at)
{
	str_addf(line, ",\"at_ns\":%jd", (intmax_t)at.ns);
}

static const char *reason_text(enum bad_reason reason)
{
	return reason == BAD_NONE ? NULL : bad_reason_name(reason);
}

static void line_points(struct str *line, const struct event *event)
{
	str_adds(line, ",\"points\":[");
	for (size_t i = 0; i < event->point_count; i++) {
		const struct event_point *point = &event->points[i];

		str_addf(line, "%s{\"name\":\"%s\"", i > 0 ? "," : "", point->name);
		line_text(line, "unit", point->unit);
		str_adds(line, ",\"value\":");
		line_value(line, point->value);
		line_text(line, "quality", quality_name(point->quality));
		line_text(line, "reason", reason_text(point->reason));
		line_seconds(line, "age_s", point->age_ns);
		str_addc(line, '}');
	}
	str_addc(line, ']');
}

static void line_labels(struct str *line, const struct event *event)
{
	str_adds(line, ",\"labels\":{");
	for (size_t i = 0; i < event->label_count; i++) {
		if (i > 0)
			str_addc(line, ',');
		value_show(value_text(event->labels[i].name), line);
		str_addc(line, ':');
		value_show(value_text(event->labels[i].text), line);
	}
	str_addc(line, '}');
}

static void line_event(struct str *line, const struct event *event,
		       const struct event_stamp *stamp, bool whole)
{
	str_clear(line);
	str_adds(line, "{\"type\":\"event\"");
	line_text(line, "event", event_type_name(event->type));
	line_time(line, stamp->wall);
	line_boot(line, event->at);
	str_addf(line, ",\"seq\":%ju", (uintmax_t)event->seq);
	line_text(line, "rule", event->rule_name);
	line_text(line, "severity", severity_name(event->severity));
	if (event->priority > 0)
		str_addf(line, ",\"priority\":%d", event->priority);
	line_text(line, "from", rule_state_name(event->from));
	line_text(line, "state", rule_state_name(event->to));
	line_text(line, "reason", event->reason);
	str_addf(line, ",\"held\":%s", event->held ? "true" : "false");
	line_text(line, "message", whole ? event->message : NULL);
	line_seconds(line, "active_s", event->active_ns);
	if (whole) {
		line_labels(line, event);
		line_points(line, event);
	}
	str_adds(line, whole ? "}\n" : ",\"cut\":true}\n");
}

static void follower_event(void *arg, const struct event *event,
			   const struct event_stamp *stamp)
{
	struct follower *follower = arg;
	struct str line;

	if ((follower->what & FOLLOW_EVENTS) == 0)
		return;
	str_init_fixed(&line, follower->line, sizeof(follower->line));
	line_event(&line, event, stamp, true);
	/* A rule that reads hundreds of points says at least what happened. */
	if (line.cut)
		line_event(&line, event, stamp, false);
	follower_put(follower, &line);
}

static uint64_t value_bits(struct value value)
{
	uint64_t bits = 0;

	switch (value.kind) {
	case VALUE_NONE:
		break;
	case VALUE_NUMBER:
		memcpy(&bits, &value.number, sizeof(bits));
		break;
	case VALUE_BOOL:
		bits = value.flag;
		break;
	case VALUE_TEXT:
		/* FNV-1a, 64 bits: draft-eastlake-fnv-21, section 2 */
		bits = UINT64_C(0xcbf29ce484222325);
		for (const char *p = value.text; *p != '\0'; p++)
			bits = (bits ^ (unsigned char)*p) * UINT64_C(0x100000001b3);
		break;
	}
	return bits;
}

static bool follower_knows(struct follower *follower, const struct reading *reading)
{
	struct follower_seen now = {
		.kind = reading->value.kind,
		.quality = reading->quality,
		.reason = reading->reason,
		.value = value_bits(reading->value),
	};
	struct follower_seen *seen;

	if (reading->point >= follower->seen_count)
		return false;
	seen = &follower->seen[reading->point];
	if (seen->kind == now.kind && seen->quality == now.quality &&
	    seen->reason == now.reason && seen->value == now.value)
		return true;
	*seen = now;
	return false;
}

static void follower_reading(void *arg, const struct reading *reading)
{
	struct follower *follower = arg;
	const struct point_table *points = daemon_config(follower->daemon)->points;
	const struct point *point;
	struct wall at = clock_wall();
	struct str line;

	if (follower->dropped ||
	    ((follower->what & FOLLOW_CHANGES) != 0 && follower_knows(follower, reading)))
		return;
	point = point_table_get(points, reading->point);
	at.ns -= boot_diff(clock_boot(), reading->at);
	str_init_fixed(&line, follower->line, sizeof(follower->line));
	str_addf(&line, "{\"type\":\"reading\",\"point\":\"%s\"", point->name);
	line_time(&line, at);
	line_boot(&line, reading->at);
	str_adds(&line, ",\"value\":");
	line_value(&line, reading->value);
	line_text(&line, "unit", point->unit_text);
	line_text(&line, "quality", quality_name(reading->quality));
	line_text(&line, "reason", reason_text(reading->reason));
	str_addf(&line, ",\"code\":%u}\n", reading->code);
	follower_put(follower, &line);
}

/* Nobody reads derived points: they are looked at when the engine has run. */
static void follower_evaluated(void *arg)
{
	struct follower *follower = arg;
	const struct engine *engine = daemon_engine(follower->daemon);
	struct boot now = clock_boot();

	for (size_t i = 0; i < follower->derived_count; i++) {
		struct reading reading = {.point = follower->derived[i]};
		struct engine_point point;

		engine_point(engine, reading.point, now, &point);
		reading.value = point.value;
		reading.quality = point.quality;
		reading.reason = point.reason;
		reading.at = point.quality == QUALITY_GOOD ? point.at : now;
		follower_reading(follower, &reading);
	}
}

/* The numbers of points may be others now: whatever comes next counts as new. */
static void follower_forget_seen(struct follower *follower)
{
	const struct point_table *points = daemon_config(follower->daemon)->points;

	free(follower->seen);
	free(follower->derived);
	follower->seen = NULL;
	follower->derived = NULL;
	follower->seen_count = follower->derived_count = 0;
	if ((follower->what & FOLLOW_CHANGES) == 0)
		return;
	follower->seen_count = point_table_count(points);
	follower->seen = xcalloc(follower->seen_count, sizeof(*follower->seen));
	follower->derived = xcalloc(follower->seen_count, sizeof(*follower->derived));
	for (uint32_t i = 0; i < follower->seen_count; i++) {
		/* Of the qualities one that no reading has. */
		follower->seen[i].quality = QUALITY_STALE;
		if (point_table_get(points, i)->device == NULL)
			follower->derived[follower->derived_count++] = i;
	}
}

static void follower_reloaded(void *arg)
{
	struct follower *follower = arg;
	struct str line;

	follower_forget_seen(follower);
	str_init_fixed(&line, follower->line, sizeof(follower->line));
	str_adds(&line, "{\"type\":\"reloaded\"");
	line_time(&line, clock_wall());
	str_adds(&line, "}\n");
	follower_put(follower, &line);
}

struct follower *follower_new(struct daemon *daemon, unsigned what)
{
	struct follower *follower = xcalloc(1, sizeof(*follower));

	follower->daemon = daemon;
	follower->what = what;
	follower->watcher = (struct daemon_watcher){
		.event = follower_event,
		.reloaded = follower_reloaded,
		.arg = follower,
	};
	if ((what & (FOLLOW_READINGS | FOLLOW_CHANGES)) != 0)
		follower->watcher.reading = follower_reading;
	if ((what & FOLLOW_CHANGES) != 0)
		follower->watcher.evaluated = follower_evaluated;
	follower_forget_seen(follower);
	daemon_watch(daemon, &follower->watcher);
	return follower;
}

void follower_free(struct follower *follower)
{
	if (follower == NULL)
		return;
	daemon_unwatch(follower->daemon, &follower->watcher);
	free(follower->seen);
	free(follower->derived);
	free(follower);
}

void follower_on_wake(struct follower *follower, void (*wake)(void *arg), void *arg)
{
	follower->wake = wake;
	follower->wake_arg = arg;
}

size_t follower_take(struct follower *follower, char *buf, size_t size)
{
	size_t len = follower->len < size ? follower->len : size;
	size_t first = FOLLOWER_BUFFER - follower->from;

	if (first > len)
		first = len;
	memcpy(buf, follower->ring + follower->from, first);
	memcpy(buf + first, follower->ring, len - first);
	follower->from = (follower->from + len) % FOLLOWER_BUFFER;
	follower->len -= len;
	return len;
}

bool follower_dropped(const struct follower *follower)
{
	return follower->dropped;
}
