/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Owns one Modbus TCP connection: what is sent when, what has waited too long, and when the
 * connection itself is to blame. Answers are modbus_answer's, turns and units modbus_queue's.
 */
#include "io/modbus_bus.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/log.h"
#include "base/str.h"
#include "io/loop.h"
#include "io/modbus_link.h"

enum {
	/* What may have timed out before the connection is given up: so many, or all that were
	 * in flight at once. */
	BUS_ZOMBIES = 2,
	BUS_READ = 8192, /* bytes taken from one connection in one turn */
};

static const char read_room_key;

static uint8_t *bus_read_room(struct loop *loop)
{
	uint8_t *room = loop_local(loop, &read_room_key);

	if (room == NULL) {
		room = xmalloc(MODBUS_FRAME_MAX + BUS_READ);
		loop_keep(loop, &read_room_key, room, free);
	}
	return room;
}

static void bus_enter(struct modbus_bus *bus)
{
	bus->calls++;
}

/* False if the bus was freed meanwhile and is gone. */
static bool bus_leave(struct modbus_bus *bus)
{
	bus->calls--;
	if (!bus->freed)
		return true;
	if (bus->calls == 0)
		free(bus);
	return false;
}

/* Jobs that come to an end. */

void modbus_job_done(struct modbus_job *job, const struct modbus_result *result)
{
	job->state = MODBUS_JOB_IDLE;
	job->done(job, result);
}

void modbus_job_failed(struct modbus_job *job, enum modbus_outcome outcome, const char *text)
{
	modbus_job_done(job, &(struct modbus_result){.outcome = outcome, .text = text});
}

static void telling_run(struct modbus_telling *telling)
{
	struct modbus_job *job;

	while ((job = TAILQ_FIRST(&telling->jobs)) != NULL) {
		TAILQ_REMOVE(&telling->jobs, job, entry);
		modbus_job_failed(job, telling->outcome, telling->text);
	}
}

/* Empties jobs. Whoever is told may submit anew, or free the bus. */
static void jobs_fail(struct modbus_bus *bus, struct modbus_jobs *jobs,
		      enum modbus_outcome outcome, const char *text)
{
	struct modbus_telling telling = {.outcome = outcome, .text = text};

	TAILQ_INIT(&telling.jobs);
	TAILQ_CONCAT(&telling.jobs, jobs, entry);
	bus_enter(bus);
	SLIST_INSERT_HEAD(&bus->tellings, &telling, entry);
	telling_run(&telling);
	SLIST_REMOVE(&bus->tellings, &telling, modbus_telling, entry);
	bus_leave(bus);
}

static void waiting_fail(struct modbus_bus *bus, enum modbus_outcome outcome, const char *text)
{
	struct modbus_jobs jobs = TAILQ_HEAD_INITIALIZER(jobs);

	modbus_queue_drain(&bus->queue, NULL, true, &jobs);
	jobs_fail(bus, &jobs, outcome, text);
}

struct modbus_job *modbus_link_release(struct modbus_bus *bus, struct modbus_slot *slot,
				       bool zombie)
{
	struct modbus_job *job = modbus_slot_release(&bus->slots, slot, zombie);

	slot->unit->sent--;
	if (modbus_writes(job->request.function))
		slot->unit->writing = false;
	return job;
}

static void bus_arm(struct modbus_bus *bus, struct mono now)
{
	struct mono deadline = modbus_slot_deadline(&bus->slots);
	struct mono wakes = modbus_queue_wakes(&bus->queue, now);

	if (wakes.ns < deadline.ns)
		deadline = wakes;
	if (deadline.ns != INT64_MAX)
		loop_timer_start(bus->timer, deadline);
	else
		loop_timer_stop(bus->timer);
}

void modbus_link_break(struct modbus_bus *bus, int code, const char *text)
{
	struct error err;

	error_set(&err, code, "%s", text);
	bus->breaking = true;
	stream_break(bus->stream, &err);
}

/* Units that come and go, for the log. */

