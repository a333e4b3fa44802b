/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the memory of rows, and what of them is in the store only. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "actions/outbox_core.h"
#include "base/alloc.h"

#define FETCH_PAUSE (1 * NSEC_PER_SEC)

struct outbox_row *outbox_row_new(const struct outbox_identity *identity, enum outbox_lane lane,
				  const char *what, struct boot created)
{
	size_t len = what != NULL ? strlen(what) + 1 : 0;
	struct outbox_row *row = xcalloc(1, sizeof(*row) + len);

	row->identity = *identity;
	row->created = created;
	row->message.lane = lane;
	if (what != NULL)
		row->message.what = memcpy(row + 1, what, len);
	return row;
}

size_t outbox_message_size(const struct outbox_message *message)
{
	return sizeof(struct outbox_row) + strlen(message->url) + strlen(message->headers) +
	       message->body_len + 3;
}

/* One allocation for the three texts. */
void outbox_row_fill(struct outbox *outbox, struct outbox_row *row,
		     const struct outbox_message *message)
{
	size_t url = strlen(message->url) + 1, headers = strlen(message->headers) + 1;
	char *text = xcalloc(1, url + headers + message->body_len + 1);

	row->texts = text;
	row->message.url = memcpy(text, message->url, url);
	row->message.headers = memcpy(text + url, message->headers, headers);
	if (message->body_len > 0)
		memcpy(text + url + headers, message->body, message->body_len);
	row->message.body = text + url + headers;
	row->message.body_len = message->body_len;
	row->warm = true;
	outbox->warm_count++;
	outbox->warm_bytes += row->size;
}

static void row_cool(struct outbox *outbox, struct outbox_row *row)
{
	if (!row->warm)
		return;
	free(row->texts);
	row->texts = NULL;
	row->message.url = row->message.headers = row->message.body = NULL;
	row->message.body_len = 0;
	row->warm = false;
	outbox->warm_count--;
	outbox->warm_bytes -= row->size;
}

void outbox_row_free(struct outbox *outbox, struct outbox_row *row)
{
	row_cool(outbox, row);
	outbox->unkept -= row->mark == UINT64_MAX;
	free(row);
}

int outbox_put(struct outbox *outbox, struct outbox_row *row)
{
	uint64_t mark = 0;
	int rc;

	if (!outbox->stored)
		return 0;
	rc = outbox->store.put(outbox->store.arg, row, &mark);
	if (rc != 0)
		return rc;
	outbox->unkept -= row->mark == UINT64_MAX;
	row->mark = mark;
	return 0;
}

void outbox_unkeep(struct outbox *outbox, struct outbox_row *row)
{
	outbox->unkept += row->mark != UINT64_MAX;
	row->mark = UINT64_MAX;
}

static bool too_warm(const struct outbox *outbox)
{
	return outbox->warm_count > OUTBOX_WARM_COUNT || outbox->warm_bytes > OUTBOX_WARM_BYTES;
}

/*
 * Rows from first up to the one before fresh are in the store now. The oldest go next: those
 * at the end get cold, and the head of a lane stays warm whatever it weighs.
 */
static void lane_cool(struct outbox *outbox, struct outbox_rows *rows,
		      const struct outbox_row *first, struct outbox_row *fresh)
{
	struct outbox_row *row = fresh != NULL ? TAILQ_PREV(fresh, outbox_rows, link)
					       : TAILQ_LAST(rows, outbox_rows);

	for (; row != NULL && row != TAILQ_FIRST(rows) && too_warm(outbox);
	     row = TAILQ_PREV(row, outbox_rows, link)) {
		if (!row->in_flight)
			row_cool(outbox, row);
		if (row == first)
			return;
	}
}

/* In their order; what finds no room yet waits for the next commit, and so do all behind it. */
static void outbox_keep_late(struct outbox *outbox)
{
	struct outbox_row *row;

	for (int lane = 0; lane < OUTBOX_LANES; lane++)
		for (row = outbox->fresh[lane]; row != NULL && outbox->unkept > 0;
		     row = TAILQ_NEXT(row, link))
			if (row->mark == UINT64_MAX && outbox_put(outbox, row) != 0)
				return;
}

void outbox_committed(struct outbox *outbox, uint64_t mark)
{
	struct outbox_row *row;

	if (!outbox->stored)
		return;
	outbox->committed = mark;
	for (int lane = 0; lane < OUTBOX_LANES; lane++) {
		const struct outbox_row *first = outbox->fresh[lane];

		row = outbox->fresh[lane];
		while (row != NULL && row->mark <= mark)
			row = TAILQ_NEXT(row, link);
		outbox->fresh[lane] = row;
		if (first != row)
			lane_cool(outbox, &outbox->lanes[lane], first, row);
	}
	outbox_keep_late(outbox);
	/* Nobody reads dead letters soon. */
	TAILQ_FOREACH (row, &outbox->dead, link) {
		if (row->warm && row->mark <= mark)
			row_cool(outbox, row);
	}
}

