/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Owns an open Modbus bus: when which block is read, what its answer says about each point,
 * and writes. How it is asked is modbus_bus's, what registers mean modbus_types'.
 */
#include "inputs/modbus.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/random.h"
#include "inputs/modbus_config.h"
#include "io/loop.h"
#include "model/report.h"

enum { WRITES_WAITING = 16 };

/* How soon what a device refuses is asked again: a mistake in the map, or a PLC starting? */
static const int64_t refused_first_ns = NSEC_PER_SEC, refused_most_ns = 60 * NSEC_PER_SEC;
/* Connects and first polls are spread over this, so that a thousand do not come at once. */
static const int64_t spread_ns = NSEC_PER_SEC;

struct device {
	struct modbus_unit *unit;
	uint64_t polls, missed, bad;
};

/* One request that repeats. */
struct block {
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

struct pending {
	struct modbus_job job; /* first: the job is the write */
	STAILQ_ENTRY(pending) entry;
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
	struct loop_timer *timer;
	struct loop_defer *send; /* of what was written */
	struct random random;
	bool up, closing;
	struct device *devices;
	size_t block_count; /* merged ones first, then the single ones */
	struct block *blocks;
	uint32_t *merged_of, *single_of; /* by point: the blocks that read it */
	struct pending *pending;
	STAILQ_HEAD(, pending) free;
	uint8_t *wires;
	uint64_t polls, missed, splits, readings_bad, writes;
};

/* Readings. */

static void put_bad(struct input *input, struct block *block, enum bad_reason reason,
		    uint8_t code, struct boot at)
{
	const struct modbus_item *items = &input->config->items[block->span->first];

	block->away = reason == BAD_OFFLINE;
	for (size_t i = 0; i < block->span->items; i++) {
		struct reading reading = {
			.point = items[i].point,
			.quality = QUALITY_BAD,
			.reason = reason,
			.code = code,
			.at = at,
		};

		input->readings_bad++;
		input->devices[block->span->device].bad++;
		input->sink.put(input->sink.arg, &reading);
	}
}

static void put_answer(struct input *input, const struct block *block, const uint8_t *data,
		       struct boot at)
{
	const struct modbus_item *items = &input->config->items[block->span->first];

	for (size_t i = 0; i < block->span->items; i++) {
		const struct modbus_format *format =
			&input->config->points[items[i].point].format;
		size_t from = (size_t)(items[i].address - block->span->address);
		char room[VALUE_TEXT_MAX + 1];
		struct reading reading = {.point = items[i].point, .at = at};
		uint8_t bit;

		if (format->type == MODBUS_TYPE_BOOL) {
			bit = modbus_bit(data, from);
			reading.reason = modbus_decode(format, &bit, room, &reading.value);
		} else {
			reading.reason =
				modbus_decode(format, data + 2 * from, room, &reading.value);
		}
		reading.quality = reading.reason == BAD_NONE ? QUALITY_GOOD : QUALITY_BAD;
		if (reading.reason != BAD_NONE) {
			input->readings_bad++;
			input->devices[block->span->device].bad++;
		}
		input->sink.put(input->sink.arg, &reading);
	}
}

/* Polling. */

static void arm(struct input *input)
{
	struct mono first = MONO_NEVER;

	for (size_t i = 0; i < input->block_count; i++) {
		if (input->blocks[i].on && input->blocks[i].due.ns < first.ns)
			first = input->blocks[i].due;
	}
	if (first.ns != INT64_MAX && input->up)
		loop_timer_start(input->timer, first);
	else
		loop_timer_stop(input->timer);
}

static const char *first_point(const struct input *input, const struct block *block)
{
	return input->config->points[input->config->items[block->span->first].point].name;
}

static int64_t refused_interval(const struct block *block)
{
	return block->span->interval_ns < block->refused_ns ? block->refused_ns
							    : block->span->interval_ns;
}

/* The next due time on the block's own grid; what was slept through is not made up for. */
static void advance(struct input *input, struct block *block, struct mono now)
{
	int64_t interval = block->refused ? refused_interval(block) : block->span->interval_ns;
	int64_t over = mono_diff(now, block->due) / interval;

	block->due = mono_add(block->due, (over + 1) * interval);
	input->missed += (uint64_t)over;
	input->devices[block->span->device].missed += (uint64_t)over;
}

static void poll(struct input *input, struct block *block)
{
	struct device *device = &input->devices[block->span->device];

	input->polls++;
	device->polls++;
	modbus_bus_submit(input->bus, device->unit, &block->job);
}

static void poll_due(struct input *input, struct block *block, struct mono now)
{
	advance(input, block, now);
	if (block->job.state == MODBUS_JOB_IDLE) {
		poll(input, block);
	} else if (block->late) {
		input->missed++;
		input->devices[block->span->device].missed++;
	} else {
		block->late = true;
	}
}

static void timer(void *arg)
{
	struct input *input = arg;
	struct mono now = clock_mono();

	for (size_t i = 0; i < input->block_count; i++) {
		if (input->blocks[i].on && input->blocks[i].due.ns <= now.ns)
			poll_due(input, &input->blocks[i], now);
	}
	modbus_bus_send(input->bus);
	arm(input);
}

/* From now on its points are read one by one. */
static void split(struct input *input, struct block *block, const struct modbus_result *result,
		  struct mono now)
{
	const struct modbus_span *span = block->span;

