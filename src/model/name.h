/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* What the names of buses, devices, points, rules and webhooks look like. */
#ifndef GAUGED_MODEL_NAME_H
#define GAUGED_MODEL_NAME_H

#include <stdbool.h>
#include <stddef.h>

enum { NAME_MAX_BYTES = 64 };

/* A letter, then letters, digits, '_' and '-'; ASCII; at most NAME_MAX_BYTES. */
bool name_valid(const char *name, size_t len);

#endif
