/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the reference model of a rule's life; no line of it comes from src/rules. */
#include "model_rule.h"

#include <errno.h>
#include <stddef.h>

/* Up to such an outage 'for' goes on. */
#define MODEL_OUTAGE (5 * 60 * INT64_C(1000000000))

void model_rule_init(struct model_rule *rule, const struct model_says *says, int64_t now)
{
	*rule = (struct model_rule){
		.says = *says,
		.tell = rule->tell,
		.arg = rule->arg,
		.state = RULE_OK,
		.since = now,
		.when = MODEL_UNKNOWN,
		.clear = MODEL_UNKNOWN,
		.condition = MODEL_UNKNOWN,
		.taken = MODEL_UNKNOWN,
		.unknown_since = now,
		.reloaded = now,
		.repeat_at = MODEL_NEVER,
		.shelved_until = MODEL_NEVER,
		.quiet = {.limits = says->limits, .told_at = MODEL_LONG_AGO, .planned = now},
	};
}

bool model_rule_is_alarm(const struct model_rule *rule)
{
	return rule->state == RULE_FIRING || rule->state == RULE_CLEARING ||
	       rule->state == RULE_RETURNED;
}

/* By somebody, or by another rule. */
static bool is_kept(const struct model_rule *rule)
{
	return rule->shelved_until != MODEL_NEVER || rule->inhibited;
}

bool model_rule_is_held(const struct model_rule *rule, int64_t now)
{
	return is_kept(rule) || model_quiet_why(&rule->quiet, rule->told, now) != NULL;
}

static void tell_as(struct model_rule *rule, struct model_event event)
{
	bool alarm = event.type == EVENT_FIRE || event.type == EVENT_INSTANT;
	bool acts = alarm || event.type == EVENT_CLEAR || event.type == EVENT_REPEAT ||
		    event.type == EVENT_BLIND;

	if (event.held && acts && event.reason == NULL)
		event.reason = model_quiet_why(&rule->quiet, rule->told, event.at);
	if (event.from != RULE_OK && event.from != RULE_PENDING)
		event.active_ns = event.at - rule->fired;
	if (!event.held && event.type == EVENT_FIRE)
		rule->told = true;
	if (!event.held && event.type == EVENT_CLEAR)
		rule->told = false;
	if (acts)
		model_quiet_note(&rule->quiet, !event.held, alarm, event.at);
	rule->tell(rule->arg, &event);
}

static void tell(struct model_rule *rule, enum event_type type, enum rule_state from,
		 const char *reason, int64_t now)
{
	tell_as(rule, (struct model_event){
			      .type = type,
			      .from = from,
			      .to = rule->state,
			      .at = now,
			      .reason = reason,
			      .held = model_rule_is_held(rule, now),
		      });
}

/* What its limits themselves have to say is only held by others. */
static void tell_limit(struct model_rule *rule, enum event_type type, const char *reason,
		       int64_t now)
{
	tell_as(rule, (struct model_event){
			      .type = type,
			      .from = rule->state,
			      .to = rule->state,
			      .at = now,
			      .reason = reason,
			      .held = is_kept(rule),
		      });
}

void model_rule_instant(struct model_rule *rule, int64_t now)
{
	tell(rule, EVENT_INSTANT, rule->state, NULL, now);
}

void model_rule_limit(struct model_rule *rule, const struct model_limits *limits, int64_t shift,
		      bool restart, int64_t now)
{
	model_quiet_move(&rule->quiet, limits, shift, restart, now);
}

/* The first instant of its rhythm that is not before now. */
static int64_t next_beat(const struct model_rule *rule, int64_t now)
{
	int64_t step = rule->says.repeat_ns, at = rule->fired + step;

	if (step == 0)
		return MODEL_NEVER;
	return at >= now ? at : at + (now - at + step - 1) / step * step;
}

static void enter(struct model_rule *rule, enum rule_state state, enum event_type type,
		  const char *reason, int64_t now)
{
	enum rule_state from = rule->state;
	bool flaps = (type == EVENT_FIRE || type == EVENT_CLEAR) &&
		     model_quiet_turn(&rule->quiet, now);

	rule->state = state;
	rule->since = now;
	if (state == RULE_PENDING) {
		rule->counted = 0;
		rule->counted_to = now;
	}
	if (type == EVENT_FIRE) {
		rule->fired = now;
		rule->acked = false;
		rule->fires++;
		rule->repeat_at = next_beat(rule, now);
	}
	if (type == EVENT_CLEAR)
		rule->clears++;
	if (type == EVENT_FIRE || type == EVENT_CLEAR)
		rule->missed = type == EVENT_FIRE && is_kept(rule);
	tell(rule, type, from, reason, now);
	if (flaps)
		tell_limit(rule, EVENT_FLAPPING, NULL, now);
	if (state == RULE_OK) {
		rule->acked = false;
		rule->repeat_at = MODEL_NEVER;
	}
}

