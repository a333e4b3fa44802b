/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Tells when somebody sets the wall clock, by any amount. Slewing (adjtime, an NTP daemon that
 * follows) is no setting: boot time takes part in it.
 */
#ifndef GAUGED_IO_CLOCK_WATCH_H
#define GAUGED_IO_CLOCK_WATCH_H

#include "io/loop.h"

struct clock_watch;

/* NULL if there is no descriptor left. fn is called on the loop, once or more for each time. */
struct clock_watch *clock_watch_new(struct loop *loop, loop_timer_fn *fn, void *arg);
void clock_watch_free(struct clock_watch *watch);

#endif
