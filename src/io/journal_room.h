/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* What finds room, in memory and in the store. */
#ifndef GAUGED_IO_JOURNAL_ROOM_H
#define GAUGED_IO_JOURNAL_ROOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "io/journal_op.h"

struct journal_batch;

struct journal_room {
	const struct journal_batch *filling, *leaving; /* leaving may be NULL */
	int64_t left; /* bytes of the store, before any of both is written */
};

size_t journal_room_messages(const struct journal_room *room);
size_t journal_room_bytes(const struct journal_room *room);
/* Whether memory has room for an operation of this kind and size. */
bool journal_room_in_memory(const struct journal_room *room, enum journal_kind kind,
			    size_t bytes);
/* Whether memory has, and the store. */
bool journal_room_for(const struct journal_room *room, const struct journal_op *op);

#endif
