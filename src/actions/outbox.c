/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the rows of one webhook's queue and the decisions about them. */
#include "actions/outbox.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/random.h"

#define RETRY_AFTER_MIN (1 * NSEC_PER_SEC)
#define RETRY_AFTER_MAX (3600 * NSEC_PER_SEC)

TAILQ_HEAD(outbox_rows, outbox_row);

struct outbox {
	struct outbox_policy policy;
	struct random jitter;
	struct outbox_rows rows; /* by seq */
	struct outbox_rows dead;
	struct boot hold; /* nothing is tried before */
	unsigned streak;  /* failures of the receiver one after the other */
	uint64_t epoch;	  /* counts holds and their ends */
	bool parked;
	uint64_t seq;
	size_t waiting, in_flight, bytes, dead_count, dead_bytes;
	struct outbox_report counted; /* the counters only */
};

enum outcome { OUTCOME_DONE, OUTCOME_TROUBLE, OUTCOME_REJECTED, OUTCOME_GONE };

static const struct {
	int from, to;
	enum outcome outcome;
} outcomes[] = {
	{0, 0, OUTCOME_TROUBLE},     {200, 299, OUTCOME_DONE},	  {408, 408, OUTCOME_TROUBLE},
	{410, 410, OUTCOME_GONE},    {425, 425, OUTCOME_TROUBLE}, {429, 429, OUTCOME_TROUBLE},
	{500, 599, OUTCOME_TROUBLE},
};

static enum outcome outcome_of(int status)
{
	for (size_t i = 0; i < ARRAY_SIZE(outcomes); i++)
		if (status >= outcomes[i].from && status <= outcomes[i].to)
			return outcomes[i].outcome;
	return OUTCOME_REJECTED;
}

struct outbox *outbox_new(const struct outbox_policy *policy, uint64_t seed)
{
	struct outbox *outbox = xcalloc(1, sizeof(*outbox));

	TAILQ_INIT(&outbox->rows);
	TAILQ_INIT(&outbox->dead);
	random_init(&outbox->jitter, seed);
	outbox_set_policy(outbox, policy);
	return outbox;
}

static void rows_free(struct outbox_rows *rows)
{
	struct outbox_row *row;

	while ((row = TAILQ_FIRST(rows)) != NULL) {
		TAILQ_REMOVE(rows, row, link);
		free(row);
	}
}

void outbox_free(struct outbox *outbox)
{
	if (outbox == NULL)
		return;
	rows_free(&outbox->rows);
	rows_free(&outbox->dead);
	free(outbox);
}

void outbox_set_policy(struct outbox *outbox, const struct outbox_policy *policy)
{
	outbox->policy = *policy;
	if (policy->strict || policy->in_flight == 0)
		outbox->policy.in_flight = 1;
	else if (policy->in_flight > OUTBOX_IN_FLIGHT_MAX)
		outbox->policy.in_flight = OUTBOX_IN_FLIGHT_MAX;
}

void outbox_identify(struct outbox *outbox, struct outbox_identity *ret)
{
	static const char digits[] =
		"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	unsigned __int128 number;

	random_bytes(&number, sizeof(number));
	memcpy(ret->id, "msg_", 4);
	for (size_t i = OUTBOX_ID_SIZE - 2; i >= 4; i--) {
		ret->id[i] = digits[(unsigned)(number % 62)];
		number /= 62;
	}
	ret->id[OUTBOX_ID_SIZE - 1] = '\0';
	ret->seq = ++outbox->seq;
}

/* One allocation: the row with its three texts behind it. */
static struct outbox_row *row_new(const struct outbox_identity *identity,
				  const struct outbox_message *message, struct boot now)
{
	size_t url = strlen(message->url) + 1, headers = strlen(message->headers) + 1;
	size_t size = sizeof(struct outbox_row) + url + headers + message->body_len + 1;
	struct outbox_row *row = xcalloc(1, size);
	char *text = (char *)(row + 1);

	row->identity = *identity;
	row->created = now;
	row->size = size;
	row->message.url = memcpy(text, message->url, url);
	row->message.headers = memcpy(text + url, message->headers, headers);
	if (message->body_len > 0)
		memcpy(text + url + headers, message->body, message->body_len);
	row->message.body = text + url + headers;
	row->message.body_len = message->body_len;
	return row;
}

