/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the fields of an event: one row each. */
#include "actions/event_field.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "actions/action.h"
#include "actions/event_body.h"
#include "base/alloc.h"
#include "base/str.h"
#include "model/event.h"

static struct value get_message(const struct event_facts *facts, const char *key,
				struct str *room)
{
	(void)key;
	(void)room;
	return value_text(facts->event->message);
}

static struct value get_rule(const struct event_facts *facts, const char *key, struct str *room)
{
	(void)key;
	(void)room;
	return value_text(facts->event->rule_name);
}

static struct value get_severity(const struct event_facts *facts, const char *key,
				 struct str *room)
{
	(void)key;
	(void)room;
	return value_text(severity_name(facts->event->severity));
}

static struct value get_priority(const struct event_facts *facts, const char *key,
				 struct str *room)
{
	(void)key;
	(void)room;
	if (facts->event->priority == 0)
		return (struct value){.kind = VALUE_NONE};
	return value_number(facts->event->priority);
}

static struct value get_state(const struct event_facts *facts, const char *key,
			      struct str *room)
{
	(void)key;
	(void)room;
	return value_text(rule_state_name(facts->event->to));
}

static struct value get_type(const struct event_facts *facts, const char *key, struct str *room)
{
	(void)key;
	(void)room;
	return value_text(event_type_name(facts->event->type));
}

static struct value get_site(const struct event_facts *facts, const char *key, struct str *room)
{
	(void)key;
	(void)room;
	return value_text(facts->stamp->site != NULL ? facts->stamp->site : "");
}

static struct value get_id(const struct event_facts *facts, const char *key, struct str *room)
{
	(void)key;
	(void)room;
	return value_text(facts->id);
}

static struct value get_seq(const struct event_facts *facts, const char *key, struct str *room)
{
	(void)key;
	(void)room;
	return value_number((double)facts->seq);
}

static struct value get_time(const struct event_facts *facts, const char *key, struct str *room)
{
	(void)key;
	event_time_add(facts->stamp->wall, room);
	return value_text(room->s);
}

static struct value get_label(const struct event_facts *facts, const char *key,
			      struct str *room)
{
	(void)room;
	for (size_t i = 0; i < facts->event->label_count; i++)
		if (strcmp(key, facts->event->labels[i].name) == 0)
			return value_text(facts->event->labels[i].text);
	return (struct value){.kind = VALUE_NONE};
}

static struct value get_point(const struct event_facts *facts, const char *key,
			      struct str *room)
{
	(void)room;
	for (size_t i = 0; i < facts->event->point_count; i++) {
		const struct event_point *point = &facts->event->points[i];

		if (strcmp(key, point->name) != 0)
			continue;
		if (point->value.kind == VALUE_NUMBER && !isfinite(point->value.number))
			break;
		return point->value;
	}
	return (struct value){.kind = VALUE_NONE};
}

static const struct event_field fields[] = {
	{"message", EVENT_FIELD_PLAIN, get_message},
	{"rule", EVENT_FIELD_PLAIN, get_rule},
	{"severity", EVENT_FIELD_PLAIN, get_severity},
	{"priority", EVENT_FIELD_PLAIN, get_priority},
	{"state", EVENT_FIELD_PLAIN, get_state},
	{"type", EVENT_FIELD_PLAIN, get_type},
	{"site", EVENT_FIELD_PLAIN, get_site},
	{"time", EVENT_FIELD_PLAIN, get_time},
	{"id", EVENT_FIELD_PLAIN, get_id},
	{"seq", EVENT_FIELD_PLAIN, get_seq},
	{"labels.", EVENT_FIELD_LABEL, get_label},
	{"values.", EVENT_FIELD_POINT, get_point},
};

const struct event_field *event_field_find(const char *text, size_t len, size_t *ret_key)
{
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		size_t n = strlen(fields[i].name);
		bool plain = fields[i].kind == EVENT_FIELD_PLAIN;

		if (len < n || memcmp(text, fields[i].name, n) != 0 || plain != (len == n))
			continue;
		*ret_key = n;
		return &fields[i];
	}
	return NULL;
}

const char *const *event_field_names(size_t *ret_count)
{
	static const char *const names[] = {
		"message", "rule", "severity", "priority", "state",   "type",	"site",
		"time",	   "id",   "seq",      "labels.",  "values.", "secret",
	};

	*ret_count = ARRAY_SIZE(names);
	return names;
}
