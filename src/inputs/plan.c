/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the arithmetic of whether a bus has time for what is asked of it. */
#include "inputs/plan.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/str.h"
#include "inputs/input.h"

enum { UNITS = 256, HALVINGS = 60, ROOM_FIRST = 64 };

/* What a day has no room for does not get any slower. */
static const double slowest_ns = 1e3 * 86400 * 1e9;

/* One unit number: its requests are among those from 'from' to before 'end'. */
struct turn_taker {
	size_t from, end;
	double round_ns; /* to come round to all of its requests; 0: it has turns to spare */
};

/* How often a request comes if its unit comes round to it every so many nanoseconds. */
static double every(const struct plan_request *request, double round_ns)
{
	return (double)request->interval_ns > round_ns ? (double)request->interval_ns
						       : round_ns;
}

/* Requests a nanosecond of one unit. */
static double unit_rate(const struct plan *plan, const struct turn_taker *units, int unit,
			double round_ns)
{
	double rate = 0;

	for (size_t i = units[unit].from; i < units[unit].end; i++) {
		if (plan->requests[i].unit == unit)
			rate += 1 / every(&plan->requests[i], round_ns);
	}
	return rate;
}

static double unit_round(const struct plan *plan, const struct turn_taker *units, int unit,
			 double turns)
{
	double low = 0, high = slowest_ns;

	if (unit_rate(plan, units, unit, 0) <= turns)
		return 0;
	for (int i = 0; i < HALVINGS; i++) {
		double round = (low + high) / 2;

		if (unit_rate(plan, units, unit, round) > turns)
			low = round;
		else
			high = round;
	}
	return high;
}

static double use_of(const struct plan *plan, const struct turn_taker *units)
{
	double use = 0;

	for (size_t i = 0; i < plan->count; i++) {
		const struct plan_request *request = &plan->requests[i];

		use += (double)request->takes_ns /
		       every(request, units[request->unit].round_ns);
	}
	return use;
}

/*
 * Units have their turns one after the other, one request each (modbus_queue): those that ask
 * for less than their turns get all of it, and the others the same number of turns.
 */
static void share_turns(const struct plan *plan, struct turn_taker *units)
{
	/* Turns a nanosecond; no request takes less than that. */
	double low = 0, high = 1;

	for (int i = 0; i < HALVINGS; i++) {
		double turns = (low + high) / 2;

		for (int unit = 0; unit < UNITS; unit++)
			units[unit].round_ns = unit_round(plan, units, unit, turns);
		if (use_of(plan, units) > 1)
			high = turns;
		else
			low = turns;
	}
}

static double stretched(const struct plan_request *request)
{
	return (double)request->possible_ns / (double)request->interval_ns;
}

static void stretch(struct plan *plan)
{
	struct turn_taker units[UNITS] = {0};

	for (size_t i = 0; i < plan->count; i++) {
		struct turn_taker *unit = &units[plan->requests[i].unit];

		if (unit->end == 0)
			unit->from = i;
		unit->end = i + 1;
	}
	share_turns(plan, units);
	for (size_t i = 0; i < plan->count; i++) {
		struct plan_request *request = &plan->requests[i];

		request->possible_ns = (int64_t)every(request, units[request->unit].round_ns);
		if (plan->slowest == NULL || stretched(request) > stretched(plan->slowest))
			plan->slowest = request;
	}
}

static void add_up(struct plan *plan)
{
	plan->timed = plan->count > 0;
	for (size_t i = 0; i < plan->count; i++) {
		struct plan_request *request = &plan->requests[i];

		request->possible_ns = request->interval_ns;
		plan->rate += (double)NSEC_PER_SEC / (double)request->interval_ns;
		plan->use += (double)request->takes_ns / (double)request->interval_ns;
		plan->timed = plan->timed && request->takes_ns > 0;
	}
	if (plan->timed && plan->use > 1)
		stretch(plan);
}

struct plan *plan_new(const struct input_type *type, const struct input_config *config)
{
	struct plan *plan;
	size_t room = ROOM_FIRST;

	if (type->plan == NULL)
		return NULL;
	plan = xcalloc(1, sizeof(*plan));
	plan->requests = xcalloc(room, sizeof(*plan->requests));
	while (type->plan(config, plan->count, &plan->requests[plan->count])) {
		if (++plan->count < room)
			continue;
		room *= 2;
		plan->requests = xreallocarray(plan->requests, room, sizeof(*plan->requests));
	}
	add_up(plan);
	return plan;
}

void plan_free(struct plan *plan)
{
	if (plan == NULL)
		return;
	free(plan->requests);
	free(plan);
}

void plan_add_time(struct str *out, int64_t ns)
{
	double seconds = (double)ns / (double)NSEC_PER_SEC;

	if (seconds < 0.01)
		str_addf(out, "%.2g ms", 1e3 * seconds);
	else if (seconds < 1)
		str_addf(out, "%.0f ms", 1e3 * seconds);
	else if (seconds < 10)
		str_addf(out, "%.2g s", seconds);
	else
		str_addf(out, "%.0f s", seconds);
}
