/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns libevent: the base, and everything that waits on it. */
#include "io/loop.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/queue.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"

enum { LAG_PERIOD_MS = 100, LOOP_LOCALS = 8 };

struct loop {
	struct event_base *base;
	struct {
		const void *key;
		void *thing;
		void (*release)(void *thing);
	} locals[LOOP_LOCALS];
	size_t local_count;
	TAILQ_HEAD(, loop_defer) deferred; /* asked for, in order */
	bool stopped;
	uint64_t turns;
	struct loop_timer *lag_timer;
	struct mono lag_due;
	int64_t lag_max_ns;
	int64_t lag_last_ns;
	uint64_t lag_samples;
};

struct loop_timer {
	struct event *event;
	loop_timer_fn *fn;
	void *arg;
	struct mono deadline; /* MONO_NEVER: stopped */
	struct mono armed;    /* what libevent waits for; MONO_NEVER: nothing */
};

struct loop_alarm {
	struct event *event;
	loop_timer_fn *fn;
	void *arg;
	int fd;
	struct boot deadline;
	struct boot armed;
};

struct loop_watch {
	struct event *event;
	struct loop *loop;
	loop_watch_fn *fn;
	void *arg;
	int fd;
	unsigned what;
};

struct loop_defer {
	struct loop *loop;
	loop_timer_fn *fn;
	void *arg;
	bool asked;
	bool this_turn; /* of those asked for, it is one to run at the end of this turn */
	TAILQ_ENTRY(loop_defer) entry;
};

struct loop_signal {
	struct event *event;
	loop_timer_fn *fn;
	void *arg;
};

struct loop_wake {
	struct event *event;
	loop_timer_fn *fn;
	void *arg;
	int fd;
};

struct loop *loop_new(struct error *err)
{
	struct event_config *config = event_config_new();
	struct loop *loop = xcalloc(1, sizeof(*loop));

	if (config != NULL) {
		event_config_set_flag(config, EVENT_BASE_FLAG_PRECISE_TIMER);
		/* A clock read at the start of a turn would wake us early, and then again. */
		event_config_set_flag(config, EVENT_BASE_FLAG_NO_CACHE_TIME);
		event_config_set_flag(config, EVENT_BASE_FLAG_IGNORE_ENV);
		loop->base = event_base_new_with_config(config);
		event_config_free(config);
	}
	if (loop->base == NULL) {
		error_set(err, ENOMEM,
			  "cannot make the event loop: no descriptor or memory left");
		free(loop);
		return NULL;
	}
	TAILQ_INIT(&loop->deferred);
	return loop;
}

void loop_free(struct loop *loop)
{
	if (loop == NULL)
		return;
	loop_timer_free(loop->lag_timer);
	while (loop->local_count > 0) {
		loop->local_count--;
		loop->locals[loop->local_count].release(loop->locals[loop->local_count].thing);
	}
	event_base_free(loop->base);
	free(loop);
}

void *loop_local(const struct loop *loop, const void *key)
{
	for (size_t i = 0; i < loop->local_count; i++) {
		if (loop->locals[i].key == key)
			return loop->locals[i].thing;
	}
	return NULL;
}

void loop_keep(struct loop *loop, const void *key, void *thing, void (*release)(void *thing))
{
	assert(loop->local_count < LOOP_LOCALS);
	loop->locals[loop->local_count].key = key;
	loop->locals[loop->local_count].thing = thing;
	loop->locals[loop->local_count].release = release;
	loop->local_count++;
}

/*
 * What was asked for by now; what that asks for waits for the next turn. Not libevent's
 * priorities: with those, deferred work starves while descriptors stay ready, and each piece
 * costs a look at them.
 */
