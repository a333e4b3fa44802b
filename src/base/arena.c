/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns chunks of memory with one common lifetime. */
#include "base/arena.h"

#include <stdarg.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

enum { ARENA_CHUNK = 4096 };

struct chunk {
	struct chunk *next;
	size_t used;
	size_t size;
	alignas(max_align_t) unsigned char bytes[];
};

struct arena {
	struct chunk *chunks;
	size_t size;
};

struct arena *arena_new(void)
{
	return xcalloc(1, sizeof(struct arena));
}

/* One chunk stays: most of what an arena is used for again and again fits into it. */
void arena_reset(struct arena *arena)
{
	struct chunk *kept = NULL, *chunk, *next;

	for (chunk = arena->chunks; chunk != NULL; chunk = next) {
		next = chunk->next;
		if (kept == NULL && chunk->size == ARENA_CHUNK) {
			kept = chunk;
			continue;
		}
		arena->size -= sizeof(*chunk) + chunk->size;
		free(chunk);
	}
	arena->chunks = kept;
	if (kept == NULL)
		return;
	memset(kept->bytes, 0, kept->used);
	kept->used = 0;
	kept->next = NULL;
}

void arena_free(struct arena *arena)
{
	struct chunk *chunk, *next;

	if (arena == NULL)
		return;
	for (chunk = arena->chunks; chunk != NULL; chunk = next) {
		next = chunk->next;
		free(chunk);
	}
	free(arena);
}

static struct chunk *arena_grow(struct arena *arena, size_t size)
{
	size_t room = size > ARENA_CHUNK / 4 ? size : ARENA_CHUNK;
	struct chunk *chunk = xcalloc(1, sizeof(*chunk) + room);

	chunk->size = room;
	arena->size += sizeof(*chunk) + room;
	/* A big piece fills its chunk: it goes behind the one that still has room. */
	if (arena->chunks != NULL && room == size) {
		chunk->next = arena->chunks->next;
		arena->chunks->next = chunk;
	} else {
		chunk->next = arena->chunks;
		arena->chunks = chunk;
	}
	return chunk;
}

void *arena_take(struct arena *arena, size_t count, size_t size)
{
	size_t align = alignof(max_align_t);
	struct chunk *chunk = arena->chunks;
	size_t total;
	void *p;

	if (__builtin_mul_overflow(count, size, &total) || total > SIZE_MAX / 2)
		abort();
	total = (total + align - 1) / align * align;
	if (chunk == NULL || chunk->size - chunk->used < total)
		chunk = arena_grow(arena, total);
	p = chunk->bytes + chunk->used;
	chunk->used += total;
	return p;
}

char *arena_text(struct arena *arena, const char *s, size_t len)
{
	char *copy = arena_take(arena, len + 1, 1);

	memcpy(copy, s, len);
	return copy;
}

char *arena_printf(struct arena *arena, const char *fmt, ...)
{
	va_list ap, again;
	char *s;
	int len;

	va_start(ap, fmt);
	va_copy(again, ap);
	len = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	s = arena_take(arena, len > 0 ? (size_t)len + 1 : 1, 1);
	if (len > 0)
		vsnprintf(s, (size_t)len + 1, fmt, again);
	va_end(again);
	return s;
}

size_t arena_size(const struct arena *arena)
{
	return arena->size;
}
