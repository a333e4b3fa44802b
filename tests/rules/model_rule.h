/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * A second opinion on the life of one rule: rules.md section 4, section 8 for reloads, and
 * LIFE CYCLE of gauged-rules(5), written from their words and from nothing else. It knows no
 * points and no expressions: it is told what 'when' and 'clear' are, and when.
 */
#ifndef GAUGED_TESTS_MODEL_RULE_H
#define GAUGED_TESTS_MODEL_RULE_H

#include <stdbool.h>
#include <stdint.h>

#include "model/event.h"
#include "model_quiet.h"

enum model_truth { MODEL_FALSE, MODEL_TRUE, MODEL_UNKNOWN };
enum model_unknown { MODEL_HOLD, MODEL_CLEAR, MODEL_FIRE };

/* What the rule says; times in ns, 0: not wanted. */
struct model_says {
	int64_t for_ns, clear_for_ns, repeat_ns, blind_ns;
	enum model_unknown on_unknown;
	bool has_clear, latch;
	struct model_limits limits;
};

struct model_event {
	enum event_type type;
	enum rule_state from, to;
	int64_t at, active_ns; /* active: since it fired */
	const char *reason;
	bool held;
};

/* Timers of one rule, in their order at one instant. */
enum model_timer {
	MODEL_STATE,
	MODEL_REPEAT,
	MODEL_BLIND,
	MODEL_SHELF,
	MODEL_QUIET,
	MODEL_TIMERS
};
#define MODEL_NEVER INT64_MAX

struct model_rule {
	struct model_says says;
	void (*tell)(void *arg, const struct model_event *event);
	void *arg;

	enum rule_state state;
	int64_t since; /* in this state */
	int64_t fired; /* firing, clearing, returned: since then an alarm */

	enum model_truth when, clear; /* as told last */
	bool stale;
	enum model_truth condition; /* of these, in this state */
	enum model_truth taken;	    /* with on_unknown */
	/* pending: time in which it was known to be true, up to the instant counted_to */
	int64_t counted, counted_to;
	bool rests; /* clearing, after a restart: so much was counted, and no more is yet */

	int64_t unknown_since; /* MODEL_NEVER: it is known */
	bool blind;	       /* told since then */
	int64_t repeat_at;
	int64_t reloaded;      /* what a reload has put into the past is due then */
	int64_t shelved_until; /* MODEL_NEVER: it is not shelved */
	bool inhibited;
	bool inactive; /* outside of its schedule; to be set before it is looked at */
	bool acked, told;
	bool missed; /* it came while it was shelved or inhibited */
	uint64_t fires, clears;
	struct model_quiet quiet;
	bool review; /* what held it may be gone: to be seen when it is looked at */
};

/* A rule at the instant now that nobody has looked at: ok, and its condition unknown. */
void model_rule_init(struct model_rule *rule, const struct model_says *says, int64_t now);
/*
 * The condition is looked at: what 'when' and 'clear' are now (clear counts only with
 * has_clear), whether one of its points is stale, whether an inhibitor is an alarm.
 */
void model_rule_look(struct model_rule *rule, enum model_truth when, enum model_truth clear,
		     bool stale, bool inhibited, int64_t now);
/* When that timer is over, or MODEL_NEVER. */
int64_t model_rule_due(const struct model_rule *rule, enum model_timer timer);
/* It is over, at the instant now. */
void model_rule_run(struct model_rule *rule, enum model_timer timer, int64_t now);

/* What an operator does; 0 or -ENOENT, -EALREADY as engine_ack() and engine_unshelve(). */
int model_rule_ack(struct model_rule *rule, int64_t now);
void model_rule_shelve(struct model_rule *rule, int64_t until, int64_t now);
int model_rule_unshelve(struct model_rule *rule, int64_t now);

/* Nobody has looked since long before now: of the repeats only the last one is left. */
void model_rule_overslept(struct model_rule *rule, int64_t now);

/* Whether others read it as firing. */
bool model_rule_is_alarm(const struct model_rule *rule);
bool model_rule_is_held(const struct model_rule *rule, int64_t now);
/* An instant takes place. */
void model_rule_instant(struct model_rule *rule, int64_t now);
/* The limits of an instant after a reload or, behind shift, a restart. */
void model_rule_limit(struct model_rule *rule, const struct model_limits *limits, int64_t shift,
		      bool restart, int64_t now);
/*
 * A reload gave it new words; same: when, clear and on_unknown are what they were. It is to be
 * looked at next.
 */
void model_rule_reload(struct model_rule *rule, const struct model_says *says, bool same,
		       int64_t now);
/* What a rule is told of a restart; as oracle_outage. */
struct model_outage {
	int64_t saved_at, now, ns;
};
/* The same after a restart of the program: nobody has looked at anything yet. */
void model_rule_restart(struct model_rule *rule, const struct model_says *says, bool same,
			const struct model_outage *outage);
/* A reload left it out. */
void model_rule_remove(struct model_rule *rule, int64_t now);

#endif
