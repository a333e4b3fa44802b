/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * The engine: readings and time in, events out. Pure: no I/O, no clock, no allocation after
 * engine_new(). The same configuration and the same feeds and ticks give the same events, byte
 * for byte. Order of evaluation: rules.md section 5.
 */
#ifndef GAUGED_RULES_ENGINE_H
#define GAUGED_RULES_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "model/event.h"
#include "model/reading.h"
#include "rules/quiet.h"

struct civil;
struct engine;
struct point_table;
struct ruleset;
struct str;

/* Called during feed and tick, never from elsewhere; may not call the engine back. */
struct engine_sink {
	void (*event)(void *arg, const struct event *event);
	void *arg;
};

/*
 * An engine in its initial state at the instant now: every point unknown, every rule ok. set
 * and points are borrowed and must outlive the engine.
 */
struct engine *engine_new(const struct ruleset *set, const struct point_table *points,
			  struct engine_sink sink, struct boot now);
void engine_free(struct engine *engine);
/* Bytes that an engine for set takes, all of them when it is made. */
size_t engine_size(const struct ruleset *set);

/*
 * Takes one reading: first runs every timer with a deadline before reading->at, then stores the
 * value. What depends on it is evaluated when all readings of the instant are there: by
 * engine_settle(), by the first feed or tick of a later time, or by a second reading of a point
 * (two lines that were read at once). So a rule that reads two points of one answer never sees
 * the new one beside the old one, and no value is passed over. A reading that is older than
 * the engine's time is stored for nobody, and counted as late. False: it changed
 * nothing, and there is no need to settle or to ask for the deadline again for its sake.
 */
bool engine_feed(struct engine *engine, const struct reading *reading);
/*
 * Whether a reading that cannot change the mind of any rule is evaluated all the same; it is
 * not unless somebody says so. The events are the same either way: that is for tests to show.
 */
void engine_set_guards(struct engine *engine, bool guarded);
/* All readings of this instant are there: evaluates what depends on them, once. */
void engine_settle(struct engine *engine);
/* Runs every timer with a deadline before now, in order. */
void engine_tick(struct engine *engine, struct boot now);
/*
 * Nobody has called since long ago: the process was stopped, or the box slept. To be called
 * before the engine is told anything of now. Of what comes again and again, the beats of
 * 'repeat' and 'at: every', only the last one that is overdue is left to run.
 */
void engine_overslept(struct engine *engine, struct boot now);
/*
 * The earliest deadline of all timers; engine_tick() with any later time will run it. false:
 * none is planned. Puts the heap of timers right, so the engine is not const.
 */
bool engine_deadline(struct engine *engine, struct boot *ret);

/*
 * What the wall clock shows at now, and so from then on: local time goes by it, and nothing
 * else does. To be called at the start, whenever the clock was set, and once it is known to be
 * right. valid: somebody has set it; until then the functions of local time are unknown, 'at'
 * and 'schedule' wait. What was due before now runs first, but for slots of 'at' that are more
 * than CALENDAR_LATE_S old (the box slept): see calendar.h for what becomes of those.
 */
void engine_set_wall(struct engine *engine, struct boot now, struct wall wall, bool valid);
/* What the clocks of the rules' zone show at at; false while nobody has set the clock. */
bool engine_local(const struct engine *engine, struct boot at, struct civil *ret);

/*
 * Carries state over from old (which is left to be freed): points by name, type and unit, with
 * value and time; rules by name as rules.md section 8 says. A rule that was firing and is gone
 * emits clear with reason "removed" and its old number through the new sink. Evaluates what
 * changed. now: the instant of the swap.
 */
void engine_adopt(struct engine *engine, const struct engine *old, struct boot now);

/*
 * How much of a rule outlives a reload. Everything: state, timers and the course of its
 * windows. Its state: its condition is another one, so its time starts anew. Nothing: it is a
 * state now and was an instant, or the other way round, or an instant with another condition.
 */
enum engine_keep { ENGINE_KEEPS_NOTHING, ENGINE_KEEPS_STATE, ENGINE_KEEPS_ALL };
/* Of the rule with the number rule; before is the one with its name in old_set. */
enum engine_keep engine_keeps(const struct ruleset *set, const struct point_table *points,
			      uint32_t rule, const struct ruleset *old_set,
			      const struct point_table *old_points, uint32_t before);

/*
 * Adds what has to outlive the program (rules.md section 8) to out, as at now, when everything
 * that is due has run and is settled: rules that are not ok, acknowledged, shelved, held back
 * or blind, and nodes that remember for long. Readings are not: they are unknown after a
 * restart. wall: only a label, see engine_saved_at(). Records have a sum each, hold names and
 * no numbers of rules or points, and times as ages.
 */
void engine_save(const struct engine *engine, struct boot now, struct wall wall,
		 struct str *out);
/*
 * One half of that: rules are small and change with every event; nodes may be large, and are
 * worth little less when they are some minutes old.
 */
