/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Whether a value, or a whole message, is what a test says in YAML. */
#ifndef GAUGED_CTL_TRIAL_VALUE_H
#define GAUGED_CTL_TRIAL_VALUE_H

#include <stdbool.h>

#include "model/value.h"

struct diags;
struct json_t;
struct yaml_node;

/* Numbers are compared as numbers, on and true alike; null is the unknown value. */
bool trial_value_is(struct value value, const struct yaml_node *expected);
/*
 * An error for each member that is expected and is not in json, or is another there; what is
 * in json beside that does not matter.
 */
void trial_value_compare(const struct json_t *json, const struct yaml_node *expected,
			 struct diags *diags);

#endif
