/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the grouping of points into requests. */
#include "inputs/modbus_plan.h"

#include <stdlib.h>

#include "io/modbus_pdu.h"

enum { BITS_PER_REGISTER = 16 };

static bool item_bits(const struct modbus_item *item)
{
	return item->function == MODBUS_READ_COILS || item->function == MODBUS_READ_DISCRETE;
}

static int compare(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

static int item_compare(const void *pa, const void *pb)
{
	const struct modbus_item *a = pa, *b = pb;
	int c = compare(a->device, b->device);

	c = c != 0 ? c : compare(a->function, b->function);
	c = c != 0 ? c : compare(a->interval_ns, b->interval_ns);
	c = c != 0 ? c : compare(a->exclusive, b->exclusive);
	c = c != 0 ? c : compare(a->address, b->address);
	c = c != 0 ? c : compare(a->count, b->count);
	/* qsort() is not stable, and equal maps have to give equal plans. */
	return c != 0 ? c : compare(a->point, b->point);
}

void modbus_plan_sort(struct modbus_item *items, size_t count)
{
	/* A bus without points has no items, and qsort() may not be given NULL. */
	if (count > 0)
		qsort(items, count, sizeof(*items), item_compare);
}

static bool same_place(const struct modbus_span *span, const struct modbus_item *item)
{
	return span->address == item->address && span->count == item->count;
}

/* Whether something that is to be read alone stands between from and to. */
static bool exclusive_between(const struct modbus_item *items, size_t count,
			      const struct modbus_item *like, int from, int to)
{
	for (size_t i = 0; i < count && from < to; i++) {
		if (items[i].exclusive && items[i].device == like->device &&
		    items[i].function == like->function && items[i].address < to &&
		    items[i].address + items[i].count > from)
			return true;
	}
	return false;
}

/* Whether items[next] may join the span, apart from being at the same place. */
static bool joins(const struct modbus_span *span, const struct modbus_item *items, size_t count,
		  size_t next)
{
	const struct modbus_item *item = &items[next];
	bool bits = item_bits(item);
	int limit = bits ? item->limits->max_bits : item->limits->max_registers;
	int hole = item->limits->max_hole * (bits ? BITS_PER_REGISTER : 1);
	int end = span->address + span->count;
	int last = item->address + item->count;

	if (items[span->first].exclusive || item->exclusive)
		return false;
	return item->address - end <= hole &&
	       (last > end ? last : end) - span->address <= limit &&
	       !exclusive_between(items, count, item, end, item->address);
}

static size_t plan(const struct modbus_item *items, size_t count, bool merge,
		   struct modbus_span *ret)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		const struct modbus_item *item = &items[i];
		struct modbus_span *span = n > 0 ? &ret[n - 1] : NULL;
		bool kin = span != NULL && span->device == item->device &&
			   span->function == item->function &&
			   span->interval_ns == item->interval_ns;

		if (kin &&
		    (same_place(span, item) || (merge && joins(span, items, count, i)))) {
			int end = span->address + span->count;
			int last = item->address + item->count;

			span->count = (uint16_t)((last > end ? last : end) - span->address);
			span->items++;
			continue;
		}
		ret[n++] = (struct modbus_span){
			.device = item->device,
			.function = item->function,
			.address = item->address,
			.count = item->count,
			.interval_ns = item->interval_ns,
			.first = i,
			.items = 1,
		};
	}
	return n;
}

size_t modbus_plan_merge(const struct modbus_item *items, size_t count, struct modbus_span *ret)
{
	return plan(items, count, true, ret);
}

size_t modbus_plan_single(const struct modbus_item *items, size_t count,
			  struct modbus_span *ret)
{
	return plan(items, count, false, ret);
}
