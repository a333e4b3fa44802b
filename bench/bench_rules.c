/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Readings a second through rules, beside the same conditions as functions of C, compiled with
 * this program, over the same readings in the same run. Each reading is a new value; one in 256
 * crosses thresholds. The functions of C know no unknown, no age, no time and no units: they
 * store the value, call what depends on it, and compare with the state before.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/str.h"
#include "conf/diag.h"
#include "conf/yaml.h"
#include "model/point.h"
#include "rules/cost.h"
#include "rules/engine.h"
#include "rules/ruleset.h"

enum { RULES = 10000, SHAPES = 8, VALUES = 8192, ROUNDS = 7 };

/* ---- the rules in C ---------------------------------------------------------------------- */

/* What a condition needs: the value, and whether the rule fires now (for hysteresis). */
typedef bool c_rule(double x, bool firing);

static inline __attribute__((always_inline)) bool c_shape(unsigned n, double x, bool firing)
{
	double shift = n % 10;

	switch (n % SHAPES) {
	case 0:
		return x > 80 + shift;
	case 1:
		return x > 80 + shift && x < 120;
	case 2:
		return x < -5 - shift || x > 95;
	case 3:
		return 2 + shift <= x && x < 15;
	case 4:
		return !(x < 70 + shift);
	case 5:
		return (x - 37.5 < 0 ? 37.5 - x : x - 37.5) > 30 + shift;
	case 6:
		return x * 1.8 + 32 > 176 + shift;
	default:
		return x > 80 + shift || (firing && !(x < 60));
	}
}

