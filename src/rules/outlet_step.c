/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns what of an output is written when: its interlocks, its times, and what failed. */
#include "rules/outlet.h"

#include <assert.h>

#include "model/point.h"
#include "rules/outlet_inside.h"

#define BACKOFF_LEAST_NS (1 * NSEC_PER_SEC)
#define BACKOFF_MOST_NS	 (60 * NSEC_PER_SEC)

static bool wants_unknown(const struct outlet *outlet)
{
	return outlet->undecided && !outlet->blind && outlet->point->interlock != NULL &&
	       outlet->point->interlock->on_unknown.kind != VALUE_NONE;
}

static struct boot unknown_due(const struct outlet *outlet)
{
	return boot_add(outlet->undecided_since, outlet->point->interlock->unknown_ns);
}

static bool is(struct value value, bool flag)
{
	return value.kind == VALUE_BOOL && value.flag == flag;
}

/* Whether max_on is nobody's matter yet: an off is not on its way. */
static bool max_on_counts(const struct outlet *outlet)
{
	struct value wanted;
	const char *who;

	outlet_layer(outlet, &wanted, &who);
	return !(outlet->dirty && is(wanted, false)) &&
	       !(outlet->open > 0 && is(outlet->asked.value, false));
}

/* Whoever wants it on has had it on for as long as may be, and has to want it anew. */
static void drop_on(struct outlet *outlet)
{
	for (size_t i = 0; i < outlet->rule_count; i++)
		if (is(outlet->claims[i].kept.value, true))
			outlet->claims[i].holds = false;
	if (is(outlet->operator.value, true))
		outlet->operated = false;
	if (outlet->starting && !outlet->forgotten &&
	    is(outlet->point->interlock->on_start, true))
		outlet->starting = false;
	if (outlet->blind && is(outlet->point->interlock->on_unknown, true))
		outlet->spent = true;
	if (!is(outlet->base.value, false))
		outlet_set_base(outlet, value_bool(false), "max_on");
	outlet->asked.value = outlet->wanted.value = (struct value){0};
	outlet->resumes = false;
	outlet_turn(outlet, false);
}

/* When max_on is over; what is wanted on again by itself is so for the rest of its time. */
static bool max_on_due(const struct outlet *outlet, struct boot *ret)
{
	bool runs = interlock_deadline(outlet->interlock, ret);
	struct value wanted;
	struct boot rest;
	const char *who;

	outlet_layer(outlet, &wanted, &who);
	if (!outlet->resumes || !is(wanted, true) || outlet->limits.max_on_ns <= 0)
		return runs;
	rest = boot_add(outlet->resumes_from, outlet->limits.max_on_ns);
	if (!runs || rest.ns < ret->ns)
		*ret = rest;
	return true;
}

/* What is over by now. */
static void expire(struct outlet *outlet, struct boot now)
{
	struct boot due;

	if (outlet->operated && outlet->hold_until.ns <= now.ns)
		outlet->operated = false;
	if (wants_unknown(outlet) && unknown_due(outlet).ns <= now.ns) {
		outlet->blind = true;
		outlet->operated = false;
	}
	outlet_turn(outlet, false);
	if (max_on_due(outlet, &due) && due.ns <= now.ns && max_on_counts(outlet))
		drop_on(outlet);
	if (outlet->retries && outlet->retry_at.ns <= now.ns)
		outlet->retries = false;
}

/* An off of the start, of the stop, or that it began with, ends nothing that is wanted on. */
static void interrupted(struct outlet *outlet, bool was_on, struct boot from)
{
	if (!was_on)
		return;
	outlet->resumes = true;
	outlet->resumes_from = from;
}

static void sends(struct outlet *outlet, struct outlet_move *move, struct boot now)
{
	struct boot from = {0};
	bool was_on = interlock_on_from(outlet->interlock, &from);

	if (outlet->open == 0) {
		interlock_adopt(outlet->before, outlet->interlock);
		outlet->left = false;
	}
	move->changes = interlock_wrote(outlet->interlock, move->value, now);
	if (is(move->value, true) && outlet->resumes)
		interlock_goes_on(outlet->interlock, outlet->resumes_from);
	else if (is(move->value, false) && (outlet->starting || outlet->stopped))
		interrupted(outlet, was_on, from);
	else
		outlet->resumes = false;
	outlet->open++;
	outlet_keep(&outlet->asked, move->value);
	outlet->dirty = outlet->waits = outlet->retries = false;
	outlet->tried_at = outlet->set_at = now;
	outlet->set = true;
	outlet_say(outlet->set_by, move->who);
}

