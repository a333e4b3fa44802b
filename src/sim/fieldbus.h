/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * A Modbus TCP server with several units behind one port, as a gateway has them. Who makes the
 * answers is told when it is opened; when and how they leave is decided here, so that a unit
 * can be slow, dribble or talk garbage and the cable can be cut, without waiting.
 */
#ifndef GAUGED_SIM_FIELDBUS_H
#define GAUGED_SIM_FIELDBUS_H

#include <stddef.h>
#include <stdint.h>

struct error;
struct exchange;
struct faults;
struct fieldbus;
struct poller;
struct rack;
struct random;

enum cable {
	CABLE_WHOLE,
	/* Nothing passes: connections stay open and silent, new ones never complete. */
	CABLE_CUT,
	CABLE_REFUSES, /* new connections are refused, old ones live on */
};

/*
 * Takes an exchange that came over connection link, whose request is not yet looked at, and
 * hands it to fieldbus_answer() at once or later.
 */
typedef void fieldbus_ask_fn(void *arg, struct fieldbus *bus, uint64_t link,
			     struct exchange *exchange);

/*
 * Listens on 127.0.0.1; port 0 takes a free one. faults: of the whole bus, or NULL; borrowed,
 * as random is. NULL + err if the port is taken.
 */
struct fieldbus *fieldbus_open(struct poller *poller, uint16_t port, struct faults *faults,
			       struct random *random, fieldbus_ask_fn *ask, void *arg,
			       struct error *err);
/* The same with the units of a rack, which is borrowed. */
struct fieldbus *fieldbus_open_rack(struct poller *poller, uint16_t port, struct faults *faults,
				    struct rack *rack, struct error *err);
void fieldbus_close(struct fieldbus *bus);

/* Takes a finished exchange; if its connection is gone, so is the answer. */
void fieldbus_answer(struct fieldbus *bus, uint64_t link, struct exchange *exchange);

uint16_t fieldbus_port(const struct fieldbus *bus);
/* -errno + err: the port can't be opened again. */
int fieldbus_cable(struct fieldbus *bus, enum cable cable, struct error *err);
/* Ends all connections with a reset, as a PLC that is power-cycled. */
void fieldbus_reset(struct fieldbus *bus);
size_t fieldbus_connections(const struct fieldbus *bus);
/* Requests that were dropped because too many answers of their connection were waiting. */
uint64_t fieldbus_dropped(const struct fieldbus *bus);

#endif
