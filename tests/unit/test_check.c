/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Tests of types, units and names in expressions: what is taken, and every complaint. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "rules_case.h"

static void assert_all_wrong(const char *key, const struct wrong_expr *cases, size_t count)
{
	for (size_t i = 0; i < count; i++)
		assert_wrong(key, &cases[i]);
}

/* Whether the condition holds with one point at a value; a bare "x > y" in 'when'. */
static int holds(const char *expr, const char *point, double value)
{
	struct rules_case c;
	int condition;

	rules_case_init_expr(&c, "when", expr, "");
	rules_case_start(&c);
	feed_number(&c, 1, point, value);
	condition = rules_case_condition(&c);
	rules_case_done(&c);
	return condition;
}

static void test_names_that_are_unknown_are_told(void **state)
{
	static const struct wrong_expr cases[] = {
		{"boiler.tmp > 80", 0, "unknown point 'boiler.tmp'",
		 "hint: did you mean 'boiler.temp'?"},
		{"zzzzzzzzzzzz > 80", 0, "unknown point 'zzzzzzzzzzzz'", NULL},
		{"meen(boiler.temp, 70) > 70", 0, "unknown function 'meen'",
		 "hint: did you mean 'min'?"},
		{"qwertyuiop(x.a) > 70", 0, "unknown function 'qwertyuiop'", NULL},
		{"meter-x.a > 5", 0, "unknown point 'meter'", NULL},
		{"point('meter-3.powr') > 5", 6, "unknown point 'meter-3.powr'",
		 "hint: did you mean 'meter-3.power'?"},
		{"point(x.a) > 5", 6, "'point' takes the name of a point in quotes", NULL},
		{"meter.flow > 5 L/min", 17, "unknown point 'min'",
		 "hint: a unit with '/' stands in brackets: 80 [L/min]"},
		{"rule.rr.firing and x.p", 0, "unknown rule 'rr'", "hint: did you mean 'r'?"},
		{"rule.r.state and x.p", 0, "unknown property 'rule.r.state' of a rule",
		 "hint: write rule.NAME.firing, or firing('NAME') for a name with '-' in it"},
		{"firing('s')", 7, "unknown rule 's'", "hint: did you mean 'r'?"},
		{"firing(r)", 7, "'firing' takes the name of a rule in quotes", NULL},
		{"bad(boilr)", 4, "unknown point 'boilr'", NULL},
		{"bad('boiler.tem')", 4, "unknown point or device 'boiler.tem'",
		 "hint: did you mean 'boiler.temp'?"},
		{"bad(1)", 4, "'bad' takes the name of a point or a device", NULL},
		{"ok(x.a + 1)", 7, "'ok' takes a point", NULL},
		{"age(5) > 1s", 4, "'age' takes a point", NULL},
		{"age(point('x.z')) > 1s", 10, "unknown point 'x.z'",
		 "hint: did you mean 'x.a'?"},
		{"avg(x.a, x.z) > 1", 9, "unknown point 'x.z'", "hint: did you mean 'x.a'?"},
		{"quantile(x.a, x.z, 5m) > 1", 14, "unknown point 'x.z'",
		 "hint: did you mean 'x.a'?"},
		{"between(x.z, 06:00)", 8, "unknown point 'x.z'", "hint: did you mean 'x.a'?"},
	};

	(void)state;
	assert_all_wrong("when", cases, ARRAY_SIZE(cases));
}

