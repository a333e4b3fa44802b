/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Owns when a test's own time (own_clock.h) goes by: a little with each turn of the loop, and a
 * step, or up to the next timer, if the loop has nothing left to do. Linked with FLAGS_OWN_TURN
 * it takes the place of loop_turn(). For tests whose devices are sockets of their own process:
 * what one of them sends is at the other when the call returns, so that no descriptor is ready
 * if nothing is under way.
 */
#include <event2/event.h>
#include <poll.h>
#include <stdbool.h>

#include "io/loop.h"
#include "own_clock.h"

enum { QUIET_TURNS = 2 }; /* deferred work may put off more to the next turn */

static const int64_t turn_ns = 100 * NSEC_PER_USEC; /* as peer_turn() takes at least */
static const int64_t step_ns = NSEC_PER_MSEC;

static unsigned quiet; /* turns in a row */

int __real_loop_turn(struct loop *loop);
int __wrap_loop_turn(struct loop *loop);

static int event_ready(const struct event_base *base, const struct event *event, void *arg)
{
	short what = event_get_events(event);
	struct pollfd fd = {
		.fd = event_get_fd(event),
		.events = (short)((what & EV_READ ? POLLIN : 0) |
				  (what & EV_WRITE ? POLLOUT : 0)),
	};

	return fd.fd >= 0 && (what & EV_SIGNAL) == 0 && poll(&fd, 1, 0) > 0;
}

int __wrap_loop_turn(struct loop *loop)
{
	int rc;

	if (event_base_foreach_event(loop_base(loop), event_ready, NULL) != 0)
		quiet = 0;
	else if (++quiet > QUIET_TURNS)
		own_clock_advance(mono_add(clock_mono(), step_ns));
	rc = __real_loop_turn(loop);
	if (own_clock_ring())
		quiet = 0;
	own_clock_skip(turn_ns);
	return rc;
}
