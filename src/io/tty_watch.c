/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns inotify for device files. */
#include "io/tty_watch.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/alloc.h"

/* udev makes a node, sets its owner, then its links: one try when that is through. */
static const int64_t watch_settle_ns = 50 * NSEC_PER_MSEC;

struct tty_watch {
	struct loop *loop;
	char *path;
	loop_timer_fn *fn;
	void *arg;
	int fd; /* -1: not watching */
	int wd;
	char *name; /* what has to appear in the watched folder */
	struct loop_watch *watch;
	struct loop_timer *timer;
};

/* The nearest folder that can be watched, and the entry in it that leads to the path. */
static void watch_add(struct tty_watch *watch)
{
	const uint32_t mask = IN_CREATE | IN_MOVED_TO | IN_ATTRIB | IN_DELETE_SELF |
			      IN_MOVE_SELF | IN_ONLYDIR;
	char *folder = xstrdup(watch->path);
	int wd = -1;

	for (;;) {
		char *slash = strrchr(folder, '/');

		free(watch->name);
		watch->name = xstrdup(slash != NULL ? slash + 1 : folder);
		if (slash == NULL)
			strcpy(folder, ".");
		else if (slash == folder)
			folder[1] = '\0';
		else
			*slash = '\0';
		wd = inotify_add_watch(watch->fd, folder, mask);
		if (wd >= 0 || slash == NULL || slash == folder)
			break;
	}
	/* A folder further down or up than the last one has another number. */
	if (watch->wd >= 0 && watch->wd != wd)
		inotify_rm_watch(watch->fd, watch->wd);
	watch->wd = wd;
	free(folder);
}

static void watch_settled(void *arg)
{
	struct tty_watch *watch = arg;

	if (watch->fd < 0)
		return;
	watch_add(watch);
	watch->fn(watch->arg);
}

static void watch_readable(void *arg, unsigned what)
{
	struct tty_watch *watch = arg;
	char room[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t n = read(watch->fd, room, sizeof(room));
	bool ours = false;

	for (ssize_t at = 0; at + (ssize_t)sizeof(struct inotify_event) <= n;) {
		const struct inotify_event *event = (const void *)(room + at);

		/* The folder itself changed or went, or events were lost: look again. */
		ours = ours || event->len == 0 || strcmp(event->name, watch->name) == 0;
		at += (ssize_t)(sizeof(*event) + event->len);
	}
	if (ours && !loop_timer_running(watch->timer))
		loop_timer_start(watch->timer, mono_add(clock_mono(), watch_settle_ns));
}

struct tty_watch *tty_watch_new(struct loop *loop, const char *path, loop_timer_fn *fn,
				void *arg)
{
	struct tty_watch *watch = xcalloc(1, sizeof(*watch));

	watch->loop = loop;
	watch->path = xstrdup(path);
	watch->fn = fn;
	watch->arg = arg;
	watch->fd = watch->wd = -1;
	watch->timer = loop_timer_new(loop, watch_settled, watch);
	return watch;
}

void tty_watch_stop(struct tty_watch *watch)
{
	loop_timer_stop(watch->timer);
	loop_watch_free(watch->watch);
	watch->watch = NULL;
	if (watch->fd >= 0)
		close(watch->fd);
	watch->fd = watch->wd = -1;
}

void tty_watch_free(struct tty_watch *watch)
{
	if (watch == NULL)
		return;
	tty_watch_stop(watch);
	loop_timer_free(watch->timer);
	free(watch->name);
	free(watch->path);
	free(watch);
}

void tty_watch_start(struct tty_watch *watch)
{
	if (watch->fd >= 0)
		return;
	watch->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (watch->fd < 0)
		return;
	watch->watch = loop_watch_new(watch->loop, watch->fd, LOOP_READ, watch_readable, watch);
	watch_add(watch);
}
