/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* What a probe found, as a configuration to paste: it loads as it is. */
#ifndef GAUGED_CTL_PROBE_YAML_H
#define GAUGED_CTL_PROBE_YAML_H

#include <stdbool.h>

#include "ctl/probe_guess.h"
#include "ctl/probe_search.h"

struct str;

void probe_yaml_bus(struct str *out, const struct probe_plan *plan,
		    const struct probe_found *found);
/* Whether the unit gave a value, and so makes a device. */
bool probe_yaml_known(const struct probe_unit *unit);
/* The unit as a device, or a comment. guesses[k] belongs to the unit's block k; NULL for coils
 * and discrete inputs. */
void probe_yaml_unit(struct str *out, const struct probe_unit *unit,
		     struct probe_guess *const *guesses);

#endif
