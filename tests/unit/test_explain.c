/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Tests of explanations: the parts of every kind of expression with their values and words, and
 * which parts decide.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "model/point.h"
#include "rules/explain.h"
#include "rules/ruleset.h"
#include "rules_case.h"

/* One part a line: '*' decides, '-' does not. Constants are in the text of what they serve. */
static void write_node(const struct rules_case *c, const struct explain_node *node,
		       unsigned depth, struct str *out)
{
	str_addf(out, "%*s%c %s = ", (int)depth * 2, "", node->decides ? '*' : '-', node->text);
	explain_add_value(node, out);
	if (node->compared != NULL)
		str_addf(out, " | %s", node->compared);
	if (node->point != POINT_NONE)
		str_addf(out, " | %s", point_table_get(c->points, node->point)->name);
	if (node->rule != UINT32_MAX)
		str_addf(out, " | rule %u", (unsigned)node->rule);
	if (node->changes_ns >= 0) {
		str_adds(out, " | in ");
		str_add_duration(out, node->changes_ns);
	}
	str_addc(out, '\n');
	for (const struct explain_node *kid = node->kids; kid != NULL; kid = kid->next) {
		if (!kid->constant)
			write_node(c, kid, depth + 1, out);
	}
}

static void explain_at(const struct rules_case *c, double at, struct str *out, int *condition)
{
	struct arena *arena = arena_new();
	struct explain explain;

	explain_rule(arena, c->set, c->engine, 0, (struct boot){(int64_t)(at * 1e9)}, &explain);
	*condition = explain.condition;
	for (size_t i = 0; out != NULL && i < explain.part_count; i++) {
		const struct explain_part *part = &explain.parts[i];

		if (i > 0)
			str_addf(out, "%s:\n", part->field);
		write_node(c, part->tree, 0, out);
		if (part->decisive_count == 1 && part->decisive[0] == part->tree)
			continue;
		str_adds(out, "decided by");
		for (size_t k = 0; k < part->decisive_count; k++)
			str_addf(out, "%s %s", k > 0 ? "," : "", part->decisive[k]->text);
		str_addc(out, '\n');
	}
	arena_free(arena);
}

/* At 40 s: x.c, x.r and x.t are stale, everything else was read at 34 s. */
static void feed_world(struct rules_case *c)
{
	feed_number(c, 0, "x.c", 5);
	feed_bool(c, 0, "x.r", true);
	feed_text(c, 0, "x.t", "auto");
	feed_number(c, 34, "x.a", 2);
	feed_number(c, 34, "x.b", 0);
	feed_bool(c, 34, "x.p", true);
	feed_bool(c, 34, "x.q", false);
	feed_text(c, 34, "x.s", "auto");
	feed_number(c, 34, "boiler.temp", 81.3);
	feed_number(c, 34, "boiler.return_temp", 60);
	feed_text(c, 34, "boiler.mode", "night");
	feed_number(c, 34, "oven.temp", 180);
	feed_number(c, 34, "tank.level", 5);
	feed_number(c, 34, "tank.fill", 40);
	feed_bool(c, 34, "pump.running", true);
	feed_number(c, 34, "pump.runtime", 3);
	feed_bad(c, 35, "boiler.return_temp", BAD_TIMEOUT);
	tick(c, 40);
}

static void check_explained(const char *key, const char *expr, const char *expected)
{
	struct rules_case c;
	struct str got;
	int condition;

	rules_case_init_expr(&c, key, expr, "  other:\n    when: x.p\n");
	rules_case_start(&c);
	feed_world(&c);
	str_init(&got);
	explain_at(&c, 40, &got, &condition);
	if (strcmp(got.s, expected) != 0)
		print_error("%s\n", expr);
	assert_string_equal(got.s, expected);
	if (strcmp(key, "when") == 0)
		assert_int_equal(condition, rules_case_condition(&c));
	str_done(&got);
	rules_case_done(&c);
}

struct explained {
	const char *expr, *expected;
};

