/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Two opinions: the walk over trees that explanations make has to come to the condition that
 * the engine's code came to, for random conditions over every operator and function, with
 * readings, failures and silence between.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/random.h"
#include "model/point.h"
#include "rules/explain.h"
#include "rules_case.h"

/* '@' is a number, '$' a truth; the first rows are leaves. */
static const char *const numbers[] = {
	"x.a",
	"x.b",
	"x.c",
	"point('x.a')",
	"2.5",
	"(@ + @)",
	"(@ - @)",
	"(@ * @)",
	"(@ / @)",
	"(-@)",
	"(@ ^ 2)",
	"min(@, @, @)",
	"max(@, @)",
	"abs(@)",
	"sqrt(@)",
	"floor(@)",
	"ceil(@)",
	"round(@)",
	"exp(@)",
	"ln(@)",
	"pow(@, 2)",
	"mod(@, @)",
	"if($, @, @)",
	"clamp(@, -1, 2)",
	"default(@, @)",
	("((@) ?"
	 "? (@))"),
};
static const char *const truths[] = {
	"x.p",
	"x.q",
	"x.r",
	"pump.running",
	"boiler.temp > 80",
	"oven.temp > boiler.temp",
	"boiler.temp > 176 degF",
	"tank.level > 450[cm]",
	"boiler.temp - boiler.return_temp > 5[K]",
	"boiler.mode == 'auto'",
	"boiler.mode in ('auto', 'off')",
	"boiler.mode not in ('auto', 'off')",
	"x.s == x.t",
	"x.s != 'auto'",
	"quality(x.a) == 'good'",
	"ok(x.b)",
	"bad(x.c)",
	"bad(boiler)",
	"bad(x)",
	"age(x.a) > 7s",
	"age(x.b) <= 7s",
	"3s < age(x.c) <= 12s",
	"firing('other')",
	"rule.other.firing",
	"rises(x.p)",
	"falls(x.a > 1)",
	"changed(x.b)",
	"known(@)",
	"known($)",
	"(@ < @)",
	"(@ <= @)",
	"(@ > @)",
	"(@ >= @)",
	"(@ == @)",
	"(@ != @)",
	"(@ < @ <= @)",
	"(@ >= @ > @)",
	"(@ in -1 .. 2)",
	"(@ not in @ .. @)",
	"(@ in (0, -2, 2))",
	"($ and $)",
	"($ or $)",
	"($ and $ and $)",
	"(not $)",
	"if($, $, $)",
	("(($) ?"
	 "? ($))"),
};
enum { NUMBER_LEAVES = 5, TRUTH_LEAVES = 27 };

static void grow(struct random *random, bool truth, int depth, struct str *out)
{
	const char *const *forms = truth ? truths : numbers;
	int64_t leaves = truth ? TRUTH_LEAVES : NUMBER_LEAVES;
	int64_t count = truth ? ARRAY_SIZE(truths) : ARRAY_SIZE(numbers);
	const char *form = forms[depth == 0 ? random_between(random, 0, leaves - 1)
					    : random_between(random, 0, count - 1)];

	for (; *form != '\0'; form++) {
		if (*form == '@' || *form == '$')
			grow(random, *form == '$', depth > 0 ? depth - 1 : 0, out);
		else
			str_addc(out, *form);
	}
}

/*
 * Each point twice, with other values: a rule is evaluated first when something that it reads
 * has changed, and is unknown to the engine before.
 */
static void feed_all(struct rules_case *c, double at, int turn)
{
	for (size_t i = 0; i < point_table_count(c->points); i++) {
		const struct point *point = point_table_get(c->points, (uint32_t)i);

		switch (point->kind) {
		case VALUE_NUMBER:
			feed_number(c, at, point->name, turn == 1 ? 2 : 0);
			break;
		case VALUE_BOOL:
			feed_bool(c, at, point->name, turn == 1);
			break;
		case VALUE_TEXT:
			feed_text(c, at, point->name, turn == 1 ? "auto" : "off");
			break;
		case VALUE_NONE:
			break;
		}
	}
}

static void feed_some(struct random *random, struct rules_case *c, double at)
{
	static const char *const plain[] = {
		"x.a",	     "x.b",	  "x.c", "boiler.temp", "boiler.return_temp",
		"oven.temp", "tank.level"};
	static const char *const flags[] = {"x.p", "x.q", "x.r", "pump.running"};
	static const char *const words[] = {"x.s", "x.t", "boiler.mode"};
	static const char *const texts[] = {"auto", "off", "night", "good"};

	for (size_t i = 0; i < ARRAY_SIZE(plain); i++) {
		int64_t what = random_between(random, 0, 5);

		if (what < 3)
			feed_number(c, at, plain[i],
				    (double)random_between(random, -4, 4) / 2 + (i < 3	  ? 0
										 : i == 6 ? 4
										 : i == 5
											 ? 178
											 : 80));
		else if (what == 3)
			feed_bad(c, at, plain[i], BAD_CRC);
	}
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		if (random_between(random, 0, 1) == 0)
			feed_bool(c, at, flags[i], random_between(random, 0, 1));
	}
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (random_between(random, 0, 1) == 0)
			feed_text(c, at, words[i], texts[random_between(random, 0, 3)]);
	}
}

static int explained(const struct rules_case *c, double at)
{
	struct arena *arena = arena_new();
	struct explain explain;

	explain_rule(arena, c->set, c->engine, 0, (struct boot){(int64_t)(at * 1e9)}, &explain);
	arena_free(arena);
	return explain.condition;
}

static void test_walk_agrees_with_the_engine_on_random_conditions(void **state)
{
	unsigned seen[3] = {0}, refused = 0;
	struct random random;

	(void)state;
	random_init(&random, 20261122);
	for (int i = 0; i < 1500; i++) {
		struct arena *arena = arena_new();
		struct rules_case c;
		struct str expr;
		double at = 0;

		str_init(&expr);
		grow(&random, true, i % 5, &expr);
		rules_case_init(&c, arena_printf(arena,
						 "rules:\n  r:\n    when: |-\n      %s\n"
						 "    clear: not (x.p or x.a > 1)\n"
						 "  other:\n    when: x.q\n",
						 expr.s));
		if (c.set == NULL) {
			refused++; /* a computation of constants without a result, mostly */
		} else {
			rules_case_start(&c);
			for (int turn = 0; turn < 3; turn++)
				feed_all(&c, at++, turn);
			for (int k = 0; k < 12; k++) {
				int condition;

				feed_some(&random, &c, at);
				/* Between two seconds: no deadline is at the very instant. */
				at += (double)random_between(&random, 1, 3) *
				      (double)random_between(&random, 1, 8);
				tick(&c, at + 0.5);
				condition = explained(&c, at + 0.5);
				if (condition != rules_case_condition(&c))
					print_error("%s\n", expr.s);
				assert_int_equal(condition, rules_case_condition(&c));
				seen[condition + 1]++;
				at += 1;
			}
		}
		rules_case_done(&c);
		str_done(&expr);
		arena_free(arena);
	}
	assert_true(refused < 300);
	assert_true(seen[0] > 1000 && seen[1] > 1000 && seen[2] > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_walk_agrees_with_the_engine_on_random_conditions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
