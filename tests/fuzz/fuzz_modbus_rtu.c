/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Owns the fuzz target of what may come on a line that speaks Modbus RTU: in any bytes an
 * answer stands where its unit, function, length and CRC are, however they are cut, or none;
 * every frame that is found has a good CRC; and what is late is never more than was asked.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "io/modbus_rtu_frame.h"
#include "io/modbus_stale.h"

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

static void demand_frame(const uint8_t *bytes, size_t size,
			 const struct modbus_rtu_frame *frame)
{
	const uint8_t *p = bytes + frame->at;

	demand(frame->len >= 5 && frame->len <= MODBUS_RTU_MAX);
	demand(frame->at <= size && frame->len <= size - frame->at);
	demand(frame->pdu == p + 1 && frame->pdu_len + MODBUS_RTU_AROUND == frame->len);
	demand(frame->unit == p[0]);
	demand(modbus_crc(p, frame->len - 2) == (p[frame->len - 2] | p[frame->len - 1] << 8));
}

/* As it comes to somebody who gets it bit by bit: found as soon as it is there. */
static void find_cut(uint8_t unit, const struct modbus_request *request, const uint8_t *bytes,
		     size_t size)
{
	struct modbus_rtu_frame whole, cut;
	struct modbus_answer answer;
	enum modbus_rtu_verdict verdict =
		modbus_rtu_find(unit, request, bytes, size, &whole, &answer);

	if (verdict != MODBUS_RTU_FOUND)
		return;
	demand_frame(bytes, size, &whole);
	demand(whole.unit == unit);
	demand((whole.pdu[0] & 0x7f) == request->function);
	if (answer.data != NULL)
		demand(answer.data + answer.len == whole.pdu + whole.pdu_len);
	for (size_t len = 0; len < whole.at + whole.len; len++) {
		verdict = modbus_rtu_find(unit, request, bytes, len, &cut, &answer);
		/* One that begins later may be whole earlier. */
		demand(verdict != MODBUS_RTU_FOUND || cut.at > whole.at);
		demand(len <= whole.at || verdict != MODBUS_RTU_NOTHING);
	}
	verdict = modbus_rtu_find(unit, request, bytes, whole.at + whole.len, &cut, &answer);
	demand(verdict == MODBUS_RTU_FOUND && cut.at == whole.at && cut.len == whole.len);
}

static void stale(const struct modbus_request *request, const uint8_t *bytes, size_t size)
{
	struct modbus_stale asked;
	struct modbus_request none = {0}, probe;
	struct modbus_rtu_frame frame;
	unsigned taken = 0;
	size_t at = 0;

	modbus_stale_clear(&asked);
	modbus_stale_add(&asked, request);
	if (modbus_stale_probe(&asked, request, &none, &probe)) {
		demand(modbus_request_valid(&probe));
		demand(!modbus_stale_clashes(&asked, &probe));
	}
	while (modbus_rtu_any(bytes + at, size - at, &frame)) {
		demand_frame(bytes + at, size - at, &frame);
		taken += modbus_stale_take(&asked, frame.pdu, frame.pdu_len);
		at += frame.at + frame.len;
	}
	demand(taken <= 1);
	demand(asked.count == 1 - taken);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static const uint8_t data[250];
	uint8_t unit;
	uint16_t address, count;

	if (size < 5 || size > 600)
		return 0;
	unit = bytes[0];
	address = modbus_u16(bytes + 1);
	count = (uint16_t)(modbus_u16(bytes + 3) % 2048);
	bytes += 5;
	size -= 5;
	for (size_t i = 0; i < ARRAY_SIZE(functions); i++) {
		struct modbus_request request = {
			.function = functions[i],
			.address = address,
			.count = count,
			.data = data,
			.write_count = 1,
		};

		if (!modbus_request_valid(&request))
			continue;
		find_cut(unit, &request, bytes, size);
		stale(&request, bytes, size);
	}
	return 0;
}
