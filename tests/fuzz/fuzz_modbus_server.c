/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Owns the fuzz target of what a Modbus client may send: any bytes are requests, the start of
 * one, or no Modbus, whichever way they are cut; a request has one answer, which a master takes
 * as the answer to just that; and the cache gives out nothing that was not put there, is too
 * old, or has failed since.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "inputs/modbus_cache.h"
#include "io/modbus_question.h"

enum {
	ADDRESSES = 65536,
	/* The first and the last ones; the ranges below lie within. */
	MODEL_LOW = 2100,
	MODEL_HIGH = 65500,
	MODEL_CELLS = MODEL_LOW + ADDRESSES - MODEL_HIGH + 1,
	OPERATION = 8,
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void demand(bool holds)
{
	if (!holds)
		abort();
}

/* What the cache should hold, written down plainly, of unit 1's holding registers and coils. */
struct model {
	struct modbus_cache *cache;
	struct {
		bool covered;
		uint8_t exception;
		uint16_t value;
		int64_t until;
	} cells[2][MODEL_CELLS]; /* the last one is for all that is between */
};

static const struct modbus_range ranges[] = {
	{1, MODBUS_READ_HOLDING, 0, 125},  {1, MODBUS_READ_HOLDING, 100, 60},
	{1, MODBUS_READ_HOLDING, 160, 4},  {1, MODBUS_READ_HOLDING, 65530, 6},
	{1, MODBUS_READ_COILS, 3, 2000},   {1, MODBUS_READ_COILS, 65535, 1},
	{1, MODBUS_READ_INPUT, 1000, 125}, {2, MODBUS_READ_HOLDING, 500, 10},
};

static size_t cell_of(unsigned address)
{
	return address < MODEL_LOW     ? address
	       : address >= MODEL_HIGH ? MODEL_LOW + address - MODEL_HIGH
				       : MODEL_CELLS - 1;
}

static int table_of(uint8_t unit, uint8_t function)
{
	if (unit != 1)
		return -1;
	return function == MODBUS_READ_HOLDING ? 0 : function == MODBUS_READ_COILS ? 1 : -1;
}

static bool covered(const struct model *model, const struct modbus_range *range)
{
	for (unsigned i = 0; i < range->count; i++) {
		if (!model->cells[table_of(range->unit, range->function)]
				 [cell_of(range->address + i)]
					 .covered)
			return false;
	}
	return true;
}

static struct model *model_new(void)
{
	struct model *model = xcalloc(1, sizeof(*model));

	model->cache = modbus_cache_new(ranges, ARRAY_SIZE(ranges));
	for (size_t i = 0; i < ARRAY_SIZE(ranges); i++) {
		int table = table_of(ranges[i].unit, ranges[i].function);

		for (unsigned k = 0; table >= 0 && k < ranges[i].count; k++) {
			size_t at = cell_of(ranges[i].address + k);

			model->cells[table][at].covered = true;
			model->cells[table][at].exception = MODBUS_BUSY;
		}
	}
	return model;
}

/* What happened to the cache, 8 bytes: kind, address, count, first value, until. */
static void operate(struct model *model, const uint8_t *op)
{
	struct modbus_range range = {
		.unit = 1,
		.function = op[0] & 1 ? MODBUS_READ_COILS : MODBUS_READ_HOLDING,
		.address = modbus_u16(op + 1),
	};
	int table = table_of(range.unit, range.function);
	uint8_t data[250] = {0}, exception = (uint8_t)(op[6] % 11 + 1);
	bool put = (op[0] & 2) == 0;

	range.count = (uint16_t)(1 + op[3] % (table == 1 ? 200 : 125));
	if (range.address + range.count > ADDRESSES)
		return;
	for (unsigned i = 0; i < range.count; i++) {
		unsigned value = modbus_u16(op + 4) + i;

		if (table == 1) {
			data[i / 8] |= (uint8_t)((value & 1) << (i % 8));
		} else {
			data[2 * i] = (uint8_t)(value >> 8);
			data[2 * i + 1] = (uint8_t)value;
		}
	}
	if (put)
		modbus_cache_put(model->cache, &range, data, (struct boot){op[7]});
	else
		modbus_cache_fail(model->cache, &range, exception);
	for (unsigned i = 0; covered(model, &range) && i < range.count; i++) {
		unsigned value = modbus_u16(op + 4) + i;
		size_t at = cell_of(range.address + i);

		model->cells[table][at].exception = put ? 0 : exception;
		if (!put)
			continue;
		model->cells[table][at].value = (uint16_t)(table == 1 ? value & 1 : value);
		model->cells[table][at].until = op[7];
	}
}

static void compare(const struct model *model, const struct modbus_range *range,
		    struct boot now, uint8_t exception, const uint8_t *data)
{
	int table = table_of(range->unit, range->function);

