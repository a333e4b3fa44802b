/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * What the oracle knows of the world at one instant, and what an expression is in it: by
 * walking its tree, each time, with nothing kept but what the language itself remembers.
 */
#ifndef GAUGED_TESTS_ORACLE_WORLD_H
#define GAUGED_TESTS_ORACLE_WORLD_H

#include <stdint.h>

#include "base/clock.h"
#include "model/reading.h"
#include "oracle_tree.h"

struct oracle;
struct point_table;

enum { ORACLE_TEXT_BYTES = 64 };

struct oracle_expr;

/* One reading or one change of a value, of all there ever were. */
struct oracle_sample {
	int64_t at;
	double x;
	bool known;
	char text[ORACLE_TEXT_BYTES];
};

struct oracle_history {
	struct oracle_sample *samples;
	size_t count, cap;
};
void oracle_history_add(struct oracle_history *history, const struct oracle_sample *sample);
void oracle_history_done(struct oracle_history *history);

struct oracle_point {
	struct oracle_history history; /* good readings */
	double x;		       /* the value that counts, with its deadband */
	char text[ORACLE_TEXT_BYTES];
	bool known;    /* it counts */
	bool ever;     /* a good reading was there */
	bool failed;   /* the last reading was bad */
	bool spoke;    /* any reading was there */
	bool expired;  /* its stale timer has run */
	bool reported; /* a good reading since the last pass */
	int64_t at;    /* of the last good reading, or of the start */
	double deadband;
	bool unheld; /* a failed reading makes it unknown at once */
	/* Of a derived one; otherwise NULL. */
	struct oracle_expr *formula;
	bool open; /* what it reads is being collected */
	enum quality quality;
	int64_t stale_at;
};

/* A function's own, shared by all calls with the same words. */
struct oracle_memory {
	const struct oracle_expr *expr;
	struct oracle_history history; /* samples of the argument */
	struct oracle_val last;	       /* edges: the operand when last known */
	char text[ORACLE_TEXT_BYTES], before[ORACLE_TEXT_BYTES];
	struct oracle_val now; /* what it yields */
	int64_t due;	       /* when it yields something else by itself; INT64_MAX: never */
	bool spoke;	       /* something that the argument reads has spoken */
	/* held, once, since after a restart: nothing is known yet since that instant */
	bool waits;
	int64_t waits_since;
	bool closes; /* prev: it takes its argument when all are done */
	bool struck; /* what goes by the clock: it may be something else now */
};

/* The age of a point reaches a limit. */
struct oracle_age {
	uint32_t point;
	int64_t limit_ns;
	bool reached;
	int64_t due; /* INT64_MAX: none */
};

struct oracle_world {
	const struct point_table *table;
	uint32_t point_count;
	struct oracle_point *points;
	size_t memory_count;
	struct oracle_memory *memories;
	size_t age_count;
	struct oracle_age *ages;
	const struct oracle *oracle;
	int64_t now;
	bool clock_set;
	int64_t ahead_ns; /* of boot time the wall clock */
	const char *tz;
};

struct oracle_val oracle_eval(const struct oracle_world *world, const struct oracle_expr *expr);
enum quality oracle_quality(const struct oracle_point *point);
/* Whether the last reading failed or the point is stale. */
bool oracle_is_bad(const struct oracle_point *point);
/* By the oracle: whether the rule of that name is an alarm. */
bool oracle_is_firing(const struct oracle *oracle, const char *rule);

static inline struct oracle_val oracle_unknown(void)
{
	return (struct oracle_val){0};
}

static inline struct oracle_val oracle_truth(bool truth)
{
	return (struct oracle_val){.known = true, .x = truth};
}

/* What is no number of the doubles is unknown. */
static inline struct oracle_val oracle_number(double x)
{
	return x - x == 0 ? (struct oracle_val){.known = true, .x = x} : oracle_unknown();
}

/* Known and different, or known and alike. */
static inline bool oracle_same(const struct oracle_val *a, const struct oracle_val *b)
{
	const char *s = a->text, *t = b->text;

	if (s == NULL || t == NULL)
		return a->x == b->x;
	return __builtin_strcmp(s, t) == 0;
}

#endif
