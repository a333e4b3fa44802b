/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the bytes of the protocol: PDUs of the ten functions, and the MBAP header. */
#include "io/modbus_pdu.h"

#include <errno.h>
#include <string.h>

#include "base/alloc.h"

enum {
	MODBUS_EXCEPTION_BIT = 0x80,
	MODBUS_MBAP_LENGTH_ANSWER = 3, /* unit, function and one byte */
	MODBUS_MBAP_LENGTH_QUESTION = 2,
	MODBUS_MBAP_LENGTH_MAX = 254,
};

/* How the function's request and answer look; one row for each function that is spoken. */
enum shape {
	SHAPE_READ_BITS,      /* address count -> bytes */
	SHAPE_READ_REGISTERS, /* address count -> bytes */
	SHAPE_WRITE_ONE,      /* address value -> the same */
	SHAPE_WRITE_MANY,     /* address count bytes -> address count */
	SHAPE_MASK,	      /* address and or -> the same */
	SHAPE_READ_WRITE,     /* address count address count bytes -> bytes */
};

struct function {
	uint8_t code;
	enum shape shape;
	uint16_t max;
	bool bits;
	bool writes;
};

static const struct function functions[] = {
	{MODBUS_READ_COILS, SHAPE_READ_BITS, MODBUS_READ_BITS_MAX, true, false},
	{MODBUS_READ_DISCRETE, SHAPE_READ_BITS, MODBUS_READ_BITS_MAX, true, false},
	{MODBUS_READ_HOLDING, SHAPE_READ_REGISTERS, MODBUS_READ_REGISTERS_MAX, false, false},
	{MODBUS_READ_INPUT, SHAPE_READ_REGISTERS, MODBUS_READ_REGISTERS_MAX, false, false},
	{MODBUS_WRITE_COIL, SHAPE_WRITE_ONE, 1, true, true},
	{MODBUS_WRITE_REGISTER, SHAPE_WRITE_ONE, 1, false, true},
	{MODBUS_WRITE_COILS, SHAPE_WRITE_MANY, MODBUS_WRITE_BITS_MAX, true, true},
	{MODBUS_WRITE_REGISTERS, SHAPE_WRITE_MANY, MODBUS_WRITE_REGISTERS_MAX, false, true},
	{MODBUS_MASK_REGISTER, SHAPE_MASK, 1, false, true},
	{MODBUS_READ_WRITE_REGISTERS, SHAPE_READ_WRITE, MODBUS_READ_REGISTERS_MAX, false, true},
};

static const struct function *function_find(uint8_t code)
{
	for (size_t i = 0; i < ARRAY_SIZE(functions); i++) {
		if (functions[i].code == code)
			return &functions[i];
	}
	return NULL;
}

static uint8_t *put_u16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
	return p + 2;
}

static size_t bytes_of(const struct function *function, size_t count)
{
	return function->bits ? (count + 7) / 8 : 2 * count;
}

bool modbus_writes(uint8_t code)
{
	const struct function *function = function_find(code);

	return function != NULL && function->writes;
}

bool modbus_request_valid(const struct modbus_request *request)
{
	const struct function *function = function_find(request->function);

	if (function == NULL || request->count == 0 || request->count > function->max ||
	    request->address + request->count > 65536)
		return false;
	if (function->writes && request->data == NULL)
		return false;
	if (function->shape != SHAPE_READ_WRITE)
		return true;
	return request->write_count > 0 && request->write_count <= MODBUS_RW_WRITE_MAX &&
	       request->write_address + request->write_count <= 65536;
}

/* Behind function and address: the count or value, and what is written. */
static uint8_t *put_body(const struct function *function, const struct modbus_request *request,
			 uint8_t *p)
{
	size_t bytes = bytes_of(function, request->count);

	switch (function->shape) {
	case SHAPE_READ_BITS:
	case SHAPE_READ_REGISTERS:
		return put_u16(p, request->count);
	case SHAPE_WRITE_ONE:
		if (function->bits)
			return put_u16(p, request->data[0] & 1 ? 0xff00 : 0);
		memcpy(p, request->data, 2);
		return p + 2;
	case SHAPE_WRITE_MANY:
		p = put_u16(p, request->count);
		*p++ = (uint8_t)bytes;
		memcpy(p, request->data, bytes);
		/* Bits behind the last one are zero (V1.1b3 section 6.11). */
		if (function->bits && request->count % 8 != 0)
			p[bytes - 1] &= (uint8_t)(0xff >> (8 - request->count % 8));
		return p + bytes;
	case SHAPE_MASK:
		memcpy(p, request->data, 4);
		return p + 4;
	case SHAPE_READ_WRITE:
		bytes = 2u * request->write_count;
		p = put_u16(p, request->count);
		p = put_u16(p, request->write_address);
		p = put_u16(p, request->write_count);
		*p++ = (uint8_t)bytes;
		memcpy(p, request->data, bytes);
		return p + bytes;
	}
	return p;
}

size_t modbus_request_put(const struct modbus_request *request, uint8_t pdu[MODBUS_PDU_MAX])
{
	if (!modbus_request_valid(request))
		return 0;
	pdu[0] = request->function;
	put_u16(pdu + 1, request->address);
	return (size_t)(put_body(function_find(request->function), request, pdu + 3) - pdu);
}

