/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * What the service manager is told: the datagrams of sd_notify(3), written out, and the
 * watchdog, which is fed only while there is progress. Without a manager all of it does
 * nothing.
 */
#ifndef GAUGED_DAEMON_NOTIFY_H
#define GAUGED_DAEMON_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/clock.h"

struct error;
struct loop;
struct notify;
struct notify_watchdog;

/*
 * socket is the value of NOTIFY_SOCKET: an absolute path, or '@' and an abstract name; NULL or
 * "" makes an object that sends nothing. NULL + err when it is neither, or too long.
 */
struct notify *notify_new(const char *socket, struct error *err);
void notify_free(struct notify *notify);

/* None of these waits: a datagram that does not fit into the manager's queue is lost, counted.
 */
void notify_ready(struct notify *notify);
/* now: of the moment the reload began; notify_ready() ends it. */
void notify_reloading(struct notify *notify, struct mono now);
void notify_stopping(struct notify *notify);
/* One line that systemctl status shows; line breaks become blanks. */
void notify_status(struct notify *notify, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
uint64_t notify_lost(const struct notify *notify);

/*
 * WATCHDOG_USEC and WATCHDOG_PID, sd_watchdog_enabled(3): the time in ns after which the
 * manager gives up, or 0 when it does not watch this process (self) at all. -EINVAL + err
 * when one of them is no number.
 */
int notify_watchdog_interval(const char *usec, const char *pid, pid_t self, int64_t *ret_ns,
			     struct error *err);

/*
 * Feeds the manager's watchdog each half of interval_ns, from a timer of the loop, if the loop
 * has turned since and every source says that it is alive. interval_ns 0: never feeds.
 */
struct notify_watchdog *notify_watchdog_new(struct notify *notify, struct loop *loop,
					    int64_t interval_ns);
void notify_watchdog_free(struct notify_watchdog *watchdog);
/*
 * alive says whether the source made progress since it was asked last, or had nothing to do;
 * what names it in the log line that is written when it says no. Borrowed.
 */
typedef bool notify_alive(void *arg);
void notify_watchdog_add(struct notify_watchdog *watchdog, const char *what,
			 notify_alive *alive, void *arg);

#endif
