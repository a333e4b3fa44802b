/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Owns the assembly: readings of the buses into the engine, its events to the actions, and
 * the swap of one configuration for another between two events.
 */
#include "daemon/daemon.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/boot_id.h"
#include "base/error.h"
#include "base/log.h"
#include "base/str.h"
#include "conf/diag.h"
#include "model/point.h"
#include "io/clock_watch.h"
#include "io/http_client.h"
#include "io/link_watch.h"
#include "io/loop.h"
#include "rules/calendar.h"
#include "rules/engine.h"
#include "daemon/bus.h"
#include "daemon/config.h"
#include "actions/action.h"
#include "actions/mqtt.h"
#include "actions/webhook.h"
#include "daemon/dispatch.h"
#include "daemon/kept.h"
#include "daemon/mqtt_view.h"
#include "daemon/output.h"
#include "daemon/reload.h"
#include "daemon/running.h"
#include "daemon/state.h"
#include "daemon/switches.h"

/* What saving may take when the program ends. */
#define STOP_NS (3 * NSEC_PER_SEC)

struct daemon {
	struct loop *loop;
	struct running now;
	const struct config *leaving; /* while it is swapped out; otherwise NULL */
	struct loop_alarm *alarm;
	struct clock_watch *clock;
	struct link_watch *link;
	struct loop_timer *clock_poll; /* while nobody is known to have set the clock */
	struct boot seen;	       /* when the engine last ran */
	struct loop_defer *settle;
	struct http_client *http;
	struct switches *switches;
	struct outputs *outputs; /* theirs */
	struct kept kept;
	struct reload *reload;
	struct daemon_watcher *watchers;
	struct boot started;
	struct wall started_wall, last_reload;
	uint64_t reloads, reloads_failed, actions_failed;
	char *last_failure;
	char boot_id[BOOT_ID_SIZE];
};

/* An event on its way: whose actions it runs. */
struct daemon_action {
	struct daemon *daemon;
	const struct config *config;
	const struct event *event;
};

/* The network may be back: what waits for it goes now. */
static void daemon_link(void *arg)
{
	struct daemon *daemon = arg;

	running_wake(&daemon->now);
}

static void daemon_watch_link(struct daemon *daemon)
{
	struct error err;

	daemon->link = link_watch_new(daemon->loop, daemon_link, daemon, &err);
	if (daemon->link == NULL)
		log_notice("%s: webhooks go by their pauses alone", err.text);
}

/* Up: a bus has a reading. */

static void daemon_plan(struct daemon *daemon)
{
	struct boot deadline;

	/* The engine runs what is due before now: one nanosecond after the deadline it is. */
	if (engine_deadline(daemon->now.engine, &deadline))
		loop_alarm_start(daemon->alarm, boot_add(deadline, 1));
	else
		loop_alarm_stop(daemon->alarm);
	/* Conditions are others only where the engine ran, and behind that this is. */
	if (daemon->outputs != NULL)
		outputs_look(daemon->outputs);
	for (struct daemon_watcher *w = daemon->watchers, *next; w != NULL; w = next) {
		next = w->next;
		if (w->evaluated != NULL)
			w->evaluated(w->arg);
	}
}

/* The wall clock was set, or is right by now, or the box slept: local time is another. */
static void daemon_set_wall(struct daemon *daemon, struct boot at)
{
	static const int64_t poll_ns = 60 * NSEC_PER_SEC;
	bool plausible = clock_plausible();
	struct wall wall = clock_wall();

	/* Back to at, which the readings of this turn must not be older than. */
	wall.ns -= boot_diff(clock_boot(), at);
	engine_set_wall(daemon->now.engine, at, wall, plausible);
	daemon->seen = at;
	if (!plausible)
		loop_timer_start(daemon->clock_poll, mono_add(clock_mono(), poll_ns));
}

/* What the process or the box slept over is not to be run beat by beat, and slot by slot. */
static void daemon_wake(struct daemon *daemon, struct boot now)
{
	if (boot_diff(now, daemon->seen) > NSEC_PER_SEC)
		engine_overslept(daemon->now.engine, now);
	if (boot_diff(now, daemon->seen) > CALENDAR_LATE_S * NSEC_PER_SEC)
		daemon_set_wall(daemon, now);
	daemon->seen = now;
}

static void daemon_clock(void *arg)
{
	struct daemon *daemon = arg;

	daemon_wake(daemon, clock_boot());
	engine_tick(daemon->now.engine, daemon->seen);
	daemon_set_wall(daemon, daemon->seen);
	daemon_plan(daemon);
}