static void check_all(const char *key, const struct explained *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		check_explained(key, rows[i].expr, rows[i].expected);
}

/* clang-format off */
static void test_explain_of_logic_names_the_operands_that_decide(void **state)
{
	static const struct explained rows[] = {
		{"x.p and x.q",
		 "* x.p and x.q = false\n"
		 "  - x.p = true | x.p\n"
		 "  * x.q = false | x.q\n"
		 "decided by x.q\n"},
		{"x.q and x.r",
		 "* x.q and x.r = false\n"
		 "  * x.q = false | x.q\n"
		 "  - x.r = unknown | x.r\n"
		 "decided by x.q\n"},
		{"x.p and x.r",
		 "* x.p and x.r = unknown\n"
		 "  - x.p = true | x.p\n"
		 "  * x.r = unknown | x.r\n"
		 "decided by x.r\n"},
		{"x.p and pump.running and x.a > 1",
		 "* x.p and pump.running and x.a > 1 = true\n"
		 "  * x.p = true | x.p\n"
		 "  * pump.running = true | pump.running\n"
		 "  * x.a > 1 = true | 2 > 1\n"
		 "    * x.a = 2 | x.a\n"
		 "decided by x.p, pump.running, x.a > 1\n"},
		{"x.p or x.r",
		 "* x.p or x.r = true\n"
		 "  * x.p = true | x.p\n"
		 "  - x.r = unknown | x.r\n"
		 "decided by x.p\n"},
		{"x.q or x.r",
		 "* x.q or x.r = unknown\n"
		 "  - x.q = false | x.q\n"
		 "  * x.r = unknown | x.r\n"
		 "decided by x.r\n"},
		{"x.q or x.a > 5",
		 "* x.q or x.a > 5 = false\n"
		 "  * x.q = false | x.q\n"
		 "  * x.a > 5 = false | 2 > 5\n"
		 "    * x.a = 2 | x.a\n"
		 "decided by x.q, x.a > 5\n"},
		{"not x.p",
		 "* not x.p = false\n"
		 "  * x.p = true | x.p\n"
		 "decided by x.p\n"},
		{"not (x.p and x.r)",
		 "* not (x.p and x.r) = unknown\n"
		 "  * x.p and x.r = unknown\n"
		 "    - x.p = true | x.p\n"
		 "    * x.r = unknown | x.r\n"
		 "decided by x.r\n"},
		{"x.a > 1 and (x.q or x.b == 0) and not x.q",
		 "* x.a > 1 and (x.q or x.b == 0) and not x.q = true\n"
		 "  * x.a > 1 = true | 2 > 1\n"
		 "    * x.a = 2 | x.a\n"
		 "  * x.q or x.b == 0 = true\n"
		 "    - x.q = false | x.q\n"
		 "    * x.b == 0 = true | 0 == 0\n"
		 "      * x.b = 0 | x.b\n"
		 "  * not x.q = true\n"
		 "    * x.q = false | x.q\n"
		 "decided by x.a > 1, x.b == 0, x.q\n"},
		{"x.a > 1 and (x.q or x.r)",
		 "* x.a > 1 and (x.q or x.r) = unknown\n"
		 "  - x.a > 1 = true | 2 > 1\n"
		 "    - x.a = 2 | x.a\n"
		 "  * x.q or x.r = unknown\n"
		 "    - x.q = false | x.q\n"
		 "    * x.r = unknown | x.r\n"
		 "decided by x.r\n"},
		{"(x.p or\n      x.q)\n      and x.a < 1",
		 "* (x.p or x.q) and x.a < 1 = false\n"
		 "  - x.p or x.q = true\n"
		 "    - x.p = true | x.p\n"
		 "    - x.q = false | x.q\n"
		 "  * x.a < 1 = false | 2 < 1\n"
		 "    * x.a = 2 | x.a\n"
		 "decided by x.a < 1\n"},
	};

	(void)state;
	check_all("when", rows, ARRAY_SIZE(rows));
}

