/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns an engine's memory, its life, and what it reports. The passes are engine_core.c's. */
#include "rules/engine.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "model/point.h"
#include "rules/engine_core.h"
#include "rules/message.h"
#include "rules/room.h"
#include "rules/ruleset.h"

/* Numbers the owners of timers; how many they are. */
static uint32_t engine_number_owners(struct engine *engine, const struct ruleset *set)
{
	const struct program *program = ruleset_program(set);

	engine->first_node = program->point_count;
	engine->due = engine->first_node + program->node_count;
	engine->first_timed = engine->due + 1;
	engine->first_repeat = engine->first_timed + ruleset_timed(set);
	engine->first_blind = engine->first_repeat + ruleset_repeats(set);
	engine->shelf = engine->first_blind + ruleset_blinds(set);
	engine->first_quiet = engine->shelf + 1;
	return engine->first_quiet + ruleset_quiets(set);
}

static void engine_place(struct engine *engine, const struct ruleset *set, struct room *room)
{
	const struct program *program = ruleset_program(set);
	uint32_t owners = engine_number_owners(engine, set);

	engine->slots = room_take(room, program_slots(program), sizeof(*engine->slots));
	engine->timers.heap = room_take(room, owners, sizeof(*engine->timers.heap));
	engine->timers.places = room_take(room, owners, sizeof(*engine->timers.places));
	engine->timers.deadlines =
		room_take(room, program->node_count, sizeof(*engine->timers.deadlines));
	engine->owner_rules =
		room_take(room, owners - engine->first_timed, sizeof(*engine->owner_rules));
	engine->runs = room_take(room, program->rule_count, sizeof(*engine->runs));
	engine->shelves = room_take(room, program->rule_count, sizeof(*engine->shelves));
	engine->quiets = room_take(room, ruleset_quiets(set), sizeof(*engine->quiets));
	engine->quiet_times =
		room_take(room, ruleset_quiet_times(set), sizeof(*engine->quiet_times));
	engine_clock_place(engine, set, room);
	agenda_place(&engine->nodes, program->node_count, room);
	agenda_place(&engine->ranks, program->rule_count, room);
	engine->fresh = room_take(room, program->point_count, sizeof(*engine->fresh));
	engine->pulses = room_take(room, program->node_count, sizeof(*engine->pulses));
	engine->prevs = room_take(room, program->node_count, sizeof(*engine->prevs));
	engine->memory = room_take(room, program->memory_bytes, 1);
	engine->snapshot = room_take(room, ruleset_most_points(set), sizeof(*engine->snapshot));
	engine->message = room_take(room, MESSAGE_MAX_BYTES + 1, 1);
	store_place(&engine->store, program, engine->slots, room);
}

size_t engine_size(const struct ruleset *set)
{
	struct engine engine;
	struct room room = {.used = sizeof(engine)};

	engine_place(&engine, set, &room);
	return room.used;
}

static void engine_own(struct engine *engine, uint32_t owner, uint32_t number)
{
	engine->owner_rules[owner - engine->first_timed] = number;
}

static void engine_start_rules(struct engine *engine)
{
	int64_t *times = engine->quiet_times;

	for (uint32_t i = 0; i < engine->rule_count; i++) {
		const struct rule *rule = ruleset_rule_get(engine->set, i);

		rule_machine_init(&engine->runs[i].machine, engine->now);
		engine->shelves[i] = INT64_MAX;
		if (rule->more->timed != RULE_UNTIMED)
			engine_own(engine, engine->first_timed + rule->more->timed, i);
		if (rule->more->repeat_ns > 0)
			engine_own(engine, engine_repeat_owner(engine, rule), i);
		if (rule->more->blind_ns > 0)
			engine_own(engine, engine_blind_owner(engine, rule), i);
		engine->runs[i].condition = CONDITION_FALSE;
		engine_note_blind(engine, rule, i, false, true);
		engine->runs[i].condition = CONDITION_UNKNOWN;
		if (rule->more->at != NULL)
			engine_clock_begin(engine, i);
		if (rule->more->quiet == RULE_LOUD)
			continue;
		engine_own(engine, engine->first_quiet + rule->more->quiet, i);
		quiet_init(&engine->quiets[rule->more->quiet], rule->more->limits, times);
		times += quiet_room(rule->more->limits);
	}
}

struct engine *engine_new(const struct ruleset *set, const struct point_table *points,
			  struct engine_sink sink, struct boot now)
{
	struct engine *engine = xcalloc(1, engine_size(set));
	struct room room = {.base = (unsigned char *)engine, .used = sizeof(*engine)};
	const struct program *program = ruleset_program(set);

