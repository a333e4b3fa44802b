/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * What stands retained on a broker: our status, the states of alarms and points, what Home
 * Assistant is told, and what is to be taken away again; and which of it is due. The latest
 * wins, so nothing is queued: a state is looked up when it is published. Pure.
 */
#ifndef GAUGED_ACTIONS_MQTT_RETAINED_H
#define GAUGED_ACTIONS_MQTT_RETAINED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "actions/mqtt_message.h"
#include "base/str.h"

struct mqtt_config;
struct mqtt_retained;
struct point_table;

/* What there is to tell of. Borrowed, and has to live as long as what was made with it. */
struct mqtt_plant {
	const struct point_table *points;
	size_t rule_count;
	const char *const *rules; /* names by number; NULL: it has no state */
};

/* Where the states come from. */
struct mqtt_source {
	void (*alarm)(void *arg, uint32_t rule, struct mqtt_alarm *ret);
	void (*point)(void *arg, uint32_t point, struct mqtt_value *ret);
	void *arg;
};

struct mqtt_retained *mqtt_retained_new(const struct mqtt_config *config,
					const struct mqtt_plant *plant);
/* NULL is allowed. */
void mqtt_retained_free(struct mqtt_retained *retained);

/* The broker may have nothing of it: all is due. */
void mqtt_retained_anew(struct mqtt_retained *retained);
/* A rule has moved. */
void mqtt_retained_alarm(struct mqtt_retained *retained, uint32_t rule);
/*
 * Looks at the next points, at most max of them, whether they changed since they were
 * published; false: that were all.
 */
bool mqtt_retained_look(struct mqtt_retained *retained, const struct mqtt_source *source,
			size_t max);
/* What old has told a broker and this one will not, it takes away. */
void mqtt_retained_inherit(struct mqtt_retained *retained, const struct mqtt_retained *old);

struct mqtt_publication {
	struct str topic, body; /* the caller's, and cleared here */
	int qos;
};
/* The next that is due, which it is no longer then; false: nothing is. */
bool mqtt_retained_next(struct mqtt_retained *retained, const struct mqtt_source *source,
			struct mqtt_publication *ret);

#endif