static void test_explain_of_comparisons_show_both_sides(void **state)
{
	static const struct explained rows[] = {
		{"boiler.temp > 80 degC",
		 "* boiler.temp > 80 degC = true | 81.3 degC > 80 degC\n"
		 "  * boiler.temp = 81.3 degC | boiler.temp\n"},
		{"boiler.temp > 80",
		 "* boiler.temp > 80 = true | 81.3 degC > 80 degC\n"
		 "  * boiler.temp = 81.3 degC | boiler.temp\n"},
		{"boiler.temp >= 176degF",
		 "* boiler.temp >= 176degF = true | 81.3 degC >= 80 degC\n"
		 "  * boiler.temp = 81.3 degC | boiler.temp\n"},
		{"oven.temp < boiler.temp",
		 "* oven.temp < boiler.temp = false | 180 degF < 81.3 degC\n"
		 "  * oven.temp = 180 degF | oven.temp\n"
		 "  * boiler.temp = 81.3 degC | boiler.temp\n"},
		{"x.a <= 2",
		 "* x.a <= 2 = true | 2 <= 2\n"
		 "  * x.a = 2 | x.a\n"},
		{"x.a != x.b",
		 "* x.a != x.b = true | 2 != 0\n"
		 "  * x.a = 2 | x.a\n"
		 "  * x.b = 0 | x.b\n"},
		{"x.c == 3",
		 "* x.c == 3 = unknown | unknown == 3\n"
		 "  * x.c = unknown | x.c\n"
		 "decided by x.c\n"},
		{"x.c > x.a",
		 "* x.c > x.a = unknown | unknown > 2\n"
		 "  * x.c = unknown | x.c\n"
		 "  - x.a = 2 | x.a\n"
		 "decided by x.c\n"},
		{"boiler.mode == 'night'",
		 "* boiler.mode == 'night' = true | \"night\" == \"night\"\n"
		 "  * boiler.mode = \"night\" | boiler.mode\n"},
		{"x.s != x.t",
		 "* x.s != x.t = unknown | \"auto\" != unknown\n"
		 "  - x.s = \"auto\" | x.s\n"
		 "  * x.t = unknown | x.t\n"
		 "decided by x.t\n"},
		{"x.p == x.q",
		 "* x.p == x.q = false | true == false\n"
		 "  * x.p = true | x.p\n"
		 "  * x.q = false | x.q\n"},
		{"pump.runtime > 2h",
		 "* pump.runtime > 2h = true | 3 h > 2 h\n"
		 "  * pump.runtime = 3 h | pump.runtime\n"},
		{"80 < boiler.temp",
		 "* 80 < boiler.temp = true | 80 degC < 81.3 degC\n"
		 "  * boiler.temp = 81.3 degC | boiler.temp\n"},
	};

	(void)state;
	check_all("when", rows, ARRAY_SIZE(rows));
}

