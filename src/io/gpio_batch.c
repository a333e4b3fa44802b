/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Owns what a request brings: edges to lines, and gaps in their numbers. The kernel drops the
 * oldest edges of a request when its buffer is full. So the numbers of the request say at once
 * how many are missing, and the numbers of a line, at its next edge, how many were its own; of
 * lines without an edge behind the gap it is only known together.
 */
#include <errno.h>

#include "io/gpio_link_part.h"

/* A full buffer is no multiple of it: the last read shows that it was the last. */
enum { BATCH_EDGES = 250 };

static uint32_t batch_line(const struct gpio_request *request, uint32_t offset)
{
	for (size_t i = 0; i < request->count; i++)
		if (request->link->lines[request->lines[i]].offset == offset)
			return request->lines[i];
	return LINE_NONE;
}

static void batch_gap(struct gpio_request *request, uint32_t lost)
{
	struct gpio_link *link = request->link;

	request->missing += lost;
	request->reread = true;
	link->gaps++;
	link->edges_lost += lost;
	for (size_t i = 0; i < request->count; i++)
		link->lines[request->lines[i]].told = false;
}

static void batch_edge(struct gpio_request *request, const struct gpio_edge *edge)
{
	struct gpio_link *link = request->link;
	uint32_t number = batch_line(request, edge->offset);
	uint32_t gap = gpio_sequence_next(&request->sequence, edge->number), lost;
	struct gpio_line *line;

	if (gap > 0)
		batch_gap(request, gap);
	if (number == LINE_NONE)
		return;
	line = &link->lines[number];
	lost = gpio_sequence_next(&line->sequence, edge->line_number);
	line->told = true;
	request->missing -= lost < request->missing ? lost : request->missing;
	link->edges++;
	link->ops->edge(link->arg, number, edge, lost);
}

static bool batch_suspect(const struct gpio_link *link, uint32_t number)
{
	const struct gpio_setup *setup = &link->config->lines[number].setup;

	return !link->lines[number].told && (setup->rising || setup->falling);
}

/* All that was there is read: what is still missing was lost by lines that said nothing. */
static void batch_rest(struct gpio_request *request)
{
	struct gpio_link *link = request->link;
	uint32_t lost = request->missing;
	size_t suspects = 0;

	request->missing = 0;
	for (size_t i = 0; i < request->count; i++)
		suspects += batch_suspect(link, request->lines[i]);
	for (size_t i = 0; i < request->count; i++) {
		uint32_t number = request->lines[i];

		if (!batch_suspect(link, number))
			continue;
		link->lines[number].told = true;
		if (suspects == 1)
			gpio_sequence_skip(&link->lines[number].sequence, lost);
		link->ops->lost(link->arg, number, lost, suspects == 1);
	}
}

int gpio_batch_levels(struct gpio_request *request)
{
	struct gpio_link *link = request->link;
	uint64_t all = request->count == 64 ? UINT64_MAX : (UINT64_C(1) << request->count) - 1;
	uint64_t values;
	struct mono began = clock_mono();
	int rc = gpio_chip_get(request->fd, all, &values);

	gpio_link_took(link, began);
	if (rc != 0) {
		gpio_link_lost_chip(link, -rc);
		return rc;
	}
	for (size_t i = 0; i < request->count; i++)
		link->ops->level(link->arg, request->lines[i], (values >> i & 1) != 0, began);
	return 0;
}

/* No edge waits any more. Values before that would be newer than edges that come. */
static int batch_drained(struct gpio_request *request)
{
	if (request->missing > 0)
		batch_rest(request);
	if (!request->reread)
		return 0;
	request->reread = false;
	return gpio_batch_levels(request);
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
	/* Once only, and the loop goes to the others in between. */
	for (ssize_t i = 0; i < n; i++)
		batch_edge(request, &edges[i]);
	if (n < BATCH_EDGES && batch_drained(request) != 0)
		return false;
	link->ops->settled(link->arg);
	return n < BATCH_EDGES;
}
