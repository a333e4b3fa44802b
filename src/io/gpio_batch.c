/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Owns what a request brings: edges to lines, and what is missing. Two rows of numbers tell it
 * (drivers/gpio/gpiolib-cdev.c of Linux 6.1). Those of a line are given in the order in which
 * its edges are put into the buffer: one that is left out was dropped there, the oldest ones
 * first, as the buffer was full. Those of the request are given by the interrupt: an edge of
 * another line may overtake; edges in quick succession may leave numbers out, or have one
 * together. So a line is known to have lost what its own numbers say, at its next edge. Of
 * lines without one it is known only together, and only if the buffer was full.
 */
#include <errno.h>

#include "io/gpio_link_part.h"

/* A full buffer is no multiple of it: the last read shows that it was the last. */
enum { BATCH_EDGES = 250 };

/* An edge that another one overtook comes within this. */
static const int64_t batch_overtaken_ns = 100 * NSEC_PER_MSEC;

static uint32_t batch_line(const struct gpio_request *request, uint32_t offset)
{
	for (size_t i = 0; i < request->count; i++)
		if (request->link->lines[request->lines[i]].offset == offset)
			return request->lines[i];
	return LINE_NONE;
}

/* The request's number of an edge that came. */
static void batch_number(struct gpio_request *request, uint32_t number)
{
	uint32_t ahead = number - request->highest;

	if (ahead == 0 || ahead > UINT32_MAX / 2)
		return;
	request->highest = number;
	for (size_t i = 0; i < request->count && ahead > 1; i++)
		request->link->lines[request->lines[i]].told = false;
}

static void batch_gap(struct gpio_request *request, uint32_t lost)
{
	struct gpio_link *link = request->link;

	request->accounted += lost;
	request->reread = true;
	link->edges_lost += lost;
	link->gaps += !request->gapped;
	request->gapped = true;
}

/* A line says what it lost, some of which may have been missed already. */
static void batch_own(struct gpio_request *request, uint32_t lost)
{
	uint32_t known = lost < request->vague ? lost : request->vague;

	request->vague -= known;
	batch_gap(request, lost - known);
}

static void batch_edge(struct gpio_request *request, const struct gpio_edge *edge)
{
	struct gpio_link *link = request->link;
	uint32_t number = batch_line(request, edge->offset), lost;
	struct gpio_line *line;

	batch_number(request, edge->number);
	request->burst++;
	if (number == LINE_NONE)
		return;
	line = &link->lines[number];
	if (!gpio_sequence_next(&line->sequence, edge->line_number, &lost))
		return;
	line->told = true;
	line->heard = request->round;
	request->accounted++;
	if (lost > 0)
		batch_own(request, lost);
	link->edges++;
	link->ops->edge(link->arg, number, edge, lost);
}

/* In the order of the interrupts, which threads of the kernel on several processors mix up. */
static void batch_sort(struct gpio_edge *edges, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		struct gpio_edge edge = edges[i];
		size_t at = i;

		while (at > 0 && (int32_t)(edges[at - 1].number - edge.number) > 0) {
			edges[at] = edges[at - 1];
			at--;
		}
		edges[at] = edge;
	}
}

static bool batch_has_edges(const struct gpio_link *link, uint32_t number)
{
	const struct gpio_setup *setup = &link->config->lines[number].setup;

	return setup->rising || setup->falling;
}

/* The buffer was full, and is read: what is still missing was lost by lines that were silent.
 */
static void batch_rest(struct gpio_request *request, uint32_t lost)
{
	struct gpio_link *link = request->link;

	batch_gap(request, lost);
	request->vague += lost;
	for (size_t i = 0; i < request->count; i++) {
		uint32_t number = request->lines[i];

		if (!link->lines[number].told && batch_has_edges(link, number))
			link->ops->lost(link->arg, number, lost, false);
		link->lines[number].told = true;
	}
}

/* Numbers that were left out with room in the buffer: an edge that was overtaken comes soon. */
static void batch_odd(struct gpio_request *request, uint32_t missing)
{
	struct gpio_link *link = request->link;
	struct mono now = clock_mono();

	if (request->odd_since.ns == 0)
		request->odd_since = now;
	if (mono_diff(now, request->odd_since) < batch_overtaken_ns)
		return;
	request->odd_since = (struct mono){0};
	request->accounted = request->highest;
	request->reread = true;
	link->merged += missing;
	for (size_t i = 0; i < request->count; i++) {
		uint32_t number = request->lines[i];

		if (link->lines[number].heard == request->round &&
		    batch_has_edges(link, number))
			link->ops->lost(link->arg, number, missing, true);
	}
	request->round++;
}

static void batch_look(struct gpio_request *request)
{
	uint32_t missing = request->highest - request->accounted;
	bool full = request->burst >= GPIO_CHIP_BUFFER;

	request->burst = 0;
	if (missing > 0 && missing <= UINT32_MAX / 2) {
		if (full)
			batch_rest(request, missing);
		else
			batch_odd(request, missing);
	} else {
		request->accounted = request->highest;
		request->odd_since = (struct mono){0};
		request->round++;
	}
	request->gapped = false;
}

int gpio_batch_levels(struct gpio_request *request, size_t first, size_t count)
{
	struct gpio_link *link = request->link;
	uint64_t some = count == 64 ? UINT64_MAX : (UINT64_C(1) << count) - 1;
	uint64_t values;
	struct mono began = clock_mono();
	int rc = gpio_chip_get(request->fd, some << first, &values);

	gpio_link_took(link, began);
	if (rc != 0) {
		gpio_link_lost_chip(link, -rc);
		return rc;
	}
	for (size_t i = first; i < first + count; i++)
		link->ops->level(link->arg, request->lines[i], (values >> i & 1) != 0, began);
	return 0;
}

/* No edge waits any more. Values before that would be newer than edges that come. */
static int batch_drained(struct gpio_request *request)
{
	batch_look(request);
	if (!request->reread)
		return 0;
	request->reread = false;
	return gpio_batch_levels(request, 0, request->count);
}

bool gpio_batch_read(struct gpio_request *request)
{
	struct gpio_link *link = request->link;
	struct gpio_edge edges[BATCH_EDGES];
	ssize_t n = gpio_chip_edges(request->fd, edges, BATCH_EDGES);

	if (n == -EAGAIN)
		n = 0;
	if (n == -EINTR)
		return false;
	if (n < 0) {
		gpio_link_lost_chip(link, (int)-n);
		return false;
	}
	if (n > 1)
		batch_sort(edges, (size_t)n);
	/* Once only, and the loop goes to the others in between. */
	for (ssize_t i = 0; i < n; i++)
		batch_edge(request, &edges[i]);
	if (n < BATCH_EDGES && batch_drained(request) != 0)
		return false;
	link->ops->settled(link->arg);
	return n < BATCH_EDGES;
}
