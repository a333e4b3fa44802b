/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Tests of the functions of local time: what they yield in a zone that puts its clocks forward
 * and back, while nobody has set the clock, when it is set, and over a reload.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "model/point.h"
#include "rules/calendar.h"
#include "rules/civil.h"
#include "rules/explain.h"
#include "rules/ruleset.h"
#include "rules_case.h"

static const char berlin[] = "CET-1CEST,M3.5.0,M10.5.0/3";

enum { H = 3600, M = 60, D = 86400 };

/* "2026-03-29 01:00:00" of UTC. */
static struct wall utc(const char *text)
{
	int year, month, day, hour, minute, second;

	assert_int_equal(
		sscanf(text, "%d-%d-%d %d:%d:%d", &year, &month, &day, &hour, &minute, &second),
		6);
	return (struct wall){
		(civil_days(year, month, day) * D + hour * H + minute * M + second) *
		NSEC_PER_SEC};
}

static void set_clock(struct rules_case *c, double at, const char *text)
{
	engine_set_wall(c->engine, (struct boot){(int64_t)(at * 1e9)}, utc(text), true);
}

/* One rule 'r' in Berlin, started at that time. */
static void start(struct rules_case *c, const char *expr, const char *wall)
{
	struct arena *arena = arena_new();

	rules_case_init_in(c, berlin,
			   arena_printf(arena, "rules:\n  r:\n    when: |-\n      %s\n", expr));
	diags_own(c->conf.diags, arena);
	rules_case_start(c);
	if (wall != NULL)
		set_clock(c, 0, wall);
}

/* What the condition is, second by second, where it is another than before. */
static const char *course(struct rules_case *c, int64_t seconds)
{
	int last = rules_case_condition(c);
	struct str text;
	char *copy;

	str_init(&text);
	str_addf(&text, "%d", last);
	for (int64_t at = 0; at < seconds; at += M) {
		/* What is due at an instant has run one nanosecond behind it. */
		engine_tick(c->engine, (struct boot){at * NSEC_PER_SEC + 1});
		if (rules_case_condition(c) == last)
			continue;
		last = rules_case_condition(c);
		str_addf(&text, ", %02jd:%02jd %d", (intmax_t)(at / H), (intmax_t)(at / M % 60),
			 last);
	}
	copy = arena_text(c->conf.arena, text.s, text.len);
	str_done(&text);
	return copy;
}

static void assert_course(const char *expr, const char *wall, int64_t seconds,
			  const char *expected)
{
	struct rules_case c;
	const char *got;

	start(&c, expr, wall);
	got = course(&c, seconds);
	if (strcmp(got, expected) != 0)
		print_error("%s\n", expr);
	assert_string_equal(got, expected);
	rules_case_done(&c);
}

