/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * A webhook receiver: a small HTTP/1.1 server that keeps connections alive, books each POST in
 * a ledger and tells it in one line. Good deliveries are answered 204, bad ones 400.
 */
#ifndef GAUGED_SIM_SINK_H
#define GAUGED_SIM_SINK_H

#include <stdint.h>

#include "sim/ledger.h"

struct chronicle;
struct error;
struct poller;
struct sink;

enum { SINK_OK = 0, SINK_TIMEOUT = -1 };

/* Listens on 127.0.0.1; port 0 takes a free one. */
struct sink *sink_open(struct poller *poller, uint16_t port, struct chronicle *chronicle,
		       struct error *err);
void sink_close(struct sink *sink);

uint16_t sink_port(const struct sink *sink);
/* SINK_OK, SINK_TIMEOUT (takes requests and never answers) or the HTTP status to answer with.
 */
void sink_fault(struct sink *sink, int status);
struct ledger_counts sink_counts(const struct sink *sink);
/* Requests that were answered by a fault or not at all. */
uint64_t sink_refused(const struct sink *sink);

#endif
