/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Tests GPIO buses against a count of all that was done to their lines: at random, with more
 * edges than the kernel keeps, edges that are overtaken, times that run back, and reloads.
 */
#include "inputs/gpio.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/log.h"
#include "base/random.h"
#include "gpio_box.h"
#include "inputs/gpio_config.h"
#include "io/loop.h"
#include "model/point.h"

enum { LINES = 9, STEPS = 1500 };

static const char points_of_all[] =
	"both: {line: 1, count: both}, up: {line: 2, count: rising}, level: {line: 2}, "
	"down: {line: 3, count: falling}, alone: {line: 4, count: rising}, "
	"pos: {quadrature: [5, 6]}, seen: {line: 7}, hz: {line: 8, measure: frequency}, "
	"width: {line: 8, measure: width}";

struct field {
	struct box box;
	struct random random;
	bool high[LINES];
	unsigned rising[LINES], falling[LINES];
	int position;
	bool back;	/* times run */
	uint64_t edges; /* that a bus was told of, or lost */
	uint64_t overtaken;
	uint64_t counted;
	double totals[4];
};

static const char *const totals[] = {"d.both", "d.up", "d.down", "d.alone"};

static uint32_t dice(struct field *field, uint32_t sides)
{
	return (uint32_t)random_between(&field->random, 0, sides - 1);
}

/* An edge of the line, whatever its level was. */
static void field_flip(struct field *field, uint32_t line)
{
	bool high = !field->high[line];
	int64_t ago = field->back ? (int64_t)dice(field, 50) * NSEC_PER_MSEC : 0;

	fake_gpio_drive_at(field->box.chip, line, high, clock_mono().ns - ago);
	field->high[line] = high;
	if (high)
		field->rising[line]++;
	else
		field->falling[line]++;
	field->edges += line != 3 && line != 4 ? 1 : line == 3 ? !high : high;
}

/* The next step of the encoder: its lines in turn, or the last one again. */
static void field_step(struct field *field, bool forwards)
{
	bool differ = field->high[5] != field->high[6];

	field_flip(field, differ == forwards ? 6 : 5);
	field->position += forwards ? 1 : -1;
}

static void field_turn(struct field *field, uint32_t turns)
{
	for (uint32_t i = 0; i < turns; i++)
		loop_turn(field->box.loop);
	for (size_t i = 0; i < 4; i++) {
		uint32_t point = rig_point(&field->box.rig, totals[i]);
		const struct reading *last = &field->box.rig.last[point];

		/* What counts up never goes down. */
		if (field->box.rig.counts[point] == 0 || last->quality != QUALITY_GOOD)
			continue;
		assert_true(last->value.number >= field->totals[i]);
		field->totals[i] = last->value.number;
	}
}

static void field_sum(struct field *field)
{
	field->counted += rig_counter(&field->box.rig, -1, "edges") +
			  rig_counter(&field->box.rig, -1, "edges_lost");
}

struct mover {
	struct input_rig *from, *to;
};

static void move_total(void *arg, uint32_t point, const void *bytes, size_t len)
{
	struct mover *mover = arg;
	const char *name = point_table_get(mover->from->points, point)->name;

	assert_true(
		input_gpio.restore(mover->to->input, rig_point(mover->to, name), bytes, len));
}

static void field_reload(struct field *field)
{
	struct input_rig before = field->box.rig;
	struct mover mover = {&before, &field->box.rig};

	field_sum(field);
	field->box.rig = (struct input_rig){0};
	box_open(&field->box, "max_readings: 10000/s,", points_of_all);
	input_gpio.adopt(field->box.rig.input, before.input);
	input_gpio.save(before.input, (struct input_keeper){move_total, &mover, true});
	rig_done(&before);
	assert_int_equal(fake_gpio_requests(), 1);
}

/* An edge of a line that tells all is read with, or behind, some that came later. */
static void field_overtake(struct field *field, uint32_t line)
{
	fake_gpio_hold_back();
	field_flip(field, line);
	field->overtaken++;
	for (uint32_t i = dice(field, 3); i > 0; i--)
		field_flip(field, 2);
	field_turn(field, dice(field, 3));
	field_flip(field, 8);
	fake_gpio_let_go();
}

static void field_do(struct field *field, uint32_t most)
{
	uint32_t line = 1 + dice(field, LINES - 2), count = 1 + dice(field, most);

	if (line == 6)
		line = 8;
	switch (dice(field, 12)) {
	case 0:
		field_overtake(field, dice(field, 2) == 0 ? 1 : 7);
		break;
	case 1:
		field_reload(field);
		break;
	case 2:
	case 3:
		for (uint32_t i = 0; i < count; i++)
			field_step(field, dice(field, 3) > 0);
		break;
	default:
		for (uint32_t i = 0; i < count && line != 5; i++)
			field_flip(field, line);
	}
	field_turn(field, dice(field, 4));
}

