/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Owns what comes back on a line that speaks Modbus RTU: whose it is, whether it is late, and
 * what is done when it does not come.
 */
#include "io/modbus_rtu.h"

#include <errno.h>
#include <string.h>

enum { RTU_SILENT = 3 }; /* unanswered requests in a row that end a TCP connection */

const int64_t modbus_rtu_disturbed_ns = NSEC_PER_SEC;

static bool rtu_over(const struct modbus_bus *bus)
{
	return bus->freed || !bus->up;
}

const struct modbus_request *modbus_rtu_request(const struct modbus_rtu *rtu)
{
	return rtu->probing ? &rtu->probe : &rtu->job->request;
}

/* Bytes that answer nothing that is asked now. */

void modbus_rtu_drop(struct modbus_rtu *rtu, size_t len)
{
	rtu->in_len -= len;
	memmove(rtu->in, rtu->in + len, rtu->in_len);
}

/* One that owes many answers needs the time for all of them. */
static int64_t rtu_hush_ns(const struct modbus_unit *unit)
{
	return (unit->stale.many ? MODBUS_STALE_MAX : 1) * unit->config.timeout_ns;
}

/* A whole frame that nobody waits for: a late answer, or somebody else's. */
static void rtu_stranger(struct modbus_bus *bus, const struct modbus_rtu_frame *frame,
			 struct mono now)
{
	struct modbus_unit *unit;

	TAILQ_FOREACH (unit, &bus->queue.units, all) {
		if (unit->number != frame->unit || !frame->answer ||
		    !modbus_stale_take(&unit->stale, frame->pdu, frame->pdu_len))
			continue;
		bus->late++;
		modbus_unit_late(unit, now);
		/* Where there was one, there may be more. */
		if (unit->hushed)
			unit->hush = mono_add(now, rtu_hush_ns(unit));
		return;
	}
	bus->unknown++;
}

/* What came back as it was sent: an echo that nobody told us of. */
static bool rtu_is_echo(const struct modbus_rtu *rtu, const struct modbus_rtu_frame *frame)
{
	return rtu->state == RTU_WAIT && frame->len == rtu->out_len &&
	       memcmp(frame->pdu - 1, rtu->out, frame->len) == 0;
}

/* Looks through what came before byte `end`, and drops it; true if there was a good frame. */
bool modbus_rtu_sweep(struct modbus_bus *bus, size_t end, struct mono now)
{
	struct modbus_rtu *rtu = bus->rtu;
	struct modbus_rtu_frame frame;
	size_t at = 0, noise = 0;

	while (modbus_rtu_any(rtu->in + at, end - at, &frame)) {
		if (rtu_is_echo(rtu, &frame)) {
			bus->unknown++;
			rtu->echoed = true;
			rtu->echoes = true;
		} else {
			rtu_stranger(bus, &frame, now);
		}
		noise += frame.at;
		at += frame.at + frame.len;
	}
	rtu->noise += noise + end - at;
	modbus_rtu_drop(rtu, end);
	return at > 0;
}

/* What ends an exchange. */

static void rtu_rest(struct modbus_bus *bus, struct mono now)
{
	struct modbus_rtu *rtu = bus->rtu;

	rtu->state = RTU_GAP;
	rtu->quiet_at = mono_add(now, rtu->gap_ns);
	rtu->cap_at = mono_add(now, modbus_rtu_disturbed_ns);
}

static void rtu_quarantine(struct modbus_bus *bus, struct mono now)
{
	struct modbus_rtu *rtu = bus->rtu;

	rtu->state = RTU_QUAR;
	rtu->quarantines++;
	rtu->heard = now;
	rtu->quiet_at = mono_add(now, rtu->quarantine_ns);
	rtu->cap_at = mono_add(now, modbus_rtu_disturbed_ns);
}

/* The job is not on the line any more, nor is a probe for it; the line is free at end. */
struct modbus_job *modbus_rtu_release(struct modbus_bus *bus, struct mono end)
{
	struct modbus_job *job = bus->rtu->job;

	bus->rtu->job = NULL;
	modbus_link_release(bus, job, end);
	return job;
}

