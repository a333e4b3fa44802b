/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the queues by name, and ties each to the journal. */
#include "daemon/boxes.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/str.h"
#include "io/journal.h"
#include "rules/pack.h"
#include "actions/outbox.h"

struct box {
	TAILQ_ENTRY(box) link;
	struct boxes *boxes;
	char *name;
	struct outbox *outbox;
};

struct boxes {
	TAILQ_HEAD(box_list, box) list;
	struct journal *journal;
};

struct boxes *boxes_new(void)
{
	struct boxes *boxes = xcalloc(1, sizeof(*boxes));

	TAILQ_INIT(&boxes->list);
	return boxes;
}

static void box_free(struct box *box)
{
	TAILQ_REMOVE(&box->boxes->list, box, link);
	outbox_free(box->outbox);
	free(box->name);
	free(box);
}

void boxes_free(struct boxes *boxes)
{
	struct box *box;

	if (boxes == NULL)
		return;
	while ((box = TAILQ_FIRST(&boxes->list)) != NULL)
		box_free(box);
	free(boxes);
}

void boxes_set_journal(struct boxes *boxes, struct journal *journal)
{
	boxes->journal = journal;
}

/* ---- the store of an outbox */

static int box_put(void *arg, const struct outbox_row *row, uint64_t *ret_mark)
{
	const struct box *box = arg;
	struct journal *journal = box->boxes->journal;
	struct boot now = clock_boot();
	struct journal_message message = {
		.box = box->name,
		.seq = row->identity.seq,
		.lane = row->message.lane == OUTBOX_ALARM ? JOURNAL_ALARM : JOURNAL_TELEMETRY,
		.why = "",
		.what = row->message.what != NULL ? row->message.what : "",
		.url = row->message.url,
		.headers = row->message.headers,
		.body = row->message.body,
		.body_len = row->message.body_len,
	};
	int rc;

	if (journal == NULL)
		return 0;
	memcpy(message.id, row->identity.id, sizeof(row->identity.id));
	message.created_ns = journal_time(journal, now) - boot_diff(now, row->created);
	rc = journal_put_message(journal, &message);
	if (rc < 0)
		return rc;
	*ret_mark = journal_mark(journal);
	log_debug("webhook %s: %s goes with mark %ju", box->name, message.id,
		  (uintmax_t)*ret_mark);
	journal_commit(journal, message.lane == JOURNAL_ALARM);
	return 0;
}

static void box_remove(void *arg, uint64_t seq)
{
	const struct box *box = arg;

	if (box->boxes->journal != NULL)
		journal_remove(box->boxes->journal, box->name, seq);
}

static void box_bury(void *arg, uint64_t seq, bool dead, const char *why)
{
	const struct box *box = arg;

	if (box->boxes->journal != NULL)
		journal_bury(box->boxes->journal, box->name, seq, dead, why);
}

static void box_got(void *arg, const struct journal_message *message)
{
	const struct box *box = arg;

	outbox_warm(box->outbox, message->seq,
		    &(struct outbox_message){
			    .url = message->url,
			    .headers = message->headers,
			    .body = message->body,
			    .body_len = message->body_len,
		    });
}

static void box_fetched(void *arg, bool ok)
{
	const struct box *box = arg;

	outbox_fetched(box->outbox, ok, clock_boot());
}

static void box_fetch(void *arg, const uint64_t *seqs, size_t count)
{
	struct box *box = arg;

	if (box->boxes->journal != NULL)
		journal_fetch(box->boxes->journal, box->name, seqs, count,
			      &(struct journal_fetch){box_got, box_fetched, box});
}

static struct outbox *box_outbox(struct box *box)
{
	/* Whoever uses the queue sets another one; nothing is ever given up by this one. */
	static const struct outbox_policy waiting = {.strict = true,
						     .first_ns = NSEC_PER_SEC,
						     .max_ns = NSEC_PER_SEC,
						     .for_ns = INT64_MAX / 4};
	const struct outbox_store store = {box_put, box_remove, box_bury, box_fetch, box};
	struct outbox *outbox =
		outbox_new(&waiting, 0, box->boxes->journal != NULL ? &store : NULL);

	/* A store that could not be opened so far may have this queue. */
	if (box->boxes->journal != NULL)
		outbox_used(outbox, journal_first_seq(box->boxes->journal) - 1);
	return outbox;
}

/* ---- by name */

static struct box *boxes_search(const struct boxes *boxes, const char *name)
{
	struct box *box;

