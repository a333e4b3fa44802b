/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * A Modbus gateway: takes Modbus TCP from many masters and asks the units on a serial line of
 * its own, one after the other. A unit that it was not told of gets exception 0x0A, one that
 * does not answer in time 0x0B, a request too many 6.
 */
#ifndef GAUGED_SIM_GATEWAY_H
#define GAUGED_SIM_GATEWAY_H

#include <stdint.h>

struct error;
struct faults;
struct fieldbus;
struct gateway;
struct poller;
struct rack;
struct serial_line_options;

struct gateway_options {
	uint16_t port; /* 0: a free one */
	int64_t timeout_ns;
	const struct serial_line_options *line; /* read while opening */
};

/* rack: the units on its line; faults: of its TCP side. Both are borrowed. NULL + err. */
struct gateway *gateway_open(struct poller *poller, struct rack *rack, struct faults *faults,
			     const struct gateway_options *options, struct error *err);
void gateway_close(struct gateway *gateway);

/* Its TCP side, for the port and the cable. */
struct fieldbus *gateway_bus(struct gateway *gateway);
/* Requests to which no unit answered in time. */
uint64_t gateway_timeouts(const struct gateway *gateway);

#endif
