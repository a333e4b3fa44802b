/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns what nodes remember over a restart of the program. */
#include <math.h>

#include "rules/node.h"
#include "rules/node_memory.h"
#include "rules/pack.h"
#include "rules/window.h"

/* ---- held, once, since ------------------------------------------------------------------- */

/* Up to when its own time went: who still waits has stood still since then. */
static int64_t saved_at(bool waits, int64_t waits_since, int64_t now)
{
	return waits ? waits_since : now;
}

static bool is_truth(double value)
{
	return isnan(value) || value == 0 || value == 1;
}

static void held_save(const struct node_run *run, int64_t now, struct str *out)
{
	const struct node_held *held = run->memory;
	int64_t at = saved_at(held->waits, held->waits_since, now);

	pack_add_age(out, now, at);
	pack_add_double(out, held->value);
	pack_add_age(out, at, held->false_until);
	pack_add_age(out, at, held->unknown_until);
}

static int64_t take_time(struct pack *in, int64_t at)
{
	int64_t age = pack_take_age(in);

	return age < PACK_AGE_MAX ? at - age : NODE_LONG_AGO;
}

static bool held_load(const struct node_run *run, struct pack *in, int64_t now)
{
	int64_t at = now - pack_take_age(in);
	struct node_held held = {.waits = true, .waits_since = at};

	held.value = pack_take_double(in);
	held.false_until = take_time(in, at);
	held.unknown_until = take_time(in, at);
	if (in->bad || !is_truth(held.value))
		return false;
	*(struct node_held *)run->memory = held;
	return true;
}

static void since_save(const struct node_run *run, int64_t now, struct str *out)
{
	const struct node_since *since = run->memory;
	int64_t at = saved_at(since->waits, since->waits_since, now);

	pack_add_age(out, now, at);
	pack_add_double(out, since->value);
	pack_add_age(out, at, since->since);
}

static bool since_load(const struct node_run *run, struct pack *in, int64_t now)
{
	int64_t at = now - pack_take_age(in);
	struct node_since since = {.waits = true, .waits_since = at};

	since.value = pack_take_double(in);
	since.since = at - pack_take_age(in);
	if (in->bad || !is_truth(since.value))
		return false;
	*(struct node_since *)run->memory = since;
	return true;
}

/* ---- ewma, prev -------------------------------------------------------------------------- */

static void ewma_save(const struct node_run *run, int64_t now, struct str *out)
{
	const struct node_ewma *ewma = run->memory;

	pack_add_double(out, ewma->mean);
	pack_add_age(out, now, ewma->at);
}

static bool ewma_load(const struct node_run *run, struct pack *in, int64_t now)
{
	struct node_ewma ewma = {.value = NAN};

	ewma.mean = pack_take_double(in);
	ewma.at = now - pack_take_age(in);
	if (!in->bad)
		*(struct node_ewma *)run->memory = ewma;
	return !in->bad;
}

static void prev_save(const struct node_run *run, int64_t now, struct str *out)
{
	const struct node_prev *prev = run->memory;

	(void)now;
	pack_add_double(out, prev->current);
}

static bool prev_load(const struct node_run *run, struct pack *in, int64_t now)
{
	double current = pack_take_double(in);

	(void)now;
	if (!in->bad)
		*(struct node_prev *)run->memory = (struct node_prev){current};
	return !in->bad;
}

/* ---- windows ----------------------------------------------------------------------------- */

static void save_window(const struct node_run *run, int64_t now, struct str *out)
{
	window_save(run->memory, now, out);
}

/*
 * Its readers wait for a sample, which then changes what it yields, whatever that was before;
 * or for the time at which an old one leaves. Who counts none will see neither.
 */
static void rest_window(const struct node_run *run, int64_t now)
{
	window_expire(run->memory, now);
	for (const struct node_output *out = run->node->outputs; out != NULL; out = out->next) {
		bool none = out->function == WINDOW_COUNT &&
			    window_result(run->memory, WINDOW_COUNT, 0) == 0;

		run->slots[out->slot] = none ? 0 : NAN;
	}
}

/* What came since the save is not known. */
static bool load_window(const struct node_run *run, struct pack *in, int64_t now)
{
	struct window_spec spec;

	node_window_spec(run->node, &spec);
	if (!window_load(run->memory, &spec, in, now))
		return false;
	window_put(run->memory, now, NAN);
	return true;
}

/* ---- all of them ------------------------------------------------------------------------- */

/* load: now is the instant of the save on the clock of today. */
struct node_keeper {
	const char *name;
	bool brief;    /* also with a span below NODE_OUTAGE_NS */
	bool timeless; /* also if nobody knows how long the outage was */
	void (*save)(const struct node_run *run, int64_t now, struct str *out);
	bool (*load)(const struct node_run *run, struct pack *in, int64_t now);
};

/* clang-format off */
static const struct node_keeper keepers[NODE_KINDS] = {
	[NODE_WINDOW] = {"window", false, false, save_window, load_window},
	[NODE_HELD]   = {"held", false, false, held_save,   held_load},
	[NODE_ONCE]   = {"once", false, false, held_save,   held_load},
	[NODE_SINCE]  = {"since", true,  false, since_save,  since_load},
	[NODE_LASTED] = {"lasted", true,  false, since_save,  since_load},
	[NODE_EWMA]   = {"ewma", true,  true,  ewma_save,   ewma_load},
	[NODE_PREV]   = {"prev", true,  true,  prev_save,   prev_load},
};
/* clang-format on */

bool node_outlives(const struct node *node)
{
	const struct node_keeper *keeper = &keepers[node->kind];

	return keeper->save != NULL && node->operand != VALUE_TEXT && node->key != NULL &&
	       (keeper->brief || node->span_ns >= NODE_OUTAGE_NS);
}

const char *node_kind_name(enum node_kind kind)
{
	return keepers[kind].name;
}

void node_save(const struct node_run *run, int64_t now, struct str *out)
{
	keepers[run->node->kind].save(run, now, out);
}

bool node_load(const struct node_run *run, struct pack *in, int64_t now, int64_t outage_ns)
{
	const struct node_keeper *keeper = &keepers[run->node->kind];

	if (outage_ns < 0 && !keeper->timeless)
		return false;
	if (!keeper->load(run, in, now - (outage_ns > 0 ? outage_ns : 0)))
		return false;
	if (run->node->kind == NODE_WINDOW)
		rest_window(run, now);
	return true;
}
