/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Tests GPIO buses on chips that are files (fake_gpio.h): what edges, losses and unplugging do.
 */
#include "inputs/gpio.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/gpio.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/log.h"
#include "gpio_box.h"
#include "inputs/gpio_config.h"
#include "io/loop.h"
#include "pty.h"

/* Levels and instants. */

static void test_level_is_told_at_the_start_and_at_each_edge(void **state)
{
	struct box box;

	(void)state;
	box_init(&box);
	box.chip = fake_gpio_plug("gpiochip0", "lab", 8);
	fake_gpio_drive(box.chip, 3, true);
	box_open(&box, "", "a: {line: 3}");
	box_expect(&box, "d.a true\n");
	fake_gpio_drive(box.chip, 3, false);
	box_expect(&box, "d.a false\n");
	box_done(&box);
}

static void test_readings_bear_the_kernels_times_of_their_edges(void **state)
{
	struct box box;
	int64_t begun;

	(void)state;
	box_begin(&box, "", "a: {line: 1}, b: {line: 2}, c: {line: 3}");
	begun = clock_mono().ns;
	pty_idle(box.loop, 60);
	for (int i = 0; i < 3; i++)
		fake_gpio_drive_at(box.chip, (uint32_t)i + 1, true,
				   begun + (10 + 20 * i) * NSEC_PER_MSEC);
	box_expect(&box, "d.a true\nd.b true\nd.c true\n");
	assert_int_equal(boot_diff(box.rig.last[1].at, box.rig.last[0].at), 20 * NSEC_PER_MSEC);
	assert_int_equal(boot_diff(box.rig.last[2].at, box.rig.last[1].at), 20 * NSEC_PER_MSEC);
	/* Never back: an edge from before the last reading, or from the future. */
	fake_gpio_drive_at(box.chip, 1, false, begun);
	box_expect(&box, "d.a false\n");
	assert_int_equal(boot_diff(box.rig.last[0].at, box.rig.last[2].at), 0);
	fake_gpio_drive_at(box.chip, 1, true, begun + 3600 * NSEC_PER_SEC);
	box_expect(&box, "d.a true\n");
	assert_in_range(boot_diff(clock_boot(), box.rig.last[0].at), 0, 60 * NSEC_PER_SEC);
	box_done(&box);
}

static void test_every_edge_of_one_read_is_a_reading(void **state)
{
	struct box box;

	(void)state;
	box_begin(&box, "", "a: {line: 3}");
	fake_gpio_drive(box.chip, 3, true);
	fake_gpio_drive(box.chip, 3, false);
	fake_gpio_drive(box.chip, 3, true);
	box_expect(&box, "d.a true\nd.a false\nd.a true\n");
	box_done(&box);
}

static void test_active_low_turns_levels_and_edges_around(void **state)
{
	struct box box;

	(void)state;
	box_begin(&box, "",
		  "a: {line: 3, active: low, bias: pull-up, debounce: 5ms}, "
		  "b: {line: 4, active: low, count: rising}");
	assert_int_equal(fake_gpio_flags(box.chip, 3), GPIO_V2_LINE_FLAG_ACTIVE_LOW |
							       GPIO_V2_LINE_FLAG_INPUT |
							       GPIO_V2_LINE_FLAG_EDGE_RISING |
							       GPIO_V2_LINE_FLAG_EDGE_FALLING |
							       GPIO_V2_LINE_FLAG_BIAS_PULL_UP);
	assert_int_equal(fake_gpio_debounce(box.chip, 3), 5000);
	assert_string_equal(rig_last(&box.rig, "d.a"), "true");
	str_clear(&box.rig.log);
	fake_gpio_drive(box.chip, 3, true);
	fake_gpio_drive(box.chip, 4, true);
	fake_gpio_drive(box.chip, 4, false);
	box_expect(&box, "d.a false\nd.b 1\n");
	box_done(&box);
}

static void test_instant_is_true_at_its_edges_only(void **state)
{
	struct box box;

	(void)state;
	box_begin(&box, "", "up: {line: 1, edge: rising}, down: {line: 1, edge: falling}");
	fake_gpio_drive(box.chip, 1, true);
	box_expect(&box, "d.up true\nd.up false\n");
	fake_gpio_drive(box.chip, 1, false);
	box_expect(&box, "d.down true\nd.down false\n");
	box_done(&box);
}

static void test_line_is_found_by_its_name(void **state)
{
	struct box box;

	(void)state;
	box_init(&box);
	box.chip = fake_gpio_plug("gpiochip0", "lab", 64);
	fake_gpio_name(box.chip, 17, "BELL");
	box_open(&box, "", "a: {line: BELL}, b: {line: \"17\"}");
	box_turn(&box);
	assert_string_equal(rig_last(&box.rig, "d.a"), "false");
	/* A quoted number is a name, and there is none such. */
	assert_string_equal(rig_last(&box.rig, "d.b"), "bad:offline");
	assert_string_equal(rig_state(&box.rig, -1), "partial");
	assert_string_equal(rig_state(&box.rig, 0), "partial");
	box_done(&box);
}

/* Totals, rates, pulses, encoders. */

static void test_count_has_the_edges_it_asks_for(void **state)
{
	struct box box;

	(void)state;
	box_begin(&box, "",
		  "r: {line: 1, count: rising}, f: {line: 2, count: falling}, "
		  "b: {line: 3, count: both, scale: 0.5, offset: 100}, p: {line: 4, count: "
		  "rising, per: 4}");
	assert_int_equal(fake_gpio_flags(box.chip, 1),
			 GPIO_V2_LINE_FLAG_INPUT | GPIO_V2_LINE_FLAG_EDGE_RISING);
	for (uint32_t line = 1; line <= 4; line++)
		pulse(&box, line, 6);
	box_turn(&box);
	assert_string_equal(rig_last(&box.rig, "d.r"), "6");
	assert_string_equal(rig_last(&box.rig, "d.f"), "6");
	assert_string_equal(rig_last(&box.rig, "d.b"), "106");
	assert_string_equal(rig_last(&box.rig, "d.p"), "1.5");
	box_done(&box);
}

