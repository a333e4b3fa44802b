/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the two ways to name an instant of a replay. */
#include "ctl/replay_time.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/str.h"
#include "model/recording.h"
#include "model/recording_remark.h"

bool replay_wall(const struct replay_start *start, struct boot at, struct wall *ret)
{
	if (!start->known || at.ns > INT64_MAX - start->wall.ns)
		return false;
	ret->ns = start->wall.ns + at.ns;
	return true;
}

/* A time of day, or a day and a time, by the local clock. */
static bool local_time(const struct replay_start *start, const char *text, struct wall *ret)
{
	static const struct {
		const char *form;
		bool day;
	} forms[] = {
		{"%Y-%m-%d %H:%M:%S", true},
		{"%Y-%m-%dT%H:%M:%S", true},
		{"%Y-%m-%d %H:%M", true},
		{"%H:%M:%S", false},
		{"%H:%M", false},
	};
	time_t first = (time_t)(start->wall.ns / NSEC_PER_SEC), at = -1;

	for (size_t i = 0; i < ARRAY_SIZE(forms) && at < 0; i++) {
		struct tm tm;
		const char *rest;

		localtime_r(&first, &tm);
		tm.tm_sec = 0;
		rest = strptime(text, forms[i].form, &tm);
		if (rest == NULL || *rest != '\0')
			continue;
		tm.tm_isdst = -1;
		at = mktime(&tm);
		if (!forms[i].day && at < first) {
			tm.tm_mday++;
			tm.tm_isdst = -1;
			at = mktime(&tm);
		}
	}
	ret->ns = (int64_t)at * NSEC_PER_SEC;
	return at >= 0 && at < INT64_MAX / NSEC_PER_SEC;
}

bool replay_time_parse(const struct replay_start *start, const char *option, const char *text,
		       struct boot *ret)
{
	struct wall wall;

	if (str_to_duration(text, &ret->ns) == 0 ||
	    recording_seconds(text, strlen(text), ret, NULL) == 0)
		return true;
	if (!recording_wall_parse(text, strlen(text), &wall) &&
	    !local_time(start, text, &wall)) {
		fprintf(stderr,
			"gaugectl: %s takes a time since the start such as 1h30m, or a time "
			"such as '2026-11-22 17:08:47' or 17:08, not '%s'\n",
			option, text);
		return false;
	}
	if (!start->known) {
		fprintf(stderr,
			"gaugectl: the recording does not say when it started ('# started "
			"2026-11-22T17:08:47Z'): give %s since its start, such as 1h30m\n",
			option);
		return false;
	}
	ret->ns = wall.ns - start->wall.ns;
	if (ret->ns < 0)
		fprintf(stderr, "gaugectl: %s %s lies before the start of the recording\n",
			option, text);
	return ret->ns >= 0;
}

void replay_time_add(struct str *out, const struct replay_start *start, struct boot at)
{
	struct wall wall;
	struct tm tm;
	time_t seconds;

	if (!replay_wall(start, at, &wall)) {
		str_addf(out, "%.3f s", (double)at.ns / (double)NSEC_PER_SEC);
		return;
	}
	seconds = (time_t)(wall.ns / NSEC_PER_SEC);
	if (localtime_r(&seconds, &tm) != NULL)
		str_addf(out, "%04d-%02d-%02d %02d:%02d:%02d.%03d", tm.tm_year + 1900,
			 tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
			 (int)(wall.ns % NSEC_PER_SEC / NSEC_PER_MSEC));
}
