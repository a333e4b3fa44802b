/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Random sets of rules as a person could have written them, over a fixed table of points, and
 * random streams of what happens to them. Grown by type, so that nearly all of them compile.
 * A function or production more is one row in random_forms.c.
 */
#ifndef GAUGED_TESTS_RANDOM_RULES_H
#define GAUGED_TESTS_RANDOM_RULES_H

#include <stdbool.h>
#include <stdint.h>

#include "chance.h"
#include "model/reading.h"
#include "random_clock.h"

struct arena;
struct point_table;
struct str;

enum { RANDOM_RULES = 10, RANDOM_EXPR = 1500, RANDOM_POINTS = 40, RANDOM_TIMES = 128 };
#define RANDOM_TICK INT64_C(500000000) /* all times are multiples of it */

/* One rule; texts are empty and times 0 where it says nothing. */
struct random_rule {
	bool there;
	bool instant;
	char at[RANDOM_TIMES]; /* of an instant by the clock, instead of when */
	char schedule[RANDOM_TIMES];
	char when[RANDOM_EXPR], clear[RANDOM_EXPR];
	int64_t for_ns, clear_for_ns, repeat_ns, blind_ns;
	int on_unknown, severity;
	bool latch;
	int inhibitor; /* -1: none */
	char limits[RANDOM_TIMES];
};

/* Derived points: their kinds are what they are, always; see random_rules.c. */
enum { RANDOM_DERIVED = 5 };

/* Rules by number, and the order in which the file has them. */
struct random_set {
	struct random_rule rules[RANDOM_RULES];
	int order[RANDOM_RULES];
	struct random_clock clock;
	bool paned;   /* with windows that are kept in parts; not to be restarted */
	bool derives; /* there are derived points */
	char derived[RANDOM_DERIVED][RANDOM_EXPR];
	bool simple; /* mostly thresholds: the engine can pass readings over */
};

/* All points of all kinds. */
struct point_table *random_rules_points(struct arena *arena);
void random_rules_grow(struct chance *chance, struct random_set *ret);
/* Another edition of the same file: some rules are others, come, go or move; or none does. */
void random_rules_edit(struct chance *chance, struct random_set *set);
void random_rules_write(const struct random_set *set, struct str *out);

enum random_step_kind {
	RANDOM_READING,
	RANDOM_SETTLE,
	RANDOM_TICKS,
	RANDOM_ACK,
	RANDOM_SHELVE,
	RANDOM_UNSHELVE,
	RANDOM_RELOAD,
	RANDOM_RESTART,
	RANDOM_WALL,
	RANDOM_STALL
};

struct random_step {
	enum random_step_kind kind;
	int64_t at;
	struct reading reading;
	bool settle;   /* behind the reading: it is the last one of its answer */
	uint32_t rule; /* in the order of the file, modulo its count */
	int64_t until;
	/* Of a restart. */
	int64_t outage_ns;
	bool timed;	/* somebody knows how long it was */
	int64_t now_ns; /* the clock's time at its end: it may be another clock */
	/*
	 * What the wall clock shows from now on, and whether somebody has set it. Of this and
	 * of a stall: everybody was awake at slept_ns, which may be long ago.
	 */
	int64_t slept_ns;
	int64_t wall_ns;
	bool valid;
};

/* How far a life has come. */
struct random_life {
	int64_t now;	  /* boot time */
	int64_t ahead_ns; /* of it the wall clock, when it is right */
	bool clock;	  /* it was set since the start */
};

/* What happens next; the life goes on to that time (late readings apart). */
void random_rules_step(struct chance *chance, struct random_life *life,
		       struct random_step *ret);
void random_step_write(const struct random_step *step, const struct point_table *points,
		       struct str *out);

#endif
