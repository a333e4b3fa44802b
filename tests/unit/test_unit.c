/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Tests of units: names, prefixes, products, conversions. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "model/unit.h"

static struct unit parsed(const char *text)
{
	struct unit unit;
	size_t bad, len;

	if (unit_parse(text, strlen(text), &unit, &bad, &len) != 0)
		print_error("not a unit: %s\n", text);
	assert_int_equal(unit_parse(text, strlen(text), &unit, &bad, &len), 0);
	assert_true(unit.known);
	return unit;
}

static void test_every_suggested_name_is_a_unit(void **state)
{
	size_t count;
	const char *const *names = unit_names(&count);

	(void)state;
	assert_true(count > 80);
	for (size_t i = 0; i < count; i++)
		parsed(names[i]);
}

static void test_equal_quantities_convert_into_each_other(void **state)
{
	static const struct {
		double a;
		const char *from;
		double b;
		const char *to;
	} cases[] = {
		{212, "degF", 100, "degC"},  {-40, "degC", -40, "degF"},
		{0, "degC", 273.15, "degK"}, {1, "bar", 14.503773773, "psi"},
		{1, "atm", 760, "Torr"},     {1, "m^3/h", 1000.0 / 60, "L/min"},
		{1, "kWh", 3.6, "MJ"},	     {1, "gal", 3.785411784, "L"},
		{1, "gal/min", 1, "gpm"},    {36, "km/h", 10, "m/s"},
		{1, "kn", 1.852, "km/h"},    {1, "ft", 304.8, "mm"},
		{1, "lb", 0.45359237, "kg"}, {60, "rpm", 1, "Hz"},
		{180, "deg", M_PI, "rad"},   {50, "%", 500000, "ppm"},
		{1, "MiB", 1048576, "B"},    {1, "kB", 8000, "bit"},
		{1, "h", 3600000, "ms"},     {1, "uS/cm", 0.1, "mS/m"},
		{1, "kg*m/s^2", 1, "N"},     {1, "N*m", 1, "J"},
		{1, "V*A", 1, "W"},	     {1, "hPa", 1, "mbar"},
		{1, "ohm", 1, "V/A"},	     {1, "degC/min", 1, "K/min"},
		{9, "degF/h", 5, "K/h"},     {1, "m³/h", 1, "m3/h"},
		{1, "µA", 1e-6, "A"},	     {1, "s^-1", 1, "Hz"},
		{1, "inHg", 25.4, "mmHg"},   {1, "mi", 1760, "yd"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct unit from = parsed(cases[i].from), to = parsed(cases[i].to);
		double factor, offset, got;

		assert_true(unit_same_dimension(&from, &to));
		unit_conversion(&from, &to, &factor, &offset);
		got = cases[i].a * factor + offset;
		if (fabs(got - cases[i].b) > 1e-8 * (1 + fabs(cases[i].b)))
			print_error("%s to %s: %.12g\n", cases[i].from, cases[i].to, got);
		assert_true(fabs(got - cases[i].b) <= 1e-8 * (1 + fabs(cases[i].b)));
	}
}

static void test_only_single_degrees_are_places_on_a_scale(void **state)
{
	(void)state;
	assert_true(parsed("degC").absolute);
	assert_true(parsed("degF").absolute);
	assert_true(parsed("degK").absolute);
	assert_false(parsed("K").absolute);
	assert_false(parsed("degC/h").absolute);
	assert_true(parsed("degC/h").offset == 0);
	assert_false(parsed("W/degC").absolute);
}

static void test_dimensions_have_names(void **state)
{
	static const struct {
		const char *unit, *name;
	} cases[] = {
		{"degC", "temperature"},  {"K", "temperature difference"},
		{"bar", "pressure"},	  {"kg/h", "quantity"},
		{"L/min", "volume flow"}, {"%", "ratio"},
		{"m", "length"},	  {"", "number"},
		{"kWh", "energy"},
	};
	struct unit none = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct unit unit = cases[i].unit[0] != '\0' ? parsed(cases[i].unit) : none;

		assert_string_equal(unit_dimension_name(&unit), cases[i].name);
	}
}

static void test_wrong_parts_are_pointed_at(void **state)
{
	static const struct {
		const char *text;
		size_t bad, len;
	} cases[] = {
		{"", 0, 0},	   {"degX", 0, 4},  {"L/", 2, 0},   {"/s", 0, 0},
		{"L/mon*s", 2, 3}, {"m^", 0, 2},    {"m^x", 0, 3},  {"m^0", 0, 3},
		{"m^10", 0, 4},	   {"m^2^2", 0, 5}, {"kmin", 0, 4}, {"k", 0, 1},
		{"m^9*m^9", 4, 1}, {"m/ s", 2, 2},  {"m s", 0, 3},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct unit unit = {.scale = 7};
		size_t bad = 99, len = 99;

		assert_int_not_equal(
			unit_parse(cases[i].text, strlen(cases[i].text), &unit, &bad, &len), 0);
		assert_true(unit.scale == 7);
		assert_int_equal(bad, cases[i].bad);
		assert_int_equal(len, cases[i].len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_suggested_name_is_a_unit),
		cmocka_unit_test(test_equal_quantities_convert_into_each_other),
		cmocka_unit_test(test_only_single_degrees_are_places_on_a_scale),
		cmocka_unit_test(test_dimensions_have_names),
		cmocka_unit_test(test_wrong_parts_are_pointed_at),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