static void test_types_that_do_not_fit_are_told(void **state)
{
	static const struct wrong_expr cases[] = {
		{"x.a", 0, "expected true or false, got a number", "hint: compare it: x > 0"},
		{"boiler.temp", 0, "expected true or false, got temperature [degC]",
		 "hint: compare it: x > 0"},
		{"x.s", 0, "expected true or false, got a text",
		 "hint: compare it: x == 'auto'"},
		{"not x.a", 4, "expected true or false, got a number",
		 "hint: compare it: x > 0"},
		{"x.p and x.a", 8, "expected true or false, got a number",
		 "hint: compare it: x > 0"},
		{"x.p + 1 > 2", 0, "expected a number, got true or false", NULL},
		{"-x.s > 1", 1, "expected a number, got a text", NULL},
		{"x.s * 2 > 1", 0, "expected a number, got a text", NULL},
		{"x.a ^ x.p > 1", 6, "expected a number, got true or false", NULL},
		{"abs(x.p) > 1", 4, "expected a number, got true or false", NULL},
		{"x.p > 1", 4, "cannot compare true or false with a number", NULL},
		{"x.s == 1", 4, "cannot compare a text with a number", NULL},
		{"x.s < 'a'", 4, "a text has no order", "hint: use == or !="},
		{"x.p >= x.q", 4, "true or false has no order", "hint: use == or !="},
		{"x.a in (1, 'a')", 4, "cannot compare a number with a text", NULL},
		{"'a' in 1 .. 2 and x.p", 4, "cannot compare a number with a text", NULL},
		{"if(x.a, 1, 2) > x.b", 3, "expected true or false, got a number",
		 "hint: compare it: x > 0"},
		{"if(x.p, 1, 'a') == 1", 0, "cannot choose between a number and a text", NULL},
		{"x.a ?"
		 "? 'a' == 1",
		 4, "cannot choose between a number and a text", NULL},
		{"rises(x.a)", 6, "expected true or false, got a number",
		 "hint: compare it: x > 0"},
		{"abs() > x.a", 0, "'abs' takes 1 argument, got 0", NULL},
		{"abs(x.a, 1) > 1", 0, "'abs' takes 1 argument, got 2", NULL},
		{"min(x.a) > 1", 0, "'min' takes 2 to 16 arguments, got 1", NULL},
		{"clamp(x.a) > 1", 0, "'clamp' takes 3 arguments, got 1", NULL},
		{"quality(x.a) == 'stal'", 16, "'stal' is no quality",
		 "hint: did you mean 'stale'?"},
		{"'wonderful' != quality(x.a)", 0, "'wonderful' is no quality",
		 "hint: a quality is 'good', 'uncertain', 'stale' or 'bad'"},
		{"quality(x.a) in ('good', 'fair')", 25, "'fair' is no quality",
		 "hint: a quality is 'good', 'uncertain', 'stale' or 'bad'"},
		{"1 < 2", 2, "this never changes: it reads no point", NULL},
		{"true", 0, "this never changes: it reads no point", NULL},
		{"changed(5)", 8, "this never changes: it reads no point", NULL},
		{"x.a > 1 / 0", 8, "this computation has no result", NULL},
		{"x.a > ln(0)", 6, "this computation has no result", NULL},
		{"x.a > 1e300 * 1e300", 12, "this computation has no result", NULL},
		{"1 kW / 0 W > x.a", 5, "this computation has no result", NULL},
		{"rises(changed(x.a))", 6, "an instant cannot stand inside another", NULL},
		{"changed(rule.r.firing)", 0, "the state of a rule cannot stand in 'changed'",
		 "hint: use on_fire and on_clear of that rule"},
		{"age(x.a) > age(x.b)", 0, "an age in a condition is compared with a constant",
		 "hint: for example age(x) > 90s"},
		{"age(x.a) + 1s > 90s", 0, "an age in a condition is compared with a constant",
		 "hint: for example age(x) > 90s"},
		{"age(x.a) == 5s", 9, "an age is compared by its size",
		 "hint: use < <= > or >="},
		{"age(x.a) >= 0s", 9, "the limit of an age is above 0 and below 285 years",
		 NULL},
		{"age(x.a) > 50[m]", 9, "cannot compare time [s] with length [m]",
		 "hint: a bare 'm' is minutes; write 5[m] for metres"},
		{"1s < age(x.a) < 5 bar", 3, "cannot compare time [s] with pressure [bar]",
		 NULL},
	};

	(void)state;
	assert_all_wrong("when", cases, ARRAY_SIZE(cases));
}

