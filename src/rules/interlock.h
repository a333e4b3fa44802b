/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * The interlocks of one output: whether a value may be written now, and if not, why and until
 * when; and when an output has been on for too long. Pure: told the time and what was written.
 *
 * What is not known counts against the write: min_off runs from the start of the program as
 * if the output had been switched off in that instant. The safe value is never held back by
 * max_changes: a used-up allowance ends in safety. It is held back by min_on, which is what
 * min_on is for.
 */
#ifndef GAUGED_RULES_INTERLOCK_H
#define GAUGED_RULES_INTERLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "model/value.h"

struct interlock;

enum { INTERLOCK_CHANGES_MAX = 1000 };

/* 0: no such limit. The times are for outputs that are true or false. */
struct interlock_limits {
	double low, high;   /* of a number; low > high: none */
	int64_t min_on_ns;  /* once on it stays on for so long */
	int64_t min_off_ns; /* once off it stays off for so long */
	int64_t max_on_ns;  /* then it is switched off */
	int64_t changes;    /* at most so many, up to INTERLOCK_CHANGES_MAX ... */
	int64_t per_ns;	    /* ... in any span of this length */
	struct value safe;  /* VALUE_NONE: there is none */
};

enum interlock_verdict {
	INTERLOCK_GO,
	INTERLOCK_RANGE,   /* outside, or not a finite number */
	INTERLOCK_MIN_ON,  /* not on for long enough */
	INTERLOCK_MIN_OFF, /* not off for long enough */
	INTERLOCK_CHANGES, /* changed too often */
};

/* limits and the texts in it are borrowed. now: the start of the program. */
struct interlock *interlock_new(const struct interlock_limits *limits, struct boot now);
void interlock_free(struct interlock *interlock);
/* After a reload: what old knows of the output, under the new limits. */
void interlock_adopt(struct interlock *interlock, const struct interlock *old);

/*
 * Whether value may be written at now. Writing what is there already is no change and always
 * may, if it is in range. *ret_until: when it may, BOOT_NEVER for a value out of range;
 * untouched for INTERLOCK_GO.
 */
enum interlock_verdict interlock_ask(const struct interlock *interlock, struct value value,
				     struct boot now, struct boot *ret_until);
/*
 * value was sent to the output, whether confirmed or not: what may have happened counts. A
 * write that is known not to have left is not told.
 */
void interlock_wrote(struct interlock *interlock, struct value value, struct boot now);
/* value was read from the output: somebody else may have switched it. */
void interlock_saw(struct interlock *interlock, struct value value, struct boot now);

/* When max_on is over; false: it is off, not known, or has no such limit. */
bool interlock_deadline(const struct interlock *interlock, struct boot *ret);

/* "it was switched off less than min_off ago", ... */
const char *interlock_verdict_words(enum interlock_verdict verdict);

#endif