	if (table < 0)
		return;
	for (unsigned i = 0; i < range->count; i++) {
		size_t at = cell_of(range->address + i);

		if (!covered(model, range)) {
			demand(exception == MODBUS_ILLEGAL_ADDRESS);
			return;
		}
		if (model->cells[table][at].exception != 0 ||
		    model->cells[table][at].until < now.ns) {
			demand(exception != 0);
			return;
		}
		if (exception == 0)
			demand((table == 1 ? modbus_bit(data, i) : modbus_u16(data + 2 * i)) ==
			       model->cells[table][at].value);
	}
	demand(exception == 0);
}

static void answer(const struct model *model, const struct modbus_frame *frame)
{
	struct boot now = {frame->id & 0xff};
	uint8_t data[250], out[MODBUS_FRAME_MAX];
	struct modbus_question question;
	struct modbus_request request;
	struct modbus_answer got;
	struct modbus_frame back;
	uint8_t exception;
	size_t len;

	modbus_question_parse(frame, &question);
	demand(question.id == frame->id && question.unit == frame->unit);
	exception = question.exception;
	request = (struct modbus_request){.function = question.function,
					  .address = question.address,
					  .count = question.count};
	demand(exception != 0 || (modbus_request_valid(&request) &&
				  !modbus_writes(question.function) && frame->pdu_len == 5));
	if (exception == 0) {
		struct modbus_range range = {question.unit, question.function, question.address,
					     question.count};

		demand(modbus_question_bytes(&question) <= sizeof(data));
		exception = modbus_cache_read(model->cache, &range, now, data);
		compare(model, &range, now, exception, data);
	}
	len = exception != 0 ? modbus_question_refuse(&question, exception, out)
			     : modbus_question_answer(&question, data, out);
	demand(modbus_frame_take(out, len, &back) == (int)len);
	demand(back.id == frame->id && back.unit == frame->unit);
	if (modbus_request_valid(&request) && !modbus_writes(question.function))
		demand(modbus_answer_check(&request, back.pdu, back.pdu_len, &got) ==
		       (exception != 0 ? MODBUS_REFUSAL : MODBUS_ANSWER));
	else
		demand(back.pdu_len == 2 && back.pdu[0] == (question.function | 0x80));
}

/* Length of the frame at the start of bytes, as it comes to somebody who gets it bit by bit. */
static int take_cut(const uint8_t *bytes, size_t size, struct modbus_frame *frame)
{
	for (size_t len = 0; len <= size && len <= MODBUS_FRAME_MAX; len++) {
		int n = modbus_frame_take_question(bytes, len, frame);

		if (n != 0)
			return n;
	}
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct model *model = model_new();
	size_t operations = size > 0 ? bytes[0] % 16 : 0;

	if (size > 0) {
		bytes++;
		size--;
	}
	for (; operations > 0 && size >= OPERATION; operations--) {
		operate(model, bytes);
		bytes += OPERATION;
		size -= OPERATION;
	}
	for (;;) {
		struct modbus_frame frame, cut;
		int n = modbus_frame_take_question(bytes, size, &frame);

		demand(n == take_cut(bytes, size, &cut));
		if (n <= 0)
			break;
		demand((size_t)n <= size && n <= MODBUS_FRAME_MAX && frame.pdu_len >= 1);
		demand(cut.pdu == frame.pdu && cut.pdu_len == frame.pdu_len);
		answer(model, &frame);
		bytes += n;
		size -= (size_t)n;
	}
	modbus_cache_free(model->cache);
	free(model);
	return 0;
}
