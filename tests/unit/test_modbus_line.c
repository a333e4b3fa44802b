/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Times on a serial line against the figures that the standard and the datasheets print. */
#include "io/modbus_line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"

static void test_line_gap_is_three_and_a_half_characters(void **state)
{
	struct modbus_line line = {.baud = 9600, .bits = 11};

	assert_int_equal(modbus_line_char(&line) / NSEC_PER_USEC, 1145);
	assert_int_equal(modbus_line_gap(&line) / NSEC_PER_USEC, 4010);
	line.baud = 19200;
	assert_int_equal(modbus_line_gap(&line) / NSEC_PER_USEC, 2005);
	/* Above 19200 baud it is 1.750 ms (V1.02 section 2.5.1.1). */
	line.baud = 115200;
	assert_int_equal(modbus_line_gap(&line) / NSEC_PER_USEC, 1750);
}

static void test_line_gap_is_never_less_than_configured(void **state)
{
	struct modbus_line line = {.baud = 115200, .bits = 10, .gap_ns = 8 * NSEC_PER_MSEC};

	assert_int_equal(modbus_line_gap(&line), 8 * NSEC_PER_MSEC);
	line.gap_ns = NSEC_PER_USEC;
	assert_int_equal(modbus_line_gap(&line), 1750 * NSEC_PER_USEC);
}

static void test_line_behind_a_serial_server_has_no_times_of_its_own(void **state)
{
	struct modbus_line line = {.bits = 11};

	assert_int_equal(modbus_line_char(&line), 0);
	assert_int_equal(modbus_line_bytes(&line, 256), 0);
	assert_int_equal(modbus_line_gap(&line), 0);
	assert_int_equal(modbus_line_idle(&line), 50 * NSEC_PER_MSEC);
	assert_int_equal(modbus_line_exchange(&line, 8, 25, 3), 3);
}

static void test_line_idle_depends_on_the_adapter(void **state)
{
	struct modbus_line line = {.baud = 9600, .bits = 11};

	/* Lumps of 16 characters from a FIFO that is half full, and the wait for the last ones.
	 */
	assert_int_equal(modbus_line_idle(&line), modbus_line_bytes(&line, 20));
	line.baud = 115200;
	assert_int_equal(modbus_line_idle(&line), 5 * NSEC_PER_MSEC);
	line.usb = true;
	assert_int_equal(modbus_line_idle(&line), 20 * NSEC_PER_MSEC);
	line.baud = 1200;
	assert_int_equal(modbus_line_idle(&line), modbus_line_gap(&line));
	line.idle_ns = 7;
	assert_int_equal(modbus_line_idle(&line), 7);
}

static void test_line_quarantine_is_ten_characters_or_more(void **state)
{
	struct modbus_line line = {.baud = 9600, .bits = 11};

	assert_int_equal(modbus_line_quarantine(&line), 50 * NSEC_PER_MSEC);
	line.baud = 1200;
	assert_int_equal(modbus_line_quarantine(&line), modbus_line_bytes(&line, 10));
	line.quarantine_ns = NSEC_PER_SEC;
	assert_int_equal(modbus_line_quarantine(&line), NSEC_PER_SEC);
}

static void test_line_exchange_sums_frames_gaps_and_delay(void **state)
{
	struct modbus_line line = {.baud = 9600, .bits = 10};

	/* 8 and 25 characters of 1.0417 ms, two gaps of 3.646 ms, 10 ms in the device. */
	assert_int_equal(modbus_line_exchange(&line, 8, 25, 10 * NSEC_PER_MSEC) /
				 (100 * NSEC_PER_USEC),
			 516);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_line_gap_is_three_and_a_half_characters),
		cmocka_unit_test(test_line_gap_is_never_less_than_configured),
		cmocka_unit_test(test_line_behind_a_serial_server_has_no_times_of_its_own),
		cmocka_unit_test(test_line_idle_depends_on_the_adapter),
		cmocka_unit_test(test_line_quarantine_is_ten_characters_or_more),
		cmocka_unit_test(test_line_exchange_sums_frames_gaps_and_delay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
