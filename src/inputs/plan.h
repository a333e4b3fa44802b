/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * What is asked for on a bus over and over, and whether there is time for it: for people who
 * check a configuration. Pure.
 */
#ifndef GAUGED_INPUTS_PLAN_H
#define GAUGED_INPUTS_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct input_config;
struct input_type;
struct str;

/* One request that repeats. Texts are borrowed from the configuration. */
struct plan_request {
	const char *device;
	int unit; /* those of one number have their turns together */
	/* What it reads, where that is not told by the next four: "lines 17 4"; or NULL. */
	const char *reads;
	const char *table; /* "holding" */
	int function;	   /* as the protocol has it */
	uint16_t address, count;
	unsigned unasked; /* of count: read along, no point asks for them */
	size_t points;
	int64_t interval_ns;
	/* What one takes of the bus's time if it is answered; 0: not known, or it has plenty.
	 */
	int64_t takes_ns;
	/* How often it comes when all are answered; more than the interval if that is too
	 * short. */
	int64_t possible_ns;
};

struct plan {
	size_t count;
	struct plan_request *requests;
	double rate; /* requests a second that are asked for */
	bool timed;  /* all of takes_ns are known */
	/*
	 * timed: the share of the bus's time that is asked for, 1 is all of it; without what
	 * units that do not answer take, which is up to a tenth.
	 */
	double use;
	/* use > 1: the request whose interval is stretched most. */
	const struct plan_request *slowest;
};

/* NULL if the driver asks for nothing by itself. config must outlive the plan. */
struct plan *plan_new(const struct input_type *type, const struct input_config *config);
void plan_free(struct plan *plan);
/* "35 ms", "1.8 s", "3600 s". */
void plan_add_time(struct str *out, int64_t ns);

#endif
