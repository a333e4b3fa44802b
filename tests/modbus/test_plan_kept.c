/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Whether a bus on a virtual clock does what is foretold of it: as many polls as gaugectl check
 * says are possible, and what a device taught tried again after a day.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../unit/modbus_case.h"
#include "base/alloc.h"
#include "base/error.h"
#include "base/log.h"
#include "inputs/modbus.h"
#include "inputs/modbus_config.h"
#include "inputs/plan.h"
#include "io/modbus_line.h"
#include "slaves.h"

static const int64_t run_ns = 600 * NSEC_PER_SEC, day_ns = 86400 * NSEC_PER_SEC;

struct bed {
	struct loop *loop;
	struct modbus_case c;
	struct slaves slaves;
	unsigned absent; /* register that is refused; 0: none */
	unsigned refusals;
};

static void put(void *arg, const struct reading *reading)
{
}

static void asked(struct slaves *slaves, struct virtual_link *link,
		  const struct slave_request *request)
{
	struct bed *bed = slaves->arg;

	if (bed->absent != 0 && bed->absent >= request->address &&
	    bed->absent < request->address + request->count) {
		bed->refusals++;
		slave_refuses(slaves, link, request, 2, slaves->answer_ns);
	} else {
		slave_answers(slaves, link, request, slaves->answer_ns);
	}
}

static struct bed *bed_new(const char *yaml)
{
	struct bed *bed = xcalloc(1, sizeof(*bed));
	struct error err;

	virtual_begin(7);
	bed->loop = loop_new(&err);
	modbus_case_init(&bed->c, yaml, 0);
	if (bed->c.config == NULL)
		fail_msg("%s", conf_case_said(&bed->c.conf));
	bed->slaves.peer.path = "/dev/ttyV1";
	bed->slaves.arg = bed;
	bed->slaves.request = asked;
	/* The silence by which it knows the end of the request, and what it takes then. */
	bed->slaves.answer_ns = modbus_line_gap(&bed->c.config->bus.line) + 10 * NSEC_PER_MSEC;
	return bed;
}

static void bed_open(struct bed *bed)
{
	struct error err;

	slaves_init(&bed->slaves, true);
	bed->c.input = input_modbus.open(bed->c.config, bed->loop,
					 (struct input_sink){.put = put}, NULL, &err);
	assert_non_null(bed->c.input);
}

static void bed_free(struct bed *bed)
{
	bed->c.loop = NULL;
	modbus_case_done(&bed->c);
	slaves_done(&bed->slaves);
	loop_free(bed->loop);
	virtual_end();
	free(bed);
}

/* Polls of a device that the plan says are possible in run_ns. */
static double foretold(const struct plan *plan, const char *device)
{
	double polls = 0;

	for (size_t i = 0; i < plan->count; i++) {
		if (strcmp(plan->requests[i].device, device) == 0)
			polls += (double)run_ns / (double)plan->requests[i].possible_ns;
	}
	return polls;
}

static const char *const names[] = {"a", "b", "c"};

static void assert_kept(const char *yaml, bool full)
{
	struct bed *bed = bed_new(yaml);
	struct plan *plan = plan_new(&input_modbus, bed->c.config);
	uint64_t before[ARRAY_SIZE(names)];

	assert_true(plan->timed);
	assert_int_equal(plan->use > 1, full);
	bed_open(bed);
	virtual_run(bed->loop, 30 * NSEC_PER_SEC);
	for (int i = 0; i < (int)ARRAY_SIZE(names); i++)
		before[i] = modbus_case_count(&bed->c, i, "answers");
	virtual_run(bed->loop, run_ns);
	for (int i = 0; i < (int)ARRAY_SIZE(names); i++) {
		double polls = (double)(modbus_case_count(&bed->c, i, "answers") - before[i]);

		print_message("%s: %.0f polls, %.0f foretold; the bus needs %.0f %%\n",
			      names[i], polls, foretold(plan, names[i]), 100 * plan->use);
		assert_true(fabs(polls / foretold(plan, names[i]) - 1) < 0.03);
	}
	plan_free(plan);
	bed_free(bed);
}

