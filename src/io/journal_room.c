/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the caps of what is not in the store yet, and the reserve of the store. */
#include "io/journal_room.h"

#include "io/journal.h"
#include "io/journal_batch.h"

size_t journal_room_messages(const struct journal_room *room)
{
	return room->filling->messages + (room->leaving != NULL ? room->leaving->messages : 0);
}

size_t journal_room_bytes(const struct journal_room *room)
{
	return room->filling->bytes + (room->leaving != NULL ? room->leaving->bytes : 0);
}

static size_t room_history(const struct journal_room *room)
{
	return room->filling->history + (room->leaving != NULL ? room->leaving->history : 0);
}

static bool room_fits(size_t bytes, size_t used, size_t most)
{
	return bytes <= most && used <= most - bytes;
}

bool journal_room_in_memory(const struct journal_room *room, enum journal_kind kind,
			    size_t bytes)
{
	if (kind == JOURNAL_MESSAGE && journal_room_messages(room) >= JOURNAL_BATCH_MESSAGES)
		return false;
	/* Only a commit ends lines: they must not take what messages need until then. */
	if (kind == JOURNAL_HISTORY &&
	    !room_fits(bytes, room_history(room), JOURNAL_BATCH_HISTORY))
		return false;
	return room_fits(bytes, journal_room_bytes(room), JOURNAL_BATCH_BYTES);
}

static bool room_in_store(const struct journal_room *room, const struct journal_op *op)
{
	int64_t reserve = JOURNAL_RESERVE_BYTES;
	int64_t bytes = room->filling->room + journal_op_room(op) +
			(room->leaving != NULL ? room->leaving->room : 0);

	/* Acknowledgements and states need some of it whatever comes; telemetry is no alarm. */
	if (op->kind == JOURNAL_MESSAGE && op->lane == JOURNAL_ALARM)
		reserve /= 2;
	return bytes <= room->left - reserve;
}

bool journal_room_for(const struct journal_room *room, const struct journal_op *op)
{
	return journal_room_in_memory(room, op->kind, op->size) && room_in_store(room, op);
}