void modbus_link_gone(struct modbus_bus *bus, struct modbus_unit *unit, struct mono now,
		      const char *why)
{
	struct modbus_jobs jobs = TAILQ_HEAD_INITIALIZER(jobs);
	char room[32];
	struct str pause;

	str_init_fixed(&pause, room, sizeof(room));
	str_add_duration(&pause, mono_diff(unit->next_probe, now));
	complaint_say(&unit->complaint, now,
		      "bus %s: device %s (unit %u) is offline: %s, asking again in %s",
		      bus->config->stream.name, unit->config.name, unit->number, why, room);
	modbus_queue_drain(&bus->queue, unit, false, &jobs);
	jobs_fail(bus, &jobs, MODBUS_OFFLINE, "the device does not answer");
}

/* Sending. */

static void bus_put(struct modbus_bus *bus, struct modbus_job *job, struct mono now)
{
	struct modbus_unit *unit = job->unit;
	struct modbus_slot *slot = modbus_slot_take(&bus->slots);

	job->state = MODBUS_JOB_SENT;
	slot->unit = unit;
	slot->job = job;
	slot->sent = now;
	slot->deadline = mono_add(now, unit->config.timeout_ns);
	bus->requests++;
	unit->sent++;
	unit->requests++;
	unit->writing = unit->writing || modbus_writes(job->request.function);
	bus->out_len += modbus_frame_put(slot->id, unit->number, &job->request,
					 bus->out + bus->out_len);
}

static void bus_flush(struct modbus_bus *bus)
{
	ssize_t n = stream_write(bus->stream, bus->out, bus->out_len);

	if (n < 0)
		return;
	bus->out_len -= (size_t)n;
	memmove(bus->out, bus->out + n, bus->out_len);
	stream_want_write(bus->stream, bus->out_len > 0);
}

void modbus_bus_send(struct modbus_bus *bus)
{
	struct mono now = clock_mono();
	/* What the kernel has not taken yet goes on when the stream is writable. */
	bool stuck = bus->out_len > 0;
	struct modbus_job *job;

	if (!bus->up)
		return;
	while (!stuck && bus->slots.live < (unsigned)bus->config->in_flight &&
	       (job = modbus_queue_next(&bus->queue, now)) != NULL)
		bus_put(bus, job, now);
	bus_arm(bus, now);
	if (stuck || bus->out_len == 0)
		return;
	bus_enter(bus);
	bus_flush(bus);
	bus_leave(bus);
}

void modbus_bus_submit(struct modbus_bus *bus, struct modbus_unit *unit, struct modbus_job *job)
{
	assert(job->state == MODBUS_JOB_IDLE);
	job->unit = unit;
	job->tries = 0;
	if (!bus->up && !bus->hold)
		modbus_job_failed(job, MODBUS_DOWN, "there is no connection");
	else if (!modbus_writes(job->request.function) &&
		 !modbus_unit_takes_reads(unit, clock_mono()))
		modbus_job_failed(job, MODBUS_OFFLINE, "the device does not answer");
	else
		modbus_queue_add(&bus->queue, job, false);
}

/* Deadlines. */

/* Whether so many answers are missing that the connection itself must be dead. */
static bool bus_dead(struct modbus_bus *bus)
{
	while (bus->slots.zombies > bus->max_zombies) {
		struct modbus_slot *oldest = modbus_slot_oldest_zombie(&bus->slots);

		if (bus->last_answer.ns < oldest->sent.ns)
			return true;
		/* Others answer: the unit is dead, not the connection. */
		modbus_slot_forget(&bus->slots, oldest);
	}
	return false;
}

/* Collects what timed out; true if the connection is to be given up. */
static bool bus_expire(struct modbus_bus *bus, struct mono now)
{
	for (size_t i = 0; i < bus->slots.count; i++) {
		struct modbus_slot *slot = &bus->slots.slots[i];
		struct modbus_job *job;

		if (slot->state != SLOT_LIVE || slot->deadline.ns > now.ns)
			continue;
		bus->timeouts++;
		modbus_unit_timed_out(slot->unit, slot->sent, now);
		job = modbus_link_release(bus, slot, true);
		TAILQ_INSERT_TAIL(&bus->expired, job, entry);
		if (bus_dead(bus))
			return true;
	}
	return false;
}

