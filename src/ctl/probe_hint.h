/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* What to look at next when a probe found less than was hoped for. On standard error. */
#ifndef GAUGED_CTL_PROBE_HINT_H
#define GAUGED_CTL_PROBE_HINT_H

#include "ctl/probe_search.h"

struct error;

/* The line could not be opened: err, and what helps against that. */
void probe_hint_closed(const struct probe_plan *plan, const struct error *err);
/* It was open; of what was heard depends what is likely wrong. */
void probe_hint_silent(const struct probe_plan *plan, const struct probe_found *found);

#endif
