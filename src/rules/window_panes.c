/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Owns the paned form of a window: 32 panes as two stacks in place. Those in front of the
 * present one are as they were filled; those behind it, of the turn before, each hold
 * all from itself to the end of that turn, and are made so, in one go, when a turn ends (van
 * Herk, Pattern Recognition Letters 13(7), 1992; the queue of two stacks). Where turns end
 * depends on time alone: the same samples are merged in the same order, whoever calls when.
 */
#include "rules/window_panes.h"

#include <math.h>
#include <string.h>

#include "rules/pack.h"
#include "rules/pane.h"
#include "rules/sketch.h"
#include "rules/window_part.h"

_Static_assert((int)SKETCH_PANES == (int)PANES, "sketches have as many panes");

/* Records behind the panes. */
enum { TURN = PANES, BEFORE, RECORDS };

struct window_panes {
	struct pane_layout layout;
	uint32_t position;  /* of the present pane in its turn */
	uint32_t quiet;	    /* panes begun since the last sample, at most PANES */
	uint32_t sketch_at; /* word; 0: none */
	int64_t start;	    /* of the present pane */
	int64_t since;	    /* up to here, the time that last held is counted */
	double last;	    /* NaN: unknown */
	/*
	 * PANES panes; TURN: those of this turn in front of the present one; BEFORE: all but
	 * the present one; then the sketch.
	 */
	uint64_t words[];
};

size_t window_panes_size(unsigned parts)
{
	struct pane_layout layout = pane_layout(parts);
	size_t size = sizeof(struct window_panes) + RECORDS * layout.words * sizeof(uint64_t);

	return size + ((parts & PART_QUANTILE) != 0 ? sizeof(struct sketch) : 0);
}

void window_panes_init(struct window_panes *panes, const struct window *window)
{
	panes->layout = pane_layout(window->parts);
	panes->quiet = PANES;
	panes->start = window_multiple(window->now, window->step);
	panes->since = window->now;
	panes->last = NAN;
	if ((window->parts & PART_QUANTILE) != 0)
		panes->sketch_at = RECORDS * panes->layout.words;
}

static uint64_t *panes_record(const struct window_panes *panes, uint32_t i)
{
	return (uint64_t *)panes->words + (size_t)i * panes->layout.words;
}

static struct sketch *panes_sketch(const struct window_panes *panes)
{
	if (panes->sketch_at == 0)
		return NULL;
	return (struct sketch *)(void *)((uint64_t *)panes->words + panes->sketch_at);
}

static void panes_clear(struct window_panes *panes, uint32_t i)
{
	memset(panes_record(panes, i), 0, panes->layout.words * sizeof(uint64_t));
}

static void panes_join(struct window_panes *panes, uint32_t to, uint32_t next)
{
	pane_merge(&panes->layout, panes->layout.parts, panes_record(panes, to),
		   panes_record(panes, next));
}

static void panes_hold(struct window_panes *panes, int64_t until)
{
	if ((panes->layout.parts & PART_TIME) != 0 && !isnan(panes->last))
		pane_hold(&panes->layout, panes_record(panes, panes->position), panes->last,
			  until - panes->since);
	panes->since = until;
}

static void panes_turn(struct window_panes *panes)
{
	for (uint32_t i = PANES - 2; i > 0; i--)
		panes_join(panes, i, i + 1);
	panes_clear(panes, TURN);
	panes->position = 0;
}

static void panes_step(struct window_panes *panes, int64_t step)
{
	struct sketch *sketch = panes_sketch(panes);

	panes_hold(panes, panes->start + step);
	panes_join(panes, TURN, panes->position);
	if (++panes->position == PANES)
		panes_turn(panes);
	panes_clear(panes, BEFORE);
	if (panes->position + 1 < PANES)
		panes_join(panes, BEFORE, panes->position + 1);
	panes_join(panes, BEFORE, TURN);
	panes_clear(panes, panes->position);
	if (sketch != NULL)
		sketch_drop(sketch, panes->position);
	panes->start += step;
	panes->quiet += panes->quiet < PANES;
}

/* A turn later nothing of before is left, and all is as if it had gone step by step. */
static void panes_skip(struct window_panes *panes, int64_t step, int64_t steps)
{
	panes->position = (uint32_t)(panes->position + (uint64_t)steps) % PANES;
	panes->start += steps * step;
	panes->since = panes->start;
}

