/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * The loop: one libevent base on one thread, with timers of full precision. Owns libevent;
 * everybody else gets descriptors watched, deadlines kept and work deferred through it.
 * Nothing that it calls may wait. Not thread-safe, but for loop_wake().
 */
#ifndef GAUGED_IO_LOOP_H
#define GAUGED_IO_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"

struct error;
struct event_base;
struct loop;

struct loop *loop_new(struct error *err);
void loop_free(struct loop *loop);
/*
 * Runs until loop_stop(); returns 0, or a negative errno when the base failed. A stop that was
 * asked for before it began ends it at once. It may be run again.
 */
int loop_run(struct loop *loop);
void loop_stop(struct loop *loop);
/* One turn without waiting, for tests. */
int loop_turn(struct loop *loop);

/* For resolve.c (evdns) only: everybody else stays with the calls below. */
struct event_base *loop_base(struct loop *loop);

/*
 * Things that a loop has one of and that end with it: the resolver, the limits on connects.
 * Found by the address of their key; there is room for a handful.
 */
void *loop_local(const struct loop *loop, const void *key);
void loop_keep(struct loop *loop, const void *key, void *thing, void (*release)(void *thing));

/* Timers. One-shot; fn may start it again, stop it or free it. */
struct loop_timer;
typedef void loop_timer_fn(void *arg);
struct loop_timer *loop_timer_new(struct loop *loop, loop_timer_fn *fn, void *arg);
void loop_timer_free(struct loop_timer *timer);
/*
 * Fires once at or soon after deadline. Lazy: a later deadline than the one that is armed
 * costs no system call.
 */
void loop_timer_start(struct loop_timer *timer, struct mono deadline);
void loop_timer_stop(struct loop_timer *timer);
bool loop_timer_running(const struct loop_timer *timer);

/* A timer on CLOCK_BOOTTIME (a timerfd): fires in time after a suspend as well. */
struct loop_alarm;
struct loop_alarm *loop_alarm_new(struct loop *loop, loop_timer_fn *fn, void *arg);
void loop_alarm_free(struct loop_alarm *alarm);
void loop_alarm_start(struct loop_alarm *alarm, struct boot deadline);
void loop_alarm_stop(struct loop_alarm *alarm);

/* Descriptors, level-triggered. The descriptor stays the caller's: free the watch first. */
enum { LOOP_READ = 1, LOOP_WRITE = 2 };
struct loop_watch;
typedef void loop_watch_fn(void *arg, unsigned what);
struct loop_watch *loop_watch_new(struct loop *loop, int fd, unsigned what, loop_watch_fn *fn,
				  void *arg);
void loop_watch_free(struct loop_watch *watch);
/* what = 0 pauses it. No system call if nothing changes. */
void loop_watch_set(struct loop_watch *watch, unsigned what);

/*
 * Work at the end of this turn of the loop, after all that the turn brought, once however often
 * it was asked for, in the order of asking. What deferred work asks for runs a turn later, and
 * the loop does not wait before that.
 */
struct loop_defer;
struct loop_defer *loop_defer_new(struct loop *loop, loop_timer_fn *fn, void *arg);
void loop_defer_free(struct loop_defer *defer);
void loop_defer_ask(struct loop_defer *defer);

/* Signals, through the loop. */
struct loop_signal;
struct loop_signal *loop_signal_new(struct loop *loop, int signo, loop_timer_fn *fn, void *arg);
void loop_signal_free(struct loop_signal *signal);

/* A way for another thread to have fn called on the loop (eventfd). */
struct loop_wake;
struct loop_wake *loop_wake_new(struct loop *loop, loop_timer_fn *fn, void *arg);
void loop_wake_free(struct loop_wake *wake);
void loop_wake_ring(struct loop_wake *wake); /* from any thread */

/* How the loop is doing: pulled by metrics and the watchdog. */
struct loop_report {
	uint64_t turns;	    /* times it woke up */
	int64_t lag_max_ns; /* worst lateness of the 100 ms lag timer since the last reset */
	int64_t lag_last_ns;
	uint64_t lag_samples;
};
void loop_report(const struct loop *loop, struct loop_report *ret);
/* Starts the 100 ms timer that measures lateness; reset = the maximum starts anew. */
void loop_measure_lag(struct loop *loop, bool on);
void loop_reset_lag(struct loop *loop);

#endif
