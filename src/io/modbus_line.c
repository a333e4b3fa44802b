/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the arithmetic of time on a serial line. */
#include "io/modbus_line.h"

#include "base/clock.h"

enum { FAST_BAUD = 19200 };

/* Above 19200 baud the standard fixes it, so that a processor can keep up. */
static const int64_t gap_fast_ns = 1750 * NSEC_PER_USEC;
static const int64_t idle_uart_ns = 5 * NSEC_PER_MSEC, idle_usb_ns = 20 * NSEC_PER_MSEC,
		     idle_unknown_ns = 50 * NSEC_PER_MSEC;
/*
 * A UART hands over what it received when its FIFO is half full or has not been fed for four
 * characters: an answer comes in lumps of 8 or 16, as far apart as those take on the wire.
 */
enum { IDLE_UART_CHARS = 20 };
static const int64_t quarantine_min_ns = 50 * NSEC_PER_MSEC;

static int64_t longer(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

int64_t modbus_line_bytes(const struct modbus_line *line, size_t len)
{
	if (line->baud == 0)
		return 0;
	return (int64_t)len * line->bits * NSEC_PER_SEC / line->baud;
}

int64_t modbus_line_char(const struct modbus_line *line)
{
	return modbus_line_bytes(line, 1);
}

int64_t modbus_line_gap(const struct modbus_line *line)
{
	int64_t gap = 0;

	if (line->baud > 0)
		gap = line->baud > FAST_BAUD ? gap_fast_ns : modbus_line_bytes(line, 7) / 2;
	return longer(gap, line->gap_ns);
}

int64_t modbus_line_idle(const struct modbus_line *line)
{
	if (line->idle_ns > 0)
		return line->idle_ns;
	if (line->baud == 0)
		return idle_unknown_ns;
	if (line->usb)
		return longer(modbus_line_gap(line), idle_usb_ns);
	return longer(modbus_line_bytes(line, IDLE_UART_CHARS),
		      longer(modbus_line_gap(line), idle_uart_ns));
}

int64_t modbus_line_quarantine(const struct modbus_line *line)
{
	if (line->quarantine_ns > 0)
		return line->quarantine_ns;
	return longer(quarantine_min_ns, modbus_line_bytes(line, 10));
}

int64_t modbus_line_exchange(const struct modbus_line *line, size_t request, size_t answer,
			     int64_t delay_ns)
{
	return 2 * modbus_line_gap(line) + modbus_line_bytes(line, request + answer) + delay_ns;
}