size_t modbus_answer_length(const struct modbus_request *request)
{
	const struct function *function = function_find(request->function);

	switch (function->shape) {
	case SHAPE_READ_BITS:
	case SHAPE_READ_REGISTERS:
	case SHAPE_READ_WRITE:
		return 2 + bytes_of(function, request->count);
	case SHAPE_WRITE_ONE:
	case SHAPE_WRITE_MANY:
		return 5;
	case SHAPE_MASK:
		return 7;
	}
	return 0;
}

static enum modbus_verdict garbled(struct modbus_answer *ret, const char *fault)
{
	*ret = (struct modbus_answer){.fault = fault};
	return MODBUS_GARBLED;
}

/* The answer to a write repeats the start of the request. */
static enum modbus_verdict check_echo(const struct modbus_request *request, const uint8_t *pdu,
				      size_t len, struct modbus_answer *ret)
{
	uint8_t sent[MODBUS_PDU_MAX];

	modbus_request_put(request, sent);
	if (memcmp(pdu + 1, sent + 1, 2) != 0)
		return garbled(ret, "the answer is for another address");
	if (memcmp(pdu + 3, sent + 3, len - 3) != 0)
		return garbled(ret, "the answer confirms another value or count");
	*ret = (struct modbus_answer){0};
	return MODBUS_ANSWER;
}

enum modbus_verdict modbus_answer_check(const struct modbus_request *request,
					const uint8_t *pdu, size_t len,
					struct modbus_answer *ret)
{
	const struct function *function = function_find(request->function);

	if (len < 2)
		return garbled(ret, "the answer is too short");
	if (pdu[0] == (request->function | MODBUS_EXCEPTION_BIT)) {
		if (len != 2 || pdu[1] == 0)
			return garbled(ret, "the exception is malformed");
		*ret = (struct modbus_answer){.exception = pdu[1]};
		return MODBUS_REFUSAL;
	}
	if (pdu[0] != request->function)
		return garbled(ret, "the answer is for another function");
	if (len != modbus_answer_length(request))
		return garbled(ret, "the answer has another length than asked for");
	if (function->writes && function->shape != SHAPE_READ_WRITE)
		return check_echo(request, pdu, len, ret);
	if (pdu[1] != len - 2)
		return garbled(ret, "the answer's byte count is not its length");
	*ret = (struct modbus_answer){.data = pdu + 2, .len = len - 2};
	return MODBUS_ANSWER;
}

const char *modbus_exception_words(uint8_t exception)
{
	static const char *const words[] = {
		[MODBUS_ILLEGAL_FUNCTION] = "illegal function",
		[MODBUS_ILLEGAL_ADDRESS] = "illegal data address",
		[MODBUS_ILLEGAL_VALUE] = "illegal data value",
		[MODBUS_DEVICE_FAILURE] = "device failure",
		[MODBUS_ACKNOWLEDGE] = "acknowledged, still working",
		[MODBUS_BUSY] = "device busy",
		[7] = "negative acknowledge",
		[8] = "memory parity error",
		[MODBUS_GATEWAY_PATH] = "gateway path unavailable",
		[MODBUS_GATEWAY_TARGET] = "gateway target did not respond",
	};

	if (exception >= ARRAY_SIZE(words) || words[exception] == NULL)
		return "unknown exception";
	return words[exception];
}

size_t modbus_frame_put(uint16_t id, uint8_t unit, const struct modbus_request *request,
			uint8_t frame[MODBUS_FRAME_MAX])
{
	size_t len = modbus_request_put(request, frame + MODBUS_MBAP);

	if (len == 0)
		return 0;
	put_u16(frame, id);
	put_u16(frame + 2, 0);
	put_u16(frame + 4, (unsigned)len + 1);
	frame[6] = unit;
	return MODBUS_MBAP + len;
}

static int frame_take(const uint8_t *buf, size_t len, size_t least, struct modbus_frame *ret)
{
	size_t length;

	/* Judged as soon as it is there: a peer may never send the rest. */
	if (len >= 4 && modbus_u16(buf + 2) != 0)
		return -EPROTO;
	if (len < 6)
		return 0;
	length = modbus_u16(buf + 4);
	if (length < least || length > MODBUS_MBAP_LENGTH_MAX)
		return -EPROTO;
	if (len < 6 + length)
		return 0;
	*ret = (struct modbus_frame){
		.id = modbus_u16(buf),
		.unit = buf[6],
		.pdu = buf + MODBUS_MBAP,
		.pdu_len = length - 1,
	};
	return (int)(6 + length);
}

int modbus_frame_take(const uint8_t *buf, size_t len, struct modbus_frame *ret)
{
	return frame_take(buf, len, MODBUS_MBAP_LENGTH_ANSWER, ret);
}

int modbus_frame_take_question(const uint8_t *buf, size_t len, struct modbus_frame *ret)
{
	return frame_take(buf, len, MODBUS_MBAP_LENGTH_QUESTION, ret);
}
