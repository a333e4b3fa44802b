/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* The action {log: true} or {log: "text with ${message}"}: a line of the program's log. */
#ifndef GAUGED_ACTIONS_LOG_ACTION_H
#define GAUGED_ACTIONS_LOG_ACTION_H

struct action_type;

extern const struct action_type log_action;

#endif