static void daemon_put(void *arg, const struct reading *reading)
{
	struct daemon *daemon = arg;
	struct reading in_time = *reading;

	/* An edge bears the kernel's time: rules that have gone on since would drop it. */
	if (in_time.at.ns < daemon->seen.ns)
		in_time.at = daemon->seen;
	daemon_wake(daemon, in_time.at);
	if (engine_feed(daemon->now.engine, &in_time))
		loop_defer_ask(daemon->settle);
	outputs_saw(daemon->outputs, reading);
	for (struct daemon_watcher *w = daemon->watchers, *next; w != NULL; w = next) {
		next = w->next;
		if (w->reading != NULL)
			w->reading(w->arg, &in_time);
	}
}

/* Once in a turn of the loop: what one answer brought was read at one instant. */
static void daemon_settle(void *arg)
{
	struct daemon *daemon = arg;

	engine_settle(daemon->now.engine);
	daemon_plan(daemon);
}

static void daemon_due(void *arg)
{
	struct daemon *daemon = arg;

	daemon_wake(daemon, clock_boot());
	engine_tick(daemon->now.engine, daemon->seen);
	daemon_plan(daemon);
}

/* Down: the engine has an event. */

/* Whose actions an event runs. A rule that a reload removes says its last clear by the old. */
static const struct config *daemon_actions_of(const struct daemon *daemon,
					      const struct event *event)
{
	bool removed = event->reason != NULL && strcmp(event->reason, "removed") == 0;

	return removed && daemon->leaving != NULL ? daemon->leaving : daemon->now.config;
}

static void daemon_action_write(void *arg, uint32_t point, struct value value, const char *why)
{
	const struct daemon_action *action = arg;
	struct daemon *daemon = action->daemon;
	struct error err;

	if (point == POINT_NONE ||
	    outputs_rule_writes(daemon->outputs, point, value, action->event, &err) < 0)
		daemon->actions_failed++;
}

static void daemon_stamp(void *arg, const struct event *event, struct event_stamp *ret)
{
	struct daemon *daemon = arg;

	dispatch_stamp(daemon->now.config, daemon->boot_id, event, ret);
}

static void daemon_event(void *arg, const struct event *event)
{
	struct daemon *daemon = arg;
	struct daemon_action action = {daemon, daemon_actions_of(daemon, event), event};
	struct dispatch_host host = {&daemon->now, daemon_action_write, &action};
	struct event_stamp stamp;

	dispatch_stamp(action.config, daemon->boot_id, event, &stamp);
	dispatch_run(action.config, &host, event, &stamp);
	if (action.config == daemon->now.config)
		switches_event(daemon->switches, event);
	kept_event(&daemon->kept, event, &stamp);
	running_moved(&daemon->now, event->rule);
	for (struct daemon_watcher *w = daemon->watchers, *next; w != NULL; w = next) {
		next = w->next;
		if (w->event != NULL)
			w->event(w->arg, event, &stamp);
	}
}

static struct running_scope daemon_scope(struct daemon *daemon)
{
	return (struct running_scope){
		.loop = daemon->loop,
		.http = daemon->http,
		.boxes = state_boxes(daemon->kept.state),
		.webhooks = {daemon_stamp, daemon},
		.mqtts = {daemon_stamp, daemon, mqtt_view_of(&daemon->now)},
		.readings = {daemon_put, daemon},
		.events = {daemon_event, daemon},
	};
}

/* Reload. */

static void daemon_remember_failure(struct daemon *daemon, const struct diags *diags)
{
	struct str text;

	str_init(&text);
	diags_render(diags, &text);
	free(daemon->last_failure);
	daemon->last_failure = str_steal(&text);
	daemon->reloads_failed++;
}

static void daemon_swap_to(struct daemon *daemon, struct running next)
{
	struct running old = daemon->now;
	struct boot now = clock_boot();
	struct running_scope scope;

	daemon_wake(daemon, now);
	/* What is due under the old rules is theirs to say. */
	engine_settle(old.engine);
	engine_tick(old.engine, now);
	running_move(&old, &next);
	daemon->now = next;
	daemon->leaving = old.config;
	scope = daemon_scope(daemon);
	running_start(&scope, &daemon->now);
	outputs_adopt(daemon->outputs, next.config);
	engine_adopt(next.engine, old.engine, now);
	outputs_settle(daemon->outputs);
	daemon->leaving = NULL;
	kept_reloaded(&daemon->kept, &old);
	running_close(&old);
	daemon_plan(daemon);
	state_changed(daemon->kept.state, true);
	daemon->reloads++;
	daemon->last_reload = clock_wall();
	free(daemon->last_failure);
	daemon->last_failure = NULL;
	for (struct daemon_watcher *w = daemon->watchers; w != NULL; w = w->next) {
		if (w->reloaded != NULL)
			w->reloaded(w->arg);
	}
}

