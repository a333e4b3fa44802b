/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/str.h"
#include "conf/diag.h"
#include "conf/yaml.h"
#include "model/point.h"
#include "rules/cost.h"
#include "rules/engine.h"
#include "rules/expr_words.h"
#include "rules/key.h"
#include "rules/node.h"
#include "rules/parser.h"
#include "rules/program.h"
#include "rules/ruleset.h"
#include "rules/sketch.h"
#include "rules/window.h"
#include "rules_case.h"

static const struct cost *count(struct rules_case *c, const char *text, int64_t interval_ns)
{
	rules_case_init_polled(c, text, interval_ns);
	assert_string_equal(conf_case_said(&c->conf), "");
	assert_non_null(c->set);
	return cost_new(c->conf.arena, c->set);
}

static uint32_t number(const struct rules_case *c, const char *name)
{
	return point_table_find(c->points, name, strlen(name));
}

static void test_rule_is_counted_with_all_that_it_reads(void **state)
{
	struct rules_case c;
	const struct cost *cost =
		count(&c,
		      "derived: {d: {value: 'avg(x.a, 1m) + x.b'}}\n"
		      "rules:\n"
		      "  plain: {when: x.c > 1 or x.c < 0}\n"
		      "  both: {when: x.c > 1, clear: x.c + 1 < 1}\n"
		      "  deep: {when: 'd > 1 and rule.plain.firing'}\n"
		      "  told: {when: x.c > 1, message: '${x.c + 1} ${max(x.b, 1m)}'}\n",
		      NSEC_PER_SEC);

	(void)state;
	assert_int_equal(cost->rule_count, 4);
	assert_int_equal(cost->derived_count, 1);
	/* two comparisons and the or */
	assert_int_equal(cost->rules[0].steps, 3);
	assert_int_equal(cost->rules[0].nodes, 0);
	assert_int_equal(cost->rules[0].points, 1);
	assert_int_equal(cost->rules[0].remembered, 0);
	assert_true(cost->rules[0].guarded);
	/* a comparison, and an addition and a comparison */
	assert_int_equal(cost->rules[1].steps, 3);
	/* a comparison, an and; an addition and a result; the result of a window */
	assert_int_equal(cost->rules[2].steps, 2 + 2 + 1);
	assert_int_equal(cost->rules[2].nodes, 2);
	assert_false(cost->rules[2].guarded);
	assert_int_equal(cost->rules[2].remembered,
			 cost->memory.windows - cost->rules[3].remembered);
	/* the window of a message is fed as well */
	assert_int_equal(cost->rules[3].steps, 1 + 1);
	assert_int_equal(cost->rules[3].message, 1);
	assert_true(cost->rules[3].guarded);
	rules_case_done(&c);
}

static void test_own_bytes_grow_with_what_is_written(void **state)
{
	struct rules_case c;
	const struct cost *cost = count(&c,
					"rules:\n"
					"  a: {when: x.p}\n"
					"  b: {when: x.p and x.q}\n"
					"  c: {when: x.p and x.q, clear: not x.p}\n"
					"  d: {when: x.p and x.q, clear: not x.p, message: m}\n"
					"  e: {when: x.p and x.q, clear: not x.p, message: "
					"'m${x.p}'}\n",
					0);

	(void)state;
	for (int i = 1; i < 5; i++)
		assert_true(cost->rules[i].bytes > cost->rules[i - 1].bytes);
	rules_case_done(&c);
}

static void test_own_bytes_are_what_another_rule_adds(void **state)
{
	char text[20000] = "rules:\n";
	size_t one, all, bytes, len = strlen(text);
	const struct cost *cost;
	struct rules_case c;

	(void)state;
	for (int i = 0; i < 200; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
					"  r%d: {when: x.a > %d or x.b < 3}\n", i, i);
	cost = count(&c, text, 0);
	all = cost->memory.rules + cost->memory.values;
	bytes = cost->rules[100].bytes;
	rules_case_done(&c);
	cost = count(&c, "rules: {r: {when: x.a > 3 or x.b < 3}}\n", 0);
	one = cost->memory.rules + cost->memory.values;
	rules_case_done(&c);
	/* beside lists, which doubled as they grew, and texts */
	if ((all - one) / 199 > bytes || (all - one) / 199 < bytes * 3 / 4)
		fail_msg("%zu bytes a rule, said to be %zu", (all - one) / 199, bytes);
}

