/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns what virtual Modbus devices hear and hold; of gauged's own codec it uses nothing. */
#include "slaves.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

enum { MBAP = 7 };

static unsigned u16(const uint8_t *p)
{
	return (unsigned)(p[0] << 8 | p[1]);
}

static void put16(uint8_t *p, unsigned value)
{
	p[0] = (uint8_t)(value >> 8);
	p[1] = (uint8_t)value;
}

uint16_t slave_crc(const uint8_t *buf, size_t len)
{
	uint16_t crc = 0xffff;

	for (size_t i = 0; i < len; i++) {
		crc ^= buf[i];
		for (int bit = 0; bit < 8; bit++)
			crc = (uint16_t)(crc & 1 ? crc >> 1 ^ 0xa001 : crc >> 1);
	}
	return crc;
}

uint16_t slave_value(uint8_t unit, uint8_t function, unsigned address, uint32_t serial)
{
	uint64_t z = (uint64_t)unit << 56 | (uint64_t)function << 48 | (uint64_t)address << 32 |
		     serial;

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	z ^= z >> 31;
	return function <= 2 ? (uint16_t)(z >> 63) : (uint16_t)z;
}

size_t slave_answer(const struct slave_request *request, uint8_t pdu[SLAVE_ADU])
{
	pdu[0] = request->function;
	if (request->function > 4) {
		memcpy(pdu, request->pdu, request->len);
		return request->function == 15 || request->function == 16 ? 5 : request->len;
	}
	if (request->function <= 2) {
		pdu[1] = (uint8_t)((request->count + 7) / 8);
		memset(pdu + 2, 0, pdu[1]);
	} else {
		pdu[1] = (uint8_t)(2 * request->count);
	}
	for (unsigned i = 0; i < request->count; i++) {
		uint16_t value = slave_value(request->unit, request->function,
					     request->address + i, request->serial);

		if (request->function <= 2)
			pdu[2 + i / 8] |= (uint8_t)(value << i % 8);
		else
			put16(pdu + 2 + 2 * i, value);
	}
	return 2u + pdu[1];
}

size_t slave_frame(const struct slaves *slaves, uint16_t id, uint8_t unit, const uint8_t *pdu,
		   size_t len, uint8_t frame[SLAVE_ADU])
{
	uint16_t crc;

	if (!slaves->rtu) {
		put16(frame, id);
		put16(frame + 2, 0);
		put16(frame + 4, (unsigned)len + 1);
		frame[6] = unit;
		memcpy(frame + MBAP, pdu, len);
		return MBAP + len;
	}
	frame[0] = unit;
	memcpy(frame + 1, pdu, len);
	crc = slave_crc(frame, len + 1);
	frame[len + 1] = (uint8_t)crc;
	frame[len + 2] = (uint8_t)(crc >> 8);
	return len + 3;
}

void slave_answers(struct slaves *slaves, struct virtual_link *link,
		   const struct slave_request *request, int64_t delay_ns)
{
	uint8_t pdu[SLAVE_ADU], frame[SLAVE_ADU];
	size_t len = slave_answer(request, pdu);

	len = slave_frame(slaves, request->id, request->unit, pdu, len, frame);
	virtual_send(link, frame, len, delay_ns);
}

void slave_refuses(struct slaves *slaves, struct virtual_link *link,
		   const struct slave_request *request, uint8_t exception, int64_t delay_ns)
{
	uint8_t pdu[2] = {request->function | 0x80, exception}, frame[SLAVE_ADU];
	size_t len = slave_frame(slaves, request->id, request->unit, pdu, 2, frame);

	virtual_send(link, frame, len, delay_ns);
}

static void mark_last(struct slaves *slaves, uint8_t unit, const uint8_t *pdu, uint32_t serial)
{
	unsigned address = u16(pdu + 1), count = u16(pdu + 3);

	for (unsigned i = 0; pdu[0] <= 4 && i < count; i++) {
		if (address + i < SLAVE_ADDRESSES)
			slaves->last[unit][pdu[0] - 1][address + i] = serial;
	}
}

