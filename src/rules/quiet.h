/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * What keeps a rule from saying too much: min_interval, flap and max_rate (rules.md section 9).
 * A pure machine beside that of the rule's state: it is told what turned and what was said,
 * and says whether the rule has to be quiet now.
 */
#ifndef GAUGED_RULES_QUIET_H
#define GAUGED_RULES_QUIET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"

struct pack;
struct str;

enum { QUIET_TIMES_MAX = 1000 };

/* As it was written; immutable. */
struct quiet_limits {
	int64_t min_interval_ns; /* 0: not wanted */
	uint32_t flap_changes;	 /* 0: not wanted; otherwise 2 .. QUIET_TIMES_MAX */
	int64_t flap_ns;
	uint32_t rate_count; /* 0: not wanted; otherwise 1 .. QUIET_TIMES_MAX */
	int64_t rate_ns;
};

enum quiet_reason { QUIET_NO, QUIET_MIN_INTERVAL, QUIET_FLAPPING, QUIET_MAX_RATE };

/* The last times of something; times has room for the number that is asked for. */
struct quiet_times {
	int64_t *times;
	uint32_t room, count, next;
};

struct quiet {
	const struct quiet_limits *limits;
	struct boot pause_until; /* of min_interval */
	bool flapping;
	struct quiet_times changes, said;
	uint64_t left_out; /* actions that were not run because of any of the three */
};

/* How many times a rule with these limits has to remember. */
uint32_t quiet_room(const struct quiet_limits *limits);
/* times: room for quiet_room() of them. */
void quiet_init(struct quiet *quiet, const struct quiet_limits *limits, int64_t *times);
/* Goes on from before, whose limits may be others. */
void quiet_adopt(struct quiet *quiet, const struct quiet *before);

/* What outlives the program, in bytes: times as ages at now. */
void quiet_save(const struct quiet *quiet, struct boot now, struct str *out);
/*
 * The other way round, after quiet_init(); now: the instant of the save on the clock of today.
 * The limits may be others. Nothing in the bytes is trusted; false if they are none, and it is
 * as after quiet_init() then.
 */
bool quiet_load(struct quiet *quiet, struct pack *in, struct boot now);

/* The alarm came or went. True if the rule began to flap with that. */
bool quiet_turned(struct quiet *quiet, struct boot now);
/* Flapping is over: true, once. */
bool quiet_calmed(struct quiet *quiet, struct boot now);
/* Actions ran; fired: for an alarm that begins, or for an instant. */
void quiet_said(struct quiet *quiet, bool fired, struct boot now);
/*
 * Why actions may not run at now. told: somebody was told that it fires and not yet that it is
 * over, which min_interval does not keep back.
 */
enum quiet_reason quiet_ask(const struct quiet *quiet, bool told, struct boot now);
/*
 * The next instant at which quiet_ask() may say something else by itself, now at the soonest;
 * or BOOT_NEVER.
 */
struct boot quiet_deadline(const struct quiet *quiet, struct boot now);
/* "min_interval", "flapping", "max_rate"; NULL for QUIET_NO. */
const char *quiet_reason_name(enum quiet_reason reason);

#endif
