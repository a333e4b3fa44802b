/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Rules, for all files that serve them. */
#ifndef GAUGED_DAEMON_API_RULES_H
#define GAUGED_DAEMON_API_RULES_H

#include <stdint.h>

struct api_call;
struct daemon;
struct json_t; /* of jansson.h, which calls it json_t as well */

/* Where the rule stands; a new reference. */
struct json_t *api_json_rule(const struct daemon *daemon, uint32_t rule);
/* The rule that the path names; UINT32_MAX after an answer that there is none. */
uint32_t api_find_rule(struct api_call *call);

#endif
