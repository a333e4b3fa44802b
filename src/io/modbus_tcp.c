/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Owns Modbus TCP: which requests are in flight under which transaction id, what has waited
 * too long, whose a frame is, and when the connection itself is to blame.
 */
#include "io/modbus_link.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/log.h"
#include "io/loop.h"
#include "io/modbus_slot.h"

enum {
	/* What may have timed out before the connection is given up: so many, or all that were
	 * in flight at once. */
	TCP_ZOMBIES = 2,
	TCP_GARBLED = 3,    /* bad answers in a row that end the connection */
	TCP_STRANGERS = 10, /* answers to nothing within TCP_STRANGERS_S that do so too */
	TCP_STRANGERS_S = 10,
	TCP_CROWDED = 3, /* signs in a row that a device can't take several requests at once */
	TCP_READ = 8192, /* bytes taken from one connection in one turn */
};

struct modbus_tcp {
	struct modbus_slots slots;
	unsigned depth; /* requests in flight at most */
	unsigned crowded;
	struct mono crowded_at;
	unsigned max_zombies;
	unsigned garbled_row;
	unsigned strangers;
	struct mono strangers_since;
	uint64_t bad_headers;
	uint8_t *read_room; /* shared by the loop */
	size_t in_len, out_len;
	uint8_t in[MODBUS_FRAME_MAX]; /* the start of a frame whose rest is on its way */
	uint8_t out[];		      /* what the kernel did not take yet */
};

static const char read_room_key;

static uint8_t *tcp_read_room(struct loop *loop)
{
	uint8_t *room = loop_local(loop, &read_room_key);

	if (room == NULL) {
		room = xmalloc(MODBUS_FRAME_MAX + TCP_READ);
		loop_keep(loop, &read_room_key, room, free);
	}
	return room;
}

static struct modbus_job *tcp_release(struct modbus_bus *bus, struct modbus_slot *slot,
				      bool zombie, struct mono now)
{
	struct modbus_job *job = modbus_slot_release(&bus->tcp->slots, slot, zombie);

	modbus_link_release(bus, job, now);
	return job;
}

static bool tcp_over(const struct modbus_bus *bus)
{
	return bus->freed || !bus->up;
}

/* Sending. */

static void tcp_put(struct modbus_bus *bus, struct modbus_job *job, struct mono now)
{
	struct modbus_tcp *tcp = bus->tcp;
	struct modbus_slot *slot = modbus_slot_take(&tcp->slots);

	slot->unit = job->unit;
	slot->job = job;
	slot->sent = now;
	slot->deadline = mono_add(now, job->unit->config.timeout_ns);
	modbus_link_sent(bus, job, now);
	tcp->out_len += modbus_frame_put(slot->id, job->unit->number, &job->request,
					 tcp->out + tcp->out_len);
}

static void tcp_flush(struct modbus_bus *bus)
{
	struct modbus_tcp *tcp = bus->tcp;
	ssize_t n = stream_write(bus->stream, tcp->out, tcp->out_len);

	if (n < 0)
		return;
	tcp->out_len -= (size_t)n;
	memmove(tcp->out, tcp->out + n, tcp->out_len);
	stream_want_write(bus->stream, tcp->out_len > 0);
}

static void tcp_arm(struct modbus_bus *bus, struct mono now)
{
	struct mono deadline = modbus_slot_deadline(&bus->tcp->slots);
	struct mono wakes = modbus_queue_wakes(&bus->queue, now);

	if (wakes.ns < deadline.ns)
		deadline = wakes;
	if (deadline.ns != INT64_MAX)
		loop_timer_start(bus->timer, deadline);
	else
		loop_timer_stop(bus->timer);
}

static void tcp_send(struct modbus_bus *bus)
{
	struct modbus_tcp *tcp = bus->tcp;
	struct mono now = clock_mono();
	/* What the kernel has not taken yet goes on when the stream is writable. */
	bool stuck = tcp->out_len > 0;
	struct modbus_job *job;

	while (!stuck && tcp->slots.live < tcp->depth &&
	       (job = modbus_queue_next(&bus->queue, now)) != NULL)
		tcp_put(bus, job, now);
	tcp_arm(bus, now);
	if (!stuck && tcp->out_len > 0)
		tcp_flush(bus);
}

