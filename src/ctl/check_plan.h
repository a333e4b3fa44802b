/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* What gaugectl check says about the requests that the buses of a configuration repeat. */
#ifndef GAUGED_CTL_CHECK_PLAN_H
#define GAUGED_CTL_CHECK_PLAN_H

#include <stdbool.h>

struct config;
struct ctl;
struct json_t;

/* A line for each bus that is asked; and, with requests, a table of what it is asked for. */
void check_plan_print(const struct ctl *ctl, const struct config *config, bool requests);
/* The same as a list. */
struct json_t *check_plan_json(const struct config *config, bool requests);

#endif
