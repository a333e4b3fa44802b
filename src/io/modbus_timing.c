/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the histogram of round trips and the share of busy time. */
#include "io/modbus_timing.h"

#include <stdbool.h>
#include <string.h>

static const int64_t minute_ns = 60 * NSEC_PER_SEC;

enum { FIRST_POWER = 4 };

static unsigned bucket_of(int64_t ns)
{
	uint64_t us = ns > 0 ? (uint64_t)ns / NSEC_PER_USEC : 0;
	unsigned power, bucket;

	if (us < 1 << FIRST_POWER)
		return 0;
	power = 63 - (unsigned)__builtin_clzll(us);
	bucket = 4 * (power - FIRST_POWER) + (unsigned)((us >> (power - 2)) & 3);
	return bucket < MODBUS_TRIP_BUCKETS ? bucket : MODBUS_TRIP_BUCKETS - 1;
}

/* The middle of what falls into it. */
static int64_t bucket_ns(unsigned bucket)
{
	int64_t width = (int64_t)1 << (bucket / 4 + FIRST_POWER - 2);

	return ((4 + (int64_t)(bucket % 4)) * width + width / 2) * NSEC_PER_USEC;
}

static void trips_turn(struct modbus_trips *trips, struct mono now)
{
	int64_t age = mono_diff(now, trips->begun);

	if (age < minute_ns)
		return;
	if (age < 2 * minute_ns)
		memcpy(trips->before, trips->now, sizeof(trips->before));
	else
		memset(trips->before, 0, sizeof(trips->before));
	memset(trips->now, 0, sizeof(trips->now));
	trips->begun = now;
}

void modbus_trips_add(struct modbus_trips *trips, int64_t ns, struct mono now)
{
	uint16_t *count = &trips->now[bucket_of(ns)];

	trips_turn(trips, now);
	if (*count == UINT16_MAX) {
		/* So many that halves say the same. */
		for (unsigned i = 0; i < MODBUS_TRIP_BUCKETS; i++)
			trips->now[i] /= 2;
	}
	(*count)++;
}

int64_t modbus_trips_quantile(const struct modbus_trips *trips, double share, struct mono now)
{
	int64_t age = mono_diff(now, trips->begun);
	/* Nobody has turned the minutes since the last one came. */
	bool current = age < 2 * minute_ns, before = age < minute_ns;
	uint64_t all = 0, seen = 0;

	for (unsigned i = 0; i < MODBUS_TRIP_BUCKETS; i++)
		all += (current ? trips->now[i] : 0u) + (before ? trips->before[i] : 0u);
	for (unsigned i = 0; i < MODBUS_TRIP_BUCKETS; i++) {
		seen += (current ? trips->now[i] : 0u) + (before ? trips->before[i] : 0u);
		if (seen > 0 && (double)seen >= share * (double)all)
			return bucket_ns(i);
	}
	return -1;
}

void modbus_use_mark(struct modbus_use *use, int64_t busy_ns, struct mono now)
{
	if (use->at[1].ns != 0 && mono_diff(now, use->at[1]) < minute_ns)
		return;
	use->at[0] = use->at[1];
	use->busy_ns[0] = use->busy_ns[1];
	use->at[1] = now;
	use->busy_ns[1] = busy_ns;
}

double modbus_use_share(const struct modbus_use *use, int64_t busy_ns, struct mono now)
{
	int since = use->at[0].ns != 0 ? 0 : 1;
	int64_t past = mono_diff(now, use->at[since]);

	if (use->at[since].ns == 0 || past <= 0)
		return -1;
	return (double)(busy_ns - use->busy_ns[since]) / (double)past;
}
