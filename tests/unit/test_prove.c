/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Tests of what is proven of conditions: warnings for rules that never fire or never clear. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "conf_case.h"
#include "model/point.h"
#include "rules/prove.h"
#include "rules/ruleset.h"

/* n: -40..400 degC, m: any number, b: a truth, t: a text. */
static struct point_table *table(struct arena *arena)
{
	struct point_table *points = point_table_new(arena);
	struct point point = {.device = "d", .readable = true, .stale_ns = 1, .low = 1};
	size_t bad, bad_len;

	point.name = "d.m";
	point.kind = VALUE_NUMBER;
	point_table_add(points, &point);
	point.name = "d.b";
	point.kind = VALUE_BOOL;
	point_table_add(points, &point);
	point.name = "d.t";
	point.kind = VALUE_TEXT;
	point_table_add(points, &point);
	point.name = "d.n";
	point.kind = VALUE_NUMBER;
	point.low = -40;
	point.high = 400;
	point.unit_text = "degC";
	assert_int_equal(unit_parse("degC", 4, &point.unit, &bad, &bad_len), 0);
	point_table_add(points, &point);
	return points;
}

/* What is said of the rule, without its place; "" if nothing is. */
static void assert_proven(const char *options, const char *wanted)
{
	struct arena *arena = arena_new();
	char text[400], said[400] = "";
	struct conf_case c;

	snprintf(text, sizeof(text), "rules:\n  r:\n    %s\n", options);
	conf_case_init(&c, text, strlen(text));
	assert_non_null(ruleset_parse(arena, &c.root, 1, table(arena), NULL, c.diags));
	assert_int_equal(diags_errors(c.diags), 0);
	for (size_t i = 0; i < diags_count(c.diags); i++) {
		const struct diag *diag = diags_get(c.diags, i);

		assert_int_equal(diag->level, DIAG_WARNING);
		snprintf(said + strlen(said), sizeof(said) - strlen(said), "%u: %s%s%s\n",
			 diag->line, diag->message, diag->notes != NULL ? "; " : "",
			 diag->notes != NULL ? diag->notes : "");
	}
	if (strcmp(said, wanted) != 0)
		print_error("of: %s\n", options);
	assert_string_equal(said, wanted);
	conf_case_done(&c);
	arena_free(arena);
}

#define NO_FIRE "3: the rule 'r' never fires: 'when' is true for no value"
#define NO_REST "3: the rule 'r' never clears: 'when' is false for no value"
#define NO_CLEAR \
	"4: the rule 'r' never clears: 'clear' is true for no value that 'when' is false for"
#define RANGE "; note: the 'range' of d.n is -40 to 400 degC"

static void test_a_range_is_never_left(void **state)
{
	(void)state;
	assert_proven("when: d.n > 500", NO_FIRE RANGE "\n");
	assert_proven("when: d.n > 400", NO_FIRE RANGE "\n");
	assert_proven("when: d.n >= 400", "");
	assert_proven("when: 760 degF < d.n", NO_FIRE RANGE "\n");
	assert_proven("when: d.n not in -50 .. 400", NO_FIRE RANGE "\n");
	assert_proven("when: d.n not in -39 .. 400", "");
	assert_proven("when: d.n >= -40", NO_REST RANGE "\n");
	assert_proven("when: d.n > -40", "");
	assert_proven("when: d.n != 500", NO_REST RANGE "\n");
	assert_proven("when: d.m > 1e300", "");
}

static void test_what_contradicts_itself_is_never_true(void **state)
{
	(void)state;
	assert_proven("when: d.m > 5 and d.m < 3", NO_FIRE "\n");
	assert_proven("when: d.m > 3 and d.m < 5", "");
	assert_proven("when: d.m >= 5 and d.m <= 5", "");
	assert_proven("when: d.m >= 5 and d.m < 5", NO_FIRE "\n");
	assert_proven("when: d.m > 5 or d.m <= 5", NO_REST "\n");
	assert_proven("when: not (d.m < 5 or d.b) and d.m == 4.5", NO_FIRE "\n");
	assert_proven("when: d.b and not d.b", NO_FIRE "\n");
	assert_proven("when: d.b or not d.b", NO_REST "\n");
	assert_proven("when: d.b and false", NO_FIRE "\n");
	assert_proven("when: d.b or true", NO_REST "\n");
	assert_proven("when: d.b or false", "");
	assert_proven("when: d.b == true and d.b == false", NO_FIRE "\n");
	assert_proven("when: \"d.t == 'a' and d.t == 'b'\"", NO_FIRE "\n");
	assert_proven("when: \"d.t in ('a', 'b') and d.t not in ('a', 'b', 'c')\"",
		      NO_FIRE "\n");
	assert_proven("when: \"d.t in ('a', 'b') and d.t != 'a'\"", "");
	assert_proven("when: (d.m < 1 or d.m > 9) and 2 < d.m < 8", NO_FIRE "\n");
	assert_proven("when: (d.m < 1 or d.b) and 2 < d.m < 8", "");
	assert_proven("when: (d.n > 500 or d.m > 9) and d.m < 9", NO_FIRE "\n");
}

static void test_a_clear_that_never_comes_is_told(void **state)
{
	(void)state;
	assert_proven("when: d.n > 80\n    clear: d.n > 90", NO_CLEAR RANGE "\n");
	assert_proven("when: d.m > 80\n    clear: d.m > 90", NO_CLEAR "\n");
	assert_proven("when: d.n > 80\n    clear: d.n < -50", NO_CLEAR RANGE "\n");
	assert_proven("when: d.n > 80\n    clear: d.n < 75", "");
	assert_proven("when: d.b or true\n    clear: not d.b", NO_CLEAR "\n");
	assert_proven("when: d.n > 80\n    clear: not d.b", "");
}

/* Ranges hold for what is known: a rule may act on what is not. */
static void test_what_acts_on_unknown_is_left_alone(void **state)
{
	(void)state;
	assert_proven("when: d.n > 500\n    on_unknown: fire", "");
	assert_proven("when: d.n >= -40\n    on_unknown: clear", "");
}

static void test_what_cannot_be_seen_through_is_left_alone(void **state)
{
	(void)state;
	assert_proven("when: d.m + d.n > 5 and d.m + d.n < 3", "");
	assert_proven("when: age(d.m) > 90s and age(d.m) < 30s", "");
	assert_proven("when: (d.n ?? 1000) > 500", "");
	assert_proven("when: known(d.n) or not known(d.n)", "");
	assert_proven("on: rises(d.n > 500)", "");
	/* More values than are followed: nothing is claimed. */
	assert_proven("when: d.m in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10) and d.m == 11", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_range_is_never_left),
		cmocka_unit_test(test_what_contradicts_itself_is_never_true),
		cmocka_unit_test(test_a_clear_that_never_comes_is_told),
		cmocka_unit_test(test_what_acts_on_unknown_is_left_alone),
		cmocka_unit_test(test_what_cannot_be_seen_through_is_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
