/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Somebody who follows what happens: turns events and readings into lines of JSON as they
 * pass, in a buffer of fixed size. Who reads too slowly for it is dropped, never waited for.
 */
#ifndef GAUGED_DAEMON_FOLLOWER_H
#define GAUGED_DAEMON_FOLLOWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct daemon;
struct follower;

enum { FOLLOWER_BUFFER = 64 << 10 };

/* What is followed; any of them together. */
enum {
	FOLLOW_EVENTS = 1,
	FOLLOW_READINGS = 2,
	FOLLOW_CHANGES = 4, /* readings that differ from the one before in value or quality */
};

struct follower *follower_new(struct daemon *daemon, unsigned what);
void follower_free(struct follower *follower);

/* wake is called when there is something to take, or when it was dropped. */
void follower_on_wake(struct follower *follower, void (*wake)(void *arg), void *arg);
/* Moves at most size bytes of whole or part lines to buf; 0 if there are none now. */
size_t follower_take(struct follower *follower, char *buf, size_t size);
bool follower_dropped(const struct follower *follower);

#endif
