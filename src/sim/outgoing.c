/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns when the bytes of answers leave. */
#include "sim/outgoing.h"

#include <errno.h>

#include "sim/exchange.h"

/* A UART gives its bytes to the reader in pieces of a few characters. */
enum { LINE_PIECE = 8 };

#define GATHER_NS (100 * NSEC_PER_MSEC)

void outgoing_init(struct outgoing *outgoing)
{
	TAILQ_INIT(&outgoing->exchanges);
}

void outgoing_done(struct outgoing *outgoing)
{
	struct exchange *exchange;

	poller_disarm(outgoing->due);
	while ((exchange = TAILQ_FIRST(&outgoing->exchanges)) != NULL) {
		TAILQ_REMOVE(&outgoing->exchanges, exchange, entry);
		exchange_free(exchange);
	}
	outgoing->count = 0;
}

static size_t outgoing_piece(const struct outgoing *outgoing, const struct wire *wire)
{
	return wire_run(wire, outgoing->char_ns > 0 ? LINE_PIECE : WIRE_MAX);
}

/* From when the next piece may begin until its last byte is over. */
static int64_t piece_ns(const struct outgoing *outgoing, const struct wire *wire)
{
	if (wire->sent >= wire->len)
		return 0;
	return wire->pause_ms[wire->sent] * NSEC_PER_MSEC +
	       (int64_t)outgoing_piece(outgoing, wire) * outgoing->char_ns;
}

/* Makes one segment of the answers that were collected. */
static void outgoing_gather(struct outgoing *outgoing)
{
	struct exchange *first = NULL, *exchange, *next;

	for (exchange = TAILQ_FIRST(&outgoing->exchanges); exchange != NULL; exchange = next) {
		next = TAILQ_NEXT(exchange, entry);
		if (exchange->gather == 0)
			continue;
		if (first == NULL) {
			first = exchange;
			first->gather = 0;
			first->due = clock_mono();
			continue;
		}
		wire_insert(&first->wire, exchange->reversed ? 0 : first->wire.len,
			    exchange->wire.bytes, exchange->wire.len);
		TAILQ_REMOVE(&outgoing->exchanges, exchange, entry);
		outgoing->count--;
		exchange_free(exchange);
	}
	outgoing->gathered = 0;
}

void outgoing_put(struct outgoing *outgoing, struct exchange *exchange, struct mono ready)
{
	exchange->due =
		mono_add(ready, exchange->delay_ns + piece_ns(outgoing, &exchange->wire));
	TAILQ_INSERT_TAIL(&outgoing->exchanges, exchange, entry);
	outgoing->count++;
	if (exchange->gather == 0)
		return;
	exchange->due = MONO_NEVER;
	if (outgoing->gathered++ == 0)
		outgoing->gather_until = mono_add(clock_mono(), GATHER_NS);
	if (outgoing->gathered >= exchange->gather)
		outgoing_gather(outgoing);
}

/* One that has begun to leave, or the first that is due. */
static struct exchange *outgoing_next(const struct outgoing *outgoing)
{
	struct exchange *exchange, *next = NULL;

	TAILQ_FOREACH (exchange, &outgoing->exchanges, entry) {
		if (exchange->wire.sent > 0)
			return exchange;
		if (next == NULL || exchange->due.ns < next->due.ns)
			next = exchange;
	}
	return next;
}

/* What was due meanwhile takes its own time on the line from now on. */
static void outgoing_line_is_free(struct outgoing *outgoing, struct mono now)
{
	struct exchange *exchange;

	TAILQ_FOREACH (exchange, &outgoing->exchanges, entry) {
		struct mono earliest = mono_add(now, piece_ns(outgoing, &exchange->wire));

		if (outgoing->char_ns > 0 && exchange->due.ns < earliest.ns)
			exchange->due = earliest;
	}
}

static enum wire_end exchange_sent(struct outgoing *outgoing, struct exchange *exchange)
{
	enum wire_end end = exchange->wire.end;

	TAILQ_REMOVE(&outgoing->exchanges, exchange, entry);
	outgoing->count--;
	exchange_free(exchange);
	outgoing_line_is_free(outgoing, outgoing->sent);
	return end;
}

static ssize_t exchange_send(struct outgoing *outgoing, struct exchange *exchange,
			     struct mono now)
{
	struct wire *wire = &exchange->wire;
	size_t len = outgoing_piece(outgoing, wire);
	ssize_t n = len > 0 ? outgoing->send(outgoing->arg, wire->bytes + wire->sent, len) : 0;

	if (n < 0)
		return n;
	wire->sent += (size_t)n;
	outgoing->sent = now;
	exchange->due =
		mono_add(outgoing->char_ns > 0 ? exchange->due : now, piece_ns(outgoing, wire));
	return n;
}

static void outgoing_arm(struct outgoing *outgoing, struct mono now)
{
	struct exchange *next = outgoing_next(outgoing);
	struct mono due = next != NULL ? next->due : MONO_NEVER;

	if (outgoing->gathered > 0 && outgoing->gather_until.ns < due.ns)
		due = outgoing->gather_until;
	poller_disarm(outgoing->due);
	if (due.ns != MONO_NEVER.ns)
		poller_arm(outgoing->poller, outgoing->due, mono_diff(due, now));
}

enum outgoing_flushed outgoing_flush(struct outgoing *outgoing, enum wire_end *ret_end)
{
	struct mono now = clock_mono();
	struct exchange *exchange;

	if (outgoing->gathered > 0 && outgoing->gather_until.ns <= now.ns)
		outgoing_gather(outgoing);
	while ((exchange = outgoing_next(outgoing)) != NULL && exchange->due.ns <= now.ns) {
		ssize_t n = exchange_send(outgoing, exchange, now);

		if (n == -EAGAIN)
			return OUTGOING_BLOCKED;
		if (n < 0)
			return OUTGOING_BROKEN;
		if (exchange->wire.sent < exchange->wire.len)
			continue;
		*ret_end = exchange_sent(outgoing, exchange);
		if (*ret_end != WIRE_STAYS)
			return OUTGOING_ENDED;
	}
	outgoing_arm(outgoing, now);
	return OUTGOING_IDLE;
}
