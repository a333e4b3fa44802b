/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the look of a wall time. */
#include "daemon/timestamp.h"

#include <time.h>

#include "base/str.h"

void timestamp_add(struct str *out, struct wall at)
{
	int64_t ms = at.ns / NSEC_PER_MSEC - (at.ns % NSEC_PER_MSEC < 0);
	int64_t part = (ms % 1000 + 1000) % 1000;
	time_t seconds = (time_t)((ms - part) / 1000);
	struct tm tm;

	if (gmtime_r(&seconds, &tm) == NULL)
		return;
	str_addf(out, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", tm.tm_year + 1900, tm.tm_mon + 1,
		 tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, (int)part);
}
