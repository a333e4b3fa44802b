/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* How outputs look below an explained rule. */
#ifndef GAUGED_CTL_CMD_OUTPUTS_H
#define GAUGED_CTL_CMD_OUTPUTS_H

#include "ctl/ctl.h"

struct json_t; /* of jansson.h, which calls it json_t as well */

/* A line for each of the list that GET /v1/outputs has. */
void outputs_lines(const struct ctl *ctl, const struct json_t *outputs);

#endif
