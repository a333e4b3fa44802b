/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the decisions about the rows of a queue: what goes when, and what an outcome means. */
#include "actions/outbox.h"

#include <stdlib.h>
#include <string.h>

#include "actions/outbox_core.h"
#include "base/alloc.h"

#define RETRY_AFTER_MIN (1 * NSEC_PER_SEC)
#define RETRY_AFTER_MAX (3600 * NSEC_PER_SEC)

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

struct outbox *outbox_new(const struct outbox_policy *policy, uint64_t seed,
			  const struct outbox_store *store)
{
	struct outbox *outbox = xcalloc(1, sizeof(*outbox));

	for (int i = 0; i < OUTBOX_LANES; i++)
		TAILQ_INIT(&outbox->lanes[i]);
	TAILQ_INIT(&outbox->leaving);
	TAILQ_INIT(&outbox->dead);
	random_init(&outbox->jitter, seed);
	outbox_set_policy(outbox, policy);
	outbox->stored = store != NULL;
	if (store != NULL)
		outbox->store = *store;
	return outbox;
}

static void rows_free(struct outbox *outbox, struct outbox_rows *rows)
{
	struct outbox_row *row;

	while ((row = TAILQ_FIRST(rows)) != NULL) {
		TAILQ_REMOVE(rows, row, link);
		outbox_row_free(outbox, row);
	}
}

void outbox_free(struct outbox *outbox)
{
	if (outbox == NULL)
		return;
	for (int i = 0; i < OUTBOX_LANES; i++)
		rows_free(outbox, &outbox->lanes[i]);
	rows_free(outbox, &outbox->leaving);
	rows_free(outbox, &outbox->dead);
	free(outbox);
}

void outbox_set_policy(struct outbox *outbox, const struct outbox_policy *policy)
{
	outbox->policy = *policy;
	if (policy->strict || policy->in_flight == 0)
		outbox->policy.in_flight = 1;
	else if (policy->in_flight > OUTBOX_IN_FLIGHT_MAX)
		outbox->policy.in_flight = OUTBOX_IN_FLIGHT_MAX;
	if (policy->count_max == 0)
		outbox->policy.count_max = OUTBOX_COUNT_MAX;
	if (policy->bytes_max == 0)
		outbox->policy.bytes_max = OUTBOX_BYTES_MAX;
	if (!policy->fallback)
		outbox_bury_leaving(outbox);
}

void outbox_set_ready(struct outbox *outbox, void (*ready)(void *arg), void *arg)
{
	outbox->ready = ready;
	outbox->ready_arg = arg;
}

