/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Owns what becomes of a request that was on its way, in either framing: what its answer or
 * its silence says about the unit, and whether it is asked again.
 */
#include "io/modbus_link.h"

#include "base/log.h"

enum { BUS_BUSY_TRIES = 3 }; /* how often a write is sent to a device that says busy */

static void unit_answered(struct modbus_bus *bus, struct modbus_unit *unit)
{
	if (modbus_unit_answered(unit))
		complaint_end(&unit->complaint, "bus %s: device %s (unit %u) answers again",
			      bus->config->stream.name, unit->config.name, unit->number);
}

static void ask_again(struct modbus_bus *bus, struct modbus_job *job)
{
	job->tries++;
	bus->retries++;
	modbus_queue_add(&bus->queue, job, true);
}

static void answer_refused(struct modbus_bus *bus, struct modbus_job *job, uint8_t exception,
			   struct mono now)
{
	struct modbus_unit *unit = job->unit;
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
	    job->tries + 1 < BUS_BUSY_TRIES) {
		ask_again(bus, job);
		return;
	}
	modbus_job_done(job, &(struct modbus_result){.outcome = MODBUS_EXCEPTION,
						     .exception = exception,
						     .text = words});
	if (gone && !bus->freed && unit->offline)
		modbus_link_gone(bus, unit, now, words);
}

static void answer_good(struct modbus_bus *bus, struct modbus_job *job,
			const struct modbus_answer *answer)
{
	bus->answers++;
	job->unit->answers++;
	unit_answered(bus, job->unit);
	modbus_job_done(job, &(struct modbus_result){.outcome = MODBUS_OK,
						     .data = answer->data,
						     .len = answer->len,
						     .text = ""});
}

void modbus_link_alive(struct modbus_bus *bus, struct modbus_unit *unit, struct mono now)
{
	bus->last_answer = now;
	bus->answered = true;
	stream_good(bus->stream);
	unit_answered(bus, unit);
}

void modbus_link_answered(struct modbus_bus *bus, struct modbus_job *job,
			  enum modbus_verdict verdict, const struct modbus_answer *answer,
			  struct mono now)
{
	modbus_unit_spoke(job->unit, job->sent, now);
	if (verdict == MODBUS_GARBLED) {
		bus->garbled++;
		job->unit->garbled++;
		modbus_job_failed(job, MODBUS_BAD, answer->fault);
		return;
	}
	bus->last_answer = now;
	bus->answered = true;
	stream_good(bus->stream);
	if (verdict == MODBUS_REFUSAL)
		answer_refused(bus, job, answer->exception, now);
	else
		answer_good(bus, job, answer);
}

/* A read that may be asked again, is. */
static bool asked_again(struct modbus_bus *bus, struct modbus_job *job)
{
	bool again = !job->unit->offline && !modbus_writes(job->request.function) &&
		     job->tries < job->unit->config.retries;

	if (again)
		ask_again(bus, job);
	return again;
}

void modbus_link_damaged(struct modbus_bus *bus, struct modbus_job *job, const char *why)
{
	bus->garbled++;
	job->unit->garbled++;
	if (!asked_again(bus, job))
		modbus_job_failed(job, MODBUS_DAMAGED, why);
}

void modbus_link_unanswered(struct modbus_bus *bus, struct modbus_job *job, struct mono now)
{
	struct modbus_unit *unit = job->unit;

	bus->timeouts++;
	modbus_unit_timed_out(unit, job->sent, now);
	if (asked_again(bus, job))
		return;
	modbus_job_failed(job, MODBUS_TIMEOUT, "no answer in time");
	if (!bus->freed && unit->offline)
		modbus_link_gone(bus, unit, now, "no answer in time");
}
