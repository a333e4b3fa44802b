/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Many plain Modbus TCP devices for load tests, each on a port of its own. Whatever unit is
 * asked answers; holding register 0 counts the requests, 1 is the number of the device (from
 * 1), 2 and on are their own address; input registers are the same.
 */
#ifndef GAUGED_SIM_FLEET_H
#define GAUGED_SIM_FLEET_H

#include <stdint.h>

struct error;
struct fleet;
struct poller;
struct slave;

/* Ports port .. port + count - 1; port 0 finds as many free ones in a row. */
struct fleet *fleet_open(struct poller *poller, uint16_t port, int count, struct error *err);
void fleet_close(struct fleet *fleet);

int fleet_count(const struct fleet *fleet);
uint16_t fleet_port(const struct fleet *fleet); /* of the first */
/* Of the n-th device, from 1; NULL if there is none. */
struct slave *fleet_slave(struct fleet *fleet, int64_t n);
uint64_t fleet_requests(const struct fleet *fleet);

#endif
