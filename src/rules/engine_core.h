/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * The inside of an engine, for the files that share it: engine_core.c evaluates rules,
 * engine_pass.c runs nodes, passes and timers, engine_clock.c what goes by the wall clock,
 * engine.c is what others call, engine_adopt.c carries state over a reload, engine_save.c and
 * engine_restore.c over a restart, engine_timer.c has the deadlines of rules.
 */
#ifndef GAUGED_RULES_ENGINE_CORE_H
#define GAUGED_RULES_ENGINE_CORE_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#include "rules/agenda.h"
#include "rules/engine.h"
#include "rules/node.h"
#include "rules/program.h"
#include "rules/quiet.h"
#include "rules/rule.h"
#include "rules/store.h"
#include "rules/timer.h"

/* What an engine knows of one rule. */
struct pack;
struct str;

struct rule_run {
	struct rule_machine machine;
	uint8_t condition; /* enum condition, as last evaluated */
	bool blind : 1;	   /* the blind event was raised */
	bool held : 1;	   /* shelved, inhibited or quiet, as last looked at */
	bool told : 1;	   /* its fire ran its actions, and no clear has yet */
	bool missed : 1;   /* it came while shelved or inhibited, and wrote nothing */
	bool looked : 1;   /* it was evaluated since the start */
	bool due : 1;	   /* its time is over at once */
	uint64_t fired, cleared;
};

struct engine {
	const struct ruleset *set;
	const struct program *program;
	const struct point_table *points;
	struct engine_sink sink;
	struct boot now;
	bool unguarded;
	uint64_t seq;
	struct engine_counters counters;

	double *slots;
	struct store store;
	struct timers timers;
	/* owners of timers, see below */
	uint32_t first_node, due, first_timed, first_repeat, first_blind, shelf, first_quiet;
	uint32_t *owner_rules; /* by owner from first_timed on: its rule */
	/* Rules whose time is over at this instant, though they have no timer: see
	 * engine_timer.c */
	uint32_t due_count, due_from;
	uint32_t rule_count;
	struct rule_run *runs;
	int64_t *shelves; /* by rule: until when it is shelved; INT64_MAX: it is not */
	struct quiet *quiets;
	int64_t *quiet_times;
	bool clock_set;		   /* somebody has set the wall clock */
	int64_t wall_ahead_ns;	   /* of boot time */
	struct engine_plan *plans; /* of rules with 'at' */

	struct agenda nodes; /* to run in this pass, by number */
	struct agenda ranks; /* rules to evaluate in this pass beside those of the source */
	struct fresh {
		uint32_t point : 30, reasons : 2; /* enum pass_reason */
	} * fresh; /* what came in at now and is not evaluated yet */
	uint32_t fresh_count;
	uint32_t round;	  /* counts what was settled */
	uint32_t *pulses; /* nodes whose impulse is set */
	uint32_t pulse_count;
	uint32_t *prevs; /* nodes that take their operand when the pass is over */
	uint32_t prev_count;
	unsigned char *memory; /* of nodes */

	struct event_point *snapshot;
	char *message;
};

/* Why something is run in a pass; bits. */
enum pass_reason {
	PASS_CHANGE = 1, /* what it reads is another */
	PASS_SAMPLE = 2, /* what it reads was read */
};

/*
 * Owners of timers, whose order is that of what happens at one instant: a point goes stale, an
 * age is reached, for or clear_for is over or a slot of 'at' is there, it is time to repeat, a
 * rule is blind, shelvings end, a rule that had to be quiet may speak again. Only rules that
 * ask for something have a timer for it, and shelvings have one together.
 */
static inline uint32_t engine_repeat_owner(const struct engine *engine, const struct rule *rule)
{
	return engine->first_repeat + rule->more->repeat;
}

static inline uint32_t engine_blind_owner(const struct engine *engine, const struct rule *rule)
{
	return engine->first_blind + rule->more->blind;
}

/* When for or clear_for is over, or the next slot of 'at' is there; INT64_MAX: it does not end.
 */
int64_t engine_state_deadline(const struct engine *engine, uint32_t number);
void engine_plan_state(struct engine *engine, uint32_t number, int64_t deadline);
/* The first of the rules that are due is so no more; its number. */
uint32_t engine_take_due(struct engine *engine);
/* INT64_MAX: it is shelved no more. */
void engine_set_shelf(struct engine *engine, uint32_t number, int64_t until_ns);
/* A shelving is over, or several at once are. */
void engine_expire_shelf(struct engine *engine);

/* Both the same, or both unknown. */
static inline bool engine_same(double a, double b)
{
	return a == b || (isnan(a) && isnan(b));
}

/* The condition came and 'clear' has not ended it. */
static inline bool engine_is_firing(enum rule_state state)
{
	return state == RULE_FIRING || state == RULE_CLEARING;
}

/* on_fire has run and on_clear has not: what others read as firing. */
static inline bool engine_is_alarm(enum rule_state state)
{
	return engine_is_firing(state) || state == RULE_RETURNED;
}

