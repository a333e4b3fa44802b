/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * The action {write: {boiler.burner: off, boiler.setpoint: 55}}: asks for writes, in the order
 * in which they stand. Names, kinds and ranges are checked at load.
 */
#ifndef GAUGED_ACTIONS_WRITE_ACTION_H
#define GAUGED_ACTIONS_WRITE_ACTION_H

struct action_type;

extern const struct action_type write_action;

#endif
