/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* The fields of an event that templates can name: message, labels.area, values.boiler.temp ...
 */
#ifndef GAUGED_ACTIONS_EVENT_FIELD_H
#define GAUGED_ACTIONS_EVENT_FIELD_H

#include <stddef.h>

#include "model/value.h"

struct event_facts;
struct str;

enum event_field_kind {
	EVENT_FIELD_PLAIN,
	EVENT_FIELD_LABEL,
	EVENT_FIELD_POINT,
	EVENT_FIELD_NUMBER, /* it takes a format */
	EVENT_FIELD_OBJECT, /* JSON, a whole value; its text stands in room */
};

struct event_field {
	const char *name; /* with a '.' at its end: the name of a label or point follows */
	enum event_field_kind kind;
	/*
	 * The value; a text is borrowed from facts, or stands in room. VALUE_NONE: the event
	 * has no such label or point, or its value is not known or not finite.
	 */
	struct value (*get)(const struct event_facts *facts, const char *key, struct str *room);
	/* The i-th text that it can be, NULL past the end; NULL: it can be any. */
	const char *(*word)(size_t i);
};

/* By the text in a hole; *ret_key is what follows the '.'. NULL if there is none. */
const struct event_field *event_field_find(const char *text, size_t len, size_t *ret_key);

/* For suggestions. */
const char *const *event_field_names(size_t *ret_count);

#endif
