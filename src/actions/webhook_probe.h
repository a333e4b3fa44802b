/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * A message to a webhook that does not stand in its queue: somebody wants to know, now, what
 * the receiver says. Made, signed and sent as any other; it is tried once, also while the
 * webhook is parked or pauses, and nothing is counted or decided by its outcome.
 */
#ifndef GAUGED_ACTIONS_WEBHOOK_PROBE_H
#define GAUGED_ACTIONS_WEBHOOK_PROBE_H

#include <stdint.h>

struct event;
struct event_stamp;
struct http_answer;
struct webhook;
struct webhook_probe;

enum { WEBHOOK_PROBE_ID = 32 };

/* answer is borrowed; id: the webhook-id that the receiver got. */
typedef void webhook_probe_done(void *arg, const char *id, int64_t took_ns,
				const struct http_answer *answer);

/*
 * done is called once, never from within; the probe is gone afterwards. The webhook may end
 * before.
 */
struct webhook_probe *webhook_probe_start(const struct webhook *webhook,
					  const struct event *event,
					  const struct event_stamp *stamp,
					  webhook_probe_done *done, void *arg);
/* done will not be called. NULL is allowed. */
void webhook_probe_cancel(struct webhook_probe *probe);

#endif