static struct config *daemon_in_force(void *arg)
{
	struct daemon *daemon = arg;

	return daemon->now.config;
}

static bool daemon_try(void *arg, struct config *config, struct diags *diags)
{
	struct daemon *daemon = arg;
	struct running_scope scope = daemon_scope(daemon);

	return running_try(&scope, config, diags);
}

static bool daemon_swap(void *arg, struct config *config, struct diags *diags)
{
	struct daemon *daemon = arg;
	struct running_scope scope = daemon_scope(daemon);
	struct running next = {0};
	bool ok = config != NULL && running_open(&scope, config, &daemon->now, &next, diags);

	if (ok)
		daemon_swap_to(daemon, next);
	else
		daemon_remember_failure(daemon, diags);
	for (struct daemon_watcher *w = daemon->watchers; w != NULL; w = w->next) {
		if (w->reload_ends != NULL)
			w->reload_ends(w->arg);
	}
	return ok;
}

/* What outlives the program. */

static void daemon_state_settle(void *arg, struct boot now)
{
	struct daemon *daemon = arg;

	daemon_wake(daemon, now);
	engine_settle(daemon->now.engine);
	engine_tick(daemon->now.engine, now);
	daemon_plan(daemon);
}

/* The life of the daemon. */

struct daemon *daemon_new(struct config *config, struct loop *loop, struct error *err)
{
	struct daemon *daemon = xcalloc(1, sizeof(*daemon));
	struct diags *diags = diags_new(16);
	struct running_scope scope;

	daemon->loop = loop;
	daemon->started = clock_boot();
	daemon->started_wall = clock_wall();
	boot_id_read(daemon->boot_id);
	daemon->alarm = loop_alarm_new(loop, daemon_due, daemon);
	daemon->clock = clock_watch_new(loop, daemon_clock, daemon);
	daemon->clock_poll = loop_timer_new(loop, daemon_clock, daemon);
	daemon->settle = loop_defer_new(loop, daemon_settle, daemon);
	daemon->http = http_client_new(loop, err);
	daemon->reload = reload_new(
		loop, config->path,
		&(struct reload_host){daemon_in_force, daemon_swap, daemon_try, daemon}, err);
	if (daemon->alarm == NULL || daemon->clock == NULL)
		error_set(err, EMFILE, "cannot make a timer: no descriptor left");
	if (daemon->alarm == NULL || daemon->clock == NULL || daemon->http == NULL ||
	    daemon->reload == NULL) {
		config_unref(config);
		goto fail;
	}
	daemon->kept = (struct kept){.now = &daemon->now,
				     .settle = daemon_state_settle,
				     .event = daemon_event,
				     .arg = daemon};
	if (!kept_open(&daemon->kept, loop, config, daemon->boot_id, err)) {
		config_unref(config);
		goto fail;
	}
	scope = daemon_scope(daemon);
	if (!running_open(&scope, config, NULL, &daemon->now, diags)) {
		error_set(err, EINVAL, "%s", diags_get(diags, 0)->message);
		goto fail;
	}
	daemon_set_wall(daemon, clock_boot());
	daemon->switches = switches_new(loop, &daemon->now, err);
	if (daemon->switches == NULL)
		goto fail;
	daemon->outputs = switches_outputs(daemon->switches);
	kept_start(&daemon->kept, daemon->outputs);
	running_start(&scope, &daemon->now);
	kept_watch(&daemon->kept);
	daemon_watch_link(daemon);
	daemon_plan(daemon);
	diags_free(diags);
	return daemon;
fail:
	diags_free(diags);
	daemon_free(daemon);
	return NULL;
}

void daemon_free(struct daemon *daemon)
{
	if (daemon == NULL)
		return;
	reload_free(daemon->reload);
	/* Whoever has a state is still there. */
	if (daemon->now.engine != NULL)
		state_stop(daemon->kept.state, mono_add(clock_mono(), STOP_NS));
	if (daemon->outputs != NULL)
		outputs_halt(daemon->outputs);
	running_close(&daemon->now);
	kept_close(&daemon->kept);
	http_client_free(daemon->http);
	loop_alarm_free(daemon->alarm);
	clock_watch_free(daemon->clock);
	link_watch_free(daemon->link);
	loop_timer_free(daemon->clock_poll);
	loop_defer_free(daemon->settle);
	switches_free(daemon->switches);
	free(daemon->last_failure);
	free(daemon);
}

struct loop *daemon_loop(const struct daemon *daemon)
{
	return daemon->loop;
}

const struct config *daemon_config(const struct daemon *daemon)
{
	return daemon->now.config;
}

const struct engine *daemon_engine(const struct daemon *daemon)
{
	return daemon->now.engine;
}

size_t daemon_bus_count(const struct daemon *daemon)
{
	return daemon->now.config->bus_count;
}

