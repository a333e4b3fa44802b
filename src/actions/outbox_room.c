/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns what is let into an outbox, what is let go for it, and where it goes. */
#include <errno.h>
#include <string.h>

#include "actions/outbox_core.h"
#include "base/alloc.h"

enum { PUSH_OUT_TRIES = 8 };

void outbox_take_out(struct outbox *outbox, struct outbox_row *row)
{
	enum outbox_lane lane = row->message.lane;

	if (outbox->fresh[lane] == row)
		outbox->fresh[lane] = TAILQ_NEXT(row, link);
	TAILQ_REMOVE(&outbox->lanes[lane], row, link);
	/* An answer that is on its way is for the place where it was. */
	row->asked = false;
	outbox->waiting--;
	outbox->lane_count[lane]--;
	outbox->bytes -= row->size;
}

/* Whoever looks for what is too old must not stop at one that is younger than this. */
static void row_mark_younger(struct outbox_row *row)
{
	struct outbox_row *before = TAILQ_PREV(row, outbox_rows, link);
	struct outbox_row *behind = TAILQ_NEXT(row, link);

	for (; before != NULL; before = TAILQ_PREV(before, outbox_rows, link)) {
		if (before->created.ns > row->created.ns)
			before->young = true;
		else if (!before->young)
			break;
	}
	row->young = behind != NULL && (behind->young || behind->created.ns < row->created.ns);
}

void outbox_take_in(struct outbox *outbox, struct outbox_row *row)
{
	struct outbox_rows *rows = &outbox->lanes[row->message.lane];
	struct outbox_row *before = TAILQ_LAST(rows, outbox_rows);

	while (before != NULL && before->identity.seq > row->identity.seq)
		before = TAILQ_PREV(before, outbox_rows, link);
	if (before != NULL)
		TAILQ_INSERT_AFTER(rows, before, row, link);
	else
		TAILQ_INSERT_HEAD(rows, row, link);
	row_mark_younger(row);
	outbox->waiting++;
	outbox->lane_count[row->message.lane]++;
	outbox->bytes += row->size;
}

/* Out of the store as well. */
static void row_forget(struct outbox *outbox, struct outbox_row *row)
{
	uint64_t seq = row->identity.seq;

	outbox_row_free(outbox, row);
	if (outbox->stored)
		outbox->store.remove(outbox->store.arg, seq);
}

static void dead_take_out(struct outbox *outbox, struct outbox_row *row)
{
	TAILQ_REMOVE(&outbox->dead, row, link);
	outbox->dead_count--;
	outbox->dead_bytes -= row->size;
}

static void row_bury(struct outbox *outbox, struct outbox_row *row)
{
	TAILQ_INSERT_TAIL(&outbox->dead, row, link);
	outbox->dead_count++;
	outbox->dead_bytes += row->size;
	outbox->counted.dead_letters++;
	if (outbox->stored)
		outbox->store.bury(outbox->store.arg, row->identity.seq, true,
				   outbox_why_words(row->why));
	while (outbox->dead_count > OUTBOX_DEAD_MAX ||
	       outbox->dead_bytes > OUTBOX_DEAD_BYTES_MAX) {
		row = TAILQ_FIRST(&outbox->dead);
		dead_take_out(outbox, row);
		outbox->counted.dead_dropped++;
		row_forget(outbox, row);
	}
}

static void row_leave(struct outbox *outbox, struct outbox_row *row)
{
	TAILQ_INSERT_TAIL(&outbox->leaving, row, link);
	outbox->leaving_count++;
	outbox->leaving_bytes += row->size;
	while (outbox->leaving_count > OUTBOX_DEAD_MAX ||
	       outbox->leaving_bytes > OUTBOX_DEAD_BYTES_MAX)
		outbox_refused(outbox, TAILQ_FIRST(&outbox->leaving));
}

void outbox_leave_out(struct outbox *outbox, struct outbox_row *row)
{
	TAILQ_REMOVE(&outbox->leaving, row, link);
	row->asked = false;
	outbox->leaving_count--;
	outbox->leaving_bytes -= row->size;
}

void outbox_refused(struct outbox *outbox, struct outbox_row *row)
{
	outbox_leave_out(outbox, row);
	row_bury(outbox, row);
}