static void test_one_line_may_be_several_points(void **state)
{
	struct box box;
	int64_t now;

	(void)state;
	box_begin(&box, "",
		  "level: {line: 1}, total: {line: 1, count: rising, rate: {over: 10s}}, hz: "
		  "{line: 1, measure: frequency, over: 10s}, width: {line: 1, measure: width, "
		  "unit: ms}");
	assert_int_equal(fake_gpio_requests(), 1);
	now = clock_mono().ns;
	for (int i = 0; i < 5; i++) {
		int64_t at = now - (9 - 2 * i) * 100 * NSEC_PER_MSEC;

		fake_gpio_drive_at(box.chip, 1, true, at);
		fake_gpio_drive_at(box.chip, 1, false, at + 25 * NSEC_PER_MSEC);
	}
	box_turn(&box);
	assert_string_equal(rig_last(&box.rig, "d.level"), "false");
	assert_string_equal(rig_last(&box.rig, "d.total"), "5");
	assert_string_equal(rig_last(&box.rig, "d.width"), "25");
	/* 5 Hz, less if it was long ago by now. */
	assert_true(box_number(&box, "d.hz") > 0 && box_number(&box, "d.hz") < 5.01);
	assert_true(box_number(&box, "d.total.rate") == box_number(&box, "d.hz"));
	box_done(&box);
}

static void test_rate_has_the_unit_it_asks_for(void **state)
{
	struct box box;
	double ratio;
	int64_t now;

	(void)state;
	box_begin(&box, "",
		  "flow: {line: 1, count: rising, per: 400, unit: L, rate: {unit: L/min}}, hz: "
		  "{line: 1, measure: frequency}");
	now = clock_mono().ns;
	for (int i = 0; i <= 200; i++) { /* 100 Hz: 15 litres a minute */
		fake_gpio_drive_at(box.chip, 1, true, now - (200 - i) * 10 * NSEC_PER_MSEC);
		fake_gpio_drive_at(box.chip, 1, false, now - (200 - i) * 10 * NSEC_PER_MSEC);
	}
	box_until(&box, "d.flow", "0.5025");
	/* Both were told at the same instant. */
	ratio = box_number(&box, "d.flow.rate") / box_number(&box, "d.hz");
	assert_true(ratio > 0.1499 && ratio < 0.1501);
	assert_true(box_number(&box, "d.hz") < 100.01);
	box_done(&box);
}

static void test_encoder_has_its_position_from_two_lines(void **state)
{
	static const uint32_t turn[] = {5, 6, 5, 6};
	static const bool high[] = {true, true, false, false};
	struct box box;

	(void)state;
	box_begin(&box, "", "pos: {quadrature: [5, 6], scale: 0.25, unit: mm}");
	assert_int_equal(fake_gpio_requests(), 1);
	for (int i = 0; i < 20; i++)
		fake_gpio_drive(box.chip, turn[i % 4], high[i % 4]);
	box_turn(&box);
	assert_string_equal(rig_last(&box.rig, "d.pos"), "5");
	for (int i = 19; i >= 12; i--)
		fake_gpio_drive(box.chip, turn[i % 4], !high[i % 4]);
	box_turn(&box);
	assert_string_equal(rig_last(&box.rig, "d.pos"), "3");
	box_done(&box);
}

static void test_encoder_that_skips_an_edge_is_bad_once(void **state)
{
	struct box box;

	(void)state;
	box_begin(&box, "", "pos: {quadrature: [5, 6]}");
	fake_gpio_drive(box.chip, 5, true);
	fake_gpio_drive(box.chip, 6, true);
	box_expect(&box, "d.pos 1\nd.pos 2\n");
	fake_gpio_sneak(box.chip, 5, false);
	fake_gpio_drive(box.chip, 5, true);
	box_turn(&box);
	assert_non_null(strstr(box.rig.log.s, "d.pos bad:lost\n"));
	assert_int_equal(rig_counter(&box.rig, 0, "edges_lost"), 1);
	fake_gpio_drive(box.chip, 5, false);
	box_until(&box, "d.pos", "3");
	box_done(&box);
}

/* An edge that comes between the request and the first look at the levels is in them. */
static void test_encoder_that_moves_while_it_is_opened_misses_nothing(void **state)
{
	struct box box;
	int64_t now;

	(void)state;
	box_begin(&box, "", "pos: {quadrature: [5, 6]}");
	now = clock_mono().ns;
	fake_gpio_drive_at(box.chip, 5, true, now - NSEC_PER_SEC);
	fake_gpio_drive_at(box.chip, 5, false, now - NSEC_PER_SEC / 2);
	box_expect(&box, "");
	fake_gpio_drive(box.chip, 5, true);
	box_expect(&box, "d.pos 1\n");
	assert_int_equal(rig_counter(&box.rig, 0, "edges_lost"), 0);
	box_done(&box);
}

/* Edges while the levels are read: whether they are in them shows by what they change. */
static void test_encoder_that_moves_while_it_is_read_misses_nothing(void **state)
{
	struct box box;
	int64_t begun;

	(void)state;
	box_init(&box);
	box.chip = fake_gpio_plug("gpiochip0", "lab", 64);
	box_open(&box, "", "pos: {quadrature: [5, 6]}");
	fake_gpio_slow(20);
	fake_gpio_meet(box.chip, 5, true);
	begun = clock_mono().ns;
	loop_turn(box.loop);
	loop_turn(box.loop);
	fake_gpio_slow(0);
	assert_true(clock_mono().ns - begun >= 20 * NSEC_PER_MSEC);
	/* It was in them; this one was not. */
	fake_gpio_drive_at(box.chip, 6, true, begun + 20 * NSEC_PER_MSEC);
	box_until(&box, "d.pos", "1");
	assert_int_equal(rig_counter(&box.rig, 0, "edges_lost"), 0);
	fake_gpio_drive(box.chip, 5, false);
	box_until(&box, "d.pos", "2");
	box_done(&box);
}

static void test_encoder_has_both_lines_in_one_request(void **state)
{
	struct box box;

	(void)state;
	/* Declared apart, and with more kinds of lines in between than one request has. */
	box_begin(&box, "",
		  "b: {line: 6, count: both}, l1: {line: 11, debounce: 1ms}, "
		  "l2: {line: 12, debounce: 2ms}, l3: {line: 13, debounce: 3ms}, "
		  "l4: {line: 14, debounce: 4ms}, l5: {line: 15, debounce: 5ms}, "
		  "l6: {line: 16, debounce: 6ms}, l7: {line: 17, debounce: 7ms}, "
		  "l8: {line: 18, debounce: 8ms}, l9: {line: 19, debounce: 9ms}, "
		  "l10: {line: 20, debounce: 10ms}, pos: {quadrature: [5, 6]}");
	assert_int_equal(fake_gpio_requests(), 2);
	assert_true(fake_gpio_same_request(box.chip, 5, 6));
	fake_gpio_drive(box.chip, 5, true);
	fake_gpio_drive(box.chip, 6, true);
	fake_gpio_drive(box.chip, 5, false);
	box_turn(&box);
	assert_string_equal(rig_last(&box.rig, "d.pos"), "3");
	assert_string_equal(rig_last(&box.rig, "d.b"), "1");
	box_done(&box);
}