static void bus_timer(void *arg)
{
	struct modbus_bus *bus = arg;
	struct mono now = clock_mono();
	struct modbus_job *job;
	bool dead;

	bus_enter(bus);
	dead = bus_expire(bus, now);
	while (!bus->freed && (job = TAILQ_FIRST(&bus->expired)) != NULL) {
		struct modbus_unit *unit = job->unit;

		TAILQ_REMOVE(&bus->expired, job, entry);
		modbus_job_failed(job, MODBUS_TIMEOUT, "no answer in time");
		if (!bus->freed && unit->offline)
			modbus_link_gone(bus, unit, now, "no answer in time");
	}
	if (dead && bus->up && !bus->freed) {
		bus->given_up++;
		modbus_link_break(bus, ETIMEDOUT, "the device does not answer any more");
	}
	if (!bus->freed)
		modbus_bus_send(bus);
	bus_leave(bus);
}

/* Reading. */

static void bus_readable(void *arg)
{
	struct modbus_bus *bus = arg;
	uint8_t *room = bus->read_room;
	size_t had = bus->in_len;
	ssize_t n;

	bus_enter(bus);
	n = stream_read(bus->stream, room + had, BUS_READ);
	if (n > 0) {
		memcpy(room, bus->in, had);
		bus->in_len = 0;
		modbus_link_frames(bus, room, had + (size_t)n);
		if (!bus->freed)
			modbus_bus_send(bus);
	}
	bus_leave(bus);
}

static void bus_writable(void *arg)
{
	struct modbus_bus *bus = arg;

	bus_enter(bus);
	bus_flush(bus);
	if (!bus->freed)
		modbus_bus_send(bus);
	bus_leave(bus);
}

/* The connection comes and goes. */

static void bus_up(void *arg)
{
	struct modbus_bus *bus = arg;
	struct modbus_unit *unit;

	bus_enter(bus);
	bus->up = true;
	bus->hold = bus->answered = bus->breaking = false;
	bus->in_len = bus->out_len = 0;
	bus->garbled_row = bus->strangers = 0;
	bus->last_answer = (struct mono){0};
	/* Whatever they did before, they may be others now. */
	TAILQ_FOREACH (unit, &bus->queue.units, all)
		unit->next_probe = (struct mono){0};
	if (!bus->told_up) {
		bus->told_up = true;
		bus->ops->link(bus->arg, true);
	}
	if (!bus->freed)
		modbus_bus_send(bus);
	bus_leave(bus);
}

/* Empties the slots: reads that may be asked again are queued, the rest is LOST. */
static void bus_empty(struct modbus_bus *bus, bool again)
{
	struct modbus_jobs lost = TAILQ_HEAD_INITIALIZER(lost);

	for (size_t i = 0; i < bus->slots.count; i++) {
		struct modbus_slot *slot = &bus->slots.slots[i];
		struct modbus_job *job;

		if (slot->state == SLOT_ZOMBIE)
			modbus_slot_forget(&bus->slots, slot);
		if (slot->state != SLOT_LIVE)
			continue;
		job = modbus_link_release(bus, slot, false);
		if (again && !modbus_writes(job->request.function) && job->tries == 0) {
			job->tries = 1;
			bus->retries++;
			modbus_queue_add(&bus->queue, job, true);
		} else {
			TAILQ_INSERT_TAIL(&lost, job, entry);
		}
	}
	jobs_fail(bus, &lost, MODBUS_LOST, "the connection broke before the answer");
}