void outbox_bury_leaving(struct outbox *outbox)
{
	struct outbox_row *row;

	while ((row = TAILQ_FIRST(&outbox->leaving)) != NULL)
		outbox_refused(outbox, row);
}

void outbox_stay(struct outbox *outbox)
{
	struct outbox_row *row;

	while ((row = TAILQ_LAST(&outbox->leaving, outbox_rows)) != NULL) {
		outbox_leave_out(outbox, row);
		row->why = OUTBOX_WAITS;
		row->rejections = 0;
		row->next = (struct boot){0};
		outbox_take_in(outbox, row);
	}
}

void outbox_give_up(struct outbox *outbox, struct outbox_row *row, enum outbox_why why)
{
	row->why = why;
	if (why == OUTBOX_TOO_OLD)
		outbox->counted.expired++;
	outbox_take_out(outbox, row);
	if (outbox->policy.fallback)
		row_leave(outbox, row);
	else
		row_bury(outbox, row);
}

struct outbox_row *outbox_leaving(struct outbox *outbox)
{
	struct outbox_row *row = TAILQ_FIRST(&outbox->leaving);

	return row != NULL && row->warm ? row : NULL;
}

void outbox_left(struct outbox *outbox, struct outbox_row *row)
{
	outbox_leave_out(outbox, row);
	outbox->counted.left++;
	row_forget(outbox, row);
}

void outbox_count_lost(struct outbox *outbox, uint64_t seq, bool unreadable)
{
	struct outbox_gap *gap = &outbox->gap;

	if (gap->count == 0 || seq < gap->first)
		gap->first = seq;
	if (seq > gap->last)
		gap->last = seq;
	gap->count++;
	gap->unreadable |= unreadable;
}

bool outbox_gap(const struct outbox *outbox, struct outbox_gap *ret)
{
	if (outbox->gap.count > 0)
		*ret = outbox->gap;
	return outbox->gap.count > 0;
}

void outbox_set_gap(struct outbox *outbox, const struct outbox_gap *gap)
{
	outbox->gap = *gap;
}

void outbox_gap_told(struct outbox *outbox)
{
	outbox->gap = (struct outbox_gap){0};
}

bool outbox_has_room(const struct outbox *outbox, size_t size)
{
	const struct outbox_policy *policy = &outbox->policy;

	return outbox->waiting < policy->count_max && outbox->bytes < policy->bytes_max &&
	       size <= policy->bytes_max - outbox->bytes;
}

/* The oldest of a lane that is not under way; NULL: there is none. */
static struct outbox_row *oldest(struct outbox *outbox, enum outbox_lane lane)
{
	struct outbox_row *row;

	TAILQ_FOREACH (row, &outbox->lanes[lane], link) {
		if (!row->in_flight)
			return row;
	}
	return NULL;
}

enum { TELEMETRY_MAY_GO = 1 << OUTBOX_TELEMETRY, ALARMS_MAY_GO = 1 << OUTBOX_ALARM };

/* Whom a message may push out; NULL: nobody, it is lost itself. */
static struct outbox_row *outbox_victim(struct outbox *outbox, unsigned lanes)
{
	struct outbox_row *row = NULL;

	if ((lanes & TELEMETRY_MAY_GO) != 0)
		row = oldest(outbox, OUTBOX_TELEMETRY);
	if (row == NULL && (lanes & ALARMS_MAY_GO) != 0)
		row = oldest(outbox, OUTBOX_ALARM);
	return row;
}

static void outbox_drop_full(struct outbox *outbox, uint64_t seq)
{
	outbox->counted.dropped_full++;
	outbox_count_lost(outbox, seq, false);
}

static bool outbox_push_out(struct outbox *outbox, struct outbox_row *row)
{
	if (row == NULL)
		return false;
	outbox_drop_full(outbox, row->identity.seq);
	outbox_take_out(outbox, row);
	row_forget(outbox, row);
	return true;
}

/* The next of telemetry, this one included, that is not committed and not under way. */
static struct outbox_row *fresh_telemetry(struct outbox_row *row)
{
	while (row != NULL && row->in_flight)
		row = TAILQ_NEXT(row, link);
	return row;
}

