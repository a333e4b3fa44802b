/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * A two-wire line with Modbus RTU slaves on it, as one master sees it: what the master sends is
 * fed in, what it hears comes out, each byte at the time at which a real line would have it
 * there (11 bit a character).
 */
#ifndef GAUGED_SIM_SERIAL_LINE_H
#define GAUGED_SIM_SERIAL_LINE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "sim/wire.h"

struct faults;
struct poller;
struct rack;
struct serial_line;

struct serial_line_options {
	int baud;	       /* 0: nothing takes time */
	int64_t turnaround_ns; /* from a request's end until the answer begins */
};

struct serial_line_counts {
	uint64_t frames;   /* requests that were whole, for whatever unit */
	uint64_t bad;	   /* pieces between two silences that were no request */
	uint64_t overlaps; /* requests that began while a frame was on the line */
	uint64_t lost;	   /* answers that the master did not take */
	/* The shortest silence between a frame and the request after it; 0: none yet. */
	int64_t gap_min_ns;
};

struct serial_line_ops {
	/* Bytes for the master; how many it took or -errno. */
	ssize_t (*hear)(void *arg, const uint8_t *bytes, size_t len);
	/* An answer wants the connection to end so. May free the line. */
	void (*end)(void *arg, enum wire_end end);
};

/* All are borrowed; bus: faults of the whole line; counts may be shared by several lines. */
struct serial_line *serial_line_new(struct poller *poller, struct rack *rack,
				    struct faults *bus,
				    const struct serial_line_options *options,
				    struct serial_line_counts *counts,
				    const struct serial_line_ops *ops, void *arg);
void serial_line_free(struct serial_line *line);

/* The master sent this just now. */
void serial_line_say(struct serial_line *line, const uint8_t *bytes, size_t len,
		     const char *master);
/* Forgets what is under way. */
void serial_line_clear(struct serial_line *line);

#endif
