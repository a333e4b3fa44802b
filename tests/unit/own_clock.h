/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * A monotonic clock of the test's own, and the loop's timers on it: it stands still, however
 * long the machine lets the test wait, until the test moves it. What is linked with
 * FLAGS_OWN_CLOCK finds it in place of clock_mono() and of loop_timer_*(); descriptors, threads
 * and the kernel behind them stay what they are.
 */
#ifndef GAUGED_TESTS_OWN_CLOCK_H
#define GAUGED_TESTS_OWN_CLOCK_H

#include <stdbool.h>

#include "base/clock.h"

/* At 1000 s. */
void own_clock_begin(void);
/* To the next deadline, but never beyond end, nor back. False: it stands where it stood. */
bool own_clock_advance(struct mono end);
/* Calls the timers that are due, the sooner ones first. */
void own_clock_ring(void);
/* The machine's time: for giving up what never comes, and nothing else. */
struct mono own_clock_real(void);

#endif