static void test_explain_of_chains_and_lists(void **state)
{
	static const struct explained rows[] = {
		{"18 <= boiler.temp < 25",
		 "* 18 <= boiler.temp < 25 = false | 18 degC <= 81.3 degC < 25 degC\n"
		 "  * boiler.temp = 81.3 degC | boiler.temp\n"},
		{"90 >= boiler.temp > 80",
		 "* 90 >= boiler.temp > 80 = true | 90 degC >= 81.3 degC > 80 degC\n"
		 "  * boiler.temp = 81.3 degC | boiler.temp\n"},
		{"x.a < x.b < x.c",
		 "* x.a < x.b < x.c = false | 2 < 0 < unknown\n"
		 "  * x.a = 2 | x.a\n"
		 "  * x.b = 0 | x.b\n"
		 "  - x.c = unknown | x.c\n"},
		{"x.b < x.a < x.c",
		 "* x.b < x.a < x.c = unknown | 0 < 2 < unknown\n"
		 "  - x.b = 0 | x.b\n"
		 "  - x.a = 2 | x.a\n"
		 "  * x.c = unknown | x.c\n"
		 "decided by x.c\n"},
		{"x.a in 1 .. 3",
		 "* x.a in 1 .. 3 = true | 2 in 1 .. 3\n"
		 "  * x.a = 2 | x.a\n"},
		{"x.a not in 1 .. 3",
		 "* x.a not in 1 .. 3 = false | 2 not in 1 .. 3\n"
		 "  * x.a = 2 | x.a\n"},
		{"x.c in 1 .. 3",
		 "* x.c in 1 .. 3 = unknown | unknown in 1 .. 3\n"
		 "  * x.c = unknown | x.c\n"
		 "decided by x.c\n"},
		{"x.a in (0, -2, 2)",
		 "* x.a in (0, -2, 2) = true | 2 in (0, -2, 2)\n"
		 "  * x.a = 2 | x.a\n"},
		{"x.a not in (0, -2, 2)",
		 "* x.a not in (0, -2, 2) = false | 2 not in (0, -2, 2)\n"
		 "  * x.a = 2 | x.a\n"},
		{"boiler.mode in ('day', 'night')",
		 "* boiler.mode in ('day', 'night') = true | \"night\" in (\"day\", \"night\")\n"
		 "  * boiler.mode = \"night\" | boiler.mode\n"},
		{"x.t in ('a', 'b)')",
		 "* x.t in ('a', 'b)') = unknown | unknown in (\"a\", \"b)\")\n"
		 "  * x.t = unknown | x.t\n"
		 "decided by x.t\n"},
	};

	(void)state;
	check_all("when", rows, ARRAY_SIZE(rows));
}

static void test_explain_of_arithmetic_shows_the_parts(void **state)
{
	static const struct explained rows[] = {
		{"(x.a + 3) * 2 > 9",
		 "* (x.a + 3) * 2 > 9 = true | 10 > 9\n"
		 "  * (x.a + 3) * 2 = 10\n"
		 "    * x.a + 3 = 5\n"
		 "      * x.a = 2 | x.a\n"},
		{"x.a / x.b > 1",
		 "* x.a / x.b > 1 = unknown | unknown > 1\n"
		 "  * x.a / x.b = unknown\n"
		 "    * x.a = 2 | x.a\n"
		 "    * x.b = 0 | x.b\n"
		 "decided by x.a / x.b\n"},
		{"-x.a < 0",
		 "* -x.a < 0 = true | -2 < 0\n"
		 "  * -x.a = -2\n"
		 "    * x.a = 2 | x.a\n"},
		{"boiler.temp - boiler.return_temp > 20 K",
		 "* boiler.temp - boiler.return_temp > 20 K = true | 21.3 K > 20 K\n"
		 "  * boiler.temp - boiler.return_temp = 21.3 K\n"
		 "    * boiler.temp = 81.3 degC | boiler.temp\n"
		 "    * boiler.return_temp = 60 degC | boiler.return_temp\n"},
		{"x.a ^ 2 == 4",
		 "* x.a ^ 2 == 4 = true | 4 == 4\n"
		 "  * x.a ^ 2 = 4\n"
		 "    * x.a = 2 | x.a\n"},
		{"x.a * (x.b - x.c) > 1",
		 "* x.a * (x.b - x.c) > 1 = unknown | unknown > 1\n"
		 "  * x.a * (x.b - x.c) = unknown\n"
		 "    - x.a = 2 | x.a\n"
		 "    * x.b - x.c = unknown\n"
		 "      - x.b = 0 | x.b\n"
		 "      * x.c = unknown | x.c\n"
		 "decided by x.c\n"},
		{"tank.fill * 2 > 50 %",
		 "* tank.fill * 2 > 50 % = true | 80 % > 50 %\n"
		 "  * tank.fill * 2 = 80 %\n"
		 "    * tank.fill = 40 % | tank.fill\n"},
	};

	(void)state;
	check_all("when", rows, ARRAY_SIZE(rows));
}

