/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Everything that is simulated, in one place: the heating plant with its fieldbus, the mast,
 * the serial line in its cellar, the webhook sink, or a fleet of plain devices for load tests.
 */
#ifndef GAUGED_SIM_SITE_H
#define GAUGED_SIM_SITE_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/cellar.h"
#include "sim/chronicle.h"
#include "sim/fault.h"
#include "sim/heating.h"
#include "sim/poller.h"
#include "sim/serial_line.h"

struct error;
struct fieldbus;
struct fleet;
struct gateway;
struct mast;
struct rack;
struct serial_port;
struct serial_server;
struct sink;
struct truth;

enum { SITE_DEVICES_MAX = 10000 };

struct site_options {
	uint16_t port;	       /* 0: a free one */
	int sink_port;	       /* -1: no sink; 0: a free one */
	const char *mast_path; /* NULL: no mast */
	double speed;	       /* seconds of the plant in one second */
	int devices;	       /* > 0: so many plain devices instead of the plant */
	/* Ways to the units on the serial line; none of them with devices. */
	const char *rtu_path; /* NULL: no terminal */
	int gateway_port;     /* -1: no gateway; 0: a free port */
	int64_t gateway_timeout_ns;
	int serial_server_port; /* -1: none; 0: a free one */
	int rtu_units;
	struct serial_line_options rtu;
	const char *truth_path; /* NULL: what stood in the registers is not written down */
	uint64_t seed; /* of everything that happens by chance; 0: another one each time */
};

struct site {
	struct poller *poller;
	struct chronicle chronicle;
	struct heating heating;
	struct truth *truth;  /* may be NULL */
	struct rack *rack;    /* the units behind bus */
	struct fieldbus *bus; /* NULL with a fleet */
	struct faults faults; /* of bus */
	struct fleet *fleet;  /* NULL with a plant */
	struct mast *mast;
	struct sink *sink;
	struct cellar cellar;
	struct rack *cellar_rack; /* NULL with a fleet */
	struct serial_port *rtu;  /* these three may be NULL */
	struct gateway *gateway;
	struct serial_server *server;
	struct faults rtu_faults, gateway_faults, server_faults; /* of the whole of them */
	double speed;
	struct poller_timer pace;
	struct mono paced;
};

/* Embedded; must not move afterwards. -errno + err: nothing is left open. */
int site_open(struct site *site, const struct site_options *options, struct error *err);
void site_close(struct site *site);

#endif