static void test_encoder_waits_for_its_second_line(void **state)
{
	struct report report = {0}, device = {0};
	struct box box;

	(void)state;
	box_init(&box);
	box.chip = fake_gpio_plug("gpiochip0", "lab", 8);
	fake_gpio_hold(box.chip, 6, "hog");
	box_open(&box, "", "pos: {quadrature: [5, 6]}, a: {line: 1}");
	box_turn(&box);
	assert_string_equal(rig_last(&box.rig, "d.a"), "false");
	assert_string_equal(rig_last(&box.rig, "d.pos"), "bad:offline");
	assert_false(fake_gpio_taken(box.chip, 5));
	input_gpio.report(box.rig.input, &report, &device);
	assert_string_equal(device.detail,
			    "line 5: waits for line 6, which is in use by 'hog'");
	fake_gpio_hold(box.chip, 6, NULL);
	box_until(&box, "d.pos", "0");
	assert_true(fake_gpio_same_request(box.chip, 5, 6));
	box_done(&box);
}

/* A14: more edges than the kernel keeps. */

static void test_fault_A14_lost_edges_are_told_and_counted(void **state)
{
	struct box box;

	(void)state;
	box_begin(&box, "", "n: {line: 1, count: rising}, l: {line: 2}");
	pulse(&box, 1, 2000);
	for (int i = 0; i < 2; i++)
		loop_turn(box.loop);
	assert_non_null(strstr(box.rig.log.s, "d.n bad:lost\n"));
	box_until(&box, "d.n", "2000");
	assert_int_equal(rig_counter(&box.rig, -1, "edges"), 1024);
	assert_int_equal(rig_counter(&box.rig, -1, "edges_lost"), 2000 - 1024);
	assert_int_equal(rig_counter(&box.rig, -1, "gaps"), 1);
	assert_int_equal(rig_counter(&box.rig, 0, "edges_lost"), 2000 - 1024);
	/* It goes on. */
	pulse(&box, 1, 3);
	box_until(&box, "d.n", "2003");
	assert_int_equal(rig_counter(&box.rig, -1, "gaps"), 1);
	box_done(&box);
}

static void test_fault_A14_each_line_knows_its_own_losses(void **state)
{
	struct box box;

	(void)state;
	box_begin(&box, "", "a: {line: 1, count: rising}, b: {line: 2, count: both}");
	for (int i = 0; i < 700; i++) {
		pulse(&box, 1, 1);
		pulse(&box, 2, 1);
	}
	box_until(&box, "d.a", "700");
	box_until(&box, "d.b", "1400");
	assert_int_equal(rig_counter(&box.rig, -1, "edges_lost"), 3 * 700 - 1024);
	assert_int_equal(rig_counter(&box.rig, 0, "edges_lost"), 3 * 700 - 1024);
	box_done(&box);
}

/*
 * A line that said nothing behind the gap is bad, for the others did not lose all that is
 * missing. How much of it was its own, only its next edge knows.
 */
static void test_fault_A14_a_quiet_line_may_have_lost_what_others_did_not(void **state)
{
	struct box box;

	(void)state;
	box_begin(&box, "", "a: {line: 1, count: rising}, b: {line: 2, count: rising}");
	pulse(&box, 2, 10);
	pulse(&box, 1, 1030);
	box_turn(&box);
	assert_non_null(strstr(box.rig.log.s, "d.b bad:lost\n"));
	box_until(&box, "d.a", "1030");
	assert_int_equal(rig_counter(&box.rig, -1, "edges_lost"), 16);
	assert_int_equal(rig_counter(&box.rig, 0, "edges_lost"), 6);
	pulse(&box, 2, 1);
	box_until(&box, "d.b", "11");
	assert_int_equal(rig_counter(&box.rig, 0, "edges_lost"), 16);
	assert_int_equal(rig_counter(&box.rig, -1, "edges_lost"), 16);
	assert_int_equal(rig_counter(&box.rig, -1, "edges_merged"), 0);
	box_done(&box);
}

/* Of two quiet lines it is not known which: both are bad, and the next edge of each tells. */
static void test_fault_A14_two_quiet_lines_are_bad_until_they_know(void **state)
{
	struct box box;

	(void)state;
	box_begin(&box, "",
		  "a: {line: 1, count: rising}, b: {line: 2, count: rising}, c: {line: 3, "
		  "count: rising}");
	pulse(&box, 2, 4);
	pulse(&box, 3, 6);
	pulse(&box, 1, 1024);
	box_turn(&box);
	assert_non_null(strstr(box.rig.log.s, "d.b bad:lost\n"));
	assert_non_null(strstr(box.rig.log.s, "d.c bad:lost\n"));
	assert_null(strstr(box.rig.log.s, "d.a bad:lost\n"));
	pulse(&box, 2, 1);
	pulse(&box, 3, 1);
	box_until(&box, "d.b", "5");
	box_until(&box, "d.c", "7");
	assert_int_equal(rig_counter(&box.rig, 0, "edges_lost"), 10);
	box_done(&box);
}

static void test_fault_A14_a_level_is_read_again(void **state)
{
	struct box box;

	(void)state;
	box_begin(&box, "max_readings: 10000/s,", "l: {line: 1}");
	for (int i = 0; i < 1031; i++)
		fake_gpio_drive(box.chip, 1, i % 2 == 0);
	box_turn(&box);
	assert_non_null(strstr(box.rig.log.s, "d.l bad:lost\n"));
	box_until(&box, "d.l", "true");
	assert_int_equal(rig_counter(&box.rig, 0, "edges_lost"), 1031 - 1024);
	box_done(&box);
}

static void test_fault_A14_two_thousand_edges_and_gaps_at_random(void **state)
{
	unsigned told = 0, kept = 0;
	struct box box;

	(void)state;
	box_begin(&box, "", "n: {line: 1, count: both}");
	for (int i = 0; i < 40; i++) {
		/* Now and then more than there is room for. */
		int burst = i % 8 == 7 ? 1100 : 50 + i;

		for (int j = 0; j < burst; j++)
			fake_gpio_drive(box.chip, 1, ++told % 2 != 0);
		for (int j = 0; j < 8; j++)
			loop_turn(box.loop);
		kept += burst > 1024 ? 1024 : (unsigned)burst;
	}
	assert_int_equal(rig_counter(&box.rig, -1, "edges"), kept);
	assert_int_equal(rig_counter(&box.rig, -1, "edges_lost"), told - kept);
	box_done(&box);
}

