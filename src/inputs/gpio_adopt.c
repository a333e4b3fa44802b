/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Owns what goes on over a reload that changes a GPIO bus: lines that stay as they are keep
 * their requests, and their points what they know; an output stays as it is in any case. Points
 * whose line has to be taken anew are not watched meanwhile, and say so.
 */
#include <string.h>

#include "inputs/gpio_state.h"
#include "io/loop.h"

static bool same_place(const struct gpio_link_line *a, const struct gpio_link_line *b)
{
	if (a->name == NULL || b->name == NULL)
		return a->name == b->name && a->offset == b->offset;
	return strcmp(a->name, b->name) == 0;
}

static bool same_lines(const struct input *input, const struct gpio_point *point,
		       const struct input *before, const struct gpio_point *old)
{
	const struct gpio_link_config *links[] = {&input->config->link, &before->config->link};

	return strcmp(links[0]->chip, links[1]->chip) == 0 &&
	       same_place(&links[0]->lines[point->lines[0]], &links[1]->lines[old->lines[0]]) &&
	       same_place(&links[0]->lines[point->lines[1]], &links[1]->lines[old->lines[1]]);
}

static bool same_rate(const struct gpio_point *a, const struct gpio_point *b)
{
	return a->over_ns == b->over_ns && a->edges.rising == b->edges.rising &&
	       a->edges.falling == b->edges.falling;
}

/* All that is known but the total, which comes by restore(). */
static void adopt_state(struct input *input, uint32_t number, const struct input *before,
			uint32_t old)
{
	struct gpio_state *state = &input->states[number];
	struct gpio_rate *rate = state->rate;

	*state = before->states[old];
	state->counter = state->told = (struct gpio_counter){0};
	state->rate = rate;
	/* It is known what it is, and its scale may be another one. */
	state->untold = true;
	if (rate != NULL &&
	    same_rate(&input->config->points[number], &before->config->points[old]))
		*rate = *before->states[old].rate;
	/* Now: it may then find that it is too early, and for how long. */
	if (state->owed) {
		input->owed_due = clock_mono();
		loop_timer_start(input->owed, input->owed_due);
	}
	if (state->owed && input->config->points[number].kind == GPIO_OUTPUT)
		loop_defer_ask(input->written);
}

static void adopt_point(struct input *input, uint32_t number, const struct input *before,
			uint32_t old)
{
	const struct gpio_point *point = &input->config->points[number];
	const struct gpio_state *was = &before->states[old];
	bool kept = gpio_link_up(input->link, point->lines[0]) &&
		    gpio_link_up(input->link, point->lines[1]);

	if (was->up != 3)
		return;
	if (point->kind == GPIO_OUTPUT && !kept)
		gpio_link_begin_with(input->link, point->lines[0], was->level);
	if (!same_lines(input, point, before, &before->config->points[old]))
		return;
	if (kept)
		adopt_state(input, number, before, old);
	else if (point->kind != GPIO_OUTPUT)
		input->states[number].unwatched = clock_mono();
}

void gpio_adopt(struct input *input, struct input *before)
{
	gpio_link_adopt(input->link, before->link);
	if (before->last.ns > input->last.ns)
		input->last = before->last;
	for (uint32_t i = 0; i < input->config->point_count; i++) {
		const struct gpio_point *point = &input->config->points[i];

		for (uint32_t j = 0; j < before->config->point_count; j++) {
			const struct gpio_point *old = &before->config->points[j];

			if (point->kind == old->kind && strcmp(point->name, old->name) == 0)
				adopt_point(input, i, before, j);
		}
	}
}
