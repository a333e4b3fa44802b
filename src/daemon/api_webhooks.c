/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Serves webhooks: how each stands, and a message that asks its receiver. */
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "io/http_client.h"
#include "model/event.h"
#include "actions/action.h"
#include "actions/webhook.h"
#include "actions/webhook_probe.h"
#include "daemon/api.h"
#include "daemon/api_json.h"
#include "daemon/daemon.h"
#include "daemon/dispatch.h"

enum { WHO_MAX = 64, SHOWN_BODY = 200 };

static json_t *webhook_json(const struct webhook *webhook)
{
	struct webhook_view view;

	webhook_view(webhook, &view);
	return json_pack("{so ss ss so so so ss? so so so sb}", "name",
			 api_json_text(webhook_name(webhook)), "state", view.state, "url",
			 view.origin, "waiting", api_json_count(view.waiting), "in_flight",
			 api_json_count(view.in_flight), "dead", api_json_count(view.dead),
			 "last_answer", view.last, "last_answer_age_s",
			 api_json_seconds(view.last_age_ns), "next_try_s",
			 api_json_seconds(view.next_ns), "delivered",
			 api_json_count(view.delivered), "signed", view.is_signed);
}

void api_webhooks(struct api_call *call)
{
	json_t *list = json_array();

	for (size_t i = 0; i < daemon_webhook_count(call->daemon); i++)
		json_array_append_new(list, webhook_json(daemon_webhook(call->daemon, i)));
	api_answer(call, 200, json_pack("{so}", "webhooks", list));
}

/* ---- test ---- */

/* {"type": "fire"}: what the message says that happened; without a body an instant. */
static bool test_body(struct api_call *call, enum event_type *ret)
{
	static const enum event_type types[] = {EVENT_FIRE, EVENT_CLEAR, EVENT_REPEAT,
						EVENT_INSTANT};
	json_error_t why;
	json_t *json;
	const char *text;
	bool ok = false;

	*ret = EVENT_INSTANT;
	if (call->body_len == 0)
		return true;
	json = json_loadb(call->body, call->body_len, JSON_REJECT_DUPLICATES, &why);
	text = json_string_value(json_object_get(json, "type"));
	for (size_t i = 0; text != NULL && i < sizeof(types) / sizeof(types[0]); i++) {
		if (strcmp(text, event_type_name(types[i])) != 0)
			continue;
		*ret = types[i];
		ok = json_object_size(json) == 1;
	}
	json_decref(json);
	if (!ok)
		api_problem(call, 400,
			    "expected {\"type\": \"fire\", \"clear\", \"repeat\" or "
			    "\"instant\"}, or nothing");
	return ok;
}

static void test_ended(void *arg, const char *id, int64_t took_ns,
		       const struct http_answer *answer)
{
	struct api_call *call = arg;
	bool delivered = answer->status >= 200 && answer->status < 300;
	char room[SHOWN_BODY];
	struct str body;

	str_init_fixed(&body, room, sizeof(room));
	str_add_safe(&body, answer->body, answer->body_len);
	if (answer->status != 0)
		log_notice("control: the test of webhook %s was answered with HTTP %d",
			   call->name, answer->status);
	else
		log_notice("control: the test of webhook %s failed: %s", call->name,
			   answer->failure);
	api_answer(call, 200,
		   json_pack("{ss sb so so so so ss}", "webhook", call->name, "delivered",
			     delivered, "status",
			     answer->status != 0 ? json_integer(answer->status) : json_null(),
			     "failure", api_json_text(answer->failure), "took_s",
			     api_json_seconds(took_ns), "id", api_json_text(id), "body", room));
	call->forget = NULL;
	if (call->answered != NULL)
		call->answered(call);
}

/* The message of a rule that there is not. */
static struct webhook_probe *test_start(struct api_call *call, size_t i, enum event_type type,
					const char *who)
{
	bool over = type == EVENT_CLEAR, lasts = over || type == EVENT_REPEAT;
	struct event event = {
		.type = type,
		.rule = UINT32_MAX,
		.rule_name = "gauged-test",
		.severity = SEVERITY_INFO,
		.from = lasts ? RULE_FIRING : RULE_OK,
		.to = over || type == EVENT_INSTANT ? RULE_OK : RULE_FIRING,
		.at = clock_boot(),
	};
	struct daemon_status status;
	struct webhook_probe *probe;
	struct event_stamp stamp;
	struct str message;

	str_init(&message);
	str_addf(&message, "Test of webhook %s, asked for by %s", call->name, who);
	event.message = message.s;
	daemon_status(call->daemon, &status);
	dispatch_stamp(daemon_config(call->daemon), status.boot_id, &event, &stamp);
	probe = webhook_probe_start(daemon_webhook(call->daemon, i), &event, &stamp, test_ended,
				    call);
	str_done(&message);
	return probe;
}

static void test_forget(struct api_call *call)
{
	webhook_probe_cancel(call->pending);
}

void api_webhook_test(struct api_call *call)
{
	size_t count = daemon_webhook_count(call->daemon), i = 0;
	char who_room[WHO_MAX];
	enum event_type type;
	struct str who;

	while (i < count &&
	       strcmp(webhook_name(daemon_webhook(call->daemon, i)), call->name) != 0)
		i++;
	if (i == count) {
		api_problem(call, 404, "there is no webhook '%s'", call->name);
		return;
	}
	if (!test_body(call, &type))
		return;
	str_init_fixed(&who, who_room, sizeof(who_room));
	peer_show(&call->peer, &who);
	log_notice("control: %s tests webhook %s", who_room, call->name);
	call->forget = test_forget;
	call->pending = test_start(call, i, type, who_room);
}
