/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Owns when which block of a Modbus bus is read. What a block is, modbus_learn decides; how it
 * is asked, modbus_bus; what its answer says, modbus_reading.
 */
#include "inputs/modbus_input.h"

#include "base/alloc.h"
#include "inputs/modbus_serve.h"
#include "io/loop.h"

/* First polls are spread over this, so that a thousand do not come at once. */
static const int64_t spread_ns = NSEC_PER_SEC;

static struct modbus_block *block_at(const struct input *input, size_t item)
{
	return item < input->config->item_count ? &input->blocks[item] : NULL;
}

struct modbus_block *modbus_poll_first(const struct input *input)
{
	return block_at(input, 0);
}

struct modbus_block *modbus_poll_next(const struct input *input,
				      const struct modbus_block *block)
{
	return block_at(input, block->span->first + block->span->items);
}

void modbus_poll_arm(struct input *input)
{
	struct mono first = MONO_NEVER;

	for (struct modbus_block *block = modbus_poll_first(input); block != NULL;
	     block = modbus_poll_next(input, block)) {
		if (block->due.ns < first.ns)
			first = block->due;
	}
	if (first.ns != INT64_MAX && input->up)
		loop_timer_start(input->timer, first);
	else
		loop_timer_stop(input->timer);
}

static struct modbus_open_device *device_of(const struct input *input,
					    const struct modbus_block *block)
{
	return &input->devices[input->config->items[block - input->blocks].device];
}

/* The next due time on the block's own grid; what was slept through is not made up for. */
static void advance(struct input *input, struct modbus_block *block, struct mono now)
{
	int64_t interval = modbus_learn_interval(input, block);
	int64_t over = mono_diff(now, block->due) / interval;

	block->due = mono_add(block->due, (over + 1) * interval);
	input->missed += (uint64_t)over;
	device_of(input, block)->missed += (uint64_t)over;
}

void modbus_poll_block(struct input *input, struct modbus_block *block)
{
	struct modbus_open_device *device = device_of(input, block);
	struct modbus_span place;

	modbus_learn_ask(input, block, clock_mono());
	block->asked = modbus_lessons_ask(input->lessons, block->span->first);
	place = modbus_plan_begin(input->config->items, block->span->first);
	block->job.request = (struct modbus_request){
		.function = block->span->function,
		.address = block->span->address,
		.count = block->asked == block->span->items ? block->span->count : place.count,
	};
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
		device_of(input, block)->missed++;
	} else {
		block->late = true;
	}
}

void modbus_poll_timer(void *arg)
{
	struct input *input = arg;
	struct mono now = clock_mono();

	for (struct modbus_block *block = modbus_poll_first(input); block != NULL;
	     block = modbus_poll_next(input, block)) {
		if (block->due.ns <= now.ns)
			poll_due(input, block, now);
	}
	modbus_bus_send(input->bus);
	modbus_poll_arm(input);
}

static void poll_away(struct input *input, struct modbus_block *block)
{
	/* Once: nothing new is learned each time. */
	if (block->on && !block->away)
		modbus_reading_bad(input, block, block->span->items, BAD_OFFLINE, 0,
				   clock_boot());
}

/* What the outcome says about the points that were asked for. */
static void poll_readings(struct input *input, struct modbus_block *block,
			  const struct modbus_result *result)
{
	switch (result->outcome) {
	case MODBUS_OK:
		block->away = false;
		modbus_reading_answer(input, block, result->data, clock_boot());
		break;
	case MODBUS_EXCEPTION:
		modbus_reading_bad(input, block, block->asked, BAD_EXCEPTION, result->exception,
				   clock_boot());
		break;
	case MODBUS_TIMEOUT:
		modbus_reading_bad(input, block, block->asked, BAD_TIMEOUT, 0, clock_boot());
		break;
	case MODBUS_BAD:
		modbus_reading_bad(input, block, block->asked, BAD_PARSE, 0, clock_boot());
		break;
	case MODBUS_DAMAGED:
		modbus_reading_bad(input, block, block->asked, BAD_CRC, 0, clock_boot());
		break;
	case MODBUS_LOST:
	case MODBUS_DOWN:
	case MODBUS_OFFLINE:
	case MODBUS_DROPPED:
	case MODBUS_REFUSED:
		poll_away(input, block);
		break;
	}
}

