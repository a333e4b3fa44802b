/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * Where the decoded bytes of a YAML scalar stand in the file. Built only when there is an
 * error: raw text and value are walked together (YAML 1.2.2 chapters 7.3 and 8.1: escapes,
 * doubled quotes, folding, indentation).
 */
#ifndef GAUGED_CONF_PLACE_H
#define GAUGED_CONF_PLACE_H

#include <stddef.h>

struct yaml_node;

/* The file bytes [*ret_from, *ret_to) of the len decoded bytes behind from; both are cut to
 * what the scalar has. A from at or behind the end of the text is the place after its last
 * character. */
void place_in_scalar(const struct yaml_node *scalar, size_t from, size_t len, size_t *ret_from,
		     size_t *ret_to);

#endif
