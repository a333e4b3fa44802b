/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * What is known of each point: the last good value, its age and quality (rules.md section 4).
 * Writes the slots that rules read. A bad reading keeps the last good value until that is
 * stale. Texts are kept in fixed room, one for each text point.
 */
#ifndef GAUGED_RULES_STORE_H
#define GAUGED_RULES_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "model/reading.h"
#include "rules/engine.h"
#include "rules/program.h"
#include "rules/room.h"

/* Two points to a line of the cache: a reading that changes nothing looks at no more. */
struct stored {
	/*
	 * While the point is good and nothing but rules read it, a number strictly between
	 * these changes nothing. Otherwise high is -INFINITY: there is nothing between them.
	 */
	union {
		double guard_low;
		double last; /* while there is no value: the last good one; NaN: never */
	};
	double guard_high;
	int64_t at;    /* of the last good reading; before any: of the start */
	uint32_t seen; /* the engine's: the round of its last reading */
	uint8_t reason;
	uint8_t code;
	uint8_t kind : 2, quality : 2;
	bool ever : 1;	  /* a good reading was there */
	bool expired : 1; /* the stale deadline has passed since at */
	bool bad : 1;	  /* what bad() says */
	bool heard : 1;	  /* derived: it had a value, or an input has spoken */
};

struct store_text {
	const char *text;
	double id;
	uint32_t refs;
	uint32_t next; /* in its bucket or the free list, + 1 */
};

struct store {
	const struct program *program;
	double *slots;
	struct stored *points;
	uint32_t *held;	     /* by point: entry of the last good text + 1; NULL without texts */
	uint32_t *group_bad; /* by group: how many of its points are bad */
	struct store_text *texts; /* the program's, then text_rooms of readings */
	uint32_t text_rooms;
	uint32_t *buckets;
	uint32_t bucket_count;
	uint32_t free; /* first free entry + 1 */
	double next_id;
};

/* Takes the store's arrays from room; slots has program_slots() entries. */
void store_place(struct store *store, const struct program *program, double *slots,
		 struct room *room);
/* Every point unknown since now. After store_place() with memory. */
void store_init(struct store *store, struct boot now);

/* How long a good reading counts. */
int64_t store_stale_ns(const struct store *store, uint32_t point);

enum store_change {
	STORE_VALUE = 1,   /* the slot of the value is another */
	STORE_QUALITY = 2, /* the quality is another, and somebody reads it */
	STORE_GOOD = 4,	   /* a good reading: the age starts anew */
	STORE_BAD = 8,	   /* counted as bad */
};
/* The next number that is not between the guards is the next to be looked at. */
void store_guard(struct store *store, uint32_t point);
/* Each number is looked at. */
void store_unguard(struct store *store, uint32_t point);
/* Bits of enum store_change. reading->at is not before the last one. */
unsigned store_put(struct store *store, const struct reading *reading);
/* What the points that a derived one is computed from are worth, taken together. */
struct store_verdict {
	enum quality quality;
	enum bad_reason reason;
	uint8_t code;
	bool expired; /* one of them is unknown because its stale deadline has passed */
	bool heard;   /* one of them has spoken, or was silent for too long */
};
void store_judge_inputs(const struct store *store, const uint32_t *points, uint32_t count,
			struct store_verdict *ret);
/*
 * The value of a derived point, NaN for none, computed at now; reported: because one of its
 * inputs has spoken, so that its age starts anew. Bits of enum store_change.
 */
unsigned store_derive(struct store *store, uint32_t point, double value,
		      const struct store_verdict *verdict, bool reported, struct boot now);
/* The stale deadline of point has passed: its value is unknown from now on. */
unsigned store_expire(struct store *store, uint32_t point);
/* Takes over what old knew of the point other as our point. */
void store_adopt(struct store *store, uint32_t point, const struct store *old, uint32_t other,
		 struct boot now);

/* The value with number as its slot has it; unknown is VALUE_NONE. */
struct value store_value(const struct store *store, enum value_kind kind, double slot);
/* A text of the program's or of a reading by its number. */
const char *store_text(const struct store *store, double id);
/* The number of a text that is the program's or some point's now; -1: that of none. */
double store_text_number(const struct store *store, const char *text);
void store_point(const struct store *store, uint32_t point, struct boot now,
		 struct engine_point *ret);

#endif
