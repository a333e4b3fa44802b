/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * A monotonic clock of the test's own, and the loop's timers on it: it begins at 1000 s and
 * stands still, however long the machine lets the test wait, until the test moves it. What is
 * linked with FLAGS_OWN_CLOCK finds it in place of clock_mono(), clock_boot() and
 * loop_timer_*(); descriptors, threads and the kernel behind them stay what they are. Alarms
 * (loop_alarm) do not know of it.
 */
#ifndef GAUGED_TESTS_OWN_CLOCK_H
#define GAUGED_TESTS_OWN_CLOCK_H

#include <stdbool.h>

#include "base/clock.h"

/* To the next deadline, but never beyond end, nor back. False: it stands where it stood. */
bool own_clock_advance(struct mono end);
/* Calls the timers that are due, the sooner ones first; false: there was none. */
bool own_clock_ring(void);
/* Goes on by so much, however many deadlines are passed by: as when the process stands still.
 */
void own_clock_skip(int64_t ns);
/* The machine's time: for giving up what never comes, and nothing else. */
struct mono own_clock_real(void);

#endif
