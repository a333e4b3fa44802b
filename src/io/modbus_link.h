/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * The inside of a modbus_bus, for the files that own it together: modbus_bus (jobs, units, the
 * connection that comes and goes), modbus_answer (what becomes of a request), and one machine
 * for each framing, which has the requests that are on their way.
 */
#ifndef GAUGED_IO_MODBUS_LINK_H
#define GAUGED_IO_MODBUS_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "io/modbus_bus.h"
#include "io/modbus_queue.h"

struct loop_timer;
struct modbus_machine;
struct modbus_rtu;
struct modbus_tcp;

/*
 * Jobs that are being told one after the other, on the stack of whoever tells them. Whoever is
 * told may free the bus, and the jobs behind it: modbus_bus_free() empties the list first.
 */
struct modbus_telling {
	SLIST_ENTRY(modbus_telling) entry;
	struct modbus_jobs jobs;
	enum modbus_outcome outcome;
	const char *text;
};

struct modbus_bus {
	struct loop *loop;
	const struct modbus_bus_config *config;
	const struct modbus_bus_ops *ops;
	void *arg;
	struct stream *stream;
	struct loop_timer *timer; /* the machine's */
	const struct modbus_machine *machine;
	struct modbus_tcp *tcp; /* MODBUS_TCP */
	struct modbus_rtu *rtu; /* MODBUS_RTU */
	struct modbus_queue queue;
	SLIST_HEAD(, modbus_telling) tellings;
	bool up;
	bool told_up;  /* what ops->link() was told last */
	bool answered; /* this connection gave a good answer */
	bool hold;     /* the peer closed after good answers: jobs wait for the next connect */
	bool breaking; /* the break is our own doing */
	struct mono last_answer;
	uint64_t requests, answers, exceptions, timeouts, garbled, late, unknown, given_up,
		retries;
	unsigned on_wire;	/* requests that are on their way */
	struct mono busy_since; /* some are */
	int64_t busy_ns;	/* the time that some were, and the silences kept for them */
	struct modbus_use use;	/* how much of the time that is */
	unsigned calls;
	bool freed;
};

enum modbus_event {
	MODBUS_JOBS,	 /* there may be something to send */
	MODBUS_READABLE, /* bytes came */
	MODBUS_WRITABLE, /* there is room again for what could not be sent at once */
	MODBUS_ALARM,	 /* the bus's timer fired */
};

/* What a framing does in its own way: frames, deadlines, and which answer is whose. */
struct modbus_machine {
	/* Its own state, in the bus; config and stream are there. */
	void (*create)(struct modbus_bus *bus);
	void (*destroy)(struct modbus_bus *bus);
	/*
	 * The connection came or went: it starts anew. Jobs that were on their way go to ret,
	 * released.
	 */
	void (*reset)(struct modbus_bus *bus, struct modbus_jobs *ret);
	/* The connection is up. May call out, and find the bus freed or down afterwards. */
	void (*event)(struct modbus_bus *bus, enum modbus_event event);
	/* Adds its own counters. */
	void (*report)(const struct modbus_bus *bus, struct report *ret);
};

extern const struct modbus_machine modbus_machine_tcp, modbus_machine_rtu;

/* The job leaves the queue for the wire. */
void modbus_link_sent(struct modbus_bus *bus, struct modbus_job *job, struct mono now);
/* It is on its way no longer; the caller decides what became of it, by a call below. */
void modbus_link_release(struct modbus_bus *bus, struct modbus_job *job, struct mono now);

/*
 * What became of a released job: told last, for whoever is told may submit anew, or free the
 * bus (see freed).
 */
void modbus_link_answered(struct modbus_bus *bus, struct modbus_job *job,
			  enum modbus_verdict verdict, const struct modbus_answer *answer,
			  struct mono now);
/* No answer in time; a read may be asked again. */
void modbus_link_unanswered(struct modbus_bus *bus, struct modbus_job *job, struct mono now);
/* Noise instead of an answer; a read may be asked again. */
void modbus_link_damaged(struct modbus_bus *bus, struct modbus_job *job, const char *why);
void modbus_job_done(struct modbus_job *job, const struct modbus_result *result);
void modbus_job_failed(struct modbus_job *job, enum modbus_outcome outcome, const char *text);

/* The unit answered something that nobody waits for by itself. */
void modbus_link_alive(struct modbus_bus *bus, struct modbus_unit *unit, struct mono now);
/* Gives the connection up, of our own accord; jobs on their way are lost. */
void modbus_link_break(struct modbus_bus *bus, int code, const char *text);
/* The unit is offline: says so, and tells those whose reads wait for it. */
void modbus_link_gone(struct modbus_bus *bus, struct modbus_unit *unit, struct mono now,
		      const char *why);

#endif
