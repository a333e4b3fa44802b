/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Owns the writes of an open Modbus bus: what is sent for a value, and what became of it. What
 * registers mean is modbus_types', the order on the bus modbus_queue's.
 */
#include "inputs/modbus_input.h"

#include <errno.h>

#include "base/alloc.h"
#include "base/error.h"
#include "io/loop.h"

enum { WRITES_WAITING = 16 };

/* A point that was written is read at once, and not from an answer on its way. */
static void read_back(struct input *input, uint32_t point)
{
	struct modbus_block *block = modbus_poll_block_of(input, point);

	if (block->job.state != MODBUS_JOB_IDLE)
		block->late = true;
	else
		modbus_poll_block(input, block);
}

/* What the outcome of the request says about the value in the device. */
static enum write_outcome write_outcome(const struct modbus_result *result)
{
	switch (result->outcome) {
	case MODBUS_OK:
		return WRITE_DONE;
	case MODBUS_DOWN:
	case MODBUS_OFFLINE:
	case MODBUS_DROPPED:
	case MODBUS_REFUSED:
		return WRITE_REFUSED;
	case MODBUS_TIMEOUT:
	case MODBUS_BAD:
	case MODBUS_DAMAGED:
	case MODBUS_LOST:
		return WRITE_UNKNOWN;
	case MODBUS_EXCEPTION:
		break;
	}
	/* With these the device, or what stands behind a gateway, may have done it. */
	return result->exception == MODBUS_DEVICE_FAILURE ||
			       result->exception == MODBUS_ACKNOWLEDGE ||
			       result->exception == MODBUS_GATEWAY_TARGET
		       ? WRITE_UNKNOWN
		       : WRITE_REFUSED;
}

static void write_finished(struct modbus_job *job, const struct modbus_result *result)
{
	struct modbus_pending *pending = (struct modbus_pending *)job;
	struct input *input = pending->input;
	struct write_result told = {write_outcome(result), result->text};
	write_done *done = pending->done;
	void *arg = pending->arg;

	STAILQ_INSERT_HEAD(&input->free, pending, entry);
	if (!input->closing && input->up && told.outcome != WRITE_REFUSED)
		read_back(input, pending->point);
	done(arg, &told);
}

static uint8_t write_function(const struct modbus_point *point)
{
	if (point->format.type == MODBUS_TYPE_BOOL)
		return MODBUS_WRITE_COIL;
	return point->format.registers == 1 ? MODBUS_WRITE_REGISTER : MODBUS_WRITE_REGISTERS;
}

int modbus_write_point(struct input *input, uint32_t number, struct value value,
		       write_done *done, void *arg, struct error *err)
{
	const struct modbus_point *point = &input->config->points[number];
	struct modbus_pending *pending = STAILQ_FIRST(&input->free);
	int rc;

	if (!point->write)
		return error_set(err, EPERM, "%s may not be written: it has no 'write: true'",
				 point->name);
	if (pending == NULL)
		return error_set(err, EBUSY, "%s: %d writes to bus %s wait already",
				 point->name, WRITES_WAITING, input->config->name);
	rc = modbus_encode(&point->format, value, pending->wire, err);
	if (rc != 0)
		return rc;
	STAILQ_REMOVE_HEAD(&input->free, entry);
	pending->job.request = (struct modbus_request){
		.function = write_function(point),
		.address = point->address,
		.count = point->format.registers > 0 ? point->format.registers : 1,
		.data = pending->wire,
	};
	pending->point = number;
	pending->done = done;
	pending->arg = arg;
	input->writes++;
	modbus_bus_submit(input->bus, input->devices[point->device].unit, &pending->job);
	loop_defer_ask(input->send);
	return 0;
}

/*
 * Not within the write: sending may find the connection broken, which gives readings, and who
 * writes may be in the middle of what a reading brought.
 */
void modbus_write_send(void *arg)
{
	struct input *input = arg;

	modbus_bus_send(input->bus);
}

void modbus_write_open(struct input *input)
{
	size_t wire = 2;

	STAILQ_INIT(&input->free);
	if (input->config->writable == 0)
		return;
	for (size_t i = 0; i < input->config->point_count; i++) {
		const struct modbus_point *point = &input->config->points[i];

		if (point->write && 2u * point->format.registers > wire)
			wire = 2u * point->format.registers;
	}
	input->pending = xcalloc(WRITES_WAITING, sizeof(*input->pending));
	input->wires = xcalloc(WRITES_WAITING, wire);
	for (size_t i = 0; i < WRITES_WAITING; i++) {
		struct modbus_pending *pending = &input->pending[i];

		pending->input = input;
		pending->job.done = write_finished;
		pending->wire = input->wires + i * wire;
		STAILQ_INSERT_TAIL(&input->free, pending, entry);
	}
}
