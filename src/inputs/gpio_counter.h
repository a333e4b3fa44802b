/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * A total of edges that outlives the program: counted up, or up and down, with the edges that
 * were lost on the way, and as bytes. Pure.
 */
#ifndef GAUGED_INPUTS_GPIO_COUNTER_H
#define GAUGED_INPUTS_GPIO_COUNTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { GPIO_COUNTER_BYTES = 17 };

/* Start from all zero. */
struct gpio_counter {
	int64_t count;
	uint64_t lost; /* edges that did not come, whether they are in count or not */
};

/* Which edges of a line count, and whether the line tells both. */
struct gpio_counted {
	bool rising, falling;
	bool told_both;
};

/*
 * Of lost edges in a row beside an edge that is known (before or behind them), those that
 * count: all where the line tells no others, otherwise every second one, for they alternate.
 */
uint32_t gpio_counter_of_lost(const struct gpio_counted *counted, bool known_rising,
			      uint32_t lost);

void gpio_counter_save(const struct gpio_counter *counter, uint8_t ret[GPIO_COUNTER_BYTES]);
/*
 * Adds what was saved to what was counted since. False, and nothing is changed: these are no
 * bytes of a counter.
 */
bool gpio_counter_restore(struct gpio_counter *counter, const void *bytes, size_t len);

#endif
