/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns epoll for the simulator. A watch that goes away during a turn is freed at its end. */
#include "sim/poller.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/alloc.h"

enum { TURN_EVENTS = 64 };

struct poller_watch {
	struct poller *poller;
	poller_fd_fn *fn; /* NULL: unwatched */
	void *arg;
	int fd;
	unsigned what;
	LIST_ENTRY(poller_watch) entry;
};

struct poller {
	int fd;
	bool stopped;
	LIST_HEAD(, poller_watch) watches;
	LIST_HEAD(, poller_watch) gone;
	LIST_HEAD(, poller_timer) timers;
};

struct poller *poller_new(void)
{
	struct poller *poller = xcalloc(1, sizeof(*poller));

	poller->fd = epoll_create1(EPOLL_CLOEXEC);
	if (poller->fd < 0) {
		free(poller);
		return NULL;
	}
	LIST_INIT(&poller->watches);
	LIST_INIT(&poller->gone);
	LIST_INIT(&poller->timers);
	return poller;
}

static void bury(struct poller *poller)
{
	struct poller_watch *watch;

	while ((watch = LIST_FIRST(&poller->gone)) != NULL) {
		LIST_REMOVE(watch, entry);
		free(watch);
	}
}

void poller_free(struct poller *poller)
{
	struct poller_watch *watch;

	if (poller == NULL)
		return;
	while ((watch = LIST_FIRST(&poller->watches)) != NULL)
		poller_unwatch(watch);
	bury(poller);
	close(poller->fd);
	free(poller);
}

static uint32_t epoll_events(unsigned what)
{
	return ((what & POLLER_READ) != 0 ? EPOLLIN : 0U) |
	       ((what & POLLER_WRITE) != 0 ? EPOLLOUT : 0U);
}

struct poller_watch *poller_watch(struct poller *poller, int fd, unsigned what,
				  poller_fd_fn *fn, void *arg)
{
	struct poller_watch *watch = xcalloc(1, sizeof(*watch));
	struct epoll_event event = {.events = epoll_events(what), .data.ptr = watch};

	if (epoll_ctl(poller->fd, EPOLL_CTL_ADD, fd, &event) != 0) {
		free(watch);
		return NULL;
	}
	watch->poller = poller;
	watch->fn = fn;
	watch->arg = arg;
	watch->fd = fd;
	watch->what = what;
	LIST_INSERT_HEAD(&poller->watches, watch, entry);
	return watch;
}

void poller_set(struct poller_watch *watch, unsigned what)
{
	struct epoll_event event = {.events = epoll_events(what), .data.ptr = watch};

	if (watch->what == what)
		return;
	watch->what = what;
	epoll_ctl(watch->poller->fd, EPOLL_CTL_MOD, watch->fd, &event);
}

void poller_unwatch(struct poller_watch *watch)
{
	if (watch == NULL)
		return;
	epoll_ctl(watch->poller->fd, EPOLL_CTL_DEL, watch->fd, NULL);
	watch->fn = NULL;
	LIST_REMOVE(watch, entry);
	LIST_INSERT_HEAD(&watch->poller->gone, watch, entry);
}

void poller_arm(struct poller *poller, struct poller_timer *timer, int64_t in_ns)
{
	timer->due = mono_add(clock_mono(), in_ns);
	if (!timer->armed)
		LIST_INSERT_HEAD(&poller->timers, timer, entry);
	timer->armed = true;
}

void poller_disarm(struct poller_timer *timer)
{
	if (timer->armed)
		LIST_REMOVE(timer, entry);
	timer->armed = false;
}

static struct poller_timer *poller_earliest(const struct poller *poller)
{
	struct poller_timer *timer, *earliest = NULL;

	LIST_FOREACH (timer, &poller->timers, entry)
		if (earliest == NULL || timer->due.ns < earliest->due.ns)
			earliest = timer;
	return earliest;
}

/* epoll counts in milliseconds, a character of a serial line takes a fraction of one. */
static void poller_wait(const struct poller *poller)
{
	const struct poller_timer *timer = poller_earliest(poller);
	int64_t pause_ns = timer != NULL ? mono_diff(timer->due, clock_mono()) : -1;
	struct timespec pause = {.tv_sec = pause_ns / NSEC_PER_SEC,
				 .tv_nsec = pause_ns % NSEC_PER_SEC};
	struct pollfd pollfd = {.fd = poller->fd, .events = POLLIN};

	if (timer != NULL && pause_ns <= 0)
		return;
	ppoll(&pollfd, 1, timer != NULL ? &pause : NULL, NULL);
}

static void poller_fire(struct poller *poller)
{
	struct mono now = clock_mono();
	struct poller_timer *timer;

	while ((timer = poller_earliest(poller)) != NULL && timer->due.ns <= now.ns) {
		poller_disarm(timer);
		timer->fn(timer->arg);
	}
}

static void poller_turn(struct poller *poller)
{
	struct epoll_event events[TURN_EVENTS];
	int n;

	poller_wait(poller);
	n = epoll_wait(poller->fd, events, TURN_EVENTS, 0);
	for (int i = 0; i < n; i++) {
		struct poller_watch *watch = events[i].data.ptr;
		unsigned what = ((events[i].events & EPOLLIN) != 0 ? POLLER_READ : 0U) |
				((events[i].events & EPOLLOUT) != 0 ? POLLER_WRITE : 0U);

		if ((events[i].events & (EPOLLHUP | EPOLLERR)) != 0)
			what = POLLER_READ | POLLER_WRITE;
		if (watch->fn != NULL)
			watch->fn(watch->arg, what);
	}
	poller_fire(poller);
	bury(poller);
}

void poller_run(struct poller *poller)
{
	while (!poller->stopped)
		poller_turn(poller);
}

void poller_stop(struct poller *poller)
{
	poller->stopped = true;
}
