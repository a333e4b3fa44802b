/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Outputs as the control API shows them, for the files that serve routes. */
#ifndef GAUGED_DAEMON_API_OUTPUTS_H
#define GAUGED_DAEMON_API_OUTPUTS_H

struct daemon;
struct json_t; /* of jansson.h, which calls it json_t as well */

/* A list of the outputs that the rule has a write to; of all for NULL. */
struct json_t *api_json_outputs(const struct daemon *daemon, const char *rule);

#endif