void window_panes_expire(struct window_panes *panes, const struct window *window)
{
	int64_t step = window->step, steps;

	if (window->now - panes->start < step)
		return;
	steps = (window->now - panes->start) / step;
	if (steps > PANES) {
		panes_skip(panes, step, steps - PANES);
		steps = PANES;
	}
	while (steps-- > 0)
		panes_step(panes, step);
}

void window_panes_put(struct window_panes *panes, struct window *window, double value)
{
	struct sketch *sketch = panes_sketch(panes);

	if (isnan(value) && (panes->layout.parts & PART_TIME) == 0)
		return;
	panes_hold(panes, window->now);
	panes->last = value;
	panes->quiet = 0;
	if (isnan(value))
		return;
	pane_add(&panes->layout, panes_record(panes, panes->position), window->now, value);
	if (sketch != NULL)
		window->overruns += sketch_put(sketch, panes->position, value);
}

bool window_panes_deadline(const struct window_panes *panes, const struct window *window,
			   int64_t *ret_deadline)
{
	int64_t deadline;

	if (panes->quiet == PANES ||
	    __builtin_add_overflow(panes->start, window->step, &deadline))
		return false;
	*ret_deadline = deadline;
	return true;
}

double window_panes_result(const struct window_panes *panes, const struct window *window,
			   enum window_function function, double parameter)
{
	const struct pane_layout *layout = &panes->layout;
	unsigned parts = window_parts(1u << function);
	uint64_t all[PANE_WORDS];

	if (function == WINDOW_QUANTILE)
		return sketch_quantile(panes_sketch(panes), parameter);
	memcpy(all, panes_record(panes, BEFORE), layout->words * sizeof(*all));
	pane_merge(layout, parts, all, panes_record(panes, panes->position));
	if ((parts & PART_TIME) != 0 && !isnan(panes->last))
		pane_hold(layout, all, panes->last, window->now - panes->since);
	return pane_result(layout, all, function, panes->last);
}

void window_panes_shift(struct window_panes *panes, const struct window *window, int64_t by_ns)
{
	(void)window;
	panes->start += by_ns;
	panes->since += by_ns;
	for (uint32_t i = 0; i < RECORDS; i++)
		pane_shift(&panes->layout, panes_record(panes, i), by_ns);
}

void window_panes_save(const struct window_panes *panes, int64_t now, struct str *out)
{
	pack_add_u32(out, panes->position);
	pack_add_u32(out, panes->quiet);
	pack_add_age(out, now, panes->start);
	pack_add_age(out, now, panes->since);
	pack_add_double(out, panes->last);
	for (uint32_t i = 0; i < RECORDS; i++)
		pane_save(&panes->layout, panes_record(panes, i), now, out);
	if (panes_sketch(panes) != NULL)
		sketch_save(panes_sketch(panes), out);
}

/* The time that a record is of: see struct window_panes. */
static void panes_range(const struct window_panes *panes, int64_t step, uint32_t i,
			int64_t *ret_begin, int64_t *ret_end)
{
	int64_t turn = panes->start - panes->position * step;

	if (i == BEFORE || i == TURN) {
		*ret_begin = i == TURN ? turn : panes->start - (PANES - 1) * step;
		*ret_end = panes->start;
	} else if (i <= panes->position) {
		*ret_begin = turn + i * step;
		*ret_end = i < panes->position ? *ret_begin + step : panes->since;
	} else {
		*ret_begin = turn - (PANES - i) * step;
		*ret_end = turn;
	}
}

bool window_panes_load(struct window_panes *panes, const struct window *window, struct pack *in,
		       int64_t now)
{
	panes->position = pack_take_u32(in);
	panes->quiet = pack_take_u32(in);
	panes->start = now - pack_take_age(in);
	panes->since = now - pack_take_age(in);
	panes->last = pack_take_double(in);
	if (in->bad || panes->position >= PANES || panes->quiet > PANES ||
	    panes->start > window->now || window->now - panes->start >= window->step ||
	    panes->since < panes->start || panes->since > window->now)
		return false;
	for (uint32_t i = 0; i < RECORDS; i++) {
		int64_t begin, end;

		panes_range(panes, window->step, i, &begin, &end);
		if (!pane_load(&panes->layout, panes_record(panes, i), now, begin, end, in))
			return false;
	}
	return panes_sketch(panes) == NULL || sketch_load(panes_sketch(panes), in);
}
