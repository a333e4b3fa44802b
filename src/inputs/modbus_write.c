/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Owns the writes of an open Modbus bus: what is sent for a value, and what became of it. What
 * registers mean is modbus_types', the order on the bus modbus_queue's.
 */
#include "inputs/modbus_input.h"

#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/str.h"
#include "io/loop.h"

/* Besides one for each point: as gauged stops, all of them may be written at once. */
enum { WRITES_SPARE = 16 };

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

/* What the device really got, after rounding. */
static struct value value_sent(const struct modbus_pending *pending,
			       char room[VALUE_TEXT_MAX + 1])
{
	const struct modbus_point *point = &pending->input->config->points[pending->point];
	struct value value;

	return modbus_decode(&point->format, pending->wire, room, &value) == BAD_NONE
		       ? value
		       : (struct value){0};
}

static void finish(struct modbus_pending *pending, enum write_outcome outcome, const char *text)
{
	struct input *input = pending->input;
	const struct modbus_point *point = &input->config->points[pending->point];
	char room[VALUE_TEXT_MAX + 1];
	struct write_result told = {outcome, text, value_sent(pending, room)};
	write_done *done = pending->done;
	void *arg = pending->arg;

	STAILQ_INSERT_HEAD(&input->free, pending, entry);
	if (!input->closing && input->up && outcome != WRITE_REFUSED)
		modbus_poll_written(input, point, point->address + point->way.skip,
				    point->way.count);
	done(arg, &told);
}

static void finish_because(struct modbus_pending *pending, enum write_outcome outcome,
			   const char *what, const char *why)
{
	char text[160];
	struct str str;

	str_init_fixed(&str, text, sizeof(text));
	str_addf(&str, "%s: %s", what, why);
	finish(pending, outcome, str.s);
}

/* The requests of a write. */

static void submit(struct modbus_pending *pending)
{
	struct input *input = pending->input;
	const struct modbus_point *point = &input->config->points[pending->point];

	modbus_bus_submit(input->bus, input->devices[point->device].unit, &pending->job);
}

/* Of the registers that are touched. */
static struct modbus_request read_request(const struct modbus_point *point)
{
	return (struct modbus_request){
		.function = point->function,
		.address = (uint16_t)(point->address + point->way.skip),
		.count = point->way.count,
	};
}

/* Bits of the field to the data of what is sent for it: around them, what stood there. */
static void fill_field(struct modbus_pending *pending, const struct modbus_point *point,
		       const uint8_t *stood)
{
	const uint8_t *bits = pending->wire + 2u * point->way.skip;
	uint8_t mask[sizeof(pending->field)] = {0};
	size_t bytes = 2u * point->way.count;

	modbus_field_mask(&point->format, mask);
	memmove(mask, mask + 2u * point->way.skip, bytes);
	for (size_t i = 0; i < bytes; i++) {
		uint8_t others = (uint8_t)~mask[i];

		if (stood != NULL) {
			pending->field[i] = (uint8_t)((stood[i] & others) | bits[i]);
		} else {
			/* V1.1b3 section 6.16: (stood AND and) OR (or AND NOT and) */
			pending->field[i] = others;
			pending->field[i + 2] = bits[i];
		}
	}
}

static void send_write(struct modbus_pending *pending, const uint8_t *stood)
{
	const struct modbus_point *point = &pending->input->config->points[pending->point];
	const struct modbus_way *way = &point->way;
	bool masks = way->function == MODBUS_MASK_REGISTER;

	if (masks || way->reads_first)
		fill_field(pending, point, stood);
	pending->step = MODBUS_WRITE_WRITES;
	pending->job.turn = way->reads_first ? MODBUS_TURN_NEXT : MODBUS_TURN_USUAL;
	pending->job.request = (struct modbus_request){
		.function = way->function,
		.address = (uint16_t)(point->address + way->skip),
		.count = way->count,
		.data = masks || way->reads_first ? pending->field
						  : pending->wire + 2u * way->skip,
	};
	submit(pending);
}

static void send_first(struct modbus_pending *pending)
{
	const struct modbus_point *point = &pending->input->config->points[pending->point];

	if (!point->way.reads_first) {
		send_write(pending, NULL);
		return;
	}
	pending->step = MODBUS_WRITE_READS;
	pending->job.turn = MODBUS_TURN_WRITE;
	pending->job.request = read_request(point);
	submit(pending);
}

static void send_verify(struct modbus_pending *pending)
{
	pending->step = MODBUS_WRITE_VERIFIES;
	pending->job.turn = MODBUS_TURN_NEXT;
	pending->job.request = read_request(&pending->input->config->points[pending->point]);
	submit(pending);
}

/* Their answers. */