/* 'clear' holds, for as long as it had to. */
static void end(struct model_rule *rule, const char *reason, int64_t now)
{
	if (rule->says.latch && !rule->acked)
		enter(rule, RULE_RETURNED, EVENT_RETURN, reason, now);
	else
		enter(rule, RULE_OK, EVENT_CLEAR, reason, now);
}

static void fire(struct model_rule *rule, int64_t now)
{
	enter(rule, RULE_FIRING, EVENT_FIRE, NULL, now);
}

static enum model_truth not_truth(enum model_truth a)
{
	return a == MODEL_UNKNOWN ? a : a == MODEL_TRUE ? MODEL_FALSE : MODEL_TRUE;
}

static enum model_truth or_truth(enum model_truth a, enum model_truth b)
{
	if (a == MODEL_TRUE || b == MODEL_TRUE)
		return MODEL_TRUE;
	return a == MODEL_UNKNOWN || b == MODEL_UNKNOWN ? MODEL_UNKNOWN : MODEL_FALSE;
}

/* The table's columns "condition true" and "false". */
static void step(struct model_rule *rule, int64_t now)
{
	bool holds = rule->taken == MODEL_TRUE;

	switch (rule->state) {
	case RULE_OK:
		if (holds && rule->says.for_ns == 0)
			fire(rule, now);
		else if (holds)
			enter(rule, RULE_PENDING, EVENT_PENDING, NULL, now);
		break;
	case RULE_PENDING:
		if (!holds)
			enter(rule, RULE_OK, EVENT_CALM, NULL, now);
		break;
	case RULE_FIRING:
		if (!holds && rule->says.clear_for_ns == 0)
			end(rule, NULL, now);
		else if (!holds)
			enter(rule, RULE_CLEARING, EVENT_CLEARING, NULL, now);
		break;
	case RULE_CLEARING:
		if (holds)
			enter(rule, RULE_FIRING, EVENT_REFIRE, NULL, now);
		break;
	case RULE_RETURNED:
		if (holds)
			enter(rule, RULE_FIRING, EVENT_REFIRE, NULL, now);
		else if (!rule->says.latch)
			enter(rule, RULE_OK, EVENT_CLEAR, NULL, now);
		break;
	}
}

/* Its schedule is over: "what pends is off, an alarm ends as if clear_for were over". */
static void leave(struct model_rule *rule, int64_t now)
{
	if (rule->state == RULE_PENDING)
		enter(rule, RULE_OK, EVENT_CALM, "schedule", now);
	else if (rule->state == RULE_FIRING || rule->state == RULE_CLEARING)
		end(rule, "schedule", now);
	else if (rule->state == RULE_RETURNED && !rule->says.latch)
		enter(rule, RULE_OK, EVENT_CLEAR, "schedule", now);
}

/* "Not told anew, but writes anew what it writes as it fires". */
static void write_again(struct model_rule *rule, int64_t now)
{
	if (!rule->missed || is_kept(rule))
		return;
	rule->missed = false;
	if (rule->told)
		tell_as(rule, (struct model_event){
				      .type = EVENT_FIRE,
				      .from = rule->state,
				      .to = rule->state,
				      .at = now,
				      .reason = "no longer held",
				      .held = true,
			      });
}

/* "What it has come to is sent": once nothing holds it back any more. */
static void make_up(struct model_rule *rule, int64_t now)
{
	write_again(rule, now);
	if (model_rule_is_held(rule, now))
		return;
	if (model_rule_is_alarm(rule) && !rule->told)
		tell(rule, EVENT_FIRE, rule->state, "no longer held", now);
	else if (!model_rule_is_alarm(rule) && rule->told)
		tell(rule, EVENT_CLEAR, rule->state, "no longer held", now);
}

static void count(struct model_rule *rule, int64_t now)
{
	if (rule->state != RULE_PENDING)
		return;
	if (rule->taken == MODEL_TRUE)
		rule->counted += now - rule->counted_to;
	rule->counted_to = now;
}

