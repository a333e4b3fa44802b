/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Answers that wait to be sent on one connection or line, and the sending: each when it is due,
 * with its pauses and at the pace of the line, one frame at a time.
 */
#ifndef GAUGED_SIM_OUTGOING_H
#define GAUGED_SIM_OUTGOING_H

#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/types.h>

#include "base/clock.h"
#include "sim/poller.h"
#include "sim/wire.h"

struct exchange;

/* Bytes that were taken; -EAGAIN: none now; another -errno: the way out is broken. */
typedef ssize_t outgoing_send_fn(void *arg, const uint8_t *bytes, size_t len);

struct outgoing {
	struct poller *poller;
	struct poller_timer *due; /* the owner's: outgoing_flush() is to be called then */
	outgoing_send_fn *send;
	void *arg;
	int64_t char_ns;  /* on the line; 0: no time */
	struct mono sent; /* when the last byte left */
	size_t count;
	int gathered;
	struct mono gather_until;
	TAILQ_HEAD(, exchange) exchanges;
};

enum outgoing_flushed {
	OUTGOING_IDLE,	  /* all is sent, or not yet due; the timer is armed */
	OUTGOING_BLOCKED, /* to be flushed again when the way out takes bytes */
	OUTGOING_BROKEN,
	OUTGOING_ENDED, /* an answer was sent that ends things: *ret_end says how */
};

/* Embedded; the other members are set by the owner. */
void outgoing_init(struct outgoing *outgoing);
void outgoing_done(struct outgoing *outgoing);

/* Takes the exchange. ready: when its first byte may leave, if nothing is before it. */
void outgoing_put(struct outgoing *outgoing, struct exchange *exchange, struct mono ready);
enum outgoing_flushed outgoing_flush(struct outgoing *outgoing, enum wire_end *ret_end);

#endif
