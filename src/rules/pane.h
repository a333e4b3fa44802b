/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * One pane of a paned window: what can be said of its samples together with those of the pane
 * behind it. A record of words whose length depends on what is asked for.
 *
 * Mean and squares of one sample more: Welford, Technometrics 4(3), 1962; of two panes: Chan,
 * Golub, LeVeque, "Algorithms for computing the sample variance", Am. Stat. 37(3), 1983; the
 * products of time and value likewise.
 */
#ifndef GAUGED_RULES_PANE_H
#define GAUGED_RULES_PANE_H

#include <stdbool.h>
#include <stdint.h>

#include "rules/window.h"

/* Those of all parts, and of the count. */
enum { PANE_WORDS = 21 };

struct pack;
struct str;

struct pane_layout {
	uint16_t parts; /* enum window_part; without the quantiles, which are kept elsewhere */
	uint8_t words;
	uint8_t sum, least, greatest, ends, moments, trend, steps, time; /* at which word */
};

struct pane_layout pane_layout(unsigned parts);
/* Zeroed words are an empty pane. */
void pane_add(const struct pane_layout *layout, uint64_t *pane, int64_t t, double value);
/* The value held for a time in this pane. */
void pane_hold(const struct pane_layout *layout, uint64_t *pane, double value, int64_t time_ns);
/* pane becomes both; next is the later one. Only these parts, out of the layout's. */
void pane_merge(const struct pane_layout *layout, unsigned parts, uint64_t *pane,
		const uint64_t *next);
void pane_shift(const struct pane_layout *layout, uint64_t *pane, int64_t by_ns);
/* Of all functions but quantile. last: the value at the end, NaN if unknown. */
double pane_result(const struct pane_layout *layout, const uint64_t *pane,
		   enum window_function function, double last);
/* Word by word, times as ages at now. */
void pane_save(const struct pane_layout *layout, const uint64_t *pane, int64_t now,
	       struct str *out);
/*
 * begin, end: nothing in it is of another time, so that what is merged later is of its time as
 * well. False: this is no pane.
 */
bool pane_load(const struct pane_layout *layout, uint64_t *pane, int64_t now, int64_t begin,
	       int64_t end, struct pack *in);

#endif
