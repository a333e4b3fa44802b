/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the bytes of the serving side: requests of clients, answers and exceptions to them. */
#include "io/modbus_question.h"

#include <stdbool.h>
#include <string.h>

enum { QUESTION_READ_PDU = 5, QUESTION_REFUSED = 0x80 };

static bool question_of_bits(uint8_t function)
{
	return function == MODBUS_READ_COILS || function == MODBUS_READ_DISCRETE;
}

static bool question_reads(uint8_t function)
{
	return question_of_bits(function) || function == MODBUS_READ_HOLDING ||
	       function == MODBUS_READ_INPUT;
}

/* V1.1b3, figures 11 to 14: function, then quantity, then addresses. */
static uint8_t question_check(const struct modbus_question *question, size_t pdu_len)
{
	unsigned most = question_of_bits(question->function) ? MODBUS_READ_BITS_MAX
							     : MODBUS_READ_REGISTERS_MAX;

	if (!question_reads(question->function))
		return MODBUS_ILLEGAL_FUNCTION;
	/* A length that is not its function's is a wrong value as well (section 7). */
	if (pdu_len != QUESTION_READ_PDU || question->count == 0 || question->count > most)
		return MODBUS_ILLEGAL_VALUE;
	if (question->address + question->count > 65536)
		return MODBUS_ILLEGAL_ADDRESS;
	return 0;
}

void modbus_question_parse(const struct modbus_frame *frame, struct modbus_question *ret)
{
	struct modbus_question question = {
		.id = frame->id,
		.unit = frame->unit,
		.function = frame->pdu[0],
	};

	if (frame->pdu_len >= QUESTION_READ_PDU) {
		question.address = modbus_u16(frame->pdu + 1);
		question.count = modbus_u16(frame->pdu + 3);
	}
	question.exception = question_check(&question, frame->pdu_len);
	*ret = question;
}

size_t modbus_question_bytes(const struct modbus_question *question)
{
	return question_of_bits(question->function) ? (question->count + 7u) / 8
						    : 2u * question->count;
}

/* The header of a frame whose PDU has pdu_len bytes; returns the length of the frame. */
static size_t question_header(const struct modbus_question *question, size_t pdu_len,
			      uint8_t *frame)
{
	frame[0] = (uint8_t)(question->id >> 8);
	frame[1] = (uint8_t)question->id;
	frame[2] = frame[3] = frame[4] = 0;
	frame[5] = (uint8_t)(pdu_len + 1);
	frame[6] = question->unit;
	return MODBUS_MBAP + pdu_len;
}

size_t modbus_question_answer(const struct modbus_question *question, const uint8_t *data,
			      uint8_t frame[MODBUS_FRAME_MAX])
{
	size_t bytes = modbus_question_bytes(question);

	memmove(frame + MODBUS_QUESTION_DATA, data, bytes);
	frame[MODBUS_MBAP] = question->function;
	frame[MODBUS_MBAP + 1] = (uint8_t)bytes;
	return question_header(question, 2 + bytes, frame);
}

size_t modbus_question_refuse(const struct modbus_question *question, uint8_t exception,
			      uint8_t frame[MODBUS_FRAME_MAX])
{
	frame[MODBUS_MBAP] = question->function | QUESTION_REFUSED;
	frame[MODBUS_MBAP + 1] = exception;
	return question_header(question, 2, frame);
}