static void test_units_that_do_not_fit_are_told(void **state)
{
	static const struct wrong_expr cases[] = {
		{"boiler.pressure < 3[kg/h]", 16,
		 "cannot compare pressure [bar] with quantity [kg/h]", NULL},
		{"tank.level > 5m", 11, "cannot compare length [m] with time [s]",
		 "hint: a bare 'm' is minutes; write 5[m] for metres"},
		{"boiler.temp > 80 K", 12,
		 "cannot compare temperature [degC] with temperature difference [K]",
		 "hint: K is a difference of temperatures; a temperature is written 20 degC"},
		{"boiler.temp - boiler.return_temp > 5 degC", 33,
		 "cannot compare temperature difference [K] with temperature [degC]",
		 "hint: K is a difference of temperatures; a temperature is written 20 degC"},
		{"boiler.temp + boiler.return_temp > 5", 12, "cannot add two temperatures",
		 "hint: the middle of two is a + (b - a) / 2; a difference is written 5[K]"},
		{"room.lift - boiler.temp > 5", 10,
		 "cannot subtract a temperature from a difference", NULL},
		{"boiler.temp * 2 > 5", 12, "cannot multiply temperature [degC]",
		 "hint: its zero is arbitrary: subtract a reference first, (x - 20 degC)"},
		{"2 * boiler.temp > 5", 2, "cannot multiply with temperature [degC]",
		 "hint: its zero is arbitrary: subtract a reference first, (x - 20 degC)"},
		{"boiler.temp / 2 > 5", 12, "cannot divide temperature [degC]",
		 "hint: its zero is arbitrary: subtract a reference first, (x - 20 degC)"},
		{"1 / boiler.temp > 5", 2, "cannot divide by temperature [degC]",
		 "hint: its zero is arbitrary: subtract a reference first, (x - 20 degC)"},
		{"boiler.temp ^ 2 > 5", 12, "cannot raise temperature [degC]",
		 "hint: its zero is arbitrary: subtract a reference first, (x - 20 degC)"},
		{"-boiler.temp > 5", 0, "cannot negate temperature [degC]",
		 "hint: its zero is arbitrary: subtract a reference first, (x - 20 degC)"},
		{"sqrt(boiler.temp) > 5", 0, "cannot take the root of temperature [degC]",
		 "hint: its zero is arbitrary: subtract a reference first, (x - 20 degC)"},
		{"sqrt(tank.level) > 5", 0, "cannot take the root of length [m]", NULL},
		{"boiler.pressure + tank.level > 5", 16,
		 "cannot add pressure [bar] and length [m]", NULL},
		{"boiler.pressure - tank.level > 5", 16,
		 "cannot subtract pressure [bar] and length [m]", NULL},
		{"min(boiler.pressure, tank.level) > 5", 0,
		 "cannot take together pressure [bar] and length [m]", NULL},
		{"tank.level ?"
		 "? 5[bar] > 5",
		 11, "cannot choose between length [m] and pressure [bar]", NULL},
		{"if(x.p, 5[bar], tank.level) > 5", 0,
		 "cannot choose between pressure [bar] and length [m]", NULL},
		{"exp(tank.level) > 5", 4, "'exp' takes a plain number, got length [m]", NULL},
		{"tank.level ^ x.a > 5", 13, "the exponent of a quantity has to be a constant",
		 NULL},
		{"tank.level ^ 0.5 > 5", 13, "the dimension of the result is no dimension",
		 NULL},
		{"2 ^ tank.level > 5", 4, "an exponent is a plain number, got length [m]",
		 NULL},
		{"tank.level ^ 9 * tank.level ^ 9 > 1", 15,
		 "the dimension of the result is out of bounds", NULL},
		{"1[bar] <= tank.level < 2[m]", 7,
		 "cannot compare length [m] with pressure [bar]", NULL},
		{"tank.level in (1[m], 2[bar])", 11,
		 "cannot compare length [m] with pressure [bar]", NULL},
		{"tank.level * tank.level > 2[m]", 24,
		 "cannot compare area [m*m] with length [m]", NULL},
		{"2 * tank.level > 5[bar]", 15, "cannot compare length [m] with pressure [bar]",
		 NULL},
		{"2 / tank.level > 5[bar]", 15, "cannot compare quantity with pressure [bar]",
		 NULL},
		{"rate(meter.flow, 5m) > 5[bar]", 21,
		 "cannot compare quantity with pressure [bar]", NULL},
		{"rate(oven.temp, 5m) > 5[bar]", 20,
		 "cannot compare temperature rate with pressure [bar]", NULL},
		{"rate(meter.energy ^ 6, 5m) > x.a", 0,
		 "the dimension of the result is out of bounds", NULL},
	};

	(void)state;
	assert_all_wrong("when", cases, ARRAY_SIZE(cases));
}