/* On several processors an edge of another line may overtake. Nothing is lost. */
static void test_edge_that_was_overtaken_is_not_lost(void **state)
{
	struct box box;

	(void)state;
	box_begin(&box, "", "a: {line: 1}, b: {line: 2}, quiet: {line: 3, count: rising}");
	fake_gpio_hold_back();
	fake_gpio_drive(box.chip, 1, true);
	fake_gpio_drive(box.chip, 2, true);
	box_expect(&box, "d.b true\n");
	fake_gpio_let_go();
	box_expect(&box, "d.a true\n");
	/* Nor when it was read together with the one that overtook it. */
	fake_gpio_hold_back();
	fake_gpio_drive(box.chip, 2, false);
	fake_gpio_drive(box.chip, 1, false);
	fake_gpio_let_go();
	box_expect(&box, "d.b false\nd.a false\n");
	pty_idle(box.loop, 150);
	fake_gpio_drive(box.chip, 1, true);
	box_expect(&box, "d.a true\n");
	assert_int_equal(rig_counter(&box.rig, -1, "edges_lost"), 0);
	assert_int_equal(rig_counter(&box.rig, -1, "edges_merged"), 0);
	assert_int_equal(rig_counter(&box.rig, -1, "gaps"), 0);
	box_done(&box);
}

static void test_encoder_has_its_edges_in_the_order_of_their_numbers(void **state)
{
	struct box box;

	(void)state;
	box_begin(&box, "", "pos: {quadrature: [5, 6]}");
	fake_gpio_hold_back();
	fake_gpio_drive(box.chip, 5, true);
	fake_gpio_drive(box.chip, 6, true);
	fake_gpio_let_go();
	box_expect(&box, "d.pos 1\nd.pos 2\n");
	box_done(&box);
}

/* A contact that chatters faster than the kernel's thread: numbers are left out, with no edge.
 */
static void test_edges_that_became_one_are_told_of_their_line_only(void **state)
{
	struct box box;

	(void)state;
	box_begin(&box, "",
		  "a: {line: 1, count: both}, l: {line: 1}, meter: {line: 2, count: rising}");
	pulse(&box, 2, 7);
	box_turn(&box);
	str_clear(&box.rig.log);
	fake_gpio_merge(box.chip, 1, 3);
	fake_gpio_drive(box.chip, 1, true);
	box_expect(&box, "d.a 1\nd.l true\n");
	pty_idle(box.loop, 150);
	fake_gpio_drive(box.chip, 1, false);
	box_turn(&box);
	assert_non_null(strstr(box.rig.log.s, "d.a bad:lost\n"));
	assert_null(strstr(box.rig.log.s, "d.l bad"));
	assert_null(strstr(box.rig.log.s, "d.meter"));
	/* Perhaps they were edges, and perhaps not: they are not counted. */
	box_until(&box, "d.a", "2");
	assert_int_equal(rig_counter(&box.rig, -1, "edges_merged"), 3);
	assert_int_equal(rig_counter(&box.rig, -1, "edges_lost"), 0);
	pulse(&box, 2, 1);
	box_until(&box, "d.meter", "8");
	assert_int_equal(rig_counter(&box.rig, 0, "edges_lost"), 0);
	box_done(&box);
}

/* A pulse that is over when the kernel looks at the line: both of its edges lead to low. */
static void test_pulse_that_was_over_before_the_look_is_told(void **state)
{
	static const struct fake_odd turned = {.turned = true};
	struct box box;

	(void)state;
	box_begin(&box, "",
		  "n: {line: 1, count: rising}, l: {line: 1}, all: {line: 1, count: both}, "
		  "alone: {line: 2, count: rising}");
	pulse(&box, 1, 3);
	pulse(&box, 2, 3);
	box_turn(&box);
	str_clear(&box.rig.log);
	fake_gpio_be_odd(&turned);
	pulse(&box, 1, 1);
	box_turn(&box);
	assert_non_null(strstr(box.rig.log.s, "d.n bad:lost\n"));
	assert_null(strstr(box.rig.log.s, "d.all bad"));
	assert_null(strstr(box.rig.log.s, "d.l bad"));
	box_until(&box, "d.all", "8");
	box_until(&box, "d.l", "false");
	pulse(&box, 1, 1);
	box_until(&box, "d.n", "4");
	pulse(&box, 2, 3);
	box_until(&box, "d.alone", "6");
	/* Both edges of the pulse, for the one point that counts one kind of them. */
	assert_int_equal(rig_counter(&box.rig, 0, "edges_merged"), 2);
	box_done(&box);
}

/* A15: chips that go, lines that are taken. */

static void test_fault_A15_unplugged_is_offline_at_once_and_found_again(void **state)
{
	struct box box;

	(void)state;
	box_begin(&box, "", "n: {line: 1, count: rising}, o: {line: 2, direction: output}");
	pulse(&box, 1, 5);
	box_until(&box, "d.n", "5");
	fake_gpio_unplug(box.chip);
	box_until(&box, "d.n", "bad:offline");
	box_until(&box, "d.o", "bad:offline");
	assert_string_equal(rig_state(&box.rig, -1), "offline");
	assert_string_equal(rig_state(&box.rig, 0), "offline");
	assert_int_equal(fake_gpio_requests(), 0);
	/* Another chip gets its number. */
	fake_gpio_plug("gpiochip0", "other", 64);
	box.chip = fake_gpio_plug("gpiochip7", "lab", 64);
	box_until(&box, "d.n", "5");
	assert_string_equal(rig_state(&box.rig, -1), "up");
	pulse(&box, 1, 2);
	box_until(&box, "d.n", "7");
	assert_int_equal(rig_counter(&box.rig, -1, "disconnects"), 1);
	assert_int_equal(rig_counter(&box.rig, -1, "opens"), 2);
	box_done(&box);
}

static void test_fault_A15_absent_at_the_start_is_found_when_it_comes(void **state)
{
	struct box box;

	(void)state;
	box_init(&box);
	box_open(&box, "", "a: {line: 1}");
	box_expect(&box, "d.a bad:offline\n");
	assert_int_equal(rig_counter(&box.rig, -1, "open_failures"), 1);
	box.chip = fake_gpio_plug("gpiochip3", "lab", 8);
	box_until(&box, "d.a", "false");
	box_done(&box);
}

static void test_fault_A15_two_chips_of_one_label_are_none(void **state)
{
	struct box box;
	struct fake_chip *other;

	(void)state;
	box_init(&box);
	box.chip = fake_gpio_plug("gpiochip0", "lab", 8);
	other = fake_gpio_plug("gpiochip1", "lab", 8);
	box_open(&box, "", "a: {line: 1}");
	box_expect(&box, "d.a bad:offline\n");
	fake_gpio_unplug(other);
	box_until(&box, "d.a", "false");
	box_done(&box);
}

