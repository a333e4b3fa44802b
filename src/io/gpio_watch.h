/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Notices that GPIO chips came or went: their devices in a folder are made, get another owner
 * or are removed. Linux 6.1 says nothing of that through the descriptor of a line.
 */
#ifndef GAUGED_IO_GPIO_WATCH_H
#define GAUGED_IO_GPIO_WATCH_H

#include "io/loop.h"

struct gpio_watch;

/*
 * From now on fn is called on the loop, at most every 50 ms. Without inotify (no descriptor
 * left, no such folder) nothing is noticed.
 */
struct gpio_watch *gpio_watch_new(struct loop *loop, const char *folder, loop_timer_fn *fn,
				  void *arg);
void gpio_watch_free(struct gpio_watch *watch);

#endif