static void hear(struct slaves *slaves, struct virtual_link *link, uint16_t id, uint8_t unit,
		 const uint8_t *pdu, size_t len)
{
	struct slave_request request = {
		.serial = ++slaves->serial,
		.id = id,
		.unit = unit,
		.function = pdu[0],
		.address = (uint16_t)u16(pdu + 1),
		.count = (uint16_t)u16(pdu + 3),
		.len = len,
	};

	memcpy(request.pdu, pdu, len);
	slaves->heard[unit]++;
	mark_last(slaves, unit, pdu, request.serial);
	if (slaves->request != NULL)
		slaves->request(slaves, link, &request);
	else
		slave_answers(slaves, link, &request, slaves->answer_ns);
}

static size_t tcp_length(const uint8_t *in, size_t len)
{
	return len >= 6 ? 6 + u16(in + 4) : 0;
}

/* Of a request with its CRC; 0: not known yet. */
static size_t rtu_length(const uint8_t *in, size_t len)
{
	static const uint8_t fixed[] = {0, 8, 8, 8, 8, 8, 8};

	if (len < 2)
		return 0;
	if (in[1] < sizeof(fixed))
		return fixed[in[1]];
	if (in[1] == 22)
		return 10;
	if (in[1] == 23)
		return len < 11 ? 0 : 13u + in[10];
	return len < 7 ? 0 : 9u + in[6];
}

static void take(struct slaves *slaves, struct virtual_link *link, const uint8_t *frame,
		 size_t len)
{
	if (!slaves->rtu)
		hear(slaves, link, (uint16_t)u16(frame), frame[6], frame + MBAP, len - MBAP);
	else if (slave_crc(frame, len) == 0)
		hear(slaves, link, 0, frame[0], frame + 1, len - 3);
	else
		slaves->broken_frames++;
}

static void slaves_received(struct virtual_link *link, const uint8_t *buf, size_t len)
{
	struct slaves *slaves = (struct slaves *)virtual_link_peer(link);
	int64_t now = clock_mono().ns;
	size_t whole;

	/* A silence begins a new frame. */
	if (slaves->rtu && now - (int64_t)len * virtual_char_ns(link) >
				   slaves->in_at + 4 * virtual_char_ns(link))
		slaves->in_len = 0;
	slaves->in_at = now;
	if (slaves->in_len + len > sizeof(slaves->in))
		slaves->in_len = 0;
	memcpy(slaves->in + slaves->in_len, buf, len);
	slaves->in_len += len;
	while ((whole = slaves->rtu ? rtu_length(slaves->in, slaves->in_len)
				    : tcp_length(slaves->in, slaves->in_len)) > 0 &&
	       whole <= slaves->in_len) {
		uint8_t frame[sizeof(slaves->in)];

		memcpy(frame, slaves->in, whole);
		slaves->in_len -= whole;
		memmove(slaves->in, slaves->in + whole, slaves->in_len);
		take(slaves, link, frame, whole);
	}
}

/* Whole frames: nobody else has asked the line for anything. */
static void slaves_wrote(struct virtual_link *link, const uint8_t *buf, size_t len)
{
	struct slaves *slaves = (struct slaves *)virtual_link_peer(link);
	size_t whole;

	for (; len > 0; buf += whole, len -= whole) {
		whole = slaves->rtu ? rtu_length(buf, len) : tcp_length(buf, len);
		assert(whole > 0 && whole <= len);
		if (slaves->rtu)
			mark_last(slaves, buf[0], buf + 1, SLAVE_UNHEARD);
		else
			mark_last(slaves, buf[6], buf + MBAP, SLAVE_UNHEARD);
	}
}

static void slaves_opened(struct virtual_link *link)
{
	struct slaves *slaves = (struct slaves *)virtual_link_peer(link);

	slaves->in_len = 0;
}

void slaves_init(struct slaves *slaves, bool rtu)
{
	slaves->rtu = rtu;
	slaves->peer.opened = slaves_opened;
	slaves->peer.received = slaves_received;
	slaves->peer.wrote = slaves_wrote;
	slaves->last = xcalloc(SLAVE_UNITS, sizeof(*slaves->last));
	virtual_peer_add(&slaves->peer);
}

void slaves_done(struct slaves *slaves)
{
	free(slaves->last);
}
