/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * The queue of one receiver: which message is tried next, when, and what an outcome means for
 * it. Knows nothing of the transport and reads no clock. Its rows are in memory; what they are
 * made of is in a store as well, where there is one, and then only the first of them keep
 * their texts in memory (those are warm, the others cold).
 *
 * Alarms go before telemetry; within a lane the oldest is first. Order strict: one message is
 * under way, and nothing of its lane passes it. Otherwise up to in_flight messages are under
 * way, taken oldest first.
 * Trouble of the receiver (no answer, 408, 425, 429, 5xx) holds the whole queue back, with an
 * exponential backoff and full jitter; a success ends it at once. Trouble with one message
 * (other 4xx, and 3xx, for redirects are not followed) makes that message wait; after five
 * tries it is given up. 410 parks the queue until outbox_unpark(). What is given up goes to
 * the dead letters, or leaves for the fallback.
 * A full queue lets go of its oldest telemetry first; what becomes of alarms then is a matter
 * of the policy. What was lost so is counted, and told by outbox_gap().
 */
#ifndef GAUGED_ACTIONS_OUTBOX_H
#define GAUGED_ACTIONS_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/clock.h"

struct outbox;
struct outbox_row;

enum {
	OUTBOX_COUNT_MAX = 10000,
	OUTBOX_BYTES_MAX = 16 << 20,
	OUTBOX_BODY_MAX = 64 << 10,
	OUTBOX_DEAD_MAX = 1000,
	OUTBOX_DEAD_BYTES_MAX = 1 << 20,
	OUTBOX_REJECTIONS = 5,
	OUTBOX_IN_FLIGHT_MAX = 4,
	OUTBOX_ID_SIZE = 27,	     /* "msg_", 22 digits of base 62, NUL */
	OUTBOX_WARM_COUNT = 256,     /* with a store: so many keep their texts ... */
	OUTBOX_WARM_BYTES = 1 << 20, /* ... of so many bytes */
	OUTBOX_FETCH_MAX = 64,
	OUTBOX_UNKEPT_MAX = 64, /* that wait for the store to have room for them */
};

enum outbox_lane { OUTBOX_ALARM, OUTBOX_TELEMETRY, OUTBOX_LANES };

struct outbox_policy {
	bool strict;
	unsigned in_flight; /* 1..OUTBOX_IN_FLIGHT_MAX; 1 when strict */
	int64_t first_ns;   /* ceiling of the first pause */
	int64_t max_ns;	    /* ceiling of every later one */
	int64_t for_ns;	    /* then a message is given up */
	size_t count_max;   /* 0: OUTBOX_COUNT_MAX */
	size_t bytes_max;   /* 0: OUTBOX_BYTES_MAX */
	bool drop_oldest;   /* full of alarms: the oldest goes, not the new one */
	bool steady;	    /* no chance in pauses, which are as long as they may be */
	bool fallback;	    /* what is given up leaves, see outbox_leaving() */
};

/* What makes a message the same message, however often it is sent. */
struct outbox_identity {
	char id[OUTBOX_ID_SIZE]; /* random, 128 bits */
	uint64_t seq;		 /* counts the receiver's messages from 1; a gap is a loss */
};

/* Frozen when it was created. May hold marks of secrets (template.h), never the secrets. */
struct outbox_message {
	enum outbox_lane lane;
	const char *what; /* of what it tells, for people and for a fallback; or NULL */
	const char *url;
	const char *headers; /* "Name: value" lines, each ending in a newline */
	const char *body;
	size_t body_len;
};

enum outbox_why { OUTBOX_WAITS, OUTBOX_TOO_OLD, OUTBOX_REJECTED };

struct outbox_row {
	TAILQ_ENTRY(outbox_row) link; /* the outbox's, as all below but for reading */
	struct outbox_identity identity;
	struct outbox_message message; /* texts NULL while it is cold, but for what */
	struct boot created;
	struct boot next; /* not before */
	unsigned tries;
	unsigned rejections;
	uint64_t epoch; /* of the outbox when it was taken */
	uint64_t mark;	/* of the store: durable once this is committed; UINT64_MAX: unkept */
	bool in_flight, warm, asked;
	bool young;	     /* younger than one behind it: an operator had it wait again */
	enum outbox_why why; /* of one that is given up */
	int status;	     /* of its last answer, 0: none */
	size_t size;
	void *texts;
};

/*
 * Where rows outlive the program. put copies the row's texts. -ENOSPC: there is no room, but
 * what is removed makes some, at once or with the next commit; another error: no room either,
 * and only what is not committed yet makes some when it is removed. fetch is answered by
 * outbox_warm() for each row that is there, then outbox_fetched(); never from inside the call.
 */
struct outbox_store {
	int (*put)(void *arg, const struct outbox_row *row, uint64_t *ret_mark);
	void (*remove)(void *arg, uint64_t seq);
	void (*bury)(void *arg, uint64_t seq, bool dead, const char *why);
	void (*fetch)(void *arg, const uint64_t *seqs, size_t count);
	void *arg;
};

/*
 * policy is copied. seed: of the jitter, 0 takes one from the kernel. store is copied; NULL:
 * rows are in memory only.
 */
struct outbox *outbox_new(const struct outbox_policy *policy, uint64_t seed,
			  const struct outbox_store *store);
