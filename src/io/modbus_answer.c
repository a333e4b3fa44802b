/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns what becomes of an answer: whose it is, what it says, and when the peer can't be
 * trusted. */
#include "io/modbus_link.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"

enum {
	BUS_GARBLED = 3,    /* bad answers in a row that end the connection */
	BUS_STRANGERS = 10, /* answers to nothing within BUS_STRANGERS_S that do so too */
	BUS_STRANGERS_S = 10,
	BUS_BUSY_TRIES = 3, /* how often a write is sent to a device that says busy */
};

static void unit_answered(struct modbus_bus *bus, struct modbus_unit *unit)
{
	if (modbus_unit_answered(unit))
		complaint_end(&unit->complaint, "bus %s: device %s (unit %u) answers again",
			      bus->config->stream.name, unit->config.name, unit->number);
}

static void bus_stranger(struct modbus_bus *bus, struct mono now)
{
	bus->unknown++;
	if (mono_diff(now, bus->strangers_since) > BUS_STRANGERS_S * NSEC_PER_SEC) {
		bus->strangers_since = now;
		bus->strangers = 0;
	}
	if (++bus->strangers > BUS_STRANGERS)
		modbus_link_break(bus, EPROTO, "too many answers that nobody asked for");
}

static void bus_refused(struct modbus_bus *bus, struct modbus_slot *slot, uint8_t exception,
			struct mono now)
{
	struct modbus_unit *unit = slot->unit;
	struct modbus_job *job = modbus_link_release(bus, slot, false);
	const char *words = modbus_exception_words(exception);
	bool busy = exception == MODBUS_BUSY || exception == MODBUS_ACKNOWLEDGE;
	bool gone = exception == MODBUS_GATEWAY_PATH || exception == MODBUS_GATEWAY_TARGET;

	bus->exceptions++;
	unit->exceptions++;
	if (gone)
		modbus_unit_unreachable(unit, now);
	else if (busy)
		modbus_unit_busy(unit, now);
	else
		unit_answered(bus, unit);
	/* Busy means not carried out: a write may be sent again. */
	if (exception == MODBUS_BUSY && modbus_writes(job->request.function) &&
	    ++job->tries < BUS_BUSY_TRIES) {
		bus->retries++;
		modbus_queue_add(&bus->queue, job, true);
		return;
	}
	modbus_job_done(job, &(struct modbus_result){.outcome = MODBUS_EXCEPTION,
						     .exception = exception,
						     .text = words});
	if (gone && !bus->freed)
		modbus_link_gone(bus, unit, now, words);
}

static void bus_garbled(struct modbus_bus *bus, struct modbus_slot *slot, const char *fault)
{
	unsigned row = ++bus->garbled_row;

	bus->garbled++;
	slot->unit->garbled++;
	modbus_job_failed(modbus_link_release(bus, slot, false), MODBUS_BAD, fault);
	if (row >= BUS_GARBLED && bus->up && !bus->freed)
		modbus_link_break(bus, EPROTO, fault);
}

static void bus_answer(struct modbus_bus *bus, struct modbus_slot *slot,
		       const struct modbus_frame *frame, struct mono now)
{
	struct modbus_answer answer;
	enum modbus_verdict verdict =
		modbus_answer_check(&slot->job->request, frame->pdu, frame->pdu_len, &answer);

	if (frame->unit != slot->unit->number) {
		bus_garbled(bus, slot, "the answer is from another unit");
		return;
	}
	if (verdict == MODBUS_GARBLED) {
		bus_garbled(bus, slot, answer.fault);
		return;
	}
	bus->garbled_row = 0;
	bus->last_answer = now;
	bus->answered = true;
	stream_good(bus->stream);
	if (verdict == MODBUS_REFUSAL) {
		bus_refused(bus, slot, answer.exception, now);
		return;
	}
	bus->answers++;
	slot->unit->answers++;
	unit_answered(bus, slot->unit);
	modbus_job_done(modbus_link_release(bus, slot, false),
			&(struct modbus_result){.outcome = MODBUS_OK,
						.data = answer.data,
						.len = answer.len,
						.text = ""});
}

static void bus_frame(struct modbus_bus *bus, const struct modbus_frame *frame, struct mono now)
{
	struct modbus_slot *slot = modbus_slot_find(&bus->slots, frame->id);

	if (slot == NULL) {
		bus_stranger(bus, now);
	} else if (slot->state == SLOT_ZOMBIE) {
		modbus_unit_late(slot->unit, now);
		modbus_slot_forget(&bus->slots, slot);
		bus->late++;
	} else {
		bus_answer(bus, slot, frame, now);
	}
}

/* All frames of buf; what is left of it is the start of one, and kept. */
void modbus_link_frames(struct modbus_bus *bus, const uint8_t *buf, size_t len)
{
	struct mono now = clock_mono();
	struct modbus_frame frame;
	int n;

	while ((n = modbus_frame_take(buf, len, &frame)) > 0) {
		buf += n;
		len -= (size_t)n;
		bus_frame(bus, &frame, now);
		if (bus->freed || !bus->up)
			return;
	}
	if (n < 0) {
		bus->bad_headers++;
		modbus_link_break(bus, EPROTO, "what came is not Modbus TCP");
		return;
	}
	memcpy(bus->in, buf, len);
	bus->in_len = len;
}
