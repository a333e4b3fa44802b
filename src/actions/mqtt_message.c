/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the topics and the bodies of what is published. */
#include "actions/mqtt_message.h"

#include <math.h>

#include "actions/event_body.h"
#include "actions/mqtt_config.h"
#include "actions/template.h"
#include "actions/webhook_message.h"

void mqtt_json_text(const char *text, struct str *out)
{
	if (text != NULL)
		value_show(value_text(text), out);
	else
		str_adds(out, "null");
}

static void add_value(struct value value, struct str *out)
{
	if (value.kind == VALUE_NONE || (value.kind == VALUE_NUMBER && !isfinite(value.number)))
		str_adds(out, "null");
	else
		value_show(value, out);
}

static void add_time(struct wall at, struct str *out)
{
	if (at.ns == 0) {
		str_adds(out, "null");
		return;
	}
	str_addc(out, '"');
	event_time_add(at, out);
	str_addc(out, '"');
}

static void add_bool(const char *key, bool flag, struct str *out)
{
	str_addf(out, ",\"%s\":%s", key, flag ? "true" : "false");
}

/* ---- topics ---- */

void mqtt_status_topic(const struct mqtt_config *config, struct str *out)
{
	str_addf(out, "%s/status", config->base);
}

static void add_topic(const struct mqtt_config *config, const char *kind, const char *name,
		      struct str *out)
{
	str_addf(out, "%s/%s/", config->base, kind);
	mqtt_topic_add(name, out);
}

void mqtt_alarm_topic(const struct mqtt_config *config, const char *rule, struct str *out)
{
	add_topic(config, "alarms", rule, out);
}

void mqtt_point_topic(const struct mqtt_config *config, const char *point, struct str *out)
{
	add_topic(config, "points", point, out);
}

/* ---- states ---- */

bool mqtt_alarm_fires(enum rule_state state)
{
	return state == RULE_FIRING || state == RULE_CLEARING || state == RULE_RETURNED;
}

void mqtt_alarm_add(const struct mqtt_alarm *alarm, struct str *out)
{
	str_adds(out, "{\"rule\":");
	mqtt_json_text(alarm->rule, out);
	str_addf(out, ",\"state\":\"%s\"", rule_state_name(alarm->state));
	add_bool("firing", mqtt_alarm_fires(alarm->state), out);
	str_addf(out, ",\"severity\":\"%s\",\"since\":", severity_name(alarm->severity));
	add_time(alarm->since, out);
	add_bool("acknowledged", alarm->acknowledged, out);
	add_bool("shelved", alarm->shelved, out);
	add_bool("inhibited", alarm->inhibited, out);
	str_addc(out, '}');
}

void mqtt_value_add(const struct mqtt_value *value, const char *unit, struct str *out)
{
	str_adds(out, "{\"value\":");
	add_value(value->value, out);
	str_adds(out, ",\"unit\":");
	mqtt_json_text(unit, out);
	str_addf(out, ",\"quality\":\"%s\",\"reason\":", quality_name(value->quality));
	mqtt_json_text(value->reason == BAD_NONE ? NULL : bad_reason_name(value->reason), out);
	str_adds(out, ",\"time\":");
	add_time(value->at, out);
	str_addc(out, '}');
}

/* ---- events ---- */

void mqtt_message_render(struct mqtt_message *message, const struct mqtt_config *config,
			 const struct event_facts *facts)
{
	*message = (struct mqtt_message){0};
	str_init(&message->what);
	str_init(&message->topic);
	str_init(&message->body);
	webhook_what_add(facts->event, &message->what);
	if (config->topic != NULL)
		template_render(config->topic, facts, &message->topic);
	else
		add_topic(config, "events", facts->event->rule_name, &message->topic);
	if (config->body != NULL)
		template_render(config->body, facts, &message->body);
	else
		event_body_add(facts, &message->body);
	message->message = (struct outbox_message){
		.lane = webhook_lane(facts->event),
		.what = message->what.s,
		.url = message->topic.s,
		.headers = "",
		.body = message->body.s != NULL ? message->body.s : "",
		.body_len = message->body.len,
	};
}

void mqtt_message_done(struct mqtt_message *message)
{
	str_done(&message->what);
	str_done(&message->topic);
	str_done(&message->body);
}
