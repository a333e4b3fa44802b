/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the queue between a gateway's TCP side and its serial line, and the waiting there. */
#include "sim/gateway.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "sim/exchange.h"
#include "sim/fieldbus.h"
#include "sim/poller.h"
#include "sim/rack.h"
#include "sim/serial_line.h"

enum {
	EXCEPTION_BUSY = 6,
	EXCEPTION_PATH = 0x0a,
	EXCEPTION_TARGET = 0x0b,
	GATEWAY_WAITING_MAX = 64,
	RTU_OVERHEAD = 3, /* unit and CRC */
};

/* A silence that parts two frames: more than a UART's piece of 8 characters. */
#define GATEWAY_GAP_NS	 (5 * NSEC_PER_MSEC)
#define GATEWAY_GAP_BITS INT64_C(132)

/* One who waits for the line. */
struct ticket {
	uint64_t link;
	struct exchange *exchange;
	STAILQ_ENTRY(ticket) entry;
};

struct gateway {
	struct poller *poller;
	struct rack *rack;
	struct faults *faults;
	struct fieldbus *bus;
	struct serial_line *line;
	struct serial_line_counts counts;
	int64_t timeout_ns, gap_ns;
	STAILQ_HEAD(, ticket) tickets; /* the first is on the line while asking */
	size_t waiting;
	bool asking;
	uint8_t heard[EXCHANGE_FRAME_MAX];
	size_t heard_len;
	struct mono heard_at;
	struct poller_timer timeout, next;
	uint64_t timeouts;
};

static void gateway_reply(struct gateway *gateway, uint64_t link, struct exchange *exchange)
{
	exchange_finish(exchange);
	fieldbus_answer(gateway->bus, link, exchange);
}

/* The first ticket's answer stands in its exchange. */
static void gateway_done(struct gateway *gateway)
{
	struct ticket *ticket = STAILQ_FIRST(&gateway->tickets);

	STAILQ_REMOVE_HEAD(&gateway->tickets, entry);
	gateway->waiting--;
	gateway->asking = false;
	poller_disarm(&gateway->timeout);
	poller_arm(gateway->poller, &gateway->next, gateway->gap_ns);
	gateway_reply(gateway, ticket->link, ticket->exchange);
	free(ticket);
}

static void gateway_timed_out(void *arg)
{
	struct gateway *gateway = arg;
	struct exchange *exchange = STAILQ_FIRST(&gateway->tickets)->exchange;

	if (exchange_asked_unit(exchange) == 0) {
		exchange->silent = true;
	} else {
		gateway->timeouts++;
		exchange_answer_exception(exchange, EXCEPTION_TARGET);
	}
	gateway_done(gateway);
}

static void gateway_next(void *arg)
{
	struct gateway *gateway = arg;
	struct ticket *ticket = STAILQ_FIRST(&gateway->tickets);
	uint8_t frame[EXCHANGE_FRAME_MAX + RTU_OVERHEAD];
	size_t len;

	if (ticket == NULL || gateway->asking)
		return;
	len = 1 + ticket->exchange->asked_len;
	frame[0] = exchange_asked_unit(ticket->exchange);
	memcpy(frame + 1, ticket->exchange->asked, ticket->exchange->asked_len);
	exchange_add_crc(frame, len);
	gateway->asking = true;
	gateway->heard_len = 0;
	poller_arm(gateway->poller, &gateway->timeout, gateway->timeout_ns);
	serial_line_say(gateway->line, frame, len + 2, "the gateway");
}

static bool heard_is_answer(const struct gateway *gateway, const struct exchange *exchange)
{
	size_t len = gateway->heard_len;
	const uint8_t *heard = gateway->heard;
	uint16_t crc;

	if (len <= RTU_OVERHEAD || heard[0] != exchange_asked_unit(exchange) ||
	    (heard[1] & 0x7f) != exchange->asked[0])
		return false;
	crc = exchange_crc(heard, len - 2);
	return heard[len - 2] == (uint8_t)crc && heard[len - 1] == crc >> 8;
}

