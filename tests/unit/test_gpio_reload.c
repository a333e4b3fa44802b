/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Tests what goes on over a reload that changes a GPIO bus: which lines keep their requests,
 * and so miss nothing, and what is said of those that cannot.
 */
#include "inputs/gpio.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/log.h"
#include "gpio_box.h"
#include "inputs/gpio_config.h"
#include "io/loop.h"

/* Totals come over by bytes, as the daemon brings them. */
static void keep(void *arg, uint32_t point, const void *bytes, size_t len)
{
	struct box *box = arg;

	(void)point;
	assert_true(
		input_gpio.restore(box->rig.input, rig_point(&box->rig, "d.n"), bytes, len));
}

static void box_reload_total(struct box *box, const char *points)
{
	struct input_rig before = box->rig;

	box->rig = (struct input_rig){0};
	box_open(box, "", points);
	input_gpio.adopt(box->rig.input, before.input);
	input_gpio.save(before.input, (struct input_keeper){keep, box, true});
	rig_done(&before);
}

/* ---- lines that stay */

static void test_line_that_stays_keeps_its_request(void **state)
{
	struct box box;
	unsigned calls;

	(void)state;
	box_begin(&box, "", "a: {line: 1}, b: {line: 2, debounce: 5ms}");
	calls = fake_gpio_calls();
	box_reload(&box, "stale_after: 9s,",
		   "b: {line: 2, debounce: 5ms, hold_bad: false}, "
		   "a: {line: 1}");
	assert_int_equal(fake_gpio_requests(), 1);
	box_expect(&box, "d.a false\nd.b false\n");
	/* The levels, and whether the chip is there: nothing is asked for anew. */
	assert_in_range(fake_gpio_calls() - calls, 1, 3);
	fake_gpio_drive(box.chip, 2, true);
	box_expect(&box, "d.b true\n");
	assert_string_equal(rig_state(&box.rig, -1), "up");
	assert_int_equal(rig_counter(&box.rig, 0, "unwatched"), 0);
	box_done(&box);
}

/* Those that come between the last look of the old bus and the first of the new one, too. */
static void test_edges_around_a_reload_are_all_counted(void **state)
{
	struct box box;

	(void)state;
	box_begin(&box, "", "n: {line: 1, count: rising}");
	pulse(&box, 1, 3);
	box_until(&box, "d.n", "3");
	pulse(&box, 1, 4);
	box_reload_total(&box, "more: {line: 2}, n: {line: 1, count: rising}");
	pulse(&box, 1, 5);
	box_turn(&box);
	assert_string_equal(rig_last(&box.rig, "d.n"), "12");
	assert_string_equal(rig_last(&box.rig, "d.more"), "false");
	assert_int_equal(rig_counter(&box.rig, 0, "edges_lost"), 0);
	assert_int_equal(rig_counter(&box.rig, -1, "gaps"), 0);
	box_done(&box);
}

static void test_numbers_of_edges_go_on_over_a_reload(void **state)
{
	struct box box;

	(void)state;
	box_begin(&box, "", "n: {line: 1, count: rising}");
	pulse(&box, 1, 3);
	box_until(&box, "d.n", "3");
	pulse(&box, 1, 2000);
	box_reload_total(&box, "more: {line: 2}, n: {line: 1, count: rising}");
	box_until(&box, "d.n", "2003");
	assert_int_equal(rig_counter(&box.rig, 0, "edges_lost"), 2000 - 1024);
	box_done(&box);
}

