/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the list of what the rules did in a test. */
#include "ctl/trial_log.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/str.h"
#include "conf/diag.h"
#include "conf/yaml.h"
#include "model/event.h"
#include "model/point.h"
#include "model/point_line.h"
#include "actions/action.h"
#include "actions/event_body.h"
#include "actions/template.h"
#include "actions/mqtt_config.h"
#include "actions/webhook_config.h"
#include "ctl/trial_delivery.h"
#include "ctl/trial_file.h"
#include "ctl/trial_value.h"
#include "daemon/config.h"
#include "daemon/dispatch.h"

struct done {
	int64_t at_ns;
	enum event_type event;
	char *rule;
	enum deed_kind kind;
	const char *target; /* the name of it; in the configuration */
	struct value value;
	char *body; /* webhooks and brokers; the text of value, where it has holes */
	bool taken; /* not a message that still waits, or was given up; no text that is refused
		     */
	bool expected;
};

struct trial_log {
	size_t count, cap;
	struct done *done; /* a message that waits has no time yet */
	struct trial_delivery *delivery;
	struct wall start; /* what the clock of the day showed at 0, after all steps so far */
	/* while an event is told */
	const struct config *config;
	const struct event *event;
};

static void log_delivered(void *arg, size_t parcel, const char *webhook, struct boot at)
{
	struct trial_log *log = arg;
	struct done *done = &log->done[parcel];

	done->at_ns = at.ns;
	done->taken = true;
	if (strcmp(done->target, webhook) != 0)
		done->target = webhook;
}

struct trial_log *trial_log_new(struct wall start)
{
	struct trial_log *log = xcalloc(1, sizeof(*log));

	log->start = start;
	log->delivery = trial_delivery_new(log_delivered, log);
	return log;
}

void trial_log_free(struct trial_log *log)
{
	for (size_t i = 0; i < log->count; i++) {
		free(log->done[i].rule);
		free(log->done[i].body);
	}
	free(log->done);
	trial_delivery_free(log->delivery);
	free(log);
}

void trial_log_reply(struct trial_log *log, const char *webhook, int status, struct boot until)
{
	trial_delivery_reply(log->delivery, webhook, status, until);
}

void trial_log_deliver(struct trial_log *log, struct boot now)
{
	trial_delivery_run(log->delivery, now);
}

bool trial_log_deadline(const struct trial_log *log, struct boot *ret)
{
	return trial_delivery_deadline(log->delivery, ret);
}

struct wall trial_log_wall(const struct trial_log *log, struct boot now)
{
	return (struct wall){log->start.ns + now.ns};
}

void trial_log_step(struct trial_log *log, int64_t by_ns)
{
	log->start.ns += by_ns;
}

/* template: NULL for the built-in body. */
static char *message_body(const struct trial_log *log, const struct template *template)
{
	struct event_stamp stamp = {
		.site = log->config->site,
		.wall = trial_log_wall(log, log->event->at),
		.mono = {log->event->at.ns},
		.boot_id = "00000000-0000-0000-0000-000000000000",
		.synchronised = true,
	};
	struct event_facts facts = {log->event, &stamp, "msg_test", log->event->seq};
	struct str body;

	str_init(&body);
	if (template != NULL)
		template_render(template, &facts, &body);
	else
		event_body_add(&facts, &body);
	return str_steal(&body);
}

/* A text that the output refuses is not written. */
static void log_write(const struct trial_log *log, const struct deed *deed, struct done *done)
{
	const struct point *point = point_table_get(log->config->points, deed->point);

	done->target = point->name;
	if (deed->template == NULL)
		return;
	done->body = message_body(log, deed->template);
	done->value = value_text(done->body != NULL ? done->body : "");
	done->taken = strlen(done->value.text) <= VALUE_TEXT_MAX &&
		      (point->line == NULL ||
		       point_line_check(point->line, done->value.text, NULL) == 0);
}

static void log_deed(void *arg, const struct deed *deed)
{
	struct trial_log *log = arg;
	struct done done = {
		.at_ns = log->event->at.ns,
		.event = log->event->type,
		.rule = xstrdup(log->event->rule_name),
		.kind = deed->kind,
		.value = deed->value,
		.taken = deed->kind != DEED_WEBHOOK,
	};

	switch (deed->kind) {
	case DEED_WEBHOOK:
		done.target = log->config->webhooks[deed->webhook].name;
		done.body =
			message_body(log, log->config->webhooks[deed->webhook].webhook->body);
		break;
	case DEED_MQTT:
		done.target = log->config->mqtts[deed->mqtt].name;
		done.body = message_body(log, log->config->mqtts[deed->mqtt].mqtt->body);
		break;
	case DEED_WRITE:
		log_write(log, deed, &done);
		break;
	case DEED_LOG:
		break;
	}
	if (log->count == log->cap) {
		log->cap = log->cap > 0 ? 2 * log->cap : 16;
		log->done = xreallocarray(log->done, log->cap, sizeof(*log->done));
	}
	log->done[log->count++] = done;
	if (deed->kind == DEED_WEBHOOK)
		trial_delivery_add(log->delivery, log->config, deed->webhook, log->count - 1,
				   log->event->at);
}

void trial_log_event(struct trial_log *log, const struct config *config,
		     const struct event *event)
{
	const struct action_list *list = dispatch_list(config, event);

	log->config = config;
	log->event = event;
	for (size_t i = 0; list != NULL && i < list->count; i++) {
		if (dispatch_allows(event, list->types[i]))
			list->types[i]->tell(list->actions[i], event->type, log_deed, log);
	}
}

/* ---- comparing ------------------------------------------------------------------------ */

