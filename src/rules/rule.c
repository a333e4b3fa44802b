/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the words of a rule, and the life cycle of rules: one table. */
#include "rules/rule.h"

#include "conf/yaml.h"

static const struct program_use rule_no_use = {0};

const struct rule_extra rule_plain = {
	.timed = RULE_UNTIMED, .quiet = RULE_LOUD, .use = &rule_no_use};

uint32_t rule_use_points(const struct rule *rule)
{
	return rule->more->use->nodes.count > 0 ? rule->more->use_points
						: rule->condition_points;
}

const char *rule_when_text(const struct rule *rule)
{
	if (rule->more->at != NULL)
		return rule->more->at_text;
	return yaml_get(rule->node, rule->instant ? "on" : "when")->text;
}

const char *rule_clear_text(const struct rule *rule)
{
	return rule->has_clear ? yaml_get(rule->node, "clear")->text : NULL;
}

enum timer_move { TIMER_KEEP, TIMER_START, TIMER_STOP, TIMER_FREEZE, TIMER_THAW };

enum { RULE_STATES = RULE_RETURNED + 1 };

/* What happens in a state when the condition is false, true, unknown. */
struct move {
	bool leaves;
	enum rule_state to;
	enum event_type type;
	enum timer_move timer;
};

/* clang-format off */
static const struct move moves[RULE_STATES][3] = {
	[RULE_OK] = {
		[CONDITION_FALSE]   = {false},
		[CONDITION_TRUE]    = {true, RULE_PENDING, EVENT_PENDING, TIMER_START},
		[CONDITION_UNKNOWN] = {false},
	},
	[RULE_PENDING] = {
		[CONDITION_FALSE]   = {true, RULE_OK, EVENT_CALM, TIMER_STOP},
		[CONDITION_TRUE]    = {.timer = TIMER_THAW},
		[CONDITION_UNKNOWN] = {.timer = TIMER_FREEZE},
	},
	[RULE_FIRING] = {
		[CONDITION_FALSE]   = {true, RULE_CLEARING, EVENT_CLEARING, TIMER_START},
		[CONDITION_TRUE]    = {false},
		[CONDITION_UNKNOWN] = {false},
	},
	[RULE_CLEARING] = {
		[CONDITION_FALSE]   = {.timer = TIMER_THAW},
		[CONDITION_TRUE]    = {true, RULE_FIRING, EVENT_REFIRE, TIMER_STOP},
		[CONDITION_UNKNOWN] = {false},
	},
	[RULE_RETURNED] = {
		[CONDITION_FALSE]   = {false},
		[CONDITION_TRUE]    = {true, RULE_FIRING, EVENT_REFIRE, TIMER_STOP},
		[CONDITION_UNKNOWN] = {false},
	},
};

/* What happens when the time of for or clear_for is over; at once where it is 0. */
static const struct move expiries[RULE_STATES] = {
	[RULE_PENDING]  = {true, RULE_FIRING, EVENT_FIRE,  TIMER_STOP},
	[RULE_CLEARING] = {true, RULE_OK,     EVENT_CLEAR, TIMER_STOP},
};

/* The end of a latched alarm that nobody has acknowledged yet. */
static const struct move latched = {true, RULE_RETURNED, EVENT_RETURN, TIMER_STOP};

/* An acknowledgement, the first since it fired. */
static const struct move acks[RULE_STATES] = {
	[RULE_FIRING]   = {true, RULE_FIRING,   EVENT_ACK,   TIMER_KEEP},
	[RULE_CLEARING] = {true, RULE_CLEARING, EVENT_ACK,   TIMER_KEEP},
	[RULE_RETURNED] = {true, RULE_OK,       EVENT_CLEAR, TIMER_STOP},
};
/* clang-format on */

void rule_machine_init(struct rule_machine *machine, struct boot now)
{
	*machine = (struct rule_machine){.since = now, .deadline = BOOT_NEVER};
}

static int64_t rule_wait(const struct rule *rule, enum rule_state state)
{
	return state == RULE_PENDING ? rule->more->for_ns : rule->more->clear_for_ns;
}

static int64_t rule_rest(const struct rule *rule, enum rule_state state, int64_t spent_ns)
{
	int64_t wait = rule_wait(rule, state);

	return spent_ns < wait ? wait - spent_ns : 0;
}

