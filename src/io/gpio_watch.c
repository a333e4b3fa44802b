/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns inotify for the devices of GPIO chips. */
#include "io/gpio_watch.h"

#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/alloc.h"

/* udev makes a node, then sets its owner: one call when that is through. */
static const int64_t watch_settle_ns = 50 * NSEC_PER_MSEC;

static const char watch_prefix[] = "gpiochip";

struct gpio_watch {
	int fd; /* -1: nothing is noticed */
	struct loop_watch *watch;
	struct loop_timer *timer;
};

static void watch_readable(void *arg, unsigned what)
{
	struct gpio_watch *watch = arg;
	char room[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t n = read(watch->fd, room, sizeof(room));
	bool ours = false;

	(void)what;
	for (ssize_t at = 0; at + (ssize_t)sizeof(struct inotify_event) <= n;) {
		const struct inotify_event *event = (const void *)(room + at);

		/* Without a name: events were lost, look. */
		ours = ours || event->len == 0 ||
		       strncmp(event->name, watch_prefix, strlen(watch_prefix)) == 0;
		at += (ssize_t)(sizeof(*event) + event->len);
	}
	if (ours && !loop_timer_running(watch->timer))
		loop_timer_start(watch->timer, mono_add(clock_mono(), watch_settle_ns));
}

struct gpio_watch *gpio_watch_new(struct loop *loop, const char *folder, loop_timer_fn *fn,
				  void *arg)
{
	const uint32_t mask = IN_CREATE | IN_MOVED_TO | IN_ATTRIB | IN_DELETE | IN_MOVED_FROM;
	struct gpio_watch *watch = xcalloc(1, sizeof(*watch));

	watch->timer = loop_timer_new(loop, fn, arg);
	watch->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (watch->fd < 0)
		return watch;
	watch->watch = loop_watch_new(loop, watch->fd, LOOP_READ, watch_readable, watch);
	(void)inotify_add_watch(watch->fd, folder, mask | IN_ONLYDIR);
	return watch;
}

void gpio_watch_free(struct gpio_watch *watch)
{
	if (watch == NULL)
		return;
	loop_watch_free(watch->watch);
	if (watch->fd >= 0)
		close(watch->fd);
	loop_timer_free(watch->timer);
	free(watch);
}
