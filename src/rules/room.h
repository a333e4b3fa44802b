/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * One block of memory cut into arrays: the same calls, made twice, first count its size and
 * then hand the pieces out. So what an engine takes is known before there is one.
 */
#ifndef GAUGED_RULES_ROOM_H
#define GAUGED_RULES_ROOM_H

#include <stddef.h>
#include <stdint.h>

struct room {
	unsigned char *base; /* NULL: only count; otherwise zeroed */
	size_t used;
};

static inline void *room_take(struct room *room, size_t count, size_t size)
{
	size_t from = (room->used + 15) & ~(size_t)15;

	room->used = from + count * size;
	return room->base != NULL ? room->base + from : NULL;
}

#endif
