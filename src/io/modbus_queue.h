/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * The jobs of one bus that wait to be sent, in which order units have their turns, and what
 * each unit is like: online, busy, or offline and probed ever more rarely. For the bus machines
 * only. Makes no calls out and reads no clock.
 */
#ifndef GAUGED_IO_MODBUS_QUEUE_H
#define GAUGED_IO_MODBUS_QUEUE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/clock.h"
#include "base/log.h"
#include "io/backoff.h"
#include "io/modbus_bus.h"
#include "io/modbus_stale.h"
#include "io/modbus_timing.h"

TAILQ_HEAD(modbus_jobs, modbus_job);

struct modbus_unit {
	TAILQ_ENTRY(modbus_unit) all;	  /* every unit of the bus */
	TAILQ_ENTRY(modbus_unit) waiting; /* those with jobs, in turns */
	uint8_t number;
	struct modbus_unit_config config;
	struct modbus_jobs writes, reads;
	bool writing;	 /* a write is on its way: the next one waits, so that order holds */
	bool alone;	 /* what is on its way bears nothing beside it */
	unsigned sent;	 /* jobs on their way */
	unsigned silent; /* timeouts in a row, those of one moment counted once */
	struct mono silent_at;
	bool offline;
	/* offline: no read is sent before; 0: the link is new, and it is asked at once */
	struct mono next_probe;
	struct backoff probe;
	struct mono paused; /* busy: nothing is sent before */
	struct backoff busy;
	struct mono rest;	    /* its delay after an answer: nothing is sent before */
	struct mono hush;	    /* late answers may come: no read is sent before */
	struct modbus_stale stale;  /* RTU: what may still be answered */
	bool hushed;		    /* it is forgotten when hush is over */
	struct modbus_request good; /* the last read that was answered; function 0: none */
	struct modbus_trips trips;  /* from request to answer */
	const char *why;	    /* it was given up, static; NULL: it never was */
	struct mono gone;	    /* since when; 0: it is not */
	struct complaint complaint;
	uint64_t requests, answers, exceptions, timeouts, garbled, offlines;
};

struct modbus_queue {
	TAILQ_HEAD(, modbus_unit) units;
	TAILQ_HEAD(, modbus_unit) waiting;
	unsigned unit_count, writes;
	unsigned ahead; /* writes in a row that had their turn before reads */
	/*
	 * What offline units are asked takes no more than a tenth of the bus's time from those
	 * that answer, however many are offline: the one that is asked now, and when the next
	 * one may be.
	 */
	struct modbus_unit *probed;
	struct mono probe_sent, next_probe;
	bool all_offline; /* when it was sent: it takes nothing from anybody */
};

void modbus_queue_init(struct modbus_queue *queue);
/* Frees the units; no job may wait. */
void modbus_queue_done(struct modbus_queue *queue);
/* Finds or makes it; see modbus_bus_unit(). */
struct modbus_unit *modbus_queue_unit(struct modbus_queue *queue, uint8_t number,
				      const struct modbus_unit_config *config);

/*
 * The connection is new: offline units are asked at once, but in turns where it goes to what it
 * went to before (same) and others answered there.
 */
void modbus_queue_relink(struct modbus_queue *queue, bool same, struct mono now);
/* Whether its silence may be the connection's fault: it answered, or nobody does. */
bool modbus_queue_expects(const struct modbus_queue *queue, const struct modbus_unit *unit);

/* Whether the job goes with the writes, ahead of the usual reads. */
bool modbus_job_ahead(const struct modbus_job *job);
/* In its unit's queue, behind the others or before them. */
void modbus_queue_add(struct modbus_queue *queue, struct modbus_job *job, bool first);
/* Takes out a job that waits. */
void modbus_queue_remove(struct modbus_queue *queue, struct modbus_job *job);
/* Takes out the job to send next, writes first; NULL: none may be sent now. */
struct modbus_job *modbus_queue_next(struct modbus_queue *queue, struct mono now);
/* Moves the waiting jobs of one unit (NULL: of all) to ret; writes only if asked for. */
void modbus_queue_drain(struct modbus_queue *queue, struct modbus_unit *only, bool writes,
			struct modbus_jobs *ret);
/* When the first pause of a unit with waiting jobs ends, or MONO_NEVER. */
struct mono modbus_queue_wakes(const struct modbus_queue *queue, struct mono now);

/* Whether a read that is submitted now would be sent. */
bool modbus_unit_takes_reads(const struct modbus_unit *unit, struct mono now);
/* No answer to what was sent at sent; true if the unit is offline now. */
bool modbus_unit_timed_out(struct modbus_unit *unit, struct mono sent, struct mono now);
/* Somebody between says that it can't be reached: it is offline. */
void modbus_unit_unreachable(struct modbus_unit *unit, struct mono now);
/* An answer came, too late to be used: it lives, so that its next probe is not far. */
void modbus_unit_late(struct modbus_unit *unit, struct mono now);
/* True if it was offline. */
bool modbus_unit_answered(struct modbus_unit *unit);
/* It answered, whatever that was, what was sent at sent. */
void modbus_unit_spoke(struct modbus_unit *unit, struct mono sent, struct mono now);
/* It asked for time (exceptions 5 and 6). */
void modbus_unit_busy(struct modbus_unit *unit, struct mono now);

#endif