static void test_fault_A15_a_busy_line_leaves_the_others_and_is_tried_again(void **state)
{
	struct report report = {0}, device = {0};
	struct box box;

	(void)state;
	box_init(&box);
	box.chip = fake_gpio_plug("gpiochip0", "lab", 8);
	fake_gpio_name(box.chip, 2, "RELAY");
	fake_gpio_hold(box.chip, 2, "hog");
	box_open(&box, "", "a: {line: 1}, b: {line: 2}, c: {line: 3}");
	box_turn(&box);
	assert_string_equal(rig_last(&box.rig, "d.a"), "false");
	assert_string_equal(rig_last(&box.rig, "d.b"), "bad:offline");
	assert_string_equal(rig_last(&box.rig, "d.c"), "false");
	input_gpio.report(box.rig.input, &report, &device);
	assert_string_equal(report.state, "partial");
	assert_non_null(strstr(report.detail, "line 2 (RELAY) is in use by 'hog'"));
	assert_string_equal(device.detail, "line 2 (RELAY) is in use by 'hog'");
	fake_gpio_hold(box.chip, 2, NULL);
	box_until(&box, "d.b", "false");
	assert_string_equal(rig_state(&box.rig, -1), "up");
	assert_int_equal(rig_counter(&box.rig, -1, "busy_tries"), 1);
	box_done(&box);
}

static void test_fault_A15_a_name_that_two_lines_have_is_none(void **state)
{
	struct report report = {0}, device = {0};
	struct box box;

	(void)state;
	box_init(&box);
	box.chip = fake_gpio_plug("gpiochip0", "lab", 8);
	fake_gpio_name(box.chip, 2, "X");
	fake_gpio_name(box.chip, 5, "X");
	fake_gpio_name(box.chip, 6, "SIX");
	box_open(&box, "", "a: {line: X}, b: {line: SIX}, c: {line: 6}");
	box_turn(&box);
	assert_string_equal(rig_last(&box.rig, "d.a"), "bad:offline");
	input_gpio.report(box.rig.input, &report, &device);
	assert_string_equal(device.detail,
			    "line X: 2 lines of gpiochip0 have that name: take a number");
	/* One line under two names is one; the second way to it stays bad. */
	assert_int_equal(box.rig.good, 1);
	box_done(&box);
}

static void test_fault_A15_a_line_that_is_not_there_is_told(void **state)
{
	struct box box;

	(void)state;
	box_init(&box);
	box.chip = fake_gpio_plug("gpiochip0", "lab", 8);
	box_open(&box, "", "a: {line: 1}, b: {line: 8}, c: {line: NONE}");
	box_turn(&box);
	assert_string_equal(rig_last(&box.rig, "d.a"), "false");
	assert_string_equal(rig_last(&box.rig, "d.b"), "bad:offline");
	assert_string_equal(rig_last(&box.rig, "d.c"), "bad:offline");
	box_done(&box);
}

/* A16: a contact that chatters. */

static void test_fault_A16_chatter_is_told_at_its_rate_and_ends_right(void **state)
{
	struct box box;

	(void)state;
	box_begin(&box, "max_readings: 20/s,", "l: {line: 1}, up: {line: 2, edge: rising}");
	for (int i = 0; i < 801; i++)
		fake_gpio_drive(box.chip, 1, i % 2 == 0);
	pulse(&box, 2, 100);
	for (int i = 0; i < 8; i++)
		loop_turn(box.loop);
	/* A lump of 20, and some more while it went on. */
	assert_in_range(box.rig.counts[rig_point(&box.rig, "d.l")], 20, 200);
	assert_in_range(box.rig.counts[rig_point(&box.rig, "d.up")], 40, 100);
	box_until(&box, "d.l", "true");
	assert_in_range(rig_counter(&box.rig, 0, "edges_skipped"), 600, 861);
	assert_true(rig_counter(&box.rig, 0, "readings_held") >= 1);
	box_done(&box);
}

static void test_fault_A16_a_fast_counter_counts_all_and_tells_some(void **state)
{
	struct box box;

	(void)state;
	box_begin(&box, "max_readings: 20/s,", "n: {line: 1, count: rising}");
	for (int i = 0; i < 10; i++) {
		pulse(&box, 1, 1000);
		for (int j = 0; j < 8; j++)
			loop_turn(box.loop);
	}
	box_until(&box, "d.n", "10000");
	assert_in_range(box.rig.counts[0], 20, 1000);
	assert_int_equal(rig_counter(&box.rig, -1, "edges_lost"), 0);
	assert_int_equal(rig_counter(&box.rig, 0, "edges_skipped"), 0);
	box_done(&box);
}

/* One device whose readings have to wait for long holds up no other. */
static void test_each_device_waits_for_its_own_rate(void **state)
{
	struct box box;

	(void)state;
	box_init(&box);
	box.chip = fake_gpio_plug("gpiochip0", "lab", 8);
	assert_null(rig_parse(
		&box.rig, &input_gpio,
		"bus: {gpio: {chip: lab}, poll: 100s}\n"
		"devices:\n"
		"  slow: {max_readings: 1/h, points: {n: {line: 1, count: rising}}}\n"
		"  fast: {max_readings: 20/s, points: {n: {line: 2, count: rising}}}\n"));
	box.rig.config->link.folder = box.folder;
	rig_start(&box.rig, box.loop);
	box_turn(&box);
	pulse(&box, 1, 5);
	box_turn(&box);
	pulse(&box, 2, 100);
	box_until(&box, "fast.n", "100");
	assert_string_equal(rig_last(&box.rig, "slow.n"), "1");
	box_done(&box);
}

static void test_reading_that_was_lost_is_not_bad_for_as_long_as_its_rate(void **state)
{
	struct box box;

	(void)state;
	box_begin(&box, "max_readings: 1/h,", "n: {line: 1, count: rising}");
	pulse(&box, 1, 1100);
	box_turn(&box);
	assert_string_equal(rig_last(&box.rig, "d.n"), "bad:lost");
	box_until(&box, "d.n", "1100");
	box_done(&box);
}

