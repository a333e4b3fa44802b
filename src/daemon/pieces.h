/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * An answer that is too large to be held at once: text that is made a piece at a time, the next
 * one when whoever reads has taken the one before.
 */
#ifndef GAUGED_DAEMON_PIECES_H
#define GAUGED_DAEMON_PIECES_H

#include <stdbool.h>
#include <stddef.h>

struct pieces;

struct pieces_source {
	/* Puts the next piece, now or later: pieces_put(), then pieces_ready() or pieces_end().
	 */
	void (*more)(void *arg);
	void (*free)(void *arg);
	void *arg;
};

/* source is copied; what it has is freed with the pieces. */
struct pieces *pieces_new(const struct pieces_source *source);
void pieces_free(struct pieces *pieces);

/* wake is called when there is something to take again, or when it has ended. */
void pieces_on_wake(struct pieces *pieces, void (*wake)(void *arg), void *arg);
/* Moves at most size bytes to buf; 0: there are none now, or it has ended. */
size_t pieces_take(struct pieces *pieces, char *buf, size_t size);
/* All of it was taken, and nothing more comes. */
bool pieces_ended(const struct pieces *pieces);

/* For the source. */
void pieces_put(struct pieces *pieces, const char *text, size_t len);
void pieces_ready(struct pieces *pieces);
void pieces_end(struct pieces *pieces);

#endif
