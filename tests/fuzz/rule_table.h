/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Rules out of a few bytes, for the fuzz target of evaluation: three of them make a rule, its
 * condition, how it lives, and what holds it back. Every set that comes out is right.
 */
#ifndef GAUGED_TESTS_RULE_TABLE_H
#define GAUGED_TESTS_RULE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/diag.h"
#include "model/point.h"

struct arena;
struct ruleset;

/* What is read; derived points stand behind these. */
enum { EDITION_POINTS = 9 };
struct edition_point {
	const char *name, *device, *unit;
	enum value_kind kind;
	int64_t stale_s, interval_s;
	double deadband;
};
extern const struct edition_point edition_points[EDITION_POINTS];

/* One edition of a configuration, read. */
struct edition {
	struct arena *arena;
	struct diags *diags;
	struct diag_source source;
	struct point_table *points;
	struct ruleset *set;
};
void edition_read(struct edition *edition, const uint8_t *bytes, size_t size);
void edition_free(struct edition *edition);

#endif
