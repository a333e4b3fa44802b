/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns what nodes remember. */
#include "rules/node.h"

#include <math.h>
#include <string.h>

#include "rules/node_memory.h"

/* ---- held, once ------------------------------------------------------------------------- */

static void held_start(const struct node_run *run, int64_t now)
{
	struct node_held *held = run->memory;

	(void)now;
	*held = (struct node_held){
		.value = NAN, .false_until = NODE_LONG_AGO, .unknown_until = NODE_LONG_AGO};
}

/* The first known operand after a restart. */
static void held_wake(struct node_held *held, int64_t now)
{
	int64_t gap = now - held->waits_since;

	held->waits = false;
	if (gap > NODE_OUTAGE_NS) {
		if (held->value == 0)
			held->false_until = held->waits_since;
		held->value = NAN;
		return;
	}
	held->false_until += gap;
	held->unknown_until += gap;
}

static void held_take(const struct node_run *run, double value, int64_t now)
{
	struct node_held *held = run->memory;

	if (held->waits && isnan(value))
		return;
	if (held->waits)
		held_wake(held, now);
	if (held->value == 0)
		held->false_until = now;
	if (isnan(held->value))
		held->unknown_until = now;
	held->value = value;
}

static double held_yield(const struct node_run *run, int64_t now)
{
	const struct node_held *held = run->memory;
	int64_t from = now - run->node->span_ns;

	if (held->waits)
		return NAN;
	if (held->value == 0 || held->false_until > from)
		return 0;
	return isnan(held->value) || held->unknown_until > from ? NAN : 1;
}

static int64_t held_deadline(const struct node_run *run, int64_t now)
{
	const struct node_held *held = run->memory;
	int64_t ends[] = {held->false_until + run->node->span_ns,
			  held->unknown_until + run->node->span_ns};
	int64_t next = INT64_MAX;

	for (int i = 0; i < 2; i++) {
		if (ends[i] > now && ends[i] < next)
			next = ends[i];
	}
	return held->waits || held->value == 0 ? INT64_MAX : next;
}

/* c was true at some time if it is not so that 'not c' was true throughout. */
static void once_take(const struct node_run *run, double value, int64_t now)
{
	held_take(run, 1 - value, now);
}

static double once_yield(const struct node_run *run, int64_t now)
{
	return 1 - held_yield(run, now);
}

/* ---- since ------------------------------------------------------------------------------ */

static void since_start(const struct node_run *run, int64_t now)
{
	struct node_since *since = run->memory;

	*since = (struct node_since){.value = NAN, .since = now};
}

static void since_wake(struct node_since *since, int64_t now)
{
	int64_t gap = now - since->waits_since;

	since->waits = false;
	since->since += gap;
	if (gap > NODE_OUTAGE_NS)
		since->value = NAN;
}

static void since_take(const struct node_run *run, double value, int64_t now)
{
	struct node_since *since = run->memory;

	if (since->waits && isnan(value))
		return;
	if (since->waits)
		since_wake(since, now);
	if (value == 1 && since->value != 1)
		since->since = now;
	since->value = value;
}

/* Seconds on the engine's clock; a time that never comes while c is false. */
static double since_yield(const struct node_run *run, int64_t now)
{
	const struct node_since *since = run->memory;

	(void)now;
	if (since->waits || isnan(since->value))
		return NAN;
	return since->value == 1 ? (double)since->since / 1e9 : NODE_NEVER_S;
}

static double lasted_yield(const struct node_run *run, int64_t now)
{
	const struct node_since *since = run->memory;

	if (since->waits)
		return NAN;
	if (since->value != 1)
		return since->value;
	return now - since->since >= run->node->span_ns;
}

static int64_t lasted_deadline(const struct node_run *run, int64_t now)
{
	const struct node_since *since = run->memory;
	int64_t end = since->since + run->node->span_ns;

	return !since->waits && since->value == 1 && end > now ? end : INT64_MAX;
}

static int64_t no_deadline(const struct node_run *run, int64_t now)
{
	(void)run;
	(void)now;
	return INT64_MAX;
}

/* ---- ewma, prev ------------------------------------------------------------------------- */

static void ewma_start(const struct node_run *run, int64_t now)
{
	struct node_ewma *ewma = run->memory;

	*ewma = (struct node_ewma){NAN, NAN, now};
}

static void ewma_take(const struct node_run *run, double value, int64_t now)
{
	struct node_ewma *ewma = run->memory;
	double tau = (double)run->node->span_ns;

	ewma->value = value;
	if (isnan(value))
		return;
	if (isnan(ewma->mean))
		ewma->mean = value;
	else
		ewma->mean -= expm1(-(double)(now - ewma->at) / tau) * (value - ewma->mean);
	ewma->at = now;
}

static double ewma_yield(const struct node_run *run, int64_t now)
{
	const struct node_ewma *ewma = run->memory;

	(void)now;
	return isnan(ewma->value) ? NAN : ewma->mean;
}

static void prev_start(const struct node_run *run, int64_t now)
{
	struct node_prev *prev = run->memory;

	(void)now;
	prev->current = NAN;
}

/* Only its own turn in a pass moves it on. */
static double prev_yield(const struct node_run *run, int64_t now)
{
	(void)now;
	return run->slots[run->node->slot];
}

/* ---- windows ---------------------------------------------------------------------------- */

