/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * An event as CloudEvents 1.0 in structured JSON (CloudEvents JSON Event Format 1.0.2), for
 * receivers that know that form: the built-in body is its data.
 *
 *   {"specversion": "1.0", "id": "msg_...", "source": "/gauged/plant-7", "type": "gauged.fire",
 *    "subject": "boiler-over-temp", "time": "2026-11-22T17:12:01.123Z",
 *    "datacontenttype": "application/json", "data": {...}}
 */
#ifndef GAUGED_ACTIONS_CLOUDEVENT_H
#define GAUGED_ACTIONS_CLOUDEVENT_H

struct event_facts;
struct str;

#define CLOUDEVENT_CONTENT_TYPE "application/cloudevents+json"

void cloudevent_add(const struct event_facts *facts, struct str *out);

#endif
