/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Nodes that remember: what they keep of the past of their operand, and what they yield from it
 * (rules.md section 3). Pure machines: they are told the operand and the time. Their memory
 * holds no pointers, so that it can be copied.
 *
 * held(c, d)   true if c was true throughout the last d, false if it was false at some time in
 *              it, otherwise unknown; the time before the first reading is unknown too.
 * once(c, d)   true if c was true at some time in the last d: not held(not c, d).
 * since(c)     how long c has been known true without a break; 0 while it is false, unknown
 *              while it is unknown. In a condition it is compared with a constant, and changes
 *              by a timer.
 * windows      see window.h: a sample is taken whenever an input reports, and when the operand
 *              changes without, as by a timer; a failed reading is none.
 * ewma(x, tau) y += (1 - exp(-dt / tau)) (x - y) at each reading, dt since the one before; the
 *              first is y. Unknown while x is. (Eckner, Algorithms for Unevenly Spaced Time
 *              Series, 2019, section 2: the EMA of last points.)
 * prev(x)      the last known x of the readings before this one.
 */
#ifndef GAUGED_RULES_NODE_H
#define GAUGED_RULES_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/program.h"
#include "rules/window.h"

struct pack;
struct str;

/* rules.md section 8: a gap that is longer breaks what was going on. */
#define NODE_OUTAGE_NS (INT64_C(300) * 1000 * 1000 * 1000)

/* One node at work. */
struct node_run {
	const struct node *node;
	void *memory; /* node_memory() bytes, aligned for any type */
	double *slots;
};

/* Bytes that a node remembers in; 0 for kinds that have no past. */
size_t node_memory(const struct node *node);
void node_start(const struct node_run *run, int64_t now);
/* The operand at now, NaN for unknown; whether the node yields something else from now on. */
bool node_feed(const struct node_run *run, double value, int64_t now);
/* What it yields at now is put right without a new operand; whether that is something else. */
bool node_refresh(const struct node_run *run, int64_t now);
/* The next time after now at which node_refresh() may matter; INT64_MAX: none. */
int64_t node_deadline(const struct node_run *run, int64_t now);
/* A window's specification, and what one function of it yields at the last refresh. */
void node_window_spec(const struct node *node, struct window_spec *ret);
double node_window_result(const struct node_run *run, uint8_t function, double parameter);
/* SINCE and LASTED: seconds since c came to be true, 0 while it is false, NaN for unknown. */
double node_since_s(const struct node_run *run, int64_t now);
/* prev(): the pass is over, and value is what the next one will see. */
void node_close(const struct node_run *run, double value);
/* Takes over what from remembers, which is of the same kind and key, and what it yields now. */
void node_adopt(const struct node_run *run, const struct node_run *from, int64_t now);
/*
 * Whether it is kept over a restart: ewma, prev and since; held, once and windows of 5 min and
 * more. None over texts, whose numbers are each engine's own.
 */
bool node_outlives(const struct node *node);
/* "window", "held", ... of those that may outlive; NULL of the others. */
const char *node_kind_name(enum node_kind kind);
/* What it remembers, in bytes: its times as ages at now. */
void node_save(const struct node_run *run, int64_t now, struct str *out);
/*
 * The other way round, after node_start() and outage_ns after the save; < 0: not known how
 * long, and then only ewma and prev come back. Nothing in the bytes is trusted; false if they
 * are none of this node, which is as after node_start() then. Windows know that their input was
 * unknown since the save. Nothing is yielded before the next operand or the next deadline.
 */
bool node_load(const struct node_run *run, struct pack *in, int64_t now, int64_t outage_ns);

#endif
