/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* What the files webhook*.c do for each other; nobody else includes it. */
#ifndef GAUGED_ACTIONS_WEBHOOK_INSIDE_H
#define GAUGED_ACTIONS_WEBHOOK_INSIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "actions/outbox.h"
#include "actions/signature.h"
#include "actions/tls_ends.h"
#include "actions/webhook.h"
#include "base/clock.h"
#include "base/log.h"
#include "io/http_client.h"

struct envelope;
struct event_facts;
struct http_route;
struct keyring;
struct loop_defer;
struct loop_timer;
struct webhook_message;

struct webhook {
	const struct webhook_config *config;
	struct http_client *client;
	struct loop_timer *timer;
	struct loop_defer *wake;
	struct outbox *outbox;
	bool owns_outbox, started;
	struct webhook *fallback; /* NULL: there is none */
	struct webhook_host host;
	LIST_HEAD(, flight) flights; /* webhook.c */
	struct keyring *secrets;
	struct http_route *route;
	struct tls_ends ends;
	struct signature_key keys[SIGNATURE_KEYS_MAX]; /* those of config->sign */
	enum outbox_verdict last;		       /* of the last try that ended */
	char failure[200];    /* what the last try that ended was answered */
	struct boot answered; /* when that was */
	uint64_t headers_refused;
	uint64_t expired_told; /* messages given up for their age that the log knows of */
	struct complaint trouble, rejected, lost, dropped, refused, stuck;
};

/* A message as it is queued: see webhook_message_render(). */
void webhook_render(const struct webhook *webhook, const struct event_facts *facts,
		    struct webhook_message *ret);

/* See envelope_init(). */
int webhook_seal(const struct webhook *webhook, const char *id,
		 const struct outbox_message *message, struct envelope *ret);
/* Sends the envelope, which has to be there until done is called. */
struct http_request *webhook_call(const struct webhook *webhook,
				  const struct envelope *envelope, http_done *done, void *arg);

#endif
