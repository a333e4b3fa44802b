/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * What each kind of node remembers, but windows; for node.c, and for node_save.c, which keeps
 * it over a restart. No pointers.
 *
 * After a restart held(), once() and since() wait for a first operand that is known, and are
 * unknown until then. Their time stands still meanwhile, as that of 'for' does: it goes on
 * if the whole gap was short, otherwise c was unknown in it.
 */
#ifndef GAUGED_RULES_NODE_MEMORY_H
#define GAUGED_RULES_NODE_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

/* A time of long ago that is never within a span; no difference with it overflows. */
#define NODE_LONG_AGO (-(INT64_C(1) << 61))

/* held() and once(): the ends of the last times at which c was false, and was unknown. */
struct node_held {
	double value;
	int64_t false_until, unknown_until;
	bool waits;	     /* since a restart */
	int64_t waits_since; /* of its own time: when the program before was saved */
};

/* since() and comparisons of it: from when on c was true without a break. */
struct node_since {
	double value;
	int64_t since;
	bool waits;
	int64_t waits_since;
};

struct node_ewma {
	double mean, value; /* NaN: none yet; unknown now */
	int64_t at;
};

struct node_prev {
	double current;
};

#endif
