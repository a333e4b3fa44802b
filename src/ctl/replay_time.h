/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Times in a replay: on the virtual clock, which is 0 where the recording starts, and as wall
 * time in the zone of this machine where the recording says when that was. Rules that go by the
 * time of day get theirs from here as well.
 */
#ifndef GAUGED_CTL_REPLAY_TIME_H
#define GAUGED_CTL_REPLAY_TIME_H

#include <stdbool.h>

#include "base/clock.h"

struct str;

struct replay_start {
	bool known; /* the recording says when it started: */
	struct wall wall;
};

/* The wall time at an instant of the replay; false: nobody knows. */
bool replay_wall(const struct replay_start *start, struct boot at, struct wall *ret);

/*
 * "90s", "1h30m" or "90.5" since the start; "2026-11-22T17:08:47Z" (RFC 3339); or by the local
 * clock "2026-11-22 17:08:47", "17:08:47" or "17:08", the first such time from the start on.
 * False, after it was told with the name of the option, if it is none of these, lies before the
 * start, or needs a start that is not known.
 */
bool replay_time_parse(const struct replay_start *start, const char *option, const char *text,
		       struct boot *ret);

/* "2026-11-22 17:08:47.123", or "12.500 s" where the wall time is not known. */
void replay_time_add(struct str *out, const struct replay_start *start, struct boot at);

#endif