	engine_place(engine, set, &room);
	engine->set = set;
	engine->program = program;
	engine->points = points;
	engine->sink = sink;
	engine->now = now;
	engine->round = 1;
	engine->rule_count = program->rule_count;
	for (uint32_t i = 0; i < program->cell_count; i++)
		engine->slots[PROGRAM_SCRATCH + program->point_count + i] = program->cells[i];
	timers_init(&engine->timers, engine_number_owners(engine, set), engine->first_node,
		    program->node_count);
	store_init(&engine->store, now);
	for (uint32_t i = 0; i < program->point_count; i++)
		engine_rearm(engine, i, now.ns);
	for (uint32_t i = 0; i < program->node_count; i++) {
		const struct node_run run = engine_node(engine, i);

		if (node_memory(run.node) > 0)
			node_start(&run, now.ns);
	}
	engine_start_rules(engine);
	return engine;
}

void engine_free(struct engine *engine)
{
	free(engine);
}

void engine_set_guards(struct engine *engine, bool guarded)
{
	engine->unguarded = !guarded;
	for (uint32_t i = 0; !guarded && i < engine->program->point_count; i++)
		store_unguard(&engine->store, i);
}

/*
 * A reading that may matter to somebody: true. Apart, and the last that is called, so that the
 * way of the others needs no stack.
 */
static __attribute__((noinline)) bool engine_take(struct engine *engine,
						  const struct reading *reading)
{
	struct stored *point = &engine->store.points[reading->point];
	bool aged = false, silent;
	uint8_t reasons = 0;
	unsigned changed;

	if (reading->at.ns > engine->now.ns || point->seen == engine->round)
		engine_settle(engine);
	point->seen = engine->round;
	if (timers_maybe_due(&engine->timers, reading->at.ns))
		engine_run_timers(engine, reading->at);
	engine->now = reading->at;
	silent = point->expired;
	changed = store_put(&engine->store, reading);
	if (point->expired != silent) {
		engine_queue(engine, &engine->program->point_waits, reading->point);
		timers_clear(&engine->timers, reading->point);
	}
	engine->counters.bad_readings += (changed & STORE_BAD) != 0;
	if ((changed & STORE_GOOD) != 0) {
		aged = engine_rearm(engine, reading->point, reading->at.ns);
		if (!engine->unguarded)
			store_guard(&engine->store, reading->point);
	}
	if (aged || (changed & (STORE_VALUE | STORE_QUALITY)) != 0)
		reasons |= PASS_CHANGE;
	if ((changed & STORE_GOOD) != 0 &&
	    reach_any(&engine->program->point_samplers, reading->point))
		reasons |= PASS_SAMPLE;
	if (reasons != 0)
		engine->fresh[engine->fresh_count++] = (struct fresh){reading->point, reasons};
	return true;
}

/* Whether the reading lies between the guards of a good point, and nothing has to come first.
 */
static inline bool engine_passes(const struct engine *engine, const struct stored *point,
				 const struct reading *reading, double number, struct boot at)
{
	return ((reading->value.kind ^ VALUE_NUMBER) | (reading->quality ^ QUALITY_GOOD)) ==
		       0 &&
	       number > point->guard_low && number < point->guard_high &&
	       engine->fresh_count == 0 && !timers_maybe_due(&engine->timers, at.ns);
}

/* A reading of the instant of the one before it, or a late one; or one that matters. */
static __attribute__((noinline)) bool engine_feed_more(struct engine *engine,
						       const struct reading *reading)
{
	struct stored *point = &engine->store.points[reading->point];
	double number = reading->value.number;
	struct boot at = reading->at;

	if (at.ns < engine->now.ns) {
		engine->counters.late_readings++;
		return false;
	}
	if (at.ns > engine->now.ns || !engine_passes(engine, point, reading, number, at))
		return engine_take(engine, reading);
	/* Passed over, it is a reading of its instant all the same. */
	if (point->seen == engine->round)
		engine->round++;
	point->seen = engine->round;
	point->at = at.ns;
	engine->slots[program_point(reading->point)] = number;
	return false;
}

/*
 * Most readings are the first of their instant, and pass: they are stored, and that is all. The
 * stale timer is left where it is; it is put right when it comes up: see engine_next_timer().
 * What is read here is read once: the stores may be to anything, for all that the compiler
 * knows.
 */