/* Telemetry that is not committed yet makes room at once: none goes that makes not enough. */
static int outbox_keep_for(struct outbox *outbox, struct outbox_row *row, unsigned lanes)
{
	struct outbox_row *gone[PUSH_OUT_TRIES], *next = NULL;
	size_t count = 0;
	int rc;

	if ((lanes & TELEMETRY_MAY_GO) != 0)
		next = fresh_telemetry(outbox->fresh[OUTBOX_TELEMETRY]);
	while ((rc = outbox_put(outbox, row)) != 0 && next != NULL && count < PUSH_OUT_TRIES) {
		outbox->store.remove(outbox->store.arg, next->identity.seq);
		gone[count++] = next;
		next = fresh_telemetry(TAILQ_NEXT(next, link));
	}
	for (size_t i = 0; i < count; i++) {
		if (rc == 0) {
			outbox_drop_full(outbox, gone[i]->identity.seq);
			outbox_take_out(outbox, gone[i]);
			outbox_row_free(outbox, gone[i]);
		} else if (outbox_put(outbox, gone[i]) != 0) {
			outbox_unkeep(outbox, gone[i]);
		}
	}
	return rc;
}

/*
 * Into the store. What is committed makes room with the next commit: so one goes, and the new
 * one waits in memory until then.
 */
static bool outbox_keep(struct outbox *outbox, struct outbox_row *row, unsigned lanes)
{
	int rc = outbox_keep_for(outbox, row, lanes);

	if (rc != -ENOSPC || outbox->unkept >= OUTBOX_UNKEPT_MAX)
		return rc == 0;
	if (!outbox_push_out(outbox, outbox_victim(outbox, lanes)))
		return false;
	outbox_unkeep(outbox, row);
	return true;
}

/* Whether a message finds room when what waits in these lanes goes. */
static bool outbox_room_without(const struct outbox *outbox, unsigned lanes, size_t size)
{
	const struct outbox_policy *policy = &outbox->policy;
	size_t count = outbox->waiting, bytes = outbox->bytes;
	const struct outbox_row *row;

	if (size > policy->bytes_max)
		return false;
	for (int lane = OUTBOX_LANES - 1; lane >= 0; lane--) {
		if ((lanes >> lane & 1) == 0)
			continue;
		TAILQ_FOREACH (row, &outbox->lanes[lane], link) {
			if (count < policy->count_max && bytes <= policy->bytes_max - size)
				return true;
			count -= !row->in_flight;
			bytes -= row->in_flight ? 0 : row->size;
		}
	}
	return count < policy->count_max && bytes <= policy->bytes_max - size;
}

/* Lets go of nothing unless the message is taken. */
static int outbox_accept(struct outbox *outbox, const struct outbox_identity *identity,
			 const struct outbox_message *message, unsigned lanes, struct boot now)
{
	enum outbox_lane lane = message->lane;
	struct outbox_row *row;

	if (message->body_len > OUTBOX_BODY_MAX)
		return -EMSGSIZE;
	if (!outbox_room_without(outbox, lanes, outbox_message_size(message)))
		return -ENOBUFS;
	row = outbox_row_new(identity, lane, message->what, now);
	row->size = outbox_message_size(message);
	outbox_row_fill(outbox, row, message);
	if (!outbox_keep(outbox, row, lanes)) {
		outbox_row_free(outbox, row);
		return -ENOBUFS;
	}
	while (!outbox_has_room(outbox, row->size) &&
	       outbox_push_out(outbox, outbox_victim(outbox, lanes)))
		;
	outbox_take_in(outbox, row);
	if (outbox->fresh[lane] == NULL)
		outbox->fresh[lane] = row;
	outbox->counted.accepted++;
	return 0;
}

int outbox_add(struct outbox *outbox, const struct outbox_identity *identity,
	       const struct outbox_message *message, struct boot now)
{
	bool alarms = message->lane == OUTBOX_ALARM && outbox->policy.drop_oldest;
	unsigned lanes = TELEMETRY_MAY_GO | (alarms ? ALARMS_MAY_GO : 0);
	int rc = outbox_accept(outbox, identity, message, lanes, now);

	if (rc == -EMSGSIZE) {
		outbox->counted.dropped_size++;
		outbox_count_lost(outbox, identity->seq, false);
	} else if (rc != 0) {
		outbox_drop_full(outbox, identity->seq);
	}
	return rc;
}

