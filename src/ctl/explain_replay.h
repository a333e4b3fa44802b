/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Why a rule stood where it stood at an instant of a recording: what the daemon would have
 * said. */
#ifndef GAUGED_CTL_EXPLAIN_REPLAY_H
#define GAUGED_CTL_EXPLAIN_REPLAY_H

#include "ctl/ctl.h"

struct json_t; /* of jansson.h, which calls it json_t as well */

/*
 * The rule that is the command's argument, by --config, --replay and --at. *ret: as /v1/rules/
 * NAME/explain has it, with at_s and time; untouched if there is nothing to explain, which was
 * told. CTL_USAGE with *ret set: lines of the recording were broken.
 */
enum ctl_status explain_replay(const struct ctl *ctl, struct json_t **ret);

#endif
