/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Tests how GPIO buses are declared: what is taken, and what is said of the rest. */
#include "inputs/gpio_config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "input_rig.h"
#include "inputs/gpio.h"
#include "inputs/plan.h"

/* What is said of points, of a device d; NULL: nothing. */
static void expect_said(const char *points, const char *wanted)
{
	struct input_rig rig;
	const char *said;
	char *text;

	assert_true(asprintf(&text, "bus: {gpio: {chip: lab}}\ndevices: {d: {points: {%s}}}\n",
			     points) > 0);
	said = rig_parse(&rig, &input_gpio, text);
	if (wanted == NULL && said != NULL)
		fail_msg("%s: %s", points, said);
	if (wanted != NULL && (said == NULL || strstr(said, wanted) == NULL))
		fail_msg("%s: not '%s' but: %s", points, wanted,
			 said != NULL ? said : "nothing");
	rig_done(&rig);
	free(text);
}

static void test_points_are_taken(void **state)
{
	(void)state;
	expect_said("a: {line: 17, active: low, bias: pull-up, debounce: 5ms}", NULL);
	expect_said(
		"a: {line: FLOW, count: rising, scale: 0.0025, unit: L, rate: {unit: L/min, "
		"over: 5s}}",
		NULL);
	expect_said("a: {line: 22, direction: output, drive: open-drain, on_start: off}", NULL);
	expect_said("a: {line: 3, edge: falling}", NULL);
	expect_said("a: {line: 1, direction: output, on_start: on, max_on: 3s}", NULL);
	expect_said("a: {line: 1, direction: output, on_start: keep, min_off: 3s}", NULL);
	expect_said("a: {line: 3, measure: frequency, over: 2s, unit: rpm, range: [0, 9000]}",
		    NULL);
	expect_said("a: {line: 3, measure: width, unit: ms}", NULL);
	expect_said("a: {quadrature: [A, B], per: 400, unit: mm}", NULL);
	expect_said("a: {line: 1, count: both, rate: {}}", NULL);
	expect_said("a: {line: 1}, b: {line: 1, count: rising}, c: {quadrature: [1, 2]}", NULL);
}

static void test_lines_that_are_none_are_refused(void **state)
{
	(void)state;
	expect_said("a: {line: -1}", "expected the number of a line from 0 to 65535");
	expect_said("a: {line: 65536}", "expected the number of a line");
	expect_said("a: {line: 1, direction: output, on_start: on, min_off: 3s}",
		    "'on_start' switches it on before 'min_off' is over");
	expect_said("a: {line: ''}", "expected a line");
	expect_said("a: {line: [1]}", "expected a line");
	expect_said("a: {line: a-name-that-is-much-too-long-for-it}", "its name of up to 31");
	expect_said("a: {}", "needs either 'line' or 'quadrature'");
	expect_said("a: {line: 1, quadrature: [1, 2]}", "needs either");
	expect_said("a: {quadrature: [1]}", "the two lines of an encoder, got 1");
	expect_said("a: {quadrature: [1, 1]}", "an encoder has two different lines");
}

static void test_options_that_mean_nothing_are_refused(void **state)
{
	(void)state;
	expect_said("a: {line: 1, count: rising, edge: rising}", "'count' cannot stand beside");
	expect_said("a: {line: 1, direction: output, count: both}",
		    "'count' cannot stand beside 'direction: output'");
	expect_said("a: {line: 1, scale: 2}", "'scale' is for points with 'count'");
	expect_said("a: {line: 1, drive: open-drain}", "'drive' is for outputs");
	expect_said("a: {line: 1, on_start: on}", "'on_start' is for outputs");
	expect_said("a: {line: 1, max_on: 3m}", "'max_on' is for points with 'direction");
	expect_said("a: {line: 1, direction: output, max_on: 1m, min_on: 2m}",
		    "'max_on' is less than 'min_on'");
	expect_said("a: {line: 1, direction: output, max_on: 1m, on_stop: off}", NULL);
	expect_said("a: {line: 1, direction: output, debounce: 1ms}",
		    "'debounce' is for inputs");
	expect_said("a: {line: 1, rate: {}}", "'rate' is for points with 'count'");
	expect_said("a: {line: 1, count: both, scale: 2, per: 3}", "'per' stands instead of");
	expect_said("a: {line: 1, count: both, over: 2s}", "'over' is for points with");
	expect_said("a: {line: 1, unit: L}", "'unit' is for points with");
}