/* What so many thresholds, each of a point of its own, take beside the file and the points. */
struct taken {
	size_t really, said;
};

static struct taken take_thresholds(unsigned count)
{
	struct arena *file = arena_new(), *rules = arena_new();
	struct point_table *points = point_table_new(file);
	struct diags *diags = diags_new(10);
	struct diag_source source = {.file = "thresholds.yaml"};
	const struct yaml_node *root;
	struct cost_memory memory;
	struct ruleset *set;
	struct taken taken;
	struct str text;

	str_init(&text);
	str_adds(&text, "rules:\n");
	for (unsigned i = 0; i < count; i++) {
		const struct point point = {.name = arena_printf(file, "x.p%u", i),
					    .device = "x",
					    .kind = VALUE_NUMBER,
					    .stale_ns = NSEC_PER_SEC};

		point_table_add(points, &point);
		str_addf(&text, "  r%u: {when: x.p%u > %u.5}\n", i, i, i);
	}
	source.text = text.s;
	source.len = text.len;
	root = yaml_parse(file, &source, diags);
	assert_non_null(root);
	set = ruleset_parse(rules, &root, 1, points, NULL, diags);
	assert_non_null(set);
	memory = cost_memory(set);
	taken.really = arena_size(rules) + ruleset_engine_size(set);
	taken.said = memory.rules + memory.values + memory.windows;
	str_done(&text);
	diags_free(diags);
	arena_free(rules);
	arena_free(file);
	return taken;
}

/* With its point, its constant, its threshold, its place in the index and its state. */
static void test_threshold_takes_300_bytes_at_most(void **state)
{
	struct taken some = take_thresholds(1000), more = take_thresholds(3000);
	size_t really = (more.really - some.really) / 2000;
	size_t said = (more.said - some.said) / 2000;

	(void)state;
	if (really > 300 || really == 0)
		fail_msg("%zu bytes", really);
	if (said > really + 5 || said + 5 < really)
		fail_msg("%zu bytes, said to be %zu", really, said);
}

static void test_memory_is_what_an_engine_takes(void **state)
{
	static const char text[] =
		"rules: {r: {when: 'avg(x.a, 5m) > 1', message: '${x.b}'}}\n";
	struct cost_memory memory;
	const struct cost *cost;
	struct rules_case c;

	(void)state;
	cost = count(&c, text, 0);
	memory = cost_memory(c.set);
	assert_memory_equal(&memory, &cost->memory, sizeof(memory));
	assert_int_equal(memory.windows, cost->windows[0].bytes);
	assert_true(memory.rules + memory.values + memory.windows > engine_size(c.set));
	rules_case_done(&c);
}

/* Its form and size are those of the node that the engine gets. */
static void assert_window(const struct rules_case *c, const struct cost_window *window,
			  const char *words)
{
	const struct program *program = ruleset_program(c->set);
	char form[WINDOW_DESCRIBED];
	struct window_spec spec;

	node_window_spec(&program->nodes[window->node], &spec);
	assert_string_equal(window->words, words);
	assert_string_equal(window->form, window_describe(&spec, form));
	assert_int_equal(window->bytes, node_memory(&program->nodes[window->node]));
	assert_int_equal(window->exact, window_form(&spec) == WINDOW_EXACT);
}

static void test_windows_come_in_words_the_largest_first(void **state)
{
	struct rules_case c;
	const struct cost *cost = count(
		&c,
		"derived: {m: {value: 'max( x.a ,5m)'}, n: {value: m + 1}}\n"
		"rules:\n"
		"  a: {when: 'avg(x.a, 5m) > 1 and m > 1', message: '${median(x.a - x.b, 1h)}'}\n"
		"  b: {when: 'quantile(x.a-x.b, 95 %, 1h) > 1 or n > 3', clear: "
		"'avg(x.a,5m)<0'}\n"
		"  c: {when: 'count(x.c, 1m) > 1'}\n",
		NSEC_PER_SEC);
	const struct cost_window *w = cost->windows;

	(void)state;
	assert_int_equal(cost->window_count, 3);
	assert_window(&c, &w[0], "median, quantile 95 % of x.a - x.b over 1h");
	assert_true(w[0].sketched);
	assert_true(w[0].bytes > sizeof(struct sketch));
	assert_int_equal(w[0].rule_count, 2);
	assert_int_equal(w[0].rules[0], 0);
	assert_int_equal(w[0].rules[1], 1);
	assert_int_equal(w[0].derived_count, 0);
	for (int i = 1; i < 3; i++) {
		bool mean = w[i].rule_count == 2;

		assert_true(w[i].bytes <= w[i - 1].bytes);
		assert_false(w[i].sketched);
		assert_window(&c, &w[i],
			      mean ? "max, avg of x.a over 5m" : "count of x.c over 1m");
		/* who reads it over a derived point is not named: that is */
		assert_int_equal(w[i].derived_count, mean ? 1 : 0);
		if (mean)
			assert_int_equal(w[i].derived[0], number(&c, "m"));
		assert_null(w[i].irregular);
	}
	rules_case_done(&c);
}

