/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * How long devices take to answer, and how busy a bus is, over the last minute or two: what
 * people look at, in fixed memory. Pure.
 */
#ifndef GAUGED_IO_MODBUS_TIMING_H
#define GAUGED_IO_MODBUS_TIMING_H

#include <stdint.h>

#include "base/clock.h"

/* Four buckets for each power of two from 16 us to 134 s: wrong by an eighth at most. */
enum { MODBUS_TRIP_BUCKETS = 4 * 23 };

struct modbus_trips {
	struct mono begun; /* of the running minute */
	uint16_t now[MODBUS_TRIP_BUCKETS], before[MODBUS_TRIP_BUCKETS];
};

/* Start from all zero. A round trip of ns that ended at now. */
void modbus_trips_add(struct modbus_trips *trips, int64_t ns, struct mono now);
/*
 * The time that share (0..1) of the round trips of this minute and the one before took at most,
 * in ns; -1: there were none.
 */
int64_t modbus_trips_quantile(const struct modbus_trips *trips, double share, struct mono now);

/* Where the busy time of a bus stood at two instants, the later one at most a minute ago. */
struct modbus_use {
	struct mono at[2];
	int64_t busy_ns[2];
};

/* busy_ns: all the time that the bus was busy, up to now. At the end of each exchange. */
void modbus_use_mark(struct modbus_use *use, int64_t busy_ns, struct mono now);
/* The share of the last minute or two that it was busy, 0..1; -1: nothing was marked yet. */
double modbus_use_share(const struct modbus_use *use, int64_t busy_ns, struct mono now);

#endif
