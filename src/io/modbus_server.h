/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * A Modbus TCP server that only reads: a listener on the loop, its clients, and what each of
 * them may cost. Requests of a client are answered in order; in one turn of the loop it gets
 * at most what fits into one frame's room, and nothing more is read from it until it has
 * taken its answers. A port that is taken is tried again for ever.
 */
#ifndef GAUGED_IO_MODBUS_SERVER_H
#define GAUGED_IO_MODBUS_SERVER_H

#include <stddef.h>
#include <stdint.h>

#include "io/modbus_question.h"
#include "io/subnet.h"
#include "io/tcp_address.h"
#include "model/report.h"

struct loop;
struct modbus_server;

enum { MODBUS_SERVER_CLIENTS_MAX = 32 };

struct modbus_server_config {
	const char *name; /* of the bus, for the log */
	struct tcp_address listen;
	size_t allow_count; /* nobody else may come */
	const struct subnet *allow;
	unsigned clients; /* at the same time, 1..MODBUS_SERVER_CLIENTS_MAX */
	/* A client that has no answer taken for so long is closed: idle, slow or stuck. */
	int64_t idle_ns;
};

/*
 * Answers a read: fills modbus_question_bytes() at ret_data as they go over the wire and
 * returns 0, or returns the exception. Never called for anything that is no read. May not free
 * the server.
 */
typedef uint8_t modbus_server_fn(void *arg, const struct modbus_question *question,
				 uint8_t *ret_data);

/*
 * config is borrowed and must outlive the server. It listens from the next turn of the loop
 * on, so that an older server may leave the port in this one.
 */
struct modbus_server *modbus_server_new(struct loop *loop,
					const struct modbus_server_config *config,
					modbus_server_fn *fn, void *arg);
void modbus_server_free(struct modbus_server *server);
/* Adds its counters, and what ret->server tells. */
void modbus_server_report(const struct modbus_server *server, struct report *ret);

#endif
