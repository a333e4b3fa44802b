/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * How near the polls come to what a serial line can carry at best: request, t3.5, what the
 * device takes, answer, t3.5, and the next request at once. Counted on a virtual clock, for
 * `make check' and as lines of `make bench'.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../unit/modbus_case.h"
#include "base/alloc.h"
#include "base/error.h"
#include "base/log.h"
#include "inputs/modbus.h"
#include "slaves.h"

enum { REGISTERS = 10, UNITS = 4, SECONDS = 300 };

/* Of the device, and of our loop: p99 of a precise timer is 0.08 ms (measured on Linux). */
static const int64_t turnaround_ns = 2 * NSEC_PER_MSEC, lateness_ns = 100 * NSEC_PER_USEC;

struct rate {
	uint64_t answers, wrong;
	double used; /* part of the time in which characters were on the line */
	int64_t gap_ns;
};

static void put(void *arg, const struct reading *reading)
{
	struct rate *rate = arg;

	rate->wrong += reading->quality != QUALITY_GOOD;
}

/* Of 10 bits: 8N1. */
static int64_t chars_ns(int baud, int64_t chars)
{
	return 10 * chars * NSEC_PER_SEC / baud;
}

/* MODBUS over Serial Line V1.02, 2.5.1.1. */
static int64_t gap_ns(int baud)
{
	return baud > 19200 ? 1750 * NSEC_PER_USEC : chars_ns(baud, 7) / 2;
}

/* Polls a second. */
static double best_rate(int baud)
{
	return 1e9 / (double)(chars_ns(baud, 8 + 5 + 2 * REGISTERS) + 2 * gap_ns(baud) +
			      turnaround_ns);
}

static struct rate measure(int baud, enum virtual_arrival arrival, size_t fifo,
			   const char *adapter, int64_t seconds)
{
	struct modbus_case *c = xcalloc(1, sizeof(*c));
	struct slaves slaves = {
		.peer = {.path = "/dev/ttyV0",
			 .arrival = arrival,
			 .fifo = fifo,
			 .damage = true},
		/* It knows by the silence that the request is over. */
		.answer_ns = gap_ns(baud) + turnaround_ns,
	};
	struct rate rate = {0};
	struct error err;
	char yaml[1024];
	size_t len;

	virtual_begin(11);
	virtual_set_lateness(lateness_ns);
	slaves_init(&slaves, true);
	len = (size_t)snprintf(
		yaml, sizeof(yaml),
		"buses: {plc: {modbus: 'rtu:///dev/ttyV0', baud: %d, parity: none,"
		" stop_bits: 1, adapter: %s}}\ndevices:\n",
		baud, adapter);
	for (int unit = 1; unit <= UNITS; unit++)
		len += (size_t)snprintf(yaml + len, sizeof(yaml) - len,
					"  u%d: {bus: plc, unit: %d, poll: 10ms,"
					" points: {a: {holding: 0}, b: {holding: %d}}}\n",
					unit, unit, REGISTERS - 1);
	modbus_case_init(c, yaml, 0);
	if (c->config == NULL)
		fail_msg("%s", conf_case_said(&c->conf));
	c->loop = loop_new(&err);
	c->input = input_modbus.open(c->config, c->loop,
				     (struct input_sink){.put = put, .arg = &rate}, NULL, &err);
	virtual_run(c->loop, 5 * NSEC_PER_SEC);
	rate.wrong = 0;
	rate.answers = modbus_case_count(c, -1, "answers");
	rate.used = (double)slaves.peer.line_used_ns;
	virtual_run(c->loop, seconds * NSEC_PER_SEC);
	rate.answers = modbus_case_count(c, -1, "answers") - rate.answers;
	rate.used = ((double)slaves.peer.line_used_ns - rate.used) / 1e9 / (double)seconds;
	rate.gap_ns = slaves.peer.shortest_gap;
	assert_int_equal(modbus_case_count(c, -1, "timeouts"), 0);
	assert_int_equal(slaves.peer.collisions, 0);
	assert_int_equal(slaves.broken_frames, 0);
	modbus_case_done(c);
	slaves_done(&slaves);
	virtual_end();
	free(c);
	return rate;
}

static void assert_rate(int baud, enum virtual_arrival arrival, const char *adapter,
			const char *how, unsigned percent)
{
	struct rate rate = measure(baud, arrival, 0, adapter, SECONDS);
	double each = (double)rate.answers / SECONDS, best = best_rate(baud);

	print_message("%6d baud, %-28s %6.1f polls/s of %6.1f (%.1f %%), line used %.1f %%, "
		      "shortest gap %.2f ms\n",
		      baud, how, each, best, 100 * each / best, 100 * rate.used,
		      (double)rate.gap_ns / 1e6);
	assert_int_equal(rate.wrong, 0);
	assert_true(100 * each >= percent * best);
	/* Never sooner than the standard allows. */
	assert_true(rate.gap_ns >= gap_ns(baud));
}

static void test_polls_at_9600_baud_reach_nine_tenths_of_the_line(void **state)
{
	assert_rate(9600, ARRIVES_BY_CHARS, "uart", "character by character", 90);
	assert_rate(9600, ARRIVES_WHOLE, "uart", "a whole frame at a time", 90);
	assert_rate(9600, ARRIVES_BY_FIFO, "uart", "eight characters at a time", 90);
}

static void test_polls_at_115200_baud_reach_nine_tenths_of_the_line(void **state)
{
	assert_rate(115200, ARRIVES_BY_CHARS, "uart", "character by character", 90);
	assert_rate(115200, ARRIVES_WHOLE, "uart", "a whole frame at a time", 90);
	assert_rate(115200, ARRIVES_BY_FIFO, "uart", "eight characters at a time", 90);
}

/* The adapter keeps what came for up to 16 ms: no more can be had. */
static void test_polls_through_a_usb_adapter_lose_only_its_latency(void **state)
{
	assert_rate(9600, ARRIVES_BY_USB, "usb", "an adapter of 16 ms", 85);
	assert_rate(115200, ARRIVES_BY_USB, "usb", "an adapter of 16 ms", 50);
}

/* Lumps of one answer are as far apart as they take on the line, at any rate. */
static void test_answers_in_lumps_are_whole_at_every_baud_rate(void **state)
{
	static const int bauds[] = {1200,  2400,  4800,	  9600,	  19200,
				    38400, 57600, 115200, 230400, 460800};
	static const size_t fifos[] = {1, 4, 8, 14, 16};

	for (size_t i = 0; i < ARRAY_SIZE(bauds); i++) {
		for (size_t k = 0; k < ARRAY_SIZE(fifos); k++) {
			struct rate rate =
				measure(bauds[i], ARRIVES_BY_FIFO, fifos[k], "uart", 20);

			assert_int_equal(rate.wrong, 0);
			assert_true(rate.answers > 20);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_polls_at_9600_baud_reach_nine_tenths_of_the_line),
		cmocka_unit_test(test_polls_at_115200_baud_reach_nine_tenths_of_the_line),
		cmocka_unit_test(test_polls_through_a_usb_adapter_lose_only_its_latency),
		cmocka_unit_test(test_answers_in_lumps_are_whole_at_every_baud_rate),
	};

	log_init(STDERR_FILENO, LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
