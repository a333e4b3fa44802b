/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Notices when a device file that is missing, or may not be opened, has changed: watches the
 * folder of its path, or the nearest one above it that exists (udev removes
 * /dev/serial/by-id with the last device in it).
 */
#ifndef GAUGED_IO_TTY_WATCH_H
#define GAUGED_IO_TTY_WATCH_H

#include "io/loop.h"

struct tty_watch;

/* fn is called on the loop, at most every 50 ms, when the path may be worth another try. */
struct tty_watch *tty_watch_new(struct loop *loop, const char *path, loop_timer_fn *fn,
				void *arg);
void tty_watch_free(struct tty_watch *watch);
/* Watches from now on. Without inotify (no descriptor left) nothing is noticed. */
void tty_watch_start(struct tty_watch *watch);
void tty_watch_stop(struct tty_watch *watch);

#endif
