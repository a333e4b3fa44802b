/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Trouble of the store as an alarm of gauged's own, which fires and clears as those of rules
 * do: in the history, for whoever watches, and with the actions under 'state'. What it says
 * goes into the store that fails. So it says little: that trouble began, not each new cause of
 * it; and that it is over only when that has lasted, each time twice as long as the last if it
 * came again within an hour.
 */
#ifndef GAUGED_DAEMON_STORE_ALARM_H
#define GAUGED_DAEMON_STORE_ALARM_H

#include <stdint.h>

struct event;
struct loop;
struct state;
struct store_alarm;

/* The name in place of a rule's; no rule can have it. */
#define STORE_ALARM_NAME "gauged.store"

/* event is lent for the call. */
typedef void store_alarm_say_fn(void *arg, const struct event *event);

/* Says nothing before the start. calm_ns: how long it has to be well first; 0: ten seconds. */
struct store_alarm *store_alarm_new(struct loop *loop, int64_t calm_ns, store_alarm_say_fn *say,
				    void *arg);
/* NULL is allowed. Before it the state is stopped. */
void store_alarm_free(struct store_alarm *alarm);

/*
 * From here on it says what there is to say; looks how the store is, and whether an earlier
 * life ended while it fired. state is borrowed. Before state_forget_found().
 */
void store_alarm_start(struct store_alarm *alarm, struct state *state);
/* As told by the state: NULL when it works again. */
void store_alarm_trouble(struct store_alarm *alarm, const char *problem);
/* There is a new store in place of one that is damaged and now called aside, or gone (NULL). */
void store_alarm_rebuilt(struct store_alarm *alarm, const char *aside);

#endif