bool engine_feed(struct engine *engine, const struct reading *reading)
{
	uint32_t id = reading->point, round = engine->round + 1;
	struct stored *point = &engine->store.points[id];
	double *values = engine->slots + PROGRAM_SCRATCH;
	double number = reading->value.number;
	struct boot at = reading->at;

	engine->counters.readings++;
	if (at.ns <= engine->now.ns || !engine_passes(engine, point, reading, number, at))
		return engine_feed_more(engine, reading);
	engine->round = round;
	engine->now = at;
	point->seen = round;
	point->at = at.ns;
	values[id] = number;
	return false;
}

void engine_settle(struct engine *engine)
{
	uint32_t count = engine->fresh_count;

	engine->round++;
	engine->fresh_count = 0;
	if (count > 0)
		engine_pass_fresh(engine, engine->fresh, count);
}

void engine_tick(struct engine *engine, struct boot now)
{
	engine->counters.ticks++;
	if (now.ns > engine->now.ns)
		engine_settle(engine);
	engine_run_timers(engine, now);
}

bool engine_deadline(struct engine *engine, struct boot *ret)
{
	int64_t deadline;
	uint32_t owner;

	if (!engine_next_timer(engine, &deadline, &owner))
		return false;
	*ret = (struct boot){deadline};
	return true;
}

void engine_point(const struct engine *engine, uint32_t point, struct boot now,
		  struct engine_point *ret)
{
	store_point(&engine->store, point, now, ret);
}

static int64_t engine_planned(const struct engine *engine, uint32_t number)
{
	const struct rule *rule = ruleset_rule_get(engine->set, number);

	if (rule->more->at != NULL)
		return engine_state_deadline(engine, number);
	if (rule->more->schedule == 0)
		return INT64_MAX;
	return timers_get(&engine->timers, engine->first_node + rule->more->schedule - 1);
}

void engine_rule(const struct engine *engine, uint32_t number, struct engine_rule *ret)
{
	static const int8_t conditions[] = {
		[CONDITION_FALSE] = 0, [CONDITION_TRUE] = 1, [CONDITION_UNKNOWN] = -1};
	const struct rule_run *run = &engine->runs[number];
	int64_t shelf = engine->shelves[number];
	const struct quiet *quiet = engine_quiet(engine, number);

	*ret = (struct engine_rule){
		.state = run->machine.state,
		.since = run->machine.since,
		.has_deadline = run->machine.deadline.ns != BOOT_NEVER.ns,
		.deadline = run->machine.deadline,
		.condition = conditions[run->condition],
		.acked = engine_is_firing(run->machine.state) && run->machine.acked,
		.shelved = shelf != INT64_MAX,
		.shelved_until = {shelf},
		.inhibitor = engine_inhibitor(engine, number),
		.quiet = engine_quiet_ask(engine, number),
		.left_out = quiet != NULL ? quiet->left_out : 0,
		.inactive = engine_is_inactive(engine, ruleset_rule_get(engine->set, number)),
		.planned = {engine_planned(engine, number)},
		.fired = run->fired,
		.cleared = run->cleared,
	};
}

void engine_counters(const struct engine *engine, struct engine_counters *ret)
{
	*ret = engine->counters;
	ret->window_overruns = 0;
	for (uint32_t i = 0; i < engine->program->node_count; i++) {
		const struct node_run run = engine_node(engine, i);

		if (run.node->kind == NODE_WINDOW)
			ret->window_overruns += window_overruns(run.memory);
	}
}

void engine_log_line(const struct event *event, struct str *out)
{
	str_addf(out, "%jd.%09jd %s %s %s->%s %s", (intmax_t)(event->at.ns / NSEC_PER_SEC),
		 (intmax_t)(event->at.ns % NSEC_PER_SEC), event->rule_name,
		 event_type_name(event->type), rule_state_name(event->from),
		 rule_state_name(event->to), severity_name(event->severity));
	if (event->active_ns > 0)
		str_addf(out, " active=%jd.%09jd", (intmax_t)(event->active_ns / NSEC_PER_SEC),
			 (intmax_t)(event->active_ns % NSEC_PER_SEC));
	if (event->reason != NULL)
		str_addf(out, " reason=%s", event->reason);
	if (event->held)
		str_adds(out, " held");
	str_addc(out, ' ');
	value_show(value_text(event->message), out);
	for (size_t i = 0; i < event->point_count; i++) {
		const struct event_point *point = &event->points[i];

		str_addf(out, " %s=", point->name);
		value_show(point->value, out);
		if (point->quality != QUALITY_GOOD)
			str_addf(out, "(%s)", quality_name(point->quality));
	}
	str_addc(out, '\n');
}