/*
 * Some devices answer the first of several requests and drop the others, some close the
 * connection: asked for one at a time they work.
 */
static void tcp_crowded(struct modbus_bus *bus, const struct modbus_unit *unit, struct mono now)
{
	struct modbus_tcp *tcp = bus->tcp;

	tcp->crowded_at = now;
	if (++tcp->crowded < TCP_CROWDED || tcp->depth == 1)
		return;
	tcp->depth = 1;
	log_notice("bus %s: device %s (unit %u) does not take several requests at once, "
		   "sending one at a time",
		   bus->config->stream.name, unit->config.name, unit->number);
}

/* Deadlines. */

/* Whether so many answers are missing that the connection itself must be dead. */
static bool tcp_dead(struct modbus_bus *bus)
{
	struct modbus_tcp *tcp = bus->tcp;

	while (tcp->slots.zombies > tcp->max_zombies) {
		struct modbus_slot *oldest = modbus_slot_oldest_zombie(&tcp->slots);

		if (bus->last_answer.ns < oldest->sent.ns &&
		    modbus_queue_expects(&bus->queue, oldest->unit))
			return true;
		/* Others answer: the unit is dead, not the connection. */
		modbus_slot_forget(&tcp->slots, oldest);
	}
	return false;
}

static void tcp_expire(struct modbus_bus *bus, struct mono now)
{
	struct modbus_slot *slot;

	while ((slot = modbus_slot_overdue(&bus->tcp->slots, now)) != NULL) {
		struct mono sent = slot->sent;
		/* What was on its way together is one sign, not several. */
		bool crowded = slot->passed_over && sent.ns >= bus->tcp->crowded_at.ns;
		struct modbus_job *job = tcp_release(bus, slot, true, now);
		bool dead = tcp_dead(bus);

		if (crowded)
			tcp_crowded(bus, job->unit, now);
		modbus_link_unanswered(bus, job, now);
		if (tcp_over(bus))
			return;
		if (dead) {
			bus->given_up++;
			modbus_link_break(bus, ETIMEDOUT,
					  "the device does not answer any more");
			return;
		}
	}
}

/* Reading. */

static void tcp_stranger(struct modbus_bus *bus, struct mono now)
{
	struct modbus_tcp *tcp = bus->tcp;

	bus->unknown++;
	if (mono_diff(now, tcp->strangers_since) > TCP_STRANGERS_S * NSEC_PER_SEC) {
		tcp->strangers_since = now;
		tcp->strangers = 0;
	}
	if (++tcp->strangers > TCP_STRANGERS)
		modbus_link_break(bus, EPROTO, "too many answers that nobody asked for");
}

static void tcp_answer(struct modbus_bus *bus, struct modbus_slot *slot,
		       const struct modbus_frame *frame, struct mono now)
{
	struct modbus_tcp *tcp = bus->tcp;
	struct modbus_answer answer;
	enum modbus_verdict verdict =
		modbus_answer_check(&slot->job->request, frame->pdu, frame->pdu_len, &answer);

	if (frame->unit != slot->unit->number) {
		verdict = MODBUS_GARBLED;
		answer.fault = "the answer is from another unit";
	}
	tcp->garbled_row = verdict == MODBUS_GARBLED ? tcp->garbled_row + 1 : 0;
	if (slot->passed_over)
		tcp->crowded = 0;
	if (tcp->slots.live > 1)
		modbus_slot_pass_over(&tcp->slots, slot->unit);
	modbus_link_answered(bus, tcp_release(bus, slot, false, now), verdict, &answer, now);
	if (!tcp_over(bus) && tcp->garbled_row >= TCP_GARBLED)
		modbus_link_break(bus, EPROTO, answer.fault);
}

