/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * All outputs: what rules and people want of them goes through here, whoever asks, and what
 * rules/outlet.h makes of that goes to the buses, into the log and into the counters. Knows
 * neither the loop nor the clock: the host does.
 */
#ifndef GAUGED_DAEMON_OUTPUT_H
#define GAUGED_DAEMON_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "inputs/input.h"
#include "model/event.h"
#include "rules/outlet.h"

struct config;
struct error;
struct outputs;
struct str;

struct output_counters {
	uint64_t done, refused, unknown, differs;
	uint64_t held;		    /* wanted by a rule while somebody else had the output */
	uint64_t delayed;	    /* by min_on or min_off */
	uint64_t retried;	    /* tried again, as nobody else would ask */
	uint64_t restored, corrupt; /* outputs, and records that were none */
};

/* All called on the loop, never after outputs_free(). */
struct outputs_host {
	/* To the bus of the point; see struct input_type. */
	int (*write)(void *arg, uint32_t point, struct value value, write_done *done,
		     void *done_arg, struct error *err);
	/* To call outputs_due() then; BOOT_NEVER: not at all. It takes the last one's place. */
	void (*alarm)(void *arg, struct boot deadline);
	struct boot (*now)(void *arg);
	/* Whether the rule, of the configuration in force, is decided, and whether it fires. */
	bool (*decided)(void *arg, uint32_t rule);
	bool (*fires)(void *arg, const char *rule);
	void *arg;
};

/* host is copied. config is borrowed until the next outputs_adopt(). */
struct outputs *outputs_new(const struct config *config, const struct outputs_host *host);
/* All buses have to be closed before: they end their open writes. */
void outputs_free(struct outputs *outputs);
/*
 * A reload: what is known of points with the same name and kind goes on. outputs_settle()
 * follows, when the host knows which rules fire.
 */
void outputs_adopt(struct outputs *outputs, const struct config *config);
void outputs_settle(struct outputs *outputs);
/* Writes what is to be written at the start; from then on the host is called. */
void outputs_start(struct outputs *outputs);

/*
 * A rule writes, as the event says. 0: it is sent, or waits for its time. Negative errno +
 * err: refused, logged and counted.
 */
int outputs_rule_writes(struct outputs *outputs, uint32_t point, struct value value,
			const struct event *event, struct error *err);
/* The rule fires no more: it lets go of the point, if it holds it. */
void outputs_rule_ends(struct outputs *outputs, uint32_t point, const char *rule);
/*
 * A person writes; who is logged. for_ns: for that time, 0: until a rule writes. 0: accepted,
 * and done (may be NULL) is called once. 1: it waits for an interlock, as err says, and done
 * is not called. Negative errno + err: refused, logged and counted.
 */
int outputs_operator_writes(struct outputs *outputs, uint32_t point, struct value value,
			    const char *who, int64_t for_ns, write_done *done, void *arg,
			    struct error *err);
/* Whoever waits with arg went away. */
void outputs_forget(struct outputs *outputs, void *arg);
/* A reading of any point. */
void outputs_saw(struct outputs *outputs, const struct reading *reading);
/* Conditions of rules may be decided by now, or not any more. */
void outputs_look(struct outputs *outputs);
void outputs_due(struct outputs *outputs);

/* Writes on_stop to all outputs that have one, and nothing more from then on. */
void outputs_stop(struct outputs *outputs);
/* The buses are about to close: nothing is written from now on. */
void outputs_halt(struct outputs *outputs);
/* Writes that have not ended yet. */
size_t outputs_open(const struct outputs *outputs);

void outputs_count(const struct outputs *outputs, struct output_counters *ret);
/* Outputs, in the order of points; *ret_point is its number in the configuration. */
size_t outputs_number(const struct outputs *outputs);
void outputs_report(const struct outputs *outputs, size_t i, uint32_t *ret_point,
		    struct outlet_report *ret);

/*
 * changed is called when what outputs_save() gives has become another, apart from its ages; on
 * the loop, never within outputs_save(), and not before outputs_start(). NULL: nobody.
 */
void outputs_on_change(struct outputs *outputs, void (*changed)(void *arg), void *arg);

/* In output_save.c */

/*
 * Adds what has to outlive the program to out: limits that run, who has each output, what
 * waits. Times are ages; each output is a record with a sum, by its point's name.
 */
void outputs_save(const struct outputs *outputs, struct boot now, struct str *out);
/*
 * Brings back what outputs_save() wrote; to be called once, before outputs_start() and after
 * the engine was restored: a rule that fires no more lets go. outage_ns: since the save; < 0:
 * not known, and that counts against the outputs: what may have been on for too long goes off.
 * Nothing in the bytes is trusted, and nothing in them is fatal. The number of outputs.
 */
size_t outputs_restore(struct outputs *outputs, const void *bytes, size_t len, struct boot now,
		       int64_t outage_ns);
/*
 * Behind it, where some of what was saved may be lost: outputs that were not restored and have
 * a max_on begin with off, for nobody knows how long they have been on.
 */
void outputs_forgotten(struct outputs *outputs);

#endif