static void test_a_bus_that_is_reloaded_again_and_again_misses_nothing(void **state)
{
	static const char *const points[] = {
		"n: {line: 1, count: rising}",
		"n: {line: 1, count: rising}, a: {line: 2}, o: {line: 9, direction: output}",
		"z: {line: 7, debounce: 1ms}, n: {line: 1, count: rising, unit: L}",
	};
	struct box box;
	unsigned sum = 0;
	char text[16];

	(void)state;
	box_begin(&box, "", points[0]);
	for (unsigned i = 0; i < 60; i++) {
		pulse(&box, 1, (int)(i % 5));
		sum += i % 5;
		if (i % 3 == 1)
			box_turn(&box);
		box_reload_total(&box, points[i % 3]);
		pulse(&box, 1, (int)(i % 4));
		sum += i % 4;
	}
	snprintf(text, sizeof(text), "%u", sum);
	box_until(&box, "d.n", text);
	assert_int_equal(rig_counter(&box.rig, -1, "edges_lost"), 0);
	box_done(&box);
}

static void test_encoder_and_rate_go_on_over_a_reload(void **state)
{
	struct box box;
	int64_t now;

	(void)state;
	box_begin(&box, "",
		  "n: {quadrature: [5, 6]}, hz: {line: 1, measure: frequency, over: 9s}");
	now = clock_mono().ns;
	for (int i = 0; i < 3; i++) {
		fake_gpio_drive_at(box.chip, 1, true, now - (2 - i) * 100 * NSEC_PER_MSEC);
		fake_gpio_drive_at(box.chip, 1, false, now - (2 - i) * 100 * NSEC_PER_MSEC);
	}
	fake_gpio_drive(box.chip, 5, true);
	box_turn(&box);
	assert_string_equal(rig_last(&box.rig, "d.n"), "1");
	box_reload_total(&box, "x: {line: 9}, n: {quadrature: [5, 6]}, "
			       "hz: {line: 1, measure: frequency, over: 9s}");
	fake_gpio_drive(box.chip, 6, true);
	fake_gpio_drive(box.chip, 5, false);
	fake_gpio_drive_at(box.chip, 1, true, now + 100 * NSEC_PER_MSEC);
	box_turn(&box);
	assert_string_equal(rig_last(&box.rig, "d.n"), "3");
	assert_true(box_number(&box, "d.hz") > 0 && box_number(&box, "d.hz") < 10.01);
	assert_int_equal(rig_counter(&box.rig, 0, "edges_lost"), 0);
	box_done(&box);
}

/* The scale may be another one, and the next poll an hour away. */
static void test_total_is_told_at_once_with_its_new_scale(void **state)
{
	struct box box;

	(void)state;
	box_begin(&box, "", "n: {line: 1, count: rising}");
	pulse(&box, 1, 8);
	box_until(&box, "d.n", "8");
	box_reload_total(&box, "n: {line: 1, count: rising, per: 4}");
	box_expect(&box, "d.n 2\n");
	box_done(&box);
}

static void test_reading_that_was_owed_is_told_by_the_new_bus(void **state)
{
	struct box box;

	(void)state;
	box_begin(&box, "max_readings: 2/s,", "n: {line: 1, count: rising}");
	pulse(&box, 1, 9);
	box_turn(&box);
	assert_string_equal(rig_last(&box.rig, "d.n"), "2");
	box_reload_total(&box, "n: {line: 1, count: rising}, a: {line: 2}");
	box_until(&box, "d.n", "9");
	box_done(&box);
}

/* A relay that falls off and on again for a reload switches a pump. */
static void test_output_is_not_let_go_of(void **state)
{
	struct error err;
	struct box box;

	(void)state;
	box_begin(&box, "", "o: {line: 1, direction: output, on_start: off}, a: {line: 2}");
	assert_int_equal(box_write(&box, "d.o", true, &err), 0);
	box_turn(&box);
	box_reload(&box, "",
		   "o: {line: 1, direction: output, on_start: off, max_on: 1h}, "
		   "a: {line: 2}, b: {line: 3}");
	assert_true(fake_gpio_taken(box.chip, 1));
	assert_true(fake_gpio_high(box.chip, 1));
	/* At once, with no turn of the loop in between. */
	assert_int_equal(box_write(&box, "d.o", false, &err), 0);
	assert_int_equal(box.outcome, WRITE_DONE);
	assert_false(fake_gpio_high(box.chip, 1));
	box_turn(&box);
	assert_string_equal(rig_last(&box.rig, "d.o"), "false");
	assert_string_equal(rig_last(&box.rig, "d.b"), "false");
	box_done(&box);
}

