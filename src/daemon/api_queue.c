/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Serves queues: what waits in each, for how long, and why. */
#include "daemon/api_queue.h"

#include <jansson.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/str.h"
#include "actions/mqtt.h"
#include "actions/outbox.h"
#include "actions/webhook.h"
#include "daemon/api.h"
#include "daemon/api_json.h"
#include "daemon/boxes.h"
#include "daemon/daemon.h"
#include "daemon/state.h"

enum { ROWS_FEW = 100, ROWS_MOST = 1000 };

static void queue_unknown(struct api_call *call, const char *name)
{
	const struct boxes *boxes = state_boxes(daemon_state(call->daemon));
	const char **names = NULL, *near, *found;
	size_t count = 0;

	while (boxes_at(boxes, count, &found) != NULL) {
		names = xreallocarray(names, count + 1, sizeof(*names));
		names[count++] = found;
	}
	near = str_nearest(name, names, count);
	if (near != NULL)
		api_problem(call, 404, "there is no queue '%s'; did you mean '%s'?", name,
			    near);
	else
		api_problem(call, 404, "there is no queue '%s'", name);
	free(names);
}

struct outbox *api_find_queue(struct api_call *call, const char *name)
{
	struct outbox *outbox = boxes_look(state_boxes(daemon_state(call->daemon)), name);

	if (outbox == NULL)
		queue_unknown(call, name);
	return outbox;
}

static json_t *gap_json(const struct outbox *outbox)
{
	struct outbox_gap gap;

	if (!outbox_gap(outbox, &gap))
		return json_null();
	return json_pack("{so so so sb}", "count", api_json_count(gap.count), "first",
			 api_json_count(gap.first), "last", api_json_count(gap.last),
			 "unreadable", gap.unreadable);
}

static void add_totals(json_t *object, const struct outbox *outbox, struct boot now)
{
	struct outbox_report box;

	outbox_report(outbox, &box);
	json_object_set_new(object, "waiting", api_json_count(box.waiting));
	json_object_set_new(object, "alarms", api_json_count(box.lanes[OUTBOX_ALARM]));
	json_object_set_new(object, "telemetry", api_json_count(box.lanes[OUTBOX_TELEMETRY]));
	json_object_set_new(object, "in_flight", api_json_count(box.in_flight));
	json_object_set_new(object, "bytes", api_json_count(box.bytes));
	json_object_set_new(
		object, "oldest_s",
		api_json_seconds(box.waiting > 0 ? boot_diff(now, box.oldest) : -1));
	json_object_set_new(object, "dead", api_json_count(box.dead));
	json_object_set_new(object, "last_seq", api_json_count(box.last_seq));
	json_object_set_new(object, "gap", gap_json(outbox));
}

static json_t *webhook_json(const struct daemon *daemon, const struct webhook *webhook,
			    struct boot now)
{
	const struct outbox *outbox =
		boxes_look(state_boxes(daemon_state(daemon)), webhook_name(webhook));
	json_t *object = json_object();
	struct report report = {0};

	webhook_report(webhook, &report);
	json_object_set_new(object, "name", api_json_text(webhook_name(webhook)));
	json_object_set_new(object, "waiting", api_json_count(webhook_waiting(webhook)));
	if (outbox != NULL)
		add_totals(object, outbox, now);
	api_json_report(object, &report);
	return object;
}

static json_t *mqtt_json(const struct daemon *daemon, const struct mqtt *mqtt, struct boot now)
{
	const struct outbox *outbox =
		boxes_look(state_boxes(daemon_state(daemon)), mqtt_queue(mqtt));
	json_t *object = json_object();
	struct report report = {0};

	mqtt_report(mqtt, &report);
	json_object_set_new(object, "name", api_json_text(mqtt_queue(mqtt)));
	json_object_set_new(object, "waiting", api_json_count(mqtt_waiting(mqtt)));
	if (outbox != NULL)
		add_totals(object, outbox, now);
	api_json_report(object, &report);
	return object;
}

static bool queue_is_empty(const struct outbox *outbox)
{
	struct outbox_report box;
	struct outbox_gap gap;

	outbox_report(outbox, &box);
	return box.waiting == 0 && box.dead == 0 && !outbox_gap(outbox, &gap);
}

/* Whose receiver is no longer configured, if there is anything in them. */
static json_t *orphans_json(const struct daemon *daemon, struct boot now)
{
	const struct boxes *boxes = state_boxes(daemon_state(daemon));
	const struct outbox *outbox;
	json_t *list = json_array();
	const char *name;

	for (size_t i = 0; (outbox = boxes_at(boxes, i, &name)) != NULL; i++) {
		json_t *object;

		if (queue_is_empty(outbox) || outbox_is_served(outbox))
			continue;
		object = json_object();
		json_object_set_new(object, "name", api_json_text(name));
		add_totals(object, outbox, now);
		json_array_append_new(list, object);
	}
	return list;
}

void api_queues(struct api_call *call)
{
	const struct daemon *daemon = call->daemon;
	struct boot now = clock_boot();
	json_t *list = json_array(), *mqtts = json_array();

	for (size_t i = 0; i < daemon_webhook_count(daemon); i++)
		json_array_append_new(list,
				      webhook_json(daemon, daemon_webhook(daemon, i), now));
	for (size_t i = 0; i < daemon_mqtt_count(daemon); i++)
		json_array_append_new(mqtts, mqtt_json(daemon, daemon_mqtt(daemon, i), now));
	api_answer(call, 200,
		   json_pack("{so so so}", "webhooks", list, "mqtt", mqtts, "orphans",
			     orphans_json(daemon, now)));
}

json_t *api_json_row(const struct outbox *outbox, const struct outbox_row *row, struct boot now)
{
	bool dead = row->why != OUTBOX_WAITS;

	return json_pack("{so so ss ss so so so so so sb so}", "id",
			 api_json_text(row->identity.id), "seq",
			 api_json_count(row->identity.seq), "lane",
			 row->message.lane == OUTBOX_ALARM ? "alarm" : "telemetry", "state",
			 dead		  ? "dead"
			 : row->in_flight ? "sending"
					  : "waiting",
			 "what", api_json_text(row->message.what), "age_s",
			 api_json_seconds(boot_diff(now, row->created)), "bytes",
			 api_json_count(row->size), "tries", api_json_count(row->tries),
			 "status", row->status > 0 ? json_integer(row->status) : json_null(),
			 "durable", outbox_durable(outbox, row), "why",
			 dead ? api_json_text(outbox_why_words(row->why)) : json_null());
}

void api_queue(struct api_call *call)
{
	struct outbox *outbox = api_find_queue(call, call->name);
	bool dead = api_param_is_on(call, "dead");
	const struct outbox_row *row = NULL;
	struct boot now = clock_boot();
	size_t limit, left_out = 0;
	json_t *json, *rows;

	if (outbox == NULL)
		return;
	limit = api_param_count(call, "limit", ROWS_FEW, ROWS_MOST);
	if (limit == 0)
		return;
	json = json_object();
	rows = json_array();
	while ((row = dead ? outbox_dead_next(outbox, row) : outbox_next(outbox, row)) !=
	       NULL) {
		if (json_array_size(rows) < limit)
			json_array_append_new(rows, api_json_row(outbox, row, now));
		else
			left_out++;
	}
	json_object_set_new(json, "name", api_json_text(call->name));
	json_object_set_new(json, "orphan", json_boolean(!outbox_is_served(outbox)));
	add_totals(json, outbox, now);
	json_object_set_new(json, "rows", rows);
	json_object_set_new(json, "left_out", api_json_count(left_out));
	api_answer(call, 200, json);
}
