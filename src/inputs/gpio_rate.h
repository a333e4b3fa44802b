/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * How many edges a second a line has lately: over a span of time, by the kernel's times of the
 * edges, so that a few edges give an exact rate. Of fixed size, however many come. Pure.
 */
#ifndef GAUGED_INPUTS_GPIO_RATE_H
#define GAUGED_INPUTS_GPIO_RATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"

enum { GPIO_RATE_PANES = 32 };

struct gpio_rate {
	int64_t pane_ns;
	struct {
		int64_t index; /* of all panes since time 0 */
		int64_t first_ns, last_ns;
		uint64_t count;
	} panes[GPIO_RATE_PANES];
	int64_t before_ns; /* the last edge that no pane holds any more; 0: there is none */
	int64_t newest_ns, since_ns;
};

/* over_ns >= GPIO_RATE_PANES; since: from when on edges are told. */
void gpio_rate_init(struct gpio_rate *rate, int64_t over_ns, struct mono since);
/* count edges up to at, or up to the last one if that was later: time does not run back. */
void gpio_rate_add(struct gpio_rate *rate, struct mono at, uint32_t count);
/*
 * Whether the rate can be told as at now: there were two edges, or the whole span was watched.
 * A line that was just taken is not known to stand still.
 */
bool gpio_rate_known(const struct gpio_rate *rate, struct mono now);
/*
 * Edges a second as at now: edges by the time between them. Less once none has come for longer
 * than usual; 0 once none has come for all of the span. One edge alone counts as one in the
 * span.
 */
double gpio_rate_hz(const struct gpio_rate *rate, struct mono now);

#endif
