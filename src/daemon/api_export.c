/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Serves a queue as a whole: each message with its body, a line each. Bodies are in the store,
 * and come from there a few at a time, as fast as they are read.
 */
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "io/journal.h"
#include "actions/outbox.h"
#include "actions/template.h"
#include "daemon/api.h"
#include "daemon/api_json.h"
#include "daemon/api_queue.h"
#include "daemon/boxes.h"
#include "daemon/daemon.h"
#include "daemon/pieces.h"
#include "daemon/state.h"

enum { PIECE_ROWS = JOURNAL_FETCH_MAX, PIECE_BYTES = 256 << 10 };

struct export_row {
	uint64_t seq;
	json_t *json; /* NULL: it is no longer in the queue */
};

struct export
{
	struct daemon *daemon;
	struct pieces *pieces;
	char name[API_NAME_MAX + 1];
	uint64_t *seqs; /* of all that was there when it began */
	size_t count, next;
	struct export_row rows[PIECE_ROWS]; /* of the piece that is being made */
	size_t row_count;
	bool fetching;
};

/* What waits, then the dead letters; start with NULL. */
static const struct outbox_row *queue_next(const struct outbox *outbox,
					   const struct outbox_row *row)
{
	const struct outbox_row *next = NULL;

	if (row == NULL || row->why == OUTBOX_WAITS)
		next = outbox_next(outbox, row);
	else
		return outbox_dead_next(outbox, row);
	return next != NULL ? next : outbox_dead_next(outbox, NULL);
}

static void row_set_body(struct export_row *row, const char *body, size_t len)
{
	struct str text;

	str_init(&text);
	template_show(body, len, &text);
	json_object_set_new(row->json, "body", api_json_text(text.s != NULL ? text.s : ""));
	str_done(&text);
}

static void row_print(struct export *export, struct export_row *row, bool ok)
{
	char *text;

	if (json_object_get(row->json, "body") == NULL) {
		json_object_set_new(row->json, "body", json_null());
		json_object_set_new(row->json, "problem",
				    json_string(ok ? "the store does not have it any more"
						   : "the store can't be read now"));
	}
	text = json_dumps(row->json, JSON_COMPACT | JSON_REAL_PRECISION(15));
	if (text == NULL)
		abort();
	pieces_put(export->pieces, text, strlen(text));
	pieces_put(export->pieces, "\n", 1);
	free(text);
}

static void export_forget_rows(struct export *export)
{
	for (size_t i = 0; i < export->row_count; i++)
		json_decref(export->rows[i].json);
	export->row_count = 0;
}

static void export_got(void *arg, const struct journal_message *message)
{
	struct export *export = arg;

	for (size_t i = 0; i < export->row_count; i++) {
		struct export_row *row = &export->rows[i];

		if (row->seq == message->seq && message->body != NULL)
			row_set_body(row, message->body, message->body_len);
	}
}

static void export_fetched(void *arg, bool ok)
{
	struct export *export = arg;

	export->fetching = false;
	for (size_t i = 0; i < export->row_count; i++)
		row_print(export, &export->rows[i], ok);
	export_forget_rows(export);
	pieces_ready(export->pieces);
}

struct wanted {
	uint64_t seq;
	size_t place;
};

static int wanted_compare(const void *pa, const void *pb)
{
	const struct wanted *a = pa, *b = pb;

	return (a->seq > b->seq) - (a->seq < b->seq);
}

/*
 * The rows of the next count numbers, by their places; NULL: no longer there. One walk, because
 * they may have changed places: what waited may be a dead letter now.
 */
static void export_find(const struct export *export, const struct outbox *outbox, size_t count,
			const struct outbox_row **ret)
{
	struct wanted wanted[PIECE_ROWS], *found;
	const struct outbox_row *row = NULL;

	for (size_t i = 0; i < count; i++)
		wanted[i] = (struct wanted){export->seqs[export->next + i], i};
	qsort(wanted, count, sizeof(*wanted), wanted_compare);
	while ((row = queue_next(outbox, row)) != NULL) {
		const struct wanted key = {.seq = row->identity.seq};

		found = bsearch(&key, wanted, count, sizeof(*wanted), wanted_compare);
		if (found != NULL)
			ret[found->place] = row;
	}
}

/* The next messages that are still there, as many as make a piece. */
static void export_collect(struct export *export, const struct outbox *outbox)
{
	const struct outbox_row *found[PIECE_ROWS] = {NULL};
	size_t count = export->count - export->next, bytes = 0;
	struct boot now = clock_boot();

	if (count > PIECE_ROWS)
		count = PIECE_ROWS;
	export_find(export, outbox, count, found);
	for (size_t i = 0; i < count && bytes < PIECE_BYTES; i++) {
		const struct outbox_row *row = found[i];
		struct export_row *to = &export->rows[export->row_count];

		export->next++;
		if (row == NULL)
			continue;
		*to = (struct export_row){row->identity.seq, api_json_row(outbox, row, now)};
		if (row->message.body != NULL)
			row_set_body(to, row->message.body, row->message.body_len);
		export->row_count++;
		bytes += row->size;
	}
}

static void export_more(void *arg)
{
	struct export *export = arg;
	struct state *state = daemon_state(export->daemon);
	const struct outbox *outbox = boxes_look(state_boxes(state), export->name);
	const struct journal_fetch fetch = {export_got, export_fetched, export};
	uint64_t cold[PIECE_ROWS];
	size_t count = 0;

	while (outbox != NULL && export->row_count == 0 && export->next < export->count)
		export_collect(export, outbox);
	if (export->row_count == 0) {
		pieces_end(export->pieces);
		return;
	}
	for (size_t i = 0; i < export->row_count; i++) {
		if (json_object_get(export->rows[i].json, "body") == NULL)
			cold[count++] = export->rows[i].seq;
	}
	export->fetching = true;
	if (count == 0 || !state_fetch(state, export->name, cold, count, &fetch))
		export_fetched(export, count == 0);
}

static void export_free(void *arg)
{
	struct export *export = arg;

	if (export->fetching)
		state_forget(daemon_state(export->daemon), export);
	export_forget_rows(export);
	free(export->seqs);
	free(export);
}

void api_queue_export(struct api_call *call)
{
	const struct outbox *outbox = api_find_queue(call, call->name);
	const struct outbox_row *row = NULL;
	struct outbox_report box;
	struct export *export;

	if (outbox == NULL)
		return;
	export = xcalloc(1, sizeof(*export));
	export->daemon = call->daemon;
	strcpy(export->name, call->name);
	outbox_report(outbox, &box);
	export->seqs = xcalloc(box.waiting + box.dead, sizeof(*export->seqs));
	while ((row = queue_next(outbox, row)) != NULL &&
	       export->count < box.waiting + box.dead)
		export->seqs[export->count++] = row->identity.seq;
	export->pieces = pieces_new(&(struct pieces_source){export_more, export_free, export});
	call->pieces = export->pieces;
	call->status = 200;
	call->type = "application/x-ndjson";
}
