/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * A test's own time (own_clock.h) that goes by with the turns of its loop: 0.1 ms with each,
 * and up to the next timer, but 1 ms at most, if nothing is left to do. Linked with
 * FLAGS_OWN_TURN it takes the place of loop_turn() and of usleep(). For tests whose devices are
 * sockets of their own process: what one of them sends is at the other when the call returns,
 * so that no descriptor is ready if nothing is under way.
 */
#ifndef GAUGED_TESTS_OWN_TURN_H
#define GAUGED_TESTS_OWN_TURN_H

#include <stdbool.h>

/* Until it is let go, no time is skipped: another process has the machine's time. */
void own_turn_hold(bool hold);

#endif