static void test_what_the_functions_yield_on_a_day(void **state)
{
	static const struct {
		const char *expr, *expected;
	} rows[] = {
		/* From midnight in Berlin, for one day and a half. */
		{"between(22:00, 06:00)", "1, 06:00 0, 22:00 1, 30:00 0"},
		{"between(06:00, 22:00)", "0, 06:00 1, 22:00 0, 30:00 1"},
		{"between(6h, 22h)", "0, 06:00 1, 22:00 0, 30:00 1"},
		{"between(12:00, 24:00)", "0, 12:00 1, 24:00 0"},
		{"between(24:00, 01:00)", "1, 01:00 0, 24:00 1, 25:00 0"},
		{"between(22:00, 00:00)", "0, 22:00 1, 24:00 0"},
		{"between(00:00, 24:00)", "1"},
		{"not between(22:00, 06:00)", "0, 06:00 1, 22:00 0, 30:00 1"},
		{"tod() >= 22:00", "0, 22:00 1, 24:00 0"},
		{"tod() > 22:00", "0, 22:01 1, 24:00 0"},
		{"tod() > 21:59:59", "0, 22:00 1, 24:00 0"},
		{"tod() < 22:00", "1, 22:00 0, 24:00 1"},
		{"tod() <= 21:59:59", "1, 22:00 0, 24:00 1"},
		{"tod() <= 22:00", "1, 22:01 0, 24:00 1"},
		{"22:00 <= tod()", "0, 22:00 1, 24:00 0"},
		{"22h > tod()", "1, 22:00 0, 24:00 1"},
		{"06:00 <= tod() < 08:30", "0, 06:00 1, 08:30 0, 30:00 1, 32:30 0"},
		{"tod() in 06:00 .. 08:29:59", "0, 06:00 1, 08:30 0, 30:00 1, 32:30 0"},
		{"tod() < 06:00 or tod() >= 22:00", "1, 06:00 0, 22:00 1, 30:00 0"},
		{"tod() >= 00:00", "1"},
		{"tod() < 24:00", "1"},
		{"tod() < 00:00", "0"},
		{"tod() > 24:00", "0"},
		{"weekday() == 5", "1, 24:00 0"},
		{"weekday() in (6, 7)", "0, 24:00 1"},
		{"weekday() not in (6, 7)", "1, 24:00 0"},
		{"weekday() < 6", "1, 24:00 0"},
		{"known(weekday()) and known(between(01:00, 02:00))", "1"},
		{"held(between(06:00, 22:00), 1h)", "0, 07:00 1, 22:00 0, 31:00 1"},
		{"weekday() == 5 and tod() >= 18:00", "0, 18:00 1, 24:00 0"},
	};

	(void)state;
	/* Friday, 2026-06-12. */
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_course(rows[i].expr, "2026-06-11 22:00:00", D + D / 2, rows[i].expected);
}

static void test_fault_G4_levels_where_clocks_are_put_forward_and_back(void **state)
{
	(void)state;
	/* 2026-03-29 00:00 in Berlin, clocks go from 02:00 to 03:00: 2h behind midnight. */
	assert_course("between(01:00, 03:00)", "2026-03-28 23:00:00", D, "0, 01:00 1, 02:00 0");
	assert_course("between(02:10, 02:50)", "2026-03-28 23:00:00", D, "0");
	assert_course("tod() >= 02:30", "2026-03-28 23:00:00", D, "0, 02:00 1, 23:00 0");
	assert_course("weekday() == 7", "2026-03-28 23:00:00", D, "1, 23:00 0");
	/* 2026-10-25 00:00 in Berlin, clocks go from 03:00 to 02:00. */
	assert_course("between(01:00, 03:00)", "2026-10-24 22:00:00", D, "0, 01:00 1, 04:00 0");
	assert_course("between(02:10, 02:50)", "2026-10-24 22:00:00", D,
		      "0, 02:10 1, 02:50 0, 03:10 1, 03:50 0");
	assert_course("tod() >= 02:30", "2026-10-24 22:00:00", D + 2 * H,
		      "0, 02:30 1, 03:00 0, 03:30 1, 25:00 0");
	assert_course("weekday() == 7", "2026-10-24 22:00:00", D + 2 * H, "1, 25:00 0");
}