static void add_done(struct str *out, const struct done *done)
{
	str_adds(out, "at ");
	str_add_duration_exact(out, done->at_ns);
	switch (done->kind) {
	case DEED_WEBHOOK:
		str_addf(out, ": webhook %s", done->target);
		break;
	case DEED_MQTT:
		str_addf(out, ": mqtt %s", done->target);
		break;
	case DEED_WRITE:
		str_addf(out, ": write %s: ", done->target);
		value_show(done->value, out);
		break;
	case DEED_LOG:
		str_adds(out, ": log");
		break;
	}
	str_addf(out, " (%s of %s)", event_type_name(done->event), done->rule);
}

/* Whether what was done is of the kind that is expected, whenever and for whatever it was. */
static bool same_target(const struct done *done, const struct trial_deed *deed, size_t entry)
{
	if (deed->webhook != NULL)
		return done->kind == DEED_WEBHOOK && strcmp(done->target, deed->webhook) == 0;
	if (deed->mqtt != NULL)
		return done->kind == DEED_MQTT && strcmp(done->target, deed->mqtt) == 0;
	if (deed->write != NULL)
		return done->kind == DEED_WRITE &&
		       strcmp(done->target, deed->write->keys[entry]->text) == 0;
	return done->kind == DEED_LOG;
}

/* To the millisecond: what waits for more than 30 s is due a nanosecond behind them. */
static bool same_instant(int64_t a, int64_t b)
{
	return a - b < NSEC_PER_MSEC && b - a < NSEC_PER_MSEC;
}

static bool same_deed(const struct done *done, const struct trial_deed *deed, size_t entry)
{
	return done->taken && !done->expected && same_instant(done->at_ns, deed->at_ns) &&
	       same_target(done, deed, entry) &&
	       (deed->rule == NULL || strcmp(done->rule, deed->rule) == 0) &&
	       (!deed->has_event || (int)done->event == deed->event) &&
	       (deed->write == NULL || trial_value_is(done->value, deed->write->values[entry]));
}

/* What was done to the same target, for whoever wonders where it went. */
static void tell_others(const struct trial_log *log, const struct trial_deed *deed,
			size_t entry, struct diags *diags)
{
	unsigned told = 0;

	for (size_t i = 0; i < log->count && told < 5; i++) {
		struct str text;

		if (!log->done[i].taken || !same_target(&log->done[i], deed, entry) ||
		    log->done[i].expected)
			continue;
		str_init(&text);
		add_done(&text, &log->done[i]);
		diag_note(diags, "instead: %s", text.s);
		str_done(&text);
		told++;
	}
	if (told == 0)
		diag_note(diags, "nothing else of this kind was done that is not expected");
}

static void compare_body(const struct done *done, const struct trial_deed *deed,
			 struct diags *diags)
{
	json_error_t why;
	json_t *body;

	if (deed->body == NULL)
		return;
	body = json_loads(done->body, JSON_DECODE_ANY, &why);
	if (body == NULL)
		diag_error(diags, deed->body, "the body that was sent is not JSON: %s",
			   why.text);
	else
		trial_value_compare(body, deed->body, diags);
	json_decref(body);
}

/* One expected action; of a write, one of its points. False: it was not done. */
static bool find_deed(struct trial_log *log, const struct trial_deed *deed, size_t entry,
		      struct diags *diags)
{
	for (size_t i = 0; i < log->count; i++) {
		if (!same_deed(&log->done[i], deed, entry))
			continue;
		log->done[i].expected = true;
		compare_body(&log->done[i], deed, diags);
		return true;
	}
	return false;
}

static void tell_missing(const struct trial_log *log, const struct trial_deed *deed,
			 size_t entry, struct diags *diags)
{
	const struct yaml_node *node =
		deed->write != NULL ? deed->write->keys[entry] : deed->node;
	char room[40];
	struct str at;

	str_init_fixed(&at, room, sizeof(room));
	str_add_duration_exact(&at, deed->at_ns);
	diag_error(diags, node, "this was not done at %s", room);
	tell_others(log, deed, entry, diags);
}

static size_t deed_entries(const struct trial_deed *deed)
{
	return deed->write != NULL ? deed->write->count : 1;
}

/* All are looked for before any is missed: what one has found is nobody else's. */
static void compare_deeds(struct trial_log *log, const struct trial *trial, struct diags *diags)
{
	size_t entries = 0, n = 0;
	bool *found;

	for (size_t i = 0; i < trial->deed_count; i++)
		entries += deed_entries(&trial->deeds[i]);
	found = xcalloc(entries + 1, sizeof(*found));
	for (size_t i = 0; i < trial->deed_count; i++) {
		for (size_t k = 0; k < deed_entries(&trial->deeds[i]); k++)
			found[n++] = find_deed(log, &trial->deeds[i], k, diags);
	}
	n = 0;
	for (size_t i = 0; i < trial->deed_count; i++) {
		for (size_t k = 0; k < deed_entries(&trial->deeds[i]); k++) {
			if (!found[n++])
				tell_missing(log, &trial->deeds[i], k, diags);
		}
	}
	free(found);
}

void trial_log_compare(struct trial_log *log, const struct trial *trial, struct diags *diags)
{
	if (trial->deeds_node == NULL)
		return;
	compare_deeds(log, trial, diags);
	for (size_t i = 0; i < log->count; i++) {
		struct str text;

		if (log->done[i].expected || !log->done[i].taken)
			continue;
		str_init(&text);
		add_done(&text, &log->done[i]);
		diag_error(diags, trial->deeds_node, "this is not in the list: %s", text.s);
		str_done(&text);
	}
}
