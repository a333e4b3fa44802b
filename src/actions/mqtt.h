/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * A broker at work: events go into an outbox and from there to the broker, with QoS 1 and in
 * order, and leave the outbox when the broker has acknowledged them. Beside that the states of
 * alarms and points are kept retained there, the latest only. Nothing here waits. All calls
 * happen on the loop.
 */
#ifndef GAUGED_ACTIONS_MQTT_H
#define GAUGED_ACTIONS_MQTT_H

#include <stddef.h>
#include <stdint.h>

#include "actions/mqtt_retained.h"
#include "actions/outbox.h"

struct error;
struct event;
struct event_stamp;
struct loop;
struct mqtt;
struct mqtt_config;
struct report;
struct secret_dirs;

/* What a broker's side asks of the daemon. */
struct mqtt_host {
	/* The clocks and the place for an event that no rule has. */
	void (*stamp)(void *arg, const struct event *event, struct event_stamp *ret);
	void *arg;
	struct mqtt_source source;
};

/*
 * Reads the secrets (small local files; NULL + err if one is missing or unfit) and connects to
 * nobody yet. config, plant and outbox are borrowed and must outlive it. outbox NULL: a queue
 * of its own, in memory.
 */
struct mqtt *mqtt_open(const struct mqtt_config *config, const struct mqtt_plant *plant,
		       struct loop *loop, struct outbox *outbox,
		       const struct secret_dirs *secrets, struct error *err);
/* Says goodbye; waits for nothing. NULL is allowed. */
void mqtt_close(struct mqtt *mqtt);

/*
 * For a reload: takes over what old has under way, its counters, its queue if that is its own,
 * and its connection unless that would be another one now, which ends here. What old has
 * retained on the broker and this one does not is taken away. old is left to be closed.
 * mqtt_start() comes after.
 */
void mqtt_adopt(struct mqtt *mqtt, struct mqtt *old);
/* Connects; from here on messages go out, by the configuration's policy. */
void mqtt_start(struct mqtt *mqtt, const struct mqtt_host *host);

/* Renders, queues and, if nothing holds it back, sends within this call. */
void mqtt_send(struct mqtt *mqtt, const struct event *event, const struct event_stamp *stamp);
/* A rule has moved: its state is published at the end of this turn of the loop. */
void mqtt_alarm_moved(struct mqtt *mqtt, uint32_t rule);
/* Ends a pause: an operator asked, or the network came up. */
void mqtt_wake(struct mqtt *mqtt);

const char *mqtt_name(const struct mqtt *mqtt);
/* The name of its queue: webhooks have names of their own. */
const char *mqtt_queue(const struct mqtt *mqtt);
/* Messages that are not delivered yet, those under way included. */
size_t mqtt_waiting(const struct mqtt *mqtt);
/* state: "up", "connecting", "backoff" or "rejected". */
void mqtt_report(const struct mqtt *mqtt, struct report *ret);

#endif
