/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * What can be proven of a condition without running it: that it is never true, or never false.
 * For each slot that is compared with constants, the values with which the condition can still
 * hold; a point's 'range' bounds them from the start. Always more values than really fit, so
 * what is found impossible is. Pure.
 */
#ifndef GAUGED_RULES_PROVE_H
#define GAUGED_RULES_PROVE_H

#include <stdbool.h>
#include <stdint.h>

struct expr;
struct program;

enum { PROVE_SLOTS = 8, PROVE_SPANS = 8 };

/* Both ends belong to a span; beyond an open end the next double begins. */
struct prove_span {
	double low, high;
};

struct prove_slot {
	uint32_t slot;
	uint32_t count; /* spans, rising, apart */
	struct prove_span spans[PROVE_SPANS];
};

/* When something can hold: each of the slots is in its spans; others may be anything. */
struct prove_region {
	bool never;
	uint32_t why; /* never: the slot that no value is left for, or UINT32_MAX */
	uint32_t count;
	struct prove_slot slots[PROVE_SLOTS];
};

/* When the checked tree can be true (or, with truth false, false). */
void prove_region(const struct program *program, const struct expr *tree, bool truth,
		  struct prove_region *ret);
/* When both can hold, into *region. */
void prove_both(struct prove_region *region, const struct prove_region *other);
/* The point of a slot with a 'range', or UINT32_MAX. */
uint32_t prove_point(const struct program *program, uint32_t slot);

#endif