/* What else is removed: it stays in the hand. */
static void test_output_is_not_let_go_of_with_others(void **state)
{
	struct error err;
	struct box box;

	(void)state;
	box_begin(&box, "",
		  "a: {line: 1}, o: {line: 2, direction: output}, b: {line: 3}, "
		  "p: {line: 4, direction: output}");
	assert_int_equal(fake_gpio_requests(), 3);
	assert_int_equal(box_write(&box, "d.o", true, &err), 0);
	box_turn(&box);
	box_reload(&box, "", "o: {line: 2, direction: output}, b: {line: 3}");
	assert_true(fake_gpio_taken(box.chip, 2));
	assert_false(fake_gpio_taken(box.chip, 4));
	assert_true(fake_gpio_high(box.chip, 2));
	box_turn(&box);
	assert_string_equal(rig_last(&box.rig, "d.o"), "true");
	box_done(&box);
}

/* ---- lines that have to be taken anew */

static void test_output_written_while_the_new_bus_is_open_stays_so(void **state)
{
	struct input_rig before;
	struct error err;
	struct box box;

	(void)state;
	box_begin(&box, "", "o: {line: 1, direction: output}, a: {line: 2}");
	before = box.rig;
	box.rig = (struct input_rig){0};
	box_open(&box, "", "o: {line: 1, direction: output}");
	/* By a rule whose time has come, under the configuration that still counts. */
	assert_int_equal(
		input_gpio.write(before.input, 0, value_bool(true), box_written, &box, &err),
		0);
	input_gpio.adopt(box.rig.input, before.input);
	rig_done(&before);
	box_expect(&box, "d.o true\n");
	assert_true(fake_gpio_high(box.chip, 1));
	/* Once: a chip that was away begins as it says. */
	fake_gpio_unplug(box.chip);
	box_until(&box, "d.o", "bad:offline");
	box.chip = fake_gpio_plug("gpiochip1", "lab", 64);
	box_until(&box, "d.o", "false");
	box_done(&box);
}

static void test_line_that_is_set_up_otherwise_says_that_it_was_not_watched(void **state)
{
	struct box box;

	(void)state;
	box_begin(&box, "", "n: {line: 1, count: rising}, o: {line: 2, direction: output}");
	pulse(&box, 1, 3);
	box_until(&box, "d.n", "3");
	box_reload_total(&box, "n: {line: 1, count: rising, debounce: 2ms}, "
			       "o: {line: 2, direction: output}, new: {line: 3, count: both}");
	str_clear(&box.rig.log);
	box_turn(&box);
	assert_non_null(strstr(box.rig.log.s, "d.n bad:lost\n"));
	/* One that is written has missed nothing, and a new one was never watched. */
	assert_null(strstr(box.rig.log.s, "d.o bad"));
	assert_null(strstr(box.rig.log.s, "d.new bad"));
	box_until(&box, "d.n", "3");
	assert_int_equal(rig_counter(&box.rig, 0, "unwatched"), 1);
	pulse(&box, 1, 1);
	box_until(&box, "d.n", "4");
	box_done(&box);
}

static void test_line_whose_neighbour_is_removed_says_so_too(void **state)
{
	struct box box;

	(void)state;
	box_begin(&box, "", "l: {line: 1}, a: {line: 2}");
	box_reload(&box, "", "l: {line: 1}");
	assert_int_equal(fake_gpio_requests(), 0);
	box_turn(&box);
	assert_non_null(strstr(box.rig.log.s, "d.l bad:lost\n"));
	assert_false(fake_gpio_taken(box.chip, 2));
	box_until(&box, "d.l", "false");
	box_done(&box);
}

