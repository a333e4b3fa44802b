/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Modbus as the side that is asked sees it: what a client's PDU wants, and the frames that
 * answer it. Reads only: whatever else is asked has its exception. Pure. Sources: MODBUS
 * Application Protocol Specification V1.1b3 (sections 6.1 to 6.4 for the order of the checks,
 * 7 for the exceptions), MODBUS Messaging on TCP/IP Implementation Guide V1.0b (section
 * 3.1.3).
 */
#ifndef GAUGED_IO_MODBUS_QUESTION_H
#define GAUGED_IO_MODBUS_QUESTION_H

#include <stddef.h>
#include <stdint.h>

#include "io/modbus_pdu.h"

/* What a frame wants, and from whom. */
struct modbus_question {
	uint16_t id;
	uint8_t unit;
	uint8_t function; /* as it was sent */
	/*
	 * 0: a read within the protocol; function is one of the four reads, address + count
	 * within 65536. Otherwise what it has to be refused with.
	 */
	uint8_t exception;
	uint16_t address, count; /* of a read */
};

void modbus_question_parse(const struct modbus_frame *frame, struct modbus_question *ret);
/* Bytes of data in the answer to a read: 1..250. */
size_t modbus_question_bytes(const struct modbus_question *question);
/*
 * Write the whole frame and return its length. data: modbus_question_bytes(), as on the wire;
 * it may stand in its place in frame already, at MODBUS_QUESTION_DATA.
 */
enum { MODBUS_QUESTION_DATA = MODBUS_MBAP + 2 };
size_t modbus_question_answer(const struct modbus_question *question, const uint8_t *data,
			      uint8_t frame[MODBUS_FRAME_MAX]);
size_t modbus_question_refuse(const struct modbus_question *question, uint8_t exception,
			      uint8_t frame[MODBUS_FRAME_MAX]);

#endif
