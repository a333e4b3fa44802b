/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * The simulator's own loop: descriptors by epoll and timers in a list, on one thread. Its own,
 * so that the peer of gauged's tests shares no code with what it tests.
 */
#ifndef GAUGED_SIM_POLLER_H
#define GAUGED_SIM_POLLER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/clock.h"

struct poller;

enum { POLLER_READ = 1, POLLER_WRITE = 2 };
/* what: POLLER_READ and POLLER_WRITE; a hang-up or an error is told as both. */
typedef void poller_fd_fn(void *arg, unsigned what);
typedef void poller_timer_fn(void *arg);

/* Embedded in its owner; all zero but for fn and arg before first use. */
struct poller_timer {
	poller_timer_fn *fn;
	void *arg;
	struct mono due;
	bool armed;
	LIST_ENTRY(poller_timer) entry;
};

struct poller *poller_new(void);
void poller_free(struct poller *poller);

/*
 * Watches fd, which stays the caller's. The returned watch is freed by poller_unwatch(), which
 * a callback may call for any watch. NULL: this descriptor can't be watched (a regular file).
 */
struct poller_watch;
struct poller_watch *poller_watch(struct poller *poller, int fd, unsigned what,
				  poller_fd_fn *fn, void *arg);
void poller_set(struct poller_watch *watch, unsigned what);
void poller_unwatch(struct poller_watch *watch);

/* Starts or moves the timer; it fires once. */
void poller_arm(struct poller *poller, struct poller_timer *timer, int64_t in_ns);
void poller_disarm(struct poller_timer *timer);

/* Runs until poller_stop(). */
void poller_run(struct poller *poller);
void poller_stop(struct poller *poller);

#endif
