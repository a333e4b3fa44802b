/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* What a webhook sends for an event: a message, frozen when the event happens. Pure. */
#ifndef GAUGED_ACTIONS_WEBHOOK_MESSAGE_H
#define GAUGED_ACTIONS_WEBHOOK_MESSAGE_H

#include <stdbool.h>

#include "actions/outbox.h"
#include "base/str.h"
#include "model/event.h"

struct event_facts;
struct webhook_config;

enum { WEBHOOK_WHAT_MAX = 300 };

/* str_done() of each by webhook_message_done(). */
struct webhook_message {
	struct str what, url, headers, body;
	struct outbox_message message; /* of them */
	unsigned headers_refused;      /* left out for control characters */
};

/* Everything of it; body: NULL to render that as well, otherwise it is copied. */
void webhook_message_render(struct webhook_message *message,
			    const struct webhook_config *config,
			    const struct event_facts *facts, const struct outbox_message *body);
void webhook_message_done(struct webhook_message *message);

/* An alarm, or telemetry: what a rule of severity info says. */
enum outbox_lane webhook_lane(const struct event *event);

/*
 * What a message tells, in a line: "fire critical boiler-over-temp: Boiler at 81 degC". For
 * lists, and for a fallback, which gets an event that is made of it: the texts stand in room.
 */
void webhook_what_add(const struct event *event, struct str *out);
struct webhook_what {
	char text[WEBHOOK_WHAT_MAX + 1];
	struct event event;
};
/* False: it is not of that form; the event then is of no rule. */
bool webhook_what_parse(const char *what, const char *from, struct webhook_what *ret);

/* The event that tells a receiver what it did not get; its texts stand in room. */
void webhook_gap_event(const struct outbox_gap *gap, const char *webhook, struct str *room,
		       struct event *ret);

#endif
