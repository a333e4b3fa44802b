/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Queues and their messages, for all files that serve them. */
#ifndef GAUGED_DAEMON_API_QUEUE_H
#define GAUGED_DAEMON_API_QUEUE_H

#include "base/clock.h"

struct api_call;
struct json_t; /* of jansson.h, which calls it json_t as well */
struct outbox;
struct outbox_row;

/* The queue of that name; NULL after an answer that there is none. */
struct outbox *api_find_queue(struct api_call *call, const char *name);
/* Around the body of a message; a new reference. */
struct json_t *api_json_row(const struct outbox *outbox, const struct outbox_row *row,
			    struct boot now);

#endif