/* A fan that is not known to stand still sets off no alarm. */
static void test_frequency_is_unknown_until_it_was_watched(void **state)
{
	struct box box;
	int64_t now;

	(void)state;
	box_begin(&box, "",
		  "hz: {line: 1, measure: frequency, over: 1h}, n: {line: 1, count: rising, "
		  "rate: {over: 1h}}");
	assert_string_equal(rig_last(&box.rig, "d.hz"), "nothing");
	assert_string_equal(rig_last(&box.rig, "d.n.rate"), "nothing");
	now = clock_mono().ns;
	fake_gpio_drive_at(box.chip, 1, true, now - NSEC_PER_SEC);
	fake_gpio_drive_at(box.chip, 1, false, now - NSEC_PER_SEC);
	box_turn(&box);
	assert_string_equal(rig_last(&box.rig, "d.hz"), "nothing");
	fake_gpio_drive_at(box.chip, 1, true, now);
	box_turn(&box);
	assert_true(box_number(&box, "d.hz") > 0 && box_number(&box, "d.hz") <= 1);
	assert_true(box_number(&box, "d.n.rate") == box_number(&box, "d.hz"));
	box_done(&box);
}

/* Outputs. */

static void test_output_is_written_and_told_behind_the_write(void **state)
{
	struct error err;
	struct box box;

	(void)state;
	box_begin(&box, "",
		  "o: {line: 1, direction: output}, low: {line: 2, direction: output, active: "
		  "low, drive: open-drain, verify: true}");
	assert_false(fake_gpio_high(box.chip, 1));
	assert_true(fake_gpio_high(box.chip, 2));
	assert_int_equal(fake_gpio_flags(box.chip, 2), GPIO_V2_LINE_FLAG_OUTPUT |
							       GPIO_V2_LINE_FLAG_ACTIVE_LOW |
							       GPIO_V2_LINE_FLAG_OPEN_DRAIN);
	assert_int_equal(box_write(&box, "d.o", true, &err), 0);
	assert_int_equal(box_write(&box, "d.low", true, &err), 0);
	assert_int_equal(box.done, 2);
	assert_int_equal(box.outcome, WRITE_DONE);
	assert_int_equal(box.rig.log.len, 0);
	assert_true(fake_gpio_high(box.chip, 1));
	assert_false(fake_gpio_high(box.chip, 2));
	box_expect(&box, "d.o true\nd.low true\n");
	box_done(&box);
}

static void test_output_begins_as_on_start_says(void **state)
{
	struct box box;

	(void)state;
	box_init(&box);
	box.chip = fake_gpio_plug("gpiochip0", "lab", 8);
	box_open(&box, "",
		 "on: {line: 1, direction: output, on_start: on}, off: {line: 2, direction: "
		 "output, on_start: off}, low: {line: 3, direction: output, active: low, "
		 "on_start: on}");
	box_expect(&box, "d.on true\nd.off false\nd.low true\n");
	assert_true(fake_gpio_high(box.chip, 1));
	assert_false(fake_gpio_high(box.chip, 2));
	assert_false(fake_gpio_high(box.chip, 3));
	box_done(&box);
}

static void test_output_is_kept_over_a_restart(void **state)
{
	struct error err;
	struct box box;

	(void)state;
	box_begin(&box, "",
		  "o: {line: 1, direction: output}, low: {line: 2, direction: output, active: "
		  "low}");
	assert_int_equal(box_write(&box, "d.o", true, &err), 0);
	box_turn(&box);
	rig_done(&box.rig);
	box_open(&box, "",
		 "o: {line: 1, direction: output}, low: {line: 2, direction: output, active: "
		 "low}");
	box_expect(&box, "d.o true\nd.low false\n");
	assert_true(fake_gpio_high(box.chip, 1));
	box_done(&box);
}

/* What is on when gauged starts, by whoever was there before, is not off for a moment. */
static void test_output_that_is_kept_is_not_let_go_of(void **state)
{
	struct box box;

	(void)state;
	box_init(&box);
	box.chip = fake_gpio_plug("gpiochip0", "lab", 8);
	box_open(&box, "", "o: {line: 1, direction: output, on_start: on}");
	box_turn(&box);
	rig_done(&box.rig);
	assert_true(fake_gpio_high(box.chip, 1));
	fake_gpio_forget(box.chip);
	box_open(&box, "", "o: {line: 1, direction: output, drive: open-drain}");
	box_expect(&box, "d.o true\n");
	assert_true(fake_gpio_high(box.chip, 1));
	assert_int_equal(fake_gpio_flags(box.chip, 1),
			 GPIO_V2_LINE_FLAG_OUTPUT | GPIO_V2_LINE_FLAG_OPEN_DRAIN);
	box_done(&box);
}

static void test_output_that_does_not_follow_is_told_where_it_is_verified(void **state)
{
	struct error err;
	struct box box;

	(void)state;
	box_begin(&box, "", "o: {line: 1, direction: output, verify: true}");
	fake_gpio_stuck(box.chip, 1);
	assert_int_equal(box_write(&box, "d.o", true, &err), 0);
	assert_int_equal(box.outcome, WRITE_DIFFERS);
	assert_string_equal(box.text, "the line is off all the same");
	box_expect(&box, "d.o false\n");
	box_done(&box);
}

static void test_output_that_cannot_be_reached_is_refused_or_unknown(void **state)
{
	struct error err;
	struct box box;

	(void)state;
	box_begin(&box, "", "o: {line: 1, direction: output}, i: {line: 2}");
	assert_int_equal(box_write(&box, "d.i", true, &err), -EPERM);
	fake_gpio_fail_writes(EIO);
	assert_int_equal(box_write(&box, "d.o", true, &err), 0);
	assert_int_equal(box.outcome, WRITE_UNKNOWN);
	fake_gpio_fail_writes(0);
	fake_gpio_unplug(box.chip);
	assert_int_equal(box_write(&box, "d.o", true, &err), -ENODEV);
	box_until(&box, "d.o", "bad:offline");
	assert_int_equal(box_write(&box, "d.o", true, &err), -ENODEV);
	assert_non_null(strstr(err.text, "line 1 is not there"));
	assert_int_equal(box.done, 1);
	box_done(&box);
}

/* Who trusts the reading takes the write for done, and tries it no more. */
static void test_fault_B14_output_whose_write_failed_is_read_back(void **state)
{
	struct error err;
	struct box box;

	(void)state;
	box_begin(&box, "", "o: {line: 1, direction: output}");
	assert_int_equal(box_write(&box, "d.o", true, &err), 0);
	box_expect(&box, "d.o true\n");
	fake_gpio_fail_writes(EIO);
	assert_int_equal(box_write(&box, "d.o", false, &err), 0);
	assert_int_equal(box.outcome, WRITE_UNKNOWN);
	assert_true(fake_gpio_high(box.chip, 1));
	box_expect(&box, "d.o true\n");
	fake_gpio_fail_writes(0);
	assert_int_equal(box_write(&box, "d.o", false, &err), 0);
	box_expect(&box, "d.o false\n");
	box_done(&box);
}

/* State. */

