/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Owns what a link takes over of another: whole requests, for the kernel gives and takes the
 * lines of a request together.
 */
#include <fcntl.h>
#include <string.h>

#include "io/gpio_link_part.h"
#include "io/loop.h"

static bool same_setup(const struct gpio_setup *a, const struct gpio_setup *b)
{
	return a->output == b->output && a->active_low == b->active_low &&
	       a->rising == b->rising && a->falling == b->falling && a->bias == b->bias &&
	       (!a->output || a->drive == b->drive) && a->debounce_us == b->debounce_us;
}

static bool same_line(const struct gpio_link_line *a, const struct gpio_link_line *b)
{
	bool same = a->name != NULL && b->name != NULL
			    ? strcmp(a->name, b->name) == 0
			    : a->name == b->name && a->offset == b->offset;

	return same && same_setup(&a->setup, &b->setup);
}

static uint32_t handover_line(const struct gpio_link *link, const struct gpio_link_line *line)
{
	for (uint32_t i = 0; i < link->config->line_count; i++)
		if (link->lines[i].request == LINE_NONE &&
		    same_line(&link->config->lines[i], line))
			return i;
	return LINE_NONE;
}

static bool among(const uint32_t *numbers, size_t count, uint32_t number)
{
	for (size_t i = 0; i < count; i++)
		if (numbers[i] == number)
			return true;
	return false;
}

/* Whether lines whose edges are to come in order are all in it. */
static bool handover_whole(const struct gpio_link *link, const uint32_t *numbers, size_t count)
{
	const struct gpio_link_line *lines = link->config->lines;

	for (size_t i = 0; i < count; i++) {
		uint32_t number = numbers[i];

		if (lines[number].with_next && !among(numbers, count, number + 1))
			return false;
		if (number > 0 && lines[number - 1].with_next &&
		    !among(numbers, count, number - 1))
			return false;
	}
	return true;
}

/* The numbers here of the lines of a request there; false: not all of them are wanted so. */
static bool handover_fits(const struct gpio_link *link, const struct gpio_request *request,
			  uint32_t numbers[GPIO_CHIP_LINES])
{
	for (size_t i = 0; i < request->count; i++) {
		uint32_t line = request->lines[i];

		numbers[i] = handover_line(link, &request->link->config->lines[line]);
		if (numbers[i] == LINE_NONE)
			return false;
	}
	return handover_whole(link, numbers, request->count);
}

static void handover_take(struct gpio_link *link, struct gpio_request *request,
			  const uint32_t *numbers)
{
	struct gpio_request *own = &link->requests[link->request_count];

	*own = *request;
	own->link = link;
	/* A point that is new here has to be told what its line is. */
	own->reread = true;
	for (size_t i = 0; i < own->count; i++) {
		struct gpio_line *line = &link->lines[numbers[i]];
		struct gpio_line *before = &request->link->lines[request->lines[i]];

		*line = *before;
		line->request = (uint32_t)link->request_count;
		own->lines[i] = numbers[i];
		before->request = LINE_NONE;
		gpio_request_why(before, "was handed over");
	}
	loop_watch_free(request->watch);
	request->watch = NULL;
	request->fd = -1;
	request->count = 0;
	own->watch = loop_watch_new(link->loop, own->fd, LOOP_READ, gpio_request_readable, own);
	link->request_count++;
}

/* What is called the same may be another chip by now: one that went away, and came again. */
static bool same_chip(const struct gpio_link *link, const struct gpio_link *before)
{
	if (before->chip.fd < 0 || strcmp(link->config->chip, before->config->chip) != 0 ||
	    strcmp(link->config->folder, before->config->folder) != 0)
		return false;
	return gpio_chip_alive(&before->chip) == 0 &&
	       (link->chip.fd < 0 || strcmp(link->chip.path, before->chip.path) == 0);
}

/* The chip is open in both: another link may take the rest. */
static bool handover_chip(struct gpio_link *link, const struct gpio_link *before)
{
	if (link->chip.fd >= 0)
		return true;
	link->chip = before->chip;
	link->chip.fd = fcntl(before->chip.fd, F_DUPFD_CLOEXEC, 0);
	link->opened += link->chip.fd >= 0;
	return link->chip.fd >= 0;
}

void gpio_link_adopt(struct gpio_link *link, struct gpio_link *before)
{
	uint32_t numbers[GPIO_CHIP_LINES];

	if (!same_chip(link, before) || !handover_chip(link, before))
		return;
	for (size_t i = 0; i < before->request_count; i++)
		if (before->requests[i].fd >= 0 &&
		    handover_fits(link, &before->requests[i], numbers))
			handover_take(link, &before->requests[i], numbers);
}
