/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the way of a message to a broker, and of states beside it. */
#include "actions/mqtt_core.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actions/action.h"
#include "actions/event_body.h"
#include "actions/mqtt_config.h"
#include "actions/mqtt_message.h"
#include "actions/webhook_message.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/str.h"
#include "io/loop.h"
#include "model/event.h"

enum {
	GAP_ROOM = 4096,     /* bytes that a queue has to have left to tell of a gap */
	FOR_EVENTS = 4,	     /* places under way that states leave to events */
	LOOKS_AT_ONCE = 256, /* points, in one turn of the loop */
};

/* The classes of outcomes that the outbox knows, in HTTP's words. */
enum { STATUS_NONE = 0, STATUS_DONE = 200, STATUS_REJECTED = 400 };

/* ---- one try ---- */

void mqtt_flight_end(struct mqtt_flight *flight)
{
	LIST_REMOVE(flight, link);
	free(flight);
}

static uint64_t expired(const struct mqtt *mqtt)
{
	struct outbox_report box;

	outbox_report(mqtt->outbox, &box);
	return box.expired;
}

static void say_dead(struct mqtt *mqtt)
{
	struct outbox_report box;

	outbox_report(mqtt->outbox, &box);
	mqtt->expired_told = box.expired;
	complaint_say(&mqtt->lost, clock_mono(),
		      "mqtt %s: a message is given up (%s), the next one goes; given up so "
		      "far: %ju",
		      mqtt->config->name, mqtt->failure, (uintmax_t)box.dead_letters);
}

static void say_expired(struct mqtt *mqtt)
{
	uint64_t more = expired(mqtt) - mqtt->expired_told;

	if (more == 0)
		return;
	mqtt->expired_told += more;
	complaint_say(&mqtt->lost, clock_mono(),
		      "mqtt %s: %ju %s too old to be tried again, given up", mqtt->config->name,
		      (uintmax_t)more, str_plural(more, "message was", "messages were"));
}

/* status: see above; why: of one that is not delivered. */
static void row_ended(struct mqtt *mqtt, struct outbox_row *row, int status, const char *why)
{
	char id[OUTBOX_ID_SIZE];

	memcpy(id, row->identity.id, sizeof(id));
	if (status != STATUS_DONE)
		snprintf(mqtt->failure, sizeof(mqtt->failure), "%s", why);
	mqtt->last = outbox_answer(mqtt->outbox, row, status, -1, clock_boot());
	switch (mqtt->last) {
	case OUTBOX_DONE:
		complaint_end(&mqtt->rejected, "mqtt %s: messages are accepted again",
			      mqtt->config->name);
		complaint_end(&mqtt->lost, "mqtt %s: no message is given up any more",
			      mqtt->config->name);
		mqtt_tell_gap(mqtt);
		return;
	case OUTBOX_DEAD:
		say_dead(mqtt);
		return;
	case OUTBOX_RETRY:
		/* Of a connection that is not there on_down() tells. */
		if (status == STATUS_REJECTED)
			complaint_say(&mqtt->rejected, clock_mono(),
				      "mqtt %s: message %s is refused (%s), try %u of %d",
				      mqtt->config->name, id, mqtt->failure, row->rejections,
				      OUTBOX_REJECTIONS);
		return;
	case OUTBOX_PARKED:
		return;
	}
}

static const char *refusal_words(int code)
{
	switch (code) {
	case -EMSGSIZE:
		return "it is too large for this broker";
	case -ENOTSUP:
		return "this broker has no QoS 1";
	default:
		return "nothing can be published to its topic";
	}
}

/* False: nothing more can go now. */
static bool row_start(struct mqtt *mqtt, struct outbox_row *row)
{
	const struct outbox_message *message = &row->message;
	struct mqtt_flight *flight;
	int number, rc;

	if (!mqtt_client_up(mqtt->client)) {
		row_ended(mqtt, row, STATUS_NONE,
			  mqtt->failure[0] != '\0' ? mqtt->failure : "not connected yet");
		return false;
	}
	rc = mqtt_client_publish(mqtt->client, message->url, message->body, message->body_len,
				 1, false, &number);
	if (rc == -EAGAIN) {
		outbox_return(mqtt->outbox, row);
		return false;
	}
	if (rc != 0) {
		row_ended(mqtt, row, STATUS_REJECTED, refusal_words(rc));
		return true;
	}
	flight = xcalloc(1, sizeof(*flight));
	flight->row = row;
	flight->message = number;
	LIST_INSERT_HEAD(&mqtt->flights, flight, link);
	return true;
}

/* ---- states ---- */

static void publish_states(struct mqtt *mqtt)
{
	struct mqtt_publication *next = &mqtt->publication;
	int number;

	while (mqtt_client_room(mqtt->client) > FOR_EVENTS &&
	       mqtt_retained_next(mqtt->retained, &mqtt->host.source, next)) {
		int rc = mqtt_client_publish(mqtt->client, next->topic.s,
					     next->body.len > 0 ? next->body.s : NULL,
					     next->body.len, next->qos, true, &number);

		mqtt->states += rc == 0;
		if (rc == 0 || rc == -EAGAIN)
			continue;
		mqtt->states_refused++;
		complaint_say(&mqtt->refused, clock_mono(),
			      "mqtt %s: a state can't be published to %s: %s",
			      mqtt->config->name, next->topic.s, refusal_words(rc));
	}
}

void mqtt_look_later(struct mqtt *mqtt, int64_t after_ns)
{
	if (mqtt->config->points.count > 0)
		loop_timer_start(mqtt->looks, mono_add(clock_mono(), after_ns));
}

