/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Modbus as bytes: requests to frames, frames to checked answers. Pure; takes nothing on
 * trust. Sources: MODBUS Application Protocol Specification V1.1b3 (sections 4 and 6),
 * MODBUS Messaging on TCP/IP Implementation Guide V1.0b (section 3.1.3).
 */
#ifndef GAUGED_IO_MODBUS_PDU_H
#define GAUGED_IO_MODBUS_PDU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum modbus_function {
	MODBUS_READ_COILS = 1,
	MODBUS_READ_DISCRETE = 2,
	MODBUS_READ_HOLDING = 3,
	MODBUS_READ_INPUT = 4,
	MODBUS_WRITE_COIL = 5,
	MODBUS_WRITE_REGISTER = 6,
	MODBUS_WRITE_COILS = 15,
	MODBUS_WRITE_REGISTERS = 16,
	MODBUS_MASK_REGISTER = 22,
	MODBUS_READ_WRITE_REGISTERS = 23,
};

enum {
	MODBUS_PDU_MAX = 253,
	MODBUS_MBAP = 7, /* transaction, protocol, length, unit */
	MODBUS_FRAME_MAX = MODBUS_MBAP + MODBUS_PDU_MAX,
	MODBUS_READ_BITS_MAX = 2000,
	MODBUS_READ_REGISTERS_MAX = 125,
	MODBUS_WRITE_BITS_MAX = 1968,
	MODBUS_WRITE_REGISTERS_MAX = 123,
	MODBUS_RW_WRITE_MAX = 121,
};

/* Exceptions that say more than "no" (V1.1b3 section 7). */
enum modbus_exception {
	MODBUS_ILLEGAL_FUNCTION = 1,
	MODBUS_ILLEGAL_ADDRESS = 2,
	MODBUS_ILLEGAL_VALUE = 3,
	MODBUS_DEVICE_FAILURE = 4,
	MODBUS_ACKNOWLEDGE = 5,
	MODBUS_BUSY = 6,
	MODBUS_GATEWAY_PATH = 10,
	MODBUS_GATEWAY_TARGET = 11,
};

struct modbus_request {
	uint8_t function; /* enum modbus_function */
	uint16_t address; /* zero-based */
	/* coils or registers; 1 for WRITE_COIL, WRITE_REGISTER and MASK_REGISTER */
	uint16_t count;
	/*
	 * Borrowed. WRITE_COIL, WRITE_COILS: bits, the first in bit 0 of byte 0.
	 * WRITE_REGISTER(S): count registers, high byte first. MASK_REGISTER: the AND and the
	 * OR mask. READ_WRITE_REGISTERS: write_count registers.
	 */
	const uint8_t *data;
	/* READ_WRITE_REGISTERS only: what is written before the read */
	uint16_t write_address, write_count;
};

enum modbus_verdict {
	MODBUS_ANSWER,	/* as asked */
	MODBUS_REFUSAL, /* a well-formed exception to this request */
	MODBUS_GARBLED, /* neither */
};

struct modbus_answer {
	uint8_t exception;   /* MODBUS_REFUSAL: the code, 1..255 */
	const uint8_t *data; /* reads: the bytes behind the byte count; else NULL */
	size_t len;
	const char *fault; /* MODBUS_GARBLED: what is wrong with it, static */
};

/* Whether the request changes something in the device. */
bool modbus_writes(uint8_t function);
/* Whether function and count are within the protocol and address + count within 65536. */
bool modbus_request_valid(const struct modbus_request *request);
/* Writes the PDU; returns its length, or 0 if the request is not valid. */
size_t modbus_request_put(const struct modbus_request *request, uint8_t pdu[MODBUS_PDU_MAX]);
/* Length of the PDU of the normal answer to a valid request. */
size_t modbus_answer_length(const struct modbus_request *request);
/*
 * Compares an answer's PDU with the request: function, length, byte count, and the echo of
 * address, value and count.
 */
enum modbus_verdict modbus_answer_check(const struct modbus_request *request,
					const uint8_t *pdu, size_t len,
					struct modbus_answer *ret);
/* "illegal data address", ...; "unknown exception" for codes that the standard has not. */
const char *modbus_exception_words(uint8_t exception);

/* One frame of Modbus TCP. */
struct modbus_frame {
	uint16_t id;
	uint8_t unit;
	const uint8_t *pdu; /* into the buffer */
	size_t pdu_len;	    /* 2..253; of a question 1..253 */
};

/* Writes header and PDU; returns the length of the frame, or 0 if the request is not valid. */
size_t modbus_frame_put(uint16_t id, uint8_t unit, const struct modbus_request *request,
			uint8_t frame[MODBUS_FRAME_MAX]);
/*
 * The first frame in buf: > 0: its length. 0: not whole yet. -EPROTO: no frame starts here
 * (protocol not 0, length below 3 or above 254), and where the next one does can't be known.
 */
int modbus_frame_take(const uint8_t *buf, size_t len, struct modbus_frame *ret);
/* The same for what a client sends: some requests are one byte, so lengths begin with 2. */
int modbus_frame_take_question(const uint8_t *buf, size_t len, struct modbus_frame *ret);

/* Bit i of an answer to READ_COILS or READ_DISCRETE. */
static inline bool modbus_bit(const uint8_t *data, size_t i)
{
	return (data[i / 8] >> (i % 8)) & 1;
}

static inline uint16_t modbus_u16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

#endif