enum engine_part { ENGINE_RULES = 1, ENGINE_NODES = 2 };
void engine_save_part(const struct engine *engine, enum engine_part part, struct boot now,
		      struct wall wall, struct str *out);
/* When the bytes were saved; false: they do not say. */
bool engine_saved_at(const void *bytes, size_t len, struct wall *ret);

/* What came of saved bytes; the first four together are the rules that were in them. */
struct engine_restored {
	uint32_t rules;	  /* as they were */
	uint32_t changed; /* another condition: the state stays, its time starts anew */
	uint32_t removed; /* an alarm whose rule is gone, and was told to be over */
	uint32_t unknown; /* of a rule that is gone otherwise */
	uint32_t nodes;	  /* go on */
	uint32_t dropped; /* nodes that are no longer asked for, or are others now */
	uint32_t corrupt; /* stretches of bytes that are no records */
	bool whole;	  /* the end was there, and as many records as it counted */
};

/*
 * Brings back what engine_save() wrote into an engine that was made just now and has been fed
 * nothing. outage_ns: since the save by the wall clock; < 0: not known. What fires goes on to
 * fire, and says nothing; what ran for 'for' or 'clear_for' waits for a first reading and goes
 * on from there, but a longer outage than NODE_OUTAGE_NS, or one of unknown length, starts
 * 'for' anew. An alarm whose rule is gone emits clear with reason "removed" and UINT32_MAX for
 * its number. Nothing in the bytes is trusted, and nothing in them is fatal.
 */
void engine_restore(struct engine *engine, const void *bytes, size_t len, struct boot now,
		    int64_t outage_ns, struct engine_restored *ret);
/* The same of several halves, which were saved at times of their own. */
struct engine_saved {
	const void *bytes;
	size_t len;
	int64_t outage_ns;
};
void engine_restore_parts(struct engine *engine, const struct engine_saved *parts, size_t count,
			  struct boot now, struct engine_restored *ret);
/*
 * The rules' half, into an engine that has run for a while without it. An alarm of then goes on
 * where the rule does not fire, to be cleared as always if its condition is over; where it
 * fires the two are one alarm, as old as the first and acknowledged if that was. A shelf holds,
 * unless somebody has shelved the rule since. Windows, 'for' and limits of telling are not
 * touched.
 */
void engine_restore_late(struct engine *engine, const struct engine_saved *rules,
			 struct boot now, struct engine_restored *ret);

/*
 * What an operator does to a rule (ISA-18.2), at the instant now. Acknowledging ends the
 * repeats, and a latched alarm with them once its condition is over. While a rule is shelved
 * it lives on, but its events run no actions; when that ends, it says where it has come to.
 * -EALREADY: it was acknowledged before, or is not shelved. -ENOENT: there is nothing to
 * acknowledge. -EINVAL: acknowledging an instant, which has no state.
 */
int engine_ack(struct engine *engine, uint32_t rule, struct boot now);
int engine_shelve(struct engine *engine, uint32_t rule, struct boot until, struct boot now);
int engine_unshelve(struct engine *engine, uint32_t rule, struct boot now);

/* A point as seen at now. text of the value is borrowed until the next feed. */
struct engine_point {
	struct value value; /* the last good one, while it counts; otherwise none */
	enum quality quality;
	enum bad_reason reason;
	uint8_t code;
	bool ever;	   /* a good reading was ever there */
	struct boot at;	   /* of the last good reading */
	struct value last; /* the last good value, however old */
};
void engine_point(const struct engine *engine, uint32_t point, struct boot now,
		  struct engine_point *ret);

struct engine_rule {
	enum rule_state state;
	struct boot since;    /* when it entered the state */
	bool has_deadline;    /* 'for' or 'clear_for' runs */
	struct boot deadline; /* when it ends if nothing changes */
	int condition;	      /* 1 true, 0 false, -1 unknown */
	bool acked;	      /* firing or clearing, and somebody has acknowledged it */
	bool shelved;	      /* its actions are held back until then: */
	struct boot shelved_until;
	uint32_t inhibitor; /* the firing rule that holds its actions back; or UINT32_MAX */
	enum quiet_reason quiet; /* which of its limits holds them back */
	uint64_t left_out;	 /* actions that were not run because of these limits */
	bool inactive;		 /* outside of its schedule */
	/* of 'at' the next slot, of 'schedule' when it begins or ends; or BOOT_NEVER */
	struct boot planned;
	uint64_t fired, cleared; /* counts since start */
};
void engine_rule(const struct engine *engine, uint32_t rule, struct engine_rule *ret);

struct engine_counters {
	uint64_t readings, bad_readings, late_readings, evaluations, events, ticks;
	/* Samples that left a window before their time, because more came than were expected.
	 */
	uint64_t window_overruns;
};
void engine_counters(const struct engine *engine, struct engine_counters *ret);

/*
 * One line of the event log that replay compares: time, rule, transition, message, values. Adds
 * it with its newline.
 */
void engine_log_line(const struct event *event, struct str *out);

#endif
