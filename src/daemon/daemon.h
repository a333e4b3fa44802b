/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * The daemon: the one place that sees both halves. Readings of the buses go into the engine,
 * its events to the actions; a reload swaps two configurations between two events. Reading
 * daemon.c for five minutes is reading the system.
 */
#ifndef GAUGED_DAEMON_DAEMON_H
#define GAUGED_DAEMON_DAEMON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "io/http_client.h"
#include "inputs/input.h"
#include "daemon/output.h"
#include "model/event.h"

struct action_host;
struct bus;
struct config;
struct config_diff;
struct daemon;
struct diags;
struct engine;
struct error;
struct event_stamp;
struct loop;
struct mqtt;
struct state;
struct outlet_report;
struct webhook;

/* Takes the first reference of config. Opens buses, webhooks and the control socket. */
struct daemon *daemon_new(struct config *config, struct loop *loop, struct error *err);
/* Closes everything in the order of stopping: inputs, outputs to their safe state, webhooks. */
void daemon_free(struct daemon *daemon);

/* What the control API reads. Borrowed until the next reload: ask again each time. */
struct loop *daemon_loop(const struct daemon *daemon);
const struct config *daemon_config(const struct daemon *daemon);
const struct engine *daemon_engine(const struct daemon *daemon);
size_t daemon_bus_count(const struct daemon *daemon);
const struct bus *daemon_bus(const struct daemon *daemon, size_t i);
size_t daemon_webhook_count(const struct daemon *daemon);
const struct webhook *daemon_webhook(const struct daemon *daemon, size_t i);
size_t daemon_mqtt_count(const struct daemon *daemon);
const struct mqtt *daemon_mqtt(const struct daemon *daemon, size_t i);
/* Messages that would be lost with the program: not delivered, and not in the store. */
size_t daemon_waiting(const struct daemon *daemon);
struct state *daemon_state(const struct daemon *daemon);

struct daemon_status {
	const char *boot_id;
	struct boot started;
	struct wall started_wall;
	bool synchronised;
	bool reloading;
	uint64_t reloads;	  /* that were carried out */
	uint64_t reloads_failed;  /* that changed nothing */
	struct wall last_reload;  /* ns 0: none since start */
	const char *last_failure; /* rendered errors of the last failed reload, NULL after a
				     good one */
	struct output_counters writes;
	uint64_t actions_failed;
	struct http_client_counters http;
};
void daemon_status(const struct daemon *daemon, struct daemon_status *ret);

/*
 * Builds the configuration at the same path on a thread of its own and swaps it in if it is
 * whole; done is called once on the loop. Asked for while one is running: one more follows, and
 * serves all who asked meanwhile. result and its diags are borrowed for the call.
 */
struct reload_result {
	bool ok;
	bool dry_run;			/* it was only tried: see daemon_reload_try() */
	const struct diags *diags;	/* errors, or the warnings of a good one */
	const struct config_diff *diff; /* what is otherwise now, or would be; NULL: not ok */
};
typedef void reload_done(void *arg, const struct reload_result *result);
void daemon_reload(struct daemon *daemon, reload_done *done, void *arg);
/*
 * Builds it as well, beside what runs, and says what a reload would change, but changes
 * nothing; devices are not opened. A reload that is asked for meanwhile follows, and goes
 * before others that only try.
 */
void daemon_reload_try(struct daemon *daemon, reload_done *done, void *arg);
/* For whoever asked and went away: done will not be called with this arg any more. */
void daemon_reload_forget(struct daemon *daemon, void *arg);

/*
 * A write that a person asks for; who is logged ("uid 1000"). For for_ns, or until a rule
 * writes: see outputs_operator_writes() for that, and for what is returned.
 */
int daemon_write(struct daemon *daemon, uint32_t point, struct value value, const char *who,
		 int64_t for_ns, write_done *done, void *arg, struct error *err);
void daemon_write_forget(struct daemon *daemon, void *arg);
/* Points that may be written: who has the i-th, and what holds it back. */
size_t daemon_output_count(const struct daemon *daemon);
void daemon_output(const struct daemon *daemon, size_t i, uint32_t *ret_point,
		   struct outlet_report *ret);
/* Writes on_stop where it is said, and nothing more from then on. */
void daemon_stop(struct daemon *daemon);
/* Writes that have not ended yet. */
size_t daemon_writing(const struct daemon *daemon);

/*
 * What an operator does to a rule, now; see engine_ack() and its kin for what is returned.
 * Shelved for at least a second.
 */
int daemon_ack(struct daemon *daemon, uint32_t rule);
int daemon_shelve(struct daemon *daemon, uint32_t rule, int64_t for_ns);
int daemon_unshelve(struct daemon *daemon, uint32_t rule);

/* Everybody who wants to see events and readings pass by (the control API's followers). */
struct daemon_watcher {
	void (*event)(void *arg, const struct event *event, const struct event_stamp *stamp);
	void (*reading)(void *arg,
			const struct reading *reading); /* point: of the config in force */
	void (*evaluated)(void *arg); /* the engine ran: derived points may be others now */
	void (*reloaded)(void *arg);  /* numbers and names may be others now */
	void (*reload_begins)(void *arg);
	void (*reload_ends)(void *arg); /* carried out or refused */
	void *arg;
	struct daemon_watcher *next; /* the daemon's */
};
void daemon_watch(struct daemon *daemon, struct daemon_watcher *watcher);
void daemon_unwatch(struct daemon *daemon, struct daemon_watcher *watcher);

#endif
