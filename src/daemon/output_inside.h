/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* The inside of all outputs, for output and output_save. */
#ifndef GAUGED_DAEMON_OUTPUT_INSIDE_H
#define GAUGED_DAEMON_OUTPUT_INSIDE_H

#include <sys/queue.h>

#include "base/log.h"
#include "daemon/output.h"
#include "rules/timer.h"

struct config_output;

struct output {
	struct outlet *outlet;
	const struct config_output *config;
	struct complaint complaint; /* what is tried again and fails again */
	struct output *after;	    /* while a reload swaps the lists */
};

/* A write under way. */
struct output_write {
	LIST_ENTRY(output_write) next;
	struct outputs *outputs;
	struct output *output; /* NULL: a reload took it away */
	char what[320];	       /* "boiler.burner = false for rule boiler-over-temp" */
	bool changes, own;
	write_done *done;
	void *arg;
};

struct outputs {
	struct outputs_host host;
	void (*changed)(void *arg); /* NULL: nobody wants to know */
	void *changed_arg;
	const struct config *config;
	size_t count;
	struct output *list; /* the n-th is the configuration's n-th */
	struct timers timers;
	LIST_HEAD(, output_write) open;
	size_t open_count;
	bool looks; /* some output has an on_unknown */
	bool started, stopping;
	struct output_counters counters;
};

#endif
