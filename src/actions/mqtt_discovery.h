/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * What Home Assistant wants to be told to make entities of points and alarms by itself:
 * retained messages at PREFIX/COMPONENT/NODE/OBJECT/config. Points become sensors (those that
 * are true or false binary sensors), alarms binary sensors of class problem; all of them belong
 * to one device and share the availability of BASE/status.
 *
 * Source: home-assistant.io, integrations "MQTT" (section "MQTT discovery"), "MQTT sensor",
 * "MQTT binary sensor", and "Sensor" (section "Device class") for units and classes.
 */
#ifndef GAUGED_ACTIONS_MQTT_DISCOVERY_H
#define GAUGED_ACTIONS_MQTT_DISCOVERY_H

struct mqtt_config;
struct point;
struct str;

void mqtt_discovery_point(const struct mqtt_config *config, const struct point *point,
			  struct str *topic, struct str *body);
void mqtt_discovery_alarm(const struct mqtt_config *config, const char *rule, struct str *topic,
			  struct str *body);

#endif