static void test_explain_of_functions(void **state)
{
	static const struct explained rows[] = {
		{"abs(x.a) > 1",
		 "* abs(x.a) > 1 = true | 2 > 1\n"
		 "  * abs(x.a) = 2\n"
		 "    * x.a = 2 | x.a\n"},
		{"sqrt(x.a) > 1",
		 "* sqrt(x.a) > 1 = true | 1.414213562 > 1\n"
		 "  * sqrt(x.a) = 1.414213562\n"
		 "    * x.a = 2 | x.a\n"},
		{"floor(x.a) == 2",
		 "* floor(x.a) == 2 = true | 2 == 2\n"
		 "  * floor(x.a) = 2\n"
		 "    * x.a = 2 | x.a\n"},
		{"ceil(x.a) == 2",
		 "* ceil(x.a) == 2 = true | 2 == 2\n"
		 "  * ceil(x.a) = 2\n"
		 "    * x.a = 2 | x.a\n"},
		{"round(x.a) == 2",
		 "* round(x.a) == 2 = true | 2 == 2\n"
		 "  * round(x.a) = 2\n"
		 "    * x.a = 2 | x.a\n"},
		{"exp(x.b) == 1",
		 "* exp(x.b) == 1 = true | 1 == 1\n"
		 "  * exp(x.b) = 1\n"
		 "    * x.b = 0 | x.b\n"},
		{"ln(x.a) > 0",
		 "* ln(x.a) > 0 = true | 0.6931471806 > 0\n"
		 "  * ln(x.a) = 0.6931471806\n"
		 "    * x.a = 2 | x.a\n"},
		{"pow(x.a, 3) == 8",
		 "* pow(x.a, 3) == 8 = true | 8 == 8\n"
		 "  * pow(x.a, 3) = 8\n"
		 "    * x.a = 2 | x.a\n"},
		{"mod(x.a, 2) == 0",
		 "* mod(x.a, 2) == 0 = true | 0 == 0\n"
		 "  * mod(x.a, 2) = 0\n"
		 "    * x.a = 2 | x.a\n"},
		{"min(x.a, x.b, 5) < 1",
		 "* min(x.a, x.b, 5) < 1 = true | 0 < 1\n"
		 "  * min(x.a, x.b, 5) = 0\n"
		 "    * x.a = 2 | x.a\n"
		 "    * x.b = 0 | x.b\n"},
		{"max(x.a, x.c) > 1",
		 "* max(x.a, x.c) > 1 = unknown | unknown > 1\n"
		 "  * max(x.a, x.c) = unknown\n"
		 "    - x.a = 2 | x.a\n"
		 "    * x.c = unknown | x.c\n"
		 "decided by x.c\n"},
		{"clamp(x.a, 0, 1) == 1",
		 "* clamp(x.a, 0, 1) == 1 = true | 1 == 1\n"
		 "  * clamp(x.a, 0, 1) = 1\n"
		 "    * x.a = 2 | x.a\n"},
		{"if(x.p, x.a, x.c) > 1",
		 "* if(x.p, x.a, x.c) > 1 = true | 2 > 1\n"
		 "  * if(x.p, x.a, x.c) = 2\n"
		 "    * x.p = true | x.p\n"
		 "    * x.a = 2 | x.a\n"
		 "    - x.c = unknown | x.c\n"},
		{"if(x.q, x.p, x.r)",
		 "* if(x.q, x.p, x.r) = unknown\n"
		 "  * x.q = false | x.q\n"
		 "  - x.p = true | x.p\n"
		 "  * x.r = unknown | x.r\n"
		 "decided by x.r\n"},
		{"if(x.r, x.p, x.q)",
		 "* if(x.r, x.p, x.q) = unknown\n"
		 "  * x.r = unknown | x.r\n"
		 "  - x.p = true | x.p\n"
		 "  - x.q = false | x.q\n"
		 "decided by x.r\n"},
		{"default(x.c, x.a) > 1",
		 "* default(x.c, x.a) > 1 = true | 2 > 1\n"
		 "  * default(x.c, x.a) = 2\n"
		 "    - x.c = unknown | x.c\n"
		 "    * x.a = 2 | x.a\n"},
		{"(x.c ?" "? 7) > 5",
		 "* (x.c ?" "? 7) > 5 = true | 7 > 5\n"
		 "  * x.c ?" "? 7 = 7\n"
		 "    - x.c = unknown | x.c\n"},
		{"(x.a ?" "? x.c) > 5",
		 "* (x.a ?" "? x.c) > 5 = false | 2 > 5\n"
		 "  * x.a ?" "? x.c = 2\n"
		 "    * x.a = 2 | x.a\n"
		 "    - x.c = unknown | x.c\n"},
		{"known(x.c) or known(x.a)",
		 "* known(x.c) or known(x.a) = true\n"
		 "  - known(x.c) = false\n"
		 "    - x.c = unknown | x.c\n"
		 "  * known(x.a) = true\n"
		 "    * x.a = 2 | x.a\n"
		 "decided by known(x.a)\n"},
		{"point('x.a') > 1",
		 "* point('x.a') > 1 = true | 2 > 1\n"
		 "  * point('x.a') = 2 | x.a\n"},
	};

	(void)state;
	check_all("when", rows, ARRAY_SIZE(rows));
}

