/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * The second opinion on whole sets of rules: a plain and slow interpreter with the interface of
 * the engine. It keeps the trees and the history of all readings, evaluates everything at each
 * instant at which anything happens, and leaves the life of each rule to model_rule.c.
 */
#ifndef GAUGED_TESTS_ORACLE_H
#define GAUGED_TESTS_ORACLE_H

#include <stdbool.h>
#include <stdint.h>

#include "model/reading.h"

struct oracle;
struct point_table;
struct str;
struct yaml_node;

/*
 * root: the top level of a file that the engine has taken without a complaint. Lines of the
 * event log go to log, their points in order of name. tz: the zone, as in the environment,
 * which the oracle sets. All is borrowed until the oracle is freed.
 */
struct oracle *oracle_new(const struct yaml_node *root, const struct point_table *points,
			  const char *tz, struct str *log, int64_t now);
void oracle_free(struct oracle *oracle);

/* What lines of the log show of a computed number: two ways to it may differ in its last bit.
 */
double oracle_shown(double number);

/* As the engine's functions of these names. */
void oracle_feed(struct oracle *oracle, const struct reading *reading);
void oracle_settle(struct oracle *oracle);
void oracle_tick(struct oracle *oracle, int64_t now);
void oracle_overslept(struct oracle *oracle, int64_t now);
void oracle_set_wall(struct oracle *oracle, int64_t now, int64_t wall, bool valid);
int oracle_ack(struct oracle *oracle, uint32_t rule, int64_t now);
int oracle_shelve(struct oracle *oracle, uint32_t rule, int64_t until, int64_t now);
int oracle_unshelve(struct oracle *oracle, uint32_t rule, int64_t now);
void oracle_adopt(struct oracle *oracle, const struct oracle *old, int64_t now);

/* old was saved, everything due by then behind it, and its program ended. */
struct oracle_outage {
	int64_t saved_at; /* by old's clock */
	int64_t now;	  /* by that of today */
	int64_t ns;	  /* the time between, by the wall clock; < 0: not known */
};
/* As engine_save() and engine_restore(); oracle is fresh, at the time outage->now. */
void oracle_restart(struct oracle *oracle, const struct oracle *old,
		    const struct oracle_outage *outage);

#endif
