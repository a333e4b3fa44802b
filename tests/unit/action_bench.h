/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* What tests of actions start from: a configuration text parsed, and one event. */
#ifndef GAUGED_TESTS_ACTION_BENCH_H
#define GAUGED_TESTS_ACTION_BENCH_H

#include <stdbool.h>

#include "actions/action.h"
#include "conf/diag.h"
#include "model/event.h"

struct arena;
struct loop;
struct webhook_config;
struct yaml_node;

struct bench {
	struct arena *arena;
	struct diags *diags;
	struct diag_source source;
};

void bench_init(struct bench *bench);
void bench_done(struct bench *bench);
/* The tree of text, which has to be valid YAML. */
const struct yaml_node *bench_yaml(struct bench *bench, const char *text);
/* The webhook 'ops' of text; fails the test if it has an error. */
const struct webhook_config *bench_webhook(struct bench *bench, const char *text);
/* All that was complained about is expect, as the user sees it; forgets it. */
void bench_expect(struct bench *bench, const char *expect);

/* boiler-over-temp fires at 81.3 degC; boiler.mode is not known; one label. */
const struct event *bench_event(void);
const struct event_stamp *bench_stamp(void);

/* Turns the loop until ready() or 20 s are over; whether it became ready. */
bool bench_run(struct loop *loop, bool (*ready)(void *arg), void *arg);
/* Descriptors that the program has open. */
int bench_descriptors(void);

#endif