static void test_line_with_time_left_keeps_all_intervals(void **state)
{
	assert_kept("buses: {m: {modbus: 'rtu:///dev/ttyV1', baud: 9600}}\n"
		    "devices:\n"
		    "  a: {bus: m, unit: 1, poll: 500ms, points: {x: {holding: 0}}}\n"
		    "  b: {bus: m, unit: 2, poll: 300ms, points: {x: {holding: 0, type: "
		    "float64}, y: {holding: 60}}}\n"
		    "  c: {bus: m, unit: 3, poll: 1s, points: {x: {input: 0}, y: {coil: 4}}}\n",
		    false);
}

static void test_full_line_is_shared_as_foretold(void **state)
{
	assert_kept(
		"buses: {m: {modbus: 'rtu:///dev/ttyV1', baud: 9600}}\n"
		"devices:\n"
		"  a: {bus: m, unit: 1, poll: 1s, points: {x: {holding: 0}}}\n"
		"  b: {bus: m, unit: 2, poll: 100ms, points: {x: {holding: 0, type: "
		"float64}, y: {holding: 60}, z: {holding: 120, type: string(40)}}}\n"
		"  c: {bus: m, unit: 3, poll: 100ms, points: {x: {input: 0}, y: {coil: 4}}}\n",
		true);
}

static void test_full_line_of_equal_units(void **state)
{
	assert_kept("buses: {m: {modbus: 'rtu:///dev/ttyV1', baud: 19200}}\n"
		    "devices:\n"
		    "  a: {bus: m, unit: 1, poll: 50ms, points: {x: {holding: 0}}}\n"
		    "  b: {bus: m, unit: 2, poll: 50ms, points: {x: {holding: 0}}}\n"
		    "  c: {bus: m, unit: 3, poll: 50ms, points: {x: {holding: 0}}}\n",
		    true);
}

static void test_refused_hole_is_tried_again_once_a_day(void **state)
{
	struct bed *bed = bed_new(
		"buses: {m: {modbus: 'rtu:///dev/ttyV1', baud: 9600}}\n"
		"devices: {a: {bus: m, unit: 1, poll: 30s, points: {x: {holding: 1}, y: "
		"{holding: 9}}}}\n");

	bed->absent = 5;
	bed_open(bed);
	virtual_run(bed->loop, day_ns - 60 * NSEC_PER_SEC);
	assert_int_equal(bed->refusals, 1);
	virtual_run(bed->loop, 5 * 60 * NSEC_PER_SEC);
	assert_int_equal(bed->refusals, 2);
	virtual_run(bed->loop, day_ns - 10 * 60 * NSEC_PER_SEC);
	assert_int_equal(bed->refusals, 2);
	bed->absent = 0;
	virtual_run(bed->loop, 20 * 60 * NSEC_PER_SEC);
	/* One request for both: it is read at once again. */
	assert_int_equal(bed->refusals, 2);
	bed->slaves.heard[1] = 0;
	virtual_run(bed->loop, 600 * NSEC_PER_SEC);
	assert_in_range(bed->slaves.heard[1], 19, 21);
	bed_free(bed);
}

static void test_refused_value_is_asked_for_once_a_minute(void **state)
{
	struct bed *bed =
		bed_new("buses: {m: {modbus: 'rtu:///dev/ttyV1', baud: 9600}}\n"
			"devices: {a: {bus: m, unit: 1, poll: 500ms, points: {x: {holding: 1}, "
			"y: {holding: 2}, z: {holding: 3}}}}\n");

	bed->absent = 2;
	bed_open(bed);
	virtual_run(bed->loop, 600 * NSEC_PER_SEC);
	bed->refusals = 0;
	bed->slaves.heard[1] = 0;
	virtual_run(bed->loop, 3600 * NSEC_PER_SEC);
	assert_in_range(bed->refusals, 59, 61);
	/* Two requests for the others in each half second. */
	assert_in_range(bed->slaves.heard[1] - bed->refusals, 4 * 3600 - 4, 4 * 3600 + 4);
	bed_free(bed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_line_with_time_left_keeps_all_intervals),
		cmocka_unit_test(test_full_line_is_shared_as_foretold),
		cmocka_unit_test(test_full_line_of_equal_units),
		cmocka_unit_test(test_refused_hole_is_tried_again_once_a_day),
		cmocka_unit_test(test_refused_value_is_asked_for_once_a_minute),
	};

	log_init(STDERR_FILENO, LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
