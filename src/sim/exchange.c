/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the frames of the simulator's answers and the order in which faults get at them. */
#include "sim/exchange.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "sim/fault.h"

enum { MBAP_HEADER = 7, RTU_CRC = 2 };

enum {
	READ_COILS = 1,
	READ_DISCRETES = 2,
	READ_HOLDING = 3,
	READ_INPUT = 4,
	WRITE_COIL = 5,
	WRITE_REGISTER = 6,
	READ_EXCEPTION_STATUS = 7,
	DIAGNOSTICS = 8,
	WRITE_COILS = 15,
	WRITE_REGISTERS = 16,
	REPORT_ID = 17,
	MASK_WRITE = 22,
	WRITE_READ = 23,
};

struct exchange *exchange_new(enum framing framing, const uint8_t *frame, size_t len,
			      const char *peer)
{
	struct exchange *exchange = xcalloc(1, sizeof(*exchange));
	size_t head = framing == FRAMING_MBAP ? MBAP_HEADER : 1;
	size_t tail = framing == FRAMING_MBAP ? 0 : RTU_CRC;

	exchange->framing = framing;
	memcpy(exchange->frame, frame, len);
	exchange->frame_len = len;
	exchange->asked = exchange->frame + head;
	exchange->asked_len = len - head - tail;
	snprintf(exchange->peer, sizeof(exchange->peer), "%s", peer);
	exchange->exception = -1;
	exchange->length = -1;
	exchange->unit = exchange_asked_unit(exchange);
	if (framing == FRAMING_MBAP)
		exchange->tid = (uint16_t)(frame[0] << 8 | frame[1]);
	return exchange;
}

void exchange_free(struct exchange *exchange)
{
	free(exchange);
}

uint8_t exchange_asked_unit(const struct exchange *exchange)
{
	return exchange->frame[exchange->framing == FRAMING_MBAP ? MBAP_HEADER - 1 : 0];
}

void exchange_answer_exception(struct exchange *exchange, int code)
{
	exchange->pdu[0] = exchange->asked[0] | 0x80;
	exchange->pdu[1] = (uint8_t)code;
	exchange->pdu_len = 2;
}

static void exchange_stage(struct exchange *exchange, enum fault_stage stage)
{
	for (size_t i = 0; i < ARRAY_SIZE(exchange->faults); i++)
		if (exchange->faults[i] != NULL)
			faults_apply(exchange->faults[i], stage, exchange);
}

void exchange_begin(struct exchange *exchange)
{
	exchange_stage(exchange, FAULT_REQUEST);
}

static void frame_mbap(struct exchange *exchange)
{
	size_t length =
		exchange->length >= 0 ? (size_t)exchange->length : exchange->pdu_len + 1;
	const uint8_t header[MBAP_HEADER] = {
		(uint8_t)(exchange->tid >> 8),
		(uint8_t)exchange->tid,
		(uint8_t)(exchange->protocol >> 8),
		(uint8_t)exchange->protocol,
		(uint8_t)(length >> 8),
		(uint8_t)length,
		exchange->unit,
	};

	wire_add(&exchange->wire, header, sizeof(header));
	wire_add(&exchange->wire, exchange->pdu, exchange->pdu_len);
}

static void frame_rtu(struct exchange *exchange)
{
	uint8_t frame[1 + EXCHANGE_PDU_ROOM + RTU_CRC];
	size_t len = 1 + exchange->pdu_len;

	frame[0] = exchange->unit;
	memcpy(frame + 1, exchange->pdu, exchange->pdu_len);
	exchange_add_crc(frame, len);
	wire_add(&exchange->wire, frame, len + RTU_CRC);
}

void exchange_finish(struct exchange *exchange)
{
	if (!exchange->silent) {
		exchange_stage(exchange, FAULT_ANSWER);
		if (exchange->framing == FRAMING_MBAP)
			frame_mbap(exchange);
		else
			frame_rtu(exchange);
	}
	exchange_stage(exchange, FAULT_WIRE);
}

uint16_t exchange_crc(const uint8_t *bytes, size_t len)
{
	unsigned crc = 0xffff;

	for (size_t i = 0; i < len; i++) {
		crc ^= bytes[i];
		for (int bit = 0; bit < 8; bit++)
			crc = (crc & 1) != 0 ? crc >> 1 ^ 0xa001 : crc >> 1;
	}
	return (uint16_t)crc;
}

void exchange_add_crc(uint8_t *bytes, size_t len)
{
	uint16_t crc = exchange_crc(bytes, len);

	bytes[len] = (uint8_t)crc;
	bytes[len + 1] = (uint8_t)(crc >> 8);
}

/* Bytes of a request without what its byte count counts, and where that count stands. */
static const struct {
	uint8_t function;
	int fixed, count_at;
} requests[] = {
	{READ_COILS, 8, 0},
	{READ_DISCRETES, 8, 0},
	{READ_HOLDING, 8, 0},
	{READ_INPUT, 8, 0},
	{WRITE_COIL, 8, 0},
	{WRITE_REGISTER, 8, 0},
	{READ_EXCEPTION_STATUS, 4, 0},
	{DIAGNOSTICS, 8, 0},
	{WRITE_COILS, 9, 6},
	{WRITE_REGISTERS, 9, 6},
	{REPORT_ID, 4, 0},
	{MASK_WRITE, 10, 0},
	{WRITE_READ, 13, 10},
};

int exchange_rtu_length(const uint8_t *bytes, size_t len)
{
	if (len < 2)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(requests); i++) {
		if (requests[i].function != bytes[1])
			continue;
		if (requests[i].count_at == 0)
			return requests[i].fixed;
		if (len <= (size_t)requests[i].count_at)
			return 0;
		return requests[i].fixed + bytes[requests[i].count_at];
	}
	return -1;
}

bool exchange_is_write(uint8_t function)
{
	return function == WRITE_COIL || function == WRITE_REGISTER ||
	       function == WRITE_COILS || function == WRITE_REGISTERS ||
	       function == MASK_WRITE || function == WRITE_READ;
}