static void field_begin(struct field *field, unsigned seed)
{
	*field = (struct field){0};
	random_init(&field->random, seed);
	box_begin(&field->box, "max_readings: 10000/s,", points_of_all);
	assert_int_equal(fake_gpio_requests(), 1);
}

/* A last edge tells each line what it lost; then all is known that can be. */
static void field_end(struct field *field)
{
	for (uint32_t line = 1; line < LINES; line++) {
		if (line == 5 || line == 6)
			continue;
		field_flip(field, line);
		field_flip(field, line);
	}
	box_turn(&field->box);
	/* What was lost has its readings owed for the time of one. */
	box_until(&field->box, "d.seen", field->high[7] ? "true" : "false");
}

static void assert_total(struct field *field, const char *point, unsigned wanted)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", wanted);
	box_until(&field->box, point, text);
}

static void assert_totals(struct field *field)
{
	assert_total(field, "d.both", field->rising[1] + field->falling[1]);
	assert_total(field, "d.up", field->rising[2]);
	assert_total(field, "d.down", field->falling[3]);
	assert_total(field, "d.alone", field->rising[4]);
	box_until(&field->box, "d.level", field->high[2] ? "true" : "false");
	field_sum(field);
	/* One that comes behind a full buffer was taken for lost, and came. */
	assert_in_range(field->counted, field->edges, field->edges + field->overtaken);
}

static void test_all_is_counted_that_was_kept(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed <= 8; seed++) {
		struct field field;
		char text[16];

		field_begin(&field, seed);
		field.back = seed % 2 == 0;
		for (int i = 0; i < STEPS; i++) {
			field_do(&field, 6);
			if (i % 40 == 0)
				box_turn(&field.box);
		}
		field_end(&field);
		assert_totals(&field);
		/* With times that run back its steps may look as if they were in the levels. */
		if (!field.back) {
			snprintf(text, sizeof(text), "%d", field.position);
			box_until(&field.box, "d.pos", text);
		}
		assert_int_equal(field.counted, field.edges);
		assert_int_equal(rig_counter(&field.box.rig, -1, "edges_lost"), 0);
		assert_int_equal(rig_counter(&field.box.rig, -1, "edges_merged"), 0);
		box_done(&field.box);
	}
}

static void test_fault_A14_all_is_counted_that_was_lost(void **state)
{
	uint64_t lost = 0;

	(void)state;
	for (unsigned seed = 101; seed <= 108; seed++) {
		struct field field;

		field_begin(&field, seed);
		field.back = seed % 2 == 0;
		for (int i = 0; i < STEPS / 5; i++)
			field_do(&field, dice(&field, 8) == 0 ? 1300 : 20);
		field_end(&field);
		assert_totals(&field);
		lost += field.edges > 0 ? rig_counter(&field.box.rig, -1, "edges_lost") : 0;
		box_done(&field.box);
	}
	assert_true(lost > 0);
}

/* Numbers and times of which none can be: whatever they say, nothing is told that cannot be. */
static void test_numbers_that_cannot_be_do_no_harm(void **state)
{
	(void)state;
	for (unsigned seed = 201; seed <= 208; seed++) {
		struct field field;

		field_begin(&field, seed);
		for (int i = 0; i < STEPS; i++) {
			struct fake_odd odd = {
				.line_number = dice(&field, 6) == 0 ? dice(&field, 7) - 3U : 0,
				.number = dice(&field, 6) == 0 ? dice(&field, 7) - 3U : 0,
				.ns = dice(&field, 4) == 0 ? ((int64_t)dice(&field, 2001) -
							      1000) * NSEC_PER_SEC
							   : 0,
			};
			double width, hz;

			fake_gpio_be_odd(&odd);
			field_flip(&field, 1 + dice(&field, LINES - 1));
			field_turn(&field, dice(&field, 3));
			width = box_number(&field.box, "d.width");
			hz = box_number(&field.box, "d.hz");
			assert_true(width >= 0 && isfinite(width) && hz >= 0 && isfinite(hz));
			assert_in_range(boot_diff(clock_boot(), field.box.rig.last[0].at), 0,
					3600 * NSEC_PER_SEC);
		}
		box_done(&field.box);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_is_counted_that_was_kept),
		cmocka_unit_test(test_fault_A14_all_is_counted_that_was_lost),
		cmocka_unit_test(test_numbers_that_cannot_be_do_no_harm),
	};

	log_init(2, LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
