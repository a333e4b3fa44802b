/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Types of what reads the wall clock: now(), tod(), weekday(), between(). A part of the
 * checker. Both return false after an error.
 */
#ifndef GAUGED_RULES_CHECK_TIME_H
#define GAUGED_RULES_CHECK_TIME_H

#include <stdbool.h>

#include "rules/scope.h"

/* A call of one of them; but for tod() outside of messages, it becomes a slot. */
bool check_time(struct scope *scope, struct expr *expr);
/*
 * A comparison of tod(), on the left side or the right, with a constant: the slot of a node.
 * The time of day has whole seconds, as clocks show them.
 */
bool check_tod(struct scope *scope, struct expr *expr, bool left);

#endif
