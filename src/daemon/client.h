/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * The clients of the control API: how many there may be, who keeps a place for whom, and how
 * long each may take. Knows descriptors and deadlines, not what is said.
 */
#ifndef GAUGED_DAEMON_CLIENT_H
#define GAUGED_DAEMON_CLIENT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/clock.h"
#include "daemon/peer.h"

struct loop;
struct loop_timer;

enum {
	CLIENTS_MAX = 32,
	CLIENTS_OTHERS = 30, /* who is not root; the rest is kept for root */
	CLIENTS_TCP = 8,     /* of these, those that came by TCP */
};

enum client_state {
	CLIENT_IDLE,	  /* a request is not there, or not whole: 5 s */
	CLIENT_SERVED,	  /* it is being served */
	CLIENT_ANSWERED,  /* the answer is being read: 30 s */
	CLIENT_FOLLOWING, /* the answer has no end */
	CLIENT_DOOMED,	  /* shut down; whoever owns the descriptor will notice */
};

struct client {
	TAILQ_ENTRY(client) entry;
	struct clients *clients;
	int fd; /* somebody else's to close */
	struct peer peer;
	enum client_state state;
	struct mono since; /* it is in that state */
	char *target;	   /* of the request that is being read; freed with the client */
	void *request;	   /* that is being served, or NULL */
};

struct clients {
	TAILQ_HEAD(client_list, client) list;
	struct loop_timer *deadline;
	uint64_t all, evicted, timed_out;
	uint64_t now; /* without the doomed */
};

void clients_init(struct clients *clients, struct loop *loop);
/* No client may be left. */
void clients_done(struct clients *clients);

/*
 * Whether there is a place for who comes; if need be the idle client that has waited longest
 * loses its own: for root anybody's, for others that of one who is not root either.
 */
bool clients_place(struct clients *clients, const struct peer *peer);
struct client *client_new(struct clients *clients, int fd, const struct peer *peer);
void client_free(struct client *client);

void client_enter(struct client *client, enum client_state state);
/* Shuts the descriptor down in both directions. */
void client_doom(struct client *client);

#endif
