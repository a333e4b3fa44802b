/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the piece of an answer that is being read, and asks for the next one. */
#include "daemon/pieces.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"

struct pieces {
	struct pieces_source source;
	struct str text;
	size_t taken; /* of text */
	bool asked;   /* the source makes a piece */
	bool ended;   /* and this was the last one */
	bool taking;  /* pieces_take() is on the stack: it sees for itself */
	void (*wake)(void *arg);
	void *wake_arg;
};

struct pieces *pieces_new(const struct pieces_source *source)
{
	struct pieces *pieces = xcalloc(1, sizeof(*pieces));

	pieces->source = *source;
	str_init(&pieces->text);
	return pieces;
}

void pieces_free(struct pieces *pieces)
{
	if (pieces == NULL)
		return;
	pieces->source.free(pieces->source.arg);
	str_done(&pieces->text);
	free(pieces);
}

void pieces_on_wake(struct pieces *pieces, void (*wake)(void *arg), void *arg)
{
	pieces->wake = wake;
	pieces->wake_arg = arg;
}

static bool pieces_empty(const struct pieces *pieces)
{
	return pieces->taken == pieces->text.len;
}

size_t pieces_take(struct pieces *pieces, char *buf, size_t size)
{
	size_t len;

	pieces->taking = true;
	while (pieces_empty(pieces) && !pieces->asked && !pieces->ended) {
		/* Pieces differ much in size: the room of a large one is not kept. */
		str_done(&pieces->text);
		pieces->taken = 0;
		pieces->asked = true;
		pieces->source.more(pieces->source.arg);
	}
	pieces->taking = false;
	len = pieces->asked ? 0 : pieces->text.len - pieces->taken;
	if (len > size)
		len = size;
	if (len > 0)
		memcpy(buf, pieces->text.s + pieces->taken, len);
	pieces->taken += len;
	return len;
}

bool pieces_ended(const struct pieces *pieces)
{
	return pieces->ended && pieces_empty(pieces);
}

void pieces_put(struct pieces *pieces, const char *text, size_t len)
{
	str_add(&pieces->text, text, len);
}

void pieces_ready(struct pieces *pieces)
{
	pieces->asked = false;
	if (!pieces->taking && pieces->wake != NULL)
		pieces->wake(pieces->wake_arg);
}

void pieces_end(struct pieces *pieces)
{
	pieces->ended = true;
	pieces_ready(pieces);
}