static void test_explain_of_what_is_known_of_points(void **state)
{
	static const struct explained rows[] = {
		{"age(x.a) > 30s",
		 "* age(x.a) > 30s = false | 6 s > 30 s | in 24s\n"
		 "  * age(x.a) = 6 s | x.a\n"},
		{"age(x.a) <= 5s",
		 "* age(x.a) <= 5s = false | 6 s <= 5 s\n"
		 "  * age(x.a) = 6 s | x.a\n"},
		{"2s < age(x.a) < 8s",
		 "* 2s < age(x.a) < 8s = true | 2 s < 6 s < 8 s | in 2s\n"
		 "  * age(x.a) = 6 s | x.a\n"},
		{"age(point('x.c')) >= 60s and x.p",
		 "* age(point('x.c')) >= 60s and x.p = false\n"
		 "  * age(point('x.c')) >= 60s = false | 40 s >= 1m | in 20s\n"
		 "    * age(point('x.c')) = 40 s | x.c\n"
		 "  - x.p = true | x.p\n"
		 "decided by age(point('x.c')) >= 60s\n"},
		{"quality(x.c) == 'good'",
		 "* quality(x.c) == 'good' = false | \"stale\" == \"good\"\n"
		 "  * quality(x.c) = \"stale\" | x.c\n"},
		{"quality(boiler.return_temp) in ('good', 'uncertain')",
		 "* quality(boiler.return_temp) in ('good', 'uncertain') = true | \"uncertain\" in (\"good\", \"uncertain\")\n"
		 "  * quality(boiler.return_temp) = \"uncertain\" | boiler.return_temp\n"},
		{"ok(x.a)",
		 "* ok(x.a) = true | x.a\n"},
		{"bad(boiler.return_temp)",
		 "* bad(boiler.return_temp) = true | boiler.return_temp\n"},
		{"bad(boiler)",
		 "* bad(boiler) = false\n"},
		{"not bad('tank')",
		 "* not bad('tank') = true\n"
		 "  * bad('tank') = false\n"
		 "decided by bad('tank')\n"},
		{"firing('other')",
		 "* firing('other') = true | rule 1\n"},
		{"rule.other.firing and x.p",
		 "* rule.other.firing and x.p = true\n"
		 "  * rule.other.firing = true | rule 1\n"
		 "  * x.p = true | x.p\n"
		 "decided by rule.other.firing, x.p\n"},
		{"boiler.return_temp > 50",
		 "* boiler.return_temp > 50 = true | 60 degC > 50 degC\n"
		 "  * boiler.return_temp = 60 degC | boiler.return_temp\n"},
	};

	(void)state;
	check_all("when", rows, ARRAY_SIZE(rows));
}

