/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Owns when which block of a Modbus bus is read, and in how many parts a device lets it be
 * read. How it is asked is modbus_bus's, what its answer says modbus_reading's.
 */
#include "inputs/modbus_input.h"

#include "base/alloc.h"
#include "base/log.h"
#include "inputs/modbus_serve.h"
#include "io/loop.h"

/* How soon what a device refuses is asked again: a mistake in the map, or a PLC starting? */
static const int64_t refused_first_ns = NSEC_PER_SEC, refused_most_ns = 60 * NSEC_PER_SEC;
/* First polls are spread over this, so that a thousand do not come at once. */
static const int64_t spread_ns = NSEC_PER_SEC;

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

static const char *first_point(const struct input *input, const struct modbus_block *block)
{
	return input->config->points[input->config->items[block->span->first].point].name;
}

static int64_t refused_interval(const struct modbus_block *block)
{
	return block->span->interval_ns < block->refused_ns ? block->refused_ns
							    : block->span->interval_ns;
}

/* The next due time on the block's own grid; what was slept through is not made up for. */
static void advance(struct input *input, struct modbus_block *block, struct mono now)
{
	int64_t interval = block->refused ? refused_interval(block) : block->span->interval_ns;
	int64_t over = mono_diff(now, block->due) / interval;

	block->due = mono_add(block->due, (over + 1) * interval);
	input->missed += (uint64_t)over;
	input->devices[block->span->device].missed += (uint64_t)over;
}

void modbus_poll_block(struct input *input, struct modbus_block *block)
{
	struct modbus_open_device *device = &input->devices[block->span->device];

	input->polls++;
	device->polls++;
	modbus_bus_submit(input->bus, device->unit, &block->job);
}

static void poll_due(struct input *input, struct modbus_block *block, struct mono now)
{
	advance(input, block, now);
	if (block->job.state == MODBUS_JOB_IDLE) {
		modbus_poll_block(input, block);
	} else if (block->late) {
		input->missed++;
		input->devices[block->span->device].missed++;
	} else {
		block->late = true;
	}
}

void modbus_poll_timer(void *arg)
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
static void split(struct input *input, struct modbus_block *block,
		  const struct modbus_result *result, struct mono now)
{
	const struct modbus_span *span = block->span;

	input->splits++;
	if (!block->told)
		log_notice("bus %s: device %s refuses %u values from address %u at once (%s), "
			   "reading them one by one",
			   input->config->name, input->config->devices[span->device].unit.name,
			   span->count, span->address, result->text);
	block->told = true;
	/* Its points are others' now; when the connection breaks it tells them anew. */
	block->on = block->late = block->away = false;
	modbus_serve_drop(input->serve, span);
	for (size_t i = 0; i < block->single_count; i++) {
		struct modbus_block *single = &input->blocks[block->singles + i];

		single->on = true;
		single->refused = single->away = false;
		single->due = now;
		modbus_serve_await(input->serve, single->span);
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
static void tell_refused(struct input *input, struct modbus_block *block, const char *why)
{
	if (!block->told)
		log_warning("bus %s: device %s refuses %s%s: %s, asking again ever more rarely",
			    input->config->name,
			    input->config->devices[block->span->device].unit.name,
			    first_point(input, block), block->span->items > 1 ? "..." : "",
			    why);
	block->told = true;
}

static void tell_given(struct input *input, struct modbus_block *block)
{
	log_notice("bus %s: device %s gives %s%s again", input->config->name,
		   input->config->devices[block->span->device].unit.name,
		   first_point(input, block), block->span->items > 1 ? "..." : "");
	block->told = false;
	for (size_t i = 0; i < block->single_count; i++)
		input->blocks[block->singles + i].told = false;
}

static void poll_refused(struct input *input, struct modbus_block *block,
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
	modbus_reading_bad(input, block, BAD_EXCEPTION, result->exception, clock_boot());
}

static void poll_away(struct input *input, struct modbus_block *block)
{
	/* Once: nothing new is learned each time. */
	if (!block->away)
		modbus_reading_bad(input, block, BAD_OFFLINE, 0, clock_boot());
}

static void poll_answered(struct input *input, struct modbus_block *block,
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
	modbus_reading_answer(input, block, result->data, clock_boot());
}

static void poll_done(struct modbus_job *job, const struct modbus_result *result)
{
	struct modbus_block *block = (struct modbus_block *)job;
	struct input *input = block->input;

	if (input->closing)
		return;
	/* First: whoever hears of the reading may look there. */
	modbus_serve_heard(input->serve, block->span, result, clock_boot());
	switch (result->outcome) {
	case MODBUS_OK:
		poll_answered(input, block, result);
		break;
	case MODBUS_EXCEPTION:
		poll_refused(input, block, result);
		break;
	case MODBUS_TIMEOUT:
		modbus_reading_bad(input, block, BAD_TIMEOUT, 0, clock_boot());
		break;
	case MODBUS_BAD:
		modbus_reading_bad(input, block, BAD_PARSE, 0, clock_boot());
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
		modbus_poll_block(input, block);
	}
}

/* Each device at its own instant of its interval, all blocks of one device together. */
static void schedule(struct input *input)
{
	struct mono now = clock_mono();
	uint32_t device = UINT32_MAX;
	int64_t phase = 0;

	for (size_t i = 0; i < input->block_count; i++) {
		struct modbus_block *block = &input->blocks[i];
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

void modbus_poll_link(void *arg, bool up)
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
	modbus_serve_down(input->serve);
	for (size_t i = 0; i < input->config->span_count; i++)
		poll_away(input, &input->blocks[i]);
	arm(input);
}

void modbus_poll_open(struct input *input)
{
	const struct input_config *config = input->config;
	size_t merged = config->span_count, single = merged;

	input->block_count = merged + config->single_count;
	input->blocks = xcalloc(input->block_count, sizeof(*input->blocks));
	input->merged_of = xcalloc(config->point_count, sizeof(*input->merged_of));
	input->single_of = xcalloc(config->point_count, sizeof(*input->single_of));
	for (size_t i = 0; i < input->block_count; i++) {
		struct modbus_block *block = &input->blocks[i];

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
