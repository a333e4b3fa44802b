/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* The serial port at whose other end the RTU units hang: a pseudo terminal with a line. */
#ifndef GAUGED_SIM_SERIAL_PORT_H
#define GAUGED_SIM_SERIAL_PORT_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/serial_line.h"

struct error;
struct serial_port;

/* path becomes a symbolic link to the terminal. All are borrowed. NULL + err. */
struct serial_port *serial_port_open(struct poller *poller, struct rack *rack,
				     struct faults *bus, const char *path,
				     const struct serial_line_options *options,
				     struct error *err);
void serial_port_close(struct serial_port *port);

/* false: the adapter is pulled out (the link is gone, masters see a hang-up); true: back. */
int serial_port_plug(struct serial_port *port, bool plugged, struct error *err);
/* Random bytes without end. */
void serial_port_noise(struct serial_port *port, bool on);
struct serial_line_counts serial_port_counts(const struct serial_port *port);
/* Pieces that came at another baud rate than the line has, and were not understood. */
uint64_t serial_port_misheard(const struct serial_port *port);

#endif
