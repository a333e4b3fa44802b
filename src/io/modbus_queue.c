/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the order in which jobs are sent, and the judgement on each unit. */
#include "io/modbus_queue.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/str.h"

static const int64_t probe_min_ns = NSEC_PER_SEC, probe_max_ns = 60 * NSEC_PER_SEC;
static const int64_t busy_min_ns = 100 * NSEC_PER_MSEC, busy_max_ns = NSEC_PER_SEC;

/* Behind so many writes in a row a read that waits has its turn: writes may never end. */
enum { QUEUE_AHEAD = 8 };

/* A probe takes one timeout: nine times as long without one leave the others nine tenths. */
enum { PROBE_SHARE = 9 };

void modbus_queue_init(struct modbus_queue *queue)
{
	*queue = (struct modbus_queue){0};
	TAILQ_INIT(&queue->units);
	TAILQ_INIT(&queue->waiting);
}

void modbus_queue_done(struct modbus_queue *queue)
{
	struct modbus_unit *unit;

	while ((unit = TAILQ_FIRST(&queue->units)) != NULL) {
		TAILQ_REMOVE(&queue->units, unit, all);
		free(unit);
	}
}

static void unit_set_probes(struct modbus_unit *unit, bool shared)
{
	int64_t min = shared ? PROBE_SHARE * unit->config.timeout_ns : probe_min_ns;

	unit->probe.min_ns = min < probe_min_ns ? probe_min_ns : min;
	unit->probe.max_ns = min < probe_max_ns ? probe_max_ns : min;
}

struct modbus_unit *modbus_queue_unit(struct modbus_queue *queue, uint8_t number,
				      const struct modbus_unit_config *config)
{
	struct modbus_unit *unit, *each;

	TAILQ_FOREACH (unit, &queue->units, all)
		if (unit->number == number)
			break;
	if (unit == NULL) {
		unit = xcalloc(1, sizeof(*unit));
		unit->number = number;
		unit->config = *config;
		TAILQ_INIT(&unit->writes);
		TAILQ_INIT(&unit->reads);
		backoff_init(&unit->probe, probe_min_ns, probe_max_ns, 0);
		backoff_init(&unit->busy, busy_min_ns, busy_max_ns, 0);
		TAILQ_INSERT_TAIL(&queue->units, unit, all);
		queue->unit_count++;
	}
	if (unit->config.timeout_ns < config->timeout_ns)
		unit->config.timeout_ns = config->timeout_ns;
	if (unit->config.delay_ns < config->delay_ns)
		unit->config.delay_ns = config->delay_ns;
	TAILQ_FOREACH (each, &queue->units, all)
		unit_set_probes(each, queue->unit_count > 1);
	return unit;
}

static bool unit_waits(const struct modbus_unit *unit)
{
	return !TAILQ_EMPTY(&unit->writes) || !TAILQ_EMPTY(&unit->reads);
}

bool modbus_job_ahead(const struct modbus_job *job)
{
	return job->turn != MODBUS_TURN_USUAL || modbus_writes(job->request.function);
}

void modbus_queue_add(struct modbus_queue *queue, struct modbus_job *job, bool first)
{
	struct modbus_unit *unit = job->unit;
	bool writes = modbus_job_ahead(job);
	struct modbus_jobs *jobs = writes ? &unit->writes : &unit->reads;

	if (!unit_waits(unit))
		TAILQ_INSERT_TAIL(&queue->waiting, unit, waiting);
	if (first)
		TAILQ_INSERT_HEAD(jobs, job, entry);
	else
		TAILQ_INSERT_TAIL(jobs, job, entry);
	job->state = MODBUS_JOB_QUEUED;
	queue->writes += writes;
}

static bool queue_all_offline(const struct modbus_queue *queue)
{
	const struct modbus_unit *unit;

	TAILQ_FOREACH (unit, &queue->units, all) {
		if (!unit->offline)
			return false;
	}
	return true;
}

void modbus_queue_relink(struct modbus_queue *queue, bool same, struct mono now)
{
	/* Without turns they would keep those that answer waiting for all their timeouts. */
	struct mono probe = same && !queue_all_offline(queue) ? now : (struct mono){0};
	struct modbus_unit *unit;

	TAILQ_FOREACH (unit, &queue->units, all)
		unit->next_probe = probe;
}

bool modbus_queue_expects(const struct modbus_queue *queue, const struct modbus_unit *unit)
{
	return !unit->offline || queue_all_offline(queue);
}

