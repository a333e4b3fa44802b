/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * What is otherwise in one configuration than in another: buses, points, rules, webhooks and
 * brokers by name, and what of a rule outlives the change. Reads both and opens nothing, so
 * that a thread beside the loop can do it.
 */
#ifndef GAUGED_DAEMON_CONFIG_DIFF_H
#define GAUGED_DAEMON_CONFIG_DIFF_H

#include <stdbool.h>
#include <stddef.h>

#include "rules/engine.h"

struct config;
struct config_bus;

enum config_noun { CONFIG_BUS, CONFIG_WEBHOOK, CONFIG_MQTT, CONFIG_POINT, CONFIG_RULE };
enum { CONFIG_NOUNS = 5 };
enum config_verb { CONFIG_ADDED, CONFIG_REMOVED, CONFIG_CHANGED };

/* A bus that changed is closed and opened anew. */
struct config_change {
	enum config_noun noun;
	enum config_verb verb;
	const char *name;
	size_t field_count; /* of what changed: options; of a bus also "device NAME" */
	const char *const *fields;
	enum engine_keep keep; /* of a rule that changed */
};

struct config_diff {
	struct arena *arena;
	size_t kept[CONFIG_NOUNS], added[CONFIG_NOUNS], removed[CONFIG_NOUNS],
		changed[CONFIG_NOUNS];
	size_t count;
	const struct config_change *changes; /* in the order of the nouns */
};

/* Borrows nothing of the two. */
struct config_diff *config_diff_new(const struct config *old, const struct config *new);
void config_diff_free(struct config_diff *diff);

/* Whether an open bus can go on as it is. */
bool config_bus_same(const struct config_bus *a, const struct config_bus *b);

#endif