/* Evaluates the rule of that rank, or those of ranks and all that wait in the queue. */
void engine_evaluate(struct engine *engine, uint32_t rank);
void engine_evaluate_all(struct engine *engine, const uint32_t *ranks, uint32_t count);
/*
 * All rules in one pass, in order: those in the queue, and whom they wake, are evaluated; of
 * the others it is only seen whether something holds them back still.
 */
void engine_look_all(struct engine *engine);
/* A transition took place: tells it, and whoever depends on it, and plans what follows. */
void engine_step(struct engine *engine, uint32_t number, struct rule_step step,
		 const char *reason);
/* An event of the rule, with its message and its points as they are now. */
void engine_emit(struct engine *engine, uint32_t number, enum event_type type,
		 enum rule_state from, enum rule_state to, const char *reason);
/* Whether the rule is held back now; what is no more makes up for what it missed. */
void engine_review_hold(struct engine *engine, uint32_t number);
/* Whether an operator or another rule holds its actions; or these or its limits do. */
bool engine_is_kept(const struct engine *engine, uint32_t number);
bool engine_is_held(const struct engine *engine, uint32_t number);
/* The rule's limits on what it says; NULL without. Of rules that have some, when they act. */
struct quiet *engine_quiet(const struct engine *engine, uint32_t number);
void engine_quiet_plan(struct engine *engine, uint32_t number);
enum quiet_reason engine_quiet_ask(const struct engine *engine, uint32_t number);
/* An event of the rule went out, or was held. */
void engine_quiet_note(struct engine *engine, uint32_t number, enum event_type type, bool held);
void engine_quiet_expire(struct engine *engine, uint32_t number);
/* The first of the rule's inhibitors that is an alarm now, or UINT32_MAX. */
uint32_t engine_inhibitor(const struct engine *engine, uint32_t number);
/* What the node yields is another: whatever reads it has a turn in this pass. */
void engine_node_changed(struct engine *engine, uint32_t number);
/* Parts of a pass: all nodes that wait, and behind the rules the end of impulses. */
void engine_run_nodes(struct engine *engine);
void engine_end_pulses(struct engine *engine);
/* Rules that depend on source, in the running pass. */
void engine_queue(struct engine *engine, const struct reach *reach, uint32_t source);
/* Takes the operand of an edge as it is now, without an impulse. */
void engine_prime_edge(struct engine *engine, uint32_t number);
/* The value of a derived point as its inputs are now; bits of enum store_change. */
unsigned engine_derive(struct engine *engine, uint32_t number, bool reported);
/* A node that remembers, with its memory in the engine. */
static inline struct node_run engine_node(const struct engine *engine, uint32_t number)
{
	const struct node *node = &engine->program->nodes[number];

	return (struct node_run){node, engine->memory + node->memory, engine->slots};
}
/* An instant takes place. */
void engine_run_instant(struct engine *engine, uint32_t number);
/* The room for where the rules with 'at' stand. */
void engine_clock_place(struct engine *engine, const struct ruleset *set, struct room *room);
/* The wall clock's nodes: what they yield now and when that changes; whether it did. */
bool engine_clock_node(struct engine *engine, uint32_t number);
/* All of them, and whatever depends on them. */
void engine_pass_clock(struct engine *engine);
/* The timer of a rule with 'at' is over. */
void engine_clock_slot(struct engine *engine, uint32_t number);
/* Rules with 'at' begin; every: those on boot time alone. */
void engine_clock_begin(struct engine *engine, uint32_t number);
void engine_clock_adopt(struct engine *engine, uint32_t number, const struct engine *old,
			uint32_t other);
/* Where it stands, as bytes; false: nowhere, and what was added is to be dropped. */
bool engine_clock_save(const struct engine *engine, uint32_t number, struct boot now,
		       struct str *out);
/* gap_ns: since the save, 0 if that is not known. False: the bytes are none such. */
bool engine_clock_restore(struct engine *engine, uint32_t number, struct pack *in,
			  int64_t gap_ns);
/* What the wall clock shows; while nobody has set it, that means nothing. */
struct wall engine_wall(const struct engine *engine, struct boot at);
/* Whether the rule has a schedule, and stands outside of it. */
bool engine_is_inactive(const struct engine *engine, const struct rule *rule);
/* When the node has to be looked at next. */
void engine_plan_node(struct engine *engine, uint32_t number);
/* Everything that depends on what is fresh, in one pass. */
void engine_pass_fresh(struct engine *engine, const struct fresh *fresh, uint32_t count);
/* The earliest timer; false if there is none. */
bool engine_next_timer(struct engine *engine, int64_t *ret_deadline, uint32_t *ret_owner);
/* Every timer with a deadline before limit, each seeing its deadline as now. */
void engine_run_timers(struct engine *engine, struct boot limit);
/* The age of point starts anew at at; whether a node noticed. */
bool engine_rearm(struct engine *engine, uint32_t point, int64_t at);
/* The next beat of repeat, counted from when the alarm began to fire, behind now. */
void engine_plan_repeat(struct engine *engine, uint32_t number);
/* A rule that was undecided or not is now or is no longer. */
void engine_note_blind(struct engine *engine, const struct rule *rule, uint32_t number,
		       bool was, bool is);

#endif