/* What becomes of the others when a probe is over. */
static void queue_probed(struct modbus_queue *queue, struct mono now)
{
	int64_t took = mono_diff(now, queue->probe_sent);
	struct modbus_unit *unit;

	if (queue->probed->offline && !queue->all_offline)
		queue->next_probe = mono_add(now, PROBE_SHARE * took);
	/* What silenced them all is over, and perhaps for all of them. */
	if (!queue->probed->offline && queue->all_offline) {
		TAILQ_FOREACH (unit, &queue->units, all)
			unit->next_probe = (struct mono){0};
	}
	queue->probed = NULL;
}

/* Whether the unit may be asked now, as far as it has not answered before. */
static bool queue_may_probe(const struct modbus_queue *queue, const struct modbus_unit *unit,
			    struct mono now)
{
	if (!unit->offline || unit->next_probe.ns == 0)
		return true;
	return queue->probed == NULL &&
	       (now.ns >= queue->next_probe.ns || queue_all_offline(queue));
}

/* Until when the unit is left alone. */
static struct mono unit_pause(const struct modbus_unit *unit, bool writes)
{
	struct mono pause = unit->paused.ns > unit->rest.ns ? unit->paused : unit->rest;

	return !writes && unit->hush.ns > pause.ns ? unit->hush : pause;
}

static struct modbus_job *unit_next(const struct modbus_queue *queue,
				    const struct modbus_unit *unit, bool writes,
				    struct mono now)
{
	if (now.ns < unit_pause(unit, writes).ns || (unit->offline && unit->sent > 0) ||
	    unit->alone)
		return NULL;
	if (writes)
		return unit->writing ? NULL : TAILQ_FIRST(&unit->writes);
	return queue_may_probe(queue, unit, now) ? TAILQ_FIRST(&unit->reads) : NULL;
}

static struct modbus_job *queue_take(struct modbus_queue *queue, struct modbus_unit *unit,
				     struct modbus_job *job, bool writes, struct mono now)
{
	if (unit->offline && !writes && unit->next_probe.ns != 0) {
		queue->probed = unit;
		queue->probe_sent = now;
		queue->all_offline = queue_all_offline(queue);
	}
	TAILQ_REMOVE(writes ? &unit->writes : &unit->reads, job, entry);
	queue->writes -= writes;
	/* Behind the others: each unit has its turn. */
	TAILQ_REMOVE(&queue->waiting, unit, waiting);
	if (unit_waits(unit))
		TAILQ_INSERT_TAIL(&queue->waiting, unit, waiting);
	return job;
}

void modbus_queue_remove(struct modbus_queue *queue, struct modbus_job *job)
{
	struct modbus_unit *unit = job->unit;
	bool writes = modbus_job_ahead(job);

	TAILQ_REMOVE(writes ? &unit->writes : &unit->reads, job, entry);
	queue->writes -= writes;
	if (!unit_waits(unit))
		TAILQ_REMOVE(&queue->waiting, unit, waiting);
}

static struct modbus_job *queue_pick(struct modbus_queue *queue, bool writes, bool any,
				     struct mono now)
{
	struct modbus_unit *unit;
	struct modbus_job *job;

	TAILQ_FOREACH (unit, &queue->waiting, waiting) {
		job = unit_next(queue, unit, writes, now);
		if (job != NULL && (any || job->turn == MODBUS_TURN_NEXT))
			return queue_take(queue, unit, job, writes, now);
	}
	return NULL;
}

struct modbus_job *modbus_queue_next(struct modbus_queue *queue, struct mono now)
{
	struct modbus_job *job = NULL;

	if (queue->probed != NULL && queue->probed->sent == 0)
		queue_probed(queue, now);
	if (queue->writes > 0)
		job = queue_pick(queue, true, queue->ahead < QUEUE_AHEAD, now);
	if (job == NULL) {
		job = queue_pick(queue, false, true, now);
		queue->ahead = job != NULL ? 0 : queue->ahead;
	}
	if (job == NULL && queue->writes > 0)
		job = queue_pick(queue, true, true, now);
	if (job != NULL && modbus_job_ahead(job))
		queue->ahead++;
	return job;
}

void modbus_queue_drain(struct modbus_queue *queue, struct modbus_unit *only, bool writes,
			struct modbus_jobs *ret)
{
	struct modbus_unit *unit, *next;
	struct modbus_job *job;

	for (unit = TAILQ_FIRST(&queue->waiting); unit != NULL; unit = next) {
		next = TAILQ_NEXT(unit, waiting);
		if (only != NULL && unit != only)
			continue;
		TAILQ_CONCAT(ret, &unit->reads, entry);
		if (writes) {
			TAILQ_FOREACH (job, &unit->writes, entry)
				queue->writes--;
			TAILQ_CONCAT(ret, &unit->writes, entry);
		}
		if (!unit_waits(unit))
			TAILQ_REMOVE(&queue->waiting, unit, waiting);
	}
}

