/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the signals and the time that end a command. */
#include "ctl/stop.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"

struct stop {
	int all; /* an epoll of the two */
	int signals, timer;
};

static int stop_add(struct stop *stop, int fd)
{
	struct epoll_event event = {.events = EPOLLIN};

	/* Without these the command could not be ended: nothing is left but to give up. */
	if (fd < 0 || stop->all < 0 || epoll_ctl(stop->all, EPOLL_CTL_ADD, fd, &event) != 0)
		abort();
	return fd;
}

struct stop *stop_new(int64_t after_ns)
{
	struct stop *stop = xcalloc(1, sizeof(*stop));
	struct itimerspec at = {
		.it_value = {after_ns / NSEC_PER_SEC, after_ns % NSEC_PER_SEC},
	};
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	stop->all = epoll_create1(EPOLL_CLOEXEC);
	stop->signals = stop_add(stop, signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
	stop->timer = -1;
	if (after_ns > 0) {
		stop->timer = stop_add(
			stop, timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK));
		timerfd_settime(stop->timer, 0, &at, NULL);
	}
	return stop;
}

void stop_free(struct stop *stop)
{
	if (stop == NULL)
		return;
	close(stop->all);
	close(stop->signals);
	if (stop->timer >= 0)
		close(stop->timer);
	free(stop);
}

int stop_fd(const struct stop *stop)
{
	return stop->all;
}

bool stop_wait(const struct stop *stop, int64_t ns)
{
	struct pollfd wait = {.fd = stop->all, .events = POLLIN};

	return poll(&wait, 1, (int)(ns / NSEC_PER_MSEC)) > 0;
}