struct kept {
	unsigned count;
	uint32_t point;
	uint8_t bytes[64];
	size_t len;
};

static void keep(void *arg, uint32_t point, const void *bytes, size_t len)
{
	struct kept *kept = arg;

	kept->count++;
	kept->point = point;
	assert_true(len <= sizeof(kept->bytes));
	memcpy(kept->bytes, bytes, len);
	kept->len = len;
}

static void test_total_outlives_the_program(void **state)
{
	const char *points = "l: {line: 3}, n: {line: 1, count: rising, scale: 2}";
	struct kept kept = {0};
	struct box box;

	(void)state;
	box_begin(&box, "", points);
	pulse(&box, 1, 21);
	box_until(&box, "d.n", "42");
	input_gpio.save(box.rig.input, (struct input_keeper){keep, &kept, false});
	assert_int_equal(kept.count, 1);
	assert_int_equal(kept.point, rig_point(&box.rig, "d.n"));
	/* Once: nothing has changed since. */
	input_gpio.save(box.rig.input, (struct input_keeper){keep, &kept, false});
	assert_int_equal(kept.count, 1);
	rig_done(&box.rig);
	box_open(&box, "", points);
	assert_false(input_gpio.restore(box.rig.input, kept.point, kept.bytes, kept.len - 1));
	assert_false(input_gpio.restore(box.rig.input, rig_point(&box.rig, "d.l"), kept.bytes,
					kept.len));
	assert_true(input_gpio.restore(box.rig.input, kept.point, kept.bytes, kept.len));
	box_until(&box, "d.n", "42");
	input_gpio.save(box.rig.input, (struct input_keeper){keep, &kept, false});
	assert_int_equal(kept.count, 1);
	/* Anew, once the store has lost what it was told. */
	input_gpio.save(box.rig.input, (struct input_keeper){keep, &kept, true});
	assert_int_equal(kept.count, 2);
	assert_int_equal(kept.bytes[1], 21);
	pulse(&box, 1, 1);
	box_until(&box, "d.n", "44");
	input_gpio.save(box.rig.input, (struct input_keeper){keep, &kept, false});
	assert_int_equal(kept.count, 3);
	assert_int_equal(kept.bytes[1], 22);
	box_done(&box);
}

/* How many. */

static void test_many_lines_take_few_requests(void **state)
{
	char points[64 * 120] = "";
	struct box box;
	size_t at = 0;

	(void)state;
	for (int i = 0; i < 60; i++)
		at += (size_t)snprintf(points + at, sizeof(points) - at,
				       "p%d: {line: %d, %s, debounce: %dms}, ", i, i,
				       i % 2 == 0 ? "active: low" : "bias: pull-up", i % 3);
	box_begin(&box, "", points);
	assert_int_equal(fake_gpio_requests(), 1);
	for (uint32_t i = 0; i < 60; i++) {
		assert_int_equal(fake_gpio_debounce(box.chip, i), i % 3 * 1000);
		assert_int_equal(
			(fake_gpio_flags(box.chip, i) & GPIO_V2_LINE_FLAG_ACTIVE_LOW) != 0,
			i % 2 == 0);
	}
	box_done(&box);
}

static void test_lines_of_many_kinds_take_more_requests(void **state)
{
	char points[64 * 60] = "";
	struct box box;
	size_t at = 0;

	(void)state;
	for (int i = 0; i < 40; i++)
		at += (size_t)snprintf(points + at, sizeof(points) - at,
				       "p%d: {line: %d, debounce: %dms}, ", i, i, i + 1);
	box_begin(&box, "", points);
	/* Nine periods fit into one. */
	assert_int_equal(fake_gpio_requests(), 5);
	for (uint32_t i = 0; i < 40; i++)
		assert_int_equal(fake_gpio_debounce(box.chip, i), (i + 1) * 1000);
	box_done(&box);
}

static void test_levels_are_read_again_without_an_edge(void **state)
{
	struct box box;

	(void)state;
	box_init(&box);
	box.chip = fake_gpio_plug("gpiochip0", "lab", 8);
	assert_null(
		rig_parse(&box.rig, &input_gpio,
			  "bus: {gpio: {chip: lab}, poll: 10ms}\n"
			  "devices: {d: {points: {l: {line: 1}, n: {line: 2, count: both}}}}"));
	box.rig.config->link.folder = box.folder;
	rig_start(&box.rig, box.loop);
	pty_wait(box.loop, &box.rig.counts[0], 5);
	pty_wait(box.loop, &box.rig.counts[1], 5);
	assert_int_equal(box.rig.bad, 0);
	assert_int_equal(rig_counter(&box.rig, -1, "edges"), 0);
	box_done(&box);
}

static void test_slow_calls_are_counted(void **state)
{
	struct error err;
	struct box box;
	uint64_t before;

	(void)state;
	box_begin(&box, "", "o: {line: 1, direction: output}");
	/* A busy machine may have been slow before. */
	before = rig_counter(&box.rig, -1, "slow_calls");
	fake_gpio_slow(20);
	assert_int_equal(box_write(&box, "d.o", true, &err), 0);
	assert_int_equal(rig_counter(&box.rig, -1, "slow_calls"), before + 1);
	fake_gpio_slow(0);
	box_done(&box);
}

/* As behind an expander on I2C, whose driver reads each line for itself. */
static void test_slow_lines_are_read_a_few_at_a_time(void **state)
{
	unsigned most, reads, before, largest = 0;
	uint64_t called;
	char points[64 * 60] = "";
	struct box box;
	struct mono begun;
	size_t at = 0;

	(void)state;
	for (int i = 0; i < 40; i++)
		at += (size_t)snprintf(points + at, sizeof(points) - at, "p%d: {line: %d}, ", i,
				       i);
	box_init(&box);
	box.chip = fake_gpio_plug("gpiochip0", "lab", 64);
	box_open_polling(&box, "10ms", points);
	box_turn(&box);
	fake_gpio_slow_lines(1000);
	/* It learns how many are enough. */
	begun = clock_mono();
	while (mono_diff(clock_mono(), begun) < 500 * NSEC_PER_MSEC)
		pty_idle(box.loop, 1);
	(void)fake_gpio_reads(&most);
	called = rig_counter(&box.rig, -1, "calls_ms");
	begun = clock_mono();
	for (before = fake_gpio_reads(&most); mono_diff(clock_mono(), begun) < NSEC_PER_SEC;
	     before = reads) {
		loop_turn(box.loop);
		reads = fake_gpio_reads(&most);
		assert_in_range(reads - before, 0, 1);
		largest = most > largest ? most : largest;
	}
	assert_in_range(largest, 1, 8);
	/* A tenth of its time, and what one sweep is off by. */
	called = rig_counter(&box.rig, -1, "calls_ms") - called;
	assert_in_range((int64_t)called * NSEC_PER_MSEC, 1,
			mono_diff(clock_mono(), begun) * 4 / 10);
	/* All of them, in the end, and in larger calls again once they are fast. */
	fake_gpio_sneak(box.chip, 0, true);
	fake_gpio_sneak(box.chip, 39, true);
	box_until(&box, "d.p0", "true");
	box_until(&box, "d.p39", "true");
	fake_gpio_slow_lines(0);
	for (most = 0; most < 40;) {
		pty_idle(box.loop, 1);
		(void)fake_gpio_reads(&most);
	}
	box_done(&box);
}

