/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the places of clients and their deadlines. */
#include "daemon/client.h"

#include <stdlib.h>
#include <sys/socket.h>

#include "base/alloc.h"
#include "io/loop.h"

#define REQUEST_NS   (5 * NSEC_PER_SEC)	   /* for a whole request */
#define ANSWER_NS    (30 * NSEC_PER_SEC)   /* for reading an answer */
#define EVICTABLE_NS (100 * NSEC_PER_MSEC) /* idle for so long: may lose its place */

static int64_t client_allowed_ns(const struct client *client)
{
	switch (client->state) {
	case CLIENT_IDLE:
		return REQUEST_NS;
	case CLIENT_ANSWERED:
		return ANSWER_NS;
	case CLIENT_SERVED:
	case CLIENT_FOLLOWING:
	case CLIENT_DOOMED:
		break;
	}
	return INT64_MAX;
}

static void clients_plan(struct clients *clients)
{
	struct mono first = MONO_NEVER;
	const struct client *client;

	TAILQ_FOREACH (client, &clients->list, entry) {
		struct mono end = mono_add(client->since, client_allowed_ns(client));

		if (end.ns < first.ns)
			first = end;
	}
	if (first.ns != INT64_MAX)
		loop_timer_start(clients->deadline, first);
	else
		loop_timer_stop(clients->deadline);
}

static void clients_deadline(void *arg)
{
	struct clients *clients = arg;
	struct mono now = clock_mono();
	struct client *client;

	TAILQ_FOREACH (client, &clients->list, entry) {
		if (mono_diff(now, client->since) >= client_allowed_ns(client)) {
			clients->timed_out++;
			client_doom(client);
		}
	}
	clients_plan(clients);
}

void clients_init(struct clients *clients, struct loop *loop)
{
	*clients = (struct clients){0};
	TAILQ_INIT(&clients->list);
	clients->deadline = loop_timer_new(loop, clients_deadline, clients);
}

void clients_done(struct clients *clients)
{
	loop_timer_free(clients->deadline);
}

struct census {
	unsigned all, others, tcp;
	struct client *oldest;	     /* idle one that may lose its place */
	struct client *oldest_other; /* the same, not root's */
};

static void census_idle(struct client **oldest, struct client *client)
{
	if (*oldest == NULL || client->since.ns < (*oldest)->since.ns)
		*oldest = client;
}

static struct census clients_census(const struct clients *clients, struct mono now)
{
	struct census census = {0};
	struct client *client;

	TAILQ_FOREACH (client, &clients->list, entry) {
		if (client->state == CLIENT_DOOMED)
			continue;
		census.all++;
		census.others += !client->peer.root;
		census.tcp += client->peer.role == PEER_METRICS;
		/* One that has only just come is about to speak. */
		if (client->state != CLIENT_IDLE ||
		    mono_diff(now, client->since) < EVICTABLE_NS)
			continue;
		census_idle(&census.oldest, client);
		if (!client->peer.root)
			census_idle(&census.oldest_other, client);
	}
	return census;
}

bool clients_place(struct clients *clients, const struct peer *peer)
{
	struct census census = clients_census(clients, clock_mono());
	struct client *leaves;

	if (peer->role == PEER_METRICS && census.tcp >= CLIENTS_TCP)
		return false;
	if (census.all < CLIENTS_MAX && (peer->root || census.others < CLIENTS_OTHERS))
		return true;
	leaves = census.oldest_other;
	if (leaves == NULL && peer->root)
		leaves = census.oldest;
	if (leaves == NULL)
		return false;
	clients->evicted++;
	client_doom(leaves);
	return true;
}

struct client *client_new(struct clients *clients, int fd, const struct peer *peer)
{
	struct client *client = xcalloc(1, sizeof(*client));

	client->clients = clients;
	client->fd = fd;
	client->peer = *peer;
	TAILQ_INSERT_TAIL(&clients->list, client, entry);
	clients->all++;
	clients->now++;
	client_enter(client, CLIENT_IDLE);
	return client;
}

void client_free(struct client *client)
{
	struct clients *clients = client->clients;

	TAILQ_REMOVE(&clients->list, client, entry);
	clients->now -= client->state != CLIENT_DOOMED;
	clients_plan(clients);
	free(client->target);
	free(client);
}

void client_enter(struct client *client, enum client_state state)
{
	if (client->state == CLIENT_DOOMED)
		return;
	client->state = state;
	client->since = clock_mono();
	clients_plan(client->clients);
}

void client_doom(struct client *client)
{
	client->clients->now -= client->state != CLIENT_DOOMED;
	client_enter(client, CLIENT_DOOMED);
	shutdown(client->fd, SHUT_RDWR);
}
