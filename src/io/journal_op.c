/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns one operation of the journal and its memory. */
#include "io/journal_op.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

static const char *op_text(char **end, const char *text)
{
	size_t size = text != NULL ? strlen(text) + 1 : 1;
	char *at = *end;

	if (size > 1)
		memcpy(at, text, size);
	else
		*at = '\0';
	*end += size;
	return at;
}

static size_t op_text_size(const char *text)
{
	return text != NULL ? strlen(text) + 1 : 1;
}

struct journal_op *journal_op_new(enum journal_kind kind, const struct journal_op_texts *texts)
{
	size_t size = sizeof(struct journal_op) + op_text_size(texts->name) +
		      op_text_size(texts->why) + op_text_size(texts->what) +
		      op_text_size(texts->url) + op_text_size(texts->headers) +
		      texts->body_len + 1;
	struct journal_op *op = xmalloc(size);
	char *end = op->room;

	*op = (struct journal_op){
		.kind = kind,
		.size = size,
		.has_body = texts->body != NULL,
		.body_len = texts->body_len,
		.name = op_text(&end, texts->name),
		.why = op_text(&end, texts->why),
		.what = op_text(&end, texts->what),
		.url = op_text(&end, texts->url),
		.headers = op_text(&end, texts->headers),
		.body = end,
	};
	if (texts->body != NULL && texts->body_len > 0)
		memcpy(end, texts->body, texts->body_len);
	end[texts->body != NULL ? texts->body_len : 0] = '\0';
	return op;
}

struct journal_op *journal_op_of(const struct journal_message *message)
{
	struct journal_op *op =
		journal_op_new(JOURNAL_MESSAGE, &(struct journal_op_texts){
							.name = message->box,
							.why = message->why,
							.what = message->what,
							.url = message->url,
							.headers = message->headers,
							.body = message->body,
							.body_len = message->body_len,
						});

	op->seq = message->seq;
	op->lane = message->lane;
	op->dead = message->dead;
	op->at_ns = message->created_ns;
	memcpy(op->id, message->id, sizeof(op->id));
	op->id[sizeof(op->id) - 1] = '\0';
	return op;
}

struct journal_message journal_op_message(const struct journal_op *op)
{
	struct journal_message message = {
		.box = op->name,
		.seq = op->seq,
		.lane = op->lane,
		.created_ns = op->at_ns,
		.dead = op->dead,
		.why = op->why,
		.what = op->what,
		.url = op->url,
		.headers = op->headers,
		.body = op->has_body ? op->body : NULL,
		.body_len = op->body_len,
	};

	memcpy(message.id, op->id, sizeof(message.id));
	return message;
}

int64_t journal_op_room(const struct journal_op *op)
{
	static const int64_t page = 4096;
	int64_t size = (int64_t)(op->size - sizeof(*op)) + 64;

	if (op->kind != JOURNAL_MESSAGE && op->kind != JOURNAL_HISTORY)
		return 0;
	/* Rows do not share a page well when they are larger than a quarter of it. */
	return size < page / 4 ? size + size / 3 : (size + page) / page * page;
}

void journal_op_free(struct journal_op *op)
{
	free(op);
}

void journal_ops_done(struct journal_ops *ops)
{
	struct journal_op *op;

	while ((op = TAILQ_FIRST(ops)) != NULL) {
		TAILQ_REMOVE(ops, op, link);
		journal_op_free(op);
	}
}