/* The points that were asked for are read by others from now on: the other masters wait too. */
static void serve_parts(struct input *input, struct modbus_block *block,
			const struct modbus_span *asked)
{
	modbus_serve_drop(input->serve, asked);
	for (; block != NULL && block->span->first < asked->first + asked->items;
	     block = modbus_poll_next(input, block))
		modbus_serve_await(input->serve, block->span);
}

static void poll_done(struct modbus_job *job, const struct modbus_result *result)
{
	struct modbus_block *block = (struct modbus_block *)job;
	struct input *input = block->input;
	size_t first = (size_t)(block - input->blocks);
	const struct modbus_span asked = {
		.device = input->config->items[first].device,
		.function = job->request.function,
		.address = job->request.address,
		.count = job->request.count,
		.first = first,
		.items = block->asked,
	};

	if (input->closing)
		return;
	if (block->overtaken) {
		block->overtaken = false;
		block->late = block->late || result->outcome == MODBUS_OK;
	} else if (modbus_learn_outcome(input, block, result, clock_mono())) {
		serve_parts(input, block, &asked);
	} else {
		/* First: whoever hears of the reading may look there. */
		if (result->outcome != MODBUS_OK || block->written_to == 0)
			modbus_serve_heard(input->serve, &asked, result, clock_boot());
		poll_readings(input, block, result);
	}
	block->written_from = block->written_to = 0;
	/* The one late poll that is kept; the bus sends when it has heard all answers. */
	if (block->late && input->up && block->on) {
		block->late = false;
		modbus_poll_block(input, block);
	}
}

void modbus_poll_written(struct input *input, const struct modbus_point *point, uint32_t from,
			 uint32_t count)
{
	const struct modbus_unit *unit = input->devices[point->device].unit;
	uint32_t to = from + count;

	for (struct modbus_block *block = modbus_poll_first(input); block != NULL;
	     block = modbus_poll_next(input, block)) {
		const struct modbus_span *span = block->span;

		if (span->function != point->function ||
		    input->devices[span->device].unit != unit || to <= span->address ||
		    from >= (uint32_t)span->address + span->count)
			continue;
		if (block->job.state == MODBUS_JOB_IDLE) {
			modbus_poll_block(input, block);
		} else if (block->job.state != MODBUS_JOB_QUEUED) {
			bool more = block->written_to > 0;

			block->late = true;
			block->written_from =
				more && block->written_from < from ? block->written_from : from;
			block->written_to = block->written_to > to ? block->written_to : to;
		}
	}
}

/* Each device at its own instant of its interval, all blocks of one device together. */
static void schedule(struct input *input)
{
	struct mono now = clock_mono();
	uint32_t device = UINT32_MAX;
	int64_t phase = 0;

	for (struct modbus_block *block = modbus_poll_first(input); block != NULL;
	     block = modbus_poll_next(input, block)) {
		int64_t interval = modbus_learn_interval(input, block);
		int64_t pause = modbus_lessons_pause(input->lessons, block->span->first);

		block->late = false;
		if (block->span->device != device) {
			device = block->span->device;
			phase = random_between(&input->random, 0, spread_ns);
		}
		/* A new connection is no reason to ask sooner for what is refused. */
		if (block->due.ns > now.ns && mono_diff(block->due, now) <= pause)
			continue;
		block->due = mono_add(now, interval < spread_ns ? phase % interval : phase);
	}
	modbus_poll_arm(input);
}

void modbus_poll_link(void *arg, bool up)
{
	struct input *input = arg;

	if (input->closing)
		return;
	input->up = up;
	if (up) {
		modbus_learn_link(input);
		schedule(input);
		return;
	}
	for (struct modbus_block *block = modbus_poll_first(input); block != NULL;
	     block = modbus_poll_next(input, block))
		modbus_serve_down(input->serve, block->span);
	for (struct modbus_block *block = modbus_poll_first(input); block != NULL;
	     block = modbus_poll_next(input, block))
		poll_away(input, block);
	modbus_poll_arm(input);
}

void modbus_poll_open(struct input *input, const struct input *before)
{
	const struct input_config *config = input->config;

	input->blocks = xcalloc(config->item_count, sizeof(*input->blocks));
	modbus_learn_open(input, before);
	for (size_t i = 0; i < config->item_count; i++) {
		struct modbus_block *block = &input->blocks[i];

		block->input = input;
		block->span = modbus_lessons_span(input->lessons, i);
		block->on = block->span->items > 0;
		block->job.done = poll_done;
		if (block->on)
			modbus_serve_await(input->serve, block->span);
	}
}
