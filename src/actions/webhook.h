/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * A webhook at work: renders events into messages, queues them, and sends them in order until
 * the receiver took them. Nothing here waits. All calls happen on the loop.
 */
#ifndef GAUGED_ACTIONS_WEBHOOK_H
#define GAUGED_ACTIONS_WEBHOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "actions/outbox.h"

struct action_type;
struct error;
struct event;
struct event_stamp;
struct http_client;
struct loop;
struct report;
struct secret_dirs;
struct webhook;
struct webhook_config;

/* What a webhook asks of the daemon. */
struct webhook_host {
	/* The clocks and the place for an event that no rule has. */
	void (*stamp)(void *arg, const struct event *event, struct event_stamp *ret);
	void *arg;
};

/*
 * Reads the secrets (small local files; NULL + err if one is missing or unfit) and connects to
 * nobody yet. config, client and outbox are borrowed and must outlive the webhook. outbox
 * NULL: a queue of its own, in memory.
 */
struct webhook *webhook_open(const struct webhook_config *config, struct http_client *client,
			     struct loop *loop, struct outbox *outbox,
			     const struct secret_dirs *secrets, struct error *err);
/*
 * Cancels what is under way. Waits for nothing: whoever wants the queue to drain looks at
 * webhook_waiting(). Says in the log how many messages are lost with a queue of its own. NULL
 * is allowed.
 */
void webhook_close(struct webhook *webhook);

/*
 * For a reload: takes over what old has under way, its counters, and its queue if that is its
 * own (otherwise both were opened with the same one). old is left to be closed. A changed URL
 * is tried at once. webhook_start() comes after.
 */
void webhook_adopt(struct webhook *webhook, struct webhook *old);
/*
 * From here on messages go out, by the configuration's policy. fallback (NULL: none) gets what
 * is given up, as soon as it has room, and must outlive the webhook.
 */
void webhook_start(struct webhook *webhook, const struct webhook_host *host,
		   struct webhook *fallback);

/* Renders, queues and, if nothing holds it back, sends within this call. */
void webhook_send(struct webhook *webhook, const struct event *event,
		  const struct event_stamp *stamp);
/* Tries now what waits, also when the webhook is parked: an operator asked. */
void webhook_retry(struct webhook *webhook);
/* Ends a backoff: the network came up. */
void webhook_wake(struct webhook *webhook);

/* How it stands, for people. */
struct webhook_view {
	const char *state;   /* as in webhook_report() */
	const char *origin;  /* of its URL: scheme, host and port */
	const char *last;    /* the last answer, or why there was none; NULL: not tried yet */
	int64_t last_age_ns; /* since then; -1: not tried yet */
	int64_t next_ns;     /* until something is tried again; -1: nothing is to be tried */
	size_t waiting, in_flight, dead;
	uint64_t delivered;
	bool is_signed;
};
void webhook_view(const struct webhook *webhook, struct webhook_view *ret);

const char *webhook_name(const struct webhook *webhook);
/* Messages that are not delivered yet, those under way included. */
size_t webhook_waiting(const struct webhook *webhook);
void webhook_outbox(const struct webhook *webhook, struct outbox_report *ret);
/* state: "up", "backoff", "rejected" or "parked". */
void webhook_report(const struct webhook *webhook, struct report *ret);

#endif