static void test_window_says_which_point_has_no_interval(void **state)
{
	struct rules_case c;
	const struct cost *cost;

	(void)state;
	cost = count(&c,
		     "derived: {d: {value: x.b + 1}}\nrules: {r: {when: 'avg(d, 5m) > 1'}}\n",
		     0);
	assert_string_equal(cost->windows[0].irregular, "x.b");
	assert_false(cost->windows[0].exact);
	rules_case_done(&c);
	cost = count(&c, "rules: {r: {when: 'avg(x.a, 1h) > 1'}}\n", NSEC_PER_SEC);
	/* too many samples is another reason */
	assert_null(cost->windows[0].irregular);
	assert_false(cost->windows[0].exact);
	rules_case_done(&c);
}

/* ---- readings --------------------------------------------------------------------------- */

static void test_worst_point_sets_most_going(void **state)
{
	struct rules_case c;
	const struct cost *cost =
		count(&c,
		      "derived: {d: {value: 'avg(x.a, 1m) + x.b'}}\n"
		      "rules:\n"
		      "  one: {when: x.c > 1 or x.c < 0 or x.c == 0.5 or x.c == 0.75}\n"
		      "  two: {when: d > 1}\n"
		      "  three: {when: rule.two.firing and x.q}\n"
		      "  four: {on: rises(x.p), message: m}\n",
		      NSEC_PER_SEC);
	const struct cost_point *points = cost->points;

	(void)state;
	/* its window, the derived point, two, and three behind it */
	assert_int_equal(points[number(&c, "x.a")].nodes, 2);
	assert_int_equal(points[number(&c, "x.a")].rules, 2);
	assert_int_equal(points[number(&c, "x.a")].steps, 1 + 2 + 1 + 1);
	assert_false(points[number(&c, "x.a")].guarded);
	assert_int_equal(points[number(&c, "x.b")].nodes, 1);
	assert_int_equal(points[number(&c, "x.c")].steps, 7);
	assert_int_equal(points[number(&c, "x.c")].rules, 1);
	assert_true(points[number(&c, "x.c")].guarded);
	assert_int_equal(points[number(&c, "x.c")].thresholds, 4);
	assert_int_equal(points[number(&c, "x.q")].rules, 1);
	assert_false(points[number(&c, "x.q")].guarded);
	/* once for the instant, and once when it ends */
	assert_int_equal(points[number(&c, "x.p")].rules, 2);
	assert_int_equal(points[number(&c, "x.r")].rules, 0);
	assert_int_equal(cost->worst, number(&c, "x.c"));
	rules_case_done(&c);
	cost = count(&c, "rules: {}\n", 0);
	assert_int_equal(cost->worst, UINT32_MAX);
	rules_case_done(&c);
}

/* No reading may cost more than is said. */
static void test_engine_never_evaluates_more_than_is_said(void **state)
{
	struct rules_case c;
	const struct cost *cost = count(
		&c,
		"derived: {d: {value: 'avg(x.a, 16s) + x.b'}, e: {value: 'held(x.p, 3s)'}}\n"
		"rules:\n"
		"  one: {when: x.a > 1 or d > 3, on_unknown: fire}\n"
		"  two: {when: d > 1 and not e, inhibited_by: [one]}\n"
		"  three: {when: rule.two.firing or bad(x)}\n"
		"  four: {on: rises(x.p) or changed(x.a)}\n"
		"  five: {when: falls(x.p) or x.a == 2}\n"
		"  six: {when: age(x.b) > 2s}\n",
		NSEC_PER_SEC);
	static const char *const names[] = {"x.a", "x.b", "x.p"};
	uint64_t reached[3] = {0}, before;
	struct engine_counters counters;

	(void)state;
	rules_case_start(&c);
	for (uint32_t i = 0; i < 3000; i++) {
		uint32_t random = i * 2654435761u >> 8, k = random % 3;

		tick(&c, i * 0.7 + 0.3);
		engine_counters(c.engine, &counters);
		before = counters.evaluations;
		if (k == 2)
			feed_bool(&c, i * 0.7 + 0.3, "x.p", random / 3 % 2);
		else
			feed_number(&c, i * 0.7 + 0.3, names[k], random / 3 % 5);
		engine_counters(c.engine, &counters);
		if (counters.evaluations - before > cost->points[number(&c, names[k])].rules)
			fail_msg("%s: %ju evaluations, not %u", names[k],
				 (uintmax_t)(counters.evaluations - before),
				 cost->points[number(&c, names[k])].rules);
		if (counters.evaluations - before > reached[k])
			reached[k] = counters.evaluations - before;
	}
	/* and what is said is not out of the air */
	for (int k = 0; k < 3; k++)
		assert_true(2 * reached[k] >= cost->points[number(&c, names[k])].rules);
	rules_case_done(&c);
}