int outbox_offer(struct outbox *outbox, const struct outbox_identity *identity,
		 const struct outbox_message *message, struct boot now)
{
	unsigned lanes = message->lane == OUTBOX_ALARM ? TELEMETRY_MAY_GO : 0;
	int rc = outbox_accept(outbox, identity, message, lanes, now);

	if (rc != 0 && outbox->seq == identity->seq)
		outbox->seq--;
	return rc == -ENOBUFS ? -EAGAIN : rc;
}

static void load_dead(struct outbox *outbox, struct outbox_row *row)
{
	row->why = OUTBOX_REJECTED;
	TAILQ_INSERT_TAIL(&outbox->dead, row, link);
	outbox->dead_count++;
	outbox->dead_bytes += row->size;
}

void outbox_load(struct outbox *outbox, const struct outbox_found *found)
{
	struct outbox_row *row =
		outbox_row_new(&found->identity, found->lane, found->what, found->created);

	row->size = found->size;
	outbox_used(outbox, found->identity.seq);
	outbox->counted.loaded++;
	if (found->dead) {
		load_dead(outbox, row);
		if (strcmp(found->why, outbox_why_words(OUTBOX_TOO_OLD)) == 0)
			row->why = OUTBOX_TOO_OLD;
	} else {
		outbox_take_in(outbox, row);
		/* A store that opens late finds its rows for somebody who is there already. */
		outbox_rouse(outbox);
	}
}

void outbox_used(struct outbox *outbox, uint64_t seq)
{
	if (seq > outbox->seq)
		outbox->seq = seq;
}

/* ---- an operator's */

void outbox_rouse(struct outbox *outbox)
{
	if (outbox->ready != NULL)
		outbox->ready(outbox->ready_arg);
}

size_t outbox_revive(struct outbox *outbox, uint64_t seq, struct boot now)
{
	struct outbox_row *row, *after;
	size_t count = 0;

	for (row = TAILQ_FIRST(&outbox->dead); row != NULL; row = after) {
		after = TAILQ_NEXT(row, link);
		if (seq != 0 && row->identity.seq != seq)
			continue;
		dead_take_out(outbox, row);
		row->why = OUTBOX_WAITS;
		row->rejections = 0;
		row->created = now;
		row->next = (struct boot){0};
		outbox_take_in(outbox, row);
		if (outbox->stored)
			outbox->store.bury(outbox->store.arg, row->identity.seq, false, "");
		count++;
	}
	outbox_rouse(outbox);
	return count;
}

static size_t drop_dead(struct outbox *outbox, uint64_t seq)
{
	struct outbox_row *row, *after;
	size_t count = 0;

	for (row = TAILQ_FIRST(&outbox->dead); row != NULL; row = after) {
		after = TAILQ_NEXT(row, link);
		if (seq != 0 && row->identity.seq != seq)
			continue;
		dead_take_out(outbox, row);
		row_forget(outbox, row);
		count++;
	}
	return count;
}

size_t outbox_drop(struct outbox *outbox, uint64_t seq, bool dead_only)
{
	size_t count = drop_dead(outbox, seq);
	struct outbox_row *row, *after;

	for (int lane = 0; lane < OUTBOX_LANES && !dead_only; lane++)
		for (row = TAILQ_FIRST(&outbox->lanes[lane]); row != NULL; row = after) {
			after = TAILQ_NEXT(row, link);
			if (row->in_flight || (seq != 0 && row->identity.seq != seq))
				continue;
			outbox_take_out(outbox, row);
			row_forget(outbox, row);
			outbox->counted.dropped_operator++;
			count++;
		}
	/* Others may stand first now. */
	outbox_rouse(outbox);
	return count;
}

size_t outbox_try_now(struct outbox *outbox, uint64_t seq)
{
	struct outbox_row *row;
	size_t count = 0;

	for (int lane = 0; lane < OUTBOX_LANES; lane++)
		TAILQ_FOREACH (row, &outbox->lanes[lane], link) {
			if (seq != 0 && row->identity.seq != seq)
				continue;
			row->next = (struct boot){0};
			count++;
		}
	outbox_unpark(outbox);
	outbox_rouse(outbox);
	return count;
}
