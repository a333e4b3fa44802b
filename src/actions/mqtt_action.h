/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* The action {mqtt: NAME}: publishes an event to a broker. */
#ifndef GAUGED_ACTIONS_MQTT_ACTION_H
#define GAUGED_ACTIONS_MQTT_ACTION_H

struct action_type;

extern const struct action_type mqtt_action;

#endif
