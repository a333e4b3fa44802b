/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the GPIO bus of tests. */
#include "gpio_box.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "inputs/gpio.h"
#include "inputs/gpio_config.h"
#include "io/loop.h"
#include "pty.h"

void box_init(struct box *box)
{
	*box = (struct box){.loop = loop_new(NULL), .folder = fake_gpio_begin()};
}

static void box_parse(struct box *box, const char *poll, const char *options,
		      const char *points)
{
	char *text;

	assert_true(asprintf(&text,
			     "bus: {gpio: {chip: lab}, poll: %s}\n"
			     "devices: {d: {%s points: {%s}}}\n",
			     poll, options, points) > 0);
	assert_null(rig_parse(&box->rig, &input_gpio, text));
	box->rig.config->link.folder = box->folder;
	box->rig.keep_log = 1;
	free(text);
}

void box_open(struct box *box, const char *options, const char *points)
{
	box_parse(box, "100s", options, points);
	rig_start(&box->rig, box->loop);
}

void box_open_polling(struct box *box, const char *poll, const char *points)
{
	box_parse(box, poll, "", points);
	rig_start(&box->rig, box->loop);
}

void box_reload(struct box *box, const char *options, const char *points)
{
	struct input_rig before = box->rig;

	box->rig = (struct input_rig){0};
	box_open(box, options, points);
	input_gpio.adopt(box->rig.input, before.input);
	rig_done(&before);
}

void box_done(struct box *box)
{
	rig_done(&box->rig);
	loop_free(box->loop);
	fake_gpio_end();
}

void box_turn(struct box *box)
{
	for (int i = 0; i < 20; i++)
		loop_turn(box->loop);
}

void box_begin(struct box *box, const char *options, const char *points)
{
	box_init(box);
	box->chip = fake_gpio_plug("gpiochip0", "lab", 64);
	box_open(box, options, points);
	box_turn(box);
	assert_string_equal(rig_state(&box->rig, -1), "up");
	str_clear(&box->rig.log);
}

void box_expect(struct box *box, const char *log)
{
	box_turn(box);
	assert_string_equal(box->rig.log.s != NULL ? box->rig.log.s : "", log);
	str_clear(&box->rig.log);
}

void box_until(struct box *box, const char *point, const char *value)
{
	for (int i = 0; i < 10000; i++) {
		if (strcmp(rig_last(&box->rig, point), value) == 0)
			return;
		pty_idle(box->loop, 1);
	}
	fail_msg("%s is %s, not %s", point, rig_last(&box->rig, point), value);
}

void pulse(struct box *box, uint32_t line, int count)
{
	for (int i = 0; i < count; i++) {
		fake_gpio_drive(box->chip, line, true);
		fake_gpio_drive(box->chip, line, false);
	}
}

double box_number(struct box *box, const char *point)
{
	return box->rig.last[rig_point(&box->rig, point)].value.number;
}

void box_written(void *arg, const struct write_result *result)
{
	struct box *box = arg;

	box->done++;
	box->outcome = result->outcome;
	snprintf(box->text, sizeof(box->text), "%s", result->text);
}

int box_write(struct box *box, const char *point, bool value, struct error *err)
{
	return input_gpio.write(box->rig.input, rig_point(&box->rig, point), value_bool(value),
				box_written, box, err);
}
