/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* The inside of a modbus_bus, for the files that own it together: modbus_bus, modbus_answer. */
#ifndef GAUGED_IO_MODBUS_LINK_H
#define GAUGED_IO_MODBUS_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "io/modbus_bus.h"
#include "io/modbus_queue.h"
#include "io/modbus_slot.h"

struct loop_timer;

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
	struct loop_timer *timer;
	struct modbus_queue queue;
	struct modbus_slots slots;
	unsigned max_zombies;
	struct modbus_jobs expired; /* timed out, to be told */
	SLIST_HEAD(, modbus_telling) tellings;
	bool up;
	bool told_up;  /* what ops->link() was told last */
	bool answered; /* this connection gave a good answer */
	bool hold;     /* the peer closed after good answers: jobs wait for the next connect */
	bool breaking; /* the break is our own doing */
	struct mono last_answer;
	unsigned garbled_row;
	unsigned strangers;
	struct mono strangers_since;
	uint64_t requests, answers, exceptions, timeouts, garbled, late, unknown, bad_headers,
		given_up, retries;
	unsigned calls;
	bool freed;
	uint8_t *read_room; /* shared by the loop */
	size_t in_len, out_len;
	uint8_t in[MODBUS_FRAME_MAX]; /* the start of a frame whose rest is on its way */
	uint8_t out[];		      /* what the kernel did not take yet */
};

/* Told last: whoever is told may submit anew, or free the bus (see freed). */
void modbus_job_done(struct modbus_job *job, const struct modbus_result *result);
void modbus_job_failed(struct modbus_job *job, enum modbus_outcome outcome, const char *text);
/* The slot's job is on its way no longer; the caller decides what became of it. */
struct modbus_job *modbus_link_release(struct modbus_bus *bus, struct modbus_slot *slot,
				       bool zombie);
/* Gives the connection up, of our own accord; jobs on their way are lost. */
void modbus_link_break(struct modbus_bus *bus, int code, const char *text);
/* The unit is offline: says so, and tells those whose reads wait for it. */
void modbus_link_gone(struct modbus_bus *bus, struct modbus_unit *unit, struct mono now,
		      const char *why);
/* All frames of buf; what is left of it is the start of one, and kept in bus->in. */
void modbus_link_frames(struct modbus_bus *bus, const uint8_t *buf, size_t len);

#endif
