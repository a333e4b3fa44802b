/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Who we are to a broker, and which one. Threads have copies of their own. */
#ifndef GAUGED_IO_MQTT_SETTINGS_H
#define GAUGED_IO_MQTT_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	MQTT_CLIENT_ID_MAX = 128,
	MQTT_KEEPALIVE_MIN_S = 5, /* libmosquitto's */
};

struct subnet;

/* Texts may be NULL unless it says otherwise. */
struct mqtt_settings {
	const char *host; /* not NULL: a name or an address, without brackets */
	uint16_t port;
	bool tls;
	bool v5;	       /* otherwise 3.1.1 */
	const char *client_id; /* not NULL; the same one for ever */
	const char *user, *password;
	const char *ca;		/* file of the authorities; NULL: those of the system */
	const char *cert, *key; /* files of this client's certificate, both or none */
	int keepalive_s;
	int64_t connect_ns; /* how long a connect may take, and then the broker's greeting */
	int64_t ack_ns;	    /* how long an acknowledgement may take */
	int64_t pause_min_ns, pause_max_ns; /* between attempts, see backoff.h */
	/* Private ones that the name of the host may lead to, see http_address.h. */
	const struct subnet *networks;
	size_t network_count;
	/* Gets will, retained, when the connection is lost or closed. */
	const char *will_topic, *will;
};

struct mqtt_settings *mqtt_settings_copy(const struct mqtt_settings *settings);
/* Of a copy; overwrites the password. NULL is allowed. */
void mqtt_settings_free(struct mqtt_settings *settings);
bool mqtt_settings_equal(const struct mqtt_settings *a, const struct mqtt_settings *b);

#endif