enum outlet_step outlet_step(struct outlet *outlet, struct boot now, struct outlet_move *ret)
{
	enum outlet_layer layer;

	*ret = (struct outlet_move){0};
	if (outlet->stopped)
		return OUTLET_RESTS;
	expire(outlet, now);
	if (!outlet->dirty || outlet->retries)
		return OUTLET_RESTS;
	layer = outlet_layer(outlet, &ret->value, &ret->who);
	ret->own = outlet->own;
	ret->verdict = interlock_ask(outlet->interlock, ret->value, now, &ret->until);
	switch (ret->verdict) {
	case INTERLOCK_GO:
		sends(outlet, ret, now);
		return OUTLET_WRITES;
	case INTERLOCK_CHANGES:
		/* Nobody would ask again. */
		if (!outlet->own)
			break;
		__attribute__((fallthrough));
	case INTERLOCK_MIN_ON:
	case INTERLOCK_MIN_OFF:
		ret->news = !outlet->waits;
		outlet->waits = true;
		outlet->verdict = ret->verdict;
		outlet->wait_until = ret->until;
		return OUTLET_WAITS;
	case INTERLOCK_RANGE:
		break;
	}
	outlet->dirty = outlet->waits = false;
	if (layer == OUTLET_START) {
		outlet->starting = false;
		outlet_turn(outlet, false);
	}
	return OUTLET_REFUSES;
}

/*
 * Whether it is tried again, as nobody else will. An off again is an off. Anything else might
 * be carried out twice, and is only as long as a rule holds it, if it never left. Texts are
 * commands, and people see what becomes of theirs.
 */
static bool goes_on(const struct outlet *outlet)
{
	struct value wanted;
	const char *who;
	enum outlet_layer layer = outlet_layer(outlet, &wanted, &who);

	if (outlet->own && !outlet->resends)
		return true;
	if (wanted.kind == VALUE_TEXT || (layer != OUTLET_RULE && layer != OUTLET_BASE))
		return false;
	return outlet_is_harmless(outlet, wanted) || (layer == OUTLET_RULE && !outlet->left);
}

static void failed(struct outlet *outlet, struct boot now)
{
	struct boot since;

	/* What never left changed nothing. */
	outlet->asked.value =
		outlet->left ? (struct value){0} : interlock_value(outlet->interlock, &since);
	if (!outlet->own && !outlet->left && outlet->operated)
		outlet_operator_leaves(outlet);
	if (outlet->dirty || !goes_on(outlet))
		return;
	outlet->resends = outlet->resends || !outlet->own;
	outlet->own = true;
	outlet->backoff_ns = 2 * outlet->backoff_ns;
	if (outlet->backoff_ns < BACKOFF_LEAST_NS)
		outlet->backoff_ns = BACKOFF_LEAST_NS;
	if (outlet->backoff_ns > BACKOFF_MOST_NS)
		outlet->backoff_ns = BACKOFF_MOST_NS;
	outlet->dirty = outlet->retries = true;
	outlet->retry_at = boot_add(now, outlet->backoff_ns);
}

static void succeeded(struct outlet *outlet)
{
	outlet->own = outlet->resends = false;
	outlet->backoff_ns = 0;
	if (!outlet->starting)
		return;
	outlet->starting = false;
	outlet_turn(outlet, false);
}

void outlet_ended(struct outlet *outlet, const struct outlet_end *end, struct boot now)
{
	assert(outlet->open > 0);
	outlet->open--;
	outlet->left |= end->left;
	if (end->left)
		interlock_doubt(outlet->interlock, !end->done);
	if (end->left && end->changes)
		interlock_landed(outlet->interlock, end->value, now);
	if (outlet->open > 0)
		return;
	if (!outlet->left)
		interlock_adopt(outlet->interlock, outlet->before);
	if (outlet->dirty || outlet->stopped)
		return;
	if (end->done)
		succeeded(outlet);
	else
		failed(outlet, now);
}

bool outlet_retries(const struct outlet *outlet)
{
	return outlet->retries;
}

