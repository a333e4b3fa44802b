/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * A serial server that knows nothing of Modbus: what comes over a TCP connection goes to the
 * line, and back. Each connection has the line to itself.
 */
#ifndef GAUGED_SIM_SERIAL_SERVER_H
#define GAUGED_SIM_SERIAL_SERVER_H

#include <stddef.h>
#include <stdint.h>

#include "sim/serial_line.h"

struct error;
struct serial_server;

/* Listens on 127.0.0.1; port 0 takes a free one. The others are borrowed. NULL + err. */
struct serial_server *serial_server_open(struct poller *poller, uint16_t port,
					 struct rack *rack, struct faults *bus,
					 const struct serial_line_options *options,
					 struct error *err);
void serial_server_close(struct serial_server *server);

uint16_t serial_server_port(const struct serial_server *server);
size_t serial_server_connections(const struct serial_server *server);
/* Of all connections so far. */
struct serial_line_counts serial_server_counts(const struct serial_server *server);

#endif
