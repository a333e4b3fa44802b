/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * The inside of a broker's side, for mqtt.c (its life), mqtt_flow.c (what goes when) and
 * mqtt_report.c.
 */
#ifndef GAUGED_ACTIONS_MQTT_CORE_H
#define GAUGED_ACTIONS_MQTT_CORE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "actions/mqtt.h"
#include "actions/tls_ends.h"
#include "base/log.h"
#include "io/mqtt_client.h"

/* A row under way. */
struct mqtt_flight {
	LIST_ENTRY(mqtt_flight) link;
	struct outbox_row *row;
	int message;
};

struct mqtt {
	const struct mqtt_config *config;
	struct mqtt_client *client;
	struct loop_timer *timer; /* of the outbox */
	struct loop_timer *looks; /* at points */
	struct loop_defer *wake;
	struct outbox *outbox;
	bool owns_outbox, started;
	bool looking; /* at points, of which some are left in this round */
	struct mqtt_host host;
	LIST_HEAD(, mqtt_flight) flights;
	struct mqtt_retained *retained;
	struct mqtt_publication publication;
	enum outbox_verdict last; /* of the last try that ended */
	char failure[240];	  /* of the last try that failed */
	uint64_t states, states_refused, expired_told;
	struct tls_ends ends;
	struct complaint trouble, rejected, lost, dropped, refused;
};

/* Sends what may go, and plans the next try. */
void mqtt_dispatch(struct mqtt *mqtt);
/* The same, as a callback; nothing before the start. */
void mqtt_turn(void *arg);
/* Renders and queues. */
int mqtt_enqueue(struct mqtt *mqtt, const struct event *event, const struct event_stamp *stamp);
/* Tells of what was lost, as soon as there is room for it, and before what comes later. */
void mqtt_tell_gap(struct mqtt *mqtt);
/* Looks at points, now and from here on; a callback. */
void mqtt_look(void *arg);
void mqtt_look_later(struct mqtt *mqtt, int64_t after_ns);
/* What the connection tells. */
struct mqtt_client_host mqtt_hears(struct mqtt *mqtt);
/* Forgets a row that was under way. */
void mqtt_flight_end(struct mqtt_flight *flight);

#endif
