/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* An open GPIO bus on a chip that is a file (fake_gpio.h), and what a test does to it. */
#ifndef GAUGED_TESTS_UNIT_GPIO_BOX_H
#define GAUGED_TESTS_UNIT_GPIO_BOX_H

#include <stdbool.h>
#include <stdint.h>

#include "fake_gpio.h"
#include "input_rig.h"

struct error;
struct loop;

struct box {
	struct loop *loop;
	const char *folder;
	struct fake_chip *chip;
	struct input_rig rig;
	/* of writes */
	unsigned done;
	enum write_outcome outcome;
	char text[200];
};

void box_init(struct box *box);
/* points: of the device 'd' on a chip that is labelled lab. */
void box_open(struct box *box, const char *options, const char *points);
/* The same, with another pause between two looks than 100 s. */
void box_open_polling(struct box *box, const char *poll, const char *points);
/* A configuration with these takes the place of what is open, as a reload does it. */
void box_reload(struct box *box, const char *options, const char *points);
void box_done(struct box *box);
void box_turn(struct box *box);
/* With a chip of 64 lines, and all that it says at the start told. */
void box_begin(struct box *box, const char *options, const char *points);
/* The readings since the last time, after some turns. */
void box_expect(struct box *box, const char *log);
/* Waits until the last reading of the point is that; fails after ten seconds. */
void box_until(struct box *box, const char *point, const char *value);
double box_number(struct box *box, const char *point);
/* As write() of the input; how it ended is in the box. */
int box_write(struct box *box, const char *point, bool value, struct error *err);
/* A write_done of the box. */
void box_written(void *arg, const struct write_result *result);
/* So many times up and down. */
void pulse(struct box *box, uint32_t line, int count);

#endif
