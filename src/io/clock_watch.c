/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the timer that never fires, but is cancelled when the clock is set (timerfd_create(2)).
 */
#include "io/clock_watch.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/alloc.h"

/* The year 2200: a time_t of 64 bits, as everywhere here. */
static const time_t far = INT64_C(7258118400);

struct clock_watch {
	struct loop_watch *watch;
	loop_timer_fn *fn;
	void *arg;
	int fd;
};

static void clock_watch_arm(const struct clock_watch *watch)
{
	const struct itimerspec when = {.it_value = {.tv_sec = far}};

	timerfd_settime(watch->fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &when, NULL);
}

/* ECANCELED: it was set; a number: it was set to behind the year 2200. */
static void clock_watch_fired(void *arg, unsigned what)
{
	struct clock_watch *watch = arg;
	uint64_t times;

	(void)what;
	if (read(watch->fd, &times, sizeof(times)) < 0 && errno != ECANCELED)
		return;
	clock_watch_arm(watch);
	watch->fn(watch->arg);
}

struct clock_watch *clock_watch_new(struct loop *loop, loop_timer_fn *fn, void *arg)
{
	int fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
	struct clock_watch *watch;

	if (fd < 0)
		return NULL;
	watch = xcalloc(1, sizeof(*watch));
	watch->fd = fd;
	watch->fn = fn;
	watch->arg = arg;
	watch->watch = loop_watch_new(loop, fd, LOOP_READ, clock_watch_fired, watch);
	clock_watch_arm(watch);
	return watch;
}

void clock_watch_free(struct clock_watch *watch)
{
	if (watch == NULL)
		return;
	loop_watch_free(watch->watch);
	close(watch->fd);
	free(watch);
}