struct mono modbus_queue_wakes(const struct modbus_queue *queue, struct mono now)
{
	struct mono first = MONO_NEVER;
	struct modbus_unit *unit;

	TAILQ_FOREACH (unit, &queue->waiting, waiting) {
		struct mono pause = unit_pause(unit, !TAILQ_EMPTY(&unit->writes));

		if (pause.ns > now.ns && pause.ns < first.ns)
			first = pause;
		if (unit->offline && queue->next_probe.ns > now.ns &&
		    queue->next_probe.ns < first.ns)
			first = queue->next_probe;
	}
	return first;
}

bool modbus_unit_takes_reads(const struct modbus_unit *unit, struct mono now)
{
	return !unit->offline ||
	       (unit->sent == 0 && TAILQ_EMPTY(&unit->reads) && now.ns >= unit->next_probe.ns);
}

void modbus_unit_unreachable(struct modbus_unit *unit, struct mono now)
{
	if (unit->config.timeouts == 0)
		return;
	unit->offlines += !unit->offline;
	unit->offline = true;
	unit->next_probe = mono_add(now, backoff_next(&unit->probe));
}

bool modbus_unit_timed_out(struct modbus_unit *unit, struct mono sent, struct mono now)
{
	unit->timeouts++;
	/* What was on its way together failed together: that is one sign, not several. */
	if (sent.ns >= unit->silent_at.ns) {
		unit->silent_at = now;
		unit->silent++;
		if (unit->silent >= (unsigned)unit->config.timeouts)
			modbus_unit_unreachable(unit, now);
	}
	return unit->offline;
}

void modbus_unit_late(struct modbus_unit *unit, struct mono now)
{
	struct mono soon = mono_add(now, unit->probe.min_ns);

	/* Not at once: who is always late would else cost the others a timeout each time. */
	backoff_reset(&unit->probe);
	if (soon.ns < unit->next_probe.ns)
		unit->next_probe = soon;
}

bool modbus_unit_answered(struct modbus_unit *unit)
{
	bool was = unit->offline;

	unit->silent = 0;
	unit->gone = (struct mono){0};
	unit->offline = false;
	unit->paused = (struct mono){0};
	backoff_reset(&unit->probe);
	backoff_reset(&unit->busy);
	return was;
}

void modbus_unit_spoke(struct modbus_unit *unit, struct mono sent, struct mono now)
{
	modbus_trips_add(&unit->trips, mono_diff(now, sent), now);
	if (unit->config.delay_ns > 0)
		unit->rest = mono_add(now, unit->config.delay_ns);
}

void modbus_unit_busy(struct modbus_unit *unit, struct mono now)
{
	unit->silent = 0;
	unit->paused = mono_add(now, backoff_next(&unit->busy));
}

/* For people: a second more or less is nothing to them, and a nanosecond is noise. */
static int64_t whole_seconds(int64_t ns)
{
	return (ns + NSEC_PER_SEC - 1) / NSEC_PER_SEC * NSEC_PER_SEC;
}

bool modbus_unit_offline(const struct modbus_unit *unit)
{
	return unit->offline;
}

/* "no answer in time for 3m5s, asked again in 12s" */
static void unit_tell(const struct modbus_unit *unit, struct mono now, struct report *ret)
{
	struct str detail;

	str_init_fixed(&detail, ret->detail, sizeof(ret->detail));
	str_addf(&detail, "%s for ", unit->why != NULL ? unit->why : "no answer");
	str_add_duration(&detail, whole_seconds(mono_diff(now, unit->gone)));
	if (unit->next_probe.ns > now.ns) {
		str_adds(&detail, ", asked again in ");
		str_add_duration(&detail, whole_seconds(mono_diff(unit->next_probe, now)));
	}
}

void modbus_unit_report(const struct modbus_unit *unit, struct mono now, struct report *ret)
{
	ret->state = unit->offline ? "offline" : unit->paused.ns > now.ns ? "busy" : "up";
	if (unit->offline)
		unit_tell(unit, now, ret);
	ret->trip_p50_ns = modbus_trips_quantile(&unit->trips, 0.5, now);
	ret->trip_p99_ns = modbus_trips_quantile(&unit->trips, 0.99, now);
	report_count(ret, "requests", "Requests sent.", unit->requests);
	report_count(ret, "answers", "Answers that were as asked.", unit->answers);
	report_count(ret, "exceptions", "Requests that the device refused.", unit->exceptions);
	report_count(ret, "timeouts", "Requests without an answer in time.", unit->timeouts);
	report_count(ret, "garbled", "Answers that did not fit their request.", unit->garbled);
	report_count(ret, "offlines", "Times that the device was given up.", unit->offlines);
}