static void test_units_have_to_fit(void **state)
{
	(void)state;
	expect_said("a: {line: 1, measure: frequency, unit: L}", "'L' is no unit of frequency");
	expect_said("a: {line: 1, measure: width, unit: Hz}", "'Hz' is no unit of time");
	expect_said("a: {line: 1, count: both, unit: L, rate: {unit: kg/h}}",
		    "'kg/h' is no unit of L by time");
	expect_said("a: {line: 1, count: both, unit: litre}", "unit");
}

static void test_one_line_is_requested_in_one_way(void **state)
{
	(void)state;
	expect_said("a: {line: 1}, b: {line: 1, active: low}", "its 'active' is another one");
	expect_said("a: {line: 1}, b: {line: 1, bias: pull-up}", "its 'bias' is another one");
	expect_said("a: {line: 1}, b: {line: 1, debounce: 1ms}", "its 'debounce' is another");
	expect_said("a: {line: 1}, b: {line: 1, direction: output}", "of one point only");
}

static void test_chip_has_to_be_told(void **state)
{
	static const struct {
		const char *bus, *wanted;
	} cases[] = {
		{"{gpio: {}}", "chip"},
		{"{gpio: {chip: ''}}", "expected the label, name or path of a chip"},
		{"{gpio: lab}", "map"},
		{"{gpio: {chip: lab, chips: 2}}", "chips"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct input_rig rig;
		const char *said;
		char *text;

		assert_true(asprintf(&text, "bus: %s\ndevices: {d: {points: {a: {line: 1}}}}\n",
				     cases[i].bus) > 0);
		said = rig_parse(&rig, &input_gpio, text);
		assert_non_null(said);
		if (strstr(said, cases[i].wanted) == NULL)
			fail_msg("not '%s' but: %s", cases[i].wanted, said);
		rig_done(&rig);
		free(text);
	}
}

static void test_points_are_what_they_say(void **state)
{
	struct input_rig rig;
	const struct point *point;

	(void)state;
	assert_null(rig_parse(&rig, &input_gpio,
			      "bus: {gpio: {chip: lab}, poll: 10s}\n"
			      "devices: {d: {points: {\n"
			      "  o: {line: 1, direction: output, on_stop: off, max_on: 3m},\n"
			      "  n: {line: 2, count: rising, unit: L, rate: {}},\n"
			      "  f: {line: 3, measure: frequency}}}}\n"));
	point = point_table_get(rig.points, rig_point(&rig, "d.o"));
	assert_int_equal(point->kind, VALUE_BOOL);
	assert_true(point->writable);
	assert_int_equal(point->stale_ns, 30 * NSEC_PER_SEC);
	assert_non_null(point->interlock);
	assert_int_equal(point->interlock->max_on_ns, 180 * NSEC_PER_SEC);
	assert_int_equal(point->interlock->on_stop.kind, VALUE_BOOL);
	assert_false(point->interlock->on_stop.flag);
	point = point_table_get(rig.points, rig_point(&rig, "d.n"));
	assert_null(point->interlock);
	assert_int_equal(point->kind, VALUE_NUMBER);
	assert_false(point->writable);
	point = point_table_get(rig.points, rig_point(&rig, "d.n.rate"));
	assert_string_equal(point->unit_text, "L/s");
	assert_true(point->unit.known);
	point = point_table_get(rig.points, rig_point(&rig, "d.f"));
	assert_string_equal(point->unit_text, "Hz");
	/* One line of two points is one line. */
	assert_int_equal(rig.config->link.line_count, 3);
	rig_done(&rig);
}

static void test_plan_says_which_lines_are_read_together(void **state)
{
	struct plan_request request;
	struct input_rig rig;

	(void)state;
	assert_null(rig_parse(&rig, &input_gpio,
			      "bus: {gpio: {chip: lab}, poll: 2s}\n"
			      "devices: {d: {points: {\n"
			      "  o: {line: 1, direction: output},\n"
			      "  n: {line: FLOW, count: rising, rate: {}},\n"
			      "  p: {quadrature: [3, 4]}}}}\n"));
	assert_true(input_gpio.plan(rig.config, 0, &request));
	assert_string_equal(request.device, "lab");
	assert_string_equal(request.reads, "lines FLOW 3 4");
	assert_int_equal(request.points, 3);
	assert_int_equal(request.interval_ns, 2 * NSEC_PER_SEC);
	assert_true(input_gpio.plan(rig.config, 1, &request));
	assert_string_equal(request.reads, "line 1");
	assert_int_equal(request.points, 1);
	assert_false(input_gpio.plan(rig.config, 2, &request));
	rig_done(&rig);
}

/* Its lines come into one request, wherever they were named first. */
static void test_lines_of_an_encoder_stand_together(void **state)
{
	struct plan_request request;
	struct input_rig rig;

	(void)state;
	assert_null(rig_parse(
		&rig, &input_gpio,
		"bus: {gpio: {chip: lab}}\n"
		"devices: {d: {points: {\n"
		"  b: {line: 4}, x: {line: 9}, p: {quadrature: [3, 4]},\n"
		"  y: {line: 8}, q: {quadrature: [5, 3]}, r: {quadrature: [6, 7]}}}}\n"));
	assert_true(input_gpio.plan(rig.config, 0, &request));
	assert_string_equal(request.reads, "lines 4 3 5 9 8 6 7");
	for (uint32_t i = 0; i < 7; i++)
		assert_int_equal(rig.config->link.lines[i].with_next,
				 i == 0 || i == 1 || i == 5);
	assert_int_equal(rig.config->link.lines[rig.config->points[2].lines[0]].offset, 3);
	assert_int_equal(rig.config->link.lines[rig.config->points[2].lines[1]].offset, 4);
	assert_int_equal(rig.config->link.lines[rig.config->points[1].lines[0]].offset, 9);
	rig_done(&rig);
}

static void test_encoders_that_all_share_lines_have_a_limit(void **state)
{
	char points[64 * 64] = "", text[64 * 70];
	struct input_rig rig;
	const char *said;
	size_t at = 0;

	(void)state;
	for (int i = 0; i < 63; i++)
		at += (size_t)snprintf(points + at, sizeof(points) - at,
				       "p%d: {quadrature: [%d, %d]}, ", i, i, i + 1);
	for (int more = 0; more < 2; more++) {
		snprintf(text, sizeof(text),
			 "bus: {gpio: {chip: lab}}\ndevices: {d: {points: {%s%s}}}\n", points,
			 more ? "p: {quadrature: [63, 64]}" : "");
		said = rig_parse(&rig, &input_gpio, text);
		if (more == 0)
			assert_null(said);
		else
			assert_non_null(strstr(said, "65 belong together"));
		rig_done(&rig);
	}
}

/* What is a warning, for the range is only what can be true. */
static void test_debounce_that_swallows_the_range_is_told(void **state)
{
	static const struct {
		const char *point;
		size_t warnings;
	} cases[] = {
		{"measure: frequency, debounce: 20ms, range: [0, 200]", 1},
		{"measure: frequency, debounce: 20ms, range: [0, 25]", 0},
		{"measure: frequency, unit: rpm, debounce: 20ms, range: [0, 1500]", 0},
		{"measure: frequency, unit: rpm, debounce: 20ms, range: [0, 1600]", 1},
		{"measure: frequency, range: [0, 200]", 0},
		{"measure: frequency, debounce: 20ms", 0},
		{"measure: width, unit: ms, debounce: 20ms, range: [1, 15]", 1},
		{"measure: width, unit: ms, debounce: 20ms, range: [1, 50]", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct input_rig rig;
		char text[256];

		snprintf(
			text, sizeof(text),
			"bus: {gpio: {chip: lab}}\ndevices: {d: {points: {a: {line: 1, %s}}}}\n",
			cases[i].point);
		(void)rig_parse(&rig, &input_gpio, text);
		assert_non_null(rig.config);
		if (diags_count(rig.diags) != cases[i].warnings)
			fail_msg("%s", cases[i].point);
		rig_done(&rig);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_points_are_taken),
		cmocka_unit_test(test_lines_that_are_none_are_refused),
		cmocka_unit_test(test_options_that_mean_nothing_are_refused),
		cmocka_unit_test(test_units_have_to_fit),
		cmocka_unit_test(test_one_line_is_requested_in_one_way),
		cmocka_unit_test(test_chip_has_to_be_told),
		cmocka_unit_test(test_points_are_what_they_say),
		cmocka_unit_test(test_plan_says_which_lines_are_read_together),
		cmocka_unit_test(test_lines_of_an_encoder_stand_together),
		cmocka_unit_test(test_encoders_that_all_share_lines_have_a_limit),
		cmocka_unit_test(test_debounce_that_swallows_the_range_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