bool outbox_is_served(const struct outbox *outbox)
{
	return outbox->ready != NULL;
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

static bool row_expired(const struct outbox *outbox, const struct outbox_row *row,
			struct boot now)
{
	return boot_diff(now, row->created) >= outbox->policy.for_ns;
}

/* Expiry comes first: what waits behind a dead receiver gets old as well. */
static void lane_expire(struct outbox *outbox, struct outbox_rows *rows, struct boot now)
{
	struct outbox_row *row, *after;

	for (row = TAILQ_FIRST(rows); row != NULL; row = after) {
		after = TAILQ_NEXT(row, link);
		if (!row_expired(outbox, row, now)) {
			if (row->young)
				continue;
			return; /* the rows behind are younger */
		}
		if (!row->in_flight)
			outbox_give_up(outbox, row, OUTBOX_TOO_OLD);
	}
}

static struct boot sooner(struct boot a, struct boot b)
{
	return a.ns < b.ns ? a : b;
}

/* When the next row gets too old. One under way does not: its answer comes. */
static struct boot lane_expiry(const struct outbox *outbox, const struct outbox_rows *rows)
{
	struct boot soonest = BOOT_NEVER;
	const struct outbox_row *row;

	TAILQ_FOREACH (row, rows, link) {
		if (!row->in_flight)
			soonest =
				sooner(soonest, boot_add(row->created, outbox->policy.for_ns));
		if (!row->young)
			break;
	}
	return soonest;
}

static bool row_due(const struct outbox_row *row, struct boot now)
{
	return !row->in_flight && row->next.ns <= now.ns;
}

/* The next that may go; NULL: none. */
static struct outbox_row *outbox_candidate(struct outbox *outbox, struct boot now)
{
	struct outbox_row *row;

	for (int lane = 0; lane < OUTBOX_LANES; lane++)
		TAILQ_FOREACH (row, &outbox->lanes[lane], link) {
			if (row_due(row, now))
				return row;
			if (outbox->policy.strict)
				return NULL;
		}
	return NULL;
}

struct outbox_row *outbox_take(struct outbox *outbox, struct boot now)
{
	struct outbox_row *row;

	for (int lane = 0; lane < OUTBOX_LANES; lane++)
		lane_expire(outbox, &outbox->lanes[lane], now);
	row = TAILQ_FIRST(&outbox->leaving);
	if (row != NULL && !row->warm)
		outbox_ask(outbox, now);
	if (outbox->parked || now.ns < outbox->hold.ns ||
	    outbox->in_flight >= outbox->policy.in_flight)
		return NULL;
	row = outbox_candidate(outbox, now);
	if (row != NULL && !row->warm)
		outbox_ask(outbox, now);
	if (row == NULL || !row->warm)
		return NULL;
	row->in_flight = true;
	row->tries++;
	row->epoch = outbox->epoch;
	outbox->in_flight++;
	outbox->counted.tries++;
	return row;
}

/* When a row that is here may go, parking and limits left aside. */
static struct boot outbox_next_try(const struct outbox *outbox)
{
	struct boot soonest = BOOT_NEVER;
	const struct outbox_row *row;

	for (int lane = 0; lane < OUTBOX_LANES; lane++)
		TAILQ_FOREACH (row, &outbox->lanes[lane], link) {
			if (!row->in_flight)
				soonest = sooner(soonest, row->next);
			if (outbox->policy.strict || soonest.ns <= outbox->hold.ns)
				return soonest;
		}
	return soonest;
}

bool outbox_deadline(const struct outbox *outbox, struct boot *ret)
{
	struct boot soonest = BOOT_NEVER;
	const struct outbox_row *row;

	if (!outbox->parked && outbox->in_flight < outbox->policy.in_flight) {
		soonest = outbox_next_try(outbox);
		if (soonest.ns < outbox->hold.ns)
			soonest = outbox->hold;
		/* While texts are asked for, their arrival is what is waited for. */
		if (outbox->fetching)
			soonest = BOOT_NEVER;
		else if (soonest.ns < outbox->fetch_after.ns)
			soonest = outbox->fetch_after;
	}
	for (int lane = 0; lane < OUTBOX_LANES; lane++)
		soonest = sooner(soonest, lane_expiry(outbox, &outbox->lanes[lane]));
	row = TAILQ_FIRST(&outbox->leaving);
	if (row != NULL && !row->warm && !outbox->fetching)
		soonest = sooner(soonest, outbox->fetch_after);
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
	if (outbox->policy.steady)
		return ceiling;
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

static void outbox_deliver(struct outbox *outbox, struct outbox_row *row)
{
	uint64_t seq = row->identity.seq;

	outbox_take_out(outbox, row);
	outbox_row_free(outbox, row);
	if (outbox->stored)
		outbox->store.remove(outbox->store.arg, seq);
}

enum outbox_verdict outbox_answer(struct outbox *outbox, struct outbox_row *row, int status,
				  int64_t retry_after_ns, struct boot now)
{
	row->in_flight = false;
	row->status = status;
	outbox->in_flight--;
	switch (outcome_of(status)) {
	case OUTCOME_DONE:
		outbox->counted.delivered++;
		outbox_deliver(outbox, row);
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
	outbox_give_up(outbox, row,
		       row->rejections < OUTBOX_REJECTIONS ? OUTBOX_TOO_OLD : OUTBOX_REJECTED);
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

static const struct outbox_row *oldest_of(const struct outbox_row *a,
					  const struct outbox_row *b)
{
	if (a == NULL || b == NULL)
		return a != NULL ? a : b;
	return b->created.ns < a->created.ns ? b : a;
}

void outbox_report(const struct outbox *outbox, struct outbox_report *ret)
{
	const struct outbox_row *oldest =
		oldest_of(TAILQ_FIRST(&outbox->lanes[OUTBOX_ALARM]),
			  TAILQ_FIRST(&outbox->lanes[OUTBOX_TELEMETRY]));

	*ret = outbox->counted;
	ret->waiting = outbox->waiting;
	memcpy(ret->lanes, outbox->lane_count, sizeof(ret->lanes));
	ret->in_flight = outbox->in_flight;
	ret->bytes = outbox->bytes;
	ret->warm = outbox->warm_count;
	ret->unkept = outbox->unkept;
	ret->dead = outbox->dead_count;
	ret->leaving = outbox->leaving_count;
	ret->parked = outbox->parked;
	ret->held = outbox->hold.ns > 0;
	ret->last_seq = outbox->seq;
	if (oldest != NULL)
		ret->oldest = oldest->created;
}

const struct outbox_row *outbox_next(const struct outbox *outbox, const struct outbox_row *row)
{
	const struct outbox_row *next;

	if (row == NULL)
		next = TAILQ_FIRST(&outbox->lanes[OUTBOX_ALARM]);
	else
		next = TAILQ_NEXT(row, link);
	if (next == NULL && (row == NULL || row->message.lane == OUTBOX_ALARM))
		next = TAILQ_FIRST(&outbox->lanes[OUTBOX_TELEMETRY]);
	return next;
}

const struct outbox_row *outbox_dead_next(const struct outbox *outbox,
					  const struct outbox_row *row)
{
	return row == NULL ? TAILQ_FIRST(&outbox->dead) : TAILQ_NEXT(row, link);
}

const char *outbox_why_words(enum outbox_why why)
{
	switch (why) {
	case OUTBOX_WAITS:
		return "";
	case OUTBOX_TOO_OLD:
		return "too old";
	case OUTBOX_REJECTED:
		return "rejected";
	}
	return "";
}
