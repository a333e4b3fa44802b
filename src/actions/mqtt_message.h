/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * What goes to a broker: events, and the retained states of alarms and points, whose last one a
 * late subscriber gets. Pure.
 *
 *   BASE/status          online; offline is the will
 *   BASE/alarms/RULE     {"rule": "boiler-over-temp", "state": "firing", "firing": true,
 *                         "severity": "critical", "since": "2026-11-22T17:12:01.123Z",
 *                         "acknowledged": false, "shelved": false, "inhibited": false}
 *   BASE/points/POINT    {"value": 81.3, "unit": "degC", "quality": "good", "reason": null,
 *                         "time": "2026-11-22T17:12:01.123Z"}
 *   BASE/events/RULE     an event, see event_body.h; not retained
 */
#ifndef GAUGED_ACTIONS_MQTT_MESSAGE_H
#define GAUGED_ACTIONS_MQTT_MESSAGE_H

#include <stdbool.h>

#include "actions/outbox.h"
#include "base/clock.h"
#include "base/str.h"
#include "model/event.h"
#include "model/reading.h"

struct event_facts;
struct mqtt_config;

/* The state of a rule. Borrowed. */
struct mqtt_alarm {
	const char *rule;
	enum severity severity;
	enum rule_state state;
	struct wall since; /* when it entered the state; 0: not known */
	bool acknowledged, shelved, inhibited;
};

/* The value of a point. Borrowed. */
struct mqtt_value {
	struct value value; /* none while it is not known */
	enum quality quality;
	enum bad_reason reason;
	struct wall at; /* of the last good reading; 0: there was none */
};

void mqtt_status_topic(const struct mqtt_config *config, struct str *out);
void mqtt_alarm_topic(const struct mqtt_config *config, const char *rule, struct str *out);
void mqtt_point_topic(const struct mqtt_config *config, const char *point, struct str *out);

bool mqtt_alarm_fires(enum rule_state state);
void mqtt_alarm_add(const struct mqtt_alarm *alarm, struct str *out);
void mqtt_value_add(const struct mqtt_value *value, const char *unit, struct str *out);

/* An event as a message of an outbox: its topic stands in the place of the URL. */
struct mqtt_message {
	struct str what, topic, body;
	struct outbox_message message; /* of them */
};
void mqtt_message_render(struct mqtt_message *message, const struct mqtt_config *config,
			 const struct event_facts *facts);
void mqtt_message_done(struct mqtt_message *message);

/* Adds a text as a JSON string, with its quotes; NULL as null. */
void mqtt_json_text(const char *text, struct str *out);

#endif
