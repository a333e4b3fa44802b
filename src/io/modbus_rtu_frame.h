/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Frames of Modbus RTU. Nothing marks where one begins, and a program can't see the silence
 * between two: so a frame is what has the right unit, function, length and CRC, wherever in
 * the bytes it stands. Pure; takes nothing on trust. Source: MODBUS over Serial Line
 * Specification and Implementation Guide V1.02, sections 2.5.1 and 6.2.2.
 */
#ifndef GAUGED_IO_MODBUS_RTU_FRAME_H
#define GAUGED_IO_MODBUS_RTU_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "io/modbus_line.h"
#include "io/modbus_pdu.h"

/* Bytes of a frame around its PDU: the unit before it, the CRC behind it. */
enum { MODBUS_RTU_AROUND = 3 };

struct modbus_rtu_frame {
	size_t at, len; /* where it stands in the buffer, and its bytes */
	uint8_t unit;
	bool answer;	    /* it has the form of one, not of a request */
	const uint8_t *pdu; /* into the buffer */
	size_t pdu_len;	    /* len without unit and CRC */
};

/* CRC-16 with the polynomial 0xA001, from 0xFFFF; sent with its low byte first. */
uint16_t modbus_crc(const uint8_t *bytes, size_t len);

/* Writes unit, PDU and CRC; returns the length, or 0 if the request is not valid. */
size_t modbus_rtu_put(uint8_t unit, const struct modbus_request *request,
		      uint8_t frame[MODBUS_RTU_MAX]);
/* Length of the frame of the normal answer to a valid request. */
size_t modbus_rtu_answer_length(const struct modbus_request *request);

enum modbus_rtu_verdict {
	MODBUS_RTU_FOUND,   /* an answer, or an exception, to this request */
	MODBUS_RTU_MORE,    /* not yet; what stands at the end may become one */
	MODBUS_RTU_NOTHING, /* no answer stands or begins here */
};
/*
 * Looks for the first answer of the unit to the request, at whichever byte it begins. ret and
 * ret_answer are set with MODBUS_RTU_FOUND.
 */
enum modbus_rtu_verdict modbus_rtu_find(uint8_t unit, const struct modbus_request *request,
					const uint8_t *buf, size_t len,
					struct modbus_rtu_frame *ret,
					struct modbus_answer *ret_answer);
/*
 * The first frame of any unit in the buffer, answer or request, of a function that is spoken
 * here and with a good CRC. False: there is none.
 */
bool modbus_rtu_any(const uint8_t *buf, size_t len, struct modbus_rtu_frame *ret);

#endif
