/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Owns Modbus RTU: one request on the line at a time, and the silences between.
 *
 *   GAP (silence before a request) -> TX (the kernel takes it bit by bit) -> WAIT -> GAP
 *                                        broadcast: -> TURN -> GAP
 *                                        no good answer: WAIT -> QUAR -> GAP
 *
 * An answer has neither number nor address. So one that comes late is kept from being taken
 * for another's by a probe: a question to the same unit whose answer has another length
 * (modbus_stale). If it is not answered either, the next one has a length of its own again; no
 * time is long enough for a unit that has a queue of requests to work off. Only where there is
 * no such question left, the unit is left alone until an answer must have come.
 */
#include "io/modbus_rtu.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "io/loop.h"

enum {
	RTU_BABBLE = 10, /* quarantines without silence in a row that make it open anew */
	RTU_NOISE = 4,	 /* bytes that are not the start of something else any more */
	RTU_TAIL = MODBUS_RTU_MAX,
};

/* A line that takes nothing of a request for so long and two frame times is stuck. */
static const int64_t stuck_ns = NSEC_PER_SEC;

static bool rtu_over(const struct modbus_bus *bus)
{
	return bus->freed || !bus->up;
}

static struct mono sooner(struct mono a, struct mono b)
{
	return a.ns < b.ns ? a : b;
}

/* Takes the echo out of what came; false: it is not what was sent. */
static bool rtu_echo(struct modbus_rtu *rtu)
{
	size_t n = rtu->echo_left < rtu->in_len ? rtu->echo_left : rtu->in_len;

	if (memcmp(rtu->in, rtu->out + rtu->out_len - rtu->echo_left, n) != 0)
		return false;
	rtu->echo_left -= n;
	modbus_rtu_drop(rtu, n);
	return true;
}

/*
 * Bytes before a request put it off, but not for ever: sent into a line that does not fall
 * silent it comes to an end, and whoever waits for it is told.
 */
static void rtu_disturbed(struct modbus_rtu *rtu, struct mono before, struct mono now)
{
	if (mono_diff(now, before) >= rtu->quarantine_ns)
		rtu->cap_at = mono_add(now, modbus_rtu_disturbed_ns);
	rtu->quiet_at = sooner(mono_add(now, rtu->gap_ns), rtu->cap_at);
}

/* before: when the last bytes came. */
static void rtu_received(struct modbus_bus *bus, struct mono before, struct mono now)
{
	struct modbus_rtu *rtu = bus->rtu;

	switch (rtu->state) {
	case RTU_TX:
	case RTU_WAIT:
		if (!rtu_echo(rtu)) {
			rtu->collisions++;
			stream_want_write(bus->stream, false);
			modbus_rtu_damaged(
				bus,
				"what was sent came back changed (a collision, or an "
				"echo is expected where there is none)",
				now);
		} else if (rtu->state == RTU_WAIT && rtu->in_len > 0) {
			modbus_rtu_search(bus, now);
		}
		break;
	case RTU_GAP:
		rtu_disturbed(rtu, before, now);
		break;
	case RTU_TURN:
		if (!rtu_echo(rtu)) {
			rtu->collisions++;
			rtu->echo_left = 0;
		}
		break;
	case RTU_QUAR:
		rtu->quiet_at = sooner(mono_add(now, rtu->quarantine_ns), rtu->cap_at);
		break;
	}
}

static void rtu_read(struct modbus_bus *bus)
{
	struct modbus_rtu *rtu = bus->rtu;
	struct mono before = rtu->heard, now;
	ssize_t n;

	if (rtu->in_len > MODBUS_RTU_ROOM - RTU_TAIL)
		modbus_rtu_sweep(bus, rtu->in_len - RTU_TAIL, clock_mono());
	n = stream_read(bus->stream, rtu->in + rtu->in_len, MODBUS_RTU_ROOM - rtu->in_len);
	if (n <= 0)
		return;
	now = clock_mono();
	rtu->in_len += (size_t)n;
	rtu->heard = now;
	rtu_received(bus, before, now);
}

/* Sending. */

static void rtu_write(struct modbus_bus *bus, struct mono now)
{
	struct modbus_rtu *rtu = bus->rtu;
	const struct modbus_request *request = modbus_rtu_request(rtu);
	const struct modbus_unit *unit = rtu->job->unit;
	int64_t wire_ns = modbus_line_bytes(rtu->line, rtu->out_len);
	bool was_stuck = rtu->out_sent > 0;
	ssize_t n = stream_write(bus->stream, rtu->out + rtu->out_sent,
				 rtu->out_len - rtu->out_sent);

	if (n < 0)
		return;
	rtu->out_sent += (size_t)n;
	if (rtu->out_sent < rtu->out_len) {
		rtu->state = RTU_TX;
		rtu->deadline = mono_add(now, 2 * wire_ns + stuck_ns);
		stream_want_write(bus->stream, true);
		return;
	}
	if (was_stuck || rtu->state == RTU_TX)
		stream_want_write(bus->stream, false);
	rtu->idle_at = MONO_NEVER;
	if (unit->number == MODBUS_BROADCAST) {
		rtu->state = RTU_TURN;
		rtu->deadline = mono_add(now, wire_ns + rtu->line->turnaround_ns);
		return;
	}
	rtu->state = RTU_WAIT;
	rtu->deadline = mono_add(
		now, wire_ns + unit->config.timeout_ns +
			     modbus_line_bytes(rtu->line, modbus_rtu_answer_length(request)) +
			     (rtu->line->usb ? rtu->idle_ns : 0));
}

