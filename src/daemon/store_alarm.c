/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns when trouble of the store fires and clears, and its words. */
#include "daemon/store_alarm.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/str.h"
#include "io/journal.h"
#include "io/loop.h"
#include "model/event.h"
#include "daemon/state.h"

#define CALM_NS	    (10 * NSEC_PER_SEC)
#define CALM_MAX_NS (3600 * NSEC_PER_SEC)

struct store_alarm {
	struct loop_timer *timer; /* runs while it fires and all is well */
	store_alarm_say_fn *say;
	void *arg;
	struct state *state; /* NULL: not started */
	struct state_part part;
	bool firing;
	struct boot since;   /* it fires */
	struct mono cleared; /* when it did last; with calm_ns > first_ns or not 0 */
	int64_t first_ns, calm_ns;
};

static void alarm_say(struct store_alarm *alarm, enum event_type type, const char *why,
		      const char *message)
{
	struct boot now = clock_boot();
	bool fires = type == EVENT_FIRE;
	struct event event = {
		.type = type,
		.rule = UINT32_MAX,
		.rule_name = STORE_ALARM_NAME,
		.severity = SEVERITY_WARNING,
		.from = fires ? RULE_OK : RULE_FIRING,
		.to = fires ? RULE_FIRING : RULE_OK,
		.at = now,
		.active_ns = fires ? 0 : boot_diff(now, alarm->since),
		.reason = why,
		.message = message,
	};

	alarm->say(alarm->arg, &event);
}

static void alarm_fire(struct store_alarm *alarm, const char *why, const char *message)
{
	struct mono now = clock_mono();
	bool soon = alarm->cleared.ns > 0 && mono_diff(now, alarm->cleared) < CALM_MAX_NS;

	loop_timer_stop(alarm->timer);
	if (alarm->firing)
		return;
	alarm->calm_ns = soon ? 2 * alarm->calm_ns : alarm->first_ns;
	if (alarm->calm_ns > CALM_MAX_NS)
		alarm->calm_ns = CALM_MAX_NS;
	alarm->firing = true;
	alarm->since = clock_boot();
	alarm_say(alarm, EVENT_FIRE, why, message);
}

static void alarm_calm(struct store_alarm *alarm)
{
	if (alarm->firing && !loop_timer_running(alarm->timer))
		loop_timer_start(alarm->timer, mono_add(clock_mono(), alarm->calm_ns));
}

static void alarm_clear(void *arg)
{
	struct store_alarm *alarm = arg;

	alarm->firing = false;
	alarm->cleared = clock_mono();
	alarm_say(alarm, EVENT_CLEAR, NULL, "The store works again");
}

struct store_alarm *store_alarm_new(struct loop *loop, int64_t calm_ns, store_alarm_say_fn *say,
				    void *arg)
{
	struct store_alarm *alarm = xcalloc(1, sizeof(*alarm));

	alarm->first_ns = alarm->calm_ns = calm_ns > 0 ? calm_ns : CALM_NS;
	alarm->say = say;
	alarm->arg = arg;
	alarm->timer = loop_timer_new(loop, alarm_clear, alarm);
	return alarm;
}

void store_alarm_free(struct store_alarm *alarm)
{
	if (alarm == NULL)
		return;
	loop_timer_free(alarm->timer);
	free(alarm);
}

/* That it fires; nothing where it does not. */
static void alarm_save(void *arg, struct boot now, struct str *out)
{
	const struct store_alarm *alarm = arg;

	(void)now;
	if (alarm->firing)
		str_addc(out, '\1');
}

void store_alarm_start(struct store_alarm *alarm, struct state *state)
{
	struct journal_report report;
	int64_t outage_ns;
	const void *bytes;
	size_t len;

	if (!state_report(state, &report))
		return;
	alarm->state = state;
	if (state_found(state, "store", &bytes, &len, &outage_ns)) {
		alarm->firing = true;
		alarm->since = clock_boot();
	}
	alarm->part = (struct state_part){.key = "store", .save = alarm_save, .arg = alarm};
	state_add(state, &alarm->part);
	if (report.aside != NULL)
		store_alarm_rebuilt(alarm, report.aside);
	store_alarm_trouble(alarm, report.problem);
}

void store_alarm_trouble(struct store_alarm *alarm, const char *problem)
{
	struct str text;

	if (alarm->state == NULL)
		return;
	if (problem == NULL) {
		alarm_calm(alarm);
		return;
	}
	str_init(&text);
	str_addf(&text, "The store fails, and what happens is kept in memory only: %s",
		 problem);
	alarm_fire(alarm, "trouble", text.s);
	str_done(&text);
}

void store_alarm_rebuilt(struct store_alarm *alarm, const char *aside)
{
	struct str text;

	if (alarm->state == NULL)
		return;
	str_init(&text);
	if (aside != NULL)
		str_addf(&text,
			 "The store was damaged; it is %s now, and what could be read of it is "
			 "in a new one",
			 aside);
	else
		str_adds(&text, "The store was gone; there is a new one");
	alarm_fire(alarm, aside != NULL ? "damaged" : "gone", text.s);
	str_done(&text);
	alarm_calm(alarm);
}
