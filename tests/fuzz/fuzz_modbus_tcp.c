/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Owns the fuzz target of what a Modbus TCP device may send: any bytes are frames, the start of
 * one, or no Modbus, whichever way they are cut; a frame answers a request or does not; and
 * whatever its registers hold is a value or a reason, in every type and order; a value that is
 * written again gives the bits that it was read from.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "inputs/modbus_types.h"
#include "io/modbus_pdu.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void demand(bool holds)
{
	if (!holds)
		abort();
}

static const uint8_t functions[] = {
	MODBUS_READ_COILS,	     MODBUS_READ_DISCRETE,   MODBUS_READ_HOLDING,
	MODBUS_READ_INPUT,	     MODBUS_WRITE_COIL,	     MODBUS_WRITE_REGISTER,
	MODBUS_WRITE_COILS,	     MODBUS_WRITE_REGISTERS, MODBUS_MASK_REGISTER,
	MODBUS_READ_WRITE_REGISTERS,
};

static void decode(const uint8_t *data, size_t len)
{
	for (const char *const *name = modbus_type_names; *name != NULL; name++) {
		struct modbus_format format = {.scale = 1};
		char room[VALUE_TEXT_MAX + 1];
		uint8_t again[2 * MODBUS_WRITE_REGISTERS_MAX];
		struct value value;

		demand(modbus_type_parse(*name, &format) == 0);
		format.order = (enum modbus_order)(len % 4);
		if (2u * format.registers > len || len == 0)
			continue;
		if (modbus_decode(&format, data, room, &value) != BAD_NONE) {
			demand(value.kind == VALUE_NONE);
			continue;
		}
		demand(value.kind == modbus_format_kind(&format));
		if (value.kind == VALUE_TEXT)
			demand(strlen(value.text) <= VALUE_TEXT_MAX);
		if (value.kind != VALUE_NUMBER)
			continue;
		demand(isfinite(value.number));
		/* 64-bit integers beyond 2^53 are rounded to a double; -0 + offset is 0. */
		if (value.number == 0)
			continue;
		if (fabs(value.number) > 0x1p53 && format.registers == 4)
			continue;
		demand(modbus_encode(&format, value, again, NULL) == 0);
		demand(memcmp(again, data, 2u * format.registers) == 0);
	}
}

static void answer(const struct modbus_frame *frame, uint16_t count)
{
	static const uint8_t data[250];

	demand(frame->pdu_len >= 2 && frame->pdu_len <= MODBUS_PDU_MAX);
	for (size_t i = 0; i < ARRAY_SIZE(functions); i++) {
		struct modbus_request request = {
			.function = functions[i],
			.address = frame->id,
			.count = count,
			.data = data,
			.write_count = 1,
		};
		struct modbus_answer got;
		enum modbus_verdict verdict;

		if (!modbus_request_valid(&request))
			continue;
		verdict = modbus_answer_check(&request, frame->pdu, frame->pdu_len, &got);
		demand((verdict == MODBUS_GARBLED) == (got.fault != NULL));
		demand((verdict == MODBUS_REFUSAL) == (got.exception != 0));
		if (verdict != MODBUS_ANSWER || got.data == NULL)
			continue;
		demand(got.data + got.len == frame->pdu + frame->pdu_len);
		decode(got.data, got.len);
	}
}

/* Length of the frame at the start of bytes, as it comes to somebody who gets it bit by bit. */
static int take_cut(const uint8_t *bytes, size_t size, struct modbus_frame *frame)
{
	for (size_t len = 0; len <= size; len++) {
		int n = modbus_frame_take(bytes, len, frame);

		if (n != 0)
			return n;
	}
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	uint16_t count;

	if (size < 2)
		return 0;
	count = (uint16_t)(modbus_u16(bytes) % 2048);
	bytes += 2;
	size -= 2;
	for (;;) {
		struct modbus_frame frame, cut;
		int n = modbus_frame_take(bytes, size, &frame);
		int n_cut = take_cut(bytes, size, &cut);

		demand(n == n_cut);
		if (n <= 0)
			break;
		demand((size_t)n <= size && n <= MODBUS_FRAME_MAX);
		demand(cut.pdu == frame.pdu && cut.pdu_len == frame.pdu_len);
		answer(&frame, count);
		bytes += n;
		size -= (size_t)n;
	}
	return 0;
}
