/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * The driver for serial lines that send text by themselves: sensors, masts, receivers, scales.
 * Key of the bus: serial.
 */
#ifndef GAUGED_INPUTS_SERIAL_H
#define GAUGED_INPUTS_SERIAL_H

#include "inputs/input.h"

extern const struct input_type input_serial;

#endif