static void test_line_that_was_away_before_has_been_told(void **state)
{
	struct box box;

	(void)state;
	box_begin(&box, "", "l: {line: 1}");
	fake_gpio_unplug(box.chip);
	box_until(&box, "d.l", "bad:offline");
	box_reload(&box, "", "l: {line: 1}, a: {line: 2}");
	box.chip = fake_gpio_plug("gpiochip1", "lab", 8);
	box_until(&box, "d.l", "false");
	assert_int_equal(rig_counter(&box.rig, 0, "unwatched"), 0);
	box_done(&box);
}

/* Unplugged, and nobody has noticed yet. */
static void test_chip_that_died_is_not_taken_over(void **state)
{
	struct box box;

	(void)state;
	box_begin(&box, "", "l: {line: 1}");
	fake_gpio_unplug(box.chip);
	box_reload(&box, "", "l: {line: 1}, a: {line: 2}");
	box_turn(&box);
	assert_string_equal(rig_last(&box.rig, "d.l"), "bad:offline");
	assert_string_equal(rig_state(&box.rig, -1), "offline");
	box_done(&box);
}

/* The same names for other lines: nothing of one point is another's. */
static void test_points_that_change_lines_know_nothing_of_each_other(void **state)
{
	struct box box;

	(void)state;
	box_begin(&box, "", "a: {line: 1}, b: {line: 2}");
	fake_gpio_drive(box.chip, 1, true);
	box_turn(&box);
	box_reload(&box, "", "a: {line: 2}, b: {line: 1}");
	box_expect(&box, "d.b true\nd.a false\n");
	assert_int_equal(fake_gpio_requests(), 1);
	box_done(&box);
}

/* The order of an encoder's edges is that of one request. */
static void test_lines_that_become_an_encoder_are_taken_together(void **state)
{
	struct box box;

	(void)state;
	box_init(&box);
	box.chip = fake_gpio_plug("gpiochip0", "lab", 8);
	fake_gpio_hold(box.chip, 6, "hog");
	box_open(&box, "", "a: {line: 5, count: both}, b: {line: 6, count: both}");
	box_turn(&box);
	fake_gpio_hold(box.chip, 6, NULL);
	box_until(&box, "d.b", "0");
	assert_int_equal(fake_gpio_requests(), 2);
	box_reload(&box, "", "n: {quadrature: [5, 6]}");
	box_turn(&box);
	assert_int_equal(fake_gpio_requests(), 1);
	box_done(&box);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_line_that_stays_keeps_its_request),
		cmocka_unit_test(test_edges_around_a_reload_are_all_counted),
		cmocka_unit_test(test_numbers_of_edges_go_on_over_a_reload),
		cmocka_unit_test(test_a_bus_that_is_reloaded_again_and_again_misses_nothing),
		cmocka_unit_test(test_encoder_and_rate_go_on_over_a_reload),
		cmocka_unit_test(test_total_is_told_at_once_with_its_new_scale),
		cmocka_unit_test(test_reading_that_was_owed_is_told_by_the_new_bus),
		cmocka_unit_test(test_output_is_not_let_go_of),
		cmocka_unit_test(test_output_is_not_let_go_of_with_others),
		cmocka_unit_test(test_output_written_while_the_new_bus_is_open_stays_so),
		cmocka_unit_test(
			test_line_that_is_set_up_otherwise_says_that_it_was_not_watched),
		cmocka_unit_test(test_line_whose_neighbour_is_removed_says_so_too),
		cmocka_unit_test(test_line_that_was_away_before_has_been_told),
		cmocka_unit_test(test_chip_that_died_is_not_taken_over),
		cmocka_unit_test(test_points_that_change_lines_know_nothing_of_each_other),
		cmocka_unit_test(test_lines_that_become_an_encoder_are_taken_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
