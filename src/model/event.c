/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the words for severities, states and transitions. */
#include "model/event.h"

const char *severity_name(enum severity severity)
{
	static const char *const names[] = {"info", "warning", "critical"};

	return names[severity];
}

const char *rule_state_name(enum rule_state state)
{
	static const char *const names[] = {"ok", "pending", "firing", "clearing", "returned"};

	return names[state];
}

const char *event_type_name(enum event_type type)
{
	static const char *const names[] = {
		"pending", "calm",   "fire",	"clearing", "refire",	"return", "ack",
		"clear",   "repeat", "instant", "blind",    "flapping", "gap",
	};

	return names[type];
}

bool event_type_acts(enum event_type type)
{
	switch (type) {
	case EVENT_FIRE:
	case EVENT_CLEAR:
	case EVENT_REPEAT:
	case EVENT_INSTANT:
	case EVENT_BLIND:
		return true;
	case EVENT_PENDING:
	case EVENT_CALM:
	case EVENT_CLEARING:
	case EVENT_REFIRE:
	case EVENT_RETURN:
	case EVENT_ACK:
	case EVENT_FLAPPING:
	case EVENT_GAP:
		return false;
	}
	return false;
}