/* The unit is left alone for a time. */
static void rtu_pause(struct modbus_unit *unit, const struct modbus_job *job, struct mono until)
{
	unit->hush = until;
	/* A write overtakes reads, but not the answer that would be taken for its own. */
	if (modbus_job_ahead(job) && unit->paused.ns < until.ns)
		unit->paused = until;
}

void modbus_rtu_hush(struct modbus_unit *unit, const struct modbus_job *job, struct mono now)
{
	unit->hushed = true;
	rtu_pause(unit, job, mono_add(now, rtu_hush_ns(unit)));
}

/* The unit owes no answer any more. */
void modbus_rtu_through(struct modbus_unit *unit)
{
	modbus_stale_clear(&unit->stale);
	unit->hushed = false;
	unit->hush = (struct mono){0};
}

/* Whether the connection must be dead, and not a unit: a serial server's that went away. */
static bool rtu_dead(struct modbus_bus *bus, const struct modbus_unit *unit)
{
	struct modbus_rtu *rtu = bus->rtu;
	const struct modbus_unit *each;
	bool others = false;

	if (bus->config->stream.host == NULL || !modbus_queue_expects(&bus->queue, unit))
		return false;
	TAILQ_FOREACH (each, &bus->queue.units, all)
		others |= each != unit && !each->offline;
	rtu->silent_many |= rtu->silent_unit != NULL && rtu->silent_unit != unit;
	rtu->silent_unit = unit;
	rtu->silent_row++;
	return rtu->silent_row >= RTU_SILENT && (!others || rtu->silent_many);
}

static void rtu_answered_something(struct modbus_rtu *rtu)
{
	rtu->babble_row = rtu->silent_row = 0;
	rtu->silent_unit = NULL;
	rtu->silent_many = false;
}

/* What was asked is not answered: it may be yet. */
static struct modbus_job *rtu_give_up(struct modbus_bus *bus, struct mono now)
{
	struct modbus_rtu *rtu = bus->rtu;
	struct modbus_unit *unit = rtu->job->unit;
	const struct modbus_request *request = modbus_rtu_request(rtu);

	modbus_stale_add(&unit->stale, request);
	unit->hushed = false;
	rtu_quarantine(bus, now);
	return modbus_rtu_release(bus, mono_add(now, rtu->quarantine_ns));
}

/*
 * What came instead of the probe's answer says that the unit is not slow: the job waits until
 * nothing can be late any more.
 */
static void rtu_probe_failed(struct modbus_bus *bus, struct modbus_job *job, struct mono now)
{
	modbus_rtu_hush(job->unit, job, now);
	modbus_queue_add(&bus->queue, job, true);
}

void modbus_rtu_timed_out(struct modbus_bus *bus, struct mono now)
{
	struct modbus_rtu *rtu = bus->rtu;
	struct modbus_job *job = rtu_give_up(bus, now);
	struct modbus_unit *unit = job->unit;
	bool dead = rtu_dead(bus, unit);

	if (!rtu->probing) {
		modbus_link_unanswered(bus, job, now);
	} else {
		bus->timeouts++;
		/* It may be much slower: another probe follows. */
		rtu_pause(unit, job, mono_add(now, unit->config.timeout_ns));
		modbus_queue_add(&bus->queue, job, true);
		if (modbus_unit_timed_out(unit, job->sent, now))
			modbus_link_gone(bus, unit, now, "no answer in time");
	}
	if (dead && !rtu_over(bus)) {
		bus->given_up++;
		rtu_answered_something(rtu);
		modbus_link_break(bus, ETIMEDOUT, "no device answers any more");
	}
}

void modbus_rtu_damaged(struct modbus_bus *bus, const char *why, struct mono now)
{
	struct modbus_rtu *rtu = bus->rtu;
	struct modbus_job *job;

	rtu->noise += rtu->in_len;
	rtu->in_len = 0;
	job = rtu_give_up(bus, now);
	if (!rtu->probing) {
		modbus_link_damaged(bus, job, why);
		return;
	}
	bus->garbled++;
	job->unit->garbled++;
	rtu_probe_failed(bus, job, now);
}

