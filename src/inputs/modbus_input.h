/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * The inside of an open Modbus bus, for the files that own it together: modbus (opening,
 * closing, reports), modbus_poll (when what is read), modbus_learn (what refusals change about
 * it), modbus_reading (what an answer says about each point) and modbus_write.
 */
#ifndef GAUGED_INPUTS_MODBUS_INPUT_H
#define GAUGED_INPUTS_MODBUS_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/clock.h"
#include "base/random.h"
#include "inputs/input.h"
#include "inputs/modbus_config.h"
#include "inputs/modbus_lesson.h"
#include "io/modbus_bus.h"

struct loop_defer;
struct loop_timer;
struct modbus_serve;

struct modbus_open_device {
	struct modbus_unit *unit;
	struct mono search; /* the slot of the last extra requests of a search */
	size_t absent;	    /* spans refused by themselves when the log was told last */
	uint64_t polls, missed, bad;
};

/* One request that repeats: that of the span which begins with the item of the same number. */
struct modbus_block {
	struct modbus_job job; /* first: the job is the block */
	struct input *input;
	const struct modbus_span *span; /* has no items while the block is off */
	size_t asked;			/* items of the request under way, or of the last one */
	bool on;
	bool late; /* came due while the last one was under way: follows at once */
	bool away; /* it has been told that nobody is there */
	/*
	 * What is under way is older than what others may have read of the same points by now,
	 * or of points that are others': its outcome says nothing.
	 */
	bool overtaken;
	struct mono due;
	/* [from, to): written since it was asked for; the answer says nothing of them */
	uint32_t written_from, written_to;
};

/* A write that was accepted: up to three requests, one after the other. */
struct modbus_pending {
	struct modbus_job job; /* first: the job is the write */
	STAILQ_ENTRY(modbus_pending) entry;
	struct input *input;
	uint32_t point;
	enum {
		MODBUS_WRITE_READS, /* what else stands in the register */
		MODBUS_WRITE_WRITES,
		MODBUS_WRITE_VERIFIES,
	} step;
	write_done *done;
	void *arg;
	uint8_t *wire;	  /* the value as encoded, all its registers */
	uint8_t field[8]; /* what is sent of a bit field */
};

struct input {
	const struct input_config *config;
	struct input_sink sink;
	struct modbus_bus *bus;
	struct modbus_serve *serve; /* NULL: nobody else may read */
	struct loop_timer *timer;
	struct loop_defer *send; /* of what was written */
	struct random random;
	bool up, closing;
	struct modbus_open_device *devices;
	struct modbus_lessons *lessons;
	struct modbus_block *blocks; /* one for each item, of which few are on */
	struct modbus_pending *pending;
	size_t pending_count;
	STAILQ_HEAD(, modbus_pending) free;
	uint8_t *wires;
	uint64_t polls, missed, splits, readings_bad, writes, writes_replaced;
};

/* The first items of the block are bad. */
void modbus_reading_bad(struct input *input, struct modbus_block *block, size_t items,
			enum bad_reason reason, uint8_t code, struct boot at);
/* The items that were asked for, out of the data of the answer. */
void modbus_reading_answer(struct input *input, const struct modbus_block *block,
			   const uint8_t *data, struct boot at);

/* Builds the blocks; nothing is asked before the link is up. before: see struct input_type. */
void modbus_poll_open(struct input *input, const struct input *before);
/* The bus came up or broke: see struct modbus_bus_ops. */
void modbus_poll_link(void *arg, bool up);
/* Of input->timer: asks for what is due. */
void modbus_poll_timer(void *arg);
/* Sets input->timer for what is due next, behind a change of that. */
void modbus_poll_arm(struct input *input);
/* Asks for the block, which may not be under way; modbus_bus_send() is the caller's. */
void modbus_poll_block(struct input *input, struct modbus_block *block);
/* Blocks that are on, in the order of their items: the first one, and the one behind. */
struct modbus_block *modbus_poll_first(const struct input *input);
struct modbus_block *modbus_poll_next(const struct input *input,
				      const struct modbus_block *block);

/* What an open bus of before knows about the devices that are the same here. */
void modbus_learn_open(struct input *input, const struct input *before);
/* The connection is new. */
void modbus_learn_link(struct input *input);
/* Before the block is asked for; it may be another span behind that. */
void modbus_learn_ask(struct input *input, struct modbus_block *block, struct mono now);
/*
 * What the outcome of the block's request teaches. True if other requests take its place: then
 * nothing is known about its points yet.
 */
bool modbus_learn_outcome(struct input *input, struct modbus_block *block,
			  const struct modbus_result *result, struct mono now);
/* How long until it is asked again. */
int64_t modbus_learn_interval(const struct input *input, const struct modbus_block *block);

/*
 * So many registers or coils of the point's table were written, or may have been: what was
 * asked for before says nothing about them any more, and they are read anew at once.
 */
void modbus_poll_written(struct input *input, const struct modbus_point *point, uint32_t from,
			 uint32_t count);

/* Makes room for the writes that may wait. */
void modbus_write_open(struct input *input);
/* See write() of struct input_type. */
int modbus_write_point(struct input *input, uint32_t number, struct value value,
		       write_done *done, void *arg, struct error *err);
/* Of input->send: sends what was written. */
void modbus_write_send(void *arg);

#endif
