/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the rendering of an event into a message, and the events that a queue itself has. */
#include "actions/webhook_message.h"

#include <inttypes.h>
#include <string.h>

#include "actions/action.h"
#include "actions/event_body.h"
#include "actions/template.h"
#include "actions/webhook_config.h"

enum outbox_lane webhook_lane(const struct event *event)
{
	return event->severity == SEVERITY_INFO ? OUTBOX_TELEMETRY : OUTBOX_ALARM;
}

static void render_headers(struct webhook_message *message, const struct webhook_config *config,
			   const struct event_facts *facts)
{
	str_addf(&message->headers, "Content-Type: %s\n", config->content_type);
	for (size_t i = 0; i < config->header_count; i++) {
		struct str value;

		str_init(&value);
		if (template_render(config->headers[i].value, facts, &value) == 0) {
			str_addf(&message->headers, "%s: ", config->headers[i].name);
			str_add(&message->headers, value.s != NULL ? value.s : "", value.len);
			str_addc(&message->headers, '\n');
		} else {
			message->headers_refused++;
		}
		str_done(&value);
	}
}

void webhook_message_render(struct webhook_message *message,
			    const struct webhook_config *config,
			    const struct event_facts *facts, const struct outbox_message *body)
{
	*message = (struct webhook_message){0};
	str_init(&message->what);
	str_init(&message->url);
	str_init(&message->headers);
	str_init(&message->body);
	webhook_what_add(facts->event, &message->what);
	template_render(config->url, facts, &message->url);
	render_headers(message, config, facts);
	if (body != NULL)
		str_add(&message->body, body->body, body->body_len);
	else if (config->body != NULL)
		template_render(config->body, facts, &message->body);
	else
		config->builtin(facts, &message->body);
	message->message = (struct outbox_message){
		.lane = webhook_lane(facts->event),
		.what = message->what.s,
		.url = message->url.s != NULL ? message->url.s : "",
		.headers = message->headers.s,
		.body = message->body.s != NULL ? message->body.s : "",
		.body_len = message->body.len,
	};
}

void webhook_message_done(struct webhook_message *message)
{
	str_done(&message->what);
	str_done(&message->url);
	str_done(&message->headers);
	str_done(&message->body);
}

void webhook_what_add(const struct event *event, struct str *out)
{
	size_t from = out->len, end;

	str_addf(out, "%s %s %s", event_type_name(event->type), severity_name(event->severity),
		 event->rule_name);
	if (event->message != NULL && event->message[0] != '\0')
		str_addf(out, ": %s", event->message);
	if (out->len - from <= WEBHOOK_WHAT_MAX)
		return;
	/* Not in the middle of a character. */
	end = from + WEBHOOK_WHAT_MAX;
	while (end > from && ((unsigned char)out->s[end] & 0xc0) == 0x80)
		end--;
	out->len = end;
	out->s[end] = '\0';
}

/* The number of the name that text begins with, a space behind it; -1: none. */
static int word_of(char **text, const char *(*name)(int), int count)
{
	for (int i = 0; i < count; i++) {
		size_t len = strlen(name(i));

		if (strncmp(*text, name(i), len) == 0 && (*text)[len] == ' ') {
			*text += len + 1;
			return i;
		}
	}
	return -1;
}

static const char *type_word(int i)
{
	return event_type_name((enum event_type)i);
}

static const char *severity_word(int i)
{
	return severity_name((enum severity)i);
}

bool webhook_what_parse(const char *what, const char *from, struct webhook_what *ret)
{
	char *at = ret->text, *message;
	int type, severity;

	ret->event = (struct event){
		.type = EVENT_GAP,
		.rule = UINT32_MAX,
		.rule_name = "",
		.severity = SEVERITY_WARNING,
		.reason = from,
		.message = "",
	};
	ret->text[0] = '\0';
	if (what != NULL)
		strncat(ret->text, what, WEBHOOK_WHAT_MAX);
	type = word_of(&at, type_word, EVENT_GAP + 1);
	severity = word_of(&at, severity_word, SEVERITY_CRITICAL + 1);
	if (type < 0 || severity < 0)
		return false;
	message = strstr(at, ": ");
	if (message != NULL) {
		*message = '\0';
		ret->event.message = message + 2;
	}
	ret->event.type = (enum event_type)type;
	ret->event.severity = (enum severity)severity;
	ret->event.rule_name = at;
	ret->event.to = type == EVENT_CLEAR ? RULE_OK : RULE_FIRING;
	return true;
}

void webhook_gap_event(const struct outbox_gap *gap, const char *webhook, struct str *room,
		       struct event *ret)
{
	if (gap->count == 1)
		str_addf(room, "1 message to %s was lost (number %" PRIu64 ")", webhook,
			 gap->first);
	else
		str_addf(room,
			 "%" PRIu64 " messages to %s were lost (numbers %" PRIu64 " to %" PRIu64
			 ")",
			 gap->count, webhook, gap->first, gap->last);
	str_adds(room, gap->unreadable ? ": the store was damaged" : ": the queue was full");
	*ret = (struct event){
		.type = EVENT_GAP,
		.rule = UINT32_MAX,
		.rule_name = "gauged",
		.severity = SEVERITY_WARNING,
		.reason = gap->unreadable ? "store damaged" : "queue full",
		.message = room->s,
	};
}