static void test_fault_G2_all_is_unknown_until_the_clock_is_set(void **state)
{
	static const struct {
		const char *expr;
		int unset, set;
	} rows[] = {
		{"between(22:00, 06:00)", -1, 1},
		{"tod() < 06:00", -1, 1},
		{"tod() < 24:00", -1, 1},
		{"tod() < 00:00", -1, 0},
		{"weekday() == 5", -1, 1},
		{"not between(22:00, 06:00)", -1, 0},
		{"known(weekday())", 0, 1},
		{"x.p and between(22:00, 06:00)", -1, 1},
		{"not x.p and between(22:00, 06:00)", 0, 0},
		{"x.p or between(22:00, 06:00)", 1, 1},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct rules_case c;

		start(&c, rows[i].expr, NULL);
		feed_bool(&c, 1, "x.p", true);
		engine_set_wall(c.engine, (struct boot){2 * NSEC_PER_SEC}, (struct wall){0},
				false);
		tick(&c, 10);
		if (strstr(rows[i].expr, "x.p") != NULL)
			assert_int_equal(rules_case_condition(&c), rows[i].unset);
		feed_bool(&c, 11, "x.p", true);
		set_clock(&c, 12, "2026-06-11 22:00:00");
		assert_int_equal(rules_case_condition(&c), rows[i].set);
		/* A clock that is taken back to before anybody set it is none. */
		engine_set_wall(c.engine, (struct boot){13 * NSEC_PER_SEC}, (struct wall){0},
				false);
		assert_int_equal(rules_case_condition(&c), rows[i].unset);
		rules_case_done(&c);
	}
}

static void test_fault_G1_a_step_of_ten_years_moves_no_duration(void **state)
{
	struct rules_case c;

	(void)state;
	rules_case_init_in(&c, berlin,
			   "rules:\n"
			   "  r: {when: x.a > 5, for: 60s}\n"
			   "  night: {when: 'x.a > 5 and between(22:00, 06:00)'}\n");
	rules_case_start(&c);
	set_clock(&c, 0, "2026-06-12 10:00:00");
	feed_number(&c, 10, "x.a", 6);
	assert_log(&c, "10.000000000 r pending ok->pending warning \"\" x.a=6\n");
	set_clock(&c, 20, "2036-06-12 22:00:00");
	assert_log(&c, "20.000000000 night fire ok->firing warning \"\" x.a=6\n");
	set_clock(&c, 30, "2016-06-12 10:00:00");
	assert_log(&c, "30.000000000 night clear firing->ok warning active=10.000000000 \"\" "
		       "x.a=6\n");
	feed_number(&c, 35, "x.a", 6);
	feed_number(&c, 60, "x.a", 6);
	tick(&c, 70);
	assert_log(&c, "");
	tick(&c, 70.1);
	assert_log(&c, "70.000000000 r fire pending->firing warning \"\" x.a=6\n");
	rules_case_done(&c);
}

static void test_functions_in_messages(void **state)
{
	struct rules_case c;

	(void)state;
	rules_case_init_in(&c, berlin,
			   "rules:\n"
			   "  r:\n"
			   "    on: rises(x.p)\n"
			   "    message: \"${now()} ${tod()} ${weekday()} "
			   "${between(22:00, 06:00)} ${tod() / 1h:.2f} ${tod() > 9h}\"\n");
	rules_case_start(&c);
	feed_bool(&c, 1, "x.p", false);
	feed_bool(&c, 2, "x.p", true);
	assert_log(&c, "2.000000000 r instant ok->ok warning \"unknown unknown unknown unknown "
		       "unknown unknown\" x.p=true\n");
	set_clock(&c, 3, "2026-06-12 10:20:30");
	feed_bool(&c, 4, "x.p", false);
	feed_bool(&c, 5, "x.p", true);
	assert_log(&c, "5.000000000 r instant ok->ok warning \"1781259632 12h20m 5 false "
		       "12.34 true\" x.p=true\n");
	rules_case_done(&c);
}

static void test_edges_of_local_time_are_instants(void **state)
{
	struct rules_case c;

	(void)state;
	rules_case_init_in(&c, berlin,
			   "rules:\n"
			   "  night: {on: 'rises(between(22:00, 06:00))'}\n"
			   "  date: {on: changed(weekday())}\n"
			   "  bell: {on: 'rises(x.p) and between(22:00, 06:00)'}\n");
	rules_case_start(&c);
	feed_bool(&c, 0, "x.p", false);
	/* The first that is known makes none. */
	set_clock(&c, 1, "2026-06-12 20:30:00");
	tick(&c, 2 * H);
	assert_log(&c, "5401.000000000 date instant ok->ok warning \"\"\n");
	feed_bool(&c, 2 * H, "x.p", true);
	assert_log(&c, "7200.000000000 bell instant ok->ok warning \"\" x.p=true\n");
	tick(&c, D);
	assert_log(&c, "84601.000000000 night instant ok->ok warning \"\"\n");
	rules_case_done(&c);
}

