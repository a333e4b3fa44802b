/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* A unit of measurement as it stands in a configuration. */
#ifndef GAUGED_MODEL_UNIT_TEXT_H
#define GAUGED_MODEL_UNIT_TEXT_H

#include <stdbool.h>

struct diags;
struct unit;
struct yaml_node;

/*
 * The unit that the scalar node names; no node is no unit. False after an error that points at
 * the part that is none and names the nearest that is; *ret is untouched then.
 */
bool unit_text_parse(const struct yaml_node *node, struct unit *ret, struct diags *diags);

#endif
