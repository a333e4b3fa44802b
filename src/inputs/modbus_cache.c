/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the registers and bits that were read, and what became of each. */
#include "inputs/modbus_cache.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "io/modbus_pdu.h"

/* One register or bit. */
struct cell {
	struct boot until; /* of a value */
	uint16_t value;
	uint8_t exception; /* 0: there is a value */
};

/* Ranges that touch or overlap, as one. */
struct area {
	uint8_t unit, function;
	uint32_t from, to;  /* addresses, to: one past the last */
	struct cell *cells; /* of them */
};

struct modbus_cache {
	struct cell *cells;
	size_t area_count;
	struct area areas[]; /* by unit, function and address */
};

static int by_place(const void *pa, const void *pb)
{
	const struct area *a = pa, *b = pb;

	if (a->unit != b->unit)
		return a->unit - b->unit;
	if (a->function != b->function)
		return a->function - b->function;
	return (a->from > b->from) - (a->from < b->from);
}

/* Joins sorted areas; returns how many are left. */
static size_t join(struct area *areas, size_t count)
{
	size_t left = 0;

	for (size_t i = 0; i < count; i++) {
		struct area *last = left > 0 ? &areas[left - 1] : NULL;

		if (last == NULL || last->unit != areas[i].unit ||
		    last->function != areas[i].function || areas[i].from > last->to)
			areas[left++] = areas[i];
		else if (areas[i].to > last->to)
			last->to = areas[i].to;
	}
	return left;
}

struct modbus_cache *modbus_cache_new(const struct modbus_range *ranges, size_t count)
{
	struct modbus_cache *cache =
		xcalloc(1, sizeof(*cache) + count * sizeof(cache->areas[0]));
	size_t cells = 0;

	for (size_t i = 0; i < count; i++)
		cache->areas[i] = (struct area){
			.unit = ranges[i].unit,
			.function = ranges[i].function,
			.from = ranges[i].address,
			.to = (uint32_t)ranges[i].address + ranges[i].count,
		};
	qsort(cache->areas, count, sizeof(cache->areas[0]), by_place);
	cache->area_count = join(cache->areas, count);
	for (size_t i = 0; i < cache->area_count; i++)
		cells += cache->areas[i].to - cache->areas[i].from;
	cache->cells = xcalloc(cells, sizeof(*cache->cells));
	for (size_t i = 0; i < cells; i++)
		cache->cells[i].exception = MODBUS_BUSY;
	cells = 0;
	for (size_t i = 0; i < cache->area_count; i++) {
		cache->areas[i].cells = cache->cells + cells;
		cells += cache->areas[i].to - cache->areas[i].from;
	}
	return cache;
}

void modbus_cache_free(struct modbus_cache *cache)
{
	if (cache == NULL)
		return;
	free(cache->cells);
	free(cache);
}

static int beside(const void *pkey, const void *parea)
{
	const struct area *key = pkey, *area = parea;

	if (key->unit != area->unit)
		return key->unit - area->unit;
	if (key->function != area->function)
		return key->function - area->function;
	return key->from < area->from ? -1 : key->from >= area->to;
}

/* The cells of range, if all of them are there. */
static struct cell *find(const struct modbus_cache *cache, const struct modbus_range *range)
{
	struct area key = {
		.unit = range->unit,
		.function = range->function,
		.from = range->address,
	};
	const struct area *area =
		bsearch(&key, cache->areas, cache->area_count, sizeof(cache->areas[0]), beside);

	if (area == NULL || key.from + range->count > area->to)
		return NULL;
	return area->cells + (key.from - area->from);
}

static bool of_bits(const struct modbus_range *range)
{
	return range->function == MODBUS_READ_COILS || range->function == MODBUS_READ_DISCRETE;
}

void modbus_cache_put(struct modbus_cache *cache, const struct modbus_range *range,
		      const uint8_t *data, struct boot until)
{
	struct cell *cells = find(cache, range);
	bool bits = of_bits(range);

	for (size_t i = 0; cells != NULL && i < range->count; i++)
		cells[i] = (struct cell){
			.until = until,
			.value = bits ? modbus_bit(data, i) : modbus_u16(data + 2 * i),
		};
}

void modbus_cache_fail(struct modbus_cache *cache, const struct modbus_range *range,
		       uint8_t exception)
{
	struct cell *cells = find(cache, range);

	for (size_t i = 0; cells != NULL && i < range->count; i++)
		cells[i].exception = exception;
}

void modbus_cache_await(struct modbus_cache *cache, const struct modbus_range *range)
{
	modbus_cache_fail(cache, range, MODBUS_BUSY);
}

uint8_t modbus_cache_read(const struct modbus_cache *cache, const struct modbus_range *range,
			  struct boot now, uint8_t *ret_data)
{
	const struct cell *cells = find(cache, range);

	if (cells == NULL)
		return MODBUS_ILLEGAL_ADDRESS;
	if (of_bits(range))
		memset(ret_data, 0, (range->count + 7u) / 8);
	for (size_t i = 0; i < range->count; i++) {
		if (cells[i].exception != 0)
			return cells[i].exception;
		if (now.ns > cells[i].until.ns)
			return MODBUS_GATEWAY_TARGET;
		if (of_bits(range)) {
			ret_data[i / 8] |= (uint8_t)(cells[i].value << (i % 8));
		} else {
			ret_data[2 * i] = (uint8_t)(cells[i].value >> 8);
			ret_data[2 * i + 1] = (uint8_t)cells[i].value;
		}
	}
	return 0;
}
