/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * A bus that is asked one thing at a time, with a pause before each, by a caller who waits: a
 * modbus_bus on a loop of its own. What is asked are the four reads and nothing else.
 */
#ifndef GAUGED_CTL_PROBE_LINE_H
#define GAUGED_CTL_PROBE_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "io/modbus_bus.h"

struct probe_line;

/* How the bus is opened; baud 0: as the address needs none, or as it says itself. */
struct probe_setting {
	int baud;
	const char *parity; /* "none", "even", "odd"; NULL: none is said */
};

struct probe_answer {
	enum modbus_outcome outcome;
	uint8_t exception;
	const char *text;		       /* why, static; "" for MODBUS_OK */
	uint16_t values[MODBUS_READ_BITS_MAX]; /* MODBUS_OK: registers, or bits as 0 and 1 */
};

/* What went over the bus since it was opened. */
struct probe_traffic {
	uint64_t bytes_in;
	uint64_t late;	    /* proper answers, after their time */
	uint64_t strangers; /* proper answers to what was not asked */
};

/*
 * Reads address as gauged reads a bus's 'modbus:', opens the bus and waits until it is up.
 * -EINVAL: that is no address or no such setting. -EINTR: the user stopped it. Otherwise the
 * negative errno of what failed, with err.
 */
int probe_line_open(const char *address, struct probe_setting setting, int64_t timeout_ns,
		    struct probe_line **ret, struct error *err);
void probe_line_close(struct probe_line *line);

/* How long a question that nobody answers takes, with its pauses. baud 0: it is not known. */
int64_t probe_silence(int baud, bool rtu, int64_t timeout_ns);

/*
 * Asks once, and waits: for the answer, and before it for the connection if that broke
 * meanwhile. false: it was stopped by the user, or the connection could not be made again
 * (MODBUS_DOWN).
 */
bool probe_line_ask(struct probe_line *line, uint8_t unit, const struct modbus_request *request,
		    struct probe_answer *ret);
/* Says nothing for so long, and hears what comes. */
void probe_line_listen(struct probe_line *line, int64_t ns);
/* Ctrl-C, or SIGTERM. */
bool probe_line_stopped(const struct probe_line *line);
void probe_line_traffic(const struct probe_line *line, struct probe_traffic *ret);

#endif