/* Where it stood still since a restart it goes on, once something is known. */
static void wake(struct model_rule *rule, int64_t now)
{
	if (!rule->rests || rule->taken == MODEL_UNKNOWN)
		return;
	rule->rests = false;
	/* What is over by that is so now, and not before. */
	rule->since = now - rule->says.clear_for_ns;
	if (rule->counted < rule->says.clear_for_ns)
		rule->since = now - rule->counted;
}

static void note_blind(struct model_rule *rule, int64_t now)
{
	if (rule->condition != MODEL_UNKNOWN) {
		rule->unknown_since = MODEL_NEVER;
		rule->blind = false;
	} else if (rule->unknown_since == MODEL_NEVER) {
		rule->unknown_since = now;
	}
}

/* What the condition is in the state that the rule is in. */
static void see(struct model_rule *rule, int64_t now)
{
	rule->condition = rule->when;
	if (rule->says.has_clear &&
	    (rule->state == RULE_FIRING || rule->state == RULE_CLEARING))
		rule->condition = or_truth(rule->when, not_truth(rule->clear));
	if (rule->inactive)
		rule->condition = MODEL_FALSE;
	rule->taken = rule->condition;
	if (rule->condition == MODEL_UNKNOWN && rule->stale) {
		if (rule->says.on_unknown == MODEL_FIRE)
			rule->taken = MODEL_TRUE;
		else if (rule->says.on_unknown == MODEL_CLEAR)
			rule->taken = MODEL_FALSE;
	}
	note_blind(rule, now);
}

void model_rule_look(struct model_rule *rule, enum model_truth when, enum model_truth clear,
		     bool stale, bool inhibited, int64_t now)
{
	bool review = rule->review || model_rule_is_held(rule, now) ||
		      model_quiet_wanted(&rule->quiet);

	rule->review = false;
	count(rule, now);
	rule->inhibited = inhibited;
	rule->when = when;
	rule->clear = clear;
	rule->stale = stale;
	see(rule, now);
	wake(rule, now);
	if (rule->inactive)
		leave(rule, now);
	else if (rule->taken != MODEL_UNKNOWN)
		step(rule, now);
	see(rule, now);
	if (review)
		make_up(rule, now);
}

static int64_t left_to_count(const struct model_rule *rule)
{
	int64_t left = rule->says.for_ns - rule->counted;

	return left > 0 ? left : 0;
}

static int64_t due(const struct model_rule *rule, enum model_timer timer)
{
	switch (timer) {
	case MODEL_STATE:
		if (rule->state == RULE_PENDING && rule->taken == MODEL_TRUE)
			return rule->counted_to + left_to_count(rule);
		if (rule->state == RULE_CLEARING && !rule->rests)
			return rule->since + rule->says.clear_for_ns;
		return MODEL_NEVER;
	case MODEL_REPEAT:
		return rule->repeat_at;
	case MODEL_BLIND:
		if (rule->says.blind_ns == 0 || rule->unknown_since == MODEL_NEVER ||
		    rule->blind)
			return MODEL_NEVER;
		return rule->unknown_since + rule->says.blind_ns;
	case MODEL_SHELF:
		return rule->shelved_until;
	case MODEL_QUIET:
		return model_quiet_due(&rule->quiet);
	case MODEL_TIMERS:
		break;
	}
	return MODEL_NEVER;
}

int64_t model_rule_due(const struct model_rule *rule, enum model_timer timer)
{
	int64_t at = due(rule, timer);

	return at < rule->reloaded ? rule->reloaded : at;
}

void model_rule_run(struct model_rule *rule, enum model_timer timer, int64_t now)
{
	count(rule, now);
	switch (timer) {
	case MODEL_STATE:
		if (rule->state == RULE_PENDING)
			fire(rule, now);
		else
			end(rule, NULL, now);
		see(rule, now);
		break;
	case MODEL_REPEAT:
		rule->repeat_at = next_beat(rule, now + 1);
		if (rule->state == RULE_FIRING && !rule->acked &&
		    !model_rule_is_held(rule, now))
			tell(rule, EVENT_REPEAT, rule->state, NULL, now);
		break;
	case MODEL_BLIND:
		rule->blind = true;
		tell(rule, EVENT_BLIND, rule->state, NULL, now);
		break;
	case MODEL_SHELF:
		rule->shelved_until = MODEL_NEVER;
		make_up(rule, now);
		break;
	case MODEL_QUIET:
		if (model_quiet_run(&rule->quiet, now))
			tell_limit(rule, EVENT_CALM, "no longer flapping", now);
		make_up(rule, now);
		break;
	case MODEL_TIMERS:
		break;
	}
}

