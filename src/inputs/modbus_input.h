/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * The inside of an open Modbus bus, for the files that own it together: modbus (opening,
 * closing, reports), modbus_poll (when what is read), modbus_reading (what an answer says about
 * each point) and modbus_write.
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
#include "io/modbus_bus.h"

struct loop_defer;
struct loop_timer;
struct modbus_serve;

struct modbus_open_device {
	struct modbus_unit *unit;
	uint64_t polls, missed, bad;
};

/* One request that repeats. */
struct modbus_block {
	struct modbus_job job; /* first: the job is the block */
	struct input *input;
	const struct modbus_span *span;
	size_t singles, single_count; /* what takes its place when the device refuses it */
	bool on;
	bool late;    /* came due while the last one was under way: follows at once */
	bool away;    /* it has been told that nobody is there */
	bool refused; /* asked rarely, until it is answered */
	int64_t refused_ns;
	bool told; /* the log knows that it is refused, also when the link is new */
	struct mono due;
};

struct modbus_pending {
	struct modbus_job job; /* first: the job is the write */
	STAILQ_ENTRY(modbus_pending) entry;
	struct input *input;
	uint32_t point;
	write_done *done;
	void *arg;
	uint8_t *wire;
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
	size_t block_count; /* merged ones first, then the single ones */
	struct modbus_block *blocks;
	uint32_t *merged_of, *single_of; /* by point: the blocks that read it */
	struct modbus_pending *pending;
	STAILQ_HEAD(, modbus_pending) free;
	uint8_t *wires;
	uint64_t polls, missed, splits, readings_bad, writes;
};

/* All points of the block are bad. */
void modbus_reading_bad(struct input *input, struct modbus_block *block, enum bad_reason reason,
			uint8_t code, struct boot at);
/* All points of the block, out of the data of its answer. */
void modbus_reading_answer(struct input *input, const struct modbus_block *block,
			   const uint8_t *data, struct boot at);

/* Builds the blocks; nothing is asked before the link is up. */
void modbus_poll_open(struct input *input);
/* The bus came up or broke: see struct modbus_bus_ops. */
void modbus_poll_link(void *arg, bool up);
/* Of input->timer: asks for what is due. */
void modbus_poll_timer(void *arg);
/* Asks for the block, which may not be under way; modbus_bus_send() is the caller's. */
void modbus_poll_block(struct input *input, struct modbus_block *block);

/* Makes room for the writes that may wait. */
void modbus_write_open(struct input *input);
/* See write() of struct input_type. */
int modbus_write_point(struct input *input, uint32_t number, struct value value,
		       write_done *done, void *arg, struct error *err);
/* Of input->send: sends what was written. */
void modbus_write_send(void *arg);

#endif
