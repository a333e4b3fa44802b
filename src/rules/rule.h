/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * A rule: what it says, and the life cycle of its state (rules.md section 4). The machine is
 * pure: it is told the condition and the time, and says which transition took place.
 */
#ifndef GAUGED_RULES_RULE_H
#define GAUGED_RULES_RULE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "model/event.h"
#include "rules/binding.h"
#include "rules/program.h"
#include "rules/quiet.h"

struct calendar;
struct message;
struct yaml_node;

enum on_unknown { ON_UNKNOWN_HOLD, ON_UNKNOWN_CLEAR, ON_UNKNOWN_FIRE };

enum { RULE_LOUD = UINT32_MAX };

/* A rule as it was written and compiled; immutable. */
struct rule {
	const char *name;
	struct bindings bindings; /* variables of for_each */
	int severity;		  /* enum severity */
	int on_unknown;		  /* enum on_unknown */
	int64_t for_ns, clear_for_ns;
	int64_t repeat_ns, blind_ns; /* 0: not wanted */
	uint32_t repeat, blind;	     /* its number among the rules that want it */
	bool instant;
	const struct calendar *at; /* of an instant by the clock; otherwise NULL */
	uint32_t plan;		   /* number of its plan */
	uint32_t schedule;	   /* the node that says when it is active, + 1; 0: always */
	bool has_clear;
	bool latch; /* stays until it is acknowledged */
	bool wrong; /* while it is built: something is, which was told */
	struct code when, clear;
	const char *when_text, *clear_text; /* of when, on or at; clear_text: NULL without */
	const struct message *message;	    /* NULL without */
	uint32_t label_count;
	const struct event_label *labels;
	struct program_use use; /* what wakes it up */
	uint32_t point_count;	/* all points that it reads, first those of its condition */
	uint32_t condition_points;
	const uint32_t *points;
	uint32_t inhibitor_count; /* rules whose alarm makes this one's a mere consequence */
	const uint32_t *inhibitors;
	const struct quiet_limits *limits; /* on what it says; NULL without */
	uint32_t quiet; /* its number among the rules that have some; or RULE_LOUD */
	int priority;	/* 1 is the most urgent; 0: not said */
	const struct yaml_node *node, *on_fire, *on_clear, *on_instant;
};

enum condition { CONDITION_FALSE, CONDITION_TRUE, CONDITION_UNKNOWN };

/* The life of one rule. Start from rule_machine_init(). */
struct rule_machine {
	enum rule_state state;
	struct boot since;    /* when it entered the state */
	struct boot active;   /* when the condition came to hold; not in RULE_OK */
	struct boot fired;    /* when it began to fire; FIRING and CLEARING */
	struct boot deadline; /* of for or clear_for; BOOT_NEVER: none runs */
	int64_t held_ns;      /* of for or clear_for, before running */
	struct boot running;  /* since when it runs without a break */
	bool frozen;	      /* it stands still: the condition is unknown; see also rest */
	bool acked;	      /* acknowledged since it fired */
};

void rule_machine_init(struct rule_machine *machine, struct boot now);

/* A transition; type is meaningless when none took place. */
struct rule_step {
	bool happened;
	enum event_type type;
	enum rule_state from, to;
};

/* The condition at now, as the table of rules.md section 4 has it. */
struct rule_step rule_machine_feed(struct rule_machine *machine, const struct rule *rule,
				   enum condition condition, struct boot now);
/* The deadline was reached: now is the deadline, the condition was fed before. */
struct rule_step rule_machine_expire(struct rule_machine *machine, const struct rule *rule,
				     struct boot now);
/*
 * An operator has seen it. In FIRING and CLEARING it will not wait for that any more, in
 * RETURNED it is over. Nothing happens where there is nothing to acknowledge, or no more.
 */
struct rule_step rule_machine_ack(struct rule_machine *machine, struct boot now);
/*
 * Its schedule is over: what pends is off, an alarm ends as if 'clear_for' were over. Nothing
 * happens where there is nothing to end.
 */
struct rule_step rule_machine_leave(struct rule_machine *machine, const struct rule *rule,
				    struct boot now);
/* for or clear_for are others now (a reload): moves the deadline, never the state. */
void rule_machine_retime(struct rule_machine *machine, const struct rule *rule,
			 struct boot now);
/* The condition is another one now: the state stays, its time starts anew. */
void rule_machine_restart(struct rule_machine *machine, const struct rule *rule,
			  struct boot now);
/* PENDING, CLEARING: how much of for or clear_for has passed; otherwise 0. */
int64_t rule_machine_spent(const struct rule_machine *machine, struct boot now);
/*
 * After a restart: so much of for or clear_for has passed, and no more does, also not in
 * CLEARING, until the condition is known again.
 */
void rule_machine_rest(struct rule_machine *machine, int64_t spent_ns, struct boot now);

#endif