int outbox_add(struct outbox *outbox, const struct outbox_identity *identity,
	       const struct outbox_message *message, struct boot now)
{
	struct outbox_row *row;

	if (message->body_len > OUTBOX_BODY_MAX) {
		outbox->counted.dropped_size++;
		return -EMSGSIZE;
	}
	row = row_new(identity, message, now);
	if (outbox->waiting >= OUTBOX_COUNT_MAX ||
	    row->size > OUTBOX_BYTES_MAX - outbox->bytes) {
		free(row);
		outbox->counted.dropped_full++;
		return -ENOBUFS;
	}
	TAILQ_INSERT_TAIL(&outbox->rows, row, link);
	outbox->waiting++;
	outbox->bytes += row->size;
	outbox->counted.accepted++;
	return 0;
}

static void outbox_remove(struct outbox *outbox, struct outbox_row *row)
{
	TAILQ_REMOVE(&outbox->rows, row, link);
	outbox->waiting--;
	outbox->bytes -= row->size;
}

static void outbox_bury(struct outbox *outbox, struct outbox_row *row)
{
	outbox_remove(outbox, row);
	TAILQ_INSERT_TAIL(&outbox->dead, row, link);
	outbox->dead_count++;
	outbox->dead_bytes += row->size;
	outbox->counted.dead_letters++;
	while (outbox->dead_count > OUTBOX_DEAD_MAX ||
	       outbox->dead_bytes > OUTBOX_DEAD_BYTES_MAX) {
		row = TAILQ_FIRST(&outbox->dead);
		TAILQ_REMOVE(&outbox->dead, row, link);
		outbox->dead_count--;
		outbox->dead_bytes -= row->size;
		outbox->counted.dead_dropped++;
		free(row);
	}
}

static bool row_expired(const struct outbox *outbox, const struct outbox_row *row,
			struct boot now)
{
	return boot_diff(now, row->created) >= outbox->policy.for_ns;
}

/* Expiry comes first: what waits behind a dead receiver gets old as well. */
static void outbox_expire(struct outbox *outbox, struct boot now)
{
	struct outbox_row *row, *after;

	for (row = TAILQ_FIRST(&outbox->rows); row != NULL; row = after) {
		after = TAILQ_NEXT(row, link);
		if (!row_expired(outbox, row, now))
			return; /* the rows behind are younger */
		if (row->in_flight)
			continue;
		outbox->counted.expired++;
		outbox_bury(outbox, row);
	}
}

struct outbox_row *outbox_take(struct outbox *outbox, struct boot now)
{
	struct outbox_row *row;

	outbox_expire(outbox, now);
	if (outbox->parked || now.ns < outbox->hold.ns ||
	    outbox->in_flight >= outbox->policy.in_flight)
		return NULL;
	TAILQ_FOREACH (row, &outbox->rows, link) {
		if (!row->in_flight && row->next.ns <= now.ns)
			break;
		if (outbox->policy.strict)
			return NULL;
	}
	if (row == NULL)
		return NULL;
	row->in_flight = true;
	row->tries++;
	row->epoch = outbox->epoch;
	outbox->in_flight++;
	outbox->counted.tries++;
	return row;
}

bool outbox_deadline(const struct outbox *outbox, struct boot *ret)
{
	const struct outbox_row *row = TAILQ_FIRST(&outbox->rows);
	struct boot soonest = BOOT_NEVER, expiry;

	if (row == NULL)
		return false;
	expiry = boot_add(row->created, outbox->policy.for_ns);
	if (!outbox->parked && outbox->in_flight < outbox->policy.in_flight) {
		TAILQ_FOREACH (row, &outbox->rows, link) {
			if (!row->in_flight && row->next.ns < soonest.ns)
				soonest = row->next;
			if (outbox->policy.strict || soonest.ns <= outbox->hold.ns)
				break;
		}
		if (soonest.ns < outbox->hold.ns)
			soonest = outbox->hold;
	}
	/* An expired row under way has no deadline of its own: its answer comes. */
	row = TAILQ_FIRST(&outbox->rows);
	if (!row->in_flight && expiry.ns < soonest.ns)
		soonest = expiry;
	if (soonest.ns == INT64_MAX)
		return false;
	*ret = soonest;
	return true;
}