/* ---- limits ----------------------------------------------------------------------------- */

/* As many windows with a sketch as fit, and more. */
static char *sketches(struct arena *arena, size_t count)
{
	char *text = arena_printf(arena, "rules:\n");

	for (size_t i = 0; i < count; i++)
		text = arena_printf(arena, "%s  r%zu: {when: 'median(x.a, %zum) > 1'}\n", text,
				    i, 10 + i);
	return text;
}

static void test_windows_beyond_the_limit_are_an_error(void **state)
{
	struct arena *arena = arena_new();
	const struct diag *diag;
	const struct cost *cost;
	struct rules_case c;
	char message[100];
	size_t fit, each;

	(void)state;
	cost = count(&c, sketches(arena, 1), NSEC_PER_SEC);
	each = cost->windows[0].bytes;
	fit = COST_WINDOWS_MAX / each;
	rules_case_done(&c);
	cost = count(&c, sketches(arena, fit), NSEC_PER_SEC);
	assert_int_equal(cost->window_count, fit);
	rules_case_done(&c);
	rules_case_init_polled(&c, sketches(arena, fit + 1), NSEC_PER_SEC);
	assert_null(c.set);
	assert_int_equal(diags_errors(c.conf.diags), 1);
	diag = diags_get(c.conf.diags, 0);
	assert_int_equal(diag->line, fit + 2);
	snprintf(message, sizeof(message),
		 "all windows together take %.1f MiB, more than the %d MiB they may",
		 (double)((fit + 1) * each) / (1 << 20), COST_WINDOWS_MAX >> 20);
	assert_string_equal(diag->message, message);
	rules_case_done(&c);
	arena_free(arena);
}

/* The five largest, of those of one size the first; then what to do about it. */
static void test_the_largest_windows_are_named(void **state)
{
	struct arena *arena = arena_new();
	const char *two = "derived: {d: {value: 'median(x.b, 1h) + avg(x.b, 1h)'}}\n";
	const char *large, *small;
	const struct cost *cost;
	struct rules_case c;

	(void)state;
	cost = count(&c, arena_printf(arena, "%s%s", sketches(arena, 1), two), NSEC_PER_SEC);
	large = arena_printf(arena, "%s", cost->windows[0].form);
	small = arena_printf(arena, "%s", cost->windows[1].form);
	assert_string_not_equal(large, small);
	rules_case_done(&c);
	rules_case_init_polled(&c, arena_printf(arena, "%s%s", sketches(arena, 400), two),
			       NSEC_PER_SEC);
	assert_null(c.set);
	assert_string_equal(
		diags_get(c.conf.diags, 0)->notes,
		arena_printf(
			arena,
			"the largest: median, avg of x.b over 1h (%s), in 'value' of derived "
			"point 'd'\n"
			"then: median of x.a over 10m (%s), in 'when' of rule 'r0'\n"
			"then: median of x.a over 11m (%s), in 'when' of rule 'r1'\n"
			"then: median of x.a over 12m (%s), in 'when' of rule 'r2'\n"
			"then: median of x.a over 13m (%s), in 'when' of rule 'r3'\n"
			"hint: a shorter time, fewer functions over it, or one that rules "
			"share take less; a quantile of more than 256 samples takes 73 KiB",
			large, small, small, small, small));
	rules_case_done(&c);
	arena_free(arena);
}

