/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the list of input drivers. */
#include "inputs/input.h"

#include "inputs/gpio.h"
#include "inputs/modbus.h"
#include "inputs/playback.h"
#include "inputs/serial.h"
#include "inputs/sysfs.h"

const struct input_type *const input_types[] = {
	&input_modbus, &input_serial, &input_gpio, &input_sysfs, &input_playback, NULL,
};
