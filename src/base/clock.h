/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Times as types, so that mixing two clocks does not compile, and the only functions of the
 * program that read a clock. The pure floors use the types and call none of the readers.
 */
#ifndef GAUGED_BASE_CLOCK_H
#define GAUGED_BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#define NSEC_PER_USEC INT64_C(1000)
#define NSEC_PER_MSEC INT64_C(1000000)
#define NSEC_PER_SEC  INT64_C(1000000000)

/* CLOCK_MONOTONIC: deadlines of I/O. Stands still while the box sleeps. */
struct mono {
	int64_t ns;
};

/* CLOCK_BOOTTIME: stamps of readings, the engine's time, ages. Counts a suspended box. */
struct boot {
	int64_t ns;
};

/* CLOCK_REALTIME, nanoseconds since 1970 UTC: labels and schedules only. */
struct wall {
	int64_t ns;
};

struct mono clock_mono(void);
struct boot clock_boot(void);
struct wall clock_wall(void);
/* False while nobody is known to have set the clock: adjtimex(2), or what timesyncd says. */
bool clock_synchronised(void);
/*
 * Whether the wall clock can be right: it is synchronised, or shows a time behind CLOCK_MADE.
 * A box without a clock of its own starts in 1970, or where it was switched off.
 */
bool clock_plausible(void);
/* 2026-01-01: this program was made later. */
#define CLOCK_MADE ((struct wall){INT64_C(1767225600) * NSEC_PER_SEC})

#define MONO_NEVER ((struct mono){INT64_MAX})
#define BOOT_NEVER ((struct boot){INT64_MAX})
#define WALL_NEVER ((struct wall){INT64_MAX})

static inline struct mono mono_add(struct mono t, int64_t ns)
{
	return (struct mono){t.ns > INT64_MAX - (ns > 0 ? ns : 0) ? INT64_MAX : t.ns + ns};
}

static inline int64_t mono_diff(struct mono later, struct mono earlier)
{
	return later.ns - earlier.ns;
}

static inline struct boot boot_add(struct boot t, int64_t ns)
{
	return (struct boot){t.ns > INT64_MAX - (ns > 0 ? ns : 0) ? INT64_MAX : t.ns + ns};
}

static inline int64_t boot_diff(struct boot later, struct boot earlier)
{
	return later.ns - earlier.ns;
}

#endif