static void tcp_frame(struct modbus_bus *bus, const struct modbus_frame *frame, struct mono now)
{
	struct modbus_slot *slot = modbus_slot_find(&bus->tcp->slots, frame->id);

	if (slot == NULL) {
		tcp_stranger(bus, now);
	} else if (slot->state == SLOT_ZOMBIE) {
		modbus_unit_late(slot->unit, now);
		modbus_slot_forget(&bus->tcp->slots, slot);
		bus->late++;
	} else {
		tcp_answer(bus, slot, frame, now);
	}
}

/* All frames of buf; what is left of it is the start of one, and kept. */
static void tcp_frames(struct modbus_bus *bus, const uint8_t *buf, size_t len)
{
	struct modbus_tcp *tcp = bus->tcp;
	struct mono now = clock_mono();
	struct modbus_frame frame;
	int n;

	while ((n = modbus_frame_take(buf, len, &frame)) > 0) {
		buf += n;
		len -= (size_t)n;
		tcp_frame(bus, &frame, now);
		if (tcp_over(bus))
			return;
	}
	if (n < 0) {
		tcp->bad_headers++;
		modbus_link_break(bus, EPROTO, "what came is not Modbus TCP");
		return;
	}
	memcpy(tcp->in, buf, len);
	tcp->in_len = len;
}

static void tcp_read(struct modbus_bus *bus)
{
	struct modbus_tcp *tcp = bus->tcp;
	uint8_t *room = tcp->read_room;
	size_t had = tcp->in_len;
	ssize_t n = stream_read(bus->stream, room + had, TCP_READ);

	if (n <= 0)
		return;
	memcpy(room, tcp->in, had);
	tcp->in_len = 0;
	tcp_frames(bus, room, had + (size_t)n);
}

static void tcp_event(struct modbus_bus *bus, enum modbus_event event)
{
	switch (event) {
	case MODBUS_JOBS:
		break;
	case MODBUS_READABLE:
		tcp_read(bus);
		break;
	case MODBUS_WRITABLE:
		tcp_flush(bus);
		break;
	case MODBUS_ALARM:
		tcp_expire(bus, clock_mono());
		break;
	}
	if (!tcp_over(bus))
		tcp_send(bus);
}

static void tcp_create(struct modbus_bus *bus)
{
	unsigned depth = (unsigned)bus->config->in_flight;
	struct modbus_tcp *tcp = xcalloc(1, sizeof(*tcp) + (size_t)depth * MODBUS_FRAME_MAX);

	tcp->read_room = tcp_read_room(bus->loop);
	tcp->depth = depth;
	tcp->max_zombies = depth > TCP_ZOMBIES ? depth : TCP_ZOMBIES;
	modbus_slots_init(&tcp->slots, depth, tcp->max_zombies);
	bus->tcp = tcp;
}

static void tcp_destroy(struct modbus_bus *bus)
{
	modbus_slots_done(&bus->tcp->slots);
	free(bus->tcp);
}

static void tcp_reset(struct modbus_bus *bus, struct modbus_jobs *ret)
{
	struct modbus_tcp *tcp = bus->tcp;
	bool crowded = tcp->slots.live > 1 && !bus->breaking && !bus->freed;
	struct mono now = clock_mono();

	for (size_t i = 0; i < tcp->slots.count; i++) {
		struct modbus_slot *slot = &tcp->slots.slots[i];
		struct modbus_job *job;

		if (slot->state == SLOT_ZOMBIE)
			modbus_slot_forget(&tcp->slots, slot);
		if (slot->state != SLOT_LIVE)
			continue;
		if (crowded)
			tcp_crowded(bus, slot->unit, now);
		crowded = false;
		job = tcp_release(bus, slot, false, now);
		TAILQ_INSERT_TAIL(ret, job, entry);
	}
	tcp->in_len = tcp->out_len = 0;
	tcp->garbled_row = tcp->strangers = 0;
}

static void tcp_report(const struct modbus_bus *bus, struct report *ret)
{
	report_count(ret, "bad_headers",
		     "Connections given up because what came was not Modbus TCP.",
		     bus->tcp->bad_headers);
}

const struct modbus_machine modbus_machine_tcp = {
	.create = tcp_create,
	.destroy = tcp_destroy,
	.reset = tcp_reset,
	.event = tcp_event,
	.report = tcp_report,
};
