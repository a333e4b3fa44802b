/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the reference model of what keeps a rule from saying too much. */
#include "model_quiet.h"

#include <stddef.h>
#include <string.h>

bool model_quiet_wanted(const struct model_quiet *quiet)
{
	return quiet->limits.min_interval_ns > 0 || quiet->limits.changes > 0 ||
	       quiet->limits.rate > 0;
}

/* When there are fewer than so many within the span that ends there. */
static int64_t fewer_at(const struct model_times *times, int many, int64_t span)
{
	return times->count < many ? MODEL_LONG_AGO : times->at[times->count - many] + span;
}

static void add(struct model_times *times, int64_t now)
{
	if (times->count == MODEL_TIMES) {
		memmove(times->at, times->at + MODEL_TIMES / 2,
			MODEL_TIMES / 2 * sizeof(*times->at));
		times->count = MODEL_TIMES / 2;
	}
	times->at[times->count++] = now;
}

static int64_t pause_end(const struct model_quiet *quiet)
{
	return quiet->limits.min_interval_ns > 0 && quiet->told_at != MODEL_LONG_AGO
		       ? quiet->told_at + quiet->limits.min_interval_ns
		       : MODEL_LONG_AGO;
}

static int64_t room_at(const struct model_quiet *quiet)
{
	const struct model_limits *limits = &quiet->limits;

	return limits->rate > 0 ? fewer_at(&quiet->said, limits->rate, limits->per_ns)
				: MODEL_LONG_AGO;
}

/* "When there are only half as many changes in that time" */
static int64_t calm_at(const struct model_quiet *quiet)
{
	return fewer_at(&quiet->changes, quiet->limits.changes / 2 + 1, quiet->limits.in_ns);
}

const char *model_quiet_why(const struct model_quiet *quiet, bool told, int64_t now)
{
	if (quiet->flapping)
		return "flapping";
	if (!told && now < pause_end(quiet))
		return "min_interval";
	return now < room_at(quiet) ? "max_rate" : NULL;
}

bool model_quiet_turn(struct model_quiet *quiet, int64_t now)
{
	const struct model_limits *limits = &quiet->limits;

	if (limits->changes == 0)
		return false;
	add(&quiet->changes, now);
	if (quiet->flapping || fewer_at(&quiet->changes, limits->changes, limits->in_ns) <= now)
		return false;
	quiet->flapping = true;
	return true;
}

void model_quiet_note(struct model_quiet *quiet, bool told, bool alarm, int64_t now)
{
	if (told && quiet->limits.rate > 0)
		add(&quiet->said, now);
	if (told && alarm && quiet->limits.min_interval_ns > 0)
		quiet->told_at = now;
	quiet->planned = now;
	quiet->anew = false;
}

int64_t model_quiet_due(const struct model_quiet *quiet)
{
	const int64_t ends[] = {pause_end(quiet), room_at(quiet)};
	int64_t due = quiet->anew ? quiet->planned : INT64_MAX;

	if (!model_quiet_wanted(quiet))
		return INT64_MAX;
	for (int i = 0; i < 2; i++) {
		if (ends[i] > quiet->planned && ends[i] < due)
			due = ends[i];
	}
	if (quiet->flapping && calm_at(quiet) < due)
		due = calm_at(quiet);
	return due > quiet->planned ? due : quiet->planned;
}

bool model_quiet_run(struct model_quiet *quiet, int64_t now)
{
	bool calms = quiet->flapping && calm_at(quiet) <= now;

	quiet->planned = now;
	quiet->anew = false;
	if (calms)
		quiet->flapping = false;
	return calms;
}

/* No more was known than was wanted. */
static void keep(struct model_times *times, int most, int64_t shift)
{
	if (times->count > most) {
		memmove(times->at, times->at + times->count - most,
			(size_t)most * sizeof(*times->at));
		times->count = most;
	}
	for (int i = 0; i < times->count; i++)
		times->at[i] += shift;
}

void model_quiet_move(struct model_quiet *quiet, const struct model_limits *limits,
		      int64_t shift, bool restart, int64_t now)
{
	keep(&quiet->changes, quiet->limits.changes, shift);
	keep(&quiet->said, quiet->limits.rate, shift);
	if (quiet->limits.min_interval_ns == 0 || limits->min_interval_ns == 0)
		quiet->told_at = MODEL_LONG_AGO;
	if (quiet->told_at != MODEL_LONG_AGO)
		quiet->told_at += shift;
	quiet->limits = *limits;
	keep(&quiet->changes, limits->changes, 0);
	keep(&quiet->said, limits->rate, 0);
	quiet->flapping = quiet->flapping && limits->changes > 0;
	if (!model_quiet_wanted(quiet))
		*quiet = (struct model_quiet){.told_at = MODEL_LONG_AGO};
	quiet->planned = now;
	quiet->anew = restart && model_quiet_wanted(quiet);
}
