/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* The action {webhook: NAME}: sends the event to a webhook. */
#ifndef GAUGED_ACTIONS_WEBHOOK_ACTION_H
#define GAUGED_ACTIONS_WEBHOOK_ACTION_H

struct action_type;

extern const struct action_type webhook_action;

#endif