static size_t ask_rows(struct outbox_rows *rows, uint64_t *seqs, size_t count)
{
	struct outbox_row *row;

	TAILQ_FOREACH (row, rows, link) {
		if (count == OUTBOX_FETCH_MAX)
			break;
		if (row->warm)
			continue;
		row->asked = true;
		seqs[count++] = row->identity.seq;
	}
	return count;
}

void outbox_ask(struct outbox *outbox, struct boot now)
{
	uint64_t seqs[OUTBOX_FETCH_MAX];
	size_t count;

	if (outbox->fetching || now.ns < outbox->fetch_after.ns)
		return;
	count = ask_rows(&outbox->leaving, seqs, 0);
	for (int lane = 0; lane < OUTBOX_LANES; lane++)
		count = ask_rows(&outbox->lanes[lane], seqs, count);
	outbox->fetching = count > 0;
	if (count > 0)
		outbox->store.fetch(outbox->store.arg, seqs, count);
}

/* The lists that texts are asked for; NULL behind the last. */
static struct outbox_rows *asked_list(struct outbox *outbox, int i)
{
	if (i < OUTBOX_LANES)
		return &outbox->lanes[i];
	return i == OUTBOX_LANES ? &outbox->leaving : NULL;
}

static struct outbox_row *asked_row(struct outbox *outbox, uint64_t seq)
{
	struct outbox_rows *rows;
	struct outbox_row *row;

	for (int i = 0; (rows = asked_list(outbox, i)) != NULL; i++)
		TAILQ_FOREACH (row, rows, link) {
			if (row->asked && row->identity.seq == seq)
				return row;
		}
	return NULL;
}

void outbox_warm(struct outbox *outbox, uint64_t seq, const struct outbox_message *message)
{
	struct outbox_row *row = asked_row(outbox, seq);

	if (row == NULL || row->warm || message->body_len > OUTBOX_BODY_MAX)
		return;
	row->asked = false;
	outbox_row_fill(outbox, row, message);
}

/* What the store said it would keep, and does not have. */
static void row_unreadable(struct outbox *outbox, struct outbox_row *row, bool leaving)
{
	uint64_t seq = row->identity.seq;

	outbox->counted.unreadable++;
	outbox_count_lost(outbox, seq, true);
	if (leaving)
		outbox_leave_out(outbox, row);
	else
		outbox_take_out(outbox, row);
	outbox_row_free(outbox, row);
	outbox->store.remove(outbox->store.arg, seq);
}

void outbox_fetched(struct outbox *outbox, bool ok, struct boot now)
{
	struct outbox_rows *rows;
	struct outbox_row *row, *after;

	outbox->fetching = false;
	for (int i = 0; (rows = asked_list(outbox, i)) != NULL; i++)
		for (row = TAILQ_FIRST(rows); row != NULL; row = after) {
			after = TAILQ_NEXT(row, link);
			if (!row->asked)
				continue;
			row->asked = false;
			if (ok)
				row_unreadable(outbox, row, rows == &outbox->leaving);
		}
	if (!ok)
		outbox->fetch_after = boot_add(now, FETCH_PAUSE);
	outbox_rouse(outbox);
}

bool outbox_durable(const struct outbox *outbox, const struct outbox_row *row)
{
	return outbox->stored && row->mark <= outbox->committed;
}

static void row_put_again(struct outbox *outbox, struct outbox_row *row)
{
	if (row->warm && outbox_put(outbox, row) != 0)
		outbox_unkeep(outbox, row);
}

void outbox_put_again(struct outbox *outbox)
{
	struct outbox_row *row;

	if (!outbox->stored)
		return;
	TAILQ_FOREACH (row, &outbox->leaving, link)
		row_put_again(outbox, row);
	for (int lane = 0; lane < OUTBOX_LANES; lane++) {
		TAILQ_FOREACH (row, &outbox->lanes[lane], link)
			row_put_again(outbox, row);
		outbox->fresh[lane] = TAILQ_FIRST(&outbox->lanes[lane]);
	}
	TAILQ_FOREACH (row, &outbox->dead, link) {
		row_put_again(outbox, row);
		if (row->warm)
			outbox->store.bury(outbox->store.arg, row->identity.seq, true,
					   outbox_why_words(row->why));
	}
}
