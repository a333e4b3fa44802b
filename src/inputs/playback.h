/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * The driver that plays a recording (model/recording.h) as if it happened now: for
 * demonstrations, for trying rules, and for tests without hardware. Key of the bus: playback.
 */
#ifndef GAUGED_INPUTS_PLAYBACK_H
#define GAUGED_INPUTS_PLAYBACK_H

#include "inputs/input.h"

struct option_table;

extern const struct input_type input_playback;

extern const struct option_table playback_bus_options, playback_device_options;

#endif
