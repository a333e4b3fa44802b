/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Everything that is counted, in Prometheus' text format 0.0.4: each family once, with its
 * HELP and TYPE, its samples together.
 */
#ifndef GAUGED_DAEMON_METRICS_H
#define GAUGED_DAEMON_METRICS_H

struct control;
struct daemon;
struct str;

/* control may be NULL: then its counters are missing. */
void metrics_write(const struct daemon *daemon, const struct control *control, struct str *out);

#endif
