/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Points and rules as they are seen at an instant, in JSON: for the control API now, and for a
 * replay at any time of its own. Every json_t is a new reference.
 */
#ifndef GAUGED_DAEMON_SEEN_JSON_H
#define GAUGED_DAEMON_SEEN_JSON_H

#include <stdint.h>

#include "base/clock.h"

struct config;
struct engine;
struct json_t; /* of jansson.h, which calls it json_t as well */

/* Who is looked at, and when: not before the engine's last feed or tick. */
struct seen {
	const struct config *config;
	const struct engine *engine;
	struct boot now;
};

struct json_t *seen_json_point(const struct seen *seen, uint32_t point);
/* Where the rule stands. */
struct json_t *seen_json_rule(const struct seen *seen, uint32_t rule);
/* And why: its expressions as trees, each part with its value. */
struct json_t *seen_json_explain(const struct seen *seen, uint32_t rule);

#endif