bool outlet_lost(struct outlet *outlet, struct boot now)
{
	outlet->unseen = outlet->point->begins;
	return interlock_lost(outlet->interlock, now);
}

/* What it began with is not what counts: nobody would ask again. */
static bool begins_wrong(struct outlet *outlet, struct value value)
{
	struct value wanted;
	const char *who;

	outlet->unseen = false;
	outlet_layer(outlet, &wanted, &who);
	if (wanted.kind == VALUE_NONE || value_equal(wanted, value))
		return false;
	outlet_keep(&outlet->asked, value);
	outlet->dirty = outlet->own = true;
	outlet->retries = outlet->waits = false;
	return true;
}

bool outlet_saw(struct outlet *outlet, struct value value, struct boot now)
{
	struct value wanted;
	struct boot from = {0};
	const char *who;
	bool was_on, news;

	/* What is under way may have been read or not. */
	if (outlet->open > 0 || value.kind == VALUE_TEXT)
		return false;
	was_on = interlock_on_from(outlet->interlock, &from);
	news = interlock_saw(outlet->interlock, value, now);
	if (outlet->unseen && begins_wrong(outlet, value)) {
		interrupted(outlet, was_on && is(value, false), from);
		return true;
	}
	if (was_on && is(value, false))
		outlet->resumes = false;
	if (!outlet->retries)
		return value.kind == VALUE_BOOL && news;
	outlet_layer(outlet, &wanted, &who);
	if (value_equal(wanted, value)) {
		outlet_keep(&outlet->asked, value);
		outlet->dirty = outlet->retries = false;
		succeeded(outlet);
	} else if (boot_diff(outlet->retry_at, outlet->tried_at) > BACKOFF_LEAST_NS) {
		/* It is there again. */
		outlet->retry_at = boot_add(outlet->tried_at, BACKOFF_LEAST_NS);
	}
	return true;
}

bool outlet_deadline(const struct outlet *outlet, struct boot *ret)
{
	struct boot earliest = BOOT_NEVER, due;

	if (outlet->stopped)
		return false;
	if (outlet->operated)
		earliest = outlet->hold_until;
	if (wants_unknown(outlet) && unknown_due(outlet).ns < earliest.ns)
		earliest = unknown_due(outlet);
	if (outlet->retries && outlet->retry_at.ns < earliest.ns)
		earliest = outlet->retry_at;
	if (outlet->dirty && outlet->waits && !outlet->retries &&
	    outlet->wait_until.ns < earliest.ns)
		earliest = outlet->wait_until;
	if (max_on_due(outlet, &due) && due.ns < earliest.ns && max_on_counts(outlet))
		earliest = due;
	if (earliest.ns == BOOT_NEVER.ns)
		return false;
	*ret = earliest;
	return true;
}

bool outlet_stop(struct outlet *outlet, struct boot now, struct outlet_move *ret)
{
	if (outlet->stopped)
		return false;
	outlet->stopped = true;
	if (outlet->point->interlock == NULL ||
	    outlet->point->interlock->on_stop.kind == VALUE_NONE)
		return false;
	*ret = (struct outlet_move){
		.who = "on_stop",
		.value = outlet->point->interlock->on_stop,
	};
	sends(outlet, ret, now);
	return true;
}

void outlet_report(const struct outlet *outlet, struct boot now, struct outlet_report *ret)
{
	static const char *const layers[] = {"start", "operator", "unknown",
					     "rule",  "base",	  NULL};
	enum outlet_layer layer;
	const char *who;

	*ret = (struct outlet_report){
		.hold_until = BOOT_NEVER,
		.set_by = outlet->set ? outlet->set_by : NULL,
		.set_at = outlet->set_at,
		.waits = outlet->dirty && outlet->waits,
		.verdict = outlet->verdict,
		.until = outlet->wait_until,
		.retries = outlet->retries,
		.changes_left = interlock_left(outlet->interlock, now),
	};
	ret->value = interlock_value(outlet->interlock, &ret->since);
	layer = outlet_layer(outlet, &ret->wanted, &who);
	ret->layer = layers[layer];
	ret->holder = layer < OUTLET_BASE ? who : NULL;
	if (layer == OUTLET_OPERATOR)
		ret->hold_until = outlet->hold_until;
	ret->max_on = interlock_deadline(outlet->interlock, &ret->off_at);
}
