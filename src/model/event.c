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
		"pending", "calm",  "fire",   "clearing", "refire", "return",
		"ack",	   "clear", "repeat", "instant",  "blind",
	};

	return names[type];
}
