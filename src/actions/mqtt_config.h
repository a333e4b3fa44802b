/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* One entry of 'mqtt:', bound and checked: immutable. */
#ifndef GAUGED_ACTIONS_MQTT_CONFIG_H
#define GAUGED_ACTIONS_MQTT_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "actions/outbox.h"
#include "actions/template.h"
#include "io/mqtt_settings.h"

struct arena;
struct diags;
struct option_table;
struct point_table;
struct yaml_node;

enum { MQTT_TOPIC_MAX = 1024, MQTT_POINTS_MAX = 20000 };

struct mqtt_points {
	const struct yaml_node *names; /* NULL: no values are published */
	int64_t every_ns;	       /* changed values go out at most so often */
	double deadband;
	int qos;
	size_t count; /* after mqtt_config_points() */
	const uint32_t *ids;
};

struct mqtt_config {
	const char *name;
	const char *queue; /* "mqtt:NAME": webhooks have names of their own */
	const struct yaml_node *node;
	/* Whom we connect to; without user and password when these are secrets. */
	struct mqtt_settings settings;
	const char *user_secret, *password_secret; /* names, or NULL */
	const char *origin;			   /* "mqtts://host:port": what is shown */
	const char *site;
	const char *base;	      /* "gauged/plant-7": what stands below it is gauged's */
	const struct template *topic; /* of events; NULL: BASE/events/RULE */
	const struct template *body;  /* NULL: the built-in event */
	struct outbox_policy policy;
	bool retain_alarms;
	struct mqtt_points points;
	const char *discovery; /* the prefix of Home Assistant's topics, or NULL */
};

/*
 * Everything in arena; NULL after errors were added. node is the map under the name. site is
 * "" if it has none.
 */
struct mqtt_config *mqtt_config_parse(struct arena *arena, const char *name,
				      const struct yaml_node *node, const char *site,
				      struct diags *diags);
/* Looks the points up whose values are published: to be called once all points are there. */
bool mqtt_config_points(struct arena *arena, struct mqtt_config *config,
			const struct point_table *points, struct diags *diags);

/* Whether its messages tell the margins of rules. */
bool mqtt_config_tells_margins(const struct mqtt_config *config);

/* The tables of the options, for the schema and the manual; ends in NULL. */
extern const struct option_table *const mqtt_option_tables[];

/* Adds a text as one level of a topic: all but unreserved characters as %NN. */
void mqtt_topic_add(const char *text, struct str *out);

#endif