/*
 * "Full jitter" (M. Brooker, Exponential Backoff And Jitter, AWS 2015): uniform up to the
 * ceiling, but never under a tenth of first, so that chance makes no busy loop.
 */
static int64_t outbox_pause(struct outbox *outbox, unsigned failures)
{
	int64_t ceiling = outbox->policy.first_ns;

	for (unsigned i = 1; i < failures && ceiling < outbox->policy.max_ns; i++)
		ceiling *= 2;
	if (ceiling > outbox->policy.max_ns)
		ceiling = outbox->policy.max_ns;
	return random_between(&outbox->jitter, outbox->policy.first_ns / 10, ceiling);
}

static int64_t clamp_retry_after(int64_t ns)
{
	if (ns < RETRY_AFTER_MIN)
		return RETRY_AFTER_MIN;
	return ns > RETRY_AFTER_MAX ? RETRY_AFTER_MAX : ns;
}

static void outbox_trouble(struct outbox *outbox, const struct outbox_row *row,
			   int64_t retry_after_ns, struct boot now)
{
	outbox->counted.failures++;
	/* Tries that were under way together are one failure of the receiver, not several. */
	if (row->epoch == outbox->epoch) {
		outbox->streak++;
		outbox->epoch++;
		outbox->hold = boot_add(now, outbox_pause(outbox, outbox->streak));
	}
	if (retry_after_ns >= 0)
		outbox->hold = boot_add(now, clamp_retry_after(retry_after_ns));
}

static void outbox_rejected(struct outbox *outbox, struct outbox_row *row,
			    int64_t retry_after_ns, struct boot now)
{
	int64_t pause = retry_after_ns >= 0 ? clamp_retry_after(retry_after_ns)
					    : outbox_pause(outbox, row->rejections + 1);

	outbox->counted.rejections++;
	row->rejections++;
	row->next = boot_add(now, pause);
}

enum outbox_verdict outbox_answer(struct outbox *outbox, struct outbox_row *row, int status,
				  int64_t retry_after_ns, struct boot now)
{
	row->in_flight = false;
	outbox->in_flight--;
	switch (outcome_of(status)) {
	case OUTCOME_DONE:
		outbox->counted.delivered++;
		outbox_remove(outbox, row);
		free(row);
		outbox_wake(outbox);
		return OUTBOX_DONE;
	case OUTCOME_GONE:
		outbox->counted.rejections++;
		outbox->parked = true;
		return OUTBOX_PARKED;
	case OUTCOME_TROUBLE:
		outbox_trouble(outbox, row, retry_after_ns, now);
		break;
	case OUTCOME_REJECTED:
		outbox_rejected(outbox, row, retry_after_ns, now);
		break;
	}
	if (row->rejections < OUTBOX_REJECTIONS && !row_expired(outbox, row, now))
		return OUTBOX_RETRY;
	if (row->rejections < OUTBOX_REJECTIONS)
		outbox->counted.expired++;
	outbox_bury(outbox, row);
	return OUTBOX_DEAD;
}

void outbox_return(struct outbox *outbox, struct outbox_row *row)
{
	row->in_flight = false;
	outbox->in_flight--;
}

void outbox_wake(struct outbox *outbox)
{
	if (outbox->streak > 0)
		outbox->epoch++;
	outbox->streak = 0;
	outbox->hold = (struct boot){0};
}

void outbox_unpark(struct outbox *outbox)
{
	outbox->parked = false;
	outbox_wake(outbox);
}

void outbox_report(const struct outbox *outbox, struct outbox_report *ret)
{
	*ret = outbox->counted;
	ret->waiting = outbox->waiting;
	ret->in_flight = outbox->in_flight;
	ret->bytes = outbox->bytes;
	ret->dead = outbox->dead_count;
	ret->parked = outbox->parked;
	ret->held = outbox->hold.ns > 0;
}

const struct outbox_row *outbox_dead_next(const struct outbox *outbox,
					  const struct outbox_row *row)
{
	return row == NULL ? TAILQ_FIRST(&outbox->dead) : TAILQ_NEXT(row, link);
}
