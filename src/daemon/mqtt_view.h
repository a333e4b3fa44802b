/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* What brokers are told of the engine: the states of its rules, the values of its points. */
#ifndef GAUGED_DAEMON_MQTT_VIEW_H
#define GAUGED_DAEMON_MQTT_VIEW_H

struct mqtt_source;
struct running;

/* Of whatever runs when it is asked. now is borrowed. */
struct mqtt_source mqtt_view_of(struct running *now);

#endif