/* Whether the job, or a probe for it, may be sent now; else it is in its queue again. */
static bool rtu_prepares(struct modbus_bus *bus, struct modbus_job *job, struct mono now)
{
	struct modbus_rtu *rtu = bus->rtu;
	struct modbus_unit *unit = job->unit;

	rtu->probing = false;
	if (unit->hushed && now.ns >= unit->hush.ns)
		modbus_rtu_through(unit);
	if (!modbus_stale_clashes(&unit->stale, &job->request))
		return true;
	rtu->probing = !unit->hushed && modbus_stale_probe(&unit->stale, &job->request,
							   &unit->good, &rtu->probe);
	if (!rtu->probing) {
		modbus_rtu_hush(unit, job, now);
		modbus_queue_add(&bus->queue, job, true);
	}
	return rtu->probing;
}

static void rtu_send(struct modbus_bus *bus, struct mono now)
{
	struct modbus_rtu *rtu = bus->rtu;
	struct modbus_job *job;

	do
		job = modbus_queue_next(&bus->queue, now);
	while (job != NULL && !rtu_prepares(bus, job, now));
	if (job == NULL)
		return;
	rtu->job = job;
	rtu->probes += rtu->probing;
	rtu->out_len = modbus_rtu_put(job->unit->number, modbus_rtu_request(rtu), rtu->out);
	rtu->out_sent = 0;
	rtu->echoed = false;
	rtu->echo_left = rtu->line->echo ? rtu->out_len : 0;
	modbus_link_sent(bus, job, now);
	rtu_write(bus, now);
}

/* Deadlines. */

static void rtu_turned(struct modbus_bus *bus, struct mono now)
{
	struct modbus_rtu *rtu = bus->rtu;
	struct modbus_job *job = modbus_rtu_release(bus, now);

	modbus_rtu_sweep(bus, rtu->in_len, now);
	rtu->state = RTU_GAP;
	rtu->quiet_at = mono_add(rtu->heard, rtu->gap_ns);
	rtu->cap_at = mono_add(now, modbus_rtu_disturbed_ns);
	rtu->broadcasts++;
	modbus_job_done(job, &(struct modbus_result){.outcome = MODBUS_OK, .text = ""});
}

static void rtu_waited(struct modbus_bus *bus, struct mono now)
{
	struct modbus_rtu *rtu = bus->rtu;
	bool idle = now.ns >= rtu->idle_at.ns;

	if (now.ns >= rtu->deadline.ns) {
		modbus_rtu_sweep(bus, rtu->in_len, now);
		modbus_rtu_timed_out(bus, now);
	} else if (idle && rtu->in_len >= RTU_NOISE) {
		size_t len = rtu->in_len;

		rtu->idle_at = MONO_NEVER;
		if (!modbus_rtu_sweep(bus, len, now))
			modbus_rtu_damaged(bus, "a damaged answer (wrong CRC)", now);
	} else if (idle) {
		rtu->idle_at = MONO_NEVER;
	}
}

static void rtu_quarantined(struct modbus_bus *bus, struct mono now)
{
	struct modbus_rtu *rtu = bus->rtu;
	bool babbling =
		now.ns >= rtu->cap_at.ns && mono_diff(now, rtu->heard) < rtu->quarantine_ns;

	modbus_rtu_sweep(bus, rtu->in_len, now);
	rtu->state = RTU_GAP;
	if (!babbling)
		return;
	rtu->babbling++;
	if (++rtu->babble_row < RTU_BABBLE)
		return;
	rtu->babble_row = 0;
	modbus_link_break(bus, EPROTO, "the line is never silent");
}

