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

/* An instant, and what is told about a rule, happen whatever its state is. */
static bool is_resolved(const struct event *event)
{
	return event->to == RULE_OK && event->type != EVENT_INSTANT &&
	       event->type != EVENT_BLIND && event->type != EVENT_FLAPPING &&
	       event->type != EVENT_GAP;
}

static const char *status_word(size_t i)
{
	static const char *const words[] = {"firing", "resolved", NULL};

	return i < ARRAY_SIZE(words) ? words[i] : NULL;
}

static struct value get_status(const struct event_facts *facts, const char *key,
			       struct str *room)
{
	(void)key;
	(void)room;
	return value_text(status_word(is_resolved(facts->event)));
}

static struct value get_since(const struct event_facts *facts, const char *key,
			      struct str *room)
{
	(void)key;
	event_time_add((struct wall){facts->stamp->wall.ns - facts->event->active_ns}, room);
	return value_text(room->s);
}

static struct value get_ended(const struct event_facts *facts, const char *key,
			      struct str *room)
{
	if (is_resolved(facts->event))
		return get_time(facts, key, room);
	return (struct value){.kind = VALUE_NONE};
}

static struct value get_labels(const struct event_facts *facts, const char *key,
			       struct str *room)
{
	(void)key;
	event_labels_add(facts->event, room);
	return value_text(room->s);
}

static struct value get_values(const struct event_facts *facts, const char *key,
			       struct str *room)
{
	(void)key;
	event_values_add(facts->event, room);
	return value_text(room->s);
}

/* Never empty: receivers want something to show. */
static struct value get_summary(const struct event_facts *facts, const char *key,
				struct str *room)
{
	const struct event *event = facts->event;

	if (event->message[0] != '\0')
		return get_message(facts, key, room);
	str_addf(room, "%s: %s", event->rule_name, event_type_name(event->type));
	return value_text(room->s);
}

static struct value get_margin(const struct event_facts *facts, const char *key,
			       struct str *room)
{
	(void)key;
	(void)room;
	return facts->event->margin;
}

static struct value get_margin_unit(const struct event_facts *facts, const char *key,
				    struct str *room)
{
	const char *unit = facts->event->margin_unit;

	(void)key;
	(void)room;
	return value_text(unit != NULL ? unit : "");
}

static const char *type_word(size_t i)
{
	return i <= EVENT_GAP ? event_type_name((enum event_type)i) : NULL;
}

static const char *severity_word(size_t i)
{
	return i <= SEVERITY_CRITICAL ? severity_name((enum severity)i) : NULL;
}

static const char *state_word(size_t i)
{
	return i <= RULE_RETURNED ? rule_state_name((enum rule_state)i) : NULL;
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
	{"message", EVENT_FIELD_PLAIN, get_message, NULL},
	{"summary", EVENT_FIELD_PLAIN, get_summary, NULL},
	{"rule", EVENT_FIELD_PLAIN, get_rule, NULL},
	{"severity", EVENT_FIELD_PLAIN, get_severity, severity_word},
	{"priority", EVENT_FIELD_PLAIN, get_priority, NULL},
	{"state", EVENT_FIELD_PLAIN, get_state, state_word},
	{"status", EVENT_FIELD_PLAIN, get_status, status_word},
	{"type", EVENT_FIELD_PLAIN, get_type, type_word},
	{"site", EVENT_FIELD_PLAIN, get_site, NULL},
	{"time", EVENT_FIELD_PLAIN, get_time, NULL},
	{"since", EVENT_FIELD_PLAIN, get_since, NULL},
	{"ended", EVENT_FIELD_PLAIN, get_ended, NULL},
	{"margin", EVENT_FIELD_NUMBER, get_margin, NULL},
	{"margin.unit", EVENT_FIELD_PLAIN, get_margin_unit, NULL},
	{"id", EVENT_FIELD_PLAIN, get_id, NULL},
	{"seq", EVENT_FIELD_PLAIN, get_seq, NULL},
	{"labels", EVENT_FIELD_OBJECT, get_labels, NULL},
	{"labels.", EVENT_FIELD_LABEL, get_label, NULL},
	{"values", EVENT_FIELD_OBJECT, get_values, NULL},
	{"values.", EVENT_FIELD_POINT, get_point, NULL},
};

const struct event_field *event_field_find(const char *text, size_t len, size_t *ret_key)
{
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		size_t n = strlen(fields[i].name);
		bool plain = fields[i].name[n - 1] != '.';

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
		"message", "summary", "rule",	"severity",    "priority", "state",
		"status",  "type",    "site",	"time",	       "since",	   "ended",
		"margin",  "id",      "seq",	"margin.unit", "labels.",  "labels",
		"values",  "values.", "secret",
	};

	*ret_count = ARRAY_SIZE(names);
	return names;
}