static void bus_down(void *arg, const struct error *err)
{
	struct modbus_bus *bus = arg;
	bool closed = bus->up && bus->answered && !bus->breaking;

	bus_enter(bus);
	bus->up = false;
	/*
	 * Some devices close after each answer, and some reset what they answer: a peer that
	 * was good until it closed gets one more connection before anybody is told.
	 */
	bus->hold = closed && (err->code == ECONNRESET || err->code == EPIPE);
	loop_timer_stop(bus->timer);
	bus_empty(bus, bus->hold);
	if (!bus->hold && !bus->freed)
		waiting_fail(bus, MODBUS_DOWN, "there is no connection");
	if (!bus->hold && !bus->freed) {
		bus->told_up = false;
		bus->ops->link(bus->arg, false);
	}
	bus_leave(bus);
}

static const struct stream_ops bus_stream_ops = {
	.up = bus_up,
	.down = bus_down,
	.readable = bus_readable,
	.writable = bus_writable,
};

struct modbus_bus *modbus_bus_new(struct loop *loop, const struct modbus_bus_config *config,
				  const struct modbus_bus_ops *ops, void *arg)
{
	size_t out = (size_t)config->in_flight * MODBUS_FRAME_MAX;
	struct modbus_bus *bus = xcalloc(1, sizeof(*bus) + out);

	bus->loop = loop;
	bus->config = config;
	bus->ops = ops;
	bus->arg = arg;
	bus->read_room = bus_read_room(loop);
	bus->timer = loop_timer_new(loop, bus_timer, bus);
	modbus_queue_init(&bus->queue);
	bus->max_zombies =
		config->in_flight > BUS_ZOMBIES ? (unsigned)config->in_flight : BUS_ZOMBIES;
	modbus_slots_init(&bus->slots, (unsigned)config->in_flight, bus->max_zombies);
	TAILQ_INIT(&bus->expired);
	SLIST_INIT(&bus->tellings);
	bus->stream = stream_new(loop, &config->stream, &bus_stream_ops, bus);
	return bus;
}

void modbus_bus_free(struct modbus_bus *bus)
{
	struct modbus_telling *telling;

	if (bus == NULL || bus->freed)
		return;
	bus_enter(bus);
	bus->up = bus->hold = false;
	bus->freed = true;
	stream_free(bus->stream);
	loop_timer_free(bus->timer);
	SLIST_FOREACH (telling, &bus->tellings, entry)
		telling_run(telling);
	jobs_fail(bus, &bus->expired, MODBUS_TIMEOUT, "no answer in time");
	bus_empty(bus, false);
	waiting_fail(bus, MODBUS_DROPPED, "the bus was closed");
	modbus_queue_done(&bus->queue);
	modbus_slots_done(&bus->slots);
	bus_leave(bus);
}

void modbus_bus_start(struct modbus_bus *bus, int64_t delay_ns)
{
	stream_start(bus->stream, delay_ns);
}

struct modbus_unit *modbus_bus_unit(struct modbus_bus *bus, uint8_t number,
				    const struct modbus_unit_config *config)
{
	return modbus_queue_unit(&bus->queue, number, config);
}

bool modbus_bus_up(const struct modbus_bus *bus)
{
	return bus->up;
}

void modbus_bus_report(const struct modbus_bus *bus, struct report *ret)
{
	const struct {
		const char *name, *help;
		uint64_t count;
	} counters[] = {
		{"requests", "Requests sent.", bus->requests},
		{"answers", "Answers that were as asked.", bus->answers},
		{"exceptions", "Requests that a device refused.", bus->exceptions},
		{"timeouts", "Requests without an answer in time.", bus->timeouts},
		{"garbled", "Answers that did not fit their request.", bus->garbled},
		{"late_answers", "Answers that came after their time and were discarded.",
		 bus->late},
		{"unknown_answers", "Answers to nothing that was asked.", bus->unknown},
		{"bad_headers", "Connections given up because what came was not Modbus TCP.",
		 bus->bad_headers},
		{"given_up", "Connections given up because nothing was answered.",
		 bus->given_up},
		{"retries", "Requests sent a second time.", bus->retries},
	};

	stream_report(bus->stream, ret);
	for (size_t i = 0; i < ARRAY_SIZE(counters); i++)
		report_count(ret, counters[i].name, counters[i].help, counters[i].count);
}
