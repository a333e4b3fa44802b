/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Figures of the store and of the queues in it. */
#ifndef GAUGED_DAEMON_METRICS_STORE_H
#define GAUGED_DAEMON_METRICS_STORE_H

struct daemon;
struct str;

void metrics_store(const struct daemon *daemon, struct str *out);

#endif
