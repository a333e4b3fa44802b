/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * A webhook at work: renders events into messages, queues them, and sends them in order until
 * the receiver took them. Nothing here waits. All calls happen on the loop.
 */
#ifndef GAUGED_ACTIONS_WEBHOOK_H
#define GAUGED_ACTIONS_WEBHOOK_H

#include <stddef.h>

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

/*
 * Reads the secrets (small local files; NULL + err if one is missing or unfit) and connects to
 * nobody yet. config and client are borrowed and must outlive the webhook.
 */
struct webhook *webhook_open(const struct webhook_config *config, struct http_client *client,
			     struct loop *loop, const struct secret_dirs *secrets,
			     struct error *err);
/*
 * Cancels what is under way and frees the queue; says in the log how many messages are lost
 * by that. Waits for nothing: whoever wants the queue to drain looks at webhook_waiting().
 * NULL is allowed.
 */
void webhook_close(struct webhook *webhook);

/*
 * For a reload: takes over the queue of old with what is under way, its counters and its
 * numbering. old is left empty, to be closed. A changed URL is tried at once.
 */
void webhook_adopt(struct webhook *webhook, struct webhook *old);

/* Renders, queues and, if nothing holds it back, sends within this call. */
void webhook_send(struct webhook *webhook, const struct event *event,
		  const struct event_stamp *stamp);
/* Tries now what waits, also when the webhook is parked: an operator asked. */
void webhook_retry(struct webhook *webhook);

const char *webhook_name(const struct webhook *webhook);
/* Messages that are not delivered yet, those under way included. */
size_t webhook_waiting(const struct webhook *webhook);
void webhook_outbox(const struct webhook *webhook, struct outbox_report *ret);
/* state: "up", "backoff", "rejected" or "parked". */
void webhook_report(const struct webhook *webhook, struct report *ret);

#endif