	input->splits++;
	if (!block->told)
		log_notice("bus %s: device %s refuses %u values from address %u at once (%s), "
			   "reading them one by one",
			   input->config->name, input->config->devices[span->device].name,
			   span->count, span->address, result->text);
	block->told = true;
	block->on = block->late = false;
	for (size_t i = 0; i < block->single_count; i++) {
		struct block *single = &input->blocks[block->singles + i];

		single->on = true;
		single->refused = single->away = false;
		single->due = now;
	}
	arm(input);
}

/* Exceptions that will come again as long as the request is the same. */
static bool refused_for_good(uint8_t exception)
{
	return exception == MODBUS_ILLEGAL_FUNCTION || exception == MODBUS_ILLEGAL_ADDRESS ||
	       exception == MODBUS_ILLEGAL_VALUE;
}

/* One line for each place that is not there, not one for each time it is asked. */
static void tell_refused(struct input *input, struct block *block, const char *why)
{
	if (!block->told)
		log_warning(
			"bus %s: device %s refuses %s%s: %s, asking again ever more rarely",
			input->config->name, input->config->devices[block->span->device].name,
			first_point(input, block), block->span->items > 1 ? "..." : "", why);
	block->told = true;
}

static void tell_given(struct input *input, struct block *block)
{
	log_notice("bus %s: device %s gives %s%s again", input->config->name,
		   input->config->devices[block->span->device].name, first_point(input, block),
		   block->span->items > 1 ? "..." : "");
	block->told = false;
	for (size_t i = 0; i < block->single_count; i++)
		input->blocks[block->singles + i].told = false;
}

static void poll_refused(struct input *input, struct block *block,
			 const struct modbus_result *result)
{
	struct mono now = clock_mono();

	if (refused_for_good(result->exception) && block->single_count > 1) {
		split(input, block, result, now);
		return;
	}
	if (refused_for_good(result->exception)) {
		block->refused_ns = !block->refused ? refused_first_ns
				    : block->refused_ns < refused_most_ns / 2
					    ? 2 * block->refused_ns
					    : refused_most_ns;
		block->refused = true;
		block->due = mono_add(now, refused_interval(block));
		arm(input);
		tell_refused(input, block, result->text);
	}
	put_bad(input, block, BAD_EXCEPTION, result->exception, clock_boot());
}

static void poll_away(struct input *input, struct block *block)
{
	/* Once: nothing new is learned each time. */
	if (!block->away)
		put_bad(input, block, BAD_OFFLINE, 0, clock_boot());
}

static void poll_answered(struct input *input, struct block *block,
			  const struct modbus_result *result)
{
	if (block->refused) {
		block->refused = false;
		block->due = mono_add(clock_mono(), block->span->interval_ns);
		arm(input);
	}
	if (block->told)
		tell_given(input, block);
	block->away = false;
	put_answer(input, block, result->data, clock_boot());
}

static void poll_done(struct modbus_job *job, const struct modbus_result *result)
{
	struct block *block = (struct block *)job;
	struct input *input = block->input;

	if (input->closing)
		return;
	switch (result->outcome) {
	case MODBUS_OK:
		poll_answered(input, block, result);
		break;
	case MODBUS_EXCEPTION:
		poll_refused(input, block, result);
		break;
	case MODBUS_TIMEOUT:
		put_bad(input, block, BAD_TIMEOUT, 0, clock_boot());
		break;
	case MODBUS_BAD:
		put_bad(input, block, BAD_PARSE, 0, clock_boot());
		break;
	case MODBUS_LOST:
	case MODBUS_DOWN:
	case MODBUS_OFFLINE:
	case MODBUS_DROPPED:
		poll_away(input, block);
		break;
	}
	/* The one late poll that is kept; the bus sends when it has heard all answers. */
	if (block->late && input->up && block->on) {
		block->late = false;
		poll(input, block);
	}
}

/* Each device at its own instant of its interval, all blocks of one device together. */
static void schedule(struct input *input)
{
	struct mono now = clock_mono();
	uint32_t device = UINT32_MAX;
	int64_t phase = 0;

	for (size_t i = 0; i < input->block_count; i++) {
		struct block *block = &input->blocks[i];
		int64_t interval = block->span->interval_ns;

		block->on = i < input->config->span_count;
		block->late = block->refused = false;
		if (block->span->device != device) {
			device = block->span->device;
			phase = random_between(&input->random, 0, spread_ns);
		}
		block->due = mono_add(now, interval < spread_ns ? phase % interval : phase);
	}
	arm(input);
}

static void link_changed(void *arg, bool up)
{
	struct input *input = arg;

	if (input->closing)
		return;
	input->up = up;
	if (up) {
		/* What a device refused before, it may take now: plans start anew. */
		schedule(input);
		return;
	}
	for (size_t i = 0; i < input->config->span_count; i++)
		poll_away(input, &input->blocks[i]);
	arm(input);
}

static const struct modbus_bus_ops bus_ops = {.link = link_changed};

/* Writing. */

/* A point that was written is read at once, and not from an answer on its way. */
static void read_back(struct input *input, uint32_t point)
{
	struct block *block = &input->blocks[input->merged_of[point]];

	if (!block->on)
		block = &input->blocks[input->single_of[point]];
	if (block->job.state != MODBUS_JOB_IDLE)
		block->late = true;
	else
		poll(input, block);
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
		return WRITE_REFUSED;
	case MODBUS_TIMEOUT:
	case MODBUS_BAD:
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
	struct pending *pending = (struct pending *)job;
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

static int modbus_write(struct input *input, uint32_t number, struct value value,
			write_done *done, void *arg, struct error *err)
{
	const struct modbus_point *point = &input->config->points[number];
	struct pending *pending = STAILQ_FIRST(&input->free);
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
static void write_send(void *arg)
{
	struct input *input = arg;

	modbus_bus_send(input->bus);
}

/* Opening and closing. */

static void open_blocks(struct input *input)
{
	const struct input_config *config = input->config;
	size_t merged = config->span_count, single = merged;

	input->block_count = merged + config->single_count;
	input->blocks = xcalloc(input->block_count, sizeof(*input->blocks));
	input->merged_of = xcalloc(config->point_count, sizeof(*input->merged_of));
	input->single_of = xcalloc(config->point_count, sizeof(*input->single_of));
	for (size_t i = 0; i < input->block_count; i++) {
		struct block *block = &input->blocks[i];

		block->input = input;
		block->span = i < merged ? &config->spans[i] : &config->singles[i - merged];
		block->job.done = poll_done;
		block->job.request = (struct modbus_request){
			.function = block->span->function,
			.address = block->span->address,
			.count = block->span->count,
		};
		for (size_t j = 0; j < block->span->items; j++) {
			uint32_t point = config->items[block->span->first + j].point;

			(i < merged ? input->merged_of : input->single_of)[point] = (uint32_t)i;
		}
	}
	/* Both plans keep the order of the items, so that each block's singles are neighbours.
	 */
	for (size_t i = 0; i < merged; i++) {
		size_t end = config->spans[i].first + config->spans[i].items;

		input->blocks[i].singles = single;
		while (single < input->block_count && input->blocks[single].span->first < end)
			single++;
		input->blocks[i].single_count = single - input->blocks[i].singles;
	}
}

static void open_writes(struct input *input)
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
		struct pending *pending = &input->pending[i];

		pending->input = input;
		pending->job.done = write_finished;
		pending->wire = input->wires + i * wire;
		STAILQ_INSERT_TAIL(&input->free, pending, entry);
	}
}

static struct input *modbus_open(const struct input_config *config, struct loop *loop,
				 struct input_sink sink, struct error *err)
{
	struct input *input = xcalloc(1, sizeof(*input));

