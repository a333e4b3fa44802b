/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* The driver for what the kernel shows of the box itself: hwmon, thermal zones, IIO, 1-wire. */
#ifndef GAUGED_INPUTS_SYSFS_H
#define GAUGED_INPUTS_SYSFS_H

#include "inputs/input.h"

extern const struct input_type input_sysfs;

/* The tables of the bus, its devices and their points. */
extern const struct option_table sysfs_bus_options, sysfs_device_options, sysfs_point_options;

#endif
