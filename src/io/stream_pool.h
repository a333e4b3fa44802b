/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * The limits that all connections of one loop share: 50 connects a second, 128 under way at
 * once, and a common pause when the process has no descriptor left. Whoever has to wait is
 * served in order.
 */
#ifndef GAUGED_IO_STREAM_POOL_H
#define GAUGED_IO_STREAM_POOL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

struct loop;
struct stream_pool;

enum { STREAM_POOL_RATE = 50, STREAM_POOL_UNDER_WAY = 128 };

/* One connect that asks; start from all zero with go and arg set. */
struct stream_ticket {
	TAILQ_ENTRY(stream_ticket) entry;
	enum { TICKET_NONE, TICKET_WAITING, TICKET_GOING } state;
	void (*go)(void *arg);
	void *arg;
};

/* The pool of loop: made at the first call, ends with the loop. */
struct stream_pool *stream_pool_of(struct loop *loop);
/* Calls go when the limits allow, perhaps at once. */
void stream_pool_ask(struct stream_pool *pool, struct stream_ticket *ticket);
/* The connect is over, or was given up while it waited; allowed in any state. */
void stream_pool_leave(struct stream_pool *pool, struct stream_ticket *ticket);
/* No descriptor is left (EMFILE, ENFILE, ENOBUFS): nobody connects for a second. */
void stream_pool_pause(struct stream_pool *pool);

#endif
