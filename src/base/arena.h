/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Memory with one lifetime: everything that a configuration is made of is taken from one
 * arena and given back at once, and its size is known before anything runs.
 */
#ifndef GAUGED_BASE_ARENA_H
#define GAUGED_BASE_ARENA_H

#include <stddef.h>

struct arena;

struct arena *arena_new(void);
/* As it was when it was new, with what room it needs to begin again. */
void arena_reset(struct arena *arena);
/* Frees the arena with all that was taken from it. NULL is allowed. */
void arena_free(struct arena *arena);

/* Zeroed, aligned for any type, valid until arena_free(). Never NULL. */
void *arena_take(struct arena *arena, size_t count, size_t size)
	__attribute__((returns_nonnull));
char *arena_text(struct arena *arena, const char *s, size_t len)
	__attribute__((returns_nonnull));
char *arena_printf(struct arena *arena, const char *fmt, ...)
	__attribute__((returns_nonnull, format(printf, 2, 3)));

/* Bytes taken from the system so far. */
size_t arena_size(const struct arena *arena);

#endif