static void loop_run_deferred(struct loop *loop)
{
	struct loop_defer *defer;

	TAILQ_FOREACH (defer, &loop->deferred, entry)
		defer->this_turn = true;
	while ((defer = TAILQ_FIRST(&loop->deferred)) != NULL && defer->this_turn) {
		TAILQ_REMOVE(&loop->deferred, defer, entry);
		defer->asked = defer->this_turn = false;
		defer->fn(defer->arg);
	}
}

static int loop_once(struct loop *loop, int flags)
{
	int rc;

	if (!TAILQ_EMPTY(&loop->deferred))
		flags |= EVLOOP_NONBLOCK;
	rc = event_base_loop(loop->base, EVLOOP_ONCE | EVLOOP_NO_EXIT_ON_EMPTY | flags);
	loop->turns++;
	loop_run_deferred(loop);
	return rc < 0 ? -EIO : 0;
}

int loop_run(struct loop *loop)
{
	int rc = 0;

	while (rc == 0 && !loop->stopped)
		rc = loop_once(loop, 0);
	loop->stopped = false;
	return rc;
}

void loop_stop(struct loop *loop)
{
	loop->stopped = true;
	event_base_loopbreak(loop->base);
}

int loop_turn(struct loop *loop)
{
	return loop_once(loop, EVLOOP_NONBLOCK);
}

struct event_base *loop_base(struct loop *loop)
{
	return loop->base;
}

static struct event *loop_event(struct loop *loop, int fd, short what, event_callback_fn fn,
				void *arg)
{
	struct event *event = event_new(loop->base, fd, what, fn, arg);

	if (event == NULL)
		abort();
	return event;
}

/* Timers: a lazy deadline above libevent's. A later deadline only moves the number. */

static void timer_arm(struct loop_timer *timer)
{
	int64_t ns = mono_diff(timer->deadline, clock_mono());
	struct timeval tv = {0};

	if (ns > 0) {
		/* Never early, and libevent drops what its clock has below a microsecond. */
		ns += 2 * NSEC_PER_USEC - 1;
		tv.tv_sec = ns / NSEC_PER_SEC;
		tv.tv_usec = ns % NSEC_PER_SEC / NSEC_PER_USEC;
	}
	timer->armed = timer->deadline;
	event_add(timer->event, &tv);
}

static void timer_fired(evutil_socket_t fd, short what, void *arg)
{
	struct loop_timer *timer = arg;

	(void)fd;
	(void)what;
	timer->armed = MONO_NEVER;
	if (timer->deadline.ns == INT64_MAX)
		return;
	if (clock_mono().ns < timer->deadline.ns) {
		timer_arm(timer);
		return;
	}
	timer->deadline = MONO_NEVER;
	timer->fn(timer->arg);
}

struct loop_timer *loop_timer_new(struct loop *loop, loop_timer_fn *fn, void *arg)
{
	struct loop_timer *timer = xcalloc(1, sizeof(*timer));

	timer->fn = fn;
	timer->arg = arg;
	timer->deadline = timer->armed = MONO_NEVER;
	timer->event = loop_event(loop, -1, 0, timer_fired, timer);
	return timer;
}

void loop_timer_free(struct loop_timer *timer)
{
	if (timer == NULL)
		return;
	event_free(timer->event);
	free(timer);
}

void loop_timer_start(struct loop_timer *timer, struct mono deadline)
{
	timer->deadline = deadline;
	if (deadline.ns < timer->armed.ns)
		timer_arm(timer);
}

void loop_timer_stop(struct loop_timer *timer)
{
	/* What is armed stays: it finds nothing to do, or a new deadline by then. */
	timer->deadline = MONO_NEVER;
}

bool loop_timer_running(const struct loop_timer *timer)
{
	return timer->deadline.ns != INT64_MAX;
}

/* Alarms: a timerfd on CLOCK_BOOTTIME, which libevent's own timers do not know. */