static void test_constants_are_converted_to_the_unit_of_the_point(void **state)
{
	static const struct {
		const char *expr, *point;
		double below, at;
	} cases[] = {
		{"boiler.temp >= 80", "boiler.temp", 79.999, 80},
		{"boiler.temp >= 80 degC", "boiler.temp", 79.999, 80},
		{"boiler.temp >= 176degF", "boiler.temp", 79.999, 80},
		{"boiler.temp >= 353.15[degK]", "boiler.temp", 79.999, 80},
		{"176 degF <= boiler.temp", "boiler.temp", 79.999, 80},
		{"oven.temp >= 100 degC", "oven.temp", 211.99, 212},
		{"boiler.pressure >= 300[kPa]", "boiler.pressure", 2.999, 3},
		{"boiler.pressure >= 0.3 MPa", "boiler.pressure", 2.999, 3},
		{"meter.flow >= 0.6[m^3/h]", "meter.flow", 9.999, 10},
		{"meter.energy >= 3.6 MJ", "meter.energy", 0.999, 1},
		{"pump.runtime >= 500h", "pump.runtime", 499.99, 500},
		{"pump.runtime >= 90m", "pump.runtime", 1.499, 1.5},
		{"tank.level >= 5[m]", "tank.level", 4.999, 5},
		{"tank.level >= 120[cm] + 80[cm]", "tank.level", 1.999, 2},
		{"tank.fill >= 50%", "tank.fill", 49.99, 50},
		{"tank.fill / 100% >= 0.5", "tank.fill", 49.99, 50},
		{"tank.fill * 2 >= 100%", "tank.fill", 49.99, 50},
		{"point('meter-3.power') >= 1.5 kW", "meter-3.power", 1499, 1500},
		{"point('meter-3.power') * 2h >= 3[kWh]", "meter-3.power", 1499, 1500},
		{"point('meter-3.power') / 1[kW] >= 1.5", "meter-3.power", 1499, 1500},
		{"room.lift >= 5", "room.lift", 4.999, 5},
		{"boiler.temp + 5[K] >= 85", "boiler.temp", 79.999, 80},
		{"5[K] + boiler.temp >= 85 degC", "boiler.temp", 79.999, 80},
		{"oven.temp - 10[K] >= 194 degF", "oven.temp", 211.99, 212},
		{"boiler.temp - 20 >= 60", "boiler.temp", 79.999, 80},
		{"boiler.temp - 20 >= 60[K]", "boiler.temp", 79.999, 80},
		{"tank.level ^ 2 >= 4[m^2]", "tank.level", 1.999, 2},
		{"sqrt(tank.level * tank.level) >= 200[cm]", "tank.level", 1.999, 2},
		{"max(tank.level, 50[cm]) >= 2", "tank.level", 1.999, 2},
		{"clamp(tank.level, 0, 300[cm]) >= 2[m]", "tank.level", 1.999, 2},
		{"-tank.level <= -2", "tank.level", 1.999, 2},
		{"x.a * 5[m] >= 10", "x.a", 1.999, 2},
		{"x.a >= 1.5 kW / 1 W", "x.a", 1499, 1500},
		{"tank.fill ^ 2 >= 25%", "tank.fill", 49.99, 50},
		{"x.a >= min(30, 2, 10)", "x.a", 1.999, 2},
		{"x.a >= max(1, 2, 1.5) + pow(2, 3) - 8", "x.a", 1.999, 2},
		{"pump.runtime >= 2 * 15m", "pump.runtime", 0.4999, 0.5},
		{"if(x.a < 2, quality(x.a), 'none') == 'none'", "x.a", 1.999, 2},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		if (holds(cases[i].expr, cases[i].point, cases[i].below) != 0 ||
		    holds(cases[i].expr, cases[i].point, cases[i].at) != 1)
			print_error("%s\n", cases[i].expr);
		assert_int_equal(holds(cases[i].expr, cases[i].point, cases[i].below), 0);
		assert_int_equal(holds(cases[i].expr, cases[i].point, cases[i].at), 1);
	}
}