static void rtu_alarm(struct modbus_bus *bus)
{
	struct modbus_rtu *rtu = bus->rtu;
	struct mono now;

	/* What came before the time was over counts, however late we are. */
	if (rtu->state == RTU_WAIT || rtu->state == RTU_QUAR)
		rtu_read(bus);
	if (rtu_over(bus))
		return;
	now = clock_mono();
	switch (rtu->state) {
	case RTU_GAP:
		break;
	case RTU_TX:
		if (now.ns >= rtu->deadline.ns)
			modbus_link_break(bus, ETIMEDOUT,
					  "the line does not take what is sent");
		break;
	case RTU_WAIT:
		rtu_waited(bus, now);
		break;
	case RTU_TURN:
		if (now.ns >= rtu->deadline.ns)
			rtu_turned(bus, now);
		break;
	case RTU_QUAR:
		if (now.ns >= rtu->quiet_at.ns)
			rtu_quarantined(bus, now);
		break;
	}
}

static void rtu_arm(struct modbus_bus *bus, struct mono now)
{
	struct modbus_rtu *rtu = bus->rtu;
	struct mono wakes = MONO_NEVER;

	switch (rtu->state) {
	case RTU_GAP:
		if (now.ns < rtu->quiet_at.ns) {
			if (rtu->in_len > 0 || !TAILQ_EMPTY(&bus->queue.waiting))
				wakes = rtu->quiet_at;
		} else {
			wakes = modbus_queue_wakes(&bus->queue, now);
		}
		break;
	case RTU_TX:
	case RTU_TURN:
		wakes = rtu->deadline;
		break;
	case RTU_WAIT:
		wakes = sooner(rtu->deadline, rtu->idle_at);
		break;
	case RTU_QUAR:
		wakes = rtu->quiet_at;
		break;
	}
	if (wakes.ns != INT64_MAX)
		loop_timer_start(bus->timer, wakes);
	else
		loop_timer_stop(bus->timer);
}

static void rtu_event(struct modbus_bus *bus, enum modbus_event event)
{
	struct modbus_rtu *rtu = bus->rtu;
	struct mono now;

	if (rtu->fresh) {
		rtu->fresh = false;
		stream_flush(bus->stream);
		rtu->quiet_at = mono_add(clock_mono(), rtu->gap_ns);
	}
	switch (event) {
	case MODBUS_JOBS:
		break;
	case MODBUS_READABLE:
		rtu_read(bus);
		break;
	case MODBUS_WRITABLE:
		if (rtu->state == RTU_TX)
			rtu_write(bus, clock_mono());
		break;
	case MODBUS_ALARM:
		rtu_alarm(bus);
		break;
	}
	if (rtu_over(bus))
		return;
	now = clock_mono();
	if (rtu->state == RTU_GAP && now.ns >= rtu->quiet_at.ns) {
		modbus_rtu_sweep(bus, rtu->in_len, now);
		rtu_send(bus, now);
	}
	if (!rtu_over(bus))
		rtu_arm(bus, now);
}

static void rtu_create(struct modbus_bus *bus)
{
	struct modbus_rtu *rtu = xcalloc(1, sizeof(*rtu));

	rtu->line = &bus->config->line;
	rtu->gap_ns = modbus_line_gap(rtu->line);
	rtu->idle_ns = modbus_line_idle(rtu->line);
	rtu->quarantine_ns = modbus_line_quarantine(rtu->line);
	rtu->fresh = true;
	bus->rtu = rtu;
}

static void rtu_destroy(struct modbus_bus *bus)
{
	free(bus->rtu);
}

static void rtu_reset(struct modbus_bus *bus, struct modbus_jobs *ret)
{
	struct modbus_rtu *rtu = bus->rtu;
	struct modbus_job *job;

	rtu->state = RTU_GAP;
	rtu->fresh = true;
	rtu->echoes = false;
	rtu->in_len = 0;
	if (rtu->job == NULL)
		return;
	/* The line forgets nothing: what is behind a serial server may answer the next one. */
	modbus_stale_add(&rtu->job->unit->stale, modbus_rtu_request(rtu));
	job = modbus_rtu_release(bus, clock_mono());
	if (rtu->probing)
		modbus_queue_add(&bus->queue, job, true);
	else
		TAILQ_INSERT_TAIL(ret, job, entry);
}

static void rtu_report(const struct modbus_bus *bus, struct report *ret)
{
	const struct modbus_rtu *rtu = bus->rtu;

	report_count(ret, "noise_bytes", "Bytes received that belonged to no frame.",
		     rtu->noise);
	report_count(ret, "quarantines",
		     "Times that silence was waited for after a failed request.",
		     rtu->quarantines);
	report_count(ret, "babbling", "Times that silence did not come.", rtu->babbling);
	report_count(ret, "collisions", "Requests that came back changed.", rtu->collisions);
	report_count(ret, "broadcasts", "Requests sent to all devices at once.",
		     rtu->broadcasts);
	report_count(ret, "late_probes", "Requests sent to be sure that no answer is late.",
		     rtu->probes);
}

const struct modbus_machine modbus_machine_rtu = {
	.create = rtu_create,
	.destroy = rtu_destroy,
	.reset = rtu_reset,
	.event = rtu_event,
	.report = rtu_report,
};