void mqtt_look(void *arg)
{
	struct mqtt *mqtt = arg;

	mqtt->looking = mqtt_client_up(mqtt->client) &&
			mqtt_retained_look(mqtt->retained, &mqtt->host.source, LOOKS_AT_ONCE);
	mqtt_look_later(mqtt, mqtt->looking ? 0 : mqtt->config->points.every_ns);
	publish_states(mqtt);
}

/* ---- the connection ---- */

static void on_up(void *arg)
{
	struct mqtt *mqtt = arg;

	complaint_end(&mqtt->trouble, "mqtt %s: connected to %s again", mqtt->config->name,
		      mqtt->config->origin);
	log_info("mqtt %s: connected to %s", mqtt->config->name, mqtt->config->origin);
	outbox_wake(mqtt->outbox);
	mqtt_retained_anew(mqtt->retained);
	mqtt_dispatch(mqtt);
}

static void on_down(void *arg, const char *why)
{
	struct mqtt *mqtt = arg;
	struct mqtt_client_report report;
	struct mqtt_flight *flight;
	struct str pause;
	char room[64];

	while ((flight = LIST_FIRST(&mqtt->flights)) != NULL) {
		outbox_return(mqtt->outbox, flight->row);
		mqtt_flight_end(flight);
	}
	snprintf(mqtt->failure, sizeof(mqtt->failure), "%s", why);
	mqtt_client_report(mqtt->client, &report);
	str_init_fixed(&pause, room, sizeof(room));
	str_add_duration(&pause, mono_diff(report.next, clock_mono()));
	complaint_say(&mqtt->trouble, clock_mono(),
		      "mqtt %s: %s: %s, %zu waiting, next try in %s", mqtt->config->name,
		      mqtt->config->origin, why, mqtt_waiting(mqtt), pause.s);
	loop_defer_ask(mqtt->wake);
}

static void state_acked(struct mqtt *mqtt, int refused, const char *words)
{
	if (refused == 0)
		return;
	mqtt->states_refused++;
	complaint_say(&mqtt->refused, clock_mono(),
		      "mqtt %s: the broker refuses a state: %s (code %d)", mqtt->config->name,
		      words, refused);
}

/*
 * MQTT 5, section 3.4.2.1: the same message is refused again where it is not authorised or its
 * topic or form is wrong; everything else is the broker's trouble, and passes.
 */
static int status_of(int refused)
{
	static const int rejections[] = {135, 144, 153};

	if (refused == 0)
		return STATUS_DONE;
	for (size_t i = 0; i < ARRAY_SIZE(rejections); i++) {
		if (refused == rejections[i])
			return STATUS_REJECTED;
	}
	return STATUS_NONE;
}

static void on_acked(void *arg, int message, int refused, const char *words)
{
	struct mqtt *mqtt = arg;
	struct mqtt_flight *flight;

	LIST_FOREACH (flight, &mqtt->flights, link) {
		if (flight->message == message)
			break;
	}
	if (flight != NULL) {
		struct outbox_row *row = flight->row;

		mqtt_flight_end(flight);
		row_ended(mqtt, row, status_of(refused), words);
	} else {
		state_acked(mqtt, refused, words);
	}
	mqtt_dispatch(mqtt);
}

struct mqtt_client_host mqtt_hears(struct mqtt *mqtt)
{
	return (struct mqtt_client_host){on_up, on_down, on_acked, mqtt};
}

/* ---- messages ---- */

int mqtt_enqueue(struct mqtt *mqtt, const struct event *event, const struct event_stamp *stamp)
{
	struct outbox_identity identity;
	struct event_facts facts = {event, stamp, identity.id, 0};
	struct mqtt_message message;
	int rc;

	outbox_identify(mqtt->outbox, &identity);
	facts.seq = identity.seq;
	mqtt_message_render(&message, mqtt->config, &facts);
	rc = outbox_add(mqtt->outbox, &identity, &message.message, clock_boot());
	if (rc == 0)
		log_debug("mqtt %s: %s is number %ju: %s", mqtt->config->name, identity.id,
			  (uintmax_t)identity.seq, message.what.s);
	mqtt_message_done(&message);
	return rc;
}

void mqtt_tell_gap(struct mqtt *mqtt)
{
	struct event_stamp stamp;
	struct outbox_gap gap;
	struct event event;
	struct str text;
	char room[256];

	if (mqtt->host.stamp == NULL || !outbox_gap(mqtt->outbox, &gap) ||
	    !outbox_has_room(mqtt->outbox, GAP_ROOM))
		return;
	str_init_fixed(&text, room, sizeof(room));
	webhook_gap_event(&gap, mqtt->config->name, &text, &event);
	event.at = clock_boot();
	mqtt->host.stamp(mqtt->host.arg, &event, &stamp);
	outbox_gap_told(mqtt->outbox);
	if (mqtt_enqueue(mqtt, &event, &stamp) != 0)
		outbox_set_gap(mqtt->outbox, &gap);
}

void mqtt_dispatch(struct mqtt *mqtt)
{
	struct boot now = clock_boot(), next;
	struct outbox_row *row;

	while ((row = outbox_take(mqtt->outbox, now)) != NULL) {
		if (!row_start(mqtt, row))
			break;
	}
	publish_states(mqtt);
	say_expired(mqtt);
	if (outbox_deadline(mqtt->outbox, &next) && next.ns > now.ns)
		loop_timer_start(mqtt->timer, mono_add(clock_mono(), boot_diff(next, now)));
	else
		loop_timer_stop(mqtt->timer);
}

void mqtt_turn(void *arg)
{
	struct mqtt *mqtt = arg;

	if (mqtt->started)
		mqtt_dispatch(mqtt);
}
