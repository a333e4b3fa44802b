/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * An event: a rule's transition. The only thing that comes down from the engine to the
 * actions. All it points to is borrowed for the time of the call that carries it.
 */
#ifndef GAUGED_MODEL_EVENT_H
#define GAUGED_MODEL_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "model/reading.h"

enum severity { SEVERITY_INFO, SEVERITY_WARNING, SEVERITY_CRITICAL };

/* RULE_RETURNED: a latched alarm whose condition is over, and that nobody has acknowledged. */
enum rule_state { RULE_OK, RULE_PENDING, RULE_FIRING, RULE_CLEARING, RULE_RETURNED };

enum event_type {
	EVENT_PENDING, /* the condition holds, 'for' runs */
	EVENT_CALM, /* it ceased before 'for' was over; from == to: it flaps no more, on_fire */
	EVENT_FIRE, /* runs on_fire */
	EVENT_CLEARING, /* firing, the condition ceased, 'clear_for' runs */
	EVENT_REFIRE,	/* clearing or returned, the condition came back; no action */
	EVENT_RETURN,	/* latched: the condition is over, waits for an acknowledgement */
	EVENT_ACK,	/* somebody acknowledged it while it was firing */
	EVENT_CLEAR,	/* runs on_clear */
	EVENT_REPEAT,  /* still firing after 'repeat'; runs on_fire again, marked as a repeat */
	EVENT_INSTANT, /* an 'on:' rule happened; runs do */
	EVENT_BLIND,   /* undecided for 'blind_after' */
	EVENT_FLAPPING, /* came and went too often: says no more until it is calm; runs on_fire
			 */
	EVENT_GAP,	/* of no rule: a queue lost messages, and tells its receiver how many */
};

/* The value of one point at the event, as the rule saw it. */
struct event_point {
	const char *name;
	const char *unit; /* NULL if it has none */
	struct value value;
	enum quality quality;
	enum bad_reason reason;
	int64_t age_ns; /* since the last good reading; -1: there was none */
};

struct event_label {
	const char *name;
	const char *text;
};

struct event {
	enum event_type type;
	uint32_t rule; /* its number in its rule set; of a removed one, in the set it was in, or
			  UINT32_MAX after a restart */
	const char *rule_name;
	enum severity severity;
	int priority; /* 1 is the most urgent; 0: not said */
	enum rule_state from, to;
	uint64_t seq; /* counts the engine's events from 1 */
	struct boot at;
	int64_t active_ns;  /* how long the rule has been firing; 0 when it just began */
	const char *reason; /* "removed", "acknowledged", "unshelved", ... or NULL */
	/* How far beyond the threshold; VALUE_NONE: not known, or nobody asked for margins. */
	struct value margin;
	const char *margin_unit; /* NULL: none */
	bool held;		 /* shelved, inhibited or quiet: runs no actions now */
	/*
	 * Held only because its rule has said too much, and the alarm came or went, or because
	 * people know of the alarm: what tells them is kept back, what switches outputs is not.
	 */
	bool muted;
	const char *message; /* rendered; "" if the rule has none */
	size_t label_count;
	const struct event_label *labels;
	size_t point_count;
	const struct event_point *points; /* every point that the rule reads */
};

const char *severity_name(enum severity severity);
const char *rule_state_name(enum rule_state state);
const char *event_type_name(enum event_type type);
/* Whether events of that type tell of the rule's matter and run actions, unless held. */
bool event_type_acts(enum event_type type);

#endif