static void test_explain_of_edges_in_a_state(void **state)
{
	static const struct explained rows[] = {
		{"rises(x.p) or x.q",
		 "* rises(x.p) or x.q = false\n"
		 "  * rises(x.p) = false\n"
		 "    * x.p = true | x.p\n"
		 "  * x.q = false | x.q\n"
		 "decided by rises(x.p), x.q\n"},
		{"x.p and not changed(x.a + x.b)",
		 "* x.p and not changed(x.a + x.b) = true\n"
		 "  * x.p = true | x.p\n"
		 "  * not changed(x.a + x.b) = true\n"
		 "    * changed(x.a + x.b) = false\n"
		 "      * x.a + x.b = 2\n"
		 "        * x.a = 2 | x.a\n"
		 "        * x.b = 0 | x.b\n"
		 "decided by x.p, changed(x.a + x.b)\n"},
	};

	(void)state;
	check_all("when", rows, ARRAY_SIZE(rows));
}

static void test_explain_of_instants_shows_the_operand(void **state)
{
	static const struct explained rows[] = {
		{"rises(x.p)",
		 "* rises(x.p) = false\n"
		 "  * x.p = true | x.p\n"},
		{"falls(x.a > 1) and x.p",
		 "* falls(x.a > 1) and x.p = false\n"
		 "  * falls(x.a > 1) = false\n"
		 "    * x.a > 1 = true | 2 > 1\n"
		 "      * x.a = 2 | x.a\n"
		 "  - x.p = true | x.p\n"
		 "decided by falls(x.a > 1)\n"},
		{"changed(boiler.mode)",
		 "* changed(boiler.mode) = false\n"
		 "  * boiler.mode = \"night\" | boiler.mode\n"},
	};

	(void)state;
	check_all("on", rows, ARRAY_SIZE(rows));
}
/* clang-format on */

static void test_explain_of_a_firing_rule_shows_what_would_clear_it(void **state)
{
	struct rules_case c;
	struct str got;
	int condition;

	(void)state;
	str_init(&got);
	rules_case_init(
		&c, "rules:\n  r: {when: boiler.temp > 80, clear: boiler.temp < 75 and x.p}\n");
	rules_case_start(&c);
	feed_bool(&c, 1, "x.p", true);
	feed_number(&c, 1, "boiler.temp", 78);
	explain_at(&c, 2, &got, &condition);
	assert_string_equal(got.s, "* boiler.temp > 80 = false | 78 degC > 80 degC\n"
				   "  * boiler.temp = 78 degC | boiler.temp\n");
	assert_int_equal(condition, 0);
	feed_number(&c, 3, "boiler.temp", 81);
	feed_number(&c, 4, "boiler.temp", 78);
	str_clear(&got);
	explain_at(&c, 5, &got, &condition);
	assert_string_equal(got.s, "* boiler.temp > 80 = false | 78 degC > 80 degC\n"
				   "  * boiler.temp = 78 degC | boiler.temp\n"
				   "clear:\n"
				   "* boiler.temp < 75 and x.p = false\n"
				   "  * boiler.temp < 75 = false | 78 degC < 75 degC\n"
				   "    * boiler.temp = 78 degC | boiler.temp\n"
				   "  - x.p = true | x.p\n"
				   "decided by boiler.temp < 75\n");
	assert_int_equal(condition, 1);
	assert_int_equal(rules_case_condition(&c), 1);
	feed_number(&c, 6, "boiler.temp", 74);
	explain_at(&c, 7, NULL, &condition);
	assert_int_equal(condition, 0);
	assert_int_equal(rules_case_state(&c), RULE_OK);
	str_done(&got);
	rules_case_done(&c);
}

/* Time that the engine was not told of yet counts: a value is stale when it is looked at. */
static void test_explain_sees_what_is_stale_before_the_engine_does(void **state)
{
	struct rules_case c;
	struct str got;
	int condition;

	(void)state;
	str_init(&got);
	rules_case_init_expr(&c, "when", "x.a > 1 or bad(x.a) or age(x.a) >= 40s", "");
	rules_case_start(&c);
	feed_number(&c, 1, "x.a", 2);
	explain_at(&c, 31, &got, &condition);
	assert_string_equal(got.s, "* x.a > 1 or bad(x.a) or age(x.a) >= 40s = true\n"
				   "  - x.a > 1 = unknown | unknown > 1\n"
				   "    - x.a = unknown | x.a\n"
				   "  * bad(x.a) = true | x.a\n"
				   "  - age(x.a) >= 40s = false | 30 s >= 40 s | in 10s\n"
				   "    - age(x.a) = 30 s | x.a\n"
				   "decided by bad(x.a)\n");
	assert_int_equal(condition, 1);
	str_done(&got);
	rules_case_done(&c);
}

