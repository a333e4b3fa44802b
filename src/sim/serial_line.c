/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns how requests are cut out of what a master says, and the line's time. */
#include "sim/serial_line.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "sim/exchange.h"
#include "sim/outgoing.h"
#include "sim/poller.h"
#include "sim/rack.h"

enum { CHARACTER_BITS = 11, LINE_ANSWERS_MAX = 64, FRAME_MIN = 4 };

/* A silence that ends a frame: a pty gives no better time, and 3.5 characters are shorter. */
#define SILENCE_NS (10 * NSEC_PER_MSEC)

struct serial_line {
	struct poller *poller;
	struct rack *rack;
	struct faults *bus;
	int64_t char_ns, turnaround_ns;
	struct serial_line_counts *counts;
	const struct serial_line_ops *ops;
	void *arg;
	uint8_t input[EXCHANGE_FRAME_MAX];
	size_t input_len;
	bool deaf; /* what comes is no request: nothing is until a silence */
	char master[32];
	struct mono request_end;    /* when the last one was over on the line */
	struct mono unit_free[256]; /* slaves answer in the order in which they were asked */
	struct poller_timer silence, due;
	struct outgoing outgoing;
};

static ssize_t line_send(void *arg, const uint8_t *bytes, size_t len)
{
	struct serial_line *line = arg;
	ssize_t n = line->ops->hear(line->arg, bytes, len);

	/* A serial line waits for nobody: what isn't taken is lost. */
	if (n != (ssize_t)len)
		line->counts->lost++;
	return (ssize_t)len;
}

static void line_flush(void *arg)
{
	struct serial_line *line = arg;
	enum wire_end end;

	if (outgoing_flush(&line->outgoing, &end) == OUTGOING_ENDED)
		line->ops->end(line->arg, end);
}

static void line_request(struct serial_line *line, size_t len)
{
	struct exchange *exchange;
	struct mono ready;
	uint8_t unit = line->input[0];

	line->counts->frames++;
	if (line->outgoing.count >= LINE_ANSWERS_MAX) {
		line->counts->lost++;
		return;
	}
	exchange = exchange_new(FRAMING_RTU, line->input, len, line->master);
	rack_answer(line->rack, exchange, line->bus);
	if (exchange->wire.len == 0 && exchange->wire.end == WIRE_STAYS) {
		exchange_free(exchange);
		return;
	}
	ready = exchange->early ? clock_mono()
				: mono_add(line->request_end, line->turnaround_ns);
	if (ready.ns < line->unit_free[unit].ns)
		ready = line->unit_free[unit];
	line->unit_free[unit] = mono_add(ready, exchange->delay_ns);
	outgoing_put(&line->outgoing, exchange, ready);
}

static void line_take(struct serial_line *line, size_t len)
{
	line->input_len -= len;
	memmove(line->input, line->input + len, line->input_len);
}

static bool crc_is_right(const struct serial_line *line, size_t len)
{
	uint16_t crc = exchange_crc(line->input, len - 2);

	return line->input[len - 2] == (uint8_t)crc && line->input[len - 1] == crc >> 8;
}

/* Cuts off and answers what is whole. */
static void line_frames(struct serial_line *line)
{
	int len;

	while (!line->deaf && (len = exchange_rtu_length(line->input, line->input_len)) > 0 &&
	       line->input_len >= (size_t)len) {
		line->deaf = !crc_is_right(line, (size_t)len);
		if (line->deaf)
			break;
		line_request(line, (size_t)len);
		line_take(line, (size_t)len);
		if (line->input_len > 0)
			line->counts->overlaps++;
	}
}

/* A function that we don't know has the length at which the silence came. */
static void line_is_silent(void *arg)
{
	struct serial_line *line = arg;

	if (!line->deaf && line->input_len >= FRAME_MIN && crc_is_right(line, line->input_len))
		line_request(line, line->input_len);
	else if (line->input_len > 0 || line->deaf)
		line->counts->bad++;
	line->input_len = 0;
	line->deaf = false;
	line_flush(line);
}

/* The line is busy with the request for as long as its characters take. */
static void line_pass_time(struct serial_line *line, size_t len)
{
	struct mono now = clock_mono(), begin = now;

	if (line->input_len == 0 && !line->deaf) {
		struct mono free = line->outgoing.sent.ns > line->request_end.ns
					   ? line->outgoing.sent
					   : line->request_end;
		int64_t gap_ns = mono_diff(now, free);
		struct exchange *exchange;
		bool busy = gap_ns < 0;

		TAILQ_FOREACH (exchange, &line->outgoing.exchanges, entry)
			busy = busy || exchange->wire.sent > 0;
		if (busy)
			line->counts->overlaps++;
		else if (free.ns != 0 &&
			 (line->counts->gap_min_ns == 0 || gap_ns < line->counts->gap_min_ns))
			line->counts->gap_min_ns = gap_ns;
	} else if (line->request_end.ns > now.ns) {
		begin = line->request_end;
	}
	line->request_end = mono_add(begin, (int64_t)len * line->char_ns);
}

void serial_line_say(struct serial_line *line, const uint8_t *bytes, size_t len,
		     const char *master)
{
	snprintf(line->master, sizeof(line->master), "%s", master);
	while (len > 0) {
		size_t room = sizeof(line->input) - line->input_len;
		size_t n = len < room ? len : room;

		line_pass_time(line, n);
		memcpy(line->input + line->input_len, bytes, n);
		line->input_len += n;
		bytes += n;
		len -= n;
		line_frames(line);
		/* Longer than any frame. */
		line->deaf = line->deaf || line->input_len == sizeof(line->input);
		if (line->deaf)
			line->input_len = 0;
	}
	if (line->input_len > 0 || line->deaf)
		poller_arm(line->poller, &line->silence, SILENCE_NS);
	else
		poller_disarm(&line->silence);
	line_flush(line);
}

void serial_line_clear(struct serial_line *line)
{
	poller_disarm(&line->silence);
	outgoing_done(&line->outgoing);
	line->input_len = 0;
	line->deaf = false;
	memset(line->unit_free, 0, sizeof(line->unit_free));
}

struct serial_line *serial_line_new(struct poller *poller, struct rack *rack,
				    struct faults *bus,
				    const struct serial_line_options *options,
				    struct serial_line_counts *counts,
				    const struct serial_line_ops *ops, void *arg)
{
	struct serial_line *line = xcalloc(1, sizeof(*line));

	line->poller = poller;
	line->rack = rack;
	line->bus = bus;
	if (options->baud > 0)
		line->char_ns = CHARACTER_BITS * NSEC_PER_SEC / options->baud;
	line->turnaround_ns = options->turnaround_ns;
	line->counts = counts;
	line->ops = ops;
	line->arg = arg;
	line->silence.fn = line_is_silent;
	line->silence.arg = line;
	line->due.fn = line_flush;
	line->due.arg = line;
	line->outgoing.poller = poller;
	line->outgoing.due = &line->due;
	line->outgoing.send = line_send;
	line->outgoing.arg = line;
	line->outgoing.char_ns = line->char_ns;
	outgoing_init(&line->outgoing);
	return line;
}

void serial_line_free(struct serial_line *line)
{
	if (line == NULL)
		return;
	serial_line_clear(line);
	free(line);
}
