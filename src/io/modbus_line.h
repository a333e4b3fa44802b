/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * How long things take on a line that speaks Modbus RTU, and which pauses it keeps. Pure.
 * Source: MODBUS over Serial Line Specification and Implementation Guide V1.02, sections 2.4.1
 * (turnaround) and 2.5.1 (characters, t3.5).
 */
#ifndef GAUGED_IO_MODBUS_LINE_H
#define GAUGED_IO_MODBUS_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Unit, PDU of at most 253 bytes, CRC. */
enum { MODBUS_RTU_MAX = 256 };
/* The unit number that all units obey and none answers. */
enum { MODBUS_BROADCAST = 0 };

struct modbus_line {
	int baud;	       /* 0: unknown, the wire is behind a serial server */
	int bits;	       /* of one character: start, data, parity and stop */
	bool echo;	       /* what is sent is received as well (two-wire adapters) */
	bool usb;	       /* the adapter hands over what it received in batches */
	int64_t gap_ns;	       /* silence kept before a request; at least t3.5 is kept */
	int64_t idle_ns;       /* silence that ends a frame that is not good; 0: by adapter */
	int64_t quarantine_ns; /* silence after a failed exchange; 0: 50 ms or 10 characters */
	int64_t turnaround_ns; /* pause after a broadcast, which nobody answers */
};

/* One character on the wire; 0 if the baud rate is not known. */
int64_t modbus_line_char(const struct modbus_line *line);
/* len bytes on the wire. */
int64_t modbus_line_bytes(const struct modbus_line *line, size_t len);
/* The silence between frames: t3.5, 1.75 ms above 19200 baud, or the configured gap. */
int64_t modbus_line_gap(const struct modbus_line *line);
/* The silence that ends a frame which is not good. */
int64_t modbus_line_idle(const struct modbus_line *line);
int64_t modbus_line_quarantine(const struct modbus_line *line);
/*
 * What an exchange costs the line: the request, the answer, the gap before each, and what the
 * device takes to answer (delay).
 */
int64_t modbus_line_exchange(const struct modbus_line *line, size_t request, size_t answer,
			     int64_t delay_ns);

#endif