static void rtu_probe_answered(struct modbus_bus *bus, enum modbus_verdict verdict,
			       struct mono now)
{
	struct modbus_rtu *rtu = bus->rtu;
	struct modbus_job *job = modbus_rtu_release(bus, rtu->quiet_at);

	modbus_unit_spoke(job->unit, job->sent, now);
	modbus_link_alive(bus, job->unit, now);
	if (verdict == MODBUS_REFUSAL &&
	    modbus_stale_doubts(&job->unit->stale, rtu->probe.function)) {
		/* It may be the answer to what was asked before: the probe's is still due. */
		modbus_stale_add(&job->unit->stale, &rtu->probe);
		rtu_probe_failed(bus, job, now);
		return;
	}
	modbus_rtu_through(job->unit);
	modbus_queue_add(&bus->queue, job, true);
}

/* Receiving. */

/* frame stands in rtu->answer: whoever is told may send the next request. */
static void rtu_answered(struct modbus_bus *bus, enum modbus_verdict verdict,
			 const struct modbus_answer *answer, struct mono now)
{
	struct modbus_rtu *rtu = bus->rtu;
	struct modbus_unit *unit = rtu->job->unit;
	struct modbus_job *job;

	if (!modbus_writes(modbus_rtu_request(rtu)->function))
		rtu->echoes = rtu->echoed;
	rtu_answered_something(rtu);
	rtu_rest(bus, now);
	if (rtu->probing) {
		rtu_probe_answered(bus, verdict, now);
		return;
	}
	/* Units answer in order: what was asked before is through. */
	if (modbus_stale_answered(&unit->stale, &rtu->job->request))
		modbus_rtu_through(unit);
	else
		unit->hushed = false;
	job = modbus_rtu_release(bus, rtu->quiet_at);
	if (verdict == MODBUS_ANSWER && !modbus_writes(job->request.function))
		unit->good = job->request;
	modbus_link_answered(bus, job, verdict, answer, now);
}

/* True if what was found is an answer to what is asked now, and can't be anything else. */
static bool rtu_takes(struct modbus_bus *bus, const struct modbus_rtu_frame *frame,
		      enum modbus_verdict verdict)
{
	struct modbus_rtu *rtu = bus->rtu;

	/*
	 * The answer to a write may look like what was sent. Where reads come back, the first
	 * one that does is the echo.
	 */
	if ((!modbus_writes(modbus_rtu_request(rtu)->function) ||
	     (rtu->echoes && !rtu->echoed)) &&
	    rtu_is_echo(rtu, frame))
		return false;
	/* A probe's is taken note of, see rtu_probe_answered(). */
	return rtu->probing || verdict != MODBUS_REFUSAL ||
	       !modbus_stale_doubts(&rtu->job->unit->stale, modbus_rtu_request(rtu)->function);
}

void modbus_rtu_search(struct modbus_bus *bus, struct mono now)
{
	struct modbus_rtu *rtu = bus->rtu;
	struct modbus_rtu_frame frame;
	struct modbus_answer answer;

	while (modbus_rtu_find(rtu->job->unit->number, modbus_rtu_request(rtu), rtu->in,
			       rtu->in_len, &frame, &answer) == MODBUS_RTU_FOUND) {
		enum modbus_verdict verdict =
			answer.exception != 0 ? MODBUS_REFUSAL : MODBUS_ANSWER;

		if (!rtu_takes(bus, &frame, verdict)) {
			modbus_rtu_sweep(bus, frame.at + frame.len, now);
			continue;
		}
		memcpy(rtu->answer, rtu->in + frame.at, frame.len);
		if (answer.data != NULL)
			answer.data = rtu->answer + (answer.data - (rtu->in + frame.at));
		modbus_rtu_sweep(bus, frame.at, now);
		modbus_rtu_drop(rtu, frame.len);
		rtu_answered(bus, verdict, &answer, now);
		return;
	}
	rtu->idle_at = mono_add(now, rtu->idle_ns);
}
