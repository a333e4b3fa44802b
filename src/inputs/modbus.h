/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* The driver for Modbus buses: an entry of the table in input.c. */
#ifndef GAUGED_INPUTS_MODBUS_H
#define GAUGED_INPUTS_MODBUS_H

#include "inputs/input.h"

extern const struct input_type input_modbus;

#endif
