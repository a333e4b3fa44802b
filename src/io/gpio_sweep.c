/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Owns how the lines of a link are read when nothing asks for it but time. Lines on a processor
 * take a microsecond. Those of an expander on I2C take one a transfer, each for itself with
 * some drivers, and the loop stands still meanwhile: such lines are read a few at a time, with
 * turns of the loop in between.
 */
#include "io/gpio_link_part.h"
#include "io/loop.h"

/* So long a turn may take; a call that took longer is made smaller. */
static const int64_t sweep_turn_ns = NSEC_PER_MSEC;
static const int64_t sweep_call_ns = 4 * NSEC_PER_MSEC;

static void sweep_learn(struct gpio_sweep *sweep, size_t lines, int64_t took_ns)
{
	sweep->cost_ns += took_ns;
	if (took_ns > sweep_call_ns && lines > 1)
		sweep->piece = lines / 2;
	else if (took_ns < sweep_turn_ns && lines == sweep->piece && lines < GPIO_CHIP_LINES)
		sweep->piece *= 2;
}

/* One call. False: the chip was lost. */
static bool sweep_piece(struct gpio_link *link, struct gpio_request *request)
{
	struct gpio_sweep *sweep = &link->sweep;
	size_t lines = request->count - sweep->line;
	struct mono began = clock_mono();

	if (lines > sweep->piece)
		lines = sweep->piece;
	if (gpio_batch_levels(request, sweep->line, lines) != 0)
		return false;
	sweep_learn(sweep, lines, mono_diff(clock_mono(), began));
	sweep->line += lines;
	return true;
}

/* What waits is older than the values. With more than that the request is left out this time.
 */
static bool sweep_step(struct gpio_link *link)
{
	struct gpio_sweep *sweep = &link->sweep;
	struct gpio_request *request = &link->requests[sweep->request];

	if (!gpio_batch_read(request))
		sweep->line = SIZE_MAX;
	else if (!sweep_piece(link, request))
		return false;
	if (link->request_count == 0)
		return false;
	if (sweep->line >= request->count) {
		sweep->request++;
		sweep->line = 0;
	}
	return true;
}

void gpio_sweep_go_on(void *arg)
{
	struct gpio_link *link = arg;
	struct gpio_sweep *sweep = &link->sweep;
	struct mono began = clock_mono();
	bool alive = true;

	sweep->running = false;
	while (alive && sweep->request < link->request_count) {
		alive = sweep_step(link);
		if (!alive || mono_diff(clock_mono(), began) < sweep_turn_ns)
			continue;
		sweep->running = sweep->request < link->request_count;
		break;
	}
	link->ops->settled(link->arg);
	if (sweep->running)
		loop_defer_ask(sweep->defer);
}

void gpio_sweep_start(struct gpio_link *link)
{
	struct gpio_sweep *sweep = &link->sweep;

	if (sweep->running)
		return;
	sweep->request = sweep->line = 0;
	sweep->cost_ns = 0;
	sweep->running = true;
	loop_defer_ask(sweep->defer);
}