	TAILQ_FOREACH (box, &boxes->list, link) {
		if (strcmp(box->name, name) == 0)
			return box;
	}
	return NULL;
}

static struct box *boxes_find(struct boxes *boxes, const char *name)
{
	struct box *box = boxes_search(boxes, name);

	if (box != NULL)
		return box;
	box = xcalloc(1, sizeof(*box));
	box->boxes = boxes;
	box->name = xstrdup(name);
	box->outbox = box_outbox(box);
	TAILQ_INSERT_TAIL(&boxes->list, box, link);
	return box;
}

struct outbox *boxes_get(struct boxes *boxes, const char *name)
{
	return boxes_find(boxes, name)->outbox;
}

struct outbox *boxes_at(const struct boxes *boxes, size_t i, const char **ret_name)
{
	const struct box *box;

	TAILQ_FOREACH (box, &boxes->list, link) {
		if (i-- > 0)
			continue;
		*ret_name = box->name;
		return box->outbox;
	}
	return NULL;
}

struct outbox *boxes_look(const struct boxes *boxes, const char *name)
{
	const struct box *box = boxes_search(boxes, name);

	return box != NULL ? box->outbox : NULL;
}

void boxes_drop(struct boxes *boxes, const char *name)
{
	struct box *box = boxes_search(boxes, name);

	if (box == NULL)
		return;
	if (boxes->journal != NULL) {
		journal_forget(boxes->journal, box);
		journal_drop_box(boxes->journal, name);
	}
	box_free(box);
}

void boxes_found_box(struct boxes *boxes, const char *name, uint64_t last_seq)
{
	outbox_used(boxes_get(boxes, name), last_seq);
}

void boxes_found_message(struct boxes *boxes, const struct journal_message *message)
{
	struct boot now = clock_boot();
	int64_t age = journal_time(boxes->journal, now) - message->created_ns;
	struct outbox_found found = {
		.identity.seq = message->seq,
		.lane = message->lane == JOURNAL_ALARM ? OUTBOX_ALARM : OUTBOX_TELEMETRY,
		.what = message->what,
		.created = boot_add(now, age > 0 ? -age : 0),
		.dead = message->dead,
		.why = message->why,
		.size = sizeof(struct outbox_row) + message->body_len +
			(message->url != NULL ? strlen(message->url) : 0) +
			(message->headers != NULL ? strlen(message->headers) : 0) + 3,
	};

	memcpy(found.identity.id, message->id, sizeof(found.identity.id) - 1);
	outbox_load(boxes_get(boxes, message->box), &found);
}

void boxes_committed(struct boxes *boxes, uint64_t mark)
{
	struct box *box;

	log_debug("the store has all up to mark %ju", (uintmax_t)mark);
	TAILQ_FOREACH (box, &boxes->list, link)
		outbox_committed(box->outbox, mark);
}

void boxes_rebuilt(struct boxes *boxes)
{
	struct box *box;

	TAILQ_FOREACH (box, &boxes->list, link)
		outbox_put_again(box->outbox);
}

/* ---- gaps: so often name, count, first, last u64, unreadable u8 */

void boxes_save_gaps(const struct boxes *boxes, struct str *out)
{
	const struct box *box;
	struct outbox_gap gap;

	TAILQ_FOREACH (box, &boxes->list, link) {
		if (!outbox_gap(box->outbox, &gap))
			continue;
		pack_add_text(out, box->name);
		pack_add_u64(out, gap.count);
		pack_add_u64(out, gap.first);
		pack_add_u64(out, gap.last);
		pack_add_u8(out, gap.unreadable);
	}
}

void boxes_load_gaps(struct boxes *boxes, const void *bytes, size_t len)
{
	struct pack in = {.at = bytes, .end = (const unsigned char *)bytes + len};

	while (in.at < in.end) {
		size_t name_len;
		const char *name = pack_take_text(&in, &name_len);
		struct outbox_gap gap = {.count = pack_take_u64(&in)};
		char room[JOURNAL_NAME_MAX + 1];
		struct outbox_gap other;

		gap.first = pack_take_u64(&in);
		gap.last = pack_take_u64(&in);
		gap.unreadable = pack_take_u8(&in) != 0;
		if (in.bad || name_len > JOURNAL_NAME_MAX)
			return;
		memcpy(room, name, name_len);
		room[name_len] = '\0';
		if (!outbox_gap(boxes_get(boxes, room), &other))
			outbox_set_gap(boxes_get(boxes, room), &gap);
	}
}
