/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * The interlocks of one output: whether a value may be written now, and if not, why and until
 * when; and when an output has been on for too long. Pure: told the time and what was written.
 *
 * What is not known counts against the write: min_off runs from the start of the program as
 * if the output had been switched off in that instant. A safe value is never held back by
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
struct pack;
struct str;

enum { INTERLOCK_CHANGES_MAX = 1000 };

/* 0: no such limit. The times are for outputs that are true or false. */
struct interlock_limits {
	double low, high;	     /* of a number; low > high: none */
	int64_t min_on_ns;	     /* once on it stays on for so long */
	int64_t min_off_ns;	     /* once off it stays off for so long */
	int64_t max_on_ns;	     /* then it is switched off */
	int64_t changes;	     /* at most so many, up to INTERLOCK_CHANGES_MAX ... */
	int64_t per_ns;		     /* ... in any span of this length */
	struct value safe, safe_too; /* VALUE_NONE: there is none */
};

bool interlock_is_safe(const struct interlock_limits *limits, struct value value);

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
/* After a reload: what old knows of the output, under limits of its own. Allocates nothing. */
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
 * write that is known not to have left is not told. False: it is certain to be no change.
 */
bool interlock_wrote(struct interlock *interlock, struct value value, struct boot now);
/*
 * What was sent, and was a change, is there by now, or may be: the least times run from now,
 * max_on from when it was sent. value: what the device took, after rounding.
 */
void interlock_landed(struct interlock *interlock, struct value value, struct boot now);
/*
 * Whether what was sent last was carried out is not known (true), or is (false). An off of
 * which it is not known leaves max_on running.
 */
void interlock_doubt(struct interlock *interlock, bool doubt);
bool interlock_is_doubtful(const struct interlock *interlock);
/*
 * value was read from the output: somebody else may have switched it. False: nothing is known
 * of it that was not before.
 */
bool interlock_saw(struct interlock *interlock, struct value value, struct boot now);
/*
 * The output is out of sight, now at least, until it is read again or written: what was off may
 * have come on since the first call, and what was on may have gone off until the last one. So
 * min_off runs from there before on is written to what was on, and that is a change. False: it
 * was lost before.
 */
bool interlock_lost(struct interlock *interlock, struct boot now);

/* Since when it is on, or may be, at the earliest; false: it is off, or not known. */
bool interlock_on_from(const struct interlock *interlock, struct boot *ret);
/* What was written last, an on, only goes on with what began then: max_on runs from there. */
void interlock_goes_on(struct interlock *interlock, struct boot from);
/* When max_on is over; false: it is off, not known, or has no such limit. */
bool interlock_deadline(const struct interlock *interlock, struct boot *ret);

/* What the output is as far as is known, and since when; VALUE_NONE for a text. */
struct value interlock_value(const struct interlock *interlock, struct boot *ret_since);
/* How many changes are left at now; -1: there is no such limit. */
int64_t interlock_left(const struct interlock *interlock, struct boot now);

/* As bytes, with ages instead of instants: see rules/pack.h. */
void interlock_save(const struct interlock *interlock, struct boot now, struct str *out);
/*
 * Into one that was made just now. outage_ns: between the save and now; < 0: not known, and
 * that counts against the output: least times and changes as if no time had passed, but
 * max_on, which comes before min_on, as if it were over. It was out of sight since the save,
 * or since it was lost before that, and may have gone off until now. False: the bytes are none
 * such, and nothing was changed.
 */
bool interlock_restore(struct interlock *interlock, struct pack *in, struct boot now,
		       int64_t outage_ns);

/* "it was switched off less than min_off ago", ... */
const char *interlock_verdict_words(enum interlock_verdict verdict);

#endif
