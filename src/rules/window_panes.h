/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * The paned form of a window: what can be merged, kept for each of 32 panes. Values are finite,
 * or NaN for unknown; the window's instant is `now` of struct window.
 */
#ifndef GAUGED_RULES_WINDOW_PANES_H
#define GAUGED_RULES_WINDOW_PANES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/window.h"

enum { PANES = 32 };

struct window_panes;

size_t window_panes_size(unsigned parts);
/* Over zeroed memory. */
void window_panes_init(struct window_panes *panes, const struct window *window);
void window_panes_expire(struct window_panes *panes, const struct window *window);
void window_panes_put(struct window_panes *panes, struct window *window, double value);
bool window_panes_deadline(const struct window_panes *panes, const struct window *window,
			   int64_t *ret_deadline);
double window_panes_result(const struct window_panes *panes, const struct window *window,
			   enum window_function function, double parameter);
void window_panes_shift(struct window_panes *panes, const struct window *window, int64_t by_ns);
/* The panes as window_save() has them. */
void window_panes_save(const struct window_panes *panes, int64_t now, struct str *out);
/* Into an empty one, after window->now is that of the save; false: these are no panes. */
bool window_panes_load(struct window_panes *panes, const struct window *window, struct pack *in,
		       int64_t now);

#endif
