/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * The built-in body of a webhook message: one event as JSON (RFC 8259), the same fields for
 * every rule. What is not known is null, what is not UTF-8 becomes U+FFFD.
 *
 *   {"id": "msg_...", "seq": 12, "type": "fire", "site": "plant-7", "rule": "boiler-over-temp",
 *    "severity": "critical", "state": "firing", "message": "...", "labels": {"area": "..."},
 *    "values": {"boiler.temp": {"value": 81.3, "unit": "degC", "quality": "good",
 *                               "reason": null, "age_ms": 120}},
 *    "times": {"wall": "2026-11-22T17:12:01.123Z", "monotonic_ms": 81234,
 *              "boot_id": "...", "synchronised": true}}
 */
#ifndef GAUGED_ACTIONS_EVENT_BODY_H
#define GAUGED_ACTIONS_EVENT_BODY_H

#include <stdint.h>

#include "base/clock.h"

struct event;
struct event_stamp;
struct str;

/* All that there is to tell about an event in one message. Borrowed. */
struct event_facts {
	const struct event *event;
	const struct event_stamp *stamp;
	const char *id; /* of the message: stays the same however often it is sent */
	uint64_t seq;	/* of the message, for its webhook */
};

/*
 * At most so many points in "values", and fewer if the body would be longer than that; how
 * many more there were is in "values_left_out".
 */
enum { EVENT_BODY_POINTS = 256, EVENT_BODY_BYTES = 48 << 10 };

void event_body_add(const struct event_facts *facts, struct str *out);

/* Parts of it: a text with its quotes, "labels" and "values" as objects. */
void event_text_add(const char *text, struct str *out);
void event_labels_add(const struct event *event, struct str *out);
void event_values_add(const struct event *event, struct str *out);

/* "2026-11-22T17:12:01.123Z": RFC 3339, UTC, milliseconds cut off, not rounded. */
void event_time_add(struct wall wall, struct str *out);

#endif
