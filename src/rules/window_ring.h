/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * The exact form of a window: a ring of its samples and running sums over them. Values are
 * finite, or NaN for unknown; the window's instant is `now` of struct window.
 */
#ifndef GAUGED_RULES_WINDOW_RING_H
#define GAUGED_RULES_WINDOW_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/window.h"

struct window_ring;

size_t window_ring_size(uint32_t capacity, unsigned parts);
/* Over zeroed memory. */
void window_ring_init(struct window_ring *ring, uint32_t capacity, unsigned parts);
void window_ring_expire(struct window_ring *ring, const struct window *window);
void window_ring_put(struct window_ring *ring, struct window *window, double value);
bool window_ring_deadline(const struct window_ring *ring, const struct window *window,
			  int64_t *ret_deadline);
double window_ring_result(const struct window_ring *ring, const struct window *window,
			  enum window_function function, double parameter);
void window_ring_shift(struct window_ring *ring, const struct window *window, int64_t by_ns);
/* The samples as window_save() has them. */
void window_ring_save(const struct window_ring *ring, int64_t now, struct str *out);
/* Into an empty one, after window->now is that of the save; false: these are no samples. */
bool window_ring_load(struct window_ring *ring, struct window *window, struct pack *in,
		      int64_t now);

#endif
