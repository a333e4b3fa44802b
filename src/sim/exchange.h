/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * One request and the answer to it on their way through the simulator: as PDUs, as the fields
 * of the frame around them, and as bytes on the wire. Faults change it on each of these steps.
 * The framing is the simulator's own, so that it can't share a mistake with gauged's.
 */
#ifndef GAUGED_SIM_EXCHANGE_H
#define GAUGED_SIM_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/clock.h"
#include "sim/wire.h"

enum { EXCHANGE_FRAME_MAX = 260, EXCHANGE_PDU_ROOM = 512 };

enum framing {
	FRAMING_MBAP, /* MODBUS Messaging on TCP/IP Implementation Guide V1.0b, 3.1.3 */
	FRAMING_RTU,  /* MODBUS over Serial Line V1.02, 2.5.1 */
};

struct faults;
struct random;

struct exchange {
	enum framing framing;
	char peer[32];
	/* The request as it came; asked is its PDU. */
	uint8_t frame[EXCHANGE_FRAME_MAX];
	size_t frame_len;
	const uint8_t *asked;
	size_t asked_len;
	/* Whose faults are to be applied to it, in this order; may be NULL. */
	struct faults *faults[2];
	struct random *random;
	/* The answer. */
	bool silent;
	int exception; /* instead of carrying the request out; -1: none */
	uint16_t tid, protocol;
	int length; /* the MBAP field; -1: the right one */
	uint8_t unit;
	uint8_t pdu[EXCHANGE_PDU_ROOM];
	size_t pdu_len;
	struct wire wire;
	int64_t delay_ns; /* beyond what the line takes by itself */
	bool early;	  /* RTU: does not wait for the request's end */
	/* TCP: leaves in one segment with so many answers, in turned order if reversed. */
	int gather;
	bool reversed;
	/* While it waits to be sent. */
	struct mono due;
	TAILQ_ENTRY(exchange) entry;
};

/* frame: a whole one of at most EXCHANGE_FRAME_MAX bytes, with a PDU of at least one. */
struct exchange *exchange_new(enum framing framing, const uint8_t *frame, size_t len,
			      const char *peer);
void exchange_free(struct exchange *exchange);

/* The unit that was asked; what a fault made of exchange->unit does not matter. */
uint8_t exchange_asked_unit(const struct exchange *exchange);
void exchange_answer_exception(struct exchange *exchange, int code);
/* Faults that work on the request: they may make it silent or set exception. */
void exchange_begin(struct exchange *exchange);
/* Faults that work on the answer's PDU and fields, the framing, faults of the wire. */
void exchange_finish(struct exchange *exchange);

/* CRC-16 of MODBUS over Serial Line V1.02, 6.2.2; the low byte leaves first. */
uint16_t exchange_crc(const uint8_t *bytes, size_t len);
/* Room for len + 2 bytes. */
void exchange_add_crc(uint8_t *bytes, size_t len);
/*
 * How long a request that begins with these bytes is, in the RTU framing with unit and CRC: 0
 * while that can't be told yet, -1 if the function is not known.
 */
int exchange_rtu_length(const uint8_t *bytes, size_t len);
bool exchange_is_write(uint8_t function);

#endif
