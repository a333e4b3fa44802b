/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* What a probe is to do, from the command line. Pure. */
#ifndef GAUGED_CTL_PROBE_PLAN_H
#define GAUGED_CTL_PROBE_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ctl/probe_line.h"

struct ctl;
struct error;

enum { PROBE_UNITS = 256, PROBE_TABLES = 4, PROBE_SETTINGS = 32 };

struct probe_range {
	uint8_t function;
	uint16_t first, last;
};

struct probe_plan {
	const char *address; /* borrowed */
	bool serial;	     /* rtu://: a line of this machine, with a baud rate */
	bool rtu;	     /* rtu:// or rtu+tcp:// */
	int64_t timeout_ns;
	size_t unit_count;
	uint8_t units[PROBE_UNITS]; /* in the order of asking, each once */
	bool any_table;		    /* no table was named */
	size_t range_count;
	struct probe_range ranges[PROBE_TABLES];
	/* The most likely first; one that says nothing where there is nothing to say. */
	size_t setting_count;
	struct probe_setting settings[PROBE_SETTINGS];
};

/* -EINVAL and err for a command line that makes no sense. */
int probe_plan_parse(const struct ctl *ctl, struct probe_plan *ret, struct error *err);

#endif
