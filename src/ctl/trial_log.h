/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* What the rules did in a test, and how it compares with what they have to do. */
#ifndef GAUGED_CTL_TRIAL_LOG_H
#define GAUGED_CTL_TRIAL_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"

struct config;
struct diags;
struct event;
struct trial;
struct trial_log;

/* start: what the clock of the day shows at 0. */
struct trial_log *trial_log_new(struct wall start);
void trial_log_free(struct trial_log *log);

/* What the clock of the day shows at now, and that it is set by so much. */
struct wall trial_log_wall(const struct trial_log *log, struct boot now);
void trial_log_step(struct trial_log *log, int64_t by_ns);

/*
 * A webhook answers with status from now until then (0: not at all): what is sent to it is
 * done when it was taken, by it or by its fallback.
 */
void trial_log_reply(struct trial_log *log, const char *webhook, int status, struct boot until);
/* Messages that are due by now go; when the next is due, false: never. */
void trial_log_deliver(struct trial_log *log, struct boot now);
bool trial_log_deadline(const struct trial_log *log, struct boot *ret);

/* Everything that config's actions do for the event; config has to outlive the log. */
void trial_log_event(struct trial_log *log, const struct config *config,
		     const struct event *event);

/*
 * An error for each expected action that was not done at its instant, and for each one done
 * that nobody expected. A test without a list of actions expects nothing in particular.
 */
void trial_log_compare(struct trial_log *log, const struct trial *trial, struct diags *diags);

#endif
