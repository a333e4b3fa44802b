/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * A Modbus TCP server with several units behind one port, as a gateway has them. libmodbus
 * makes the answers; when and how they leave is ours, so that a unit can be slow, dribble or
 * talk garbage and the cable can be cut, without a thread and without waiting.
 */
#ifndef GAUGED_SIM_FIELDBUS_H
#define GAUGED_SIM_FIELDBUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/registers.h"

struct error;
struct fieldbus;
struct poller;

enum unit_fault {
	UNIT_OK,
	UNIT_SILENT,	/* takes requests and never answers */
	UNIT_SLOW,	/* answers after number milliseconds */
	UNIT_DRIBBLE,	/* sends one byte every number milliseconds */
	UNIT_GARBAGE,	/* answers with bytes that are no Modbus */
	UNIT_EXCEPTION, /* answers every request with the exception number */
};

enum cable {
	CABLE_WHOLE,
	/* Nothing passes: connections stay open and silent, new ones never complete. */
	CABLE_CUT,
};

struct fieldbus_unit {
	int id; /* 0: answers to any unit identifier that no other unit has */
	struct registers registers;
	enum unit_fault fault;
	int number;
	uint64_t requests;
	/* Called before each answer is made and after each write that was carried out; may be
	 * NULL. */
	void (*refresh)(void *arg, struct fieldbus_unit *unit);
	void (*written)(void *arg, struct fieldbus_unit *unit, const char *peer);
	void *arg;
};

/*
 * Listens on 127.0.0.1; port 0 takes a free one. units is borrowed and outlives the bus. NULL
 * + err if the port is taken.
 */
struct fieldbus *fieldbus_open(struct poller *poller, uint16_t port,
			       struct fieldbus_unit *units, size_t unit_count,
			       struct error *err);
void fieldbus_close(struct fieldbus *bus);

uint16_t fieldbus_port(const struct fieldbus *bus);
void fieldbus_cable(struct fieldbus *bus, enum cable cable);
/* Ends all connections with a reset, as a PLC that is power-cycled. */
void fieldbus_reset(struct fieldbus *bus);
size_t fieldbus_connections(const struct fieldbus *bus);
/* Requests that were dropped because too many answers of their connection were waiting. */
uint64_t fieldbus_dropped(const struct fieldbus *bus);

#endif
