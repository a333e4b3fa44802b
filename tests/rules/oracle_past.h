/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Functions that look back: each from the whole history of its argument, anew each time. For
 * the table in oracle_function.c.
 */
#ifndef GAUGED_TESTS_ORACLE_PAST_H
#define GAUGED_TESTS_ORACLE_PAST_H

#include "oracle_world.h"

/* Up to such an outage what remembers goes on. */
#define ORACLE_OUTAGE (5 * 60 * NSEC_PER_SEC)

/* Rows' run: see oracle_function.h. */
void oracle_held(const struct oracle_world *world, const struct oracle_expr *expr,
		 struct oracle_memory *memory, bool sampled);
void oracle_once(const struct oracle_world *world, const struct oracle_expr *expr,
		 struct oracle_memory *memory, bool sampled);
/* since(c) compared with limit_ns. */
void oracle_lasted(const struct oracle_world *world, const struct oracle_expr *expr,
		   struct oracle_memory *memory, bool sampled);
void oracle_prev(const struct oracle_world *world, const struct oracle_expr *expr,
		 struct oracle_memory *memory, bool sampled);
/* The pass is over: what the argument is now comes before the next. */
void oracle_prev_close(const struct oracle_world *world, struct oracle_memory *memory);
void oracle_ewma(const struct oracle_world *world, const struct oracle_expr *expr,
		 struct oracle_memory *memory, bool sampled);
/* All windows; which of them is expr->function->window. */
void oracle_window(const struct oracle_world *world, const struct oracle_expr *expr,
		   struct oracle_memory *memory, bool sampled);

/* The time that the last argument says. */
int64_t oracle_span(const struct oracle_expr *expr);
/* What the samples of a window say now. */
void oracle_window_compute(const struct oracle_world *world, const struct oracle_expr *expr,
			   struct oracle_memory *memory);

/* What the argument is from now on, without a sample of it. */
void oracle_remember(struct oracle_memory *memory, const struct oracle_val *val);
/* Takes a sample of the argument, if it is another than remembered or if always. */
struct oracle_val oracle_note(const struct oracle_world *world, const struct oracle_expr *expr,
			      struct oracle_memory *memory, bool always);

#endif
