/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Some points, rules in YAML, an engine and its log: for the tests of rules. */
#ifndef GAUGED_TESTS_RULES_CASE_H
#define GAUGED_TESTS_RULES_CASE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "conf_case.h"
#include "model/reading.h"
#include "rules/engine.h"

struct point_table;
struct ruleset;
struct zone;

/*
 * The points: numbers x.a x.b x.c without unit, truths x.p x.q x.r, texts x.s x.t; boiler.temp
 * boiler.return_temp (degC), boiler.pressure (bar), boiler.mode (text), oven.temp (degF),
 * tank.level (m), tank.fill (%), meter-3.power (W), meter.energy (kWh), meter.flow (L/min),
 * pump.running (truth), pump.runtime (h), room.lift (K). All stale after 30 s.
 */
struct point_table *rules_points(struct arena *arena);

struct rules_case {
	struct conf_case conf;
	const struct zone *zone; /* NULL: UTC */
	struct point_table *points;
	struct ruleset *set; /* NULL: there were errors */
	struct engine *engine;
	struct str log;
	unsigned events;
	bool margins;	     /* events tell them */
	struct value margin; /* of the last event */
	char margin_unit[16];
};

/* text: the whole file, with 'rules:' at its top level; has to live as long. */
void rules_case_init(struct rules_case *c, const char *text);
/* The same, and events tell margins. */
void rules_case_init_margins(struct rules_case *c, const char *text);
/* The same with points that are read every interval_ns. */
void rules_case_init_polled(struct rules_case *c, const char *text, int64_t interval_ns);
/* The same in the zone of a rule as TZ has it. */
void rules_case_init_in(struct rules_case *c, const char *tz, const char *text);
/* One rule 'r' with 'key: expr', and rest (lines indented by 4) behind it. */
void rules_case_init_expr(struct rules_case *c, const char *key, const char *expr,
			  const char *rest);
/* An engine at the instant 0; the rules have to be right. */
void rules_case_start(struct rules_case *c);
void rules_case_done(struct rules_case *c);

/* Readings; at in seconds. */
void feed_number(struct rules_case *c, double at, const char *name, double number);
void feed_bool(struct rules_case *c, double at, const char *name, bool flag);
void feed_text(struct rules_case *c, double at, const char *name, const char *text);
void feed_bad(struct rules_case *c, double at, const char *name, enum bad_reason reason);
/* x.a and x.b, in one answer. */
void feed_both(struct rules_case *c, double at, double a, double b);
void tick(struct rules_case *c, double at);
/* Lines of the event log since the last call, fails unless they are these. */
#define assert_log(c, expected) assert_string_equal(rules_case_log(c), expected)
const char *rules_case_log(struct rules_case *c);
/* 1, 0, -1: the condition of the first rule as last evaluated. */
int rules_case_condition(const struct rules_case *c);
enum rule_state rules_case_state(const struct rules_case *c);

/* An expression in 'when' (or another key) and what is said about it. */
struct wrong_expr {
	const char *expr;
	unsigned at; /* offset in the expression that the error points at */
	const char *message;
	const char *notes; /* NULL: "in 'when' of rule 'r'" */
};
/* Fails unless the first error is this one. */
void assert_wrong(const char *key, const struct wrong_expr *wrong);

#endif
