/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns totals of edges, and their bytes: a version, then both numbers, lowest byte first. */
#include "inputs/gpio_counter.h"

enum { COUNTER_VERSION = 1 };

uint32_t gpio_counter_of_lost(const struct gpio_counted *counted, bool known_rising,
			      uint32_t lost)
{
	bool same = known_rising ? counted->rising : counted->falling;

	if (!counted->told_both || (counted->rising && counted->falling))
		return lost;
	/* The nearest to the known one is its opposite. */
	return same ? lost / 2 : lost - lost / 2;
}

static void counter_put(uint8_t *bytes, uint64_t number)
{
	for (int i = 0; i < 8; i++)
		bytes[i] = (uint8_t)(number >> 8 * i);
}

static uint64_t counter_take(const uint8_t *bytes)
{
	uint64_t number = 0;

	for (int i = 0; i < 8; i++)
		number |= (uint64_t)bytes[i] << 8 * i;
	return number;
}

void gpio_counter_save(const struct gpio_counter *counter, uint8_t ret[GPIO_COUNTER_BYTES])
{
	ret[0] = COUNTER_VERSION;
	counter_put(ret + 1, (uint64_t)counter->count);
	counter_put(ret + 9, counter->lost);
}

bool gpio_counter_restore(struct gpio_counter *counter, const void *bytes, size_t len)
{
	const uint8_t *from = bytes;
	int64_t count;

	if (len != GPIO_COUNTER_BYTES || from[0] != COUNTER_VERSION ||
	    __builtin_add_overflow(counter->count, (int64_t)counter_take(from + 1), &count))
		return false;
	counter->count = count;
	counter->lost += counter_take(from + 9);
	return true;
}
