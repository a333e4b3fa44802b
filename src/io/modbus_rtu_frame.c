/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns where a frame of Modbus RTU begins and ends, and its CRC. */
#include "io/modbus_rtu_frame.h"

#include "base/alloc.h"

enum { EXCEPTION_BIT = 0x80, EXCEPTION_LENGTH = 5 };

uint16_t modbus_crc(const uint8_t *bytes, size_t len)
{
	/* Half a byte at a time: the 16 remainders of 0..15 by 0xA001. */
	static const uint16_t halves[16] = {
		0x0000, 0xcc01, 0xd801, 0x1400, 0xf001, 0x3c00, 0x2800, 0xe401,
		0xa001, 0x6c00, 0x7800, 0xb401, 0x5000, 0x9c01, 0x8801, 0x4400,
	};
	unsigned crc = 0xffff;

	for (size_t i = 0; i < len; i++) {
		crc ^= bytes[i];
		crc = crc >> 4 ^ halves[crc & 15];
		crc = crc >> 4 ^ halves[crc & 15];
	}
	return (uint16_t)crc;
}

/* len >= 2 */
static bool crc_good(const uint8_t *frame, size_t len)
{
	return modbus_crc(frame, len - 2) == (frame[len - 2] | frame[len - 1] << 8);
}

size_t modbus_rtu_put(uint8_t unit, const struct modbus_request *request,
		      uint8_t frame[MODBUS_RTU_MAX])
{
	size_t len = modbus_request_put(request, frame + 1);
	uint16_t crc;

	if (len == 0)
		return 0;
	frame[0] = unit;
	crc = modbus_crc(frame, len + 1);
	frame[len + 1] = (uint8_t)crc;
	frame[len + 2] = (uint8_t)(crc >> 8);
	return len + MODBUS_RTU_AROUND;
}

size_t modbus_rtu_answer_length(const struct modbus_request *request)
{
	return modbus_answer_length(request) + MODBUS_RTU_AROUND;
}

static struct modbus_rtu_frame frame_at(const uint8_t *buf, size_t at, size_t len, bool answer)
{
	return (struct modbus_rtu_frame){
		.at = at,
		.len = len,
		.unit = buf[at],
		.answer = answer,
		.pdu = buf + at + 1,
		.pdu_len = len - MODBUS_RTU_AROUND,
	};
}

/* How long the frame would be that begins with these bytes; 0: none of this request does. */
static size_t length_if(uint8_t unit, const struct modbus_request *request, const uint8_t *p,
			size_t len)
{
	if (p[0] != unit)
		return 0;
	/* Only the unit is there: too early to say. */
	if (len == 1)
		return EXCEPTION_LENGTH;
	if (p[1] == request->function)
		return modbus_rtu_answer_length(request);
	return p[1] == (request->function | EXCEPTION_BIT) ? EXCEPTION_LENGTH : 0;
}

enum modbus_rtu_verdict modbus_rtu_find(uint8_t unit, const struct modbus_request *request,
					const uint8_t *buf, size_t len,
					struct modbus_rtu_frame *ret,
					struct modbus_answer *ret_answer)
{
	enum modbus_rtu_verdict verdict = MODBUS_RTU_NOTHING;

	for (size_t at = 0; at < len; at++) {
		size_t want = length_if(unit, request, buf + at, len - at);
		struct modbus_answer answer;

		if (want == 0)
			continue;
		if (want > len - at) {
			verdict = MODBUS_RTU_MORE;
			continue;
		}
		if (!crc_good(buf + at, want) ||
		    modbus_answer_check(request, buf + at + 1, want - MODBUS_RTU_AROUND,
					&answer) == MODBUS_GARBLED)
			continue;
		*ret = frame_at(buf, at, want, true);
		*ret_answer = answer;
		return MODBUS_RTU_FOUND;
	}
	return verdict;
}

/*
 * What frames of a function look like: its answer and its request are so long, counted in whole
 * frames, and longer by the byte that stands there (0: by none).
 */
struct shape {
	uint8_t function;
	struct {
		uint8_t len, byte;
	} answer, request;
};

static const struct shape shapes[] = {
	{MODBUS_READ_COILS, {5, 2}, {8, 0}},
	{MODBUS_READ_DISCRETE, {5, 2}, {8, 0}},
	{MODBUS_READ_HOLDING, {5, 2}, {8, 0}},
	{MODBUS_READ_INPUT, {5, 2}, {8, 0}},
	{MODBUS_WRITE_COIL, {8, 0}, {8, 0}},
	{MODBUS_WRITE_REGISTER, {8, 0}, {8, 0}},
	{MODBUS_WRITE_COILS, {8, 0}, {9, 6}},
	{MODBUS_WRITE_REGISTERS, {8, 0}, {9, 6}},
	{MODBUS_MASK_REGISTER, {10, 0}, {10, 0}},
	{MODBUS_READ_WRITE_REGISTERS, {5, 2}, {13, 10}},
};

/* Its length, if a good frame begins here, else 0. */
static size_t frame_good(const uint8_t *p, size_t len, unsigned fixed, unsigned byte)
{
	size_t want = fixed;

	if (len < fixed)
		return 0;
	if (byte != 0)
		want += p[byte];
	return want <= len && want <= MODBUS_RTU_MAX && crc_good(p, want) ? want : 0;
}

static size_t frame_begins(const uint8_t *p, size_t len, bool *ret_answer)
{
	if (len < 2)
		return 0;
	*ret_answer = true;
	if (p[1] & EXCEPTION_BIT)
		return frame_good(p, len, EXCEPTION_LENGTH, 0);
	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++) {
		const struct shape *shape = &shapes[i];
		size_t found;

		if (shape->function != p[1])
			continue;
		found = frame_good(p, len, shape->answer.len, shape->answer.byte);
		*ret_answer = found > 0;
		return found > 0 ? found
				 : frame_good(p, len, shape->request.len, shape->request.byte);
	}
	return 0;
}

bool modbus_rtu_any(const uint8_t *buf, size_t len, struct modbus_rtu_frame *ret)
{
	for (size_t at = 0; at < len; at++) {
		bool answer;
		size_t found = frame_begins(buf + at, len - at, &answer);

		if (found == 0)
			continue;
		*ret = frame_at(buf, at, found, answer);
		return true;
	}
	return false;
}
