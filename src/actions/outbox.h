/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * The queue of one webhook: which message is tried next, when, and what an outcome means for
 * it. Knows nothing of HTTP's transport and reads no clock. The rows live in memory; a store
 * below it would take over the rows, not the decisions.
 *
 * Order strict: one message is under way, the oldest, and nothing passes it. Otherwise up to
 * in_flight messages are under way, taken oldest first.
 * Trouble of the receiver (no answer, 408, 425, 429, 5xx) holds the whole queue back, with an
 * exponential backoff and full jitter; a success ends it at once. Trouble with one message
 * (other 4xx, and 3xx, for redirects are not followed) makes that message wait; after five
 * tries it goes to the dead letters. 410 parks the queue until outbox_unpark().
 */
#ifndef GAUGED_ACTIONS_OUTBOX_H
#define GAUGED_ACTIONS_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/clock.h"

struct outbox;

enum {
	OUTBOX_COUNT_MAX = 10000,
	OUTBOX_BYTES_MAX = 16 << 20,
	OUTBOX_BODY_MAX = 64 << 10,
	OUTBOX_DEAD_MAX = 1000,
	OUTBOX_DEAD_BYTES_MAX = 1 << 20,
	OUTBOX_REJECTIONS = 5,
	OUTBOX_IN_FLIGHT_MAX = 4,
	OUTBOX_ID_SIZE = 27, /* "msg_", 22 digits of base 62, NUL */
};

struct outbox_policy {
	bool strict;
	unsigned in_flight; /* 1..OUTBOX_IN_FLIGHT_MAX; 1 when strict */
	int64_t first_ns;   /* ceiling of the first pause */
	int64_t max_ns;	    /* ceiling of every later one */
	int64_t for_ns;	    /* then a message is given up */
};

/* What makes a message the same message, however often it is sent. */
struct outbox_identity {
	char id[OUTBOX_ID_SIZE]; /* random, 128 bits */
	uint64_t seq;		 /* counts the webhook's messages from 1; a gap is a loss */
};

/* Frozen when it was created. May hold marks of secrets (template.h), never the secrets. */
struct outbox_message {
	const char *url;
	const char *headers; /* "Name: value" lines, each ending in a newline */
	const char *body;
	size_t body_len;
};

struct outbox_row {
	TAILQ_ENTRY(outbox_row) link; /* the outbox's, as all below but for reading */
	struct outbox_identity identity;
	struct outbox_message message;
	struct boot created;
	struct boot next; /* not before */
	unsigned tries;
	unsigned rejections;
	uint64_t epoch; /* of the outbox when it was taken */
	bool in_flight;
	size_t size;
};

/* policy is copied. seed: of the jitter, 0 takes one from the kernel. */
struct outbox *outbox_new(const struct outbox_policy *policy, uint64_t seed);
void outbox_free(struct outbox *outbox);
void outbox_set_policy(struct outbox *outbox, const struct outbox_policy *policy);

/* The identity of the next message; a number that is not added afterwards is a gap. */
void outbox_identify(struct outbox *outbox, struct outbox_identity *ret);
/*
 * Copies the message to the end of the queue. -ENOBUFS when the queue is full (the older
 * messages keep their place: the first alarms tell most) and -EMSGSIZE when the body is larger
 * than OUTBOX_BODY_MAX; both are counted.
 */
int outbox_add(struct outbox *outbox, const struct outbox_identity *identity,
	       const struct outbox_message *message, struct boot now);

/*
 * The message to try now, which is under way from here on until outbox_answer() or
 * outbox_return(); NULL: none. Messages older than for_ns are given up on the way.
 */
struct outbox_row *outbox_take(struct outbox *outbox, struct boot now);
/* When outbox_take() may have something again without an answer before; false: never. */
bool outbox_deadline(const struct outbox *outbox, struct boot *ret);

enum outbox_verdict {
	OUTBOX_DONE,   /* delivered; the row is gone */
	OUTBOX_RETRY,  /* stays, and is tried again */
	OUTBOX_DEAD,   /* given up; it is among the dead letters, or already dropped there */
	OUTBOX_PARKED, /* stays; nothing is tried until outbox_unpark() */
};
/* status 0: no answer. retry_after_ns: -1 if there was none; clamped to 1 s..1 h. */
enum outbox_verdict outbox_answer(struct outbox *outbox, struct outbox_row *row, int status,
				  int64_t retry_after_ns, struct boot now);
/* The try was called off: the row is as if it had not been taken. */
void outbox_return(struct outbox *outbox, struct outbox_row *row);
/* Ends a backoff: try now. */
void outbox_wake(struct outbox *outbox);
void outbox_unpark(struct outbox *outbox);

struct outbox_report {
	size_t waiting; /* those under way included */
	size_t in_flight;
	size_t bytes;
	size_t dead; /* letters kept now */
	bool parked;
	bool held; /* a backoff is on */
	uint64_t accepted, delivered, tries, failures, rejections, dead_letters, expired,
		dropped_full, dropped_size, dead_dropped;
};
void outbox_report(const struct outbox *outbox, struct outbox_report *ret);
/* The dead letters, oldest first: start with NULL. */
const struct outbox_row *outbox_dead_next(const struct outbox *outbox,
					  const struct outbox_row *row);

#endif