void node_window_spec(const struct node *node, struct window_spec *ret)
{
	*ret = (struct window_spec){.span_ns = node->span_ns, .interval_ns = node->interval_ns};
	for (const struct node_output *out = node->outputs; out != NULL; out = out->next)
		ret->functions |= 1u << out->function;
}

static size_t node_window_memory(const struct node *node)
{
	struct window_spec spec;

	node_window_spec(node, &spec);
	return window_size(&spec);
}

static void node_window_start(const struct node_run *run, int64_t now)
{
	struct window_spec spec;

	node_window_spec(run->node, &spec);
	window_init(run->memory, &spec, now);
}

double node_window_result(const struct node_run *run, uint8_t function, double parameter)
{
	return window_result(run->memory, (enum window_function)function, parameter);
}

static bool node_set(double *slot, double value)
{
	double last = *slot;

	*slot = value;
	return isnan(last) ? !isnan(value) : last != value;
}

static bool node_window_yields(const struct node_run *run)
{
	bool changed = false;

	for (const struct node_output *out = run->node->outputs; out != NULL; out = out->next) {
		double result = node_window_result(run, out->function, out->parameter);

		changed = node_set(&run->slots[out->slot], result) || changed;
	}
	return changed;
}

static int64_t node_window_deadline(const struct node_run *run)
{
	int64_t deadline;

	return window_deadline(run->memory, &deadline) ? deadline : INT64_MAX;
}

/* ---- all of them ------------------------------------------------------------------------ */

/* Windows are of several sizes and yield several values: they have functions of their own. */
struct node_type {
	size_t memory;
	void (*start)(const struct node_run *run, int64_t now);
	void (*take)(const struct node_run *run, double value, int64_t now);
	double (*yield)(const struct node_run *run, int64_t now);
	int64_t (*deadline)(const struct node_run *run, int64_t now);
};

/* clang-format off */
static const struct node_type types[NODE_KINDS] = {
	[NODE_HELD]   = {sizeof(struct node_held),  held_start,  held_take,  held_yield,   held_deadline},
	[NODE_ONCE]   = {sizeof(struct node_held),  held_start,  once_take,  once_yield,   held_deadline},
	[NODE_SINCE]  = {sizeof(struct node_since), since_start, since_take, since_yield,  no_deadline},
	[NODE_LASTED] = {sizeof(struct node_since), since_start, since_take, lasted_yield, lasted_deadline},
	[NODE_EWMA]   = {sizeof(struct node_ewma),  ewma_start,  ewma_take,  ewma_yield,   no_deadline},
	[NODE_PREV]   = {sizeof(struct node_prev),  prev_start,  NULL,        prev_yield,   no_deadline},
};
/* clang-format on */

size_t node_memory(const struct node *node)
{
	return node->kind == NODE_WINDOW ? node_window_memory(node) : types[node->kind].memory;
}

void node_start(const struct node_run *run, int64_t now)
{
	if (run->node->kind == NODE_WINDOW) {
		node_window_start(run, now);
		node_window_yields(run); /* there are no samples: that is a count */
	} else {
		types[run->node->kind].start(run, now);
	}
}

bool node_refresh(const struct node_run *run, int64_t now)
{
	if (run->node->kind == NODE_WINDOW) {
		window_expire(run->memory, now);
		return node_window_yields(run);
	}
	return node_set(&run->slots[run->node->slot], types[run->node->kind].yield(run, now));
}

bool node_feed(const struct node_run *run, double value, int64_t now)
{
	const struct node_prev *prev = run->memory;

	if (run->node->kind == NODE_PREV)
		return node_set(&run->slots[run->node->slot], prev->current);
	if (run->node->kind == NODE_WINDOW) {
		window_put(run->memory, now, value);
		return node_window_yields(run);
	}
	types[run->node->kind].take(run, value, now);
	return node_refresh(run, now);
}

int64_t node_deadline(const struct node_run *run, int64_t now)
{
	if (run->node->kind == NODE_WINDOW)
		return node_window_deadline(run);
	return types[run->node->kind].deadline(run, now);
}

double node_since_s(const struct node_run *run, int64_t now)
{
	const struct node_since *since = run->memory;

	if (since->waits)
		return NAN;
	return since->value == 1 ? (double)(now - since->since) / 1e9 : since->value;
}

void node_close(const struct node_run *run, double value)
{
	struct node_prev *prev = run->memory;

	if (!isnan(value))
		prev->current = value;
}

/* What it yielded it yields: after a restart that is nothing before its first sample. */
static void node_adopt_outputs(const struct node_run *run, const struct node_run *from)
{
	for (const struct node_output *out = run->node->outputs; out != NULL; out = out->next) {
		const struct node_output *before = from->node->outputs;

		while (before != NULL && (before->function != out->function ||
					  before->parameter != out->parameter))
			before = before->next;
		run->slots[out->slot] =
			before != NULL ? from->slots[before->slot]
				       : node_window_result(run, out->function, out->parameter);
	}
}

void node_adopt(const struct node_run *run, const struct node_run *from, int64_t now)
{
	if (run->node->kind == NODE_WINDOW) {
		if (window_adopt(run->memory, from->memory))
			node_adopt_outputs(run, from);
		return;
	}
	memcpy(run->memory, from->memory, types[run->node->kind].memory);
	if (run->node->kind == NODE_PREV)
		run->slots[run->node->slot] = from->slots[from->node->slot];
	else
		node_refresh(run, now);
}