static void test_points_beyond_the_limit_are_an_error(void **state)
{
	struct arena *arena = arena_new();
	struct point_table *points = point_table_new(arena);
	const struct yaml_node *root;
	struct conf_case c;

	(void)state;
	conf_case_init(&c, "rules: {}\n", strlen("rules: {}\n"));
	root = c.root;
	for (int i = 0; i < RULESET_POINTS_MAX; i++)
		point_table_add(points, &(struct point){
						.name = arena_printf(arena, "d.p%d", i),
						.device = "d",
						.kind = VALUE_NUMBER,
						.stale_ns = NSEC_PER_SEC,
						.where = root,
					});
	assert_non_null(ruleset_parse(arena, &root, 1, points, NULL, c.diags));
	point_table_add(points, &(struct point){.name = "d.q", .where = root});
	assert_null(ruleset_parse(arena, &root, 1, points, NULL, c.diags));
	assert_non_null(strstr(conf_case_said(&c), "there are more than 100000 points"));
	conf_case_done(&c);
	arena_free(arena);
}

/* ---- words ------------------------------------------------------------------------------ */

static void test_words_mean_the_same(void **state)
{
	static const char *const rows[][2] = {
		{"a.b", "a.b"},
		{"( a.b+ 2)*3", "(a.b + 2) * 3"},
		{"a.b+(2*3)", "a.b + 2 * 3"},
		{"a.b-(2-c.d)", "a.b - (2 - c.d)"},
		{"(a.b-2)-c.d", "a.b - 2 - c.d"},
		{"a.b/(2/c.d)", "a.b / (2 / c.d)"},
		{"a.b==true or c.d!=false", "a.b == true or c.d != false"},
		{"-(a.b+1)", "-(a.b + 1)"},
		{"-(-a.b)", "-(-a.b)"},
		{"(-2)^2", "(-2)^2"},
		{"-2^2", "-2^2"},
		{"2^3^2", "2^3^2"},
		{"(2^3)^2", "(2^3)^2"},
		{"a.b ?? (c.d??1)", "a.b ?? (c.d ?? 1)"},
		{"(a.b ?? c.d)??1", "(a.b ?? c.d) ?? 1"},
		{"not(a.b and c.d)", "not (a.b and c.d)"},
		{"not a.b and c.d", "not a.b and c.d"},
		{"(a.b or c.d)and e.f", "(a.b or c.d) and e.f"},
		{"(a.b>1) == (c.d>1)", "(a.b > 1) == (c.d > 1)"},
		{"18<=a.b<25", "18 <= a.b < 25"},
		{"m.n in ('x',\"y\")", "m.n in ('x', 'y')"},
		{"max(a.b , c.d+1)>80 degC", "max(a.b, c.d + 1) > 80 degC"},
		{"age(a.b)>90s", "age(a.b) > 1m30s"},
		{"share(held(a.b, 500ms) , 5min) > 50%", "share(held(a.b, 500ms), 5m) > 50 %"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct arena *arena = arena_new();
		struct expr_source source = {.text = rows[i][0], .len = strlen(rows[i][0])};
		struct expr_source again = {.text = rows[i][1], .len = strlen(rows[i][1])};
		struct expr *tree = parser_parse(arena, &source);
		const char *words;

		assert_non_null(tree);
		words = expr_words(arena, tree);
		assert_string_equal(words, rows[i][1]);
		/* the same tree, not only the same words */
		assert_string_equal(key_make(arena, parser_parse(arena, &again)),
				    key_make(arena, tree));
		arena_free(arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rule_is_counted_with_all_that_it_reads),
		cmocka_unit_test(test_own_bytes_grow_with_what_is_written),
		cmocka_unit_test(test_own_bytes_are_what_another_rule_adds),
		cmocka_unit_test(test_threshold_takes_300_bytes_at_most),
		cmocka_unit_test(test_memory_is_what_an_engine_takes),
		cmocka_unit_test(test_windows_come_in_words_the_largest_first),
		cmocka_unit_test(test_window_says_which_point_has_no_interval),
		cmocka_unit_test(test_worst_point_sets_most_going),
		cmocka_unit_test(test_engine_never_evaluates_more_than_is_said),
		cmocka_unit_test(test_windows_beyond_the_limit_are_an_error),
		cmocka_unit_test(test_the_largest_windows_are_named),
		cmocka_unit_test(test_points_beyond_the_limit_are_an_error),
		cmocka_unit_test(test_words_mean_the_same),
	};

	return cmocka_run_group_tests_name("cost", tests, NULL, NULL);
}
