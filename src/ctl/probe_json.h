/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* What a probe found, for programs. */
#ifndef GAUGED_CTL_PROBE_JSON_H
#define GAUGED_CTL_PROBE_JSON_H

#include "ctl/probe_guess.h"
#include "ctl/probe_search.h"

struct json_t;

/* guesses[i][k] belongs to block k of unit i; yaml is the configuration. The caller's
 * reference. */
struct json_t *probe_json(const struct probe_plan *plan, const struct probe_found *found,
			  struct probe_guess *(*guesses)[PROBE_TABLES + 1], const char *yaml);

#endif
