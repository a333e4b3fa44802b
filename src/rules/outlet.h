/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * One output: who wants what of it, which of that counts, and when it is written. Pure: told
 * the time, what rules and people want, what was read, and how writes ended; says what to
 * write next. gauged.yaml(5), "Outputs", has the same in words.
 *
 * What counts is the first of these that is there:
 *
 *   start     on_start, or off after outlet_forgotten(), until it is written
 *   operator  what a person wrote, for a time or until a rule writes
 *   unknown   on_unknown, while a rule that drives the output is undecided
 *   rule      what a rule wrote as it fired, until it clears; of several the highest in rank
 *   base      what was written last otherwise: on a clear, by an instant, as a hold ended
 *
 * It is written within the interlocks. What min_on or min_off hold back waits; what is out of
 * range or too often is refused. What the output writes by itself, because another of these
 * counts now or max_on is over, is tried again until it is there. What goes on again by itself
 * behind an off of the start, the stop or the driver goes on with the time that max_on left it.
 */
#ifndef GAUGED_RULES_OUTLET_H
#define GAUGED_RULES_OUTLET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "model/value.h"
#include "rules/interlock.h"

struct outlet;
struct pack;
struct point;
struct str;

enum { OUTLET_WHO_MAX = 160 };

/* A rule that has a write to the output among its actions. */
struct outlet_rule {
	const char *name;
	const char *who; /* "rule NAME", for people */
	int priority;	 /* 1 is the most urgent; 0: not said, which is behind all that is */
	int severity;	 /* enum severity: decides among equal priorities */
};

/*
 * point and rules are borrowed and must outlive the outlet, or be replaced by
 * outlet_adopt(). now: the start of the program, or when a reload brought the point.
 */
struct outlet *outlet_new(const struct point *point, const struct outlet_rule *rules,
			  size_t rule_count, struct boot now);
void outlet_free(struct outlet *outlet);
/*
 * After a reload: what old knows goes on under the options and rules of this one. Writes that
 * are open stay to be ended here. A rule that is gone has ended.
 */
void outlet_adopt(struct outlet *outlet, const struct outlet *old, struct boot now);
const struct point *outlet_point(const struct outlet *outlet);
/* SIZE_MAX: the rule does not drive the output. */
size_t outlet_find_rule(const struct outlet *outlet, const char *name);

/*
 * What rules and people want, and what is seen. After each: outlet_step(), but after
 * outlet_see() and outlet_saw() only if they say so.
 */

enum outlet_moment {
	OUTLET_FIRES,	/* the rule holds the value until outlet_rule_ends() */
	OUTLET_CLEARS,	/* with a write: it lets go of what it held */
	OUTLET_HAPPENS, /* an instant, which holds nothing */
};
/*
 * rule: its number among the outlet's; SIZE_MAX, a rule that is gone, only clears. False:
 * somebody else has the output; *ret_holder says who, as long as nothing is changed.
 */
bool outlet_rule_writes(struct outlet *outlet, size_t rule, enum outlet_moment moment,
			struct value value, struct boot now, const char **ret_holder);
/* The rule fires no more. What it wrote stays if nobody else wants anything. */
void outlet_rule_ends(struct outlet *outlet, size_t rule, struct boot now);
/*
 * A person writes, whoever has the output. for_ns 0: until a rule writes; otherwise for that
 * time, at the end of which what counts then is written. A rule that writes a safe value, and
 * one that cannot be decided any more, end either.
 */
void outlet_operator_writes(struct outlet *outlet, struct value value, const char *who,
			    int64_t for_ns, struct boot now);
/* What the person wanted last was refused, and is wanted no more. */
void outlet_operator_leaves(struct outlet *outlet);
/* Whether all rules that drive the output can be decided. */
bool outlet_see(struct outlet *outlet, bool decided, struct boot now);
/*
 * The output is out of reach: see interlock_lost(). If it begins with a value of its driver's
 * (struct point), what counts is written anew when it is seen again, as it is when it is seen
 * for the first time. False: it was before.
 */
bool outlet_lost(struct outlet *outlet, struct boot now);
/* A good reading of the point. */
bool outlet_saw(struct outlet *outlet, struct value value, struct boot now);

/* What is to be done. */

enum outlet_step {
	OUTLET_RESTS,	/* nothing, before the deadline or another want */
	OUTLET_WRITES,	/* write move.value, tell outlet_ended(), and step again */
	OUTLET_WAITS,	/* held back: nothing before the deadline or another want */
	OUTLET_REFUSES, /* it is not written: step again */
};
struct outlet_move {
	struct value value;		/* borrowed until the outlet is told something */
	const char *who;		/* wanted it, likewise */
	bool changes;			/* the output may have had another value */
	bool own;			/* nobody asked for it just now */
	bool news;			/* OUTLET_WAITS: it was not said before */
	enum interlock_verdict verdict; /* of OUTLET_WAITS and OUTLET_REFUSES */
	struct boot until;		/* of OUTLET_WAITS */
};
enum outlet_step outlet_step(struct outlet *outlet, struct boot now, struct outlet_move *ret);
/*
 * A write has ended. left: it may have been carried out; done: it was, and the device holds
 * it. changes as in the move; value: what was sent, NONE: as it was wanted.
 */
struct outlet_end {
	bool left, done, changes;
	struct value value;
};
void outlet_ended(struct outlet *outlet, const struct outlet_end *end, struct boot now);
/* Whether what failed is tried again. */
bool outlet_retries(const struct outlet *outlet);
/* When to step again, if nothing else happens; false: never. */
bool outlet_deadline(const struct outlet *outlet, struct boot *ret);

/*
 * The program ends: true, and *ret is to be written at once, whatever holds; outlet_ended()
 * follows. Nothing else is written from then on.
 */
bool outlet_stop(struct outlet *outlet, struct boot now, struct outlet_move *ret);

struct outlet_report {
	struct value value; /* as far as is known */
	struct boot since;
	const char *layer;	/* "start", "operator", "unknown", "rule", "base", or NULL */
	struct value wanted;	/* of that layer */
	const char *holder;	/* who holds the output, or NULL: the next one that writes */
	struct boot hold_until; /* of an operator's hold; BOOT_NEVER: no such time */
	const char *set_by;	/* who wrote last, or NULL */
	struct boot set_at;
	bool waits; /* wanted is held back: */
	enum interlock_verdict verdict;
	struct boot until;
	bool retries; /* wanted could not be written, and is tried again */
	bool max_on;  /* it is on, and then switched off: */
	struct boot off_at;
	int64_t changes_left; /* -1: no such limit */
};
void outlet_report(const struct outlet *outlet, struct boot now, struct outlet_report *ret);

/* The body of a record, without the point's name; see rules/pack.h. */
void outlet_save(const struct outlet *outlet, struct boot now, struct str *out);
/*
 * Into one that was made just now. outage_ns as for interlock_restore(). False: the bytes are
 * no such body, and the outlet is as it was. What counted goes on to count: on_start first.
 */
bool outlet_restore(struct outlet *outlet, struct pack *in, struct boot now, int64_t outage_ns);
/*
 * In place of outlet_restore(): what was saved of it is lost, and so for how long it has been
 * on. Where there is a max_on it is switched off before anything else.
 */
void outlet_forgotten(struct outlet *outlet);
/* Whether the rule, of which outlet_find_rule() knows the number, holds a value. */
bool outlet_rule_holds(const struct outlet *outlet, size_t rule);

#endif
