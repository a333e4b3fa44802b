/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * A second opinion on min_interval, flap and max_rate, from the words of gauged-rules(5): all
 * times there ever were, and what they say about now.
 */
#ifndef GAUGED_TESTS_MODEL_QUIET_H
#define GAUGED_TESTS_MODEL_QUIET_H

#include <stdbool.h>
#include <stdint.h>

#define MODEL_LONG_AGO (INT64_MIN / 2)

/* What the rule says; 0: not wanted. */
struct model_limits {
	int64_t min_interval_ns;
	int changes; /* of flap */
	int64_t in_ns;
	int rate; /* so often within per_ns */
	int64_t per_ns;
};

enum { MODEL_TIMES = 2000 };

struct model_times {
	int64_t at[MODEL_TIMES];
	int count;
};

struct model_quiet {
	struct model_limits limits;
	struct model_times changes, said;
	int64_t told_at; /* of the last alarm or instant that was told; MODEL_LONG_AGO */
	bool flapping;
	int64_t planned; /* what comes behind that instant may end it */
	bool anew;	 /* ... or that instant itself: it is to be looked at */
};

bool model_quiet_wanted(const struct model_quiet *quiet);
/* "flapping", "min_interval", "max_rate", or NULL. told: somebody waits for the end. */
const char *model_quiet_why(const struct model_quiet *quiet, bool told, int64_t now);
/* The alarm came or went: true if it flaps from now on. */
bool model_quiet_turn(struct model_quiet *quiet, int64_t now);
/* Something that acts was told or held back; alarm: it begins, or is an instant. */
void model_quiet_note(struct model_quiet *quiet, bool told, bool alarm, int64_t now);
/* When it may be over; INT64_MAX. And then: true if it flaps no more. */
int64_t model_quiet_due(const struct model_quiet *quiet);
bool model_quiet_run(struct model_quiet *quiet, int64_t now);
/* Other limits, and perhaps a clock that is moved by shift; restart: nobody has looked yet. */
void model_quiet_move(struct model_quiet *quiet, const struct model_limits *limits,
		      int64_t shift, bool restart, int64_t now);

#endif
