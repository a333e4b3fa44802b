/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns how a range is cut into requests, and what a refusal of one means. */
#include "ctl/probe_read.h"

#include <stdlib.h>

#include "base/alloc.h"

enum {
	READ_BUSY_TRIES = 5, /* the bus waits longer before each */
	READ_TRIES = 2,	     /* of what is not answered */
	READ_SILENCES = 8,   /* requests without an answer that end the search for holes */
};

struct reader {
	struct probe_block *block;
	const struct modbus_request *alive;
	probe_ask *ask;
	void *arg;
	size_t limit; /* of one request */
	unsigned silences;
	size_t failed; /* cells */
	struct probe_answer answer;
};

void probe_block_init(struct probe_block *block, uint8_t function, uint16_t first, size_t count)
{
	*block = (struct probe_block){
		.function = function,
		.first = first,
		.count = count,
		.cells = xcalloc(count, sizeof(*block->cells)),
	};
}

void probe_block_done(struct probe_block *block)
{
	free(block->cells);
	block->cells = NULL;
}

const char *probe_table_name(uint8_t function)
{
	static const char *const names[] = {
		[MODBUS_READ_COILS] = "coil",
		[MODBUS_READ_DISCRETE] = "discrete",
		[MODBUS_READ_HOLDING] = "holding",
		[MODBUS_READ_INPUT] = "input",
	};

	return names[function];
}

bool probe_table_bits(uint8_t function)
{
	return function == MODBUS_READ_COILS || function == MODBUS_READ_DISCRETE;
}

static bool reader_end(struct reader *r, const char *why)
{
	r->block->ended = why;
	return false;
}

static void reader_mark(struct reader *r, size_t at, size_t count, struct probe_cell as)
{
	for (size_t i = at; i < at + count; i++)
		r->block->cells[i] = as;
	r->failed += count;
}

static bool read_run(struct reader *r, size_t at, size_t count);

static bool read_halves(struct reader *r, size_t at, size_t count)
{
	size_t half = (count + 1) / 2, larger, before = r->failed;

	/* Some devices have values of two registers and refuse half of one. */
	if (half > 2)
		half &= ~(size_t)1;
	larger = half > count - half ? half : count - half;
	if (!read_run(r, at, half) || !read_run(r, at + half, count - half))
		return false;
	/* Each half was given: it was the size that was refused. */
	if (r->failed == before && larger < r->limit) {
		r->limit = larger;
		r->block->limit = (uint16_t)larger;
	}
	return true;
}

/* 1 if the unit answers at all, 0 if not, -1 if it can't be asked any more. */
static int read_alive(struct reader *r)
{
	struct probe_answer *answer = &r->answer;

	/* Behind a gateway, what was too late for it may still be in the way. */
	for (int i = 0; i < READ_TRIES; i++) {
		if (!r->ask(r->arg, r->alive, answer))
			return -1;
		if (answer->outcome == MODBUS_OK ||
		    (answer->outcome == MODBUS_EXCEPTION &&
		     answer->exception != MODBUS_GATEWAY_PATH &&
		     answer->exception != MODBUS_GATEWAY_TARGET))
			return 1;
	}
	return 0;
}

static bool read_silent(struct reader *r, size_t at, size_t count)
{
	int alive = read_alive(r);

	if (alive <= 0)
		return reader_end(r, alive < 0 ? r->answer.text
					       : "the unit does not answer any more");
	if (++r->silences > READ_SILENCES)
		return reader_end(r, "too many requests were not answered");
	if (count > 1)
		return read_halves(r, at, count);
	reader_mark(r, at, count, (struct probe_cell){PROBE_SILENT, 0, 0});
	return true;
}

static bool read_refused(struct reader *r, size_t at, size_t count, uint8_t exception)
{
	struct probe_cell refused = {PROBE_REFUSED, exception, 0};

	switch (exception) {
	case MODBUS_GATEWAY_PATH:
		return reader_end(r, "the gateway does not reach the unit any more");
	case MODBUS_GATEWAY_TARGET:
		/* It may have had no patience for a long answer on a slow line. */
		return read_silent(r, at, count);
	case MODBUS_ACKNOWLEDGE:
	case MODBUS_BUSY:
		return reader_end(r, "the device is busy");
	case MODBUS_ILLEGAL_FUNCTION:
		if (r->block->known > 0)
			break;
		reader_mark(r, at, r->block->count - at, refused);
		return false;
	default:
		break;
	}
	if (count > 1)
		return read_halves(r, at, count);
	reader_mark(r, at, count, refused);
	return true;
}

static bool read_tried_again(const struct probe_answer *answer, unsigned tries)
{
	switch (answer->outcome) {
	case MODBUS_EXCEPTION:
		if (answer->exception == MODBUS_GATEWAY_TARGET)
			return tries < READ_TRIES;
		return (answer->exception == MODBUS_BUSY ||
			answer->exception == MODBUS_ACKNOWLEDGE) &&
		       tries < READ_BUSY_TRIES;
	case MODBUS_TIMEOUT:
	case MODBUS_BAD:
	case MODBUS_DAMAGED:
	case MODBUS_LOST:
		return tries < READ_TRIES;
	case MODBUS_OK:
	case MODBUS_DOWN:
	case MODBUS_OFFLINE:
	case MODBUS_DROPPED:
	case MODBUS_REFUSED:
		break;
	}
	return false;
}

/* false: the rest is not to be read. */
static bool read_span(struct reader *r, size_t at, size_t count)
{
	struct modbus_request request = {
		.function = r->block->function,
		.address = (uint16_t)(r->block->first + at),
		.count = (uint16_t)count,
	};
	struct probe_answer *answer = &r->answer;
	unsigned tries = 0;

	do {
		if (!r->ask(r->arg, &request, answer))
			return reader_end(r, answer->text);
	} while (read_tried_again(answer, ++tries));
	switch (answer->outcome) {
	case MODBUS_OK:
		for (size_t i = 0; i < count; i++)
			r->block->cells[at + i] =
				(struct probe_cell){PROBE_VALUE, 0, answer->values[i]};
		r->block->known += count;
		return true;
	case MODBUS_EXCEPTION:
		return read_refused(r, at, count, answer->exception);
	case MODBUS_TIMEOUT:
	case MODBUS_BAD:
	case MODBUS_DAMAGED:
	case MODBUS_LOST:
		return read_silent(r, at, count);
	case MODBUS_DOWN:
	case MODBUS_OFFLINE:
	case MODBUS_DROPPED:
	case MODBUS_REFUSED:
		break;
	}
	return reader_end(r, answer->text);
}

static bool read_run(struct reader *r, size_t at, size_t count)
{
	while (count > 0) {
		size_t now = count < r->limit ? count : r->limit;

		if (!read_span(r, at, now))
			return false;
		at += now;
		count -= now;
	}
	return true;
}

void probe_block_read(struct probe_block *block, const struct modbus_request *alive,
		      probe_ask *ask, void *arg)
{
	struct reader *r = xcalloc(1, sizeof(*r));

	r->block = block;
	r->alive = alive;
	r->ask = ask;
	r->arg = arg;
	r->limit = probe_table_bits(block->function) ? MODBUS_READ_BITS_MAX
						     : MODBUS_READ_REGISTERS_MAX;
	read_run(r, 0, block->count);
	block->refused = r->failed;
	free(r);
}