static void rule_machine_time(struct rule_machine *machine, const struct rule *rule,
			      enum timer_move move, struct boot now)
{
	switch (move) {
	case TIMER_KEEP:
		return;
	case TIMER_START:
		machine->held_ns = 0;
		machine->running = now;
		machine->frozen = false;
		machine->deadline = boot_add(now, rule_wait(rule, machine->state));
		return;
	case TIMER_STOP:
		machine->frozen = false;
		machine->deadline = BOOT_NEVER;
		return;
	case TIMER_FREEZE:
		if (machine->frozen)
			return;
		machine->frozen = true;
		machine->held_ns += boot_diff(now, machine->running);
		machine->deadline = BOOT_NEVER;
		return;
	case TIMER_THAW:
		if (!machine->frozen)
			return;
		machine->frozen = false;
		machine->running = now;
		machine->deadline =
			boot_add(now, rule_rest(rule, machine->state, machine->held_ns));
		return;
	}
}

static void rule_machine_enter(struct rule_machine *machine, enum rule_state to,
			       struct boot now)
{
	if (machine->state == RULE_OK)
		machine->active = now;
	if (to == RULE_FIRING && machine->state == RULE_PENDING) {
		machine->fired = now;
		machine->acked = false;
	}
	machine->state = to;
	machine->since = now;
}

static const struct move *rule_expiry(const struct rule_machine *machine,
				      const struct rule *rule)
{
	if (machine->state == RULE_CLEARING && rule->latch && !machine->acked)
		return &latched;
	return &expiries[machine->state];
}

struct rule_step rule_machine_feed(struct rule_machine *machine, const struct rule *rule,
				   enum condition condition, struct boot now)
{
	const struct move *move = &moves[machine->state][condition];
	struct rule_step step = {.from = machine->state, .to = machine->state};

	/* A reload has taken the latch away: nobody will be asked to acknowledge. */
	if (machine->state == RULE_RETURNED && condition == CONDITION_FALSE && !rule->latch)
		move = &acks[RULE_RETURNED];
	if (!move->leaves) {
		rule_machine_time(machine, rule, move->timer, now);
		return step;
	}
	step.happened = true;
	step.type = move->type;
	rule_machine_enter(machine, move->to, now);
	if (move->timer == TIMER_START && rule_wait(rule, move->to) == 0) {
		move = rule_expiry(machine, rule);
		step.type = move->type;
		rule_machine_enter(machine, move->to, now);
	}
	rule_machine_time(machine, rule, move->timer, now);
	step.to = machine->state;
	return step;
}

struct rule_step rule_machine_expire(struct rule_machine *machine, const struct rule *rule,
				     struct boot now)
{
	const struct move *move = rule_expiry(machine, rule);
	struct rule_step step = {true, move->type, machine->state, move->to};

	rule_machine_enter(machine, move->to, now);
	rule_machine_time(machine, rule, move->timer, now);
	return step;
}

struct rule_step rule_machine_leave(struct rule_machine *machine, const struct rule *rule,
				    struct boot now)
{
	enum rule_state from = machine->state;
	struct rule_step step = {.from = from, .to = from};

	if (from != RULE_CLEARING)
		step = rule_machine_feed(machine, rule, CONDITION_FALSE, now);
	if (machine->state == RULE_CLEARING)
		step = rule_machine_expire(machine, rule, now);
	step.from = from;
	return step;
}

struct rule_step rule_machine_ack(struct rule_machine *machine, struct boot now)
{
	const struct move *move = &acks[machine->state];
	struct rule_step step = {.from = machine->state, .to = machine->state};

	if (!move->leaves || machine->acked)
		return step;
	machine->acked = true;
	step.happened = true;
	step.type = move->type;
	step.to = move->to;
	if (move->to != machine->state)
		rule_machine_enter(machine, move->to, now);
	return step;
}

void rule_machine_retime(struct rule_machine *machine, const struct rule *rule, struct boot now)
{
	struct boot deadline;

	if (machine->deadline.ns == BOOT_NEVER.ns)
		return;
	deadline =
		boot_add(machine->running, rule_wait(rule, machine->state) - machine->held_ns);
	machine->deadline = deadline.ns > now.ns ? deadline : now;
}

void rule_machine_restart(struct rule_machine *machine, const struct rule *rule,
			  struct boot now)
{
	machine->since = now;
	if (machine->frozen)
		machine->held_ns = 0;
	else if (machine->state == RULE_PENDING || machine->state == RULE_CLEARING)
		rule_machine_time(machine, rule, TIMER_START, now);
}

int64_t rule_machine_spent(const struct rule_machine *machine, struct boot now)
{
	if (machine->state != RULE_PENDING && machine->state != RULE_CLEARING)
		return 0;
	return machine->held_ns + (machine->frozen ? 0 : boot_diff(now, machine->running));
}

void rule_machine_rest(struct rule_machine *machine, int64_t spent_ns, struct boot now)
{
	if (machine->state != RULE_PENDING && machine->state != RULE_CLEARING)
		return;
	machine->held_ns = spent_ns;
	machine->running = now;
	machine->frozen = true;
	machine->deadline = BOOT_NEVER;
}