static bool holds(const struct modbus_pending *pending, const struct modbus_point *point,
		  const uint8_t *data)
{
	const uint8_t *sent = pending->wire + 2u * point->way.skip;
	size_t bytes = 2u * point->way.count;
	uint8_t mask[sizeof(pending->field)] = {0};

	if (point->format.type == MODBUS_TYPE_BOOL)
		return modbus_bit(data, 0) == (sent[0] & 1);
	if (point->format.width == 0)
		return memcmp(data, sent, bytes) == 0;
	modbus_field_mask(&point->format, mask);
	for (size_t i = 0; i < bytes; i++)
		if (((data[i] ^ sent[i]) & mask[2u * point->way.skip + i]) != 0)
			return false;
	return true;
}

static void verified(struct modbus_pending *pending, const uint8_t *data)
{
	const struct modbus_point *point = &pending->input->config->points[pending->point];
	uint8_t wire[2 * MODBUS_WRITE_REGISTERS_MAX] = {0};
	char room[VALUE_TEXT_MAX + 1], text[160];
	struct value value;
	struct str str;

	if (holds(pending, point, data)) {
		finish(pending, WRITE_DONE, "");
		return;
	}
	if (point->format.type == MODBUS_TYPE_BOOL)
		wire[0] = modbus_bit(data, 0);
	else
		memcpy(wire + 2u * point->way.skip, data, 2u * point->way.count);
	str_init_fixed(&str, text, sizeof(text));
	str_addf(&str, "the device confirmed it, but holds ");
	if (modbus_decode(&point->format, wire, room, &value) == BAD_NONE)
		value_show(value, &str);
	else
		str_addf(&str, "what is no value of it");
	finish(pending, WRITE_DIFFERS, str.s);
}

static void write_answered(struct modbus_job *job, const struct modbus_result *result)
{
	struct modbus_pending *pending = (struct modbus_pending *)job;
	const struct modbus_point *point = &pending->input->config->points[pending->point];
	bool ok = result->outcome == MODBUS_OK;

	switch (pending->step) {
	case MODBUS_WRITE_READS:
		if (ok)
			send_write(pending, result->data);
		else
			finish_because(pending, WRITE_REFUSED,
				       "its register could not be read first", result->text);
		break;
	case MODBUS_WRITE_WRITES:
		if (ok && point->way.verify)
			send_verify(pending);
		else
			finish(pending, write_outcome(result), result->text);
		break;
	case MODBUS_WRITE_VERIFIES:
		if (ok)
			verified(pending, result->data);
		else
			finish_because(pending, WRITE_UNKNOWN,
				       "the device confirmed it, but could not be read back",
				       result->text);
		break;
	}
}

/* A write of the point of which nothing was sent yet, taken back; NULL: there is none. */
static struct modbus_pending *replaced(struct input *input, uint32_t point)
{
	for (size_t i = 0; i < input->pending_count; i++) {
		struct modbus_pending *pending = &input->pending[i];
		bool reads_first = input->config->points[point].way.reads_first;

		if (pending->point == point &&
		    pending->step == (reads_first ? MODBUS_WRITE_READS : MODBUS_WRITE_WRITES) &&
		    modbus_bus_withdraw(input->bus, &pending->job))
			return pending;
	}
	return NULL;
}

int modbus_write_point(struct input *input, uint32_t number, struct value value,
		       write_done *done, void *arg, struct error *err)
{
	const struct modbus_point *point = &input->config->points[number];
	struct modbus_pending *pending, *before;
	uint8_t wire[2 * MODBUS_WRITE_REGISTERS_MAX];
	static const struct write_result replaced_result = {
		.outcome = WRITE_REFUSED,
		.text = "a later write of the point took its place",
	};
	write_done *before_done = NULL;
	void *before_arg = NULL;
	int rc;

	if (!point->write)
		return error_set(err, EPERM, "%s may not be written: it has no 'write: true'",
				 point->name);
	rc = modbus_encode(&point->format, value, wire, err);
	if (rc != 0)
		return rc;
	/* Only now, when the later one is sure to take its place. */
	before = replaced(input, number);
	pending = before != NULL ? before : STAILQ_FIRST(&input->free);
	if (pending == NULL)
		return error_set(err, EBUSY, "%s: %zu writes to bus %s wait already",
				 point->name, input->pending_count, input->config->name);
	if (before != NULL) {
		before_done = before->done;
		before_arg = before->arg;
		input->writes_replaced++;
	} else {
		STAILQ_REMOVE_HEAD(&input->free, entry);
	}
	memcpy(pending->wire, wire,
	       point->format.registers > 0 ? 2u * point->format.registers : 1);
	pending->point = number;
	pending->done = done;
	pending->arg = arg;
	input->writes++;
	send_first(pending);
	loop_defer_ask(input->send);
	if (before_done != NULL)
		before_done(before_arg, &replaced_result);
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
	input->pending_count = input->config->writable + WRITES_SPARE;
	input->pending = xcalloc(input->pending_count, sizeof(*input->pending));
	input->wires = xcalloc(input->pending_count, wire);
	for (size_t i = 0; i < input->pending_count; i++) {
		struct modbus_pending *pending = &input->pending[i];

		pending->input = input;
		pending->job.done = write_answered;
		pending->wire = input->wires + i * wire;
		STAILQ_INSERT_TAIL(&input->free, pending, entry);
	}
}
