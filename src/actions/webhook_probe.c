/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the one message that asks a receiver whether it is well. */
#include "actions/webhook_probe.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "actions/envelope.h"
#include "actions/event_body.h"
#include "actions/outbox.h"
#include "actions/webhook_inside.h"
#include "actions/webhook_message.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/random.h"

struct webhook_probe {
	struct webhook_message message;
	struct envelope envelope;
	struct http_request *request;
	char id[WEBHOOK_PROBE_ID];
	struct mono started;
	webhook_probe_done *done;
	void *arg;
};

static void probe_free(struct webhook_probe *probe)
{
	envelope_done(&probe->envelope);
	webhook_message_done(&probe->message);
	free(probe);
}

static void probe_answered(void *arg, const struct http_answer *answer)
{
	struct webhook_probe *probe = arg;

	probe->done(probe->arg, probe->id, mono_diff(clock_mono(), probe->started), answer);
	probe_free(probe);
}

struct webhook_probe *webhook_probe_start(const struct webhook *webhook,
					  const struct event *event,
					  const struct event_stamp *stamp,
					  webhook_probe_done *done, void *arg)
{
	struct webhook_probe *probe = xcalloc(1, sizeof(*probe));
	struct event_facts facts = {event, stamp, probe->id, 0};
	uint64_t number;

	/* Not of the queue's numbers, in which a gap is a loss. */
	random_bytes(&number, sizeof(number));
	snprintf(probe->id, sizeof(probe->id), "msg_test%016" PRIx64, number);
	probe->done = done;
	probe->arg = arg;
	probe->started = clock_mono();
	webhook_render(webhook, &facts, &probe->message);
	/* All secrets are there: they were read for the templates that were written just now.
	 */
	if (webhook_seal(webhook, probe->id, &probe->message.message, &probe->envelope) != 0)
		abort();
	probe->request = webhook_call(webhook, &probe->envelope, probe_answered, probe);
	return probe;
}

void webhook_probe_cancel(struct webhook_probe *probe)
{
	if (probe == NULL)
		return;
	http_request_cancel(probe->request);
	probe_free(probe);
}
