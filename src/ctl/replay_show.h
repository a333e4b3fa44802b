/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* How a replay looks: its events, what each rule came to, and how two of them differ. */
#ifndef GAUGED_CTL_REPLAY_SHOW_H
#define GAUGED_CTL_REPLAY_SHOW_H

#include <stdbool.h>

#include "ctl/replay_time.h"

struct ctl;
struct event;
struct replay;
struct replay_log;
struct tape_counts;

/* What the event of an engine is shown with. */
void replay_show_event(const struct ctl *ctl, const struct replay_start *start,
		       const struct event *event);
/* Each rule with its fires, and those that never fired. */
void replay_show_rules(const struct ctl *ctl, const struct replay_start *start,
		       const struct replay *replay, const struct replay_log *log,
		       struct boot end);
/* Each rule that fired in either run; true if all fired as before. */
bool replay_show_diff(const struct ctl *ctl, const struct replay_start *start,
		      const struct replay *before, const struct replay_log *before_log,
		      const struct replay *after, const struct replay_log *after_log);
/* How much was played, and what was not. */
void replay_show_end(const struct ctl *ctl, const struct replay_start *start,
		     const struct replay *replay, const struct tape_counts *counts,
		     struct boot end);

#endif