/* What is in the store stays there. */
void outbox_free(struct outbox *outbox);
void outbox_set_policy(struct outbox *outbox, const struct outbox_policy *policy);
/* Called when outbox_take() may have something again for another reason than time. */
void outbox_set_ready(struct outbox *outbox, void (*ready)(void *arg), void *arg);
/* Whether there is somebody to be called. */
bool outbox_is_served(const struct outbox *outbox);

/* A row that the store has from an earlier life, cold. In the order of their numbers. */
struct outbox_found {
	struct outbox_identity identity;
	enum outbox_lane lane;
	const char *what;
	struct boot created;
	bool dead;
	const char *why;
	size_t size;
};
void outbox_load(struct outbox *outbox, const struct outbox_found *found);
/* Numbers up to this one were used. */
void outbox_used(struct outbox *outbox, uint64_t seq);

/* Everything with a mark up to this one is in the store for good. */
void outbox_committed(struct outbox *outbox, uint64_t mark);
/* The texts of a row that was asked for; they are copied. */
void outbox_warm(struct outbox *outbox, uint64_t seq, const struct outbox_message *message);
/* False: the store can't be read now; it is asked again. True: what did not come is lost. */
void outbox_fetched(struct outbox *outbox, bool ok, struct boot now);
/* The store has lost what it had: puts what is warm again. */
void outbox_put_again(struct outbox *outbox);

/* The identity of the next message; a number that is not added afterwards is a gap. */
void outbox_identify(struct outbox *outbox, struct outbox_identity *ret);
/*
 * Copies the message to the end of its lane. -ENOBUFS when there is no room for it and
 * -EMSGSIZE when the body is larger than OUTBOX_BODY_MAX; both are counted.
 */
int outbox_add(struct outbox *outbox, const struct outbox_identity *identity,
	       const struct outbox_message *message, struct boot now);

/*
 * outbox_add() for a message that somebody else has as well. Of this queue it costs nothing but
 * telemetry, if it is an alarm; -EAGAIN when it finds no room so: nothing is counted or lost
 * then, and its number is free again if it was the last.
 */
int outbox_offer(struct outbox *outbox, const struct outbox_identity *identity,
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
	OUTBOX_DEAD,   /* given up: a dead letter (or already dropped there), or leaving */
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

/*
 * The oldest message that was given up and is to go to the fallback; NULL: none, or its texts
 * are not here yet. outbox_left(): the fallback has it. outbox_refused(): it can't have it, so
 * it is a dead letter. As many wait as there may be dead letters; then the oldest become some.
 */
struct outbox_row *outbox_leaving(struct outbox *outbox);
void outbox_left(struct outbox *outbox, struct outbox_row *row);
void outbox_refused(struct outbox *outbox, struct outbox_row *row);
/* Nobody passes anything on any more: what was leaving waits again, as after a restart. */
void outbox_stay(struct outbox *outbox);

/* What was lost to a full queue, or to a damaged store, and has not been told yet. */
struct outbox_gap {
	uint64_t count, first, last; /* messages; the numbers of the first and the last */
	bool unreadable;	     /* some were lost by the store */
};
/* False: nothing. */
bool outbox_gap(const struct outbox *outbox, struct outbox_gap *ret);
void outbox_set_gap(struct outbox *outbox, const struct outbox_gap *gap);
/* It is in a message now. */
void outbox_gap_told(struct outbox *outbox);
/* Whether a message of the size would find room without anything being let go. */
bool outbox_has_room(const struct outbox *outbox, size_t size);

/*
 * By an operator. Dead letters (seq 0: all) wait again, at the place of their numbers and as
 * if they were new; what waits (or is dead) is dropped for good, but not what is under way.
 * How many it were.
 */
size_t outbox_revive(struct outbox *outbox, uint64_t seq, struct boot now);
size_t outbox_drop(struct outbox *outbox, uint64_t seq, bool dead_only);
/*
 * By an operator as well: a backoff and parking end, and so does the pause of a message (seq 0:
 * of all that wait). How many wait by that number.
 */
size_t outbox_try_now(struct outbox *outbox, uint64_t seq);

struct outbox_report {
	size_t waiting;		    /* those under way included */
	size_t lanes[OUTBOX_LANES]; /* of them */
	size_t in_flight;
	size_t bytes;
	size_t warm;	/* whose texts are in memory */
	size_t dead;	/* letters kept now */
	size_t leaving; /* given up, and not with the fallback yet */
	bool parked;
	bool held;	    /* a backoff is on */
	struct boot oldest; /* created; with waiting > 0 */
	uint64_t last_seq;
	uint64_t accepted, delivered, tries, failures, rejections, dead_letters, expired,
		dropped_full, dropped_size, dropped_operator, dead_dropped, unreadable, left,
		loaded;
	size_t unkept; /* in memory only until the store has room for them */
};
void outbox_report(const struct outbox *outbox, struct outbox_report *ret);
/* What waits, in the order of the lanes; the dead letters, oldest first: start with NULL. */
const struct outbox_row *outbox_next(const struct outbox *outbox, const struct outbox_row *row);
const struct outbox_row *outbox_dead_next(const struct outbox *outbox,
					  const struct outbox_row *row);
const char *outbox_why_words(enum outbox_why why);
/* Whether the store has the row for good: it would be there after a crash. */
bool outbox_durable(const struct outbox *outbox, const struct outbox_row *row);

#endif