static void alarm_arm(struct loop_alarm *alarm)
{
	int64_t ns = alarm->deadline.ns > 0 ? alarm->deadline.ns : 1;
	struct itimerspec when = {
		.it_value = {.tv_sec = ns / NSEC_PER_SEC, .tv_nsec = ns % NSEC_PER_SEC},
	};

	alarm->armed = alarm->deadline;
	timerfd_settime(alarm->fd, TFD_TIMER_ABSTIME, &when, NULL);
}

static void alarm_fired(evutil_socket_t fd, short what, void *arg)
{
	struct loop_alarm *alarm = arg;
	uint64_t times;

	(void)what;
	if (read(fd, &times, sizeof(times)) < 0)
		return;
	alarm->armed = BOOT_NEVER;
	if (alarm->deadline.ns == INT64_MAX)
		return;
	if (clock_boot().ns < alarm->deadline.ns) {
		alarm_arm(alarm);
		return;
	}
	alarm->deadline = BOOT_NEVER;
	alarm->fn(alarm->arg);
}

struct loop_alarm *loop_alarm_new(struct loop *loop, loop_timer_fn *fn, void *arg)
{
	struct loop_alarm *alarm = xcalloc(1, sizeof(*alarm));

	alarm->fn = fn;
	alarm->arg = arg;
	alarm->deadline = alarm->armed = BOOT_NEVER;
	alarm->fd = timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC);
	if (alarm->fd < 0) {
		free(alarm);
		return NULL;
	}
	alarm->event = loop_event(loop, alarm->fd, EV_READ | EV_PERSIST, alarm_fired, alarm);
	event_add(alarm->event, NULL);
	return alarm;
}

void loop_alarm_free(struct loop_alarm *alarm)
{
	if (alarm == NULL)
		return;
	event_free(alarm->event);
	close(alarm->fd);
	free(alarm);
}

void loop_alarm_start(struct loop_alarm *alarm, struct boot deadline)
{
	alarm->deadline = deadline;
	if (deadline.ns < alarm->armed.ns)
		alarm_arm(alarm);
}

void loop_alarm_stop(struct loop_alarm *alarm)
{
	alarm->deadline = BOOT_NEVER;
}

/* Descriptors. */

static void watch_fired(evutil_socket_t fd, short what, void *arg)
{
	struct loop_watch *watch = arg;

	(void)fd;
	watch->fn(watch->arg,
		  (what & EV_READ ? LOOP_READ : 0u) | (what & EV_WRITE ? LOOP_WRITE : 0u));
}

static short watch_bits(unsigned what)
{
	return (short)(EV_PERSIST | (what & LOOP_READ ? EV_READ : 0) |
		       (what & LOOP_WRITE ? EV_WRITE : 0));
}

struct loop_watch *loop_watch_new(struct loop *loop, int fd, unsigned what, loop_watch_fn *fn,
				  void *arg)
{
	struct loop_watch *watch = xcalloc(1, sizeof(*watch));

	watch->loop = loop;
	watch->fn = fn;
	watch->arg = arg;
	watch->fd = fd;
	watch->event = loop_event(loop, fd, watch_bits(what), watch_fired, watch);
	loop_watch_set(watch, what);
	return watch;
}

void loop_watch_free(struct loop_watch *watch)
{
	if (watch == NULL)
		return;
	event_free(watch->event);
	free(watch);
}

void loop_watch_set(struct loop_watch *watch, unsigned what)
{
	if (what == watch->what)
		return;
	event_del(watch->event);
	watch->what = what;
	if (what == 0)
		return;
	event_assign(watch->event, watch->loop->base, watch->fd, watch_bits(what), watch_fired,
		     watch);
	event_add(watch->event, NULL);
}

/* Deferred work. */

struct loop_defer *loop_defer_new(struct loop *loop, loop_timer_fn *fn, void *arg)
{
	struct loop_defer *defer = xcalloc(1, sizeof(*defer));

	defer->loop = loop;
	defer->fn = fn;
	defer->arg = arg;
	return defer;
}

