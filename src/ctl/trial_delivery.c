/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the queues and receivers of a test of rules. */
#include "ctl/trial_delivery.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/alloc.h"
#include "actions/outbox.h"
#include "actions/webhook_config.h"
#include "daemon/config.h"

enum { TAKEN = 200 };

struct receiver {
	TAILQ_ENTRY(receiver) link;
	char *name;
	const struct config *config; /* whose policy holds; NULL: nothing was sent to it */
	size_t index;
	struct outbox *outbox;
	int status;
	struct boot until;
};

struct trial_delivery {
	TAILQ_HEAD(receivers, receiver) receivers;
	trial_delivered *delivered;
	void *arg;
};

struct trial_delivery *trial_delivery_new(trial_delivered *delivered, void *arg)
{
	struct trial_delivery *delivery = xcalloc(1, sizeof(*delivery));

	TAILQ_INIT(&delivery->receivers);
	delivery->delivered = delivered;
	delivery->arg = arg;
	return delivery;
}

void trial_delivery_free(struct trial_delivery *delivery)
{
	struct receiver *receiver;

	while ((receiver = TAILQ_FIRST(&delivery->receivers)) != NULL) {
		TAILQ_REMOVE(&delivery->receivers, receiver, link);
		outbox_free(receiver->outbox);
		free(receiver->name);
		free(receiver);
	}
	free(delivery);
}

static struct receiver *find_receiver(struct trial_delivery *delivery, const char *name)
{
	static const struct outbox_policy none = {.strict = true, .for_ns = INT64_MAX / 4};
	struct receiver *receiver;

	TAILQ_FOREACH (receiver, &delivery->receivers, link) {
		if (strcmp(receiver->name, name) == 0)
			return receiver;
	}
	receiver = xcalloc(1, sizeof(*receiver));
	receiver->name = xstrdup(name);
	receiver->outbox = outbox_new(&none, 1, NULL);
	receiver->status = TAKEN;
	TAILQ_INSERT_TAIL(&delivery->receivers, receiver, link);
	return receiver;
}

void trial_delivery_reply(struct trial_delivery *delivery, const char *name, int status,
			  struct boot until)
{
	struct receiver *receiver = find_receiver(delivery, name);

	receiver->status = status;
	receiver->until = until;
}

/* What stands in for a message: the number of the caller. */
static void enqueue(struct receiver *receiver, size_t parcel, struct boot now)
{
	struct outbox_identity identity;
	char text[32];
	int len = snprintf(text, sizeof(text), "%zu", parcel);

	outbox_identify(receiver->outbox, &identity);
	outbox_add(receiver->outbox, &identity,
		   &(struct outbox_message){
			   .url = "", .headers = "", .body = text, .body_len = (size_t)len},
		   now);
}

static size_t parcel_of(const struct outbox_row *row)
{
	return strtoul(row->message.body, NULL, 10);
}

static void send(struct trial_delivery *delivery, const struct config *config, size_t index,
		 size_t parcel, struct boot now)
{
	struct receiver *receiver = find_receiver(delivery, config->webhooks[index].name);
	struct outbox_policy policy = config->webhooks[index].webhook->policy;

	policy.steady = true;
	receiver->config = config;
	receiver->index = index;
	outbox_set_policy(receiver->outbox, &policy);
	enqueue(receiver, parcel, now);
}

/* What is given up goes on to the fallback. */
static void pass_on(struct trial_delivery *delivery, struct receiver *receiver, struct boot now)
{
	struct outbox_row *row;

	while ((row = outbox_leaving(receiver->outbox)) != NULL) {
		send(delivery, receiver->config,
		     receiver->config->webhooks[receiver->index].fallback, parcel_of(row), now);
		outbox_left(receiver->outbox, row);
	}
}

static void try_all(struct trial_delivery *delivery, struct receiver *receiver, struct boot now)
{
	struct outbox_row *row;

	if (receiver->config == NULL)
		return;
	while ((row = outbox_take(receiver->outbox, now)) != NULL) {
		int status = now.ns < receiver->until.ns ? receiver->status : TAKEN;
		size_t parcel = parcel_of(row);

		if (outbox_answer(receiver->outbox, row, status, -1, now) == OUTBOX_DONE)
			delivery->delivered(delivery->arg, parcel, receiver->name, now);
	}
	pass_on(delivery, receiver, now);
}

bool trial_delivery_deadline(const struct trial_delivery *delivery, struct boot *ret)
{
	const struct receiver *receiver;
	struct boot due;
	bool any = false;

	TAILQ_FOREACH (receiver, &delivery->receivers, link) {
		if (receiver->config == NULL || !outbox_deadline(receiver->outbox, &due))
			continue;
		if (!any || due.ns < ret->ns)
			*ret = due;
		any = true;
	}
	return any;
}

void trial_delivery_run(struct trial_delivery *delivery, struct boot now)
{
	struct receiver *receiver;
	struct boot due;

	while (trial_delivery_deadline(delivery, &due) && due.ns <= now.ns) {
		TAILQ_FOREACH (receiver, &delivery->receivers, link)
			try_all(delivery, receiver, due);
	}
}

void trial_delivery_add(struct trial_delivery *delivery, const struct config *config,
			size_t index, size_t parcel, struct boot now)
{
	struct receiver *receiver;

	trial_delivery_run(delivery, boot_add(now, -1));
	send(delivery, config, index, parcel, now);
	TAILQ_FOREACH (receiver, &delivery->receivers, link)
		try_all(delivery, receiver, now);
}
