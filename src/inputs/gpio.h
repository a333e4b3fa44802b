/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * The driver of GPIO lines: levels, edges, counters, rates, frequencies, pulses and encoders
 * in, outputs out, on a chip of the kernel's (io/gpio_link.h).
 */
#ifndef GAUGED_INPUTS_GPIO_H
#define GAUGED_INPUTS_GPIO_H

#include "inputs/input.h"

extern const struct input_type input_gpio;

#endif