	input->config = config;
	input->sink = sink;
	random_init(&input->random, 0);
	input->bus = modbus_bus_new(loop, &config->bus, &bus_ops, input);
	input->timer = loop_timer_new(loop, timer, input);
	input->send = loop_defer_new(loop, write_send, input);
	input->devices = xcalloc(config->device_count, sizeof(*input->devices));
	for (size_t i = 0; i < config->device_count; i++)
		input->devices[i].unit =
			modbus_bus_unit(input->bus, config->devices[i].unit,
					config->devices[i].name, config->devices[i].timeout_ns);
	open_blocks(input);
	open_writes(input);
	modbus_bus_start(input->bus, random_between(&input->random, 0, spread_ns));
	return input;
}

static void modbus_close(struct input *input)
{
	input->closing = true;
	/* A write that was accepted leaves, if it can. */
	modbus_bus_send(input->bus);
	modbus_bus_free(input->bus);
	loop_timer_free(input->timer);
	loop_defer_free(input->send);
	free(input->devices);
	free(input->blocks);
	free(input->merged_of);
	free(input->single_of);
	free(input->pending);
	free(input->wires);
	free(input);
}

static void modbus_report(const struct input *input, struct report *ret_bus,
			  struct report *ret_devices)
{
	*ret_bus = (struct report){0};
	modbus_bus_report(input->bus, ret_bus);
	report_count(ret_bus, "polls", "Polls that were due and asked for.", input->polls);
	report_count(ret_bus, "missed_polls", "Polls left out because earlier ones took long.",
		     input->missed);
	report_count(ret_bus, "bad_readings", "Readings without a value.", input->readings_bad);
	report_count(ret_bus, "splits", "Blocks that a device refused as a whole.",
		     input->splits);
	report_count(ret_bus, "writes", "Writes that were accepted.", input->writes);
	for (size_t i = 0; i < input->config->device_count; i++) {
		const struct device *device = &input->devices[i];
		struct report *report = &ret_devices[i];

		*report = (struct report){0};
		report->state =
			modbus_unit_offline(device->unit) || !input->up ? "offline" : "up";
		modbus_unit_report(device->unit, report);
		report_count(report, "polls", "Polls that were due and asked for.",
			     device->polls);
		report_count(report, "missed_polls",
			     "Polls left out because earlier ones took long.", device->missed);
		report_count(report, "bad_readings", "Readings without a value.", device->bad);
	}
}

const struct input_type input_modbus = {
	.key = "modbus",
	.parse = modbus_config_parse,
	.open = modbus_open,
	.write = modbus_write,
	.report = modbus_report,
	.close = modbus_close,
};