void model_rule_overslept(struct model_rule *rule, int64_t now)
{
	while (rule->repeat_at != MODEL_NEVER && rule->repeat_at + rule->says.repeat_ns < now)
		rule->repeat_at += rule->says.repeat_ns;
}

int model_rule_ack(struct model_rule *rule, int64_t now)
{
	if (!model_rule_is_alarm(rule))
		return -ENOENT;
	if (rule->acked)
		return -EALREADY;
	rule->acked = true;
	if (rule->state == RULE_RETURNED)
		enter(rule, RULE_OK, EVENT_CLEAR, "acknowledged", now);
	else
		tell(rule, EVENT_ACK, rule->state, "acknowledged", now);
	return 0;
}

void model_rule_shelve(struct model_rule *rule, int64_t until, int64_t now)
{
	(void)now;
	rule->shelved_until = until;
}

int model_rule_unshelve(struct model_rule *rule, int64_t now)
{
	if (rule->shelved_until == MODEL_NEVER)
		return -EALREADY;
	rule->shelved_until = MODEL_NEVER;
	make_up(rule, now);
	return 0;
}

void model_rule_reload(struct model_rule *rule, const struct model_says *says, bool same,
		       int64_t now)
{
	count(rule, now);
	/* Nobody was to know for how long it was unknown. */
	if (rule->says.blind_ns == 0 && rule->unknown_since != MODEL_NEVER) {
		rule->unknown_since = now;
		rule->blind = false;
	}
	rule->says = *says;
	rule->reloaded = now;
	rule->review = true;
	model_quiet_move(&rule->quiet, &says->limits, 0, false, now);
	if (!same) {
		rule->since = now;
		rule->counted = 0;
		rule->counted_to = now; /* who rests goes on to rest */
		rule->unknown_since = rule->condition == MODEL_UNKNOWN ? now : MODEL_NEVER;
		rule->blind = false;
	}
	if (model_rule_is_alarm(rule))
		rule->repeat_at = next_beat(rule, now);
}

/* "Pending and clearing keep the time already spent; downtime does not count." */
static void keep_spent(struct model_rule *rule, bool same, const struct model_outage *outage)
{
	bool clearing = rule->state == RULE_CLEARING;

	count(rule, outage->saved_at);
	if (clearing && !rule->rests)
		rule->counted = outage->saved_at - rule->since;
	if (!same || (!clearing && (outage->ns < 0 || outage->ns > MODEL_OUTAGE)))
		rule->counted = 0;
	rule->counted_to = outage->now;
	rule->rests = clearing;
}

void model_rule_restart(struct model_rule *rule, const struct model_says *says, bool same,
			const struct model_outage *outage)
{
	int64_t gap = outage->ns > 0 ? outage->ns : 0;
	int64_t shift = outage->now - gap - outage->saved_at;

	keep_spent(rule, same, outage);
	rule->fired += shift;
	if (rule->shelved_until != MODEL_NEVER)
		rule->shelved_until += shift;
	/* Who was blind for a while is so for no longer by the outage. */
	if (same && rule->says.blind_ns > 0 && rule->unknown_since != MODEL_NEVER) {
		rule->unknown_since += outage->now - outage->saved_at;
	} else {
		rule->unknown_since = outage->now;
		rule->blind = false;
	}
	rule->says = *says;
	rule->reloaded = outage->now;
	rule->review = true;
	model_quiet_move(&rule->quiet, &says->limits, shift, true, outage->now);
	rule->when = rule->clear = rule->condition = rule->taken = MODEL_UNKNOWN;
	rule->stale = false;
	if (model_rule_is_alarm(rule))
		rule->repeat_at = next_beat(rule, outage->now);
}

void model_rule_remove(struct model_rule *rule, int64_t now)
{
	struct model_event event = {
		.type = EVENT_CLEAR,
		.from = rule->state,
		.to = RULE_OK,
		.at = now,
		.active_ns = now - rule->fired,
		.reason = "removed",
		.held = !rule->told, /* nobody knows of it */
	};

	if (model_rule_is_alarm(rule))
		rule->tell(rule->arg, &event);
}