/* The engine evaluates a rule first when something that it reads has changed. */
static void test_explain_sees_a_value_before_the_first_evaluation(void **state)
{
	struct rules_case c;
	int condition;

	(void)state;
	rules_case_init_expr(&c, "when",
			     "(x.c ?"
			     "? 7) > 5",
			     "");
	rules_case_start(&c);
	explain_at(&c, 1, NULL, &condition);
	assert_int_equal(condition, 1);
	assert_int_equal(rules_case_condition(&c), -1);
	assert_int_equal(rules_case_state(&c), RULE_OK);
	rules_case_done(&c);
}

static void test_explain_tells_a_latch_and_a_time_that_stands_still(void **state)
{
	struct arena *arena = arena_new();
	struct rules_case c;
	struct explain explain;

	(void)state;
	rules_case_init_expr(&c, "when", "x.a > 1", "    for: 1m\n    latch: true\n");
	rules_case_start(&c);
	feed_number(&c, 1, "x.a", 2);
	explain_rule(arena, c.set, c.engine, 0, (struct boot){2 * NSEC_PER_SEC}, &explain);
	assert_true(explain.latch);
	assert_false(explain.frozen);
	tick(&c, 32);
	assert_int_equal(rules_case_state(&c), RULE_PENDING);
	explain_rule(arena, c.set, c.engine, 0, (struct boot){32 * NSEC_PER_SEC}, &explain);
	assert_true(explain.frozen);
	assert_int_equal(explain.condition, -1);
	rules_case_done(&c);
	arena_free(arena);
}

/* Long sums of operands nest as deep as they are long in the parser. */
static void test_explain_of_the_largest_expression(void **state)
{
	struct rules_case c;
	struct str expr, got;
	int condition;
	size_t lines = 0;

	(void)state;
	str_init(&expr);
	str_init(&got);
	str_adds(&expr, "x.p");
	for (int i = 1; i < EXPR_MAX_NODES / 2; i++)
		str_adds(&expr, " and x.p");
	rules_case_init_expr(&c, "when", expr.s, "");
	rules_case_start(&c);
	feed_bool(&c, 1, "x.p", true);
	explain_at(&c, 2, &got, &condition);
	assert_int_equal(condition, 1);
	for (const char *p = got.s; *p != '\0'; p++)
		lines += *p == '\n';
	assert_int_equal(lines, 1 + EXPR_MAX_NODES / 2 + 1);
	str_done(&got);
	str_done(&expr);
	rules_case_done(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_explain_of_a_firing_rule_shows_what_would_clear_it),
		cmocka_unit_test(test_explain_sees_what_is_stale_before_the_engine_does),
		cmocka_unit_test(test_explain_sees_a_value_before_the_first_evaluation),
		cmocka_unit_test(test_explain_tells_a_latch_and_a_time_that_stands_still),
		cmocka_unit_test(test_explain_of_the_largest_expression),
		cmocka_unit_test(test_explain_of_logic_names_the_operands_that_decide),
		cmocka_unit_test(test_explain_of_comparisons_show_both_sides),
		cmocka_unit_test(test_explain_of_chains_and_lists),
		cmocka_unit_test(test_explain_of_arithmetic_shows_the_parts),
		cmocka_unit_test(test_explain_of_functions),
		cmocka_unit_test(test_explain_of_what_is_known_of_points),
		cmocka_unit_test(test_explain_of_edges_in_a_state),
		cmocka_unit_test(test_explain_of_instants_shows_the_operand),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
