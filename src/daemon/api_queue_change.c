/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Serves what operators do to queues: retry, drop. Each is logged with who asked. */
#include <jansson.h>
#include <stdint.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "actions/outbox.h"
#include "daemon/api.h"
#include "daemon/api_json.h"
#include "daemon/api_queue.h"
#include "daemon/boxes.h"
#include "daemon/daemon.h"
#include "daemon/state.h"

/* What stands in the body. */
struct queue_change {
	json_t *json; /* which name is borrowed from */
	const char *name;
	struct outbox *outbox;
	const struct outbox_row *row; /* that is meant; NULL: all, or all dead ones */
	bool dead;
};

static const struct outbox_row *find_in(const struct outbox *outbox, const char *id,
					uint64_t seq)
{
	const struct outbox_row *row = NULL;
	bool dead = false;

	for (;;) {
		row = dead ? outbox_dead_next(outbox, row) : outbox_next(outbox, row);
		if (row == NULL && dead)
			return NULL;
		if (row == NULL)
			dead = true;
		else if (id != NULL ? strcmp(row->identity.id, id) == 0
				    : row->identity.seq == seq)
			return row;
	}
}

/* The one member beside webhook that says which messages. */
static bool parse_which(struct api_call *call, struct queue_change *change)
{
	const json_t *id = json_object_get(change->json, "id");
	const json_t *seq = json_object_get(change->json, "seq");

	change->dead = json_is_true(json_object_get(change->json, "dead"));
	if (id == NULL && seq == NULL)
		return true;
	change->row = find_in(change->outbox, json_string_value(id),
			      (uint64_t)json_integer_value(seq));
	if (change->row == NULL)
		api_problem(call, 404,
			    "there is no such message in the queue of %s: it may have been "
			    "delivered meanwhile",
			    change->name);
	return change->row != NULL;
}

static bool has_form(const json_t *json)
{
	const json_t *id = json_object_get(json, "id"), *seq = json_object_get(json, "seq");
	bool all = json_is_true(json_object_get(json, "all"));
	bool dead = json_is_true(json_object_get(json, "dead"));

	return json_is_object(json) && json_object_size(json) == 2 &&
	       json_is_string(json_object_get(json, "webhook")) &&
	       (json_is_string(id) || json_integer_value(seq) > 0 || all || dead);
}

/* False: it was answered. */
static bool parse_change(struct api_call *call, struct queue_change *ret)
{
	json_error_t why;

	*ret = (struct queue_change){0};
	ret->json = json_loadb(call->body != NULL ? call->body : "", call->body_len,
			       JSON_REJECT_DUPLICATES, &why);
	if (!has_form(ret->json)) {
		api_problem(call, 400,
			    "expected {\"webhook\": a name} with one of \"id\": a text, "
			    "\"seq\": a number, \"dead\": true, \"all\": true");
		goto fail;
	}
	ret->name = json_string_value(json_object_get(ret->json, "webhook"));
	ret->outbox = api_find_queue(call, ret->name);
	if (ret->outbox != NULL && parse_which(call, ret))
		return true;
fail:
	json_decref(ret->json);
	return false;
}

static void change_log(const struct api_call *call, const struct queue_change *change,
		       const char *verb, size_t count, const char *id)
{
	struct str line;

	str_init(&line);
	str_adds(&line, "control: ");
	peer_show(&call->peer, &line);
	str_addf(&line, " %s ", verb);
	if (id[0] != '\0')
		str_addf(&line, "message %s", id);
	else
		str_addf(&line, "%zu %s%s", count, change->dead ? "dead " : "",
			 str_plural(count, "message", "messages"));
	str_adds(&line, " of queue ");
	str_add_safe(&line, change->name, strlen(change->name));
	log_notice("%s", line.s);
	str_done(&line);
}

/* What was asked for is done. */
static void change_done(struct api_call *call, struct queue_change *change, const char *verb,
			const char *done, size_t count, const char *id)
{
	state_changed(daemon_state(call->daemon), true);
	change_log(call, change, verb, count, id);
	api_answer(call, 200,
		   json_pack("{so so}", "name", api_json_text(change->name), done,
			     api_json_count(count)));
	json_decref(change->json);
}

void api_queue_retry(struct api_call *call)
{
	struct queue_change change;
	char id[OUTBOX_ID_SIZE] = "";
	uint64_t seq = 0;
	size_t count;

	if (!parse_change(call, &change))
		return;
	if (change.row != NULL) {
		seq = change.row->identity.seq;
		memcpy(id, change.row->identity.id, sizeof(id));
		change.dead = change.row->why != OUTBOX_WAITS;
	}
	count = change.dead ? outbox_revive(change.outbox, seq, clock_boot())
			    : outbox_try_now(change.outbox, seq);
	change_done(call, &change, "retries", "retried", count, id);
}

void api_queue_drop(struct api_call *call)
{
	struct boxes *boxes = state_boxes(daemon_state(call->daemon));
	struct queue_change change;
	char id[OUTBOX_ID_SIZE] = "";
	uint64_t seq = 0;
	size_t count;

	if (!parse_change(call, &change))
		return;
	if (change.row != NULL && change.row->in_flight) {
		api_problem(call, 409, "message %s is under way: nothing was dropped",
			    change.row->identity.id);
		json_decref(change.json);
		return;
	}
	if (change.row != NULL) {
		seq = change.row->identity.seq;
		memcpy(id, change.row->identity.id, sizeof(id));
	}
	count = outbox_drop(change.outbox, seq, seq == 0 && change.dead);
	if (seq == 0 && !change.dead && !outbox_is_served(change.outbox))
		boxes_drop(boxes, change.name);
	change_done(call, &change, "drops", "dropped", count, id);
}
