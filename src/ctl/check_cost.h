/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* What gaugectl check says about the memory and the evaluation of rules and windows. */
#ifndef GAUGED_CTL_CHECK_COST_H
#define GAUGED_CTL_CHECK_COST_H

#include <stdbool.h>

struct config;
struct ctl;
struct json_t;

/* Memory, the worst point, a line for each window; and, with tables, each rule and point. */
void check_cost_print(const struct ctl *ctl, const struct config *config, bool tables);
/* The same as an object. */
struct json_t *check_cost_json(const struct config *config, bool tables);

#endif
