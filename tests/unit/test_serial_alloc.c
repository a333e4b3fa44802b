/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Tests that a serial line that runs takes no memory from the heap, whatever comes over it. */
#include "inputs/serial.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "input_rig.h"
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

static const char yaml[] =
	"bus: {serial: %s, framing: {max: 200}, max_lines: 1000000/s}\n"
	"devices:\n"
	"  wind: {nmea: {sentence: MWV}, match: ',(?<v>[\\d.]+),M', points: {v: {}}}\n"
	"  gps: {nmea: true, points: {n: {field: 3}}}\n"
	"  evil: {match: '(a+)+$', points: {e: {field: 1, type: text}}}\n"
	"  air: {keyvalue: true, points: {T: {}, M: {type: text}}}\n"
	"  table: {csv: {prefix: '#'}, points: {c: {field: 2, type: bool}}}\n"
	"  node: {json: true, points: {j: {field: a.b}, s: {type: text}}}\n";

static const char lines[] =
	"$WIMWV,214.8,R,4.9,M,A*22\n"
	"$WIMWV,214.8,R,4.9,M,A*00\n"
	"T=21.5 M=auto\nT=x\n"
	"#1,\"on\",3\n#1,\"\n"
	"{\"a\":{\"b\":7},\"s\":\"\\u00e9\"}\n{\"a\":\n"
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\n"
	"\xff\xfe\x1b[31m\n\n"
	"a line that is longer than the longest: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n";

static void test_a_line_that_runs_allocates_nothing(void **state)
{
	struct loop *loop = loop_new(NULL);
	struct input_rig rig;
	struct pty pty;
	unsigned before, good = 0;
	char text[2000];

	pty_plug(&pty);
	snprintf(text, sizeof(text), yaml, pty.path);
	rig_open(&rig, &input_serial, text, loop);
	while (strcmp(rig_state(&rig, -1), "up") != 0)
		pty_idle(loop, 1);
	pty_send(&pty, loop, "\nT=1\n", 5);
	pty_wait(loop, &rig.good, 1);
	before = taken;
	for (int i = 0; i < 200; i++) {
		pty_send(&pty, loop, lines, sizeof(lines) - 1);
		/* v, n, T, M, c, j, s */
		good += 7;
		pty_wait(loop, &rig.good, good);
	}
	assert_int_equal(taken, before);
	assert_true(rig_counter(&rig, -1, "lines_over_limit") >= 199);
	assert_true(rig_counter(&rig, -1, "lines_cut") >= 199);
	assert_true(rig_counter(&rig, -1, "lines_wrong") >= 3 * 199);
	rig_done(&rig);
	loop_free(loop);
	pty_unplug(&pty);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_line_that_runs_allocates_nothing),
	};

	/* The log's own lines are no part of the path, and go nowhere here. */
	log_init(STDERR_FILENO, LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