static void test_derived_points_read_local_time(void **state)
{
	struct rules_case c;
	struct engine_point seen;
	struct boot now = {10 * NSEC_PER_SEC};
	uint32_t point;

	(void)state;
	rules_case_init_in(&c, berlin,
			   "derived:\n"
			   "  wanted: {value: 'if(between(22:00, 06:00), 16, 20)'}\n"
			   "  night: {value: 'between(22:00, 06:00)'}\n"
			   "rules:\n"
			   "  r: {when: x.a < wanted}\n"
			   "  n: {when: night}\n");
	rules_case_start(&c);
	feed_number(&c, 1, "x.a", 18);
	assert_log(&c, "");
	point = point_table_find(c.points, "wanted", 6);
	engine_point(c.engine, point, now, &seen);
	assert_int_equal(seen.value.kind, VALUE_NONE);
	set_clock(&c, 5, "2026-06-12 19:59:55");
	assert_log(&c, "5.000000000 r fire ok->firing warning \"\" x.a=18 wanted=20\n");
	engine_point(c.engine, point, now, &seen);
	assert_int_equal(seen.quality, QUALITY_GOOD);
	tick(&c, 12);
	assert_log(&c, "10.000000000 r clear firing->ok warning active=5.000000000 \"\" x.a=18 "
		       "wanted=16\n"
		       "10.000000000 n fire ok->firing warning \"\" night=true\n");
	rules_case_done(&c);
}

static void test_a_reload_looks_by_its_own_zone(void **state)
{
	static const char text[] = "rules:\n  r: {when: 'between(22:00, 06:00)'}\n";
	struct rules_case c, next;

	(void)state;
	rules_case_init_in(&c, berlin, text);
	rules_case_start(&c);
	set_clock(&c, 0, "2026-06-12 19:30:00");
	assert_log(&c, "");
	rules_case_init_in(&next, "EET-2EEST,M3.5.0/3,M10.5.0/4", text);
	rules_case_start(&next);
	engine_adopt(next.engine, c.engine, (struct boot){10 * NSEC_PER_SEC});
	assert_log(&next, "10.000000000 r fire ok->firing warning \"\"\n");
	tick(&next, 8 * H);
	assert_log(&next, "27000.000000000 r clear firing->ok warning active=26990.000000000 "
			  "\"\"\n");
	/* And the other way: a rule that is new is looked at. */
	rules_case_done(&c);
	rules_case_init_in(&c, berlin, "rules:\n  s: {when: 'between(03:00, 06:00)'}\n");
	rules_case_start(&c);
	engine_adopt(c.engine, next.engine, (struct boot){8 * H * NSEC_PER_SEC});
	assert_log(&c, "28800.000000000 s fire ok->firing warning \"\"\n");
	rules_case_done(&c);
	rules_case_done(&next);
}