const struct bus *daemon_bus(const struct daemon *daemon, size_t i)
{
	return daemon->now.buses[i];
}

size_t daemon_webhook_count(const struct daemon *daemon)
{
	return daemon->now.config->webhook_count;
}

const struct webhook *daemon_webhook(const struct daemon *daemon, size_t i)
{
	return daemon->now.webhooks[i];
}

size_t daemon_mqtt_count(const struct daemon *daemon)
{
	return daemon->now.config->mqtt_count;
}

const struct mqtt *daemon_mqtt(const struct daemon *daemon, size_t i)
{
	return daemon->now.mqtts[i];
}

size_t daemon_waiting(const struct daemon *daemon)
{
	return state_pending(daemon->kept.state);
}

struct state *daemon_state(const struct daemon *daemon)
{
	return daemon->kept.state;
}

void daemon_status(const struct daemon *daemon, struct daemon_status *ret)
{
	*ret = (struct daemon_status){
		.boot_id = daemon->boot_id,
		.started = daemon->started,
		.started_wall = daemon->started_wall,
		.synchronised = clock_synchronised(),
		.reloading = reload_running(daemon->reload),
		.reloads = daemon->reloads,
		.reloads_failed = daemon->reloads_failed,
		.last_reload = daemon->last_reload,
		.last_failure = daemon->last_failure,
		.actions_failed = daemon->actions_failed,
	};
	outputs_count(daemon->outputs, &ret->writes);
	http_client_counters(daemon->http, &ret->http);
}

void daemon_reload(struct daemon *daemon, reload_done *done, void *arg)
{
	for (struct daemon_watcher *w = daemon->watchers; w != NULL; w = w->next) {
		if (w->reload_begins != NULL && !reload_running(daemon->reload))
			w->reload_begins(w->arg);
	}
	reload_ask(daemon->reload, false, done, arg);
}

void daemon_reload_try(struct daemon *daemon, reload_done *done, void *arg)
{
	reload_ask(daemon->reload, true, done, arg);
}

void daemon_reload_forget(struct daemon *daemon, void *arg)
{
	reload_forget(daemon->reload, arg);
}

int daemon_write(struct daemon *daemon, uint32_t point, struct value value, const char *who,
		 int64_t for_ns, write_done *done, void *arg, struct error *err)
{
	return outputs_operator_writes(daemon->outputs, point, value, who, for_ns, done, arg,
				       err);
}

void daemon_write_forget(struct daemon *daemon, void *arg)
{
	outputs_forget(daemon->outputs, arg);
}

size_t daemon_output_count(const struct daemon *daemon)
{
	return outputs_number(daemon->outputs);
}

void daemon_output(const struct daemon *daemon, size_t i, uint32_t *ret_point,
		   struct outlet_report *ret)
{
	outputs_report(daemon->outputs, i, ret_point, ret);
}

void daemon_stop(struct daemon *daemon)
{
	outputs_stop(daemon->outputs);
}

size_t daemon_writing(const struct daemon *daemon)
{
	return outputs_open(daemon->outputs);
}

static struct boot daemon_look_up(struct daemon *daemon)
{
	struct boot now = clock_boot();

	daemon_wake(daemon, now);
	return now;
}

/* What an operator has done is kept before anybody may forget it. */
static int daemon_operated(struct daemon *daemon, uint32_t rule, int rc)
{
	running_moved(&daemon->now, rule);
	daemon_plan(daemon);
	state_changed(daemon->kept.state, true);
	return rc;
}

int daemon_ack(struct daemon *daemon, uint32_t rule)
{
	struct boot now = daemon_look_up(daemon);

	return daemon_operated(daemon, rule, engine_ack(daemon->now.engine, rule, now));
}

int daemon_shelve(struct daemon *daemon, uint32_t rule, int64_t for_ns)
{
	struct boot now = daemon_look_up(daemon), until = boot_add(now, for_ns);

	return daemon_operated(daemon, rule,
			       engine_shelve(daemon->now.engine, rule, until, now));
}

int daemon_unshelve(struct daemon *daemon, uint32_t rule)
{
	struct boot now = daemon_look_up(daemon);

	return daemon_operated(daemon, rule, engine_unshelve(daemon->now.engine, rule, now));
}

void daemon_watch(struct daemon *daemon, struct daemon_watcher *watcher)
{
	watcher->next = daemon->watchers;
	daemon->watchers = watcher;
}

void daemon_unwatch(struct daemon *daemon, struct daemon_watcher *watcher)
{
	struct daemon_watcher **at = &daemon->watchers;

	while (*at != NULL && *at != watcher)
		at = &(*at)->next;
	if (*at != NULL)
		*at = watcher->next;
}
