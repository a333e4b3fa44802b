/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * One connection to an MQTT broker, kept up for ever: MQTT 5 or 3.1.1 by libmosquitto. It
 * publishes, and subscribes to nothing. A broker that sends more messages all the same than it
 * releases, or a packet that is too large, is left: libmosquitto would keep whatever it is
 * sent.
 *
 * Resolving and connecting wait, and libmosquitto does both in one call: it runs in a
 * short-lived thread, one at a time for each client, with a deadline for the connect. The
 * resolver has no deadline but its own; until it gives up there is no further attempt. All the
 * rest is on the loop, and waits for nothing. One address is tried at a time, first the one
 * that the resolver puts first, after each failure the next; with TLS the first one of the next
 * family, because libmosquitto verifies what it was told to connect to. Peer and host are
 * always verified with TLS.
 *
 * Every connection is a new object of libmosquitto: what was not acknowledged when one ends is
 * forgotten here, and the caller's to publish again. Addresses that are not connected to are
 * those of http_address.h; as libmosquitto resolves for itself they are looked at before the
 * connect, and the peer's once more behind it.
 *
 * Source: OASIS, MQTT Version 5.0 and 3.1.1; mosquitto.h of libmosquitto 2.0.
 */
#ifndef GAUGED_IO_MQTT_CLIENT_H
#define GAUGED_IO_MQTT_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"

struct loop;
struct mqtt_client;
struct mqtt_settings;

enum {
	MQTT_IN_FLIGHT = 16, /* messages that are not acknowledged, or not written yet */
	MQTT_PACKET_MAX = 256 << 10, /* bytes of a broker's packet, or of all that greets us */
	MQTT_HELD_MAX = 32,	     /* its messages of QoS 2 that it has not released */
};

/* All on the loop, and never from inside a call of this file. */
struct mqtt_client_host {
	/* The broker has accepted us. */
	void (*up)(void *arg);
	/* An attempt failed, or the connection is over; why is for people. */
	void (*down)(void *arg, const char *why);
	/*
	 * The broker has the message (QoS 0: it is written); or refuses it, with MQTT 5's
	 * reason code (128..255; otherwise 0) and its words.
	 */
	void (*acked)(void *arg, int message, int refused, const char *words);
	void *arg;
};

/* Copies both, and connects to nobody yet. seed: of the backoff, 0 takes one. */
struct mqtt_client *mqtt_client_new(struct loop *loop, const struct mqtt_settings *settings,
				    const struct mqtt_client_host *host, uint64_t seed);
/*
 * Says the will itself and goodbye, as far as that can be written at once. Neither up, down nor
 * acked are called any more. NULL is allowed.
 */
void mqtt_client_free(struct mqtt_client *client);
/* Who is told from here on. */
void mqtt_client_set_host(struct mqtt_client *client, const struct mqtt_client_host *host);
/* Whether two have the same settings, passwords included. */
bool mqtt_client_same(const struct mqtt_client *a, const struct mqtt_client *b);

void mqtt_client_start(struct mqtt_client *client);
/* Ends a pause: try now. */
void mqtt_client_wake(struct mqtt_client *client);
bool mqtt_client_up(const struct mqtt_client *client);
/* How many more may be published now; 0 while it is not up. */
size_t mqtt_client_room(const struct mqtt_client *client);

/*
 * Copies topic and body. 0: acked() follows with *ret_message, unless down() comes first.
 * -EAGAIN: there is no room, or it is not up. -EMSGSIZE, -ENOTSUP: this broker takes none of
 * that size, or QoS 1 or retained ones not at all. -EINVAL: no topic to publish to.
 */
int mqtt_client_publish(struct mqtt_client *client, const char *topic, const void *body,
			size_t len, int qos, bool retain, int *ret_message);

struct mqtt_client_report {
	const char *state; /* static: "stopped", "connecting", "up" or "backoff" */
	struct mono next;  /* attempt; with "backoff" */
	uint64_t attempts, connects, failures, losses, refused_addresses, published, acked,
		refused, ack_timeouts;
};
void mqtt_client_report(const struct mqtt_client *client, struct mqtt_client_report *ret);

#endif