static ssize_t gateway_hear(void *arg, const uint8_t *bytes, size_t len)
{
	struct gateway *gateway = arg;
	struct mono now = clock_mono();
	struct exchange *exchange;

	if (!gateway->asking)
		return (ssize_t)len;
	if (mono_diff(now, gateway->heard_at) > gateway->gap_ns ||
	    gateway->heard_len + len > sizeof(gateway->heard))
		gateway->heard_len = 0;
	gateway->heard_at = now;
	if (len > sizeof(gateway->heard))
		return (ssize_t)len;
	memcpy(gateway->heard + gateway->heard_len, bytes, len);
	gateway->heard_len += len;
	exchange = STAILQ_FIRST(&gateway->tickets)->exchange;
	if (heard_is_answer(gateway, exchange)) {
		exchange->pdu_len = gateway->heard_len - RTU_OVERHEAD;
		memcpy(exchange->pdu, gateway->heard + 1, exchange->pdu_len);
		gateway_done(gateway);
	}
	return (ssize_t)len;
}

/* Its own line does not break. */
static void gateway_line_ends(void *arg, enum wire_end end)
{
}

static void gateway_queue(struct gateway *gateway, uint64_t link, struct exchange *exchange)
{
	struct ticket *ticket = xcalloc(1, sizeof(*ticket));

	ticket->link = link;
	ticket->exchange = exchange;
	STAILQ_INSERT_TAIL(&gateway->tickets, ticket, entry);
	gateway->waiting++;
	if (!gateway->asking && !gateway->next.armed)
		poller_arm(gateway->poller, &gateway->next, 0);
}

static void gateway_ask(void *arg, struct fieldbus *bus, uint64_t link,
			struct exchange *exchange)
{
	struct gateway *gateway = arg;
	uint8_t unit = exchange_asked_unit(exchange);

	exchange->random = rack_random(gateway->rack);
	exchange->faults[0] = gateway->faults;
	exchange_begin(exchange);
	if (!exchange->silent && exchange->exception < 0) {
		if (unit != 0 && rack_slave(gateway->rack, unit) == NULL)
			exchange->exception = EXCEPTION_PATH;
		else if (gateway->waiting >= GATEWAY_WAITING_MAX)
			exchange->exception = EXCEPTION_BUSY;
	}
	if (exchange->exception >= 0)
		exchange_answer_exception(exchange, exchange->exception);
	if (exchange->silent || exchange->exception >= 0)
		gateway_reply(gateway, link, exchange);
	else
		gateway_queue(gateway, link, exchange);
}

struct gateway *gateway_open(struct poller *poller, struct rack *rack, struct faults *faults,
			     const struct gateway_options *options, struct error *err)
{
	static const struct serial_line_ops ops = {.hear = gateway_hear,
						   .end = gateway_line_ends};
	struct gateway *gateway = xcalloc(1, sizeof(*gateway));

	gateway->poller = poller;
	gateway->rack = rack;
	gateway->faults = faults;
	gateway->timeout_ns = options->timeout_ns;
	gateway->gap_ns = GATEWAY_GAP_NS;
	if (options->line->baud > 0)
		gateway->gap_ns += GATEWAY_GAP_BITS * NSEC_PER_SEC / options->line->baud;
	STAILQ_INIT(&gateway->tickets);
	gateway->timeout.fn = gateway_timed_out;
	gateway->next.fn = gateway_next;
	gateway->timeout.arg = gateway->next.arg = gateway;
	gateway->line = serial_line_new(poller, rack, NULL, options->line, &gateway->counts,
					&ops, gateway);
	gateway->bus = fieldbus_open(poller, options->port, faults, rack_random(rack),
				     gateway_ask, gateway, err);
	if (gateway->bus == NULL) {
		gateway_close(gateway);
		return NULL;
	}
	return gateway;
}

void gateway_close(struct gateway *gateway)
{
	struct ticket *ticket;

	if (gateway == NULL)
		return;
	while ((ticket = STAILQ_FIRST(&gateway->tickets)) != NULL) {
		STAILQ_REMOVE_HEAD(&gateway->tickets, entry);
		exchange_free(ticket->exchange);
		free(ticket);
	}
	poller_disarm(&gateway->timeout);
	poller_disarm(&gateway->next);
	fieldbus_close(gateway->bus);
	serial_line_free(gateway->line);
	free(gateway);
}

struct fieldbus *gateway_bus(struct gateway *gateway)
{
	return gateway->bus;
}

uint64_t gateway_timeouts(const struct gateway *gateway)
{
	return gateway->timeouts;
}