static void test_values_of_two_scales_are_compared(void **state)
{
	struct rules_case c;

	(void)state;
	rules_case_init_expr(&c, "when", "oven.temp >= boiler.temp", "");
	rules_case_start(&c);
	feed_number(&c, 1, "boiler.temp", 100);
	feed_number(&c, 1, "oven.temp", 211);
	assert_int_equal(rules_case_condition(&c), 0);
	feed_number(&c, 1, "oven.temp", 213);
	assert_int_equal(rules_case_condition(&c), 1);
	rules_case_done(&c);
	rules_case_init_expr(&c, "when", "oven.temp - boiler.temp > 5[K]", "");
	rules_case_start(&c);
	feed_number(&c, 1, "boiler.temp", 100);
	feed_number(&c, 1, "oven.temp", 220);
	assert_int_equal(rules_case_condition(&c), 0);
	feed_number(&c, 1, "oven.temp", 222);
	assert_int_equal(rules_case_condition(&c), 1);
	rules_case_done(&c);
}

static void test_instants_need_edges_and_states_may_have_them(void **state)
{
	static const struct wrong_expr cases[] = {
		{"x.p", 0, "an 'on:' needs rises(), falls() or changed()",
		 "hint: a condition that lasts belongs in 'when'"},
		{"x.a > 5", 4, "an 'on:' needs rises(), falls() or changed()",
		 "hint: a condition that lasts belongs in 'when'"},
	};
	static const char *const good[] = {"rises(x.p)", "falls(x.a > 5)", "changed(x.s)",
					   "changed(x.a) and not x.p", "rises(age(x.a) > 5s)"};
	struct rules_case c;

	(void)state;
	assert_all_wrong("on", cases, ARRAY_SIZE(cases));
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		rules_case_init_expr(&c, "on", good[i], "");
		assert_string_equal(conf_case_said(&c.conf), "");
		rules_case_done(&c);
	}
}

static void test_every_error_of_an_expression_is_reported(void **state)
{
	struct rules_case c;

	(void)state;
	rules_case_init_expr(&c, "when",
			     "x.p + 1 > 2 and nope > 3 or meen(1) == tank.level ^ x.a", "");
	assert_null(c.set);
	assert_int_equal(diags_errors(c.conf.diags), 4);
	rules_case_done(&c);
}

static void test_errors_point_into_every_style_of_scalar(void **state)
{
	struct rules_case c;

	(void)state;
	rules_case_init(&c, "rules:\n"
			    "  double:\n"
			    "    when: \"boiler.temp > 80 \\x61nd boiler.pressure < 3[kg/h]\"\n"
			    "  folded:\n"
			    "    when: >\n"
			    "      boiler.temp > 80\n"
			    "      and meen(boiler.temp, 5m) > 70\n");
	assert_string_equal(
		conf_case_said(&c.conf),
		"t.yaml:3:52: error: cannot compare pressure [bar] with quantity [kg/h]\n"
		"    3 |     when: \"boiler.temp > 80 \\x61nd boiler.pressure < 3[kg/h]\"\n"
		"      |                                                    ^\n"
		"      = in 'when' of rule 'double'\n"
		"t.yaml:7:11: error: unknown function 'meen'\n"
		"    7 |       and meen(boiler.temp, 5m) > 70\n"
		"      |           ^~~~\n"
		"      = hint: did you mean 'min'?\n");
	rules_case_done(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_that_are_unknown_are_told),
		cmocka_unit_test(test_types_that_do_not_fit_are_told),
		cmocka_unit_test(test_units_that_do_not_fit_are_told),
		cmocka_unit_test(test_constants_are_converted_to_the_unit_of_the_point),
		cmocka_unit_test(test_values_of_two_scales_are_compared),
		cmocka_unit_test(test_instants_need_edges_and_states_may_have_them),
		cmocka_unit_test(test_every_error_of_an_expression_is_reported),
		cmocka_unit_test(test_errors_point_into_every_style_of_scalar),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
