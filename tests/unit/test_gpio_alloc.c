/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Tests that lines that run take no memory from the heap, whatever their edges do. */
#include "inputs/gpio.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "fake_gpio.h"
#include "input_rig.h"
#include "inputs/gpio_config.h"
#include "io/loop.h"
#include "pty.h"

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);

static unsigned taken;

void *malloc(size_t size)
{
	taken++;
	return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	taken++;
	return __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
	taken++;
	return __libc_realloc(old, size);
}

static const char yaml[] = "bus: {gpio: {chip: lab}, poll: 10ms}\n"
			   "devices:\n"
			   "  d:\n"
			   "    max_readings: 1000/s\n"
			   "    points:\n"
			   "      level: {line: 1}\n"
			   "      bell: {line: 1, edge: falling}\n"
			   "      total: {line: 2, count: rising, rate: {}}\n"
			   "      hz: {line: 3, measure: frequency}\n"
			   "      width: {line: 3, measure: width}\n"
			   "      pos: {quadrature: [4, 5]}\n"
			   "      out: {line: 6, direction: output}\n";

static void test_lines_that_run_allocate_nothing(void **state)
{
	struct loop *loop = loop_new(NULL);
	struct input_rig rig;
	struct fake_chip *chip;
	unsigned before;

	(void)state;
	assert_null(rig_parse(&rig, &input_gpio, yaml));
	rig.config->link.folder = fake_gpio_begin();
	chip = fake_gpio_plug("gpiochip0", "lab", 8);
	rig_start(&rig, loop);
	pty_wait(loop, &rig.good, 20);
	before = taken;
	for (int i = 0; i < 100; i++) {
		/* Now and then more edges than are kept. */
		for (int j = 0; j < (i % 20 == 19 ? 400 : 20); j++)
			for (uint32_t line = 1; line <= 5; line++)
				fake_gpio_drive(chip, line, j % 2 == 0);
		for (int j = 0; j < 10; j++)
			loop_turn(loop);
	}
	pty_idle(loop, 50);
	assert_int_equal(taken, before);
	assert_true(rig_counter(&rig, -1, "edges_lost") > 1000);
	assert_true(rig_counter(&rig, 0, "readings_held") > 0);
	rig_done(&rig);
	loop_free(loop);
	fake_gpio_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines_that_run_allocate_nothing),
	};

	/* The log's own lines are no part of the path, and go nowhere here. */
	log_init(STDERR_FILENO, LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
