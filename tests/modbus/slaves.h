/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Modbus devices at the end of a virtual connection or line. Each request that they hear gets
 * the next serial number, and every register and coil of an answer is a hash of its unit, its
 * table, its address and that number: a value that is seen somewhere says which request it is
 * the answer to. What is done with a request is the test's, good or evil.
 */
#ifndef GAUGED_TESTS_SLAVES_H
#define GAUGED_TESTS_SLAVES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "virtual.h"

enum { SLAVE_ADU = 260, SLAVE_UNITS = 256, SLAVE_ADDRESSES = 512 };
#define SLAVE_UNHEARD UINT32_MAX

struct slave_request {
	uint32_t serial;
	uint16_t id; /* TCP */
	uint8_t unit, function;
	uint16_t address, count; /* of the read, or what a single write writes */
	uint8_t pdu[SLAVE_ADU];
	size_t len;
};

struct slaves {
	struct virtual_peer peer;
	bool rtu; /* by length and CRC, on a line or behind a serial server */
	/* NULL: every request is answered after answer_ns. */
	void (*request)(struct slaves *slaves, struct virtual_link *link,
			const struct slave_request *request);
	void *arg;
	int64_t answer_ns;
	uint32_t serial;
	uint64_t heard[SLAVE_UNITS], broken_frames;
	/*
	 * The last request that reads the register, or SLAVE_UNHEARD while it is on its way:
	 * by unit, table (its function), address.
	 */
	uint32_t (*last)[4][SLAVE_ADDRESSES];
	/* the slaves': */
	size_t in_len;
	int64_t in_at;
	uint8_t in[1024];
};

/* Fill peer.host or peer.path first. It speaks from then on. */
void slaves_init(struct slaves *slaves, bool rtu);
void slaves_done(struct slaves *slaves);

/* What a register (functions 3, 4) or coil (1, 2) holds in the answer to that request. */
uint16_t slave_value(uint8_t unit, uint8_t function, unsigned address, uint32_t serial);

/* The PDU of a good answer; returns its length. */
size_t slave_answer(const struct slave_request *request, uint8_t pdu[SLAVE_ADU]);
/* PDU to frame; returns its length. */
size_t slave_frame(const struct slaves *slaves, uint16_t id, uint8_t unit, const uint8_t *pdu,
		   size_t len, uint8_t frame[SLAVE_ADU]);
/* Sends a good answer, or an exception, after delay. */
void slave_answers(struct slaves *slaves, struct virtual_link *link,
		   const struct slave_request *request, int64_t delay_ns);
void slave_refuses(struct slaves *slaves, struct virtual_link *link,
		   const struct slave_request *request, uint8_t exception, int64_t delay_ns);
/* MODBUS over Serial Line V1.02, 6.2.2: low byte first on the line. */
uint16_t slave_crc(const uint8_t *buf, size_t len);

#endif