/* clang-format off */
#define C_RULE(n)                                        \
	static bool c_rule_##n(double x, bool firing)    \
	{                                                \
		return c_shape(1##n - 10000, x, firing); \
	}
#define C_NAME(n) c_rule_##n,

#define TEN(what, n) \
	what(n##0) what(n##1) what(n##2) what(n##3) what(n##4) \
	what(n##5) what(n##6) what(n##7) what(n##8) what(n##9)
#define HUNDRED(what, n) \
	TEN(what, n##0) TEN(what, n##1) TEN(what, n##2) TEN(what, n##3) TEN(what, n##4) \
	TEN(what, n##5) TEN(what, n##6) TEN(what, n##7) TEN(what, n##8) TEN(what, n##9)
#define THOUSAND(what, n) \
	HUNDRED(what, n##0) HUNDRED(what, n##1) HUNDRED(what, n##2) HUNDRED(what, n##3) \
	HUNDRED(what, n##4) HUNDRED(what, n##5) HUNDRED(what, n##6) HUNDRED(what, n##7) \
	HUNDRED(what, n##8) HUNDRED(what, n##9)
#define ALL(what) \
	THOUSAND(what, 0) THOUSAND(what, 1) THOUSAND(what, 2) THOUSAND(what, 3) \
	THOUSAND(what, 4) THOUSAND(what, 5) THOUSAND(what, 6) THOUSAND(what, 7) \
	THOUSAND(what, 8) THOUSAND(what, 9)
/* clang-format on */

ALL(C_RULE)

static c_rule *const c_rules[RULES] = {ALL(C_NAME)};

/* ---- a case ------------------------------------------------------------------------------ */

struct bench {
	unsigned points, per_point;
	struct arena *arena;
	struct point_table *table;
	struct ruleset *set;
	struct engine *engine;
	uint64_t engine_events;
	/* C */
	double *values;
	bool *firing;
	uint64_t c_events;
	int64_t now;
};

static void add_rule(struct str *text, unsigned n, unsigned point)
{
	int shift = (int)(n % 10);
	char name[24];

	snprintf(name, sizeof(name), "p.n%u", point);
	str_addf(text, "  r%u: ", n);
	switch (n % SHAPES) {
	case 0:
		str_addf(text, "{when: '%s > %d'}", name, 80 + shift);
		break;
	case 1:
		str_addf(text, "{when: '%s > %d and %s < 120'}", name, 80 + shift, name);
		break;
	case 2:
		str_addf(text, "{when: '%s < -%d or %s > 95'}", name, 5 + shift, name);
		break;
	case 3:
		str_addf(text, "{when: '%d <= %s < 15'}", 2 + shift, name);
		break;
	case 4:
		str_addf(text, "{when: 'not (%s < %d)'}", name, 70 + shift);
		break;
	case 5:
		str_addf(text, "{when: 'abs(%s - 37.5) > %d'}", name, 30 + shift);
		break;
	case 6:
		str_addf(text, "{when: '%s * 1.8 + 32 > %d'}", name, 176 + shift);
		break;
	default:
		str_addf(text, "{when: '%s > %d', clear: '%s < 60'}", name, 80 + shift, name);
		break;
	}
	str_addc(text, '\n');
}

static void count_event(void *arg, const struct event *event)
{
	uint64_t *events = arg;

	*events += event->type == EVENT_FIRE || event->type == EVENT_CLEAR;
}

static void bench_load(struct bench *bench)
{
	struct diags *diags = diags_new(10);
	struct diag_source source = {.file = "bench.yaml"};
	const struct yaml_node *root;
	struct str text;

	str_init(&text);
	str_adds(&text, "rules:\n");
	bench->table = point_table_new(bench->arena);
	for (unsigned i = 0; i < bench->points; i++) {
		struct point point = {.name = arena_printf(bench->arena, "p.n%u", i),
				      .device = "p",
				      .kind = VALUE_NUMBER,
				      .stale_ns = 3600 * NSEC_PER_SEC};

		point_table_add(bench->table, &point);
		for (unsigned k = 0; k < bench->per_point; k++)
			add_rule(&text, i * bench->per_point + k, i);
	}
	source.text = text.s;
	source.len = text.len;
	root = yaml_parse(bench->arena, &source, diags);
	if (root != NULL)
		bench->set = ruleset_parse(bench->arena, &root, 1, bench->table, NULL, diags);
	if (bench->set == NULL) {
		struct str said;

		str_init(&said);
		diags_render(diags, &said);
		fprintf(stderr, "%s", said.s);
		exit(1);
	}
	diags_free(diags);
	str_done(&text);
}

static double *bench_values(void)
{
	double *values = xcalloc(VALUES, sizeof(*values));
	struct random random;

	random_init(&random, 1);
	for (int i = 0; i < VALUES; i++)
		values[i] = random_between(&random, 0, 255) == 0
				    ? (double)random_between(&random, -40, 160)
				    : (double)random_between(&random, 2000, 6000) / 100;
	return values;
}

static double run_engine(struct bench *bench, const double *values, unsigned count)
{
	struct mono start = clock_mono();
	unsigned point = 0;

	for (unsigned i = 0; i < count; i++) {
		struct reading reading = {.point = point,
					  .value = value_number(values[i & (VALUES - 1)]),
					  .at = {bench->now += 1000}};

		if (engine_feed(bench->engine, &reading))
			engine_settle(bench->engine);
		point = point + 1 == bench->points ? 0 : point + 1;
	}
	return (double)mono_diff(clock_mono(), start) / count;
}

static double run_c(struct bench *bench, const double *values, unsigned count)
{
	struct mono start = clock_mono();
	unsigned point = 0;

	for (unsigned i = 0; i < count; i++) {
		double x = values[i & (VALUES - 1)];

		bench->values[point] = x;
		for (unsigned k = 0; k < bench->per_point; k++) {
			unsigned n = point * bench->per_point + k;
			bool firing = c_rules[n](x, bench->firing[n]);

			if (firing != bench->firing[n]) {
				bench->firing[n] = firing;
				bench->c_events++;
			}
		}
		point = point + 1 == bench->points ? 0 : point + 1;
	}
	return (double)mono_diff(clock_mono(), start) / count;
}

static void compare(const struct bench *bench)
{
	if (bench->engine_events == bench->c_events)
		return;
	fprintf(stderr, "the engine saw %ju transitions, C %ju\n",
		(uintmax_t)bench->engine_events, (uintmax_t)bench->c_events);
	exit(1);
}

static void bench_case(unsigned points, unsigned per_point, const double *values)
{
	struct bench bench = {.points = points, .per_point = per_point, .arena = arena_new()};
	unsigned rules = points * per_point, count = 4000000 / (1 + per_point / 4);
	double best = 1e9, best_c = 1e9, best_bare = 1e9, load;
	struct cost_memory memory;
	clock_t start = clock();

	bench_load(&bench);
	load = (double)(clock() - start) * 1e3 / CLOCKS_PER_SEC;
	bench.engine = engine_new(
		bench.set, bench.table,
		(struct engine_sink){.event = count_event, .arg = &bench.engine_events},
		(struct boot){0});
	bench.values = xcalloc(points, sizeof(*bench.values));
	bench.firing = xcalloc(rules, sizeof(*bench.firing));
	for (int i = 0; i < ROUNDS; i++) {
		double one = run_engine(&bench, values, count);
		double other = run_c(&bench, values, count);

		best = one < best ? one : best;
		best_c = other < best_c ? other : best_c;
	}
	compare(&bench);
	/* A few rounds of the engine that evaluates each reading. */
	engine_set_guards(bench.engine, false);
	for (unsigned i = 0; i < points; i++)
		run_engine(&bench, values, 1);
	for (int i = 0; i < 3; i++) {
		double one = run_engine(&bench, values, count);

		best_bare = one < best_bare ? one : best_bare;
	}
	memory = cost_memory(bench.set);
	printf("%6u %7u %6u | %8.1f %9.1f | %8.1f %9.1f | %6.2f %10.2f | %8.0f %8.1f\n", rules,
	       points, per_point, best, 1e3 / best, best_c, 1e3 / best_c, best / best_c,
	       best_bare / best_c, (double)(memory.rules + memory.values) / rules, load);
	engine_free(bench.engine);
	free(bench.values);
	free(bench.firing);
	arena_free(bench.arena);
}

int main(void)
{
	double *values = bench_values();

	printf("Best of %d rounds each. Unguarded: every reading is evaluated, as a second opinion.\n"
	       "Memory: rules with their points, index, code and state, without the file. Load: CPU.\n\n",
	       ROUNDS);
	printf("                rules |       gauged       |     C functions    |        ratio      "
	       "|\n");
	printf(" rules  points  each | ns/rdng  M rdngs/s | ns/rdng  M rdngs/s | gauged  unguarded "
	       "|  B/rule  load ms\n");
	bench_case(1, 1, values);
	bench_case(100, 1, values);
	bench_case(1000, 1, values);
	bench_case(10000, 1, values);
	bench_case(100, 10, values);
	bench_case(100, 100, values);
	free(values);
	return 0;
}
