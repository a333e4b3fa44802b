/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Writes on their way: who asked for which, and how it ended, in the log. Checks what may be
 * written before anything leaves; the bus carries it out.
 */
#ifndef GAUGED_DAEMON_OUTPUT_H
#define GAUGED_DAEMON_OUTPUT_H

#include <stddef.h>
#include <stdint.h>

#include "inputs/input.h"

struct bus;
struct config;
struct error;
struct outputs;

struct output_counters {
	uint64_t done, refused, unknown, differs;
};

struct outputs *outputs_new(void);
/* All buses have to be closed before: they end their open writes. */
void outputs_free(struct outputs *outputs);

/*
 * Checks value against the point (writable, kind, limits) and hands it to the one of buses
 * that owns the point. 0: accepted, and done (may be NULL) is called once. Negative errno +
 * err: refused, logged and counted.
 */
int output_write(struct outputs *outputs, const struct config *config, struct bus *const *buses,
		 size_t bus_count, uint32_t point, struct value value, const char *who,
		 write_done *done, void *arg, struct error *err);
/* Whoever waits with arg went away. */
void output_forget(struct outputs *outputs, void *arg);

void output_count(const struct outputs *outputs, struct output_counters *ret);

#endif
