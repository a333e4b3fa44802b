/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* What the outputs have around them: the open buses, the engine, the clock and an alarm. */
#ifndef GAUGED_DAEMON_SWITCHES_H
#define GAUGED_DAEMON_SWITCHES_H

struct error;
struct event;
struct loop;
struct outputs;
struct running;
struct switches;

/*
 * The outputs of what runs, which is looked at anew at each call: it is to be there, and what
 * is in it may be another. Nothing is written before outputs_start(). NULL + err: no
 * descriptor is left.
 */
struct switches *switches_new(struct loop *loop, const struct running *now, struct error *err);
void switches_free(struct switches *switches);
struct outputs *switches_outputs(const struct switches *switches);
/*
 * An event of the configuration in force has run its actions: what the rule wrote as it fired,
 * and did not take back now, it holds no more.
 */
void switches_event(struct switches *switches, const struct event *event);

#endif
