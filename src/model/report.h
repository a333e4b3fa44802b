/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Status, pulled: structs that buses, devices and webhooks fill when somebody asks. The
 * control API and the metrics write them out.
 */
#ifndef GAUGED_MODEL_REPORT_H
#define GAUGED_MODEL_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { REPORT_COUNTERS = 40 };

struct report_counter {
	const char *name; /* snake_case, plural, static: "timeouts" */
	const char *help; /* one sentence, static */
	uint64_t count;
};

/* A listener through which others read a bus, if it has one. */
struct report_server {
	char address[64];  /* "192.0.2.1:502"; "": there is none */
	const char *state; /* static: "up", "backoff" */
	char detail[160];  /* as in struct report */
	unsigned clients;  /* at the moment */
};

struct report {
	const char *state; /* static: "up", "connecting", "backoff", "offline", ... */
	char detail[200];  /* why, and what happens next; "" if there is nothing to say */
	struct report_server server;
	bool use_known;
	double use; /* the share of its time that it was busy lately, 0..1 */
	/* What half, and 99 of 100, of the answers took lately at most; 0 or less: not known.
	 */
	int64_t trip_p50_ns, trip_p99_ns;
	size_t counter_count;
	struct report_counter counters[REPORT_COUNTERS];
};

static inline void report_count(struct report *report, const char *name, const char *help,
				uint64_t count)
{
	if (report->counter_count < REPORT_COUNTERS)
		report->counters[report->counter_count++] =
			(struct report_counter){name, help, count};
}

#endif