void loop_defer_free(struct loop_defer *defer)
{
	if (defer == NULL)
		return;
	if (defer->asked)
		TAILQ_REMOVE(&defer->loop->deferred, defer, entry);
	free(defer);
}

void loop_defer_ask(struct loop_defer *defer)
{
	if (defer->asked)
		return;
	defer->asked = true;
	TAILQ_INSERT_TAIL(&defer->loop->deferred, defer, entry);
}

/* Signals. */

static void signal_fired(evutil_socket_t signo, short what, void *arg)
{
	struct loop_signal *signal = arg;

	(void)signo;
	(void)what;
	signal->fn(signal->arg);
}

struct loop_signal *loop_signal_new(struct loop *loop, int signo, loop_timer_fn *fn, void *arg)
{
	struct loop_signal *signal = xcalloc(1, sizeof(*signal));

	signal->fn = fn;
	signal->arg = arg;
	signal->event = loop_event(loop, signo, EV_SIGNAL | EV_PERSIST, signal_fired, signal);
	event_add(signal->event, NULL);
	return signal;
}

void loop_signal_free(struct loop_signal *signal)
{
	if (signal == NULL)
		return;
	event_free(signal->event);
	free(signal);
}

/* Wakes from other threads. */

static void wake_fired(evutil_socket_t fd, short what, void *arg)
{
	struct loop_wake *wake = arg;
	uint64_t times;

	(void)what;
	if (read(fd, &times, sizeof(times)) == sizeof(times))
		wake->fn(wake->arg);
}

struct loop_wake *loop_wake_new(struct loop *loop, loop_timer_fn *fn, void *arg)
{
	struct loop_wake *wake = xcalloc(1, sizeof(*wake));

	wake->fn = fn;
	wake->arg = arg;
	wake->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (wake->fd < 0) {
		free(wake);
		return NULL;
	}
	wake->event = loop_event(loop, wake->fd, EV_READ | EV_PERSIST, wake_fired, wake);
	event_add(wake->event, NULL);
	return wake;
}

void loop_wake_free(struct loop_wake *wake)
{
	if (wake == NULL)
		return;
	event_free(wake->event);
	close(wake->fd);
	free(wake);
}

void loop_wake_ring(struct loop_wake *wake)
{
	uint64_t one = 1;

	/* It can only fail when the counter is full, and then a wake is on its way. */
	if (write(wake->fd, &one, sizeof(one)) < 0)
		return;
}

/* Lateness. */

static void lag_fired(void *arg)
{
	struct loop *loop = arg;
	struct mono now = clock_mono();

	loop->lag_last_ns = mono_diff(now, loop->lag_due);
	if (loop->lag_last_ns > loop->lag_max_ns)
		loop->lag_max_ns = loop->lag_last_ns;
	loop->lag_samples++;
	loop->lag_due = mono_add(now, LAG_PERIOD_MS * NSEC_PER_MSEC);
	loop_timer_start(loop->lag_timer, loop->lag_due);
}

void loop_measure_lag(struct loop *loop, bool on)
{
	if (!on) {
		loop_timer_free(loop->lag_timer);
		loop->lag_timer = NULL;
	} else if (loop->lag_timer == NULL) {
		loop->lag_timer = loop_timer_new(loop, lag_fired, loop);
		loop->lag_due = mono_add(clock_mono(), LAG_PERIOD_MS * NSEC_PER_MSEC);
		loop_timer_start(loop->lag_timer, loop->lag_due);
	}
}

void loop_reset_lag(struct loop *loop)
{
	loop->lag_max_ns = 0;
}

void loop_report(const struct loop *loop, struct loop_report *ret)
{
	*ret = (struct loop_report){
		.turns = loop->turns,
		.lag_max_ns = loop->lag_max_ns,
		.lag_last_ns = loop->lag_last_ns,
		.lag_samples = loop->lag_samples,
	};
}
