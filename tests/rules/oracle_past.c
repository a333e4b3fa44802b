/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns past-time logic and smoothing over the history of an argument. */
#include "oracle_past.h"

#include <math.h>
#include <stdio.h>

void oracle_remember(struct oracle_memory *memory, const struct oracle_val *val)
{
	memory->last = *val;
	if (val->text != NULL) {
		snprintf(memory->text, sizeof(memory->text), "%s", val->text);
		memory->last.text = memory->text;
	}
}

struct oracle_val oracle_note(const struct oracle_world *world, const struct oracle_expr *expr,
			      struct oracle_memory *memory, bool always)
{
	struct oracle_val val = oracle_eval(world, expr->kids[0]);
	struct oracle_sample sample = {.at = world->now, .known = val.known, .x = val.x};

	if (val.text != NULL)
		snprintf(sample.text, sizeof(sample.text), "%s", val.text);
	if (always || memory->last.known != val.known ||
	    (val.known && !oracle_same(&memory->last, &val)))
		oracle_history_add(&memory->history, &sample);
	oracle_remember(memory, &val);
	return val;
}

/* The next of all times at + span behind now at which something leaves the last span. */
static void wake_at_ends(const struct oracle_world *world, struct oracle_memory *memory,
			 int64_t span)
{
	memory->due = INT64_MAX;
	for (size_t i = 0; i < memory->history.count; i++) {
		int64_t at = memory->history.samples[i].at + span;

		if (at > world->now && at < memory->due)
			memory->due = at;
	}
}

/* Whether the argument was known and true (or false), and whether unknown, in the last span. */
static void survey(const struct oracle_world *world, const struct oracle_expr *expr,
		   const struct oracle_memory *memory, bool seen[3])
{
	const struct oracle_history *history = &memory->history;
	int64_t from = world->now - oracle_span(expr);

	/* What was before the first look is not known. */
	seen[0] = seen[1] = false;
	seen[2] = history->count == 0 || history->samples[0].at > from;
	for (size_t i = 0; i < history->count; i++) {
		const struct oracle_sample *sample = &history->samples[i];
		bool last = i + 1 == history->count;
		int64_t end = last ? INT64_MAX : sample[1].at;

		/* A value that lasted for no time was there all the same. */
		if (end > from || (end == sample->at && end > from))
			seen[!sample->known ? 2 : sample->x != 0] = true;
	}
}

int64_t oracle_span(const struct oracle_expr *expr)
{
	return llround(expr->kids[expr->count - 1]->literal.x * 1e9);
}

/*
 * The first known value since a restart. Up to then time stood still; if that was too long, it
 * was unknown meanwhile.
 */
static bool wakes(const struct oracle_world *world, const struct oracle_expr *expr,
		  struct oracle_memory *memory)
{
	int64_t gap = world->now - memory->waits_since;

	if (!memory->waits || !oracle_eval(world, expr->kids[0]).known)
		return false;
	memory->waits = false;
	for (size_t i = 0; i < memory->history.count && gap <= ORACLE_OUTAGE; i++)
		memory->history.samples[i].at += gap;
	if (gap > ORACLE_OUTAGE) {
		oracle_history_add(&memory->history,
				   &(struct oracle_sample){.at = memory->waits_since});
		memory->last = oracle_unknown();
	}
	return true;
}

void oracle_held(const struct oracle_world *world, const struct oracle_expr *expr,
		 struct oracle_memory *memory, bool sampled)
{
	size_t count = memory->history.count;
	bool woke = wakes(world, expr, memory), seen[3];

	(void)sampled;
	if (memory->waits)
		return;
	oracle_note(world, expr, memory, false);
	if (count == memory->history.count && !woke && !memory->struck)
		return;
	survey(world, expr, memory, seen);
	memory->now = seen[0]	? oracle_truth(false)
		      : seen[2] ? oracle_unknown()
				: oracle_truth(true);
	wake_at_ends(world, memory, oracle_span(expr));
}

void oracle_once(const struct oracle_world *world, const struct oracle_expr *expr,
		 struct oracle_memory *memory, bool sampled)
{
	size_t count = memory->history.count;
	bool woke = wakes(world, expr, memory), seen[3];

	(void)sampled;
	if (memory->waits)
		return;
	oracle_note(world, expr, memory, false);
	if (count == memory->history.count && !woke && !memory->struck)
		return;
	survey(world, expr, memory, seen);
	memory->now = seen[1]	? oracle_truth(true)
		      : seen[2] ? oracle_unknown()
				: oracle_truth(false);
	wake_at_ends(world, memory, oracle_span(expr));
}

void oracle_lasted(const struct oracle_world *world, const struct oracle_expr *expr,
		   struct oracle_memory *memory, bool sampled)
{
	size_t count = memory->history.count;
	bool woke = wakes(world, expr, memory);
	struct oracle_val val;
	int64_t end;

	(void)sampled;
	if (memory->waits)
		return;
	val = oracle_note(world, expr, memory, false);
	if (memory->history.count == 0 ||
	    (count == memory->history.count && !woke && !memory->struck))
		return;
	end = memory->history.samples[memory->history.count - 1].at + expr->limit_ns;
	memory->now = val;
	memory->due = INT64_MAX;
	if (val.known && val.x != 0) {
		memory->now = oracle_truth(world->now >= end);
		memory->due = world->now >= end ? INT64_MAX : end;
	}
}

void oracle_prev(const struct oracle_world *world, const struct oracle_expr *expr,
		 struct oracle_memory *memory, bool sampled)
{
	(void)world;
	(void)expr;
	if (!sampled)
		return;
	memory->now = memory->last;
	memory->closes = true;
}

void oracle_prev_close(const struct oracle_world *world, struct oracle_memory *memory)
{
	struct oracle_val val = oracle_eval(world, memory->expr->kids[0]);

	memory->closes = false;
	if (val.known)
		memory->last = val;
}

void oracle_ewma(const struct oracle_world *world, const struct oracle_expr *expr,
		 struct oracle_memory *memory, bool sampled)
{
	struct oracle_val val = oracle_eval(world, expr->kids[0]);
	double y = 0, at = 0;
	bool any = false;

	if (sampled && val.known)
		oracle_note(world, expr, memory, true);
	/* From the very first sample on, each time. */
	for (size_t i = 0; i < memory->history.count; i++) {
		const struct oracle_sample *sample = &memory->history.samples[i];
		double dt = (double)sample->at / 1e9 - at;

		y = any ? y + (1 - exp(-dt / expr->kids[1]->literal.x)) * (sample->x - y)
			: sample->x;
		at = (double)sample->at / 1e9;
		any = true;
	}
	memory->now = val.known && any ? oracle_number(y) : oracle_unknown();
}
