/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* A point as the control API shows it, for the files that serve routes. */
#ifndef GAUGED_DAEMON_API_POINTS_H
#define GAUGED_DAEMON_API_POINTS_H

#include <stdint.h>

#include "daemon/seen_json.h"

struct api_call;
struct json_t; /* of jansson.h, which calls it json_t as well */
struct daemon;

/* What runs, now. */
struct seen api_seen(const struct daemon *daemon);
struct json_t *api_json_point(const struct daemon *daemon, uint32_t id);
/* The point that the call's NAME means; POINT_NONE after the call was answered with 404. */
uint32_t api_find_point(struct api_call *call);

#endif
