/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the grouping of points into requests. */
#include "inputs/modbus_plan.h"

#include <stdlib.h>

#include "base/clock.h"
#include "io/modbus_line.h"
#include "io/modbus_pdu.h"

enum {
	BITS_PER_REGISTER = 16,
	HOLE_TCP = 16,
	HOLE_MOST = 32,
	/* A request of 8 characters, and what an answer has around its registers. */
	EXCHANGE_CHARACTERS = 13,
};

const int64_t modbus_plan_turnaround_ns = 10 * NSEC_PER_MSEC;

uint16_t modbus_plan_hole(const struct modbus_line *line)
{
	int64_t again, hole;

	if (line == NULL || modbus_line_char(line) == 0)
		return HOLE_TCP;
	again = modbus_line_exchange(line, EXCHANGE_CHARACTERS, 0, modbus_plan_turnaround_ns);
	hole = (again - 1) / modbus_line_bytes(line, 2);
	return (uint16_t)(hole < HOLE_MOST ? hole : HOLE_MOST);
}

bool modbus_plan_bits(uint8_t function)
{
	return function == MODBUS_READ_COILS || function == MODBUS_READ_DISCRETE;
}

unsigned modbus_plan_most(const struct modbus_limits *limits, uint8_t function)
{
	return modbus_plan_bits(function) ? limits->max_bits : limits->max_registers;
}

int modbus_plan_widest(const struct modbus_item *item)
{
	return item->limits->max_hole *
	       (modbus_plan_bits(item->function) ? BITS_PER_REGISTER : 1);
}

static int compare(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

/* Exclusive ones stand first and by address, so that those inside a hole are found. */
static int item_compare(const void *pa, const void *pb)
{
	const struct modbus_item *a = pa, *b = pb;
	int c = compare(a->device, b->device);

	c = c != 0 ? c : compare(a->function, b->function);
	c = c != 0 ? c : compare(b->exclusive, a->exclusive);
	if (!a->exclusive)
		c = c != 0 ? c : compare(a->interval_ns, b->interval_ns);
	c = c != 0 ? c : compare(a->address, b->address);
	c = c != 0 ? c : compare(a->count, b->count);
	c = c != 0 ? c : compare(a->interval_ns, b->interval_ns);
	/* qsort() is not stable, and equal maps have to give equal plans. */
	return c != 0 ? c : compare(a->point, b->point);
}

void modbus_plan_sort(struct modbus_item *items, size_t count)
{
	/* A bus without points has no items, and qsort() may not be given NULL. */
	if (count > 0)
		qsort(items, count, sizeof(*items), item_compare);
}

/* The first exclusive item of the device and function that ends behind 'from', or what follows.
 */
static size_t exclusive_from(const struct modbus_item *items, size_t count,
			     const struct modbus_item *like, int from)
{
	/* None begins earlier and still gets there. */
	int begin = from - MODBUS_READ_REGISTERS_MAX + 1;
	struct modbus_item key = {
		.device = like->device,
		.function = like->function,
		.exclusive = true,
		.address = (uint16_t)(begin > 0 ? begin : 0),
	};
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (item_compare(&items[middle], &key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Whether something that is to be read alone stands from 'from' up to before 'to'. */
static bool exclusive_between(const struct modbus_item *items, size_t count,
			      const struct modbus_item *like, int from, int to)
{
	if (from >= to)
		return false;
	for (size_t i = exclusive_from(items, count, like, from);
	     i < count && items[i].exclusive && items[i].device == like->device &&
	     items[i].function == like->function && items[i].address < to;
	     i++) {
		if (items[i].address + items[i].count > from)
			return true;
	}
	return false;
}

struct modbus_span modbus_plan_begin(const struct modbus_item *items, size_t first)
{
	const struct modbus_item *item = &items[first];

	return (struct modbus_span){
		.device = item->device,
		.function = item->function,
		.address = item->address,
		.count = item->count,
		.interval_ns = item->interval_ns,
		.first = first,
		.items = 1,
	};
}

static bool kin(const struct modbus_item *a, const struct modbus_item *b)
{
	return a->device == b->device && a->function == b->function &&
	       a->interval_ns == b->interval_ns && a->exclusive == b->exclusive;
}

bool modbus_plan_same_place(const struct modbus_item *items, const struct modbus_span *span)
{
	const struct modbus_item *item = &items[span->first + span->items];

	return kin(item, item - 1) && item->address == item[-1].address &&
	       item->count == item[-1].count;
}

bool modbus_plan_join(const struct modbus_item *items, size_t count, struct modbus_span *span,
		      unsigned most)
{
	size_t next = span->first + span->items;
	const struct modbus_item *item = &items[next];
	int end = span->address + span->count, last;

	if (next == count || !kin(&items[span->first], item))
		return false;
	last = item->address + item->count > end ? item->address + item->count : end;
	if (!modbus_plan_same_place(items, span) &&
	    (item->exclusive || item->address - end > modbus_plan_widest(item) ||
	     last - span->address > (int)most ||
	     exclusive_between(items, count, item, end, item->address)))
		return false;
	span->count = (uint16_t)(last - span->address);
	span->items++;
	return true;
}

size_t modbus_plan_merge(const struct modbus_item *items, size_t count, struct modbus_span *ret)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i += ret[n++].items) {
		unsigned most = modbus_plan_most(items[i].limits, items[i].function);

		ret[n] = modbus_plan_begin(items, i);
		while (modbus_plan_join(items, count, &ret[n], most))
			continue;
	}
	return n;
}

unsigned modbus_plan_unasked(const struct modbus_item *items, const struct modbus_span *span)
{
	unsigned unasked = 0;
	int end = span->address;

	for (size_t i = span->first; i < span->first + span->items; i++) {
		int last = items[i].address + items[i].count;

		if (items[i].address > end)
			unasked += (unsigned)(items[i].address - end);
		end = last > end ? last : end;
	}
	return unasked;
}
