/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Owns a Modbus bus: the jobs that wait, units that come and go, and the connection. What is on
 * the wire is the machine's of its framing; turns are modbus_queue's.
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

static const struct modbus_machine *const machines[] = {
	[MODBUS_TCP] = &modbus_machine_tcp,
	[MODBUS_RTU] = &modbus_machine_rtu,
};

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
	if (bus->calls == 0) {
		bus->machine->destroy(bus);
		free(bus);
	}
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
	struct modbus_job *job;

	TAILQ_INIT(&telling.jobs);
	TAILQ_FOREACH (job, jobs, entry)
		job->state = MODBUS_JOB_ENDING;
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

void modbus_link_sent(struct modbus_bus *bus, struct modbus_job *job, struct mono now)
{
	struct modbus_unit *unit = job->unit;

	job->state = MODBUS_JOB_SENT;
	job->sent = now;
	if (bus->on_wire++ == 0)
		bus->busy_since = now;
	bus->requests++;
	unit->sent++;
	unit->requests++;
	unit->writing = unit->writing || modbus_job_ahead(job);
	unit->alone = unit->alone || job->turn == MODBUS_TURN_WRITE;
}

void modbus_link_release(struct modbus_bus *bus, struct modbus_job *job, struct mono now)
{
	if (--bus->on_wire == 0) {
		bus->busy_ns += mono_diff(now, bus->busy_since);
		modbus_use_mark(&bus->use, bus->busy_ns, now);
	}
	job->unit->sent--;
	if (modbus_job_ahead(job))
		job->unit->writing = job->unit->alone = false;
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
	unit->why = why;
	if (unit->gone.ns == 0)
		unit->gone = now;
	complaint_say(&unit->complaint, now,
		      "bus %s: device %s (unit %u) is offline: %s, asking again in %s",
		      bus->config->stream.name, unit->config.name, unit->number, why, room);
	modbus_queue_drain(&bus->queue, unit, false, &jobs);
	jobs_fail(bus, &jobs, MODBUS_OFFLINE, "the device does not answer");
}

/* Jobs that are submitted. */

/* On a serial line unit 0 is everybody, and nobody answers (V1.02 section 2.1). */
static bool bus_can_ask(const struct modbus_bus *bus, const struct modbus_unit *unit,
			const struct modbus_job *job)
{
	switch (job->request.function) {
	case MODBUS_WRITE_COIL:
	case MODBUS_WRITE_REGISTER:
	case MODBUS_WRITE_COILS:
	case MODBUS_WRITE_REGISTERS:
		return true;
	default:
		return bus->config->framing != MODBUS_RTU || unit->number != MODBUS_BROADCAST;
	}
}

void modbus_bus_submit(struct modbus_bus *bus, struct modbus_unit *unit, struct modbus_job *job)
{
	assert(job->state == MODBUS_JOB_IDLE);
	job->unit = unit;
	job->tries = 0;
	if (!bus_can_ask(bus, unit, job))
		modbus_job_failed(job, MODBUS_REFUSED, "nobody answers a broadcast");
	else if (!bus->up && !bus->hold)
		modbus_job_failed(job, MODBUS_DOWN, "there is no connection");
	else if (!modbus_job_ahead(job) && !modbus_unit_takes_reads(unit, clock_mono()))
		modbus_job_failed(job, MODBUS_OFFLINE, "the device does not answer");
	else
		modbus_queue_add(&bus->queue, job, job->turn == MODBUS_TURN_NEXT);
}

bool modbus_bus_withdraw(struct modbus_bus *bus, struct modbus_job *job)
{
	if (job->state != MODBUS_JOB_QUEUED)
		return false;
	modbus_queue_remove(&bus->queue, job);
	job->state = MODBUS_JOB_IDLE;
	return true;
}

/* What the machine hears. */

static void bus_event(struct modbus_bus *bus, enum modbus_event event)
{
	if (!bus->up)
		return;
	bus_enter(bus);
	bus->machine->event(bus, event);
	bus_leave(bus);
}

void modbus_bus_send(struct modbus_bus *bus)
{
	bus_event(bus, MODBUS_JOBS);
}

static void bus_timer(void *arg)
{
	bus_event(arg, MODBUS_ALARM);
}

static void bus_readable(void *arg)
{
	bus_event(arg, MODBUS_READABLE);
}

static void bus_writable(void *arg)
{
	bus_event(arg, MODBUS_WRITABLE);
}

/* The connection comes and goes. */

static void bus_up(void *arg)
{
	struct modbus_bus *bus = arg;
	/* It was ours to give up, or closed behind an answer. */
	bool same = bus->breaking || bus->hold;

	bus_enter(bus);
	bus->up = true;
	bus->hold = bus->answered = bus->breaking = false;
	bus->last_answer = (struct mono){0};
	/* Whatever they did before, they may be others now. */
	modbus_queue_relink(&bus->queue, same, clock_mono());
	if (!bus->told_up) {
		bus->told_up = true;
		bus->ops->link(bus->arg, true);
	}
	if (bus->up && !bus->freed)
		bus->machine->event(bus, MODBUS_JOBS);
	bus_leave(bus);
}

/* Takes jobs off the wire: reads that may be asked again are queued, the rest is LOST. */
static void bus_empty(struct modbus_bus *bus, bool again)
{
	struct modbus_jobs back = TAILQ_HEAD_INITIALIZER(back);
	struct modbus_jobs lost = TAILQ_HEAD_INITIALIZER(lost);
	struct modbus_job *job;

	bus->machine->reset(bus, &back);
	while ((job = TAILQ_FIRST(&back)) != NULL) {
		TAILQ_REMOVE(&back, job, entry);
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
	/* A serial line does not close after each answer. */
	bool closed =
		bus->up && bus->answered && !bus->breaking && bus->config->stream.host != NULL;

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
	struct modbus_bus *bus = xcalloc(1, sizeof(*bus));

	bus->loop = loop;
	bus->config = config;
	bus->ops = ops;
	bus->arg = arg;
	bus->timer = loop_timer_new(loop, bus_timer, bus);
	modbus_queue_init(&bus->queue);
	SLIST_INIT(&bus->tellings);
	bus->machine = machines[config->framing];
	bus->machine->create(bus);
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
	bus_empty(bus, false);
	waiting_fail(bus, MODBUS_DROPPED, "the bus was closed");
	modbus_queue_done(&bus->queue);
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

const struct error *modbus_bus_fault(const struct modbus_bus *bus)
{
	return stream_fault(bus->stream);
}

/* What is under way counts as far as it is. */
static int64_t busy_until(const struct modbus_bus *bus, struct mono now)
{
	return bus->busy_ns + (bus->on_wire > 0 ? mono_diff(now, bus->busy_since) : 0);
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
		{"given_up", "Connections given up because nothing was answered.",
		 bus->given_up},
		{"retries", "Requests sent a second time.", bus->retries},
	};

	struct mono now = clock_mono();

	stream_report(bus->stream, ret);
	for (size_t i = 0; i < ARRAY_SIZE(counters); i++)
		report_count(ret, counters[i].name, counters[i].help, counters[i].count);
	bus->machine->report(bus, ret);
	ret->use = modbus_use_share(&bus->use, busy_until(bus, now), now);
	ret->use_known = ret->use >= 0;
}
