/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* What the rules did in a replay: for each rule when it fired, and for how long. */
#ifndef GAUGED_CTL_REPLAY_LOG_H
#define GAUGED_CTL_REPLAY_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "ctl/replay_diff.h"

struct event;
struct replay_log;

struct replay_log_rule {
	size_t fire_count;
	const struct replay_fire *fires; /* borrowed until the next event */
	int64_t firing_ns;		 /* in all */
	bool firing;			 /* still */
};

struct replay_log *replay_log_new(void);
void replay_log_free(struct replay_log *log);
void replay_log_event(struct replay_log *log, const struct event *event);
/* Of the rule with this number. What still fires has done so up to end. */
void replay_log_rule(const struct replay_log *log, uint32_t rule, struct boot end,
		     struct replay_log_rule *ret);

#endif
