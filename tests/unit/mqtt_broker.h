/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* A mosquitto of a test's own, on a free port, with a folder of its own. */
#ifndef GAUGED_TESTS_MQTT_BROKER_H
#define GAUGED_TESTS_MQTT_BROKER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct mqtt_broker {
	char dir[64]; /* "": not begun */
	uint16_t port;
	pid_t pid;
	pid_t subscriber;
};

/* Prints why and returns false if there is no mosquitto here. */
bool mqtt_broker_there(void);
/*
 * Makes the folder and takes a port. config: more lines of mosquitto.conf, in which %s stands
 * for the folder.
 */
void mqtt_broker_init(struct mqtt_broker *broker, const char *config);
void mqtt_broker_start(struct mqtt_broker *broker);
void mqtt_broker_stop(struct mqtt_broker *broker, int signal);
void mqtt_broker_done(struct mqtt_broker *broker);
/* In the folder: ca.pem; server.pem and .key for localhost, client.pem and .key; other.pem. */
void mqtt_broker_certificates(const struct mqtt_broker *broker);
/* The path of a file in the folder; static until the fourth call after it. */
const char *mqtt_broker_path(const struct mqtt_broker *broker, const char *name);
/* Subscribes to everything; "topic payload" lines go to the file 'seen'. */
void mqtt_broker_subscribe(struct mqtt_broker *broker);
/* Whether some line of the file has the text. */
bool mqtt_broker_saw(const struct mqtt_broker *broker, const char *text);
unsigned mqtt_broker_count(const struct mqtt_broker *broker, const char *text);

#endif