static void test_what_is_wrong_is_told(void **state)
{
	static const struct wrong_expr wrong[] = {
		{"between(22:00)", 0, "'between' takes 2 arguments, got 1", NULL},
		{"between(22:00, 22:00)", 0, "'between' takes two different times",
		 "hint: the whole day is between(00:00, 24:00)"},
		{"between(24:00, 00:00)", 0, "'between' takes two different times",
		 "hint: the whole day is between(00:00, 24:00)"},
		{"between(x.a, 06:00)", 8,
		 "'between' takes constant times of day, got an expression",
		 "hint: for example between(22:00, 06:00)"},
		{"between(22:00, 6)", 15, "'between' takes constant times of day, got a number",
		 "hint: for example between(22:00, 06:00)"},
		{"between(22:00, 5[m])", 15,
		 "'between' takes constant times of day, got length [m]",
		 "hint: for example between(22:00, 06:00)"},
		{"between('a', 06:00)", 8, "'between' takes constant times of day, got a text",
		 "hint: for example between(22:00, 06:00)"},
		{"between(22:00, 25h)", 15,
		 "a time of day is from 00:00 to 24:00, in whole seconds", NULL},
		{"between(500ms, 6h)", 8,
		 "a time of day is from 00:00 to 24:00, in whole seconds", NULL},
		{"tod()", 0, "a time of day in a condition is compared with a constant",
		 "hint: for example tod() >= 22:00"},
		{"tod() > x.a", 0, "a time of day in a condition is compared with a constant",
		 "hint: for example tod() >= 22:00"},
		{"tod() + 1h > 22:00", 0,
		 "a time of day in a condition is compared with a constant",
		 "hint: for example tod() >= 22:00"},
		{"tod() == 22:00", 6, "a time is compared by its size",
		 "hint: use < <= > or >="},
		{"tod() > 25h", 8, "a time of day is from 00:00 to 24:00", NULL},
		{"tod() > -1h", 8, "a time of day is from 00:00 to 24:00", NULL},
		{"tod() > 3[m]", 6, "cannot compare time [s] with length [m]",
		 "hint: a bare 'm' is minutes; write 5[m] for metres"},
		{"tod(x.a) > 6h", 0, "'tod' takes 0 arguments, got 1", NULL},
		{"weekday()", 0, "expected true or false, got a number",
		 "hint: compare it: x > 0"},
		{"weekday() == 'mon'", 10, "cannot compare a number with a text", NULL},
		{"now() > 5", 0, "'now' stands in messages only",
		 "hint: tod(), weekday() and between() are compared"},
		{"x.a > 25:00", 6, "there is no such time of day",
		 "hint: 00:00 to 24:00, seconds may follow: 06:00:30"},
		{"tod() > 6:5", 8, "there is no such time of day",
		 "hint: 00:00 to 24:00, seconds may follow: 06:00:30"},
		{"tod() > 22:60", 8, "there is no such time of day",
		 "hint: 00:00 to 24:00, seconds may follow: 06:00:30"},
		{"tod() > 06:00:00:00", 8, "there is no such time of day",
		 "hint: 00:00 to 24:00, seconds may follow: 06:00:30"},
		{"x.a > 1 : 2", 8, "unexpected ':'", "hint: write if(condition, value, other)"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_wrong("when", &wrong[i]);
}

static void test_a_time_of_day_is_a_duration(void **state)
{
	struct rules_case c;

	(void)state;
	rules_case_init_expr(&c, "when", "age(x.a) > 00:00:30", "");
	rules_case_start(&c);
	feed_number(&c, 0, "x.a", 1);
	tick(&c, 29);
	assert_log(&c, "");
	tick(&c, 31);
	assert_int_equal(rules_case_state(&c), RULE_FIRING);
	rules_case_done(&c);
}

static void test_equal_spans_are_one_node(void **state)
{
	struct rules_case c;
	size_t one, two;

	(void)state;
	start(&c, "between(22:00, 06:00)", NULL);
	one = ruleset_engine_size(c.set);
	rules_case_done(&c);
	start(&c, "between(22:00, 06:00) or between(22h, 6h) or between(22:00:00, 06:00:00)",
	      NULL);
	two = ruleset_engine_size(c.set);
	assert_int_equal(one, two);
	rules_case_done(&c);
}

static void write_node(const struct explain_node *node, unsigned depth, struct str *out)
{
	str_addf(out, "%*s%s = ", (int)depth * 2, "", node->text);
	explain_add_value(node, out);
	if (node->compared != NULL)
		str_addf(out, " | %s", node->compared);
	if (node->changes_ns >= 0) {
		str_adds(out, " | in ");
		str_add_duration(out, node->changes_ns);
	}
	str_addc(out, '\n');
	for (const struct explain_node *kid = node->kids; kid != NULL; kid = kid->next) {
		if (!kid->constant)
			write_node(kid, depth + 1, out);
	}
}

static void assert_explained(const char *expr, double at, const char *wall,
			     const char *expected)
{
	struct rules_case c;
	struct explain explain;
	struct str text;

	start(&c, expr, wall);
	str_init(&text);
	explain_rule(c.conf.arena, c.set, c.engine, 0, (struct boot){(int64_t)(at * 1e9)},
		     &explain);
	write_node(explain.parts[0].tree, 0, &text);
	assert_string_equal(text.s, expected);
	str_done(&text);
	rules_case_done(&c);
}

static void test_explanations_say_when_it_changes(void **state)
{
	(void)state;
	assert_explained("between(22:00, 06:00)", 10, "2026-06-12 19:30:00",
			 "between(22:00, 06:00) = false | in 29m50s\n");
	/* The engine was not told yet that it is over. */
	assert_explained("between(22:00, 06:00)", 1800, "2026-06-12 19:30:00",
			 "between(22:00, 06:00) = true | in 8h\n");
	assert_explained("tod() < 06:00 or weekday() == 7", 60, "2026-06-12 22:30:00",
			 "tod() < 06:00 or weekday() == 7 = true\n"
			 "  tod() < 06:00 = true | 31m < 6h | in 5h29m\n"
			 "    tod() = 31m\n"
			 "  weekday() == 7 = false | 6 == 7\n"
			 "    weekday() = 6 | in 23h29m\n");
	assert_explained("tod() < 06:00 or weekday() == 7", 60, NULL,
			 "tod() < 06:00 or weekday() == 7 = unknown\n"
			 "  tod() < 06:00 = unknown | unknown < 6h\n"
			 "    tod() = unknown\n"
			 "  weekday() == 7 = unknown | unknown == 7\n"
			 "    weekday() = unknown\n");
}

static void test_spans_that_meet_are_one(void **state)
{
	static const char *const exprs[] = {
		"between(22:00, 06:00) or between(06:00, 08:00)",
		"between(06:00, 08:00) or between(22:00, 06:00)",
		"between(22:00, 24:00) and weekday() == 1 or between(00:00, 08:00) and weekday() == 2",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(exprs) / sizeof(*exprs); i++) {
		struct rules_case c;

		/* A Monday, 20:00 in Berlin: once on, once off. */
		start(&c, exprs[i], "2026-01-05 19:00:00");
		engine_tick(c.engine, (struct boot){13 * H * NSEC_PER_SEC});
		assert_log(&c, "7200.000000000 r fire ok->firing warning \"\"\n"
			       "43200.000000000 r clear firing->ok warning "
			       "active=36000.000000000 \"\"\n");
		rules_case_done(&c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_the_functions_yield_on_a_day),
		cmocka_unit_test(test_fault_G4_levels_where_clocks_are_put_forward_and_back),
		cmocka_unit_test(test_fault_G2_all_is_unknown_until_the_clock_is_set),
		cmocka_unit_test(test_fault_G1_a_step_of_ten_years_moves_no_duration),
		cmocka_unit_test(test_functions_in_messages),
		cmocka_unit_test(test_edges_of_local_time_are_instants),
		cmocka_unit_test(test_derived_points_read_local_time),
		cmocka_unit_test(test_a_reload_looks_by_its_own_zone),
		cmocka_unit_test(test_what_is_wrong_is_told),
		cmocka_unit_test(test_a_time_of_day_is_a_duration),
		cmocka_unit_test(test_equal_spans_are_one_node),
		cmocka_unit_test(test_explanations_say_when_it_changes),
		cmocka_unit_test(test_spans_that_meet_are_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
