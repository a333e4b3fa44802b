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
struct prove_region;
struct yaml_node;

enum on_unknown { ON_UNKNOWN_HOLD, ON_UNKNOWN_CLEAR, ON_UNKNOWN_FIRE };

enum { RULE_LOUD = UINT32_MAX, RULE_UNTIMED = UINT32_MAX };

/* What most rules do without. */
struct rule_extra {
	struct bindings bindings; /* variables of for_each */
	int64_t for_ns, clear_for_ns;
	int64_t repeat_ns, blind_ns; /* 0: not wanted */
	uint32_t repeat, blind;	     /* its number among the rules that want it */
	uint32_t timed;		     /* the same with for, clear_for or at; or RULE_UNTIMED */
	const struct calendar *at;   /* of an instant by the clock; otherwise NULL */
	const char *at_text;
	uint32_t plan;	   /* number of its plan */
	uint32_t schedule; /* the node that says when it is active, + 1; 0: always */
	struct code clear;
	bool has_margin; /* events tell it */
	struct code margin;
	const char *margin_unit;       /* NULL: it has none */
	const struct message *message; /* NULL without */
	uint32_t label_count;
	uint32_t inhibitor_count; /* rules whose alarm makes this one's a mere consequence */
	const struct event_label *labels;
	const uint32_t *inhibitors;
	const struct quiet_limits *limits; /* on what it says; NULL without */
	uint32_t quiet; /* its number among the rules that have some; or RULE_LOUD */
	int priority;	/* 1 is the most urgent; 0: not said */
	/* What wakes it up beside points: these are the rule's first, so many of them. */
	const struct program_use *use;
	uint32_t use_points;
	/* With which values it can be an alarm; of one that writes, otherwise NULL. */
	const struct prove_region *holds;
};

/* Nothing of all that. */
extern const struct rule_extra rule_plain;

/* A rule as it was written and compiled; immutable. */
struct rule {
	const char *name;
	const struct yaml_node *node; /* its map */
	const struct rule_extra *more;
	/* All points that it reads: first by name in its condition, then through nodes there.
	 */
	const uint32_t *points;
	uint32_t point_count, condition_points;
	struct code when;
	uint8_t severity;   /* enum severity */
	uint8_t on_unknown; /* enum on_unknown */
	bool instant : 1;
	bool has_clear : 1;
	bool latch : 1; /* stays until it is acknowledged */
	bool wrong : 1; /* while it is built: something is, which was told */
};

/* How many points its condition reads by name. */
uint32_t rule_use_points(const struct rule *rule);
/* The text of when, on or at, and of clear: NULL without. */
const char *rule_when_text(const struct rule *rule);
const char *rule_clear_text(const struct rule *rule);

enum condition { CONDITION_FALSE, CONDITION_TRUE, CONDITION_UNKNOWN };

/* The life of one rule. Start from rule_machine_init(). */
struct rule_machine {
	struct boot since;    /* when it entered the state */
	struct boot active;   /* when the condition came to hold; not in RULE_OK */
	struct boot fired;    /* when it began to fire; FIRING and CLEARING */
	struct boot deadline; /* of for or clear_for; BOOT_NEVER: none runs */
	int64_t held_ns;      /* of for or clear_for, before running */
	struct boot running;  /* since when it runs without a break */
	enum rule_state state : 8;
	bool frozen : 1; /* it stands still: the condition is unknown; see also rest */
	bool acked : 1;	 /* acknowledged since it fired */
} __attribute__((packed, aligned(4)));

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
