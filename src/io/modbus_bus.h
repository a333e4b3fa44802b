/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * One Modbus TCP connection or one serial line, and the units that are reached over it. Over
 * TCP requests are pipelined by transaction id, each with an absolute deadline, and an answer
 * that comes late is known by its id and thrown away. On a serial line one request is on its
 * way at a time, and one that was not answered is followed by silence and, before its answer
 * could be taken for another's, by a question whose answer can't be. Units share the bus in
 * turns; writes overtake reads; units that do not answer are asked ever more rarely and have a
 * tenth of the bus's time at most while others answer. Allocates nothing once its units are
 * made.
 */
#ifndef GAUGED_IO_MODBUS_BUS_H
#define GAUGED_IO_MODBUS_BUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/clock.h"
#include "io/modbus_line.h"
#include "io/modbus_pdu.h"
#include "io/stream.h"
#include "model/report.h"

struct loop;
struct modbus_bus;
struct modbus_unit;

enum { MODBUS_IN_FLIGHT_MAX = 16 };

/* How frames are told apart on the stream. */
enum modbus_framing {
	MODBUS_TCP, /* by a header with a transaction id */
	MODBUS_RTU, /* by length and CRC: a serial line, or one behind a serial server */
};

struct modbus_bus_config {
	struct stream_config stream;
	enum modbus_framing framing;
	int in_flight;		 /* TCP: requests without an answer, 1..MODBUS_IN_FLIGHT_MAX */
	struct modbus_line line; /* RTU */
};

struct modbus_unit_config {
	const char *name;   /* for the log; borrowed */
	int64_t timeout_ns; /* for an answer, behind what the wire takes */
	int64_t delay_ns;   /* pause between its last answer and the next request to it */
	int retries;	    /* of a read that was not answered, before it is told */
	int timeouts; /* in a row that make it offline; 0: it never is, the caller judges */
};

enum modbus_outcome {
	MODBUS_OK,
	MODBUS_EXCEPTION, /* the device refused; see exception */
	MODBUS_TIMEOUT,	  /* sent, no answer in time */
	MODBUS_BAD,	  /* sent, and the answer is not one to this request */
	MODBUS_DAMAGED,	  /* sent, and what came on the line was no whole frame */
	MODBUS_LOST,	  /* sent, and the connection broke */
	MODBUS_DOWN,	  /* not sent: no connection */
	MODBUS_OFFLINE,	  /* not sent: the unit has not answered for some time */
	MODBUS_DROPPED,	  /* not sent: the bus was closed */
	MODBUS_REFUSED,	  /* not sent: a broadcast can't read */
};

struct modbus_result {
	enum modbus_outcome outcome;
	uint8_t exception;
	const uint8_t *data; /* MODBUS_OK of a read: as in struct modbus_answer */
	size_t len;
	const char *text; /* why, for people; "" for MODBUS_OK */
};

/* When a job has its turn among those of its unit. Writes and the last two never overlap. */
enum modbus_turn {
	MODBUS_TURN_USUAL, /* writes go ahead of reads, each behind their like */
	MODBUS_TURN_WRITE, /* a read in turn with the writes, nothing of its unit beside it */
	MODBUS_TURN_NEXT,  /* ahead of all that waits for the unit: it follows from an answer */
};

/*
 * One request. The memory is the caller's and lent from submit until done was called. done may
 * submit this or other jobs and may free the bus.
 */
struct modbus_job {
	struct modbus_request request;
	enum modbus_turn turn;
	void (*done)(struct modbus_job *job, const struct modbus_result *result);
	/* the bus's: */
	TAILQ_ENTRY(modbus_job) entry;
	struct modbus_unit *unit;
	enum {
		MODBUS_JOB_IDLE,
		MODBUS_JOB_QUEUED,
		MODBUS_JOB_SENT,
		MODBUS_JOB_ENDING, /* about to be told */
	} state;
	uint8_t tries;
	struct mono sent;
};

struct modbus_bus_ops {
	/*
	 * true: requests can be sent. false: an attempt to connect failed or a connection broke
	 * for good; jobs that waited were done before.
	 */
	void (*link)(void *arg, bool up);
};

/* config is borrowed and must outlive the bus. */
struct modbus_bus *modbus_bus_new(struct loop *loop, const struct modbus_bus_config *config,
				  const struct modbus_bus_ops *ops, void *arg);
/* All jobs are done first: MODBUS_LOST if they were sent, MODBUS_DROPPED if not. */
void modbus_bus_free(struct modbus_bus *bus);
/* Connects after delay; see stream_start(). */
void modbus_bus_start(struct modbus_bus *bus, int64_t delay_ns);

/*
 * The unit with this number, made at the first call as config says. Later calls with the same
 * number keep the longer timeout and delay. With MODBUS_RTU unit 0 is all of them: it takes
 * writes (functions 5, 6, 15, 16) that nobody answers, done once they are sent.
 */
struct modbus_unit *modbus_bus_unit(struct modbus_bus *bus, uint8_t number,
				    const struct modbus_unit_config *config);

/*
 * Queues the job; jobs of one unit keep their order, but for writes, which go ahead of reads.
 * Call modbus_bus_send() behind the last of a series. done may be called from within
 * (MODBUS_DOWN, MODBUS_OFFLINE). The request must be valid.
 */
void modbus_bus_submit(struct modbus_bus *bus, struct modbus_unit *unit,
		       struct modbus_job *job);
/* Takes back a job that waits to be sent; done is not called. False: it does not wait. */
bool modbus_bus_withdraw(struct modbus_bus *bus, struct modbus_job *job);
/* Sends what may be sent, in one system call. */
void modbus_bus_send(struct modbus_bus *bus);

bool modbus_bus_up(const struct modbus_bus *bus);
/* Why the connection is down, or was the last time; code 0 if it never was. */
const struct error *modbus_bus_fault(const struct modbus_bus *bus);
bool modbus_unit_offline(const struct modbus_unit *unit);

/* State of the connection, and counters of connection and protocol. */
void modbus_bus_report(const struct modbus_bus *bus, struct report *ret);
/* Also its state, why it is away, and how long it takes to answer. */
void modbus_unit_report(const struct modbus_unit *unit, struct mono now, struct report *ret);

#endif
