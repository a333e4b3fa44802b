/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * The inside of all outputs, for the files that own it together: output (the list, and what is
 * asked), output_send (what is written, and how it ended) and output_save (bytes).
 */
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
	struct complaint complaint; /* what is tried again and fails again ... */
	unsigned failures;	    /* ... so many times in a row */
	bool restored;
	struct output *after; /* while a reload swaps the lists */
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

struct boot output_now(const struct outputs *outputs);
/* What has to outlive the program is another now. */
void output_changed(const struct outputs *outputs);
/* "boiler.burner = true for rule hot" */
void output_show(const struct output *output, struct value value, const char *who,
		 struct str *out);
/* Hands what the outlet has sent to the bus; a refusal was told to the outlet and the log. */
int output_send(struct outputs *outputs, struct output *output, const struct outlet_move *move,
		write_done *done, void *arg, struct error *err);
/*
 * Does what the outlet says until it rests. The first write carries done. 0, 1 and negative
 * errno as outputs_operator_writes().
 */
int output_carry_out(struct outputs *outputs, struct output *output, write_done *done,
		     void *arg, struct error *err);
/* Rules that fire no more, or of which nothing is known, let go. */
void output_settle(struct outputs *outputs, struct output *output);
/* The same for nobody, once outputs_start() was called. */
void output_step(struct outputs *outputs, struct output *output);

#endif
