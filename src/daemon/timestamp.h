/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Wall times as the control API writes them. */
#ifndef GAUGED_DAEMON_TIMESTAMP_H
#define GAUGED_DAEMON_TIMESTAMP_H

#include "base/clock.h"

struct str;

/* "2026-11-22T17:08:47.123Z": RFC 3339 section 5.6, UTC, milliseconds. */
void timestamp_add(struct str *out, struct wall at);

#endif
