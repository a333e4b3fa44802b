/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Owns when a test's own time goes by, and how long is slept between the turns of its loop: not
 * at all if there is nothing to be slept for.
 */
#include "own_turn.h"

#include <event2/event.h>
#include <poll.h>
#include <unistd.h>

#include "io/loop.h"
#include "own_clock.h"

enum { QUIET_TURNS = 2 }; /* deferred work may put off more to the next turn */

static const int64_t turn_ns = 100 * NSEC_PER_USEC; /* as peer_turn() takes at least */
static const int64_t step_ns = NSEC_PER_MSEC;

static struct {
	unsigned quiet; /* turns in a row */
	bool moved;	/* by the last turn */
	bool held;
} turn;

int __real_loop_turn(struct loop *loop);
int __wrap_loop_turn(struct loop *loop);
int __real_usleep(useconds_t us);
int __wrap_usleep(useconds_t us);

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

	turn.moved = false;
	if (event_base_foreach_event(loop_base(loop), event_ready, NULL) != 0)
		turn.quiet = 0;
	else if (++turn.quiet > QUIET_TURNS && !turn.held)
		turn.moved = own_clock_advance(mono_add(clock_mono(), step_ns));
	rc = __real_loop_turn(loop);
	if (own_clock_ring())
		turn.quiet = 0;
	own_clock_skip(turn_ns);
	return rc;
}

int __wrap_usleep(useconds_t us)
{
	return turn.moved ? 0 : __real_usleep(us);
}

void own_turn_hold(bool hold)
{
	turn.held = hold;
}