static void test_chip_may_go_while_its_lines_are_read(void **state)
{
	char points[64 * 60] = "";
	unsigned most, reads;
	struct box box;
	size_t at = 0;

	(void)state;
	for (int i = 0; i < 40; i++)
		at += (size_t)snprintf(points + at, sizeof(points) - at,
				       "p%d: {line: %d, debounce: %dms}, ", i, i, i + 1);
	box_init(&box);
	box.chip = fake_gpio_plug("gpiochip0", "lab", 64);
	box_open_polling(&box, "10ms", points);
	box_turn(&box);
	fake_gpio_slow_lines(500);
	reads = fake_gpio_reads(&most);
	while (fake_gpio_reads(&most) == reads)
		loop_turn(box.loop);
	fake_gpio_unplug(box.chip);
	box_until(&box, "d.p39", "bad:offline");
	fake_gpio_slow_lines(0);
	box.chip = fake_gpio_plug("gpiochip1", "lab", 64);
	box_until(&box, "d.p39", "false");
	box_done(&box);
}

static void test_closed_at_any_moment_leaves_nothing_behind(void **state)
{
	(void)state;
	for (int turns = 0; turns < 12; turns++) {
		struct box box;

		box_init(&box);
		box.chip = fake_gpio_plug("gpiochip0", "lab", 8);
		box_open(&box, "", "a: {line: 1}, n: {line: 2, count: both}");
		for (int i = 0; i < turns; i++) {
			loop_turn(box.loop);
			fake_gpio_drive(box.chip, 2, i % 2 == 0);
			if (i == 8)
				fake_gpio_unplug(box.chip);
		}
		box_done(&box);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_level_is_told_at_the_start_and_at_each_edge),
		cmocka_unit_test(test_readings_bear_the_kernels_times_of_their_edges),
		cmocka_unit_test(test_every_edge_of_one_read_is_a_reading),
		cmocka_unit_test(test_active_low_turns_levels_and_edges_around),
		cmocka_unit_test(test_instant_is_true_at_its_edges_only),
		cmocka_unit_test(test_line_is_found_by_its_name),
		cmocka_unit_test(test_count_has_the_edges_it_asks_for),
		cmocka_unit_test(test_one_line_may_be_several_points),
		cmocka_unit_test(test_rate_has_the_unit_it_asks_for),
		cmocka_unit_test(test_encoder_has_its_position_from_two_lines),
		cmocka_unit_test(test_encoder_that_skips_an_edge_is_bad_once),
		cmocka_unit_test(test_encoder_that_moves_while_it_is_opened_misses_nothing),
		cmocka_unit_test(test_encoder_that_moves_while_it_is_read_misses_nothing),
		cmocka_unit_test(test_encoder_has_both_lines_in_one_request),
		cmocka_unit_test(test_encoder_waits_for_its_second_line),
		cmocka_unit_test(test_fault_A14_lost_edges_are_told_and_counted),
		cmocka_unit_test(test_fault_A14_each_line_knows_its_own_losses),
		cmocka_unit_test(test_fault_A14_a_quiet_line_may_have_lost_what_others_did_not),
		cmocka_unit_test(test_fault_A14_two_quiet_lines_are_bad_until_they_know),
		cmocka_unit_test(test_fault_A14_a_level_is_read_again),
		cmocka_unit_test(test_fault_A14_two_thousand_edges_and_gaps_at_random),
		cmocka_unit_test(test_edge_that_was_overtaken_is_not_lost),
		cmocka_unit_test(test_encoder_has_its_edges_in_the_order_of_their_numbers),
		cmocka_unit_test(test_edges_that_became_one_are_told_of_their_line_only),
		cmocka_unit_test(test_pulse_that_was_over_before_the_look_is_told),
		cmocka_unit_test(test_fault_A15_unplugged_is_offline_at_once_and_found_again),
		cmocka_unit_test(test_fault_A15_absent_at_the_start_is_found_when_it_comes),
		cmocka_unit_test(test_fault_A15_two_chips_of_one_label_are_none),
		cmocka_unit_test(
			test_fault_A15_a_busy_line_leaves_the_others_and_is_tried_again),
		cmocka_unit_test(test_fault_A15_a_name_that_two_lines_have_is_none),
		cmocka_unit_test(test_fault_A15_a_line_that_is_not_there_is_told),
		cmocka_unit_test(test_fault_A16_chatter_is_told_at_its_rate_and_ends_right),
		cmocka_unit_test(test_fault_A16_a_fast_counter_counts_all_and_tells_some),
		cmocka_unit_test(test_each_device_waits_for_its_own_rate),
		cmocka_unit_test(test_reading_that_was_lost_is_not_bad_for_as_long_as_its_rate),
		cmocka_unit_test(test_frequency_is_unknown_until_it_was_watched),
		cmocka_unit_test(test_output_is_written_and_told_behind_the_write),
		cmocka_unit_test(test_output_begins_as_on_start_says),
		cmocka_unit_test(test_output_is_kept_over_a_restart),
		cmocka_unit_test(test_output_that_is_kept_is_not_let_go_of),
		cmocka_unit_test(test_output_that_does_not_follow_is_told_where_it_is_verified),
		cmocka_unit_test(test_output_that_cannot_be_reached_is_refused_or_unknown),
		cmocka_unit_test(test_fault_B14_output_whose_write_failed_is_read_back),
		cmocka_unit_test(test_total_outlives_the_program),
		cmocka_unit_test(test_many_lines_take_few_requests),
		cmocka_unit_test(test_lines_of_many_kinds_take_more_requests),
		cmocka_unit_test(test_levels_are_read_again_without_an_edge),
		cmocka_unit_test(test_slow_calls_are_counted),
		cmocka_unit_test(test_slow_lines_are_read_a_few_at_a_time),
		cmocka_unit_test(test_chip_may_go_while_its_lines_are_read),
		cmocka_unit_test(test_closed_at_any_moment_leaves_nothing_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
